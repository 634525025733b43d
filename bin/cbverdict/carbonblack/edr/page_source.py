"""The process and the binary search of an EDR server, read page by page."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Iterator

from cbverdict.carbonblack.edr import binary_documents, process_documents
from cbverdict.carbonblack.edr.query import MAX_BATCH, processes_query, since_query
from cbverdict.carbonblack.port import Image, Page, PageRequest, ReportedBinary, ReportedProcess, Row
from cbverdict.errors import SetupError

if TYPE_CHECKING:
    from cbverdict.carbonblack.edr.client import EdrClient
    from cbverdict.settings.account import Account

_FIRST_VERSION = (6, 1)
_PROCESSES, _BINARIES = "/api/v1/process", "/api/v1/binary"
_MOST_ROWS = 1000
"""What a server gives at once (`maxSearchResultRows`)."""


class EdrPageSource:
    """Fetch and read pages; see `cbverdict.carbonblack.port.PageSource`."""

    def __init__(self, account: Account, client: EdrClient) -> None:
        """Store the account, whose address is the console's, and what asks."""
        self._console = account.url
        self._client = client

    @property
    def request_count(self) -> int:
        """How many requests were sent so far, retries included."""
        return self._client.request_count

    @property
    def clock_offset(self) -> float | None:
        """Seconds by which the server's clock was ahead when it last answered (None: it does not say)."""
        return self._client.clock_offset

    def require_version(self) -> None:
        """Raise `SetupError` where the server is too old: what orders pages came with 6.1."""
        version = self._client.version()
        numbers = tuple(int(part) for part in version.split(".") if part.isascii() and part.isdecimal())
        if numbers < _FIRST_VERSION:
            raise SetupError(f"Carbon Black EDR {version} is too old for inputs: they need 6.1 or later")

    def probe(self, deadline: float = math.inf) -> None:
        """Ask for the version."""
        self._client.version(deadline)

    def process_page(self, request: PageRequest) -> Page[ReportedProcess]:
        """Fetch a page of segments; those of one process become one."""
        query = since_query(request.query, process_documents.REACHED, request.since, request.until)
        documents, is_last = self._client.process_page(query, request.rows, request.skip)
        rows = [Row(process_documents.identity_of(one), process_documents.reached(one)) for one in documents]
        return Page(rows, is_last, partial(process_documents.read_page, documents, self._console))

    def binary_page(self, request: PageRequest) -> Page[ReportedBinary]:
        """Fetch a page of binaries."""
        query = since_query(request.query, binary_documents.REACHED, request.since, request.until)
        documents, is_last = self._client.binary_page(query, request.rows, request.skip)
        rows = [Row(binary_documents.identity_of(one), binary_documents.reached(one)) for one in documents]
        return Page(rows, is_last, partial(binary_documents.read_page, documents, self._console))

    def count_processes(self, request: PageRequest) -> int:
        """Ask how many segments there are."""
        query = since_query(request.query, process_documents.REACHED, request.since, request.until)
        return self._client.count(_PROCESSES, query)[0]

    def count_binaries(self, request: PageRequest) -> int:
        """Ask how many binaries there are."""
        query = since_query(request.query, binary_documents.REACHED, request.since, request.until)
        return self._client.count(_BINARIES, query)[0]

    def process_terms(self, query: str) -> list[str]:
        """Ask how the process search understands a query."""
        return self._client.count(_PROCESSES, query)[1]

    def binary_terms(self, query: str) -> list[str]:
        """Ask how the binary search understands a query."""
        return self._client.count(_BINARIES, query)[1]

    def find_images(self, guids: list[str]) -> Iterator[dict[str, Image | None]]:
        """Look processes up, a batch at a time (None: the server knows no such process)."""
        for start in range(0, len(guids), MAX_BATCH):
            batch = guids[start : start + MAX_BATCH]
            documents = self._client.find_images(processes_query(batch), len(batch))
            images: dict[str, Image | None] = dict.fromkeys(batch)
            images.update((one.guid, one.image) for one in process_documents.read_processes(documents, self._console))
            yield images

    def find_processes(self, guids: list[str]) -> dict[str, ReportedProcess]:
        """Ask for all segments of these processes, the earliest thousand of a batch's."""
        found: dict[str, ReportedProcess] = {}
        for start in range(0, len(guids), MAX_BATCH):
            batch = guids[start : start + MAX_BATCH]
            documents, is_all = self._client.process_page(processes_query(batch), _MOST_ROWS, 0)
            if is_all:  # Of one with thousands the last ones would be missing, and they are what counts.
                found.update((one.guid, one) for one in process_documents.read_processes(documents, self._console))
        return found

    def first_arrivals(self, guids: list[str]) -> dict[str, str]:
        """Ask for the earliest segment of each process: of one with thousands, a page may hold nothing but its own."""
        found: dict[str, str] = {}
        for start in range(0, len(guids), MAX_BATCH):
            missing = guids[start : start + MAX_BATCH]
            is_last = False
            while missing and not is_last:
                documents, is_last = self._client.process_page(processes_query(missing), _MOST_ROWS, 0)
                for document in documents:
                    found.setdefault(str(document.get("id")), process_documents.reached(document))
                still_missing = [guid for guid in missing if guid not in found]
                is_last = is_last or len(still_missing) == len(missing)
                missing = still_missing
        return found

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
