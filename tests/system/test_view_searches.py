"""Every search of every dashboard gives what its panel says, on a site of four programs and what was decided there.

`tests/system/test_dashboards.py` draws the same on the days of a company.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, List, Mapping, Sequence

import pytest

from tests.lab.dashboards import VIEWS, definition_of, query_of
from tests.lab.four_programs import DROPPER, EDITOR, INPUT, NIGHTLY, TIMECARD, UPDATE, Program
from tests.lab.four_programs_site import SUMMARIZE, search_head
from tests.lab.rows import read_rows
from tests.lab.search_head import SearchHead
from tests.lab.site import ANALYST, ROOT, Site
from tests.lab.spl.values import EmptyCell
from tests.lab.summaries import SummarizedSite

SIGNED = {EDITOR: "true", DROPPER: "false", UPDATE: "false", NIGHTLY: "unknown", TIMECARD: "false"}
NO_LOG_ON = (
    "No log-on at an unusual hour in this range. If this stays so: an admin enables the saved search "
    "'cbsigned - summarize log-ons'."
)
TOKENS = {
    "cbsigned_triage": {"team": "*", "signed": "*", "least": "0", "each": "1", "person": "bob", "of_team": "-"},
    "cbsigned_noise": {"team": "*"},
    "cbsigned_logons": {"team": "*", "person": "*", "of_team": "-"},
    "cbsigned_person": {"person": "CORP\\Bob"},
    "cbsigned_binary": {"md5": UPDATE.md5.upper()},
}
"""What is filled in and clicked; names and hashes as an event may have them."""


@pytest.fixture(scope="module")
def head() -> Iterator[SearchHead]:
    """Give a search head with a summary; people decided on two rows, and another account says other of one file."""
    with search_head() as made:
        for name in (SUMMARIZE, "cbsigned - summarize log-ons"):
            made.run(f'{made.saved(name)} | collect index=summary source="{name}"')
        row = f"`cbsigned_summary` process_name={TIMECARD.name}"
        made.run(f'{row} | cbsignedreview action=exclude days=30 why="it is our own"')
        bad = f"`cbsigned_summary` process_name={DROPPER.name}"
        made.run(f'{bad} | cbsignedreview action=bad why="came with a false invoice"')
        store = made.site.splunkd.collections["cbsigned_verdicts"]
        verdict = store.get(f"{EDITOR.md5}@main")
        now = {"signed": "false", "process_signature_status": "Bad Signature"}
        store.save([{**verdict, "_key": f"{EDITOR.md5}@emea", "server": "emea", **now}], 1)
        yield made


def _verdict(program: Program) -> Dict[str, str]:
    return {"Program": program.name, "Signed": SIGNED[program], "Parent": "shell.exe"}


def _kept(program: Program, risk: str, team: str = "-") -> Dict[str, str]:
    return {**_verdict(program), "Risk": risk, "Person": program.user, "Team": team}


RISKS = ((UPDATE, "60"), (DROPPER, "30"), (TIMECARD, "30"), (NIGHTLY, "10"))
"""The kept rows as Triage has them: by risk, the latest first."""
MEANINGS = {str(row["signed_reason"]): row for row in read_rows(ROOT / "lookups" / "cbsigned_reasons.csv")}
WEEK: List[Dict[str, Any]] = [{}] * 168
"""Each hour of each weekday; `tests/system/test_dashboards.py` looks at what they say of somebody who is known."""
NOT_LEARNT = (
    "No hour is judged: nothing is learnt yet (an admin runs cbsignedlearn), or you lack the role cbsigned_user."
)
CALLED_BAD = {"Action": "called bad", "Program": DROPPER.name, "Person": "bob", "Why": "came with a false invoice"}
EMPTY_HOURS = [{"usual": "0"}] * 5
EXPECTED: Dict[str, List[Dict[str, Any]]] = {
    "cbsigned_binary verdict": [{"Account": "main", "Signed": "false", "Reason": "bad_signature", "Flip": "never"}],
    "cbsigned_binary now": [{"Signed": "false", "Reason": "bad_signature", "Status": "Bad Signature"}],
    "cbsigned_binary consoles": [{"Account": name} for name in ("main", "emea", "oslo", "paris")],
    "cbsigned_binary flips": [{"Account": "main", "Before": "Signed", "After": "Bad Signature"}],
    "cbsigned_binary rows": [{"user": "ann", "process_name": UPDATE.name, "kept": "true", "weight": "60"}],
    "cbsigned_binary decisions": [{"Why": "Nobody has decided on this file: Triage has the links for it."}],
    "cbsigned_binary total": [{"rows": "1", "dropped": "0", "teams": "1", "names": "1"}],
    "cbsigned_binary over_time": [{"kept": "1"}],
    "cbsigned_binary who": [
        {"Risk": "60", "Person": "ann", "Program": UPDATE.name, "Parent": "shell.exe", "Rows": "1"}
    ],
    "cbsigned_health check": [
        {"Status": "fail", "Check": "libraries of the commands"},
        {"Status": "fail", "Check": "libraries of the handlers"},
        {"Status": "warn", "Check": "baselines"},
        *({"Status": "ok"} for _ in range(39)),
    ],
    "cbsigned_health calls": [
        {"account": "main", "method": "joint", "questions": "4", "asked": "2", "requests": "2", "troubles": "none"}
    ],
    "cbsigned_health total": [{"questions": "4", "asked": "2", "requests": "2", "hits": "50.0", "milliseconds": "250"}],
    "cbsigned_health store": [{"files": "7", "days": "0"}],
    "cbsigned_health over_time": [{"requests": "2", "seconds": "0.25"}],
    "cbsigned_health troubles": [{"Meaning": "No trouble in this range, or you may not search the index _internal."}],
    "cbsigned_health inputs": [{"Input": INPUT, "Status": "behind", "Message": "the input lags by 20 minutes"}],
    "cbsigned_health baselines": [{"Kind": "Nothing was learnt yet, or you may not read it."}],
    "cbsigned_health summary": [{"Kind": "logon", "Rows": "2"}, {"Kind": "process", "Rows": "5"}],
    "cbsigned_help reasons": [
        {"Signed": row["signed"], "Reason": reason, "Meaning": row["meaning"], "Next step": row["next_step"]}
        for reason, row in MEANINGS.items()
    ],
    "cbsigned_logons teams": [{"label": "hr", "value": "hr"}],
    "cbsigned_logons rows": [{"user": "-", "team": "hr", "anomaly_score": "-", "rows": "1"}] * 2,
    "cbsigned_logons total": [{"rows": "2", "odd": "0", "very": "0", "unjudged": "2"}],
    "cbsigned_logons over_time": [{"usual": "1"}, *EMPTY_HOURS, {"usual": "1"}],
    "cbsigned_logons odd": [{"Why": NO_LOG_ON}],
    "cbsigned_logons person_scored": WEEK,
    "cbsigned_logons person_map": WEEK,
    "cbsigned_logons person_words": [{"Hours": NOT_LEARNT}],
    "cbsigned_logons by_team": [{"team": "hr", "usual": "2"}],
    "cbsigned_logons zones": [{"Time zone": "UTC", "Team": "hr", "Rows": "2", "Odd": "0"}],
    "cbsigned_noise teams": [{"label": "-", "value": "-"}, {"label": "hr", "value": "hr"}],
    "cbsigned_noise rows": [
        {"process_name": program.name, "state": state, "rows": "1"}
        for program, state in (
            *((EDITOR, "dropped"), (TIMECARD, "kept"), (DROPPER, "kept")),
            *((UPDATE, "kept"), (NIGHTLY, "unknown")),
        )
    ],
    "cbsigned_noise total": [
        {"rows": "5", "dropped": "1", "unknown": "1", "excluded": "0", "kept": "4", "share": "20.0"}
    ],
    "cbsigned_noise over_time": [
        {"dropped": "1", "kept": "1", "unknown": "0"},
        {"dropped": "0", "kept": "1", "unknown": "0"},
        {"dropped": "0", "kept": "1", "unknown": "0"},
        {"dropped": "0", "kept": "0", "unknown": "1"},
    ],
    "cbsigned_noise by_team": [
        {"team": "-", "dropped": "1", "kept": "2", "unknown": "1"},
        {"team": "hr", "dropped": "0", "kept": "1", "unknown": "0"},
    ],
    "cbsigned_noise why": [{"Reason": "not_seen", "Rows": "1", "Meaning": MEANINGS["not_seen"]["meaning"]}],
    "cbsigned_noise signers": [
        {"Signer": "(nobody)", "Rows": "3", "Dropped": "0", "Share": "0.0 %", "Files": "3"},
        {"Signer": "Example Corp", "Rows": "2", "Dropped": "1", "Share": "50.0 %", "Files": "2"},
    ],
    "cbsigned_noise exclusions": [
        {"Action": "exclude", "Program": TIMECARD.name, "Person": "jdoe", "Team": "hr", "By": "analyst"},
        {"Action": "bad", "Program": DROPPER.name, "Person": "bob", "Team": "", "By": "analyst"},
    ],
    "cbsigned_noise sample": [
        {"Program": EDITOR.name, "For example": "ann on pc-ann, started by shell.exe", "Rows": "1"}
    ],
    "cbsigned_noise flipped": [
        {"Program": EDITOR.name, "Is now": "Bad Signature, Signed", "Rows that were dropped": "1", "MD5": EDITOR.md5}
    ],
    "cbsigned_person rows": [{"user": "bob", "process_name": program.name} for program in (NIGHTLY, DROPPER)],
    "cbsigned_person total": [{"rows": "2", "odd": "0", "programs": "2", "hosts": "1", "quarters": "2"}],
    "cbsigned_person person_scored": WEEK,
    "cbsigned_person person_map": WEEK,
    "cbsigned_person person_words": [{"Hours": NOT_LEARNT}],
    "cbsigned_person people": [{"Risk": "30", "Person": "bob", "Team": "-", "Rows": "2", "Hosts": "pc-bob"}],
    "cbsigned_person profile": [{"What": "active hours", "Which": "0"}],
    "cbsigned_person decisions": [CALLED_BAD],
    "cbsigned_person odd": [
        {"Risk": risk, "Score": "", "What": program.name, "Host": "pc-bob", "Signed": SIGNED[program]}
        for program, risk in ((DROPPER, "30"), (NIGHTLY, "10"))
    ],
    "cbsigned_person tools": [
        {"Program": program.name, "Signed": SIGNED[program], "Rows": "1", "Parents": "shell.exe"}
        for program in (DROPPER, NIGHTLY)
    ],
    "cbsigned_triage teams": [{"label": "-", "value": "-"}, {"label": "hr", "value": "hr"}],
    "cbsigned_triage all": [
        {"kept": kept, "signed": signed, "team": team, "rows": rows}
        for kept, signed, team, rows in (
            ("false", "true", "-", "1"),
            ("true", "false", "-", "2"),
            ("true", "false", "hr", "1"),
            ("true", "unknown", "-", "1"),
        )
    ],
    "cbsigned_triage total": [{"rows": "5", "dropped": "20.0", "kept": "4", "unknown": "20.0", "unsigned": "3"}],
    "cbsigned_triage kept": [
        {"process_name": program.name, "weight": risk, "signed": SIGNED[program], "rows": "1"}
        for program, risk in ((TIMECARD, "30"), (DROPPER, "30"), (NIGHTLY, "10"), (UPDATE, "60"))
    ],
    "cbsigned_triage odd": [{"findings": "0", "people": "0"}],
    "cbsigned_triage ranked": [
        {**_kept(program, risk, "hr" if program is TIMECARD else "-"), "_md5": program.md5} for program, risk in RISKS
    ],
    "cbsigned_triage person_scored": WEEK,
    "cbsigned_triage person_map": WEEK,
    "cbsigned_triage person_words": [{"Hours": NOT_LEARNT}],
    "cbsigned_triage flows": [
        {"source": "shell.exe", "target": f"{program.name} ", "rows": "1"}
        for program in (DROPPER, NIGHTLY, TIMECARD, UPDATE)
    ],
    "cbsigned_triage new": [
        {"signer": "(nobody)", "signed": "0", "not signed": "2", "unknown": "0"},
        {"signer": "(unknown)", "signed": "0", "not signed": "0", "unknown": "1"},
        {"signer": "Example Corp", "signed": "2", "not signed": "2", "unknown": "0"},
    ],
}
"""What each gives: rows in order, of each the fields that are said here."""


def _shown(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> Dict[str, Any]:
    return {name: "" if isinstance(row.get(name), EmptyCell) else row.get(name) for name in wanted}


def test_what_somebody_called_bad_says_so_in_triage(head: SearchHead) -> None:
    """Who, when and why come before the add-on's own reasons, and on the file's own page as well."""
    triage = definition_of("cbsigned_triage")
    rows = head.run(query_of(triage, "ds_ranked", TOKENS["cbsigned_triage"]))
    (why,) = (row["Why"] for row in rows if row["Program"] == DROPPER.name)
    assert re.fullmatch(r"called bad by analyst, \d{4}-\d\d-\d\d: came with a false invoice", why[0])
    assert [one for row in rows if row["Program"] != DROPPER.name for one in row["Why"] if "bad by" in one] == []
    found = head.run(query_of(definition_of("cbsigned_binary"), "ds_decisions", {"md5": DROPPER.md5.upper()}))
    assert [_shown(row, CALLED_BAD) for row in found] == [CALLED_BAD]


def test_no_search_of_a_page_is_left_out() -> None:
    """And nothing is asserted that no page has."""
    found = {
        f"{path.stem} {name[len('ds_') :]}"
        for path in VIEWS.glob("*.xml")
        for name in definition_of(path.stem)["dataSources"]
    }
    assert found == set(EXPECTED)


@pytest.mark.parametrize("search", EXPECTED)
def test_the_search_gives_what_its_panel_says(head: SearchHead, search: str) -> None:
    """With names and hashes filled in as an event has them."""
    page, _, name = search.partition(" ")
    rows = head.run(query_of(definition_of(page), f"ds_{name}", TOKENS.get(page, {})))
    expected = EXPECTED[search]
    assert (len(rows), [_shown(row, wanted) for row, wanted in zip(rows, expected)]) == (len(expected), expected)
    assert [one for one in head.messages if one[0] != "INFO"] == []


STARTED = {
    "cbsigned_triage": {"team": "*", "signed": "*", "least": "0", "each": "1", "person": "(nobody)", "of_team": "-"},
    "cbsigned_noise": {"team": "*"},
    "cbsigned_logons": {"team": "*", "person": "*", "of_team": "-"},
    "cbsigned_person": {"person": "*"},
    "cbsigned_binary": {"md5": "-"},
}
"""What the tokens of pages are as they are opened."""


@pytest.fixture(scope="module")
def empty() -> Iterator[Site]:
    """Give a site on which the add-on was just installed."""
    with Site() as site:
        yield site


@pytest.mark.parametrize("capabilities", [ANALYST, ("search", "run_custom_command")], ids=["analyst", "no right"])
@pytest.mark.parametrize("page", sorted(path.stem for path in VIEWS.glob("*.xml")))
def test_an_empty_splunk_has_no_table_without_a_sentence(empty: Site, page: str, capabilities: Sequence[str]) -> None:
    """Nor a number that is missing, a list without an entry, or a search that fails: nothing is set up yet."""
    indexes: Dict[str, List[Any]] = {"summary": [], "_internal": [], "edr": []}
    panels = SummarizedSite(empty, datetime(2026, 11, 2, 16, tzinfo=timezone.utc))
    panels.head.indexes, panels.head.capabilities = indexes, capabilities
    definition, tokens = definition_of(page), STARTED.get(page, {})
    shown = (*definition["visualizations"].values(), *definition["inputs"].values())
    for panel in shown:
        source = panel.get("dataSources", {}).get("primary")
        if source is None:
            continue
        columns, rows = panels.panel(query_of(definition, source, tokens), "-24h@h", None)
        if panel["type"] in {"splunk.table", "splunk.punchcard", "splunk.sankey", "input.dropdown"}:
            assert rows != [], source
        if panel["type"] == "splunk.singlevalue":
            (field,) = re.findall(r'seriesByName\("(\w+)"\)', panel["options"]["majorValue"])
            assert (columns, [row[field] for row in rows]) != ([], []), source
            assert rows[0][field] in {"0", "0.0"}, source
