"""JSON objects of whoever sends them: read whole, or not at all."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def read_object(text: str | bytes) -> dict[str, Any] | None:
    """Read a JSON object (None: it is none, not JSON, nested deeper than Python reads, or holds NaN or Infinity)."""
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
