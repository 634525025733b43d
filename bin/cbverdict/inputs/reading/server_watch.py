"""Compare a server's clock and its counts with what was read, to know how far back an input must look.

Rows are read by the times that the server gives them. Those are wrong where its clock is set back, or where one of the
nodes of a cluster is behind: rows then appear behind what was read. So before each run what the server counts of a time
that was read for good is compared with what it counted before, and some of it is looked at.
"""

from __future__ import annotations

import logging
import math
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Callable, Sequence

from cbverdict.errors import EdrError
from cbverdict.inputs.progress.cursor import Cursor
from cbverdict.inputs.progress.window import FEW_ROWS, Window, epoch, second
from cbverdict.inputs.reading.pages import server_time

if TYPE_CHECKING:
    from cbverdict.inputs.progress.checkpoint import Checkpoint
    from cbverdict.inputs.progress.seen_keys import SeenKeys
    from cbverdict.inputs.reader import Reader
    from cbverdict.inputs.reports.reporter import Reporter

logger = logging.getLogger(__name__)

WRONG = 60.0
"""Seconds by which a server's clock may differ from this host's before somebody hears of it."""

LOOK_BEHIND = 1500.0
"""Seconds before the overlap in which it is looked for rows that come later still."""

MAX_LATE = 3600.0
_STEP = 5.0
_MARGIN = 1.25
_FORGET_LATE_AFTER = 86400.0
_NEXT_LOOK_AFTER = 900.0
_SAMPLE = 10


class ServerWatch:
    """The server's clock and counts over one run."""

    def __init__(
        self,
        reader: Reader,
        overlap: float,
        reporter: Reporter,
        clock: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        """Store whom to ask, by how much the admin would look back, who tells of it, the time, and chance (0 to 1)."""
        self._reader = reader
        self._own_overlap = overlap
        self._reporter = reporter
        self._clock = clock
        self._chance = chance
        self._late = 0.0
        self._is_deep = False
        self._settled = 0.0
        self._offset: float | None = None
        self._next_look = 0.0
        self.overlap = overlap

    def now(self) -> float:
        """Return the time by the server's clock."""
        offset = self._reader.clock_offset
        return server_time(self._clock(), self._offset if offset is None else offset)

    def begin(self, checkpoint: Checkpoint, recent: SeenKeys) -> Checkpoint:
        """Look at the clock and the counts; return from where on it is to be read."""
        if checkpoint.asked:
            self._offset = checkpoint.offset
        if checkpoint.late and self._clock() - checkpoint.late_since > _FORGET_LATE_AFTER:
            checkpoint = replace(checkpoint, late=0.0)
            self._reporter.withdraw("clock/late", "for a day nothing came later than the overlap")
        self._widen(checkpoint)
        has_more = self._has_more(checkpoint, recent)
        checkpoint = self._compare_clocks(checkpoint)
        recent.window = int(max(self.now() - self._depth, 0.0))
        self._settled = epoch(checkpoint.cursor)
        if has_more:
            logger.warning("more is there than was read: it is read again, %d s back", self._depth)
            self._is_deep = True
            back = max(self.now() - self._depth, epoch(checkpoint.started))
            checkpoint = checkpoint.with_window(checkpoint.window.back_to(back))
            checkpoint = replace(checkpoint, late_since=self._clock(), counted=("", "", 0))
        return replace(checkpoint, asked=self._clock(), offset=self._reader.clock_offset or checkpoint.offset)

    def limit(self, checkpoint: Checkpoint) -> float:
        """Return what counts for the server's time where its clock was set ahead: what it heard before may be late."""
        noticed, before = checkpoint.leap
        return before if noticed and self._clock() - noticed <= self.overlap + _STEP else math.inf

    def has_more_than(self, window: Window, now: float) -> bool:
        """Return whether a quiet server that is known to be late has more in a window than was read of it."""
        if self.overlap <= self._own_overlap or window.unsettled <= FEW_ROWS or now < self._next_look:
            return False
        self._next_look = now + 1.0
        count = self._count(window.settled, window.head)
        return count is not None and count > window.unsettled

    def look(self, new: Sequence[int]) -> None:
        """Take in when the server heard of what a page had new."""
        if self._is_deep:
            now = self.now()
            self._late = max([self._late, *(now - time for time in new if 0 < time < self._settled)])

    def end(self, checkpoint: Checkpoint) -> Checkpoint:
        """Remember how late things came, and what the server counts now of what is read for good."""
        offset = self._reader.clock_offset
        if self._late > self.overlap:
            late = min(self._late, MAX_LATE + self._own_overlap)
            checkpoint = replace(checkpoint, late=late, late_since=self._clock())
            self._widen(checkpoint)
            self._reporter.raise_trouble(
                "clock/late",
                late,
                f"something appeared on Carbon Black up to {late:.0f} s after the time that it gives it: the "
                "clock of one of its nodes is behind, or was set back. It was read, and each run looks back "
                f"{self.overlap:.0f} s from now on; set the clocks of the nodes (NTP)",
                late=f"{late:.0f}",
            )
        if offset is not None:
            checkpoint = replace(checkpoint, offset=offset)
        if self._is_resting(checkpoint) and checkpoint.counted[0]:
            return checkpoint  # What is counted now would hide what has come since it was compared.
        since = second(max(self.now() - self._depth, epoch(checkpoint.started)))
        counted = ("", "", 0)
        if self._own_overlap and since < checkpoint.cursor:
            rows = self._count(since, checkpoint.cursor)
            counted = (since, checkpoint.cursor, rows) if rows is not None else counted
        return replace(checkpoint, counted=counted)

    @property
    def _depth(self) -> float:
        return self.overlap + LOOK_BEHIND

    def _widen(self, checkpoint: Checkpoint) -> None:
        self.overlap = max(self._own_overlap, _MARGIN * checkpoint.late if self._own_overlap else 0.0)

    def _has_more(self, checkpoint: Checkpoint, recent: SeenKeys) -> bool:
        """Return whether rows have come into a time that was read for good."""
        since, until, rows = checkpoint.counted
        if not self._own_overlap or not since or since >= until:
            return False
        if self._is_resting(checkpoint):
            return False
        count = self._count(since, until)
        if count is None or not count:
            return False
        return count > rows or self._has_unseen(since, until, checkpoint, recent)

    def _is_resting(self, checkpoint: Checkpoint) -> bool:
        """Return whether the last look behind was in vain, and not long ago."""
        return not checkpoint.late and self._clock() - checkpoint.late_since < _NEXT_LOOK_AFTER

    def _has_unseen(self, since: str, until: str, checkpoint: Checkpoint, recent: SeenKeys) -> bool:
        """Look at a few rows somewhere in a time: as many may have left it as came."""
        start = second(epoch(since) + self._chance() * (epoch(until) - epoch(since)))
        try:
            page = self._reader.fetch(Cursor(start), checkpoint.started, _SAMPLE, until)
        except EdrError as error:
            logger.warning("sample trouble=%r", str(error))
            return False
        return recent.forgotten < epoch(since) and self._reader.count_unseen(page, recent) > 0

    def _count(self, since: str, until: str) -> int | None:
        try:
            return self._reader.count(since, until)
        except EdrError as error:
            logger.warning("count trouble=%r", str(error))
            return None

    def _compare_clocks(self, checkpoint: Checkpoint) -> Checkpoint:
        offset = self._reader.clock_offset
        if offset is None or not checkpoint.asked:
            return checkpoint
        step = checkpoint.offset - offset
        if step >= WRONG:
            self._reporter.tell(
                "clock",
                f"Carbon Black's clock was set back by {step:.0f} s: what it heard of since is read, nothing is lost",
                server_step=f"{-step:.0f}",
            )
        if step > _STEP:
            # What it heard of since then has times from here on.
            back = max(checkpoint.asked + offset - self.overlap - _STEP, epoch(checkpoint.started))
            checkpoint = checkpoint.with_window(checkpoint.window.back_to(back))
            checkpoint = replace(checkpoint, counted=("", "", 0))
        elif step < -_STEP:
            checkpoint = replace(checkpoint, leap=(self._clock(), checkpoint.asked + checkpoint.offset))
        if abs(offset) >= WRONG:
            way = "ahead of" if offset > 0 else "behind"
            self._reporter.raise_trouble(
                "clock",
                abs(offset),
                f"Carbon Black's clock is {abs(offset):.0f} s {way} this host's: set them (NTP); nothing is lost by it",
                server_offset=f"{offset:.0f}",
            )
        elif checkpoint.offset and abs(checkpoint.offset) >= WRONG:
            self._reporter.withdraw("clock", "Carbon Black's clock and this host's agree again")
        return checkpoint


def any_chance() -> float:
    """Return a number from 0 to 1."""
    return random.random()  # noqa: S311 - where to look
