"""What kind of event a row is: a process's start, or something about another file, whose hash is not the process's.

Numbers and names of Sysmon's events ("Sysmon", Microsoft Sysinternals documentation), Carbon Black's event types
("Event forwarder", Carbon Black developer documentation), Elastic's `event.action`, CrowdStrike's `event_simpleName`,
Defender's `ActionType` ("Advanced hunting schema", Microsoft documentation).
"""

from __future__ import annotations

import re
from typing import Callable, Dict

from cbverdict.events.columns import EVENT_KIND_FIELDS
from cbverdict.events.texts import Record, plain, texts_of

_OTHER_FILES = frozenset({6, 7, 11, 15, 23, 24, 26, 27, 28, 29})
"""Sysmon's: a driver, an image, a file, a stream, a clipboard, files that were deleted, blocked or found."""

_STARTS = frozenset({1, 4688})
_NUMBER = re.compile(r"0{0,8}(\d{1,6})(?:\.0{0,8})?")
_NO_LETTER = re.compile(r"[^a-z0-9]+")
_LONGEST = 80  # characters; a signature's name may be longer, and is no kind of event then

_OTHER_BEGINNINGS = (
    "modload", "modinfo", "moduleload", "filemod", "childproc",
    "imageload", "driverload", "libraryload", "kernelmodeload", "classifiedmoduleload", "imagehash",
    "filecreat", "filestream", "filedelet", "filerenam", "filemodif", "filewrit", "fileblock", "fileexecutable",
    "filechange", "clipboard", "pefilewritten", "newexecutable", "newscript", "executabledeleted", "dllload",
)  # fmt: skip
_OTHER_ACTIONS = frozenset(
    {"load", "creation", "deletion", "overwrite", "rename", "modification", "change", "extended"}
)
_START_BEGINNINGS = ("processcreat", "procstart", "processstart", "processrollup", "newprocess")

_OF_FORWARDER = ("ingress.event.", "endpoint.event.")


def is_process_start(record: Record) -> bool:
    """Return whether a row says that it is a process's start, of which every hash on it is."""
    return any(
        _number(text) in _STARTS or _word(text.rpartition(".")[2]).startswith(_START_BEGINNINGS)
        for text in texts_of(record, EVENT_KIND_FIELDS)
    )


def is_about_other_file(record: Record) -> bool:
    """Return whether a row says that it is about a file which the process loaded, made, deleted or the like."""
    for name in EVENT_KIND_FIELDS:
        if record.get(name):
            is_other = _BY_COLUMN.get(name, _is_other)
            if any(is_other(text) for text in texts_of(record, (name,))):
                return True
    return False


def _is_other(text: str) -> bool:
    return _number(text) in _OTHER_FILES or _word(text).startswith(_OTHER_BEGINNINGS)


def _is_other_action(text: str) -> bool:
    return _word(text) in _OTHER_ACTIONS or _is_other(text)


def _is_no_rollup(text: str) -> bool:
    """CrowdStrike's: whatever is no process's start, end or block."""
    word = _word(text)
    return not ("processrollup" in word or word in {"endofprocess", "processblocked", "commandhistory"})


def _is_not_created(text: str) -> bool:
    """Defender's: only of what was created is the hash that of the process."""
    return not _word(text).startswith("processcreated")


def _is_of_forwarder(text: str) -> bool:
    """Carbon Black Cloud's forwarder; other sources fill a column `type` with anything."""
    lower = text.lower()
    return lower.startswith(_OF_FORWARDER) and _is_other(lower.rpartition(".")[2])


_BY_COLUMN: Dict[str, Callable[[str], bool]] = {
    "event.action": _is_other_action,
    "event_simpleName": _is_no_rollup,
    "ActionType": _is_not_created,
    "type": _is_of_forwarder,
}


def _number(text: str) -> int | None:
    match = _NUMBER.fullmatch(text.strip())
    return None if match is None else int(match[1])


def _word(text: str) -> str:
    return _NO_LETTER.sub("", plain(text)) if len(text) <= _LONGEST else ""
