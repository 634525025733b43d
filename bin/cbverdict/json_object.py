"""JSON objects of whoever sends them: read whole, or not at all."""

from __future__ import annotations

import json
from typing import Any, NoReturn

_MOST_DIGITS = 40


def read_object(text: str | bytes | bytearray) -> dict[str, Any] | None:
    """Read a JSON object.

    None: it is none, not JSON, nested deeper than Python reads, or holds NaN, Infinity or a number without end.
    """
    try:
        value = json.loads(text, parse_constant=_refuse, parse_int=_read_int)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _read_int(digits: str) -> int:
    # Older releases of Python 3.9 take a time that grows with the square of the digits.
    if len(digits) > _MOST_DIGITS:
        raise ValueError(digits[:_MOST_DIGITS])
    return int(digits)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
