"""When somebody is active: hours of days, learnt as sets, and how unusual an hour is.

A day counts each of its hours once, however much happened in it: a script that starts ten thousand processes at night
says no more than one log-on, and learning the same events twice changes nothing.

The density is one over time of day times one over day of week, each smoothed (after Price-Williams, Turcotte & Heard,
"Time of Day Anomaly Detection", EISIC 2018; their circular density, here with a fixed kernel). It is made of a person's
own hours and of nothing else. That others work at night says nothing for somebody who never did, and it makes the
density fall with the distance from all that somebody does: further away is never less unusual.

An hour weighs as much as the share of other days on which it was active too (leave-one-out): what somebody did once is
no habit, and each step of who comes a little earlier every night has to be taken twice.

What is old counts half as much after so many newer active days of the same person, whatever the calendar says: it means
the same for a contractor of two days a week, for one who comes back from leave, and for one who is there every day.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from functools import cache
from itertools import accumulate
from operator import mul
from typing import Collection, Dict, Iterator, Sequence

Days = Dict[int, int]
"""Local days since 1970-01-01, each a set of hours: bit 0 is from midnight to 1 am."""

HOURS = 24
SLOTS = 48
"""Half hours of a day: how finely an hour is scored."""

WEEK = 7 * SLOTS
"""Half hours of a week; the first is from midnight on Monday."""

SUNDAY = 6
HALF_LIFE = 20
"""After so many newer active days of a person, older hours count half; days of the week after twice as many."""

_WEEKEND = {5, SUNDAY}
_ONCE = 0.01  # of an hour that one day alone says: hardly any, but who has no others has a behaviour all the same
_BANDWIDTH = 1.5  # hours
_FAR_BANDWIDTH = 3.0  # of what a person may do beside what was seen
_PRIOR_FAR = 1.0  # hours of it, in a person's
_UNIFORM = 0.05  # of any hour, in it
_PRIOR_OVERALL = 30.0  # hours of the person's overall density, in that of weekends and of working days
_PRIOR_WEEK = 30.0  # days of an even week
_FORGOTTEN_AFTER = 12 * HALF_LIFE  # newer active days


def add_hour(days: Days, day: int, hour: int) -> None:
    """Learn that somebody was active in an hour (0 to 23) of a local day."""
    days[day] = days.get(day, 0) | 1 << hour


def merge_days(one: Days, other: Days) -> Days:
    """Put two sets of hours together; order and repetition do not matter."""
    return {day: one.get(day, 0) | other.get(day, 0) for day in {**one, **other}}


def forget_days(days: Days) -> Days:
    """Leave out days before so many newer ones that they would not count any more."""
    return {day: days[day] for day in sorted(days)[-_FORGOTTEN_AFTER:]}


def count_hours(days: Days) -> int:
    """Count active hours, old and new ones alike."""
    return sum(map(_size, days.values()))


def weekday_of(day: int, holidays: Collection[int]) -> int:
    """Return the day of the week, Monday 0 to Sunday 6; a holiday is a Sunday."""
    return SUNDAY if day in holidays else (day + 3) % 7


class HourProfile:
    """How usual each slot of the week is for one person, of whom at least one active hour is known."""

    def __init__(self, days: Days, holidays: Collection[int]) -> None:
        """Weigh a person's days, half as much after `HALF_LIFE` newer ones."""
        self._holidays = holidays
        self.days = len(days)
        self.hours = count_hours(days)
        """How many active hours are known: what supports an opinion."""
        self._seen = [0] * HOURS
        self._weekdays = [0] * 7
        for hours in days.values():
            for hour in hours_of(hours):
                self._seen[hour] += 1
        certain = [self._certainty(hour) for hour in range(HOURS)]
        overall, weekend, week = [0.0] * HOURS, [0.0] * HOURS, [0.0] * 7
        for newer, day in enumerate(sorted(days, reverse=True)):
            weight = 0.5 ** (newer / HALF_LIFE)
            weekday = weekday_of(day, holidays)
            week[weekday] += math.sqrt(weight)
            self._weekdays[weekday] += 1
            for hour in hours_of(days[day]):
                overall[hour] += weight * certain[hour]
                if weekday in _WEEKEND:
                    weekend[hour] += weight * certain[hour]
        self._density = _density(overall, weekend, week)
        self._sorted = sorted(self._density)
        self._below = [0.0, *accumulate(self._sorted)]

    def slot(self, day: int, half_hour: int) -> int:
        """Return the slot of the week of a half hour of a local day."""
        return weekday_of(day, self._holidays) * SLOTS + half_hour

    def density(self, slot: int) -> float:
        """Return how much of this person's activity is in a slot of the week."""
        return self._density[slot] / self._below[-1]

    def p_value(self, slot: int) -> float:
        """Return the share of this person's activity in slots of the week no more usual than this (its own by half)."""
        density = self._density[slot]
        low, high = (self._below[find(self._sorted, density)] for find in (bisect_left, bisect_right))
        return (low + high) / 2 / self._below[-1]

    def days_around(self, slot: int) -> int:
        """Return on how many days at most somebody was active in the hour of a slot, or the one before or after it."""
        return self._days_around(slot % SLOTS * HOURS // SLOTS)

    def days_like(self, slot: int) -> int:
        """Return how many of the days that are known were the same day of the week."""
        return self._weekdays[slot // SLOTS]

    def _days_around(self, hour: int) -> int:
        return min(self.days, sum(self._seen[(hour + away) % HOURS] for away in (-1, 0, 1)))

    def _certainty(self, hour: int) -> float:
        """Return how much of an hour counts: as much as other days say the same (leave one out)."""
        around = self._days_around(hour)
        return max(around - 1, _ONCE) / max(around, 1)

    def usual_hours(self) -> tuple[int, int]:
        """Return the shortest stretch of the day with nine in ten active hours: first hour, and the hour it ends at."""
        least = math.ceil(0.9 * sum(self._seen))
        stretches = (
            (length, first)
            for length in range(1, HOURS + 1)
            for first in range(HOURS)
            if sum(self._seen[(first + hour) % HOURS] for hour in range(length)) >= least
        )
        length, first = next(stretches)
        return first, (first + length) % HOURS


def _density(overall: Sequence[float], weekend: Sequence[float], week: Sequence[float]) -> list[float]:
    """Return a density over the slots of the week, not normed, of weighted hours of the day and days of the week."""
    total = sum(overall)
    own = [seen / total for seen in _smooth(overall, _BANDWIDTH)]
    far = [(1 - _UNIFORM) * seen / total + _UNIFORM / SLOTS for seen in _smooth(overall, _FAR_BANDWIDTH)]
    work = [every - free for every, free in zip(overall, weekend)]
    of_weekend, of_work = (
        [total * near + _PRIOR_FAR * beyond for near, beyond in zip(_back_off(counts, own, _PRIOR_OVERALL), far)]
        for counts in (weekend, work)
    )
    return [
        (seen + _PRIOR_WEEK / 7) * density
        for weekday, seen in enumerate(week)
        for density in (of_weekend if weekday in _WEEKEND else of_work)
    ]


def _size(hours: int) -> int:
    return bin(hours).count("1")


def hours_of(hours: int) -> Iterator[int]:
    """Return the hours in a set."""
    return (hour for hour in range(HOURS) if hours >> hour & 1)


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
