"""How much an input may write in an hour, where an admin has set a bound."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cbverdict.inputs.progress.checkpoint import Checkpoint
    from cbverdict.inputs.reports.reporter import Reporter

_HOUR = 3600.0
_MEGABYTE = 1e6


class HourlyLimit:
    """Count what is written in this hour; where that is too much, the input pauses until the next, and says so.

    It is looked at behind each page, so at most one page more is written.
    """

    def __init__(self, events: int, megabytes: float) -> None:
        """Store how many events and megabytes of them an hour there may be (0: any number)."""
        self._events = events
        self._megabytes = megabytes
        self.is_reached = False

    def begin(self, checkpoint: Checkpoint, report: Reporter, now: float) -> Checkpoint:
        """Begin a run: in a new hour the count begins anew, and a bound that was raised lets it go on at once."""
        hour, events, size = checkpoint.hour
        is_new = not 0 <= now - hour < _HOUR
        if is_new:
            hour, events, size = now - now % _HOUR, 0, 0
        self.is_reached = bool(self._bound_reached(events, size))
        if not self.is_reached:
            why = "a new hour has begun" if is_new else "the bound is another now"
            report.withdraw("paused", f"{why}: it reads on where it was")
        return replace(checkpoint, hour=(hour, events, size))

    def add(self, checkpoint: Checkpoint, events: int, size: int, report: Reporter) -> Checkpoint:
        """Count what was written: events, and the bytes that they come to in the index."""
        hour, events_before, size_before = checkpoint.hour
        events, size = events_before + events, size_before + size
        bound = self._bound_reached(events, size)
        if bound and not self.is_reached:
            self.is_reached = True
            report.raise_trouble(
                "paused",
                1.0,
                f"{events} events of {size / _MEGABYTE:.1f} MB were written in this hour; {bound}: it goes on with the "
                "next hour, and nothing is lost; narrow the query or raise the bound if that stays so",
            )
        return replace(checkpoint, hour=(hour, events, size))

    def _bound_reached(self, events: int, size: int) -> str:
        """Return which bound is reached, as it stands in inputs.conf (empty: none)."""
        if 0 < self._events <= events:
            return f"max_events_per_hour is {self._events}"
        if 0 < self._megabytes <= size / _MEGABYTE:
            return f"max_mb_per_hour is {self._megabytes:g}"
        return ""
