"""Teams: tools that people really used; an attack is the tool of somebody from another team."""

from __future__ import annotations

import csv
import math
import random
from collections import Counter
from typing import TYPE_CHECKING, Callable, Dict, List, NamedTuple

from cbverdict.anomalies.combination import score_of
from cbverdict.settings.anomalies import AnomalySettings
from tests.eval.hours import LEARNT
from tests.eval.metrics import Detection
from tests.lab.memory import profiles_of
from tests.lab.sightings import Sighting, learn

if TYPE_CHECKING:
    from pathlib import Path

    from cbverdict.anomalies.baselines import Baselines
    from cbverdict.anomalies.profiles import Profiles

_PRIOR = 20
_SETTINGS = AnomalySettings(half_life_days=3650)  # The corpus is of people who worked in different years.


class Use(NamedTuple):
    """One use of a tool."""

    day: int
    hour: int
    tool: str


class Person(NamedTuple):
    """A person's team, what is learnt of them, what they use later, and the tools of the attacks."""

    team: str
    first: List[Use]
    own: List[str]
    attacks: List[str]


Judge = Callable[[str], float]
"""Give a tool's score, the higher the odder."""


def read_people(path: Path) -> dict[str, Person]:
    """Read user, epoch, team, tool; learn the first 70 % of each person's rows."""
    uses: Dict[str, List[Use]] = {}
    teams: Dict[str, str] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            epoch = int(row["epoch"])
            use = Use(epoch // 86400, epoch // 3600 % 24, row["tool"])
            uses.setdefault(row["user"], []).append(use)
            teams[row["user"]] = row["team"]
    chance = random.Random(7)  # noqa: S311 - the attacks are the same in each run
    cuts = {user: int(LEARNT * len(all_uses)) for user, all_uses in uses.items()}
    people = {}
    for user in sorted(uses):
        own = [use.tool for use in uses[user][cuts[user] :]]
        others = [other for other in sorted(uses) if teams[other] != teams[user]]
        attacks = []
        for _ in own:
            other = chance.choice(others)
            attacks.append(chance.choice(uses[other][cuts[other] :] or uses[other]).tool)
        people[user] = Person(teams[user], uses[user][: cuts[user]], own, attacks)
    return people


def detect(path: Path) -> dict[str, Detection]:
    """Score what people use later and the attacks, by our score and by simple rules."""
    people = read_people(path)
    learnt: Baselines = {}
    for user, person in people.items():
        for use in person.first:
            learn(learnt, Sighting(use.day, use.hour, user, person.team, use.tool))
    profiles = profiles_of(learnt, _SETTINGS)
    rules = _simple_rules(people)
    detections: dict[str, Detection] = {}
    for user, person in people.items():
        judges = {"cbsigned": _by_profile(profiles, user, person.team), **{name: rules[name](user) for name in rules}}
        for rule, judge in judges.items():
            detection = detections.setdefault(rule, Detection())
            detection.add(map(judge, person.own), map(judge, person.attacks))
    return detections


def _by_profile(profiles: Profiles, user: str, team: str) -> Judge:
    group = profiles.team(team)
    if group is None:
        return lambda _: 0.0
    profile = profiles.person(user, team, group)
    return lambda tool: score_of(profile.p_value(tool))


def _simple_rules(people: dict[str, Person]) -> dict[str, Callable[[str], Judge]]:
    """Give the rules that people write: never seen before, and rarity that backs off to team and organisation."""
    mine = {user: Counter(use.tool for use in person.first) for user, person in people.items()}
    teams: Dict[str, Counter[str]] = {}
    for user, person in people.items():
        teams.setdefault(person.team, Counter()).update(mine[user])
    everybody = sum(teams.values(), Counter())
    whole = sum(everybody.values()) + 0.5 * len(everybody)

    def rarity(user: str) -> Judge:
        own, team = mine[user], teams[people[user].team]

        def judge(tool: str) -> float:
            share = (everybody[tool] + 0.5) / whole
            share = (team[tool] + _PRIOR * share) / (sum(team.values()) + _PRIOR)
            return -math.log((own[tool] + _PRIOR * share) / (sum(own.values()) + _PRIOR))

        return judge

    return {
        "backed-off rarity": rarity,
        "never by this person": lambda user: lambda tool: float(not mine[user][tool]),
        "never by this team": lambda user: lambda tool: float(not teams[people[user].team][tool]),
    }
