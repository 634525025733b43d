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

from tests.eval import companies, hours, log_ons, processes, teams  # noqa: E402 - the path comes first
from tests.eval.company import WEEKS, Incident  # noqa: E402 - likewise
from tests.eval.metrics import Detection  # noqa: E402 - likewise

if TYPE_CHECKING:
    from tests.eval.company import Shape
    from tests.eval.processes import Result

PICTURE = ROOT / "package" / "pictures" / "eval.svg"
OURS = "cbsigned"
HOURS_TARGETS = (0.845, 0.355)
TEAMS_TARGETS = (0.87, 0.34)
TEAMS_OWN_TARGETS = ((20, 0.022), (30, 0.0075))
LOG_ONS_WEEKS, LOG_ONS_FOUND = 6, 0.95
LEAST_DROPPED = 0.9
COMPANY_FOUND = 0.95
MOST_ALARMS = 0.006
MOST_GROUPS = 1.0  # per hundred people a day
MOST_OF_ROLL_OUT = 10


def main() -> int:
    """Print the tables and draw the curves; exit 1 where a target is missed, 2 where the data is not there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "real", help="folder of the recordings")
    parser.add_argument("--seeds", type=int, default=2, help="made-up companies of each shape (0: none)")
    arguments = parser.parse_args()
    folder: Path = arguments.data
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
    is_met &= _print_log_ons()
    for shape in companies.SHAPES if arguments.seeds else ():
        is_met &= _print_company(shape, range(arguments.seeds * shape.times))
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
    for name, measure in (("AUC", Detection.auc), ("found at 1 %", lambda one: one.found_at(0.01))):
        low, high = ours.interval(measure)
        print(f"{OURS}, {name}: nine in ten of such people give {low:.3f} to {high:.3f}")
    for score in (10, 20, 30):
        own_share, found = ours.share_of_own_from(score), ours.share_of_attacks_from(score)
        print(f"score {score} or more: {own_share:7.2%} of own rows, {found:4.0%} of attacks")


def _is_met(by_hour: dict[str, Detection], by_team: dict[str, Detection]) -> bool:
    ours, team = by_hour[OURS], by_team[OURS]
    found = ((ours, HOURS_TARGETS), (team, TEAMS_TARGETS))
    return all(one.auc() >= auc and one.found_at(0.01) >= share for one, (auc, share) in found) and all(
        team.share_of_own_from(score) <= most for score, most in TEAMS_OWN_TARGETS
    )


def _print_log_ons() -> bool:
    print("\nLog-ons: one each working day about 07:30 is all that is known; share of people with 20 or more\n")
    print(f"{'weeks':>6} {'judged':>7} {'Mon 02:00':>10} {'Mon 22:54':>10} {'Sun 02:00':>10} {'own later':>10}")
    rows = log_ons.table()
    for row in rows:
        print(f"{row.weeks:6}" + "".join(f"{share:{width}.0%}" for share, width in zip(row[1:], (8, 11, 11, 11, 11))))
    known = [row for row in rows if row.weeks >= LOG_ONS_WEEKS]
    return all(min(row.judged, row.monday_2, row.monday_23, row.sunday_2) >= LOG_ONS_FOUND for row in known)


def _print_company(shape: Shape, seeds: range) -> bool:
    outcome = companies.run(shape, seeds)
    print(f"\nCompany: {shape.name} ({outcome.rows:,} rows of {len(seeds)} x 5 days, learnt on {WEEKS} weeks)\n")
    for incident in Incident:
        found, all_of = outcome.found(incident)
        kept = sum(one.is_kept for one in outcome.incidents.get(incident, ()))
        print(f"{incident.value:44} found {found:3} of {all_of:3}, kept {kept:3}")
    groups = outcome.groups_per_hundred()
    print(
        f"worst rank of a group on its day {outcome.worst_rank()}; false alarms {outcome.alarms_per_row():.2%} of rows,"
    )
    print(f"{groups:.2f} groups per 100 people a day; a traveller and somebody on call: {outcome.away_alarms} rows,")
    print(f"{outcome.away_groups} groups" + "".join(f"; a roll-out: {people} people" for people in outcome.roll_out))
    return (
        all(found >= COMPANY_FOUND * all_of for found, all_of in map(outcome.found, Incident))
        and outcome.worst_rank() <= companies.TOP
        and outcome.alarms_per_row() <= MOST_ALARMS
        and groups <= MOST_GROUPS
        and all(people <= MOST_OF_ROLL_OUT for people in outcome.roll_out)
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
    for kind, rows in result.noise().most_common(5):
        print(f"  dropped: {rows} x {kind}")
    by_unsigned = [row for row in result.outcomes if row.record["parent_signed"] == "false"]
    print(f"started by what is not signed: dropped {sum(row.is_noise for row in by_unsigned)} of {len(by_unsigned)}")
    dropped, rows = result.dropped("true", is_tool=False)
    wrong = sum(
        result.dropped(signed, is_tool=is_tool)[0] for signed in ("false", "unknown") for is_tool in (True, False)
    )
    return dropped >= LEAST_DROPPED * rows and wrong == 0 and not any(row.is_noise for row in by_unsigned)


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
