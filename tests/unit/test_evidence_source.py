"""Questions in, answers out: batches, limits, and what is made of trouble; Carbon Black is a fake."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Callable, Iterator

import pytest

from cbverdict.carbonblack.calls import make_calls
from cbverdict.carbonblack.deadline import Deadline
from cbverdict.carbonblack.edr.evidence_source import EdrEvidenceSource
from cbverdict.carbonblack.fair_pool import FairPool
from cbverdict.carbonblack.port import Way
from cbverdict.errors import (
    EdrError,
    QueryRefusedError,
    ServerFailedError,
    TimedOutError,
    TooLargeError,
    Trouble,
    UnauthorizedError,
)
from cbverdict.service.resolution import Resolution
from cbverdict.settings.verdicts import CLAUSE_PRESETS, Method
from cbverdict.verdicts.evidence import Binaries, Hits, ProcessCount, Question
from cbverdict.verdicts.hashes import Md5, Sha256
from cbverdict.verdicts.reasons import Reason, Signed, Source
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.verdict import Answer, Verdict

BY_NAME = CLAUSE_PRESETS["digsig_prog_name"]
A, B, C = Md5("a" * 32), Md5("b" * 32), Md5("c" * 32)
SIGNED, UNSIGNED = Signature("Signed"), Signature("Unsigned")


def _nothing(_: str) -> None:
    return None


@dataclass
class FakeEdr:
    """Carbon Black with a few hits and documents; `before` may raise or wait."""

    hits: set[Md5] = field(default_factory=set)
    documents: dict[Md5, Signature] = field(default_factory=dict)
    programs: set[tuple[Md5, str]] = field(default_factory=set)
    is_complete: bool = True
    times: int = 3
    before: Callable[[str], None] = _nothing
    asked: list[str] = field(default_factory=list)
    deadlines: set[float] = field(default_factory=set)
    request_count: int = 0

    def _ask(self, query: str, deadline: float) -> None:
        self.asked.append(query)
        self.deadlines.add(deadline)
        self.request_count += 1
        self.before(query)

    def counting_apart(self) -> FakeEdr:
        """Count from none, over the same connections."""
        return replace(self, request_count=0)

    def version(self, deadline: float) -> str:
        """Answer the probe."""
        self._ask("version", deadline)
        return "7.8.0"

    def close(self) -> None:
        """Note that it is closed."""
        self.asked.append("closed")

    def count_published(self, md5: Md5, name: str, deadline: float) -> ProcessCount:
        """Answer the published query."""
        self._ask(f"published {md5} {name}", deadline)
        return ProcessCount(self.times if (md5, name) in self.programs else 0, self.is_complete)

    def find_processes(self, query: str, deadline: float) -> Hits:
        """Answer the joint query."""
        self._ask(query, deadline)
        return Hits(frozenset(md5 for md5 in self.hits if md5 in query), self.is_complete)

    def find_binaries(self, query: str, rows: int, deadline: float) -> Binaries:
        """Answer the binary query."""
        self._ask(query, deadline)
        documents = self.documents.items()
        found = {md5: one for md5, one in documents if md5 in query or (one.sha256 and one.sha256 in query)}
        assert len(found) <= rows
        return Binaries(found, self.is_complete)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Give a pool as the service has one."""
    with ThreadPoolExecutor(4) as executor:
        yield executor


def _resolve(
    edr: FakeEdr, pool: ThreadPoolExecutor, questions: list[Question], method: Method, seconds: float = 10
) -> Resolution:
    """Gather evidence as the service does, with the clause that ships, and judge it."""
    return _resolve_with(CLAUSE_PRESETS["digsig_result"], edr, pool, questions, method, seconds)


def _resolve_with(
    clause: str, edr: FakeEdr, pool: ThreadPoolExecutor, questions: list[Question], method: Method, seconds: float = 10
) -> Resolution:
    findings = EdrEvidenceSource(edr, pool).gather(questions, Way(method, clause), Deadline.after(seconds))
    return Resolution.of(findings, method)


def test_a_hash_is_asked_once_however_often_it_comes(pool: ThreadPoolExecutor) -> None:
    """Two requests for any number of rows and names of two hashes."""
    edr = FakeEdr({A}, {A: SIGNED, B: UNSIGNED})
    questions = [Question(A), Question(B), Question(A, "x.exe"), Question(A)]
    resolution = _resolve(edr, pool, questions, Method.JOINT)
    signed = Answer(Verdict(Signed.TRUE, Reason.JOINT, SIGNED), Source.SERVER)
    unsigned = Answer(Verdict(Signed.FALSE, Reason.UNSIGNED, UNSIGNED), Source.SERVER)
    assert resolution.answers == {Question(A): signed, Question(A, "x.exe"): signed, Question(B): unsigned}
    assert (resolution.requests, resolution.troubles) == (2, ())
    joint = f'(process_md5:{A} OR process_md5:{B}) digsig_result:"Signed"'
    assert sorted(edr.asked) == sorted([joint, f"md5:{A} OR md5:{B}"])


def test_500_hashes_take_six_requests_of_at_most_200(pool: ThreadPoolExecutor) -> None:
    """Carbon Black's facets stop at 200."""
    edr = FakeEdr()
    _resolve(edr, pool, [Question(Md5(f"{n:032x}")) for n in range(1, 501)], Method.JOINT)
    assert sorted(query.count("md5:") for query in edr.asked) == [100, 100, 200, 200, 200, 200]


def test_the_binary_method_asks_no_joint_query(pool: ThreadPoolExecutor) -> None:
    """The way out where joins are blocked."""
    edr = FakeEdr({A}, {A: SIGNED})
    resolution = _resolve(edr, pool, [Question(A), Question(B)], Method.BINARY)
    assert resolution.answers[Question(A)].verdict == Verdict(Signed.TRUE, Reason.BINARY, SIGNED)
    assert resolution.answers[Question(B)] == Answer(Verdict(Signed.UNKNOWN, Reason.NOT_SEEN), Source.SERVER)
    assert edr.asked == [f"md5:{A} OR md5:{B}"]


def test_two_names_of_one_hash_never_share_a_batch(pool: ThreadPoolExecutor) -> None:
    """A facet tells hashes apart and nothing else."""
    edr = FakeEdr()
    questions = [Question(A, "one.exe"), Question(B, "b.exe"), Question(A, "two.exe"), Question(A, "my tool.exe")]
    _resolve_with(BY_NAME, edr, pool, questions, Method.JOINT)
    joint = [query for query in edr.asked if query.startswith(("(process_md5", "process_md5"))]
    assert sorted(joint) == sorted(
        [
            f"(process_md5:{A} digsig_prog_name:one.exe) OR (process_md5:{B} digsig_prog_name:b.exe)",
            f"process_md5:{A} digsig_prog_name:two.exe",
            f'process_md5:{A} digsig_prog_name:"my tool.exe"',
        ]
    )


def test_a_process_without_a_name_is_left_to_its_document(pool: ThreadPoolExecutor) -> None:
    """A clause over names cannot be asked for it."""
    edr = FakeEdr(set(), {A: SIGNED})
    resolution = _resolve_with(BY_NAME, edr, pool, [Question(A)], Method.JOINT)
    assert resolution.answers[Question(A)].verdict == Verdict(Signed.TRUE, Reason.BINARY, SIGNED)
    assert edr.asked == [f"md5:{A}"]


def test_the_published_method_asks_once_per_pair(pool: ThreadPoolExecutor) -> None:
    """A hit is true, none is false; without a name nothing is asked."""
    edr = FakeEdr(programs={(A, "a.exe")})
    questions = [Question(A, "a.exe"), Question(A, "b.exe"), Question(A, "a.exe"), Question(B)]
    answers = _resolve(edr, pool, questions, Method.PROG_NAME).answers
    assert answers[Question(A, "a.exe")].verdict == Verdict(Signed.TRUE, Reason.PROG_NAME)
    assert answers[Question(A, "b.exe")].verdict == Verdict(Signed.FALSE, Reason.NO_PROG_NAME)
    assert answers[Question(B)] == Answer(Verdict(Signed.UNKNOWN, Reason.NO_NAME), Source.NONE)
    assert sorted(edr.asked) == [f"published {A} a.exe", f"published {A} b.exe"]


def test_a_search_that_was_cut_short_leaves_unknown_what_it_did_not_find(pool: ThreadPoolExecutor) -> None:
    """What it did find is found."""
    edr = FakeEdr({A}, {B: UNSIGNED}, is_complete=False)
    resolution = _resolve(edr, pool, [Question(A), Question(B), Question(C)], Method.JOINT)
    assert resolution.answers[Question(A)].verdict == Verdict(Signed.TRUE, Reason.JOINT)
    assert resolution.answers[Question(B)].verdict == Verdict(Signed.FALSE, Reason.UNSIGNED, UNSIGNED)
    assert resolution.answers[Question(C)] == Answer(Verdict(Signed.UNKNOWN, Reason.INCOMPLETE), Source.NONE)
    assert [trouble.reason for trouble in resolution.troubles] == [Reason.INCOMPLETE]
    edr = FakeEdr(programs={(A, "a")}, is_complete=False)
    answers = _resolve(edr, pool, [Question(A, "a"), Question(B, "b")], Method.PROG_NAME).answers
    assert [answer.verdict.reason for answer in answers.values()] == [Reason.PROG_NAME, Reason.INCOMPLETE]


def test_blocked_joins_leave_the_decision_to_the_documents(pool: ThreadPoolExecutor) -> None:
    """And are reported, because method=binary would save the asking."""

    def refuse_joins(query: str) -> None:
        if "digsig" in query:
            raise QueryRefusedError("joins are blocked")

    edr = FakeEdr({A}, {A: SIGNED}, before=refuse_joins)
    resolution = _resolve(edr, pool, [Question(A), Question(B)], Method.JOINT)
    assert resolution == Resolution(
        {
            Question(A): Answer(Verdict(Signed.TRUE, Reason.BINARY, SIGNED), Source.SERVER),
            Question(B): Answer(Verdict(Signed.UNKNOWN, Reason.REFUSED), Source.NONE),
        },
        2,
        (Trouble(Reason.REFUSED, "joins are blocked"),),
    )


def test_a_refused_token_ends_the_asking_at_once(pool: ThreadPoolExecutor) -> None:
    """Hundreds of requests with a token that was refused would lock an account somewhere."""

    def refuse(_: str) -> None:
        raise UnauthorizedError("the token was refused")

    edr = FakeEdr(before=refuse)
    questions = [Question(Md5(f"{n:032x}"), "x") for n in range(1, 500)]
    resolution = _resolve(edr, pool, questions, Method.PROG_NAME)
    assert {answer.verdict.reason for answer in resolution.answers.values()} == {Reason.AUTH}
    assert [(trouble.reason, trouble.is_final) for trouble in resolution.troubles] == [(Reason.AUTH, True)]
    assert resolution.requests < 50


def test_a_server_that_is_down_is_not_asked_a_thousand_times(pool: ThreadPoolExecutor) -> None:
    """After a few failures in a row the rest is not sent."""

    def fail(_: str) -> None:
        raise ServerFailedError("it failed")

    questions = [Question(Md5(f"{n:032x}"), "x") for n in range(1, 1001)]
    resolution = _resolve(FakeEdr(before=fail), pool, questions, Method.PROG_NAME)
    assert {answer.verdict.reason for answer in resolution.answers.values()} == {Reason.SERVER_ERROR}
    assert resolution.requests < 20


def test_a_server_that_fails_gives_unknown_for_every_question(pool: ThreadPoolExecutor) -> None:
    """And one trouble, not one a request."""

    def fail(_: str) -> None:
        raise ServerFailedError("it failed")

    questions = [Question(Md5(f"{n:032x}")) for n in range(1, 500)]
    resolution = _resolve(FakeEdr(before=fail), pool, questions, Method.JOINT)
    assert {answer.verdict for answer in resolution.answers.values()} == {Verdict(Signed.UNKNOWN, Reason.SERVER_ERROR)}
    assert len(resolution.troubles) == 1


def test_a_call_whose_turn_comes_too_late_is_not_made() -> None:
    """The time of whoever asked is over, and others wait."""
    turns, gate, made = FairPool(1, "t"), threading.Event(), list[int]()
    outcomes = make_calls(turns, [lambda: gate.wait(30), lambda: made.append(1)], Deadline.after(0.1))
    assert [type(outcome) for outcome in outcomes] == [TimedOutError] * 2
    gate.set()
    turns.submit(lambda: None).result(30)
    assert made == []


def test_what_is_late_is_unknown_and_what_was_in_time_counts(pool: ThreadPoolExecutor) -> None:
    """The caller waits no longer than it said."""
    release = threading.Event()

    def wait_for_joins(query: str) -> None:
        if "digsig" in query:
            release.wait(30)

    edr = FakeEdr({A}, {A: SIGNED}, before=wait_for_joins)
    resolution = _resolve(edr, pool, [Question(A), Question(B)], Method.JOINT, 0.3)
    release.set()
    assert resolution.answers[Question(A)].verdict == Verdict(Signed.TRUE, Reason.BINARY, SIGNED)
    assert resolution.answers[Question(B)] == Answer(Verdict(Signed.UNKNOWN, Reason.TIMEOUT), Source.NONE)
    assert [trouble.reason for trouble in resolution.troubles] == [Reason.TIMEOUT]


def test_a_defect_is_not_taken_for_trouble_with_the_server(pool: ThreadPoolExecutor) -> None:
    """It surfaces."""

    def defect(_: str) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _resolve(FakeEdr(before=defect), pool, [Question(A)], Method.JOINT)


@pytest.mark.parametrize("method", [Method.JOINT, Method.PROG_NAME])
def test_every_request_has_to_be_over_when_the_search_is(pool: ThreadPoolExecutor, method: Method) -> None:
    """Whoever asks for ten seconds has one deadline ten seconds from now on all of its requests."""
    edr = FakeEdr()
    before = time.monotonic()
    _resolve(edr, pool, [Question(A, "a.exe"), Question(B, "b.exe")], method)
    (deadline,) = edr.deadlines
    assert before + 10 <= deadline <= time.monotonic() + 10


def test_eight_failures_in_a_row_are_enough_and_a_success_between_starts_anew() -> None:
    """One request at a time: seven that fail, one that works, eight that fail, and no more."""
    left = iter([True] * 7 + [False] + [True] * 100)

    def fail(_: str) -> None:
        if next(left):
            raise ServerFailedError("it failed")

    questions = [Question(Md5(f"{n:032x}"), "x") for n in range(1, 50)]
    with ThreadPoolExecutor(1) as one:
        resolution = _resolve(FakeEdr(before=fail), one, questions, Method.PROG_NAME)
    assert resolution.requests == 16
    reasons = [answer.verdict.reason for answer in resolution.answers.values()]
    assert reasons == [*[Reason.SERVER_ERROR] * 7, Reason.NO_PROG_NAME, *[Reason.SERVER_ERROR] * 41]


def test_a_failure_that_says_nothing_of_the_server_ends_nothing() -> None:
    """A query that is refused, however often: the next may not be."""

    def refuse(_: str) -> None:
        raise QueryRefusedError("refused")

    questions = [Question(Md5(f"{n:032x}"), "x") for n in range(1, 20)]
    with ThreadPoolExecutor(1) as one:
        resolution = _resolve(FakeEdr(before=refuse), one, questions, Method.PROG_NAME)
    assert resolution.requests == 19


def test_one_process_is_a_hit(pool: ThreadPoolExecutor) -> None:
    """Also where the search was cut short: what was found is there."""
    for is_complete in (True, False):
        edr = FakeEdr(programs={(A, "a.exe")}, times=1, is_complete=is_complete)
        answers = _resolve(edr, pool, [Question(A, "a.exe")], Method.PROG_NAME).answers
        assert answers == {Question(A, "a.exe"): Answer(Verdict(Signed.TRUE, Reason.PROG_NAME), Source.SERVER)}


def test_documents_that_are_too_large_together_are_asked_for_in_halves(pool: ThreadPoolExecutor) -> None:
    """And all of them are answered."""
    hashes = [Md5(f"{n:032x}") for n in range(1, 201)]

    def limit(query: str) -> None:
        if query.count("md5:") > 50:
            raise TooLargeError("too large")

    edr = FakeEdr(documents=dict.fromkeys(hashes, SIGNED), before=limit)
    resolution = _resolve(edr, pool, list(map(Question, hashes)), Method.BINARY)
    assert [query.count("md5:") for query in edr.asked] == [200, 100, 100, 50, 50, 50, 50]
    assert {answer.verdict for answer in resolution.answers.values()} == {Verdict(Signed.TRUE, Reason.BINARY, SIGNED)}
    assert resolution.troubles == ()


def test_what_is_too_large_by_itself_is_unknown_and_the_rest_is_not(pool: ThreadPoolExecutor) -> None:
    """In 32 requests for a batch at most, whatever the server sends."""

    def limit(query: str) -> None:
        if A in query:
            raise TooLargeError("too large")

    edr = FakeEdr(documents={A: SIGNED, B: SIGNED, C: UNSIGNED}, before=limit)
    resolution = _resolve(edr, pool, list(map(Question, (A, B, C))), Method.BINARY)
    assert [resolution.answers[Question(md5)].verdict.reason for md5 in (A, B, C)] == [
        Reason.INCOMPLETE, Reason.BINARY, Reason.UNSIGNED,
    ]  # fmt: skip

    def refuse(_: str) -> None:
        raise TooLargeError("too large")

    edr = FakeEdr(before=refuse)
    hashes = [Md5(f"{n:032x}") for n in range(1, 201)]
    resolution = _resolve(edr, pool, list(map(Question, hashes)), Method.BINARY)
    assert resolution.requests == 31, "a half more would be 33"
    assert {answer.verdict.reason for answer in resolution.answers.values()} == {Reason.INCOMPLETE}
    assert len(resolution.troubles) == 1


def test_a_search_that_is_over_is_waited_for_no_longer(pool: ThreadPoolExecutor) -> None:
    """What waits for its turn is not asked any more, and what came before counts."""
    release = threading.Event()

    def wait_for_joins(query: str) -> None:
        if "digsig" in query:
            release.wait(60)

    edr = FakeEdr({A}, {A: SIGNED}, before=wait_for_joins)
    deadline = Deadline.after(60, is_over=lambda: True)
    way = Way(Method.JOINT, CLAUSE_PRESETS["digsig_result"])
    found = EdrEvidenceSource(edr, pool).gather([Question(A), Question(B)], way, deadline)
    resolution = Resolution.of(found, Method.JOINT)
    release.set()
    assert resolution.answers[Question(A)] == Answer(Verdict(Signed.TRUE, Reason.BINARY, SIGNED), Source.SERVER)
    assert resolution.answers[Question(B)] == Answer(Verdict(Signed.UNKNOWN, Reason.CANCELLED), Source.NONE)


S, T = Sha256("d" * 64), Sha256("e" * 64)


def test_a_sha_256_is_answered_through_the_md5_that_it_belongs_to(pool: ThreadPoolExecutor) -> None:
    """With one request more, beside questions of MD5s; what no document has stays unknown."""
    signed = Signature("Signed", sha256=S)
    edr = FakeEdr({A}, {A: signed, B: UNSIGNED})
    resolution = _resolve(edr, pool, [Question(S), Question(B), Question(T)], Method.JOINT)
    assert resolution.answers == {
        Question(S): Answer(Verdict(Signed.TRUE, Reason.JOINT, signed), Source.SERVER),
        Question(B): Answer(Verdict(Signed.FALSE, Reason.UNSIGNED, UNSIGNED), Source.SERVER),
        Question(T): Answer(Verdict(Signed.UNKNOWN, Reason.NO_MD5), Source.SERVER),
    }
    assert edr.asked[0] == f"sha256:{S} OR sha256:{T}"
    assert len(edr.asked) == 3


@pytest.mark.parametrize(
    ("first", "later", "verdict"),
    [
        (Signature("Signed", sha256=S), Signature("Signed", sha256=T), (Signed.UNKNOWN, Reason.UNRECOGNISED)),
        (Signature("Unsigned", sha256=S), Signature("Signed", sha256=S), (Signed.FALSE, Reason.UNSIGNED)),
        (Signature("Signed", sha256=S), Signature("Bad Signature"), (Signed.FALSE, Reason.BAD_SIGNATURE)),
        (Signature("Signed", sha256=S), Signature("Signed"), (Signed.TRUE, Reason.BINARY)),
    ],
)
def test_what_is_found_by_a_sha_256_and_by_its_md5_must_not_contradict_itself(
    pool: ThreadPoolExecutor, first: Signature, later: Signature, verdict: tuple[Signed, Reason]
) -> None:
    """They are two answers about one file."""
    edr = FakeEdr(documents={A: first})

    def change(query: str) -> None:
        if "sha256" not in query:
            edr.documents[A] = later

    edr.before = change
    found = _resolve(edr, pool, [Question(S)], Method.BINARY).answers[Question(S)].verdict
    assert (found.signed, found.reason) == verdict


def test_one_sha_256_of_two_files_is_ambiguous(pool: ThreadPoolExecutor) -> None:
    """No such pair is known, so one of the documents lies."""
    edr = FakeEdr({A}, {A: Signature("Signed", sha256=S), B: Signature("Unsigned", sha256=S)})
    assert _resolve(edr, pool, [Question(S)], Method.JOINT).answers[Question(S)].verdict == Verdict(
        Signed.UNKNOWN, Reason.AMBIGUOUS
    )


@pytest.mark.parametrize(
    ("error", "reason", "troubles"),
    [(QueryRefusedError("400"), Reason.NO_MD5, 0), (ServerFailedError("503"), Reason.SERVER_ERROR, 1)],
)
def test_a_server_that_does_not_know_sha_256_is_told_from_one_that_fails(
    pool: ThreadPoolExecutor, error: EdrError, reason: Reason, troubles: int
) -> None:
    """Servers before 7.0 refuse the field."""

    def fail(query: str) -> None:
        if "sha256" in query:
            raise error

    resolution = _resolve(FakeEdr(before=fail), pool, [Question(S)], Method.JOINT)
    assert resolution.answers[Question(S)].verdict == Verdict(Signed.UNKNOWN, reason)
    assert len(resolution.troubles) == troubles


def test_a_source_probes_and_closes_its_own_server(pool: ThreadPoolExecutor) -> None:
    """By one small request."""
    edr = FakeEdr()
    source = EdrEvidenceSource(edr, pool)
    source.probe(7.0)
    source.close()
    assert (edr.asked, edr.deadlines) == (["version", "closed"], {7.0})
