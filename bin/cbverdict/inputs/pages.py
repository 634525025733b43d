"""The pages of one run, in order: fetched one after the other, and while that goes on, prepared."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Callable, Iterator, List, NamedTuple, Tuple, TypeVar

from cbverdict.errors import CbsignedError
from cbverdict.inputs.arguments import MIN_PAGE_SIZE
from cbverdict.verdict import Reason

if TYPE_CHECKING:
    from concurrent.futures import Future

    from cbverdict.inputs.cursor import Cursor
    from cbverdict.inputs.feed import Batch, Document, Feed
    from cbverdict.inputs.recent import Recent

T = TypeVar("T")

_AHEAD = 3
"""Pages that are fetched before the first of them is read: while one comes, two are prepared."""

_PREPARED_AT_ONCE = 2
_TOO_MUCH = {Reason.INCOMPLETE, Reason.TIMEOUT, Reason.SERVER_ERROR}
"""What may get better where less is asked for at once."""

Patiently = Callable[[Callable[[], Any]], Any]
Await = Callable[["Future[Any]"], Any]
_Fetching = Tuple["Future[List[Document]]", int]


class Page(NamedTuple):
    """A page that was read: what it came to, and where the reading got to with it (UTC, to the second)."""

    rows: int
    batch: Batch
    second: str
    is_last: bool


class _Coming(NamedTuple):
    documents: list[Document]
    second: str
    is_last: bool
    prepared: Future[Any]


class Pages:
    """Fetch and read pages; `patiently` tries again what fails, `await_` waits for the work of a thread."""

    def __init__(self, feed: Feed, recent: Recent, page_size: int, patiently: Patiently, await_: Await) -> None:
        """Take what is read, and what was written lately."""
        self._feed = feed
        self._recent = recent
        self._page_size = page_size
        self._rows = page_size
        self._patiently = patiently
        self._await = await_
        self._fetcher = ThreadPoolExecutor(1, "fetch")
        self._preparer = ThreadPoolExecutor(_PREPARED_AT_ONCE, "prepare")

    def read(self, cursor: Cursor, started: str) -> Iterator[Page]:
        """Give page after page until nothing more is left; what was given must be remembered before the next is."""
        coming: deque[_Coming] = deque()
        fetching: _Fetching | None = self._fetch(cursor, started)
        while fetching or coming:
            while fetching and len(coming) < _AHEAD and not (coming and self._has_failed(fetching)):
                documents, rows = self._fetched(fetching, cursor, started)
                cursor = cursor.advance(str(document.get(self._feed.time_field) or "") for document in documents)
                is_last = len(documents) < rows
                prepared = self._preparer.submit(self._feed.prepare, documents, self._recent)
                coming.append(_Coming(documents, cursor.second, is_last, prepared))
                fetching = None if is_last else self._fetch(cursor, started)
            page = coming.popleft()
            yield Page(len(page.documents), self._read(page), page.second, page.is_last)

    def close(self) -> None:
        """Let go of what is still under way."""
        self._fetcher.shutdown(wait=False)
        self._preparer.shutdown(wait=False)

    def _read(self, page: _Coming) -> Batch:
        pending = [page.prepared]

        def attempt() -> Batch:
            future = (
                pending.pop() if pending else self._preparer.submit(self._feed.prepare, page.documents, self._recent)
            )
            return self._feed.read(self._await(future), self._recent)

        batch: Batch = self._patiently(attempt)
        return batch

    def _fetch(self, cursor: Cursor, started: str) -> _Fetching:
        return self._fetcher.submit(self._feed.fetch, cursor, started, self._rows), self._rows

    def _has_failed(self, fetching: _Fetching) -> bool:
        # Then what is there already is read and written first.
        try:
            self._await(fetching[0])
        except CbsignedError:
            return True
        return False

    def _fetched(self, first: _Fetching, cursor: Cursor, started: str) -> tuple[list[Document], int]:
        """Wait for a page; ask again for it, and for less, as long as Carbon Black fails."""
        pending = [first]

        def attempt() -> tuple[list[Document], int]:
            future, rows = pending.pop() if pending else self._fetch(cursor, started)
            try:
                documents: list[Document] = self._await(future)
            except CbsignedError as error:
                if error.reason in _TOO_MUCH:
                    self._rows = max(rows // 2, MIN_PAGE_SIZE)
                raise
            self._rows = min(2 * rows, self._page_size)
            return documents, rows

        fetched: tuple[list[Document], int] = self._patiently(attempt)
        return fetched
