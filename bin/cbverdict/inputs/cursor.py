"""Where the reading of a search's results has got to.

Results come in the order of a time that the server gives them, and change while they are read: what is updated moves to
the end. So a page is asked for by time (everything from this second on), not by its number, and nothing can slip
between two pages. Only where more rows than a page holds share one second are rows skipped, some fewer than were read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable

_SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_SHARE_READ_AGAIN = 10


@dataclass(frozen=True)
class Cursor:
    """Everything before `second` is read (UTC, `2026-11-02T07:00:00`), and `skip` rows of what comes from it on."""

    second: str
    skip: int = 0

    def advance(self, times: Iterable[str]) -> Cursor:
        """Go on behind a page, told by the times of its rows."""
        seconds = list(map(second_of, times))
        latest = max(seconds, default="")
        if latest > self.second:
            return Cursor(latest)
        # All of one second: rows before those skipped may have moved on meanwhile, so some are read again.
        return Cursor(self.second, self.skip + len(seconds) - len(seconds) // _SHARE_READ_AGAIN)


def second_of(time: str) -> str:
    """Cut a time as Carbon Black writes it (`2021-04-20T13:00:03.241Z`) to the second (empty: it is none)."""
    match = _SECOND.match(time)
    return match.group() if match else ""
