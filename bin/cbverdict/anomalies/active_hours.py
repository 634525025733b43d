"""When somebody is active: hours of days, learnt as sets, and how unusual an hour is.

A day counts each of its hours once, however much happened in it: a script that starts ten thousand processes at night
says no more than one log-on, and learning the same events twice changes nothing.

The density is one over time of day times one over day of week, each smoothed and backed off (after Price-Williams,
Turcotte & Heard, "Time of Day Anomaly Detection", EISIC 2018; their circular density, here with a fixed kernel).
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from functools import cache
from itertools import accumulate
from operator import mul
from typing import Collection, Dict, Mapping, Sequence

Days = Dict[int, int]
"""Local days since 1970-01-01, each a set of hours: bit 0 is from midnight to 1 am."""

HOURS = 24
SLOTS = 48
"""Half hours of a day: how finely an hour is scored."""

WEEK = 7 * SLOTS
"""Half hours of a week; the first is from midnight on Monday."""

SUNDAY = 6
_WEEKEND = {5, SUNDAY}
_BANDWIDTH = 1.5  # hours
_BACKGROUND_BANDWIDTH = 2.5
_PRIOR_HOURS = 20.0  # of everybody else's density, in a person's
_PRIOR_OVERALL = 30.0  # of the person's overall density, in that of weekends and of working days
_PRIOR_WEEK = 200.0  # of an even week
_UNIFORM = 0.1  # of any hour, in everybody's


def add_hour(days: Days, day: int, hour: int) -> None:
    """Learn that somebody was active in an hour (0 to 23) of a local day."""
    days[day] = days.get(day, 0) | 1 << hour


def merge_days(one: Days, other: Days) -> Days:
    """Put two sets of hours together; order and repetition do not matter."""
    return {day: one.get(day, 0) | other.get(day, 0) for day in {**one, **other}}


def forget_days(days: Days, horizon: int) -> Days:
    """Leave out what is more than `horizon` days older than the newest."""
    oldest = max(days, default=0) - horizon
    return {day: hours for day, hours in days.items() if day >= oldest}


def weighed_hours(days: Days, half_life: float) -> float:
    """Count active hours, those of a day half as much after each `half_life` days before the newest."""
    newest = max(days, default=0)
    weights = (bin(hours).count("1") * 0.5 ** ((newest - day) / half_life) for day, hours in days.items())
    return float(sum(weights))


def weekday_of(day: int, holidays: Collection[int]) -> int:
    """Return the day of the week, Monday 0 to Sunday 6; a holiday is a Sunday."""
    return SUNDAY if day in holidays else (day + 3) % 7


def background(hours: Mapping[int, float], below: Sequence[float] | None = None) -> list[float]:
    """Return a team's or everybody's density over the slots of a day, backed off to the one below it.

    `hours` is how much was seen in each hour of the day; the result sums to 1.
    """
    counts = [hours.get(hour, 0.0) for hour in range(HOURS)]
    total = sum(counts)
    base = below or [1 / SLOTS] * SLOTS
    if total <= 0:
        return list(base)
    smooth = _smooth([count / total for count in counts], _BACKGROUND_BANDWIDTH)
    return [(1 - _UNIFORM) * density + _UNIFORM * other for density, other in zip(smooth, base)]


class HourProfile:
    """How usual each slot of the week is for one person."""

    def __init__(self, days: Days, half_life: float, others: Sequence[float], holidays: Collection[int]) -> None:
        """Weigh a person's days (half as much after `half_life` days) and back off to the others' density."""
        newest = max(days, default=0)
        self.days = len(days)
        overall = [0.0] * HOURS
        weekend = [0.0] * HOURS
        week = [0.0] * 7
        for day, hours in days.items():
            weight = 0.5 ** ((newest - day) / half_life)
            weekday = weekday_of(day, holidays)
            for hour in range(HOURS):
                if hours >> hour & 1:
                    overall[hour] += weight
                    week[weekday] += weight
                    if weekday in _WEEKEND:
                        weekend[hour] += weight
        self.hours = sum(overall)
        """The weighted number of active hours: what supports an opinion."""
        work = [every - free for every, free in zip(overall, weekend)]
        base = _back_off(overall, others, _PRIOR_HOURS)
        of_weekend, of_work = (_back_off(counts, base, _PRIOR_OVERALL) for counts in (weekend, work))
        self._density = [
            (seen + _PRIOR_WEEK / 7) / (self.hours + _PRIOR_WEEK) * density
            for weekday, seen in enumerate(week)
            for density in (of_weekend if weekday in _WEEKEND else of_work)
        ]
        self._sorted = sorted(self._density)
        self._below = [0.0, *accumulate(self._sorted)]

    def density(self, slot: int) -> float:
        """Return how much of this person's activity is in a slot of the week."""
        return self._density[slot] / self._below[-1]

    def p_value(self, slot: int) -> float:
        """Return the share of this person's activity in slots of the week no more usual than this (its own by half)."""
        density = self._density[slot]
        low, high = (self._below[find(self._sorted, density)] for find in (bisect_left, bisect_right))
        return (low + high) / 2 / self._below[-1]


def _back_off(counts: Sequence[float], base: Sequence[float], prior: float) -> list[float]:
    total = sum(counts)
    return [(seen + prior * other) / (total + prior) for seen, other in zip(_smooth(counts, _BANDWIDTH), base)]


def _smooth(counts: Sequence[float], bandwidth: float) -> list[float]:
    """Spread hours over the slots around the clock; the sum stays."""
    return [sum(map(mul, counts, shares)) for shares in _kernel(bandwidth)]


@cache
def _kernel(bandwidth: float) -> list[list[float]]:
    """Give, for each slot, the share of each hour that falls into it: a Gaussian around the clock."""
    away = [abs((slot + SLOTS / 2 - 0.5) % SLOTS - SLOTS / 2) / 2 for slot in range(SLOTS)]
    weights = [math.exp(-0.5 * (hours / bandwidth) ** 2) for hours in away]
    total = sum(weights)
    return [[weights[(slot - 2 * hour) % SLOTS] / total for hour in range(HOURS)] for slot in range(SLOTS)]
