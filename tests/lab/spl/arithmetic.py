"""Arithmetic of expressions."""

from __future__ import annotations

from tests.lab.spl import values
from tests.lab.spl.errors import UnsettledError
from tests.lab.spl.values import Number, Value


def calculate(operator: str, left: Value, right: Value) -> Value:
    """Calculate with two values; null, text that is no number, and division by zero make null."""
    if left is None or right is None:
        return None
    if operator == "+" and isinstance(left, str) and isinstance(right, str):
        texts = values.text_of(left), values.text_of(right)
        if all(values.parse_number(text) is not None for text in texts):
            raise UnsettledError(f"{texts[0]} + {texts[1]}: a sum or a text? Use tonumber or .")
        return "".join(texts)
    for value in (left, right):
        if not isinstance(value, Number) and values.parse_number(values.text_of(value)) is not None:
            raise UnsettledError(f"{operator} of the text {value}: use tonumber")
    if not isinstance(left, Number) or not isinstance(right, Number):
        return None
    return _calculate_numbers(operator, left, right)


def _calculate_numbers(operator: str, left: Number, right: Number) -> Value:
    if operator in "/%" and not right:
        return None
    if operator == "%":
        if left < 0 or right < 0:
            raise UnsettledError("% of a negative number")
        return Number(float(left) % float(right))
    result = {
        "+": lambda: float(left) + float(right),
        "-": lambda: float(left) - float(right),
        "*": lambda: float(left) * float(right),
        "/": lambda: float(left) / float(right),
    }[operator]()
    number = Number(result)
    if operator in "*/":
        number.figures = min(left.figures, right.figures)
    return number
