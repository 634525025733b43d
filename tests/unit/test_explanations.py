"""The sentences that explain an opinion, word for word."""

from __future__ import annotations

import pytest

from cbverdict.anomalies.active_hours import SLOTS, Days, HourProfile, add_hour
from cbverdict.anomalies.combination import cauchy
from cbverdict.anomalies.distinct_count import sketch_of
from cbverdict.anomalies.explanations import (
    NONE,
    Compared,
    Explanation,
    explain,
    first_signer,
    no_odder_than,
    no_opinion,
    oddest_of,
    of_roll_out,
    on_hour,
    on_parent,
    on_team,
    percent,
    roll_out,
)
from cbverdict.anomalies.peer_rarity import Everybody, GroupProfile, Past, PersonProfile
from cbverdict.anomalies.seen_people import Users, add_user
from cbverdict.anomalies.without_team import Organisation, PersonWithoutTeam

OTHERS = {"outlook.exe": 9000.0, "git.exe": 990.0, "odd.exe": 10.0}
OWN = {"outlook.exe": 900.0, "word.exe": 99.0, "odd.exe": 1.0}
EVERYBODY = Everybody(
    {name: OTHERS.get(name, 0.0) + OWN.get(name, 0.0) for name in {**OTHERS, **OWN}}, once=0, sightings=11_000
)
GROUP = GroupProfile(OWN, 1, 1000, EVERYBODY)
WHO = Compared("ann", "HR", 5)


def _office() -> HourProfile:
    days: Days = {}
    for day in range(20_395, 20_595):  # from a Monday on
        for hour in range(9, 17) if (day + 3) % 7 < 5 else ():
            add_hour(days, day, hour)
    return HourProfile(days, ())


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
    assert sentence == (
        f"{when} is unusual for ann: usually active from 09:00 to 17:00, within an hour of this on 0 of 144 days, "
        f"on {profile.days_like(slot)} days like {when.partition(' ')[0]}; "
        f"{share} of the activity is at hours like this"
    )


@pytest.mark.parametrize(
    ("own", "process", "sentence"),
    [
        ({"word.exe": 90.0}, "new.exe", "new.exe was never run by anybody before, in 11,000 starts"),
        (
            {"word.exe": 90.0},
            "is-*.tmp",
            "is-*.tmp (names made for one start count as one) was never run by anybody before, in 11,000 starts",
        ),
        ({"word.exe": 90.0}, "git.exe", "git.exe is run by 0 of 5 people in HR; first time for ann in 90 starts"),
        ({"outlook.exe": 1e6, "git.exe": 1.0}, "git.exe", "git.exe is run by 0 of 5 people in HR"),
        (
            {"word.exe": 1e6},
            "odd.exe",
            "odd.exe is 0.1 % of what HR runs and 0.1 % of what others run; first time for ann in 1,000,000 starts",
        ),
    ],
)
def test_a_process_is_compared_with_the_team_and_the_others(own: dict[str, float], process: str, sentence: str) -> None:
    """From what nobody ever ran to what the team runs less than others do."""
    person = PersonProfile(own, (), int(sum(own.values())), GROUP)
    assert on_team(person, GROUP, WHO, process).reasons == (sentence,)


@pytest.mark.parametrize(("process", "is_anybodys"), [("new.exe", True), ("is-*.tmp", True), ("git.exe", False)])
def test_a_drop_is_judged_by_another_number_where_a_name_is_anybodys_to_make(
    process: str, *, is_anybodys: bool
) -> None:
    """New to everybody, or made for one start; of the others there is one alone."""
    person = PersonProfile({"word.exe": 90.0}, (), 90, GROUP)
    strict = on_team(person, GROUP, WHO, process).strict
    assert strict == (person.strict_p_value(process) if is_anybodys else None)


def test_a_child_is_compared_with_what_its_parent_starts() -> None:
    """Seldom, or never in so many starts."""
    group = GroupProfile({"word.exe": 9990.0, "git.exe": 10.0}, 0, 10_000, EVERYBODY)
    assert on_parent(group, "boss.exe", "git.exe").reasons == ("git.exe is 0.1 % of what boss.exe starts",)
    assert on_parent(group, "boss.exe", "odd.exe").reasons == ("boss.exe never started odd.exe in 10,000 starts",)
    assert on_parent(group, "boss.exe", "word.exe").reasons == ()


def test_a_share_too_small_to_write_is_less_than_that() -> None:
    """A millionth of a millionth is no number for a sentence."""
    group = GroupProfile({"word.exe": 1e9, "git.exe": 1e-3}, 0, 10**9, EVERYBODY)
    assert on_parent(group, "boss.exe", "git.exe").reasons == ("git.exe is less than 0.0001 % of what boss.exe starts",)
    group = GroupProfile({"word.exe": 1e9, "git.exe": 1.2e3}, 0, 10**9, EVERYBODY)
    assert on_parent(group, "boss.exe", "git.exe").reasons == ("git.exe is 0.00012 % of what boss.exe starts",)


def test_what_a_person_begins_with_is_compared_with_everybody_where_there_is_no_team() -> None:
    """And says so."""
    organisation = Organisation(Everybody(OTHERS, 0, 10_000), {})
    person = PersonWithoutTeam({"outlook.exe": 300.0}, (), 300, organisation)
    assert on_team(person, organisation, Compared("ann", None, 0), "git.exe").reasons == (
        "git.exe is 9.9 % of what everybody runs (there is no team to compare with); first time for ann in 300 starts",
    )


@pytest.mark.parametrize(("many", "said"), [(4, "4 of 12 people"), (9, "at least 9 of 12 people")])
def test_how_many_run_it_is_said_where_there_is_no_team(many: int, said: str) -> None:
    """Up to eight of them exactly."""
    users: Users = {}
    for name, people in (("git.exe", many), ("outlook.exe", 12)):
        for number in range(people):
            add_user(users, name, *sketch_of(f"user{number}"))
    organisation = Organisation(Everybody(OTHERS, 0, 10_000), users)
    person = PersonWithoutTeam({"outlook.exe": 300.0}, (), 300, organisation, Past("ann", 30))
    (sentence,) = on_team(person, organisation, Compared("ann", None, 0), "git.exe").reasons
    assert sentence.endswith(f"; {said} run it; first time for ann in 300 starts")


def test_a_roll_out_is_said_and_leaves_what_a_drop_is_judged_by() -> None:
    """However many people it is, a p-value is none above one."""
    found = explain(0.002, lambda: "because")
    assert of_roll_out(found, 16.0) == Explanation(0.032, "0.032", cauchy(0.032), ("because",), 0.002)
    assert of_roll_out(found, 1e6).p_value == 1.0
    assert of_roll_out(NONE, 16.0) == NONE
    assert roll_out("a.exe", 7) == "7 people began with a.exe lately, so that it counts for less"


def test_of_several_people_the_oddest_counts_as_many_times_as_there_are_opinions() -> None:
    """One opinion is itself; without any it is said why."""
    odd, usual, none = explain(0.002, lambda: "because"), explain(0.9, lambda: ""), no_opinion("too little")
    assert oddest_of([usual, odd, none]) == Explanation(0.004, "0.004", cauchy(0.004), ("because",), 0.002)
    assert oddest_of([usual, usual]).p_value == 1.0
    assert oddest_of([none, odd]) == odd
    assert oddest_of([none, NONE]) == none
    assert oddest_of([usual, Explanation(0.0)]).p_value == 0.0


def test_what_says_the_same_is_no_odder_than_what_was_said_first() -> None:
    """A drop is judged as before; what is as odd, or less so, stays as it is."""
    odd, odder, none = explain(0.02, lambda: "because"), explain(0.002, lambda: "of that"), no_opinion("too little")
    assert no_odder_than(odder, odd) == Explanation(0.02, "0.02", cauchy(0.02), ("of that",), 0.002)
    assert [no_odder_than(one, other) for one, other in ((odd, odder), (odd, odd), (odd, none), (none, odd))] == [
        odd, odd, odd, none,
    ]  # fmt: skip


def test_signers_are_sentences() -> None:
    """One that was never seen before."""
    assert first_signer("Example Corp") == "first program here that is signed by Example Corp"


@pytest.mark.parametrize(
    ("share", "text"),
    [(1.0, "100 %"), (0.997, "100 %"), (0.25, "25 %"), (0.0028, "0.28 %"), (0.0, "less than 0.0001 %")],
)
def test_a_share_is_written_with_two_digits_and_no_exponent(share: float, text: str) -> None:
    """Of all of it too."""
    assert percent(share) == text
