"""What a row comes to, and the two halves of it: what runs, and who ran it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Tuple

if TYPE_CHECKING:
    from cbverdict.anomalies.exclusions import Decision
    from cbverdict.anomalies.explanations import Explanation
    from cbverdict.verdicts.signed_noise import Doubts


class ProcessSide(NamedTuple):
    """What a row's process, parent and signature say, whoever ran it and whenever; and the exclusions of this file."""

    process: str | None
    parent: Explanation
    doubts: Doubts
    reasons: Tuple[str, ...]
    exclusions: Tuple[Decision, ...] = ()


class Part(NamedTuple):
    """What is said of a row but its hour: the sum of Cauchy variables, of how many opinions, what score that gives.

    Where it passes all rules but that of the score, or people left it out, it is dropped with a score under `limit`.
    """

    cauchy: float
    opinions: int
    score: float
    reasons: Tuple[str, ...]
    team: Explanation
    parent: Explanation
    passes_all_but_score: bool
    limit: float


class Score(NamedTuple):
    """What a row comes to; `score` is None where there is no opinion at all."""

    score: float | None
    hour: Explanation
    part: Part
    is_noise: bool

    @property
    def reasons(self) -> Tuple[str, ...]:
        """Return the sentences."""
        return self.hour.reasons + self.part.reasons
