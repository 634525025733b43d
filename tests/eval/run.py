"""`make eval`: what the scores find on real data, beside simple rules on the same rows, and what they drop."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bin"))

from tests.eval import hours, processes, teams  # noqa: E402 - the path comes first

if TYPE_CHECKING:
    from tests.eval.metrics import Detection
    from tests.eval.processes import Result

PICTURE = ROOT / "package" / "pictures" / "eval.svg"
OURS = "cbsigned"
HOURS_TARGETS = (0.83, 0.28)
TEAMS_AUC = 0.80
TEAMS_TIMES_RARITY = 3
LEAST_DROPPED = 0.9


def main() -> int:
    """Print the tables and draw the curves; exit 1 where a target is missed, 2 where the data is not there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "real", help="folder of the recordings")
    folder: Path = parser.parse_args().data
    missing = [name for name in ("activity.csv", "peers.csv") if not (folder / name).is_file()]
    if missing:
        print(f"eval: {', '.join(missing)} not found in {folder}: name the folder with ARGS='--data <folder>'")
        print("(python -m tests.eval.build --help says how to make them of git repositories)")
        return 2
    by_hour, by_team = hours.detect(folder / "activity.csv"), teams.detect(folder / "peers.csv")
    _print_detection("Hours: attacks are the person's own later events, moved by 8 to 16 hours", by_hour)
    _print_detection("Teams: attacks are the tool of somebody from another team", by_team)
    is_met = _is_met(by_hour, by_team)
    has_starts = (folder / "process_events.csv").is_file()
    if not has_starts:
        print(f"\nProcesses: there is no process_events.csv in {folder}, so nothing is said of them")
    for learns_first in (True, False) if has_starts else ():
        result = processes.score(folder / "process_events.csv", folder / "signatures.csv", learns_first=learns_first)
        is_met &= _print_processes("first" if learns_first else "second", result)
    _draw({"hours": by_hour, "teams": by_team})
    print("\nall targets are met" if is_met else "\na target is MISSED")
    return 0 if is_met else 1


def _print_detection(title: str, detections: dict[str, Detection]) -> None:
    own = len(detections[OURS].own)
    print(f"\n{title} ({own:,} own rows, as many attacks)\n")
    print(f"{'':28} {'AUC':>6} {'found at 1 % false alarms':>26}")
    for rule, detection in detections.items():
        print(f"{rule:28} {detection.auc():6.3f} {detection.found_at(0.01):26.3f}")
    ours = detections[OURS]
    for score in (10, 20, 30):
        own_share, found = ours.share_of_own_from(score), ours.share_of_attacks_from(score)
        print(f"score {score} or more: {own_share:7.2%} of own rows, {found:4.0%} of attacks")


def _is_met(by_hour: dict[str, Detection], by_team: dict[str, Detection]) -> bool:
    ours, team = by_hour[OURS], by_team[OURS]
    rarity = by_team["backed-off rarity"].found_at(0.01)
    return (
        (ours.auc(), ours.found_at(0.01)) >= HOURS_TARGETS
        and ours.found_at(0.01) >= HOURS_TARGETS[1]
        and team.auc() >= TEAMS_AUC
        and team.found_at(0.01) >= TEAMS_TIMES_RARITY * rarity
    )


def _print_processes(half: str, result: Result) -> bool:
    print(f"\nProcesses: learnt on the {half} half of the recorded starts, scored on the other\n")
    for signed in ("true", "false", "unknown"):
        plain, tools = (result.dropped(signed, is_tool=is_tool) for is_tool in (False, True))
        print(
            f"signed {signed:8} dropped {plain[0]:4} of {plain[1]:4}; tools to live off: {tools[0]:4} of {tools[1]:4}"
        )
    for kind, rows in result.kept().most_common(5):
        print(f"  kept though signed: {rows} x {kind}")
    dropped, rows = result.dropped("true", is_tool=False)
    wrong = sum(
        result.dropped(signed, is_tool=is_tool)[0] for signed in ("false", "unknown") for is_tool in (True, False)
    )
    return dropped >= LEAST_DROPPED * rows and wrong == 0


def _draw(panels: dict[str, dict[str, Detection]]) -> None:
    mpl.rcParams.update({"svg.hashsalt": "cbsigned", "svg.fonttype": "none", "path.simplify_threshold": 1.0})
    figure = Figure(figsize=(10, 4), layout="constrained")
    for axes, (title, detections) in zip(figure.subplots(1, len(panels)), panels.items()):
        for rule, detection in detections.items():
            alarms, found = detection.curve()
            label, width = f"{rule} ({detection.auc():.2f})", 2 if rule == OURS else 1
            axes.plot(alarms, found, label=label, linewidth=width, drawstyle="steps-post")
        axes.set_xscale("log")
        axes.set_xlim(0.001, 1)
        axes.axvline(0.01, color="grey", linewidth=0.8)
        axes.set(title=title, xlabel="false alarms (share of own rows)", ylabel="attacks found")
        axes.legend(fontsize=8, title="rule (AUC)", title_fontsize=8)
    figure.savefig(PICTURE, metadata={"Date": None})
    print(f"\ndrawn: {PICTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
