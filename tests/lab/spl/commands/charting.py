"""Commands of tables over time and over values: bin, chart, timechart."""

from __future__ import annotations

from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from tests.lab.spl import values
from tests.lab.spl.aggregations import Aggregation, parse_aggregations
from tests.lab.spl.arguments import Arguments, split_at
from tests.lab.spl.commands.registry import command
from tests.lab.spl.environment import Row, Search, with_cell
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.grouping import group, parse_fields, sort_key
from tests.lab.spl.scanning import unquote
from tests.lab.spl.terms import time_of
from tests.lab.spl.times import Span, default_span
from tests.lab.spl.values import Cell, format_number

_LIMIT = 10
_SERIES_OPTIONS = ("limit", "useother", "usenull", "nullstr", "otherstr")
_UNKNOWN = ("bins", "minspan", "aligntime", "start", "end", "sep", "format", "partial", "agg")
_MOST_BUCKETS = 10_000


def _refuse(given: Arguments) -> None:
    for name in _UNKNOWN:
        if name in given.options:
            raise UnsettledError(f"{name}=")


@command("bin", "bucket", "discretize")
def _bin(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, "span", *_UNKNOWN)
    _refuse(given)
    if len(given.words) not in {1, 3} or (len(given.words) == 3 and given.words[1].lower() != "as"):
        raise SplError("bin takes a field, and AS another one")
    name, target = unquote(given.words[0]), unquote(given.words[-1])
    if "span" not in given.options:
        raise UnsettledError("bin without span=")
    place = _place(name, given.options["span"], search)
    return [{**row, target: place(row)} if name in row else row for row in rows]


def _place(name: str, span: str, search: Search) -> Callable[[Row], str]:
    if name == "_time":
        of_time = Span(span, search.clock.zone)
        return lambda row: format_number(of_time.start(time_of(row)))
    if not span.isdigit() or not int(span):
        raise UnsettledError(f"bin of {name} with span={span}")
    width = int(span)

    def place(row: Row) -> str:
        number = values.from_cell(row[name])
        if not isinstance(number, values.Number):
            raise UnsettledError(f"bin of {name}, which is no number")
        start = int(number // width) * width
        return f"{start}-{start + width}"

    return place


class _Series:
    """Columns of a chart, one a value of the field that splits it: the most frequent, then OTHER and NULL."""

    def __init__(self, given: Arguments, field: str, aggregations: Sequence[Aggregation]) -> None:
        self._field = field
        self._aggregations = aggregations
        self._limit = _limit_of(given)
        self._other = given.options.get("otherstr", "OTHER") if given.is_set("useother", default=True) else None
        self._null = given.options.get("nullstr", "NULL") if given.is_set("usenull", default=True) else None

    def split(
        self, rows: Sequence[Row], buckets: Mapping[str, List[Row]]
    ) -> Tuple[List[str], Callable[[Row], List[str]]]:
        """Give the columns in order, and in which of them a row counts."""
        kept = self._kept(rows, buckets)
        names = sorted(kept, key=sort_key)
        has_null = any(self._field not in row for row in rows)
        has_other = any(one not in kept for row in rows for one in values.settled(row.get(self._field)))
        if has_other and self._other:
            names.append(self._other)
        if has_null and self._null:
            names.append(self._null)

        def places(row: Row) -> List[str]:
            cells = values.settled(row.get(self._field))
            found = [one if one in kept else self._other for one in cells] if cells else [self._null]
            return [one for one in found if one is not None]

        return names, places

    def _kept(self, rows: Sequence[Row], buckets: Mapping[str, List[Row]]) -> set[str]:
        scores = self._scores(rows, buckets)
        ordered = sorted(scores, key=lambda name: (-scores[name], name.encode()))
        return set(ordered[: self._limit] if self._limit else ordered)

    def _scores(self, rows: Sequence[Row], buckets: Mapping[str, List[Row]]) -> Dict[str, float]:
        """Give the sum of each series; with several aggregations, how often it comes."""
        groups = {key[0]: each for key, each in group(rows, [self._field]).items()}
        if len(self._aggregations) > 1:
            return {name: float(len(each)) for name, each in groups.items()}
        scores: Dict[str, float] = dict.fromkeys(groups, 0.0)
        for bucket in buckets.values():
            for key, each in group(bucket, [self._field]).items():
                cell = values.from_cell(self._aggregations[0].of(each))
                if isinstance(cell, values.Number):
                    scores[key[0]] += cell
                elif cell is not None and self._limit and len(groups) > self._limit:
                    raise UnsettledError("the greatest of series that are no numbers")
        return scores


def _limit_of(given: Arguments) -> int:
    text = given.options.get("limit", str(_LIMIT))
    if text.startswith("bottom"):
        raise UnsettledError("limit=bottom")
    text = text.removeprefix("top")
    if not text.isdigit():
        raise SplError(f"limit={text} is no number")
    return int(text)


class _Chart:
    """A table with a row a bucket, and a column an aggregation or a series of each."""

    def __init__(self, given: Arguments, aggregations: Sequence[Aggregation], split: Sequence[str]) -> None:
        self._aggregations = aggregations
        self._series = _Series(given, split[0], aggregations) if split else None

    def rows(self, name: str, buckets: Mapping[str, List[Row]], search: Search) -> List[Row]:
        """Give the rows of the buckets, in their order."""
        if self._series is None:
            search.columns = [name, *(one.name for one in self._aggregations)]
            return [self._row({name: label}, [("", rows) for _ in (0,)]) for label, rows in buckets.items()]
        everything = [row for rows in buckets.values() for row in rows]
        names, places = self._series.split(everything, buckets)
        search.columns = [name, *(self._column(one, each) for one in self._aggregations for each in names)]
        made = []
        for label, rows in buckets.items():
            parts: Dict[str, List[Row]] = {each: [] for each in names}
            for row in rows:
                for each in places(row):
                    parts[each].append(row)
            made.append(self._row({name: label}, list(parts.items())))
        return made

    def _row(self, row: Row, parts: Sequence[Tuple[str, Sequence[Row]]]) -> Row:
        for one in self._aggregations:
            for name, rows in parts:
                row = with_cell(row, self._column(one, name), self._cell(one, rows))
        return row

    @staticmethod
    def _cell(one: Aggregation, rows: Sequence[Row]) -> Optional[Cell]:
        return one.of(rows) if rows or one.is_counting else None

    def _column(self, one: Aggregation, series: str) -> str:
        if self._series is None:
            return one.name
        return f"{one.name}: {series}" if len(self._aggregations) > 1 else series


@command("chart")
def _chart(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, *_SERIES_OPTIONS, *_UNKNOWN, "span")
    _refuse(given)
    if "span" in given.options:
        raise UnsettledError("span= of chart")
    parts, by = split_at(given.words, "by")
    parts, over = split_at(parts, "over")
    fields = parse_fields([*over, *by])
    if not 1 <= len(fields) <= 2 or len(over) > 1:
        raise SplError("chart takes BY one or two fields, or OVER one and BY another")
    aggregations = parse_aggregations(parts, search.clock)
    groups = {key[0]: each for key, each in group(rows, fields[:1]).items()}
    buckets = {name: groups[name] for name in sorted(groups, key=sort_key)}
    return _Chart(given, aggregations, fields[1:]).rows(fields[0], buckets, search)


@command("timechart")
def _timechart(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, *_SERIES_OPTIONS, *_UNKNOWN, "span", "fixedrange", "cont")
    if "span" in given.options:
        given.options.pop("bins", None)
    _refuse(given)
    parts, by = split_at(given.words, "by")
    fields = parse_fields(by)
    if len(fields) > 1:
        raise SplError("timechart takes BY one field")
    aggregations = parse_aggregations(parts, search.clock)
    buckets = _time_buckets(rows, given, search)
    return _Chart(given, aggregations, fields).rows("_time", buckets, search)


def _time_buckets(rows: Sequence[Row], given: Arguments, search: Search) -> Dict[str, List[Row]]:
    """Give the rows of each span, from the search's earliest time to its latest, or where the rows lie."""
    clock = search.clock
    span = Span(given.options.get("span") or default_span(clock.earliest, clock.latest), clock.zone)
    found: Dict[float, List[Row]] = {}
    for row in rows:
        found.setdefault(span.start(time_of(row)), []).append(row)
    starts = sorted(found)
    if not given.is_set("cont", default=True):
        return {format_number(start): found[start] for start in starts}
    if given.is_set("fixedrange", default=True):
        if clock.earliest is not None:
            starts.insert(0, span.start(clock.earliest))
        if clock.latest is not None:
            starts.append(span.start(clock.latest - 1e-6))
    buckets: Dict[str, List[Row]] = {}
    if starts:
        at, last = min(starts), max(starts)
        while at <= last and len(buckets) < _MOST_BUCKETS:
            buckets[format_number(at)] = found.get(at, [])
            at = span.next(at)
        if at <= last:
            raise UnsettledError(f"a timechart of more than {_MOST_BUCKETS} spans")
    return buckets
