"""One search behind the command: nothing is lost by a defect, and the message says what it came to."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from splunklib.searchcommands import StreamingCommand

from cbverdict.anomalies.baselines import Baselines, Subject, SubjectKind
from cbverdict.anomalies.known_baselines import BaselineQuestion, KnownBaselines
from cbverdict.errors import ServiceError, Trouble
from cbverdict.events.columns import TIME_FIELD, EventFields
from cbverdict.search.anomaly_table import ANOMALY_FIELDS
from cbverdict.search.enrich_options import EnrichOptions
from cbverdict.search.pipeline import Search, read_options
from cbverdict.search.risk_columns import RISK_FIELDS
from cbverdict.search.row_form import INDEX
from cbverdict.search.verdict_columns import Record
from cbverdict.service.verdict_api import VerdictReply, VerdictRequest
from cbverdict.settings.verdicts import Method
from cbverdict.verdicts.reasons import Reason, Signed, Source
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.verdict import Answer, Verdict
from tests.lab.host import encode
from tests.lab.memory import Memory
from tests.lab.sightings import Sighting, learn

A = "a" * 32
LEARNT: Baselines = {}
learn(LEARNT, Sighting(20_000, 9, "ann", None, "a.exe", "boss.exe"))


class Answers:
    """Who says that everything is signed, or raises."""

    def __init__(self, error: Exception | None = None, troubles: tuple[Trouble, ...] = ()) -> None:
        """Store what goes wrong."""
        self.error = error
        self.troubles = troubles
        self.asked = 0

    def ask(self, request: VerdictRequest) -> VerdictReply:
        """Answer."""
        self.asked += 1
        if self.error is not None:
            raise self.error
        answer = Answer(Verdict(Signed.TRUE, Reason.BINARY, Signature("Signed", "Example Corp")), Source.SERVER)
        return VerdictReply("lab", (answer,) * len(request.questions), 2, self.troubles)


class Broken:
    """Baselines that raise."""

    def __init__(self, error: Exception) -> None:
        """Store the error."""
        self._error = error

    def read(self, _subjects: Any) -> Any:
        """Raise it."""
        raise self._error


def _row(**changes: str) -> Record:
    return {"md5": A, "process_name": "a.exe", "user": "ann", "_time": "1793620800", **changes}


def test_a_defect_in_the_verdicts_costs_no_row() -> None:
    """Every field is there, the reason is said, and scoring goes on."""
    search = Search(Answers(ZeroDivisionError("x")), Memory(LEARNT), EnrichOptions(has_anomaly=True))
    (record,) = search.enrich([_row()])
    assert (record["signed"], record["signed_reason"], record["parent_signed"]) == (
        "unknown",
        "service_error",
        "unknown",
    )
    assert {name: record[name] for name in ANOMALY_FIELDS} == {
        **dict.fromkeys(ANOMALY_FIELDS, ""),
        "signed_noise": "false",
    }
    assert (search.has_trouble, search.troubles) == (True, {Reason.SERVICE_ERROR})
    assert "1 rows; 0 signed, 0 not signed, 1 unknown (service_error 1)" in search.summary()
    assert "a defect of cbsigned (ZeroDivisionError): see search.log" in search.summary()


def test_a_defect_in_the_scores_costs_no_verdict() -> None:
    """The score's fields are there, empty."""
    options = EnrichOptions(has_risk=True, has_anomaly=True, prefix="cb_")
    search = Search(Answers(), Broken(ZeroDivisionError("x")), options)
    (record,) = search.enrich([_row()])
    assert record["cb_signed"] == "true"
    names = [f"cb_{name}" for name in (*ANOMALY_FIELDS, *RISK_FIELDS)]
    assert {name: record[name] for name in names} == {**dict.fromkeys(names, ""), "cb_signed_noise": "false"}
    assert "a defect of cbsigned (ZeroDivisionError)" in search.summary()


def test_a_defect_while_looking_ahead_is_met_again_when_it_counts() -> None:
    """In the other thread it costs nothing."""
    verdicts = Answers(ZeroDivisionError("x"))
    search = Search(verdicts, Memory({}), EnrichOptions())
    (event,) = search.prefetch([_row()])
    assert event.process.name == "a.exe"
    verdicts.error = None
    (record,) = search.enrich([_row()], [event])
    assert (record["signed"], search.has_trouble) == ("true", False)


def test_what_was_asked_ahead_is_not_asked_again() -> None:
    """And counts as the search's requests."""
    verdicts = Answers()
    search = Search(verdicts, Memory({}), EnrichOptions())
    events = search.prefetch([_row()])
    assert verdicts.asked == 1
    search.enrich([_row()], events)
    assert (verdicts.asked, search.requests) == (1, 2)


def test_the_message_says_what_there_is_to_say_and_no_more() -> None:
    """Noise where it is judged, that nothing is learnt, what went wrong."""
    plain = (
        "cbsigned: 1 rows; 1 signed, 0 not signed, 0 unknown; 1 distinct questions, 0 rows from the cache, "
        "2 requests to Carbon Black."
    )
    search = Search(Answers(), Memory({}), EnrichOptions())
    search.enrich([_row()])
    assert search.summary() == plain
    assert (search.has_trouble, search.troubles) == (False, set())
    search = Search(Answers(), Memory({}), EnrichOptions(has_anomaly=True))
    search.enrich([_row()])
    assert search.summary() == (
        f"{plain} 1 are signed noise. Nothing is known yet of what is usual: an admin runs cbsignedlearn, "
        "or enables its saved search."
    )
    search = Search(Answers(), Memory(LEARNT), EnrichOptions(has_anomaly=True))
    search.enrich([_row()])
    assert search.summary() == f"{plain} 1 are signed noise."
    search = Search(Answers(), Broken(ServiceError("it is down")), EnrichOptions(has_risk=True))
    search.enrich([_row()])
    assert search.summary() == f"{plain} 0 are signed noise. it is down"
    assert (search.has_trouble, search.troubles) == (True, {Reason.SERVICE_ERROR})


@pytest.mark.parametrize(("hours", "is_read"), [(23, True), (25, False)])
def test_a_time_of_more_than_a_day_to_come_is_none(hours: int, *, is_read: bool) -> None:
    """A day ahead may be a zone; more is a clock gone wrong."""
    search = Search(Answers(), Memory(LEARNT), EnrichOptions(has_anomaly=True))
    search.enrich([_row(_time=str(time.time() + hours * 3600))])
    assert (" 1 have no time that can be read" in search.summary()) is not is_read


def test_trouble_of_the_verdicts_alone_is_trouble() -> None:
    """Without scores too."""
    search = Search(Answers(troubles=(Trouble(Reason.TIMEOUT, "late"),)), Memory({}), EnrichOptions())
    search.enrich([_row()])
    assert (search.has_trouble, search.troubles) == (True, {Reason.TIMEOUT})


def _read(body: Any) -> Any:
    return StreamingCommand._read_csv_records(StreamingCommand, body)  # noqa: SLF001 - the SDK's reader itself


@pytest.mark.parametrize("has_anomaly", [False, True])
def test_plain_chunks_are_written_by_the_codec_and_counted(*, has_anomaly: bool) -> None:
    """Each row once, with scores or without."""
    options = EnrichOptions(has_anomaly=has_anomaly)
    search = Search(Answers(), Memory(LEARNT), options, _read)
    columns = ["md5", "process_name", "user", "username", "User", "team", "_time", INDEX]
    reply = search.reply(encode([_row(), _row(user="bob")], columns).decode())
    assert reply is not None
    assert reply.rows == 2
    assert reply.body.decode().count(",binary,") == 2
    assert "cbsigned: 2 rows; 2 signed" in search.summary()


def _never(_: Any) -> Any:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    "options",
    [
        EnrichOptions(has_risk=True),
        EnrichOptions(has_anomaly=True, fields=EventFields(user=("process_name",))),
        EnrichOptions(has_anomaly=True, fields=EventFields(md5=(TIME_FIELD,))),
        EnrichOptions(has_anomaly=True, fields=EventFields(parent_md5=("lastTime",))),
        EnrichOptions(fields=EventFields(md5=("process_guid",))),
    ],
)
def test_the_codec_leaves_to_the_sdk_what_it_does_not_write(
    options: EnrichOptions, caplog: pytest.LogCaptureFixture
) -> None:
    """Risk, and a column that says both who and what: it does not even look at them."""
    search = Search(Answers(), Memory({}), options, _never)
    assert search.reply(encode([_row()], ["md5", "process_name", "user", "_time", INDEX]).decode()) is None
    assert (search.has_trouble, caplog.records) == (False, [])


def test_what_nobody_answered_is_asked_again_with_the_next_chunk() -> None:
    """By the codec too, which remembers rows of a kind."""
    verdicts = Answers(ServiceError("it is down"))
    search = Search(verdicts, Memory({}), EnrichOptions(), _read)
    chunk = encode([_row()], ["md5", "process_name", INDEX]).decode()
    first = search.reply(chunk)
    assert first is not None
    assert ",service_error," in first.body.decode()
    verdicts.error = None
    for _ in range(2):
        reply = search.reply(chunk)
        assert reply is not None
        assert ",binary," in reply.body.decode()
    assert verdicts.asked == 2


def test_a_defect_of_the_codec_is_left_to_the_sdk_too(caplog: pytest.LogCaptureFixture) -> None:
    """It reads the chunk anew; the log says what it was."""
    search = Search(Answers(), Memory({}), EnrichOptions(), _never)
    assert search.reply('md5,_chunked_idx,__mv_md5,__mv__chunked_idx\n"x",0,"$a$;$b$",\n') is None
    assert [record.getMessage() for record in caplog.records] == ["action=reply defect=ZeroDivisionError"]


def test_the_method_is_one_of_the_settings() -> None:
    """Or the setting's own where the analyst names none."""
    assert read_options(method="binary", prefix="x_") == EnrichOptions(method=Method.BINARY, prefix="x_")
    assert read_options(method=None) == EnrichOptions()
    assert read_options(method="") == EnrichOptions()


@pytest.mark.parametrize("is_by_codec", [True, False])
def test_baselines_are_read_while_verdicts_are_asked(*, is_by_codec: bool) -> None:
    """In one call for people and parents: neither service waits for the other."""
    is_reading, asked = threading.Event(), list[BaselineQuestion]()

    class Patient(Answers):
        def ask(self, request: VerdictRequest) -> VerdictReply:
            assert is_reading.wait(30), "the baselines come after the verdicts"
            return super().ask(request)

    class Noted(Memory):
        def read(self, question: BaselineQuestion) -> KnownBaselines:
            is_reading.set()
            asked.append(question)
            return super().read(question)

    search = Search(Patient(), Noted(LEARNT), EnrichOptions(has_anomaly=True), _read if is_by_codec else None)
    row = _row(parent_process_name="boss.exe")
    if is_by_codec:
        columns = [*EventFields().columns(has_names=True), *EventFields().who(), "_time", INDEX]
        assert search.reply(encode([row], columns).decode()) is not None
    else:
        search.enrich([row])
    subjects = (Subject(SubjectKind.PARENT, "boss.exe"), Subject(SubjectKind.PERSON, "ann"))
    assert asked == [BaselineQuestion(subjects, ("a.exe", "boss.exe"), wants_decisions=True)]


def test_baselines_that_come_late_are_waited_for_and_not_asked_for_again() -> None:
    """A slow store would have twice the work of each chunk."""
    is_asked_again, asked = threading.Event(), list[BaselineQuestion]()

    class Slow(Memory):
        def read(self, question: BaselineQuestion) -> KnownBaselines:
            asked.append(question)
            if len(asked) > 1:
                is_asked_again.set()
            is_asked_again.wait(0.3)
            return super().read(question)

    search = Search(Answers(), Slow(LEARNT), EnrichOptions(has_anomaly=True))
    (record,) = search.enrich([_row()])
    assert record["signed"] == "true"
    assert len(asked) == 1


@pytest.mark.parametrize("option", ["md5", "name", "parent_md5", "parent_name"])
def test_a_column_that_is_named_and_that_no_row_has_is_told(option: str) -> None:
    """It alone is read, so its guards are off: what Word starts would be dropped without a word."""
    row = {"process_md5": "a" * 32, "mine": "acme.exe"}
    for column, is_told in (("nosuch", True), ("mine", False)):
        search = Search(Answers(), None, EnrichOptions(fields=EventFields(**{option: (column,)})))
        search.enrich([dict(row)])
        assert search.has_trouble == is_told
        assert (f"No row has anything in {column}, which {option}= names" in search.summary()) == is_told
