"""What an input learns of what it reads: handed over now and then, and never a reason to hold up what comes next."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Sequence

from cbverdict.anomalies.hold_back import hold_back
from cbverdict.anomalies.lessons import new_lesson
from cbverdict.anomalies.training import Learner, TrainingResult
from cbverdict.errors import CbsignedError
from cbverdict.events.columns import EventFields
from cbverdict.splunkd.lookup_files import read_lists

if TYPE_CHECKING:
    from cbverdict.events.texts import Record
    from cbverdict.inputs.sources import Sources

logger = logging.getLogger(__name__)

_MAX_UNSAVED_ROWS = 200_000


class Lessons:
    """Learn from records; what cannot be handed over waits for the next time, as far as there is room."""

    def __init__(self, sources: Sources, now: float) -> None:
        """Store who keeps what is usual; `now` says which times are a clock gone wrong."""
        self._sources = sources
        self._learner = Learner(read_lists(), EventFields(), now)
        self._begin()

    def learn(self, records: Sequence[Record]) -> None:
        """Learn from records that were written."""
        self._learner.learn(records, self._learnt)

    def hand_over(self) -> bool:
        """Add what was learnt since the last time to what is usual; return whether that is done."""
        learnt = self._learnt
        if not learnt.baselines:
            return True
        try:
            known = hold_back(learnt.baselines, self._sources, read_lists(), learnt.last_day)
            self._sources.learn(known, self._lesson)
        except CbsignedError as error:
            logger.warning("learn rows=%d trouble=%r", learnt.rows, str(error))
            if learnt.rows > _MAX_UNSAVED_ROWS:
                self._begin()
            return False
        logger.info("learn rows=%d baselines=%d", learnt.rows, len(learnt.baselines))
        self._begin()
        return True

    def _begin(self) -> None:
        self._learnt, self._lesson = TrainingResult(), new_lesson()
