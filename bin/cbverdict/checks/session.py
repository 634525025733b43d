"""What whoever runs the check may do, and what searches and calls of the add-on come to with that session."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Iterator, Mapping

from cbverdict.checks.finding import Finding, failure, fine, warning
from cbverdict.errors import NoRightError, SetupError
from cbverdict.splunkd.rest import ServiceCall

if TYPE_CHECKING:
    from cbverdict.splunkd.entries import Entries, Outcome

SEARCHING = ("run_custom_command", "cbsigned_lookup")
SETTING_UP = (
    "cbsigned_admin",
    "list_storage_passwords",
    "edit_storage_passwords",
    "list_inputs",
    "edit_modinput_cbsigned_processes",
    "edit_modinput_cbsigned_binaries",
)
_SLOW = 1.0
_CALL_SECONDS = 30.0
_CALLS: Mapping[str, Mapping[str, Any]] = {"verdicts": {"questions": []}, "baselines": {"subjects": []}}

# Two rows that Carbon Black is not asked about: one has no hash, the other two of them. What each comes to says that
# its columns arrived; a field that the rows have and no command reads says that they were merged back.
_HASHES = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210")
MERGE_SEARCH = (
    "| makeresults count=2 | streamstats count AS number "
    f'| eval process_hash=if(number=2, split("{",".join(_HASHES)}", ","), null()), kept="kept", signed="of the event" '
    "| cbsigned anomaly=false | table number kept signed signed_reason signed_noise parent_signed"
)
_MERGED = [
    {"number": "1", "kept": "kept", "signed": "unknown", "signed_reason": "no_hash"},
    {"number": "2", "kept": "kept", "signed": "unknown", "signed_reason": "ambiguous"},
]
LEARN_SEARCH = (
    '| makeresults count=3 | eval user="cbsigned check", team="check", process_name="check.exe" '
    "| cbsignedlearn dryrun=true"
)


def check_capabilities(entries: Entries) -> Iterator[Finding]:
    """Check what the session may do: search, and set up."""
    (context,) = entries.list("/services/authentication/current-context")
    name, has = context.content.get("username", context.name), set(context.content.get("capabilities") or [])
    for check, needed, role in (
        ("right to search", SEARCHING, "cbsigned_user"),
        ("right to set up", SETTING_UP, "cbsigned_admin"),
    ):
        missing = [capability for capability in needed if capability not in has]
        if missing:
            tell = failure if check == "right to search" else warning
            yield tell(check, f"{name} lacks {', '.join(missing)}", f"Give {name} the role `{role}`.")
        else:
            yield fine(check, f"{name} has {', '.join(needed)}")


def check_handlers(entries: Entries) -> Iterator[Finding]:
    """Check that splunkd's handlers answer, and how long a call takes."""
    for endpoint, question in _CALLS.items():
        check = f"handler {endpoint}"
        try:
            first, again = (_time(entries, endpoint, question) for _ in range(2))
        except NoRightError as error:
            yield failure(check, str(error), "Give the role `cbsigned_user` to whoever searches.")
            continue
        text = (
            f"a call takes {again * 1000:.0f} ms; the first took {first * 1000:.0f} ms, with the start of the process"
        )
        if again > _SLOW:
            yield warning(
                check,
                text,
                f"Look at this search head's load, and at cbsigned_{endpoint}.log for long calls of others.",
            )
        else:
            yield fine(check, text)


def _time(entries: Entries, endpoint: str, question: Mapping[str, Any]) -> float:
    started = time.monotonic()
    try:
        ServiceCall(*entries.whom, endpoint).post(json.dumps(question), _CALL_SECONDS)
    except SetupError as error:
        if "no verdict service" in str(error):
            raise
        # It answers; what is wrong with accounts and settings other checks say.
    return time.monotonic() - started


def check_merging(entries: Entries) -> Iterator[Finding]:
    """Check by a search that the command gets its columns, and that its fields arrive on the rows."""
    check = "search: cbsigned"
    outcome = entries.search(MERGE_SEARCH)
    rows = [{name: row.get(name, "") for name in _MERGED[0]} for row in outcome.rows]
    if rows == _MERGED and all(row.get("signed_noise") == "false" for row in outcome.rows):
        yield fine(check, "columns reach the command, and its fields reach the rows, in order, over those of events")
    else:
        yield failure(check, f"{_symptom(outcome, rows)}{_said(outcome)}", _next_step(outcome, rows))


def check_learning(entries: Entries) -> Iterator[Finding]:
    """Check by a search that what the map of `cbsignedlearn` learns reaches its reduce."""
    check = "search: cbsignedlearn"
    outcome = entries.search(LEARN_SEARCH)
    rows = {str(row.get("rows")) for row in outcome.rows}
    if rows == {"3"}:
        yield fine(check, "what the first half learns reaches the second")
    else:
        yield failure(
            check,
            f"of 3 rows it has read {', '.join(sorted(rows)) or 'none'}{_said(outcome)}",
            "Look for cbsignedlearn in search.log of this search (Activity, Jobs). On a distributed search, look at "
            "what the indexers say: they run the first half with what the knowledge bundle brings (lib/splunklib).",
        )


def _symptom(outcome: Outcome, rows: list[dict[str, Any]]) -> str:
    if not outcome.rows:
        return "the search has no rows"
    if [row["kept"] for row in rows] != ["kept", "kept"]:
        return "rows are lost, or other fields of the rows are"
    if any(row["signed"] == "of the event" for row in rows):
        return "the fields of the command do not arrive: those of the events stay"
    if any(row["signed"] == "" for row in rows):
        return "the fields of the command do not arrive"
    if rows[1]["signed_reason"] == "no_hash":
        return "the columns that the command reads do not reach it"
    return f"the rows come back as {json.dumps(rows)}"


def _next_step(outcome: Outcome, rows: list[dict[str, Any]]) -> str:
    if not outcome.rows or any("cbsigned" in text for _, text in outcome.messages):
        return "Look for cbsigned in search.log of this search (Activity, Jobs), and in splunkd.log."
    if rows == sorted(_MERGED, key=lambda row: row["number"], reverse=True):
        return "Send the detail to the add-on's maintainers: rows come back in another order."
    return (
        "Put `| fields *` before `| cbsigned` and `| table` behind it, drop nothing by signed_noise until that is "
        "right, and send this row with the version of Splunk to the add-on's maintainers."
    )


def _said(outcome: Outcome) -> str:
    said = [f"{level}: {text}" for level, text in outcome.messages if level in {"ERROR", "FATAL", "WARN"}]
    return f" ({'; '.join(said)})" if said else ""
