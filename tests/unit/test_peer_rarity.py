"""Rarity: what a group does and others do not, and how much of its behaviour is at least as unusual."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbverdict.anomalies.peer_rarity import Everybody, GroupProfile, PersonProfile

HR = {"outlook.exe": 500.0, "workday.exe": 300.0, "winword.exe": 200.0}
OTHERS = {"outlook.exe": 5000.0, "git.exe": 3000.0, "python.exe": 2000.0, "winword.exe": 1000.0, "odd.exe": 1.0}
ALL = {name: HR.get(name, 0.0) + OTHERS.get(name, 0.0) for name in {**HR, **OTHERS}}
SEEN = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0.1, 500), max_size=8)


def _group() -> GroupProfile:
    return GroupProfile(HR, 0, 1000, Everybody(ALL))


def test_a_tool_of_everybody_else_is_unusual_and_ones_own_is_not() -> None:
    """However common it is elsewhere."""
    group = _group()
    assert group.p_value("git.exe") < 0.001
    assert group.p_value("workday.exe") > 0.8
    assert group.p_value("outlook.exe") > 0.1


def test_what_is_new_to_everybody_is_as_unusual_as_what_only_others_have() -> None:
    """Both are what this group was never seen with."""
    group = _group()
    assert group.p_value("never seen.exe") == group.p_value("git.exe") == group.p_value("odd.exe")


def test_a_group_that_does_new_things_all_the_time_is_not_surprised_by_one() -> None:
    """The share of names seen once says how much is kept for new ones."""
    curious = GroupProfile(HR, 200, 1000, Everybody(ALL))
    assert curious.p_value("git.exe") > 20 * _group().p_value("git.exe")


def test_a_person_who_uses_it_every_day_is_not_unusual() -> None:
    """Though nobody else in the team does."""
    group = _group()
    assert PersonProfile({"git.exe": 80.0, "outlook.exe": 20.0}, group).p_value("git.exe") > 0.1
    assert PersonProfile({"outlook.exe": 100.0}, group).p_value("git.exe") < 0.001


def test_who_is_not_known_is_judged_by_the_team() -> None:
    """There is nothing else to go by."""
    group = _group()
    for name in (*ALL, "new.exe"):
        assert PersonProfile({}, group).p_value(name) == pytest.approx(group.p_value(name), abs=1e-12)


@given(SEEN, SEEN, st.integers(0, 20))
def test_shares_add_up_and_tails_are_probabilities(own: dict[str, float], others: dict[str, float], once: int) -> None:
    """The most usual has the largest p_value."""
    everybody = Everybody({name: own.get(name, 0.0) + others.get(name, 0.0) for name in {**own, **others}})
    group = GroupProfile(own, once, once + sum(map(int, own.values())), everybody)
    names = [*own, *(name for name in others if name not in own), ""]
    assert sum(map(group.share, names)) == pytest.approx(1.0)
    person = PersonProfile(own, group)
    assert sum(map(person.share, names)) == pytest.approx(1.0)
    for profile in (group, person):
        p_values = {name: profile.p_value(name) for name in names}
        assert all(0.0 <= p_value <= 1.0 for p_value in p_values.values())
        ordered = sorted(names, key=profile.log_likelihood_ratio)
        assert all(p_values[one] <= p_values[other] + 1e-9 for one, other in zip(ordered, ordered[1:]))


@pytest.mark.parametrize("is_person", [False, True])
def test_tails_are_calibrated_on_names_drawn_from_the_profile_itself(is_person: bool) -> None:  # noqa: FBT001
    """A thousand names by Zipf's law; one in ten is one in ten, down to one in a thousand."""
    chance = random.Random(5)  # noqa: S311 - a test's draw
    team = {f"tool{rank}": 20_000 / rank for rank in range(1, 1000)}
    world = {f"tool{rank}": team.get(f"tool{rank}", 0.0) + 30_000 / (1500 - rank) for rank in range(1, 1500)}
    group = GroupProfile(team, 20, sum(map(int, team.values())), Everybody(world))
    profile = PersonProfile({f"tool{rank}": 300 / rank for rank in range(1, 400)}, group) if is_person else group
    names = [*world, ""]
    drawn = chance.choices(names, [profile.share(name) for name in names], k=100_000)
    p_values = {name: profile.p_value(name) for name in names}
    for level in (0.1, 0.01, 0.001):
        assert level / 1.5 < sum(p_values[name] <= level for name in drawn) / len(drawn) < level * 1.5
