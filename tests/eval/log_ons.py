"""Log-ons alone: people of whom nothing is known but one log-on each working day about the same time."""

from __future__ import annotations

import random
from typing import List, NamedTuple

from cbverdict.anomalies.active_hours import SLOTS, Days, HourProfile, add_hour, weekday_of
from cbverdict.anomalies.combination import score_of
from cbverdict.settings.anomalies import AnomalySettings

PEOPLE = 300
WEEKS = (3, 4, 5, 6, 8, 12)
_FIRST = 20_395  # a Monday
_SETTINGS = AnomalySettings()


class Row(NamedTuple):
    """After so many weeks: the share of people with an opinion, and of these with 20 or more at each time."""

    weeks: int
    judged: float
    monday_2: float
    monday_23: float
    sunday_2: float
    own: float


def table(seed: int = 1) -> List[Row]:
    """Return a row for each number of weeks; `own` is the share of the people's own later log-ons."""
    return [_row(weeks, random.Random(seed)) for weeks in WEEKS]  # noqa: S311 - made-up people


def _row(weeks: int, chance: random.Random) -> Row:
    judged, found, own = 0, [0, 0, 0], [0, 0]
    for _ in range(PEOPLE):
        start, spread = chance.gauss(7.5, 0.5), chance.uniform(0.1, 0.7)
        profile = HourProfile(_days(weeks, start, spread, chance), ())
        if profile.hours < _SETTINGS.minimum_support:
            continue
        judged += 1
        for place, (day, hour) in enumerate(((0, start - 5.5), (0, start + 15.4), (6, start - 5.5))):
            found[place] += _score(profile, day, hour) >= _SETTINGS.threshold
        for day in range(5):
            own[0] += _score(profile, day, chance.gauss(start, spread)) >= _SETTINGS.threshold
            own[1] += 1
    monday_2, monday_23, sunday_2 = (one / max(judged, 1) for one in found)
    return Row(weeks, judged / PEOPLE, monday_2, monday_23, sunday_2, own[0] / max(own[1], 1))


def _days(weeks: int, start: float, spread: float, chance: random.Random) -> Days:
    days: Days = {}
    for day in range(_FIRST, _FIRST + 7 * weeks):
        if weekday_of(day, ()) < 5 and chance.random() > 0.05:
            add_hour(days, day, int(chance.gauss(start, spread)) % 24)
    return days


def _score(profile: HourProfile, weekday: int, hour: float) -> float:
    return score_of(profile.p_value(weekday * SLOTS + int(2 * hour) % SLOTS))
