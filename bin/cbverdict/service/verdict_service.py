"""The verdict service: the only thing that asks Carbon Black for searches."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Callable, Iterator, Mapping, Protocol, Sequence

from cbverdict.carbonblack.factory import asks_by_name
from cbverdict.carbonblack.port import Way
from cbverdict.errors import SearchOverError, Trouble, advice
from cbverdict.service.asking import Asking
from cbverdict.service.connections import Connections
from cbverdict.service.resolution import Resolution
from cbverdict.service.resting_store import RestingStore, StoredVerdicts
from cbverdict.service.search_watch import SearchWatch
from cbverdict.service.verdict_api import VerdictReply, VerdictRequest
from cbverdict.verdicts.cached_verdict import StoredVerdict, keep, still_counts
from cbverdict.verdicts.reasons import Source
from cbverdict.verdicts.verdict import Answer

if TYPE_CHECKING:
    from cbverdict.settings.account import Account, AccountName
    from cbverdict.settings.verdicts import VerdictSettings
    from cbverdict.splunkd.jobs import JobState
    from cbverdict.verdicts.evidence import Question

logger = logging.getLogger(__name__)


class VerdictConfiguration(Protocol):
    """Where the service's settings come from; `cbverdict.splunkd.conf` reads splunkd's."""

    def account_name(self, name: str | None) -> AccountName:
        """Return which account is meant by that name, or by none, without its secret."""

    def account(self, name: str | None) -> Account:
        """Return the account of that name, or the default one, as it is asked."""

    def verdict_settings(self) -> VerdictSettings:
        """Return the verdict settings."""

    def store(self) -> StoredVerdicts:
        """Return the verdict store."""

    def job_state(self, sid: str) -> JobState:
        """Return what becomes of a search."""


@dataclass
class _Call:
    """A request on its way to its reply: what is kept of old for its questions, what is known, what went wrong.

    `writes` is how often something had been kept when that was read.
    """

    request: VerdictRequest
    configuration: VerdictConfiguration
    settings: VerdictSettings
    account: AccountName
    way: Way
    bases: tuple[str, ...]
    started: float
    writes: int = 0
    kept: Mapping[Question, StoredVerdict] = field(default_factory=dict)
    answers: dict[Question, Answer] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def missing(self) -> list[Question]:
        """The questions that have no answer yet, each once."""
        return [question for question in dict.fromkeys(self.request.questions) if question not in self.answers]

    def seconds_left(self, now: float, today: float) -> float:
        """Return the seconds that are left for asking; `now` only grows, `today` is seconds since 1970."""
        seconds = self.request.seconds - (now - self.started)
        deadline = self.request.deadline
        return seconds if deadline is None else min(seconds, deadline - today)


class VerdictService:
    """Answer verdict requests; settings are read anew for each, connections stay while the account stays."""

    def __init__(self, clock: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Start with no connection; `clock` gives seconds since 1970, `monotonic` seconds that only grow.

        What is kept has the time of the day; how long something is left alone must not turn on who sets a clock.
        """
        self._clock = clock
        self._monotonic = monotonic
        self._connections = Connections()
        self._watch = SearchWatch()
        self._store = RestingStore(monotonic)
        self._writes = 0  # how often something was kept; two at once may count as one, which is as new

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
        """Answer what is stored; give what asks Carbon Black where that is not all, for which the secret is read.

        Both raise what `answer` does.
        """
        started = self._monotonic()
        settings = configuration.verdict_settings()
        account = configuration.account_name(request.server)
        way = Way(request.method or settings.method, settings.clause)
        if asks_by_name(account, way) and not request.has_names:
            return VerdictReply(account.name, (), needs_names=True)
        call = _Call(request, configuration, settings, account, way, settings.bases(way.method), started)
        self._recall(call)
        return partial(self._finish, call) if call.missing else self._finish(call)

    def purge(self, configuration: VerdictConfiguration) -> None:
        """Sweep what has expired out of the store.

        Raises:
            StoreError: the store does not answer.
        """
        configuration.store().purge(self._clock())

    def _finish(self, call: _Call) -> VerdictReply:
        """Ask what is missing, keep it, and write the reply."""
        asked_at, missing, request = self._monotonic(), call.missing, call.request
        seconds = call.seconds_left(asked_at, self._clock())
        resolution = self._ask(call, missing, seconds) if missing else Resolution({})
        call.answers.update(resolution.answers)
        call.troubles.extend(resolution.troubles)
        logger.info(
            "verdicts account=%s method=%s questions=%d asked=%d requests=%d seconds=%.3f troubles=%s",
            call.account.name, call.way.method.value, len(request.questions), len(missing), resolution.requests,
            self._monotonic() - call.started,
            ",".join(sorted({trouble.reason.value for trouble in call.troubles})) or "none",
        )  # fmt: skip
        in_order = tuple(call.answers[question] for question in request.questions)
        waited = self._monotonic() - asked_at
        return VerdictReply(call.account.name, in_order, resolution.requests, tuple(call.troubles), seconds=waited)

    def _ask(self, call: _Call, questions: list[Question], seconds: float) -> Resolution:
        sid = call.request.sid
        if self._watch.was_over(sid):
            return Resolution.unanswered(questions, Trouble.of(SearchOverError(advice(SearchOverError))))
        is_over = partial(self._watch.is_over, sid, call.configuration.job_state)
        connection = self._connections.to(call.configuration.account(call.account.name))
        recall, keep = partial(self._recall_again, call), partial(self._remember, call)
        asking = Asking(connection, call.way, call.settings.expired_is_signed, is_over, self._monotonic, recall, keep)
        return asking.ask(questions, seconds)

    def _recall(self, call: _Call) -> None:
        """Read what is kept; answers that still count, if they are wanted."""
        if not call.bases:
            return
        call.writes = self._writes
        questions = call.request.questions
        call.kept = self._read(call, questions)
        if not call.request.is_refreshed:
            call.answers.update(_from_store(call.kept, call.bases, call.settings, self._clock()))

    def _recall_again(self, call: _Call, questions: list[Question]) -> Mapping[Question, Answer]:
        """Read what was kept of these questions since they were looked up, if anything was."""
        if call.writes == self._writes or not call.bases or call.request.is_refreshed:
            return {}
        kept = self._read(call, questions)
        return dict(_from_store(kept, call.bases, call.settings, self._clock()))

    def _read(self, call: _Call, questions: Sequence[Question]) -> Mapping[Question, StoredVerdict]:
        """Read what is kept of these questions; what another host said under the account's name is nothing."""
        found = self._store.read(call.configuration.store, call.account.name, questions, call.troubles)
        return {question: stored for question, stored in found.items() if stored.is_of(call.account.host)}

    def _remember(self, call: _Call, answers: Mapping[Question, Answer]) -> None:
        """Keep what Carbon Black answered."""
        if not call.bases:
            return
        server, lifetimes, now = call.account.name, call.settings.lifetimes, self._clock()
        new = (
            keep(
                server, question, call.bases[0], answer.verdict,
                old=call.kept.get(question), lifetimes=lifetimes, now=now, host=call.account.host,
            )
            for question, answer in answers.items()
            if answer.source is Source.SERVER
        )  # fmt: skip
        self._store.write(call.configuration.store, list(filter(None, new)), call.troubles)
        self._writes += 1


def _from_store(
    kept: Mapping[Question, StoredVerdict], bases: tuple[str, ...], settings: VerdictSettings, now: float
) -> Iterator[tuple[Question, Answer]]:
    for question, stored in kept.items():
        if still_counts(stored, bases, settings.lifetimes, now):
            yield question, Answer(stored.verdict, Source.CACHE)
