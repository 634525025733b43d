"""What a search reads of the organisation: a head and what it asks about, with the figures of all that is known."""

from __future__ import annotations

import json
import random
from functools import cached_property
from typing import Callable, Dict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbverdict.anomalies.baselines import (
    MAX_NAMES,
    ORGANISATION,
    Baseline,
    Baselines,
    Subject,
    SubjectKind,
)
from cbverdict.anomalies.decayed_counts import totals
from cbverdict.anomalies.distinct_count import MAX_EXACT, sketch_of, unite
from cbverdict.anomalies.hold_back import hold_back
from cbverdict.anomalies.known_baselines import BaselineQuestion, KnownBaselines
from cbverdict.anomalies.outline import read_outline, write_outline
from cbverdict.anomalies.outline_fields import HEAD, OutlineNames, is_outlined, outline_of, read_fields, write_fields
from cbverdict.anomalies.peer_rarity import GroupProfile
from cbverdict.anomalies.profiles import Profiles
from cbverdict.anomalies.reference_lists import Lists
from cbverdict.anomalies.releases import ACCEPTED, DAYS, PEOPLE, REFUSED, effective, is_released, releases_of
from cbverdict.anomalies.seen_people import MOST_WAITING
from cbverdict.anomalies.waiting import acceptance, waiting_in
from cbverdict.anomalies.whole_profiles import WholeProfiles
from cbverdict.errors import InvalidRequestError
from cbverdict.service.baseline_api import questions_of, read_question, write_question
from tests.lab.memory import Memory
from tests.lab.sightings import Sighting, learn, merge_baselines

MONDAY = 20_759
PROGRAMS = [f"tool{number}.exe" for number in range(40)]


def _company(chance: random.Random, days: range) -> Baselines:
    learnt: Baselines = {}
    for day in days:
        for number in range(24):
            team = None if number > 20 else f"team{number % 3}"
            for _ in range(chance.randrange(4)):
                process = PROGRAMS[min(int(chance.paretovariate(0.7)) + 3 * (number % 3), 39)]
                parent = PROGRAMS[chance.randrange(4)]
                hour = chance.choice((8, 9, 10, 10, 11, 14, 23))
                publisher = f"Maker {chance.randrange(60)}" if chance.random() < 0.5 else None
                learn(learnt, Sighting(day, hour, f"user{number}", team, process, parent, publisher))
    return learnt


@pytest.fixture(scope="module")
def kept() -> Baselines:
    """Learn a year in steps, with what waits, is released and was decided on."""
    chance = random.Random(7)  # noqa: S311 - data for a test
    known = _company(chance, range(MONDAY - 300, MONDAY - 30))
    for night in range(MONDAY - 30, MONDAY):
        new = _company(chance, range(night, night + 1))
        if night % 2:
            for number in range(6):
                learn(new, Sighting(night, 3, f"user{number}", f"team{number % 3}", "odd.exe", PROGRAMS[0]))
        known = merge_baselines([known, hold_back(new, Memory(known), Lists(), night)])
    decided = [
        acceptance("user1: process tool39.exe", ACCEPTED, MONDAY * 86400),
        acceptance("process tool38.exe", REFUSED, MONDAY * 86400),
    ]
    known = merge_baselines([known, *decided])
    return {subject: baseline.forget(120.0) for subject, baseline in known.items()}


def _whole(kept: Baselines) -> Profiles:
    return WholeProfiles(KnownBaselines(baselines=kept))


class Counting(Memory):
    """A memory that counts how often it is asked."""

    @cached_property
    def asked(self) -> list[BaselineQuestion]:
        """Return what it was asked."""
        return []

    def read(self, question: BaselineQuestion) -> KnownBaselines:
        """Count, and answer."""
        self.asked.append(question)
        return super().read(question)


def test_every_figure_is_the_one_of_the_whole_baseline(kept: Baselines) -> None:
    """Of people with and without a team, of teams and parents, whatever is asked in which order."""
    assert kept[ORGANISATION].waiting
    source = Counting(kept)
    whole, asked = _whole(kept), Profiles(source)
    asked.read([subject for subject in kept if subject.kind is not SubjectKind.PARENT], PROGRAMS)
    asked.read([subject for subject in kept if subject.kind is SubjectKind.PARENT], ["never.exe", "odd.exe"])
    names = [*PROGRAMS, "odd.exe", "never.exe"]
    for number in range(24):
        person, team = f"user{number}", None if number > 20 else f"team{number % 3}"
        found = []
        for profiles in (whole, asked):
            group = profiles.team(team)
            assert group is not None
            profile = profiles.person(person, team, group)
            found.append(
                [
                    (group.share(name), group.others_share(name), profile.p_value(name), profile.strict_p_value(name))
                    for name in names
                ]
            )
        assert found[0] == pytest.approx(found[1], rel=1e-12)
    for subject in kept:
        if subject.kind is SubjectKind.PARENT:
            groups = [profiles.parent(subject.name) for profiles in (whole, asked)]
            found = [[one.p_value(name) for name in names] if one else None for one in groups]  # type: ignore[misc]
            assert found[0] == pytest.approx(found[1], rel=1e-12)
    asks: list[Callable[[Profiles], object]] = [
        lambda profiles: list(map(profiles.is_new, names)),
        lambda profiles: list(map(profiles.is_new_parent, names)),
        lambda profiles: [profiles.is_new_publisher(f"Maker {number}") for number in range(70)],
        lambda profiles: list(map(profiles.waiting_lately, names)),
        lambda profiles: [profiles.people_in(f"team{number}") for number in range(4)],
        lambda profiles: [profiles.starts(subject) for subject in kept if subject != ORGANISATION],
        lambda profiles: [profiles.active_hours(f"user{number}") for number in range(24)],
    ]
    for ask in asks:
        assert ask(whole) == ask(asked)
    assert len(source.asked) == 2


def test_what_was_not_asked_before_is_asked_when_it_is_needed(kept: Baselines) -> None:
    """So that nothing known passes for new; each name once, and none where all are at hand."""
    source = Counting(kept)
    profiles = Profiles(source)
    profiles.read([])
    assert source.asked == [BaselineQuestion(wants_decisions=True)]
    for _ in range(2):
        assert [profiles.is_new(name) for name in (PROGRAMS[1], "never.exe")] == [False, True]
    assert source.asked[1:] == [BaselineQuestion((), (name,)) for name in (PROGRAMS[1], "never.exe")]
    assert _whole(kept).is_new("never.exe")


def test_where_nothing_is_learnt_no_name_is_asked_about() -> None:
    """There is nothing to know of it."""
    source = Counting({})
    profiles = Profiles(source)
    profiles.read([Subject(SubjectKind.PERSON, "ann")], ["a.exe"], ["Maker"])
    profiles.read([], ["b.exe"], ["Other"])
    assert (profiles.is_new("c.exe"), profiles.has_learnt, len(source.asked)) == (True, False, 1)


def test_few_publishers_are_all_in_the_head_and_of_many_the_rest_is_asked_for() -> None:
    """The head stays small, however many sign."""
    learnt: Baselines = {}
    for number in range(400):
        for _ in range(400 - number):
            learn(learnt, Sighting(MONDAY, 9, publisher=f"Maker of program {number:03d}"))
    fields = write_fields(learnt[ORGANISATION])
    assert len(fields[HEAD]) < 6000
    source = Counting(learnt)
    profiles = Profiles(source)
    profiles.read([])
    assert [profiles.is_new_publisher(f"Maker of program {number:03d}") for number in (0, 1)] == [False, False]
    assert len(source.asked) == 1
    profiles.read(publishers=["Maker of program 399", "Nobody", "Maker of program 000"])
    assert [profiles.is_new_publisher(name) for name in ("Maker of program 399", "Nobody")] == [False, True]
    assert source.asked[1:] == [BaselineQuestion((), (), ("Maker of program 399", "Nobody"))]


def test_of_a_document_a_question_reads_few_fields_and_they_say_all_of_it(kept: Baselines) -> None:
    """Whoever asks about three names reads the head and three fields, a few KB."""
    fields = write_fields(kept[ORGANISATION])
    programs = PROGRAMS[1:3]
    asked = OutlineNames({*programs}, ["team1"], ["Maker 1"])
    assert (asked.fields[0], len(asked.fields)) == (HEAD, 5)
    outline, releases = read_fields({name: fields[name] for name in asked.fields if name in fields}, asked)
    whole = outline_of(kept[ORGANISATION], releases_of(kept[ORGANISATION]))
    assert whole.head is not None
    assert outline.head == whole.head._replace(anybody=tuple(whole.head.anybody))
    assert outline.programs == {
        name: whole.programs[name]._replace(users=tuple(whole.programs[name].users), lately=()) for name in programs
    }
    assert outline.teams["team1"] == tuple(whole.teams["team1"])
    assert releases == {}
    assert read_outline(json.loads(json.dumps(write_outline(outline)))) == outline


def test_equal_baselines_are_outlined_alike(kept: Baselines) -> None:
    """In whatever order they were learnt: what is written does not change for nothing."""
    parts = [{ORGANISATION: kept[ORGANISATION]}, acceptance("process a.exe", ACCEPTED, MONDAY * 86400)]
    one, other = (merge_baselines(order)[ORGANISATION] for order in (parts, parts[::-1]))
    assert write_fields(one) == write_fields(other)


@pytest.mark.parametrize(
    "head", [None, "", "no JSON", "[]", '{"version":0}', '{"version":2,"names":1}', 7, '{"version":"1"}']
)
def test_a_document_without_a_head_of_this_version_has_no_outline(head: object) -> None:
    """It is read whole then."""
    assert not is_outlined({HEAD: head})
    with pytest.raises(InvalidRequestError, match="no outline"):
        read_fields({HEAD: head}, OutlineNames())
    assert is_outlined(write_fields(Baseline()))


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[]", '{"a.exe":1}', '{"a.exe":[[1],"x","x"]}', '{"a.exe":[[1,2],"AA==",""]}']
)
def test_a_field_that_cannot_be_read_is_no_answer(text: str) -> None:
    """What is damaged must not pass for what nobody knows."""
    learnt: Baselines = {}
    learn(learnt, Sighting(MONDAY, 9, "ann", None, "a.exe"))
    asked = OutlineNames({"a.exe"})
    damaged = {**write_fields(learnt[ORGANISATION]), asked.fields[1]: text}
    with pytest.raises(InvalidRequestError, match="outline cannot be read"):
        read_fields(damaged, asked)


def test_two_names_that_share_a_field_are_told_apart() -> None:
    """Fields are found by a hash of 16 bits."""
    places: Dict[str, str] = {}
    for number in range(5000):
        name = f"{random.Random(number).random()}.exe"  # noqa: S311 - data for a test
        field = OutlineNames({name}).fields[1]
        if field in places:
            break
        places[field] = name
    learnt: Baselines = {}
    for one in (places[field], name):
        learn(learnt, Sighting(MONDAY, 9, process=one))
    learn(learnt, Sighting(MONDAY, 9, process=name))
    outline, _ = read_fields(write_fields(learnt[ORGANISATION]), OutlineNames({places[field], name}))
    assert [sum(outline.programs[one].seen.values()) for one in (places[field], name)] == [1, 2]


PEOPLE_OF_A_DAY = st.lists(st.integers(0, 300), max_size=120).map(
    lambda numbers: unite(sketch_of(f"user{number}") for number in numbers)
)


@given(st.lists(PEOPLE_OF_A_DAY, max_size=9), st.integers(0, 300))
def test_what_is_released_is_what_goes_on_for_days_with_several_people(days: list[list[int]], number: int) -> None:
    """For everybody, for a person who is in the sketches, and for a team by its own people."""
    members = unite(sketch_of(f"user{one}") for one in range(0, 40, 3))
    noted = {MONDAY + age: {"process a.exe": people, "hour 03": people} for age, people in enumerate(days)}
    organisation = Baseline(people={741: {"hr": members}}, waiting_people=noted)
    releases = releases_of(organisation)
    is_general = len(days) >= DAYS and len(unite(days)) >= PEOPLE
    is_often = sum(sketch_of(f"user{number}")[0] in people for people in days) >= DAYS
    of_team = [own for people in days if (own := {*people}.intersection(members))]
    for what in ("process a.exe", "hour 03"):
        assert is_released(releases, ORGANISATION, what) is is_general
        assert is_released(releases, Subject(SubjectKind.PERSON, f"user{number}"), what) is (is_general and is_often)
    is_of_team = len(of_team) >= DAYS and len(set().union(*of_team)) >= PEOPLE
    assert is_released(releases, Subject(SubjectKind.TEAM, "hr"), "process a.exe") is is_of_team
    asked = OutlineNames(waiting=["process a.exe", "hour 03"])
    assert read_fields(write_fields(organisation), asked)[1] == releases


def test_who_joins_a_crowd_once_is_none_of_it() -> None:
    """Of a crowd only some are noted by the day; an hour is the person's own, if it waits on as many days."""
    crowd = unite(sketch_of(f"user{number}") for number in range(1000))
    assert len(crowd) == MAX_EXACT
    noted = {MONDAY + age: {"process a.exe": crowd, "hour 03": crowd} for age in range(DAYS)}
    organisation, releases = Baseline(waiting_people=noted), releases_of(Baseline(waiting_people=noted))
    names = [f"user{number}" for number in range(1000)]
    for what in ("process a.exe", "hour 03"):
        released = {name for name in names if is_released(releases, Subject(SubjectKind.PERSON, name), what)}
        assert len(released) == MAX_EXACT
    late = Subject(SubjectKind.PERSON, next(name for name in names if sketch_of(name)[0] > crowd[-1]))
    for days in (DAYS - 1, DAYS):
        at_night = Baseline(days={MONDAY: 1 << 9}, waiting_days={MONDAY + age: 1 << 3 for age in range(days)})
        assert (len(effective(late, at_night, releases).days) > 1) is (days == DAYS)
        waits = {waiting.what for waiting in waiting_in({ORGANISATION: organisation, late: at_night})}
        assert waits == ({"hour 03"} if days < DAYS else set())
    long_ago = Baseline(waiting_days={MONDAY + 100 * age: 1 << 3 for age in range(DAYS)})
    assert effective(late, long_ago, releases).days == {}


def test_what_waits_is_bounded_and_what_goes_on_for_longest_is_kept() -> None:
    """Thirty thousand names of one night must not fill the document; what was decided on is kept as well."""
    noted = {MONDAY: {f"process x{number}": [1] for number in range(MOST_WAITING + 500)}}
    noted[MONDAY]["accepted process a.exe"] = []
    for age in range(1, 4):
        noted[MONDAY - age] = {"process a.exe": [1], "hour 03": [2]}
    kept = Baseline(waiting_people=noted).forget(120.0).waiting_people
    found = {what for names in kept.values() for what in names}
    assert {"process a.exe", "hour 03", "accepted process a.exe"} <= found
    assert MOST_WAITING <= len(found) <= MOST_WAITING + 1


def test_an_organisation_with_too_many_names_is_asked_about_all_of_a_group() -> None:
    """It has forgotten some of what the group was seen with."""
    learnt: Baselines = {}
    for number in range(MAX_NAMES + 10):
        learn(learnt, Sighting(MONDAY, 9, process=f"tool{number}.exe", parent="parent.exe"))
    learnt[ORGANISATION] = learnt[ORGANISATION].forget(120.0)
    parent = Subject(SubjectKind.PARENT, "parent.exe")
    whole, asked = _whole(learnt), Profiles(Memory(learnt))
    asked.read([parent])
    groups = list(filter(None, (profiles.parent("parent.exe") for profiles in (whole, asked))))
    assert [group.others_share("tool1.exe") for group in groups] == [pytest.approx(0.5 / (0.5 * 5001))] * 2


def test_a_decision_on_somebody_with_a_colon_in_the_name_is_found() -> None:
    """It stands with everything that it may be about."""
    noted = acceptance("process b: process a.exe", REFUSED, MONDAY * 86400)[ORGANISATION]
    for what in ("process a.exe", "process b: process a.exe"):
        asked = OutlineNames(waiting=[what])
        fields = write_fields(noted)
        _, releases = read_fields({name: fields[name] for name in asked.fields if name in fields}, asked)
        assert list(releases) == ["refused process b: process a.exe"]


def test_what_a_group_was_seen_with_more_often_than_everybody_is_asked_about() -> None:
    """A parent counts what waits for everybody; a team that was away has what everybody has forgotten."""
    learnt: Baselines = {}
    for number in range(200):
        learn(learnt, Sighting(MONDAY, 9, f"user{number % 12}", f"team{number % 2}", "common.exe", "parent.exe"))
        learn(learnt, Sighting(MONDAY, 9, process="other.exe", parent="others.exe"))
        learn(learnt, Sighting(MONDAY - 500, 9, f"old{number % 6}", "away", "gone.exe", "away.exe"))
    for counts in (learnt[Subject(SubjectKind.PARENT, "parent.exe")].names, learnt[ORGANISATION].waiting):
        counts.setdefault(MONDAY // 28, {})["waits.exe"] = 150
    learnt[ORGANISATION] = learnt[ORGANISATION].forget(100.0)
    assert "gone.exe" not in totals(learnt[ORGANISATION].names)
    asks: list[Callable[[Profiles], GroupProfile | None]] = [
        lambda profiles: profiles.parent("parent.exe"),
        lambda profiles: profiles.parent("away.exe"),
        lambda profiles: profiles.team("away"),
    ]
    for ask in asks:
        whole, asked = _whole(learnt), Profiles(Memory(learnt))
        asked.read(subject for subject in learnt if subject.kind is not SubjectKind.PERSON)
        groups = list(filter(None, map(ask, (whole, asked))))
        shares = [[group.others_share(name) for name in ("common.exe", "waits.exe", "gone.exe")] for group in groups]
        assert shares[0] == pytest.approx(shares[1], rel=1e-12)


def test_a_question_is_cut_where_there_is_no_more_room() -> None:
    """One long name makes no other part smaller; what no baseline can be called is not asked about."""
    names = [f"tool{number}.exe" for number in range(12_000)]
    smile = "\U0001f600" * 256
    question = BaselineQuestion(
        (), (*names, smile, "x" * 257), ("y" * 300_000,), wants_decisions=True, wants_as_kept=True
    )
    parts = list(questions_of(question))
    assert [len(part.programs) for part in parts] == [5000, 5000, 2001]
    assert {(part.wants_as_kept, part.publishers) for part in parts} == {(True, ())}
    assert [part.wants_decisions for part in parts] == [True, False, False]
    assert [part for one in parts for part in (read_question(write_question(one)),)] == parts
    many = list(questions_of(BaselineQuestion((), (smile + "x",) * 3 + (smile,) * 200)))
    assert [len(part.programs) for part in many] == [81, 81, 38]
    assert all(len(write_question(part)) < 300_000 for part in many)
    assert list(questions_of(BaselineQuestion())) == [BaselineQuestion()]
