"""What an admin says of an input in inputs.conf, checked once."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Mapping, Optional

from cbverdict.errors import SetupError
from cbverdict.settings.values import parse_bool

MAX_PAGE_SIZE = 1000
"""Rows a page: Carbon Black's own `maxSearchResultRows` (`/api/info`)."""

MIN_PAGE_SIZE = 10
MAX_DELAY = 3600
MAX_EVENTS = 100_000_000
MAX_MEGABYTES = 1_000_000

_RELATIVE = re.compile(r"-(\d{1,6})([smhdw])")
_ABSOLUTE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z?)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_FIRST = _EPOCH + timedelta(days=7)
_LONG_AFTER = 2e9  # a time at which whatever start is usable now is usable
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_ESCAPED = re.compile(r"\\.")
_QUOTED = re.compile(r'"[^"]*"')
_BRACKET = re.compile("[()]")
_CURLY = re.compile("[\u2018-\u201f\u00ab\u00bb]")
_SPL = re.compile(r"[|`]|(?:^|[\s(])(?:index|sourcetype|source|host|eventtype|tag|earliest|latest)\s*=")
_CONTROL = re.compile("[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class InputArguments:
    """The arguments of one stanza of inputs.conf.

    `account` is None for the default account. `query` narrows the search. `start` is where to begin (`-24h`, `now`, or
    a UTC date or time). `overlap` is by how many seconds something may become visible late. With a `delay` (seconds)
    each time is read that much later, and once. `max_events_per_hour` and `max_mb_per_hour` (10^6 bytes of events as
    they are indexed) are 0 where there is no bound.
    """

    account: str | None = None
    query: str = ""
    start: str = "-24h"
    page_size: int = MAX_PAGE_SIZE
    overlap: float = 0.0
    delay: float = 0.0
    max_events_per_hour: int = 0
    max_mb_per_hour: float = 0.0
    is_learning: bool = False


def parse_arguments(
    parameters: Mapping[str, Optional[str]], overlap: float, max_overlap: float = 7 * 86400
) -> InputArguments:
    """Read the parameters as splunkd hands them over; `overlap` and `max_overlap` are those of this kind of input.

    Raises:
        SetupError: one of them is not usable; the text names it and says what is.
    """
    texts = {name: (value or "").strip() for name, value in parameters.items() if isinstance(value, (str, type(None)))}
    start = texts.get("start") or InputArguments.start
    begin_of(start, _LONG_AFTER)
    query = texts.get("query", "")
    if _CONTROL.search(query):
        raise SetupError("query holds a line break or another control character: write it on one line")
    if _CURLY.search(query):
        raise SetupError("query has curly quotation marks, which Carbon Black takes for letters: write straight ones")
    if _SPL.search(_QUOTED.sub("", _ESCAPED.sub("", query))):
        raise SetupError(
            "query is a search of Splunk's: write one in Carbon Black's own language, such as os_type:windows"
        )
    if not _is_balanced(query):
        raise SetupError("query has a bracket or a quotation mark without its other half: complete it")
    delay = _number(texts, "delay", 0, (0, MAX_DELAY))
    return InputArguments(
        account=texts.get("account") or None,
        query=query,
        start=start,
        page_size=int(_number(texts, "page_size", InputArguments.page_size, (MIN_PAGE_SIZE, MAX_PAGE_SIZE))),
        overlap=0.0 if delay else _number(texts, "overlap", overlap, (0, max_overlap)),
        delay=delay,
        max_events_per_hour=int(_number(texts, "max_events_per_hour", 0, (0, MAX_EVENTS))),
        max_mb_per_hour=_number(texts, "max_mb_per_hour", 0, (0, MAX_MEGABYTES)),
        is_learning=parse_bool("this input", "learn", texts.get("learn"), default=False),
    )


def begin_of(start: str, now: float, name: str = "start") -> str:
    """Return the second (UTC, ISO 8601) that a start means at a time; `name` is what the error calls it.

    Raises:
        SetupError: it means none after 1970-01-08.
    """
    relative = _RELATIVE.fullmatch(start)
    moment = None
    with suppress(ValueError, OverflowError):
        if relative:
            back = timedelta(seconds=int(relative.group(1)) * _SECONDS[relative.group(2)])
            moment = _EPOCH + timedelta(seconds=now) - back
        elif start == "now":
            moment = _EPOCH + timedelta(seconds=now)
        elif _ABSOLUTE.fullmatch(start):
            given = start.rstrip("Z")
            moment = datetime.fromisoformat(given + "YYYY-MM-DDT00:00:00"[len(given) :]).replace(tzinfo=timezone.utc)
    if moment is None or moment < _FIRST:
        raise SetupError(
            f"{name} is {start!r}; write -24h (s, m, h, d or w), now, 2026-11-01 or 2026-11-01T06:00:00 (UTC)"
        )
    return moment.isoformat()[:19]


def past_begin_of(start: str, now: float) -> str:
    """Return the second that a start means, which must not be to come.

    Raises:
        SetupError: it is, or means none at all.
    """
    begin = begin_of(start, now)
    if begin > begin_of("now", now):
        raise SetupError(f"start is {start!r}, which is still to come: write -24h, now, or a time before")
    return begin


def _is_balanced(query: str) -> bool:
    """Return whether a query stays a part of one that it is put into."""
    bare = _QUOTED.sub("", _ESCAPED.sub("", query))
    depth = 0
    for bracket in _BRACKET.findall(bare):
        depth += 1 if bracket == "(" else -1
        if depth < 0:
            return False
    return depth == 0 and '"' not in bare


def _number(texts: Mapping[str, str], name: str, default: float, limits: tuple[float, float]) -> float:
    try:
        value = float(texts.get(name) or default)
    except ValueError:
        value = math.nan
    least, most = limits
    if not least <= value <= most:
        raise SetupError(f"{name} is {texts.get(name)!r}; write a number from {least:g} to {most:g}")
    return value
