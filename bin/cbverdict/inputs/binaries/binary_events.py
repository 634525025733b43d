"""Binaries as events, under Carbon Black's own names but for the signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbverdict.verdicts.verdict import Verdict, fields_of

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import Fields, ReportedBinary
    from cbverdict.verdicts.cached_verdict import StoredVerdict

SOURCETYPE = "cbsigned:binary"
FLIP_SOURCETYPE = "cbsigned:flip"

_LONG_FIELDS = ("group", "observed_filename")  # last, for Splunk extracts fields from the first 5,000 characters


def event_of(binary: ReportedBinary, verdict: Verdict) -> Fields:
    """Write a binary as an event; what is not known is left out."""
    fields: Fields = {"time": binary.reached, "md5": binary.md5, **binary.fields}
    long_fields = {name: fields.pop(name, "") for name in _LONG_FIELDS}
    fields.update(fields_of(verdict))
    fields["link_binary"] = binary.link
    fields.update(long_fields)
    return {name: value for name, value in fields.items() if value}


def flip_of(stored: StoredVerdict, time: str) -> Fields:
    """Write a change of signature as an event; `time` is when it was noticed, ISO 8601."""
    fields: Fields = {"time": time, "md5": stored.question.md5, "process_name": stored.question.name or ""}
    fields.update(previous_status=stored.previous_status, **fields_of(stored.verdict))
    return {name: value for name, value in fields.items() if value}
