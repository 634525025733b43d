"""Processes as events: CIM names where the CIM has one, Carbon Black's own elsewhere.

What is the same for all events, or stands in another field already, is added by `default/props.conf` when it is
searched, for what is indexed counts for the licence.

Source of the CIM names: Splunk Common Information Model 6, data model Endpoint, dataset Processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping

from cbverdict.carbonblack.port import PROCESS_FIELDS
from cbverdict.carbonblack.times import epoch_of
from cbverdict.inputs.progress.seen_keys import Seen, values_of

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import Fields, Image, ReportedProcess

SOURCETYPE = "cbsigned:process"
TIME_FIELD = "last_server_update"

ENDPOINT_TIME_FIELD = "endpoint_time"
"""When a process began by its endpoint's clock, as Carbon Black has it, where the event's time is another."""

LONG_FIELDS = ("watchlists", "process_path", "parent_process_path", "parent_process", "process")
"""What stands last in an event: Splunk extracts fields from the first 5,000 characters of JSON (limits.conf, spath)."""

_LATE = ("process_path", "process", "user")
_REVISION = 10**13
"""More than a time in milliseconds: more that is known weighs more than that it is later."""
_SCORE = "alliance_score_"
_KNOWN = frozenset(PROCESS_FIELDS)
_UNKNOWN = "(unknown)"
_FOLLOWS = ("signed_source", "process_signature_exists", "process_signature_verified")


def revision_of(known: int, updated: str) -> int:
    """Return a number that is higher for what says more of a process, or is later where it says as much."""
    return known * _REVISION + round(1000 * max(epoch_of(updated) or 0.0, 0.0))


def sighting_of(process: ReportedProcess) -> Seen:
    """Return what is to be remembered of a process: digests of the values of which a change is told."""
    fields = process.fields
    scores = [f"{name}={fields[name]}" for name in fields.keys() - _KNOWN if name.startswith(_SCORE)]
    texts = (process.parent_guid, *(fields.get(name, "") for name in _LATE))
    values = values_of(process.md5 or "", texts, "|".join([*process.watchlists, *sorted(scores)]))
    time = epoch_of(process.updated) or epoch_of(process.reached) or 0.0
    # Of what may come late the hash outweighs path, command line, user and parent together.
    known = (len(texts) + 1) * bool(process.md5) + sum(map(bool, texts))
    return Seen(process.guid, values, int(time), process.is_running, known)


def worth_indexing(fields: Fields) -> Fields:
    """Leave out what is not known, and what `default/props.conf` finds out from the other fields of an event."""
    kept = {name: value for name, value in fields.items() if value and (value[0] != "(" or not _is_unknown(value))}
    for name in _FOLLOWS:
        kept.pop(name, None)
    original = kept.get("process_original_name")
    if original and kept.get("process_internal_name") == original:
        del kept["process_internal_name"]
    if original and kept.get("process_observed_names") == str(original).lower():
        del kept["process_observed_names"]
    if _is_same(kept, "process_document_md5", "process_md5"):
        del kept["process_document_md5"]
    if kept.get("process_signature_issuer") and _is_same(
        kept, "process_signature_subject", "process_signature_publisher"
    ):
        del kept["process_signature_subject"]
    return kept


def _is_unknown(value: str | list[str]) -> bool:
    return isinstance(value, str) and value.lower() == _UNKNOWN


def _is_same(fields: Fields, one: str, other: str) -> bool:
    return one in fields and fields[one] == fields.get(other)


def event_of(process: ReportedProcess, parent: Image | None) -> Fields:
    """Write a process as an event without its verdict; what is not known is left out."""
    fields: Fields = {"time": process.start or process.fields.get(TIME_FIELD, ""), **process.fields}
    fields["process_md5"] = process.md5 or ""
    fields["process_guid"] = process.guid
    fields["parent_process_guid"] = process.parent_guid
    fields["process"] = fields.get("process") or process.fields.get("process_path", "")
    fields["watchlists"] = process.watchlists
    fields["parent_process_md5"] = process.parent_md5 or (parent.md5 if parent else None) or ""
    if parent:
        fields["parent_process_path"] = parent.path
        fields["parent_process"] = parent.cmdline or parent.path
    feeds = _listing_feeds(process.fields)
    if feeds:
        fields["feed_name"] = feeds
    fields.update(process.contradictions)
    return {name: value for name, value in fields.items() if value}


def _listing_feeds(fields: Mapping[str, str]) -> list[str]:
    """Return the threat feeds that list a process: their scores go from -100, of what is trusted, to 100."""
    scores = ((name[len(_SCORE) :], score) for name, score in fields.items() if name.startswith(_SCORE))
    return sorted(name for name, score in scores if not score.startswith("-") and score.strip("0. "))
