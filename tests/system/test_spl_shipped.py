"""Every search of the manual and of searchbnf.conf runs, with the real commands in the pipe and the KV store behind.

On a site of four programs. `tests/unit/test_spl_shipped.py` does the same for macros and saved searches, case by case.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Callable, Dict, Iterable, Iterator, List, Sequence

import pytest

from tests.lab import four_programs
from tests.lab.confs import read_conf
from tests.lab.documented import examples_of, searches_of
from tests.lab.four_programs import DROPPER, EDITOR, NIGHTLY, PROGRAMS, TIMECARD, UPDATE, Program
from tests.lab.four_programs_site import COLLECT, SUMMARIZE, search_head
from tests.lab.manual import read_manual
from tests.lab.rows import read_rows
from tests.lab.search_head import SearchHead
from tests.lab.site import ROOT
from tests.lab.spl.environment import Row
from tests.lab.spl.values import EmptyCell

STARTS = "index=edr type=ingress.event.procstart"
KEY = "0123456789abcdef0123456789abcdef"
Rows = List[Dict[str, Any]]
KEPT = (NIGHTLY, UPDATE, DROPPER)
SIGNED = {EDITOR: "true", DROPPER: "false", UPDATE: "false", NIGHTLY: "unknown"}
REASONS = {EDITOR: "joint", DROPPER: "unsigned", UPDATE: "bad_signature", NIGHTLY: "not_seen"}
MEANINGS = {str(row["signed_reason"]): row for row in read_rows(ROOT / "lookups" / "cbsigned_reasons.csv")}


@pytest.fixture(scope="module")
def head() -> Iterator[SearchHead]:
    """Give a search head of the site."""
    with search_head() as made:
        yield made


def _paths(programs: Iterable[Program]) -> Rows:
    return [
        {"path": program.path, "signed": SIGNED[program], "signed_reason": REASONS[program]} for program in programs
    ]


def _named(programs: Iterable[Program], **more: str) -> Rows:
    return [{"process_name": program.name, **more} for program in programs]


def _counts(*columns: str, **more: str) -> Rows:
    """Give the counts of the four programs by their verdicts, in the order of stats."""
    rows = [
        {"signed": SIGNED[one], "signed_reason": REASONS[one], "cbsigned_process": one.name, "count": "1"}
        for one in PROGRAMS
    ]
    rows = [{**row, **more, "signed_noise": str(row["signed"] == "true").lower()} for row in rows]
    kept = [{name: row[name] for name in (*columns, "count")} for row in rows]
    return sorted(kept, key=lambda row: [row[name] for name in columns])


def _learnt(action: str, rows: int, **baselines: int) -> Rows:
    kinds = ("person", "team", "parent", "organisation")
    common = {"action": action, "rows": str(rows)}
    return [{**common, "kind": kind, "baselines": str(baselines.get(kind, 0))} for kind in kinds]


def _with_meaning(rows: Rows, *columns: str) -> Rows:
    return [{**row, **{name: MEANINGS[row["signed_reason"]][name] for name in columns}} for row in rows]


ACCEPTED = [
    {"what": "process git.exe", "status": "accepted"},
    {"what": "jdoe: hour 22", "status": "accepted"},
    {"what": "hr03: process powershell.exe", "status": "refused"},
]
EXCLUDE = f'`cbsigned_row({KEY})` | cbsignedreview action=exclude days=30 why="the time card of our own"'
END_OF_JDOE = '| inputlookup cbsigned_exclusions where user="jdoe" | cbsignedreview action=end'
ACCOUNTS = ("emea", "main", "oslo", "paris")
FAULTS = {"libraries of the commands": "fail", "libraries of the handlers": "fail", "baselines": "warn"}
"""The sources have no lib/, and nothing is learnt before the page about learning."""
CHECKED = [
    {"check": check, "status": FAULTS.get(check, "ok")}
    for check in (
        *("right to search", "right to set up", "Python of the commands", "libraries of the commands"),
        *("handler verdicts", "handler baselines", "search: cbsigned", "search: cbsignedlearn", "Splunk", "add-on"),
        *("Python of the handlers", "libraries of the handlers", "settings", "accounts", "macro cbsigned_account"),
        *(f"account {name}{part}" for name in ACCOUNTS for part in ("", ": SHA-256", ": clock")),
        *(f"KV store: cbsigned_{name}" for name in ("verdicts", "baselines", "checkpoints", "exclusions")),
        *(f"rights: cbsigned_{name}" for name in ("verdicts", "baselines", "checkpoints", "exclusions")),
        *("baselines", "decisions", "lookups", "lists", "inputs", "saved searches", "search head cluster"),
    )
]
DECIDED = {"process_name": TIMECARD.name, "user": TIMECARD.user, "team": "hr"}
BY_REASON = _with_meaning(_counts("signed", "signed_reason"), "meaning", "next_step")
TEAMS = [
    {"user": "*", "team": "hr", "timezone": "Europe/Berlin", "calendar": "DE"},
    {"user": "jdoe", "team": "hr", "timezone": "", "calendar": ""},
]
LOG_ONS = _learnt("learnt", 2, person=2, team=1, organisation=1)
CIM_KEPT = [{"process_name": program.name, "count": "2"} for program in (NIGHTLY, UPDATE, DROPPER)]

CALLERS = {
    "| rest /servicesNS/-/-/saved/searches splunk_server=local count=0"
    """ | where match(search, "cbsigned|drop_signed_noise") AND 'eai:acl.app'!="cbsigned\""""
    " | table eai:acl.app title search": "cbsigned - summarize processes",
    "| rest /servicesNS/-/-/configs/conf-macros splunk_server=local count=0"
    """ | where match(definition, "cbsigned|drop_signed_noise") AND 'eai:acl.app'!="cbsigned\""""
    " | table eai:acl.app title definition": "cbsigned_filter",
    "| rest /servicesNS/-/-/data/ui/views splunk_server=local count=0"
    """ | where match('eai:data', "cbsigned|drop_signed_noise") AND 'eai:acl.app'!="cbsigned\""""
    " | table eai:acl.app title": "cbsigned_triage",
}
"""What finds searches, macros and dashboards of others that call the add-on, and one of its own that does."""

EXPECTED: Dict[str, Rows] = {
    # README
    "index=edr sourcetype=bit9:carbonblack:json type=ingress.event.procstart | cbsigned | `drop_signed_noise`": _paths(
        KEPT
    ),
    "<your search> | cbsigned | `cbsigned_columns`"
    " | stats count by signed_noise signed signed_reason cbsigned_process": _counts(
        "signed_noise", "signed", "signed_reason", "cbsigned_process"
    ),
    '| makeresults format=csv data="user,team,timezone,calendar *,hr,Europe/Berlin,DE jdoe,hr,,"'
    " | table user team timezone calendar | outputlookup cbsigned_teams_local.csv": TEAMS,
    "index=edr type=ingress.event.procstart earliest=-60d@d latest=@d | cbsignedlearn": _learnt(
        "learnt", 4, person=2, parent=1, organisation=1
    ),
    '| makeresults | eval md5="<a hash you know>" | cbsigned': [{"md5": EDITOR.md5, "signed": "true"}],
    '| where NOT (signed_noise="true" AND coalesce(anomaly_score, "")!="")': _paths((*KEPT, EDITOR)),
    "index=sysmon EventCode=1": [{"Computer": "pc-bob"}, {"Computer": "pc-ann"}],
    "index=sysmon EventCode=1 | cbsigned": [
        {"Computer": "pc-bob", "signed": "false"},
        {"Computer": "pc-ann", "signed": "true"},
    ],
    "index=edr sourcetype=bit9:carbonblack:json type=ingress.event.procstart": [
        {"path": program.path} for program in (*KEPT, EDITOR)
    ],
    "tag=authentication action=success": [{"action": "success"}] * 2,
    # docs/admin.md
    "index=edr (site=oslo OR site=paris)"
    " | eval md5=coalesce(process_md5, md5), parent_md5=coalesce(parent_process_md5, parent_md5)"
    ' | eval md5_oslo=if(site="oslo", md5, null()), parent_oslo=if(site="oslo", parent_md5, null()),'
    ' md5_paris=if(site="paris", md5, null()), parent_paris=if(site="paris", parent_md5, null())'
    " | cbsigned server=oslo md5=md5_oslo parent_md5=parent_oslo prefix=oslo_"
    " | cbsigned server=paris md5=md5_paris parent_md5=parent_paris prefix=paris_"
    " | foreach oslo_* [eval <<MATCHSTR>>=if(site=\"oslo\", '<<FIELD>>', 'paris_<<MATCHSTR>>')]"
    " | fields - oslo_* paris_* md5_* parent_oslo parent_paris": [
        {**row, "signed_noise": str(row["signed"] == "true").lower(), "parent_signed": "true", "paris_signed": None}
        for row in _paths((*KEPT, EDITOR))
    ],
    "| makeresults | where false() | outputlookup cbsigned_verdicts": [],
    "| makeresults | where false() | outputlookup cbsigned_baselines": [],
    "| makeresults | where false() | outputlookup cbsigned_exclusions": [],
    "| cbsigned server=paris": _paths((NIGHTLY, UPDATE, DROPPER, EDITOR)),
    # docs/check.md
    "| cbsignedcheck": CHECKED,
    '| cbsignedcheck | where status!="ok"': [row for row in CHECKED if row["status"] != "ok"],
    "index=_internal source=*cbsigned_verdicts.log*": [{"_raw": four_programs.CALL}],
    # docs/dashboards.md
    COLLECT: [
        {"process_name": EDITOR.name, "process_md5": EDITOR.md5, "kept": "false", "user": "-", "weight": "0"},
        *(
            {
                "process_name": program.name,
                "process_md5": program.md5,
                "kept": "true",
                "user": program.user,
                "dest": f"pc-{program.user}",
                "signed_reason": REASONS[program],
                "weight": weight,
                "rows": "1",
            }
            for program, weight in ((DROPPER, "30"), (UPDATE, "60"), (NIGHTLY, "10"))
        ),
    ],
    # docs/deciding.md
    EXCLUDE: [{**DECIDED, "decided": "exclude"}],
    '| inputlookup cbsigned_exclusions where process_name="timecard.exe" | cbsignedreview action=end': [
        {**DECIDED, "decided": "end"}
    ],
    "index=_internal source=*cbsigned_decisions.log*": [
        {"decision": "exclude", "by": "analyst"},
        {"decision": "end", "by": "analyst"},
    ],
    # docs/command.md
    "| lookup cbsigned_reasons signed_reason OUTPUT fault meaning next_step": _with_meaning(
        _paths((*KEPT, EDITOR)), "fault", "meaning", "next_step"
    ),
    # docs/inputs.md
    "index=edr sourcetype=cbsigned:process | `cbsigned_once` | `drop_signed_noise` | sort - anomaly_score": [
        {"process_name": DROPPER.name, "anomaly_score": "31.5", "eventtype": "cbsigned_process"}
    ],
    "index=edr sourcetype=cbsigned:flip | `cbsigned_once` | table _time md5 previous_status process_signature_status": [
        {"md5": UPDATE.md5, "previous_status": "Signed", "process_signature_status": "Bad Signature"}
    ],
    "index=edr sourcetype=cbsigned:process endpoint_time=* | `cbsigned_once`"
    " | stats count min(endpoint_time) max(endpoint_time) by dest": [
        {"dest": "pc-ann", "count": "1", "min(endpoint_time)": four_programs.ENDPOINT_TIME}
    ],
    "index=edr sourcetype=cbsigned:health status=clock | `cbsigned_once`"
    " | eval clock=mvzip(dest, clock_offset) | mvexpand clock | table _time cb_server clock": [
        {"cb_server": "main", "clock": "pc-ann,7200"},
        {"cb_server": "main", "clock": "pc-bob,-86400"},
    ],
    "index=edr sourcetype=cbsigned:process | `cbsigned_once`": [
        {
            "process_name": EDITOR.name,
            "cbsigned_revision": "2",
            "tag": ["process", "report"],
            "watchlists": ["one", "two"],
        },
        {"process_name": DROPPER.name, "cbsigned_revision": "1"},
    ],
    "index=edr sourcetype=cbsigned:health status=behind": [{"cbsigned_id": "h2"}],
    "index=edr sourcetype=cbsigned:health status=clock": [{"cbsigned_id": "h1", "dest": ["pc-ann", "pc-bob"]}],
    "index=_internal source=*cbsigned_processes.log* trouble": [{"_raw": "level=WARNING trouble reason=unreachable"}],
    # docs/learning.md
    "tag=authentication action=success earliest=-60d@d latest=@d | cbsignedlearn": LOG_ONS,
    '| makeresults format=csv data="process,category,reason,status *,detected,,allowed'
    " anydesk.exe,remote_admin,our help desk,allowed certutil.exe,,stays on the list,kept"
    '" | table process category reason status | outputlookup cbsigned_tools_local.csv': [
        {"process": "*", "category": "detected", "reason": "", "status": "allowed"},
        {"process": "anydesk.exe", "category": "remote_admin", "reason": "our help desk", "status": "allowed"},
        {"process": "certutil.exe", "category": "", "reason": "stays on the list", "status": "kept"},
    ],
    "| cbsignedprofile waiting=true": [],
    '| cbsignedprofile accept="process git.exe"': ACCEPTED[:1],
    '| cbsignedprofile accept="jdoe: hour 22"': [ACCEPTED[1], ACCEPTED[0]],
    '| cbsignedprofile refuse="hr03: process powershell.exe"': [ACCEPTED[1], ACCEPTED[0], ACCEPTED[2]],
    "| cbsignedprofile user=jdoe": [{"kind": "person", "name": "jdoe", "what": "active hours", "value": "0"}],
    # docs/logons.md
    "tag=authentication action=success | cbsigned | where anomaly_score>=20 | sort - anomaly_score": [],
    # docs/macros.md
    "index=edr type=ingress.event.procstart | `cbsigned_lookup_only(md5)` | stats count by signed": [
        {"signed": "false", "count": "2"},
        {"signed": "true", "count": "1"},
        {"signed": "unknown", "count": "1"},
    ],
    # docs/searches.md
    "... | cbsigned | where anomaly_score>=20 | `cbsigned_columns`"
    " | stats max(anomaly_score) AS score count values(cbsigned_process) values(anomaly_reasons) BY anomaly_group"
    " | sort - score": [],
    '... | cbsigned | where anomaly_score>=20 OR signed!="true"': _paths(KEPT),
    # docs/troubleshooting.md
    "<your search> | cbsigned | stats count by signed signed_reason"
    " | lookup cbsigned_reasons signed_reason OUTPUT meaning next_step": BY_REASON,
    '<your search> | cbsigned | where signed="true" AND signed_noise="false"'
    ' | eval why=if(anomaly_score>=20, mvappend("its score is 20 or more", anomaly_reasons), anomaly_reasons)'
    " | stats count BY why | sort - count": [],
    "index=_internal source=*cbsigned_processes.log* OR source=*cbsigned_binaries.log* | sort - _time": [
        {"_raw": "level=INFO page read=1"},
        {"_raw": "level=WARNING trouble reason=unreachable"},
    ],
    # docs/undo.md
    **{search: [] for search in CALLERS},
    # docs/verdicts.md
    '| where NOT (signed_noise="true" AND parent_signed="true")': _paths(KEPT),
    # docs/wiring.md
    '... | cbsigned | search signed_noise="true"'
    " | `cbsigned_columns` | stats count by cbsigned_process process_signature_publisher": [
        {"cbsigned_process": EDITOR.name, "process_signature_publisher": "Example Corp", "count": "1"}
    ],
    "| eventstats max(eval(if(len(process_hash)=32, 1, 0))) AS has_md5 by process_guid dest"
    " | where isnull(has_md5) OR has_md5=0 OR len(process_hash)=32": _paths((*KEPT, EDITOR)),
    '| tstats count from datamodel=Endpoint.Processes where Processes.process_path="*\\\\temp\\\\*"'
    " by Processes.process Processes.user Processes.dest": [
        {"Processes.process": f"{program.path} /a", "Processes.user": program.user, "count": "2"}
        for program in sorted(PROGRAMS, key=lambda program: program.name)
    ],
    "| tstats count min(_time) AS firstTime max(_time) AS lastTime from datamodel=Endpoint.Processes"
    ' where Processes.process_path="*\\\\temp\\\\*"'
    " by Processes.process_hash Processes.process_name Processes.process_path Processes.original_file_name"
    " Processes.process_guid Processes.parent_process_name Processes.process Processes.user Processes.dest"
    " | `drop_dm_object_name(Processes)` | `cbsigned_filter`": sorted(
        CIM_KEPT, key=lambda row: next(one.md5 for one in PROGRAMS if one.name == row["process_name"])
    ),
    "index=edr type=ingress.event.procstart | cbsigned risk=true"
    ' | where anomaly_score>=30 AND signed_noise="false"'
    " | sort 0 - anomaly_score | dedup anomaly_group keepempty=true"
    " | table _time risk_object risk_score risk_message threat_object": [],
    "| cbsigned server=emea | `drop_signed_noise`": _paths(KEPT),
    '| where NOT x_signed_noise="true"': [{"path": program.path, "x_signed": SIGNED[program]} for program in KEPT],
    'index=edr type=ingress.event.procstart path="*\\\\temp\\\\*"': [{"path": one.path} for one in (*KEPT, EDITOR)],
    'index=edr type=ingress.event.procstart path="*\\\\temp\\\\*" | `cbsigned_filter`': _paths(KEPT),
    'index=sysmon EventCode=1 Image="*\\\\PerfLogs\\\\*" | stats count by Computer': [
        {"Computer": "pc-ann", "count": "1"},
        {"Computer": "pc-bob", "count": "1"},
    ],
    'index=sysmon EventCode=1 Image="*\\\\PerfLogs\\\\*" | `cbsigned_filter` | stats count by Computer': [
        {"Computer": "pc-bob", "count": "1"}
    ],
    # searchbnf.conf
    "index=edr sourcetype=bit9:carbonblack:json type=ingress.event.procstart"
    " | cbsigned | `drop_signed_noise` | sort - anomaly_score": _paths(KEPT),
    "index=sysmon EventCode=1 | cbsigned md5=Hashes method=binary details=false": [
        {"Computer": "pc-bob", "signed": "false", "signed_reason": "unsigned"},
        {"Computer": "pc-ann", "signed": "true"},
    ],
    "index=edr | cbsigned server=emea | stats count by signed signed_reason"
    " | lookup cbsigned_reasons signed_reason OUTPUT meaning next_step": _with_meaning(
        [
            {"signed": "false", "signed_reason": "bad_signature", "count": "2"},
            {"signed": "false", "signed_reason": "unsigned", "count": "2"},
            {"signed": "true", "signed_reason": "joint", "count": "4"},
            {"signed": "unknown", "signed_reason": "no_hash", "count": "3"},
            {"signed": "unknown", "signed_reason": "not_seen", "count": "1"},
        ],
        "meaning",
        "next_step",
    ),
    "tag=authentication action=success | cbsignedlearn dryrun=true": _learnt(
        "would learn", 2, person=2, team=1, organisation=1
    ),
    f'`cbsigned_row({KEY})` | cbsignedreview action=expect days=180 why="all of HR has it now"': [
        {**DECIDED, "decided": "expect"}
    ],
    "| cbsignedinputs": [],
    END_OF_JDOE: [{**DECIDED, "decided": "end"}],
    "| cbsignedpurge": [{"action": "purge", "result": "expired verdicts are swept"}],
}
"""What each search gives, its text on one line: rows in order, of each the fields that are said here."""

EFFECTS: Dict[str, Callable[[SearchHead], object]] = {
    "| makeresults | where false() | outputlookup cbsigned_verdicts": lambda head: _stored(head, "cbsigned_verdicts"),
    "| makeresults | where false() | outputlookup cbsigned_baselines": lambda head: _stored(head, "cbsigned_baselines"),
    "| makeresults | where false() | outputlookup cbsigned_exclusions": lambda head: _stored(
        head, "cbsigned_exclusions"
    ),
    END_OF_JDOE: lambda head: [one for one in _stored(head, "cbsigned_exclusions") if one["user"] == "jdoe"],
}
"""What must be empty after a search."""

FIRST = {END_OF_JDOE: EXCLUDE}
"""What must be there for a search to do what it is for."""


def _stored(head: SearchHead, collection: str) -> List[Dict[str, Any]]:
    return head.site.splunkd.collections[collection].find({})


def _key_of(head: SearchHead, program: Program) -> str:
    (row,) = head.run(f"`cbsigned_summary` process_name={program.name} | table cbsigned_key")
    return str(row["cbsigned_key"])


def _found() -> Dict[str, str]:
    """Give each documented search as it stands, by its text on one line."""
    texts = [*searches_of(read_manual(ROOT)), *examples_of(read_conf(ROOT / "default" / "searchbnf.conf"))]
    return {" ".join(text.split()): text for _, text in texts}


def _runnable(head: SearchHead, text: str) -> str:
    """Put in what a reader would, and before a part of a search what it follows."""
    spl = text.replace("<your search>", STARTS).replace("<a hash you know>", EDITOR.md5)
    spl = spl.replace(KEY, _key_of(head, TIMECARD))
    if spl == COLLECT:
        return f"{head.saved(SUMMARIZE)} {spl}"
    if spl.startswith("... "):
        return f"{STARTS} {spl[4:]}"
    if spl.startswith("| cbsigned "):
        return f"{STARTS} {spl}"
    if spl.startswith(("| where ", "| lookup ", "| eventstats ")):
        return f"{STARTS} | cbsigned {'prefix=x_ ' if 'x_' in spl else ''}{spl}"
    return spl


def _seen(rows: Sequence[Row], expected: Rows) -> Rows:
    """Give of rows the fields that are expected; what is empty is so in a file as well."""
    return [
        {name: "" if isinstance(row.get(name), EmptyCell) else row.get(name) for name in wanted}
        for row, wanted in zip(rows, expected)
    ]


def test_every_documented_search_has_a_result_that_is_asserted() -> None:
    """And nothing is asserted that is no longer documented."""
    assert set(_found()) == set(EXPECTED)


def test_every_documented_search_gives_what_it_is_for(head: SearchHead) -> None:
    """All of them on one site, in the order of the pages."""
    for line, text in _found().items():
        if line in FIRST:
            head.run(_runnable(head, FIRST[line]))
        rows = head.run(_runnable(head, text))
        expected = EXPECTED[line]
        assert (len(rows), _seen(rows, expected)) == (len(expected), expected), line
        told = [one for one in head.messages if one[0] != "INFO"]
        decides = "accept=" in line or "refuse=" in line
        assert [(level, "nothing waits as" in text) for level, text in told] == [("WARN", True)] * decides, line
        head.messages.clear()
        if line in EFFECTS:
            assert EFFECTS[line](head) == [], line


def test_what_calls_the_add_on_is_found_before_it_is_removed(head: SearchHead) -> None:
    """In every app but its own: here, where all are its own, the opposite condition finds them."""
    for search, title in CALLERS.items():
        found = {row["title"] for row in head.run(search.replace("!=", "="))}
        assert title in found
        assert "cbsigned_account" not in found


def test_every_saved_search_runs_on_a_site(head: SearchHead) -> None:
    """Over its own range of time, against splunkd's REST API and the KV store."""
    now = time.time()
    store = head.site.splunkd.collections["cbsigned_verdicts"]
    store.delete({})
    stale = {"_key": "gone@main", "md5": "c" * 32, "server": "main", "signed": "unknown", "signed_reason": "not_seen"}
    store.save([{**stale, "expires": now - 86400, "last_seen": now - 90000}], 1)
    assert head.run_saved("cbsigned - sweep expired verdicts") == EXPECTED["| cbsignedpurge"]
    assert store.find({}) == []
    filled = head.run_saved("cbsigned - fill the verdict store from events")
    assert {str(row["md5"]): (row["signed"], row["signed_reason"]) for row in filled} == {
        EDITOR.md5: ("true", "reported"),
        DROPPER.md5: ("false", "unsigned"),
    }
    assert {document["md5"] for document in store.find({})} == {EDITOR.md5, DROPPER.md5}
    assert head.run(f"{STARTS} | `cbsigned_lookup_only(md5)` | search signed=true | table path") == [
        {"path": EDITOR.path}
    ]
    learnt = head.run_saved("cbsigned - learn what is usual")
    assert [(row["kind"], row["rows"]) for row in learnt] == [(row["kind"], "6") for row in LOG_ONS]
    head.run_saved("cbsigned - export verdicts for the indexers")
    exported = head.lookups["cbsigned_known"].read()
    assert {row["md5"]: row["signed"] for row in exported} == {EDITOR.md5: "true", DROPPER.md5: "false"}
    head.site.splunkd.confs["savedsearches"]["Windows Time Based Evasion"] = {"search": "| x | `cbsigned_filter`"}
    (advised,) = head.run_saved("cbsigned - searches that should not drop signed noise")
    assert (advised["title"], advised["advice"], advised["dropped_by"]) == (
        "Windows Time Based Evasion",
        "no",
        "cbsigned_filter",
    )


def test_every_search_over_the_summary_runs_on_a_site(head: SearchHead) -> None:
    """Those that write it, and the reports that read it."""
    summary: List[Row] = []
    # What was filled in from events does not know all names of a file, so its rows are kept.
    head.site.splunkd.collections["cbsigned_verdicts"].delete({})
    head = replace(head, indexes={**head.indexes, "summary": summary})
    for name in (SUMMARIZE, "cbsigned - summarize log-ons"):
        head.run(f'{head.saved(name)} | collect index=summary source="{name}"')
    log_ons = [row for row in summary if row["kind"] == "logon"]
    assert [(row["user"], row["team"], row["judged"], row["rows"]) for row in log_ons] == [
        ("-", "hr", "false", "1")
    ] * 2
    columns: Sequence[str] = ("Program", "MD5", "Signed", "Rows", "People", "Risk")
    assert [[row[name] for name in columns] for row in head.run_saved("cbsigned - weekly look")] == [
        [program.name, program.md5, SIGNED[program], "1", "1", risk]
        for program, risk in ((DROPPER, "30"), (NIGHTLY, "10"), (UPDATE, "60"))
    ]
    columns = ("Person", "Rows", "Risk", "Programs")
    people = head.run_saved("cbsigned - weekly look at people")
    assert [[row[name] for name in columns] for row in people] == [["ann", "1", "60", "1"], ["bob", "2", "30", "2"]]
