"""A person's own clock: from an instant to the local day, its day of the week, and the hour."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING, Collection, Mapping, NamedTuple, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cbverdict.anomalies.active_hours import SLOTS, weekday_of

if TYPE_CHECKING:
    from cbverdict.anomalies.reference_lists import Member

QUARTER = 900
"""Seconds: zones differ from UTC by whole quarters of an hour, and change on them."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_FIRST = date(1970, 1, 1)
_LATEST = 4_102_444_800.0  # 2100-01-01
_FRACTION = {"", "."}
_FRACTION_OF_SECOND = re.compile(r"\.(\d+)")
_LONGEST_TIME = 64  # characters
_DIGITS = 10  # of seconds since 1970, from 2001 to 2286


class Moment(NamedTuple):
    """A local time: day since 1970-01-01, and slot of the week, whose Sunday is also any holiday."""

    day: int
    slot: int


class LocalClock:
    """The clock of a time zone with its holidays."""

    def __init__(self, name: str, holidays: Collection[int]) -> None:
        """Store the name of a zone, as the IANA database has it; an unknown one is taken as UTC."""
        self.name = name if is_zone(name) else "UTC"
        self.holidays = holidays
        self._zone = ZoneInfo(self.name)
        self._known: dict[int, Moment] = {}

    def at(self, quarter: int) -> Moment:
        """Return the local time of a quarter of an hour, counted since 1970."""
        moment = self._known.get(quarter)
        if moment is None:
            # Counted from the epoch, for datetime.fromtimestamp cannot go before 1970 on Windows.
            local = (_EPOCH + timedelta(seconds=quarter * QUARTER)).astimezone(self._zone)
            day = (local.date() - _FIRST).days
            slot = (local.hour * 60 + local.minute) * SLOTS // 1440
            moment = self._known[quarter] = Moment(day, weekday_of(day, self.holidays) * SLOTS + slot)
        return moment


class Clocks:
    """The clocks of people, one for each time zone and calendar."""

    def __init__(self, holidays: Mapping[str, Collection[int]]) -> None:
        """Store the holidays, local days since 1970, by calendar."""
        self._holidays = holidays
        self._known: dict[tuple[str, str], LocalClock] = {}

    def of(self, member: Member) -> LocalClock:
        """Return somebody's clock."""
        key = (member.timezone, member.calendar)
        if key not in self._known:
            self._known[key] = LocalClock(member.timezone, self._holidays.get(member.calendar, ()))
        return self._known[key]


def day_of(text: str) -> int | None:
    """Return the day since 1970 of a date, written YYYY-MM-DD (None: it is none)."""
    try:
        return (date.fromisoformat(text.strip()) - _FIRST).days
    except ValueError:
        return None


@cache
def is_zone(name: str) -> bool:
    """Return whether the time zone database has this name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def read_quarters(times: Sequence[str]) -> list[int | None]:
    """Read the quarter of an hour of each `_time`, counted since 1970 (None: it has no time)."""
    seconds = [time[:_DIGITS] for time in times]
    if {time[_DIGITS : _DIGITS + 1] for time in times} <= _FRACTION and _are_digits(seconds):
        return [int(digits) // QUARTER for digits in seconds]  # as splunkd writes them: read fast
    epochs = map(read_time, times)
    return [None if epoch is None else int(epoch // QUARTER) for epoch in epochs]


def read_time(text: str) -> float | None:
    """Read `_time`: seconds since 1970 as splunkd sends them, or ISO 8601 with its zone as exports have it."""
    if len(text) > _LONGEST_TIME:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(_FRACTION_OF_SECOND.sub(_six_digits, text.strip().replace("Z", "+00:00")))
        except ValueError:
            return None
        if moment.tzinfo is None:
            return None
        seconds = (moment - _EPOCH).total_seconds()
    return seconds if -_LATEST < seconds < _LATEST else None


def write_time(epoch: float) -> str:
    """Write seconds since 1970 as ISO 8601 in UTC, to the millisecond (`2026-11-02T07:00:00.000Z`)."""
    moment = _EPOCH + timedelta(milliseconds=round(1000 * epoch))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _six_digits(fraction: re.Match[str]) -> str:
    return f".{fraction.group(1)[:6]:0<6}"  # Python before 3.11 takes three digits or six, and servers trim zeros.


def _are_digits(texts: Sequence[str]) -> bool:
    whole = "".join(texts)
    return len(whole) == _DIGITS * len(texts) and whole.isascii() and whole.isdecimal()
