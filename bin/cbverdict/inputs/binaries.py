"""Carbon Black's binary documents as events, under Carbon Black's own names but for the signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Union

from cbverdict.verdicts.verdict import Verdict, fields_of

if TYPE_CHECKING:
    from cbverdict.inputs.feed import Document, Fields
    from cbverdict.verdicts.cached_verdict import StoredVerdict

SOURCETYPE = "cbsigned:binary"
FLIP_SOURCETYPE = "cbsigned:flip"
TIME_FIELD = "server_added_timestamp"

_FIELDS = (
    "sha256",
    "original_filename",
    "internal_name",
    "company_name",
    "product_name",
    "product_version",
    "file_desc",
    "file_version",
    "legal_copyright",
    "orig_mod_len",
    "is_executable_image",
    "is_64bit",
    "os_type",
    "host_count",
    "server_added_timestamp",
    "last_seen",
)
_LONG_FIELDS = ("group", "observed_filename")  # last, for Splunk extracts fields from the first 5,000 characters
_MANY = 20  # A file may have been seen under thousands of names.


def event_of(md5: str, document: Document, verdict: Verdict, console: str) -> Fields:
    """Write a binary as an event; what is not known is left out. `console` is the address of the console."""
    fields: Fields = {"time": str(document.get(TIME_FIELD) or ""), "md5": md5}
    fields.update({name: _value(document.get(name)) for name in _FIELDS})
    fields.update(fields_of(verdict))
    fields["link_binary"] = f"{console}/#/binary/{md5.upper()}"
    fields.update({name: _value(document.get(name)) for name in _LONG_FIELDS})
    return {name: value for name, value in fields.items() if value}


def flip_of(stored: StoredVerdict, time: str) -> Fields:
    """Write a change of signature as an event; `time` is when it was noticed, ISO 8601."""
    fields: Fields = {"time": time, "md5": stored.question.md5, "process_name": stored.question.name or ""}
    fields.update(previous_status=stored.previous_status, **fields_of(stored.verdict))
    return {name: value for name, value in fields.items() if value}


def _value(value: object) -> Union[str, List[str]]:
    if isinstance(value, list):
        return [text for text in map(_text, value[:_MANY]) if text]
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, (list, dict)):
        return ""
    text = str(value).replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    return "" if text.strip().lower() in {"", "(unknown)"} else text
