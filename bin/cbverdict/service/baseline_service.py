"""The baseline service: the only thing that reads and writes baselines."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Callable, ContextManager, Mapping, Protocol, Sequence

from cbverdict.anomalies.baselines import HALF_LIVES, Baseline, Baselines, Subject
from cbverdict.anomalies.known_baselines import KnownBaselines
from cbverdict.anomalies.lessons import KeptBaseline, parts_of
from cbverdict.anomalies.outline import Head, Outline
from cbverdict.anomalies.outline_fields import names_of

if TYPE_CHECKING:
    from cbverdict.anomalies.decisions import Decision
    from cbverdict.anomalies.known_baselines import BaselineQuestion
    from cbverdict.anomalies.outline_fields import OutlineNames
    from cbverdict.settings.anomalies import AnomalySettings

logger = logging.getLogger(__name__)


class Store(Protocol):
    """Where baselines are kept, really in a `cbverdict.splunkd.baseline_store.BaselineStore`; raises `StoreError`."""

    def read(self, subjects: Sequence[Subject]) -> Baselines:
        """Return what is kept."""

    def count_released(self, kept: Baselines, names: OutlineNames) -> tuple[Baselines, Outline]:
        """Count in what is released, and return what everybody did with some names."""

    def add_outline(self) -> None:
        """Add the outline to what an earlier release kept."""

    def alone(self) -> ContextManager[None]:
        """Have the right to write: no other process does meanwhile."""

    def read_for_update(self, subjects: Sequence[Subject]) -> Mapping[Subject, KeptBaseline]:
        """Return what is kept, with the longer time-out of whoever writes it anew; what cannot be read is none."""

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
        self._head: Head | None = None

    def answer(self, question: BaselineQuestion, configuration: BaselineConfiguration) -> KnownBaselines:
        """Return what there is of what is asked for; with the first question, what people decided and is not over.

        Raises:
            SetupError: a setting is not usable.
            StoreError: the KV store does not answer.
        """
        settings, store = configuration.anomaly_settings(), configuration.baseline_store()
        kept, outline = store.read(question.subjects) if question.subjects else {}, Outline()
        if not question.wants_as_kept:
            kept, outline = self._count_released(question, kept, store)
        decisions = configuration.decision_store().active(self._clock()) if question.wants_decisions else ()
        return KnownBaselines(settings, kept, tuple(decisions), outline)

    def _count_released(self, question: BaselineQuestion, kept: Baselines, store: Store) -> tuple[Baselines, Outline]:
        """Count in what is released, and give the outline: by the head as it was last, once more if that made less."""
        names = names_of(question, kept, self._head)
        counted, outline = store.count_released(kept, names)
        if outline.head != self._head:
            self._head = outline.head
            more = names_of(question, kept, outline.head)
            if more.programs - names.programs:
                return store.count_released(kept, more)
        return counted, outline

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

        What an earlier release kept of the organisation gets its outline.

        Raises:
            SetupError: a setting is not usable.
            StoreError: the KV store does not answer.
        """
        horizon = HALF_LIVES * configuration.anomaly_settings().half_life_days * 86400.0
        store = configuration.baseline_store()
        store.forget(self._clock() - horizon)
        with store.alone():
            store.add_outline()
