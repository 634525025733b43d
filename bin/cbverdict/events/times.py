"""Times of a row: seconds since 1970 as splunkd sends them, and the texts that searches and exports make of them."""

from __future__ import annotations

import re
from bisect import bisect_left
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from itertools import groupby
from typing import Callable, Collection, List, Protocol, Sequence, Tuple, Union

from cbverdict.lazy_pattern import LazyPattern
from cbverdict.placeholders import is_nothing

QUARTER = 900
"""Seconds: zones differ from UTC by whole quarters of an hour, and change on them."""

EARLIEST = 946_684_800.0
"""2000-01-01: what lies before it is no time, but a clock that was never set, or a field that says nothing."""

LATEST = 4_102_444_800.0
"""2100-01-01: likewise after it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LONGEST_TIME = 64  # characters
_DIGITS = 10  # of seconds since 1970, from 2001 to 2286
_HUNDREDS = _DIGITS - 2
_ENDS = {f"{number:02}{point}" for number in range(100) for point in ("", ".")}
_UNITS = (1, 1e3, 1e6, 1e9)  # in a second: other products count milliseconds, microseconds or nanoseconds
_NUMBER = LazyPattern(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")
# ISO 8601, extended or basic, as Splunk exports it, and what `convert ctime(...)` writes without a format.
_ISO = LazyPattern(
    r"(?P<year>\d{4})-?(?P<month>\d\d)-?(?P<day>\d\d)[T ]"
    r"(?P<hour>\d\d):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)? ?(?P<zone>.*)"
)
_US = LazyPattern(
    r"(?P<month>\d\d)/(?P<day>\d\d)/(?P<year>\d{4}) "
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d+))? ?(?P<zone>.*)"
)
_HALF = LazyPattern(r"(?P<half>[AP])M\b ?(?P<zone>.*)", re.IGNORECASE)
_OFFSET = LazyPattern(r"(?:GMT|UTC)?(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)?")
_HALF_A_DAY = 12
_UTC = {"Z", "UTC", "GMT"}
_ABBREVIATION = LazyPattern(r"[A-Z]{3,5}")
"""Names of zones as Splunk exports them (`CET`): those of whoever exported, so the search's own is taken."""


Runs = List[Tuple[Union[int, None], int]]
"""Quarters of an hour, counted since 1970 (None: no time), each with how many rows beside each other are of it."""


class Zone(Protocol):
    """The time zone of a search, in which texts without one are meant."""

    def epoch_of(self, local: float) -> float | None:
        """Return the seconds since 1970 of a local time, given as if it were UTC (None: the zone is not known)."""


class TimeReader:
    """Read the times of one search's rows; what lies after `latest` (seconds since 1970) is a clock gone wrong."""

    def __init__(self, latest: float = LATEST, zone: Callable[[], Zone | None] = lambda: None) -> None:
        """Store the bound, and what asks for the search's time zone, which is done once and where a text has none."""
        self._latest = latest
        self._zone = _LazyZone(zone)

    def quarters(self, times: Sequence[str]) -> list[int | None]:
        """Read the quarter of an hour of each time, counted since 1970 (None: none that can be)."""
        return read_quarters(times, self._latest, self._zone)

    def runs(self, times: Sequence[str]) -> Runs:
        """Read the quarter of an hour of each time, those that are beside each other and of the same one together."""
        runs = _runs_of_sorted(times, self._latest)
        return runs or [(quarter, len(list(run))) for quarter, run in groupby(self.quarters(times))]

    def ends(self, times: Sequence[str]) -> tuple[list[int], bool]:
        """Read the different quarters of an hour that these times are in, and whether one of them cannot be read."""
        quarters = self.quarters(times) if times else []
        is_unread = any(found is None and not is_nothing(time.strip()) for time, found in zip(times, quarters))
        return list(dict.fromkeys(quarter for quarter in quarters if quarter is not None)), is_unread


class _LazyZone:
    """A time zone that is asked for when it is needed."""

    def __init__(self, find: Callable[[], Zone | None]) -> None:
        self._find = find
        self._found: list[Zone | None] = []

    def epoch_of(self, local: float) -> float | None:
        if not self._found:
            self._found.append(self._find())
        (zone,) = self._found
        return None if zone is None else zone.epoch_of(local)


def read_quarters(times: Sequence[str], latest: float = LATEST, zone: Zone | None = None) -> list[int | None]:
    """Read the quarter of an hour of each time, counted since 1970 (None: none that can be)."""
    texts = [time[:_HUNDREDS] for time in times]
    hundreds = {*texts}
    are_plain = {time[_HUNDREDS : _DIGITS + 1] for time in times} <= _ENDS and _are_hundreds(hundreds)
    are_plain = are_plain and _have_fractions(times)
    if are_plain and EARLIEST <= 100 * int(min(hundreds)) <= 100 * int(max(hundreds)) <= latest - 100:
        # As splunkd writes them: read fast, for times of the same hundred seconds are of the same quarter.
        known = {text: 100 * int(text) // QUARTER for text in hundreds}
        return [known[text] for text in texts]
    epochs = (read_time(time, zone) for time in times)
    return [None if epoch is None or epoch > latest else int(epoch // QUARTER) for epoch in epochs]


def _runs_of_sorted(times: Sequence[str], latest: float) -> Runs:
    """Read times as splunkd sends them: seconds in as many digits each, in order, upwards or downwards (none: not so).

    As texts they are in the order of the numbers, so it is enough to look where each quarter of an hour begins.
    """
    rising = times[::-1] if times and times[0] > times[-1] else times
    whole, widths = "".join(rising), set(map(len, rising))
    width = len(whole) // max(len(rising), 1)
    if widths != {width} or not _DIGITS <= width <= _LONGEST_TIME or list(rising) != sorted(rising):
        return []
    points = whole[_DIGITS::width] if width > _DIGITS else ""
    digits = whole.replace(".", "")
    is_plain = points == "." * len(points) and len(digits) + len(points) == len(whole)
    if not (is_plain and digits.isascii() and digits.isdecimal()):
        return []
    first, last = int(rising[0][:_DIGITS]), int(rising[-1][:_DIGITS])
    if not EARLIEST <= first <= last <= latest - 1:
        return []
    quarters = range(first // QUARTER, last // QUARTER + 1)
    if len(quarters) > len(rising):  # a clock gone wrong: there may be years between two rows
        return []
    starts = [0, *(bisect_left(rising, str(quarter * QUARTER)) for quarter in quarters[1:]), len(rising)]
    runs: Runs = [(one, end - start) for one, start, end in zip(quarters, starts, starts[1:]) if end > start]
    return runs if rising is times else runs[::-1]


def read_time(text: str, zone: Zone | None = None) -> float | None:
    """Read a time: seconds since 1970, or thousandths of them and so on, or a date and time with its zone or without.

    None: it is none.
    """
    text = text.strip()
    if len(text) > _LONGEST_TIME:
        return None
    seconds = _seconds_of(float(text)) if _NUMBER.fullmatch(text) else read_date(text, zone)
    return seconds if seconds is not None and EARLIEST <= seconds < LATEST else None


def _seconds_of(number: float) -> float:
    """Return seconds since 1970, if a number is so many of them or of their parts, else what is none."""
    return next((number / unit for unit in _UNITS if EARLIEST <= number / unit < LATEST), number)


def write_time(epoch: float) -> str:
    """Write seconds since 1970 as ISO 8601 in UTC, to the millisecond (`2026-11-02T07:00:00.000Z`)."""
    seconds, milliseconds = divmod(round(1000 * epoch), 1000)
    return f"{_write_second(seconds)}.{milliseconds:03d}Z"


@lru_cache(maxsize=1024)  # a page's events are of few seconds
def _write_second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]


def read_date(text: str, zone: Zone | None) -> float | None:
    """Read a date and time of any year, with its zone or without: seconds since 1970 (None: it is none)."""
    match = _ISO.fullmatch(text) or _US.fullmatch(text)
    if match is None:
        return None
    parts = {name: int(match[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second")}
    written = match["zone"].strip()
    half = _HALF.fullmatch(written)
    if half is not None:
        if not 1 <= parts["hour"] <= _HALF_A_DAY:
            return None
        parts["hour"] = parts["hour"] % _HALF_A_DAY + (_HALF_A_DAY if half["half"] in "pP" else 0)
        written = half["zone"]
    try:
        moment = datetime(**parts, tzinfo=timezone.utc)
    except ValueError:
        return None
    local = (moment - _EPOCH).total_seconds() + float(f"0.{match['fraction'] or 0}")
    return _to_utc(local, written, zone)


def _to_utc(local: float, written: str, zone: Zone | None) -> float | None:
    if written.upper() in _UTC:
        return local
    offset = _OFFSET.fullmatch(written.upper())
    if offset is not None:
        ahead = int(offset["hours"]) * 3600 + int(offset["minutes"] or 0) * 60
        return local + ahead if offset["sign"] == "-" else local - ahead
    if zone is None or not (written == "" or _ABBREVIATION.fullmatch(written)):
        return None
    return zone.epoch_of(local)


def _have_fractions(times: Sequence[str]) -> bool:
    """Return whether nothing but digits, of which none are too many, stands behind the seconds and their point."""
    fractions = "".join([time[_DIGITS + 1 :] for time in times])
    are_digits = not fractions or (fractions.isascii() and fractions.isdecimal())
    return are_digits and max(map(len, times), default=0) <= _LONGEST_TIME


def _are_hundreds(texts: Collection[str]) -> bool:
    """Return whether texts, of at most so many characters, are digits of hundreds of seconds: as such they sort too."""
    whole = "".join(texts)
    return len(whole) == _HUNDREDS * len(texts) and whole.isascii() and whole.isdecimal()
