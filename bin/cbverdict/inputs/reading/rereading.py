"""What is read again outside of the window: times that an admin has ordered, and rows that could not be had."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Callable, NamedTuple

from cbverdict.inputs.progress.cursor import Cursor
from cbverdict.inputs.reading.gaps import due_gaps, tried_gap

if TYPE_CHECKING:
    from cbverdict.inputs.ports import Checkpoints
    from cbverdict.inputs.progress.checkpoint import Checkpoint
    from cbverdict.inputs.progress.checkpoint_store import Order
    from cbverdict.inputs.progress.seen_keys import SeenKeys
    from cbverdict.inputs.reader import Batch
    from cbverdict.inputs.reading.hourly_limit import HourlyLimit
    from cbverdict.inputs.reading.pages import Pages, Retrying
    from cbverdict.inputs.reports.reporter import Reporter

    Close = Callable[[Batch, SeenKeys, Checkpoint, float], Checkpoint]


class Rereading:
    """Read times again, before a run reads what is new."""

    def __init__(
        self,
        checkpoints: Checkpoints,
        pages: Callable[[SeenKeys, Checkpoint], Pages],
        close: Close,
        retry: Retrying,
        ends: tuple[Reporter, Callable[[], float], HourlyLimit],
    ) -> None:
        """Store where orders are, what opens pages and closes one, how to try again, who tells of it, and bounds."""
        self._checkpoints = checkpoints
        self._pages = pages
        self._close = close
        self._retry = retry
        self._report, self._clock, self._hourly_limit = ends

    def run(self, checkpoint: Checkpoint, recent: SeenKeys) -> Checkpoint:
        """Do what is ordered, and try again what could not be had."""
        for order in list(self._checkpoints.orders):
            if not self._hourly_limit.is_reached:
                checkpoint = self._obey(order, checkpoint, recent)
        now = self._clock()
        for gap in due_gaps(checkpoint, now) if not self._hourly_limit.is_reached else ():
            checkpoint, read = self._read((gap[0], gap[1]), checkpoint, (recent, recent))
            checkpoint = tried_gap(checkpoint, gap, self._report, now, is_open=read.skipped > 0)
        return checkpoint

    def _obey(self, order: Order, checkpoint: Checkpoint, recent: SeenKeys) -> Checkpoint:
        known = type(recent)(earlier=recent) if order.is_all else recent
        checkpoint, read = self._read((order.since, order.until), checkpoint, (recent, known))
        what = f"{order.since}Z to {read.until or order.until}Z was read again: {read.events} events"
        if read.until:
            self._retry(partial(self._checkpoints.go_on, order, read.until))
            self._report.tell("read_again", f"{what}; the rest follows with the next hour")
        else:
            self._retry(partial(self._checkpoints.done, order))
            self._report.tell("read_again", what)
        return checkpoint

    def _read(
        self, span: tuple[str, str], checkpoint: Checkpoint, memories: tuple[SeenKeys, SeenKeys]
    ) -> tuple[Checkpoint, _Reread]:
        """Read what is between two seconds; the second of the memories says what is known to be written."""
        recent, known = memories
        pages = self._pages(known, checkpoint)
        events = skipped = 0
        until = ""
        try:
            for page in pages.read(Cursor(span[0]), checkpoint.started, span[1]):
                events += len(page.batch.events)
                skipped += len(page.skipped)
                for key in page.batch.keys if known is not recent else ():
                    known.note(key)
                checkpoint = self._close(page.batch, recent, checkpoint, self._report.health.lag)
                if self._hourly_limit.is_reached and not page.is_last:
                    until = page.second
                    break
        finally:
            pages.close()
        return checkpoint, _Reread(events, skipped, until)


class _Reread(NamedTuple):
    """How many events were written, how many rows were not had, and where the bound of an hour ended it (empty: no)."""

    events: int
    skipped: int
    until: str
