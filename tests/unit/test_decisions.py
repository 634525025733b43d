"""Decisions of people on rows: what they may leave out, what that covers, and when it is over."""

from __future__ import annotations

import json
from typing import Any, Dict, Tuple

import pytest

from cbverdict.anomalies.decisions import Action, Decision, Decisions, decide, read_decision, write_decision
from cbverdict.anomalies.detector import Anomalies
from cbverdict.anomalies.reference_lists import Listed, Lists, Names, Roster
from cbverdict.errors import InvalidRequestError
from cbverdict.events.columns import EventFields
from cbverdict.events.event import read_event
from cbverdict.inputs.sources import BadFiles
from cbverdict.service.decision_service import MAX_ACTIVE, DecisionService, write_request
from cbverdict.verdicts.reasons import Reason, Signed
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.verdict import Verdict
from tests.lab.memory import Memory

FIELDS = EventFields()
NOW = 1_800_000_000.0
DAY = 86400.0
A, B = "a" * 32, "b" * 32
ROW = {
    "user": "jdoe",
    "team": "HR",
    "process_name": "Timecard.exe",
    "parent_process_name": "explorer.exe",
    "process_md5": A,
    "process_signature_publisher": "-",
    "signed": "false",
    "signed_reason": "unsigned",
    "anomaly_score": "12.5",
}
UNSIGNED = Verdict(Signed.FALSE, Reason.UNSIGNED)
LISTS = Lists(
    roster=Roster([{"user": "jdoe", "team": "hr"}, {"user": "ann", "team": "hr"}, {"user": "bob", "team": "it"}]),
    tools=Names([("psexec.exe", Listed("", "runs programs elsewhere"))]),
)
EVENT = {"user": "jdoe", "process_name": "timecard.exe", "parent_process_name": "explorer.exe", "process_md5": A}


def _made(**changes: str) -> Decision:
    return decide("exclude", {**ROW, **changes}, 30, "our own time card", "anna", NOW)


def _is_dropped(decision: Decision, event: Dict[str, Any] | None = None, verdict: Verdict = UNSIGNED) -> bool:
    row = {**EVENT, **(event or {})}
    memory = Memory({}, decisions=(decision,))
    anomalies = Anomalies(memory, LISTS)
    anomalies.prepare([(str(row["user"]), "")], ())
    side = anomalies.process_side(read_event(row, FIELDS), verdict, Signed.UNKNOWN)
    return anomalies.score(side, anomalies.view(str(row["user"]), ""), ()).is_noise


def test_what_is_left_out_of_an_account_that_is_nobodys_is_no_persons() -> None:
    """SYSTEM runs our agent: nobody else of the team may run it unseen. A row without a user is about the team."""
    of_system, of_team = _made(user="NT AUTHORITY\\SYSTEM"), _made(user="-")
    assert (of_system.user, of_team.user) == ("(nobody)", "")
    for decision, covers_people in ((of_system, False), (of_team, True)):
        assert decision.covers(None, "hr")
        assert not decision.covers(None, "it")
        assert decision.covers("ann", "HR") == covers_people
    with pytest.raises(InvalidRequestError, match="neither a person nor a team"):
        _made(user="SYSTEM", team="-")


def test_a_row_that_was_left_out_by_hand_is_dropped_and_says_so() -> None:
    """Although its file is not signed; who, until when and why stand in a sentence."""
    assert _is_dropped(_made())
    anomalies = Anomalies(Memory({}, decisions=(_made(),)), LISTS)
    anomalies.prepare([("jdoe", "")])
    part = anomalies.part(
        anomalies.process_side(read_event(EVENT, FIELDS), UNSIGNED, Signed.UNKNOWN), anomalies.view("jdoe", "")
    )
    assert part.reasons == ("left out by hand until 2027-02-14 by anna: our own time card",)


@pytest.mark.parametrize(
    "event",
    [
        {"process_md5": B},
        {"process_name": "evil.exe"},
        {"parent_process_name": "winword.exe"},
        {"user": "ann"},
        {"process_name": ["timecard.exe", "evil.exe"]},
        {"original_file_name": "PsExec.exe"},
        {"process_name": "timecard.exe "},
        {"process_name": "*"},
        {"process_md5": [A, B]},
    ],
    ids=str,
)
def test_an_exclusion_covers_nothing_but_the_very_row(event: Dict[str, Any]) -> None:
    """Another file, name, parent or person is none of its business; nor is what is in doubt otherwise."""
    assert not _is_dropped(_made(), event)


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(Signed.FALSE, Reason.BAD_SIGNATURE),
        Verdict(Signed.FALSE, Reason.EXPLICIT_DISTRUST),
        Verdict(Signed.UNKNOWN, Reason.NOT_SEEN),
        Verdict(Signed.UNKNOWN, Reason.TIMEOUT),
        Verdict(Signed.FALSE, Reason.UNSIGNED, Signature(publisher="Evil Ltd")),
    ],
    ids=lambda verdict: verdict.reason.value,
)
def test_an_exclusion_is_over_when_the_signature_is_another(verdict: Verdict) -> None:
    """What was decided on was a file with this signature."""
    assert not _is_dropped(_made(), verdict=verdict)


def test_an_exclusion_of_a_team_covers_its_people_and_no_other() -> None:
    """By the roster."""
    decision = _made(user="-")
    assert _is_dropped(decision, {"user": "ann"})
    assert not _is_dropped(decision, {"user": "bob"})
    assert not _is_dropped(decision, {"user": "nobody.knows"})


def test_what_is_decided_on_one_person_covers_no_row_of_several() -> None:
    """Only what is about all of them does."""
    anomalies = Anomalies(Memory({}), LISTS)
    several, mixed = anomalies.view("jdoe", "", "ann"), anomalies.view("jdoe", "", "bob")
    assert [view.is_covered(_made()) for view in (several, mixed)] == [False, False]
    assert [view.is_covered(_made(user="-")) for view in (several, mixed)] == [True, False]


def test_a_row_that_is_odder_than_what_was_seen_is_kept() -> None:
    """An exclusion made at noon does not cover 2 am: it goes up to the score that was seen, and five more."""
    assert _made().score == 17.5
    covered = Anomalies(Memory({}, decisions=(_made(),)), LISTS)
    covered.prepare([("jdoe", "")])
    side = covered.process_side(read_event(EVENT, FIELDS), UNSIGNED, Signed.UNKNOWN)
    assert covered.part(side, covered.view("jdoe", "")).limit == 17.5


@pytest.mark.parametrize(
    ("changes", "days", "why", "message"),
    [
        ({"process_md5": "-"}, 30, "our own time card", "only a file with an MD5"),
        ({"process_md5": "0" * 32}, 30, "our own time card", "only a file with an MD5"),
        ({"process_md5": "*"}, 30, "our own time card", "only a file with an MD5"),
        ({"user": "-", "team": "-"}, 30, "our own time card", "neither a person nor a team"),
        ({"user": "SYSTEM", "team": ""}, 30, "our own time card", "neither a person nor a team"),
        ({"process_name": ""}, 30, "our own time card", "names no program"),
        ({"signed_reason": "bad_signature"}, 30, "our own time card", "never left out"),
        ({"signed": "unknown", "signed_reason": "timeout"}, 30, "our own time card", "nobody knows yet"),
        ({"signed": "true"}, 30, "our own time card", "does not say how"),
        ({}, 91, "our own time card", "from 1 to 90"),
        ({}, 0, "our own time card", "from 1 to 90"),
        ({}, float("inf"), "our own time card", "from 1 to 90"),
        ({}, 30, "is mine", "say why, in 8 characters at least"),
        ({}, 30, "   -   ", "say why"),
        ({"process_name": "x" * 300}, 30, "our own time card", "longer than"),
        ({"process_name": "x\ty"}, 30, "our own time card", "cannot be shown"),
        ({"process_name": "x\ny"}, 30, "our own time card", "process_name has several values"),
        ({"user": "jdoe\nbob"}, 30, "our own time card", "user has several values"),
        ({"parent_process_name": "explorer.exe\nx.exe"}, 30, "our own time card", "parent_process_name has several"),
    ],
)
def test_what_would_hide_too_much_is_refused(changes: Dict[str, str], days: float, why: str, message: str) -> None:
    """With the reason."""
    with pytest.raises(InvalidRequestError, match=message):
        decide("exclude", {**ROW, **changes}, days, why, "anna", NOW)


@pytest.mark.parametrize("score", ["", "-", "nan", "inf", "high"])
def test_a_row_without_a_score_is_left_out_to_five(score: str) -> None:
    """What was no number was none to look at."""
    assert _made(anomaly_score=score).score == 5.0


def test_a_score_is_a_hundred_at_most_and_so_is_what_is_left_out() -> None:
    """The five that are spare are no more than there is room for."""
    assert [_made(anomaly_score=score).score for score in ("95", "95.1", "100")] == [100.0, 100.0, 100.0]


@pytest.mark.parametrize("days", [1, 90])
def test_an_exclusion_lasts_from_a_day_to_three_months(days: int) -> None:
    """To the second."""
    assert decide("exclude", ROW, days, "our own time card", "anna", NOW).until == NOW + days * DAY


def test_a_text_of_256_characters_is_none_too_long() -> None:
    """As the refusal of more says."""
    why = "x" * 256
    assert decide("exclude", ROW, 30, why, "anna", NOW).why == why


def test_a_decision_keeps_its_key_from_version_to_version() -> None:
    """It is what a later one on the same replaces it by, and what it is ended by."""
    assert _made().key == "4a7cc795cb37db7df9a175ee62f7c0f6"
    assert _made(signed="unknown", signed_reason="not_seen", anomaly_score="3").key == _made().key


def test_eight_characters_are_a_reason() -> None:
    """As the refusal of seven says."""
    assert decide("exclude", ROW, 30, "it is my", "anna", NOW).why == "it is my"


def test_a_decision_is_read_as_it_was_written() -> None:
    """And what is no decision is none."""
    made = _made()
    assert read_decision(write_decision(made)) == made
    for broken in ({}, {**write_decision(made), "until": "soon"}, {**write_decision(made), "user": 1}):
        assert read_decision(broken) is None


def test_what_is_expected_is_about_the_team_alone() -> None:
    """Whoever of them ran it first; it takes away the question about the team, and nothing else."""
    decision = decide("expect", ROW, 180, "they all have it now", "anna", NOW)
    assert (decision.user, decision.md5, decision.parent_process_name) == ("", "", "")
    assert decision.score == 0.0
    decisions = Decisions([decision])
    assert decisions.is_expected("hr", "timecard.exe")
    assert not decisions.is_expected("it", "timecard.exe")
    assert decisions.on_file(A, "timecard.exe", "explorer.exe", UNSIGNED) == ()
    with pytest.raises(InvalidRequestError, match="a program of a team"):
        decide("expect", {**ROW, "team": "-"}, 180, "they all have it now", "anna", NOW)


SIGNED = Verdict(Signed.TRUE, Reason.JOINT, Signature("Signed", publisher="Example Corp"))


def _noise_and_reasons(event: Dict[str, Any], *decisions: Decision) -> Tuple[bool, Tuple[str, ...]]:
    row = {**EVENT, **event}
    anomalies = Anomalies(Memory({}, decisions=decisions), LISTS)
    anomalies.prepare([(str(row["user"]), "")], ())
    side = anomalies.process_side(read_event(row, FIELDS), SIGNED, Signed.UNKNOWN)
    scored = anomalies.score(side, anomalies.view(str(row["user"]), ""), ())
    return scored.is_noise, scored.part.reasons


@pytest.mark.parametrize(
    ("event", "whose"),
    [
        ({}, "this file"),
        ({"user": "bob", "process_name": "other.exe"}, "this file"),
        ({"process_md5": B, "parent_process_md5": A}, "the parent's file"),
    ],
)
def test_a_file_that_somebody_called_bad_is_never_dropped(event: Dict[str, Any], whose: str) -> None:
    """Though it is signed or was left out before: under whatever name, whoever runs it, and what it starts."""
    bad = decide("bad", ROW, 30, "came with a false invoice", "anna", NOW)
    is_noise, reasons = _noise_and_reasons(event, bad, _made()._replace(signed="true", publisher="Example Corp"))
    assert not is_noise
    assert reasons == (f"{whose} was called bad until 2027-02-14 by anna: came with a false invoice",)


def test_what_is_called_bad_is_about_its_file_alone() -> None:
    """Another file is dropped as before."""
    bad = decide("bad", ROW, 30, "came with a false invoice", "anna", NOW)
    assert _noise_and_reasons({"process_md5": B}, bad) == (True, ())


def test_what_is_called_bad_has_an_md5() -> None:
    """Else nothing would come of it, and nobody would hear so."""
    with pytest.raises(InvalidRequestError, match="told by its MD5: the row has none in process_md5"):
        decide("bad", {**ROW, "process_md5": "-"}, 30, "came with a false invoice", "anna", NOW)


def test_there_are_three_actions() -> None:
    """Whoever asks for another is told which."""
    with pytest.raises(InvalidRequestError, match="action is one of exclude, expect, bad"):
        decide("adore", ROW, 30, "our own time card", "anna", NOW)


def test_an_action_of_another_version_is_none() -> None:
    """It stands in the collection, and says nothing of its file."""
    other = _made()._replace(action="adore")
    decisions = Decisions([other])
    assert (decisions.called_bad(A), decisions.is_expected("hr", "timecard.exe")) == (None, False)
    assert not _is_dropped(other)


def test_an_input_knows_which_files_are_bad_and_no_exclusions() -> None:
    """What it writes lasts, and an exclusion ends."""
    bad = decide("bad", ROW, 30, "came with a false invoice", "anna", NOW)
    expected = decide("expect", ROW, 180, "they all have it now", "anna", NOW)
    assert BadFiles(_Store(_made(), bad, expected)).active(NOW) == [bad]


def test_what_is_called_bad_is_told_by_its_documents_md5_where_the_row_has_a_sha256_alone() -> None:
    """Which the command puts on the row."""
    row = {**ROW, "process_md5": "-", "process_document_md5": A}
    assert decide("bad", row, 30, "came with a false invoice", "anna", NOW).md5 == A
    with pytest.raises(InvalidRequestError, match="only a file with an MD5"):
        decide("exclude", row, 30, "our own time card", "anna", NOW)


class _Store:
    def __init__(self, *kept: Decision) -> None:
        self.decisions: Dict[str, Decision | None] = {one.key: one for one in kept}

    def active(self, now: float) -> list[Decision]:
        return [one for one in self.kept(now).values() if one is not None]

    def kept(self, now: float) -> Dict[str, Decision | None]:
        return {key: one for key, one in self.decisions.items() if one is None or one.until > now}

    def write(self, decisions: Any) -> None:
        self.decisions.update((one.key, one) for one in decisions)

    def end(self, keys: Any) -> None:
        for key in keys:
            del self.decisions[key]

    def forget(self, before: float) -> None:
        self.decisions = {key: one for key, one in self.decisions.items() if one is None or one.until >= before}


class TestTheService:
    """Who decides, how much, and on what."""

    service = DecisionService(lambda: LISTS, lambda: NOW)

    def test_the_author_is_whom_splunkd_names(self) -> None:
        """Whatever the request says."""
        store = _Store()
        request = write_request("exclude", [{**ROW, "author": "somebody else"}], 30, "our own time card")
        self.service.take(request, "anna", store)
        (kept,) = store.active(NOW)
        assert (kept.author, kept.until) == ("anna", NOW + 30 * DAY)

    def test_a_tool_that_intruders_live_off_is_never_left_out(self) -> None:
        """Nor is any other row of that request."""
        store = _Store()
        rows = [ROW, {**ROW, "process_name": "PsExec.exe"}]
        with pytest.raises(InvalidRequestError, match="is never left out"):
            self.service.take(write_request("exclude", rows, 30, "our own time card"), "anna", store)
        assert store.decisions == {}

    def test_too_many_rows_or_decisions_are_refused(self) -> None:
        """An exclusion of everything is none."""
        with pytest.raises(InvalidRequestError, match="1 to 20 rows"):
            self.service.take(write_request("exclude", [ROW] * 21, 30, "our own time card"), "anna", _Store())
        full = _Store(*(_made()._replace(user=f"u{number}") for number in range(MAX_ACTIVE)))
        with pytest.raises(InvalidRequestError, match="hold already"):
            self.service.take(write_request("exclude", [ROW], 30, "our own time card"), "anna", full)

    def test_a_decision_is_ended_by_its_key(self) -> None:
        """One that is not there cannot be."""
        store = _Store(_made())
        self.service.take(write_request("end", [{"_key": _made().key}], 30, ""), "bert", store)
        assert store.decisions == {}
        with pytest.raises(InvalidRequestError, match="no decision of these keys"):
            self.service.take(write_request("end", [{"_key": _made().key}], 30, ""), "bert", store)

    def test_one_that_cannot_be_read_is_ended_likewise(self) -> None:
        """Until then it keeps every row."""
        store = _Store(_made())
        store.decisions["damaged"] = None
        told = json.loads(self.service.take(write_request("end", [{"_key": "damaged"}], 30, ""), "bert", store))
        assert told == {"decisions": [{"decision": "damaged", "why": "it could not be read", "until": ""}]}
        assert store.decisions == {_made().key: _made()}

    @pytest.mark.parametrize(
        "text", ["", "[]", "{}", '{"action": 1}', '{"action":"exclude","rows":[1],"days":1,"why":""}']
    )
    def test_what_is_no_request_is_refused(self, text: str) -> None:
        """Whoever sends it."""
        with pytest.raises(InvalidRequestError):
            self.service.take(text, "anna", _Store())

    def test_every_action_has_an_end(self) -> None:
        """A year at most."""
        assert {action.word: action.most_days for action in Action} == {"exclude": 90, "expect": 365, "bad": 365}
