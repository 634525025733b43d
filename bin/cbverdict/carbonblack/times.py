"""Times as Carbon Black writes them."""

from __future__ import annotations

import re

_SECOND = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d")


def second_of(time: str) -> str:
    """Cut a time such as `2021-04-20T13:00:03.241Z` to the second (empty: it is none)."""
    match = _SECOND.match(time)
    return match.group() if match else ""
