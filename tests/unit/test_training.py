"""Learning from rows: what each teaches of whom, in whose time zone, and how parts of it are put together."""

from __future__ import annotations

from typing import Any

import pytest

from cbverdict.anomalies.baselines import ORGANISATION, Subject, SubjectKind, read_baseline
from cbverdict.anomalies.reference_lists import Lists, Roster
from cbverdict.anomalies.training import (
    BASELINE,
    PART_FIELDS,
    ROWS,
    SKIPPED,
    SUBJECT,
    Learner,
    TrainingResult,
    columns,
)
from cbverdict.errors import InvalidRequestError
from cbverdict.events.columns import OTHER_TIME_FIELDS, EventFields

MONDAY = 20_759  # 2026-11-02
NOON = MONDAY * 86400 + 12 * 3600
NOW = NOON + 600.0
ANN, HR = Subject(SubjectKind.PERSON, "ann"), Subject(SubjectKind.TEAM, "hr")
EXPLORER = Subject(SubjectKind.PARENT, "explorer.exe")
LISTS = Lists(Roster([{"user": "ann", "team": "HR", "timezone": "Asia/Kolkata"}]))


def _row(**changes: Any) -> dict[str, Any]:
    return {
        "_time": str(NOON),
        "user": "CORP\\Ann",
        "process_name": "C:\\Tools\\GIT.exe",
        "parent_process_name": "explorer.exe",
        "process_signature_publisher": "Example Corp",
        **changes,
    }


def _learn(*rows: dict[str, Any], now: float = NOW) -> TrainingResult:
    return Learner(LISTS, EventFields(), now).learn(rows)


def test_a_row_teaches_its_person_team_parent_and_the_organisation() -> None:
    """In the local time of the person: noon in UTC is half past five in the afternoon in Kolkata."""
    result = _learn(_row())
    assert (result.rows, result.skipped) == (1, 0)
    assert set(result.baselines) == {ANN, HR, EXPLORER, ORGANISATION}
    assert result.baselines[ANN].days == {MONDAY: 1 << 17}
    (names,) = result.baselines[ANN].names.values()
    assert names == {"git.exe": 1}
    (started,) = result.baselines[EXPLORER].names.values()
    assert started == {"git.exe": 1}
    (publishers,) = result.baselines[ORGANISATION].publishers.values()
    assert publishers == {"Example Corp": 1}
    assert result.baselines[ORGANISATION].teams() == {"hr"}


@pytest.mark.parametrize(
    ("changes", "subjects"),
    [
        ({"user": ""}, {EXPLORER, ORGANISATION}),
        ({"parent_process_name": ""}, {ANN, HR, ORGANISATION}),
        ({"user": "bob"}, {Subject(SubjectKind.PERSON, "bob"), EXPLORER, ORGANISATION}),
        ({"user": "", "team": "hr"}, {EXPLORER, ORGANISATION}),
        ({"team": "it"}, {ANN, Subject(SubjectKind.TEAM, "it"), EXPLORER, ORGANISATION}),
        ({"process_name": ""}, {ANN, HR, ORGANISATION}),
    ],
)
def test_what_a_row_does_not_say_is_not_learnt(changes: dict[str, str], subjects: set[Subject]) -> None:
    """A team without a person says nothing of the team."""
    assert set(_learn(_row(**changes)).baselines) == subjects


@pytest.mark.parametrize(
    ("time", "is_learnt"),
    [
        (str(NOON), True),
        (str(int(NOW) + 86400 - 600), True),
        (str(int(NOW) + 86400), True),
        (str(int(NOW) + 86400 + 900), False),
        ("", False),
        ("yesterday", False),
    ],
)
def test_a_row_without_a_time_or_of_a_day_to_come_is_skipped_and_counted(time: str, *, is_learnt: bool) -> None:
    """A day ahead may be a zone; more is a clock gone wrong."""
    result = _learn(_row(_time=time), _row())
    assert (result.rows, result.skipped) == (2, 0 if is_learnt else 1)
    assert sum(sum(names.values()) for names in result.baselines[ANN].names.values()) == 1 + is_learnt


@pytest.mark.parametrize(("length", "is_learnt"), [(256, True), (257, False)])
def test_a_publisher_longer_than_any_name_is_not_learnt(length: int, *, is_learnt: bool) -> None:
    """A certificate is its author's to write."""
    learnt = _learn(_row(process_signature_publisher="x" * length)).baselines[ORGANISATION].publishers
    assert bool(learnt) is is_learnt


def test_parts_of_several_machines_are_what_one_would_have_learnt() -> None:
    """Rows of text, the first with the counts."""
    rows = [_row(), _row(_time=str(NOON + 3600)), _row(user="bob"), _row(_time="")]
    whole, merged = _learn(*rows), TrainingResult()
    for part in (_learn(*rows[:1]), _learn(*rows[1:])):
        written = list(part.parts())
        assert [tuple(row) for row in written] == [PART_FIELDS] * len(written)
        assert (written[0][SUBJECT], written[0][BASELINE]) == ("", "")
        assert {row[ROWS] + row[SKIPPED] for row in written[1:]} == {""}
        for row in written:
            merged.add_part(row)
    assert merged == whole
    assert (merged.rows, merged.skipped) == (4, 1)
    assert merged.parts_read == len(list(_learn(*rows[:1]).parts())) + len(list(_learn(*rows[1:]).parts()))


def test_a_part_of_another_version_is_refused() -> None:
    """What nobody can read must not be learnt half."""
    counts = {ROWS: "1", SKIPPED: "0"}
    for row in (
        {SUBJECT: "planet:x", BASELINE: "{}", **counts},
        {SUBJECT: "person:x", BASELINE: "nonsense", **counts},
        {SUBJECT: "person:x", BASELINE: "{}"},
        counts,
    ):
        with pytest.raises(InvalidRequestError):
            TrainingResult().add_part(row)
    assert read_baseline("{}").names == {}


def test_the_report_says_what_was_learnt_of_each_kind() -> None:
    """Days are those of people, for the others have none."""
    rows = [_row(), _row(_time=str(NOON - 86400)), _row(user="bob", process_name="x.exe"), _row(_time="")]
    assert list(_learn(*rows).report("learn")) == [
        {
            "action": "learn", "kind": kind, "baselines": str(baselines), "processes": str(processes),
            "active_days": days, "waiting": "0", "rows": "4", "skipped": "1",
        }
        for kind, baselines, processes, days in [
            ("person", 2, 2, "2"), ("team", 1, 1, ""), ("parent", 1, 2, ""), ("organisation", 1, 2, ""),
        ]
    ]  # fmt: skip


def test_the_columns_are_those_that_are_learnt_from() -> None:
    """Each once, the publisher and the time last."""
    fields = EventFields(name=("image", "both"), parent_name=("parent", "both"), user=("who",), team=("team",))
    assert columns(fields) == [
        "image", "both", "parent", "who", "team", "process_signature_publisher", *OTHER_TIME_FIELDS, "_time",
    ]  # fmt: skip


def test_a_parent_that_its_command_line_names_is_not_learnt() -> None:
    """Whoever starts a program chooses that: it would teach what a parent usually starts."""
    row = _row(parent_process="C:\\Windows\\explorer.exe /x")
    del row["parent_process_name"]
    assert set(_learn(row).baselines) == {ANN, HR, ORGANISATION}


def test_a_row_without_time_is_learnt_from_when_it_first_happened() -> None:
    """As aggregating searches hand it over, where a zone is said; else it is skipped."""
    first = {"user": "ann", "process_name": "a.exe", "firstTime": "2026-11-02T07:00:00Z", "lastTime": "1793660000"}
    rows = [first, {**first, "firstTime": "2026-11-02T07:00:00", "lastTime": ""}]
    result = Learner(Lists(), EventFields(md5=(), parent_md5=()), 1793700000.0).learn(rows)
    assert (result.rows, result.skipped) == (2, 1)
    assert result.baselines[Subject(SubjectKind.PERSON, "ann")].days == {20_759: 1 << 7}


@pytest.mark.parametrize(
    ("fields", "columns_of_rows"),
    [
        (EventFields(md5=(), parent_md5=(), user=("_user",)), ("_user", "process_name")),
        (EventFields(md5=(), parent_md5=(), name=("user",)), ("user", "user")),
    ],
)
def test_a_column_counts_by_whatever_it_is_read_for(fields: EventFields, columns_of_rows: tuple[str, str]) -> None:
    """One that splunkd takes for its own, or that is read for who and for what."""
    who, what = columns_of_rows
    rows: list[dict[str, str]] = [{what: "x.exe", who: name, "_time": "1793606400"} for name in ("anna", "bob", "carl")]
    learnt = Learner(Lists(), fields, 1793700000.0).learn(rows).baselines
    names = {name for counts in learnt[ORGANISATION].names.values() for name in counts}
    assert {subject.name for subject in learnt if subject.kind is SubjectKind.PERSON} == {"anna", "bob", "carl"}
    assert names == ({"anna", "bob", "carl"} if who == what else {"x.exe"})
