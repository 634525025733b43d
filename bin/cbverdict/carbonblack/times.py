"""Times as Carbon Black writes them."""

from __future__ import annotations

import re
from functools import lru_cache

from cbverdict.events.times import read_date

_SECOND = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d")

_LONGEST = 64  # characters


class _Utc:
    """The zone of a text that names none."""

    def epoch_of(self, local: float) -> float:
        return local


_UTC = _Utc()


@lru_cache(maxsize=8192)  # a page's times are asked for several times each
def epoch_of(time: str) -> float | None:
    """Read a time of any year in seconds since 1970, in UTC where no zone is named (None: it is none)."""
    return read_date(time.strip(), _UTC) if len(time) <= _LONGEST else None


def second_of(time: str) -> str:
    """Cut a time such as `2021-04-20T13:00:03.241Z` to the second (empty: it is none)."""
    match = _SECOND.match(time)
    return match.group() if match else ""
