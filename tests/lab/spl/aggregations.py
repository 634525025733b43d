"""Aggregations of stats and its kin: what is written, and what comes of some rows."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from tests.lab.spl import values
from tests.lab.spl.clock import Clock
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.expressions import Expression, compile_expression
from tests.lab.spl.functions.registry import BOOLEAN
from tests.lab.spl.grouping import sort_key
from tests.lab.spl.patterns import wildcard
from tests.lab.spl.scanning import unquote
from tests.lab.spl.terms import time_of
from tests.lab.spl.values import Cell, Number, format_number

Row = Mapping[str, Cell]
MOST_OF_A_LIST = 100
_CALL = re.compile(r"([A-Za-z_]\w*?)(?:\((.*)\))?", re.DOTALL)
_EVAL = re.compile(r"eval\((.*)\)", re.DOTALL)
_PERCENTILE = re.compile(r"(?:p|perc|exactperc)(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Sample:
    """What an aggregation is made of: all values, and each with its row."""

    cells: List[str]
    pairs: List[Tuple[Row, str]]

    @property
    def numbers(self) -> List[Number]:
        """The values that are numbers."""
        return [number for number in map(values.parse_number, self.cells) if number is not None]


@dataclass(frozen=True)
class Aggregation:
    """One aggregation: its function, its field (empty: rows) or expression, and the field that it makes."""

    function: str
    field: str
    name: str
    expression: Optional[Expression] = None

    @property
    def is_counting(self) -> bool:
        """Say whether it gives 0 where there is nothing."""
        return self.function == "count"

    def of(self, rows: Sequence[Row]) -> Optional[Cell]:
        """Give what comes of rows (None: nothing)."""
        if not self.field and self.expression is None:
            return str(len(rows))
        return (
            _FUNCTIONS[self.function](self._sample(rows))
            if self.function in _FUNCTIONS
            else (_percentile(self._sample(rows), float(self.function.lstrip("p"))))
        )

    def _sample(self, rows: Sequence[Row]) -> Sample:
        pairs = [(row, one) for row in rows for one in self._cells(row)]
        return Sample([one for _, one in pairs], pairs)

    def _cells(self, row: Row) -> List[str]:
        if self.expression is None:
            return values.settled(row.get(self.field))
        if self.expression.kind == BOOLEAN:
            return ["1"] if self.expression.is_true(row) else []
        return values.settled(values.to_cell(self.expression.evaluate(row)))

    def expand(self, fields: Sequence[str]) -> List[Aggregation]:
        """Give one aggregation for each field that a wildcard stands for."""
        if "*" not in self.field:
            return [self]
        pattern = wildcard(self.field)
        matches = [(name, pattern.fullmatch(name)) for name in fields if not name.startswith("_")]
        return [replace(self, field=name, name=_filled(self.name, match.groups())) for name, match in matches if match]


def _filled(name: str, parts: Sequence[str]) -> str:
    pieces = name.split("*")
    if len(pieces) - 1 != len(parts):
        raise SplError(f"{name} has not as many wildcards as the field")
    return "".join(piece + part for piece, part in zip(pieces, [*parts, ""]))


def parse_aggregations(given: Sequence[str], clock: Clock) -> List[Aggregation]:
    """Read `count`, `sum(x) AS y`, `count(eval(...)) AS n` and so on.

    Raises:
        SplError: there is none, one is malformed or not known, or one field gets two names from one function.
    """
    found: List[Aggregation] = []
    rest = list(given)
    while rest:
        word = rest.pop(0)
        name = None
        if rest and rest[0].lower() == "as":
            if len(rest) == 1:
                raise SplError(f"AS after {word} is followed by nothing")
            name = unquote(rest[1])
            del rest[:2]
        found.append(_parse(word, name, clock))
    if not found:
        raise SplError("an aggregation is expected, such as count or sum(bytes)")
    _refuse_twins(found)
    return found


def _parse(word: str, name: Optional[str], clock: Clock) -> Aggregation:
    match = _CALL.fullmatch(word)
    if match is None:
        raise SplError(f"{word!r} is no aggregation")
    function, argument = _known(match[1]), (match[2] or "").strip()
    if match[2] is None and function != "count":
        raise SplError(f"{word} needs a field, as in {word}(bytes)")
    evaluated = _EVAL.fullmatch(argument)
    if evaluated:
        if name is None:
            raise SplError(f"{word} must be named by AS")
        return Aggregation(function, "", name, compile_expression(evaluated[1], clock))
    if match[1] == "c" and name is None:
        raise UnsettledError("how the column of c() is named: use count or AS")
    field = unquote(argument)
    return Aggregation(function, field, name or (f"{match[1]}({field})" if field else match[1]))


def _known(name: str) -> str:
    name = _SAME.get(name, name)
    percentile = _PERCENTILE.fullmatch(name)
    if percentile:
        return f"p{percentile[1]}"
    if name not in _FUNCTIONS:
        raise SplError(f"there is no aggregation {name}()")
    return name


def _refuse_twins(found: Sequence[Aggregation]) -> None:
    names = Counter((one.function, one.field) for one in found if one.expression is None)
    twins = [f"{function}({field})" for (function, field), number in names.items() if number > 1]
    if twins:
        raise SplError(f"{twins[0]} is named twice: one field gets one name")
    targets = Counter(one.name for one in found)
    if max(targets.values()) > 1:
        raise SplError(f"two aggregations are named {targets.most_common(1)[0][0]}")


def _number(value: float) -> str:
    return format_number(value)


def _of_numbers(calculate: Callable[[List[Number]], float]) -> Callable[[Sample], Optional[Cell]]:
    return lambda sample: _number(calculate(sample.numbers)) if sample.numbers else None


def _variance(numbers: Sequence[float], degrees: int) -> float:
    if len(numbers) <= degrees:
        raise UnsettledError("the variance of one value")
    mean = math.fsum(numbers) / len(numbers)
    return math.fsum((one - mean) ** 2 for one in numbers) / (len(numbers) - degrees)


def _extreme(sign: int) -> Callable[[Sample], Optional[Cell]]:
    def of(sample: Sample) -> Optional[Cell]:
        if not sample.cells:
            return None
        if len(sample.numbers) == len(sample.cells):
            best = max(sample.numbers, key=lambda number: sign * number)
            return best.text
        ordered = sorted(sample.cells, key=lambda text: text.encode())
        texts_last = sorted(sample.cells, key=sort_key)
        best_text, best_of_both = (ordered[-1], texts_last[-1]) if sign > 0 else (ordered[0], texts_last[0])
        if best_text != best_of_both:
            raise UnsettledError("min or max of numbers and texts")
        return best_text

    return of


def _mode(sample: Sample) -> Optional[Cell]:
    counted = Counter(sample.cells).most_common(2)
    if len(counted) == 2 and counted[0][1] == counted[1][1]:
        raise UnsettledError("the mode of values of which two are equally frequent")
    return counted[0][0] if counted else None


def _percentile(sample: Sample, percent: float) -> Optional[Cell]:
    """Give a percentile where all ways of reckoning agree."""
    if not sample.cells:
        return None
    if len(sample.numbers) < len(sample.cells):
        raise UnsettledError("a percentile of texts")
    ordered = sorted(sample.numbers)
    last = len(ordered) - 1
    place = percent / 100 * last
    places = {math.floor(place), math.ceil(place), min(last, math.floor(percent / 100 * len(ordered)))}
    if len({float(ordered[one]) for one in places}) > 1:
        raise UnsettledError(f"percentile {percent:g} of {len(ordered)} values lies between two of them")
    return _number(ordered[places.pop()])


def _by_time(sign: int, take: Callable[[Row, str], Cell]) -> Callable[[Sample], Optional[Cell]]:
    """Give the latest (1) or earliest (-1); of those at the same time no source says which."""

    def of(sample: Sample) -> Optional[Cell]:
        timed = [(time_of(row), row, one) for row, one in sample.pairs if "_time" in row]
        if len(timed) < len(sample.pairs):
            raise UnsettledError("earliest or latest of rows without _time")
        if not timed:
            return None
        best = max(sign * at for at, _, _ in timed)
        found = [take(row, one) for at, row, one in timed if sign * at == best]
        if any(one != found[0] for one in found):
            raise UnsettledError("earliest or latest of two values at the same time")
        return found[0]

    return of


def _distinct(sample: Sample) -> List[str]:
    return sorted(set(sample.cells), key=lambda text: text.encode("utf-8", "surrogatepass"))


_SAME = {"c": "count", "distinct_count": "dc", "mean": "avg"}
_FUNCTIONS: Dict[str, Callable[[Sample], Optional[Cell]]] = {
    "count": lambda sample: str(len(sample.cells)),
    "dc": lambda sample: str(len(set(sample.cells))),
    "sum": _of_numbers(math.fsum),
    "avg": _of_numbers(lambda numbers: math.fsum(numbers) / len(numbers)),
    "sumsq": _of_numbers(lambda numbers: math.fsum(one * one for one in numbers)),
    "range": _of_numbers(lambda numbers: max(numbers) - min(numbers)),
    "stdev": _of_numbers(lambda numbers: math.sqrt(_variance(numbers, 1))),
    "stdevp": _of_numbers(lambda numbers: math.sqrt(_variance(numbers, 0))),
    "var": _of_numbers(lambda numbers: _variance(numbers, 1)),
    "varp": _of_numbers(lambda numbers: _variance(numbers, 0)),
    "min": _extreme(-1),
    "max": _extreme(1),
    "mode": _mode,
    "median": lambda sample: _percentile(sample, 50),
    "values": lambda sample: values.joined(_distinct(sample)),
    "list": lambda sample: values.joined(sample.cells[:MOST_OF_A_LIST]),
    "first": lambda sample: sample.cells[0] if sample.cells else None,
    "last": lambda sample: sample.cells[-1] if sample.cells else None,
    "earliest": _by_time(-1, lambda _, one: one),
    "latest": _by_time(1, lambda _, one: one),
    "earliest_time": _by_time(-1, lambda row, _: row["_time"]),
    "latest_time": _by_time(1, lambda row, _: row["_time"]),
}
