"""What kind of event a row is: a process's start, or something about another file, whose hash is not the process's.

Numbers and names of Sysmon's events ("Sysmon", Microsoft Sysinternals documentation), Carbon Black's event types
("Event forwarder", Carbon Black developer documentation), Elastic's `event.action`, CrowdStrike's `event_simpleName`,
Defender's `ActionType` ("Advanced hunting schema", Microsoft documentation).
"""

from __future__ import annotations

import re
from typing import Callable, Dict

from cbverdict.events.columns import ACTION_FIELDS, CHILD_FIELDS, EVENT_KIND_FIELDS
from cbverdict.events.texts import Record, plain, texts_of

_OTHER_FILES = frozenset({6, 7, 11, 15, 23, 24, 26, 27, 28, 29})
"""Sysmon's: a driver, an image, a file, a stream, a clipboard, files that were deleted, blocked or found."""

_STARTS = frozenset({1, 4688})
_NUMBER = re.compile(  # some write `Sysmon:7`
    r"(?:[\w\- ]{1,60}[/:=]|event ?(?:id|code)? )?0{0,8}(\d{1,6})(?:\.0{0,8})?", re.IGNORECASE
)
_HEX_NUMBER = re.compile(r"0x0{0,8}([0-9a-f]{1,4})")
_BETWEEN = re.compile(r"[,;|]")  # what joins several of them in one text
_NO_LETTER = re.compile(r"[^a-z0-9]+")
_LONGEST = 80  # characters; a signature's name may be longer, and is no kind of event then

_OTHER_WORDS = (
    "modload", "modinfo", "moduleload", "filemod", "childproc", "loadimage", "loadedimage", "loadlibrary",
    "imageload", "driverload", "libraryload", "kernelmodeload", "imagehash", "dllload", "loaddll", "loaddriver",
    "filecreat", "filestream", "filedelet", "filerenam", "filemodif", "filewrit", "fileblock", "fileexecutable",
    "createfile", "newfile", "deletefile", "renamefile", "writefile",
    "filechange", "clipboard", "pefilewritten", "newexecutable", "newscript", "executabledeleted",
    "deviceimageloadevents", "devicefileevents",
)  # fmt: skip
"""What a kind that is about another file has in it, wherever: some write the source before it."""

_OTHER_KINDS = frozenset({"dll", "image", "library", "module", "driver", "binary"})
_OTHER_CATEGORIES = frozenset({"file", *_OTHER_KINDS})
_OTHER_ACTIONS = frozenset(
    {"load", "creation", "deletion", "overwrite", "rename", "modification", "change", "extended"}
)
_START_BEGINNINGS = ("processcreat", "procstart", "processstart", "processrollup", "newprocess")

_OF_FORWARDER = ("ingress.event.", "endpoint.event.")
_CLOUD_START = "endpoint.event.procstart"
_ABOUT_BINARIES = frozenset({"binary", "binaryinfo", "binarystore", "module"})
_CHANGES = ("creat", "modif", "delet", "renam", "writ", "overwr", "chang", "mov", "add", "remov")


def is_process_start(record: Record) -> bool:
    """Return whether a row says that it is a process's start, of which every hash on it is."""
    return any(
        _number(text) in _STARTS or _word(text.rpartition(".")[2]).startswith(_START_BEGINNINGS)
        for text in texts_of(record, EVENT_KIND_FIELDS)
    )


def is_about_child(record: Record) -> bool:
    """Return whether a row is about the process that the row's own has started, as starts of Carbon Black Cloud are."""
    if texts_of(record, CHILD_FIELDS):
        return True
    return any(text.lower().startswith(_CLOUD_START) for text in texts_of(record, ("type",)))


def is_change_of_file(record: Record) -> bool:
    """Return whether a row says that a file was made, changed or deleted, in whose place another one may be now."""
    return any(_word(text).startswith(_CHANGES) for text in texts_of(record, ACTION_FIELDS))


def is_about_other_file(record: Record) -> bool:
    """Return whether a row says that it is about a file which the process loaded, made, deleted or the like."""
    for name in EVENT_KIND_FIELDS:
        if record.get(name):
            is_other = _BY_COLUMN.get(name, _is_other)
            if any(is_other(text) for text in texts_of(record, (name,))):
                return True
    return False


def _is_other(text: str) -> bool:
    word = _word(text)
    is_kind = word in _OTHER_KINDS or any(one in word for one in _OTHER_WORDS)
    return is_kind or any(_number(one) in _OTHER_FILES for one in _BETWEEN.split(text[:_LONGEST]))


def _is_other_category(text: str) -> bool:
    """Elastic's: whether the event is about a file, a library or a driver."""
    return _word(text) in _OTHER_CATEGORIES or _is_other(text)


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
    """Carbon Black's forwarders; other sources fill a column `type` with anything."""
    lower = text.lower()
    parts = lower.split(".")
    is_about_binary = len(parts) > 1 and not _ABOUT_BINARIES.isdisjoint(parts)
    return is_about_binary or (lower.startswith(_OF_FORWARDER) and _is_other(parts[-1]))


_BY_COLUMN: Dict[str, Callable[[str], bool]] = {
    "event.action": _is_other_action,
    "event.category": _is_other_category,
    "event_category": _is_other_category,
    **dict.fromkeys(("event_simpleName", "event_simplename", "event_SimpleName", "#event_simpleName"), _is_no_rollup),
    **dict.fromkeys(("ActionType", "actiontype"), _is_not_created),
    "type": _is_of_forwarder,
}


def _number(text: str) -> int | None:
    match = _NUMBER.fullmatch(text.strip())
    if match is not None:
        return int(match[1])
    in_hex = _HEX_NUMBER.fullmatch(text.strip().lower())
    return None if in_hex is None else int(in_hex[1], 16)


def _word(text: str) -> str:
    return _NO_LETTER.sub("", plain(text)) if len(text) <= _LONGEST else ""
