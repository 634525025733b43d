"""What the client makes of each answer, well-formed or not, and what it asks; a server says what a test wants."""

from __future__ import annotations

import json
import ssl
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
import trustme

from cbverdict.carbonblack.edr.client import PAGE_BYTES, EdrClient
from cbverdict.carbonblack.edr.page_source import EdrPageSource
from cbverdict.carbonblack.edr.server import EdrServer
from cbverdict.carbonblack.edr.setup_check import ANY_MD5, EdrSetupCheck
from cbverdict.carbonblack.edr.signature_documents import read_signature
from cbverdict.carbonblack.https.trust import proxy_context, tls_context
from cbverdict.carbonblack.port import Image, PageRequest, Row
from cbverdict.errors import (
    CertificateError,
    CutShortError,
    EdrError,
    ForbiddenError,
    NotCarbonBlackError,
    QueryRefusedError,
    RateLimitedError,
    ServerFailedError,
    SetupError,
    TooLargeError,
    UnauthorizedError,
)
from cbverdict.settings.account import Account
from cbverdict.verdicts.evidence import Binaries, Hits, ProcessCount
from cbverdict.verdicts.hashes import Md5
from cbverdict.verdicts.signature import Signature, SignatureStatus
from tests.lab.edr.server import TOKEN
from tests.lab.https import HttpsServer, Identity, Request, Response

A, B = Md5("a" * 32), Md5("b" * 32)
GUID = "00000001-0000-0002-01d5-000000000002"
NOTHING: dict[str, Any] = {"results": [], "total_results": 0}


@dataclass
class Canned:
    """A server that answers every request alike; `asked` is what came."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        """Answer."""
        self.asked.append(request)
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return Response(self.status, body, headers=self.headers)

    @property
    def sent(self) -> tuple[str, Any]:
        """The path and the body of the last request."""
        return self.asked[-1].path, json.loads(self.asked[-1].body)


@pytest.fixture
def canned() -> Canned:
    """Give what the server says."""
    return Canned()


@pytest.fixture
def account(canned: Canned) -> Iterator[Account]:
    """Give an account for it."""
    with HttpsServer(canned) as server:
        yield Account("lab", server.url, TOKEN, ca_certificate=server.identity.trust_pem)


@pytest.fixture
def client(account: Account) -> Iterator[EdrClient]:
    """Give a client of it that tries once."""
    client = EdrClient(account, retries=0)
    yield client
    client.close()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (300, NotCarbonBlackError),
        (304, NotCarbonBlackError),
        (399, NotCarbonBlackError),
        (400, QueryRefusedError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotCarbonBlackError),
        (405, QueryRefusedError),
        (429, RateLimitedError),
        (499, QueryRefusedError),
        (500, ServerFailedError),
        (503, ServerFailedError),
        (599, ServerFailedError),
    ],
)
def test_each_status_is_one_error(client: EdrClient, canned: Canned, status: int, error: type[EdrError]) -> None:
    """With the status in its text."""
    canned.status, canned.body = status, b""
    with pytest.raises(error, match=f"answered {status}"):
        client.version()


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"reason": "query_syntax_error"}, " (query_syntax_error)."),
        ({"reason": "x" * 100}, f" ({'x' * 60})."),
        ({"reason": 5}, "answered 400."),
        ({"reason": None}, "answered 400."),
        ({"reason": "<script>"}, "answered 400."),
        ({"reason": "häßlich"}, "answered 400."),
        ({"reason": ""}, "answered 400."),
        ({"other": "x"}, "answered 400."),
        ([1], "answered 400."),
        (b"<html>", "answered 400."),
        ({"reason": "a", "more": "x" * 5000}, "answered 400."),
    ],
)
def test_of_a_refusal_only_the_vendors_own_code_is_repeated(
    client: EdrClient, canned: Canned, body: Any, shown: str
) -> None:
    """Whatever else is in it may be anybody's."""
    canned.status, canned.body = 400, body
    with pytest.raises(QueryRefusedError) as caught:
        client.version()
    assert shown in str(caught.value)


@pytest.mark.parametrize("body", [{}, {"version": 7}, {"version": None}, [], b"nonsense", b""])
def test_a_server_without_a_version_is_not_carbon_black(client: EdrClient, canned: Canned, body: Any) -> None:
    """Whoever answers."""
    canned.body = body
    with pytest.raises(NotCarbonBlackError):
        client.version()


def test_a_version_is_cut_to_what_a_sentence_holds(client: EdrClient, canned: Canned) -> None:
    """It may be anything."""
    canned.body = {"version": "7" * 1000}
    assert client.version() == "7" * 400


@pytest.mark.parametrize(
    "body", [{}, {"results": []}, {"total_results": 0}, {"results": {}, "total_results": 0},
             {"results": [], "total_results": "0"}, {"results": [], "total_results": True}],
)  # fmt: skip
def test_what_is_no_search_result_is_refused(client: EdrClient, canned: Canned, body: Any) -> None:
    """Whatever was asked for."""
    canned.body = body
    for call in (
        lambda: client.count_published(A, "a.exe"),
        lambda: client.find_processes("q"),
        lambda: client.find_binaries("q", 1),
        lambda: client.process_page("q", 10, 0),
        lambda: client.find_images("q", 10),
    ):
        with pytest.raises(NotCarbonBlackError, match="sent JSON that is not a search result"):
            call()


@pytest.mark.parametrize(
    ("facet", "md5s"),
    [
        ([{"name": A, "value": 3}], {A}),
        ([{"name": A.upper(), "value": 1}, {"name": B, "value": 0}], {A}),
        ([{"name": A, "value": 1}, "nonsense", {"value": 1}, {"name": "x", "value": 1}, {"name": B}], {A}),
        ([], set()),
    ],
)
def test_hits_are_hashes_that_the_facet_counts(client: EdrClient, canned: Canned, facet: Any, md5s: set[Md5]) -> None:
    """An entry that is none, or of nothing, is left out."""
    canned.body = {**NOTHING, "total_results": len(md5s), "facets": {"process_md5": facet}}
    assert client.find_processes("q") == Hits(frozenset(md5s), is_complete=True)
    assert client.find_processes("q").is_complete


@pytest.mark.parametrize("facets", [None, {}, {"process_md5": "x"}, {"process_md5": []}, []])
def test_processes_without_a_facet_of_them_are_no_answer(client: EdrClient, canned: Canned, facets: Any) -> None:
    """To take that for no hit would call what is signed not signed."""
    canned.body = {**NOTHING, "total_results": 2, "facets": facets}
    with pytest.raises(NotCarbonBlackError, match="counts processes otherwise than its facet"):
        client.find_processes("q")


@pytest.mark.parametrize(
    ("total", "count"), [(0, 1), (2, "1"), (2, 0), (2, -1), (2, True), (2, None), (2, 1.5), (0, 0), (-1, 1)]
)
def test_an_answer_that_contradicts_itself_is_no_hit(client: EdrClient, canned: Canned, total: int, count: Any) -> None:
    """What it counts, it names, and the other way round."""
    canned.body = {**NOTHING, "total_results": total, "facets": {"process_md5": [{"name": A, "value": count}]}}
    if (total, count) == (0, 0):
        assert client.find_processes("q") == Hits(frozenset(), is_complete=True)
        return
    with pytest.raises(NotCarbonBlackError):
        client.find_processes("q")


def test_documents_are_read_by_hash_and_the_worse_of_two_counts(client: EdrClient, canned: Canned) -> None:
    """A good one without a hash is left out."""
    canned.body = {
        "results": [
            {"md5": A.upper(), "digsig_result": "Signed"},
            {"md5": B, "digsig_result": "Unsigned"},
            {"md5": A, "digsig_result": "Bad Signature"},
            {"digsig_result": "Signed"},
        ],
        "total_results": 4,
    }
    expected = {A: Signature("Bad Signature", md5=A), B: Signature("Unsigned", md5=B)}
    assert client.find_binaries("q", 5) == Binaries(expected, is_complete=True, has_more=False)
    canned.body["total_results"] = 5
    assert client.find_binaries("q", 5) == Binaries(expected, is_complete=False, has_more=True)
    canned.body.update(total_results=4, incomplete_results=True)
    assert client.find_binaries("q", 5) == Binaries(expected, is_complete=False, has_more=False)


@pytest.mark.parametrize(
    ("again", "status"),
    [
        ({}, "Signed"),
        ({"signed": "Signed", "digsig_result_code": "0"}, "Signed"),
        ({"signed": "signed", "digsig_result_code": "0x00000000"}, "Signed"),
        ({"signed": "(unknown)", "digsig_result_code": ""}, "Signed"),
        ({"signed": "Unsigned", "digsig_result_code": "2148204800"}, "Unsigned"),
        ({"signed": "Bad Signature"}, "Bad Signature"),
        ({"signed": "Signed", "digsig_result_code": "2148098064"}, "Signed, with the error 2148098064"),
        ({"digsig_result_code": "0x800b0100"}, "Signed, with the error 0x800b0100"),
        ({"digsig_result_code": 2148204800}, "Signed, with the error 2148204800"),
        ({"digsig_result_code": 0}, "Signed"),
        ({"signed": False}, "false"),
    ],
)
def test_a_document_that_says_otherwise_elsewhere_is_not_signed(again: dict[str, Any], status: str) -> None:
    """The status stands in three fields; what contradicts itself is no answer."""
    signature = read_signature({"md5": A, "digsig_result": "Signed", "digsig_publisher": "Acme", **again})
    assert signature.result == status
    assert (signature.status is SignatureStatus.SIGNED) is (status == "Signed")


@pytest.mark.parametrize(
    "strange", ["nonsense", None, {}, {"digsig_result": "Bad Signature"}, {"md5": "x", "digsig_result": "Unsigned"}]
)
def test_a_document_that_does_not_name_its_file_may_contradict_each(
    client: EdrClient, canned: Canned, strange: object
) -> None:
    """What is good beside it may be bad."""
    canned.body = {"results": [{"md5": A, "digsig_result": "Signed"}, strange], "total_results": 2}
    assert client.find_binaries("q", 5) == Binaries({A: Signature("Signed", md5=A)}, is_complete=False, has_more=True)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("original_filename", ["PowerShell.EXE"]),
        ("internal_name", {"a": 1}),
        ("internal_name", f"{'x' * 401}powershell.exe"),
        ("observed_filename", {"a": 1}),
        ("observed_filename", [["c:\\windows\\powershell.exe"], "c:\\x\\acme.exe"]),
        ("observed_filename", ["c:\\x\\acme.exe", 7]),
    ],
)
def test_a_name_that_cannot_be_read_is_one_that_is_not_known(
    client: EdrClient, canned: Canned, member: str, value: object
) -> None:
    """It may be a tool's."""
    document = {"md5": A, "digsig_result": "Signed", "digsig_publisher": "Acme", member: value}
    canned.body = {"results": [document], "total_results": 1}
    assert client.find_binaries("q", 5).signatures[A].has_more_names


def test_who_says_nothing_of_tries_has_three(account: Account, canned: Canned) -> None:
    """A search's, where the server may be busy."""
    canned.status = 503
    client = EdrClient(account)
    with pytest.raises(ServerFailedError):
        client.version()
    assert client.request_count == len(canned.asked) == 3
    client.close()


def test_no_content_is_nothing_found(client: EdrClient, canned: Canned) -> None:
    """As Carbon Black says it now and then."""
    canned.status, canned.body = 204, b""
    assert client.count_published(A, "a.exe") == ProcessCount(0, is_complete=True)
    assert client.process_page("q", 10, 0) == ([], True)


@pytest.mark.parametrize(
    ("rows", "total", "skip", "is_last"),
    [(2, 2, 0, True), (2, 3, 0, False), (2, 5, 3, True), (2, 6, 3, False), (0, 9, 3, True), (2, 1, 0, True)],
)
def test_a_page_is_the_last_where_no_more_rows_are_counted(
    client: EdrClient, canned: Canned, rows: int, total: int, skip: int, *, is_last: bool
) -> None:
    """Or where none came: a server may give fewer rows than it was asked for."""
    documents = [{"id": str(number)} for number in range(rows)]
    canned.body = {"results": [*documents], "total_results": total}
    assert client.process_page("q", 10, skip) == (documents, is_last)
    assert client.binary_page("q", 10, skip) == (documents, is_last)


def test_a_page_that_was_cut_short_is_refused(client: EdrClient, canned: Canned) -> None:
    """Rows may be missing in its middle."""
    canned.body = {**NOTHING, "incomplete_results": True}
    with pytest.raises(CutShortError, match="cut a search short"):
        client.process_page("q", 10, 0)
    assert client.find_images("q", 10) == []


def test_each_question_is_asked_in_the_vendors_own_form(client: EdrClient, canned: Canned) -> None:
    """Whole bodies; whoever changes one changes what the server is asked."""
    canned.body = {**NOTHING, "results": ["nonsense", {"id": "1"}]}
    common = {"q": ["x:y"], "rows": 7, "start": 0, "facet": ["false"], "cb.urlver": ["1"]}
    client.find_binaries("x:y", 7)
    assert canned.sent == ("/api/v1/binary", common)
    client.process_page("x:y", 7, 3)
    assert canned.sent == ("/api/v1/process", {**common, "start": 3, "sort": "last_server_update asc"})
    client.binary_page("x:y", 7, 3)
    assert canned.sent == ("/api/v1/binary", {**common, "start": 3, "sort": "server_added_timestamp asc"})
    assert client.find_images("x:y", 7) == [{"id": "1"}]
    assert canned.sent == ("/api/v1/process", {**common, "cb.group": ["id"]})
    assert client.request_count == 4


def test_how_many_there_are_and_how_a_query_is_understood(account: Account, canned: Canned) -> None:
    """Of processes and of binaries; an answer that was cut short counts for nothing."""
    canned.body = {**NOTHING, "total_results": 7, "terms": ["a:b", 3]}
    source = EdrPageSource(account, EdrClient(account, retries=0))
    request = PageRequest("2026-11-02T07:00:00", 0)
    asked: list[Callable[[], object]] = [
        lambda: source.count_processes(request),
        lambda: source.count_binaries(request),
        lambda: source.process_terms("a:b"),
        lambda: source.binary_terms("a:b"),
    ]
    assert [ask() for ask in asked] == [7, 7, ["a:b"], ["a:b"]]
    assert [one.path for one in canned.asked] == ["/api/v1/process", "/api/v1/binary"] * 2
    canned.body["incomplete_results"] = True
    for ask in asked:
        with pytest.raises(CutShortError, match="cut a search short"):
            ask()
    source.close()


@pytest.mark.parametrize(
    ("version", "is_enough"), [("6.0.9", False), ("6.1", True), ("6.1.0", True), ("7.5.0.21", True)]
)
def test_inputs_take_a_server_that_orders_its_pages(
    account: Account, canned: Canned, version: str, *, is_enough: bool
) -> None:
    """Which came with 6.1."""
    canned.body = {"version": version}
    source = EdrPageSource(account, EdrClient(account, retries=0))
    if is_enough:
        source.require_version()
    else:
        with pytest.raises(SetupError, match=r"6\.1 or later"):
            source.require_version()
    source.close()


def _query_of(canned: Canned) -> tuple[str, Any]:
    path, body = canned.sent
    return path, body["q"]


def test_a_page_of_processes_has_the_segments_and_what_they_come_to(account: Account, canned: Canned) -> None:
    """From a second on, by the server's time; a row without an id or a time is one all the same."""
    segment = {"id": GUID, "segment_id": 2, "process_md5": A, "last_server_update": "2026-11-02T07:00:05Z"}
    canned.body = {"results": [segment, {}], "total_results": 4}
    source = EdrPageSource(account, EdrClient(account, retries=0))
    page = source.process_page(PageRequest("2026-11-02T07:00:00", 10, 1, "os_type:x"))
    assert page.rows == [Row(f"{GUID}:2", "2026-11-02T07:00:05Z"), Row("", "")]
    (process,) = page.read()
    assert (process.guid, process.md5, page.is_last) == (GUID, A, False)
    query = "(os_type:x) last_server_update:[2026-11-02T07:00:00 TO *]"
    assert _query_of(canned) == ("/api/v1/process", [query])
    assert (canned.sent[1]["rows"], canned.sent[1]["start"]) == (10, 1)
    source.close()


def test_a_page_of_binaries_has_the_documents_and_what_they_come_to(account: Account, canned: Canned) -> None:
    """One without a hash is a row, and no binary."""
    document = {"md5": A.upper(), "server_added_timestamp": "2026-11-02T07:00:05Z", "digsig_result": "Signed"}
    canned.body = {"results": [document, {}], "total_results": 2}
    source = EdrPageSource(account, EdrClient(account, retries=0))
    page = source.binary_page(PageRequest("2026-11-02T07:00:00", 10))
    assert page.rows == [Row(A.upper(), "2026-11-02T07:00:05Z"), Row("", "")]
    (binary,) = page.read()
    assert (binary.md5, binary.signature, binary.reached) == (A, Signature("Signed", md5=A), "2026-11-02T07:00:05Z")
    assert binary.link == f"{account.url}/#/binary/{A.upper()}"
    assert _query_of(canned) == ("/api/v1/binary", ["server_added_timestamp:[2026-11-02T07:00:00 TO *]"])
    assert (canned.sent[1]["rows"], canned.sent[1]["start"]) == (10, 0)
    assert source.request_count == 1
    source.close()


def test_pages_tell_how_far_ahead_the_servers_clock_is(account: Account, canned: Canned) -> None:
    """Once there was an answer that says the time."""
    canned.body, canned.headers["Date"] = NOTHING, "Mon, 02 Nov 2026 08:00:00 GMT"
    source = EdrPageSource(account, EdrClient(account, retries=0))
    assert source.clock_offset is None
    source.binary_page(PageRequest("2026-11-02T07:00:00", 10))
    assert source.clock_offset == pytest.approx(1_793_606_400.5 - time.time(), abs=60)
    source.close()


def test_of_a_binarys_many_names_twenty_are_kept(account: Account, canned: Canned) -> None:
    """A file may have been seen under thousands."""
    names = [f"c:\\{number}.exe" for number in range(21)]
    canned.body = {"results": [{"md5": A, "observed_filename": names}], "total_results": 1}
    source = EdrPageSource(account, EdrClient(account, retries=0))
    (binary,) = source.binary_page(PageRequest("2026-11-02T07:00:00", 10)).read()
    assert binary.fields["observed_filename"] == names[:20]
    source.close()


def test_parents_are_looked_up_two_hundred_at_a_time(account: Account, canned: Canned) -> None:
    """One that the server does not know is None."""
    guids = [f"00000001-0000-{number:04x}-01d5-000000000000" for number in range(201)]
    canned.body = {"results": [{"id": guids[0], "process_md5": A, "path": "c:\\a.exe"}], "total_results": 1}
    source = EdrPageSource(account, EdrClient(account, retries=0))
    first, second = source.find_images(guids)
    assert (list(first), first[guids[0]], first[guids[1]]) == (guids[:200], Image(A, "c:\\a.exe", ""), None)
    assert list(second) == [guids[200], guids[0]], "what came unasked is known now too"
    assert [json.loads(request.body)["rows"] for request in canned.asked] == [200, 1]
    source.close()


def test_processes_are_looked_up_with_all_their_segments(account: Account, canned: Canned) -> None:
    """Two hundred at a time, the first thousand segments of these; where there are more, of none."""
    guids = [f"00000001-0000-{number:04x}-01d5-000000000000" for number in range(201)]
    canned.body = {"results": [{"id": guids[0], "process_md5": A, "path": "c:\\a.exe"}], "total_results": 1}
    source = EdrPageSource(account, EdrClient(account, retries=0))
    found = source.find_processes(guids)
    assert {guid: one.md5 for guid, one in found.items()} == {guids[0]: A}
    bodies = [json.loads(request.body) for request in canned.asked]
    assert [(body["rows"], body["start"], body["q"][0].count("process_id:")) for body in bodies] == [
        (1000, 0, 200), (1000, 0, 1),
    ]  # fmt: skip
    canned.body["total_results"] = 2
    assert source.find_processes(guids[:1]) == {}
    source.close()


@pytest.mark.parametrize(
    ("given", "found", "asked"),
    [([0, 1, 2], [0, 1, 2], 3), ([0, 0], [0], 2), ([0, 2, None], [0, 2], 3), ([None], [], 1)],
)
def test_the_first_segments_of_processes_are_asked_for_until_no_more_is_found(
    account: Account, canned: Canned, given: list[int | None], found: list[int], asked: int
) -> None:
    """One with thousands fills a page with its own; what was found is not asked for again."""
    guids = [f"00000001-0000-{number:04x}-01d5-000000000000" for number in range(3)]
    pages = iter(given)

    def answer(request: Request) -> Response:
        number = next(pages)
        rows = [] if number is None else [{"id": guids[number], "last_server_update": f"2026-11-02T07:00:0{number}Z"}]
        canned.body = {"results": rows * 2, "total_results": 5000}
        return canned(request)

    with HttpsServer(answer) as server:
        own = replace(account, url=server.url, ca_certificate=server.identity.trust_pem)
        source = EdrPageSource(own, EdrClient(own, retries=0))
        assert source.first_arrivals(guids) == {guids[number]: f"2026-11-02T07:00:0{number}Z" for number in found}
        source.close()
    bodies = [json.loads(request.body) for request in canned.asked]
    assert [(body["rows"], body["start"]) for body in bodies] == [(1000, 0)] * asked
    assert not any(guids[0] in body["q"][0] for body in bodies[1:])


def test_the_setup_page_asks_one_small_question_of_each_kind(account: Account, canned: Canned) -> None:
    """Of a hash that any server may know or not."""
    canned.body = {**NOTHING, "version": "7.5.0"}
    check = EdrSetupCheck(account, EdrClient(account, retries=0))
    deadline = time.monotonic() + 60
    check.try_version(deadline)
    check.try_documents(deadline)
    assert (_query_of(canned), canned.sent[1]["rows"]) == (("/api/v1/binary", [f"md5:{ANY_MD5}"]), 1)
    check.try_joint_query('digsig_result:"Signed"', deadline)
    assert _query_of(canned) == ("/api/v1/process", [f'process_md5:{ANY_MD5} digsig_result:"Signed"'])
    for version, is_accepted in (("6.0.1", True), ("10.0", True), ("x", True), ("5.9.9", False)):
        canned.body = {"version": version}
        if is_accepted:
            check.try_version(deadline)
        else:
            with pytest.raises(SetupError, match=r"needs 6\.0 or later"):
                check.try_version(deadline)
    check.close()


def test_the_setup_page_tries_once_and_tells_how_far_ahead_the_servers_clock_is(
    account: Account, canned: Canned
) -> None:
    """Another try would begin the time anew. HTTP tells whole seconds, and the version's answer tells them too."""
    check = EdrServer(account).open_check()
    assert check.clock_offset is None
    canned.body, canned.headers["Date"] = {"version": "7.5.0"}, "Mon, 02 Nov 2026 08:00:00 GMT"
    before = time.time()
    check.try_version(time.monotonic() + 60)
    assert check.clock_offset is not None
    assert 1_793_606_400.5 - time.time() <= check.clock_offset <= 1_793_606_400.5 - before
    canned.status = 503
    with pytest.raises(ServerFailedError):
        check.try_version(time.monotonic() + 60)
    assert len(canned.asked) == 2
    check.close()


def test_what_is_closed_keeps_no_connection(canned: Canned) -> None:
    """The next request makes one of its own."""
    canned.body = {"version": "7.5.0"}
    with HttpsServer(canned) as server:
        own = EdrServer(Account("lab", server.url, TOKEN, ca_certificate=server.identity.trust_pem))
        check, pages, evidence = own.open_check(), own.open_pages(), own.open_evidence()
        ways: list[tuple[Callable[[], object], Callable[[], None]]] = [
            (lambda: check.try_version(time.monotonic() + 60), check.close),
            (pages.probe, pages.close),
            (evidence.probe, evidence.close),
        ]
        for number, (ask, close) in enumerate(ways):
            ask()
            ask()
            assert server.connections == 2 * number + 1
            close()
            ask()
            assert server.connections == 2 * number + 2
            close()


def test_the_machines_own_authorities_count_where_the_account_has_none(
    account: Account, canned: Canned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an administrator expects who has installed the company's there."""
    canned.body = {"version": "7.5.0"}
    (tmp_path / "ca.pem").write_text(account.ca_certificate, encoding="ascii")
    bare = replace(account, ca_certificate="")
    refused = EdrClient(bare)
    with pytest.raises(CertificateError):
        refused.version()
    assert refused.request_count == 1, "another try would come to the same"
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    client = EdrClient(bare, retries=0)
    assert client.version() == "7.5.0"
    client.close()


@pytest.mark.parametrize("trust", [tls_context, lambda _: proxy_context()])
def test_the_public_authorities_count_where_the_machine_has_none(
    account: Account, monkeypatch: pytest.MonkeyPatch, trust: Callable[[Account], ssl.SSLContext]
) -> None:
    """Splunk's own Python may have none; beside a certificate of the account's they do not count."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.setenv(name, "/nowhere")
    assert len(trust(replace(account, ca_certificate="")).get_ca_certs()) > 100
    assert len(tls_context(account).get_ca_certs()) == 1


def test_a_certificate_that_is_no_authoritys_may_be_the_accounts_own(canned: Canned) -> None:
    """The server's alone, without who has issued it."""
    canned.body = {"version": "7.5.0"}
    certificate = trustme.CA().issue_cert("127.0.0.1")
    own = Identity(certificate.configure_cert, certificate.cert_chain_pems[0].bytes().decode())
    with HttpsServer(canned, own) as server:
        client = EdrClient(Account("lab", server.url, TOKEN, ca_certificate=own.trust_pem), retries=0)
        assert client.version() == "7.5.0"
        client.close()


def test_a_client_that_counts_apart_shares_all_but_the_count(client: EdrClient, canned: Canned) -> None:
    """So that each search has its own number of requests."""
    canned.body = {"version": "7.5.0"}
    client.version()
    other = client.counting_apart()
    assert other.request_count == 0
    other.version()
    other.version()
    assert (client.request_count, other.request_count) == (1, 2)


@pytest.mark.parametrize(("tokens", "is_refused"), [(64, False), (65, True)])
def test_an_answer_of_too_many_values_is_refused(
    account: Account, canned: Canned, tokens: int, *, is_refused: bool
) -> None:
    """Two characters of JSON become an object of a hundred bytes, so it is bounded by them too."""
    client = EdrClient(account, retries=0, max_bytes=1024)
    canned.body = b'{"version":"7.5.0","x":[' + b",".join([b"1"] * (tokens - 4)) + b"]}"
    assert sum(canned.body.count(mark) for mark in b",[{:") == tokens
    if is_refused:
        with pytest.raises(TooLargeError, match="sent more than is read at once"):
            client.version()
    else:
        assert client.version() == "7.5.0"
    client.close()


def test_an_answer_that_memory_does_not_suffice_for_is_too_large(
    client: EdrClient, canned: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which the search survives."""

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    canned.body = {"version": "7.5.0"}
    monkeypatch.setattr(json, "loads", fail)
    with pytest.raises(TooLargeError, match="sent more than is read at once"):
        client.version()


@pytest.mark.parametrize(("size", "is_read"), [(3 * 2**20, True), (3 * 2**20 + 1, False)])
def test_an_answer_to_a_search_has_three_megabytes_at_most(
    account: Account, canned: Canned, size: int, *, is_read: bool
) -> None:
    """An input's page may have more: its process holds one answer at a time."""
    head, tail = b'{"version":"7.5.0","x":"', b'"}'
    canned.body = head + b"x" * (size - len(head) - len(tail)) + tail
    client = EdrClient(account, retries=0)
    if is_read:
        assert client.version() == "7.5.0"
    else:
        with pytest.raises(TooLargeError):
            client.version()
    client.close()
    large = EdrClient(account, retries=0, max_bytes=PAGE_BYTES)
    assert large.version() == "7.5.0"
    large.close()


def test_a_signature_is_text_without_what_would_end_a_search() -> None:
    """Numbers are none, a NUL is left out, half a surrogate pair is replaced, and what is too long is cut."""
    document = {
        "digsig_result": "Signed",
        "digsig_publisher": "Ex\0ample\ud800",
        "digsig_issuer": 5,
        "digsig_subject": "x" * 500,
        "digsig_prog_name": None,
        "digsig_sign_time": "2026-01-01T00:00:00Z",
    }
    assert read_signature(document) == Signature("Signed", "Example?", "", "x" * 400, "", "2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        ([f"c:\\n{number}\\p.exe" for number in range(500)] + ["c:\\psexec.exe"], "p.exe|psexec.exe"),
        (["c:\\" + "d" * 500 + "\\psexec.exe"], "psexec.exe"),
        (["/tmp/a|b", "c:\\a_b"], "a_b"),
        ("c:\\x\\p.exe", "p.exe"),
        ([None, "", "(unknown)"], ""),
        ([None, 5, "", "(unknown)"], "|"),
        (["c:\\x\\p.exe", "c:\\x\\"], "p.exe|"),
        (["p.exe", "x" * 3000, "q.exe"], "p.exe|"),
        (["x" * 3000], "|"),
        (["p.exe", "x" * 2042], "p.exe|" + "x" * 2042),
        (["p.exe", "x" * 2043], "p.exe|"),
    ],
)
def test_a_file_is_known_by_the_names_at_the_ends_of_its_paths(paths: object, names: str) -> None:
    """Each once; a bar at the end says that there are more."""
    assert read_signature({"observed_filename": paths}) == Signature(observed_names=names)


def test_that_a_file_has_more_names_than_are_kept_is_said() -> None:
    """Of 64 there are none, of 65 there are."""
    paths = [f"c:\\x\\p{number}.exe" for number in range(64)]
    few, many = (read_signature({"observed_filename": some}) for some in (paths, [*paths, "c:\\psexec.exe"]))
    assert (len(few.names), few.has_more_names) == (64, False)
    assert (many.names, many.has_more_names) == (few.names, True)
