"""A server that speaks TLS and then sends whatever bytes a test wants, as slowly as it wants."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Iterable

from tests.lab.https import issued_for

if TYPE_CHECKING:
    from typing_extensions import Self

Script = Callable[["Exchange"], object]


@dataclass(frozen=True)
class Exchange:
    """One request, and the way to answer it; a script that returns False has the connection closed."""

    connection: ssl.SSLSocket
    head: bytes
    body: bytes
    stopping: threading.Event

    @property
    def path(self) -> str:
        """What is asked for."""
        return self.head.split(b" ")[1].decode()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.connection.sendall(data)

    def drip(self, pieces: Iterable[bytes], every: float) -> None:
        """Send piece after piece, until the server stops."""
        for piece in pieces:
            if self.stopping.wait(every):
                return
            self.connection.sendall(piece)

    def answer(self, body: bytes | dict[str, Any], *headers: str, status: str = "200 OK") -> None:
        """Send a whole answer."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(content)}", "", ""]
        self.connection.sendall("\r\n".join(lines).encode("latin-1") + content)


class HostileServer:
    """Answer each request by a script; use it as a context manager."""

    def __init__(self, script: Script) -> None:
        """Bind a free port of 127.0.0.1."""
        identity = issued_for("127.0.0.1", "localhost")
        self.trust_pem = identity.trust_pem
        self.script = script
        self.heads: list[str] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        identity.configure(self._context)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._stopping = threading.Event()
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        """Start serving."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop serving, and all drips."""
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), self._context.wrap_socket(plain, server_side=True) as connection:
            reader = connection.makefile("rb")
            while not self._stopping.is_set():
                lines = list(iter(lambda: reader.readline().strip(), b""))
                if not lines:
                    return
                head = b"\r\n".join(lines)
                body = reader.read(_length(head))
                self.heads.append(head.decode("latin-1"))
                if self.script(Exchange(connection, head, body, self._stopping)) is False:
                    return


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0
