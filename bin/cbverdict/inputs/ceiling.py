"""How much an input may write in an hour, where an admin has set a bound."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cbverdict.inputs.checkpoint import Checkpoint
    from cbverdict.inputs.reporter import Reporter

_HOUR = 3600.0


class Ceiling:
    """Count the events of this hour; where there are too many, the input pauses until the next, and says so."""

    def __init__(self, events: int) -> None:
        """Store how many events an hour there may be (0: any number)."""
        self._events = events
        self.is_reached = False

    def begin(self, checkpoint: Checkpoint, report: Reporter, now: float) -> Checkpoint:
        """Begin a run: in a new hour the count begins anew."""
        hour, events, size = checkpoint.hour
        if not 0 <= now - hour < _HOUR:
            hour, events, size = now - now % _HOUR, 0, 0
            report.withdraw("paused", "a new hour has begun: it reads on where it was")
        self.is_reached = 0 < self._events <= events
        return replace(checkpoint, hour=(hour, events, size))

    def add(self, checkpoint: Checkpoint, events: int, report: Reporter) -> Checkpoint:
        """Count what was written."""
        hour, before, size = checkpoint.hour
        if 0 < self._events <= before + events and not self.is_reached:
            self.is_reached = True
            report.raise_trouble(
                "paused",
                1.0,
                f"{before + events} events were written in this hour; max_events_per_hour is {self._events}: it goes "
                "on with the next hour, and nothing is lost; narrow the query or raise the bound if that stays so",
            )
        return replace(checkpoint, hour=(hour, before + events, size))
