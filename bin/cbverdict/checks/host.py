"""The search head itself: versions, saved searches, and whether the members of a cluster are set up alike."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any, Iterator, Mapping

from cbverdict.checks.finding import Finding, failure, fine, warning
from cbverdict.splunkd.entries import RefusedEntryError
from cbverdict.splunkd.kvstore import CHECKPOINTS, Collection
from cbverdict.splunkd.lookup_files import LOOKUPS

if TYPE_CHECKING:
    from cbverdict.splunkd.entries import Entries

SWEEP = "cbsigned - sweep expired verdicts"
LEARN = "cbsigned - learn what is usual"
EXPORT = "cbsigned - export verdicts for the indexers"
CONFS = ("cbsigned_account", "cbsigned_settings", "macros")
_FIRST, _FIRST_UNTRIED = (9, 3), 11
_OFF = {"0", "false", ""}
_MEMBER_LASTS = 7 * 86400.0
_NO_CLUSTER = {404, 503}
"""What splunkd answers of a cluster where there is none."""


def check_versions(entries: Entries) -> Iterator[Finding]:
    """Check the version of Splunk, and that the add-on that runs is the one whose files are there."""
    version = _content(entries, "/services/server/info").get("version", "unknown")
    parts = tuple(int(part) for part in str(version).split(".")[:2] if part.isdigit())
    if parts and parts < _FIRST:
        yield failure("Splunk", f"version {version}", "Use Splunk 9.3 or later: earlier ones have no Python 3.9.")
    elif parts and parts[0] >= _FIRST_UNTRIED:
        yield warning("Splunk", f"version {version}", "The add-on was not made for it: look for a newer version.")
    else:
        yield fine("Splunk", f"version {version}")
    running = str(_content(entries, "/services/apps/local/cbsigned").get("version", "unknown"))
    manifest = LOOKUPS.parent / "app.manifest"
    installed = str(json.loads(manifest.read_text(encoding="utf-8"))["info"]["id"]["version"])
    if running == installed:
        yield fine("add-on", f"version {installed}")
    else:
        yield failure("add-on", f"version {installed} is installed, {running} is running", "Restart Splunk.")


def check_searches(entries: Entries) -> Iterator[Finding]:
    """Check that the saved search that keeps the store small is run, and that what is learnt knows who signed."""
    sweep = entries.find(f"saved/searches/{SWEEP}")
    if sweep is None:
        yield failure("saved searches", f"`{SWEEP}` is not there", "Install the package anew.")
        return
    learns, exports = (_runs(entries, name) for name in (LEARN, EXPORT))
    if not _is_run(sweep.content):
        yield warning(
            "saved searches",
            f"`{SWEEP}` is off: the store of verdicts and of baselines grows for ever",
            f"Enable `{SWEEP}`, with its schedule (Settings, Searches, reports, and alerts).",
        )
    elif learns and not exports:
        yield warning(
            "saved searches",
            f"`{LEARN}` is on without `{EXPORT}`: programs are learnt without who signed them",
            f"Enable `{EXPORT}` as well: the first reads the file that the second writes.",
        )
    else:
        told = "is on" if learns else "is off: you learn by hand, or an input learns"
        yield fine("saved searches", f"`{SWEEP}` runs next {_next(sweep.content)}; `{LEARN}` {told}")


def _runs(entries: Entries, name: str) -> bool:
    found = entries.find(f"saved/searches/{name}")
    return found is not None and _is_run(found.content)


def check_members(entries: Entries) -> Iterator[Finding]:
    """Check that all members of a search head cluster have the same version and settings.

    No member may ask another one. So each leaves in the KV store, which they share, what it saw of itself when the
    check was run on it.
    """
    check = "search head cluster"
    try:
        own = entries.list("/services/shcluster/member/info")
        members = {_label(entry.content, entry.name) for entry in entries.list("/services/shcluster/member/members")}
    except RefusedEntryError as error:
        if error.status not in _NO_CLUSTER:
            raise
        yield fine(check, "this search head is no member of one")
        return
    name = _label(own[0].content, own[0].name) if own else "unknown"
    seen = _leave(entries, name, _digests(entries))
    others = {label: digests for label, digests in seen.items() if label != name}
    differing = {
        label: [what for what, digest in seen[name].items() if digests.get(what) != digest]
        for label, digests in others.items()
        if digests != seen[name]
    }
    missing = sorted(members - set(seen))
    if differing:
        told = "; ".join(f"{label}: {', '.join(what) or 'other things'}" for label, what in sorted(differing.items()))
        yield failure(
            check,
            f"differs from {name} on {told}",
            "Push the app from the deployer, and look whether default/server.conf's conf_replication_include is "
            "overridden; then run | cbsignedcheck on each member again.",
        )
    elif missing:
        yield warning(
            check,
            f"{name} and {len(others)} others are alike; not looked at yet: {', '.join(missing)}",
            "Run | cbsignedcheck on each member: each tells of itself.",
        )
    else:
        yield fine(check, f"{len(seen)} members have the same version and settings")


def _leave(entries: Entries, name: str, digests: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Leave what a member saw of itself, and return what all left lately."""
    collection, now = Collection(*entries.whom, CHECKPOINTS), time.time()
    document = {
        "_key": f"check:member:{name}",
        "input": "",
        "kind": "member",
        "host": name,
        "expires": now + _MEMBER_LASTS,
    }
    collection.save([{**document, "state": json.dumps(digests)}])
    found = collection.find({"kind": "member", "expires": {"$gte": now}})
    return {str(one["host"]): json.loads(str(one["state"])) for one in found}


def _digests(entries: Entries) -> dict[str, str]:
    """Return a number for each conf, which says nothing of what stands in it, and the version."""
    digests = {"version": str(_content(entries, "/services/apps/local/cbsigned").get("version"))}
    for conf in CONFS:
        stanzas = {
            entry.name: {key: value for key, value in entry.content.items() if not key.startswith("eai:")}
            for entry in entries.list(f"configs/conf-{conf}")
            if conf != "macros" or entry.name.startswith(("cbsigned", "drop_signed"))
        }
        text = json.dumps(stanzas, sort_keys=True, default=str)
        digests[conf] = hashlib.sha256(text.encode()).hexdigest()[:16]
    return digests


def _label(content: Mapping[str, Any], name: str) -> str:
    return str(content.get("label") or name)


def _content(entries: Entries, path: str) -> Mapping[str, Any]:
    entry = entries.find(path)
    return entry.content if entry else {}


def _is_run(content: Mapping[str, Any]) -> bool:
    is_scheduled = str(content.get("is_scheduled", content.get("enableSched", "0"))).lower() not in _OFF
    return is_scheduled and str(content.get("disabled", "0")).lower() in _OFF


def _next(content: Mapping[str, Any]) -> str:
    return str(content.get("next_scheduled_time") or "as scheduled")
