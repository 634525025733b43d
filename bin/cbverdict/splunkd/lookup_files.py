"""The add-on's lookup files; alone reads them.

Beside each `cbsigned_<list>.csv` that the add-on ships, and replaces when it is upgraded, may stand a
`cbsigned_<list>_local.csv` of the user's own, whose rows come first.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Iterable, Iterator

from cbverdict.anomalies.local_time import day_of, is_zone
from cbverdict.anomalies.reference_lists import Gateway, Listed, Lists, Names, Roster, Row

LOOKUPS = Path(__file__).resolve().parents[3] / "lookups"


def read_lists(folder: Path = LOOKUPS) -> Lists:
    """Read all lists; what cannot be read is left out and named in `problems`."""
    problems: list[str] = []
    rows = {
        name: list(_rows(folder, name, columns, problems))
        for name, columns in (
            ("teams", {"user", "team", "timezone", "calendar"}),
            ("holidays", {"calendar", "date"}),
            ("expected", {"team", "process"}),
            ("tools", {"process", "reason"}),
            ("publishers", {"publisher", "status"}),
            ("parents", {"parent", "usual_children", "reason"}),
        )
    }
    roster = Roster(rows["teams"])
    problems += [f"cbsigned_teams: there is no time zone {zone!r}" for zone in roster.zones() if not is_zone(zone)]
    teams = {row["team"].strip().lower() for row in rows["expected"]}
    return Lists(
        roster=roster,
        holidays=_holidays(rows["holidays"], problems),
        expected={
            team: _names((row for row in rows["expected"] if row["team"].strip().lower() in {team, "*"}), "process")
            for team in teams
        },
        tools=_names(_switched_on(rows["tools"]), "process"),
        publishers=_names(rows["publishers"], "publisher"),
        gateways=_gateways(rows["parents"]),
        problems=tuple(problems),
    )


def _switched_on(rows: list[Row]) -> Iterator[Row]:
    """Leave out the categories that a row for all their names (`*`) allows; own rows for single names stay."""
    off = {
        row.get("category", "").strip().lower()
        for row in rows
        if row["process"].strip() == "*" and row.get("status", "").strip().lower() == "allowed"
    } - {""}
    for row in rows:
        is_own = row.get("status", "").strip() != ""
        if row["process"].strip() != "*" and (is_own or row.get("category", "").strip().lower() not in off):
            yield row


def _names(rows: Iterable[Row], column: str) -> Names:
    return Names(
        (row[column], Listed(row.get("status", "").strip().lower(), row.get("reason", "").strip())) for row in rows
    )


def _gateways(rows: list[Row]) -> dict[str, Gateway]:
    """Read parents through which others act; of several rows for one, the first counts, and `allowed` is none."""
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(row["parent"].strip().lower(), row)
    return {
        parent: Gateway(Names((name, Listed("", "")) for name in row["usual_children"].split(";")), row["reason"])
        for parent, row in found.items()
        if parent and row.get("status", "").strip().lower() != "allowed"
    }


def _holidays(rows: list[Row], problems: list[str]) -> dict[str, frozenset[int]]:
    days: dict[str, set[int]] = {}
    for row in rows:
        day = day_of(row["date"])
        if day is None:
            problems.append(f"cbsigned_holidays: {row['date']!r} is not a date, YYYY-MM-DD")
        else:
            days.setdefault(row["calendar"].strip(), set()).add(day)
    return {calendar: frozenset(dates) for calendar, dates in days.items()}


def _rows(folder: Path, name: str, columns: set[str], problems: list[str]) -> Iterator[Row]:
    for stem in (f"cbsigned_{name}_local", f"cbsigned_{name}"):
        path = folder / f"{stem}.csv"
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.DictReader(file, restval="")
                missing = sorted(columns - set(reader.fieldnames or ()))
                if missing:
                    problems.append(f"{stem}: no column {', '.join(missing)}")
                    continue
                yield from ({key: text for key, text in row.items() if isinstance(text, str)} for row in reader)
        except FileNotFoundError:
            continue
        except (OSError, ValueError, csv.Error) as error:
            problems.append(f"{stem}: it cannot be read ({type(error).__name__})")
