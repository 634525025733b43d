"""The inputs: whether each reads, and how far behind Carbon Black it is."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Iterator

from cbverdict.checks.finding import Finding, failure, fine, warning
from cbverdict.errors import SetupError
from cbverdict.inputs.arguments import parse_arguments
from cbverdict.inputs.reports.health import MIN_LIMIT
from cbverdict.splunkd.kvstore import CHECKPOINTS, Collection

if TYPE_CHECKING:
    from cbverdict.splunkd.conf import SplunkdConfiguration
    from cbverdict.splunkd.entries import Entries, Entry

KINDS = ("cbsigned_processes", "cbsigned_binaries")
_OFF = {"1", "true"}


def check_inputs(configuration: SplunkdConfiguration, entries: Entries) -> Iterator[Finding]:
    """Check every input that there is; that there is none is in order."""
    accounts = set(configuration.account_names())
    inputs = [(kind, entry) for kind in KINDS for entry in entries.list(f"data/inputs/{kind}")]
    if not inputs:
        yield fine("inputs", "there are none, and none are needed where the events are in Splunk already")
    for kind, entry in inputs:
        yield _check(f"{kind}://{entry.name}", entry, accounts, entries)


def _check(name: str, entry: Entry, accounts: set[str], entries: Entries) -> Finding:
    check = f"input {name}"
    if str(entry.content.get("disabled", "0")).lower() in _OFF:
        return fine(check, "it is disabled")
    account = str(entry.content.get("account") or "")
    if account and account not in accounts:
        return failure(
            check, f"its account {account!r} does not exist", "Choose another account for it: open the app, Inputs."
        )
    try:
        parse_arguments({key: str(value) for key, value in entry.content.items() if value is not None}, 0.0)
    except SetupError as error:
        return failure(check, str(error), "Correct it: open the app, Inputs.")
    state = _state(name, entries)
    if state is None:
        return warning(
            check,
            "it has not read anything yet",
            f"Look for {name.partition(':')[0]} in splunkd.log and in {name.partition(':')[0]}.log. In a search head "
            "cluster, an input that was made on a member's page runs on that member alone.",
        )
    caught_up, cursor = state
    behind = time.time() - caught_up
    interval = str(entry.content.get("interval", ""))
    limit = MIN_LIMIT + 2 * (float(interval) if interval.replace(".", "", 1).isdigit() else 0.0)
    text = f"all is written until {cursor} (the server's clock); nothing was left to read {behind:.0f} s ago"
    if behind > limit:
        return warning(
            check,
            text,
            "Search sourcetype=cbsigned:health and the input's log for what keeps it: the server, the account, or more "
            "processes than it can read. It goes on by itself.",
        )
    return fine(check, text)


def _state(name: str, entries: Entries) -> tuple[float, str] | None:
    """Return when an input had nothing left to read, and until when all is written (None: it never read)."""
    documents = list(Collection(*entries.whom, CHECKPOINTS).read([name]))
    try:
        state = json.loads(str(documents[0].get("state")))
        return float(state["caught_up"]), str(state["cursor"])
    except (ValueError, TypeError, LookupError):
        return None  # There is none, or it is damaged and the input makes it anew.
