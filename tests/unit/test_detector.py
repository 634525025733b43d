"""What is said of a row: opinions with their sentences, no opinion with the reason, and the same by either way."""

from __future__ import annotations

from io import BytesIO, StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from splunklib.searchcommands import StreamingCommand
from splunklib.searchcommands.internals import RecordWriterV2

from cbsigned import CbsignedCommand
from cbverdict.anomalies.baselines import ORGANISATION, Baseline, Baselines
from cbverdict.anomalies.combination import cauchy, score_of_cauchy
from cbverdict.anomalies.decisions import Decision
from cbverdict.anomalies.detector import Anomalies
from cbverdict.anomalies.distinct_count import sketch_of, unite
from cbverdict.anomalies.explanations import (
    SEVERAL_TEAMS,
    SEVERAL_USERS,
    SPAN,
    UNREAD_BASELINES,
    UNREAD_END,
    UNREAD_LISTS,
)
from cbverdict.anomalies.known_baselines import BaselineQuestion, KnownBaselines
from cbverdict.anomalies.person_view import NOBODY
from cbverdict.anomalies.profiles import Profiles
from cbverdict.anomalies.reference_lists import Gateway, Listed, Lists, Names, Roster
from cbverdict.anomalies.seen_people import People
from cbverdict.errors import ServiceError
from cbverdict.events.columns import GUID_FIELDS, OTHER_TIME_FIELDS, TIME_FIELD, EventFields
from cbverdict.events.event import ProcessEvent
from cbverdict.events.named_file import Process
from cbverdict.events.one_off_names import kind_of
from cbverdict.events.people import person_of
from cbverdict.events.times import TimeReader
from cbverdict.search import anomaly_columns, row_form
from cbverdict.search.anomaly_columns import RowScorer
from cbverdict.search.anomaly_table import ANOMALY_COLUMNS, ANOMALY_FIELDS, PerRow
from cbverdict.search.enrich_options import EnrichOptions
from cbverdict.search.pipeline import Search, may_be_joined
from cbverdict.search.risk_columns import RISK_FIELDS, RiskObjects
from cbverdict.search.row_codec import RowCodec
from cbverdict.search.row_form import INDEX
from cbverdict.search.verdict_columns import Enricher
from cbverdict.service.verdict_api import VerdictReply, VerdictRequest
from cbverdict.settings.anomalies import AnomalySettings
from cbverdict.verdicts.reasons import Reason, Signed, Source
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.verdict import Answer, Verdict
from tests.lab.host import Row, _decode, encode
from tests.lab.memory import Memory
from tests.lab.sightings import Sighting, learn, merge_baselines

MONDAY = 20_759  # 2026-11-02
NOON, NIGHT = "1793620800", "1793584800.5"  # that day, 12:00 and 2:00 UTC
TEAMS = {"hr": ["ann", "amy", "abe", "ada", "art"], "it": ["bob", "ben", "bea", "bud", "bee"]}
LISTS = Lists(
    roster=Roster([{"user": name, "team": team.upper()} for team, names in TEAMS.items() for name in names]),
    tools=Names([("powershell.exe", Listed("", "runs any script"))]),
    expected={"it": Names([("cmd.exe", Listed("", ""))])},
)


def _learnt() -> Baselines:
    """Give eight weeks of office hours: HR runs outlook, IT runs outlook, git and powershell."""
    learnt: Baselines = {}
    for day in range(MONDAY - 56, MONDAY):
        for team, names in TEAMS.items():
            for name in names if day % 7 not in {2, 3} else ():  # no Saturdays, no Sundays
                for hour in range(9, 17):
                    own = "workday.exe" if team == "hr" else "git.exe"
                    for process in ("outlook.exe", own):
                        learn(learnt, Sighting(day, hour, name, team, process, "explorer.exe"))
    return learnt


LEARNT = _learnt()
FIELDS = EventFields()
COLUMNS = ["process_md5", "process_name", "parent_process_name", *FIELDS.who(), TIME_FIELD]


class AllSigned:
    """Who says that everything is signed, but for one hash."""

    def __init__(self, signature: Signature | None = None) -> None:
        """Take what its certificate says (None: who signed, and nothing else)."""
        self._signature = signature or Signature("Signed", "Example Corp")

    def ask(self, request: VerdictRequest) -> VerdictReply:
        """Answer."""
        answers = [
            Answer(
                Verdict(Signed.FALSE if one.md5 == "f" * 32 else Signed.TRUE, Reason.BINARY, self._signature),
                Source.CACHE,
            )
            for one in request.questions
        ]
        return VerdictReply("lab", tuple(answers))


class Down:
    """Who gives no baseline."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self.asked = 0

    def read(self, _subjects: Any) -> Any:
        """Fail."""
        self.asked += 1
        raise ServiceError("it is down")


def _scored(rows: list[Row], source: Any = None, lists: Lists = LISTS, **options: Any) -> list[dict[str, Any]]:
    """Score rows by the way of records."""
    chosen = EnrichOptions(**options)
    enricher, records = Enricher(AllSigned(), chosen), [dict(row) for row in rows]
    scorer = RowScorer(Anomalies(source or Memory(LEARNT), lists), chosen, TimeReader())
    scorer.write(records, enricher.enrich(records))
    return records


def _row(user: str, process: str, parent: str = "explorer.exe", time: str = NOON) -> Row:
    names = {"process_name": process, "parent_process_name": parent}
    return {"process_md5": "a" * 32, **names, "user": user, TIME_FIELD: time}


def test_a_usual_row_is_noise_and_says_nothing() -> None:
    """All three questions are answered."""
    (record,) = _scored([_row("CORP\\Ann", "OUTLOOK.EXE")])
    assert record["signed_noise"] == "true"
    assert record["anomaly_reasons"] == ""
    assert float(record["anomaly_score"]) < 10
    assert all(float(record[f"anomaly_{part}_p"]) > 0.1 for part in ("hour", "team", "parent"))


def test_git_in_hr_is_told_in_words() -> None:
    """Signed, its parent is usual for it, the hour as well; it is still no noise."""
    (record,) = _scored([_row("ann", "git.exe")])
    assert record["anomaly_reasons"] == "git.exe is run by 0 of 5 people in HR; first time for ann in 640 starts"
    assert float(record["anomaly_score"]) > 20
    assert record["signed_noise"] == "false"
    assert _scored([_row("bob", "git.exe")])[0]["signed_noise"] == "true"


def test_a_log_on_at_two_in_the_morning_has_its_hour_scored_without_a_process() -> None:
    """There is no hash, so it is never noise; the score says what is odd."""
    night, noon = _scored([{"user": "ann", TIME_FIELD: NIGHT}, {"user": "ann", TIME_FIELD: NOON}])
    assert float(night["anomaly_score"]) > 20
    assert float(noon["anomaly_score"]) < 10
    assert night["anomaly_reasons"].startswith("Monday 02:00-02:30 (UTC) is unusual for ann: ")
    assert (night["anomaly_team_p"], night["anomaly_parent_p"], night["signed_noise"]) == ("", "", "false")


def test_an_odd_parent_is_told_and_what_never_started_anything_gives_no_opinion() -> None:
    """The pedigree counts by itself."""
    learnt = _learnt()
    for number in range(400):
        learn(learnt, Sighting(MONDAY - 1, 9, None, None, "splwow64.exe", "winword.exe"))
        learn(learnt, Sighting(MONDAY - 1, 9, None, None, f"any{number % 9}.exe", "cmd.exe"))
    learn(learnt, Sighting(MONDAY - 1, 9, None, None, "git.exe", "strange.exe"))
    odd, none = _scored([_row("bob", "git.exe", "winword.exe"), _row("bob", "git.exe", "strange.exe")], Memory(learnt))
    assert odd["anomaly_reasons"] == "winword.exe never started git.exe in 400 starts"
    assert odd["signed_noise"] == "false"
    assert none["anomaly_reasons"] == "no opinion on the parent: too few starts by strange.exe are known"
    assert none["signed_noise"] == "true"


@pytest.mark.parametrize(
    ("parent", "signed_by", "is_kept"),
    [("implant.exe", None, True), ("implant.exe", "a" * 32, False), ("git.exe", None, False), ("", None, False)],
)
def test_what_a_parent_that_was_never_seen_starts_is_kept(parent: str, signed_by: str | None, *, is_kept: bool) -> None:
    """Unless it is signed: its own row need not be in a search of five minutes. On day one nothing was ever seen."""
    row = {**_row("bob", "git.exe", parent), **({"parent_process_md5": signed_by} if signed_by else {})}
    (said,), (day_one,) = _scored([row]), _scored([row], Memory({}))
    assert (said["signed_noise"] == "false") is is_kept
    sentence = "implant.exe was never seen here before, and nobody says that it is signed"
    assert (sentence in said["anomaly_reasons"]) is is_kept
    assert day_one["signed_noise"] == "true"


@pytest.mark.parametrize("parent", ["beacon.tmp", "acme-dead0beef1.exe", "{01234567-89ab-cdef-0123-456789abcdef}.exe"])
def test_others_of_a_kind_do_not_vouch_for_a_parent_with_a_name_made_at_random(parent: str) -> None:
    """Whoever names his file chooses the kind. Versions of one program are the same one."""
    learnt = _learnt()
    for number in range(60):
        for earlier in (f"is-{number:04x}.tmp", f"acme-4.{number}.exe"):
            learn(learnt, Sighting(MONDAY - 1, 9, "bob", "it", "git.exe", kind_of(earlier)))
    (unknown,), (signed,) = (
        _scored([{**_row("bob", "git.exe", parent), **more}], Memory(learnt))
        for more in ({}, {"parent_process_md5": "a" * 32})
    )
    assert (unknown["signed_noise"], signed["signed_noise"]) == ("false", "true")
    assert "is a name made at random" in unknown["anomaly_reasons"]
    (version,) = _scored([_row("bob", "git.exe", "acme-9.9.exe")], Memory(learnt))
    assert version["signed_noise"] == "true"


NO_OPINION = [
    (_row("new", "outlook.exe"), "no opinion on the hour: 0 of 20 active hours of new are known"),
]


@pytest.mark.parametrize(("row", "words"), NO_OPINION)
def test_too_little_data_gives_no_opinion_and_says_so(row: Row, words: str) -> None:
    """And does not keep a row from being noise."""
    (record,) = _scored([row])
    reasons = record["anomaly_reasons"]
    assert any(
        reason.startswith(words) or words in reason for reason in ([reasons] if isinstance(reasons, str) else reasons)
    )
    assert record["signed_noise"] == "true"


@pytest.mark.parametrize("team", ["tiny", "hr"])
def test_who_has_no_team_to_compare_with_is_compared_with_everybody(team: str) -> None:
    """A program of others is told and scored, in a team of few as in a company of one team."""
    rows = {name: _row("ann", name) for name in ("git.exe", "workday.exe")}
    learnt: Baselines = {}
    for subject, baseline in LEARNT.items():
        if subject.name not in {"hr", "it"}:
            learnt[subject] = Baseline(baseline.days, baseline.names)
    odd, usual = _scored([{**row, "team": team} for row in rows.values()], Memory(learnt))
    assert odd["anomaly_reasons"] == (
        "git.exe is 25 % of what everybody runs (there is no team to compare with); first time for ann in 640 starts"
    )
    assert float(odd["anomaly_score"]) >= 20 > float(usual["anomaly_score"])
    assert (odd["signed_noise"], usual["signed_noise"]) == ("false", "true")


def test_what_a_team_is_expected_to_run_gives_no_opinion_on_the_team() -> None:
    """Though nobody of it was seen with it."""
    (record,) = _scored([_row("bob", "cmd.exe")])
    assert (record["anomaly_team_p"], record["anomaly_hour_p"] != "") == ("", True)


@pytest.mark.parametrize("time", [NOON, ""])
def test_on_day_one_nothing_is_scored_and_signed_is_noise(time: str) -> None:
    """There is no baseline, and no sentence on every row about it."""
    (record,) = _scored([_row("ann", "git.exe", time=time)], Memory({}))
    empty = dict.fromkeys(ANOMALY_FIELDS, "")
    assert {name: record[name] for name in ANOMALY_FIELDS} == {**empty, "signed_noise": "true"}


def test_baselines_that_nobody_gives_are_asked_for_once_and_nothing_is_dropped_for_want_of_them() -> None:
    """The trouble goes into the search's message: who can keep the service busy must not gain from it."""
    down = Down()
    anomalies = Anomalies(down, LISTS)
    options = EnrichOptions()
    enricher, scorer = Enricher(AllSigned(), options), RowScorer(anomalies, options, TimeReader())
    for _ in range(3):
        records: list[Any] = [_row("ann", "git.exe")]
        scorer.write(records, enricher.enrich(records))
        assert records[0]["signed_noise"] == "false"
        assert records[0]["anomaly_reasons"] == UNREAD_BASELINES
    assert down.asked == 1
    assert [trouble.message for trouble in anomalies.troubles] == ["it is down"]


def test_who_is_known_before_the_baselines_fail_is_judged_as_before() -> None:
    """What fails later in a search is about the people who come later."""

    class Failing(Memory):
        asked = 0

        def read(self, question: BaselineQuestion) -> KnownBaselines:
            self.asked += 1
            if self.asked > 1:
                raise ServiceError("it is down")
            return super().read(question)

    anomalies = Anomalies(Failing(LEARNT), LISTS)
    scorer, enricher = RowScorer(anomalies, EnrichOptions(), TimeReader()), Enricher(AllSigned(), EnrichOptions())
    dropped = []
    for user in ("ann", "nobody-known", "ann"):
        records: list[Any] = [_row(user, "outlook.exe")]
        scorer.write(records, enricher.enrich(records))
        dropped.append(records[0]["signed_noise"])
    assert dropped == ["true", "false", "false"]


def test_nothing_is_dropped_while_a_list_of_what_is_never_dropped_cannot_be_read() -> None:
    """A row that was left out by hand among them: it may be a tool."""
    (row,) = _scored([_row("ann", "outlook.exe")])
    (kept,) = _scored([_row("ann", "outlook.exe")], lists=LISTS._replace(is_whole=False))
    assert (row["signed_noise"], kept["signed_noise"]) == ("true", "false")
    assert UNREAD_LISTS in kept["anomaly_reasons"]


def test_a_threshold_of_the_admins_decides_what_is_noise() -> None:
    """With a higher one more is dropped."""
    (record,) = _scored([_row("ann", "git.exe")], Memory(LEARNT, AnomalySettings(threshold=60)))
    assert record["signed_noise"] == "true"


def test_risk_fields_are_ready_for_risk_based_alerting() -> None:
    """Noise weighs nothing; an unsigned binary weighs more than its score."""
    not_signed: Row = {**_row("ann", "git.exe"), "process_md5": "f" * 32}
    rows: list[Row] = [_row("ann", "outlook.exe"), not_signed, {"dest": "pc1"}]
    usual, odd, nothing = _scored(rows, has_risk=True)
    assert [usual[name] for name in RISK_FIELDS] == [
        "0",
        "ann",
        "user",
        "outlook.exe by ann: nothing odd",
        ["a" * 32, "outlook.exe", "explorer.exe"],
        ["file_hash", "process_name", "parent_process_name"],
    ]
    assert int(odd["risk_score"]) == round(30 + float(odd["anomaly_score"]))
    assert odd["risk_message"] == (
        "git.exe by ann: signed: false (binary); git.exe is run by 0 of 5 people in HR; "
        "first time for ann in 640 starts"
    )
    assert [nothing[name] for name in RISK_FIELDS] == ["0", "pc1", "system", f"activity on pc1: {NOBODY}", "", ""]


@pytest.mark.parametrize(
    ("objects", "user", "host", "expected"),
    [
        (RiskObjects.BOTH, "CORP\\Ann", "pc1", (["ann", "pc1"], ["user", "system"])),
        (RiskObjects.USER, "ann@corp.example", "pc1", ("ann", "user")),
        (RiskObjects.SYSTEM, "ann", "pc1", ("pc1", "system")),
        (RiskObjects.SYSTEM, "ann", "-", ("ann", "user")),
        (RiskObjects.USER, "NT AUTHORITY\\SYSTEM", "pc1", ("pc1", "system")),
        (RiskObjects.BOTH, "PC1$", "pc1", ("pc1", "system")),
        (RiskObjects.BOTH, "unknown", "N/A", ("", "")),
    ],
)
def test_risk_is_put_on_the_person_and_the_endpoint_that_are_known(
    objects: RiskObjects, user: str, host: str, expected: tuple[object, object]
) -> None:
    """One name a person, and nobody where an account is a machine's, a service's or nothing."""
    (row,) = _scored(
        [{"user": user, "dest": host, "host": "forwarder" if host == "pc1" else "-"}],
        has_risk=True,
        risk_objects=objects,
    )
    assert (row["risk_object"], row["risk_object_type"]) == expected


def _read(body: StringIO) -> Any:
    return StreamingCommand._read_csv_records(StreamingCommand, body)  # noqa: SLF001 - the SDK's reader itself


def _codec(enricher: Enricher, scorer: RowScorer, **more: Any) -> RowCodec:
    def score(records: Any) -> Any:
        return scorer.score_processes(enricher.enrich(records))

    return RowCodec(_read, score, scorer, passed=GUID_FIELDS, **more)


def test_a_name_too_long_for_a_baseline_costs_only_its_own_opinion() -> None:
    """A file name is an attacker's to choose; the rows beside it are scored all the same."""
    long = "\u0130" * 200 + ".exe"
    rows = [_row("ann", "git.exe", long), {**_row("ann", long), "team": "t" * 300}, _row("ann", "git.exe")]
    first, second, third = _scored(rows)
    assert first["anomaly_team_p"] == third["anomaly_team_p"] != ""
    assert (first["anomaly_parent_p"], second["anomaly_team_p"]) == ("", "")
    assert third["signed_noise"] == "false"


def test_one_service_account_at_night_does_not_make_the_night_usual() -> None:
    """A prior of who was active, not of how much was started."""
    learnt = _learnt()
    for day in range(MONDAY - 56, MONDAY):
        for _ in range(50):
            learn(learnt, Sighting(day, 2, "backup", "hr", "job.exe", "services.exe"))
    (record,) = _scored([{"user": "ann", TIME_FIELD: NIGHT}], Memory(learnt))
    assert float(record["anomaly_score"]) > 20


def test_what_is_compared_has_aged_alike() -> None:
    """A team that was away for a while is not taken for another organisation."""
    learnt: Baselines = {}
    for day, team in ((MONDAY - 200, "hr"), (MONDAY - 1, "it")):
        for number in range(6):
            for process in ("same.exe", f"{team}.exe"):
                for _ in range(100):
                    learn(learnt, Sighting(day, 9, f"{team}{number}", team, process))
    usual = Profiles(Memory(learnt))
    usual.read(list(learnt))
    group = usual.team("hr")
    assert group is not None
    assert group.others_share("same.exe") == pytest.approx(0.5, abs=0.01)


ROW = st.fixed_dictionaries(
    {},
    optional={
        "process_md5": st.sampled_from(["a" * 32, "b" * 32, "f" * 32, ""]),
        "process_name": st.sampled_from(["git.exe", "outlook.exe", "powershell.exe", "new, one.exe", "100%.exe", "%s"]),
        "parent_process_name": st.sampled_from(["explorer.exe", "x.exe", 'a "b".exe', ""]),
        "user": st.sampled_from(["ann", "CORP\\bob", "Doe, John", 'a"b', "", "line\nend", "%d"]),
        "username": st.one_of(st.just("amy"), st.lists(st.sampled_from(["ann", "bob"]), min_size=2, max_size=2)),
        "team": st.sampled_from(["hr", "it", "a, b", ""]),
        TIME_FIELD: st.sampled_from([NOON, NIGHT, "", "2026-11-02T02:00:00Z", "soon, or later", '1"', "17936208001"]),
        "process_guid": st.one_of(
            st.sampled_from(["1-2-3", "{1}", "", "a, b", 'a"b', "line\nend"]), st.just(["1-2-3", "1-2-4"])
        ),
        "ProcessGuid": st.sampled_from(["{2}", ""]),
        "lastTime": st.sampled_from([NOON, NIGHT, "", "soon, or later"]),
    },
)
ASKED_FOR = [*COLUMNS[:-1], *OTHER_TIME_FIELDS, *GUID_FIELDS, TIME_FIELD]
ORDERS = st.permutations(COLUMNS)


TEXT = st.one_of(
    st.text(max_size=12), st.sampled_from(["73524917360182944365", 'a",\r\n"', "\n0,,", "{0}%s$$", "\u2028"])
)
SIGNATURES = st.one_of(st.none(), st.builds(Signature, st.just("Signed"), TEXT, TEXT, TEXT, TEXT, TEXT))
CHUNKS = st.lists(st.lists(ROW, min_size=1, max_size=12), min_size=1, max_size=3)


@given(CHUNKS, st.one_of(st.just(COLUMNS), ORDERS, st.just(ASKED_FOR), st.permutations(ASKED_FOR)), SIGNATURES)
def test_the_codec_writes_what_the_sdk_writes_of_scored_records(
    chunks: list[list[Row]], columns: list[str], signature: Signature | None
) -> None:
    """To the byte, whatever the order of the columns, the cells and the certificates; so both ways score alike."""
    options = EnrichOptions(has_anomaly=True)
    enricher = Enricher(AllSigned(signature), options)
    scorer = RowScorer(Anomalies(Memory(LEARNT), LISTS), options, TimeReader())
    codec = _codec(enricher, scorer, says_something=may_be_joined)
    noise = 0
    for rows in chunks:
        body = encode(rows, [*columns, INDEX]).decode()
        records = list(_read(StringIO(body)))
        sdk = RowScorer(Anomalies(Memory(LEARNT), LISTS), options, TimeReader())
        sdk.write(records, Enricher(AllSigned(signature), options).enrich(records))
        writer = RecordWriterV2(BytesIO(), maxresultrows=None)
        writer.write_records(records)
        reply = codec.reply(body)
        if reply is not None:
            noise += sdk.noise
            assert reply.body.decode() == writer._buffer.getvalue()  # noqa: SLF001 - what it would send
    assert scorer.noise == noise


@pytest.mark.parametrize("guid", ["{A},{B}", "{A}; {B}", "{A}|{B}", "{A}\u2003{B}"])
def test_identities_that_are_joined_in_one_text_are_left_to_the_sdk(guid: str) -> None:
    """They are of several processes, of which the codec, that passes them on, would not hear."""
    search = Search(AllSigned(), Memory(LEARNT), EnrichOptions(has_anomaly=True), _read, lists=lambda: LISTS)
    one, several = ({**_row("ann", "outlook.exe"), "process_guid": text} for text in ("{A}", guid))
    columns = [*COLUMNS[:-1], "process_guid", TIME_FIELD, INDEX]
    assert search.reply(encode([one, one], columns).decode()) is not None
    body = encode([one, several], columns).decode()
    assert search.reply(body) is None
    assert [row["signed_noise"] for row in search.enrich(list(_read(StringIO(body))))] == ["true", "false"]


def test_each_row_has_its_own_hour_whatever_the_row_of_its_kind_before_had() -> None:
    """What is written of one is kept for its quarter of an hour: not for the night, nor for a row without a time."""
    times = [NOON, NIGHT, NOON, "", NOON, NIGHT, "later", NIGHT, f"{NOON}.5", NOON]
    rows = [_row("ann", "outlook.exe", time=time) for time in times]
    options = EnrichOptions(has_anomaly=True)
    scorer = RowScorer(Anomalies(Memory(LEARNT), LISTS), options, TimeReader())
    reply = _codec(Enricher(AllSigned(), options), scorer).reply(encode(rows, [*rows[0], INDEX]).decode())
    assert reply is not None
    said = [{field: row[field] for field in ANOMALY_FIELDS} for row in _decode(reply.body.decode())]
    assert said == [{field: row[field] for field in ANOMALY_FIELDS} for row in _scored(rows)]
    noise = ["true" if time.startswith(NOON) or time in {"", "later"} else "false" for time in times]
    assert [row["signed_noise"] for row in said] == noise
    assert (scorer.noise, scorer.untimed) == (noise.count("true"), 2)


def test_the_columns_that_differ_from_row_to_row_stand_in_the_order_in_which_they_are_written() -> None:
    """For each row they are written by their place, not by their name."""
    assert [cell for cell in ANOMALY_COLUMNS.values() if isinstance(cell, PerRow)] == list(PerRow)


@pytest.mark.parametrize("prefix", ["", "x_"])
def test_what_is_not_scored_has_every_column_and_is_no_noise(prefix: str) -> None:
    """Whatever the prefix."""
    record: Row = {}
    options = EnrichOptions(prefix=prefix, has_anomaly=True, has_risk=True)
    RowScorer(Anomalies(Memory(LEARNT), LISTS), options, TimeReader()).mark_not_scored([record])
    empty = {prefix + name: "" for name in (*ANOMALY_FIELDS, *RISK_FIELDS)}
    assert record == {**empty, f"{prefix}signed_noise": "false"}


def test_memory_does_not_grow_with_the_number_of_people() -> None:
    """Who was forgotten is read anew, and scored as before; both ways."""
    options = EnrichOptions(has_anomaly=True)
    anomalies = Anomalies(Memory(LEARNT), LISTS)
    enricher, scorer = Enricher(AllSigned(), options), RowScorer(anomalies, options, TimeReader())
    codec = _codec(enricher, scorer)
    (before,) = _scored([_row("ann", "git.exe")])
    for part in range(6):
        crowd = [_row(f"user{part}-{number}", "git.exe") for number in range(900)]
        reply = codec.reply(encode([*crowd, _row("ann", "git.exe")], [*COLUMNS, INDEX]).decode())
        assert reply is not None
        assert f"\r\n{'a' * 32},," in reply.body.decode()
        assert f",,{before['anomaly_score']},," in reply.body.decode()
        assert len(codec._row_templates) < 2000  # noqa: SLF001 - they hold on to people
        assert not anomalies.is_full
    records: list[Any] = [_row("ann", "git.exe")]
    scorer.write(records, enricher.enrich(records))
    assert records[0]["anomaly_score"] == before["anomaly_score"]
    assert anomalies.view("ann", "").quarters == {}, "which quarter of an hour was whose is for one chunk"


def test_what_was_written_of_people_is_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells, sentences and groups; beyond it, all of them are made anew."""
    monkeypatch.setattr(row_form, "_MAX_CELLS", 3)
    monkeypatch.setattr(anomaly_columns, "_MAX_REASONS", 3)
    options = EnrichOptions(has_anomaly=True)
    scorer = RowScorer(Anomalies(Memory(LEARNT), LISTS), options, TimeReader())
    codec = _codec(Enricher(AllSigned(), options), scorer)
    held = []
    for user in ("ann", "amy", "abe", "ada", "art"):
        assert codec.reply(encode([_row(user, "git.exe", time=NIGHT)], [*COLUMNS, INDEX]).decode()) is not None
        held.append((len(codec._form._cells), len(scorer._reasons), len(scorer._groups)))  # type: ignore[union-attr] # noqa: SLF001 - what is held is the point
    assert held == [(1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 0, 0), (1, 1, 1)]


def test_of_who_is_forgotten_nothing_is_held() -> None:
    """Teams and the organisation are few, and stay."""
    anomalies = Anomalies(Memory(LEARNT), LISTS)
    event = ProcessEvent(Process(None, "git.exe"), Process(None, "explorer.exe"))
    anomalies.prepare([("ann", ""), ("bob", "")], [event])
    side = anomalies.process_side(event, Verdict(Signed.TRUE, Reason.BINARY), Signed.TRUE)
    assert anomalies.roll_outs.count_beginner(side.process, anomalies.view("ann", ""))
    profiles = anomalies._profiles  # noqa: SLF001 - what is held is the point
    profiles.person("ann", "hr", profiles.team("hr"))  # type: ignore[arg-type] # there is one
    anomalies.forget()
    kept = {"team:hr", "team:it"}
    assert {subject.key for subject in (*profiles._known, *profiles._groups)} == kept  # noqa: SLF001 - likewise
    assert (profiles._persons, profiles._totals) == ({}, {})  # noqa: SLF001 - likewise
    anomalies.prepare([("amy", "")])
    assert anomalies.roll_outs.count_beginner(side.process, anomalies.view("amy", ""))


def test_it_is_time_to_forget_when_two_thousand_people_or_a_hundred_thousand_opinions_are_held() -> None:
    """On processes of people, and on parents, together."""
    anomalies = Anomalies(Memory({}), LISTS)
    for number in range(2000):
        anomalies.view(f"user{number}", "")
    assert not anomalies.is_full
    anomalies.view("one more", "")
    assert anomalies.is_full
    anomalies.forget()
    assert not anomalies.is_full
    view = anomalies.view("ann", "")
    for number in range(100_000):
        view.process(f"{number}.exe")
    assert not anomalies.is_full
    event = ProcessEvent(Process(None, "a.exe"), Process(None, "boss.exe"))
    anomalies.process_side(event, Verdict(Signed.TRUE, Reason.BINARY), Signed.TRUE)
    assert anomalies.is_full
    anomalies.forget()
    assert not anomalies.is_full


def test_rows_that_have_the_fields_already_are_left_to_the_sdk() -> None:
    """As after `| cbsigned | cbsigned`: the codec writes the fields last, where these do not stand."""
    options = EnrichOptions(has_anomaly=True)
    codec = _codec(Enricher(AllSigned(), options), RowScorer(Anomalies(Memory(LEARNT), LISTS), options, TimeReader()))
    rows: list[Row] = [{**_row("ann", "git.exe"), "anomaly_score": "7"}]
    assert codec.reply(encode(rows, ["anomaly_score", *COLUMNS, INDEX]).decode()) is None


def test_ordinary_rows_are_not_left_to_the_sdk() -> None:
    """Or the codec would be for nothing; neither are multivalues and another order of the columns."""
    for columns in (
        ASKED_FOR,
        COLUMNS,
        COLUMNS[::-1],
        [name for name in COLUMNS if name not in {"username", TIME_FIELD}],
    ):
        options = EnrichOptions(has_anomaly=True)
        enricher, scorer = (
            Enricher(AllSigned(), options),
            RowScorer(Anomalies(Memory(LEARNT), LISTS), options, TimeReader()),
        )
        codec = _codec(enricher, scorer)
        rows = [_row("ann", "git.exe"), {**_row("bob", "a, b.exe"), "process_md5": ["a" * 32, "c" * 64]}] * 20
        reply = codec.reply(encode(rows, [*columns, INDEX]).decode())
        assert reply is not None
        assert reply.rows == 40


def test_columns_behind_the_time_are_read_as_what_they_are() -> None:
    """A row is cut from its end only where it ends with who and when."""
    columns = [*FIELDS.who(), TIME_FIELD, "process_md5", "process_name", "parent_process_name"]
    rows = [_row("ann", "git.exe", time=NIGHT), _row("bob", "a, b.exe"), _row("ann", "outlook.exe")]
    options = EnrichOptions(has_anomaly=True)
    scorer = RowScorer(Anomalies(Memory(LEARNT), LISTS), options, TimeReader())
    reply = _codec(Enricher(AllSigned(), options), scorer).reply(encode(rows, [*columns, INDEX]).decode())
    assert reply is not None
    for row, found, expected in zip(rows, _decode(reply.body.decode()), _scored(rows)):
        assert {name: found[name] for name in (*row, *ANOMALY_FIELDS)} == {
            name: expected[name] for name in (*row, *ANOMALY_FIELDS)
        }


def test_what_the_command_asks_for_is_not_left_to_the_sdk() -> None:
    """Each row with a GUID of its own, in whichever column: splunkd sends all of them, the others empty."""
    command = CbsignedCommand()
    command.options.reset()
    command.prepare()
    asked_for = command.configuration.required_fields
    assert set(asked_for) >= {*COLUMNS, *OTHER_TIME_FIELDS, *GUID_FIELDS}
    for column in GUID_FIELDS:
        options = EnrichOptions(has_anomaly=True)
        scorer = RowScorer(Anomalies(Memory(LEARNT), LISTS), options, TimeReader())
        ids = [*(f"{{{number}}}" for number in range(40)), "a,b", 'c"d', '"', ",", '",']
        rows = [{**_row("ann", "git.exe", time=(NOON, NIGHT)[len(text) % 2]), column: text} for text in ids]
        reply = _codec(Enricher(AllSigned(), options), scorer).reply(encode(rows, [*asked_for, INDEX]).decode())
        assert reply is not None
        found = _decode(reply.body.decode())
        for row, written, expected in zip(rows, found, _scored(rows)):
            assert written[column] == row[column]
            assert {name: written[name] for name in ANOMALY_FIELDS} == {name: expected[name] for name in ANOMALY_FIELDS}
        assert len(found) == len(rows)


@pytest.mark.parametrize("column", ["user", "parent_process_name", "original_file_name"])
def test_a_row_about_several_is_kept(column: str) -> None:
    """One of them is judged, and the other may be the odd one."""
    one = _row("ann", "outlook.exe")
    several = {**one, column: ["outlook.exe", "other.exe"]}
    assert [row["signed_noise"] for row in _scored([one, several])] == ["true", "false"]


def test_columns_that_name_different_people_are_about_several() -> None:
    """Whichever columns; spellings of one person and machines beside him are none, and the codec says the same."""
    one = _row("ann", "outlook.exe")
    rows = [{**one, "User": "CORP\\Ann", "Account_Name": "PC1$"}, {**one, "User": "CORP\\bob"}]
    assert [row["signed_noise"] for row in _scored(rows)] == ["true", "false"]
    options = EnrichOptions(has_anomaly=True)
    scorer = RowScorer(Anomalies(Memory(_learnt()), LISTS), options, TimeReader())
    reply = _codec(Enricher(AllSigned(), options), scorer).reply(encode(rows, [*rows[0], INDEX]).decode())
    assert reply is not None
    said = [(row["signed_noise"], SEVERAL_USERS in str(row["anomaly_reasons"])) for row in _decode(reply.body.decode())]
    assert said == [("true", False), ("false", True)]


@pytest.mark.parametrize("users", [["bob", "ann"], ["ann", "bob"], ["bob", "cy", "PC1$", "CORP\\Ann"]])
def test_a_row_about_several_is_as_odd_as_for_the_oddest_of_them(users: list[str]) -> None:
    """An intruder's night is not hidden behind the name of who works at night; each more is one more chance."""
    learnt = _learnt()
    for day in range(MONDAY - 42, MONDAY):
        for hour in (1, 2, 3):
            for _ in range(5):
                learn(learnt, Sighting(day, hour, "bob", "it", "git.exe", "explorer.exe"))
    row = {**_row("ann", "git.exe", "explorer.exe"), TIME_FIELD: NIGHT}
    alone, together = (_scored([{**row, "user": user}], Memory(learnt))[0] for user in ("ann", users))
    for p_value in ("anomaly_hour_p", "anomaly_team_p"):
        judged = 2 if p_value == "anomaly_hour_p" else len(users) - users.count("PC1$")
        assert float(str(together[p_value])) == pytest.approx(judged * float(str(alone[p_value])), rel=0.02)
    assert float(str(together["anomaly_score"])) >= 20
    names = [person_of(user) for user in users]
    assert (together["signed_noise"], together["anomaly_group"]) == (
        "false",
        f"{', '.join(user for user in names if user)} 2026-11-02 process",
    )
    several: Row = {**row, "user": users[0], "User": users[-1]}
    options = EnrichOptions(has_anomaly=True)
    scorer = RowScorer(Anomalies(Memory(learnt), LISTS), options, TimeReader())
    reply = _codec(Enricher(AllSigned(), options), scorer).reply(encode([several], [*several, INDEX]).decode())
    assert reply is not None
    (said,), (expected,) = _decode(reply.body.decode()), _scored([several], Memory(learnt))
    assert {field: said[field] for field in ANOMALY_FIELDS} == {field: expected[field] for field in ANOMALY_FIELDS}


def test_of_very_many_people_a_hundred_are_judged_and_three_are_named() -> None:
    """In the order in which a row names them; nobody of them begins with anything."""
    anomalies = Anomalies(Memory(LEARNT), LISTS)
    view = anomalies.view("user0", "", *(f"user{number}" for number in range(1, 101)))
    assert [subject.name for subject in view.subjects()] == [f"user{number}" for number in range(100)]
    assert view.person == "user0, user1, user2"
    assert [one.begins("git.exe") for one in (view, anomalies.view("-", "hr"))] == [False, False]


@pytest.mark.parametrize("team", [["it", "hr"], "it\nhr"])
def test_a_row_of_several_teams_is_kept(team: Any) -> None:
    """Who adds a team to his row must not be judged by that of whoever may; the codec says the same."""
    rows: list[Row] = [{**_row("ann", "git.exe"), "team": one} for one in ("it", team)]
    said = [(row["signed_noise"], SEVERAL_TEAMS in str(row["anomaly_reasons"])) for row in _scored(rows)]
    assert said == [("true", False), ("false", True)]
    search = Search(AllSigned(), Memory(LEARNT), EnrichOptions(has_anomaly=True), _read, lists=lambda: LISTS)
    reply = search.reply(encode(rows, [*rows[0], INDEX]).decode())
    found = _decode(reply.body.decode()) if reply else search.enrich(rows)
    assert [(row["signed_noise"], SEVERAL_TEAMS in str(row["anomaly_reasons"])) for row in found] == said


@pytest.mark.parametrize("parent", ["C:\\Users\\Public\\null", "/tmp/-", "/opt/none (deleted)", "C:\\x\\(unknown)"])
def test_a_parent_called_like_a_word_for_nothing_is_a_parent(parent: str) -> None:
    """An intruder names his file: it was never seen, and no exclusion of rows without a parent is about it."""
    learnt = merge_baselines([LEARNT])
    for _ in range(400):
        learn(learnt, Sighting(MONDAY - 1, 9, None, None, "outlook.exe", "explorer.exe"))
    (row,) = _scored([_row("ann", "outlook.exe", parent)], Memory(learnt))
    assert (row["signed_noise"], "was never seen here before" in str(row["anomaly_reasons"])) == ("false", True)
    left_out = Decision("exclude", "ann", "", "git.exe", "", "a" * 32, "true", "binary", "Example Corp", 90.0,
                        "ours", "anna", 0.0, 2e9)  # fmt: skip
    rows = [_row("ann", "git.exe", ""), _row("ann", "git.exe", parent)]
    found = _scored(rows, Memory(learnt, decisions=(left_out,)))
    assert [one["signed_noise"] for one in found] == ["true", "false"]


def test_a_time_before_another_column_that_varies_is_left_to_the_sdk() -> None:
    """The codec takes the last of those for the time; splunkd sends it last."""
    row: Row = {**_row("ann", "outlook.exe", time=NIGHT), "process_guid": "{1}"}
    columns = [*COLUMNS[:-1], TIME_FIELD, "process_guid", INDEX]
    search = Search(AllSigned(), Memory(LEARNT), EnrichOptions(has_anomaly=True), _read, lists=lambda: LISTS)
    assert search.reply(encode([row], columns).decode()) is None
    assert search.reply(encode([row], [*COLUMNS[:-1], "process_guid", TIME_FIELD, INDEX]).decode()) is not None


def _by_both(chunks: list[list[Row]], columns: list[str], source: Any = None) -> list[list[dict[str, Any]]]:
    """Give the last chunk as the codec writes it, and as the way of records does."""
    one, other = (
        Search(AllSigned(), source() if source else Memory(LEARNT), EnrichOptions(has_anomaly=True), _read,
               lists=lambda: LISTS)
        for _ in range(2)
    )  # fmt: skip
    for rows in chunks:
        body = encode(rows, [*columns, INDEX]).decode()
        reply, records = one.reply(body), list(_read(StringIO(body)))
        other.enrich(records)
        if reply is None:
            one.enrich(list(_read(StringIO(body))))
    assert reply is not None
    assert one.summary() == other.summary()
    return [_decode(reply.body.decode()), records]


def test_a_parent_that_comes_thousands_of_new_rows_later_counts_for_its_child() -> None:
    """A search gives its newest rows first, and those between may be the intruder's; each row is counted once."""
    child: Row = {**_row("ann", "outlook.exe"), "ParentImage": "C:\\p\\explorer.exe"}
    between = [_row(f"user{number}", "outlook.exe") for number in range(4100)]
    parent: Row = {**_row("ann", "explorer.exe"), "process_md5": "f" * 32, "path": "C:\\p\\explorer.exe"}
    columns = ["path", "ParentImage", *COLUMNS]
    by_codec, by_records = _by_both([[child, *between, parent]], columns)
    fields = [*ANOMALY_FIELDS, "signed", "parent_signed"]
    assert [[row[field] for field in fields] for row in by_codec] == [
        [row[field] for field in fields] for row in by_records
    ]
    assert by_codec[0]["signed_noise"] == "false"


def test_people_who_begin_in_a_chunk_of_the_sdk_count_for_those_before() -> None:
    """Of a roll-out the codec had seen the first ones alone."""
    learnt = merge_baselines([LEARNT])
    for day in range(MONDAY - 56, MONDAY):
        learn(learnt, Sighting(day, 9, "bob", "it", "newclient.exe", "explorer.exe"))
    few = [_row(name, "newclient.exe") for name in TEAMS["hr"][:3]]
    crowd = [{**_row(f"user{number}", "newclient.exe"), "process_guid": ["{1}", "{2}"]} for number in range(30)]
    columns = [*COLUMNS[:-1], "process_guid", TIME_FIELD]
    chunks: list[list[Row]] = [[{**row, "team": "hr"} for row in some] for some in (few, crowd, few)]
    by_codec, by_records = _by_both(chunks, columns, lambda: Memory(learnt))
    assert [row["anomaly_score"] for row in by_codec] == [row["anomaly_score"] for row in by_records]
    assert "people began with newclient.exe" in str(by_codec[0]["anomaly_reasons"])


def test_people_who_are_forgotten_within_a_chunk_are_known_in_its_rest() -> None:
    """Their rows were remembered from the chunk before."""
    crowd = [_row(f"user{number}", "outlook.exe") for number in range(4500)]
    by_codec, by_records = _by_both([[_row("ann", "outlook.exe")], [*crowd, _row("ann", "outlook.exe")]], COLUMNS)
    assert [row["signed_noise"] for row in by_codec] == [row["signed_noise"] for row in by_records]


class FailsOf:
    """Who gives baselines until somebody is asked for."""

    def __init__(self) -> None:
        """Know what others know."""
        self._memory = Memory(LEARNT)

    def read(self, question: BaselineQuestion) -> KnownBaselines:
        """Give them, or fail."""
        if any(subject.name == "zoe" for subject in question.subjects):
            raise ServiceError("it is down")
        return self._memory.read(question)


def test_what_could_not_be_read_keeps_rows_that_were_dropped_before() -> None:
    """In the same chunk and in all that follow, by the codec as by the way of records."""
    ann, zoe = _row("ann", "outlook.exe"), _row("zoe", "outlook.exe")
    for rows in _by_both([[ann], [ann, zoe], [ann]], COLUMNS, FailsOf):
        assert [(row["signed_noise"], row["anomaly_reasons"]) for row in rows] == [("false", UNREAD_BASELINES)]


def test_days_of_several_people_go_by_the_clock_of_the_first() -> None:
    """In Tokyo it is tomorrow."""
    roster = Roster([{"user": "tim", "team": "hr", "timezone": "Asia/Tokyo"}])
    anomalies = Anomalies(Memory(LEARNT), Lists(roster=roster))
    evening = MONDAY * 96 + 80
    assert [anomalies.view(*who).day(evening) for who in (("tim", "", "ann"), ("ann", "", "tim"))] == [
        MONDAY + 1, MONDAY,
    ]  # fmt: skip


@pytest.mark.parametrize(("many", "is_enough"), [(19, False), (20, True)])
def test_twenty_are_enough_for_an_opinion(many: int, *, is_enough: bool) -> None:
    """Active hours of a person, starts by a parent, programs with a signer, and starts of all for what is new."""
    learnt = _learnt()
    for number in range(many):
        learn(learnt, Sighting(MONDAY - 1 - number // 8, 9 + number % 8, "new", None, None, None))
        learn(learnt, Sighting(MONDAY - 1, 9, None, None, "git.exe", "strange.exe", "Corp"))
    (row,) = _scored([_row("new", "git.exe", "strange.exe")], Memory(learnt))
    assert (row["anomaly_hour_p"] != "", row["anomaly_parent_p"] != "") == (is_enough, is_enough)
    assert ("first program here that is signed by Example Corp" in row["anomaly_reasons"]) is is_enough
    few: Baselines = {}
    for _ in range(many):
        learn(few, Sighting(MONDAY - 1, 9, None, None, "outlook.exe"))
    (row,) = _scored([_row("ann", "outlook.exe", "implant.exe")], Memory(few))
    assert ("implant.exe was never seen here before" in str(row["anomaly_reasons"])) is is_enough


def test_a_row_that_names_nobody_says_so() -> None:
    """Nobody's habits were compared."""
    (row,) = _scored([_row("-", "outlook.exe")])
    assert NOBODY in str(row["anomaly_reasons"])


@pytest.mark.parametrize("last", ["01.12.2024 02:10:00", "yesterday", "2024/12/01 02:10"])
def test_an_end_of_a_time_that_cannot_be_read_is_said(last: str) -> None:
    """On the row and, counted, in the search's message, whichever way the row is written."""
    rows: list[Row] = [
        {**_row("ann", "outlook.exe", time=""), "firstTime": NOON, "lastTime": end} for end in (NOON, last)
    ]
    by_sdk, by_codec = (
        Search(AllSigned(), Memory(LEARNT), EnrichOptions(has_anomaly=True), _read, lists=lambda: LISTS)
        for _ in range(2)
    )
    records = by_sdk.enrich([dict(row) for row in rows])
    reply = by_codec.reply(encode(rows, [*COLUMNS[:-1], *OTHER_TIME_FIELDS, TIME_FIELD, INDEX]).decode())
    assert reply is not None
    for search, found in ((by_sdk, records), (by_codec, _decode(reply.body.decode()))):
        assert [UNREAD_END in str(row["anomaly_reasons"]) for row in found] == [False, True]
        assert " 1 have an end of their time that cannot be read" in search.summary()


@pytest.mark.parametrize(("hours", "is_told"), [(0, False), (0.25, False), (1, True), (24, True), (96, True)])
def test_that_only_the_ends_of_a_time_were_judged_is_said(hours: float, is_told: bool) -> None:  # noqa: FBT001 - what is expected
    """Whichever way the row is written: what was done in the night between them, nobody looked at."""
    last = str(float(NOON) + hours * 3600)
    rows: list[Row] = [{**_row("ann", "outlook.exe", time=""), "firstTime": NOON, "lastTime": last}]
    by_sdk, by_codec = (
        Search(AllSigned(), Memory(LEARNT), EnrichOptions(has_anomaly=True), _read, lists=lambda: LISTS)
        for _ in range(2)
    )
    reply = by_codec.reply(encode(rows, [*COLUMNS[:-1], *OTHER_TIME_FIELDS, TIME_FIELD, INDEX]).decode())
    assert reply is not None
    for found in (by_sdk.enrich([dict(row) for row in rows]), _decode(reply.body.decode())):
        assert [SPAN in str(row["anomaly_reasons"]) for row in found] == [is_told]


def test_both_ends_of_a_time_in_milliseconds_are_judged() -> None:
    """As `lastTime` of other products."""
    row = {**_row("ann", "outlook.exe", time=""), "firstTime": NOON, "lastTime": f"{NIGHT}000"}
    assert [one["signed_noise"] for one in _scored([row])] == ["false"]


@pytest.mark.parametrize(("time", "last"), [(NOON, NIGHT), (NIGHT, NOON)])
def test_of_the_times_of_a_row_the_oddest_is_judged(time: str, last: str) -> None:
    """Of `_time` and both ends, whichever way the row is written."""
    row: Row = {**_row("ann", "outlook.exe", time=time), "lastTime": last}
    search = Search(AllSigned(), Memory(LEARNT), EnrichOptions(has_anomaly=True), _read, lists=lambda: LISTS)
    reply = search.reply(encode([row], [*COLUMNS[:-1], *OTHER_TIME_FIELDS, TIME_FIELD, INDEX]).decode())
    assert reply is not None
    (by_codec,), (by_sdk,) = _decode(reply.body.decode()), _scored([row])
    assert str(by_sdk["anomaly_reasons"]).startswith("Monday 02:00-02:30 (UTC) is unusual for ann: ")
    assert {name: by_codec[name] for name in ANOMALY_FIELDS} == {name: by_sdk[name] for name in ANOMALY_FIELDS}


@pytest.mark.parametrize("way", ["codec", "sdk"])
def test_the_message_counts_rows_without_a_time(way: str) -> None:
    """One that can be read, of whichever column."""
    rows: list[Row] = [
        _row("ann", "outlook.exe"),
        _row("ann", "outlook.exe", time=""),
        _row("ann", "git.exe", time="soon"),
        {**_row("ann", "outlook.exe", time=""), "lastTime": NOON},
    ]
    search = Search(AllSigned(), Memory(LEARNT), EnrichOptions(has_anomaly=True), _read, lists=lambda: LISTS)
    if way == "codec":
        columns = [*COLUMNS[:-1], *OTHER_TIME_FIELDS, TIME_FIELD, INDEX]
        assert search.reply(encode(rows, columns).decode()) is not None
    else:
        search.enrich([dict(row) for row in rows])
    assert " 2 have no time that can be read" in search.summary()


@pytest.mark.parametrize("column", ["user", "parent_process_name"])
def test_a_value_of_two_lines_is_about_several(column: str) -> None:
    """As several values are; a search joined them."""
    rows = [_row("ann", "outlook.exe"), {**_row("ann", "outlook.exe"), column: "bob\nann"}]
    assert [row["signed_noise"] for row in _scored(rows)] == ["true", "false"]


@pytest.mark.parametrize("time", [NOON, NIGHT])
@pytest.mark.parametrize("process", ["git.exe", "outlook.exe"])
@pytest.mark.parametrize("parent", ["explorer.exe", "winword.exe"])
def test_a_score_is_half_the_processs_three_tenths_the_hours_and_a_fifth_the_parents(
    time: str, process: str, parent: str
) -> None:
    """Of the numbers that the columns say."""
    learnt = _learnt()
    for _ in range(400):
        learn(learnt, Sighting(MONDAY - 1, 9, None, None, "splwow64.exe", "winword.exe"))
    (row,) = _scored([_row("ann", process, parent, time)], Memory(learnt))
    hour, team, parents = (cauchy(float(row[f"anomaly_{part}_p"])) for part in ("hour", "team", "parent"))
    expected = score_of_cauchy(0.5 * team + 0.3 * hour + 0.2 * parents)
    assert float(row["anomaly_score"]) == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize("nobody", ["", "-", "PC1$", "NT AUTHORITY\\SYSTEM"])
def test_the_message_counts_rows_that_name_nobody(nobody: str) -> None:
    """Whether the codec writes them or the SDK; where nothing is learnt that is all there is to say."""
    rows = [_row(nobody, "outlook.exe"), _row("ann", "outlook.exe"), _row(nobody, "git.exe")]
    for learnt, are_counted in ((LEARNT, True), ({}, False)):
        for way in ("codec", "sdk"):
            search = Search(AllSigned(), Memory(learnt), EnrichOptions(has_anomaly=True), _read, lists=lambda: LISTS)
            if way == "codec":
                assert search.reply(encode(rows, [*COLUMNS, INDEX]).decode()) is not None
            else:
                search.enrich([dict(row) for row in rows])
            assert (" 2 name nobody, so" in search.summary()) is are_counted


def _people(many: int) -> Baselines:
    """Give six weeks of so many people in two teams, each with a tool of its own."""
    learnt: Baselines = {}
    for day in range(MONDAY - 42, MONDAY):
        for number in range(many if day % 7 not in {2, 3} else 0):
            team = f"team{number % 2}"
            for process in ("outlook.exe", "word.exe", f"{team}.exe"):
                for hour in (9, 11, 14):
                    learn(learnt, Sighting(day, hour, f"user{number}", team, process, "explorer.exe"))
    return learnt


def _begin(people: range) -> list[Row]:
    return [{**_row(f"user{number}", "newclient.exe"), "team": f"team{number % 2}"} for number in people]


def test_what_many_people_begin_with_is_a_roll_out_and_what_one_does_is_not() -> None:
    """It counts for less, says so, and is kept all the same."""
    learnt = Memory(_people(40))
    (alone,) = _scored(_begin(range(1)), learnt)
    together = _scored(_begin(range(30)), learnt)
    assert float(alone["anomaly_score"]) >= 20
    assert all(float(row["anomaly_score"]) < 10 for row in together)
    assert {row["signed_noise"] for row in (alone, *together)} == {"false"}
    assert together[0]["anomaly_reasons"] == [
        "newclient.exe was never run by anybody before, in 10,800 starts",
        "explorer.exe never started newclient.exe in 10,800 starts",
        "30 people began with newclient.exe lately, so that it counts for less",
    ]


@pytest.mark.parametrize(("people", "factor"), [(1, 1), (4, 1), (5, 4), (6, 9)])
def test_a_roll_out_is_five_people_and_each_more_makes_it_less_unusual(people: int, factor: int) -> None:
    """As the square of how many more they are."""
    learnt = Memory(_people(40))
    alone, *_ = _scored(_begin(range(1)), learnt)
    together, *_ = _scored(_begin(range(people)), learnt)
    p_values = [float(row["anomaly_team_p"]) for row in (alone, together)]
    assert p_values[1] == pytest.approx(factor * p_values[0], rel=0.01)
    assert (f"{people} people began with" in str(together["anomaly_reasons"])) is (factor > 1)


def test_the_codec_knows_a_roll_out_as_soon_as_the_sdk_does() -> None:
    """Whoever began in an earlier chunk, or earlier in this one, is judged with those who did so since."""
    learnt, options = Memory(_people(40)), EnrichOptions(has_anomaly=True)
    scorers = [RowScorer(Anomalies(learnt, LISTS), options, TimeReader()) for _ in range(2)]
    codec, enricher = _codec(Enricher(AllSigned(), options), scorers[0]), Enricher(AllSigned(), options)
    for people, is_rolled_out in ((range(3), False), (range(30), True), (range(5), True)):
        rows = _begin(people)
        records: list[Any] = [dict(row) for row in rows]
        scorers[1].write(records, enricher.enrich(records))
        reply = codec.reply(encode(rows, [*rows[0], INDEX]).decode())
        assert reply is not None
        scores = [row["anomaly_score"] for row in _decode(reply.body.decode())]
        assert scores == [record["anomaly_score"] for record in records]
        assert all(float(str(score)) < 10 for score in scores) is is_rolled_out


def test_who_ran_a_program_before_has_no_part_in_its_roll_out() -> None:
    """For him it is as unusual as on any other day."""
    learnt = _people(40)
    learn(learnt, Sighting(MONDAY - 1, 9, "user0", "team0", "team1.exe", "explorer.exe"))
    rows: list[Row] = [{**_row(f"user{number}", "team1.exe"), "team": "team0"} for number in range(0, 40, 2)]
    (alone,), together = _scored(rows[:1], Memory(learnt)), _scored(rows, Memory(learnt))
    assert float(alone["anomaly_score"]) >= 10
    assert together[0] == alone
    assert ["began with" in str(row["anomaly_reasons"]) for row in together] == [False] + [True] * 19


def test_no_roll_out_gets_a_row_dropped_that_is_kept_alone() -> None:
    """Whoever has seven accounts begin with his program is judged as if it were one, hour and all."""
    learnt: Baselines = {}
    today = 20_061
    for day in range(today - 61, today - 1):
        for number in range(8):
            for team, process in (("hr", "winword.exe"), ("it", "git.exe")):
                for hour in (9, 10, 11, 14, 19) if day in {today - 21, today - 22} else (9, 10, 11, 14):
                    learn(learnt, Sighting(day, hour, f"{team}{number}", team, process))
    for day in range(today - 61, today - 56):
        learn(learnt, Sighting(day, 10, "hr7", "hr", "p.exe"))
    found = []
    for hour in (18, 19):
        time = str(today * 86400 + hour * 3600)
        rows: list[Row] = [
            {"process_md5": "a" * 32, "process_name": "p.exe", "user": f"hr{number}", "team": "hr", TIME_FIELD: time}
            for number in (1, 2, 3, 4, 5, 0, 6)
        ]
        (alone,) = _scored(rows[:1], Memory(learnt))
        first, *_ = _scored(rows, Memory(learnt))
        search = Search(AllSigned(), Memory(learnt), EnrichOptions(has_anomaly=True), _read, lists=lambda: LISTS)
        reply = search.reply(encode(rows, [*rows[0], INDEX]).decode())
        assert reply is not None
        codec, *_ = _decode(reply.body.decode())
        assert first["signed_noise"] == codec["signed_noise"] == alone["signed_noise"]
        assert float(first["anomaly_score"]) < float(alone["anomaly_score"])
        assert float(first["anomaly_score"]) < 20
        found.append(alone["signed_noise"])
    assert found == ["true", "false"]


def test_memory_does_not_grow_with_those_who_begin() -> None:
    """Each row of somebody who begins with a program is judged anew with the others, as long as they are few."""
    options = EnrichOptions(has_anomaly=True)
    scorer = RowScorer(Anomalies(Memory(_people(40)), LISTS), options, TimeReader())
    codec = _codec(Enricher(AllSigned(), options), scorer)
    for part in range(3):
        rows: list[Row] = [
            {**row, "process_md5": f"{part * 5000 + number:032x}"}
            for number in range(5000)
            for row in _begin(range(number % 40, number % 40 + 1))
        ]
        assert codec.reply(encode(rows, [*rows[0], INDEX]).decode()) is not None
    assert sum(map(len, scorer._beginnings.values())) <= 10_000  # noqa: SLF001 - what would grow


def test_a_roll_out_is_known_from_what_was_learnt_since_yesterday() -> None:
    """A search each five minutes sees few of the people that it reaches."""
    learnt = _people(40)
    many = unite(sketch_of(f"user{number}") for number in range(30))
    for age, is_lately in ((0, True), (1, True), (2, False)):
        noted: People = {MONDAY: {"hour 02": []}}
        noted.setdefault(MONDAY - age, {})["process newclient.exe"] = many
        since = merge_baselines([learnt, {ORGANISATION: Baseline(waiting_people=noted)}])
        (row,) = _scored(_begin(range(1)), Memory(since))
        assert (float(row["anomaly_score"]) < 10) is is_lately


def test_somebody_elses_incident_on_the_day_of_a_roll_out_is_found() -> None:
    """Only what all of them begin with is common to them."""
    rows = [*_begin(range(30)), {**_row("user1", "team0.exe"), "team": "team1"}]
    *_, odd = _scored(rows, Memory(_people(40)))
    assert float(odd["anomaly_score"]) >= 20
    assert odd["anomaly_group"] == "user1 2026-11-02 process"


@pytest.mark.parametrize(
    ("own_team", "waiting", "is_found"),
    [([], [], True), ([3], [], False), ([], [1], True), ([], [3], False)],
)
def test_what_another_team_is_given_hides_nobody_who_begins_alone(
    own_team: list[int], waiting: list[int], *, is_found: bool
) -> None:
    """Only that others of the same team begin, in this search or in what waits since yesterday, makes it a roll-out."""
    noted: People = {MONDAY: {"process newclient.exe": unite(map(sketch_of, (f"user{number}" for number in waiting)))}}
    learnt = merge_baselines([_people(40), {ORGANISATION: Baseline(waiting_people=noted)}])
    (row, *_) = _scored(
        [row for number in (1, *own_team, *range(0, 40, 2)) for row in _begin(range(number, number + 1))],
        Memory(learnt),
    )
    assert (float(row["anomaly_score"]) >= 20) is is_found


def test_a_name_of_ones_own_making_gets_no_row_dropped() -> None:
    """Where installers start with a new name each time, one more is no alarm, and is kept."""
    learnt = _people(10)
    for number in range(2000):
        learn(learnt, Sighting(MONDAY - 1, 9, f"user{number % 10}", f"team{number % 2}", "is-*.tmp", "setup.exe"))
    (row,) = _scored([{**_row("user0", "is-0A1B2C.tmp", "setup.exe"), "team": "team0"}], Memory(learnt))
    assert float(row["anomaly_score"]) < 20
    assert row["signed_noise"] == "false"


@pytest.mark.parametrize(
    ("row", "group"),
    [
        ({"user": "CORP\\Ann", TIME_FIELD: NIGHT}, "ann 2026-11-02 hour"),
        ({**_row("ann", "git.exe"), TIME_FIELD: NOON}, "ann 2026-11-02 process"),
        ({**_row("ann", "git.exe"), TIME_FIELD: ""}, "ann process"),
        ({**_row("", "git.exe", "outlook.exe"), TIME_FIELD: NOON}, "git.exe 2026-11-02 parent"),
        (_row("ann", "outlook.exe"), ""),
    ],
)
def test_a_finding_is_a_person_a_day_and_a_cause(row: Row, group: str) -> None:
    """Fifty rows of one night are one thing to look at; what is usual is none."""
    learnt = _learnt()
    for _ in range(400):
        learn(learnt, Sighting(MONDAY - 1, 9, None, None, "splwow64.exe", "outlook.exe"))
    assert _scored([row], Memory(learnt))[0]["anomaly_group"] == group


def test_a_score_that_is_just_the_threshold_is_a_finding() -> None:
    """By the codec and by the way of records, and no noise."""
    row, options = _row("ann", "git.exe"), EnrichOptions(has_anomaly=True)
    enricher, anomalies = Enricher(AllSigned(), options), Anomalies(Memory(LEARNT), LISTS)
    (kind,) = RowScorer(anomalies, options, TimeReader()).score_processes(enricher.enrich([dict(row)]))
    anomalies.prepare([("ann", "")])
    score = anomalies.score(kind.side, anomalies.view("ann", ""), [int(NOON) // 900]).score
    assert score is not None
    source = Memory(LEARNT, AnomalySettings(threshold=score))
    codec = _codec(enricher, RowScorer(Anomalies(source, LISTS), options, TimeReader()))
    reply = codec.reply(encode([row], [*COLUMNS, INDEX]).decode())
    assert reply is not None
    for (found,) in (_decode(reply.body.decode()), _scored([row], source)):
        assert (found["anomaly_group"], found["signed_noise"]) == ("ann 2026-11-02 process", "false")


def test_where_a_parents_baseline_is_known_what_it_usually_starts_is_noise_though_others_act_through_it() -> None:
    """What is unusual is told by the baseline then."""
    gateways = {"explorer.exe": Gateway(Names([]), "runs what others send")}
    (row,) = _scored([_row("ann", "outlook.exe")], lists=LISTS._replace(gateways=gateways))
    assert (row["signed_noise"], row["anomaly_reasons"]) == ("true", "")


@pytest.mark.parametrize(
    ("parent", "child", "is_kept"),
    [
        ("services.exe", "svchost.exe", False),
        ("services.exe", "helper.exe", True),
        ("C:\\Windows\\System32\\wbem\\WmiPrvSE.exe", "helper.exe", True),
        ("explorer.exe", "helper.exe", False),
    ],
)
def test_without_a_baseline_what_others_start_through_a_parent_is_kept(
    parent: str, child: str, *, is_kept: bool
) -> None:
    """And what such a parent starts everywhere is not."""
    lists = Lists(
        gateways={
            name: Gateway(Names([("svchost.exe", Listed("", ""))]), "runs what others send")
            for name in ("services.exe", "wmiprvse.exe")
        }
    )
    records: list[dict[str, Any]] = [_row("ann", child, parent)]
    options = EnrichOptions()
    RowScorer(Anomalies(Memory({}), lists), options, TimeReader()).write(
        records, Enricher(AllSigned(), options).enrich(records)
    )
    assert (records[0]["signed_noise"] == "false") is is_kept
    expected = f"{parent.rpartition(chr(92))[2]!r} runs what others send, and what it usually starts here is not known"
    assert records[0]["anomaly_reasons"] == (expected if is_kept else "")
