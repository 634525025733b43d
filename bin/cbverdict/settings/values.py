"""Values as conf files have them: read, or refused in words that name the setting."""

from __future__ import annotations

import math

from cbverdict.errors import SetupError

_TRUE = {"1", "true", "t", "yes", "y", "on"}
_FALSE = {"0", "false", "f", "no", "n", "off"}


def parse_bool(where: str, name: str, value: str | None, *, default: bool) -> bool:
    """Read a boolean as Splunk writes it (`default`: none is set).

    Raises:
        SetupError: it is no boolean.
    """
    if value is None or not value.strip():
        return default
    text = value.strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    msg = f"{where}: {name} is {value!r}; write true or false"
    raise SetupError(msg)


def parse_number(where: str, name: str, value: str | None, default: float) -> float:
    """Read a number (`default`: none is set).

    Raises:
        SetupError: it is no finite number.
    """
    if value is None or not value.strip():
        return default
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        msg = f"{where}: {name} is {value!r}; write a number"
        raise SetupError(msg)
    return number
