"""What a run of an input works with: splunkd's pipe, what is kept between runs, and the right to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, List, Protocol

if TYPE_CHECKING:
    from cbverdict.inputs.progress.checkpoint import Checkpoint
    from cbverdict.inputs.progress.checkpoint_store import Order
    from cbverdict.inputs.progress.seen_keys import SeenKeys
    from cbverdict.inputs.reader import Event


class Stream(Protocol):
    """Where events go; `cbverdict.inputs.stream.EventStream` is the real one."""

    def write(self, events: Iterable[Event]) -> int:
        """Write events, and be back when splunkd has them; return how many bytes of the index they take."""


class Checkpoints(Protocol):
    """Where it is kept how far the input has read; methods raise `StoreError`."""

    damaged: List[str]
    orders: List[Order]

    def load(self) -> tuple[Checkpoint | None, SeenKeys]:
        """Return what was saved."""

    def forget(self) -> SeenKeys:
        """Forget the keys of what was written."""

    def save(self, checkpoint: Checkpoint, kept: str) -> None:
        """Save it, with the keys of what was written since."""

    def tidy(self, recent: SeenKeys) -> None:
        """Forget what is not wanted any more."""

    def done(self, order: Order) -> None:
        """Delete an admin's order."""

    def go_on(self, order: Order, since: str) -> None:
        """Keep what is left of an admin's order, from a second on (UTC)."""


class HeldLease(Protocol):
    """The right to read, held; `cbverdict.inputs.progress.lease.Lease` is the real one."""

    def renew(self) -> None:
        """Keep it; raises `InputLockedError` where it is lost."""
