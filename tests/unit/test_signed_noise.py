"""The rule of signed_noise: each doubt keeps a row by itself, and which of them people may overrule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, FrozenSet, Tuple

import pytest

from cbverdict.anomalies.baselines import Baselines
from cbverdict.anomalies.decisions import Decision, decide
from cbverdict.anomalies.detector import Anomalies
from cbverdict.anomalies.explanations import NONE
from cbverdict.anomalies.reference_lists import Gateway, Listed, Lists, Names
from cbverdict.anomalies.scores import PROCESS, UNJUDGED, Part
from cbverdict.events.columns import EventFields
from cbverdict.events.event import read_event
from cbverdict.verdicts.reasons import Reason, Signed
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.signed_noise import Doubt, may_be_excluded_by_hand
from cbverdict.verdicts.verdict import Verdict
from tests.lab.memory import Memory
from tests.lab.sightings import Sighting, learn

TRUE, FALSE, UNKNOWN = Signed.TRUE, Signed.FALSE, Signed.UNKNOWN
NOW = 1_800_000_000.0
DAY = 20_759  # 2026-11-02
A = "a" * 32
LISTS = Lists(
    tools=Names([("powershell.exe", Listed("", "runs any script"))]),
    publishers=Names([("shady ltd", Listed("denied", "sells certificates"))]),
    gateways={"wmiprvse.exe": Gateway(Names(), "runs what others ask for")},
)


def _learnt() -> Baselines:
    """Give eight weeks in which twenty people run outlook, which explorer starts."""
    learnt: Baselines = {}
    for day in range(DAY - 56, DAY):
        for person in range(20):
            for hour in range(9, 17):
                learn(learnt, Sighting(day, hour, f"user{person}", "hr", "outlook.exe", "explorer.exe"))
    return learnt


LEARNT = _learnt()


BY_EXAMPLE_CORP = Signature("Signed", "Example Corp")


@dataclass(frozen=True)
class Row:
    """A row that is dropped, but for what is said of it otherwise here."""

    event: Dict[str, Any] = field(default_factory=dict)
    signed: Signed = TRUE
    signature: Signature | None = BY_EXAMPLE_CORP
    parent_signed: Signed = TRUE
    is_unanswered: bool = False
    learnt: Baselines = field(default_factory=dict)
    decisions: Tuple[Decision, ...] = ()
    lists: Lists = LISTS

    def judged(self) -> tuple[FrozenSet[Doubt], bool, bool]:
        """Give what is in doubt of what ran, whether the row is dropped, and whether it passes but for the score."""
        anomalies = Anomalies(Memory(self.learnt, decisions=self.decisions), self.lists)
        names = {"process_name": "outlook.exe", "parent_process_name": "explorer.exe"}
        event = read_event({"process_md5": A, **names, "user": "user1", **self.event}, EventFields())
        anomalies.prepare([("user1", "")], [event])
        verdict = Verdict(self.signed, Reason.BINARY, self.signature)
        side = anomalies.process_side(event, verdict, self.parent_signed, is_unanswered=self.is_unanswered)
        score = anomalies.score(side, anomalies.view("user1", ""), ())
        return side.doubts, score.is_noise, score.part.passes_all_but_score


def _called_bad() -> Decision:
    row = {"process_md5": A, "process_name": "outlook.exe", "user": "user1", "signed": "true"}
    return decide("bad", row, 30, "seen in an incident", "anna", NOW)


KEPT = {
    Doubt.NOT_SIGNED: Row(signed=FALSE),
    Doubt.SIGNER_UNKNOWN: Row(signature=None),
    Doubt.PARENT_NOT_SIGNED: Row(parent_signed=FALSE),
    Doubt.PARENT_UNANSWERED: Row(is_unanswered=True),
    Doubt.PARENT_UNUSUAL: Row({"process_name": "rare.exe"}, learnt=LEARNT),
    Doubt.PARENT_NEW: Row({"parent_process_name": "never.exe"}, parent_signed=UNKNOWN, learnt=LEARNT),
    Doubt.PARENT_ANYBODYS: Row(
        {"parent_process_path": "C:\\Users\\Public\\acme.exe", "parent_process_name": "acme.exe"}, parent_signed=UNKNOWN
    ),
    Doubt.PUBLISHER_DENIED: Row(signature=Signature("Signed", "Shady Ltd")),
    Doubt.LIVING_OFF_THE_LAND: Row({"process_name": "powershell.exe"}),
    Doubt.ODD: Row({"process_name": "invoice.pdf.exe"}),
    Doubt.ABOUT_SEVERAL: Row({"user": ["user1", "user2"]}),
    Doubt.ACTED_THROUGH: Row({"parent_process_name": "wmiprvse.exe"}),
    Doubt.CALLED_BAD: Row(decisions=(_called_bad(),)),
}
"""A row for each doubt that what ran gives rise to, with no other one."""

OF_WHO_RAN_IT = {Doubt.NEW_UNUSUAL, Doubt.KNOWLEDGE_UNREAD}


@pytest.mark.parametrize("row", [Row(), Row(parent_signed=UNKNOWN), Row(learnt=LEARNT)])
def test_a_row_of_which_nothing_is_in_doubt_is_dropped(row: Row) -> None:
    """On day one, without a parent's hash, and with all that is usual known."""
    assert row.judged() == (frozenset(), True, True)


def test_each_doubt_has_its_row() -> None:
    """Whoever adds one has to say which row it keeps."""
    assert KEPT.keys() | OF_WHO_RAN_IT == set(Doubt)


@pytest.mark.parametrize("doubt", KEPT, ids=lambda doubt: doubt.name)
def test_each_doubt_keeps_a_row_by_itself(doubt: Doubt) -> None:
    """Whatever else is known, and whatever the score."""
    assert KEPT[doubt].judged() == (frozenset({doubt}), False, False)


def test_a_name_that_nobody_was_seen_with_keeps_a_row_for_whoever_ran_it() -> None:
    """The parent's baseline alone would not: nothing is known of it."""
    row = Row({"process_name": "rare.exe", "parent_process_name": ""}, learnt=LEARNT)
    assert row.judged() == (frozenset(), False, False)


def test_a_list_that_could_not_be_read_keeps_all_rows() -> None:
    """It may have named what is not to be dropped."""
    assert Row(lists=Lists(is_whole=False)).judged() == (frozenset(), False, False)


def test_people_may_overrule_what_they_can_know_better_and_nothing_else() -> None:
    """Not whose file it is, nor that it is a tool; where one may not be overruled, none may."""
    overruled = {
        Doubt.NOT_SIGNED,
        Doubt.SIGNER_UNKNOWN,
        Doubt.PARENT_UNUSUAL,
        Doubt.NEW_UNUSUAL,
        Doubt.ACTED_THROUGH,
        Doubt.PARENT_NEW,
    }
    assert {doubt for doubt in Doubt if may_be_excluded_by_hand([doubt])} == overruled
    assert may_be_excluded_by_hand(overruled)
    assert may_be_excluded_by_hand([])
    assert not may_be_excluded_by_hand({*overruled, Doubt.ODD})


@pytest.mark.parametrize(("score", "is_noise"), [(None, True), (4.0, True), (19.9, True), (20.0, False), (99.0, False)])
def test_a_signature_never_hides_a_high_score(score: float | None, is_noise: bool) -> None:  # noqa: FBT001 - a case
    """What is not known yet (None) does not block."""
    part = Part(0.0, 0.0, 0.0, (), NONE, NONE, True, 20.0, "ann", (UNJUDGED, PROCESS))  # noqa: FBT003 - a field
    assert part.is_noise(NONE, score) is is_noise
