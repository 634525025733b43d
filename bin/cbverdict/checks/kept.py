"""What is kept in the KV store: whether it can be read and written, by whom, and what the baselines hold."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Iterator, Mapping

from cbverdict.checks.finding import Finding, failure, fine, warning
from cbverdict.errors import StoreError
from cbverdict.splunkd.kvstore import BASELINES, CHECKPOINTS, COLLECTIONS, DECISIONS, VERDICTS, Collection
from cbverdict.splunkd.stores import DecisionStore

if TYPE_CHECKING:
    from cbverdict.splunkd.entries import Entries

_OPEN = {VERDICTS: "the lookup macros find nothing", DECISIONS: "the pages Triage and Noise show no decision"}
"""The collections that everybody reads, and what is not so where they cannot."""

_STATUS = "Look at `splunk show kvstore-status` and at mongod.log; until then searches ask Carbon Black anew each time."
_TEAMS = 2
_OLD = 30 * 86400.0
_DAY = 86400.0
_PROBE = "check:probe"


def check_store(entries: Entries) -> Iterator[Finding]:
    """Check that each collection is read, and that one can be written and deleted from."""
    for name in COLLECTIONS:
        check = f"KV store: {name}"
        collection = Collection(*entries.whom, name)
        started = time.monotonic()
        try:
            list(collection.read([_PROBE]))
            if name == CHECKPOINTS:
                collection.save([{"_key": _PROBE, "kind": "probe", "input": "", "expires": time.time()}])
                collection.delete({"_key": _PROBE})
        except StoreError as error:
            yield failure(check, str(error), _STATUS)
            continue
        done = "read, written and deleted from" if name == CHECKPOINTS else "read"
        yield fine(check, f"{done} in {time.monotonic() - started:.3f} s")


def check_rights(entries: Entries) -> Iterator[Finding]:
    """Check who may read each collection: everybody verdicts and decisions, nobody but admins the rest; and write."""
    for name in COLLECTIONS:
        check = f"rights: {name}"
        entry = entries.find(f"storage/collections/config/{name}")
        if entry is None:
            yield failure(check, "the collection is not there", "Install the package anew and restart Splunk.")
            continue
        readers, writers = _whom(entry.acl, "read"), _whom(entry.acl, "write")
        is_open, is_shared = "*" in readers, entry.acl.get("sharing") == "global"
        who = f"read by {', '.join(sorted(readers)) or 'nobody'}, shared: {entry.acl.get('sharing')}"
        if "*" in writers:
            yield failure(
                check,
                f"{who}: everybody may write what decides which rows are dropped",
                f"Take [collections/{name}] out of metadata/local.meta of the app: only admins write it.",
            )
        elif name in _OPEN and not (is_open and is_shared):
            yield warning(
                check,
                f"{who}: {_OPEN[name]} in other apps, or for analysts",
                f"Take [collections/{name}] out of metadata/local.meta of the app: everybody reads it, in all apps.",
            )
        elif name not in _OPEN and is_open:
            yield failure(
                check,
                f"{who}: everybody may read what people do and when",
                f"Take [collections/{name}] out of metadata/local.meta of the app: only admins read it.",
            )
        else:
            yield fine(check, who)


def check_decisions(entries: Entries) -> Iterator[Finding]:
    """Check that what people decided can be read: where it cannot, no row is dropped."""
    check = "decisions"
    try:
        active = DecisionStore(*entries.whom).active(time.time())
    except StoreError as error:
        step = "End it by its `_key`: | inputlookup cbsigned_exclusions | search _key=... | cbsignedreview action=end"
        yield failure(check, str(error), step)
        return
    kinds = Counter(one.action for one in active)
    yield fine(check, ", ".join(f"{count} of kind {kind}" for kind, count in sorted(kinds.items())) or "there are none")


def check_baselines(entries: Entries) -> Iterator[Finding]:
    """Check that something was learnt, not long ago, of two teams or more."""
    check = "baselines"
    documents = Collection(*entries.whom, BASELINES, _PATIENCE).find({}, fields=("kind", "learnt"))
    kinds = Counter(str(document.get("kind")) for document in documents)
    if not documents:
        yield warning(
            check,
            "nothing is learnt yet: no row has a score, and all that is signed and speaks for itself is noise",
            "Learn from the last two months with | cbsignedlearn, then enable `cbsigned - learn what is usual`.",
        )
        return
    age = time.time() - max(_number(document.get("learnt")) for document in documents)
    seen = ", ".join(f"{count} of kind {kind}" for kind, count in sorted(kinds.items()))
    text = f"{seen}; last learnt {age / _DAY:.1f} days ago"
    if age > _OLD:
        yield warning(
            check, text, "Enable `cbsigned - learn what is usual`, and learn the days that are missing, each once."
        )
    elif kinds["team"] < _TEAMS:
        yield warning(
            check,
            f"{text}; it takes two teams to judge what is unusual for one",
            "Put people and teams into cbsigned_teams_local.csv, or hand on a field team, and learn anew.",
        )
    else:
        yield fine(check, text)


_PATIENCE = 30.0


def _whom(acl: Mapping[str, Any], right: str) -> set[str]:
    permissions = acl.get("perms")
    roles = permissions.get(right) if isinstance(permissions, dict) else None
    return set(map(str, roles or []))


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
