"""What a request may still take, in time and in bytes, and sockets that keep to it."""

from __future__ import annotations

import math
import socket
import ssl
import threading
import time
from typing import Any


class TooMuchError(Exception):
    """The server sends more than is read."""


class Allowance(threading.local):
    """What the request of this thread may still take: time and bytes. Sockets ask it, for libraries do not."""

    def __init__(self) -> None:
        """Start without bounds."""
        self._deadline = math.inf
        self._bytes = math.inf

    def of(self, deadline: float, size: int) -> Allowance:
        """Set what the request of this thread may take: until when (`time.monotonic`), and how many bytes."""
        self._deadline, self._bytes = deadline, size
        return self

    def __enter__(self) -> None:
        """Begin a request, within what `of` says."""

    def __exit__(self, *exception: object) -> None:
        """End it: without a request there are no bounds."""
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
            raise TooMuchError
        return size


allowance = Allowance()
"""What the request of this thread may still take."""


class BoundedSocket(socket.socket):
    """A mixin before a socket's class: what is left of the request bounds each of its reads and writes."""

    def recv(self, *args: int) -> bytes:
        self.settimeout(allowance.seconds())
        data = super().recv(*args)
        allowance.take(len(data))
        return data

    def recv_into(self, *args: Any) -> int:  # noqa: ANN401 - a buffer, and numbers
        self.settimeout(allowance.seconds())
        return allowance.take(super().recv_into(*args))

    def send(self, *args: Any) -> int:  # noqa: ANN401 - likewise
        self.settimeout(allowance.seconds())
        return super().send(*args)

    def sendall(self, *args: Any) -> None:  # noqa: ANN401 - likewise
        self.settimeout(allowance.seconds())
        super().sendall(*args)


class BoundedTlsSocket(BoundedSocket, ssl.SSLSocket):
    """A TLS connection; the context makes it."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - ssl's own signature
        self.settimeout(allowance.seconds())
        super().do_handshake(block)
