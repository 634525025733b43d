"""What an admin says of an input in inputs.conf, checked once."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Mapping, Optional

from cbverdict.errors import SetupError
from cbverdict.settings import parse_bool

MAX_PAGE_SIZE = 1000
"""Rows a page: Carbon Black's own `maxSearchResultRows` (`/api/info`)."""

MIN_PAGE_SIZE = 10

_RELATIVE = re.compile(r"-(\d{1,6})([smhdw])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_CONTROL = re.compile("[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class InputArguments:
    """The arguments of one stanza of inputs.conf.

    `account` is None for the default account. `query` narrows the search. `start` is where to begin (`-24h`, `now`, or
    a UTC date or time). `overlap` is how many seconds each run looks back, for what becomes visible late.
    """

    account: str | None = None
    query: str = ""
    start: str = "-24h"
    page_size: int = MAX_PAGE_SIZE
    overlap: float = 0.0
    is_learning: bool = False


def parse_arguments(parameters: Mapping[str, Optional[str]], overlap: float) -> InputArguments:
    """Read the parameters as splunkd hands them over; `overlap` is this kind of input's default.

    Raises:
        SetupError: one of them is not usable; the text names it and says what is.
    """
    texts = {name: (value or "").strip() for name, value in parameters.items() if isinstance(value, (str, type(None)))}
    start = texts.get("start") or InputArguments.start
    seconds_back(start)
    query = texts.get("query", "")
    if _CONTROL.search(query):
        raise SetupError("query holds a line break or another control character: write it on one line")
    return InputArguments(
        account=texts.get("account") or None,
        query=query,
        start=start,
        page_size=int(_number(texts, "page_size", InputArguments.page_size, (MIN_PAGE_SIZE, MAX_PAGE_SIZE))),
        overlap=_number(texts, "overlap", overlap, (0, 7 * 86400)),
        is_learning=parse_bool("this input", "learn", texts.get("learn"), default=False),
    )


def seconds_back(start: str) -> float | None:
    """Say how long before now a start lies (None: it is an absolute time).

    Raises:
        SetupError: it is neither.
    """
    relative = _RELATIVE.fullmatch(start)
    if relative:
        return int(relative.group(1)) * _SECONDS[relative.group(2)]
    if start == "now":
        return 0.0
    try:
        datetime.fromisoformat(absolute_second(start))
    except ValueError:
        shown = f"start is {start!r}; write -24h (s, m, h, d or w), now, 2026-11-01 or 2026-11-01T06:00:00 (UTC)"
        raise SetupError(shown) from None
    return None


def absolute_second(start: str) -> str:
    """Complete an absolute start to the second."""
    given = start.upper().rstrip("Z")
    return given + "YYYY-MM-DDT00:00:00"[len(given) :]


def _number(texts: Mapping[str, str], name: str, default: float, limits: tuple[float, float]) -> float:
    try:
        value = float(texts.get(name) or default)
    except ValueError:
        value = math.nan
    least, most = limits
    if not least <= value <= most:
        raise SetupError(f"{name} is {texts.get(name)!r}; write a number from {least:g} to {most:g}")
    return value
