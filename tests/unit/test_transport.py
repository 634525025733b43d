"""How a request is sent, sent again, and read: waits, deadlines, packed answers, and what each trouble is called."""

from __future__ import annotations

import gzip
import math
import socket
import time
import zlib
from email.utils import formatdate
from itertools import islice
from typing import Callable, Iterator

import pytest
import requests

from cbverdict.carbonblack.https import failures
from cbverdict.carbonblack.https.adapter import TlsAdapter
from cbverdict.carbonblack.https.allowance import Allowance, BoundedSocket, TooMuchError, allowance
from cbverdict.carbonblack.https.retry_after import retry_after
from cbverdict.carbonblack.https.transport import Request, Response, Transport
from cbverdict.carbonblack.https.unpacking import unpacked
from cbverdict.errors import EdrError, TimedOutError, TooLargeError, UnreachableError
from cbverdict.settings.account import Account
from tests.lab.edr.server import TOKEN
from tests.lab.hostile import Exchange, HostileServer

INFO = Request("GET", "/api/info")
OK = {"version": "7.5.0"}


class Script:
    """Response the first requests by these statuses, and all later ones well; each has its headers."""

    def __init__(self, *statuses: str, headers: tuple[str, ...] = ()) -> None:
        """Store them."""
        self._left = iter(statuses)
        self._headers = headers

    def __call__(self, exchange: Exchange) -> None:
        """Response."""
        status = next(self._left, "200 OK")
        exchange.answer(OK, *self._headers, status=status)


def _send(
    script: Callable[[Exchange], object],
    seconds: float = 60.0,
    retries: int = 2,
    max_bytes: int = 1 << 20,
    timeout: float = 30.0,
) -> tuple[Response | EdrError, int, float]:
    """Send a request; give what came of it, how often it was counted, and how long it took."""
    counted: list[int] = []
    with HostileServer(script) as server:
        account = Account("lab", server.url, TOKEN, ca_certificate=server.trust_pem, timeout=timeout)
        transport = Transport(account, retries, max_bytes)
        started = time.monotonic()
        result: Response | EdrError
        try:
            result = transport.send(INFO, started + seconds, lambda: counted.append(1))
        except EdrError as error:
            result = error
        took = time.monotonic() - started
        transport.close()
    assert len(counted) == len(server.heads)
    return result, len(counted), took


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Mon, 02 Nov 2026 08:00:00 GMT", 1_793_606_400.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("Thu, 31 Dec 2099 23:59:59 GMT", 4_102_444_799.0),
        ("Fri, 01 Jan 2100 00:00:00 GMT", None),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 946_684_800.0),
        ("Fri, 31 Dec 1999 23:59:59 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("yesterday", None),
    ],
)
def test_a_servers_time_is_believed_within_a_century(date: str, seconds: float | None) -> None:
    """One that no clock has would be counted with, and end what counts."""
    with HostileServer(Script(headers=(f"Date: {date}",))) as server:
        transport = Transport(Account("lab", server.url, TOKEN, ca_certificate=server.trust_pem), 0, 1000)
        transport.send(INFO, time.monotonic() + 60, lambda: None)
        transport.close()
    ahead = None if seconds is None else seconds - time.time()
    assert transport.clock_offset == (ahead if ahead is None else pytest.approx(ahead, abs=60))


def test_a_servers_clock_is_compared_with_the_middle_of_the_second_that_it_says() -> None:
    """Over many answers that is off by nothing, though HTTP tells whole seconds."""
    at: list[float] = []

    def script(exchange: Exchange) -> None:
        at.append(time.time())
        exchange.answer(OK, "Date: Mon, 02 Nov 2026 08:00:00 GMT")

    with HostileServer(script) as server:
        transport = Transport(Account("lab", server.url, TOKEN, ca_certificate=server.trust_pem), 0, 1000)
        transport.send(INFO, math.inf, lambda: None)
        at.append(time.time())
        transport.close()
    assert transport.clock_offset is not None
    assert 1_793_606_400.5 - at[1] <= transport.clock_offset <= 1_793_606_400.5 - at[0]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_pass_is_sent_twice_more_after_growing_waits(status: int) -> None:
    """0.3 s and 0.6 s; the last answer counts, whatever it is."""
    result, sent, took = _send(Script(*[f"{status} x"] * 5))
    assert isinstance(result, Response)
    assert (result.status, sent) == (status, 3)
    assert 0.9 <= took < 10
    result, sent, took = _send(Script(f"{status} x"))
    assert (result, sent) == (Response(200, bytearray(b'{"version": "7.5.0"}')), 2)
    assert took >= 0.3


def test_each_wait_is_twice_as_long_as_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the server does not say how long."""
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    assert _send(Script(*["503 x"] * 5), retries=3)[1] == 4
    assert waits == [0.3, 0.6, 1.2]


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 500, 501, 505])
def test_what_will_not_pass_is_sent_once(status: int) -> None:
    """It would be the same again."""
    result, sent, _ = _send(Script(f"{status} x"))
    assert isinstance(result, Response)
    assert (result.status, sent) == (status, 1)


def test_no_more_tries_are_made_than_are_allowed() -> None:
    """None but the first for who waits."""
    assert _send(Script(*["503 x"] * 5), retries=0)[1] == 1
    assert _send(Script(*["503 x"] * 5), retries=1)[1] == 2


def test_the_server_says_how_long_to_wait() -> None:
    """No wait at all, or a second."""
    _, sent, quick = _send(Script("429 x", headers=("Retry-After: 0",)))
    assert sent == 2
    _, sent, slow = _send(Script("429 x", headers=("Retry-After: 1",)))
    assert sent == 2
    assert slow >= 1.0 > quick - 0.3


def test_a_wait_that_does_not_fit_before_the_deadline_is_not_begun() -> None:
    """The answer at hand is the answer."""
    result, sent, took = _send(Script("503 x"), seconds=0.25)
    assert isinstance(result, Response)
    assert (result.status, sent) == (503, 1)
    assert took < 0.25


def test_what_is_late_already_is_not_sent() -> None:
    """Nor counted."""
    result, sent, _ = _send(Script(), seconds=-1.0)
    assert (type(result), sent) == (TimedOutError, 0)
    assert "was not asked any more: the time is over" in str(result)


@pytest.mark.parametrize(("seconds", "timeout"), [(1.0, 30.0), (60.0, 1.0)])
def test_a_server_that_says_nothing_is_left_at_the_deadline_or_the_accounts_time_out(
    seconds: float, timeout: float
) -> None:
    """Whichever is first, and there is no second try: it would have no time."""
    result, sent, took = _send(lambda exchange: exchange.stopping.wait(30), seconds, timeout=timeout)
    assert (type(result), sent) == (TimedOutError, 1)
    assert "did not answer within 1 s" in str(result)
    assert 1.0 <= took < 5


def test_a_server_that_was_quick_and_says_nothing_is_asked_once_more() -> None:
    """After three seconds at least: one connection that hangs must not hold what others wait for."""
    silent = {2}
    asked: list[float] = []

    def script(exchange: Exchange) -> None:
        asked.append(time.monotonic())
        if len(asked) in silent:
            exchange.stopping.wait(30)
        else:
            exchange.answer(OK)

    with HostileServer(script) as server:
        transport = Transport(Account("lab", server.url, TOKEN, ca_certificate=server.trust_pem, timeout=30.0), 2, 1000)
        for _ in range(2):
            assert transport.send(INFO, math.inf, lambda: None).status == 200
        transport.close()
    assert len(asked) == 3
    assert 2.9 <= asked[2] - asked[1] < 10


def test_who_makes_no_other_try_waits_as_long_as_there_is_time() -> None:
    """However quick the server was: nobody would ask again."""
    asked: list[None] = []

    def script(exchange: Exchange) -> None:
        asked.append(None)
        exchange.stopping.wait(3.2 if len(asked) > 1 else 0.0)
        exchange.answer(OK)

    with HostileServer(script) as server:
        transport = Transport(Account("lab", server.url, TOKEN, ca_certificate=server.trust_pem, timeout=60.0), 0, 1000)
        for _ in range(2):
            assert transport.send(INFO, math.inf, lambda: None).status == 200
        transport.close()
    assert len(asked) == 2


@pytest.mark.parametrize(("slowest", "patience"), [(0.0, math.inf), (0.1, 3.0), (0.5, 5.0)])
def test_ten_times_as_long_as_any_answer_took_is_lost(slowest: float, patience: float) -> None:
    """Three seconds at least; before the first answer nobody knows."""
    transport = Transport(Account("lab", "https://localhost", TOKEN), 2, 1000)
    transport._slowest = slowest  # noqa: SLF001 - a clock would show it roughly, after seconds
    assert transport._patience() == patience  # noqa: SLF001 - likewise
    transport.close()


@pytest.mark.parametrize(("size", "is_read"), [(1000, True), (1001, False)])
def test_no_more_is_read_than_is_allowed(size: int, *, is_read: bool) -> None:
    """To the byte, packed or not."""
    for body, headers in ((b"x" * size, ()), (gzip.compress(b"x" * size), ("Content-Encoding: gzip",))):
        result, sent, _ = _send(lambda exchange, b=body, h=headers: exchange.answer(b, *h), max_bytes=1000)  # type: ignore[misc]
        if is_read:
            assert result == Response(200, bytearray(b"x" * size))
        else:
            assert (type(result), sent) == (TooLargeError, 1)


def test_headers_are_read_up_to_a_quarter_of_a_megabyte() -> None:
    """A server's own are far less; without end they would fill the memory."""
    many = [f"X-{number}: {'x' * 2000}" for number in range(90)]
    assert isinstance(_send(lambda exchange: exchange.answer(OK, *many), max_bytes=1000)[0], Response)
    endless = [f"X-{number}: {'x' * 4000}" for number in range(90)]
    assert isinstance(_send(lambda exchange: exchange.answer(OK, *endless), max_bytes=1000)[0], TooLargeError)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("3", 3.0),
        (" 3 ", 3.0),
        ("0", 0.0),
        ("5", 5.0),
        ("6", 5.0),
        ("99999999999999999999", 5.0),
        ("9" * 101, None),
        ("9" * 100, 5.0),
        ("-3", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 31 Dec 2999 23:59:59 GMT", 5.0),
        ("Fri, 99 Dec 2999 23:59:59 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    """At most five seconds; what cannot be read is not said."""
    assert retry_after(text) == seconds


def test_a_date_soon_is_waited_for() -> None:
    """To the second."""
    seconds = retry_after(formatdate(time.time() + 3, usegmt=True))
    assert seconds is not None
    assert 1.0 < seconds <= 3.0


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


RAW = b"answer " * 30_000


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        (" GZIP ", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data, 1)),
        ("deflate", lambda data: zlib.compress(data, 9)),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),
        ("identity", bytes),
        ("", bytes),
    ],
)
def test_one_layer_is_unpacked_in_bounded_pieces(encoding: str, pack: Callable[[bytes], bytes], size: int) -> None:
    """However the pieces fall; a packed piece may hold gigabytes."""
    found = list(unpacked(_pieces(pack(RAW), size), encoding))
    assert b"".join(found) == RAW
    assert max(map(len, found)) <= (size if encoding in {"identity", ""} else 1 << 16)


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("br", b"x"),
        ("gzip, gzip", gzip.compress(b"x")),
        ("gzip", b"nonsense"),
        ("gzip", gzip.compress(RAW)[:-9]),
        ("gzip", b"\x1f"),
        ("deflate", zlib.compress(RAW)[:-5]),
        ("deflate", b"x"),
    ],
    ids=["unknown", "two layers", "nonsense", "gzip cut off", "a byte of gzip", "deflate cut off", "a byte of deflate"],
)
def test_what_is_packed_otherwise_or_cut_off_is_an_error(encoding: str, data: bytes) -> None:
    """And no answer in part."""
    with pytest.raises(zlib.error):
        list(unpacked(iter([data]), encoding))


def _raw(*, is_multiple: bool) -> tuple[bytes, bytes]:
    """Find data that, packed bare, begins with no header's first byte, and with a multiple of 31 or none."""
    for number in range(100_000):
        data = number.to_bytes(3, "big") * (number % 7 + 1)
        raw = zlib.compress(data)[2:-4]
        if raw[0] & 0x8F != 0x08 and (int.from_bytes(raw[:2], "big") % 31 == 0) == is_multiple:
            return data, raw
    raise AssertionError("there is none")


@pytest.mark.parametrize("is_multiple", [False, True])
def test_what_has_half_of_a_header_has_none(*, is_multiple: bool) -> None:
    """Some servers send deflate without; a header's first two bytes are a multiple of 31, and others may be as well."""
    data, raw = _raw(is_multiple=is_multiple)
    assert b"".join(unpacked(iter([raw]), "deflate")) == data


@pytest.mark.parametrize("receive", [lambda one: one.recv(100), lambda one: one.recv_into(bytearray(100))])
def test_a_socket_takes_no_more_than_its_request_may(receive: Callable[[socket.socket], object]) -> None:
    """In bytes, and in time, whichever way a library reads or writes."""
    here, there = socket.socketpair()
    bounded = BoundedSocket(fileno=here.detach())
    with bounded, there:
        there.sendall(b"abcd")
        with allowance.of(time.monotonic() + 60, 4):
            receive(bounded)
            there.sendall(b"e")
            with pytest.raises(TooMuchError):
                receive(bounded)
        with allowance.of(time.monotonic() + 0.05, 4), pytest.raises(socket.timeout):
            receive(bounded)
        with allowance.of(time.monotonic() - 1, 4):
            for write in (bounded.send, bounded.sendall):
                with pytest.raises(socket.timeout):
                    write(b"x")
        with allowance.of(time.monotonic() + 60, 4):
            assert bounded.send(b"x") == 1
            bounded.sendall(b"yz")
        assert there.recv(10) == b"xyz"


def test_a_socket_gives_what_was_sent() -> None:
    """Whichever way a library reads: into what it has, or what it is given."""
    here, there = socket.socketpair()
    with BoundedSocket(fileno=here.detach()) as bounded, there:
        there.sendall(b"abcdef")
        into = bytearray(2)
        assert (bounded.recv(4), bounded.recv_into(into), bytes(into)) == (b"abcd", 2, b"ef")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_nothing_packed_is_nothing(encoding: str) -> None:
    """An answer without a body has a header about it all the same."""
    assert list(unpacked(iter([]), encoding)) == []


def test_what_an_answer_may_still_take_is_counted() -> None:
    """To the byte, and to the deadline; outside a request there is no limit."""
    bounds = Allowance()
    assert (bounds.seconds(), bounds.take(1 << 60)) == (None, 1 << 60)
    with bounds.of(time.monotonic() + 60, 10):
        left = bounds.seconds()
        assert left is not None
        assert 59 < left <= 60
        assert bounds.take(4) == 4
        assert bounds.take(6) == 6
        with pytest.raises(TooMuchError):
            bounds.take(1)
    with bounds.of(time.monotonic() - 1, 10), pytest.raises(socket.timeout):
        bounds.seconds()
    assert (bounds.seconds(), bounds.take(1 << 60)) == (None, 1 << 60)


def test_a_request_is_late_as_soon_as_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that has no second left would not wait at all, and raise something else than a time-out."""
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    bounds = Allowance()
    with bounds.of(100.5, 10):
        assert bounds.seconds() == 0.5
    with bounds.of(100.0, 10), pytest.raises(socket.timeout):
        bounds.seconds()


def test_a_connection_that_there_is_no_time_for_is_late_and_not_refused() -> None:
    """What is refused may be accepted a little later, and is asked again."""
    account = Account("lab", "https://127.0.0.1:9", TOKEN)
    adapter, request = TlsAdapter(account), requests.Request("GET", account.url).prepare()
    with allowance.of(time.monotonic() - 1, 10), pytest.raises(requests.exceptions.ConnectTimeout):
        adapter.send(request)
    adapter.close()  # type: ignore[no-untyped-call]


def test_what_stands_behind_an_error_is_looked_at_once_each() -> None:
    """Two errors may each stand behind the other."""
    one, other = OSError("one"), OSError("other")
    one.__cause__, other.__cause__ = other, one
    assert list(islice(failures._causes(one), 3)) == [one, other]  # noqa: SLF001 - bounded here, for whoever else asks would never end


def test_what_speaks_something_else_is_not_reached() -> None:
    """As after a connection that closes before it answers, which may pass."""

    def speak(exchange: Exchange) -> bool:
        exchange.send(b"SSH-2.0-OpenSSH\r\n\r\n")
        return False

    result, sent, _ = _send(speak)
    assert (type(result), sent) == (UnreachableError, 3)


def test_a_request_has_the_token_and_asks_for_json_as_it_is() -> None:
    """And keeps its connection: the second goes over the first one's."""
    with HostileServer(Script()) as server:
        transport = Transport(Account("lab", server.url, TOKEN, ca_certificate=server.trust_pem), 0, 1000)
        for _ in range(2):
            transport.send(Request("POST", "/api/v1/binary?x=y", {"q": ["a"]}), math.inf, lambda: None)
        transport.close()
    head = server.heads[0].split("\r\n")
    assert head[0] == "POST /api/v1/binary?x=y HTTP/1.1"
    for line in (f"X-Auth-Token: {TOKEN}", "Accept: application/json", "Accept-Encoding: identity"):
        assert line in head
    assert server.heads[0] == server.heads[1]
