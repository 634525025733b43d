"""JSON objects of whoever sends them: read whole, or not at all."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

_MOST_DIGITS = 4300


def read_object(text: str | bytes | bytearray) -> dict[str, Any] | None:
    """Read a JSON object.

    None: it is none, not JSON, nested deeper than Python reads, or holds NaN, Infinity or a number without end.
    """
    try:
        value = json.loads(text, parse_constant=_refuse, parse_int=_PARSE_INT)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _read_int(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(digits[:_MOST_DIGITS])
    return int(digits)


# Releases of Python 3.9 before 3.9.14 have no such limit of their own, and take a time that grows with the square.
_PARSE_INT = None if hasattr(sys, "get_int_max_str_digits") else _read_int


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
