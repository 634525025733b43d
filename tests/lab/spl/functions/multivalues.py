"""Functions of several values."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Mapping

from tests.lab.spl import values
from tests.lab.spl.clock import Clock
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.functions.numbers import number_of, whole_of
from tests.lab.spl.functions.registry import MANY, NUMBER, TEXT, Evaluate, function
from tests.lab.spl.patterns import pcre
from tests.lab.spl.values import Cell, Number, Value

if TYPE_CHECKING:
    from tests.lab.spl.expressions import Expression

Row = Mapping[str, Cell]
_MOST_STEPS = 100_000


def _list(value: Value) -> List[str]:
    """Give all values; whether an empty cell is one is not settled."""
    return values.settled(values.to_cell(value))


def _made(found: List[str]) -> Value:
    """Give several values, one, or null; one that looks like a number is one."""
    return values.from_cell(values.joined(found))


@function("mvappend", arguments=(1, MANY), strict=False)
def _mvappend(_: Clock, *arguments: Expression) -> Evaluate:
    def evaluate(row: Row) -> Value:
        return _made([one for argument in arguments for one in _list(argument.evaluate(row))])

    return evaluate


@function("mvcount", kind=NUMBER)
def _mvcount(value: Value) -> Value:
    return Number(float(len(_list(value))))


@function("mvdedup")
def _mvdedup(value: Value) -> Value:
    return _made(list(dict.fromkeys(_list(value))))


@function("mvsort")
def _mvsort(value: Value) -> Value:
    return _made(sorted(_list(value), key=lambda text: text.encode("utf-8", "surrogatepass")))


@function("mvreverse")
def _mvreverse(value: Value) -> Value:
    return _made(_list(value)[::-1])


@function("mvindex", arguments=(2, 3))
def _mvindex(value: Value, first: Value, last: Value = None) -> Value:
    found = _list(value)
    start = _place(whole_of(first), found)
    if last is None:
        return _made([found[start]]) if 0 <= start < len(found) else None
    end = _place(whole_of(last), found)
    return _made(found[start : end + 1]) if 0 <= start <= end < len(found) else None


def _place(index: int, found: List[str]) -> int:
    return index if index >= 0 else len(found) + index


@function("mvjoin", arguments=2, kind=TEXT)
def _mvjoin(value: Value, separator: Value) -> Value:
    return values.text_of(separator).join(_list(value))


@function("mvrange", arguments=(2, 3))
def _mvrange(first: Value, end: Value, step: Value = Number(1.0)) -> Value:  # noqa: B008 - a constant
    if isinstance(step, str):
        raise UnsettledError("mvrange with a span of time")
    start, stop, by = (number_of(value) for value in (first, end, step))
    if start is None or stop is None or by is None or by <= 0:
        raise UnsettledError("mvrange of other than numbers that rise")
    if (stop - start) / by > _MOST_STEPS:
        raise SplError("mvrange of too many values")
    found: List[str] = []
    while start + by * len(found) < stop:
        found.append(values.format_number(start + by * len(found)))
    return _made(found)


@function("mvzip", arguments=(2, 3))
def _mvzip(left: Value, right: Value, separator: Value = ",") -> Value:
    between = values.text_of(separator)
    return _made([f"{one}{between}{other}" for one, other in zip(_list(left), _list(right))])


@function("mvfind", arguments=2, kind=NUMBER)
def _mvfind(value: Value, pattern: Value) -> Value:
    expression = pcre(values.text_of(pattern))
    found = (place for place, one in enumerate(_list(value)) if expression.search(one))
    place = next(found, None)
    return None if place is None else Number(float(place))


@function("mvfilter", strict=False)
def _mvfilter(_: Clock, condition: Expression) -> Evaluate:
    if len(condition.fields) != 1:
        raise SplError("mvfilter may name one field only")
    (name,) = condition.fields

    def evaluate(row: Row) -> Value:
        return _made([one for one in values.settled(row.get(name)) if condition.is_true({name: one})])

    return evaluate


@function("mvmap", arguments=2, strict=False)
def _mvmap(_: Clock, source: Expression, mapping: Expression) -> Evaluate:
    if len(source.fields) != 1:
        raise UnsettledError("mvmap over other than one field")
    (name,) = source.fields

    def evaluate(row: Row) -> Value:
        given = _list(source.evaluate(row))
        return _made([one for value in given for one in _list(mapping.evaluate({**row, name: value}))])

    return evaluate


@function("split", arguments=2)
def _split(value: Value, separator: Value) -> Value:
    between = values.text_of(separator)
    if not between:
        raise UnsettledError("split at nothing")
    return _made(values.text_of(value).split(between))
