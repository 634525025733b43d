"""The one door to Carbon Black EDR's REST API."""

from __future__ import annotations

import json
import logging
import math
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any, Callable, Mapping

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3 import disable_warnings
from urllib3.exceptions import (
    ConnectTimeoutError,
    InvalidHeader,
    MaxRetryError,
    NewConnectionError,
    ReadTimeoutError,
    SubjectAltNameWarning,
)
from urllib3.util.retry import Retry

from cbverdict.errors import (
    CertificateError,
    CutShortError,
    EdrError,
    ForbiddenError,
    NotCarbonBlackError,
    QueryRefusedError,
    RateLimitedError,
    ServerFailedError,
    TimedOutError,
    UnauthorizedError,
    UnreachableError,
    advice,
)
from cbverdict.evidence import Binaries, Hits, ProcessCount, Signature, worse_of
from cbverdict.hashes import Md5, parse_md5
from cbverdict.query import published_query_string

if TYPE_CHECKING:
    from cbverdict.settings import Account

logger = logging.getLogger(__name__)
Document = Mapping[str, Any]

disable_warnings(SubjectAltNameWarning)  # Carbon Black's own certificate has no such name; its text is no help

_CONNECT_TIMEOUT = 10.0
_LONGEST_WAIT = 5.0
_MAX_BODY = 32 * 1024 * 1024
_PIECE = 64 * 1024
_PARTIAL_CHAIN = (
    0x80000  # OpenSSL's X509_V_FLAG_PARTIAL_CHAIN (named in ssl from 3.10): pin a certificate that is no CA.
)
_RETRIED_STATUSES = (429, 502, 503, 504)


class EdrClient:
    """Ask one Carbon Black EDR server; safe to use from several threads.

    Every method raises a subclass of `EdrError`; what one of them says is fit to be shown to anybody.
    Retries are transport configuration: two more tries for 429 (its Retry-After honoured up to 5 s), 502,
    503, 504 and a connection that was closed before it answered; none for a time-out. A `deadline`
    (`time.monotonic`) shortens the account's time-out, so that no request outlives the search that made it.
    """

    def __init__(self, account: Account, retries: int = 2) -> None:
        """Prepare a session; nothing is sent yet."""
        self._account = account
        self._request_count = 0
        self._lock = threading.Lock()
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update({"X-Auth-Token": account.token, "Accept": "application/json"})
        if account.proxy:
            self._session.proxies = {"https": account.proxy}
        self._session.mount("https://", _TlsAdapter(account, self._count, retries))

    @property
    def request_count(self) -> int:
        """How many requests were sent so far, retries included."""
        return self._request_count

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def version(self, deadline: float = math.inf) -> str:
        """Ask for the server's version (`GET /api/info`), which any valid token may."""
        answer = self._ask("GET", "/api/info", deadline=deadline)
        version = answer.get("version")
        if not isinstance(version, str):
            raise NotCarbonBlackError(self._sentence("answered /api/info without a version", NotCarbonBlackError))
        return version

    def count_published(self, md5: Md5, name: str, deadline: float = math.inf) -> ProcessCount:
        """Send the published request, byte for byte, and say how many documents match."""
        answer = self._ask("GET", "/api/v1/process?" + published_query_string(md5, name), deadline=deadline)
        return ProcessCount(self._total(answer), _is_complete(answer))

    def find_processes(self, query: str, deadline: float = math.inf) -> Hits:
        """Say for which hashes at least one process matches the query (at most `query.MAX_BATCH` hashes in it)."""
        body = {
            "q": [query],
            "rows": 0,
            "start": 0,
            "facet": ["true"],
            "facet.field": ["process_md5"],
            "cb.urlver": ["1"],
        }
        answer = self._ask("POST", "/api/v1/process", body, deadline)
        total = self._total(answer)
        entries = _member(_member(answer, "facets", dict), "process_md5", list)
        md5s = frozenset(md5 for entry in entries if (md5 := _facet_md5(entry)) is not None)
        if total and not md5s:
            raise NotCarbonBlackError(self._sentence("found processes but gave no facet of them", NotCarbonBlackError))
        return Hits(md5s, _is_complete(answer))

    def find_binaries(self, query: str, rows: int, deadline: float = math.inf) -> Binaries:
        """Fetch the binary documents that match the query, at most `rows` of them."""
        answer = self._ask("POST", "/api/v1/binary", _search_body(query, rows), deadline)
        total, documents = self._total(answer), _member(answer, "results", list)
        signatures: dict[Md5, Signature] = {}
        for document in documents:
            md5 = parse_md5(document.get("md5")) if isinstance(document, dict) else None
            if md5 is not None:
                signature = read_signature(document)
                signatures[md5] = worse_of(signatures.get(md5, signature), signature)
        has_more = total > len(documents)
        return Binaries(signatures, is_complete=_is_complete(answer) and not has_more, has_more=has_more)

    def process_page(self, query: str, rows: int, skip: int) -> tuple[list[Document], bool]:
        """Fetch process documents in the order in which they reached the server; say whether there are no more."""
        return self._page("/api/v1/process", query, "last_server_update asc", rows, skip)

    def binary_page(self, query: str, rows: int, skip: int) -> tuple[list[Document], bool]:
        """Fetch binary documents in the order in which they reached the server; say whether there are no more."""
        return self._page("/api/v1/binary", query, "server_added_timestamp asc", rows, skip)

    def find_images(self, query: str, rows: int) -> list[Document]:
        """Fetch one document of each process that the query finds, whichever of its segments."""
        body = {**_search_body(query, rows), "cb.group": ["id"]}
        return self._documents(self._ask("POST", "/api/v1/process", body))

    def _page(self, path: str, query: str, sort: str, rows: int, skip: int) -> tuple[list[Document], bool]:
        answer = self._ask("POST", path, {**_search_body(query, rows), "start": skip, "sort": sort})
        documents = self._documents(answer)
        if not _is_complete(answer):
            raise CutShortError(self._sentence("cut a search short", CutShortError))
        # Not told by a page that is not full: a server may give fewer rows than it was asked for.
        return documents, not answer["results"] or skip + len(answer["results"]) >= self._total(answer)

    def _documents(self, answer: dict[str, Any]) -> list[Document]:
        self._total(answer)
        return [document for document in answer["results"] if isinstance(document, dict)]

    def _ask(
        self, verb: str, path: str, body: dict[str, Any] | None = None, deadline: float = math.inf
    ) -> dict[str, Any]:
        started = time.monotonic()
        seconds = min(self._account.timeout, deadline - started)
        if seconds <= 0:
            raise TimedOutError(self._sentence("was not asked any more: the time is over", TimedOutError))
        self._count(1)
        try:
            with self._session.request(
                verb,
                self._account.url + path,
                json=body,
                timeout=(min(_CONNECT_TIMEOUT, seconds), seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                content = self._read(response, min(time.monotonic() + seconds, deadline))
        except requests.exceptions.RequestException as error:
            raise self._explain(error, time.monotonic() - started) from None
        logger.debug(
            "edr account=%s verb=%s path=%s status=%d bytes=%d seconds=%.3f",
            self._account.name, verb, path.partition("?")[0], response.status_code, len(content),
            time.monotonic() - started,
        )  # fmt: skip
        self._raise_for_status(response, content)
        return self._parse(response.status_code, content)

    def _read(self, response: requests.Response, deadline: float) -> bytes:
        # The session's own time-out is between two bytes; a server that drips must not hold us for ever.
        pieces, size = [], 0
        for piece in response.iter_content(_PIECE):
            pieces.append(piece)
            size += len(piece)
            if time.monotonic() > deadline:
                raise requests.exceptions.ReadTimeout
            if size > _MAX_BODY:
                raise requests.exceptions.ContentDecodingError
        return b"".join(pieces)

    def _parse(self, status: int, content: bytes) -> dict[str, Any]:
        if status == requests.codes.no_content:
            return {"results": [], "total_results": 0}
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise NotCarbonBlackError(self._sentence("sent something that is not a JSON object", NotCarbonBlackError))
        return answer

    def _total(self, answer: dict[str, Any]) -> int:
        total = answer.get("total_results")
        if not isinstance(total, int) or not isinstance(answer.get("results"), list):
            raise NotCarbonBlackError(self._sentence("sent JSON that is not a search result", NotCarbonBlackError))
        return total

    def _raise_for_status(self, response: requests.Response, content: bytes) -> None:
        status = response.status_code
        if status in {requests.codes.ok, requests.codes.no_content}:
            return
        kind: type[EdrError] = _ERROR_BY_STATUS.get(status, QueryRefusedError)
        if 300 <= status < 400 or status == requests.codes.not_found:  # noqa: PLR2004 - HTTP's redirections
            kind = NotCarbonBlackError
        elif status >= requests.codes.internal_server_error:
            kind = ServerFailedError
        raise kind(self._sentence(f"answered {status}{_vendor_reason(content)}", kind))

    def _explain(self, error: requests.exceptions.RequestException, seconds: float) -> EdrError:
        certificate = _certificate_trouble(error)
        if certificate is not None:
            return CertificateError(f"Carbon Black {self._account.name} ({self._account.url}) {certificate}")
        if _is_read_timeout(error):
            text = f"did not answer within {seconds:.{0 if seconds >= 1 else 1}f} s"
            return TimedOutError(self._sentence(text, TimedOutError))
        if isinstance(error, (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)):
            return NotCarbonBlackError(self._sentence("broke off in the middle of its answer", NotCarbonBlackError))
        return UnreachableError(self._sentence(_connection_trouble(error), UnreachableError))

    def _sentence(self, what: str, kind: type[EdrError]) -> str:
        return f"Carbon Black {self._account.name} ({self._account.url}) {what}. {advice(kind)}"

    def _count(self, requests_sent: int) -> None:
        with self._lock:
            self._request_count += requests_sent


class _BoundedRetry(Retry):
    """Retry, but never after a time-out and never longer than a few seconds at the server's word."""

    count: Callable[[int], None]

    def new(self, **changes: Any) -> _BoundedRetry:  # noqa: ANN401 - urllib3's own signature
        retry: _BoundedRetry = super().new(**changes)
        retry.count = self.count
        return retry

    def increment(self, *args: Any, **kwargs: Any) -> Retry:  # noqa: ANN401 - urllib3's own signature
        error = kwargs.get("error")
        if isinstance(error, ReadTimeoutError):
            raise error
        if isinstance(error, ConnectTimeoutError) and not isinstance(error, NewConnectionError):
            raise MaxRetryError(kwargs["_pool"], args[1], error)
        retry = super().increment(*args, **kwargs)
        self.count(1)
        return retry

    def get_retry_after(self, response: Any) -> float | None:  # noqa: ANN401 - urllib3's own signature
        try:
            wait: float | None = super().get_retry_after(response)
        except InvalidHeader:
            return None
        return None if wait is None else min(wait, _LONGEST_WAIT)


class _TlsAdapter(HTTPAdapter):
    """HTTPS with the account's own trust: its PEM alone where it has one, the public CAs otherwise."""

    def __init__(self, account: Account, count: Callable[[int], None], retries: int) -> None:
        self._pool_options: dict[str, Any] = {"ssl_context": _tls_context(account)}
        if not account.is_host_name_checked:
            self._pool_options["assert_hostname"] = False
        retry = _BoundedRetry(
            total=retries,
            backoff_factor=0.3,
            status_forcelist=_RETRIED_STATUSES,
            allowed_methods=frozenset({"GET", "POST"}),  # A search changes nothing, so it may be sent again.
            raise_on_status=False,
        )
        retry.count = count
        size = account.requests_in_flight
        super().__init__(max_retries=retry, pool_connections=1, pool_maxsize=size, pool_block=True)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - requests' own signature
        super().init_poolmanager(*args, **{**kwargs, **self._pool_options})  # type: ignore[no-untyped-call]

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - requests' own signature
        return super().proxy_manager_for(proxy, **kwargs, **self._pool_options)  # type: ignore[no-untyped-call]

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ANN401, ARG002
        """Leave trust to the context: requests would add the public CAs to the account's own."""
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None
        conn.ca_cert_dir = None


def _tls_context(account: Account) -> ssl.SSLContext:
    # Not create_default_context: from Python 3.13 it is strict about extensions that Carbon Black's own
    # self-signed certificate does not have.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # urllib3 1.26 compares the name itself (assert_hostname), for an address as well, which ssl would refuse.
    context.check_hostname = False
    if account.ca_certificate:
        context.verify_flags |= _PARTIAL_CHAIN
        context.load_verify_locations(cadata=account.ca_certificate)
    else:
        context.load_default_certs()
        context.load_verify_locations(cafile=certifi.where())
    return context


_ERROR_BY_STATUS: dict[int, type[EdrError]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    429: RateLimitedError,
}


def _vendor_reason(content: bytes) -> str:
    # {"reason": "query_syntax_error"} is all that Carbon Black's error bodies hold; anything else stays out.
    try:
        reason = json.loads(content)["reason"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    is_code = isinstance(reason, str) and reason.isascii() and reason.replace("_", "").isalpha()
    return f" ({reason[:60]})" if is_code else ""


def _connection_trouble(error: requests.exceptions.RequestException) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "does not speak TLS 1.2 or later on this port"
    if isinstance(error, requests.exceptions.ProxyError):
        return "is not reached: the proxy does not let through"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "does not accept a connection in time"
    if _is_caused_by(error, socket.gaierror):
        return "has a name that no DNS server knows"
    return "does not accept connections"


def _certificate_trouble(error: requests.exceptions.RequestException) -> str | None:
    text = str(error).lower()
    return next((f"{what}. {way_out}" for sign, what, way_out in _TLS_WORDS if sign in text), None)


_OTHER_NAME = (
    "has a certificate for another name",
    (
        "Write the name that it is for into the account's URL; or, if it is the server's own and pasted as the "
        "account's CA certificate, switch Check the host name off (check_host_name = false)"
    ),
)
_SELF_SIGNED = (
    "has a self-signed certificate that the account does not trust",
    (
        "Paste that certificate itself, as PEM, into the account's CA certificate (openssl s_client -connect "
        "<host>:<port> </dev/null | openssl x509 shows it; compare it with the server's own); if it is for another "
        "name, as Carbon Black's own is, switch Check the host name off as well (check_host_name = false)"
    ),
)
_TLS_WORDS: tuple[tuple[str, str, str], ...] = (
    ("hostname mismatch", *_OTHER_NAME),
    ("doesn't match", *_OTHER_NAME),
    ("self signed", *_SELF_SIGNED),
    ("self-signed", *_SELF_SIGNED),
    ("expired", "has a certificate that has run out", "Have the server's certificate renewed"),
    (
        "certificate verify failed",
        "has a certificate from a CA that the account does not trust",
        advice(CertificateError),
    ),
)


def _is_caused_by(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error is not None


def _is_read_timeout(error: requests.exceptions.RequestException) -> bool:
    # A time-out in the middle of a body reaches us as a ConnectionError around urllib3's own.
    causes = [error, *(cause for cause in error.args if isinstance(cause, Exception))]
    return any(isinstance(cause, (requests.exceptions.ReadTimeout, ReadTimeoutError)) for cause in causes)


def _search_body(query: str, rows: int) -> dict[str, Any]:
    return {"q": [query], "rows": rows, "start": 0, "facet": ["false"], "cb.urlver": ["1"]}


def _member(answer: dict[str, Any], name: str, kind: type) -> Any:  # noqa: ANN401 - a JSON value
    value = answer.get(name)
    return value if isinstance(value, kind) else kind()


def _is_complete(answer: dict[str, Any]) -> bool:
    return not answer.get("incomplete_results")


def _facet_md5(entry: object) -> Md5 | None:
    return parse_md5(entry.get("name")) if isinstance(entry, dict) and entry.get("value") else None


def read_signature(document: Document) -> Signature:
    """Read the signature block of a binary document."""
    return Signature(
        result=_text(document, "digsig_result"),
        publisher=_text(document, "digsig_publisher"),
        issuer=_text(document, "digsig_issuer"),
        subject=_text(document, "digsig_subject"),
        program=_text(document, "digsig_prog_name"),
        sign_time=_text(document, "digsig_sign_time"),
    )


def _text(document: Document, name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        return ""
    # Half a surrogate pair or a NUL in foreign data would end the search that writes it out.
    return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
