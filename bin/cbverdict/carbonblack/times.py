"""Times as Carbon Black writes them."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from cbverdict.events.times import read_date

_SECOND = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d")

_USUAL = re.compile(rf"({_SECOND.pattern.replace('(', '(?:')})\.([0-9]{{3}})Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - as all that Carbon Black writes with a Z, it is UTC
_LONGEST = 64  # characters


class _Utc:
    """The zone of a text that names none."""

    def epoch_of(self, local: float) -> float:
        return local


_UTC = _Utc()


@lru_cache(maxsize=8192)  # a page's times are asked for several times each
def epoch_of(time: str) -> float | None:
    """Read a time of any year in seconds since 1970, in UTC where no zone is named (None: it is none)."""
    usual = _USUAL.fullmatch(time)
    if usual is not None:
        began = _second_epoch(usual[1])
        return None if began is None else began + int(usual[2]) / 1000
    return read_date(time.strip(), _UTC) if len(time) <= _LONGEST else None


@lru_cache(maxsize=4096)  # a page is of few seconds
def _second_epoch(second: str) -> float | None:
    try:
        return (datetime.fromisoformat(second) - _EPOCH).total_seconds()
    except ValueError:  # no such day
        return None


def second_of(time: str) -> str:
    """Cut a time such as `2021-04-20T13:00:03.241Z` to the second (empty: it is none)."""
    match = _SECOND.match(time)
    return match.group() if match else ""
