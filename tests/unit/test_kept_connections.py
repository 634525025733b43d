"""Connections to splunkd stay open between requests, and one that has ended costs no request."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Iterator

import pytest

from cbverdict.splunkd import kept_connections
from cbverdict.splunkd.kept_connections import KeptConnections
from tests.lab.https import HttpsServer, Request, Response


class Splunkd:
    """A server that says what it was asked; `before` is called first."""

    def __init__(self) -> None:
        """Start with nothing asked."""
        self.asked: list[tuple[str, str, bytes, str]] = []
        self.before: Callable[[Request], object] = str
        self.response: Response | None = None

    def answer(self, request: Request) -> Response:
        """Note a request and answer it."""
        self.before(request)
        self.asked.append((request.verb, request.target, request.body, request.headers["authorization"]))
        return self.response or Response(200, request.body or b"nothing", headers={"X-Kind": "lab"})


@pytest.fixture
def splunkd() -> Splunkd:
    """Give what answers."""
    return Splunkd()


@pytest.fixture
def server(splunkd: Splunkd) -> Iterator[HttpsServer]:
    """Give a running server."""
    with HttpsServer(splunkd.answer) as server:
        yield server


def _send(
    kept: KeptConnections, server: HttpsServer, body: str = "", verb: str = "POST", timeout: float = 30.0
) -> dict[str, Any]:
    message = {"method": verb, "headers": [("Authorization", f"Splunk {verb}")], "body": body}
    return kept.handler(timeout)(f"{server.url}/services/x?a=%2F", message)


def test_requests_share_a_connection_and_each_brings_its_own_token(splunkd: Splunkd, server: HttpsServer) -> None:
    """As splunk-sdk's own handler answers: status, reason, headers, a body that can be read."""
    kept = KeptConnections()
    first, second = _send(kept, server, "ü"), _send(kept, server, verb="GET")
    assert (first["status"], first["reason"], first["body"].read()) == (200, "OK", "ü".encode())
    assert ("X-Kind", "lab") in second["headers"]
    assert splunkd.asked == [
        ("POST", "/services/x?a=%2F", "ü".encode(), "Splunk POST"),
        ("GET", "/services/x?a=%2F", b"", "Splunk GET"),
    ]
    assert server.connections == 1


def test_requests_at_once_have_connections_of_their_own(splunkd: Splunkd, server: HttpsServer) -> None:
    """Which are then all kept."""
    kept, meeting = KeptConnections(), threading.Barrier(3)
    splunkd.before = lambda _: meeting.wait(30)
    with ThreadPoolExecutor(3) as pool:
        for _ in range(2):
            texts = ["a", "b", "c"]
            replies = list(pool.map(lambda text: _send(kept, server, text)["body"].read().decode(), texts))
            assert replies == texts
    assert server.connections == 3


def test_a_connection_that_splunkd_ended_is_not_used_again(splunkd: Splunkd, server: HttpsServer) -> None:
    """Each request arrives, and arrives once."""
    kept = KeptConnections()
    _send(kept, server, "first")
    server.end_connections()
    assert _send(kept, server, "second")["status"] == 200
    assert [body for _, _, body, _ in splunkd.asked] == [b"first", b"second"]
    assert server.connections == 2


def test_an_idle_connection_is_given_up_before_splunkd_does(
    server: HttpsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends them after twelve seconds of its own."""
    kept = KeptConnections()
    monkeypatch.setattr(kept_connections, "LONGEST_IDLE", 0.0)
    for _ in range(2):
        _send(kept, server)
    assert server.connections == 2


def test_the_time_out_is_each_requests_own(splunkd: Splunkd, server: HttpsServer) -> None:
    """On a connection that another one has left; what failed is not kept, and not sent twice."""
    kept = KeptConnections()
    _send(kept, server)
    splunkd.response = Response(hang=True)
    with pytest.raises(OSError, match="timed out"):
        _send(kept, server, "once", timeout=0.2)
    assert [body for _, _, body, _ in splunkd.asked] == [b"", b"once"]
    splunkd.response = None
    assert _send(kept, server, "again")["status"] == 200
    assert server.connections == 2


def test_an_answer_that_is_cut_is_an_error_and_not_asked_for_again(splunkd: Splunkd, server: HttpsServer) -> None:
    """What was learnt must not be counted twice."""
    kept = KeptConnections()
    _send(kept, server)
    splunkd.response = Response(200, b"x" * 100, cut_after=10)
    with pytest.raises(Exception, match="IncompleteRead"):
        _send(kept, server, "once")
    assert len(splunkd.asked) == 2
