"""How the service asks a server, whatever its kind: once for all searches, and not while it is down."""

from __future__ import annotations

import math
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Callable, Hashable, Iterable

import pytest

from cbverdict.carbonblack.deadline import Deadline
from cbverdict.carbonblack.port import GatheredEvidence, Way
from cbverdict.errors import CbsignedError, ServerFailedError, TimedOutError, Trouble
from cbverdict.service.asking import Asking
from cbverdict.service.connections import Connection
from cbverdict.service.flights import Flight, Flights, Landing
from cbverdict.service.resolution import Resolution
from cbverdict.settings.account import Account
from cbverdict.settings.verdicts import DEFAULT_CLAUSE, Method
from cbverdict.verdicts.evidence import Evidence, Joint, Question
from cbverdict.verdicts.hashes import Md5
from cbverdict.verdicts.reasons import Reason, Signed, Source
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.verdict import Answer, Verdict, no_answer

A, B = Question(Md5("a" * 32)), Question(Md5("b" * 32))
ACCOUNT = Account("lab", "https://cb.example", "secret")
JOINT = Way(Method.JOINT, DEFAULT_CLAUSE)
SIGNED = Evidence(Joint.HIT, Signature("Signed"))
IS_SIGNED = Answer(Verdict(Signed.TRUE, Reason.JOINT, Signature("Signed")), Source.SERVER)


def _nothing(_: set[Question]) -> None:
    return None


@dataclass
class AnyServer:
    """A kind of server that is not EDR: what it knows, and what is wrong with it; `before` may wait."""

    known: dict[Question, Evidence] = field(default_factory=dict)
    error: CbsignedError | None = None
    before: Callable[[set[Question]], None] = _nothing
    asked: list[set[Question]] = field(default_factory=list)
    probes: int = 0

    def gather(self, questions: Iterable[Question], way: Way, deadline: Deadline) -> GatheredEvidence:
        """Give what is known, each at the cost of a request."""
        assert way == JOINT
        assert deadline.seconds < math.inf
        distinct = set(questions)
        self.asked.append(distinct)
        self.before(distinct)
        if self.error is not None:
            failed = Evidence(Joint.FAILED, trouble=self.error.reason)
            return GatheredEvidence(
                dict.fromkeys(distinct, failed), 1, (Trouble.of(self.error),), hit_proves_signed=True
            )
        return GatheredEvidence(
            {question: self.known[question] for question in distinct}, len(distinct), (), hit_proves_signed=True
        )

    def probe(self, deadline: float = math.inf) -> None:
        """Fail as everything does."""
        assert deadline < math.inf
        self.probes += 1
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """Close nothing."""


@dataclass
class Clock:
    """The breaker's clock, set by hand."""

    now: float = 0.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


def _asking(server: AnyServer, clock: Clock | None = None, *, is_over: bool = False) -> Asking:
    connection = Connection(ACCOUNT, server)
    return Asking(connection, JOINT, expired_is_signed=False, is_over=lambda: is_over, monotonic=clock or Clock())


def test_evidence_is_judged_here_and_not_by_the_server() -> None:
    """One rule for all kinds."""
    server = AnyServer({A: SIGNED, B: Evidence(Joint.MISS, Signature("Unsigned"))})
    unsigned = Answer(Verdict(Signed.FALSE, Reason.UNSIGNED, Signature("Unsigned")), Source.SERVER)
    assert _asking(server).ask([A, B], 10) == Resolution({A: IS_SIGNED, B: unsigned}, 2)


@pytest.mark.parametrize(
    ("evidence", "answer"),
    [
        (Evidence(Joint.HIT), Answer(Verdict(Signed.TRUE, Reason.PROG_NAME), Source.SERVER)),
        (Evidence(Joint.MISS), Answer(Verdict(Signed.FALSE, Reason.NO_PROG_NAME), Source.SERVER)),
        (Evidence(Joint.FAILED, trouble=Reason.TIMEOUT), no_answer(Reason.TIMEOUT)),
        (Evidence(trouble=Reason.NO_NAME), no_answer(Reason.NO_NAME)),
    ],
)
def test_the_published_method_goes_by_hit_or_miss_alone(evidence: Evidence, answer: Answer) -> None:
    """Whatever the document may say."""
    gathered = GatheredEvidence({A: evidence}, 1, (), hit_proves_signed=True)
    assert Resolution.of(gathered, Method.PROG_NAME) == Resolution({A: answer}, 1)


def test_a_hit_that_proves_nothing_is_not_signed() -> None:
    """The server says whether its clause asked for a valid signature."""
    gathered = GatheredEvidence({A: Evidence(Joint.HIT)}, 1, (), hit_proves_signed=False)
    assert Resolution.of(gathered, Method.JOINT).answers[A].verdict == Verdict(Signed.UNKNOWN, Reason.NOT_SEEN)


def test_an_expired_signature_counts_where_the_admin_says_so() -> None:
    """And not elsewhere."""
    gathered = GatheredEvidence({A: Evidence(Joint.MISS, Signature("Expired"))}, 1, (), hit_proves_signed=True)
    signed = [
        Resolution.of(gathered, Method.JOINT, expired_is_signed=is_signed).answers[A].verdict.signed
        for is_signed in (True, False)
    ]
    assert signed == [Signed.TRUE, Signed.FALSE]


def test_a_server_that_fails_three_times_in_a_row_rests_and_is_found_again() -> None:
    """Nothing is sent meanwhile; then one small request, and after that the question."""
    server, clock = AnyServer({A: SIGNED}, ServerFailedError("it failed")), Clock()
    asking = _asking(server, clock)
    for _ in range(3):
        assert asking.ask([A], 10).troubles == (Trouble(Reason.SERVER_ERROR, "it failed"),)
    resting = asking.ask([A], 10)
    assert (len(server.asked), server.probes, resting.requests) == (3, 0, 0)
    assert resting.answers == {A: no_answer(Reason.SERVER_ERROR)}
    assert "failed 3 times in a row and is left alone for 1 s" in resting.troubles[0].message
    clock.now = 1.0
    assert asking.ask([A], 10).troubles == (Trouble(Reason.SERVER_ERROR, "it failed"),), "the probe failed"
    server.error = None
    clock.now = 2.9
    assert "left alone for 2 s" in asking.ask([A], 10).troubles[0].message
    clock.now = 3.0
    assert asking.ask([A], 10) == Resolution({A: IS_SIGNED}, 1)
    assert (len(server.asked), server.probes) == (4, 2)


def test_a_search_without_time_says_nothing_of_the_server() -> None:
    """However often: only one that had 10 s counts."""
    server = AnyServer({A: SIGNED}, TimedOutError("it was late"))
    asking = _asking(server)
    for _ in range(5):
        asking.ask([A], 9)
    assert len(server.asked) == 5
    for _ in range(5):
        asking.ask([A], 11)
    assert len(server.asked) == 8


def test_a_search_whose_time_is_over_asks_nothing() -> None:
    """It is told so."""
    server = AnyServer({A: SIGNED})
    resolution = _asking(server).ask([A], 0)
    assert (resolution.answers, server.asked) == ({A: no_answer(Reason.TIMEOUT)}, [])
    assert [trouble.reason for trouble in resolution.troubles] == [Reason.TIMEOUT]


def test_two_searches_share_one_question() -> None:
    """The second one asks only what the first does not."""
    is_asked = {question: threading.Event() for question in (A, B)}

    def note(questions: set[Question]) -> None:
        (question,) = questions
        is_asked[question].set()
        if question == A:
            assert is_asked[B].wait(30)

    server = AnyServer({A: SIGNED, B: SIGNED}, before=note)
    asking = _asking(server)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(asking.ask, [A], 30)
        assert is_asked[A].wait(30)
        second = pool.submit(asking.ask, [A, B], 30)
        assert first.result() == Resolution({A: IS_SIGNED}, 1)
        assert second.result() == Resolution({B: IS_SIGNED, A: IS_SIGNED}, 1)
    assert server.asked == [{A}, {B}]


def test_what_was_stored_while_a_search_got_ready_is_not_asked_again() -> None:
    """Another one's answers landed between its look into the store and its own asking."""
    server, kept = AnyServer({A: SIGNED, B: SIGNED}), list[dict[Question, Answer]]()
    stored = {A: Answer(IS_SIGNED.verdict, Source.CACHE)}
    asking = replace(_asking(server), recall=lambda _: stored, keep=lambda answers: kept.append(dict(answers)))
    assert asking.ask([A, B], 10) == Resolution({**stored, B: IS_SIGNED}, 1)
    assert (server.asked, kept) == ([{B}], [{B: IS_SIGNED}])


def test_what_another_search_asked_is_kept_by_that_one() -> None:
    """And by nobody once more."""
    kept = list[dict[Question, Answer]]()
    others = OthersAsk(Resolution({A: IS_SIGNED}, 1))
    asking = Asking(
        Connection(ACCOUNT, AnyServer(), flights=others), JOINT, expired_is_signed=False, is_over=lambda: False,
        monotonic=Clock(), keep=lambda answers: kept.append(dict(answers)),
    )  # fmt: skip
    assert asking.ask([A], 10) == Resolution({A: IS_SIGNED})
    assert kept == []


class OthersAsk(Flights):
    """All questions are asked by another search, which comes to this."""

    def __init__(self, resolution: Resolution) -> None:
        """Store what their call comes to."""
        super().__init__()
        self._landing: Landing = Future()
        self._landing.set_result(resolution)

    def take_off(self, way: Hashable, questions: Iterable[Question]) -> Flight:
        """Leave nothing to ask."""
        assert way
        return Flight(Future(), [], dict.fromkeys(questions, self._landing))


@pytest.mark.parametrize(
    ("reason", "is_over", "answer"),
    [
        (Reason.TIMEOUT, False, IS_SIGNED),
        (Reason.CANCELLED, False, IS_SIGNED),
        (Reason.CANCELLED, True, no_answer(Reason.CANCELLED)),
        (Reason.RATE_LIMITED, False, no_answer(Reason.RATE_LIMITED)),
    ],
)
def test_what_kept_only_another_search_from_its_answer_is_asked_anew(
    reason: Reason, answer: Answer, *, is_over: bool
) -> None:
    """That one had less time, or was cancelled; what the server said to it, it would say again."""
    server = AnyServer({A: SIGNED})
    others = OthersAsk(Resolution.unanswered([A], Trouble(reason, "it happened")))
    asking = replace(_asking(server, is_over=is_over), connection=Connection(ACCOUNT, server, flights=others))
    assert asking.ask([A], 30).answers == {A: answer}
    assert len(server.asked) == (answer is IS_SIGNED)
