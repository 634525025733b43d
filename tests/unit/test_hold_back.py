"""What waits to be learnt: an incident, until it goes on with several people or somebody decides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbverdict.anomalies.baselines import (
    ORGANISATION,
    Baseline,
    Baselines,
    Subject,
    SubjectKind,
    read_baseline,
    write_baseline,
)
from cbverdict.anomalies.decayed_counts import totals
from cbverdict.anomalies.distinct_count import sketch_of, unite
from cbverdict.anomalies.hold_back import hold_back
from cbverdict.anomalies.profile_rows import rows_of, rows_of_waiting
from cbverdict.anomalies.profiles import Profiles
from cbverdict.anomalies.reference_lists import Lists
from cbverdict.anomalies.releases import ACCEPTED, DAYS, PEOPLE, effective, is_released, releases_of, standing_decisions
from cbverdict.anomalies.waiting import acceptance, is_waiting, waiting_in
from cbverdict.errors import ServiceError, StoreError
from cbverdict.settings.anomalies import AnomalySettings
from tests.lab.memory import Memory
from tests.lab.sightings import Sighting, learn, merge_baselines

MONDAY = 20_759
ANN, HR = Subject(SubjectKind.PERSON, "hr0"), Subject(SubjectKind.TEAM, "hr")


def _company(days: range, *others: Sighting) -> Baselines:
    """Give two teams of eight at work from nine to twelve, HR without git, and what else there was."""
    learnt: Baselines = {}
    for day in days:
        for team, own in (("hr", "workday.exe"), ("it", "git.exe")):
            for number in range(8 if day % 7 not in {2, 3} else 0):
                for hour in (9, 10, 11):
                    for process in ("outlook.exe", own):
                        learn(learnt, Sighting(day, hour, f"{team}{number}", team, process, "explorer.exe"))
    for sighting in others:
        learn(learnt, sighting)
    return learnt


HISTORY = _company(range(MONDAY - 42, MONDAY))


def _git(day: int, number: int = 0) -> Sighting:
    return Sighting(day, 10, f"hr{number}", "hr", "git.exe", "explorer.exe")


def _profiles(learnt: Baselines) -> Profiles:
    profiles = Profiles(Memory(learnt))
    profiles.read(learnt)  # as a search does
    return profiles


def _p_value(learnt: Baselines, number: int = 0) -> float:
    profiles = _profiles(learnt)
    group = profiles.team("hr")
    assert group is not None
    return profiles.person(f"hr{number}", "hr", group).p_value("git.exe")


def _nightly(learnt: Baselines, day: int, *others: Sighting) -> Baselines:
    new = _company(range(day, day + 1), *others)
    return merge_baselines([learnt, hold_back(new, Memory(learnt), Lists())])


def test_an_incident_teaches_nobody_that_it_is_usual() -> None:
    """Neither the person, nor the team, nor the organisation: the next one scores as the first."""
    first = _p_value(HISTORY)
    learnt = _nightly(HISTORY, MONDAY, _git(MONDAY), _git(MONDAY))
    for subject in (ANN, HR):
        assert totals(learnt[subject].names)["git.exe"] == 0
        assert totals(learnt[subject].waiting) == {"git.exe": 2}
    assert totals(learnt[ORGANISATION].waiting) == {"git.exe": 2}
    assert _p_value(learnt) == pytest.approx(first, rel=0.15)
    without = _nightly(HISTORY, MONDAY)
    for subject in (ANN, HR, ORGANISATION):
        assert learnt[subject].names == without[subject].names


def test_what_was_done_at_night_waits_as_well() -> None:
    """By the hour of the day, with the hours of that day that are usual learnt."""
    learnt = _nightly(HISTORY, MONDAY, Sighting(MONDAY, 2, "hr0"))
    assert learnt[ANN].days[MONDAY] == 0b111 << 9
    assert learnt[ANN].waiting_days == {MONDAY: 1 << 2}
    profile = _profiles(learnt).hours("hr0", ())
    assert profile.p_value(2 * 2) < 0.01
    (waiting,) = waiting_in(learnt)
    assert (waiting.subject, waiting.what, waiting.days, waiting.people) == (ANN, "hour 02", 1, 1)
    accepted = merge_baselines([learnt, acceptance("hr0: hour 02", "accepted", MONDAY * 86400)])
    assert _profiles(accepted).hours("hr0", ()).p_value(2 * 2) > profile.p_value(2 * 2)
    assert list(waiting_in(accepted)) == []


@pytest.mark.parametrize(("hour", "waits"), [(13, False), (14, True), (6, True), (7, False)])
def test_an_hour_waits_as_soon_as_one_of_its_halves_is_unusual(hour: int, *, waits: bool) -> None:
    """Of 14:00 to 15:00 the later one is, of 6:00 to 7:00 the earlier one; with a threshold of 16."""
    new = _company(range(MONDAY, MONDAY + 1), Sighting(MONDAY, hour, "hr0"))
    aside = hold_back(new, Memory(HISTORY, AnomalySettings(threshold=16.0)), Lists())
    assert aside[ANN].waiting_days == ({MONDAY: 1 << hour} if waits else {})


def test_a_profile_says_what_waits_of_its_own_and_of_nobody_else() -> None:
    """With the organisation's baseline beside it, in which the same waits."""
    learnt = _nightly(HISTORY, MONDAY, _git(MONDAY), Sighting(MONDAY, 2, "hr0"))
    waits = {"kind": "person", "name": "hr0", "what": "waits", "detail": "1 days, 2026-11-02 to 2026-11-02, 1 people"}
    assert [row for row in rows_of(ANN, _profiles(learnt), learnt) if row["what"] == "waits"] == [
        {**waits, "value": "process git.exe"},
        {**waits, "value": "hour 02"},
    ]
    other = Subject(SubjectKind.PERSON, "hr1")
    assert [row for row in rows_of(other, _profiles(learnt), learnt) if row["what"] == "waits"] == []


def test_a_day_of_which_nothing_is_released_is_no_day() -> None:
    """Else it would count among those on which somebody was not active at an hour."""
    at_night = Baseline(days={MONDAY: 1 << 9}, waiting_days={MONDAY: 1 << 2 | 1 << 3, MONDAY + 5: 1 << 3})
    organisation = acceptance("hour 02", ACCEPTED, MONDAY * 86400)[ORGANISATION]
    assert effective(ANN, at_night, releases_of(organisation)).days == {MONDAY: 1 << 9 | 1 << 2}


def test_what_goes_on_for_days_with_several_people_is_learnt() -> None:
    """As somebody's new tool becomes a team's."""
    learnt = HISTORY
    for age in range(DAYS):
        assert (
            list(rows_of_waiting(learnt[ORGANISATION]))
            == [
                {
                    "what": "process git.exe",
                    "status": "waits",
                    "days": str(age),
                    "people": str(min(age + 1, PEOPLE)),
                    "first_day": "2026-11-02",
                    "last_day": f"2026-11-0{age + 1}",
                }
            ][: age > 0]
        )
        assert _p_value(learnt) < 0.01
        learnt = _nightly(learnt, MONDAY + age, *(_git(MONDAY + age, number) for number in range(age + 2)))
    assert _p_value(learnt) > 0.01
    assert [row["status"] for row in rows_of_waiting(learnt[ORGANISATION])] == ["learnt"]


@pytest.mark.parametrize(("days", "people", "status"), [(5, 5, "learnt"), (4, 5, "waits"), (5, 4, "waits")])
def test_five_days_and_five_people_are_enough(days: int, people: int, status: str) -> None:
    """And less is not."""
    several = unite(sketch_of(f"hr{number}") for number in range(people))
    organisation = Baseline(waiting_people={MONDAY + day: {"process git.exe": several} for day in range(days)})
    assert [row["status"] for row in rows_of_waiting(organisation)] == [status]
    assert is_released(releases_of(organisation), ORGANISATION, "process git.exe") is (status == "learnt")


@pytest.mark.parametrize(
    ("what", "waits"),
    [
        ("process git.exe", True),
        ("hr1: process git.exe", True),
        ("it1: process git.exe", False),
        ("process hg.exe", False),
        ("hour 22", False),
    ],
)
def test_what_does_not_wait_is_told_from_what_does(what: str, waits: bool) -> None:  # noqa: FBT001 - a parameter
    """A decision on the former is most likely misspelt."""
    people = unite(sketch_of(f"hr{number}") for number in range(3))
    assert is_waiting(Baseline(waiting_people={MONDAY: {"process git.exe": people}}), what) is waits


@pytest.mark.parametrize("nights", [1, DAYS - 1, DAYS])
def test_what_others_do_for_days_makes_nothing_usual_for_somebody_who_did_it_once(nights: int) -> None:
    """In a large company somebody is awake at any hour of the night; each has to be on as many days."""
    learnt = HISTORY
    for age in range(DAYS):
        awake = [Sighting(MONDAY + age, 2, f"it{number}") for number in range(PEOPLE)]
        own = [Sighting(MONDAY + age, 2, "hr0")] if age < nights else []
        learnt = _nightly(learnt, MONDAY + age, *awake, *own)
    known = _profiles(learnt)
    assert known.hours("it0", ()).p_value(2 * 2) > 0.01
    assert (known.hours("hr0", ()).p_value(2 * 2) > 0.01) is (nights == DAYS)
    assert [waiting.what for waiting in waiting_in(learnt) if waiting.subject == ANN] == ["hour 02"] * (nights < DAYS)


def test_what_another_team_takes_up_waits_for_this_one() -> None:
    """Its own people have to be several; everybody's it is."""
    learnt = HISTORY
    for age in range(DAYS):
        own = [Sighting(MONDAY + age, 10, "hr0", "hr", "word.exe")] if age == 0 else []
        others = [Sighting(MONDAY + age, 10, f"it{number}", "it", "word.exe") for number in range(PEOPLE)]
        learnt = _nightly(learnt, MONDAY + age, *others, *own)
    profiles = _profiles(learnt)
    having = {subject.name for subject in learnt if "word.exe" in profiles.starts(subject)}
    assert having == {"it", *(f"it{number}" for number in range(PEOPLE))}
    assert not profiles.is_new("word.exe")


@pytest.mark.parametrize(
    ("what", "word", "is_learnt"),
    [
        ("process git.exe", "accepted", True),
        ("hr0: process git.exe", "accepted", True),
        ("hr1: process git.exe", "accepted", False),
        ("process git.exe", "refused", False),
        ("hr0: process git.exe", "refused", False),
    ],
)
def test_somebody_decides(what: str, word: str, *, is_learnt: bool) -> None:
    """For everybody or for one person; of two decisions on the same thing the last holds."""
    learnt = _nightly(HISTORY, MONDAY, *(_git(MONDAY) for _ in range(5)))
    decided = merge_baselines([learnt, acceptance(what, word, MONDAY * 86400)])
    assert (_p_value(decided) > 0.01) is is_learnt
    assert is_released(releases_of(decided[ORGANISATION]), ANN, "process git.exe") is is_learnt
    refused = merge_baselines([decided, acceptance(what, "refused", (MONDAY + 1) * 86400)])
    assert _p_value(refused) < 0.01
    again = acceptance(what, "accepted", (MONDAY + 1) * 86400 + 60)
    for parts in ([refused, again], [again, refused]):
        assert _p_value(merge_baselines(parts)) > 0.01 or what.startswith("hr1")
    listed = [row["status"] for row in rows_of_waiting(merge_baselines([refused, again])[ORGANISATION])]
    assert [status for status in listed if status in {"accepted", "refused"}] == ["accepted"]
    at_once = merge_baselines([refused, acceptance(what, "accepted", (MONDAY + 1) * 86400)])
    assert _p_value(at_once) < 0.01


def test_of_many_decisions_in_one_day_the_last_holds() -> None:
    """Of more than are kept as well."""
    words = ("accepted", "refused")
    parts = [acceptance("process git.exe", words[number % 2], MONDAY * 86400 + number) for number in range(402)]
    assert list(standing_decisions(merge_baselines(parts)[ORGANISATION])) == ["refused process git.exe"]


def test_who_waits_with_a_program_is_none_of_its_users() -> None:
    """Else a few accounts of an intruder's would make it everybody's."""
    learnt = _nightly(HISTORY, MONDAY, _git(MONDAY), _git(MONDAY, 1))
    assert learnt[ORGANISATION].users["git.exe"] == HISTORY[ORGANISATION].users["git.exe"]
    assert len(learnt[ORGANISATION].users["git.exe"]) == 8


def test_what_is_new_to_everybody_waits_though_it_is_no_finding() -> None:
    """A drop is judged as if it were one; learnt, it would be dropped on the next day."""
    rows = [Sighting(MONDAY - 1 - number, 10, "it7", "it", f"new{number}.exe") for number in range(40)]
    restless = merge_baselines([HISTORY, _company(range(0), *rows)])
    new = Sighting(MONDAY, 10, "hr0", "hr", "dropper.exe", "explorer.exe")
    profiles = _profiles(restless)
    group = profiles.team("hr")
    assert group is not None
    assert profiles.person("hr0", "hr", group).p_value("dropper.exe") > 0.01
    learnt = _nightly(restless, MONDAY, new)
    for subject in (ANN, HR, ORGANISATION, Subject(SubjectKind.PARENT, "explorer.exe")):
        assert totals(learnt[subject].waiting) == {"dropper.exe": 1}
        assert "dropper.exe" not in totals(learnt[subject].names)


def test_what_is_refused_waits_though_it_is_usual_by_then() -> None:
    """For one person: others go on."""
    learnt = merge_baselines([HISTORY, acceptance("it0: process word.exe", "refused", MONDAY * 86400)])
    rows = [Sighting(MONDAY, 10, f"it{number}", "it", "word.exe", "explorer.exe") for number in range(8)]
    first = merge_baselines([learnt, _company(range(MONDAY, MONDAY + 1), *rows[1:])])
    second = _nightly(first, MONDAY + 1, *rows)
    assert totals(second[Subject(SubjectKind.PERSON, "it0")].names)["word.exe"] == 0
    assert totals(second[Subject(SubjectKind.PERSON, "it1")].names)["word.exe"] > 0


def test_where_nothing_is_known_nothing_waits() -> None:
    """On the first day, and of a person who is new."""
    new = _company(range(MONDAY, MONDAY + 1), _git(MONDAY))
    assert hold_back(new, Memory({}), Lists()) == new
    somebody = {Subject(SubjectKind.PERSON, "new"): Baseline({MONDAY: 1 << 2})}
    assert hold_back(somebody, Memory(HISTORY), Lists()) == somebody


@pytest.mark.parametrize(("days", "does_wait"), [(9, False), (10, True)])
def test_in_the_first_two_weeks_of_somebody_nothing_waits(days: int, *, does_wait: bool) -> None:
    """Nearly everything is new then, and would wait for good."""
    known = dict(HISTORY)
    first = dict(sorted(HISTORY[ANN].days.items())[:days])
    known[ANN] = Baseline(first, HISTORY[ANN].names, {}, HISTORY[ANN].people)
    held = hold_back(_company(range(0), _git(MONDAY)), Memory(known), Lists())
    assert bool(held[ANN].waiting) is does_wait


@pytest.mark.parametrize(("hours", "does_wait"), [(19, False), (20, True)])
def test_an_hour_waits_where_it_would_be_judged(hours: int, *, does_wait: bool) -> None:
    """From twenty active hours on, as the rows of the profile say."""
    days = {MONDAY - 1 - number % 10: 0 for number in range(hours)}
    for number in range(hours):
        days[MONDAY - 1 - number % 10] |= 1 << 9 + number // 10
    known = {**HISTORY, ANN: Baseline(days, HISTORY[ANN].names, {}, HISTORY[ANN].people)}
    held = hold_back(_company(range(0), Sighting(MONDAY, 2, "hr0")), Memory(known), Lists())
    assert bool(held[ANN].waiting_days) is does_wait
    said = next(row for row in rows_of(ANN, _profiles(known), known) if row["what"] == "active hours")
    judged = "hours are judged" if does_wait else "hours are judged from 20 on"
    assert (said["value"], said["detail"]) == (str(hours), judged)


def test_of_somebodys_programs_the_hundred_most_used_are_shown() -> None:
    """An installer's names have no end."""
    learnt = _company(range(0), *(Sighting(MONDAY, 9, "hr0", "hr", f"{number}.exe") for number in range(101)))
    learn(learnt, Sighting(MONDAY, 9, "hr0", "hr", "100.exe"))
    shown = [row["value"] for row in rows_of(ANN, _profiles(learnt), learnt) if row["what"] == "process"]
    assert (len(shown), shown[0]) == (100, "100.exe")


def test_a_program_that_waits_is_no_parent_yet() -> None:
    """What an implant starts would be dropped on the next day, though nobody was ever seen with it."""
    own = Sighting(MONDAY, 10, "hr0", "hr", "implant.exe", "explorer.exe")
    child = Sighting(MONDAY, 10, "hr0", "hr", "outlook.exe", "implant.exe")
    learnt = _nightly(HISTORY, MONDAY, own, *[child] * 30)
    assert learnt[Subject(SubjectKind.PARENT, "implant.exe")].names == {}
    assert _profiles(learnt).is_new_parent("implant.exe")
    assert not _profiles(_nightly(HISTORY, MONDAY, child)).is_new_parent("implant.exe")


def test_a_program_that_has_waited_since_yesterday_is_no_parent_yet() -> None:
    """An implant that lives past midnight is not started anew."""
    own = Sighting(MONDAY, 10, "hr0", "hr", "implant.exe", "explorer.exe")
    learnt = _nightly(HISTORY, MONDAY, own)
    for night in (1, 2):
        child = Sighting(MONDAY + night, 10, "hr0", "hr", "outlook.exe", "implant.exe")
        learnt = _nightly(learnt, MONDAY + night, child)
        assert _profiles(learnt).is_new_parent("implant.exe")


def test_what_nobody_ran_but_an_account_of_the_system_waits_too() -> None:
    """An intruder often is SYSTEM; what it starts waits with it, and shows up to be accepted."""
    own = Sighting(MONDAY, 10, None, None, "evil.exe", "services.exe")
    child = Sighting(MONDAY, 10, None, None, "cmd.exe", "evil.exe")
    learnt = _nightly(HISTORY, MONDAY, *[own] * 20, *[child] * 30)
    profiles = _profiles(learnt)
    assert profiles.is_new("evil.exe")
    assert profiles.is_new_parent("evil.exe")
    row = next(row for row in rows_of_waiting(learnt[ORGANISATION]) if row["what"] == "process evil.exe")
    assert (row["status"], row["people"]) == ("waits", "0")
    accepted = merge_baselines([learnt, acceptance("process evil.exe", ACCEPTED, MONDAY * 86400)])
    assert not _profiles(accepted).is_new("evil.exe")


def test_who_ran_what_is_new_is_noted_where_new_names_are_nothing_special() -> None:
    """Else five people in a company of developers would run it for five days, and nobody would be known to."""
    daily = [
        Sighting(MONDAY - 1 - day, 10, f"it{who}", "it", f"build{day}{who}{name}.exe")
        for day in range(42)
        for who in range(8)
        for name in "abcdefghijklmnop"
    ]
    known = merge_baselines([HISTORY, _company(range(0), *daily)])
    new = [Sighting(MONDAY, 10, f"it{number}", "it", "shared.exe") for number in range(5)]
    profiles = _profiles(known)
    group = profiles.team("it")
    assert group is not None
    assert profiles.person("it0", "it", group).strict_p_value("shared.exe") > 0.01
    learnt = _nightly(known, MONDAY, *new)
    row = next(row for row in rows_of_waiting(learnt[ORGANISATION]) if row["what"] == "process shared.exe")
    assert row["people"] == "5"


PROVIDER = Subject(SubjectKind.PARENT, "wmiprvse.exe")


@pytest.mark.parametrize("who", [(None, None), ("it0", "it")], ids=["of SYSTEM", "of a person"])
@pytest.mark.parametrize("times", [1, 50])
def test_what_a_known_parent_never_started_waits_whoever_did_it(who: tuple[str | None, str | None], times: int) -> None:
    """Until it was started so on as many days as anything else: once in a night teaches nothing."""
    usual = [Sighting(MONDAY - day, 10, None, None, "outlook.exe", "wmiprvse.exe") for day in range(7, 40)]
    known = _company(range(MONDAY - 42, MONDAY), *usual)
    odd = Sighting(MONDAY, 10, *who, "git.exe", "wmiprvse.exe")
    for night in range(1, DAYS + 2):
        day = MONDAY + night - 1
        known = _nightly(known, day, *[odd._replace(day=day)] * times)
        assert totals(known[PROVIDER].waiting) == {"git.exe": min(night, DAYS) * times}
        learnt = effective(PROVIDER, known[PROVIDER], releases_of(known[ORGANISATION]))
        assert ("git.exe" in totals(learnt.names)) == (night >= DAYS)


def test_a_program_that_itself_waits_is_released_by_no_parent() -> None:
    """It stays new to everybody, whatever starts it for how many days."""
    known = HISTORY
    for night in range(DAYS + 2):
        odd = Sighting(MONDAY + night, 10, "hr0", "hr", "evil.exe", "outlook.exe")
        usual = Sighting(MONDAY + night, 10, "hr0", "hr", "workday.exe", "outlook.exe")
        known = _nightly(known, MONDAY + night, odd, *[usual] * 50)
    assert not is_released(releases_of(known[ORGANISATION]), ORGANISATION, "process evil.exe")
    assert _profiles(known).is_new("evil.exe")


def test_that_a_program_waits_with_many_opens_no_other_parent_to_it() -> None:
    """Each parent for itself: git begins with five people of HR, and one night winword.exe starts it."""
    known = _company(
        range(MONDAY - 42, MONDAY), *[Sighting(MONDAY - 1, 10, "hr0", "hr", "outlook.exe", "winword.exe")] * 30
    )
    for night in range(DAYS + 1):
        known = _nightly(known, MONDAY + night, *(_git(MONDAY + night, number) for number in range(PEOPLE)))
    known = _nightly(known, MONDAY + DAYS + 1, Sighting(MONDAY + DAYS + 1, 2, None, None, "git.exe", "winword.exe"))
    parent = Subject(SubjectKind.PARENT, "winword.exe")
    assert totals(known[parent].waiting) == {"git.exe": 1}
    assert "git.exe" not in totals(effective(parent, known[parent], releases_of(known[ORGANISATION])).names)


def test_what_no_person_does_is_released_by_its_own_days() -> None:
    """A search over servers alone names nobody: the day is that of its last row."""
    usual = [Sighting(MONDAY - day, 10, None, None, "outlook.exe", "wmiprvse.exe") for day in range(7, 40)]
    known = _company(range(MONDAY - 42, MONDAY), *usual)
    for day in range(MONDAY, MONDAY + DAYS):
        new: Baselines = {}
        learn(new, Sighting(day, 10, None, None, "git.exe", "wmiprvse.exe"))
        known = merge_baselines([known, hold_back(new, Memory(known), Lists(), day)])
    assert "git.exe" in totals(effective(PROVIDER, known[PROVIDER], releases_of(known[ORGANISATION])).names)


def test_of_which_parent_waits_what_somebody_started_is_not_told_from_anothers() -> None:
    """Else the same program from another parent, which does not wait, would take its place."""
    usual = [Sighting(MONDAY, 10, "it0", "it", "git.exe", "aparent.exe") for _ in range(50)]
    known = merge_baselines([HISTORY, _company(range(0), *(one._replace(process="outlook.exe") for one in usual))])
    learnt = _nightly(known, MONDAY, *usual, *[_git(MONDAY)._replace(parent="outlook.exe")] * 50)
    assert totals(learnt[Subject(SubjectKind.PARENT, "aparent.exe")].waiting) == {"git.exe": 50}


def test_who_comes_with_two_teams_teaches_neither() -> None:
    """The team is a column of the row, and may say another one each time."""
    learnt = _nightly(HISTORY, MONDAY, _git(MONDAY)._replace(team="apprentices"), *[_git(MONDAY)] * 50)
    assert totals(learnt[HR].waiting)["git.exe"] == 50
    assert totals(learnt[HR].names)["git.exe"] == 0


def test_a_new_account_speaks_for_nobody_but_itself() -> None:
    """Else whoever has one starts git a hundred times with it, and on the next day it is usual for all of HR."""
    new = [Sighting(MONDAY, 10, "newcomer", "hr", "git.exe", "explorer.exe") for _ in range(100)]
    learnt = _nightly(HISTORY, MONDAY, *new)
    assert totals(learnt[Subject(SubjectKind.PERSON, "newcomer")].names) == {"git.exe": 100}
    for subject in (HR, ORGANISATION):
        assert totals(learnt[subject].waiting) == {"git.exe": 100}
    assert _p_value(learnt) == pytest.approx(_p_value(HISTORY), rel=0.15)


def test_who_waited_long_ago_is_forgotten_and_what_was_decided_is_not() -> None:
    """Else the organisation's baseline would grow with every incident."""
    people = {MONDAY: {"process a.exe": [1], "refused process a.exe": []}, MONDAY + 60: {"hour 02": [1]}}
    kept = Baseline(waiting_people=people).forget(120.0).waiting_people
    assert kept == {MONDAY: {"refused process a.exe": []}, MONDAY + 60: {"hour 02": [1]}}
    assert Baseline(waiting_people={**people, MONDAY + 59: {}}).forget(120.0).waiting_people == kept
    del people[MONDAY + 60]
    people[MONDAY + 59] = {"hour 02": [1]}
    assert Baseline(waiting_people=people).forget(120.0).waiting_people == people


def test_without_what_was_usual_before_nothing_is_learnt() -> None:
    """Else a store that is down would teach every incident."""

    class Down:
        def read(self, _subjects: list[Subject]) -> None:
            raise StoreError("down")

    with pytest.raises(StoreError):
        hold_back(HISTORY, Down(), Lists())  # type: ignore[arg-type] # it gives nothing
    assert not issubclass(StoreError, ServiceError)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 7)), max_size=12), st.randoms(use_true_random=False))
def test_what_waits_merges_in_any_order(sightings: list[tuple[int, int]], chance: object) -> None:
    """And is written and read as it is."""
    parts = [
        hold_back(_company(range(0), _git(MONDAY + day, number)), Memory(HISTORY), Lists()) for day, number in sightings
    ]
    shuffled = list(parts)
    chance.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis's own
    assert merge_baselines(parts) == merge_baselines(shuffled)
    for baseline in merge_baselines(parts).values():
        assert read_baseline(write_baseline(baseline)) == baseline


def test_what_is_known_of_somebody_is_shown_as_rows() -> None:
    """Hours, days, teams, processes, and what waits."""
    learnt = _nightly(HISTORY, MONDAY, _git(MONDAY))
    found = {(row["what"], row["value"]): row["detail"] for row in rows_of(ANN, _profiles(learnt), learnt)}
    assert found["usual hours", "09:00 to 12:00"] == "nine in ten, on 31 days"
    assert (found["day of the week", "Sunday"], found["day of the week", "Monday"]) == ("never", "7 days")
    assert ("team", "hr") in found
    assert found["process", "workday.exe"] == "50 % of 186 starts; 25 % of everybody's"
    assert found["waits", "process git.exe"] == "1 days, 2026-11-02 to 2026-11-02, 1 people"
    team = [(row["what"], row["value"]) for row in rows_of(HR, _profiles(learnt), learnt)]
    assert team[0] == ("people", "8")
    parent = Subject(SubjectKind.PARENT, "explorer.exe")
    assert {row["value"] for row in rows_of(parent, _profiles(learnt), learnt)} >= {"outlook.exe", "git.exe"}
