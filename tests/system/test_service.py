"""The service between calls: a server that keeps failing is left alone, and found again when it is back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Iterable, Sequence

import pytest

from cbverdict.errors import StoreError
from cbverdict.service.verdict_api import VerdictRequest
from cbverdict.service.verdict_service import VerdictService
from cbverdict.settings.account import Account, AccountName
from cbverdict.settings.verdicts import VerdictSettings
from cbverdict.splunkd.jobs import JobState
from cbverdict.verdicts.cached_verdict import StoredVerdict
from cbverdict.verdicts.evidence import Question
from cbverdict.verdicts.hashes import Md5
from tests.lab.edr.server import TOKEN, EdrServer, Fault
from tests.lab.waiting import wait_for

A = Md5("a" * 32)
REQUEST = VerdictRequest((Question(A),))


class NoStore:
    """Keep nothing."""

    def read(self, server: str, questions: Sequence[Question]) -> dict[Question, StoredVerdict]:
        """Give nothing."""
        assert server
        assert questions
        return {}

    def write(self, verdicts: Iterable[StoredVerdict]) -> None:
        """Take nothing."""
        assert list(verdicts)

    def purge(self, now: float) -> None:
        """Have nothing to delete."""


@dataclass
class FixedConfiguration:
    """One account, the default settings."""

    edr: EdrServer
    settings: VerdictSettings = field(default_factory=VerdictSettings)
    is_store_broken: bool = False

    def account_name(self, name: str | None) -> AccountName:
        """Give its name."""
        return AccountName(name or "lab")

    def account(self, name: str | None) -> Account:
        """Give the account."""
        return Account(name or "lab", self.edr.url, TOKEN, self.edr.trust_pem)

    def verdict_settings(self) -> VerdictSettings:
        """Give the settings."""
        return self.settings

    def store(self) -> NoStore:
        """Give no store."""
        if self.is_store_broken:
            raise StoreError("it does not answer")
        return NoStore()

    def job_state(self, sid: str) -> JobState:
        """Say that it goes on, but for one."""
        return JobState.OVER if sid == "over" else JobState.GOING_ON


@dataclass
class Clock:
    """A clock that is set by hand."""

    now: float = 0.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Give a clock that is set by hand."""
    return Clock()


def _reason(service: VerdictService, edr: EdrServer) -> str:
    return service.answer(REQUEST, FixedConfiguration(edr)).answers[0].verdict.reason.value


def test_after_three_failures_in_a_row_the_server_is_left_alone(edr: EdrServer, clock: Clock) -> None:
    """Rows go on at once; after a second, then two, one small request finds out whether it is back."""
    service = VerdictService(clock, clock)
    edr.fail(Fault.CRASH, "/api")
    assert [_reason(service, edr) for _ in range(5)] == ["server_error"] * 5
    assert edr.counts == {"/api/v1/process": 3, "/api/v1/binary": 3}
    clock.now = 1.5
    assert _reason(service, edr) == "server_error"
    assert edr.counts["/api/info"] == 1
    assert _reason(service, edr) == "server_error"
    assert edr.counts["/api/info"] == 1, "the failed probe opened it anew"
    edr.recover()
    clock.now = 3.6
    assert [_reason(service, edr) for _ in range(2)] == ["not_seen", "not_seen"]
    assert edr.counts == {"/api/v1/process": 5, "/api/v1/binary": 5, "/api/info": 2}


def test_a_clock_that_is_set_back_lengthens_no_rest(edr: EdrServer, clock: Clock) -> None:
    """Neither the server's nor the store's: both go by a clock that only grows."""
    wall = Clock(1.8e9)
    service = VerdictService(wall, clock)
    edr.fail(Fault.CRASH, "/api")
    assert [_reason(service, edr) for _ in range(3)] == ["server_error"] * 3
    edr.recover()
    wall.now -= 3600
    assert _reason(service, edr) == "server_error"
    clock.now += 2
    assert _reason(service, edr) == "not_seen"
    broken = FixedConfiguration(edr, is_store_broken=True)
    assert service.answer(REQUEST, broken).troubles[0].reason.value == "service_error"
    wall.now -= 3600
    assert service.answer(REQUEST, broken).troubles == (), "the store rests"
    clock.now += 31
    assert service.answer(REQUEST, broken).troubles != (), "it is asked again"


def test_searches_that_ask_the_same_at_once_ask_it_once(edr: EdrServer) -> None:
    """And each of them has the answer."""
    service = VerdictService()
    edr.delay = 0.5
    with ThreadPoolExecutor(6) as searches:
        replies = list(searches.map(lambda _: service.answer(REQUEST, FixedConfiguration(edr)), range(6)))
    assert [reply.answers[0].verdict.reason.value for reply in replies] == ["not_seen"] * 6
    assert edr.counts == {"/api/v1/process": 1, "/api/v1/binary": 1}
    assert sorted(reply.requests for reply in replies) == [0, 0, 0, 0, 0, 2]


def test_a_search_that_is_cancelled_takes_no_other_with_it(edr: EdrServer) -> None:
    """Whoever waits for its answer asks himself then."""
    service = VerdictService()
    edr.delay = 3.0
    with ThreadPoolExecutor(2) as searches:
        cancelled = searches.submit(service.answer, REQUEST._replace(sid="over"), FixedConfiguration(edr))
        wait_for(lambda: len(edr.requests) == 2)
        other = searches.submit(service.answer, REQUEST, FixedConfiguration(edr))
    assert cancelled.result().answers[0].verdict.reason.value == "cancelled"
    assert other.result().answers[0].verdict.reason.value == "not_seen"
    assert other.result().troubles == (), "or its next rows would be given up"


@pytest.mark.parametrize("hurry", [{"deadline": 0.0}, {"seconds": 1e-300}])
def test_a_search_without_time_says_nothing_of_the_server(edr: EdrServer, clock: Clock, hurry: dict[str, Any]) -> None:
    """Nothing was sent, so no breaker opens for others, and no probe of theirs is spent."""
    service = VerdictService(clock, clock)
    hurried = REQUEST._replace(**hurry)
    for _ in range(5):
        answer = service.answer(hurried, FixedConfiguration(edr)).answers[0]
        assert answer.verdict.reason.value == "timeout"
    assert edr.requests == []
    assert _reason(service, edr) == "not_seen"
    edr.fail(Fault.CRASH, "/api")
    assert [_reason(service, edr) for _ in range(3)] == ["server_error"] * 3
    edr.recover()
    clock.now = 1.5
    service.answer(hurried, FixedConfiguration(edr))
    assert _reason(service, edr) == "not_seen", "the probe was left to who has time for it"


def test_an_account_that_changes_gets_a_new_chance_at_once(edr: EdrServer, clock: Clock) -> None:
    """What failed was the old one."""
    service = VerdictService(clock, clock)
    edr.fail(Fault.CRASH)
    for _ in range(4):
        _reason(service, edr)
    with EdrServer(edr.estate) as other:
        assert _reason(service, other) == "not_seen"


def test_a_refused_token_is_no_reason_to_leave_the_server_alone(edr: EdrServer, clock: Clock) -> None:
    """An admin who corrects it wants to see it work."""
    service = VerdictService(clock, clock)
    edr.fail(Fault.BAD_TOKEN)
    assert [_reason(service, edr) for _ in range(5)] == ["auth"] * 5
    edr.recover()
    assert _reason(service, edr) == "not_seen"
