"""What an input reads, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Sequence, Union

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import Fields, Page
    from cbverdict.inputs.clocks import ClockReading
    from cbverdict.inputs.progress.cursor import Cursor
    from cbverdict.inputs.progress.seen_keys import Seen, SeenKeys

ID_FIELD = "cbsigned_id"
REVISION_FIELD = "cbsigned_revision"
"""What the macro `cbsigned_once` goes by: of the events with one id it keeps one of the highest revision."""


class Event(NamedTuple):
    """One event for the index; `time` is in seconds since 1970, `fields` are written as JSON in their order."""

    time: float
    sourcetype: str
    fields: Fields


class Batch(NamedTuple):
    """What a page comes to: events to write, keys of what they are about to be remembered, and what is due then.

    `clocks` is what the events say of the clocks of endpoints. `new` are the times (seconds since 1970, by the server's
    clock) of what was never seen before, and `again` counts the events that were surely written before.
    """

    events: Sequence[Event]
    keys: Sequence[Union[Seen, str]]
    due: Sequence[Any] = ()
    clocks: Sequence[ClockReading] = ()
    new: Sequence[int] = ()
    again: int = 0


class Reader(Protocol):
    """A search of Carbon Black's that is read page by page, in the order of a time that the server gives.

    While pages are fetched and prepared in threads of their own, earlier ones are read, in order. Methods raise
    `CbsignedError`; they may be called again then.
    """

    @property
    def requests(self) -> int:
        """Return how many requests were sent to Carbon Black so far."""

    @property
    def clock_offset(self) -> float | None:
        """Return by how many seconds the server's clock was ahead when it last answered (None: nobody knows)."""

    def reload(self) -> None:
        """Read account and settings anew, for they may be what is wrong."""

    def fetch(self, cursor: Cursor, started: str, rows: int, until: str = "") -> Page[Any]:
        """Fetch a page; `started` is from when on the server must have heard of what is wanted (UTC).

        `until` is where the pages end (UTC, to the second; empty: nowhere).
        """

    def count(self, since: str, until: str) -> int:
        """Ask how many rows there are between two seconds (UTC)."""

    def terms(self) -> list[str]:
        """Ask which terms the server makes of the admin's query."""

    def count_unseen(self, page: Page[Any], recent: SeenKeys) -> int:
        """Return how much of a page was never seen."""

    def prepare(self, page: Page[Any], recent: SeenKeys) -> Any:  # noqa: ANN401 - each reader has its own
        """Prepare what of a page does not depend on the pages before it; `recent` may lack some of them yet."""

    def read(self, prepared: Any, recent: SeenKeys) -> Batch:  # noqa: ANN401 - likewise
        """Make events of what is not written yet of a page."""

    def written(self, batch: Batch) -> None:
        """Finish a batch whose events are written; the page is not yet marked as read."""

    def finish(self, recent: SeenKeys, flips_checked_until: float) -> Batch:
        """Finish a run in which nothing more is to be read; its events are written like those of a page.

        `flips_checked_until` is when this was last done, in seconds since 1970.
        """
