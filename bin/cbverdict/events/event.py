"""What a search row says about a process, its parent and its user."""

from __future__ import annotations

from typing import NamedTuple, Sequence, Tuple

from cbverdict.events.columns import (
    EVENT_CODE_FIELDS,
    FILE_HASH_FIELDS,
    GUID_FIELDS,
    HASH_FIELDS,
    HOST_FIELDS,
    MD5_FIELDS,
    ORIGINAL_NAME_FIELDS,
    OTHER_FILE_FIELDS,
    OTHER_TIME_FIELDS,
    OWN_MD5_FIELDS,
    TIME_FIELD,
    EventFields,
)
from cbverdict.events.names import file_name
from cbverdict.events.texts import Record, distinct_of, first_text, is_nothing, plain, texts_of, values_of
from cbverdict.verdicts.hashes import FileHash, Odd, Sha256, read_md5, read_sha256
from cbverdict.verdicts.reasons import Reason

_NO_PROCESS_EVENTS = frozenset({"6", "7", "15", "23", "26", "29"})
"""Sysmon's events whose hashes are those of a driver, an image, a stream or a file, not of the process."""


class Process(NamedTuple):
    """A process as a row names it: its hash (None: not known, and why) and its file name (None: the row has none).

    `md5` is a SHA-256 where the row has no MD5; `sha256` is what stands beside an MD5.
    """

    md5: FileHash | None
    name: str | None
    why_unknown: Reason = Reason.NO_HASH
    sha256: Sha256 | None = None


class ProcessEvent(NamedTuple):
    """One row's process, what started it, for whom and when (empty: the row does not say).

    `names` are all the texts that name the process, `original_names` those that its author gave the file.
    `other_times` are the texts of both ends of a time. `has_odd_parent`: it says something of the parent's hash that is
    none, or several. `has_several_users`: it is about more than one. `unread_hash` is a column that looks like the
    process's hash and is not read.
    """

    process: Process
    parent: Process
    user: str = ""
    team: str = ""
    time: str = ""
    host: str = ""
    has_odd_parent: bool = False
    names: Tuple[str, ...] = ()
    original_names: Tuple[str, ...] = ()
    other_times: Tuple[str, ...] = ()
    has_several_users: bool = False
    unread_hash: str = ""


def read_event(record: Record, fields: EventFields) -> ProcessEvent:
    """Read what a row says about its process; nothing in a row is an error."""
    parent_md5 = _first_md5(record, fields.parent_md5)
    process = _read_process(record, fields)
    return ProcessEvent(
        process=process,
        parent=Process(_known(parent_md5), _first_name(record, fields.parent_name)),
        user=first_text(record, fields.user) or "",
        team=first_text(record, fields.team) or "",
        time=first_text(record, (TIME_FIELD,)) or "",
        host=first_text(record, HOST_FIELDS) or "",
        has_odd_parent=isinstance(parent_md5, Odd),
        names=_raw_texts(record, fields.name),
        original_names=tuple(dict.fromkeys(texts_of(record, ORIGINAL_NAME_FIELDS))),
        other_times=tuple(texts_of(record, OTHER_TIME_FIELDS)),
        has_several_users=distinct_of(record, fields.user) > 1,
        unread_hash=_unread_hash(record, fields) if process.md5 is None else "",
    )


def _raw_texts(record: Record, names: Sequence[str]) -> Tuple[str, ...]:
    """Return what fields say, blanks at the ends included, for they may be what is odd about a name."""
    said = (value for name in names for value in values_of(record.get(name)))
    return tuple(dict.fromkeys(value for value in said if not is_nothing(value)))


def _read_process(record: Record, fields: EventFields) -> Process:
    name = _first_name(record, fields.name)
    found = _first_md5(record, fields.md5)
    if found is None and not fields.is_md5_pinned and _is_about_own_file(record, fields):
        found = _first_md5(record, FILE_HASH_FIELDS)
    sha256 = _first_sha256(record, fields)
    if Odd.SEVERAL in {found, sha256}:
        return Process(None, name, Reason.AMBIGUOUS)
    if found is None and not isinstance(sha256, Odd):
        found, sha256 = sha256, None
    if not isinstance(found, str) or isinstance(sha256, Odd):
        return Process(None, name)
    if not fields.is_md5_pinned and _is_about_another_file(record, fields):
        own = _first_md5(record, OWN_MD5_FIELDS)
        if not isinstance(own, str):
            return Process(None, name, Reason.OTHER_FILE)
    if distinct_of(record, fields.name) > 1 or distinct_of(record, GUID_FIELDS) > 1:
        return Process(None, name, Reason.AMBIGUOUS)
    return Process(found, name, sha256=sha256)


def _is_about_another_file(record: Record, fields: EventFields) -> bool:
    """Return whether a row's hash may be that of a file which the process loaded, made or deleted."""
    if any(code.strip() in _NO_PROCESS_EVENTS for code in texts_of(record, EVENT_CODE_FIELDS)):
        return True
    return bool(_plain_texts(record, OTHER_FILE_FIELDS)) and not _is_about_own_file(record, fields)


def _is_about_own_file(record: Record, fields: EventFields) -> bool:
    """Return whether the file that a row is about is the process's own: by its path, for a name can be any file's."""
    named = _plain_texts(record, OTHER_FILE_FIELDS)
    own = _plain_texts(record, fields.name)
    has_path = any("\\" in text or "/" in text for text in named)
    return has_path and named <= own | {plain(file_name(text) or "") for text in own}


def _plain_texts(record: Record, names: Sequence[str]) -> set[str]:
    return set(map(plain, texts_of(record, names)))


def _first_md5(record: Record, names: Sequence[str]) -> FileHash | Odd | None:
    """Return what the first field says that says anything: a later one must not answer for it."""
    for name in names:
        value = record.get(name)
        found = read_md5(value) if value else None
        if found is not None:
            return found
    return None


def _first_sha256(record: Record, fields: EventFields) -> Sha256 | Odd | None:
    for name in fields.sha256:
        found = read_sha256(record.get(name))
        if found is not None:
            return found
    return None


def _known(found: FileHash | Odd | None) -> FileHash | None:
    return None if isinstance(found, Odd) else found


def _first_name(record: Record, names: Sequence[str]) -> str | None:
    text = first_text(record, names)
    return None if text is None else file_name(text)


def _unread_hash(record: Record, fields: EventFields) -> str:
    """Return a column whose text is a hash, where nothing was read (empty: there is none)."""
    columns = (*HASH_FIELDS, *(() if not fields.is_md5_pinned else MD5_FIELDS))
    return next((name for name in columns if isinstance(read_md5(record.get(name)), str)), "")
