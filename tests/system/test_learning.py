"""`| cbsignedlearn` over the real protocol, its map on several search peers, and what `| cbsigned` makes of it."""

from __future__ import annotations

import json
import random
import time

import pytest

from cbverdict.anomalies.baselines import Subject, SubjectKind, read_subject, write_baseline
from cbverdict.anomalies.explanations import UNREAD_BASELINES
from cbverdict.anomalies.known_baselines import BaselineQuestion
from cbverdict.anomalies.lessons import MAX_SUBJECTS
from cbverdict.events.columns import EventFields
from cbverdict.events.event import read_event
from cbverdict.service.baseline_api import read_reply
from cbverdict.service.baseline_client import BaselineClient
from cbverdict.service.baseline_service import BaselineService
from cbverdict.splunkd.conf import SplunkdConfiguration
from cbverdict.splunkd.lookup_files import read_lists
from cbverdict.splunkd.rest import ServiceCall
from tests.lab.company import Company
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.host import SID, Row
from tests.lab.site import ANALYST, Site
from tests.lab.splunkd.jobs import Job, JobPhase

A = "a" * 32
HISTORY = list(Company(2).history(weeks=2, starts=400))


def _baselines(site: Site) -> dict[str, str]:
    found = site.splunkd.collections["cbsigned_baselines"].find({})
    return {document["_key"]: document["baseline"] for document in found}


def test_pieces_peers_and_order_make_no_difference(bare_site: Site) -> None:
    """One machine, or seven runs of pieces in another order through map and reduce on three peers: the same."""
    bare_site.learn(HISTORY, peers=1)
    whole = _baselines(bare_site)
    assert {"organisation:", "person:hr03", "team:hr", "parent:winword.exe"} <= set(whole)
    bare_site.splunkd.collections["cbsigned_baselines"].delete({})
    rows = list(HISTORY)
    random.Random(1).shuffle(rows)  # noqa: S311 - a test's order
    for piece in range(7):
        bare_site.learn(rows[piece::7], peers=3, chunk_size=100)
    assert _baselines(bare_site) == whole


def test_a_dry_run_says_what_it_would_learn_and_writes_nothing(bare_site: Site) -> None:
    """In the same words."""
    rows: list[Row] = [*HISTORY[:50], {"user": "ann"}, {"user": "ann", "_time": "4000000000"}]
    dry = bare_site.learn(rows, "dryrun=true")
    assert _baselines(bare_site) == {}
    learnt = bare_site.learn(rows)
    assert [{**row, "action": "would learn"} for row in learnt.rows] == dry.rows
    assert {(row["kind"], row["rows"], row["skipped"]) for row in dry.rows} == {
        (kind, "52", "2") for kind in ("person", "team", "parent", "organisation")
    }


def test_own_fields_and_times_as_splunkd_sends_them(bare_site: Site) -> None:
    """Options reach the map on the indexers."""
    rows: list[Row] = [{"who": "CORP\\Ann", "group": "HR", "exe": "C:\\x\\Git.exe", "_time": "1793606400.25"}]
    bare_site.learn(rows, "user=who", "team=group", "name=exe")
    assert set(_baselines(bare_site)) == {"organisation:", "person:ann", "team:hr"}
    assert '"git.exe":1' in _baselines(bare_site)["team:hr"]


@pytest.mark.parametrize(("words", "message"), [(["now"], "what is now?"), (["dryrun=perhaps"], "dryrun")])
def test_a_wrong_option_is_named(bare_site: Site, words: list[str], message: str) -> None:
    """Before anything is learnt."""
    result = bare_site.learn(HISTORY[:10], *words)
    assert (result.rows, message in result.messages[0][1]) == ([], True)


def test_the_map_has_the_documented_shape(bare_site: Site) -> None:
    """It is projected by `fields`, and neither phase asks for fields, which would tie its own rows to those it got."""
    key = bare_site.splunkd.log_in("admin", *bare_site.splunkd.roles()["cbsigned_admin"])
    host = bare_site.host(key, "cbsignedlearn")
    own = 'a "b" \\| c'
    rows: list[Row] = [{"_raw": "x" * 1000, own: "Git.exe", "user": "ann", "_time": "1793606400", "junk": "x"}]
    reduce = host.report(rows, [f"name={own}", "dryrun=true"]).configuration
    assert "required_fields" not in reduce
    fields, drop, command = reduce["streaming_preop"].rsplit(" | ", 2)
    assert fields.startswith("fields ")
    assert '"a \\"b\\" \\\\| c"' in fields
    assert '"user"' in fields
    assert (drop, command.partition(" ")[0], 'phase="map"' in command) == ("fields - _raw", "cbsignedlearn", True)
    assert "required_fields" not in host.get_info(['phase="map"'])


def test_a_field_of_any_name_reaches_the_map(bare_site: Site) -> None:
    """Names come from the search, whatever characters they have."""
    own = 'Processes.{name} of "it"'
    rows: list[Row] = [{own: "Git.exe", "user": "ann", "team": "hr", "_time": "1793606400"}]
    assert bare_site.learn(rows, f"name={own}").messages == []
    assert '"git.exe":1' in _baselines(bare_site)["team:hr"]


def test_a_search_whose_rows_do_not_arrive_says_so(bare_site: Site) -> None:
    """Loudly, for "learnt nothing" would look like a quiet day; a search without rows is a warning alone."""
    nothing = bare_site.learn([])
    assert (nothing.rows, nothing.messages[0][0]) == ([], "WARN")
    assert "has no rows" in nothing.messages[0][1]
    bare_site.splunkd.jobs[SID] = Job(JobPhase.FINALIZING, events=4711)
    lost = bare_site.learn([])
    assert (lost.rows, lost.messages[0][0]) == ([], "ERROR")
    assert "found 4711 events, and nothing of them arrived: nothing is learnt" in lost.messages[0][1]


def test_rows_that_name_nobody_are_learnt_with_a_warning(bare_site: Site) -> None:
    """A column that is spelled otherwise than in the option would go unnoticed."""
    rows: list[Row] = [{"_time": "1793620800", "process_name": "a.exe", "usr": "ann"} for _ in range(3)]
    ((level, message),) = bare_site.learn(rows, "user=ussr").messages
    assert (level, "no row names a person" in message) == ("WARN", True)
    assert bare_site.learn(rows, "user=usr").messages == []


def test_rows_that_no_map_has_read_are_not_taken_for_learning(bare_site: Site) -> None:
    """Their fields are whatever an event's author wrote into them."""
    key = bare_site.splunkd.log_in("admin", *bare_site.splunkd.roles()["cbsigned_admin"])
    events: list[Row] = [{"user": "ann", "cbsigned_subject": "person:ann", "cbsigned_baseline": "{}"}]
    result = bare_site.host(key, "cbsignedlearn").reduce(events)
    assert (result.rows, result.messages[0][0]) == ([], "ERROR")
    assert "has not read: nothing is learnt" in result.messages[0][1]
    assert _baselines(bare_site) == {}


def test_only_who_may_administer_writes_baselines(bare_site: Site) -> None:
    """An analyst may read them through a search, and is told what is missing to write them."""
    analyst = bare_site.splunkd.log_in("analyst", *ANALYST)
    result = bare_site.host(analyst, "cbsignedlearn").report(HISTORY[:10])
    assert (result.rows, "403" in result.messages[0][1]) == ([], True)
    assert _baselines(bare_site) == {}


def test_the_incidents_of_the_demo_all_surface(bare_site: Site) -> None:
    """None is dropped; each scores high and says why; and most of what is usual, signed and no tool is dropped."""
    company = Company()
    with EdrServer(Company.estate()) as edr:
        bare_site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
        bare_site.learn(list(company.history()))
        rows = {str(row["event_id"]): row for row in bare_site.search(company.rows).rows}
    incidents = [rows[incident.event_id] for incident in company.incidents]
    assert len(incidents) == 9
    for row in incidents:
        assert row["signed_noise"] == "false"
        assert float(str(row["anomaly_score"])) >= 25
        assert row["anomaly_reasons"]
    lists = read_lists()
    usual = [
        row
        for row in rows.values()
        if row not in incidents
        and row["signed"] == "true"
        and not lists.tool_named(read_event(row, EventFields()).names)
    ]
    assert len(usual) > len(rows) / 2
    assert sum(row["signed_noise"] == "true" for row in usual) > 0.9 * len(usual)


def test_baselines_out_of_reach_cost_no_verdict_and_drop_nothing(site: Site, edr: EdrServer) -> None:
    """It is told on the row and in the search's message."""
    edr.estate.add_binary(A, "Signed", "c:\\a.exe", publisher="Example Corp")
    site.splunkd.kv_trouble = "503"
    result = site.search([{"md5": A, "user": "ann", "process_name": "a.exe"}])
    assert (result.rows[0]["signed"], result.rows[0]["signed_noise"]) == ("true", "false")
    assert result.rows[0]["anomaly_reasons"] == UNREAD_BASELINES
    assert result.messages[0][0] == "WARN"


def test_day_one_says_that_nothing_is_learnt_yet(site: Site) -> None:
    """Once, in the search's message; no row is full of it."""
    result = site.search([{"md5": A, "process_name": "a.exe", "user": "ann"}])
    assert result.rows[0]["anomaly_reasons"] == ""
    assert "Nothing is known yet of what is usual" in result.messages[0][1]
    assert (
        "Nothing is known yet"
        not in site.search([{"md5": A, "process_name": "a.exe", "user": "ann"}], "anomaly=false").messages[0][1]
    )


def test_risk_comes_with_its_fields(site: Site, edr: EdrServer) -> None:
    """By the SDK's own way, for its messages are all different."""
    edr.estate.add_binary(A, "Bad Signature", "c:\\a.exe")
    (row,) = site.search([{"md5": A, "user": "ann", "dest": "pc1", "process_name": "a.exe"}], "risk=true").rows
    assert (row["risk_score"], row["risk_object"], row["risk_object_type"]) == ("60", "ann", "user")
    assert row["risk_message"] == "a.exe by ann on pc1: signed: false (bad_signature)"


def test_odd_names_and_a_nul_cost_neither_the_search_nor_what_is_learnt(site: Site, edr: EdrServer) -> None:
    """A file name is an attacker's to choose: too long for a baseline, with a NUL, larger than the SDK reads."""
    edr.estate.add_binary(A, "Signed", "c:\\git.exe", publisher="Example Corp")
    long = "\u0130" * 200 + ".exe"
    odd: list[Row] = [
        {"user": "ann", "_time": "1793606400", "process_name": "b\0.exe", "parent_process_name": long},
        {"user": "ann", "team": "t" * 300, "_time": "1793606400", "process_name": "x" * 11_000_000},
    ]
    learnt = site.learn([*HISTORY, *odd])
    assert (learnt.rows[0]["action"], learnt.messages) == ("learnt", [])
    row: Row = {"md5": A, "user": "hr03", "team": "hr", "process_name": "git.exe", "_time": "1793606400"}
    result = site.search([row, {**row, "parent_process_name": long}, *odd])
    assert [one["anomaly_team_p"] != "" for one in result.rows] == [True, True, True, False]
    assert (result.rows[1]["signed_noise"], result.messages[0][0]) == ("false", "INFO")


def test_what_is_unusual_waits_until_an_admin_accepts_it(bare_site: Site) -> None:
    """With `wait=true`, as the saved search has it; the next search scores it as the first."""
    bare_site.learn(HISTORY)
    odd: Row = {"user": "hr03", "team": "hr", "process_name": "git.exe", "parent_process_name": "explorer.exe"}
    rows: list[Row] = [{**odd, "_time": "2026-11-02T10:00:00Z"}] * 3
    learnt = bare_site.learn(rows, "wait=true")
    assert {row["kind"]: row["waiting"] for row in learnt.rows} == {
        "person": "1", "team": "1", "parent": "0", "organisation": "1",
    }  # fmt: skip
    assert '"git.exe"' not in _baselines(bare_site)["team:hr"].partition('"waiting"')[0]
    admin = bare_site.splunkd.log_in("admin", *bare_site.splunkd.roles()["cbsigned_admin"])
    host = bare_site.host(admin, "cbsignedprofile")
    (waiting,) = host.generate(["waiting=true"]).rows
    assert (waiting["what"], waiting["status"], waiting["people"]) == ("process git.exe", "waits", "1")
    shown = host.generate(["user=CORP\\hr03"]).rows
    assert {"usual hours", "day of the week", "process", "waits"} <= {row["what"] for row in shown}
    decided = host.generate(["accept=process git.exe"]).rows
    assert {(row["what"], row["status"]) for row in decided} == {
        ("process git.exe", "accepted"), ("process git.exe", "learnt"),
    }  # fmt: skip
    analyst = bare_site.splunkd.log_in("analyst", *bare_site.splunkd.roles()["cbsigned_user"])
    for arguments, level in ((["user=hr03"], "WARN"), (["user=hr03", "accept=process git.exe"], "ERROR")):
        refused = bare_site.host(analyst, "cbsignedprofile").generate(arguments)
        assert refused.rows == []
        assert [(said, "403" in text and "role `cbsigned_admin`" in text) for said, text in refused.messages] == [
            (level, True)
        ]


def test_of_whom_a_baseline_is_damaged_nothing_is_dropped_until_it_is_learnt_anew(site: Site, edr: EdrServer) -> None:
    """It must not pass for somebody of whom nothing is known yet; which document it is stands in the message."""
    edr.estate.add_binary(A, "Signed", "c:\\workday.exe", publisher="Example Corp")
    site.learn(HISTORY)
    row: Row = {"md5": A, "user": "hr03", "team": "hr", "process_name": "workday.exe", "_time": "1793606400"}
    assert site.search([row]).rows[0]["signed_noise"] == "true"
    collection = site.splunkd.collections["cbsigned_baselines"]
    collection.save([{**collection.get("person:hr03"), "baseline": "[]"}], 1)
    kept = site.search([row])
    assert (kept.rows[0]["signed"], kept.rows[0]["signed_noise"]) == ("true", "false")
    assert kept.rows[0]["anomaly_reasons"] == UNREAD_BASELINES
    assert [(said, "person:hr03" in text) for said, text in kept.messages] == [("WARN", True)]
    assert site.learn(HISTORY).messages == []
    assert site.search([row]).rows[0]["signed_noise"] == "true"


ODD: list[Row] = [
    {"md5": A, "user": user, "team": team, "process_name": name, "parent_process_name": parent, "_time": "1793606400"}
    for user, team in (("hr03", "hr"), ("it01", "it"), ("hr04", ""), ("somebody", ""))
    for name in ("workday.exe", "git.exe", "winword.exe", "never.exe")
    for parent in ("explorer.exe", "never.exe", "winword.exe")
]


def _scored(site: Site) -> list[tuple[str, ...]]:
    return [
        tuple(str(row[name]) for name in ("anomaly_score", "anomaly_reasons", "anomaly_team_p", "signed_noise"))
        for row in site.search(ODD).rows
    ]


def test_what_an_earlier_release_learnt_is_read_whole_until_it_is_moved_over(site: Site, edr: EdrServer) -> None:
    """By the hourly purge, or when anything is learnt; the rows are the same throughout, and nothing is lost."""
    edr.estate.add_binary(A, "Signed", "c:\\workday.exe", publisher="Example Corp")
    site.learn(HISTORY)
    collection, expected = site.splunkd.collections["cbsigned_baselines"], _scored(site)
    assert len(set(expected)) > 10
    outlined = collection.get("organisation:")
    earlier = {name: outlined[name] for name in ("_key", "kind", "name", "learnt", "baseline", "lessons")}
    collection.save([earlier], 1)
    assert _scored(site) == expected
    admin = site.splunkd.log_in("admin", *site.splunkd.roles()["cbsigned_admin"])
    assert site.host(admin, "cbsignedpurge").generate().rows
    assert collection.get("organisation:") == outlined
    site.splunkd.calls.clear()
    assert _scored(site) == expected


def test_of_the_organisation_a_search_reads_what_it_asks_about(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """And never the whole document."""
    site.learn(HISTORY)
    collection, read = site.splunkd.collections["cbsigned_baselines"], list[dict[str, object]]()
    find = collection.find

    def noting(query: dict[str, object], skip: int = 0, limit: int = 0, fields: str = "") -> list[dict[str, object]]:
        found = find(query, skip, limit, fields)
        read.extend(found)
        return found

    monkeypatch.setattr(collection, "find", noting)
    site.search(ODD[:3])
    documents = {str(document["_key"]): document for document in read}
    assert set(documents) == {"organisation:", "person:hr03", "team:hr", "parent:explorer.exe", "parent:winword.exe"}
    of_organisation = documents["organisation:"]
    assert "head" in of_organisation
    assert "baseline" not in of_organisation
    assert 4 < len(of_organisation) < len(collection.get("organisation:")) - 4


def test_what_waits_is_known_to_the_service_from_the_last_time(
    bare_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that it asks once for what a parent was seen with more often than everybody; a new process asks twice."""
    bare_site.learn(HISTORY)
    git: Row = {"user": "hr03", "process_name": "git.exe", "parent_process_name": "explorer.exe", "_time": "1793606400"}
    bare_site.learn([{**git, "team": "hr"}], "wait=true")
    configuration = SplunkdConfiguration(bare_site.splunkd.url, bare_site.splunkd.system_token)
    collection, read = bare_site.splunkd.collections["cbsigned_baselines"], list[str]()
    find = collection.find

    def noting(query: dict[str, object], skip: int = 0, limit: int = 0, fields: str = "") -> list[dict[str, object]]:
        read.append(fields)
        return find(query, skip, limit, fields)

    monkeypatch.setattr(collection, "find", noting)
    service, question = BaselineService(), BaselineQuestion((Subject(SubjectKind.PARENT, "explorer.exe"),))
    answers, calls = [], []
    for _ in range(2):
        answers.append(service.answer(question, configuration))
        calls.append(sum(fields.startswith("_key,head") for fields in read))
        read.clear()
    assert calls == [2, 1]
    assert set(answers[0].outline.programs) == {"git.exe"}
    assert answers[0] == answers[1]


def test_whoever_learns_reads_what_is_kept_however_many_they_are(bare_site: Site) -> None:
    """In parts of 500 each, of which none has counted in what is released: it would count twice."""
    people: list[Row] = [
        {"user": f"u{number}", "process_name": "a.exe", "_time": str(1793606400 + 86400 * day)}
        for number in range(600)
        for day in range(12)
    ]
    bare_site.learn(people)
    bare_site.learn([{**row, "process_name": "b.exe"} for row in people[::12]], "wait=true")
    kept = _baselines(bare_site)
    assert '"waiting"' in kept["person:u599"]
    assert "accepted" not in kept["organisation:"]
    admin = bare_site.splunkd.log_in("admin", *bare_site.splunkd.roles()["cbsigned_admin"])
    bare_site.host(admin, "cbsignedprofile").generate(["accept=process b.exe"])
    subjects = tuple(map(read_subject, kept))
    assert len(subjects) > MAX_SUBJECTS
    read = BaselineClient(bare_site.splunkd.url, admin).read(BaselineQuestion(subjects, wants_as_kept=True))
    assert {subject.key: write_baseline(one) for subject, one in read.baselines.items()} == _baselines(bare_site)


def test_a_search_from_before_an_upgrade_is_answered_as_before(bare_site: Site) -> None:
    """It asks for subjects alone: it gets them as they are kept, and with the organisation's what people decided."""
    bare_site.learn(HISTORY)
    admin = bare_site.splunkd.log_in("admin", *bare_site.splunkd.roles()["cbsigned_admin"])
    bad: Row = {"process_md5": A, "process_name": "a.exe"}
    assert bare_site.host(admin, "cbsignedreview").run([bad], ["action=bad", "why=seen elsewhere"]).rows
    call = ServiceCall(bare_site.splunkd.url, admin, "baselines")
    first = read_reply(call.post(json.dumps({"subjects": ["organisation:", "person:hr03"]}), 9.0))
    later = read_reply(call.post(json.dumps({"subjects": ["person:hr04"]}), 9.0))
    kept = _baselines(bare_site)
    for reply in (first, later):
        assert all(write_baseline(one) == kept[subject.key] for subject, one in reply.baselines.items())
    assert (len(first.baselines), len(first.decisions), len(later.baselines)) == (2, 1, 1)


def test_people_without_an_organisation_are_trouble(site: Site, edr: EdrServer) -> None:
    """One is never learnt without the other: nothing is dropped as on the first day."""
    edr.estate.add_binary(A, "Signed", "c:\\workday.exe", publisher="Example Corp")
    site.learn(HISTORY)
    site.splunkd.collections["cbsigned_baselines"].delete({"_key": "organisation:"})
    found = site.search(ODD[:1])
    assert [row["signed_noise"] for row in found.rows] == ["false"]
    assert [(said, "learn anew" in text) for said, text in found.messages] == [("WARN", True)]


def test_the_purge_passes_over_a_document_that_is_damaged(bare_site: Site) -> None:
    """What it is for is done; that the document cannot be read says whoever reads it."""
    bare_site.learn(HISTORY[:50])
    collection = bare_site.splunkd.collections["cbsigned_baselines"]
    collection.save([{"_key": "organisation:", "learnt": time.time(), "baseline": "[]"}], 1)
    admin = bare_site.splunkd.log_in("admin", *bare_site.splunkd.roles()["cbsigned_admin"])
    assert bare_site.host(admin, "cbsignedpurge").generate().messages == []


@pytest.mark.parametrize("field", ["head", "p", "t"])
def test_where_an_outline_is_damaged_what_it_is_made_of_is_read(bare_site: Site, field: str) -> None:
    """What cannot be read must not pass for what nobody knows."""
    bare_site.learn(HISTORY)
    collection, expected = bare_site.splunkd.collections["cbsigned_baselines"], _scored(bare_site)
    document = collection.get("organisation:")
    damaged = {name for name in document if name.startswith(field)}
    assert damaged
    collection.save([{**document, **dict.fromkeys(damaged, "7")}], 1)
    assert _scored(bare_site) == expected


def test_whom_nothing_was_learnt_of_for_long_is_swept_out(bare_site: Site) -> None:
    """With the verdicts, by the same saved search: what people did is not kept for ever."""
    bare_site.learn(HISTORY[:50])
    collection = bare_site.splunkd.collections["cbsigned_baselines"]
    old = {**collection.get("organisation:"), "_key": "person:leaver", "learnt": time.time() - 361 * 86400}
    collection.save([old], 1)
    admin = bare_site.splunkd.log_in("admin", *bare_site.splunkd.roles()["cbsigned_admin"])
    assert bare_site.host(admin, "cbsignedpurge").generate().rows
    assert "person:leaver" not in _baselines(bare_site)
    assert "organisation:" in _baselines(bare_site)


def test_a_decision_on_a_name_with_braces_is_told(bare_site: Site) -> None:
    """The SDK formats what it is given to show: it ended in a KeyError, after the decision was made."""
    admin = bare_site.splunkd.log_in("admin", *bare_site.splunkd.roles()["cbsigned_admin"])
    result = bare_site.host(admin, "cbsignedprofile").generate(["accept=process {x}.exe"])
    assert (result.exit_code, result.messages) == (
        0,
        [("WARN", "cbsignedprofile: nothing waits as 'process {x}.exe'; it is noted for when something does.")],
    )
