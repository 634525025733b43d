"""The service between calls: a server that keeps failing is left alone, and found again when it is back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Iterable, Sequence

import pytest

from cbverdict.evidence import Question
from cbverdict.hashes import Md5
from cbverdict.messages import VerdictRequest
from cbverdict.service import VerdictService
from cbverdict.settings import Account, VerdictSettings
from cbverdict.stored import StoredVerdict
from tests.lab.edr.server import TOKEN, EdrServer, Fault

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

    def account(self, name: str | None) -> Account:
        """Give the account."""
        return Account(name or "lab", self.edr.url, TOKEN, self.edr.trust_pem)

    def verdict_settings(self) -> VerdictSettings:
        """Give the settings."""
        return self.settings

    def store(self) -> NoStore:
        """Give no store."""
        return NoStore()

    def is_search_over(self, sid: str | None) -> bool:
        """Say that it goes on."""
        return sid == ""


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
