"""Functions that choose, compare and ask what a value is."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, List, Mapping

from tests.lab.spl import values
from tests.lab.spl.clock import Clock
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.functions.registry import ANY, BOOLEAN, MANY, TEXT, Evaluate, function
from tests.lab.spl.patterns import pcre
from tests.lab.spl.values import Cell, EmptyCell, Number, Truth, Value

if TYPE_CHECKING:
    from tests.lab.spl.expressions import Expression

Row = Mapping[str, Cell]


def _condition(expression: Expression) -> Expression:
    if expression.kind != BOOLEAN:
        raise SplError("if, case and validate take conditions")
    return expression


@function("if", arguments=3, strict=False, branching=True)
def _if(_: Clock, condition: Expression, then: Expression, otherwise: Expression) -> Evaluate:
    _condition(condition)
    return lambda row: then.evaluate(row) if condition.is_true(row) else otherwise.evaluate(row)


def _pairs(arguments: tuple[Expression, ...]) -> List[tuple[Expression, Expression]]:
    if len(arguments) % 2:
        raise SplError("case and validate take pairs of a condition and a value")
    return [(_condition(one), other) for one, other in zip(arguments[::2], arguments[1::2])]


@function("case", arguments=(2, MANY), strict=False, branching=True)
def _case(_: Clock, *arguments: Expression) -> Evaluate:
    pairs = _pairs(arguments)
    return lambda row: next((value.evaluate(row) for condition, value in pairs if condition.is_true(row)), None)


@function("validate", arguments=(2, MANY), strict=False, branching=True)
def _validate(_: Clock, *arguments: Expression) -> Evaluate:
    pairs = _pairs(arguments)

    def evaluate(row: Row) -> Value:
        for condition, value in pairs:
            given = condition.evaluate(row)
            if given is None:
                raise UnsettledError("validate: a condition that is null")
            if not values.is_true(given):
                return value.evaluate(row)
        return None

    return evaluate


@function("coalesce", arguments=(1, MANY), strict=False, branching=True)
def _coalesce(_: Clock, *arguments: Expression) -> Evaluate:
    def evaluate(row: Row) -> Value:
        is_doubtful = False
        for argument in arguments:
            value = argument.evaluate(row)
            if isinstance(value, EmptyCell):
                is_doubtful = True
            elif value is not None:
                if is_doubtful and value != "":
                    raise UnsettledError("coalesce of an empty cell: null or the empty text?")
                return value
        return EmptyCell() if is_doubtful else None

    return evaluate


@function("nullif", arguments=2, strict=False)
def _nullif(_: Clock, one: Expression, other: Expression) -> Evaluate:
    def evaluate(row: Row) -> Value:
        value = one.evaluate(row)
        return None if values.compare("=", value, other.evaluate(row)) is True else value

    return evaluate


@function("null", arguments=0, strict=False)
def _null(_: Clock) -> Evaluate:
    return lambda _row: None


@function("true", arguments=0, kind=BOOLEAN, strict=False)
def _true(_: Clock) -> Evaluate:
    return lambda _row: True


@function("false", arguments=0, kind=BOOLEAN, strict=False)
def _false(_: Clock) -> Evaluate:
    return lambda _row: False


def _is_null(value: Value) -> bool:
    if isinstance(value, EmptyCell):
        raise UnsettledError("isnull of an empty cell of a lookup or of a command")
    return value is None


@function("isnull", kind=BOOLEAN, strict=False)
def _isnull(_: Clock, argument: Expression) -> Evaluate:
    return lambda row: _is_null(argument.evaluate(row))


@function("isnotnull", kind=BOOLEAN, strict=False)
def _isnotnull(_: Clock, argument: Expression) -> Evaluate:
    return lambda row: not _is_null(argument.evaluate(row))


def _number(value: Value) -> Number | None:
    if isinstance(value, (bool, Truth, list)) or value is None:
        return None
    return value if isinstance(value, Number) else values.parse_number(value)


@function("isnum", kind=BOOLEAN)
def _isnum(value: Value) -> bool:
    return _number(value) is not None


@function("isint", kind=BOOLEAN)
def _isint(value: Value) -> bool:
    number = _number(value)
    return number is not None and number.is_integer()


@function("isstr", kind=BOOLEAN)
def _isstr(value: Value) -> bool:
    if isinstance(value, str) and _number(value) is not None:
        raise UnsettledError("isstr of quoted digits")
    return isinstance(value, str)


@function("isbool", kind=BOOLEAN)
def _isbool(value: Value) -> bool:
    return isinstance(value, (bool, Truth))


@function("typeof", kind=TEXT, strict=False)
def _typeof(_: Clock, argument: Expression) -> Evaluate:
    def evaluate(row: Row) -> Value:
        value = argument.evaluate(row)
        if argument.kind == BOOLEAN:
            return "Boolean"
        if isinstance(value, list):
            return "Multivalue"
        return "Invalid" if value is None else ("Number" if isinstance(value, Number) else "String")

    return evaluate


@function("in", arguments=(2, MANY), kind=BOOLEAN, strict=False)
def _in(_: Clock, one: Expression, *others: Expression) -> Evaluate:
    def evaluate(row: Row) -> Value:
        value = one.evaluate(row)
        found: Value = False
        for other in others:
            found = values.either(found, values.compare("=", value, other.evaluate(row)))
        return found

    return evaluate


@function("like", arguments=2, kind=BOOLEAN)
def _like(value: Value, pattern: Value) -> bool:
    text = values.text_of(pattern)
    if "\\" in text:
        raise UnsettledError("a backslash in like()")
    translated = re.escape(text).replace("%", ".*").replace("_", ".")
    return re.fullmatch(translated, values.text_of(value), re.DOTALL) is not None


@function("match", arguments=2, kind=BOOLEAN)
def _match(value: Value, pattern: Value) -> bool:
    return pcre(values.text_of(pattern)).search(values.text_of(value)) is not None


@function("cidrmatch", arguments=2, kind=BOOLEAN)
def _cidrmatch(network: Value, address: Value) -> bool:
    return in_network(values.text_of(network), values.text_of(address))


def in_network(network: str, address: str) -> bool:
    """Say whether an address lies in a network; what is no address lies in none.

    Raises:
        SplError: the network is none.
    """
    try:
        block = ipaddress.ip_network(network, strict=False)
    except ValueError:
        raise SplError(f"{network!r} is no network") from None
    try:
        return ipaddress.ip_address(address) in block
    except ValueError:
        return False


@function("searchmatch", kind=BOOLEAN, strict=False)
def _searchmatch(clock: Clock, argument: Expression) -> Evaluate:
    from tests.lab.spl.terms import compile_terms  # noqa: PLC0415 - terms compile nothing of this module

    if not isinstance(argument.literal, str):
        raise SplError("searchmatch() takes a quoted search")
    return compile_terms(argument.literal, clock).matches


__all__ = ["ANY", "in_network"]
