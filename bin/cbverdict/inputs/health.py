"""How far an input lags behind Carbon Black, and when somebody should hear of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

SOURCETYPE = "cbsigned:health"
MIN_LIMIT = 900.0
"""Seconds of lag that nobody need hear of, however often the input runs."""

_WORSE = 2.0
_NOTICEABLE = 60.0
"""Seconds: a lag grows a little while a page is read again, without anything being wrong."""


@dataclass
class Health:
    """Tell when the lag (seconds) grows past a limit, when it has doubled since, and when all is well again.

    A lag that shrinks is a backfill at work. `told` is the lag that was last told of, 0 for none; `least` is the
    smallest so far.
    """

    limit: float = MIN_LIMIT
    lag: float = math.inf
    told: float = 0.0
    least: float = math.inf

    def trouble(self, lag: float) -> str:
        """Give what there is to tell while nothing can be read."""
        if lag > max(self.limit, _WORSE * self.told):
            self.told = lag
            return "behind"
        return ""

    def look(self, lag: float) -> str:
        """Take note of the lag after a page; give what there is to tell (`behind`, `caught_up`, or empty: nothing)."""
        is_growing = lag > self.least + _NOTICEABLE
        self.lag, self.least = lag, min(lag, self.least)
        if self.told and lag <= self.limit:
            self.told = 0.0
            return "caught_up"
        if is_growing and lag > max(self.limit, _WORSE * self.told):
            self.told = lag
            return "behind"
        return ""
