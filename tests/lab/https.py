"""An HTTPS server on 127.0.0.1 for the stand-ins: a function from request to response, and ways to misbehave."""

from __future__ import annotations

import datetime as dt
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Callable
from urllib.parse import parse_qs, unquote, urlsplit

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    import socket

    from typing_extensions import Self


@dataclass(frozen=True)
class Request:
    """One HTTP request; `target` is the path with its query string as it came, `path` is decoded."""

    verb: str
    target: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    """One HTTP response. `cut_after` sends that many bytes of the body and closes; `hang` never answers."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    hang: bool = False


@dataclass(frozen=True)
class Identity:
    """A server certificate with its key, and the PEM that a client must trust to accept it."""

    configure: Callable[[ssl.SSLContext], None]
    trust_pem: str


def issued_for(*names: str) -> Identity:
    """Make a certificate for these names from a CA of its own."""
    authority = trustme.CA()
    certificate = authority.issue_cert(*names)
    return Identity(certificate.configure_cert, authority.cert_pem.bytes().decode())


def asking_clients(*names: str) -> Identity:
    """Make a certificate of a server that wants one of its clients as well."""
    identity, clients = issued_for(*names), trustme.CA()

    def configure(context: ssl.SSLContext) -> None:
        identity.configure(context)
        clients.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED

    return Identity(configure, identity.trust_pem)


def self_signed_for(name: str, directory: str) -> Identity:
    """Make a bare self-signed certificate, without extensions, as Carbon Black's own default one is."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    path = f"{directory}/{name.replace('/', '_')}.pem"
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123 - ssl wants a file's name
        file.write(key_pem + pem)
    return Identity(lambda context: context.load_cert_chain(path), pem)


class HttpsServer:
    """Serve `answer` until stopped; start with `with`."""

    def __init__(self, answer: Callable[[Request], Response], identity: Identity | None = None) -> None:
        """Bind a free port of 127.0.0.1; serving starts with `with`."""
        self.identity = identity or issued_for("127.0.0.1", "localhost")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.identity.configure(context)
        self._stopping = threading.Event()
        self._server = _Server(_handler(answer, self._stopping), context)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.port = self._server.server_address[1]

    @property
    def connections(self) -> int:
        """How many connections it has accepted."""
        return self._server.accepted

    @property
    def url(self) -> str:
        """Where it listens: `https://127.0.0.1:<port>`."""
        return f"https://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop serving and wake whatever hangs."""
        self.stop()

    def end_connections(self) -> None:
        """End the connections that are open, as a server does with idle ones; it goes on serving."""
        self._server.end_all()

    def stop(self) -> None:
        """Stop serving; connections that are open are closed."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._server.shutdown()
        self._server.close_all()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self._context = context
        self._open: set[socket.socket] = set()
        self.accepted = 0

    def get_request(self) -> tuple[socket.socket, object]:
        plain, address = super().get_request()
        # The handshake waits for the connection's own thread, so a slow client holds up nobody.
        connection = self._context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        self._open.add(connection)
        self.accepted += 1
        return connection, address

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        self._open.discard(request)
        super().shutdown_request(request)

    def close_all(self) -> None:
        self.server_close()
        self.end_all()

    def end_all(self) -> None:
        for connection in list(self._open):
            super().shutdown_request(connection)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that break off are part of the tests."""


def _handler(answer: Callable[[Request], Response], stopping: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            request = Request(
                self.command,
                self.path,
                unquote(parts.path),
                parse_qs(parts.query, keep_blank_values=True),
                {name.lower(): value for name, value in self.headers.items()},
                body,
            )
            self._send(answer(request))

        do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = do_PATCH = do_OPTIONS = _serve  # noqa: N815 - the standard library's names

        def _send(self, response: Response) -> None:
            if response.hang:
                stopping.wait(600)
                self.close_connection = True
                return
            self.send_response_only(response.status)
            self.send_header("Date", response.headers.get("Date") or self.date_time_string())
            self.send_header("Content-Type", response.content_type)
            self.send_header("Content-Length", str(len(response.body)))
            # Without this header splunklib closes its socket before it reads the body.
            self.send_header("Connection", self.headers.get("Connection", "keep-alive"))
            for name, value in response.headers.items():
                if name != "Date":
                    self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(response.body[: response.cut_after])
            self.wfile.flush()
            if response.cut_after is not None:
                self.close_connection = True

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    return Handler
