"""The verdict store, left alone for a while after it failed."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Callable, Iterable, Protocol, Sequence

from cbverdict.errors import StoreError, Trouble

if TYPE_CHECKING:
    from cbverdict.verdicts.cached_verdict import StoredVerdict
    from cbverdict.verdicts.evidence import Question

logger = logging.getLogger(__name__)

REST = 30.0
"""Seconds without the store after it failed: a KV store that starts or hangs must not slow every call."""


class StoredVerdicts(Protocol):
    """Where verdicts are kept; `cbverdict.splunkd.stores.VerdictStore` is the real one. It may raise `StoreError`."""

    def read(self, server: str, questions: Sequence[Question]) -> dict[Question, StoredVerdict]:
        """Return what is kept."""

    def write(self, verdicts: Iterable[StoredVerdict]) -> None:
        """Keep verdicts."""

    def purge(self, now: float) -> None:
        """Delete what has expired."""


class RestingStore:
    """Read and write verdicts where that works: never a search's failure, for what is not kept is asked again.

    The store is opened for each call, as each has its own token; `troubles` takes what went wrong.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Start with a store that is taken to work; `monotonic` gives seconds that only grow."""
        self._monotonic = monotonic
        self._rests_until = -math.inf

    def read(
        self,
        open_store: Callable[[], StoredVerdicts],
        server: str,
        questions: Sequence[Question],
        troubles: list[Trouble],
    ) -> dict[Question, StoredVerdict]:
        """Return what is kept; nothing while the store rests."""
        if self._is_resting:
            return {}
        try:
            return open_store().read(server, questions)
        except StoreError as error:
            self._rest(error, troubles)
            return {}

    def write(
        self, open_store: Callable[[], StoredVerdicts], verdicts: Sequence[StoredVerdict], troubles: list[Trouble]
    ) -> None:
        """Keep verdicts, if there are any and the store does not rest."""
        if not verdicts or self._is_resting:
            return
        try:
            open_store().write(verdicts)
        except StoreError as error:
            self._rest(error, troubles)

    @property
    def _is_resting(self) -> bool:
        return self._monotonic() < self._rests_until

    def _rest(self, error: StoreError, troubles: list[Trouble]) -> None:
        logger.warning("store trouble=%r rest_seconds=%d", str(error), REST)
        self._rests_until = self._monotonic() + REST
        troubles.append(Trouble.of(error))
