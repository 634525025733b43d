"""Connections to splunkd that are kept between requests, for splunk-sdk's sessions.

The SDK opens one for each request, with a TLS handshake each time; one row takes several requests. No certificate
authorities are loaded: splunkd is this very host, and its certificate is nobody's to vouch for (as the SDK has it).
"""

from __future__ import annotations

import select
import ssl
import threading
import time
from functools import lru_cache, partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from io import BytesIO
from typing import Any, Callable, Dict, List, Mapping, Tuple
from urllib.parse import urlsplit

LONGEST_IDLE = 8.0
"""Seconds after which a connection is not used again; splunkd itself ends idle ones after 12."""

_MOST_IDLE = 8
_Address = Tuple[str, str, int]


class KeptConnections:
    """Connections that nobody uses at the moment; safe to use from several threads, each request on one of its own.

    They say nothing of whom they were used for: each request brings its own token.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._idle: Dict[_Address, List[Tuple[HTTPConnection, float]]] = {}
        self._lock = threading.Lock()

    def handler(self, timeout: float) -> Callable[..., dict[str, Any]]:
        """Return what sends the requests of one of the SDK's sessions; `timeout` is in seconds, for each request."""
        return partial(self._request, timeout)

    def _request(self, timeout: float, url: str, message: Mapping[str, Any], **_: object) -> dict[str, Any]:
        verb, body = message.get("method", "GET"), message.get("body", "")
        data = body.encode("utf-8") if isinstance(body, str) else body
        parts = urlsplit(url)
        headers = {"Accept": "*/*", "Connection": "keep-alive", "Content-Length": str(len(data))}
        headers.update(message["headers"])
        address = parts.scheme, parts.hostname or "", parts.port or 8089
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection = self._take(address)
        if connection is not None:
            try:
                return self._exchange(connection, address, timeout, (verb, path, data, headers))
            except _NotSentError:
                pass  # splunkd has ended it in this very moment, and has got nothing whole of the request
        return self._exchange(_open(address, timeout), address, timeout, (verb, path, data, headers))

    def _exchange(
        self, connection: HTTPConnection, address: _Address, timeout: float, request: Tuple[str, str, bytes, Any]
    ) -> dict[str, Any]:
        is_kept = connection.sock is not None
        try:
            if connection.sock is not None:
                connection.sock.settimeout(timeout)
            _send(connection, request, is_kept=is_kept)
            response = connection.getresponse()
            body = response.read()
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            self._give_back(address, connection)
        return {
            "status": response.status,
            "reason": response.reason,
            "headers": response.getheaders(),
            "body": BytesIO(body),
        }

    def _take(self, address: _Address) -> HTTPConnection | None:
        """Take out a connection that can be used (None: there is none)."""
        with self._lock:
            idle = self._idle.get(address, [])
            while idle:
                connection, since = idle.pop()
                if time.monotonic() - since < LONGEST_IDLE and not _is_ended(connection):
                    return connection
                connection.close()
        return None

    def _give_back(self, address: _Address, connection: HTTPConnection) -> None:
        with self._lock:
            idle = self._idle.setdefault(address, [])
            if len(idle) < _MOST_IDLE:
                idle.append((connection, time.monotonic()))
                return
        connection.close()


class _NotSentError(Exception):
    """A kept connection ended before the request was sent whole."""


def _send(connection: HTTPConnection, request: Tuple[str, str, bytes, Any], *, is_kept: bool) -> None:
    try:
        connection.request(*request)
    except (ConnectionError, HTTPException) as error:
        if is_kept:
            raise _NotSentError from error
        raise


def _open(address: _Address, timeout: float) -> HTTPConnection:
    scheme, host, port = address
    if scheme == "http":
        return HTTPConnection(host, port, timeout=timeout)
    return HTTPSConnection(host, port, timeout=timeout, context=_trusting())


@lru_cache(maxsize=1)
def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _is_ended(connection: HTTPConnection) -> bool:
    """Return whether the other side has ended a connection, or has said something that nobody asked for."""
    if connection.sock is None:
        return True
    try:
        readable, _, _ = select.select([connection.sock], [], [], 0)
    except (ValueError, OSError):  # more files are open than `select` can tell, or it is closed already
        return True
    return bool(readable)


kept = KeptConnections()
"""Those of this process."""
