"""Which file a row's process is, whose hash a row has, and all that names the process."""

from __future__ import annotations

import re
from typing import Iterator, NamedTuple, Sequence, Tuple

from cbverdict.events.column_names import ColumnNames, Md5Pin
from cbverdict.events.device_paths import DEVICE
from cbverdict.events.event_columns import CHILD_FIELDS
from cbverdict.events.findings import read_findings
from cbverdict.events.kinds import (
    is_about_binary,
    is_about_child,
    is_about_other_file,
    is_about_process,
    is_change_of_file,
    is_load,
    is_process_start,
    is_sure_start,
    may_be_change_of_file,
    says_number,
    says_other_file,
)
from cbverdict.events.named_file import Process, agreed, distinct, first_name, raw_texts
from cbverdict.events.names import are_of_one_program, file_name
from cbverdict.events.tampering import is_about_tampering
from cbverdict.events.texts import FILLED, Record, has_several, texts_of
from cbverdict.lazy_pattern import LazyPattern
from cbverdict.verdicts.hashes import FileHash, Odd, has_any_hash, read_md5, read_sha256
from cbverdict.verdicts.reasons import Reason

_ANY_FILE = frozenset({"FileName", "properties.FileName", "FolderPath", "properties.FolderPath"})
"""Defender's, of a mail's attachment and of what an alert is about, as well as of what ran."""

_ANY_EVENT = frozenset({"Image", "winlog.event_data.Image", "data.win.eventdata.image"})
"""Of each of Sysmon's events, whose `Hashes` may be another file's."""

_OF_STARTS = ("ProcessVersionInfoOriginalFileName", "properties.ProcessVersionInfoOriginalFileName")
"""Which Defender's starts have, and nothing else of its."""

_LEAST_INTERNAL = 7  # letters of an internal name without an extension: `net` and `update` are anybody's

_VOLUME = LazyPattern(rf"^{DEVICE}?(?:[A-Za-z]:|[\\/]?device[\\/]harddiskvolume\d+)", re.IGNORECASE)


class ProcessSaid(NamedTuple):
    """The process, the texts that name it, by whom its author is, and where nobody said to look; see `ProcessEvent`.

    `has_loaded`: the row is about a file that the process has loaded, `is_tampering`: about what was done to the
    process or by it to another. `may_be_any_event`: no column of the process's says that the row is its start, but one
    of its parent's may. `findings` are sentences of what the row says against the process or its parent.
    """

    process: Process
    names: Tuple[str, ...]
    original_names: Tuple[str, ...]
    other_names: Tuple[str, ...]
    is_any_file: bool
    has_loaded: bool
    is_tampering: bool
    may_be_any_event: bool
    findings: Tuple[str, ...]


def read_process(record: Record, names: ColumnNames) -> ProcessSaid:
    """Read which file ran, and all that names it."""
    process = _read_process(record, names)
    texts = raw_texts(record, names.name)
    internal = (text for text in raw_texts(record, names.internal_name) if len(text) >= _LEAST_INTERNAL or "." in text)
    others = (*raw_texts(record, names.other_name), *internal)
    original_names = distinct(record, names.original_name)
    is_any_file = process.md5 is not None and (
        (bool(names.event_kind) and is_about_binary(record))
        or (not _is_named_as_process(record, names) and not _is_of_process(record, names))
        or _is_file_now_there(record, names, process)
    )
    is_tampering = bool(names.event_kind or names.target) and is_about_tampering(record)
    return ProcessSaid(
        process=process,
        names=texts,
        original_names=original_names,
        other_names=others,
        is_any_file=is_any_file,
        has_loaded=_has_loaded(record, names),
        is_tampering=is_tampering,
        may_be_any_event=process.md5 is not None and _may_be_any_event(record, names),
        findings=read_findings(record) if names.finding else (),
    )


def _read_process(record: Record, names: ColumnNames) -> Process:
    name = first_name(record, names.name)
    if is_about_child(record) and not {*names.md5} & {*CHILD_FIELDS}:
        return Process(None, name, Reason.OTHER_FILE)
    # Where a row is a process's start, every hash on it is the process's, and they have to agree.
    can_be_of_others = not (names.event_kind and is_process_start(record))
    has_own = can_be_of_others and isinstance(agreed(record, names.own_md5, read_md5), str)
    found: FileHash | Odd | None = agreed(record, names.md5_beside_own if has_own else names.md5, read_md5)
    if found is None and not names.is_md5_pinned and _is_about_own_file(record, names):
        found = agreed(record, names.file_hash, read_md5)
    sha256 = agreed(record, names.sha256_beside_own if has_own else names.sha256, read_sha256)
    if Odd.SEVERAL in {found, sha256}:
        return Process(None, name, Reason.AMBIGUOUS)
    if found is None and not isinstance(sha256, Odd):
        found, sha256 = sha256, None
    if not isinstance(found, str) or isinstance(sha256, Odd):
        return Process(None, name)
    if not has_own and _is_about_another_file(record, names):
        return Process(None, name, Reason.OTHER_FILE)
    if not are_of_one_program(texts_of(record, names.name)) or has_several(record, names.name):
        return Process(None, name, Reason.AMBIGUOUS)
    return Process(found, name, sha256=sha256)


def _is_about_another_file(record: Record, names: ColumnNames) -> bool:
    """Return whether a row's hash may be that of a file which the process loaded, made or deleted."""
    if names.md5_pin is Md5Pin.OWN:  # of which nothing is known but what kind of event the row is
        return bool(names.event_kind) and says_other_file(record)
    if names.event_kind:
        if is_about_other_file(record):
            return True
        if is_sure_start(record):
            return _names_another_file(record, names)
    paths = _paths(record, names.any_path)
    if names.action and (may_be_change_of_file(record) if paths else is_change_of_file(record)):
        return True
    if paths and (own := _paths(record, names.process_path)) and paths != own:
        return True
    has_own = any(agreed(record, *of_kind) for of_kind in ((names.md5, read_md5), (names.sha256, read_sha256)))
    is_of_file = _has_other_hash(record, names) if has_own else bool(texts_of(record, names.file_hash))
    is_about_file = is_of_file or any(text != FILLED for text in texts_of(record, names.other_file))
    return is_about_file and not _is_about_own_file(record, names)


def _names_another_file(record: Record, names: ColumnNames) -> bool:
    """Return whether a process's start has the path or the hash of another file beside it, as a joined event's.

    Whoever joins may have written that one's hash over the process's. A name alone is often the process's own, and a
    folder the one that it is in.
    """
    own = set(map(_bare_path, raw_texts(record, names.name)))
    folders = {folder for path in own for folder in _folders_above(path)}
    for text in raw_texts(record, names.other_file):
        path = _bare_path(text)
        if "/" in path and path not in own and path.rstrip("/") not in folders:
            return True
    return _has_other_hash(record, names)


def _folders_above(path: str) -> Iterator[str]:
    """Yield the folders that a path is in, the nearest first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _bare_path(text: str) -> str:
    """Return a path as it is compared: without quotes, without a drive or a volume, in small letters if Windows'."""
    path = text.strip().strip("\"'")
    return path if path.startswith("/") else _VOLUME.sub("", path).replace("\\", "/").lower()


def _has_other_hash(record: Record, names: ColumnNames) -> bool:
    """Return whether the hash of a file is on the row that cannot be shown to be the process's."""
    own = {agreed(record, names.md5, read_md5), agreed(record, names.sha256, read_sha256)} - {None}
    for name in names.file_hash if own else ():
        value = record.get(name)
        read = {read_md5(value), read_sha256(value)} - {None} if value else set()
        if not own & read and (read or has_any_hash(value)):
            return True
    return False


def _is_about_own_file(record: Record, names: ColumnNames) -> bool:
    """Return whether the file that a row is about is the process's own: by its path, for a name can be any file's.

    One that was changed may be another than the one that ran.
    """
    named = _paths(record, names.other_file)
    if not any("\\" in text or "/" in text for text, _ in named) or (names.action and may_be_change_of_file(record)):
        return False
    own = raw_texts(record, names.name)
    return named <= {_case_apart(one) for text in own for one in (text, file_name(text) or "")}


def _paths(record: Record, names: Sequence[str]) -> set[Tuple[str, str]]:
    """Return paths and names as the system tells them apart: Windows' whatever their case, and none by its look.

    A blank at an end may be of the name, and a letter is another one where only its small form is alike.
    """
    return set(map(_case_apart, raw_texts(record, names)))


def _case_apart(text: str) -> Tuple[str, str]:
    return (text, text) if text.startswith("/") else (text.lower(), text.upper())


def _is_file_now_there(record: Record, names: ColumnNames, process: Process) -> bool:
    """Return whether a process's hash is that of the file which is at its path, and may not be the one that ran."""
    if not names.file_hash or names.is_md5_pinned or (names.event_kind and is_sure_start(record)):
        return False
    return agreed(record, names.md5, read_md5) != process.md5 == agreed(record, names.file_hash, read_md5)


def _has_loaded(record: Record, names: ColumnNames) -> bool:
    """Return whether a row is about a file that the process has loaded; few have a column that could say so."""
    if names.event_kind and is_load(record):
        return True
    if not names.loaded_file:
        return False
    return bool(_paths(record, names.loaded_file) - _paths(record, names.name) - {_case_apart(FILLED)})


def _is_named_as_process(record: Record, names: ColumnNames) -> bool:
    """Return whether a column that names processes has something, and not one alone that names any source's file."""
    if names.other_name:  # The analyst says where the name is.
        return bool(texts_of(record, names.name))
    return bool(texts_of(record, [name for name in names.name if name not in _ANY_FILE])) or any(
        map(record.get, _OF_STARTS)
    )


def _may_be_any_event(record: Record, names: ColumnNames) -> bool:
    """Return whether a row names its process by a column of all events alone, and none says of what kind it is."""
    if names.other_name or _is_of_process(record, names):
        return False
    if names.event_kind and (is_process_start(record) or says_number(record)):
        return False
    return not texts_of(record, [*names.original_name, *(name for name in names.name if name not in _ANY_EVENT)])


def _is_of_process(record: Record, names: ColumnNames) -> bool:
    """Return whether a column, or the analyst, says that the hash of a row without a name is a process's."""
    if names.is_md5_pinned or (names.event_kind and is_about_process(record)):
        return True
    return any(record.get(name) for name in names.process_hash)
