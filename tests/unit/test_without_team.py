"""People without a team to compare with: what a first time says of them."""

from __future__ import annotations

import math

import pytest

from cbverdict.anomalies.distinct_count import sketch_of
from cbverdict.anomalies.peer_rarity import Everybody, Past
from cbverdict.anomalies.seen_people import ANYBODY, Users, add_user
from cbverdict.anomalies.without_team import Organisation, PersonWithoutTeam

OWN = {"outlook.exe": 300.0, "workday.exe": 100.0}
OTHERS = {"outlook.exe": 2000.0, "workday.exe": 600.0, "git.exe": 200.0, "python.exe": 180.0, "odd.exe": 20.0}
OFTEN = {"outlook.exe": 1.0, "workday.exe": 2.0}
"""Before what the person does daily there was hardly anything else."""


def _organisation(users: dict[str, int] | None = None, people: int = 8) -> Organisation:
    seen = {name: OTHERS.get(name, 0.0) + OWN.get(name, 0.0) for name in {**OTHERS, **OWN}}
    known: Users = {}
    for name, many in {ANYBODY: people, **(users or {})}.items():
        for number in range(many):
            add_user(known, name, *sketch_of(f"user{number}"))
    return Organisation(Everybody(seen, 0, 3400), known if users else {})


def _person(
    organisation: Organisation, before: dict[str, float] | None = None, sightings: int = 400
) -> PersonWithoutTeam:
    return PersonWithoutTeam(OWN, (), sightings, organisation, Past("ann", 40, {**OFTEN, **(before or {})}))


def _first(chance: float) -> object:
    return pytest.approx(chance / (1 + chance))


def test_what_others_do_and_this_person_never_did_is_as_unusual_as_its_beginnings_are_rare() -> None:
    """Nothing was begun in four hundred starts, half a sighting is added, and that it did not come up is no chance."""
    assert _person(_organisation()).p_value("git.exe") == _first(0.5 / 401)
    assert _person(_organisation()).p_value("outlook.exe") > 0.5


@pytest.mark.parametrize(
    ("name", "before", "begun"),
    [
        ("git.exe", {"python.exe": 300.0}, 1),
        ("git.exe", {"python.exe": 300.0, "odd.exe": 300.0}, 1),
        ("git.exe", {"python.exe": 20.0}, 0),
        ("git.exe", {"outlook.exe": 2.0}, 0),
    ],
)
def test_who_began_before_with_what_is_as_common_is_expected_to_begin_again(
    name: str, before: dict[str, float], begun: int
) -> None:
    """Not with what few use, and not with what could not come up any earlier."""
    assert _person(_organisation(), before).p_value(name) == _first((begun + 0.5) / 401)


@pytest.mark.parametrize(("sightings", "is_unusual"), [(2000, True), (300, False)])
def test_what_comes_up_seldom_is_no_finding_while_little_is_known_of_a_person(
    sightings: int, *, is_unusual: bool
) -> None:
    """A program that is once in a hundred and fifty starts of everybody's may well have missed three hundred."""
    assert (_person(_organisation(), sightings=sightings).p_value("odd.exe") <= 0.01) is is_unusual


@pytest.mark.parametrize(
    ("users", "people", "is_unusual"),
    [
        ({"odd.exe": 1}, 20, True),
        ({"odd.exe": 2}, 20, True),
        ({"odd.exe": 7}, 8, False),
        ({"odd.exe": 20}, 20, False),
        ({"odd.exe": 400}, 400, False),
        ({"odd.exe": 20}, 400, True),
        ({}, 20, False),
    ],
)
def test_the_tool_of_one_of_many_would_have_come_up_if_it_were_this_persons(
    users: dict[str, int], people: int, *, is_unusual: bool
) -> None:
    """It is little of what everybody runs, and much of what its only user does."""
    person = _person(_organisation({"outlook.exe": people, **users}, people))
    assert (person.p_value("odd.exe") <= 0.01) is is_unusual


def test_the_person_is_not_among_the_others() -> None:
    """What the person did itself, forgotten by now, says nothing of how many others do it."""
    organisation = _organisation({"odd.exe": 2}, 8)
    known = PersonWithoutTeam(OWN, (), 400, organisation, Past("user0", 40, OFTEN))
    alone = _person(_organisation({"odd.exe": 1}, 8))
    assert known.p_value("odd.exe") == alone.p_value("odd.exe")


def test_of_whom_little_is_known_it_may_be_chance_that_a_program_did_not_come_up_yet() -> None:
    """Bayes: half of the others use it, each so often; half a beginning is added."""
    organisation = _organisation({"git.exe": 4})
    rate = organisation.usage("git.exe", "ann", 200 / 3000).rate
    missed = math.exp(-20 * rate)
    by_chance = 0.5 * missed / (0.5 * missed + 0.5) / 0.5
    found = _person(organisation, sightings=20).p_value("git.exe")
    assert found == pytest.approx(by_chance / (1 + by_chance), abs=0.02)
    assert found == pytest.approx(0.1667, abs=0.0001)


def test_how_many_others_use_a_program_is_counted_without_the_person() -> None:
    """One of seven besides, so that each runs it seven times as often; half a one is added, and two others."""
    organisation = _organisation({"git.exe": 2})
    assert organisation.usage("git.exe", "user0", 0.07) == pytest.approx((0.07, 0.49, 1.5 / 9))
    assert organisation.usage("git.exe", "ann", 0.07) == pytest.approx((0.07, 0.07 / (2 / 7), 2.5 / 9))
