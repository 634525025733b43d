"""Draw the matrix of `make bench` from what it kept: package/pictures/bench.svg."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "bench"
PICTURE = ROOT / "package" / "pictures" / "bench.svg"


def main() -> None:
    """Draw one panel for each Python."""
    mpl.rcParams.update({"svg.hashsalt": "cbsigned", "svg.fonttype": "none"})  # small; the same each time
    results = sorted(RESULTS.glob("*.json"), reverse=True)
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
    figure.savefig(PICTURE, metadata={"Date": None})
    print(f"drawn: {PICTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
