"""Processes as events: CIM names where the CIM has one, Carbon Black's own elsewhere.

What is the same for all events, or stands in another field already, is added by `default/props.conf` when it is
searched, for what is indexed counts for the licence.

Source of the CIM names: Splunk Common Information Model 6, data model Endpoint, dataset Processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import Fields, Image, ReportedProcess

SOURCETYPE = "cbsigned:process"
TIME_FIELD = "last_server_update"

ENDPOINT_TIME_FIELD = "endpoint_time"
"""When a process began by its endpoint's clock, as Carbon Black has it, where the event's time is another."""

LONG_FIELDS = ("watchlists", "process_path", "parent_process_path", "parent_process", "process")
"""What stands last in an event: Splunk extracts fields from the first 5,000 characters of JSON (limits.conf, spath)."""

_LATE = ("process_path", "process", "user")
MOST_KNOWN = 2 * (len(_LATE) + 1) + 1


def known_of(process: ReportedProcess) -> int:
    """Return how much is known of what may come late: the hash, which outweighs path, command line, user and parent.

    It is at most `MOST_KNOWN`.
    """
    late = (process.parent_guid, *(process.fields.get(name) for name in _LATE))
    return (len(late) + 1) * bool(process.md5) + sum(map(bool, late))


def event_of(process: ReportedProcess, parent: Image | None) -> Fields:
    """Write a process as an event without its verdict; what is not known is left out."""
    fields: Fields = {"time": process.start or process.fields.get(TIME_FIELD, ""), **process.fields}
    fields["process_md5"] = process.md5 or ""
    fields["process_guid"] = process.guid
    fields["parent_process_guid"] = process.parent_guid
    fields["link_process"] = process.link
    fields["watchlists"] = process.watchlists
    fields["parent_process_md5"] = process.parent_md5 or (parent.md5 if parent else None) or ""
    if parent:
        fields["parent_process_path"] = parent.path
        fields["parent_process"] = parent.cmdline or parent.path
    return {name: value for name, value in fields.items() if value}
