"""The verdict service: the only thing that asks Carbon Black for searches."""

from __future__ import annotations

import logging
import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Callable, Hashable, Iterable, Iterator, Mapping, Protocol, Sequence

from cbverdict.carbonblack.calls import SERVER_IS_DOWN
from cbverdict.carbonblack.circuit_breaker import THRESHOLD, CircuitBreaker, State
from cbverdict.carbonblack.deadline import Deadline
from cbverdict.carbonblack.edr.clause import Clause
from cbverdict.carbonblack.edr.client import EdrClient
from cbverdict.carbonblack.edr.resolver import Resolution, Resolver
from cbverdict.errors import EdrError, ServerFailedError, StoreError, TimedOutError, Trouble, advice
from cbverdict.service.flights import Flights
from cbverdict.service.verdict_api import VerdictReply, VerdictRequest
from cbverdict.settings.verdicts import Method, VerdictSettings
from cbverdict.verdicts.cached_verdict import StoredVerdict, keep, still_counts
from cbverdict.verdicts.reasons import Reason, Source
from cbverdict.verdicts.verdict import Answer, no_answer

if TYPE_CHECKING:
    from cbverdict.service.flights import Landing
    from cbverdict.settings.account import Account
    from cbverdict.verdicts.evidence import Question

logger = logging.getLogger(__name__)

_STORE_REST = 30.0
"""Seconds without the store after it failed: a KV store that starts or hangs must not slow every call."""


class Store(Protocol):
    """Where verdicts are kept; `cbverdict.splunkd.stores.VerdictStore` is the real one. It may raise `StoreError`."""

    def read(self, server: str, questions: Sequence[Question]) -> dict[Question, StoredVerdict]:
        """Return what is kept."""

    def write(self, verdicts: Iterable[StoredVerdict]) -> None:
        """Keep verdicts."""

    def purge(self, now: float) -> None:
        """Delete what has expired."""


class VerdictConfiguration(Protocol):
    """Where the service's settings come from; `cbverdict.splunkd.conf` reads splunkd's."""

    def account(self, name: str | None) -> Account:
        """Return the account of that name, or the default one."""

    def verdict_settings(self) -> VerdictSettings:
        """Return the verdict settings."""

    def store(self) -> Store:
        """Return the verdict store."""

    def is_search_over(self, sid: str | None) -> bool:
        """Return whether a search was cancelled or finalised (None: nobody said which, so it goes on)."""


_PROBE_SECONDS = 5.0
_LEAST_SECONDS = 1.0
_PATIENT = 10.0
"""Seconds after which a server that says nothing is to blame, whatever time the account gives it."""

_TOO_LATE = Trouble(Reason.TIMEOUT, f"Carbon Black did not answer within the search's time. {advice(TimedOutError)}")

# What kept another search from its answer need not keep this one.
_OTHERS_OWN = frozenset({Reason.TIMEOUT, Reason.CANCELLED})


@dataclass(frozen=True)
class _Connection:
    """What is kept between calls for one account: connections and the pool that bounds its requests."""

    account: Account
    edr: EdrClient
    executor: ThreadPoolExecutor
    breaker: CircuitBreaker
    flights: Flights


@dataclass(frozen=True)
class _Asking:
    """How one search asks; `way` tells what the same question of another search must have in common."""

    connection: _Connection
    resolver: Resolver
    method: Method
    way: Hashable
    is_over: Callable[[], bool]


class VerdictService:
    """Answer verdict requests; settings are read anew for each, connections stay while the account stays."""

    def __init__(self, clock: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Start with no connection; `clock` gives seconds since 1970, `monotonic` seconds that only grow.

        What is kept has the time of the day; how long something is left alone must not turn on who sets a clock.
        """
        self._clock = clock
        self._monotonic = monotonic
        self._connections: dict[str, _Connection] = {}
        self._lock = threading.Lock()  # The inputs answer in several threads.
        self._store_rests_until = -math.inf

    def answer(self, request: VerdictRequest, configuration: VerdictConfiguration) -> VerdictReply:
        """Answer a request from the store and, for the rest, from Carbon Black.

        Raises:
            SetupError: there is no such account, or it or a setting is not usable.
            ServiceError: splunkd did not give the settings.
        """
        begun = self.begin(request, configuration)
        return begun if isinstance(begun, VerdictReply) else begun()

    def begin(
        self, request: VerdictRequest, configuration: VerdictConfiguration
    ) -> VerdictReply | Callable[[], VerdictReply]:
        """Answer what is stored; give what asks Carbon Black where that is not all.

        Raises what `answer` does.
        """
        started = time.monotonic()
        settings = configuration.verdict_settings()
        account = configuration.account(request.server)
        method = request.method or settings.method
        clause = Clause(settings.clause)
        if not request.has_names and (method is Method.PROG_NAME or (method is Method.JOINT and clause.needs_name)):
            return VerdictReply(account.name, (), needs_names=True)
        bases = settings.bases(method)
        troubles: list[Trouble] = []
        kept = self._recall(configuration, account.name, request.questions, troubles) if bases else {}
        answers = {} if request.is_refreshed else dict(_from_store(kept, bases, settings, self._clock()))
        missing = [question for question in dict.fromkeys(request.questions) if question not in answers]

        def ask() -> VerdictReply:
            asked_at = time.monotonic()
            seconds = request.seconds - (asked_at - started)
            if request.deadline is not None:
                seconds = min(seconds, request.deadline - time.time())
            resolution = Resolution({}, 0, ())
            if missing:
                asking = self._asking(account, settings, method, clause, configuration, request.sid)
                resolution = self._ask_once(asking, missing, seconds)
            answers.update(resolution.answers)
            if bases:
                self._remember(configuration, account.name, bases[0], settings, kept, resolution.answers, troubles)
            troubles.extend(resolution.troubles)
            logger.info(
                "verdicts account=%s method=%s questions=%d asked=%d requests=%d seconds=%.3f troubles=%s",
                account.name, method.value, len(request.questions), len(missing), resolution.requests,
                time.monotonic() - started, ",".join(sorted({trouble.reason.value for trouble in troubles})) or "none",
            )  # fmt: skip
            in_order = tuple(answers[question] for question in request.questions)
            waited = time.monotonic() - asked_at
            return VerdictReply(account.name, in_order, resolution.requests, tuple(troubles), seconds=waited)

        return ask if missing else ask()

    def purge(self, configuration: VerdictConfiguration) -> None:
        """Sweep what has expired out of the store.

        Raises:
            StoreError: the store does not answer.
        """
        configuration.store().purge(self._clock())

    def _asking(
        self,
        account: Account,
        settings: VerdictSettings,
        method: Method,
        clause: Clause,
        configuration: VerdictConfiguration,
        sid: str | None,
    ) -> _Asking:
        connection = self._connection(account)
        is_over = partial(configuration.is_search_over, sid)
        edr, is_expired_signed = connection.edr.counting_apart(), settings.is_expired_signed
        resolver = Resolver(edr, connection.executor, clause, is_expired_signed=is_expired_signed, is_over=is_over)
        return _Asking(connection, resolver, method, (method, settings.clause, is_expired_signed), is_over)

    def _ask_once(self, asking: _Asking, questions: list[Question], seconds: float) -> Resolution:
        """Ask what no other search asks at this moment, and wait for what others ask."""
        deadline = Deadline.after(seconds, asking.is_over)
        flights = asking.connection.flights
        flight = flights.take_off(asking.way, questions)
        resolution = Resolution({}, 0, ())
        try:
            if flight.own:
                resolution = self._ask(asking, flight.own, seconds)
        finally:
            flights.land(asking.way, flight, resolution)
        if not flight.others:
            return resolution
        shared = _wait_for(flight.others, deadline)
        again = [question for question, answer in shared.answers.items() if answer.verdict.reason in _OTHERS_OWN]
        if again and not asking.is_over():
            rest = self._ask(asking, again, deadline.seconds)
            shared = _joined(shared, rest)
        return _joined(resolution, shared)

    def _ask(self, asking: _Asking, questions: list[Question], seconds: float) -> Resolution:
        breaker = asking.connection.breaker
        if seconds < _LEAST_SECONDS and not (seconds > 0 and breaker.is_closed):
            # Too late to ask, or to find out whether it may be asked: that says nothing of the server.
            return Resolution(dict.fromkeys(questions, no_answer(Reason.TIMEOUT)), 0, (_TOO_LATE,))
        down = self._down(asking.connection, seconds)
        if down is not None:
            return Resolution(dict.fromkeys(questions, no_answer(down.reason)), 0, (down,))
        resolution = asking.resolver.resolve(questions, asking.method, seconds)
        if any(answer.source is Source.SERVER for answer in resolution.answers.values()):
            breaker.succeed()
        elif resolution.requests and _is_servers_fault(resolution, seconds, asking.connection.account):
            breaker.fail(self._monotonic())
        return resolution

    def _down(self, connection: _Connection, seconds: float) -> Trouble | None:
        """Return why Carbon Black is not asked now (None: it is); after the rest one small request finds out."""
        breaker = connection.breaker
        state = breaker.state(self._monotonic())
        if state is State.CLOSED:
            return None
        if state is State.HALF_OPEN:
            is_back = False
            try:
                connection.edr.version(time.monotonic() + min(_PROBE_SECONDS, seconds))
                is_back = True
            except EdrError as error:
                return Trouble.of(error)
            finally:
                if is_back:
                    breaker.succeed()
                else:
                    breaker.fail_probe(self._monotonic())
            return None
        where = f"Carbon Black {connection.account.name} ({connection.account.url})"
        what = f"failed {THRESHOLD} times in a row and is left alone for {breaker.rest:g} s"
        return Trouble(Reason.SERVER_ERROR, f"{where} {what}. {advice(ServerFailedError)}")

    def _recall(
        self, configuration: VerdictConfiguration, server: str, questions: Sequence[Question], troubles: list[Trouble]
    ) -> dict[Question, StoredVerdict]:
        if self._monotonic() < self._store_rests_until:
            return {}
        try:
            return configuration.store().read(server, questions)
        except StoreError as error:
            self._rest_store(error, troubles)
            return {}

    def _remember(  # noqa: PLR0913, PLR0917 - what is kept, and of what
        self,
        configuration: VerdictConfiguration,
        server: str,
        basis: str,
        settings: VerdictSettings,
        kept: Mapping[Question, StoredVerdict],
        answers: Mapping[Question, Answer],
        troubles: list[Trouble],
    ) -> None:
        now = self._clock()
        new = [
            keep(server, question, basis, answer.verdict, old=kept.get(question), lifetimes=settings.lifetimes, now=now)
            for question, answer in answers.items()
            if answer.source is Source.SERVER
        ]
        if not any(new) or self._monotonic() < self._store_rests_until:
            return
        try:
            configuration.store().write(filter(None, new))
        except StoreError as error:
            self._rest_store(error, troubles)

    def _rest_store(self, error: StoreError, troubles: list[Trouble]) -> None:
        # Never a search's failure: what is not kept is asked again. Retried after a rest.
        logger.warning("store trouble=%r rest_seconds=%d", str(error), _STORE_REST)
        self._store_rests_until = self._monotonic() + _STORE_REST
        troubles.append(Trouble.of(error))

    def _connection(self, account: Account) -> _Connection:
        with self._lock:
            connection = self._connections.get(account.name)
            if connection is None or connection.account != account:
                if connection is not None:
                    connection.edr.close()  # Whoever asks through it still may: its threads end with the last of them.
                pool = ThreadPoolExecutor(account.requests_in_flight, "edr")
                connection = _Connection(account, EdrClient(account), pool, CircuitBreaker(), Flights())
                self._connections[account.name] = connection
            return connection


def _wait_for(others: Mapping[Question, Landing], deadline: Deadline) -> Resolution:
    """Wait for answers that other searches have asked for; what is late, or not wanted any more, has none."""
    waited = deadline.wait_for(set(others.values()))
    reason = Reason.CANCELLED if waited.is_over else Reason.TIMEOUT
    nobody = Resolution({}, 0, ())
    landed = {landing: nobody if landing in waited.late else landing.result() for landing in set(others.values())}
    answers = {
        question: landed[landing].answers.get(question, no_answer(reason)) for question, landing in others.items()
    }
    troubles = dict.fromkeys(
        trouble for one in landed.values() for trouble in one.troubles if trouble.reason not in _OTHERS_OWN
    )
    late = any(answer.verdict.reason is Reason.TIMEOUT for answer in answers.values())
    return Resolution(answers, 0, (*troubles, *((_TOO_LATE,) if late else ())))


def _is_servers_fault(resolution: Resolution, seconds: float, account: Account) -> bool:
    """Return whether nothing came because of the server, not of a search with less time than a request takes."""
    reasons = {trouble.reason for trouble in resolution.troubles} & SERVER_IS_DOWN
    return bool(reasons - {Reason.TIMEOUT}) or (bool(reasons) and seconds >= min(account.timeout, _PATIENT))


def _joined(one: Resolution, other: Resolution) -> Resolution:
    troubles = dict.fromkeys((*one.troubles, *other.troubles))
    return Resolution({**one.answers, **other.answers}, one.requests + other.requests, tuple(troubles))


def _from_store(
    kept: Mapping[Question, StoredVerdict], bases: tuple[str, ...], settings: VerdictSettings, now: float
) -> Iterator[tuple[Question, Answer]]:
    for question, stored in kept.items():
        if still_counts(stored, bases, settings.lifetimes, now):
            yield question, Answer(stored.verdict, Source.CACHE)
