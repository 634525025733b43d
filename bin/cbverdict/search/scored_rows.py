"""What rows of a search have in common, so that it is judged and written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, NamedTuple, Tuple, Union

if TYPE_CHECKING:
    from cbverdict.anomalies.explanations import Explanation
    from cbverdict.anomalies.person_view import PersonView
    from cbverdict.anomalies.scores import Part, ProcessSide
    from cbverdict.search.verdict_columns import Tag


class ScoredProcess(NamedTuple):
    """What rows of a kind have in common: what to count, whether it lasts, and all of the score but who and when."""

    tag: Tag
    is_lasting: bool
    side: ProcessSide


class Cells(NamedTuple):
    """What rows of a kind and of a person have in common: all but the hour, its sentences and what stands behind.

    `other` is what is said of both ends of a time, where rows have them (None: they have none that can be read), `day`
    the local day of the first.
    `middle` is the text from the score to the p-value of the hour, with the sentences of the rest; `around` are its
    pieces, before and after the sentences. `gap` is what stands between that p-value and the group, `ends` what follows
    the group, of a row that is kept and of one that is dropped.
    """

    quarters: Dict[Union[int, None], Explanation]
    view: PersonView
    other: Explanation | None
    day: int | None
    cauchy: float
    weight: float
    score: float
    passes_all_but_score: bool
    before: str
    middle: str
    around: Tuple[str, str]
    gap: str
    ends: Tuple[str, str]
    part: Part


class Common:
    """What rows have in common; it changes where more people turn out to begin with the same program."""

    __slots__ = ("cells", "is_unnamed", "is_unread")

    cells: Cells

    def __init__(self, *, is_unnamed: bool, is_unread: bool) -> None:
        """Store whether they name nobody, and whether an end of their time cannot be read."""
        self.is_unnamed, self.is_unread = is_unnamed, is_unread

    @property
    def is_judged(self) -> bool:
        """Whether it is known yet: of who begins with a program only when all the chunk's rows are."""
        return hasattr(self, "cells")


class Person(NamedTuple):
    """What rows of somebody have in common; `ends` are both ends of their time in quarters of an hour (none: no such).

    `is_about_several`: their columns name other people too. `has_unread_end`: one of both cannot be read.
    """

    view: PersonView
    is_about_several: bool
    ends: Tuple[int, ...]
    has_unread_end: bool


class FirstRows(NamedTuple):
    """What somebody's first rows with a program have in common, to be made anew when others begin with it."""

    common: Common
    kind: ScoredProcess
    person: Person
