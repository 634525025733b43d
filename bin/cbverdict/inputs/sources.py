"""Whom an input asks: Carbon Black, and what the handlers would answer a search, in this very process."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Callable

from cbverdict.anomalies.decisions import Action
from cbverdict.carbonblack.factory import server_of
from cbverdict.carbonblack.port import Way
from cbverdict.errors import SearchOverError, advice
from cbverdict.service.baseline_service import BaselineService
from cbverdict.service.verdict_service import VerdictService
from cbverdict.settings.account import host_of
from cbverdict.splunkd.jobs import JobState

if TYPE_CHECKING:
    from cbverdict.anomalies.baselines import Baselines
    from cbverdict.anomalies.decisions import Decision
    from cbverdict.anomalies.known_baselines import BaselineQuestion, KnownBaselines
    from cbverdict.service.baseline_service import ActiveDecisions
    from cbverdict.service.verdict_api import VerdictReply, VerdictRequest
    from cbverdict.settings.account import Account, AccountName
    from cbverdict.settings.anomalies import AnomalySettings
    from cbverdict.settings.verdicts import VerdictSettings
    from cbverdict.splunkd.baseline_store import BaselineStore
    from cbverdict.splunkd.conf import SplunkdConfiguration
    from cbverdict.splunkd.stores import VerdictStore

_AS_SEARCH = "input"
"""The search that an input is to the verdict service, which looks whether it is over."""


class BadFiles:
    """What an input knows of people's decisions: which files are bad. What it writes lasts, and an exclusion ends."""

    def __init__(self, store: ActiveDecisions) -> None:
        """Store where decisions are."""
        self._store = store

    def active(self, now: float) -> list[Decision]:
        """Return those that call a file bad."""
        return [one for one in self._store.active(now) if one.action == Action.BAD.word]


@dataclass(frozen=True)
class Settings:
    """Account and settings as they were when they were last read: the services' configuration for a while."""

    configuration: SplunkdConfiguration
    is_over: Callable[[], bool]
    own_account: Account
    verdicts: VerdictSettings
    anomalies: AnomalySettings

    def account(self, name: str | None) -> Account:  # noqa: ARG002 - an input has one account
        """Return the input's account."""
        return self.own_account

    def account_name(self, name: str | None) -> AccountName:  # noqa: ARG002 - likewise
        """Return which account that is."""
        return self.own_account.without_secret

    def verdict_settings(self) -> VerdictSettings:
        """Return the verdict settings."""
        return self.verdicts

    def anomaly_settings(self) -> AnomalySettings:
        """Return the anomaly settings."""
        return self.anomalies

    def store(self) -> VerdictStore:
        """Return the verdict store."""
        return self.configuration.store()

    def baseline_store(self) -> BaselineStore:
        """Return the baseline store."""
        return self.configuration.baseline_store()

    def decision_store(self) -> BadFiles:
        """Return where the decisions are that an input knows."""
        return BadFiles(self.configuration.decision_store())

    def job_state(self, sid: str) -> JobState:  # noqa: ARG002 - an input is no search, but is told to stop as one is
        """Return whether splunkd wants the input to stop."""
        return JobState.OVER if self.is_over() else JobState.GOING_ON


class Sources:
    """Carbon Black and the services, as one input needs them."""

    def __init__(
        self,
        configuration: SplunkdConfiguration,
        account: str | None,
        is_over: Callable[[], bool] = lambda: False,
        longest: float = math.inf,
    ) -> None:
        """Store where settings are, the account's name (None: the default one), and how to know when to stop.

        `longest` is how long a request may take at most, in seconds, whatever the account says.

        Raises:
            SetupError: the account or a setting is not usable.
            ServiceError: splunkd does not give them.
        """
        self._configuration = configuration
        self._name = account
        self._longest = longest
        self._is_over = is_over
        self._verdicts = VerdictService()
        self._baselines = BaselineService()
        self._earlier_requests = 0
        self.settings = self._read()
        self.pages = server_of(self.account).open_pages()

    @property
    def account(self) -> Account:
        """The input's account."""
        return self.settings.own_account

    @property
    def server(self) -> str:
        """Whom the account names, whatever it is called itself and however that is spelt."""
        return host_of(self.account.url)

    @property
    def requests(self) -> int:
        """How many requests for pages were sent so far."""
        return self._earlier_requests + self.pages.request_count

    @property
    def needs_names(self) -> bool:
        """Whether verdicts turn on process names."""
        verdicts = self.settings.verdicts
        return server_of(self.account).needs_names(Way(verdicts.method, verdicts.clause))

    def reload(self) -> None:
        """Read account and settings anew; raises what the constructor does."""
        self.settings = self._read()
        pages = server_of(self.account).open_pages()
        self._earlier_requests += self.pages.request_count
        self.pages.close()
        self.pages = pages

    def ask(self, request: VerdictRequest) -> VerdictReply:
        """Answer questions as the verdict service answers a search's."""
        if self._is_over():
            raise SearchOverError(f"the input is to stop. {advice(SearchOverError)}")
        return self._verdicts.answer(request._replace(sid=_AS_SEARCH), self.settings)

    def read(self, question: BaselineQuestion) -> KnownBaselines:
        """Return the baselines that there are."""
        return self._baselines.answer(question, self.settings)

    def learn(self, baselines: Baselines, lesson: str) -> None:
        """Add to what is usual, once, however often a lesson is repeated; raises `StoreError`."""
        self._baselines.learn(baselines, self.settings, lesson)

    def _read(self) -> Settings:
        configuration = self._configuration
        account = configuration.account(self._name)
        return Settings(
            configuration,
            self._is_over,
            replace(account, timeout=min(account.timeout, self._longest)),
            configuration.verdict_settings(),
            configuration.anomaly_settings(),
        )
