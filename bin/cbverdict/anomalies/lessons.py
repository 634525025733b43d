"""What is learnt at once: a lesson, which has an id, so that one that broke off is repeated and counts once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, Iterator, NamedTuple, Tuple

from cbverdict.anomalies.baselines import write_baseline

if TYPE_CHECKING:
    from cbverdict.anomalies.baselines import Baseline, Baselines, Subject

MAX_SUBJECTS = 500
"""Subjects that are asked for or taught at once."""

MAX_LESSONS = 32
"""Lessons that a document remembers; a lesson that broke off is repeated before so many others."""


class KeptBaseline(NamedTuple):
    """A baseline as it is kept, and the ids of the lessons that it holds, the last ones."""

    baseline: Baseline
    lessons: Tuple[str, ...] = ()

    def learn(self, learnt: Baseline, lesson: str, half_life: float) -> KeptBaseline:
        """Add what a lesson says, once (an empty id: any number of times); forget what is too old."""
        if lesson and lesson in self.lessons:
            return self
        lessons = (*self.lessons, lesson)[-MAX_LESSONS:] if lesson else self.lessons
        return KeptBaseline(self.baseline.merge(learnt).forget(half_life), lessons)


def new_lesson() -> str:
    """Return the id of a lesson that only who made it can repeat."""
    import uuid  # noqa: PLC0415 - milliseconds, and a search teaches nothing

    return uuid.uuid4().hex[:16]


def lesson_of(baselines: Baselines, about: Iterable[object]) -> str:
    """Return the id of a lesson that is told by what it says: the same rows make the same one, whoever learns them."""
    import hashlib  # noqa: PLC0415 - a millisecond, and a search learns nothing

    digest = hashlib.sha256(repr(tuple(about)).encode())
    for subject in sorted(baselines, key=lambda one: one.key):
        digest.update(f"\0{subject.key}\0{write_baseline(baselines[subject])}".encode())
    return digest.hexdigest()[:16]


def parts_of(subjects: list[Subject]) -> Iterator[list[Subject]]:
    """Cut a list into parts of what is taught at once; there is one at least."""
    for start in range(0, max(len(subjects), 1), MAX_SUBJECTS):
        yield subjects[start : start + MAX_SUBJECTS]
