"""Rows as detections hand them to their filter macro: the columns of a shape, filled from recorded process starts.

A shape is what one search's SPL leaves of its columns, each one value or several (`values(...)`). Those of 2024 hardly
carry a hash; since 2025 they are split by twenty fields more, `process_hash` among them, which are added here.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Callable, Dict, Iterator, List, Sequence, Union
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.host import Row

ZONE = ZoneInfo("Europe/Berlin")
"""Whoever searches has this time zone, and so have the people that rows are about."""

PEOPLE = tuple(f"u{number:02d}" for number in range(1, 13))
TEAMS = ("payroll", "sales")
ROWS = 12
"""Rows of a search; every third is of a start at 2 am."""

_SINCE_2025 = (
    "action", "dest", "original_file_name", "parent_process", "parent_process_exec", "parent_process_guid",
    "parent_process_id", "parent_process_name", "parent_process_path", "process", "process_exec", "process_guid",
    "process_hash", "process_id", "process_integrity_level", "process_name", "process_path", "user", "user_id",
    "vendor_product",
)  # fmt: skip
_MONDAY = datetime(2025, 2, 3, tzinfo=ZONE)
_DAYS = 30  # working days that are learnt from
_STARTS_A_DAY = 6
_NIGHT = 2  # o'clock


@dataclass(frozen=True)
class Start:
    """A recorded process start, at whoever's and whenever it is set."""

    name: str
    path: str
    md5: str
    sha256: str
    parent_name: str
    parent_path: str
    original_name: str = ""
    user: str = "u01"
    when: datetime = _MONDAY

    def by(self, person: int, when: datetime) -> Start:
        """Return the same start by another person at another time."""
        return replace(self, user=PEOPLE[person % len(PEOPLE)], when=when)


HashForm = Callable[[Start], List[str]]

HASH_FORMS: Dict[str, HashForm] = {
    "MD5=..,SHA256=..,IMPHASH=..": lambda start: [
        f"MD5={start.md5.upper()},SHA256={start.sha256.upper()},IMPHASH={start.md5[::-1]}"
    ],
    "bare md5": lambda start: [start.md5],
    "sha256 alone": lambda start: [start.sha256],
    "md5 and sha256": lambda start: [start.md5, start.sha256],
}


@dataclass(frozen=True)
class Shape:
    """The columns that a search hands over, and whether each may hold several values."""

    search: str
    columns: Dict[str, bool]

    def since_2025(self) -> Shape:
        """Return the shape with the fields that such searches are split by since 2025, where it counts, as values."""
        has_several = self.columns.get("process", False)
        return Shape(self.search, {**dict.fromkeys(_SINCE_2025, has_several), **self.columns})


@dataclass(frozen=True)
class Given:
    """A row as a search hands it over, the starts that it is made of, and whether it says that one was at 2 am."""

    row: Row
    starts: Sequence[Start]
    is_at_night: bool

    @property
    def md5s(self) -> set[str]:
        """Return the files that ran."""
        return {start.md5 for start in self.starts}


def read_shapes(path: Path) -> List[Shape]:
    """Read shapes from the JSON object of all searches."""
    searches = json.loads(path.read_text(encoding="utf-8"))
    return [
        Shape(name, {column: number == "many" for column, number in search["cols"].items()})
        for name, search in searches.items()
    ]


def read_starts(path: Path) -> List[Start]:
    """Read recorded process starts."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Start(
                name=row["process_name"],
                path=row["process_path"],
                md5=row["process_md5"].lower(),
                sha256=row["process_sha256"].lower(),
                parent_name=row["parent_process_name"],
                parent_path=row["parent_process_path"],
            )
            for row in csv.DictReader(file)
        ]


def roster() -> List[Dict[str, str]]:
    """Return who is in which team, as rows of the lookup."""
    return [
        {"user": person, "team": TEAMS[place % len(TEAMS)], "timezone": ZONE.key, "calendar": ""}
        for place, person in enumerate(PEOPLE)
    ]


def history(starts: Sequence[Start]) -> List[Row]:
    """Return six weeks of these starts, dealt to the people, all within working hours."""
    rows: List[Row] = []
    number = 0
    for day in range(_DAYS):
        date = _MONDAY + timedelta(days=day // 5 * 7 + day % 5)
        for person in range(len(PEOPLE)):
            for turn in range(_STARTS_A_DAY):
                start = starts[number % len(starts)].by(person, date.replace(hour=8 + (turn * 3 + day + person) % 9))
                number += 1
                rows.append(
                    {
                        "process_name": start.name,
                        "parent_process_name": start.parent_name,
                        "user": f"CORP\\{start.user}",
                        "_time": _epoch(start.when),
                    }
                )
    return rows


def rows_of(shape: Shape, form: HashForm, starts: Sequence[Start], number: int) -> Iterator[Given]:
    """Make a search's rows; `number` says which of the starts it gets, so that all are in some search.

    Where a search hands over several values of a column, every other of its rows is made of two starts: of one file
    where the search is split by the hash, else of any. At night, every other row lasts from the day before.
    """
    day = _MONDAY + timedelta(days=7 * 8 + 1)
    for place in range(ROWS):
        at = number * ROWS + place
        is_at_night = place % 3 == 0
        when = day.replace(hour=_NIGHT if is_at_night else 9 + place % 7, minute=place)
        begun = starts[at % len(starts)].by(number + place, when)
        found = [begun]
        if any(shape.columns.values()) and place % 2:
            other = starts[(at + 1) % len(starts)].by(number + place, when + timedelta(minutes=1))
            is_split = not shape.columns.get("process_hash", False)
            found.append(replace(other, md5=begun.md5, sha256=begun.sha256) if is_split else other)
        yield _given(shape, form, found, when - timedelta(hours=16) if is_at_night and place % 2 else when)


def _given(shape: Shape, form: HashForm, starts: Sequence[Start], first: datetime) -> Given:
    cells = [_cells(start, form) for start in starts]
    ends = {"firstTime": first, "first_time": first, "lastTime": starts[-1].when, "last_time": starts[-1].when}
    texts = {name: when.strftime("%Y-%m-%dT%H:%M:%S") for name, when in ends.items()}
    times = {**texts, "_time": _epoch(first)}
    row: Row = {}
    for column, has_several in shape.columns.items():
        if column in times:
            row[column] = times[column]
        else:
            listed = [value for cell in (cells if has_several else cells[:1]) for value in _of(cell, column)]
            values = list(dict.fromkeys(listed))
            row[column] = values if len(values) > 1 else values[0]
    whens = [{**ends, "_time": first}[column] for column in row if column in times]
    return Given(row, starts, any(when.hour == _NIGHT for when in whens))


def _of(cell: Dict[str, Union[str, List[str]]], column: str) -> List[str]:
    value = cell.get(column, "something")
    return value if isinstance(value, list) else [value]


def _cells(start: Start, form: HashForm) -> Dict[str, Union[str, List[str]]]:
    """Return what there is to say of a start, by column."""
    parent = start.parent_path or start.parent_name
    return {
        "action": "allowed",
        "count": "1",
        "dest": "ws-17.corp.example",
        "host": "wec-01",
        "user": start.user,
        "User": f"CORP\\{start.user}",
        "user_id": "S-1-5-21-1004336348-1177238915-682003330-1104",
        "vendor_product": "Microsoft Sysmon",
        "original_file_name": start.original_name or start.name,
        "process": f'"{start.path}" -Embedding',
        "process_exec": start.name,
        "process_guid": f"{{{start.md5[:8]}-0000-0000-0000-{start.when:%d%H%M}000000}}",
        "process_hash": form(start),
        "process_id": "4711",
        "process_integrity_level": "medium",
        "process_name": start.name,
        "process_path": start.path,
        "parent_process": f'"{parent}"',
        "parent_process_exec": start.parent_name,
        "parent_process_guid": "{00000000-0000-0000-0000-000000000001}",
        "parent_process_id": "815",
        "parent_process_name": start.parent_name,
        "parent_process_path": parent,
        "file_name": "report.docx",
        "file_path": "C:\\Users\\Public\\report.docx",
        "file_hash": start.md5[::-1],
        "file_create_time": "2025-04-01T02:00:00",
    }


def _epoch(when: datetime) -> str:
    return str(int(when.astimezone(timezone.utc).timestamp()))
