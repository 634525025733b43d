"""The add-on's lookup files; alone reads them.

Beside each `cbsigned_<list>.csv` that the add-on ships, and replaces when it is upgraded, may stand a
`cbsigned_<list>_local.csv` of the user's own, whose rows come first.
"""

from __future__ import annotations

import csv
from collections import Counter
from itertools import zip_longest
from pathlib import Path
from typing import FrozenSet, Iterable, Iterator, Mapping

from cbverdict.anomalies.local_time import day_of, is_zone
from cbverdict.anomalies.reference_lists import Gateway, Listed, Lists, Names, Roster, Row

LOOKUPS = Path(__file__).resolve().parents[3] / "lookups"

_COLUMNS = {
    "teams": {"user", "team", "timezone", "calendar"},
    "expected": {"team", "process"},
    "tools": {"process", "reason"},
    "publishers": {"publisher", "status"},
    "parents": {"parent", "usual_children", "reason"},
}
_KEEPING = ("teams", "tools", "publishers", "parents")
"""The lists for whose sake rows are kept: with less of them, more would be dropped."""

_HOLIDAYS = {"calendar", "date"}
_ONLY_DETECTED = "detected"
"""The category of tools that detections are about, and that run nothing for others: `notepad.exe`, `wininit.exe`."""


def read_lists(folder: Path = LOOKUPS) -> Lists:
    """Read all lists; what cannot be read is left out and named in `problems`.

    The holidays that we ship are read when somebody has a calendar, and named then; own ones are read at once.
    """
    of_each: dict[str, list[str]] = {name: [] for name in _COLUMNS}
    rows = {name: list(_rows(folder, name, columns, of_each[name])) for name, columns in _COLUMNS.items()}
    problems = [problem for found in of_each.values() for problem in found]
    roster = Roster(rows["teams"])
    problems += [f"cbsigned_teams: there is no time zone {zone!r}" for zone in roster.zones() if not is_zone(zone)]
    teams = {row["team"].strip().lower() for row in rows["expected"]}
    holidays = _Holidays(folder, problems)
    if (folder / "cbsigned_holidays_local.csv").exists():
        holidays.load()
    tools = list(_switched_on(rows["tools"]))
    return Lists(
        roster=roster,
        holidays=holidays,
        expected={
            team: _names((row for row in rows["expected"] if row["team"].strip().lower() in {team, "*"}), "process")
            for team in teams
        },
        tools=_names(tools, "process"),
        publishers=_names(rows["publishers"], "publisher"),
        gateways=_gateways(rows["parents"]),
        acting=_names((row for row in tools if row.get("category", "").strip().lower() != _ONLY_DETECTED), "process"),
        problems=problems,
        is_whole=not any(of_each[name] for name in _KEEPING),
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
    """Read parents through which others act; of several rows for one, the first counts, and `allowed` starts all."""
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(row["parent"].strip().lower(), row)
    return {parent: Gateway(_usual_children(row), row["reason"]) for parent, row in found.items() if parent}


def _usual_children(row: Row) -> Names:
    is_allowed = row.get("status", "").strip().lower() == "allowed"
    children = ["*"] if is_allowed else row["usual_children"].split(";")
    return Names((name, Listed("", "")) for name in children)


class _Holidays(Mapping[str, FrozenSet[int]]):
    """The holidays by calendar, read when the first is asked for."""

    def __init__(self, folder: Path, problems: list[str]) -> None:
        self._folder = folder
        self._problems = problems
        self._read: Mapping[str, frozenset[int]] | None = None

    def load(self) -> Mapping[str, frozenset[int]]:
        if self._read is None:
            self._read = _holidays(list(_rows(self._folder, "holidays", _HOLIDAYS, self._problems)), self._problems)
        return self._read

    def __getitem__(self, calendar: str) -> frozenset[int]:
        if calendar == "" and self._read is None:
            raise KeyError(calendar)  # Who has no calendar costs no reading.
        return self.load()[calendar]

    def __iter__(self) -> Iterator[str]:
        return iter(self.load())

    def __len__(self) -> int:
        return len(self.load())


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
                reader = csv.reader(file, strict=True)  # else an open quotation mark swallows all rows behind it
                header = next(reader, [])
                twice = sorted(name for name, many in Counter(header).items() if many > 1 and name in columns)
                if twice:
                    problems.append(f"{stem}: two columns {', '.join(twice)}")
                    continue
                missing = sorted(columns - set(header))
                if missing:
                    problems.append(f"{stem}: no column {', '.join(missing)}")
                    continue
                many = len(header)
                for row in reader:
                    if len(row) == many:
                        yield dict(zip(header, row))
                    elif row:  # else it is an empty line
                        yield dict(zip_longest(header, row[:many], fillvalue=""))
        except FileNotFoundError:
            if not stem.endswith("_local"):
                problems.append(f"{stem}: it is not there; install the add-on anew")
        except (OSError, ValueError, csv.Error) as error:
            what = f": {error}" if isinstance(error, csv.Error) else ""
            problems.append(f"{stem}: it cannot be read ({type(error).__name__}{what})")
