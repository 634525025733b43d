"""Rows without their empty columns: most columns that are asked for are other sources' names."""

from __future__ import annotations

import csv
from io import StringIO
from itertools import repeat
from typing import Any, Container, Dict, Mapping, NamedTuple, Sequence

from cbverdict.search.row_form import TWIN_NAME, RowForm

Record = Dict[str, Any]


class FoldedRows(NamedTuple):
    """Rows without the columns that none of them has: `runs` is how many of those stood after each that is left.

    `records` is what they are read as, where nothing but plain cells stands in them (None: the SDK reads `text`).
    """

    records: list[Record] | None = None
    text: str = ""
    runs: Mapping[str, int] = {}
    dropped: frozenset[str] = frozenset()

    def is_overwritten(self, records: Sequence[Record]) -> bool:
        """Return whether something was written into a column that was taken for empty."""
        return any(any(map(record.get, self.runs)) or not self.dropped.isdisjoint(record) for record in records)


def fold(form: RowForm, kept: Container[str], lines: list[str]) -> FoldedRows | None:
    """Take out of each run of columns that are empty in all rows every one but the first (None: a row is ragged).

    Most columns that are asked for are other sources' names; the SDK would read and write each of their cells.
    """
    plain, tail = form.plain, form.tail
    have_tails = all(map(str.endswith, lines, repeat(tail)))
    rows = list(csv.reader([line[: -len(tail)] for line in lines] if have_tails else lines))
    names = plain if have_tails else [*plain, *(f"{TWIN_NAME}{name}" for name in plain)]
    if set(map(len, rows)) != {len(names)}:
        return None
    columns = dict(enumerate(zip(*rows)))
    half = len(plain)
    are_empty = [
        name not in kept and not any(columns[place]) and not any(columns.get(half + place, ()))
        for place, name in enumerate(plain)
    ]
    runs: Dict[str, int] = {}
    places: list[int] = []
    for place, is_empty in enumerate(are_empty):
        if is_empty and place and are_empty[place - 1]:
            runs[plain[places[-1]]] = runs.get(plain[places[-1]], 0) + 1
        else:
            places.append(place)
    left = [plain[place] for place in places]
    dropped = frozenset(plain).difference(left)
    if have_tails:
        records = [dict(zip(left, cells)) for cells in zip(*(columns[place] for place in places))]
        return FoldedRows(records, runs=runs, dropped=dropped)
    both = [*places, *(half + place for place in places)]
    written = StringIO()
    writer = csv.writer(written)
    writer.writerow([names[place] for place in both])
    writer.writerows(zip(*(columns[place] for place in both)))
    return FoldedRows(text=written.getvalue(), runs=runs, dropped=dropped)
