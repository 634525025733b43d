"""What a run came to, for its log and for whoever watches."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from cbverdict.inputs.progress.checkpoint import Checkpoint
    from cbverdict.inputs.reader import Batch
    from cbverdict.inputs.reports.reporter import Reporter

logger = logging.getLogger(__name__)

MUCH_AGAIN = 0.05
"""The share of events that were written before, from which on somebody hears of it."""

_FEW_AGAIN = 20
ALIVE_EVERY = 3600.0
"""Seconds between two events that say nothing but that the input runs."""


class Summary:
    """Count what a run writes."""

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        """Store the input's name and the time."""
        self._name = name
        self._clock = clock
        self._began = clock()
        self._events = self._again = 0

    def add(self, batch: Batch) -> None:
        """Count what was written."""
        self._events += len(batch.events)
        self._again += batch.again

    def end(self, checkpoint: Checkpoint, report: Reporter, requests: int) -> Checkpoint:
        """Report what it came to: in the log always, in an event where much was written again, and now and then."""
        now = self._clock()
        seconds, lag = now - self._began, report.health.lag
        words = (
            f"events={self._events} again={self._again} requests={requests} seconds={seconds:.1f} lag_seconds={lag:.0f}"
        )
        logger.info("input=%s run=done %s", self._name, words)
        if self._again >= _FEW_AGAIN and self._again > MUCH_AGAIN * self._events:
            report.raise_trouble(
                "again",
                self._again / self._events,
                f"{self._again} of {self._events} events had been written before: more processes run at once than are "
                "remembered; narrow the input's query, or split it",
                events=str(self._events),
                again=str(self._again),
            )
        elif self._events:
            report.withdraw("again", "events are written once again")
        if now - checkpoint.told_alive < ALIVE_EVERY:
            return checkpoint
        figures = {"events": str(self._events), "again": str(self._again), "requests": str(requests)}
        figures.update(seconds=f"{seconds:.1f}", lag=f"{lag:.0f}")
        report.tell("alive", "it runs; the figures are those of its last run", **figures)
        return replace(checkpoint, told_alive=now)
