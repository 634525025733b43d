"""Baselines: learnt from rows, merged from any number of machines in any order, kept as text, forgotten by age."""

from __future__ import annotations

import json
import random

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
    baseline_name,
    read_baseline,
    read_subject,
    write_baseline,
)
from cbverdict.anomalies.decayed_counts import GENERATION, generation_of, totals, weigh
from cbverdict.anomalies.distinct_count import MAX_EXACT, head_count, may_hold, sketch_of, unite
from cbverdict.anomalies.seen_people import ANYBODY, MANY_USERS
from cbverdict.errors import InvalidRequestError
from tests.lab.sightings import Sighting, learn, merge_baselines

SIGHTING = st.builds(
    Sighting,
    day=st.integers(20_000, 20_100),
    hour=st.integers(0, 23),
    person=st.sampled_from([None, "ann", "bob", "cy"]),
    team=st.sampled_from([None, "hr", "it"]),
    process=st.sampled_from([None, "git.exe", "cmd.exe", "a.exe"]),
    parent=st.sampled_from([None, "explorer.exe", "cmd.exe"]),
    publisher=st.sampled_from([None, "Corp", "Inc"]),
)


def _learnt(sightings: list[Sighting]) -> Baselines:
    baselines: Baselines = {}
    for sighting in sightings:
        learn(baselines, sighting)
    return baselines


@given(st.lists(SIGHTING, max_size=60), st.randoms(use_true_random=False))
def test_seven_pieces_in_any_order_give_what_one_machine_learns(
    sightings: list[Sighting], chance: random.Random
) -> None:
    """Exactly, to the byte, and by way of text."""
    whole = {subject: write_baseline(baseline) for subject, baseline in _learnt(sightings).items()}
    pieces: list[list[Sighting]] = [[] for _ in range(7)]
    for sighting in sightings:
        chance.choice(pieces).append(sighting)
    chance.shuffle(pieces)
    parts = [
        {subject: read_baseline(write_baseline(baseline)) for subject, baseline in _learnt(piece).items()}
        for piece in pieces
    ]
    left, right = merge_baselines(parts[:3]), merge_baselines(parts[3:])
    assert {subject: write_baseline(baseline) for subject, baseline in merge_baselines([right, left]).items()} == whole


def test_a_row_teaches_its_person_team_parent_and_the_organisation() -> None:
    """And each only what it is about."""
    learnt = _learnt([Sighting(20_000, 9, "ann", "hr", "git.exe", "cmd.exe", "Corp")])
    generation = 20_000 // GENERATION
    names, sketch = {generation: {"git.exe": 1}}, {generation: {"hr": sketch_of("ann")}}
    users = {"git.exe": sketch_of("ann"), ANYBODY: sketch_of("ann")}
    assert learnt == {
        ORGANISATION: Baseline({}, names, {generation: {"Corp": 1}}, sketch, users=users),
        Subject(SubjectKind.PERSON, "ann"): Baseline({20_000: 1 << 9}, names, {}, sketch),
        Subject(SubjectKind.TEAM, "hr"): Baseline({}, names, {}, sketch),
        Subject(SubjectKind.PARENT, "cmd.exe"): Baseline({}, names),
    }


def test_a_log_on_teaches_the_hour_alone_and_a_row_of_nobody_the_parent() -> None:
    """What is not said is not learnt."""
    assert totals(_learnt([Sighting(20_000, 9, "ann")])[ORGANISATION].names) == {}
    nobody = _learnt([Sighting(20_000, 9, None, None, "a.exe", "b.exe")])
    assert set(nobody) == {ORGANISATION, Subject(SubjectKind.PARENT, "b.exe")}
    assert nobody[ORGANISATION].people == {}


def test_old_names_count_half_after_a_half_life_and_are_forgotten_after_three() -> None:
    """In whole generations of four weeks."""
    names = {0: {"old": 8}, 4: {"middle": 8}, 12: {"new": 8}}
    assert weigh(names, 4 * GENERATION, 12) == {"old": 1.0, "middle": 2.0, "new": 8.0}
    assert set(Baseline(names=names).forget(2 * GENERATION).names) == {12}
    assert set(Baseline(names=names).forget(4 * GENERATION).names) == {0, 4, 12}


def test_a_generation_is_four_weeks_and_a_sketch_64_people() -> None:
    """Documents of all versions have these."""
    assert [generation_of(day) for day in (0, 27, 28, 20_000)] == [0, 0, 1, 714]
    assert len(unite(sketch_of(f"person{number}") for number in range(100))) == 64


def test_whether_somebody_may_be_in_a_sketch_is_exact_while_it_holds_few() -> None:
    """Of more people the larger numbers are lost, so that these may be."""
    names = [f"person{number}" for number in range(200)]
    few, many = (unite(map(sketch_of, some)) for some in (names[:63], names[:100]))
    assert [may_hold(few, name) for name in names] == [True] * 63 + [False] * 137
    assert all(may_hold(many, name) for name in names[:100])
    assert [may_hold(many, name) for name in names[100:]] == [sketch_of(name)[0] > many[-1] for name in names[100:]]


def test_who_was_in_a_team_long_ago_is_forgotten_with_what_was_seen_then() -> None:
    """Who has left is none of its people."""
    people = {0: {"hr": sketch_of("ann")}, 4: {"hr": sketch_of("bob")}, 12: {"hr": sketch_of("cy")}}
    assert set(Baseline(people=people).forget(2 * GENERATION).people) == {12}
    assert set(Baseline(people=people).forget(4 * GENERATION).people) == {0, 4, 12}
    assert Baseline().forget(4 * GENERATION) == Baseline()


def test_a_document_keeps_the_names_seen_last_and_of_these_most() -> None:
    """However many random names an installer makes up; one that is new is not left out before it can become usual."""
    names = {0: {f"tmp{number}.exe": 2 for number in range(MAX_NAMES)}, 1: {"new.exe": 1, "common.exe": 7}}
    kept = totals(Baseline(names=names).forget(100).names)
    assert len(kept) == MAX_NAMES
    assert (kept["common.exe"], kept["new.exe"]) == (7, 1)


def test_who_was_seen_with_a_program_is_known_while_they_are_few() -> None:
    """And how many people there are; what is forgotten of programs is forgotten of their users."""
    seen = [Sighting(20_000, 9, f"user{number}", None, "a.exe") for number in range(30)]
    learnt = _learnt(
        [*seen, *seen, Sighting(20_000, 9, "ann", None, "b.exe"), Sighting(19_000, 9, "ann", None, "c.exe")]
    )
    users = learnt[ORGANISATION].forget(120).users
    assert {name: len(known) for name, known in users.items()} == {"a.exe": MANY_USERS, "b.exe": 1, ANYBODY: 31}


def test_a_name_that_is_too_long_for_a_baseline_is_none() -> None:
    """In whatever case: one letter may become two when it is made small."""
    assert baseline_name(" Git.EXE ") == "git.exe"
    assert [baseline_name(text) for text in (None, " ", "x" * 257, "\u0130" * 200)] == [None] * 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"days": {"x": "1"}}',
        '{"days": {"1": "1ffffff"}}',
        '{"days": {"1": "1000000"}}',
        '{"days": {"1": "0"}}',
        '{"names": {"1": 7}}',
        '{"users": {"a.exe": ["x"]}}',
        '{"names": {"1": {"a": -1}}}',
        '{"names": {"1": {"a": 1e999}}}',
    ],
)
def test_what_is_no_baseline_is_refused(text: str) -> None:
    """With the next step."""
    with pytest.raises(InvalidRequestError, match="learn it anew"):
        read_baseline(text)


def test_a_document_is_compact_and_its_key_names_the_subject() -> None:
    """A person's year of office hours is a few kilobytes."""
    year = [Sighting(20_000 + day, hour, "ann") for day in range(250) for hour in range(9, 17)]
    text = write_baseline(_learnt(year)[Subject(SubjectKind.PERSON, "ann")])
    assert len(text) < 4500
    assert json.loads(text)["days"]["20000"] == "1fe00"
    assert read_subject("person:ann:b") == Subject(SubjectKind.PERSON, "ann:b")
    with pytest.raises(InvalidRequestError):
        read_subject("pet:rex")


def test_people_are_counted_exactly_while_they_are_few_and_well_when_they_are_many() -> None:
    """From sketches that were united in pieces."""
    few = [sketch_of(f"person{number}") for number in range(MAX_EXACT - 1)]
    assert head_count(unite([*few, *few])) == MAX_EXACT - 1
    many = [sketch_of(f"person{number}") for number in range(3000)]
    parts = [unite(many[start::7]) for start in range(7)]
    assert unite(parts) == unite(many)
    assert 2000 < head_count(unite(parts)) < 4000
    half = [*range(MAX_EXACT - 1), 2**31]
    assert head_count(half) == 2 * (MAX_EXACT - 1), "as many in the other half of the numbers that there are"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        ("A", "a"),
        (" Git.EXE ", "git.exe"),
        ("x" * 256, "x" * 256),
        ("x" * 257, None),
    ],
)
def test_a_name_is_in_lower_case_and_has_an_end(text: str | None, name: str | None) -> None:
    """One that is longer than a document's key may be is nobody's."""
    assert baseline_name(text) == name
