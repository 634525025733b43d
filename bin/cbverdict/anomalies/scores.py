"""What a row comes to, and the two halves of it: what runs, and who ran it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Collection, FrozenSet, NamedTuple, Tuple

from cbverdict.anomalies.combination import score_of_cauchy, score_with_hour
from cbverdict.anomalies.explanations import SPAN, UNREAD_END
from cbverdict.anomalies.local_time import date_text
from cbverdict.verdicts.signed_noise import Doubt, may_be_excluded_by_hand

if TYPE_CHECKING:
    from cbverdict.anomalies.decisions import Decision
    from cbverdict.anomalies.explanations import Explanation
    from cbverdict.anomalies.person_view import PersonView

HOUR, PROCESS, PARENT = "hour", "process", "parent"
"""Which question is the odd one."""

UNJUDGED = 2.0
"""More than any p-value."""


class ProcessSide(NamedTuple):
    """What a row's process, parent and signature say, whoever ran it and whenever; and the exclusions of this file."""

    process: str | None
    parent: Explanation
    doubts: FrozenSet[Doubt]
    reasons: Tuple[str, ...]
    exclusions: Tuple[Decision, ...] = ()

    def of_several(self, reason: str) -> ProcessSide:
        """Return what it says on a row whose columns name several people, or teams: that is never dropped."""
        doubts = self.doubts | {Doubt.ABOUT_SEVERAL}
        return self._replace(doubts=doubts, reasons=(reason, *self.reasons), exclusions=())

    def exclusion_of(self, view: PersonView, doubts: Collection[Doubt]) -> Decision | None:
        """Return by which decision people leave out a row of this person's with these doubts (None: by none)."""
        if not self.exclusions or not may_be_excluded_by_hand(doubts):
            return None
        return next((one for one in self.exclusions if view.is_covered(one)), None)


class Part(NamedTuple):
    """What is said of a row but its hour: the sum of weighted Cauchy variables, their weight, what score that gives.

    `who` is whose finding it would be: the person's or, of nobody, the program's. `least` is the smallest p-value,
    and which question it answers. Where it passes all rules but that of the score, or people left it out, it is
    dropped with a score under `limit`. `undamped` is the sum as it would be if it were no part of a roll-out (None: it
    is none).
    """

    cauchy: float
    weight: float
    score: float
    reasons: Tuple[str, ...]
    team: Explanation
    parent: Explanation
    passes_all_but_score: bool
    limit: float
    who: str
    least: Tuple[float, str]
    undamped: float | None = None

    def of_ends(self, ends: Collection[int], *, is_unread: bool) -> Part:
        """Return what is said of a row of these ends of a time, in quarters of an hour; of one that cannot be read."""
        is_span = bool(ends) and max(ends) - min(ends) > 1
        said = (*((UNREAD_END,) if is_unread else ()), *((SPAN,) if is_span else ()))
        return self._replace(reasons=(*self.reasons, *said)) if said else self

    def score_at(self, hour: Explanation) -> float | None:
        """Return the score of a row of this hour (None: nothing can be said of it)."""
        if hour.p_value is None:
            return self.score if self.weight else None
        return score_with_hour(self.cauchy, self.weight, hour.cauchy)

    def is_noise(self, hour: Explanation, score: float | None) -> bool:
        """Return whether a row of this hour is dropped; `score` is what `score_at` says of it.

        On a day of a roll-out a drop turns on the score that the row would have on any other day.
        """
        if score is None or not self.passes_all_but_score:
            return self.passes_all_but_score
        return (score if self.undamped is None else max(score, self._undamped_score(hour))) < self.limit

    def _undamped_score(self, hour: Explanation) -> float:
        if self.undamped is None or not (self.weight or hour.p_value is not None):
            return 0.0
        if hour.p_value is not None:
            return score_with_hour(self.undamped, self.weight, hour.cauchy)
        return score_of_cauchy(self.undamped / self.weight)

    def cause(self, hour: Explanation) -> str:
        """Return which question is the odd one, with this answer to that of the hour."""
        return HOUR if hour.p_value is not None and hour.p_value <= self.least[0] else self.least[1]


class Score(NamedTuple):
    """What a row comes to; `score` is None where there is no opinion at all, `group` empty under the threshold."""

    score: float | None
    hour: Explanation
    part: Part
    is_noise: bool
    group: str

    @property
    def reasons(self) -> Tuple[str, ...]:
        """Return the sentences."""
        return self.hour.reasons + self.part.reasons


def group_of(who: str, day: int | None, cause: str) -> str:
    """Write what rows of one finding have in common: who, on which local day, and which question is the odd one.

    A traveller, a week on call or a new tool make many rows over the threshold; they are one thing to look at.
    """
    return " ".join(filter(None, (who, "" if day is None else date_text(day), cause)))
