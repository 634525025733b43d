"""HTTPS to one server that may be anybody's: trust, one hard deadline, a bound on what is read, and a few retries."""

from __future__ import annotations

import email.utils
import logging
import math
import socket
import ssl
import threading
import time
import zlib
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, NamedTuple, Optional

import certifi
import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPSConnectionPool, disable_warnings
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError, SubjectAltNameWarning
from urllib3.util.ssl_ import create_urllib3_context
from urllib3.util.ssl_match_hostname import CertificateError as CertificateMismatch

from cbverdict.errors import (
    CertificateError,
    EdrError,
    NotCarbonBlackError,
    TimedOutError,
    TooLargeError,
    UnreachableError,
    advice,
)

if TYPE_CHECKING:
    from cbverdict.settings.account import Account

logger = logging.getLogger(__name__)

disable_warnings(SubjectAltNameWarning)  # Carbon Black's own certificate has no such name; its text is no help

_CONNECT_TIMEOUT = 10.0
_LONGEST_WAIT = 5.0
_FIRST_WAIT = 0.3
_LEAST_PATIENCE = 3.0
_RETRIED_STATUSES = frozenset({429, 502, 503, 504})
_LONGEST_DATE = 100  # characters
_HEAD_BYTES = 256 * 1024
_PIECE = 64 * 1024
_PARTIAL_CHAIN = (
    0x80000  # OpenSSL's X509_V_FLAG_PARTIAL_CHAIN (named in ssl from 3.10): pin a certificate that is no CA.
)


class Request(NamedTuple):
    """An HTTP request; the path has its query string, the body becomes JSON (None: none)."""

    verb: str
    path: str
    body: Optional[Dict[str, Any]] = None


class Answer(NamedTuple):
    """An HTTP answer: its status, and its body as it was before it was compressed."""

    status: int
    content: bytearray


class Transport:
    """Send requests to one account's server; safe to use from several threads.

    A request ends by its deadline whatever the server does: each read and write of a socket gets the time that is
    left, so a server that drips bytes gains nothing by it. Nor is more read, or unpacked, than `max_bytes`.
    Two more tries are made for 429 (its Retry-After honoured up to 5 s), 502, 503, 504, and for a connection that
    was refused, or closed before it answered, while their waits fit before the deadline. None after a time-out, but
    that a server which was quick lately and says nothing for ten times as long is asked once more: one connection that
    hangs must not hold what others wait for.
    """

    def __init__(self, account: Account, retries: int, max_bytes: int) -> None:
        """Prepare a session; nothing is sent yet."""
        self._account = account
        self._retries = retries
        self._max_bytes = max_bytes
        self._slowest = 0.0
        # No session: it would follow up on redirects and cookies, and unpack what comes with them. Packed answers are
        # unpacked all the same, but no server needs to be asked for them.
        self._headers = {"X-Auth-Token": account.token, "Accept": "application/json", "Accept-Encoding": "identity"}
        self._proxies = {"https": account.proxy} if account.proxy else {}
        self._adapter = _TlsAdapter(account)

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()  # type: ignore[no-untyped-call]

    def send(self, request: Request, deadline: float, count: Callable[[], None]) -> Answer:
        """Send a request, again where that helps, until `deadline` (`time.monotonic`); `count` each time it is sent.

        Raises:
            EdrError: there is no answer; one with any status is one.
        """
        for number in range(self._retries + 1):
            patience = self._patience() if number == 0 and self._retries else math.inf
            outcome = self._try(request, deadline, patience, count)
            wait = _FIRST_WAIT * 2**number if outcome.wait is None else outcome.wait
            if not outcome.is_passing or number == self._retries or time.monotonic() + wait >= deadline:
                break
            time.sleep(wait)
        if isinstance(outcome.result, EdrError):
            raise outcome.result
        return outcome.result

    def _patience(self) -> float:
        """Return the seconds after which a first try is taken for lost: ten times as long as any took lately."""
        return max(_LEAST_PATIENCE, 10 * self._slowest) if self._slowest else math.inf

    def _try(self, request: Request, deadline: float, patience: float, count: Callable[[], None]) -> _Outcome:
        started = time.monotonic()
        limit = min(self._account.timeout, deadline - started)
        seconds = min(limit, patience)
        if seconds <= 0:
            return _Outcome(TimedOutError(self.sentence("was not asked any more: the time is over", TimedOutError)))
        count()
        try:
            with (
                _allowance.of(started + seconds, self._max_bytes + _HEAD_BYTES),
                self._adapter.send(self._prepare(request), stream=True, proxies=self._proxies) as response,
            ):
                content = self._read(response)
        except Exception as error:  # noqa: BLE001 - a hostile answer has the HTTP libraries raise what it likes
            outcome = self._explain(error, time.monotonic() - started)
            is_lost = isinstance(outcome.result, TimedOutError) and seconds < limit
            return outcome._replace(wait=0.0, is_passing=True) if is_lost else outcome
        self._slowest = max(time.monotonic() - started, 0.9 * self._slowest)
        logger.debug(
            "edr account=%s verb=%s path=%s status=%d bytes=%d seconds=%.3f",
            self._account.name, request.verb, request.path.partition("?")[0], response.status_code, len(content),
            time.monotonic() - started,
        )  # fmt: skip
        wait = _retry_after(response.headers.get("Retry-After"))
        is_passing = response.status_code in _RETRIED_STATUSES
        return _Outcome(Answer(response.status_code, content), wait, is_passing=is_passing)

    def _prepare(self, request: Request) -> requests.PreparedRequest:
        url = self._account.url + request.path
        return requests.Request(request.verb, url, headers=self._headers, json=request.body).prepare()

    def _read(self, response: requests.Response) -> bytearray:
        packed = response.raw.stream(_PIECE, decode_content=False)
        content = bytearray()
        for piece in _unpacked(packed, response.headers.get("Content-Encoding", "")):
            content += piece
            if len(content) > self._max_bytes:
                raise _TooMuchError
        return content

    def _explain(self, error: Exception, seconds: float) -> _Outcome:
        causes = list(_causes(error))
        certificate = _certificate_trouble(causes)
        if certificate is not None:
            return _Outcome(CertificateError(f"Carbon Black {self._account.name} ({self._account.url}) {certificate}"))
        unknown = (NotCarbonBlackError, f"sent what is no answer of HTTP's ({type(error).__name__})")
        kind, what = next(
            ((kind, what) for types, kind, what in _TROUBLES if any(isinstance(cause, types) for cause in causes)),
            unknown,
        )
        text = what.format(f"{seconds:.{0 if seconds >= 1 else 1}f}") if kind is TimedOutError else what
        return _Outcome(kind(self.sentence(text, kind)), is_passing=what == _CLOSED)

    def sentence(self, what: str, kind: type[EdrError]) -> str:
        """Write what the server did, whose it is, and what to do."""
        return f"Carbon Black {self._account.name} ({self._account.url}) {what}. {advice(kind)}"


class _Outcome(NamedTuple):
    """What one try came to, how long the server asks to wait (None: it does not), and whether to send it again."""

    result: Answer | EdrError
    wait: float | None = None
    is_passing: bool = False


class _TooMuchError(Exception):
    """The server sends more than is read."""


class _Allowance(threading.local):
    """What the request of this thread may still take: time and bytes. Sockets ask it, for libraries do not."""

    def __init__(self) -> None:
        self._deadline = math.inf
        self._bytes = math.inf

    def of(self, deadline: float, size: int) -> _Allowance:
        self._deadline, self._bytes = deadline, size
        return self

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exception: object) -> None:
        self._deadline = self._bytes = math.inf

    def seconds(self) -> float | None:
        """Return the seconds that are left (None: any number)."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise socket.timeout("the request's time is over")
        return None if left == math.inf else left

    def take(self, size: int) -> int:
        """Count so many bytes against the allowance."""
        self._bytes -= size
        if self._bytes < 0:
            raise _TooMuchError
        return size


_allowance = _Allowance()


class _Bounded(socket.socket):
    """A mixin before a socket's class: what is left of the request bounds each of its reads and writes."""

    def recv(self, *args: int) -> bytes:
        self.settimeout(_allowance.seconds())
        data = super().recv(*args)
        _allowance.take(len(data))
        return data

    def recv_into(self, *args: Any) -> int:  # noqa: ANN401 - a buffer, and numbers
        self.settimeout(_allowance.seconds())
        return _allowance.take(super().recv_into(*args))

    def send(self, *args: Any) -> int:  # noqa: ANN401 - likewise
        self.settimeout(_allowance.seconds())
        return super().send(*args)

    def sendall(self, *args: Any) -> None:  # noqa: ANN401 - likewise
        self.settimeout(_allowance.seconds())
        super().sendall(*args)


class _TlsSocket(_Bounded, ssl.SSLSocket):
    """A TLS connection; the context makes it."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - ssl's own signature
        self.settimeout(_allowance.seconds())
        super().do_handshake(block)


class _Connection(HTTPSConnection):
    """A connection that tries each of the server's addresses only while there is time."""

    def _new_conn(self) -> socket.socket:
        trouble: OSError = OSError("no address")
        try:
            for family, kind, protocol, _, address in socket.getaddrinfo(
                self.host.strip("[]"), self.port, 0, socket.SOCK_STREAM
            ):
                plain = _Bounded(family, kind, protocol)
                try:
                    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    plain.settimeout(min(_CONNECT_TIMEOUT, _allowance.seconds() or _CONNECT_TIMEOUT))
                    plain.connect(address)
                    plain.settimeout(_allowance.seconds())  # that of the handshake, which has a deadline of its own
                except OSError as error:
                    plain.close()
                    trouble = error
                else:
                    return plain
        except (OSError, UnicodeError) as error:
            trouble = error if isinstance(error, OSError) else OSError(str(error))
        if isinstance(trouble, socket.timeout):
            raise ConnectTimeoutError(self, "no connection in time") from trouble
        raise NewConnectionError(self, "no connection") from trouble


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection


class _TlsAdapter(HTTPAdapter):
    """HTTPS with the account's own trust: its PEM alone where it has one, the public CAs otherwise."""

    def __init__(self, account: Account) -> None:
        self._pool_options: dict[str, Any] = {"ssl_context": _tls_context(account)}
        if not account.is_host_name_checked:
            self._pool_options["assert_hostname"] = False
        # Not blocking: who sends is bounded already, and a wait for a connection would have no end.
        super().__init__(pool_connections=1, pool_maxsize=account.requests_in_flight)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - requests' own signature
        super().init_poolmanager(*args, **{**kwargs, **self._pool_options})  # type: ignore[no-untyped-call]
        self.poolmanager.pool_classes_by_scheme = {"https": _Pool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - requests' own signature
        manager = super().proxy_manager_for(  # type: ignore[no-untyped-call]
            proxy, **kwargs, **self._pool_options, proxy_ssl_context=_proxy_context()
        )
        manager.pool_classes_by_scheme = {"https": _Pool}
        return manager

    def build_response(self, req: Any, resp: Any) -> requests.Response:  # noqa: ANN401 - requests' own signature
        """Build a response without cookies: http.cookiejar takes a time that grows with their square."""
        response = requests.Response()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        response.raw, response.request = resp, req
        return response

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ANN401, ARG002
        """Leave trust to the context: requests would add the public CAs to the account's own."""
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None
        conn.ca_cert_dir = None


def _tls_context(account: Account) -> ssl.SSLContext:
    # Not create_default_context: from Python 3.13 it is strict about extensions that Carbon Black's own
    # self-signed certificate does not have.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = _TlsSocket
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


def _proxy_context() -> ssl.SSLContext:
    """Trust a proxy that speaks TLS itself as urllib3 would, by the public CAs and the machine's own."""
    context: ssl.SSLContext = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)  # type: ignore[no-untyped-call]
    context.sslsocket_class = _TlsSocket
    context.load_default_certs()
    context.load_verify_locations(cafile=certifi.where())
    return context


def _unpacked(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Unpack gzip or deflate, at most one layer, a bounded piece at a time: a few bytes may unpack to gigabytes."""
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        yield from pieces
        return
    if name not in {"gzip", "x-gzip", "deflate"}:
        raise zlib.error("an encoding that was not asked for")
    unpacker: Any = None
    start = b""
    for piece in pieces:
        packed = start + piece
        if unpacker is None and len(packed) < _ZLIB_HEADER:
            start = packed
            continue
        if unpacker is None:
            start, unpacker = b"", zlib.decompressobj(_window(name, packed))
        data = unpacker.decompress(packed, _PIECE)
        while data:
            yield data
            data = unpacker.decompress(unpacker.unconsumed_tail, _PIECE)
    if start or (unpacker is not None and not unpacker.eof):
        raise zlib.error("it is cut off")


_ZLIB_HEADER = 2
_ZLIB_STARTS = (b"\x08", b"\x18", b"\x28", b"\x38", b"\x48", b"\x58", b"\x68", b"\x78")


def _window(name: str, start: bytes) -> int:
    """Build a decompressor for what comes: gzip, or deflate with its header, or (as some servers send it) without."""
    if name != "deflate":
        return 16 + zlib.MAX_WBITS
    has_header = start[:1] in _ZLIB_STARTS and int.from_bytes(start[:2], "big") % 31 == 0  # RFC 1950, 2.2
    return zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS


def _retry_after(text: str | None) -> float | None:
    """Read how long the server asks to wait, at most 5 s (None: it does not say, or nothing that can be read)."""
    if text is None or len(text) > _LONGEST_DATE:
        return None
    try:
        seconds = float(text) if text.strip().isdigit() else _seconds_until(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT) if math.isfinite(seconds) else None


def _seconds_until(date: str) -> float:
    return email.utils.parsedate_to_datetime(date).timestamp() - time.time()


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Return an error and all that stands behind it, as Python, requests and urllib3 each keep it."""
    pending, seen = [error], set()
    while pending:
        one = pending.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            behind = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
            pending += [cause for cause in behind if isinstance(cause, BaseException)]


_CLOSED = "does not accept connections"
# The first kind of exception that is among the causes says what happened.
_TROUBLES: tuple[tuple[Any, type[EdrError], str], ...] = (
    ((_TooMuchError, MemoryError), TooLargeError, "sent more than is read at once"),
    (requests.exceptions.ProxyError, UnreachableError, "is not reached: the proxy does not let through"),
    (socket.gaierror, UnreachableError, "has a name that no DNS server knows"),
    (NewConnectionError, UnreachableError, _CLOSED),
    (ConnectTimeoutError, UnreachableError, "does not accept a connection in time"),
    ((socket.timeout, requests.exceptions.Timeout), TimedOutError, "did not answer within {} s"),
    (requests.exceptions.SSLError, UnreachableError, "does not speak TLS 1.2 or later on this port"),
    (requests.exceptions.ConnectionError, UnreachableError, _CLOSED),
    ((HTTPError, zlib.error), NotCarbonBlackError, "broke off in the middle of its answer"),
)

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
    ("certificate has expired", "has a certificate that has run out", "Have the server's certificate renewed"),
    (
        "certificate verify failed",
        "has a certificate from a CA that the account does not trust",
        advice(CertificateError),
    ),
)


def _certificate_trouble(causes: list[BaseException]) -> str | None:
    # Only what TLS itself says: any other text may be the server's own.
    text = " ".join(str(cause) for cause in causes if isinstance(cause, (ssl.SSLError, SSLError, CertificateMismatch)))
    return next((f"{what}. {way_out}" for sign, what, way_out in _TLS_WORDS if sign in text.lower()), None)
