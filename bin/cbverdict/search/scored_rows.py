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

    `ends` are both ends of a time in quarters of an hour, where rows have them (none: they have none that can be read).
    The rest is of the text: what stands before the score, from there to the p-value of the hour with the sentences of
    the rest, from that p-value to the group, and behind the group, of a row that is kept and of one that is dropped.
    """

    quarters: Dict[Union[int, None], Explanation]
    view: PersonView
    ends: Tuple[int, ...]
    before: str
    middle: str
    gap: str
    lasts: Tuple[str, str]
    part: Part


_NO_QUARTER = -1


class Common:
    """What rows have in common; it changes where more people turn out to begin with the same program.

    `head` is what stands before their fields. `text` is the end of the last such row as the SDK writes it, head and
    fields, and `is_noise` whether it is dropped: as are all rows of its `quarter` of an hour, counted since 1970 (None:
    it has no time), and of every other whose `hour` is judged in the same words, unless it `has_group`, which names
    the day.
    """

    __slots__ = ("cells", "has_group", "head", "hour", "is_noise", "is_unnamed", "is_unread", "quarter", "text")

    cells: Cells
    quarter: Union[int, None]
    hour: Union[Explanation, None]
    text: str
    is_noise: bool
    has_group: bool

    def __init__(self, head: str, *, is_unnamed: bool, is_unread: bool) -> None:
        """Store what stands before their fields, whether they name nobody, and whether an end of a time is not read."""
        self.head, self.is_unnamed, self.is_unread = head, is_unnamed, is_unread

    @property
    def is_judged(self) -> bool:
        """Whether it is known yet: of who begins with a program only when all the chunk's rows are."""
        return hasattr(self, "cells")

    def judge(self, cells: Cells) -> None:
        """Store what they come to, or come to now."""
        self.cells, self.quarter, self.hour = cells, _NO_QUARTER, None


class Person(NamedTuple):
    """What rows of somebody have in common; `ends` are both ends of their time in quarters of an hour (none: no such).

    `several` says that their columns name other people too, or teams (empty: they do not). `has_unread_end`: one of
    both cannot be read.
    """

    view: PersonView
    several: str
    ends: Tuple[int, ...]
    has_unread_end: bool


class FirstRows(NamedTuple):
    """What somebody's first rows with a program have in common, to be made anew when others begin with it."""

    common: Common
    process: ScoredProcess
    person: Person
