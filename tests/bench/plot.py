"""Draw what `make bench` kept: the matrix (package/pictures/bench.svg) and how long a user waits (waiting.svg)."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "bench"
PICTURES = ROOT / "package" / "pictures"


def main() -> None:
    """Draw both, one panel for each Python."""
    mpl.rcParams.update({"svg.hashsalt": "cbsigned", "svg.fonttype": "none"})  # small; the same each time
    results = sorted(RESULTS.glob("*.json"), reverse=True)
    _draw_matrix(results)
    _draw_waits(results)


def _draw_matrix(results: list[Path]) -> None:
    figure = Figure(figsize=(5.2 * len(results), 4.6), layout="constrained")
    panels = figure.subplots(1, len(results), sharey=True, squeeze=False)[0]
    for axes, path in zip(panels, results):
        kept = json.loads(path.read_text(encoding="utf-8"))
        for line in dict.fromkeys(cell["line"] for cell in kept["matrix"]):
            cells = [cell for cell in kept["matrix"] if cell["line"] == line]
            style = "--" if "loop" in line else "-"
            axes.loglog(
                [cell["rows"] for cell in cells], [cell["bare"] for cell in cells], style, marker=".", label=line
            )
        axes.axhline(1, color="grey", linewidth=0.8)
        axes.set_title(kept["machine"].partition(";")[0], fontsize=9)
        axes.set_xlabel("rows of the search")
    panels[0].set_ylabel("rate / a bare SDK command's")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=8)
    _save(figure, "bench.svg")


def _draw_waits(results: list[Path]) -> None:
    figure = Figure(figsize=(5.2 * len(results), 4.2), layout="constrained")
    panels = figure.subplots(1, len(results), sharey=True, squeeze=False)[0]
    for axes, path in zip(panels, results):
        kept = json.loads(path.read_text(encoding="utf-8"))
        for line in dict.fromkeys(wait["line"] for wait in kept["waits"]):
            waits = [wait for wait in kept["waits"] if wait["line"] == line]
            style = "--" if "bare" in line else "-"
            axes.loglog(
                [one["rows"] for one in waits], [one["seconds"] for one in waits], style, marker=".", label=line
            )
        axes.set_title(kept["machine"].partition(";")[0], fontsize=9)
        axes.set_xlabel("rows of the search, all stored")
    panels[0].set_ylabel("seconds from start to end")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8)
    _save(figure, "waiting.svg")


def _save(figure: Figure, name: str) -> None:
    figure.savefig(PICTURES / name, metadata={"Date": None})
    print(f"drawn: {(PICTURES / name).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
