"""Which questions of a search are asked in one query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterator, NamedTuple, TypeVar

from cbverdict.carbonblack.edr.query import MAX_BATCH, joint_query, paired_joint_query

if TYPE_CHECKING:
    from cbverdict.carbonblack.edr.clause import Clause
    from cbverdict.verdicts.hashes import Md5

T = TypeVar("T")


class Md5Question(NamedTuple):
    """A question about a file whose MD5 is known."""

    md5: Md5
    name: str | None


@dataclass(frozen=True)
class JointBatch:
    """A joint query, and the questions that it asks."""

    query: str
    questions: tuple[Md5Question, ...]


def joint_batches_of(questions: list[Md5Question], clause: Clause) -> Iterator[JointBatch]:
    """Return the joint queries for these questions."""
    if not clause.is_per_process:
        yield from _batches_by_hash(questions, clause.render())
        return
    for batch in _batches_of_distinct_hashes(questions, needs_name=clause.needs_name):
        clauses = {question.md5: clause.render(question.md5, question.name or "") for question in batch}
        yield JointBatch(paired_joint_query(clauses), tuple(batch))


def _batches_by_hash(questions: list[Md5Question], clause: str) -> Iterator[JointBatch]:
    by_md5: dict[Md5, list[Md5Question]] = {}
    for question in questions:
        by_md5.setdefault(question.md5, []).append(question)
    for md5s in batches_of(list(by_md5)):
        yield JointBatch(joint_query(md5s, clause), tuple(question for md5 in md5s for question in by_md5[md5]))


def _batches_of_distinct_hashes(questions: list[Md5Question], *, needs_name: bool) -> Iterator[list[Md5Question]]:
    """Return batches in which no hash stands twice, because a facet tells hashes apart and nothing else."""
    rounds: list[list[Md5Question]] = []
    names_of: dict[Md5, int] = {}
    for question in questions:
        if needs_name and question.name is None:
            continue
        number = names_of.get(question.md5, 0)
        names_of[question.md5] = number + 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(question)
    for members in rounds:
        yield from batches_of(members)


def batches_of(members: list[T]) -> Iterator[list[T]]:
    """Cut a list into parts of at most `MAX_BATCH`."""
    for start in range(0, len(members), MAX_BATCH):
        yield members[start : start + MAX_BATCH]
