"""The pages of one run, in order: fetched one after the other, and while that goes on, prepared."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from threading import Semaphore
from typing import TYPE_CHECKING, Any, Callable, Iterator, NamedTuple, Sequence

from cbverdict.carbonblack.times import second_of
from cbverdict.errors import CbsignedError, NotCarbonBlackError, advice
from cbverdict.inputs.arguments import MIN_PAGE_SIZE
from cbverdict.inputs.pause import LOOK_EVERY, Pause
from cbverdict.inputs.progress.window import second

if TYPE_CHECKING:
    from concurrent.futures import Future

    from cbverdict.carbonblack.port import Page, Row
    from cbverdict.inputs.progress.cursor import Cursor
    from cbverdict.inputs.progress.seen_keys import SeenKeys
    from cbverdict.inputs.reader import Batch, Reader

_AHEAD = 3
"""Pages that are fetched before the first of them is read."""

_PREPARED_AT_ONCE = 3
"""With the page that is being fetched that is all the requests that a server gets at once: each page waits for two."""

_TRIES = 3
"""How often the smallest page is tried before a row is stepped over that the server cannot serve."""

_MOST_STEPPED_OVER = 5
"""Rows beside each other that are stepped over at once."""

_CONFIRMATIONS = 2
_MOST_IDLE = 5
"""Whole pages after each other that bring nothing on."""

_IDLE = "Carbon Black gives page after page without a row that was not read, and says that there are more."
_SHRINK_WAIT = 0.5
"""Seconds before less is asked for."""

_UNKNOWN_SKEW = 60.0
"""Seconds that the clocks of Carbon Black and of this host may be apart, where the server does not tell its own."""

_COARSE = 1.0
"""Seconds by which what a server tells of its clock may be wrong: it tells it to the second."""

logger = logging.getLogger(__name__)

Retrying = Callable[[Callable[[], Any]], Any]


class Gap(NamedTuple):
    """Seconds (UTC) between which there is a row that the server cannot serve, and the words of its refusal."""

    since: str
    until: str
    trouble: str


class ReadPage(NamedTuple):
    """A page that was read: what it came to, and where the reading got to with it (UTC, to the second).

    `asked` is when it was asked for at the earliest (seconds since 1970 by the server's clock), `latest` at the latest.
    `skipped` is what could not be had before it.
    """

    rows: Sequence[Row]
    batch: Batch
    second: str
    is_last: bool
    asked: float
    latest: float
    skipped: Sequence[Gap] = ()


class _Coming(NamedTuple):
    page: Page[Any]
    second: str
    is_last: bool
    asked: float
    latest: float
    prepared: Future[Any]
    skipped: Sequence[Gap] = ()


class Pages:
    """Fetch and read pages; `retry` tries again what fails, `pause` is how to wait."""

    def __init__(  # noqa: PLR0913, PLR0917 - its ports
        self,
        reader: Reader,
        recent: SeenKeys,
        page_size: int,
        retry: Retrying,
        pause: Pause,
        clock: Callable[[], float],
        known_gaps: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Store what is read, what was written lately, and between which seconds rows were skipped before."""
        self._known_gaps = known_gaps
        self._failures = self._idle = 0
        self._skipped: list[Gap] = []
        self._reader = reader
        self._recent = recent
        self._page_size = page_size
        self._rows = page_size
        self._retry = retry
        self._pause = pause
        self._clock = clock
        self._coming: SimpleQueue[_Coming] = SimpleQueue()
        self._room = Semaphore(_AHEAD)
        self._is_closed = False
        self._fetcher = ThreadPoolExecutor(1, "fetch")
        self._preparer = ThreadPoolExecutor(_PREPARED_AT_ONCE, "prepare")

    def read(self, cursor: Cursor, started: str, until: str = "") -> Iterator[ReadPage]:
        """Return page after page until nothing more is left; what was given must be remembered before the next is."""
        self._cursor, self._until = cursor, until
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
            coming: _Coming = self._retry(attempt)
            self._room.release()
            batch = self._read(coming)
            is_last = coming.is_last
            yield ReadPage(coming.page.rows, batch, coming.second, is_last, coming.asked, coming.latest, coming.skipped)

    def close(self) -> None:
        """Let go of what is still under way."""
        self._is_closed = True
        self._room.release()
        self._fetcher.shutdown(wait=False)
        self._preparer.shutdown(wait=False)

    def _fetch(self, started: str) -> None:
        """Fetch page after page, as far ahead as there is room; runs in a thread of its own."""
        while not self._is_closed:
            rows, began = self._rows, self._clock()
            try:
                page = self._reader.fetch(self._cursor, started, rows, self._until)
            except CbsignedError as error:
                if not error.reason.may_be_too_much:
                    raise
                self._shrink(rows, error, started)
                continue
            offset = self._reader.clock_offset
            asked = server_time(began, offset)
            latest = began if offset is None else began + offset + _COARSE
            self._rows = min(2 * rows, self._page_size)
            is_last = page.is_last and not self._cursor.has_gap(page.rows)
            before, self._cursor = self._cursor, self._cursor.advance(page.rows)
            goes_on = is_last or before.has_gap(page.rows) or self._cursor.is_beyond(before)
            self._idle = 0 if goes_on else self._idle + rows
            if self._idle > _MOST_IDLE * self._page_size:
                raise NotCarbonBlackError(f"{_IDLE} {advice(NotCarbonBlackError)}")
            prepared = self._prepare(page)
            skipped, self._skipped, self._failures = self._skipped, [], 0
            self._coming.put(_Coming(page, self._cursor.second, is_last, asked, latest, prepared, skipped))
            if is_last:
                return
            self._room.acquire()

    def _shrink(self, rows: int, error: CbsignedError, started: str) -> None:
        """Ask for less; where that fails again and again, step over the row that cannot be had, or raise the error."""
        self._rows = max(rows // 2, MIN_PAGE_SIZE)
        is_known = any(since <= self._cursor.second <= until for since, until in self._known_gaps)
        if rows > MIN_PAGE_SIZE:
            logger.warning("rows=%d trouble=%r", rows, str(error))
            self._pause(0.0 if is_known else _SHRINK_WAIT)
            return
        self._failures += 1
        if self._failures < _TRIES and not is_known:
            raise error
        self._failures = 0
        if not self._step_over(error, started):
            raise error

    def _step_over(self, error: CbsignedError, started: str) -> bool:
        """Go on behind rows that the server cannot serve, if it serves those before them and one behind them."""
        number = next((number for number in range(MIN_PAGE_SIZE) if not self._serves(number, started)), None)
        if number is None:
            return False
        if number:  # What is before it is read first.
            self._rows = number
            return True
        for behind in range(1, _MOST_STEPPED_OVER + 1):
            page = self._serves(behind, started)
            if page is None:
                continue
            if any(self._serves(0, started) for _ in range(_CONFIRMATIONS)):
                return False  # It was the server, not the row.
            until = second_of(page.rows[0].time) if page.rows else ""
            self._skipped.append(Gap(self._cursor.second, until or second(self._clock()), str(error)))
            self._cursor, self._rows = self._behind(behind), 1
            return True
        return False

    def _behind(self, number: int) -> Cursor:
        return replace(self._cursor, skip=self._cursor.skip + number, overlap=0) if number else self._cursor

    def _serves(self, number: int, started: str) -> Page[Any] | None:
        """Return the page of one row that lies so many behind what was read (None: the server does not serve it)."""
        try:
            return self._reader.fetch(self._behind(number), started, 1, self._until)
        except CbsignedError as error:
            if error.reason.may_be_too_much:
                return None
            raise

    def _prepare(self, page: Page[Any]) -> Future[Any]:
        return self._preparer.submit(self._reader.prepare, page, self._recent)

    def _read(self, coming: _Coming) -> Batch:
        pending = [coming.prepared]

        def attempt() -> Batch:
            prepared = pending.pop() if pending else self._prepare(coming.page)
            return self._reader.read(self._pause.until(prepared), self._recent)

        batch: Batch = self._retry(attempt)
        return batch


def server_time(now: float, offset: float | None) -> float:
    """Return what a server's clock said at a time of this host's, or some less where it is not known for sure."""
    return now - _UNKNOWN_SKEW if offset is None else now + offset - _COARSE
