"""Carbon Black's process documents as events: CIM names where the CIM has one, Carbon Black's own elsewhere.

What is the same for all events, or stands in another field already, is added by `default/props.conf` when it is
searched, for what is indexed counts for the licence.

Source of the CIM names: Splunk Common Information Model 6, data model Endpoint, dataset Processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Dict, Iterable, List, NamedTuple

from cbverdict.inputs.cursor import second_of
from cbverdict.verdicts.hashes import Md5, parse_md5

if TYPE_CHECKING:
    from cbverdict.inputs.feed import Document, Fields

SOURCETYPE = "cbsigned:process"
TIME_FIELD = "last_server_update"

LONG_FIELDS = ("watchlists", "process_path", "parent_process_path", "parent_process", "process")
"""What stands last in an event: Splunk extracts fields from the first 5,000 characters of JSON (limits.conf, spath)."""

# Carbon Black's field, and the event's name for it.
_FIELDS = {
    "hostname": "dest",
    "username": "user",
    "uid": "user_id",
    "os_type": "os",
    "cmdline": "process",
    "process_name": "process_name",
    "path": "process_path",
    "process_pid": "process_id",
    "parent_name": "parent_process_name",
    "parent_pid": "parent_process_id",
    "process_sha256": "process_sha256",
    "group": "group",
    "host_type": "host_type",
    "sensor_id": "sensor_id",
    "logon_type": "logon_type",
    TIME_FIELD: TIME_FIELD,
    "interface_ip": "interface_ip",
    "comms_ip": "comms_ip",
    "parent_md5": "parent_md5",
    "segment_id": "segment_id",
}
_ADDRESSES = ("interface_ip", "comms_ip")
_OWN = ("parent_md5", "segment_id")
"""What is read of a segment, but is no field of the event."""

_LATE = ("process_path", "process", "user")
MOST_KNOWN = 2 * (len(_LATE) + 1) + 1
_MAX_TEXT = 32_767  # characters, what Windows lets a command line have; several of them must fit into TRUNCATE.
_SCORE = "alliance_score_"
_UNKNOWN = {"", "(unknown)", "(Unknown)"}


class Image(NamedTuple):
    """What is known of a process that others have for a parent."""

    md5: Md5 | None
    path: str
    cmdline: str


@dataclass
class Report:
    """A process as its segments report it; `texts` are fields of its event, the newest segment's where they differ.

    `parent_guid` is empty where Carbon Black does not know the parent.
    """

    guid: str
    parent_guid: str
    md5: Md5 | None
    start: str
    texts: Dict[str, str]
    watchlists: List[str]

    @property
    def known(self) -> int:
        """How much is known of what may come late: the hash, which outweighs path, command line, user and parent.

        It is at most `MOST_KNOWN`.
        """
        late = (self.parent_guid, *(self.texts.get(name) for name in _LATE))
        return (len(late) + 1) * bool(self.md5) + sum(map(bool, late))

    @property
    def image(self) -> Image:
        """What its children want to know of it."""
        return Image(self.md5, self.texts.get("process_path", ""), self.texts.get("process", ""))


def read_reports(documents: Iterable[Document]) -> list[Report]:
    """Put the segments of each process together, in the order in which processes first appear."""
    segments: dict[str, list[Document]] = {}
    for document in documents:
        guid = _text(document.get("id"))
        if guid:
            segments.setdefault(guid, []).append(document)
    return [_report(guid, parts) for guid, parts in segments.items()]


def event_of(report: Report, parent: Image | None, console: str) -> Fields:
    """Write a process as an event without its verdict; what is not known is left out.

    `console` is the address of Carbon Black's console.
    """
    fields: Fields = {"time": report.start or report.texts.get(TIME_FIELD, ""), **report.texts}
    own = {name: str(fields.pop(name, "")) for name in _OWN}
    for name in _ADDRESSES:
        if name in fields:
            fields[name] = _address(report.texts[name])
    if report.texts.get("parent_process_id", "").startswith("-"):
        del fields["parent_process_id"]
    fields["process_md5"] = report.md5 or ""
    fields["process_guid"] = report.guid
    fields["parent_process_guid"] = report.parent_guid
    fields["link_process"] = f"{console}/#analyze/{report.guid}/{own['segment_id'] or '1'}"
    fields["watchlists"] = report.watchlists
    fields["parent_process_md5"] = parse_md5(own["parent_md5"]) or (parent.md5 if parent else None) or ""
    if parent:
        fields["parent_process_path"] = parent.path
        fields["parent_process"] = parent.cmdline or parent.path
    return {name: value for name, value in fields.items() if value}


def _report(guid: str, segments: list[Document]) -> Report:
    if len(segments) > 1:
        segments.sort(key=lambda document: _text(document.get(TIME_FIELD)))
    texts: Dict[str, str] = {}
    md5, start, parent = None, "", ""
    watchlists: set[str] = set()
    for document in segments:
        texts.update(_texts(document))
        md5 = parse_md5(_text(document.get("process_md5"))) or md5
        parent = _text(document.get("parent_id")) or parent
        began = _text(document.get("start"))
        if second_of(began) and (not start or began < start):
            start = began
        hits = document.get("watchlists")
        if isinstance(hits, list):
            watchlists.update(_text(hit.get("wid")) for hit in hits if isinstance(hit, dict))
    # Where the parent is not known its start time in the id is all zeros, its number all ones.
    if "-ffff-ffff-" in parent or parent.endswith("-0000-000000000000"):
        parent = ""
    return Report(guid, parent, md5, start, texts, sorted(watchlists - {""}))


def _texts(document: Document) -> Dict[str, str]:
    texts = {}
    for theirs, ours in _FIELDS.items():
        value = document.get(theirs)
        if value is not None:
            is_plain = value.__class__ is str and len(value) < _MAX_TEXT and value.isascii() and value not in _UNKNOWN
            text = value if is_plain else _text(value)
            if text:
                texts[ours] = text
    for name in document:
        if name.startswith(_SCORE):
            text = _text(document[name])
            if text:
                texts[name] = text
    return texts


@lru_cache(maxsize=8192)
def _address(number: str) -> str:
    try:
        return str(IPv4Address(int(number) % 2**32)) if number not in {"", "0"} else ""
    except ValueError:
        return ""


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return "" if isinstance(value, (bool, list, dict)) else str(value)
    if not value.isascii():  # halves of surrogate pairs would not reach the index
        value = value.encode("utf-8", "replace").decode("utf-8")
    return "" if value in _UNKNOWN or not value.strip() else value[:_MAX_TEXT]
