"""The macros and saved searches that are shipped, run on rows: what they give, and that eight kinds of fault show.

The commands that they call are told here what to say; `tests/system/test_spl_shipped.py` runs the real ones.
"""

from __future__ import annotations

import csv
import inspect
from typing import Any, Callable, Dict, List, Mapping, Tuple

import pytest

from cbverdict.search.anomaly_table import ANOMALY_FIELDS
from cbverdict.verdicts.signature import SIGNATURE_COLUMNS
from cbverdict.verdicts.verdict import DETAIL_FIELDS, STATUS_FIELDS
from package import columns
from package.detections import DETECTIONS
from tests.lab.confs import Stanzas, read_conf
from tests.lab.site import ROOT
from tests.lab.spl import CollectionTable, MemoryTable, Results, SplError, run
from tests.lab.spl.environment import Row
from tests.lab.spl.tables import Table
from tests.lab.spl.values import EmptyCell
from tests.lab.splunkd.kvstore import Collection

NOW = 1_795_000_000
QUARTER = str((NOW - 600) // 900 * 900)
EXPORT = "cbsigned - export verdicts for the indexers"
SUMMARIZE = "cbsigned - summarize processes"
_STATUSES = ("Unsigned", "Invalid Signature", "Expired", "Invalid Chain", "Untrusted Root", "Explicit Distrust")
_HASHES = ("signed", "expired", "old way", "ahead", "twice", "other")
MD5 = {name: f"{number:032x}" for number, name in enumerate((*_HASHES, "again", "nameless", "named", *_STATUSES), 10)}
BASIS = 'joint, digsig_result:"Signed", expired is not signed'
DETAILS = tuple(SIGNATURE_COLUMNS.values())
NO_DETAILS = dict.fromkeys(DETAILS, "")


class Shipped:
    """The confs, perhaps with a fault in them, and a store of verdicts."""

    def __init__(self, macros: Stanzas, saved: Stanzas) -> None:
        """Take the macros and the saved searches."""
        self.macros = macros
        self.saved = saved
        self.store = Collection()
        self.asked: List[Tuple[List[Row], List[str]]] = []
        transforms, types = _conf("transforms"), _conf("collections")["cbsigned_verdicts"]
        stanza = transforms["cbsigned_verdicts"]
        self.lookups: Dict[str, Table] = {
            "cbsigned_verdicts": CollectionTable(
                lambda: self.store,
                stanza["fields_list"].split(", "),
                {name[len("field.") :]: kind for name, kind in types.items() if name.startswith("field.")},
                stanza,
            ),
            **{name: _file(stanza) for name, stanza in transforms.items() if "filename" in stanza},
        }

    def run(self, spl: str, rows: List[Row] | None = None, **given: Any) -> Results:
        """Run a search with them."""
        return run(
            spl,
            rows=rows,
            macros=self.macros,
            lookups=self.lookups,
            commands={name: self._answer(name) for name in _conf("commands")},
            now=NOW,
            **given,
        )

    def save(self, name: str, /, **changes: object) -> None:
        """Store a verdict of a hash, as cbsigned does."""
        document: Dict[str, object] = {"md5": MD5[name], "name": "", "server": "main", "basis": BASIS, "signed": "true"}
        document |= {"signed_reason": "joint", "expires": NOW + 60.5, "last_seen": NOW - 60.5}
        document |= {detail: f"its {detail}" for detail in DETAILS}
        document |= changes
        key = f"{document['md5']}@{document['server']}"
        self.store.save([{**document, "_key": key}], 1)

    def _answer(self, name: str) -> Callable[[List[Row], List[str]], List[Row]]:
        def answer(rows: List[Row], words: List[str]) -> List[Row]:
            self.asked.append((rows, [name, *words]))
            return [{**row, "signed_noise": str(row.get("says", ""))} for row in rows]

        return answer


def _conf(name: str) -> Stanzas:
    return read_conf(ROOT / "default" / f"{name}.conf")


def _file(settings: Mapping[str, str]) -> MemoryTable:
    with (ROOT / "lookups" / settings["filename"]).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows: List[Row] = [dict(row) for row in reader]
        return MemoryTable(list(reader.fieldnames or []), rows, settings)


def shipped() -> Shipped:
    """Give the confs as they are."""
    return Shipped(_conf("macros"), _conf("savedsearches"))


def check_the_lookup_macro(confs: Shipped) -> None:
    """Take a verdict of this account, made as is listed, of now, and nothing that the event brings."""
    confs.save("signed")
    confs.save("expired", expires=NOW - 1)
    confs.save("old way", basis='joint, digsig_prog_name:"x", expired is not signed')
    confs.save("ahead", last_seen=NOW + 301)
    confs.save("other", server="paris")
    confs.save("twice", last_seen=NOW + 300)
    confs.save("again")
    confs.store.save([{**confs.store.get(f"{MD5['again']}@main"), "_key": "a second one"}], 1)
    brought: Row = {
        **dict.fromkeys(DETAILS, "brought"),
        "signed": "true",
        "signed_reason": "joint",
        "signed_noise": "true",
    }
    brought |= {"signed_expires": str(NOW + 9), "signed_basis": BASIS, "signed_last_seen": "1"}
    rows: List[Row] = [{**brought, "h": MD5[name].upper()} for name in (*_HASHES, "again")]
    rows.append({**brought})
    found, *rest = confs.run("| `cbsigned_lookup(h)`", rows)
    assert {name: found.get(name) for name in ("signed", "signed_reason", "signed_expires", *DETAILS)} == {
        "signed": "true",
        "signed_reason": "joint",
        "signed_expires": f"{NOW + 60.5}",
        **{name: f"its {name}" for name in DETAILS},
    }
    assert "signed_noise" not in found
    kept = {"h", "cbsigned_md5", "cbsigned_server", "cbsigned_keys", "signed_basis", "signed_last_seen"}
    assert [set(row) - kept for row in rest] == [set()] * 7
    assert [row["signed"] for row in confs.run("| `cbsigned_lookup_only(h)`", rows)] == ["true", *["unknown"] * 7]
    assert [row["signed_reason"] for row in confs.run("| `cbsigned_lookup_only(h)`", rows)] == [
        "joint",
        *["not_seen"] * 7,
    ]


def check_every_way_of_asking(confs: Shipped) -> None:
    """Take the four ways that are listed, and no fifth."""
    ways = ['joint, digsig_result:"Signed"', "binary", "document", "events", "prog_name"]
    for place, way in enumerate(ways):
        confs.save("signed", basis=f"{way}, expired is not signed")
        (row,) = confs.run("| `cbsigned_lookup_only(h)`", [{"h": MD5["signed"]}])
        assert row["signed"] == ("unknown" if place == 4 else "true"), way


def check_the_drop(confs: Shipped) -> None:
    """Drop rows whose signed_noise is true, and no others; those without the field stay."""
    rows: List[Row] = [{"id": "a", "signed_noise": "true"}, {"id": "b", "signed_noise": "false"}, {"id": "c"}]
    assert [row["id"] for row in confs.run("| `drop_signed_noise`", rows)] == ["b", "c"]


def check_the_switch(confs: Shipped) -> None:
    """Drop nothing after false(); a condition keeps rows, and never drops one that is no signed noise."""
    rows: List[Row] = [
        {"id": "a", "signed_noise": "true", "anomaly_score": "3"},
        {"id": "b", "signed_noise": "true"},
        {"id": "c", "signed_noise": "false", "anomaly_score": "3"},
        {"id": "d"},
    ]
    for condition, kept in {
        "true()": "cd",
        "false()": "abcd",
        "isnotnull(anomaly_score)": "bcd",
        "false() OR true()": "cd",
    }.items():
        confs.macros = {**confs.macros, "cbsigned_may_drop": {"definition": condition}}
        found = confs.run("| `drop_signed_noise`", rows)
        assert "".join(str(row["id"]) for row in found) == kept, condition


def check_the_filter(confs: Shipped) -> None:
    """Read times that are texts, hand them to cbsigned alone, and drop; the rest of a row stays as it was."""
    rows: List[Row] = [
        {"says": "false", "firstTime": "2026-11-01T02:00:00", "lastTime": "2026-11-01T03:00:00"},
        {"says": "false", "firstTime": "1793498400", "cbsigned_last_time": "7"},
        {"says": "true"},
    ]
    assert confs.run("| `cbsigned_filter`", rows) == [
        {**rows[0], "signed_noise": "false"},
        {"says": "false", "firstTime": "1793498400", "signed_noise": "false"},
    ]
    ((handed, words),) = confs.asked
    assert words == ["cbsigned"]
    times = [(row.get("cbsigned_first_time"), row.get("cbsigned_last_time")) for row in handed]
    assert times == [("1793498400.000000", "1793502000.000000"), (None, None), (None, None)]


def check_one_event_each(confs: Shipped) -> None:
    """Keep of each id the highest revision, of that the latest; events without an id stay."""
    rows: List[Row] = [
        {"cbsigned_id": "x", "cbsigned_revision": "9", "_time": "8", "n": "older"},
        {"cbsigned_id": "x", "cbsigned_revision": "10", "_time": "4", "n": "old"},
        {"cbsigned_id": "x", "cbsigned_revision": "10", "_time": "6", "n": "this"},
        {"cbsigned_id": "y", "cbsigned_revision": "0", "_time": "1", "n": "that"},
        {"n": "none", "_time": "3"},
        {"n": "none", "_time": "3"},
    ]
    assert sorted(str(row["n"]) for row in confs.run("| `cbsigned_once`", rows)) == ["none", "none", "that", "this"]


def check_the_first_lookup(confs: Shipped) -> None:
    """Run cbsigned with the field named."""
    confs.run("| `cbsigned_lookup_first(h)`", [{"h": "x"}])
    assert confs.asked == [([{"h": "x"}], ["cbsigned", "md5=h"])]


def check_where_events_are(confs: Shipped) -> None:
    """Find process starts and binary events of Carbon Black's forwarder, and log-ons that succeeded."""
    common = {"_time": "1", "sourcetype": "bit9:carbonblack:json"}
    start = {**common, "type": "ingress.event.procstart"}
    events = [start, {**start, "sourcetype": "x"}, {**common, "type": "ingress.event.module"}]
    log_ons = [{"_time": "1", "tag": "authentication", "action": action} for action in ("success", "failure")]
    indexes = {"edr": events, "main": [start, *log_ons]}
    summary = {"_time": "1", "source": "cbsigned - summarize processes"}
    flip, health = ({"_time": "1", "sourcetype": f"cbsigned:{kind}"} for kind in ("flip", "health"))
    indexes = {**indexes, "edr": [*events, flip, health], "summary": [summary, {"_time": "1", "source": "x"}]}
    for macro, expected in {
        "cbsigned_summary": [summary],
        "cbsigned_changes": [flip],
        "cbsigned_health_events": [health],
        "cbsigned_scored": [{**start, "signed_noise": ""}],
        "cbsigned_processes": [start],
        "cbsigned_events": [start, events[2]],
        "cbsigned_logons": [log_ons[0]],
    }.items():
        assert list(confs.run(f"`{macro}`", indexes=indexes)) == expected, macro
    assert confs.run("| eval a=`cbsigned_account`", [{}]) == [{"a": "main"}]


def check_the_sweep(confs: Shipped) -> None:
    """Run the command alone."""
    confs.run(confs.saved["cbsigned - sweep expired verdicts"]["search"])
    assert confs.asked == [([], ["cbsignedpurge"])]


def check_learning(confs: Shipped) -> None:
    """Hand on both kinds of events, with the publisher that the store knows of a hash."""
    confs.save("signed")
    event = {"_time": "1", "sourcetype": "bit9:carbonblack:json", "type": "ingress.event.procstart"}
    starts = [
        {**event, "process_md5": MD5["signed"].upper()},
        {**event, "md5": MD5["signed"]},
        {**event, "md5": MD5["other"]},
    ]
    log_on = {"_time": "1", "tag": "authentication", "action": "success"}
    confs.run(confs.saved[EXPORT]["search"])
    confs.run(confs.saved["cbsigned - learn what is usual"]["search"], indexes={"edr": starts, "auth": [log_on]})
    ((handed, words),) = confs.asked
    assert words == ["cbsignedlearn", "wait=true"]
    assert [row.get("process_signature_publisher") for row in handed] == [
        "its process_signature_publisher",
        "its process_signature_publisher",
        None,
        None,
    ]


def check_the_export(confs: Shipped) -> None:
    """Write what still counts, one row a hash and account, and nothing over the file where there is nothing."""
    search = confs.saved[EXPORT]["search"]
    before = confs.lookups["cbsigned_known"].read()
    assert confs.run(search) == []
    assert confs.lookups["cbsigned_known"].read() == before
    confs.save("signed")
    confs.save("old way", signed="false", signed_reason="unsigned", process_signature_publisher="")
    confs.save("expired", expires=NOW)
    confs.save("ahead", signed="unknown")
    confs.save("other", name="of one name.exe")
    confs.save("twice")
    confs.store.save([{**confs.store.get(f"{MD5['twice']}@main"), "_key": "a second one"}], 1)
    confs.save("again", server="paris")
    columns = (
        "md5",
        "server",
        "signed",
        "signed_reason",
        "process_signature_publisher",
        "expires",
        "basis",
        "last_seen",
    )
    confs.run(search)
    known = confs.lookups["cbsigned_known"].read()
    assert confs.lookups["cbsigned_known"].fields == list(columns)
    publisher, times = "its process_signature_publisher", {"expires": f"{NOW + 60.5}", "last_seen": f"{NOW - 60.5}"}
    common = {"basis": BASIS, **times, "process_signature_publisher": publisher}
    signed = {**common, "signed": "true", "signed_reason": "joint"}
    assert known == [
        {**signed, "md5": MD5["signed"], "server": "main"},
        {
            **common,
            "md5": MD5["old way"],
            "server": "main",
            "signed": "false",
            "signed_reason": "unsigned",
            "process_signature_publisher": EmptyCell(),
        },
        {**signed, "md5": MD5["again"], "server": "paris"},
    ]


def check_the_lookup_of_the_day(confs: Shipped) -> None:
    """Take of last night's export what counts of this account, and nothing that the event brings."""
    confs.save("signed")
    confs.save("old way", basis='joint, digsig_prog_name:"x", expired is not signed')
    confs.save("ahead", last_seen=NOW + 301)
    confs.save("other", server="paris")
    confs.run(confs.saved[EXPORT]["search"])
    table = confs.lookups["cbsigned_known"]
    again = {**table.read()[0], "md5": MD5["again"]}
    expired = {**again, "md5": MD5["expired"], "expires": str(NOW)}
    table.upsert([again, again, expired])
    brought = {"signed": "true", "signed_reason": "joint", "signed_expires": str(NOW + 9), "signed_basis": BASIS}
    brought |= {"signed_last_seen": "1", "process_signature_publisher": "brought", "signed_noise": "true"}
    names = ("signed", "old way", "ahead", "other", "again", "expired", "twice")
    rows: List[Row] = [{**brought, "h": MD5[name].upper()} for name in names]
    found = confs.run("| `cbsigned_lookup_daily(h)`", rows)
    assert [row["signed"] for row in found] == ["true", *["unknown"] * 6]
    assert [row["signed_reason"] for row in found] == ["joint", *["not_seen"] * 6]
    told = ("process_signature_publisher", "signed_expires", "signed_noise")
    assert [row.get(name) for row in found for name in told] == [
        *("its process_signature_publisher", f"{NOW + 60.5}", None),
        *[None] * 18,
    ]


def test_the_columns_are_those_that_the_command_reads() -> None:
    """`make detections` has nothing left to do."""
    assert columns.renewed() == columns.MACROS.read_text(encoding="utf-8")


def check_the_columns(confs: Shipped) -> None:
    """Find who, where and what of any row; what its names hold cannot end a value of the summary."""
    teams = confs.lookups["cbsigned_teams"]
    teams.replace(
        [
            {"user": "jdoe", "team": "HR", "timezone": ""},
            {"user": "*", "team": "hr", "timezone": "Europe/Berlin"},
            {"user": "bob", "team": "it", "timezone": "Asia/Tokyo"},
        ],
        ["user", "team", "timezone"],
    )
    md5, sha = "AB" * 16, "cd" * 32
    rows: List[Row] = [
        {"user": "CORP\\JDoe", "process_name": "C:\\x\\A.exe", "parent_name": "/bin/Sh", "dest": "PC", "md5": md5},
        {"username": "Bob@corp.example", "path": 'c:\\a" kept="false.exe', "Hashes": f"SHA256={sha},MD5={md5}"},
        {"User": ["ann", "bob"], "process_hash": [sha, md5], "team": "Sales", "ParentImage": "a\r\nb.exe"},
        {"process_hash": sha, "computer_name": "h\n1"},
        {
            "process_name": "-",
            "process_path": "C:\\u\\anydesk.exe. ",
            "Hashes": f'SHA256={sha}\nMD5={md5}" signed="true',
        },
        {
            "user": "(unknown)",
            "UserName": "ann",
            "ImageFileName": "\\Device\\x\\b.exe",
            "MD5HashData": md5,
            "Computer": "c\\",
        },
        {"process_md5": "0" * 32, "Hashes": f"MD5={md5}", "Processes.user": "анна", "process.name": "n"},
        {"process_sha256": sha, "process_document_md5": md5.lower(), "user": ["-", "bob"]},
    ]
    names = ("user", "team", "process", "parent", "host", "md5", "zone")
    found = confs.run("| `cbsigned_columns`", rows)
    assert [[row[f"cbsigned_{name}"] for name in names] for row in found] == [
        ["jdoe", "hr", "a.exe", "sh", "pc", md5.lower(), "Europe/Berlin"],
        ["bob", "it", "a' kept='false.exe", "-", "-", md5.lower(), "Asia/Tokyo"],
        ["ann", "sales", "-", "a''b.exe", "-", md5.lower(), "UTC"],
        ["-", "-", "-", "-", "h'1", "-", "UTC"],
        ["-", "-", "anydesk.exe", "-", "-", md5.lower(), "UTC"],
        ["ann", "-", "b.exe", "-", "c'", md5.lower(), "UTC"],
        ["анна", "-", "n", "-", "-", md5.lower(), "UTC"],
        ["bob", "it", "-", "-", "-", md5.lower(), "Asia/Tokyo"],
    ]
    assert [len(str(row["cbsigned_key"])) for row in found] == [32] * 8
    own = {f"cbsigned_{name}" for name in (*names, "key")}
    assert [set(row) - own for row in found] == [set(row) for row in rows]
    again = confs.run("| `cbsigned_columns`", [{**rows[0], "dest": "other"}, {**rows[0], "process_name": "b.exe"}])
    assert [row["cbsigned_key"] == found[0]["cbsigned_key"] for row in again] == [True, False]


def _start(**more: object) -> Row:
    row: Row = {"_time": str(NOW - 600), "sourcetype": "bit9:carbonblack:json", "type": "ingress.event.procstart"}
    row |= {"user": "ann", "team": "hr", "process_name": "a.exe", "parent_name": "p.exe", "dest": "pc"}
    row |= {"md5": MD5["signed"], "signed": "true", "signed_reason": "joint", "parent_signed": "true", "says": "false"}
    return {**row, **more}  # type: ignore[dict-item] # cells only


def check_the_summary_of_processes(confs: Shipped) -> None:
    """Count kept rows by person and host, dropped ones by file and team; weigh each by what is against it."""
    odd = {"anomaly_score": "30", "anomaly_hour_p": "0.2", "anomaly_reasons": ['is "odd"', "at 2 am"]}
    events = [
        _start(anomaly_score="12.5", anomaly_reasons="usual"),
        _start(_time=str(NOW - 590), **odd),
        _start(_time=str(NOW - 580), signed="unknown", signed_reason="not_seen"),
        _start(_time=str(NOW - 570), signed="false", signed_reason="bad_signature", parent_signed="false"),
        _start(_time=str(NOW - 560), says="true", user="bob", dest="other", anomaly_score="5"),
        _start(_time=str(NOW - 550), says="true", anomaly_reasons="left out by hand until 2027-01-31 by anna: ours"),
        _start(_time=str(NOW - 540), says="true", process_original_name='A"b.EXE'),
    ]
    indexes: Dict[str, List[Row]] = {"edr": events, "summary": []}
    confs.run(f'{confs.saved[SUMMARIZE]["search"]} | collect index=summary source="{SUMMARIZE}"', indexes=indexes)
    rows = indexes["summary"]
    assert {(row["kind"], row["_time"], row["sourcetype"]) for row in rows} == {("process", QUARTER, "stash")}
    told = ("kept", "excluded", "user", "dest", "signed_reason", "rows", "weight", "anomaly_score", "anomaly_reasons")
    assert sorted([row[name] for name in told] for row in rows) == [
        ["false", "-", "-", "-", "joint", "1", "0", "-", "-"],
        ["false", "-", "-", "-", "joint", "1", "0", "5", "-"],
        ["false", "true", "-", "-", "joint", "1", "0", "-", "left out by hand until 2027-01-31 by anna: ours"],
        ["true", "-", "ann", "pc", "bad_signature", "1", "80", "-", "-"],
        ["true", "-", "ann", "pc", "joint", "2", "30", "30", "is 'odd' | at 2 am"],
        ["true", "-", "ann", "pc", "not_seen", "1", "10", "-", "-"],
    ]
    assert {row["process_original_name"] for row in rows} == {"-", "a'b.exe"}
    (dropped,) = [row for row in rows if row["anomaly_score"] == "5"]
    assert (dropped["example"], dropped["cbsigned_key"]) == ("bob on other, started by p.exe", "-")
    keys = {row["cbsigned_key"] for row in rows} - {"-"}
    assert len(keys) == 1
    found = confs.run(f"`cbsigned_row({keys.pop()})`", indexes=indexes)
    assert found == [
        {
            "user": "ann",
            "team": "hr",
            "process_name": "a.exe",
            "parent_process_name": "p.exe",
            "process_md5": MD5["signed"],
            "process_signature_publisher": "-",
            "signed": "false",
            "signed_reason": "bad_signature",
            "anomaly_score": "-",
        }
    ]
    for key, words in (("a", "32 hex digits"), ("x" * 32, "32 hex digits"), ('x" OR kind="logon', "condition")):
        with pytest.raises(SplError, match=words):
            confs.run(f"`cbsigned_row({key})`", indexes=indexes)
    _check_the_looks(confs, indexes)


def _check_the_looks(confs: Shipped, indexes: Dict[str, List[Row]]) -> None:
    """See the two reports over that summary: what was kept alone, each with the sentences of its riskiest row."""
    look = confs.run(confs.saved["cbsigned - weekly look"]["search"], indexes=indexes)
    told = ("Program", "Signed", "Rows", "People", "Hosts", "Risk", "Why")
    assert [[row[name] for name in told] for row in look] == [
        ["a.exe", "true", "2", "1", "1", "30", "is 'odd' | at 2 am"],
        ["a.exe", "false", "1", "1", "1", "80", "-"],
        ["a.exe", "unknown", "1", "1", "1", "10", "-"],
    ]
    look = confs.run(confs.saved["cbsigned - weekly look at people"]["search"], indexes=indexes)
    assert look == [
        {"Person": "ann", "Rows": "4", "Risk": "80", "Programs": "1", "Team": "hr", "Why": "-"},
    ]


def check_the_summary_of_log_ons(confs: Shipped) -> None:
    """Keep those with a score of 10 and over one by one, and count the others by team."""
    log_on: Row = {"tag": "authentication", "action": "success", "user": "ann", "team": "hr", "dest": "vpn"}
    log_on |= {"_time": str(NOW - 600), "app": ['v"pn', "x"], "src": "10.0.0.1"}
    events = [
        {**log_on, "anomaly_score": "31", "anomaly_hour_p": "0.001", "anomaly_reasons": "2 am"},
        {**log_on, "anomaly_score": "9.9", "user": "bob"},
        {**log_on, "anomaly_score": "1"},
        {**log_on},
    ]
    rows = confs.run(confs.saved["cbsigned - summarize log-ons"]["search"], indexes={"auth": events})
    assert [words for _, words in confs.asked] == [["cbsigned", "details=false"]]
    told = ("judged", "user", "team", "dest", "app", "src", "rows", "weight", "anomaly_score", "anomaly_hour_p")
    assert sorted([row[name] for name in told] for row in rows) == [
        ["false", "-", "hr", "-", "-", "-", "1", "0", "-", "-"],
        ["true", "-", "hr", "-", "-", "-", "2", "9.9", "9.9", "-"],
        ["true", "ann", "hr", "vpn", "v'pn", "10.0.0.1", "1", "31", "31", "0.001"],
    ]
    assert {(row["kind"], row["kept"], row["timezone"], row["_time"]) for row in rows} == {
        ("logon", "true", "UTC", QUARTER)
    }


def check_what_alerts_leave(confs: Shipped) -> None:
    """Leave every row as it is, until an admin changes the macro."""
    rows: List[Row] = [{"a": "1"}, {"signed_noise": "true"}]
    filters = {name for name in confs.macros if name.endswith("_filter") and name != "cbsigned_filter"}
    assert filters == {f"{detection.stem}_filter" for detection in DETECTIONS} != set()
    for name in filters:
        assert confs.run(f"| `{name}`", rows) == rows


def _module(name: str, result: str, **more: str | List[str]) -> Row:
    return {
        "_time": str(NOW - 10),
        "sourcetype": "bit9:carbonblack:json",
        "type": "ingress.event.module",
        "md5": MD5[name].upper(),
        "digsig.result": result,
        "digsig.publisher": "P",
        **more,
    }


def check_filling_the_store(confs: Shipped) -> None:
    """Store hashes that are not known, of which all events agree, for a day; each field in its place."""
    confs.save("expired", signed="false")
    watched: Row = {
        "_time": str(NOW - 9),
        "sourcetype": "bit9:carbonblack:json",
        "type": "watchlist.hit.binary",
        "docs{}.md5": [MD5["old way"], MD5["other"]],
        "docs{}.digsig_result": ["Bad Signature", "Signed"],
        **{f"docs{{}}.{name}": [name, "not this"] for name in _OF_DOCS},
        "docs{}.observed_filename": ["observed_filename"],
    }
    named: Dict[str, str | List[str]] = {
        "utf_8_on_disk_filename": "c:\\x\\p.exe",
        "observed_filename{}": ["c:\\psexec.exe", "c:\\x\\p.exe"],
    }
    events = [
        _module("signed", "Signed", **_OF_MODULES),
        _module("expired", "Signed"),
        _module("nameless", "Signed", **named),
        _module("named", "Signed", utf_8_original_file_name="psexec.c", utf_8_on_disk_filename="d:\\q.exe"),
        _module("named", "Signed", **named),
        _module("twice", "Signed"),
        _module("twice", "Unsigned"),
        _module("again", "Signed"),
        {**_module("again", "Signed"), "digsig.publisher": "Q"},
        *(_module(status, status, **{"digsig.publisher": ""}) for status in _STATUSES),
        _module("ahead", "(unknown)"),
        {**_module("signed", "Signed"), "md5": "0" * 32},
        {**_module("signed", "Signed"), "type": "ingress.event.procstart", "md5": MD5["ahead"]},
        watched,
    ]
    search = confs.saved["cbsigned - fill the verdict store from events"]["search"]
    confs.run(search, indexes={"edr": events})
    stored = {document["md5"]: document for document in confs.store.find({}) if document["md5"] != MD5["expired"]}
    several = {MD5[name]: stored.pop(MD5[name])["process_observed_names"] for name in ("nameless", "named")}
    # All names that events give. They may not be all there are, which counts where the author gave the file none.
    assert several == {
        MD5["nameless"]: "c:\\psexec.exe|c:\\x\\p.exe|",
        MD5["named"]: "c:\\psexec.exe|c:\\x\\p.exe|d:\\q.exe",
    }
    assert set(stored) == {MD5["signed"], MD5["old way"], *(MD5[status] for status in _STATUSES)}
    assert {status: _told(stored[MD5[status]]) for status in _STATUSES} == {
        status: ("false", status.lower().replace(" ", "_"), str(status != "Unsigned").lower(), "")
        for status in _STATUSES
    }
    common = {
        "server": "main",
        "name": "",
        "basis": "events, expired is not signed",
        "first_seen": NOW,
        "last_seen": NOW,
        "expires": NOW + 86400,
        "previous_status": "",
        "flipped": 0,
        "server_host": "",
        "process_signature_exists": "true",
        "_user": "nobody",
    }
    assert stored[MD5["signed"]] == {
        **common,
        "_key": MD5["signed"] + "@main",
        "md5": MD5["signed"],
        "signed": "true",
        "signed_reason": "reported",
        "process_signature_verified": "true",
        **NO_DETAILS,
        **dict(zip(DETAILS, ("Signed", "P", "I", "S", "N", "T", "O", "IN", "ON", "256", MD5["signed"]))),
    }
    assert stored[MD5["old way"]] == {
        **common,
        "_key": MD5["old way"] + "@main",
        "md5": MD5["old way"],
        "signed": "false",
        "signed_reason": "bad_signature",
        "process_signature_verified": "false",
        **NO_DETAILS,
        **dict(zip(DETAILS, ("Bad Signature", *_OF_DOCS, MD5["old way"]))),
    }
    assert confs.run(search, indexes={"edr": events[1:2]}) == []


def _told(document: Mapping[str, object]) -> Tuple[object, ...]:
    names = ("signed", "signed_reason", "process_signature_exists", "process_document_sha256")
    assert all(isinstance(document[name], str) for name in DETAILS), "what is not known is stored as an empty text"
    return tuple(document[name] for name in names)


_OF_DOCS = (
    "digsig_publisher",
    "digsig_issuer",
    "digsig_subject",
    "digsig_prog_name",
    "digsig_sign_time",
    "original_filename",
    "internal_name",
    "observed_filename",
    "sha256",
)
_OF_MODULES = {
    "digsig.issuer_name": "I",
    "digsig.subject_name": "S",
    "digsig.program_name": "N",
    "digsig.sign_time": "T",
    "original_filename": "O",
    "internal_name": "IN",
    "observed_filename": "ON",
    "sha256": "256",
}


def check_the_report_of_searches(confs: Shipped) -> None:
    """Find enabled searches that drop, in themselves or by a macro, though the lookup advises against it."""
    filtered = "| tstats count | `another` | `an_own_filter`"
    searches = [
        {"title": "ESCU - Ping Sleep Batch Command - Rule", "search": "| x | `cbsigned_filter`", "disabled": "0"},
        {"title": "Windows Time Based Evasion", "search": filtered, "disabled": "0"},
        {"title": "GPUpdate with no Command Line Arguments with Network", "search": filtered, "disabled": "1"},
        {"title": "Detect Outlook exe writing a zip file", "search": filtered, "disabled": "0"},
        {"title": "A search of ours", "search": filtered, "disabled": "0"},
        {"title": "Suspicious DLLHost no Command Line Arguments", "search": "| `other(1)`", "disabled": "0"},
        {"title": "dllhost.EXE Execution Anomaly", "search": 'x | where NOT signed_noise="true"', "disabled": "0"},
    ]
    macros = [
        {"title": "an_own_filter", "definition": "`cbsigned_filter`"},
        {"title": "cbsigned_filter", "definition": "cbsigned | `drop_signed_noise` `signed_noise`"},
        {"title": "cbsigned_lookup(1)", "definition": "fields - signed_noise"},
        {"title": "drop_signed_noise", "definition": "where"},
        {"title": "other(1)", "definition": "where 1=1"},
    ]

    def rest(path: str, options: Mapping[str, str]) -> List[Row]:
        assert options == {"splunk_server": "local", "count": "0"}
        if path == "/servicesNS/-/-/saved/searches":
            return [{**row, "eai:acl.app": "ours"} for row in searches]
        assert path == "/servicesNS/-/-/configs/conf-macros"
        return [dict(row) for row in macros]

    found = confs.run(confs.saved["cbsigned - searches that should not drop signed noise"]["search"], rest=rest)
    assert found.columns == ["app", "title", "advice", "why", "dropped_by"]
    assert [(row["app"], row["title"], row["advice"], row["dropped_by"]) for row in found] == [
        ("ours", "ESCU - Ping Sleep Batch Command - Rule", "no", "cbsigned_filter"),
        ("ours", "Windows Time Based Evasion", "no", "an_own_filter"),
        ("ours", "dllhost.EXE Execution Anomaly", "no", "drop_signed_noise"),
        ("ours", "Detect Outlook exe writing a zip file", "useless", "an_own_filter"),
    ]
    assert all(row["why"] for row in found)


CHECKS = {name[len("check_") :]: check for name, check in list(globals().items()) if name.startswith("check_")}


@pytest.mark.parametrize("name", CHECKS)
def test_what_is_shipped_gives_what_it_is_for(name: str) -> None:
    """Every macro and every saved search."""
    CHECKS[name](shipped())


@pytest.mark.parametrize("macro", ["cbsigned_lookup", "cbsigned_lookup_only", "cbsigned_lookup_daily"])
def test_nothing_that_an_event_calls_as_the_command_does_outlives_a_lookup(macro: str) -> None:
    """Of a file that is not known: whoever writes a command line would say that it is."""
    own = {*STATUS_FIELDS, *DETAIL_FIELDS, *ANOMALY_FIELDS, "signed_source", "parent_signed"}
    (row,) = shipped().run(f"| `{macro}(h)`", [{"h": "e" * 32, **dict.fromkeys(own, "forged")}])
    assert [name for name in own if row.get(name) == "forged"] == []


ELSEWHERE = {
    "cbsigned alert - ": "tests/system/test_alerts.py::test_every_alert_finds_its_incident",
    "Endpoint - cbsigned ": "tests/system/test_alerts.py::test_each_is_there_for_enterprise_security_too",
}
"""What runs saved searches that begin so, with the result asserted, or holds their text to one that is run."""


def test_what_is_said_to_be_run_elsewhere_is() -> None:
    """By a test of that name."""
    for place in ELSEWHERE.values():
        path, _, name = place.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")


def test_no_macro_and_no_saved_search_is_left_out() -> None:
    """Each is named by a check, or by a macro that one runs."""
    text = " ".join(inspect.getsource(check) for check in CHECKS.values()) + f"{EXPORT} {SUMMARIZE}"
    text += inspect.getsource(_check_the_looks)
    macros = _conf("macros")
    used = text + "".join(stanza["definition"] for stanza in macros.values())
    alerts = {name for name in macros if name.endswith("_filter")}
    assert [name for name in macros if name.partition("(")[0] not in used and name not in alerts] == []
    left = [name for name in _conf("savedsearches") if name not in text]
    assert [name for name in left if not name.startswith(tuple(ELSEWHERE))] == []


FAULTS = {
    "wrong field": ("macros", "cbsigned_lookup(1)", "signed_expires>now()", "signed_expired>now()"),
    "macro": ("macros", "cbsigned_lookup(1)", "`cbsigned_bases`", "`cbsigned_basis`"),
    "quote": ("macros", "drop_signed_noise", '="true"', '="true'),
    "lookup column": ("macros", "cbsigned_lookup(1)", "expires AS signed_expires", "expiry AS signed_expires"),
    "null logic": ("macros", "drop_signed_noise", 'coalesce(signed_noise, "")', "signed_noise"),
    "type": (
        "savedsearches",
        "cbsigned - fill the verdict store from events",
        "expires=now()+86400",
        'expires=now()." s"',
    ),
    "order of dedup": ("macros", "cbsigned_once", "-cbsigned_revision -_time", "-_time -cbsigned_revision"),
    "unknown command": ("macros", "cbsigned_filter", "| fields - ", "| field - "),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_each_kind_is_caught(name: str) -> None:
    """Seeded into one stanza, it fails a check."""
    conf, stanza, right, wrong = FAULTS[name]
    assert _is_caught(conf, stanza, right, wrong)


def _is_caught(conf: str, stanza: str, right: str, wrong: str) -> bool:
    confs = {"macros": _conf("macros"), "savedsearches": _conf("savedsearches")}
    setting = "definition" if conf == "macros" else "search"
    text = confs[conf][stanza][setting]
    assert right in text
    confs[conf][stanza][setting] = text.replace(right, wrong, 1)
    return any(_fails(check, Shipped(confs["macros"], confs["savedsearches"])) for check in CHECKS.values())


def _fails(check: Callable[[Shipped], None], confs: Shipped) -> bool:
    try:
        check(confs)
    except (AssertionError, SplError, KeyError, ValueError):
        return True
    return False
