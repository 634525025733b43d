"""Carbon Black EDR's process documents: which are one process, and what its event says of it."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, ip_address
from typing import TYPE_CHECKING, Dict, Iterable

from cbverdict.carbonblack.port import ReportedProcess
from cbverdict.carbonblack.times import epoch_of
from cbverdict.errors import NotCarbonBlackError
from cbverdict.events.names import file_name, program_of
from cbverdict.events.odd_places import bare_path
from cbverdict.verdicts.hashes import parse_md5

if TYPE_CHECKING:
    from cbverdict.carbonblack.edr.signature_documents import Document

REACHED = "last_server_update"
"""When a segment reached the server, in whose order pages come."""

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
    REACHED: "last_server_update",
    "interface_ip": "interface_ip",
    "comms_ip": "comms_ip",
    "parent_md5": "parent_md5",
    "segment_id": "segment_id",
}
_OF_ONE_PROCESS = {
    "process_md5": "process_md5",
    "process_name": "process_name",
    "path": "process_path",
    "username": "user",
    "parent_name": "parent_process_name",
    "parent_md5": "parent_process_md5",
    "process_sha256": "process_sha256",
    "parent_id": "parent_process_guid",
}
"""What is the same in all segments of a process."""

_COUNTS = (
    "childproc_count",
    "crossproc_count",
    "filemod_count",
    "modload_count",
    "netconn_count",
    "regmod_count",
    "processblock_count",
)
"""What a process did, a number for each segment."""

_ADDRESSES = ("interface_ip", "comms_ip")
_MAX_TEXT = 32_767  # characters, what Windows lets a command line have; several of them must fit into TRUNCATE.
_SCORE = "alliance_score_"
_UNKNOWN = {"", "(unknown)", "(Unknown)"}


def identity_of(document: Document) -> str:
    """Return what tells a segment from others (empty: nothing does)."""
    return f"{document['id']}:{document.get('segment_id')}" if document.get("id") else ""


def reached(document: Document) -> str:
    """Return when a segment reached the server."""
    return str(document.get(REACHED) or "")


def read_page(documents: list[Document], console: str) -> list[ReportedProcess]:
    """Read a page.

    Raises:
        NotCarbonBlackError: the server does not say when segments reached it.
    """
    if documents and not any(document.get(REACHED) for document in documents):
        raise NotCarbonBlackError("the processes have no last_server_update: the input needs Carbon Black EDR 6.1")
    return read_processes(documents, console)


def read_processes(documents: Iterable[Document], console: str) -> list[ReportedProcess]:
    """Put the segments of each process together, in the order in which processes first appear.

    `console` is the address of Carbon Black's console.
    """
    segments: dict[str, list[Document]] = {}
    names: set[str] = set()
    for document in documents:
        guid = _text(document.get("id"))
        if guid:
            segments.setdefault(guid, []).append(document)
            names.update(document)
    theirs = sorted(name for name in names if name.startswith(_SCORE))
    fields = {name: ours for name, ours in {**_FIELDS, **dict(zip(theirs, theirs))}.items() if name in names}
    return [_process(guid, parts, fields, console) for guid, parts in segments.items()]


def _process(guid: str, segments: list[Document], names: Dict[str, str], console: str) -> ReportedProcess:
    if len(segments) > 1:
        segments.sort(key=lambda document: _text(document.get(REACHED)))
    fields: dict[str, str] = {}
    md5, parent = None, ""
    starts: dict[float, str] = {}
    watchlists: set[str] = set()
    scores = {name for name in names.values() if name.startswith(_SCORE)} if len(segments) > 1 else set()
    for document in segments:
        said = _fields(document, names)
        for name in said.keys() & fields.keys() & scores:
            said[name] = max(fields[name], said[name], key=_score_of)
        fields.update(said)
        md5 = parse_md5(_text(document.get("process_md5"))) or md5
        parent = _text(document.get("parent_id")) or parent
        start = _text(document.get("start"))
        began = epoch_of(start)
        if began is not None:
            starts[began] = start
        watchlists.update(_watchlists(document))
    parent_md5, segment = fields.pop("parent_md5", ""), fields.pop("segment_id", "1")  # These are no event's fields.
    _tidy(fields)
    _add_deeds(fields, segments)
    parent = "" if _is_unknown_parent(parent) else parent
    link = f"{console}/#analyze/{guid}/{segment}"
    start = starts[min(starts)] if starts else ""
    arrived = next(filter(None, map(reached, segments)), "")
    hits = sorted(watchlists - {""})
    updated = fields.get(_FIELDS[REACHED], "")
    is_running = segments[-1].get("terminated") is not True
    several = _contradictions(segments) if len(segments) > 1 else {}
    return ReportedProcess(
        guid, parent, md5, parse_md5(parent_md5), start, fields, hits, link, arrived, updated, is_running, several
    )


def _contradictions(segments: list[Document]) -> Dict[str, list[str]]:
    """Return the values of what segments say differently of one process, by our name."""
    several: Dict[str, list[str]] = {}
    for theirs, ours in _OF_ONE_PROCESS.items():
        texts = filter(None, (_text(document.get(theirs)) for document in segments))
        found = {key: text for text in texts if (key := _compared(theirs, text))}
        if len(found) > 1:
            several[ours] = sorted(found.values())
    return several


def _compared(name: str, text: str) -> str:
    """Return what tells a value from others (empty: nothing does): spellings of one path and of one name are alike."""
    if name.endswith("md5"):
        return parse_md5(text) or ""
    if name == "parent_id":
        return "" if _is_unknown_parent(text) else text.lower()
    if name in {"path", "process_name", "parent_name"}:
        path = bare_path(text) if name == "path" else program_of(file_name(text) or text)
        return "" if "~" in path else path
    return text.lower()


def _is_unknown_parent(guid: str) -> bool:
    """Return whether a parent is not known: its start time in the id is all zeros then, its number all ones."""
    return "-ffff-ffff-" in guid or guid.endswith("-0000-000000000000")


def _tidy(fields: Dict[str, str]) -> None:
    """Write addresses as such; a parent that is not known has the number -1."""
    for name in _ADDRESSES:
        if name in fields:
            fields[name] = _address(fields[name])
    if fields.get("parent_process_id", "").startswith("-"):
        del fields["parent_process_id"]


def _add_deeds(fields: Dict[str, str], segments: list[Document]) -> None:
    """Add what a process did as far as these segments tell, whether it was blocked, and when it ended."""
    counts: Dict[str, int] = {}
    for segment in segments:
        for name in _COUNTS:
            number = segment.get(name, 0)
            if number.__class__ is int and number > 0:
                counts[name] = counts.get(name, 0) + number
    fields.update({name: str(count) for name, count in counts.items()})
    if fields.pop("processblock_count", ""):
        fields["action"] = "blocked"
    ended = _text(segments[-1].get("last_update")) if segments[-1].get("terminated") is True else ""
    if ended:
        fields["process_end"] = ended


def _score_of(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _watchlists(document: Document) -> list[str]:
    hits = document.get("watchlists")
    return [_text(hit.get("wid")) for hit in hits if isinstance(hit, dict)] if isinstance(hits, list) else []


def _fields(document: Document, names: Dict[str, str]) -> Dict[str, str]:
    fields = {}
    for ours, value in zip(names.values(), map(document.get, names)):
        if value is None:
            continue
        if value.__class__ is int:
            fields[ours] = str(value)
            continue
        is_plain = value.__class__ is str and len(value) < _MAX_TEXT and value.isascii() and value not in _UNKNOWN
        text = value if is_plain else _text(value)
        if text:
            fields[ours] = text
    return fields


@lru_cache(maxsize=8192)
def _address(text: str) -> str:
    """Write a number as the address that it is; what is written as one already stays (empty: neither)."""
    try:
        return str(IPv4Address(int(text) % 2**32)) if text not in {"", "0"} else ""
    except ValueError:
        return _written_address(text)


def _written_address(text: str) -> str:
    try:
        return str(ip_address(text))
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
