"""Who was seen with which names, or waits with what: learnt, merged, forgotten."""

from __future__ import annotations

from bisect import insort
from typing import Dict, Iterable, List

from cbverdict.anomalies.decayed_counts import GENERATION
from cbverdict.anomalies.distinct_count import MAX_EXACT, Sketch, sketch_of, unite

People = Dict[int, Dict[str, Sketch]]
"""By generation: who was seen with a name (of a team)."""

Users = Dict[str, Sketch]
"""By program: who was seen with it; under `ANYBODY` who was seen with any."""

ANYBODY = ""
MANY_USERS = 9
"""People with a program that are told apart; where there are more, these say how many (`distinct_count`)."""

WAITING_DAYS = 60
"""So long it is remembered who waits with what to be learnt."""

MOST_WAITING = 5000
"""Programs, hours and starts of which it is remembered who waits with them."""

ACCEPTANCES = ("accepted ", "refused ")
"""How what somebody decided on begins, among what waits."""


def add_person(people: People, generation: int, name: str, person: str) -> None:
    """Note that somebody was seen with a name."""
    known = people.setdefault(generation, {})
    known[name] = unite([known.get(name, []), sketch_of(person)])


def forget_people(people: People, horizon: int) -> People:
    """Leave out generations that are more than `horizon` days older than the newest."""
    oldest = max(people, default=0) - horizon // GENERATION
    return {generation: known for generation, known in people.items() if generation >= oldest}


def forget_waiting(people: People) -> People:
    """Leave out who waited long ago, and where there is too much what waits on the fewest days, the newest last.

    What somebody decided on is kept.
    """
    oldest = max(people, default=0) - WAITING_DAYS
    days: Dict[str, List[int]] = {}
    for day, noted in people.items():
        for what in noted if day > oldest else ():
            days.setdefault(what, []).append(day)
    if len(days) > MOST_WAITING:
        left_out = sorted(days, key=lambda what: (-len(days[what]), -max(days[what]), what))[MOST_WAITING:]
        few = {what for what in left_out if not what.startswith(ACCEPTANCES)}
        people = {day: {what: one for what, one in noted.items() if what not in few} for day, noted in people.items()}
    kept = {
        day: {what: known for what, known in noted.items() if day > oldest or what.startswith(ACCEPTANCES)}
        for day, noted in people.items()
    }
    return {day: noted for day, noted in kept.items() if noted}


def merge_people(one: People, other: People) -> People:
    """Put who was seen with which name together."""
    merged: People = {generation: dict(teams) for generation, teams in one.items()}
    for generation, teams in other.items():
        mine = merged.setdefault(generation, {})
        for team, sketch in teams.items():
            mine[team] = unite([mine.get(team, []), sketch])
    return merged


def add_user(users: Users, name: str, number: int) -> None:
    """Note that somebody, told by a hash, was seen with a program."""
    _insert(users.setdefault(name, []), number, MANY_USERS)
    _insert(users.setdefault(ANYBODY, []), number, MAX_EXACT)


def _insert(known: Sketch, number: int, most: int) -> None:
    if len(known) == most and number >= known[-1]:
        return  # as nearly always with what many use
    if number not in known:
        insort(known, number)
        del known[most:]


def merge_users(one: Users, other: Users) -> Users:
    """Put who was seen with which program together."""
    return {
        name: unite([one.get(name, []), other.get(name, [])])[: MAX_EXACT if name == ANYBODY else MANY_USERS]
        for name in {**one, **other}
    }


def forget_users(users: Users, names: Iterable[str]) -> Users:
    """Leave out programs that are none of these names."""
    return {name: users[name] for name in (ANYBODY, *names) if name in users}
