"""Where the reading of a search's results has got to.

Results come in the order of a time that the server gives them, and change while they are read: what is updated moves to
the end. So a page is asked for by time (everything from this second on), not by its number, and nothing can slip
between two pages. Only where more rows than a page holds share one second are rows skipped, some fewer than were read:
a page whose first row was read before goes on where the last one ended; before any other, rows have moved away, and it
goes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, FrozenSet, Sequence

from cbverdict.carbonblack.times import second_of

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import Row

_SHARE_READ_AGAIN = 10


@dataclass(frozen=True)
class Cursor:
    """Everything before `second` is read (UTC, `2026-11-02T07:00:00`), and what is to be skipped of it and after.

    `read` are the identities of the rows of that second that were read; `overlap` is how many the next page has of
    them, if nothing moves on (0: it was a page of one row, which leaves none to compare).
    """

    second: str
    skip: int = 0
    read: FrozenSet[str] = frozenset()
    overlap: int = 0

    def is_beyond(self, other: Cursor) -> bool:
        """Return whether more was read since another cursor of the same reading."""
        return self.second > other.second or not self.read <= other.read

    def has_gap(self, rows: Sequence[Row]) -> bool:
        """Return whether rows may be missing between those that were skipped and these, the next page."""
        first = next((row for row in rows if row.identity), None)
        if not self.overlap or first is None:
            return False
        return first.identity not in self.read or second_of(first.time) not in {"", self.second}

    def advance(self, rows: Sequence[Row]) -> Cursor:
        """Go on behind a page, or back where rows may be missing before it."""
        if self.has_gap(rows):
            # Each time at least a share of a page has moved away, so this comes to an end.
            skip = max(0, self.skip - len(rows))
            return Cursor(self.second, skip, self.read, min(skip, self.overlap))
        latest = max((second_of(row.time) for row in rows), default="")
        if latest > self.second:
            return Cursor(latest)
        read = self.read.union(row.identity for row in rows)
        overlap = max(1, len(rows) // _SHARE_READ_AGAIN) if len(rows) > 1 else 0
        return Cursor(self.second, self.skip + len(rows) - overlap, read, overlap)
