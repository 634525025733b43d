"""The pages of one run, in order: fetched one after the other, and while that goes on, prepared."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Semaphore
from typing import TYPE_CHECKING, Any, Callable, Iterator, NamedTuple

from cbverdict.errors import CbsignedError
from cbverdict.inputs.arguments import MIN_PAGE_SIZE
from cbverdict.inputs.pause import LOOK_EVERY, Pause

if TYPE_CHECKING:
    from concurrent.futures import Future

    from cbverdict.carbonblack.port import Page
    from cbverdict.inputs.cursor import Cursor
    from cbverdict.inputs.feed import Batch, Feed
    from cbverdict.inputs.seen_keys import SeenKeys

_AHEAD = 3
"""Pages that are fetched before the first of them is read: while one comes, two are prepared."""

_PREPARED_AT_ONCE = 2

Patiently = Callable[[Callable[[], Any]], Any]


class ReadPage(NamedTuple):
    """A page that was read: what it came to, and where the reading got to with it (UTC, to the second).

    `asked` is when it was asked for, in seconds since 1970.
    """

    rows: int
    batch: Batch
    second: str
    is_last: bool
    asked: float


class _Coming(NamedTuple):
    page: Page[Any]
    second: str
    is_last: bool
    asked: float
    prepared: Future[Any]


class Pages:
    """Fetch and read pages; `patiently` tries again what fails, `pause` is how to wait."""

    def __init__(
        self,
        feed: Feed,
        recent: SeenKeys,
        page_size: int,
        patiently: Patiently,
        pause: Pause,
        clock: Callable[[], float],
    ) -> None:
        """Store what is read, and what was written lately."""
        self._feed = feed
        self._recent = recent
        self._page_size = page_size
        self._rows = page_size
        self._patiently = patiently
        self._pause = pause
        self._clock = clock
        self._coming: SimpleQueue[_Coming] = SimpleQueue()
        self._room = Semaphore(_AHEAD)
        self._is_closed = False
        self._fetcher = ThreadPoolExecutor(1, "fetch")
        self._preparer = ThreadPoolExecutor(_PREPARED_AT_ONCE, "prepare")

    def read(self, cursor: Cursor, started: str) -> Iterator[ReadPage]:
        """Return page after page until nothing more is left; what was given must be remembered before the next is."""
        self._cursor = cursor
        fetching: list[Future[None]] = []

        def attempt() -> _Coming:
            if not fetching:
                fetching.append(self._fetcher.submit(self._fetch, started))
            while True:
                with suppress(Empty):
                    return self._coming.get(timeout=LOOK_EVERY)
                if fetching[0].done() and self._coming.empty():
                    self._pause.until(fetching.pop())  # It has failed, or it would have left its last page.
                self._pause(0)

        is_last = False
        while not is_last:
            coming: _Coming = self._patiently(attempt)
            self._room.release()
            batch = self._read(coming)
            is_last = coming.is_last
            yield ReadPage(len(coming.page.rows), batch, coming.second, is_last, coming.asked)

    def close(self) -> None:
        """Let go of what is still under way."""
        self._is_closed = True
        self._room.release()
        self._fetcher.shutdown(wait=False)
        self._preparer.shutdown(wait=False)

    def _fetch(self, started: str) -> None:
        """Fetch page after page, as far ahead as there is room; runs in a thread of its own."""
        while not self._is_closed:
            rows, asked = self._rows, self._clock()
            try:
                page = self._feed.fetch(self._cursor, started, rows)
            except CbsignedError as error:
                if error.reason.may_be_too_much:
                    self._rows = max(rows // 2, MIN_PAGE_SIZE)
                raise
            self._rows = min(2 * rows, self._page_size)
            is_last = page.is_last and not self._cursor.has_gap(page.rows)
            self._cursor = self._cursor.advance(page.rows)
            prepared = self._prepare(page)
            self._coming.put(_Coming(page, self._cursor.second, is_last, asked, prepared))
            if is_last:
                return
            self._room.acquire()

    def _prepare(self, page: Page[Any]) -> Future[Any]:
        return self._preparer.submit(self._feed.prepare, page, self._recent)

    def _read(self, coming: _Coming) -> Batch:
        pending = [coming.prepared]

        def attempt() -> Batch:
            prepared = pending.pop() if pending else self._prepare(coming.page)
            return self._feed.read(self._pause.until(prepared), self._recent)

        batch: Batch = self._patiently(attempt)
        return batch
