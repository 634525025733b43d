"""What kind of event a row is: a process's start, or something about another file, whose hash is not the process's.

Numbers and names of Sysmon's events ("Sysmon", Microsoft Sysinternals documentation), Carbon Black's event types
("Event forwarder", Carbon Black developer documentation), Elastic's `event.action`, CrowdStrike's `event_simpleName`,
Defender's `ActionType` ("Advanced hunting schema", Microsoft documentation).
"""

from __future__ import annotations

from typing import Callable, Dict, Sequence

from cbverdict.events.event_columns import (
    ACTION_FIELDS,
    CATEGORY_FIELDS,
    CHILD_FIELDS,
    CROWDSTRIKE_KIND_FIELDS,
    DEFENDER_KIND_FIELDS,
    EVENT_KIND_FIELDS,
    TITLE_FIELDS,
)
from cbverdict.events.kind_words import (
    LONGEST_KIND,
    MOST_KINDS,
    NUMBERED_FIELDS,
    ends_of,
    number_of,
    numbers_of,
    word_of,
)
from cbverdict.events.texts import Record, texts_of
from cbverdict.remembered import remember_short

_OTHER_FILES = frozenset({6, 7, 11, 15, 23, 24, 26, 27, 28, 29})
"""Sysmon's: a driver, an image, a file, a stream, a clipboard, files that were deleted, blocked or found."""

_STARTS = frozenset({1, 4688})
_LOADS = frozenset({6, 7})  # Sysmon's, of a driver and of an image
_LOAD_BEGINNINGS = (
    "modload", "moduleload", "loadimage", "loadedimage", "loadlibrary", "imageload", "driverload", "libraryload",
    "kernelmodeload", "classifiedmoduleload", "dllload", "loaddll", "loaddriver", "sharedobjectload",
    "sharedlibraryload", "kextload", "sectionload", "loadmodule", "loadedmodule", "loadedkernelmodule", "scriptload",
    "filelessscriptload",
)  # fmt: skip
_OTHER_BEGINNINGS = (
    *_LOAD_BEGINNINGS, "modinfo", "filemod", "childproc", "imagehash",
    "filecreat", "filestream", "filedelet", "filerenam", "filemodif", "filewrit", "fileblock",
    "fileexecutable", "fileaccess", "fileact", "fileintegrity",
    "fileevent", "fileopen", "filecop", "filemov", "filedownload", "fileupload",
    "filequarantin", "filedrop", "scriptload",
    "notifycreate", "notifywrite", "notifymmap", "executablewritten", "createfile",
    "newfile", "deletefile", "renamefile", "writefile", "filechange", "clipboard",
    "pefilewritten", "newexecutable", "newscript", "executabledeleted", "deviceimageloadevents", "devicefileevents",
)  # fmt: skip
"""How the words of a kind that is about another file begin, at one of them: some write the source before it."""

_KINDS = tuple(name for name in EVENT_KIND_FIELDS if name not in TITLE_FIELDS)
_SURE_KINDS = tuple(name for name in _KINDS if name not in {"signature_id", "event_id"})  # some number their rules so
_OTHER_KINDS = frozenset(
    {
        "dll", "image", "library", "module", "driver", "binary", "file", "files", "fim", "mmap", "attachment",
        "download", "quarantine",
    }
)  # fmt: skip
_LOADED = frozenset({"dll", "image", "library", "module", "driver", "mmap", "imagemapped"})
_OTHER_ACTIONS = frozenset(
    {"load", "creation", "deletion", "overwrite", "rename", "modification", "change", "extended"}
)
_OTHER_CHANGES = frozenset(
    {
        "created", "updated", "deleted", "moved", "renamed", "modified", "written", "wrote", "copied", "dropped",
        "downloaded", "saved", "extracted", "uploaded", "quarantined", "attributesmodified", "write", "registry",
        "amsi", "threat", "malware", "autorun", "script", "imagemapped", "executablewrite", "serviceinstalled",
    }
)  # fmt: skip
"""Words that say nothing of what was changed: they count where no column says that the row is a start."""

_CHANGE_FIELDS = (
    "event.action", "event_type", "event.type", "eventType", "action_type", "type", "event_action", "actionType",
    "operation", "evt.type", "es_event_type", "values(event_type)", "event_name", "EventName",
)  # fmt: skip
_START_BEGINNINGS = ("processcreat", "procstart", "processstart", "processrollup", "newprocess")

OF_FORWARDER = ("ingress.event.", "endpoint.event.")
"""How the kinds of Carbon Black's forwarders begin."""

_CLOUD_START = "endpoint.event.procstart"
_ABOUT_BINARIES = frozenset({"binary", "binaryinfo", "binarystore", "module"})
_CHANGES = (
    "creat", "modif", "delet", "renam", "writ", "overwr", "chang", "aclmodif", "updat", "mov", "replac", "copi",
    "copy", "wrote", "filecreat", "filewr", "filemod", "filedel", "fileren", "filemov", "filecop", "filedrop",
    "download", "upload", "saved", "extract", "dropped", "load", "mapped", "inject", "quarantin",
)  # fmt: skip
_NO_CHANGES = frozenset(
    {
        "read", "allowed", "blocked", "added", "removed", "snapshot", "success", "failure", "observed", "detected",
        "started", "executed", "exec", "execute", "execution", "start", "end", "stopped", "logged", "alert", "none",
        "unknown",
    }
)  # fmt: skip
_OF_PROCESS = frozenset({"proc", "process"})


def is_process_start(record: Record) -> bool:
    """Return whether a row says that it is a process's start, of which every hash on it is."""
    return _is_start(record, EVENT_KIND_FIELDS)


def is_about_process(record: Record) -> bool:
    """Return whether a row says that it is about a process, if no start."""
    if is_process_start(record):
        return True
    types = (text.lower() for text in texts_of(record, ("type", "event_type")))
    return any(not _OF_PROCESS.isdisjoint(text.split(".")) for text in types)


def is_about_binary(record: Record) -> bool:
    """Return whether a row is Carbon Black's own event about a binary, as `ingress.event.module` is."""
    types = (text.lower().split(".") for text in texts_of(record, ("type",)))
    return any(len(parts) > 1 and not _ABOUT_BINARIES.isdisjoint(parts) for parts in types)


def is_about_child(record: Record) -> bool:
    """Return whether a row is about the process that the row's own has started, as starts of Carbon Black Cloud are."""
    if texts_of(record, CHILD_FIELDS):
        return True
    return any(text.lower().startswith(_CLOUD_START) for text in texts_of(record, ("type",)))


def is_change_of_file(record: Record) -> bool:
    """Return whether a row says that a file was made, changed or deleted, in whose place another one may be now."""
    return any(word_of(text).startswith(_CHANGES) for text in texts_of(record, ACTION_FIELDS))


def may_be_change_of_file(record: Record) -> bool:
    """Return whether a row that is about a file says what became of it in other words than those for no change."""
    return any(word_of(text) not in _NO_CHANGES for text in texts_of(record, ACTION_FIELDS))


def is_sure_start(record: Record) -> bool:
    """Return whether a column that holds nothing but kinds of events says that it is a process's start."""
    return _is_start(record, _SURE_KINDS)


def says_other_file(record: Record) -> bool:
    """Return whether a row says in so many words that it is about another file than the process's."""
    return _is_category_of_files(record) or any(
        _is_numbered_other(text) if name in NUMBERED_FIELDS else _is_other(text)
        for name in _KINDS
        if record.get(name)
        for text in texts_of(record, (name,))[:MOST_KINDS]
    )


def is_about_other_file(record: Record) -> bool:
    """Return whether a row says that it is about a file which the process loaded, made, deleted or the like."""
    if _says_other(record, _KINDS) or _is_category_of_files(record):
        return True
    return not is_sure_start(record) and (_says_other(record, TITLE_FIELDS) or _says_change(record))


def says_number(record: Record) -> bool:
    """Return whether a column of numbers says of what kind a row is."""
    texts = (text for name in NUMBERED_FIELDS if record.get(name) for text in texts_of(record, (name,)))
    return any(number_of(text) is not None for text in texts)


def is_load(record: Record) -> bool:
    """Return whether a row says that the process has loaded an image, a library, a driver or a script."""
    if not _LOADED.isdisjoint(map(word_of, texts_of(record, CATEGORY_FIELDS))):
        return True
    return any(
        (name in NUMBERED_FIELDS and number_of(text) in _LOADS) or _names_load(text)
        for name in _KINDS
        if record.get(name)
        for text in texts_of(record, (name,))[:MOST_KINDS]
    )


def _is_start(record: Record, names: Sequence[str]) -> bool:
    return any(
        (name in NUMBERED_FIELDS and number_of(text) in _STARTS) or _is_start_word(text)
        for name in names
        if record.get(name)
        for text in texts_of(record, (name,))[:MOST_KINDS]
    )


def _says_change(record: Record) -> bool:
    return any(
        word_of(text) in _OTHER_CHANGES | _OTHER_ACTIONS for text in texts_of(record, _CHANGE_FIELDS)[:MOST_KINDS]
    )


def _is_category_of_files(record: Record) -> bool:
    categories = set(map(word_of, texts_of(record, CATEGORY_FIELDS)))
    return not _OF_PROCESS & categories and bool(_OTHER_KINDS & categories)


def _says_other(record: Record, names: Sequence[str]) -> bool:
    for name in names:
        if record.get(name):
            texts = texts_of(record, (name,))
            is_other = _BY_COLUMN.get(name, _is_numbered_other if name in NUMBERED_FIELDS else _is_other)
            if len(texts) > MOST_KINDS or any(map(is_other, texts)):
                return True
    return False


@remember_short(LONGEST_KIND)
def _is_start_word(text: str) -> bool:
    return word_of(text.rpartition(".")[2]).startswith(_START_BEGINNINGS)


@remember_short(LONGEST_KIND)
def names_other(text: str) -> bool:
    """Return whether the words of a kind are about another file."""
    return any(end.startswith(_OTHER_BEGINNINGS) for end in ends_of(text))


@remember_short(LONGEST_KIND)
def _names_load(text: str) -> bool:
    return word_of(text) in _LOADED or any(end.startswith(_LOAD_BEGINNINGS) for end in ends_of(text))


@remember_short(LONGEST_KIND)
def _title_names_other(text: str) -> bool:
    """Return the same of an alert's title, in which a child process is no event of that kind."""
    return any(end.startswith(_OTHER_BEGINNINGS) and not end.startswith("childprocess") for end in ends_of(text))


def _is_other(text: str) -> bool:
    return word_of(text) in _OTHER_KINDS or names_other(text)


def _is_numbered_other(text: str) -> bool:
    return not _OTHER_FILES.isdisjoint(numbers_of(text)) or _is_other(text)


def _is_other_action(text: str) -> bool:
    return word_of(text) in _OTHER_ACTIONS or _is_other(text)


def _is_no_rollup(text: str) -> bool:
    """CrowdStrike's: whatever is no process's start, end or block."""
    word = word_of(text)
    return not ("processrollup" in word or word in {"endofprocess", "processblocked", "commandhistory"})


def _is_not_created(text: str) -> bool:
    """Defender's: only of what was created is the hash that of the process."""
    return not word_of(text).startswith("processcreated")


def _is_of_forwarder(text: str) -> bool:
    """Carbon Black's forwarders; other sources fill a column `type` with anything, an alert's title as well."""
    lower = text.lower()
    if lower.startswith(OF_FORWARDER):
        return names_other(lower.rpartition(".")[2])
    return word_of(text) in _OTHER_KINDS or _title_names_other(text)


_BY_COLUMN: Dict[str, Callable[[str], bool]] = {
    "event.action": _is_other_action,
    **dict.fromkeys(CROWDSTRIKE_KIND_FIELDS, _is_no_rollup),
    **dict.fromkeys(DEFENDER_KIND_FIELDS, _is_not_created),
    "type": _is_of_forwarder,
    **dict.fromkeys(TITLE_FIELDS, _title_names_other),
}
