"""Times: relative ones, spans, and how they are written and read."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Optional
from zoneinfo import ZoneInfo

from tests.lab.spl.errors import SplError, UnsettledError

_UNITS = {
    "s": ("s", "sec", "secs", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
    "w": ("w", "week", "weeks"),
    "mon": ("mon", "month", "months"),
    "q": ("q", "qtr", "qtrs", "quarter", "quarters"),
    "y": ("y", "yr", "yrs", "year", "years"),
}
_BY_NAME = {name: unit for unit, names in _UNITS.items() for name in names}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_MONTHS = {"mon": 1, "q": 3, "y": 12}
_STEP = re.compile(r"(?P<sign>[+-])(?P<count>\d*)(?P<unit>[a-z]+)|@(?P<snap>[a-z]+)(?P<day>\d?)")
_SPAN = re.compile(r"(\d*)([a-z]+)")
_ABSOLUTE = re.compile(r"\d+(?:\.\d+)?")
_LAST_COMMON_DAY = 28


def zone_of(name: str) -> tzinfo:
    """Give a time zone by its name."""
    return timezone.utc if name == "UTC" else ZoneInfo(name)


def relative(moment: float, text: str, zone: tzinfo) -> float:
    """Add a relative time such as `-1d@d` or `@w1+2h` to a moment: offsets and snaps from left to right.

    Raises:
        SplError: it is none.
        UnsettledError: a month is counted from a day that not every month has.
    """
    if text in {"now", "now()"}:
        return moment
    end = 0
    for step in _STEP.finditer(text):
        if step.start() != end:
            break
        end = step.end()
        if step["snap"]:
            moment = _snap(moment, step["snap"], step["day"], zone)
        else:
            moment = _add(moment, int(step["sign"] + (step["count"] or "1")), _unit(step["unit"]), zone)
    if end != len(text) or not text:
        raise SplError(f"{text!r} is no relative time")
    return moment


def parse_time(text: str, now: float, zone: tzinfo) -> float:
    """Read earliest= or latest=: seconds since 1970, a relative time, or `05/15/2024:13:45:30`."""
    if _ABSOLUTE.fullmatch(text):
        return float(text)
    if re.fullmatch(r"\d+/\d+/\d{4}:\d+:\d+:\d+", text):
        return datetime.strptime(text, "%m/%d/%Y:%H:%M:%S").replace(tzinfo=zone).timestamp()
    return relative(now, text, zone)


def _unit(name: str) -> str:
    if name not in _BY_NAME:
        raise SplError(f"{name!r} is no unit of time")
    return _BY_NAME[name]


def _add(moment: float, count: int, unit: str, zone: tzinfo) -> float:
    if unit in {"s", "m", "h"}:
        return moment + count * _SECONDS[unit]
    local = datetime.fromtimestamp(moment, zone)
    if unit in _MONTHS:
        if local.day > _LAST_COMMON_DAY:
            raise UnsettledError("months counted from a day after the 28th")
        months = local.year * 12 + local.month - 1 + count * _MONTHS[unit]
        local = local.replace(year=months // 12, month=months % 12 + 1, fold=0)
    else:
        local = (local.replace(tzinfo=None) + timedelta(seconds=count * _SECONDS[unit])).replace(tzinfo=zone)
    return local.timestamp()


def _snap(moment: float, name: str, day: str, zone: tzinfo) -> float:
    if day and name != "w":
        raise SplError(f"@{name}{day} is no snap")
    unit = _unit(name)
    if unit in {"s", "m", "h"} and datetime.fromtimestamp(moment, zone).utcoffset() == timedelta(0):
        return moment // _SECONDS[unit] * _SECONDS[unit]
    local = datetime.fromtimestamp(moment, zone).replace(microsecond=0)
    if unit != "s":
        local = local.replace(second=0)
    if unit not in {"s", "m"}:
        local = local.replace(minute=0)
    if unit not in {"s", "m", "h"}:
        local = local.replace(hour=0, fold=0)
    if unit == "w":
        back = (local.isoweekday() - int(day or 0)) % 7
        local = (local.replace(tzinfo=None) - timedelta(days=back)).replace(tzinfo=zone)
    if unit in _MONTHS:
        month = {"mon": local.month, "q": (local.month - 1) // 3 * 3 + 1, "y": 1}[unit]
        local = local.replace(day=1, month=month)
    return local.timestamp()


class Span:
    """A span of timechart or bin, such as `10m` or `1mon`."""

    def __init__(self, text: str, zone: tzinfo) -> None:
        """Read it.

        Raises:
            SplError: it is none.
            UnsettledError: where its first bucket begins is not on record.
        """
        match = _SPAN.fullmatch(text)
        if match is None:
            raise SplError(f"{text!r} is no span of time")
        self._count, self._unit, self._zone = int(match[1] or 1), _unit(match[2]), zone
        if self._count < 1:
            raise SplError(f"{text!r} is no span of time")
        if self._unit in {"d", "w", "q", "mon", "y"} and (self._count > 1 or self._unit in {"w", "q"}):
            raise UnsettledError(f"where the buckets of span={text} begin")

    def start(self, moment: float) -> float:
        """Give the start of the bucket that a moment lies in; those of hours and less begin at the epoch."""
        if self._unit in {"s", "m", "h"}:
            seconds = self._count * _SECONDS[self._unit]
            return moment // seconds * seconds
        return _snap(moment, self._unit, "", self._zone)

    def next(self, start: float) -> float:
        """Give the start of the bucket after the one that starts here."""
        return self.start(_add(start, self._count, self._unit, self._zone))


_DEFAULT_SPANS = (
    (900, 900, "10s"),
    (3600, 3660, "1m"),
    (14400, 14460, "5m"),
    (86400, 90000, "30m"),
    (604800, 2678400, "1d"),
    (365 * 86400, 366 * 86400, "1mon"),
)
"""For the ranges of the time range picker in seconds, which begin at a whole minute, hour or day: timechart's span."""


def default_span(earliest: Optional[float], latest: Optional[float]) -> str:
    """Give timechart's span for the documented ranges of time.

    Raises:
        UnsettledError: it is another range.
    """
    seconds = latest - earliest if earliest is not None and latest is not None else 0.0
    for shortest, longest, span in _DEFAULT_SPANS:
        if shortest <= seconds <= longest:
            return span
    raise UnsettledError(f"the span of a timechart over {f'{seconds:.0f}' if seconds else 'all'} seconds: give span=")


_FRACTION = re.compile(r"%([369])?([QN])")


def strftime(moment: float, form: str, zone: tzinfo) -> str:
    """Write a time; `%3N`, `%6N` and `%Q` are fractions of a second, `%s` is the number of seconds."""
    local = datetime.fromtimestamp(round(moment, 6), zone)

    def fraction(match: re.Match[str]) -> str:
        digits = int(match[1] or {"Q": 3, "N": 9}[match[2]])
        return f"{local.microsecond:06d}000"[:digits]

    text = _FRACTION.sub(fraction, form).replace("%s", str(int(moment // 1)))
    _refuse(text, "aAbBcdDeFgGHIjklmMnpPrRsStTuUVwxXyYzZ%+", form)
    text = text.replace("%k", f"{local.hour:2d}").replace("%l", f"{(local.hour - 1) % 12 + 1:2d}")
    return local.strftime(text)


def strptime(text: str, form: str, zone: tzinfo) -> Optional[float]:
    """Read a time (None: it does not look so).

    Raises:
        UnsettledError: the format leaves out the day, or means what is not on record.
    """
    plain = _FRACTION.sub("%f", form).replace("%T", "%H:%M:%S").replace("%F", "%Y-%m-%d").replace("%e", "%d")
    if plain == "%s":
        return float(text) if _ABSOLUTE.fullmatch(text) else None
    _refuse(plain, "aAbBdfHIjmMpSyYzZ%", form)
    has_day = re.search("%[yY]", plain) and (re.search("%j", plain) or re.search("%[mbB].*%d|%d.*%[mbB]", plain))
    try:
        local = datetime.strptime(text, plain)  # noqa: DTZ007 - the zone is put in below
    except ValueError:
        return None
    if not has_day:
        raise UnsettledError(f"strptime with {form}: which day?")
    return (local if local.tzinfo else local.replace(tzinfo=zone)).timestamp()


def _refuse(form: str, known: str, whole: str) -> None:
    for letter in re.findall("%(.)", form):
        if letter not in known:
            raise UnsettledError(f"%{letter} in {whole}")
