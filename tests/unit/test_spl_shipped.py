"""The macros and saved searches that are shipped, run on rows: what they give, and that eight kinds of fault show.

The commands that they call are told here what to say; `tests/system/test_spl_shipped.py` runs the real ones.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Mapping, Tuple

import pytest

from tests.lab.confs import Stanzas, read_conf
from tests.lab.dashboards import VIEWS
from tests.lab.rows import read_rows
from tests.lab.site import ROOT
from tests.lab.spl import CollectionTable, MemoryTable, Results, SplError, run
from tests.lab.spl.environment import Row
from tests.lab.spl.tables import Table
from tests.lab.splunkd.kvstore import Collection
from tests.lab.summaries import SUMMARIES

NOW = 1_795_000_000
_STATUSES = ("Unsigned", "Invalid Signature", "Expired", "Invalid Chain", "Untrusted Root", "Explicit Distrust")
_HASHES = ("signed", "expired", "old way", "ahead", "twice", "other")
MD5 = {name: f"{number:032x}" for number, name in enumerate((*_HASHES, "again", *_STATUSES), 10)}
BASIS = 'joint, digsig_result:"Signed", expired is not signed'
DETAILS = (
    "process_signature_status",
    "process_signature_publisher",
    "process_signature_issuer",
    "process_signature_subject",
    "process_signature_program",
    "process_signature_time",
    "process_original_name",
    "process_internal_name",
    "process_observed_names",
    "process_document_sha256",
)


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
            "cbsigned_searches": _searches(transforms["cbsigned_searches"]),
        }
        # Of the indexers, which have a copy of last night; here it is the store itself.
        self.lookups["cbsigned_known"] = self.lookups["cbsigned_verdicts"]

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

    def save(self, name: str, **changes: object) -> None:
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


def _searches(settings: Mapping[str, str]) -> MemoryTable:
    rows: List[Row] = [dict(row) for row in read_rows(ROOT / "lookups" / "cbsigned_searches.csv")]
    return MemoryTable(list(rows[0]), rows, settings)


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
    brought: Row = {
        **dict.fromkeys(DETAILS, "brought"),
        "signed": "true",
        "signed_reason": "joint",
        "signed_noise": "true",
    }
    brought |= {"signed_expires": str(NOW + 9), "signed_basis": BASIS, "signed_last_seen": "1"}
    rows: List[Row] = [{**brought, "h": MD5[name].upper()} for name in _HASHES]
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
    assert [set(row) - kept for row in rest] == [set()] * 6
    assert [row["signed"] for row in confs.run("| `cbsigned_lookup_only(h)`", rows)] == ["true", *["unknown"] * 6]
    assert [row["signed_reason"] for row in confs.run("| `cbsigned_lookup_only(h)`", rows)] == [
        "joint",
        *["not_seen"] * 6,
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
    for macro, expected in {
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
    confs.run(confs.saved["cbsigned - learn what is usual"]["search"], indexes={"edr": starts, "auth": [log_on]})
    ((handed, words),) = confs.asked
    assert words == ["cbsignedlearn"]
    assert [row.get("process_signature_publisher") for row in handed] == [
        "its process_signature_publisher",
        "its process_signature_publisher",
        None,
        None,
    ]


def _module(name: str, result: str, **more: str) -> Row:
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
    }
    events = [
        _module("signed", "Signed", **_OF_MODULES),
        _module("expired", "Signed"),
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
        **dict(zip(DETAILS, ("Signed", "P", "I", "S", "N", "T", "O", "IN", "ON", "256"))),
    }
    assert stored[MD5["old way"]] == {
        **common,
        "_key": MD5["old way"] + "@main",
        "md5": MD5["old way"],
        "signed": "false",
        "signed_reason": "bad_signature",
        "process_signature_verified": "false",
        **dict(zip(DETAILS, ("Bad Signature", *_OF_DOCS))),
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


def test_no_macro_and_no_saved_search_is_left_out() -> None:
    """Each is named by a check, by what one runs, or is run by the tests of dashboards and alerts."""
    text = json.dumps([check.__code__.co_consts.__repr__() for check in CHECKS.values()])
    macros = _conf("macros")
    searches = _conf("savedsearches")
    elsewhere = {name for name, stanza in searches.items() if "`cbsigned_summary`" in stanza["search"]} | {*SUMMARIES}
    elsewhere |= {name for name in searches if name.endswith("signature has changed") or "has changed - Rule" in name}
    used = text + "".join(stanza["definition"] for stanza in macros.values())
    used += "".join(searches[name]["search"] for name in elsewhere)
    used += "".join(path.read_text(encoding="utf-8") for path in VIEWS.glob("*.xml"))
    not_yet = {"cbsigned_lookup_daily", "cbsigned - export verdicts for the indexers"}  # tests/system/test_store.py
    assert {name.partition("(")[0] for name in macros if name.partition("(")[0] not in used} - not_yet == set()
    assert {name for name in searches if name not in text} - elsewhere - not_yet == set()


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
