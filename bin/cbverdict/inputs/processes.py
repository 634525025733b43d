"""Carbon Black's process documents as events: CIM names where the CIM has one, Carbon Black's own elsewhere.

What is the same for all events, or stands in another field already, is added by `default/props.conf` when it is
searched, for what is indexed counts for the licence.

Source of the CIM names: Splunk Common Information Model 6, data model Endpoint, dataset Processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Dict, Iterable, List

from cbverdict.hashes import Md5, parse_md5
from cbverdict.inputs.cursor import second_of

if TYPE_CHECKING:
    from cbverdict.inputs.feed import Document, Fields

SOURCETYPE = "cbsigned:process"
TIME_FIELD = "last_server_update"

LONG_FIELDS = ("watchlists", "process_path", "parent_process_path", "parent_process", "process")
"""What stands last in an event: Splunk extracts fields from the first 5,000 characters of JSON (limits.conf, spath)."""

# Carbon Black's field, and the event's name for it.
_CIM_FIELDS = {
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
}
_VENDOR_FIELDS = ("process_sha256", "group", "host_type", "sensor_id", "logon_type", TIME_FIELD)
_ADDRESSES = ("interface_ip", "comms_ip")
_OTHERS = ("process_md5", "parent_md5", "parent_id", "segment_id")
_READ = frozenset({*_CIM_FIELDS, *_VENDOR_FIELDS, *_ADDRESSES, *_OTHERS})
_SCORE = "alliance_score_"
_UNKNOWN = {"", "(unknown)", "(Unknown)"}


@dataclass(frozen=True)
class Image:
    """What is known of a process that others have for a parent."""

    md5: Md5 | None
    path: str
    cmdline: str


@dataclass
class Report:
    """A process as its segments report it; `texts` are Carbon Black's fields, the newest segment's first."""

    guid: str
    md5: Md5 | None
    start: str
    texts: Dict[str, str]
    watchlists: List[str]

    @property
    def image(self) -> Image:
        """What its children want to know of it."""
        return Image(self.md5, self.text("path"), self.text("cmdline"))

    @property
    def parent_guid(self) -> str:
        """The parent's id (empty: Carbon Black does not know the parent)."""
        guid = self.text("parent_id")
        # Where the parent is not known its start time in the id is all zeros, its number all ones.
        return "" if "-ffff-ffff-" in guid or guid.endswith("-0000-000000000000") else guid

    def text(self, name: str) -> str:
        """Give a field of Carbon Black's (empty: it is not known)."""
        return self.texts.get(name, "")


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
    texts = report.texts
    text = texts.get
    fields: Fields = {"time": report.start or text(TIME_FIELD, "")}
    fields.update({ours: texts[theirs] for theirs, ours in _CIM_FIELDS.items() if theirs in texts})
    fields.update({name: texts[name] for name in _VENDOR_FIELDS if name in texts})
    fields.update({name: _address(texts[name]) for name in _ADDRESSES if name in texts})
    fields.update({name: value for name, value in texts.items() if name.startswith(_SCORE)})
    fields.update(
        process_md5=report.md5 or "",
        process_guid=report.guid,
        parent_process_guid=report.parent_guid,
        link_process=f"{console}/#analyze/{report.guid}/{text('segment_id', '1')}",
        watchlists=report.watchlists,
    )
    if text("parent_pid", "").startswith("-"):
        del fields["parent_process_id"]
    parent_md5 = parse_md5(text("parent_md5")) or (parent.md5 if parent else None)
    if parent_md5:
        fields["parent_process_md5"] = parent_md5
    if parent:
        fields.update(parent_process_path=parent.path, parent_process=parent.cmdline or parent.path)
    return {name: value for name, value in fields.items() if value}


def _report(guid: str, segments: list[Document]) -> Report:
    if len(segments) > 1:
        segments.sort(key=lambda document: _text(document.get(TIME_FIELD)))
    texts: Dict[str, str] = {}
    md5, start = None, ""
    watchlists: set[str] = set()
    for document in segments:
        texts.update(_texts(document))
        md5 = parse_md5(document.get("process_md5")) or md5
        began = _text(document.get("start"))
        if second_of(began) and (not start or began < start):
            start = began
        hits = document.get("watchlists")
        if isinstance(hits, list):
            watchlists.update(_text(hit.get("wid")) for hit in hits if isinstance(hit, dict))
    return Report(guid, md5, start, texts, sorted(watchlists - {""}))


def _texts(document: Document) -> Dict[str, str]:
    texts = {}
    for name, value in document.items():
        if name in _READ or name.startswith(_SCORE):
            text = value if value.__class__ is str and value.isascii() and value not in _UNKNOWN else _text(value)
            if text:
                texts[name] = text
    return texts


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
    return "" if value in _UNKNOWN or not value.strip() else value
