"""Values of fields and of expressions: null, text, numbers, several values, and truth."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Callable, List, Optional, Tuple, Union

from tests.lab.spl.errors import SplError, UnsettledError

if TYPE_CHECKING:
    from typing_extensions import Self

NUMERIC = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_EXACT = 1e15  # up to here a whole number is written without a point

Cell = Union[str, List[str]]
"""What a row holds of a field; null is a field that is not there, and a list has two values or more."""


class Truth(Enum):
    """What NOT makes of null: true for one reader of the documentation, null for another."""

    UNSETTLED = "true or null"


class EmptyCell(str):
    """An empty cell of a CSV file, a collection or a command's answer: null or the empty text, no source says which."""

    __slots__ = ()


class Number(float):
    """A number, with the text that it was written as, and its significant figures."""

    text: str
    figures: int

    def __new__(cls, value: float, text: Optional[str] = None) -> Self:
        """Make a number; without a text it gets the shortest one."""
        made = super().__new__(cls, value)
        made.text = format_number(value) if text is None else text
        made.figures = len(re.sub(r"\D|[eE].*", "", made.text).lstrip("0"))
        return made


Value = Union[None, bool, Number, str, List[str], Truth]
"""What an expression gives; texts that look like numbers are texts here, as they were quoted."""


def format_number(value: float) -> str:
    """Write a number without an exponent."""
    if not math.isfinite(value):
        raise UnsettledError("a number beyond the range of doubles")
    if value == int(value) and abs(value) < _EXACT:
        return str(int(value))
    return format(Decimal(repr(float(value))), "f")


def parse_number(text: str) -> Optional[Number]:
    """Read a text as a number (None: it is none)."""
    return Number(float(text), text) if NUMERIC.fullmatch(text) else None


def from_cell(cell: Optional[Cell]) -> Value:
    """Take a field's value into an expression: text that looks like a number is one."""
    if isinstance(cell, str) and not isinstance(cell, EmptyCell):
        number = parse_number(cell)
        return cell if number is None else number
    return cell


def to_cell(value: Value) -> Optional[Cell]:
    """Give what a field holds of a value (None: the field goes).

    Raises:
        SplError: it is a Boolean.
    """
    if value is None:
        return None
    if isinstance(value, (bool, Truth)):
        raise SplError("a field cannot hold a Boolean: use if(...) or tostring(...)")
    if isinstance(value, list):
        return value if len(value) > 1 else (value[0] if value else None)
    return value.text if isinstance(value, Number) else value


def cells(cell: Optional[Cell]) -> List[str]:
    """Give all values of a field."""
    if cell is None:
        return []
    return cell if isinstance(cell, list) else [cell]


def settled(cell: Optional[Cell]) -> List[str]:
    """Give all values of a field where it matters whether an empty cell is one of them.

    Raises:
        UnsettledError: there is such a cell.
    """
    found = cells(cell)
    if any(isinstance(value, EmptyCell) for value in found):
        raise UnsettledError('an empty cell of a lookup or of a command is null or empty: guard it by coalesce(f, "")')
    return found


def joined(values: List[str]) -> Optional[Cell]:
    """Give a field of these values."""
    return to_cell(values)


def text_of(value: Value) -> str:
    """Give a single value as text.

    Raises:
        UnsettledError: it has several values.
        SplError: it is a Boolean.
    """
    cell = to_cell(value)
    if isinstance(cell, list):
        raise UnsettledError("a function or comparison of one value was given several")
    if isinstance(cell, EmptyCell):
        settled(cell)
    assert cell is not None
    return cell


_TESTS: dict[str, Callable[[float], bool]] = {
    "=": lambda sign: sign == 0,
    "==": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}


def sign_of_texts(left: str, right: str) -> int:
    """Compare in UTF-8 order."""
    one, other = left.encode("utf-8", "surrogatepass"), right.encode("utf-8", "surrogatepass")
    return (one > other) - (one < other)


def compare(operator: str, left: Value, right: Value) -> Union[bool, Truth, None]:
    """Compare as where and eval do: two numbers as numbers, everything else as text; null makes null.

    Raises:
        UnsettledError: several values; or quoted digits, where the two ways of reading them differ.
    """
    if left is None or right is None:
        return None
    if isinstance(left, EmptyCell) or isinstance(right, EmptyCell):
        return _compare_empty(operator, left, right)
    if isinstance(left, bool) and isinstance(right, bool):
        return _TESTS[operator](left - right)
    if isinstance(left, Number) and isinstance(right, Number):
        return _TESTS[operator](float(left) - float(right))
    texts = text_of(left), text_of(right)
    answer = _TESTS[operator](sign_of_texts(*texts))
    numbers = tuple(map(parse_number, texts))
    if numbers[0] is not None and numbers[1] is not None:
        if answer != _TESTS[operator](float(numbers[0]) - float(numbers[1])):
            raise UnsettledError(f"{texts[0]} {operator} {texts[1]}: as numbers or as texts? Use tonumber or no quotes")
    elif (numbers[0] is None) != (numbers[1] is None) and operator not in {"=", "==", "!="}:
        raise UnsettledError(f"{texts[0]} {operator} {texts[1]}: a number against a text")
    return answer


def _compare_empty(operator: str, left: Value, right: Value) -> Union[Truth, None]:
    """Compare an empty cell: as null it gives null; as the empty text it may give true."""
    texts: Tuple[str, str] = tuple("" if isinstance(value, EmptyCell) else text_of(value) for value in (left, right))  # type: ignore[assignment]
    return Truth.UNSETTLED if _TESTS[operator](sign_of_texts(*texts)) else None


def both(left: Value, right: Value) -> Value:
    """AND, with null as the unknown of three-valued logic."""
    if left is False or right is False:
        return False
    if left is None or right is None:
        return None
    return Truth.UNSETTLED if Truth.UNSETTLED in (left, right) else True


def either(left: Value, right: Value) -> Value:
    """OR, likewise."""
    if left is True or right is True:
        return True
    if Truth.UNSETTLED in (left, right):
        return Truth.UNSETTLED
    return None if left is None or right is None else False


def negated(value: Value) -> Value:
    """NOT: of null it is true or null, no source says which."""
    if isinstance(value, bool):
        return not value
    if value is None:
        return Truth.UNSETTLED
    raise UnsettledError("NOT of a comparison with null, twice")


def is_true(value: Value) -> bool:
    """Say whether a condition holds.

    Raises:
        UnsettledError: it rests on what NOT makes of null.
        SplError: it is no condition.
    """
    if value is Truth.UNSETTLED:
        raise UnsettledError("whether NOT of a comparison with null is true: guard the field by coalesce or isnull")
    if value is None or isinstance(value, bool):
        return value is True
    raise SplError(f"a condition is neither true nor false: {value!r}")
