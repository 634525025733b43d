"""Rarity: what a group does and others do not, and how much of its behaviour is at least as unusual."""

from __future__ import annotations

import math
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


def _eight_of_ten() -> GroupProfile:
    """Give a group that did `a` eight times, one of it new, where others did `b` four times: two sightings are new."""
    return GroupProfile({"a": 8.0}, 1, 8, Everybody({"a": 8.0, "b": 4.0}))


@pytest.mark.parametrize(("name", "share", "p_value"), [("a", 25 / 27, 29 / 54), ("b", 1 / 15, 1 / 27)])
def test_a_group_backs_off_to_everybody_by_the_share_of_what_is_new_to_it(
    name: str, share: float, p_value: float
) -> None:
    """Reckoned by hand: 2 of 10 sightings are of everybody's behaviour, which has half a sighting more of each name."""
    group = _eight_of_ten()
    assert group.share(name) == pytest.approx(share)
    assert group.p_value(name) == pytest.approx(p_value)
    assert group.share("new") == pytest.approx(1 / 135)
    assert group.p_value("new") == pytest.approx(1 / 27)


def test_a_group_is_compared_with_what_is_left_of_everybody_without_it() -> None:
    """Its own sightings are no others'; the four that are left, and half a one for each name and for all new ones."""
    group = _eight_of_ten()
    assert [group.others_share(name) for name in ("a", "b", "new")] == pytest.approx([1 / 11, 9 / 11, 1 / 11])
    assert group.log_likelihood_ratio("a") == pytest.approx(math.log(25 / 27 * 11))
    assert group.log_likelihood_ratio("b") == group.log_likelihood_ratio("new") == pytest.approx(math.log(11 / 135))
    assert group.below(math.log(11 / 135) - 0.1) == 0.0
    assert group.below(math.log(11 / 135) + 0.1) == pytest.approx(2 / 27)


@pytest.mark.parametrize(
    ("name", "share", "ratio", "p_value"),
    [
        ("a", 25 / 54, 25 / 54 * 11, 83 / 108),
        ("b", 8 / 15, 8 / 15 * 11 / 9, 73 / 270),
        ("new", 1 / 270, 11 / 270, 1 / 540),
    ],
)
def test_a_person_of_a_hundred_sightings_is_half_oneself_and_half_the_team(
    name: str, share: float, ratio: float, p_value: float
) -> None:
    """Reckoned by hand: the team counts for a hundred sightings, whatever it was seen with."""
    person = PersonProfile({"b": 100.0}, _eight_of_ten())
    assert person.share(name) == pytest.approx(share)
    assert person.log_likelihood_ratio(name) == pytest.approx(math.log(ratio))
    assert person.p_value(name) == pytest.approx(p_value)
    assert person.p_value(name) == pytest.approx(p_value), "and the same when it is asked again"


def test_what_a_group_did_more_often_than_everybody_is_left_out_of_others_as_far_as_it_goes() -> None:
    """Counts that have aged apart make no negative number of sightings."""
    others = Everybody({"a": 2.0, "b": 4.0}).without({"a": 8.0, "c": 1.0})
    assert others.total == 4.0
    assert [others.share(name) for name in ("a", "b", "c")] == pytest.approx([0.5 / 5.5, 4.5 / 5.5, 0.5 / 5.5])
    assert [name in others for name in ("a", "b", "c")] == [True, True, False]


@pytest.mark.parametrize(("weight", "prior"), [(0.5, 0.5), (1.0, 0.5), (1.2, 0.6), (4.0, 2.0)])
def test_what_is_kept_for_everybody_grows_with_what_was_seen_from_one_sighting_on(weight: float, prior: float) -> None:
    """One of three is new; a group of old sightings alone, which weigh little, is not everybody's altogether."""
    everybody = Everybody({"a": 4.0})
    expected = (weight + prior * everybody.share("a")) / (weight + prior)
    assert GroupProfile({"a": weight}, 0, 1, everybody).share("a") == pytest.approx(expected)


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
