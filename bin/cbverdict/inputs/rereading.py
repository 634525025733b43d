"""What is read again outside of the window: times that an admin has ordered, and rows that could not be had."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Callable

from cbverdict.inputs.cursor import Cursor
from cbverdict.inputs.gaps import due_gaps, tried_gap

if TYPE_CHECKING:
    from cbverdict.inputs.checkpoint import Checkpoint
    from cbverdict.inputs.checkpoint_store import Order
    from cbverdict.inputs.feed import Batch
    from cbverdict.inputs.pages import Pages, Patiently
    from cbverdict.inputs.ports import Checkpoints
    from cbverdict.inputs.reporter import Reporter
    from cbverdict.inputs.seen_keys import SeenKeys

    Close = Callable[[Batch, SeenKeys, Checkpoint, float], Checkpoint]


class Rereading:
    """Read times again, before a run reads what is new."""

    def __init__(
        self,
        checkpoints: Checkpoints,
        pages: Callable[[SeenKeys, Checkpoint], Pages],
        close: Close,
        patiently: Patiently,
        ends: tuple[Reporter, Callable[[], float]],
    ) -> None:
        """Store where orders are, what opens pages and closes one, how to try again, who tells of it, and the time."""
        self._checkpoints = checkpoints
        self._pages = pages
        self._close = close
        self._patiently = patiently
        self._report, self._clock = ends

    def run(self, checkpoint: Checkpoint, recent: SeenKeys) -> Checkpoint:
        """Do what is ordered, and try again what could not be had."""
        for order in list(self._checkpoints.orders):
            checkpoint = self._obey(order, checkpoint, recent)
        now = self._clock()
        for gap in due_gaps(checkpoint, now):
            checkpoint, _, skipped = self._read((gap[0], gap[1]), checkpoint, (recent, recent))
            checkpoint = tried_gap(checkpoint, gap, self._report, now, is_open=skipped > 0)
        return checkpoint

    def _obey(self, order: Order, checkpoint: Checkpoint, recent: SeenKeys) -> Checkpoint:
        known = type(recent)() if order.is_all else recent
        checkpoint, written, _ = self._read((order.since, order.until), checkpoint, (recent, known))
        self._patiently(partial(self._checkpoints.done, order))
        self._report.tell("read_again", f"{order.since}Z to {order.until}Z was read again: {written} events")
        return checkpoint

    def _read(
        self, span: tuple[str, str], checkpoint: Checkpoint, memories: tuple[SeenKeys, SeenKeys]
    ) -> tuple[Checkpoint, int, int]:
        """Read what is between two seconds; return how many events that were, and how many rows could not be had.

        The second of the memories says what is known to be written.
        """
        recent, known = memories
        pages = self._pages(known, checkpoint)
        written = skipped = 0
        try:
            for page in pages.read(Cursor(span[0]), checkpoint.started, span[1]):
                written += len(page.batch.events)
                skipped += len(page.skipped)
                for key in page.batch.keys if known is not recent else ():
                    known.note(key)
                checkpoint = self._close(page.batch, recent, checkpoint, self._report.health.lag)
        finally:
            pages.close()
        return checkpoint, written, skipped
