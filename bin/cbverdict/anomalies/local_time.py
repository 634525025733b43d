"""A person's own clock: from an instant to the local day, its day of the week, and the hour."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import TYPE_CHECKING, Collection, Mapping, NamedTuple

from cbverdict.anomalies.active_hours import SLOTS, weekday_of
from cbverdict.events.times import QUARTER

if TYPE_CHECKING:
    from cbverdict.anomalies.reference_lists import Member

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_FIRST = date(1970, 1, 1)
_UTC = "UTC"


class Moment(NamedTuple):
    """A local time: day since 1970-01-01, and slot of the week, whose Sunday is also any holiday."""

    day: int
    slot: int


class LocalClock:
    """The clock of a time zone with its holidays."""

    def __init__(self, name: str, holidays: Collection[int]) -> None:
        """Store the name of a zone, as the IANA database has it; an unknown one is taken as UTC."""
        found = _zone_of(name)
        self.name, self._zone = (_UTC, timezone.utc) if found is None else (name, found)
        self.holidays = holidays
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


def date_text(day: int) -> str:
    """Write a day since 1970 as YYYY-MM-DD."""
    return (_FIRST + timedelta(days=day)).isoformat()


def date_of(seconds: float) -> str:
    """Return the date, in UTC, of seconds since 1970."""
    return (_EPOCH + timedelta(seconds=seconds)).date().isoformat()


def is_zone(name: str) -> bool:
    """Return whether the time zone database has this name."""
    return _zone_of(name) is not None


@cache
def _zone_of(name: str) -> tzinfo | None:
    """Find a time zone (None: the database has none of this name)."""
    if name == _UTC:
        return timezone.utc
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - three milliseconds, and most are in UTC

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
