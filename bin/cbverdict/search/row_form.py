"""The form of a chunk's rows: its columns, and where a row is cut into what rows have in common and what varies."""

from __future__ import annotations

import csv
import re
from functools import cached_property, lru_cache
from itertools import count, groupby, repeat, zip_longest
from typing import Any, NamedTuple, Sequence, Tuple

from cbverdict.search.sdk_cells import (
    ONE_BELOW_ANOTHER,
    TWIN,
    is_within_quotes,
    value_of,
    values_of,
    whole_lines,
    written,
)

INDEX = "_chunked_idx"
_MAX_CELLS = 20_000
_CELL = r'(?:"[^"]*(?:""[^"]*)*"|[^",\n]*)'
TWIN_NAME = "__mv_"  # what the name of a twin begins with


class Rows(NamedTuple):
    """Rows as they came: what tells those that are alike, the values of their times, and of columns passed on."""

    heads: Sequence[Any]
    times: Sequence[str]
    passed: Sequence[Sequence[str]] = ()
    has_time: bool = True

    def part(self, start: int, end: int) -> Rows:
        """Return some of the rows."""
        passed = [column[start:end] for column in self.passed]
        return Rows(self.heads[start:end], self.times[start:end], passed, self.has_time)


class RowForm:
    """The columns of a header, of which some vary by themselves: those that say who, and from row to row."""

    def __init__(self, plain: Sequence[str], varying: Sequence[str], passed: Sequence[str]) -> None:
        """Store the columns in their order, the index last, those that may vary, the time last, and what is passed."""
        self._all, self._when = varying[:-1], varying[-1:]
        self.plain = plain
        self.varying = [name for name in plain if name in varying or name in passed]
        self._who = [name for name in self.varying if name in self._all]
        self._each = [name for name in self.varying if name not in self._who]  # what differs from row to row
        self._at = self.varying.index(self._each[0]) if self._each else len(self._who)
        self._has_time = self._each[-1:] == list(self._when) != []
        self._columns = len(plain)
        are_last = list(plain[-len(self.varying) - 1 : -1]) == self.varying
        # Where they are the last columns, what differs from row to row behind the others, a row is cut from its end.
        self._is_cut = are_last and (not self.varying or (bool(self._each) and self._at == len(self._who)))
        self._cells: dict[Tuple[str, ...], list[str]] = {}

    @property
    def is_usable(self) -> bool:
        """Whether what differs from row to row stands together, and of that the time last."""
        are_together = self.varying[self._at : self._at + len(self._each)] == self._each
        return are_together and (self._has_time or not set(self._when) & set(self._each))

    @property
    def tail(self) -> str:
        """How a row ends whose columns hold one value each: with the twins of all of them, which are empty."""
        return "," * self._columns

    @cached_property
    def _whole(self) -> re.Pattern[str]:
        """What matches a line; most chunks are cut without it."""
        return re.compile(_pattern(self.plain, self.varying), re.DOTALL)

    def read(self, body: str) -> tuple[Rows, list[str]] | None:
        """Read rows, and give the line of each (None: there are none, or one is not of the expected form)."""
        lines = body.split("\n")[1:]  # Not by the tail: a run of commas among runs of them is found slowly.
        if len(lines) < 2 or lines.pop() != "":  # noqa: PLR2004 - a row and the end of its line
            return None
        rows = self._cut_all(lines) if self._is_cut and all(map(str.endswith, lines, repeat(self.tail))) else None
        if rows is None:
            lines = whole_lines(lines)
            rows = self._match_all(lines) if lines else None
        return rows and (rows, lines)

    def cut(self, head: Any, line: str) -> tuple[Any, Tuple[str, ...]]:  # noqa: ANN401 - what tells rows
        """Cut what tells rows into what tells their kind and the cells that say who."""
        if not isinstance(head, str):
            fixed, who = head
            return fixed, who
        if not self._who:
            return head, ()
        key, *who = head.rsplit(",", len(self._who))
        if len(who) == len(self._who) and not any(map(is_within_quotes, who)):
            return key, tuple(who)
        return self._head(self._whole.fullmatch(line))  # A comma is within a cell.

    def values(self, who: Tuple[str, ...]) -> Tuple[str, ...]:
        """Return the values of all the columns that say who, empty where the header has none."""
        values = dict(zip(self._who, map(value_of, who)))
        return tuple(values.get(name, "") for name in self._all)

    def is_woven_from(self, parts: Sequence[Tuple[str, ...]]) -> bool:
        """Return whether nothing but an empty twin stands between two columns that differ from row to row."""
        return {text for cut in parts for text in cut[self._at + 1 : self._at + len(self._each)]} <= {TWIN}

    def fill(self, texts: Tuple[str, ...], who: Tuple[str, ...]) -> tuple[str, str, str]:
        """Put who into a kind's text; give what stands before the time, between it and the index, and after that."""
        cells = self._cells.get(who)
        if cells is None:
            if len(self._cells) > _MAX_CELLS:
                self._cells.clear()
            cells = self._cells[who] = [written(value_of(cell)) for cell in who]
        if not self._each:
            *first, last = texts
            return _woven(first, cells), "", last
        before = _woven(texts[: self._at + 1], cells[: self._at])
        return before, _woven(texts[self._at + len(self._each) : -1], cells[self._at :]), texts[-1]

    def _cut_all(self, lines: list[str]) -> Rows | None:
        """Cut rows that have tails from their ends, all at once; None where something is odd.

        That each line is a row follows from their numbers: were one within a row's cell, the last would not fit.
        """
        end, cuts = -len(self.tail), len(self._each) + 1
        rows = [line[:end].rsplit(",", cuts) for line in lines]
        if set(map(len, rows)) != {cuts + 1}:
            return None
        heads, *each, numbers = ([row[place] for row in rows] for place in range(cuts + 1))
        if numbers != numbers_of(len(lines)):
            return None
        values = [values_of(cells) for cells in each]
        return None if None in values else self._rows(heads, [column for column in values if column is not None])

    def _match_all(self, lines: list[str]) -> Rows | None:
        heads: list[Any] = []
        columns: list[list[str]] = [[] for _ in self._each]
        for number, line in zip(numbers_of(len(lines)), lines):
            match = self._whole.fullmatch(line)
            if match is None or match["index"] != number:
                return None
            heads.append(self._head(match))
            for place, cells in enumerate(columns, self._at):
                cells.append(value_of(match[f"varying{place}"]))
        return self._rows(heads, columns)

    def _rows(self, heads: Sequence[Any], values: Sequence[Sequence[str]]) -> Rows | None:
        if any(ONE_BELOW_ANOTHER in "".join(column) for column in values):
            return None  # Several values in one: what is said of such a row differs.
        if not self._has_time:
            return Rows(heads, [""] * len(heads), values, has_time=False)
        return Rows(heads, values[-1], values[:-1])

    def _head(self, match: re.Match[str] | None) -> tuple[Any, Tuple[str, ...]]:
        assert match is not None  # noqa: S101 - a line that was cut whole matches
        fixed = tuple(text for name, text in match.groupdict().items() if name.startswith("fixed"))
        places = [place for place, name in enumerate(self.varying) if name in self._all]
        return fixed, tuple(match[f"varying{place}"] for place in places)


def form_of(header: str, varying: Sequence[str], written: Sequence[str], passed: Sequence[str]) -> RowForm | None:
    """Read a header (None: it is not of the form that splunkd sends, or names fields that are `written` last).

    `varying` are the columns that may vary by themselves, the time last; `passed` are passed on as they come.
    """
    names = next(csv.reader([header]), [])
    half = len(names) // 2
    plain, twins = names[:half], names[half:]
    is_known = plain[-1:] == [INDEX] and twins == [f"{TWIN_NAME}{name}" for name in plain]
    # The SDK takes the first of several columns of one name, and reads into another what is called like a twin.
    is_known = is_known and len({*plain}) == half and not any(name.startswith(TWIN_NAME) for name in plain)
    if not is_known or set(written) & set(plain):
        return None
    form = RowForm(plain, varying, passed)
    return form if form.is_usable else None


def _pattern(plain: Sequence[str], varying: Sequence[str]) -> str:
    """Write the pattern of a line: what varies and what is fixed in groups, no multivalue of what varies."""
    numbers, places = count(), count()
    parts = []
    for is_fixed, names in groupby(plain[:-1], lambda name: name not in varying):
        if is_fixed:
            parts.append(_run(next(numbers), len(list(names))))
        else:
            parts += [f"(?P<varying{next(places)}>{_CELL})" for _ in names]
    parts.append(r"(?P<index>\d+)")
    for is_fixed, names in groupby(plain, lambda name: name not in {*varying, INDEX}):
        many = len(list(names))
        parts += [_run(next(numbers), many)] if is_fixed else [""] * many
    return ",".join(parts)


def _run(number: int, many: int) -> str:
    return f"(?P<fixed{number}>{_CELL}(?:,{_CELL}){{{many - 1}}})"


def _woven(texts: Sequence[str], cells: Sequence[str]) -> str:
    return "".join(part for pair in zip_longest(texts, cells, fillvalue="") for part in pair)


@lru_cache(maxsize=4)
def numbers_of(many: int) -> list[str]:
    """Return the numbers of so many rows, as they are written."""
    return list(map(str, range(many)))
