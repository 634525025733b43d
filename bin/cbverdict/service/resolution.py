"""Answers of Carbon Black's, with the requests that they took and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterable

from cbverdict.settings.verdicts import Method
from cbverdict.verdicts.evidence import Evidence, Joint
from cbverdict.verdicts.reasons import Reason, Source
from cbverdict.verdicts.verdict import Answer, judge, judge_published, no_answer

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import GatheredEvidence
    from cbverdict.errors import Trouble
    from cbverdict.verdicts.evidence import Question


@dataclass(frozen=True)
class Resolution:
    """An answer for every question, the requests they took, and what went wrong (each trouble once)."""

    answers: dict[Question, Answer]
    requests: int = 0
    troubles: tuple[Trouble, ...] = ()

    @classmethod
    def of(cls, findings: GatheredEvidence, method: Method, *, expired_is_signed: bool = False) -> Resolution:
        """Judge what was found; what nobody answered is unknown, with its reason."""
        proves_signed = findings.hit_proves_signed
        answers = {
            question: _published_answer(evidence)
            if method is Method.PROG_NAME
            else _answer(evidence, proves_signed=proves_signed, expired_is_signed=expired_is_signed)
            for question, evidence in findings.evidence.items()
        }
        return cls(answers, findings.requests, findings.troubles)

    @classmethod
    def unanswered(cls, questions: Iterable[Question], trouble: Trouble) -> Resolution:
        """Return the resolution of questions that were not asked, for a reason."""
        return cls(dict.fromkeys(questions, no_answer(trouble.reason)), 0, (trouble,))

    def joined(self, other: Resolution) -> Resolution:
        """Add another one; its answers count where both have one."""
        troubles = dict.fromkeys((*self.troubles, *other.troubles))
        return Resolution({**self.answers, **other.answers}, self.requests + other.requests, tuple(troubles))


def _answer(evidence: Evidence, *, proves_signed: bool, expired_is_signed: bool) -> Answer:
    verdict = judge(evidence, hit_proves_signed=proves_signed, expired_is_signed=expired_is_signed)
    trouble = evidence.trouble
    is_answered = trouble is None or verdict.reason is not trouble or trouble.is_of_row
    return Answer(verdict, Source.SERVER if is_answered else Source.NONE)


def _published_answer(evidence: Evidence) -> Answer:
    if evidence.joint in {Joint.HIT, Joint.MISS}:
        return Answer(judge_published(is_hit=evidence.joint is Joint.HIT), Source.SERVER)
    return no_answer(evidence.trouble or Reason.NO_NAME)
