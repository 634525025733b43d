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
    """Report when the lag (seconds) grows past a limit, when it has doubled since, and when all is well again.

    A lag that shrinks is a backfill at work. `last_reported_lag` is that of the last event, 0 for none; `least` is the
    smallest so far.
    """

    limit: float = MIN_LIMIT
    lag: float = math.inf
    last_reported_lag: float = 0.0
    least: float = math.inf

    def trouble(self, lag: float) -> str:
        """Return what there is to tell while nothing can be read."""
        if lag > max(self.limit, _WORSE * self.last_reported_lag):
            self.last_reported_lag = lag
            return "behind"
        return ""

    def look(self, lag: float) -> str:
        """Record the lag after a page; return the event that it is worth (`behind`, `caught_up`, or empty: none)."""
        is_growing = lag > self.least + _NOTICEABLE
        self.lag, self.least = lag, min(lag, self.least)
        if self.last_reported_lag and lag <= self.limit:
            self.last_reported_lag = 0.0
            return "caught_up"
        if is_growing and lag > max(self.limit, _WORSE * self.last_reported_lag):
            self.last_reported_lag = lag
            return "behind"
        return ""
