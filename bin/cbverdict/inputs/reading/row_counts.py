"""How many rows were read of each hour, to be compared with what the server counts."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Dict, Mapping, Sequence, Set

from cbverdict.carbonblack.times import second_of
from cbverdict.errors import EdrError
from cbverdict.inputs.progress.window import epoch, second

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import Row
    from cbverdict.inputs.progress.checkpoint import Checkpoint
    from cbverdict.inputs.reader import Reader
    from cbverdict.inputs.reports.reporter import Reporter

logger = logging.getLogger(__name__)

CHECK_EVERY = 86400.0
"""Seconds between two comparisons."""

_HOUR = 3600.0
_HOURS = 26
_LETTERS = 13  # of a second, up to its hour
_UNKNOWN = 10**9
"""Rows of an hour that was not counted as a whole: more than any has."""


class RowCounts:
    """Rows by hour (`2026-11-02T07`) of what was read for good, each once, however often it is read."""

    def __init__(self, hours: Mapping[str, int], since: str = "") -> None:
        """Go on with what was counted, up to a second."""
        self.hours: Dict[str, int] = dict(hours)
        self._pending: Counter[str] = Counter()
        self._since = since
        self._last = ""
        self._identities: Set[str] = set()

    @property
    def pending(self) -> int:
        """How many rows lie behind what is settled."""
        return sum(self._pending.values())

    def begin(self, since: str) -> None:
        """Begin to read what is settled from a second on; an hour of which some was counted before counts no more."""
        self._pending.clear()
        self._identities.clear()
        self._last = ""
        hour = since[:_LETTERS]
        if since != self._since or (hour not in self.hours and not since.endswith(":00:00")):
            self.hours = {one: rows for one, rows in self.hours.items() if one < hour}
            self.hours[hour] = _UNKNOWN
        self._since = since

    def add(self, rows: Sequence[Row], settled: str) -> int:
        """Count a page, up to where it settles its time; return how many rows that were."""
        for row in rows:
            moment = second_of(row.time)
            if not moment or moment < self._since or (moment == self._last and row.identity in self._identities):
                continue
            if moment > self._last:
                self._last = moment
                self._identities.clear()
            if moment == self._last:
                self._identities.add(row.identity)
            self._pending[moment] += 1
            before = second(epoch(moment) - _HOUR)[:_LETTERS] if row.time[14:] in {"00:00Z", "00:00.000Z"} else ""
            if before in self.hours:  # It is the end of an hour as well.
                self.hours[before] += 1
        done = [moment for moment in self._pending if moment < settled]
        count = 0
        for moment in done:
            rows_then = self._pending.pop(moment)
            count += rows_then
            hour = moment[:_LETTERS]
            self.hours[hour] = self.hours.get(hour, 0) + rows_then
        self._go_on_to(settled)
        return count

    def _go_on_to(self, settled: str) -> None:
        """Add a count of 0 for each hour without rows."""
        if settled <= self._since:
            return
        first = max(epoch(self._since), epoch(settled) - _HOURS * _HOUR)
        while second(first)[:_LETTERS] <= settled[:_LETTERS]:
            self.hours.setdefault(second(first)[:_LETTERS], 0)
            first += _HOUR
        self._since = settled
        if len(self.hours) > _HOURS:
            self.hours = dict(sorted(self.hours.items())[-_HOURS:])

    def check(self, checkpoint: Checkpoint, reader: Reader, report: Reporter, now: float) -> Checkpoint:
        """Ask once a day what the server counts of each hour that is settled, and tell what is missing."""
        if not checkpoint.rows_checked:
            return replace(checkpoint, rows_checked=now)
        if now - checkpoint.rows_checked < CHECK_EVERY:
            return checkpoint
        missing: dict[str, int] = {}
        for hour, rows in sorted(self.hours.items()):
            until = second(epoch(f"{hour}:00:00") + _HOUR)
            if rows >= _UNKNOWN or until > checkpoint.cursor:
                continue  # Not all of it was read and counted.
            try:
                there = reader.count(f"{hour}:00:00", until)
            except EdrError as error:
                logger.warning("count hour=%s trouble=%r", hour, str(error))
                return checkpoint
            logger.info("hour=%s read=%d server=%d", hour, rows, there)
            if there > rows:
                missing[hour] = there - rows
        if missing:
            report.tell(
                "missing",
                f"Carbon Black counts {sum(missing.values())} more than were read, in these hours: read them "
                "again with | cbsignedinputs",
                hours=[f"{hour}:00:00Z" for hour in missing],
                missing=[str(rows) for rows in missing.values()],
            )
        return replace(checkpoint, rows_checked=now)
