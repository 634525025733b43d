"""What an input learns is handed over now and then, and is no reason to hold up what comes next."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple, cast

import pytest

from cbverdict.anomalies.baselines import Baselines, Subject, SubjectKind
from cbverdict.anomalies.decayed_counts import totals
from cbverdict.anomalies.known_baselines import BaselineQuestion, KnownBaselines
from cbverdict.errors import InvalidRequestError, StoreError
from cbverdict.inputs.learning import Lessons

ROW: Dict[str, str] = {"user": "ann", "process_name": "a.exe", "_time": "1793606400"}


class _Sources:
    """Who keeps what is usual, or fails for a while."""

    def __init__(self) -> None:
        """Start without trouble."""
        self.trouble: Exception | None = None
        self.taught: List[Tuple[Baselines, str]] = []

    def read(self, _: BaselineQuestion) -> KnownBaselines:
        """Return nothing, or fail."""
        if self.trouble is not None:
            raise self.trouble
        return KnownBaselines()

    def learn(self, baselines: Baselines, lesson: str) -> None:
        """Note what is taught."""
        self.taught.append((baselines, lesson))


def _starts(baselines: Baselines) -> int:
    return totals(baselines[Subject(SubjectKind.PERSON, "ann")].names)["a.exe"]


@pytest.mark.parametrize("trouble", [StoreError("it is damaged"), InvalidRequestError("of another release")])
def test_what_cannot_be_handed_over_waits_for_the_next_time(trouble: Exception) -> None:
    """As one lesson, whatever comes to it meanwhile."""
    sources = _Sources()
    lessons = Lessons(cast("Any", sources), 1793700000.0)
    assert lessons.hand_over()
    assert sources.taught == []
    lessons.learn([ROW] * 3)
    sources.trouble = trouble
    assert not lessons.hand_over()
    lessons.learn([ROW] * 2)
    assert not lessons.hand_over()
    sources.trouble = None
    assert lessons.hand_over()
    lessons.learn([ROW])
    assert lessons.hand_over()
    assert [_starts(baselines) for baselines, _ in sources.taught] == [5, 1]
    assert len({lesson for _, lesson in sources.taught}) == 2


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it can never be handed over, it is forgotten in the end."""
    monkeypatch.setattr("cbverdict.inputs.learning._MAX_UNSAVED_ROWS", 10)
    sources = _Sources()
    sources.trouble = StoreError("it is full")
    lessons = Lessons(cast("Any", sources), 1793700000.0)
    lessons.learn([ROW] * 11)
    assert not lessons.hand_over()
    sources.trouble = None
    lessons.learn([ROW] * 2)
    assert lessons.hand_over()
    assert [_starts(baselines) for baselines, _ in sources.taught] == [2]
