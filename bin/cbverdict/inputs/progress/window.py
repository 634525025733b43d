"""How far an input has read, and what it reads again.

A row becomes visible at most `overlap` seconds after the time that the server gives it. So each time is read when it is
new, and once more when nothing can come to it any more: what lies before `settled` is read for good, what lies before
`head` was read once. Where that is only little, all of it is read in every run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

from cbverdict.carbonblack.times import epoch_of, second_of
from cbverdict.events.times import write_time

FEW_ROWS = 50
"""Rows that are read in every run again, for they cost nothing."""

_LOOK_BACK_SHARE = 10.0
"""The overlap by how far a run looks back for what is late by seconds."""

_LOOK_BACK_AFTER = 1.5
"""How many times that must have passed since a run last did so: one that is due by the minute comes seconds early."""

_EACH_RUN = 4.0
"""The time since the last row by how far each run looks back where runs are closer together than that."""


class Pass(NamedTuple):
    """A part of a run: from when on (second, UTC), until when (empty: to the end), and whether that settles it.

    `looks_back` is whether it finds what came late by seconds since a run last looked back.
    """

    since: str
    until: str
    is_settling: bool
    is_first: bool
    looks_back: bool = True


@dataclass(frozen=True)
class Window:
    """`settled` and `head` are UTC to the second, `unsettled` how many rows lie between them.

    `looked` and `whole` are when a run last looked back, and read all from `settled` on (seconds since 1970, by the
    server's clock).
    """

    settled: str
    head: str
    unsettled: int = 0
    looked: float = 0.0
    whole: float = 0.0

    def plan(self, overlap: float, now: float, delay: float = 0.0, limit: float = math.inf) -> list[Pass]:
        """Return what a run reads; `now` is by the server's clock.

        With a `delay` each time is read once, when it is that old (seconds). `limit` is what counts for now where the
        server's clock was set ahead: no more time has passed by that.
        """
        passed = min(now, limit)
        if delay:
            until = second(passed - delay)
            return [Pass(self.settled, until, is_settling=True, is_first=True)] if until > self.settled else []
        head, settled = epoch(self.head), epoch(self.settled)
        is_quiet = passed - head >= overlap and self.whole < head + overlap
        if head <= settled or self.unsettled <= FEW_ROWS or is_quiet:
            return [Pass(self.settled, "", is_settling=True, is_first=True)]
        passes = []
        until = second(min(passed, head) - overlap)
        if until > self.settled:
            passes.append(Pass(self.settled, until, is_settling=True, is_first=False))
        look_back = overlap / _LOOK_BACK_SHARE
        pause = _LOOK_BACK_AFTER * look_back
        is_due = now - self.looked >= pause and self.looked < head + look_back
        each_run = (now - head) / _EACH_RUN if 0 < now - head < pause else 0.0
        since = second(max(head - (look_back if is_due else each_run), settled))
        return [*passes, Pass(since, "", is_settling=False, is_first=True, looks_back=is_due)]

    def reach(self, reached: float, bound: float, overlap: float, head: str) -> Window:
        """Move on with a page of a pass that reads all: up to `reached`, and nothing is sure from `bound` on."""
        sure = second(min(reached, bound) - overlap)
        return replace(self, settled=max(self.settled, sure), head=max(self.head, head))

    def back_to(self, time: float) -> Window:
        """Go back to a time, for something has come behind it."""
        back = second(time)
        if back >= self.head:
            return self
        return replace(self, settled=min(self.settled, back), head=max(back, min(self.settled, back)), unsettled=0)


def epoch(text: str) -> float:
    """Return a second of any year as seconds since 1970 (0: it is none)."""
    return epoch_of(f"{text}Z") or 0.0


def second(time: float) -> str:
    """Write a time, UTC, to the second."""
    return second_of(write_time(math.floor(max(time, 0.0))))
