"""The sentences that explain an opinion, word for word."""

from __future__ import annotations

import pytest

from cbverdict.anomalies.active_hours import SLOTS, Days, HourProfile, add_hour, background
from cbverdict.anomalies.combination import cauchy
from cbverdict.anomalies.explanations import (
    NONE,
    Explanation,
    explain,
    first_signer,
    first_time,
    no_opinion,
    on_hour,
    on_parent,
    on_team,
)
from cbverdict.anomalies.peer_rarity import Everybody, GroupProfile, PersonProfile

OTHERS = {"outlook.exe": 9000.0, "git.exe": 990.0, "odd.exe": 10.0}
OWN = {"outlook.exe": 900.0, "word.exe": 99.0, "odd.exe": 1.0}
EVERYBODY = Everybody({name: OTHERS.get(name, 0.0) + OWN.get(name, 0.0) for name in {**OTHERS, **OWN}})
GROUP = GroupProfile(OWN, 1, 1000, EVERYBODY)
WHO = ("ann", "HR", 5)


def _office() -> HourProfile:
    days: Days = {}
    for day in range(20_395, 20_595):  # from a Monday on
        for hour in range(9, 17) if (day + 3) % 7 < 5 else ():
            add_hour(days, day, hour)
    return HourProfile(days, 1e9, background({}), ())


@pytest.mark.parametrize(("p_value", "is_told"), [(0.09, True), (0.1, True), (0.1001, False), (1.0, False)])
def test_an_opinion_is_worth_a_sentence_where_it_alone_scores_ten(p_value: float, *, is_told: bool) -> None:
    """Others are numbers alone."""
    expected = Explanation(p_value, f"{p_value:.3g}", cauchy(p_value), ("because",) if is_told else ())
    assert explain(p_value, lambda: "because") == expected


def test_no_opinion_says_why() -> None:
    """And has no number."""
    assert no_opinion("too little") == Explanation(None, "", 0.0, ("too little",))
    assert Explanation(None, "", 0.0, ()) == NONE


@pytest.mark.parametrize(
    ("slot", "when"),
    [
        (0, "Monday 00:00-00:30 (UTC)"),
        (SLOTS + 5, "Tuesday 02:30-03:00 (UTC)"),
        (7 * SLOTS - 1, "Sunday 23:30-00:00 (UTC)"),
    ],
)
def test_an_hour_is_told_by_day_and_half_hour(slot: int, when: str) -> None:
    """In the person's zone, with how much of the activity is at hours like it."""
    profile = _office()
    (sentence,) = on_hour(profile, "ann", "UTC", slot).reasons
    share = f"{100 * profile.p_value(slot):.2g} %"
    assert sentence == f"{when} is unusual for ann: {share} of the activity is at hours like this"


@pytest.mark.parametrize(
    ("own", "process", "sentence"),
    [
        ({}, "new.exe", "new.exe was never run by anybody before"),
        ({}, "git.exe", "git.exe is run by 0 of 5 people in HR; first time for ann"),
        ({"outlook.exe": 1e6, "git.exe": 1.0}, "git.exe", "git.exe is run by 0 of 5 people in HR"),
        ({}, "odd.exe", "odd.exe is 0.1 % of what HR runs and 0.1 % of what others run; first time for ann"),
    ],
)
def test_a_process_is_compared_with_the_team_and_the_others(own: dict[str, float], process: str, sentence: str) -> None:
    """From what nobody ever ran to what the team runs less than others do."""
    assert on_team(PersonProfile(own, GROUP), GROUP, EVERYBODY, WHO, process).reasons == (sentence,)


def test_a_child_is_compared_with_what_its_parent_starts() -> None:
    """Seldom, or never in so many starts."""
    group = GroupProfile({"a.exe": 9990.0, "b.exe": 10.0}, 0, 10_000, EVERYBODY)
    assert on_parent(group, "boss.exe", "b.exe").reasons == ("b.exe is 0.1 % of what boss.exe starts",)
    assert on_parent(group, "boss.exe", "git.exe").reasons == ("boss.exe never started git.exe in 10,000 starts",)
    assert on_parent(group, "boss.exe", "a.exe").reasons == ()


def test_a_share_too_small_to_write_is_less_than_that() -> None:
    """A millionth of a millionth is no number for a sentence."""
    group = GroupProfile({"a.exe": 1e9, "b.exe": 1e-3}, 0, 10**9, EVERYBODY)
    assert on_parent(group, "boss.exe", "b.exe").reasons == ("b.exe is less than 0.0001 % of what boss.exe starts",)


def test_first_times_are_sentences() -> None:
    """Of a person, and of a signer."""
    assert first_time("ann", "git.exe") == "first time that ann runs git.exe"
    assert first_signer("Example Corp") == "first program here that is signed by Example Corp"
