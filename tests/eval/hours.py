"""Hours: people's real working times; an attack is one of their own later events, moved by 8 to 16 hours."""

from __future__ import annotations

import csv
import random
import statistics
from typing import TYPE_CHECKING, Callable, Dict, List, NamedTuple

from cbverdict.anomalies.active_hours import SLOTS, weekday_of
from cbverdict.anomalies.combination import score_of
from cbverdict.settings.anomalies import AnomalySettings
from tests.eval.metrics import Detection
from tests.lab.memory import profiles_of
from tests.lab.sightings import Sighting, learn

if TYPE_CHECKING:
    from pathlib import Path

    from cbverdict.anomalies.baselines import Baselines
    from cbverdict.anomalies.profiles import Profiles

LEARNT = 0.7


class Time(NamedTuple):
    """A local time: day since 1970, day of the week (Monday 0), minute of the day."""

    day: int
    weekday: int
    minute: int


Judge = Callable[[Time], float]
"""Give a time's score, the higher the odder."""


class Person(NamedTuple):
    """What is learnt of a person, what comes later, and the attacks."""

    first: List[Time]
    own: List[Time]
    attacks: List[Time]


def read_people(path: Path) -> dict[str, Person]:
    """Read user, epoch, utc_offset_minutes; learn the first 70 % of each person's distinct instants."""
    people: Dict[str, Dict[int, int]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            people.setdefault(row["user"], {})[int(row["epoch"])] = int(row["utc_offset_minutes"])
    chance = random.Random(7)  # noqa: S311 - the attacks are the same in each run
    return {user: _split(sorted(times.items()), chance) for user, times in people.items()}


def detect(path: Path) -> dict[str, Detection]:
    """Score the people's later times and the attacks, by our score and by simple rules."""
    people = read_people(path)
    learnt: Baselines = {}
    for user, person in people.items():
        for time in person.first:
            learn(learnt, Sighting(time.day, time.minute // 60, user))
    profiles = profiles_of(learnt, AnomalySettings())
    detections: dict[str, Detection] = {}
    for user, person in people.items():
        judges = {"cbsigned": _by_profile(profiles, user), **_simple_rules(person.first)}
        for rule, judge in judges.items():
            detection = detections.setdefault(rule, Detection())
            detection.add(map(judge, person.own), map(judge, person.attacks))
    return detections


def _split(times: list[tuple[int, int]], chance: random.Random) -> Person:
    cut = int(LEARNT * len(times))
    return Person(
        [_local(*time) for time in times[:cut]],
        [_local(*time) for time in times[cut:]],
        [_local(at + chance.choice(range(8, 17)) * 3600, offset) for at, offset in times[cut:]],
    )


def _local(epoch: int, offset: int) -> Time:
    minutes = epoch // 60 + offset
    return Time(minutes // 1440, weekday_of(minutes // 1440, ()), minutes % 1440)


def _by_profile(profiles: Profiles, user: str) -> Judge:
    profile = profiles.hours(user, ())
    is_known = profile.hours >= profiles.settings.minimum_support
    return lambda time: score_of(profile.p_value(time.weekday * SLOTS + time.minute // 30)) if is_known else 0.0


def _simple_rules(first: list[Time]) -> dict[str, Judge]:
    """Give the rules that people write: office hours, and how many standard deviations from the mean hour."""
    mean = statistics.fmean(time.minute for time in first)
    deviation = statistics.pstdev(time.minute for time in first) or 1.0
    return {
        "office hours": lambda time: 0.0 if time.weekday < 5 and 480 <= time.minute < 1080 else 1.0,
        "|hour - mean| / deviation": lambda time: abs(time.minute - mean) / deviation,
    }
