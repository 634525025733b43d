"""How one search asks Carbon Black: nothing that another asks already, and no server that is down."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Mapping

from cbverdict.carbonblack.circuit_breaker import THRESHOLD, State
from cbverdict.carbonblack.deadline import Deadline
from cbverdict.errors import EdrError, ServerFailedError, TimedOutError, Trouble, advice
from cbverdict.service.resolution import Resolution
from cbverdict.verdicts.reasons import Reason, Source
from cbverdict.verdicts.verdict import no_answer

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import Way
    from cbverdict.service.connections import Connection
    from cbverdict.service.flights import Landing
    from cbverdict.settings.account import Account
    from cbverdict.verdicts.evidence import Question
    from cbverdict.verdicts.verdict import Answer

PROBE_SECONDS = 5.0
_LEAST_SECONDS = 1.0
PATIENT = 10.0
"""Seconds after which a server that says nothing is to blame, whatever time the account gives it."""

_TOO_LATE = Trouble(Reason.TIMEOUT, f"Carbon Black did not answer within the search's time. {advice(TimedOutError)}")


@dataclass(frozen=True)
class Asking:
    """How one search asks, and whether it is over; `monotonic` gives the seconds that the breaker goes by.

    `recall` gives what was stored of questions since the search last looked, `keep` stores answers. Both stand between
    taking off and landing, so that a question which one search has just had answered is not asked by the next.
    """

    connection: Connection
    way: Way
    expired_is_signed: bool
    is_over: Callable[[], bool]
    monotonic: Callable[[], float]
    recall: Callable[[list[Question]], Mapping[Question, Answer]] = lambda _: {}
    keep: Callable[[Mapping[Question, Answer]], None] = lambda _: None

    def ask(self, questions: list[Question], seconds: float) -> Resolution:
        """Ask what no other search asks at this moment, and wait for what others ask."""
        deadline = Deadline.after(seconds, self.is_over)
        flights, key = self.connection.flights, (self.way, self.expired_is_signed)
        flight = flights.take_off(key, questions)
        resolution = Resolution({})
        try:
            if flight.own:
                resolution = self._ask_own(flight.own, seconds)
        finally:
            flights.land(key, flight, resolution)
        return resolution.joined(self._share(flight.others, deadline)) if flight.others else resolution

    def _share(self, others: Mapping[Question, Landing], deadline: Deadline) -> Resolution:
        """Wait for what others ask, and ask anew what kept but them from an answer."""
        shared = _wait_for(others, deadline)
        again = [question for question, answer in shared.answers.items() if answer.verdict.reason.is_of_search]
        if again and not self.is_over():
            shared = shared.joined(self._ask_own(again, deadline.seconds))
        return shared

    def _ask_own(self, questions: list[Question], seconds: float) -> Resolution:
        stored = self.recall(questions)
        missing = [question for question in questions if question not in stored]
        resolution = self._ask_server(missing, seconds) if missing else Resolution({})
        self.keep(resolution.answers)
        return Resolution(dict(stored)).joined(resolution) if stored else resolution

    def _ask_server(self, questions: list[Question], seconds: float) -> Resolution:
        breaker = self.connection.breaker
        if seconds < _LEAST_SECONDS and not (seconds > 0 and breaker.is_closed):
            # Too late to ask, or to find out whether it may be asked: that says nothing of the server.
            return Resolution.unanswered(questions, _TOO_LATE)
        down = self._down(seconds)
        if down is not None:
            return Resolution.unanswered(questions, down)
        findings = self.connection.source.gather(questions, self.way, Deadline.after(seconds, self.is_over))
        resolution = Resolution.of(findings, self.way.method, expired_is_signed=self.expired_is_signed)
        if any(answer.source is Source.SERVER for answer in resolution.answers.values()):
            breaker.succeed()
        elif resolution.requests and is_servers_fault(resolution.troubles, seconds, self.connection.account):
            breaker.fail(self.monotonic())
        return resolution

    def _down(self, seconds: float) -> Trouble | None:
        """Return why Carbon Black is not asked now (None: it is); after the rest one small request finds out."""
        breaker, account = self.connection.breaker, self.connection.account
        state = breaker.state(self.monotonic())
        if state is State.CLOSED:
            return None
        if state is State.HALF_OPEN:
            return self._probe(min(PROBE_SECONDS, seconds))
        where = f"Carbon Black {account.name} ({account.url})"
        what = f"failed {THRESHOLD} times in a row and is left alone for {breaker.rest:g} s"
        return Trouble(Reason.SERVER_ERROR, f"{where} {what}. {advice(ServerFailedError)}")

    def _probe(self, seconds: float) -> Trouble | None:
        is_back = False
        try:
            self.connection.source.probe(time.monotonic() + seconds)
            is_back = True
        except EdrError as error:
            return Trouble.of(error)
        finally:
            if is_back:
                self.connection.breaker.succeed()
            else:
                self.connection.breaker.fail_probe(self.monotonic())
        return None


def is_servers_fault(troubles: tuple[Trouble, ...], seconds: float, account: Account) -> bool:
    """Return whether nothing came because of the server, not of a search with less time than a request takes."""
    reasons = {trouble.reason for trouble in troubles if trouble.reason.is_outage}
    return bool(reasons - {Reason.TIMEOUT}) or (bool(reasons) and seconds >= min(account.timeout, PATIENT))


def _wait_for(others: Mapping[Question, Landing], deadline: Deadline) -> Resolution:
    """Wait for answers that other searches have asked for; what is late, or not wanted any more, has none."""
    waited = deadline.wait_for(set(others.values()))
    reason = Reason.CANCELLED if waited.is_over else Reason.TIMEOUT
    landed = {landing: landing.result() for landing in waited.done}
    nobody = Resolution({})
    answers = {
        question: landed.get(landing, nobody).answers.get(question, no_answer(reason))
        for question, landing in others.items()
    }
    troubles = dict.fromkeys(
        trouble for one in landed.values() for trouble in one.troubles if not trouble.reason.is_of_search
    )
    late = any(answer.verdict.reason is Reason.TIMEOUT for answer in answers.values())
    return Resolution(answers, 0, (*troubles, *((_TOO_LATE,) if late else ())))
