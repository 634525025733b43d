"""Rarity: what a group does and others do not, and how much of its behaviour is at least as unusual."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbverdict.anomalies.peer_rarity import Everybody, GroupProfile, Past, PersonProfile
from cbverdict.anomalies.without_team import Organisation, PersonWithoutTeam

HR = {"outlook.exe": 500.0, "workday.exe": 300.0, "winword.exe": 200.0}
OTHERS = {"outlook.exe": 5000.0, "git.exe": 3000.0, "python.exe": 2000.0, "winword.exe": 1000.0, "odd.exe": 1.0}
ALL = {name: HR.get(name, 0.0) + OTHERS.get(name, 0.0) for name in {**HR, **OTHERS}}
SEEN = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0.1, 500), max_size=8)


def _group() -> GroupProfile:
    return GroupProfile(HR, 0, 1000, Everybody(ALL))


def test_a_tool_of_everybody_else_is_unusual_and_ones_own_is_not() -> None:
    """However common it is elsewhere."""
    group = _group()
    assert group.p_value("git.exe") <= 0.001
    assert group.p_value("workday.exe") > 0.8
    assert group.p_value("outlook.exe") > 0.1


def test_what_is_new_to_everybody_is_as_unusual_as_new_names_are_rare() -> None:
    """Where something new comes up every day one more is nothing; where nothing changes it is."""
    p_values = [
        GroupProfile(HR, 200, 1000, Everybody(ALL, once, 10_000)).p_value("new.exe")
        for once in (0, 10, 100, 1000, 9000)
    ]
    assert p_values == pytest.approx([2 / 10_002, 22 / 10_002, 202 / 10_002, 2002 / 10_002, 0.5])


def test_what_is_new_to_everybody_is_unusual_for_a_group_that_hardly_does_anything_new() -> None:
    """Though others do so all the time: it is no more than five times the share of what is new to the group."""
    group = GroupProfile(HR, 0, 1000, Everybody(ALL, 9000, 10_000))
    assert group.p_value("new.exe") == pytest.approx(5 * group.new_share) == pytest.approx(0.0025, rel=0.01)


def test_what_is_new_to_everybody_does_not_outrank_a_tool_of_others() -> None:
    """Git in HR says more than a program that nobody was ever seen with."""
    group = GroupProfile(HR, 5, 1000, Everybody(ALL, 20, 12_000))
    person = PersonProfile({"outlook.exe": 300.0, "workday.exe": 100.0}, (), 400, group)
    assert person.p_value("git.exe") < 0.001 < person.p_value("never seen.exe")


def test_what_is_new_to_everybody_counts_by_the_day_for_a_person() -> None:
    """A name is new once: among a thousand starts a day one such name is no rarer than among ten."""
    group = GroupProfile(HR, 5, 1000, Everybody(ALL, 4, 12_000))
    own = {"outlook.exe": 300.0, "workday.exe": 100.0}
    few, many = (PersonProfile(own, (), 400, group, Past("ann", days)).p_value("new.exe") for days in (400, 80))
    assert few == pytest.approx(10 / 12_002)
    assert many == pytest.approx(5 * few)


def test_a_drop_is_judged_as_if_a_new_name_were_any_other() -> None:
    """Whoever names a file can make it new, or like one that is made for one start."""
    everybody = Everybody({**ALL, "is-*.tmp": 5000.0}, 5000, 12_000)
    group = GroupProfile({**HR, "is-*.tmp": 500.0}, 0, 1500, everybody)
    person = PersonProfile({"outlook.exe": 300.0}, (), 300, group)
    for profile in (group, person):
        for name in ("never seen.exe", "is-*.tmp"):
            assert profile.strict_p_value(name) < 0.001 < profile.p_value(name)
        assert profile.strict_p_value("outlook.exe") == profile.p_value("outlook.exe")


def test_a_group_that_does_new_things_all_the_time_is_not_surprised_by_one() -> None:
    """The share of names seen once says how much is kept for new ones."""
    curious = GroupProfile(HR, 200, 1000, Everybody(ALL))
    assert curious.p_value("git.exe") > 20 * _group().p_value("git.exe")


def test_a_person_who_uses_it_every_day_is_not_unusual() -> None:
    """Though nobody else in the team does."""
    group = _group()
    assert PersonProfile({"git.exe": 80.0, "outlook.exe": 20.0}, (), 100, group).p_value("git.exe") > 0.1
    assert PersonProfile({"outlook.exe": 100.0}, (), 100, group).p_value("git.exe") < 0.001


def test_an_account_that_does_one_thing_is_told_by_it_from_a_person_who_does_what_the_team_does() -> None:
    """The team does not vouch for what such an account never did."""
    group = GroupProfile(ALL, 1, 12_000, Everybody({**ALL, "backup.exe": 300.0, "other.exe": 9000.0}))
    account = PersonProfile({"backup.exe": 300.0}, (), 300, group)
    person = PersonProfile({name: times / 40 for name, times in ALL.items() if name != "odd.exe"}, (), 300, group)
    assert account.new_share < 0.01
    assert person.new_share > 0.2
    assert account.p_value("odd.exe") < 0.01
    assert person.p_value("odd.exe") > 0.1


def test_a_group_counts_for_half_a_sighting_to_512() -> None:
    """For an account that does nothing that the group does, and a person who does just that."""
    names = {f"{number}.exe": 40.0 * (number + 1) for number in range(30)}
    group = GroupProfile(names, 0, int(sum(names.values())), Everybody(names))
    person = {name: times / 10 for name, times in names.items()}
    for seen, sightings in (({"0.exe": 500.0}, 0.5), (person, 512.0)):
        assert group.prior_of(PersonProfile(seen, (), int(sum(seen.values())), group)) == sightings


def test_who_is_not_known_is_judged_by_the_team() -> None:
    """There is nothing else to go by."""
    group = _group()
    person = PersonProfile({}, (), 0, group)
    for name in HR:
        assert person.p_value(name) == pytest.approx(group.p_value(name), abs=1e-12)


def _eight_of_ten() -> GroupProfile:
    """Give a group that did `a` eight times, one of it new, where others did `b` four times: 1.6 sightings are new."""
    return GroupProfile({"a": 8.0}, 1, 8, Everybody({"a": 8.0, "b": 4.0}))


def test_a_group_backs_off_to_everybody_by_the_share_of_what_is_new_to_it() -> None:
    """Reckoned by hand: one and a half of nine are new, of everybody's, which has half a sighting more of each name."""
    group = _eight_of_ten()
    assert group.new_share == pytest.approx(1 / 6)
    shares = {"a": 5 / 6 + 8.5 / 13.5 / 6, "b": 4.5 / 13.5 / 6, "new": 0.5 / 13.5 / 6}
    others = {"a": 1 / 11, "b": 9 / 11, "new": 1 / 11}
    for name, share in shares.items():
        assert group.share(name) == pytest.approx(share)
        assert group.others_share(name) == pytest.approx(others[name])
    assert group.p_value("a") == pytest.approx(shares["a"] / (shares["a"] + 1 / 11))
    assert group.p_value("b") == pytest.approx(shares["new"] / (shares["new"] + 1 / 11))


@pytest.mark.parametrize(
    ("name", "times", "total", "share"),
    [
        ("a", 2.0, 2.0, (6 + 1.6 * 8.5 / 13.5) / 7.6),
        ("a", 10.0, 20.0, 8.5 / 13.5),
        ("b", 0.5, 8.0, 4.5 / 13.5),
        ("new", 0.0, 0.0, 1.6 * 0.5 / 13.5 / 9.6),
    ],
)
def test_a_group_without_a_person_has_no_less_than_nothing_left(
    name: str, times: float, total: float, share: float
) -> None:
    """Counts that have aged apart may take more than there is."""
    assert _eight_of_ten().share_without(name, times, total) == pytest.approx(share)


def test_a_share_that_a_person_leaves_of_a_group_is_never_nothing() -> None:
    """Its logarithm is taken, however long a group has done the same; one in a thousand million is the least."""
    group = GroupProfile({"a": 1e9}, 0, 10**9, Everybody({"a": 1e9}))
    assert group.share_without("new", 0.0, 0.0) == 1e-9


def test_a_person_backs_off_to_the_team_by_how_alike_they_are() -> None:
    """Reckoned by hand: of a hundred sightings of what the team never does, the team counts for half a one."""
    group = _eight_of_ten()
    person = PersonProfile({"b": 100.0}, (), 100, group)
    assert person.new_share == pytest.approx(0.5 / 100.5)
    assert person.share("b") == pytest.approx((100 + 0.5 * group.share("b")) / 100.5)
    assert person.p_value("b") == pytest.approx(person.share("b") / (person.share("b") + 9 / 11))
    first = 0.5 / 100.5 * group.share("a")
    assert person.p_value("a") == pytest.approx(first / (first + 1 / 11))


def test_below_one_in_a_thousand_a_p_value_falls_with_the_third_root() -> None:
    """Products of small shares say more than data can show."""
    group = GroupProfile({"a": 1e6}, 0, 10**6, Everybody({"a": 1e6, "b": 1e6}))
    raw = group.new_share * 0.5 / (2e6 + 1.5) / (0.5 / (1e6 + 1.5))
    assert group.p_value("b") == pytest.approx(0.001 * (raw / 0.001) ** (1 / 3), rel=1e-3)


def test_what_a_group_did_more_often_than_everybody_is_left_out_of_others_as_far_as_it_goes() -> None:
    """Counts that have aged apart make no negative number of sightings."""
    others = Everybody({"a": 2.0, "b": 4.0}).without({"a": 8.0, "c": 1.0})
    assert others.total == 4.0
    assert [others.share(name) for name in ("a", "b", "c")] == pytest.approx([0.5 / 5.5, 4.5 / 5.5, 0.5 / 5.5])
    assert [name in others for name in ("a", "b", "c")] == [True, True, False]


@pytest.mark.parametrize(("weight", "prior"), [(0.5, 1 / 3), (1.0, 1 / 3), (1.2, 0.4), (3.0, 1.0)])
def test_what_is_kept_for_everybody_grows_with_what_was_seen_from_one_sighting_on(weight: float, prior: float) -> None:
    """A quarter is new; a group of old sightings alone, which weigh little, is not everybody's altogether."""
    everybody = Everybody({"a": 4.0})
    expected = (weight + prior * everybody.share("a")) / (weight + prior)
    assert GroupProfile({"a": weight}, 0, 1, everybody).share("a") == pytest.approx(expected)


@given(SEEN, SEEN, st.integers(0, 20))
def test_shares_add_up_and_p_values_are_probabilities(
    own: dict[str, float], others: dict[str, float], once: int
) -> None:
    """Of a team, of a person in it, and of a person without one."""
    seen = {name: own.get(name, 0.0) + others.get(name, 0.0) for name in {**own, **others}}
    everybody = Everybody(seen, once, once + sum(map(int, seen.values())))
    sightings = once + sum(map(int, own.values()))
    group = GroupProfile(own, once, sightings, everybody)
    names = [*seen, ""]
    assert sum(map(group.share, names)) == pytest.approx(1.0)
    person = PersonProfile(own, list(own)[:once], sightings, group)
    assert sum(map(person.share, names)) == pytest.approx(1.0)
    organisation = Organisation(everybody, {})
    alone = PersonWithoutTeam(own, list(own)[:once], sightings, organisation)
    for profile in (group, person, alone):
        assert all(0.0 < profile.strict_p_value(name) <= profile.p_value(name) <= 1.0 for name in names)


@pytest.mark.parametrize("is_person", [False, True])
def test_a_p_value_comes_up_no_more_often_than_it_says(is_person: bool) -> None:  # noqa: FBT001
    """A thousand names by Zipf's law, drawn from the profile itself."""
    chance = random.Random(5)  # noqa: S311 - a test's draw
    team = {f"tool{rank}": 20_000 / rank for rank in range(1, 1000)}
    world = {f"tool{rank}": team.get(f"tool{rank}", 0.0) + 30_000 / (1500 - rank) for rank in range(1, 1500)}
    group = GroupProfile(team, 20, sum(map(int, team.values())), Everybody(world, 20, 300_000))
    own = {f"tool{rank}": 300 / rank for rank in range(1, 400)}
    profile = PersonProfile(own, [], 2000, group) if is_person else group
    names = [*world, ""]
    drawn = chance.choices(names, [profile.share(name) for name in names], k=100_000)
    p_values = {name: profile.p_value(name) for name in names}
    for level in (0.1, 0.01, 0.001):
        assert sum(p_values[name] <= level for name in drawn) / len(drawn) < level * 1.5
    assert sum(p_values[name] <= 0.3 for name in drawn) > 0
