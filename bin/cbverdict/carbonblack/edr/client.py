"""The one door to Carbon Black EDR's REST API."""

from __future__ import annotations

import copy
import json
import math
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from cbverdict.carbonblack.edr.query import published_query_string
from cbverdict.carbonblack.edr.signature_documents import read_signatures
from cbverdict.carbonblack.https.statuses import error_of
from cbverdict.carbonblack.https.transport import RETRIES, Request, Transport
from cbverdict.errors import (
    CutShortError,
    EdrError,
    NotCarbonBlackError,
    TooLargeError,
)
from cbverdict.json_object import read_object
from cbverdict.verdicts.evidence import Binaries, Hits, ProcessCount
from cbverdict.verdicts.hashes import Md5, parse_md5

if TYPE_CHECKING:
    from cbverdict.carbonblack.edr.signature_documents import Document
    from cbverdict.carbonblack.https.transport import Response
    from cbverdict.settings.account import Account

T = TypeVar("T")

SEARCH_BYTES = 3 * 1024 * 1024
"""Bytes of an answer to a search's question; 200 binary documents have some 600 KB (measured on recorded ones). As
Python objects it may take ten times as much, and the handler stays under 150 MB."""

PAGE_BYTES = 32 * 1024 * 1024
"""Bytes of a page of an input's."""

_MAX_VERSION = 400  # characters
_MAX_REASON = 4096
_BYTES_A_TOKEN = 16  # of JSON on average, at least: what is made of much shorter ones takes up a hundred times as much
_parsing = threading.Lock()  # One answer at a time becomes Python objects, so that memory is bounded by one.


class _Counter:
    """A number that several threads count up."""

    def __init__(self) -> None:
        self.total = 0
        self._lock = threading.Lock()

    def __call__(self) -> None:
        with self._lock:
            self.total += 1


class EdrClient:
    """Ask one Carbon Black EDR server; safe to use from several threads.

    Every method raises a subclass of `EdrError`; what one of them says is fit to be shown to anybody. A `deadline`
    (`time.monotonic`) shortens the account's time-out, so that no request outlives the search that made it. How a
    request is sent, ended and sent again is `Transport`'s.
    """

    def __init__(self, account: Account, retries: int = RETRIES, max_bytes: int = SEARCH_BYTES) -> None:
        """Prepare a session; nothing is sent yet. Answers of more than `max_bytes` are refused."""
        self._max_bytes = max_bytes
        self._transport = Transport(account, retries, max_bytes)
        self._sent = _Counter()

    @property
    def request_count(self) -> int:
        """How many requests were sent so far, retries included."""
        return self._sent.total

    @property
    def clock_offset(self) -> float | None:
        """Seconds by which the server's clock was ahead when it last answered (None: it does not say)."""
        return self._transport.clock_offset

    def counting_apart(self) -> EdrClient:
        """Return a client over the same connections that counts its own requests, beginning at none."""
        client = copy.copy(self)
        client._sent = _Counter()  # noqa: SLF001 - one of its own kind
        return client

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def version(self, deadline: float = math.inf) -> str:
        """Ask for the server's version (`GET /api/info`), which any valid token may."""
        return self._ask(Request("GET", "/api/info"), deadline, self._read_version)

    def count_published(self, md5: Md5, name: str, deadline: float = math.inf) -> ProcessCount:
        """Send the published request, byte for byte, and say how many documents match."""
        request = Request("GET", "/api/v1/process?" + published_query_string(md5, name))
        return self._ask(request, deadline, lambda body: ProcessCount(self._total(body), _is_complete(body)))

    def find_processes(self, query: str, deadline: float = math.inf) -> Hits:
        """Return for which hashes at least one process matches the query (at most `query.MAX_BATCH` hashes in it)."""
        body = {
            "q": [query],
            "rows": 0,
            "start": 0,
            "facet": ["true"],
            "facet.field": ["process_md5"],
            "cb.urlver": ["1"],
        }
        return self._ask(Request("POST", "/api/v1/process", body), deadline, self._read_hits)

    def find_binaries(self, query: str, rows: int, deadline: float = math.inf) -> Binaries:
        """Fetch the binary documents that match the query, at most `rows` of them."""
        return self._ask(Request("POST", "/api/v1/binary", _search_body(query, rows)), deadline, self._read_binaries)

    def process_page(self, query: str, rows: int, skip: int) -> tuple[list[Document], bool]:
        """Fetch process documents in the order in which they reached the server; say whether there are no more."""
        return self._page("/api/v1/process", query, "last_server_update asc", rows, skip)

    def binary_page(self, query: str, rows: int, skip: int) -> tuple[list[Document], bool]:
        """Fetch binary documents in the order in which they reached the server; say whether there are no more."""
        return self._page("/api/v1/binary", query, "server_added_timestamp asc", rows, skip)

    def count(self, path: str, query: str) -> tuple[int, list[str]]:
        """Return how many documents match a query under a path, and its terms as the server understands them."""
        answer = self._ask(Request("POST", path, _search_body(query, 0)), math.inf, dict)
        if not _is_complete(answer):
            raise CutShortError(self._sentence("cut a search short", CutShortError))
        return self._total(answer), [term for term in _member(answer, "terms", list) if isinstance(term, str)]

    def find_images(self, query: str, rows: int) -> list[Document]:
        """Fetch one document of each process that the query finds, whichever of its segments."""
        body = {**_search_body(query, rows), "cb.group": ["id"]}
        return self._ask(Request("POST", "/api/v1/process", body), math.inf, self._documents)

    def _page(self, path: str, query: str, sort: str, rows: int, skip: int) -> tuple[list[Document], bool]:
        body = {**_search_body(query, rows), "start": skip, "sort": sort}
        answer = self._ask(Request("POST", path, body), math.inf, dict)
        documents = self._documents(answer)
        if not _is_complete(answer):
            raise CutShortError(self._sentence("cut a search short", CutShortError))
        # Not told by a page that is not full: a server may give fewer rows than it was asked for.
        return documents, not answer["results"] or skip + len(answer["results"]) >= self._total(answer)

    def _documents(self, answer: dict[str, Any]) -> list[Document]:
        self._total(answer)
        return [document for document in answer["results"] if isinstance(document, dict)]

    def _ask(self, request: Request, deadline: float, read: Callable[[dict[str, Any]], T]) -> T:
        try:
            return self._send(request, deadline, read)
        except EdrError as error:
            raise error.with_traceback(None) from None  # Whoever keeps it would keep the answer in its frames.
        except MemoryError:
            raise TooLargeError(self._sentence("sent more than is read at once", TooLargeError)) from None

    def _send(self, request: Request, deadline: float, read: Callable[[dict[str, Any]], T]) -> T:
        answer = self._transport.send(request, deadline, self._sent)
        self._raise_for_status(answer)
        with _parsing:
            return read(self._parse(answer))

    def _parse(self, answer: Response) -> dict[str, Any]:
        if answer.status == HTTPStatus.NO_CONTENT:
            return {"results": [], "total_results": 0}
        content = answer.content
        if _count_tokens(content) > self._max_bytes // _BYTES_A_TOKEN:
            raise TooLargeError(self._sentence("sent more than is read at once", TooLargeError))
        body = read_object(content)
        if body is None:
            raise NotCarbonBlackError(self._sentence("sent something that is not a JSON object", NotCarbonBlackError))
        return body

    def _read_version(self, answer: dict[str, Any]) -> str:
        version = answer.get("version")
        if not isinstance(version, str):
            raise NotCarbonBlackError(self._sentence("answered /api/info without a version", NotCarbonBlackError))
        return version[:_MAX_VERSION]

    def _read_hits(self, answer: dict[str, Any]) -> Hits:
        total = self._total(answer)
        entries = _member(_member(answer, "facets", dict), "process_md5", list)
        md5s = frozenset(md5 for entry in entries if (md5 := _facet_md5(entry)) is not None)
        if (total > 0) != bool(md5s):
            raise NotCarbonBlackError(self._sentence("counts processes otherwise than its facet", NotCarbonBlackError))
        return Hits(md5s, _is_complete(answer))

    def _read_binaries(self, answer: dict[str, Any]) -> Binaries:
        total, documents = self._total(answer), _member(answer, "results", list)
        signatures, may_be_contradicted = read_signatures(documents)
        has_more = total > len(documents) or may_be_contradicted
        return Binaries(signatures, is_complete=_is_complete(answer) and not has_more, has_more=has_more)

    def _total(self, answer: dict[str, Any]) -> int:
        total: Any = answer.get("total_results")
        if not _is_count(total) or not isinstance(answer.get("results"), list):
            raise NotCarbonBlackError(self._sentence("sent JSON that is not a search result", NotCarbonBlackError))
        return int(total)

    def _raise_for_status(self, answer: Response) -> None:
        kind = error_of(answer.status)
        if kind is not None:
            raise kind(self._sentence(f"answered {answer.status}{_vendor_reason(answer.content)}", kind))

    def _sentence(self, what: str, kind: type[EdrError]) -> str:
        return self._transport.sentence(what, kind)


def _vendor_reason(content: bytearray) -> str:
    # {"reason": "query_syntax_error"} is all that Carbon Black's error bodies hold; anything else stays out.
    try:
        reason = json.loads(content[:_MAX_REASON])["reason"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    is_code = isinstance(reason, str) and reason.isascii() and reason.replace("_", "").isalpha()
    return f" ({reason[:60]})" if is_code else ""


def _count_tokens(content: bytearray) -> int:
    """Count what JSON's values are told apart by: each becomes some object, of up to 100 bytes."""
    return sum(map(content.count, (b",", b"[", b"{", b":")))


def _search_body(query: str, rows: int) -> dict[str, Any]:
    return {"q": [query], "rows": rows, "start": 0, "facet": ["false"], "cb.urlver": ["1"]}


def _member(answer: dict[str, Any], name: str, kind: type) -> Any:  # noqa: ANN401 - a JSON value
    value = answer.get(name)
    return value if isinstance(value, kind) else kind()


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_complete(answer: dict[str, Any]) -> bool:
    return not answer.get("incomplete_results")


def _facet_md5(entry: object) -> Md5 | None:
    """Return the hash of a facet that counts something (None: it does not, or is none)."""
    if not isinstance(entry, dict):
        return None
    count = entry.get("value")
    return parse_md5(entry.get("name")) if count and _is_count(count) else None
