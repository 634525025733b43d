"""A server that wants us to wait for ever, to run out of memory, or to fall over something: it gets none of it."""

from __future__ import annotations

import gzip
import itertools
import json
import re
import socket
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable

import pytest

from cbverdict.carbonblack.edr.client import EdrClient
from cbverdict.errors import (
    EdrError,
    InvalidRequestError,
    NotCarbonBlackError,
    SetupError,
    TimedOutError,
    TooLargeError,
)
from cbverdict.service.account_check import check_account
from cbverdict.service.turns import MAX_OF_ONE
from cbverdict.settings.account import Account
from cbverdict.splunkd.conf import SplunkdConfiguration
from cbverdict.splunkd.rest import ServiceCall
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.host import Row
from tests.lab.hostile import Exchange, HostileServer, Script
from tests.lab.inputs import InputHost
from tests.lab.site import Site
from tests.lab.waiting import wait_for

OK = b"HTTP/1.1 200 OK\r\n"
SECOND = 1.0
"""The account's time-out in these tests."""

NOTHING: dict[str, Any] = {"version": "7.5.0", "total_results": 0, "results": [], "facets": {}}


def _drip(start: bytes, piece: bytes = b" ") -> Script:
    def script(exchange: Exchange) -> bool:
        exchange.send(start)
        exchange.drip(itertools.repeat(piece), 0.1)
        return False

    return script


DRIPS: dict[str, Script] = {
    "headers": _drip(OK + b"X-A: ", b"a"),
    "a status line": _drip(b"", b"H"),
    "a body of known length": _drip(OK + b"Content-Length: 4000\r\n\r\n"),
    "one large chunk": _drip(OK + b"Transfer-Encoding: chunked\r\n\r\nfa0\r\n"),
    "small chunks": _drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "the size of a chunk": _drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "trailers": _drip(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
    "HTTP/1.0": _drip(b"HTTP/1.0 200 OK\r\n\r\n"),
    "100 Continue": _drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a packed body": _drip(
        OK + b"Content-Encoding: gzip\r\nContent-Length: 4000\r\n\r\n" + gzip.compress(b" " * 9)[:10]
    ),
    "the body of a refusal": _drip(b"HTTP/1.1 503 x\r\nContent-Length: 4000\r\n\r\n"),
    "nothing": lambda exchange: exchange.stopping.wait(60),
}


def _client(server: HostileServer, **settings: Any) -> EdrClient:
    return EdrClient(Account("a", server.url, TOKEN, server.trust_pem, **{"timeout": SECOND, **settings}))


@pytest.mark.parametrize("script", DRIPS.values(), ids=DRIPS)
def test_a_request_ends_when_it_said_whatever_is_dripped(script: Script) -> None:
    """A time-out between two bytes would never come."""
    with HostileServer(script) as server:
        started = time.monotonic()
        with pytest.raises(EdrError):
            _client(server).version(started + 0.5)
        assert time.monotonic() - started < 3 * SECOND


def test_a_handshake_and_a_proxy_that_drip_end_as_well() -> None:
    """What stands between counts like the server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        held: list[socket.socket] = []

        def hold() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                held.append(connection)
                threading.Thread(target=_drip_plain, args=(connection,), daemon=True).start()

        threading.Thread(target=hold, daemon=True).start()
        for account in (
            Account("a", f"https://127.0.0.1:{port}", TOKEN, timeout=SECOND),
            Account("a", "https://127.0.0.1:9", TOKEN, proxy=f"http://127.0.0.1:{port}", timeout=SECOND),
            Account("a", "https://127.0.0.1:9", TOKEN, proxy=f"https://127.0.0.1:{port}", timeout=SECOND),
        ):
            started = time.monotonic()
            with pytest.raises(EdrError):
                EdrClient(account).version()
            assert time.monotonic() - started < 3 * SECOND
        listener.shutdown(socket.SHUT_RDWR)
        for connection in held:
            connection.close()


def _drip_plain(connection: socket.socket) -> None:
    try:
        connection.recv(4096)
        for byte in itertools.chain(b"HTTP/1.1 200 OK\r\nX: ", itertools.repeat(0x61)):
            connection.sendall(bytes([byte]))
            time.sleep(0.1)  # It must stay: how slowly it drips is what is tested.
    except OSError:
        return


def test_a_setup_check_ends_when_it_said(bare_site: Site) -> None:
    """Splunk Web waits 30 s; the page would show a failure of Splunk's."""
    configuration = SplunkdConfiguration(bare_site.splunkd.url, bare_site.splunkd.system_token)
    with HostileServer(DRIPS["a body of known length"]) as server:
        body = {"name": "m", "url": server.url, "api_token": TOKEN, "ca_certificate": server.trust_pem}
        started = time.monotonic()
        with pytest.raises(SetupError, match="Check URL and port"):
            check_account(json.dumps(body), configuration, 1.0)
        assert time.monotonic() - started < 4.0


def _layers(layers: int, megabytes: int) -> bytes:
    packers = [zlib.compressobj(9, zlib.DEFLATED, 31) for _ in range(layers)]

    def through(data: bytes, *, is_last: bool) -> bytes:
        for packer in packers:
            data = packer.compress(data) + (packer.flush() if is_last else b"")
        return data

    return b"".join(through(b" " * 2**20, is_last=number == megabytes - 1) for number in range(megabytes))


def _packed(body: bytes, encoding: str) -> Script:
    return lambda exchange: exchange.answer(body, f"Content-Encoding: {encoding}")


BOMBS: dict[str, Callable[[], Script]] = {
    "one layer": lambda: _packed(_layers(1, 200), "gzip"),
    "two layers": lambda: _packed(_layers(2, 200), "gzip, gzip"),
    "three layers": lambda: _packed(_layers(3, 200), "gzip,gzip,gzip"),
    "deflate": lambda: _packed(zlib.compress(b" " * (200 * 2**20)), "deflate"),
    "six thousand layers": lambda: _packed(b"x" * 100, ", ".join(["gzip"] * 6000)),
    "an encoding nobody asked for": lambda: _packed(b"x" * 100, "br"),
    "a length of 1 GB": lambda: (
        lambda exchange: exchange.send(OK + b"Content-Length: 1073741824\r\n\r\n" + b" " * (8 * 2**20))
    ),
    "a chunk size without end": lambda: (
        lambda exchange: exchange.send(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * (8 * 2**20))
    ),
    "a header without end": lambda: lambda exchange: exchange.send(OK + b"X: " + b"a" * (8 * 2**20)),
    "headers without end": lambda: lambda exchange: exchange.send(OK + b"X: a\r\n" * 2**20),
    "a redirect that is packed": lambda: (
        lambda exchange: exchange.answer(
            _layers(3, 200), "Location: /x", "Content-Encoding: gzip, gzip, gzip", status="302 x"
        )
    ),
    "cookies": lambda: (
        lambda exchange: exchange.answer(
            NOTHING, *(f"Set-Cookie: c{number}={'v' * 4000}" for number in range(55)), status="500 x"
        )
    ),
    "lists": lambda: lambda exchange: exchange.answer(b'{"results":[' + b"[]," * 1_000_000 + b"0]}"),
    "objects": lambda: lambda exchange: exchange.answer(b'{"results":[' + b'{"a":1},' * 500_000 + b"0]}"),
    "depth": lambda: lambda exchange: exchange.answer(b'{"results":' + b"[" * 200_000),
    "a number": lambda: lambda exchange: exchange.answer(b'{"version":' + b"9" * (3 * 2**20) + b"}"),
    "a wide text": lambda: (
        lambda exchange: exchange.answer(
            ('{"total_results":1,"results":["\U0001f600' + "a" * (3 * 2**20 - 200) + '"]}').encode()
        )
    ),
}


@pytest.mark.parametrize("make", BOMBS.values(), ids=BOMBS)
def test_the_handlers_memory_is_bounded_whatever_comes(bare_site: Site, make: Callable[[], Script]) -> None:
    """A few bytes may become gigabytes; with all requests in flight at once it stays under 150 MB, and the rows."""
    with HostileServer(make()) as server:
        bare_site.save_account("lab", url=server.url, api_token=TOKEN, ca_certificate=server.trust_pem, timeout="5")
        result = bare_site.search([{"md5": f"{number:032x}"} for number in range(1, 800)], "timeout=3", "anomaly=false")
        assert {row["signed"] for row in result.rows} == {"unknown"}
        assert len(result.rows) == 799
        assert _peak(bare_site) < 150


def _peak(site: Site) -> float:
    status = Path(f"/proc/{site.splunkd.handlers['cbsigned/verdicts'].pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


ODD: dict[str, Script] = {
    "a redirect to nowhere": lambda exchange: exchange.send(
        b"HTTP/1.1 302 x\r\nLocation: /\xff\r\nContent-Length: 0\r\n\r\n"
    ),
    "a redirect to another host": lambda exchange: exchange.answer(b"", "Location: https://[", status="307 x"),
    "a wait until a day that is none": lambda exchange: exchange.answer(
        b"", "Retry-After: Fri, 99 Dec 99999 23:59:59 GMT", status="503 x"
    ),
    "a wait of centuries": lambda exchange: exchange.answer(b"", "Retry-After: 9999999999999999999", status="429 x"),
    "a negative chunk": lambda exchange: exchange.send(OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n108\r\n{}"),
    "a chunk of no size": lambda exchange: exchange.send(
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
    ),
    "a negative length": lambda exchange: exchange.send(OK + b"Content-Length: -7\r\n\r\n{}"),
    "no HTTP": lambda exchange: exchange.send(b"\0\xff\r\n\r\n"),
    "HTTP/9": lambda exchange: exchange.send(b"HTTP/9.9 abc\r\n\r\n"),
    "two encodings": _packed(b"{}", "gzip, identity"),
    "packed badly": _packed(b"not packed", "gzip"),
    "cut while packed": _packed(gzip.compress(b'{"version": "7"}')[:-9], "gzip"),
    "a foreign encoding of text": lambda exchange: exchange.answer(b"\xff\xfe\x00"),
    "NaN": lambda exchange: exchange.answer(b'{"version": NaN, "total_results": NaN, "results": []}'),
    "a total of true": lambda exchange: exchange.answer(b'{"version": 7, "total_results": true, "results": []}'),
}


@pytest.mark.parametrize("script", ODD.values(), ids=ODD)
def test_whatever_is_odd_is_an_error_of_ours(script: Script) -> None:
    """One that escaped would be called a defect of the add-on, and would end an input."""
    with HostileServer(lambda exchange: script(exchange) or False) as server:
        client = _client(server)
        deadline = time.monotonic() + 6 * SECOND
        for ask in (
            lambda: client.version(deadline),
            lambda: client.find_processes("x", deadline),
            lambda: client.find_binaries("x", 1, deadline),
        ):
            with pytest.raises(EdrError):
                ask()


def test_a_wait_that_does_not_fit_is_not_begun() -> None:
    """Retry-After is honoured up to 5 s, but a search that has one second left does not sleep for five."""
    with HostileServer(lambda exchange: exchange.answer(b"", "Retry-After: 99999", status="429 x")) as server:
        started = time.monotonic()
        with pytest.raises(EdrError, match="answered 429"):
            _client(server).version(started + SECOND)
        assert time.monotonic() - started < SECOND
        assert len(server.heads) == 1


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),
        ("identity", bytes),
        ("", bytes),
    ],
)
def test_a_server_that_packs_unasked_is_read(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    """Some proxies do."""
    with HostileServer(_packed(pack(json.dumps(NOTHING).encode()), encoding)) as server:
        assert _client(server).version() == "7.5.0"
        assert "Accept-Encoding: identity" in server.heads[0]


def test_a_packed_answer_that_comes_a_byte_at_a_time_is_read() -> None:
    """The first two bytes say how it is packed."""
    packed = zlib.compress(json.dumps(NOTHING).encode())

    def script(exchange: Exchange) -> None:
        exchange.send(OK + b"Content-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n\r\n")
        exchange.drip((b"1\r\n%c\r\n" % byte for byte in packed), 0)
        exchange.send(b"0\r\n\r\n")

    with HostileServer(script) as server:
        assert _client(server, timeout=10.0).version() == "7.5.0"


def test_what_is_too_large_is_asked_for_in_parts(bare_site: Site) -> None:
    """Binaries that a hundred thousand endpoints have list them all; each half is smaller."""

    def script(exchange: Exchange) -> None:
        md5s = re.findall(r"md5:([0-9a-f]{32})", exchange.body.decode())
        if exchange.path != "/api/v1/binary":
            return exchange.answer(NOTHING)
        size = {f"{1:032x}": 5_000_000}
        documents = [
            {"md5": md5.upper(), "digsig_result": "Signed", "endpoint": ["x" * size.get(md5, 90_000)]} for md5 in md5s
        ]
        return exchange.answer({"total_results": len(documents), "results": documents})

    with HostileServer(script) as server:
        bare_site.save_account("lab", url=server.url, api_token=TOKEN, ca_certificate=server.trust_pem)
        rows = bare_site.search([{"md5": f"{number:032x}"} for number in range(1, 101)], "anomaly=false").rows
    assert [row["signed"] for row in rows] == ["unknown", *["true"] * 99]
    assert rows[0]["signed_reason"] == "incomplete"


def test_errors_tell_time_outs_from_bombs_from_nonsense() -> None:
    """Each says whose fault it is."""
    kinds: list[tuple[Script, type[EdrError]]] = [
        (DRIPS["nothing"], TimedOutError),
        (_packed(zlib.compress(b" " * (9 * 2**20)), "deflate"), TooLargeError),
        (lambda exchange: ODD["a negative chunk"](exchange) or False, NotCarbonBlackError),
    ]
    for script, kind in kinds:
        patience = SECOND if kind is TimedOutError else 30.0
        with HostileServer(script) as server, pytest.raises(kind):
            _client(server, timeout=patience).version()


def test_a_server_that_dripped_holds_up_no_search_once_it_is_well(bare_site: Site) -> None:
    """It filled the pool and the handler for as long as it liked, for every account."""

    def well(exchange: Exchange) -> None:
        md5s = re.findall(r"md5:([0-9a-f]{32})", exchange.body.decode())
        found = [{"md5": md5.upper(), "digsig_result": "Unsigned"} for md5 in md5s]
        is_binary = exchange.path == "/api/v1/binary"
        exchange.answer({**NOTHING, "total_results": len(found), "results": found} if is_binary else NOTHING)

    with HostileServer(DRIPS["a body of known length"]) as server:
        bare_site.save_account("lab", url=server.url, api_token=TOKEN, ca_certificate=server.trust_pem, timeout="2")
        many: list[Row] = [{"md5": f"{number:032x}"} for number in range(1, 900)]
        dripped = bare_site.search(many, "timeout=3", "anomaly=false")
        assert {row["signed_reason"] for row in dripped.rows} == {"timeout"}
        server.script = well
        healed = bare_site.search([{"md5": "a" * 32}], "timeout=20", "anomaly=false")
        assert [row["signed_reason"] for row in healed.rows] == ["unsigned"]


def test_a_stored_answer_does_not_wait_for_a_server_that_says_nothing(bare_site: Site, edr: EdrServer) -> None:
    """One call at a time is what splunkd hands the handler: none of them may hold it."""
    edr.estate.add_binary("a" * 32, "Signed", "c:\\a.exe")
    bare_site.save_account("well", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
    gate = threading.Event()
    with HostileServer(lambda _: not gate.wait(300)) as server, ThreadPoolExecutor(4) as searches:
        trust = server.trust_pem
        bare_site.save_account("ill", url=server.url, api_token=TOKEN, ca_certificate=trust, timeout="300")
        bare_site.search([{"md5": "a" * 32}], "server=well")
        slow = [
            searches.submit(bare_site.search, [{"md5": f"{number + 1:032x}"}], "server=ill", "timeout=300")
            for number in range(4)
        ]
        for _ in range(3):
            assert bare_site.search([{"md5": "a" * 32}], "server=well").rows[0]["signed_source"] == "cache"
        assert not any(search.done() for search in slow), "they still wait"
        gate.set()
        assert {str(search.result().rows[0]["signed"]) for search in slow} == {"unknown"}


@pytest.mark.parametrize("kind", ["cbsigned_processes", "cbsigned_binaries"])
@pytest.mark.parametrize("name", ["a negative chunk", "a wait until a day that is none"])
def test_an_input_waits_and_says_so_whatever_comes(bare_site: Site, kind: str, name: str) -> None:
    """An error that escaped would end it, with nothing in the log."""
    with HostileServer(lambda exchange: ODD[name](exchange) or False) as server:
        bare_site.save_account("lab", url=server.url, api_token=TOKEN, ca_certificate=server.trust_pem, timeout="2")
        run = InputHost(bare_site, kind).start()
        wait_for(lambda: "attempt=2 wait_seconds" in bare_site.logs())
        assert run.process.poll() is None
        run.terminate()
        assert run.wait() == 0


def test_a_conf_that_splunkd_refuses_is_asked_for_once(bare_site: Site) -> None:
    """Solnlib would ask four times for each, and sleep for seven seconds between."""
    bare_site.splunkd.conf_trouble = "503"
    (row,) = bare_site.search([{"md5": "a" * 32}], "timeout=10", "anomaly=false").rows
    assert row["signed_reason"] == "service_error"
    assert len([path for _, _, path in bare_site.splunkd.calls if "cbsigned_settings" in path]) <= 4


def test_a_connection_comes_back_whatever_is_answered() -> None:
    """Four redirects that could not be read held an account for good."""
    with HostileServer(ODD["a redirect to nowhere"]) as server:
        client = _client(server)
        for _ in range(12):
            with pytest.raises(NotCarbonBlackError, match="answered 302"):
                client.version()
        server.script = lambda exchange: exchange.answer(NOTHING)
        assert client.version() == "7.5.0"


def test_no_cookie_is_taken_or_sent() -> None:
    """A bad answer's would be sent for ever, and http.cookiejar takes seconds over them."""
    odd = ["Set-Cookie: a=b", *(f"Set-Cookie2: {',' * 60_000}" for _ in range(3))]
    with HostileServer(lambda exchange: exchange.answer(NOTHING, *odd)) as server:
        client = _client(server)
        assert [client.version() for _ in range(3)] == ["7.5.0"] * 3
        assert not [head for head in server.heads if "cookie" in head.lower()]


@pytest.mark.parametrize("endpoint", ["verdicts", "baselines"])
def test_a_call_that_is_too_large_is_refused_before_it_is_read(bare_site: Site, endpoint: str) -> None:
    """Two characters of JSON become a list of sixty bytes."""
    key = bare_site.splunkd.log_in("analyst", "cbsigned_lookup")
    for body in ('{"questions": [' + "[]," * 1_000_000 + "[]]}", '{"subjects": ["' + "x" * (7 * 2**20) + '"]}'):
        with pytest.raises(InvalidRequestError, match="too large"):
            ServiceCall(bare_site.splunkd.url, key, endpoint).post(body, 60)


def test_an_analyst_holds_the_handler_for_nobody_else(bare_site: Site, edr: EdrServer) -> None:
    """With many requests that nobody fetches, and with one that takes no ticket."""
    edr.estate.add_binary("a" * 32, "Signed", "c:\\a.exe")
    bare_site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
    bare_site.search([{"md5": "a" * 32}])
    edr.delay = 6.0
    service = ServiceCall(bare_site.splunkd.url, bare_site.splunkd.log_in("mallory", "cbsigned_lookup"), "verdicts")
    answers = [
        service.post(json.dumps({"questions": [[f"{number + 1:032x}", None]], "in_turns": True}), 60)
        for number in range(MAX_OF_ONE + 4)
    ]
    assert sum(json.loads(answer) == {"ticket": ""} for answer in answers) == 4, "so many at once, and then later"
    held = json.loads(service.post(json.dumps({"questions": [["f" * 32, None]], "seconds": 3600}), 60))
    assert held["answers"][0]["reason"] == "timeout"
    assert bare_site.search([{"md5": "a" * 32}]).rows[0]["signed_source"] == "cache"


@pytest.mark.parametrize(
    ("results", "total"),
    [
        ([None] * 10, 1000),
        (["x"] * 10, 1000),
        ([{"id": "1", "segment_id": 1, "last_server_update": "2026-11-02T08:00:00.000Z"}], 2**60),
    ],
)
def test_an_input_is_not_led_round_and_round(bare_site: Site, results: list[object], total: int) -> None:
    """By pages that bring nothing on, though there are said to be more: it waits longer and longer, and says why."""

    def script(exchange: Exchange) -> None:
        if exchange.path.startswith("/api/info"):
            exchange.answer({"version": "7.5.0"})
        elif json.loads(exchange.body).get("rows"):
            exchange.answer({"results": results, "total_results": total, "terms": []})
        else:
            exchange.answer({"results": [], "total_results": 0, "terms": [], "facets": {}})

    with HostileServer(script) as server:
        bare_site.save_account("main", url=server.url, api_token=TOKEN, ca_certificate=server.trust_pem)
        run = InputHost(bare_site, "cbsigned_processes").start(page_size="10", start="-2h")
        deadline = time.monotonic() + 20
        while "attempt=2" not in bare_site.logs() and time.monotonic() < deadline:
            time.sleep(0.1)
        run.terminate()
        run.wait()
        assert len(server.heads) < 20
    assert "gives page after page without a row that was not read, and says that there are more" in bare_site.logs()
