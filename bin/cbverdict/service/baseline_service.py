"""The baseline service: the only thing that reads and writes baselines."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Callable, ContextManager, Mapping, Protocol, Sequence

from cbverdict.anomalies.baselines import HALF_LIVES, ORGANISATION, Baseline, Baselines, Subject
from cbverdict.anomalies.lessons import KeptBaseline, parts_of
from cbverdict.anomalies.profiles import KnownBaselines

if TYPE_CHECKING:
    from cbverdict.anomalies.exclusions import Decision
    from cbverdict.settings.anomalies import AnomalySettings

logger = logging.getLogger(__name__)


class Store(Protocol):
    """Where baselines are kept; `cbverdict.splunkd.stores.BaselineStore` is the real one. It may raise `StoreError`."""

    def read(self, subjects: Sequence[Subject]) -> Baselines:
        """Return what is kept."""

    def alone(self) -> ContextManager[None]:
        """Have the right to write: no other process does meanwhile."""

    def read_for_update(self, subjects: Sequence[Subject]) -> Mapping[Subject, KeptBaseline]:
        """Return what is kept, with the patience of who is going to write it."""

    def write(self, baselines: Mapping[Subject, KeptBaseline], now: float) -> None:
        """Keep baselines."""

    def forget(self, before: float) -> None:
        """Delete what was last learnt before a time."""


class ActiveDecisions(Protocol):
    """Where decisions are kept; `cbverdict.splunkd.stores.DecisionStore` is the real one. It may raise `StoreError`."""

    def active(self, now: float) -> list[Decision]:
        """Return those that are not over."""


class BaselineConfiguration(Protocol):
    """Where the service's settings come from; `cbverdict.splunkd.conf` reads splunkd's."""

    def anomaly_settings(self) -> AnomalySettings:
        """Return the anomaly settings."""

    def baseline_store(self) -> Store:
        """Return the baseline store."""

    def decision_store(self) -> ActiveDecisions:
        """Return where decisions are kept."""


class BaselineService:
    """Return baselines to searches, and add what was learnt; one request at a time, as splunkd hands them over."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Start with nothing; `clock` gives seconds since 1970."""
        self._clock = clock

    def answer(self, subjects: list[Subject], configuration: BaselineConfiguration) -> KnownBaselines:
        """Return the baselines that there are; with the organisation's, what people decided and is not over.

        Raises:
            SetupError: a setting is not usable.
            StoreError: the KV store does not answer.
        """
        settings = configuration.anomaly_settings()
        baselines = configuration.baseline_store().read(subjects) if subjects else {}
        is_first = ORGANISATION in subjects
        decisions = tuple(configuration.decision_store().active(self._clock())) if is_first else ()
        return KnownBaselines(settings, baselines, decisions)

    def learn(self, learnt: Baselines, configuration: BaselineConfiguration, lesson: str = "") -> int:
        """Add what was learnt to what is known, forget what is too old; return of how many subjects it was news.

        What a lesson (an id) says of somebody is added once, however often it comes: one that broke off is repeated
        whole. Without an id it may be added any number of times.

        Raises:
            SetupError: a setting is not usable.
            StoreError: the KV store does not answer.
        """
        if not learnt:
            return 0
        started = time.monotonic()
        half_life = configuration.anomaly_settings().half_life_days
        store, new = configuration.baseline_store(), 0
        for part in parts_of(list(learnt)):
            with store.alone():
                kept = store.read_for_update(part)
                nothing = KeptBaseline(Baseline())
                taught = {one: kept.get(one, nothing).learn(learnt[one], lesson, half_life) for one in part}
                taught = {one: now for one, now in taught.items() if now is not kept.get(one)}
                store.write(taught, self._clock())
                new += len(taught)
        seconds = time.monotonic() - started
        logger.info("learnt lesson=%s subjects=%d new=%d seconds=%.3f", lesson or "none", len(learnt), new, seconds)
        return new

    def forget(self, configuration: BaselineConfiguration) -> None:
        """Delete the baselines of whom nothing was learnt for so long that it would not count any more.

        Raises:
            SetupError: a setting is not usable.
            StoreError: the KV store does not answer.
        """
        horizon = HALF_LIVES * configuration.anomaly_settings().half_life_days * 86400.0
        configuration.baseline_store().forget(self._clock() - horizon)
