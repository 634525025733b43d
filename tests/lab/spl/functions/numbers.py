"""Functions of numbers, and between numbers and texts."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Callable, Mapping

from tests.lab.spl import values
from tests.lab.spl.clock import Clock
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.functions.registry import ANY, MANY, NUMBER, TEXT, Evaluate, function
from tests.lab.spl.values import Cell, Number, Truth, Value, parse_number

if TYPE_CHECKING:
    from tests.lab.spl.expressions import Expression

_DAY = 86400
_TEN = 10.0


def number_of(value: Value) -> Number | None:
    """Give an argument as a number (None: it is a text, so the function gives null).

    Raises:
        UnsettledError: it is a text of digits, or has several values.
    """
    if isinstance(value, Number):
        return value
    if parse_number(values.text_of(value)) is not None:
        raise UnsettledError(f"a function of numbers was given the text {value}: use tonumber")
    return None


def whole_of(value: Value) -> int:
    """Give an argument that must be a whole number."""
    number = number_of(value)
    if number is None or not number.is_integer():
        raise SplError(f"{value} is no whole number")
    return int(number)


def _plain(name: str, calculate: Callable[[float], float]) -> None:
    def call(value: Value) -> Value:
        number = number_of(value)
        try:
            return None if number is None else Number(float(calculate(float(number))))
        except (ValueError, OverflowError):
            raise UnsettledError(f"{name}({value})") from None

    function(name, kind=NUMBER)(call)


_PLAIN: Mapping[str, Callable[[float], float]] = {
    "abs": abs,
    "ceil": math.ceil,
    "ceiling": math.ceil,
    "floor": math.floor,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "ln": math.log,
    "exact": float,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
}
for _name, _calculate in _PLAIN.items():
    _plain(_name, _calculate)


@function("pi", arguments=0, kind=NUMBER)
def _pi() -> Value:
    return Number(math.pi)


@function("pow", arguments=2, kind=NUMBER)
def _pow(base: Value, exponent: Value) -> Value:
    one, other = number_of(base), number_of(exponent)
    return None if one is None or other is None else Number(math.pow(one, other))


@function("log", arguments=(1, 2), kind=NUMBER)
def _log(value: Value, base: Value = Number(10.0)) -> Value:  # noqa: B008 - a constant
    one, other = number_of(value), number_of(base)
    if one is None or other is None:
        return None
    if one <= 0 or other <= 0 or not math.log(other):
        raise UnsettledError(f"log({value}, {base})")
    power = math.log10(one) if other == _TEN else math.log(one) / math.log(other)
    return Number(round(power) if math.isclose(other ** round(power), one, rel_tol=1e-12) else power)


def rounded(value: float, places: int) -> str:
    """Round half away from zero; trailing zeros stay."""
    return format(Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP), "f")


@function("round", arguments=(1, 2), kind=NUMBER)
def _round(value: Value, places: Value = Number(0.0)) -> Value:  # noqa: B008 - a constant
    number = number_of(value)
    if number is None:
        return None
    text = rounded(number, whole_of(places))
    return Number(float(text), text)


@function("sigfig", kind=NUMBER)
def _sigfig(value: Value) -> Value:
    number = number_of(value)
    if not number:
        return number
    places = number.figures - 1 - math.floor(math.log10(abs(number)))
    return Number(float(rounded(number, places)))


def _extreme(name: str, sign: int) -> None:
    """Enter min or max: texts are greater than numbers."""

    def call(_: Clock, *arguments: Expression) -> Evaluate:
        def evaluate(row: Mapping[str, Cell]) -> Value:
            given = [argument.evaluate(row) for argument in arguments]
            if any(value is None or isinstance(value, (list, bool, Truth)) for value in given):
                raise UnsettledError(f"{name}() of null or of several values")
            numbers = [value for value in given if isinstance(value, Number)]
            texts = [values.text_of(value) for value in given if not isinstance(value, Number)]
            if texts and (sign > 0 or not numbers):
                ordered = sorted(texts, key=lambda text: text.encode())
                return ordered[-1] if sign > 0 else ordered[0]
            return max(numbers) if sign > 0 else min(numbers)

        return evaluate

    function(name, arguments=(1, MANY), kind=ANY, strict=False)(call)


_extreme("max", 1)
_extreme("min", -1)


@function("tonumber", arguments=(1, 2), kind=NUMBER, strict=False)
def _tonumber(_: Clock, argument: Expression, base: Expression | None = None) -> Evaluate:
    radix = 10 if base is None else whole_of(base.literal)
    if not 2 <= radix <= 36:
        raise SplError("tonumber takes a base of 2 to 36")

    def convert(value: Value) -> Value:
        if isinstance(value, Number) and radix == 10:
            return value
        text = values.text_of(value)
        if radix == 10:
            return parse_number(text)
        try:
            return Number(float(int(text, radix))) if text.isalnum() else None
        except ValueError:
            return None

    if isinstance(argument.literal, str) and convert(argument.literal) is None:
        raise SplError(f"tonumber({argument.literal!r}): the literal is no number")

    def evaluate(row: Mapping[str, Cell]) -> Value:
        value = argument.evaluate(row)
        return None if value is None else convert(value)

    return evaluate


def _duration(seconds: float) -> str:
    if seconds < 0 or not float(seconds).is_integer():
        raise UnsettledError("a duration that is negative or has fractions")
    days, rest = divmod(int(seconds), _DAY)
    clock = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    return f"{days}+{clock}" if days else clock


def _commas(number: Number) -> str:
    if number.is_integer() and "." not in number.text:
        return f"{int(number):,}"
    text = rounded(number, 2)
    if text.endswith("0") and not number.text.endswith("0"):
        raise UnsettledError(f"whether {number.text} with commas has two decimals or fewer")
    return f"{Decimal(text):,}"


def _hex(number: Number) -> str:
    if number < 0 or not number.is_integer():
        raise UnsettledError("a negative number or a fraction in another base")
    return f"0x{int(number):X}"


_FORMATS: Mapping[str, Callable[[Number], str]] = {
    "hex": _hex,
    "commas": _commas,
    "duration": _duration,
    "binary": lambda number: f"{int(_hex(number), 16):b}",
}


@function("tostring", arguments=(1, 2), kind=TEXT)
def _tostring(value: Value, form: Value = "") -> Value:
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, Truth):
        raise UnsettledError("tostring of NOT of a comparison with null")
    name = values.text_of(form)
    if not name:
        return values.text_of(value)
    if name not in _FORMATS:
        raise SplError(f"tostring has no format {name!r}")
    number = number_of(value)
    return values.text_of(value) if number is None else _FORMATS[name](number)
