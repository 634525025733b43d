"""The client against a real HTTPS server: every way in which Carbon Black can fail is one row of one table."""

from __future__ import annotations

import json
import socket
import threading
from base64 import b64encode
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Callable, Iterator

import pytest

from cbverdict.carbonblack.edr.client import EdrClient
from cbverdict.carbonblack.edr.query import binary_query, joint_query
from cbverdict.errors import (
    CertificateError,
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
from cbverdict.settings.account import Account
from cbverdict.verdicts.evidence import Binaries, Hits, ProcessCount
from cbverdict.verdicts.hashes import Md5
from cbverdict.verdicts.signature import Signature
from tests.lab.edr.estate import Estate, Start
from tests.lab.edr.server import TOKEN, VERSION, EdrServer, Fault
from tests.lab.https import HttpsServer, Identity, Request, Response, issued_for, self_signed_for

A, B = Md5("a" * 32), Md5("b" * 32)
SIGNED = 'digsig_result:"Signed"'


@pytest.fixture
def estate() -> Estate:
    """Give one signed binary that ran."""
    estate = Estate()
    estate.add_binary(A, "Signed", r"C:\a.exe", publisher="Example Corp", sign_time="2026-01-01T00:00:00Z")
    estate.add_process(Start(A, r"C:\a.exe", segments=2))
    return estate


@pytest.fixture
def account(edr: EdrServer) -> Account:
    """Give an account for the simulator."""
    return Account("lab", edr.url, TOKEN, ca_certificate=edr.trust_pem)


@pytest.fixture
def client(account: Account) -> Iterator[EdrClient]:
    """Give a client of the simulator."""
    client = EdrClient(account)
    yield client
    client.close()


def _client(account: Account, fault: Fault) -> EdrClient:
    """Make a client that waits for a second where it waits in vain; a busy machine may take longer to answer."""
    return EdrClient(replace(account, timeout=1.0) if fault is Fault.HANG else account)


def test_the_client_reads_what_the_server_says(client: EdrClient) -> None:
    """Version, joint query, binary search, published request."""
    assert client.version() == VERSION
    assert client.find_processes(joint_query([A, B], SIGNED)) == Hits(frozenset({A}), is_complete=True)
    known = {"sign_time": "2026-01-01T00:00:00Z", "original_name": "a.exe", "observed_names": "a.exe", "md5": A}
    signature = Signature("Signed", publisher="Example Corp", **known)
    assert client.find_binaries(binary_query([A, B]), 2) == Binaries({A: signature}, is_complete=True)
    assert client.count_published(A, "a.exe") == ProcessCount(0, is_complete=True)
    assert client.request_count == 4


def test_batches_are_posted_and_the_published_request_is_a_get(client: EdrClient, edr: EdrServer) -> None:
    """Byte for byte, with the token in a header."""
    client.find_processes(joint_query([A], SIGNED))
    client.count_published(A, "my tool.exe")
    (posted_verb, posted_target, body), (verb, target, _) = edr.requests
    assert (posted_verb, posted_target) == ("POST", "/api/v1/process")
    assert json.loads(body) == {
        "q": [f"process_md5:{A} {SIGNED}"],
        "rows": 0,
        "start": 0,
        "facet": ["true"],
        "facet.field": ["process_md5"],
        "cb.urlver": ["1"],
    }
    query = f"q=process_md5%3A{A}%20digsig_prog_name%3A%22my%20tool.exe%22&rows=1&start=0&sort="
    assert (verb, target) == ("GET", f"/api/v1/process?{query}")


FAILURES: list[tuple[Fault, type[EdrError], str]] = [
    (Fault.BAD_TOKEN, UnauthorizedError, "answered 401. Carbon Black refused the API token"),
    (Fault.FORBIDDEN, ForbiddenError, "answered 403. The API token's user lacks a right"),
    (Fault.QUERY_SYNTAX, QueryRefusedError, r"answered 400 \(query_syntax_error\)"),
    (Fault.JOIN_BLOCKED, QueryRefusedError, "use `method=binary`"),
    (Fault.NOT_FOUND, NotCarbonBlackError, "answered 404"),
    (Fault.REDIRECT, NotCarbonBlackError, "answered 302"),
    (Fault.TOO_MANY, RateLimitedError, "answered 429"),
    (Fault.CRASH, ServerFailedError, "answered 500"),
    (Fault.BAD_GATEWAY, ServerFailedError, "answered 502"),
    (Fault.UNAVAILABLE, ServerFailedError, "answered 503"),
    (Fault.GATEWAY_TIMEOUT, ServerFailedError, "answered 504"),
    (Fault.HANG, TimedOutError, "did not answer within 1 s"),
    (Fault.CUT_BODY, NotCarbonBlackError, "not a JSON object|broke off"),
    (Fault.NOT_JSON, NotCarbonBlackError, "not a JSON object"),
    (Fault.OTHER_JSON, NotCarbonBlackError, "not a search result"),
]


@pytest.mark.parametrize(("fault", "error", "words"), FAILURES)
def test_every_failure_has_its_error_and_says_what_to_do(
    account: Account, edr: EdrServer, fault: Fault, error: type[EdrError], words: str
) -> None:
    """And names the account and its URL."""
    edr.fail(fault)
    client = _client(account, fault)
    with pytest.raises(error, match=words) as caught:
        client.find_processes(joint_query([A], SIGNED))
    client.close()
    assert str(caught.value).startswith(f"Carbon Black lab ({edr.url}) ")
    assert str(caught.value).endswith(advice(error))
    assert TOKEN not in str(caught.value)
    assert "<" not in str(caught.value), "a foreign body is never repeated"


def test_a_search_that_was_cut_short_is_not_complete(client: EdrClient, edr: EdrServer) -> None:
    """incomplete_results is an answer, and no proof of absence."""
    edr.fail(Fault.INCOMPLETE)
    assert client.find_processes(joint_query([A], SIGNED)) == Hits(frozenset(), is_complete=False)
    assert client.find_binaries(binary_query([A]), 1) == Binaries({}, is_complete=False)
    assert client.count_published(A, "a.exe") == ProcessCount(0, is_complete=False)


@pytest.mark.parametrize("fault", [Fault.TOO_MANY, Fault.BAD_GATEWAY, Fault.UNAVAILABLE, Fault.GATEWAY_TIMEOUT])
def test_a_passing_failure_is_retried(client: EdrClient, edr: EdrServer, fault: Fault) -> None:
    """And counted: the server saw two requests."""
    edr.fail(fault, "/api/info", times=1)
    assert client.version() == VERSION
    assert client.request_count == len(edr.requests) == 2


def test_a_document_that_contradicts_another_of_the_same_hash_counts(client: EdrClient, edr: EdrServer) -> None:
    """One a hash is the rule; where there are two, the doubt wins."""
    edr.estate.add_binary(A, "Bad Signature", r"C:\a.exe")
    assert client.find_binaries(binary_query([A]), 5).signatures[A].result == "Bad Signature"
    assert not client.find_binaries(binary_query([A]), 1).is_complete, "one of two came"


@pytest.mark.parametrize("fault", [Fault.BAD_TOKEN, Fault.QUERY_SYNTAX, Fault.CRASH, Fault.HANG])
def test_a_failure_that_will_not_pass_is_not_retried(account: Account, edr: EdrServer, fault: Fault) -> None:
    """A second try would only cost the server."""
    edr.fail(fault, "/api/info")
    client = _client(account, fault)
    with pytest.raises(EdrError):
        client.version()
    client.close()
    assert len(edr.requests) == 1


def test_a_server_that_is_gone_is_unreachable(client: EdrClient, edr: EdrServer) -> None:
    """Before the first request, and between two."""
    client.version()
    edr.stop()
    with pytest.raises(UnreachableError, match="does not accept connections"):
        client.version()


def test_a_connection_that_closes_without_an_answer_is_unreachable() -> None:
    """Something listens there and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            while True:
                try:
                    listener.accept()[0].close()
                except OSError:
                    return

        threading.Thread(target=hang_up, daemon=True).start()
        client = EdrClient(Account("lab", f"https://127.0.0.1:{listener.getsockname()[1]}", TOKEN, timeout=2.0))
        with pytest.raises(UnreachableError):
            client.version()
        listener.shutdown(socket.SHUT_RDWR)


TLS: list[tuple[Callable[[str], Identity], str, bool, str | None]] = [
    (lambda _: issued_for("127.0.0.1"), "own", True, None),
    (lambda _: issued_for("127.0.0.1"), "none", True, "from a CA|self-signed"),
    (lambda _: issued_for("127.0.0.1"), "other", True, "from a CA|self-signed"),
    (lambda _: issued_for("cb.example"), "own", True, "for another name"),
    (lambda _: issued_for("cb.example"), "own", False, None),
    (lambda _: issued_for("cb.example"), "other", False, "from a CA|self-signed"),
    (lambda path: self_signed_for("Self-signed Carbon Black Server", path), "own", False, None),
    (lambda path: self_signed_for("Self-signed Carbon Black Server", path), "own", True, "for another name"),
    (lambda path: self_signed_for("Self-signed Carbon Black Server", path), "none", False, "self-signed"),
]


def test_a_name_that_nobody_knows_and_a_port_without_tls_are_called_so() -> None:
    """Not a matter of certificates."""
    with pytest.raises(UnreachableError, match="no DNS server knows"):
        EdrClient(Account("lab", "https://nosuchhost.invalid", TOKEN, timeout=2.0)).version()
    plain = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    threading.Thread(target=plain.serve_forever, args=(0.05,), daemon=True).start()
    with pytest.raises(UnreachableError, match="does not speak TLS"):
        EdrClient(Account("lab", f"https://127.0.0.1:{plain.server_port}", TOKEN, timeout=2.0)).version()
    plain.shutdown()
    plain.server_close()


@pytest.mark.parametrize(("identity", "trust", "is_name_checked", "words"), TLS)
def test_trust_is_what_the_account_says_and_the_name_is_a_switch_of_its_own(
    tmp_path: Path,
    estate: Estate,
    identity: Callable[[str], Identity],
    trust: str,
    is_name_checked: bool,  # noqa: FBT001 - a column of the table
    words: str | None,
) -> None:
    """A CA, the vendor's bare self-signed certificate pasted as it is, another CA, none."""
    with EdrServer(estate, identity(str(tmp_path))) as edr:
        pem = {"own": edr.trust_pem, "other": issued_for("127.0.0.1").trust_pem, "none": ""}[trust]
        account = Account("lab", edr.url, TOKEN, ca_certificate=pem, is_host_name_checked=is_name_checked)
        client = EdrClient(account)
        if words is None:
            assert client.version() == VERSION
        else:
            with pytest.raises(CertificateError, match=words):
                client.version()
            assert not edr.requests, "the token was not sent"
        client.close()


def test_the_environment_is_ignored(client: EdrClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Proxies and bundles come from the account alone."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    assert client.version() == VERSION


def test_a_redirect_does_not_carry_the_token_elsewhere(account: Account) -> None:
    """Only the account's own server ever sees it."""
    seen: list[Request] = []

    def elsewhere(request: Request) -> Response:
        seen.append(request)
        return Response(200, b"{}")

    with HttpsServer(elsewhere) as other:
        moved = Response(302, headers={"Location": f"{other.url}/api/info"})
        with HttpsServer(lambda _: moved) as server:
            pem = server.identity.trust_pem + other.identity.trust_pem
            client = EdrClient(replace(account, url=server.url, ca_certificate=pem))
            with pytest.raises(NotCarbonBlackError, match="answered 302"):
                client.version()
            client.close()
    assert not seen


def test_a_proxy_is_used_and_its_password_never_shown(account: Account) -> None:
    """The request goes to the proxy; when that refuses, the error names no credentials."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                seen.append(connection.recv(4096))
                connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                connection.close()

        threading.Thread(target=refuse, daemon=True).start()
        proxy = f"http://jdoe:hunter2%E2%82%AC@127.0.0.1:{listener.getsockname()[1]}"
        client = EdrClient(replace(account, proxy=proxy))
        with pytest.raises(UnreachableError, match="the proxy refuses its user or password") as caught:
            client.version()
        listener.shutdown(socket.SHUT_RDWR)
    assert seen[0].startswith(b"CONNECT 127.0.0.1:")
    assert b64encode("jdoe:hunter2\u20ac".encode()) in seen[0], "in UTF-8, as RFC 7617 has it"
    assert "hunter2" not in str(caught.value)
    assert "jdoe" not in str(caught.value)
