"""Commands of aggregations: stats, eventstats, streamstats, top, rare."""

from __future__ import annotations

from collections import Counter
from typing import Dict, List, Optional, Sequence, Tuple

from tests.lab.spl.aggregations import Aggregation, parse_aggregations
from tests.lab.spl.arguments import Arguments, split_at
from tests.lab.spl.commands.registry import command
from tests.lab.spl.environment import Row, Search, fields_of, with_cell
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.grouping import Key, group, key_of, parse_fields, sort_key, sorted_keys
from tests.lab.spl.values import Cell

_WIDEST = 10_000
_OPTIONS = ("allnum", "delim", "partitions", "dedup_splitvals")
_STREAM_OPTIONS = (
    "window",
    "current",
    "global",
    "allnum",
    "reset_on_change",
    "reset_before",
    "reset_after",
    "time_window",
)


def _clauses(given: Sequence[str], rows: List[Row], search: Search) -> Tuple[List[Aggregation], List[str]]:
    """Read aggregations and the fields of BY; a wildcard stands for the fields that some row has."""
    parts, by = split_at(given, "by")
    fields = parse_fields(by)
    present = [name for name in fields_of(rows) if name not in fields]
    return [one for each in parse_aggregations(parts, search.clock) for one in each.expand(present)], fields


def _refuse(given: Arguments, *names: str) -> None:
    for name in names:
        if name in given.options:
            raise UnsettledError(f"{name}=")


@command("stats")
def _stats(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, *_OPTIONS)
    _refuse(given, "allnum", "delim")
    aggregations, fields = _clauses(given.words, rows, search)
    search.columns = [*fields, *(one.name for one in aggregations)]
    if not rows and not fields and any(one.field or one.expression or not one.is_counting for one in aggregations):
        raise UnsettledError("stats of no rows, but for count")
    groups = group(rows, fields, is_distinct=given.is_set("dedup_splitvals", default=False)) if fields else {(): rows}
    return [_aggregated(dict(zip(fields, key)), groups[key], aggregations) for key in sorted_keys(groups)]


def _aggregated(row: Row, rows: Sequence[Row], aggregations: Sequence[Aggregation]) -> Row:
    for one in aggregations:
        row = with_cell(row, one.name, one.of(rows))
    return row


@command("eventstats")
def _eventstats(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, "allnum")
    _refuse(given, "allnum")
    aggregations, fields = _clauses(given.words, rows, search)
    keys = [key_of(row, fields) for row in rows]
    groups: Dict[Key, List[Row]] = {}
    for key, row in zip(keys, rows):
        if key is not None:
            groups.setdefault(key, []).append(row)
    made = {key: [(one.name, one.of(group_)) for one in aggregations] for key, group_ in groups.items()}
    return [row if key is None else _with_cells(row, made[key]) for key, row in zip(keys, rows)]


def _with_cells(row: Row, cells: Sequence[Tuple[str, Optional[Cell]]]) -> Row:
    for name, cell in cells:
        row = with_cell(row, name, cell)
    return row


@command("streamstats")
def _streamstats(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, *_STREAM_OPTIONS)
    _refuse(given, "allnum", "reset_before", "reset_after", "time_window")
    aggregations, fields = _clauses(given.words, rows, search)
    window = given.number("window", 0)
    if window > _WIDEST:
        raise SplError(f"window= is at most {_WIDEST}")
    is_global = given.is_set("global", default=True)
    stream = _Stream(
        aggregations, fields, window, is_global=is_global, has_current=given.is_set("current", default=True)
    )
    is_resetting = given.is_set("reset_on_change", default=False)
    return [stream.add(row, is_resetting=is_resetting) for row in rows]


class _Stream:
    """Aggregations of the rows so far."""

    def __init__(
        self, aggregations: Sequence[Aggregation], fields: List[str], window: int, *, is_global: bool, has_current: bool
    ) -> None:
        self._aggregations = aggregations
        self._fields = fields
        self._window = window
        self._is_global = is_global
        self._has_current = has_current
        self._seen: Dict[Key, List[Row]] = {}
        self._all: List[Tuple[Key, Row]] = []
        self._last: Optional[Key] = None

    def add(self, row: Row, *, is_resetting: bool) -> Row:
        """Give a row with its aggregations, and remember it."""
        key = key_of(row, self._fields)
        if key is None:
            return row
        if is_resetting and self._last is not None and key != self._last:
            self._seen, self._all = {}, []
        self._last = key
        before = self._before(key)
        rows = [*before, row] if self._has_current else before
        made = [(one.name, one.of(rows)) for one in self._aggregations]
        self._seen.setdefault(key, []).append(row)
        if self._window and self._is_global:
            self._all = [*self._all, (key, row)][-self._window :]
        return _with_cells(row, made)

    def _before(self, key: Key) -> Sequence[Row]:
        kept = self._window - 1 if self._has_current else self._window
        if self._window and self._is_global:
            recent = self._all[-kept:] if kept else []
            return [row for other, row in recent if other == key]
        seen = self._seen.get(key, [])
        if self._window:
            return seen[-kept:] if kept else []
        return seen


_TOP_OPTIONS = ("limit", "countfield", "percentfield", "showcount", "showperc", "useother", "otherstr")


@command("top")
def _top(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    return _frequent(rows, arguments, search, sign=-1)


@command("rare")
def _rare(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    return _frequent(rows, arguments, search, sign=1)


def _frequent(rows: List[Row], arguments: str, search: Search, sign: int) -> List[Row]:
    given = Arguments.parse(arguments, *_TOP_OPTIONS)
    words = given.words
    if words and words[0].isdigit():
        given.options["limit"] = words.pop(0)
    if given.is_set("useother", default=False):
        raise UnsettledError("useother= of top")
    fields, by = (parse_fields(part) for part in split_at(words, "by"))
    if not fields:
        raise SplError("top and rare take fields")
    limit = given.number("limit", 10)
    made = [
        row
        for key, each in group(rows, by).items()
        for row in _most(each, fields, limit or len(rows), sign, dict(zip(by, key)), given)
    ]
    search.columns = fields_of(made)
    return made


def _most(rows: Sequence[Row], fields: List[str], limit: int, sign: int, row: Row, given: Arguments) -> List[Row]:
    counted = Counter({key: len(each) for key, each in group(rows, fields).items()})
    total = sum(counted.values())
    ordered = sorted(counted, key=lambda key: (sign * counted[key], tuple(map(sort_key, key))))
    made = []
    for key in ordered[:limit]:
        cells = {**row, **dict(zip(fields, key))}
        if given.is_set("showcount", default=True):
            cells[given.options.get("countfield", "count")] = str(counted[key])
        if given.is_set("showperc", default=True):
            cells[given.options.get("percentfield", "percent")] = f"{100 * counted[key] / total:.6f}"
        made.append(cells)
    return made
