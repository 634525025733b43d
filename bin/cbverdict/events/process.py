"""Which file a row's process is, and which its parent's: their hashes and names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable, NamedTuple, Sequence, Tuple, TypeVar

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
)
from cbverdict.events.names import are_of_one_program, file_name, program_started
from cbverdict.events.texts import Record, first_text, has_several, texts_of, values_of
from cbverdict.placeholders import is_nothing
from cbverdict.verdicts.hashes import FieldValue, FileHash, Odd, Sha256, has_any_hash, read_md5, read_sha256
from cbverdict.verdicts.reasons import Reason

if TYPE_CHECKING:
    from cbverdict.events.column_names import ColumnNames

Hash = TypeVar("Hash", bound=str)

_ANY_FILE = frozenset({"FileName"})  # a mail's attachment, and what an alert is about, as well as what ran
_OF_STARTS = ("ProcessVersionInfoOriginalFileName",)  # which Defender's starts have, and nothing else of its
_JOINED = re.compile(r"\n|,\s*(?=[\"']?(?:[A-Za-z]:\\|\\\\))")
_VOLUME = re.compile(
    r"^(?:[\\/]{2}[?.][\\/]|[\\/]\?\?[\\/])?(?:[A-Za-z]:|[\\/]?device[\\/]harddiskvolume\d+)", re.IGNORECASE
)
_FILLED = "0"  # what `fillnull` writes where it is not told otherwise


class Process(NamedTuple):
    """A process as a row names it: its hash (None: not known, and why) and its file name (None: the row has none).

    `md5` is a SHA-256 where the row has no MD5; `sha256` is what stands beside an MD5.
    """

    md5: FileHash | None
    name: str | None
    why_unknown: Reason = Reason.NO_HASH
    sha256: Sha256 | None = None


class ProcessSaid(NamedTuple):
    """The process, the texts that name it, by whom its author is, and where nobody said to look; see `ProcessEvent`.

    `has_loaded`: the row is about a file that the process has loaded.
    """

    process: Process
    names: Tuple[str, ...]
    original_names: Tuple[str, ...]
    other_names: Tuple[str, ...]
    is_any_file: bool
    has_loaded: bool


class ParentSaid(NamedTuple):
    """The parent, whether its hash is odd, whether there are several, and all that names it; see `ProcessEvent`.

    `commands` are the programs at the start of its command lines.
    """

    parent: Process
    has_odd_hash: bool
    are_several: bool
    names: Tuple[str, ...]
    original_names: Tuple[str, ...]
    commands: Tuple[str, ...]


def read_process(record: Record, names: ColumnNames) -> ProcessSaid:
    """Read which file ran, and all that names it."""
    process = _read_process(record, names)
    texts, others = _raw_texts(record, names.name), _raw_texts(record, names.other_name)
    original_names = _distinct(record, names.original_name)
    is_any_file = process.md5 is not None and (
        (bool(names.event_kind) and is_about_binary(record))
        or (not _is_named_as_process(record, names) and not _is_of_process(record, names))
        or _is_file_now_there(record, names, process)
    )
    return ProcessSaid(process, texts, original_names, others, is_any_file, _has_loaded(record, names))


def read_parent(record: Record, names: ColumnNames) -> ParentSaid:
    """Read which file the parent ran, and all that names it."""
    md5, sha256 = _agreed(record, names.parent_md5, read_md5), _agreed(record, names.parent_sha256, read_sha256)
    is_odd = isinstance(md5, Odd) or isinstance(sha256, Odd)
    if md5 is None and sha256 is None:  # A hash of another kind is one for which nobody answers.
        is_odd = any(has_any_hash(record.get(name)) for name in names.parent_any_hash)
    texts = texts_of(record, names.parent_name)
    commands, has_several_commands = _commands(record, names.parent_command)
    are_several = has_several(record, names.parent_name) or has_several_commands or not are_of_one_program(texts)
    parent = _parent(md5, sha256, _first_name(record, names.parent_name))
    originals = _distinct(record, names.parent_original_name)
    raw = _raw_texts(record, names.parent_name)
    return ParentSaid(parent, is_odd, are_several, raw, originals, commands)


def _commands(record: Record, names: Sequence[str]) -> tuple[Tuple[str, ...], bool]:
    """Return the programs that command lines begin with, and whether they are those of several processes.

    A line of one may begin with another that was joined to it, or be one of a script.
    """
    found: dict[str, None] = {}
    for name in names:
        firsts = []
        for text in values_of(record.get(name)):
            programs = [one for part in _JOINED.split(text) if (one := program_started(part)) and not is_nothing(part)]
            found.update(dict.fromkeys(programs))
            firsts += programs[:1]
        if not are_of_one_program(firsts):
            return tuple(found), True
    return tuple(found), False


def _parent(md5: FileHash | Odd | None, sha256: Sha256 | Odd | None, name: str | None) -> Process:
    if isinstance(md5, Odd) or isinstance(sha256, Odd):
        return Process(None, name)
    return Process(sha256, name) if md5 is None else Process(md5, name, sha256=sha256)


def _raw_texts(record: Record, names: Sequence[str]) -> Tuple[str, ...]:
    """Return what fields say, blanks at the ends included, for they may be what is odd about a name."""
    said = (text for name in names if (value := record.get(name)) for text in values_of(value))
    return tuple(dict.fromkeys(text for text in said if not is_nothing(text)))


def _read_process(record: Record, names: ColumnNames) -> Process:
    name = _first_name(record, names.name)
    if not names.is_md5_pinned and is_about_child(record):
        return Process(None, name, Reason.OTHER_FILE)
    # Where a row is a process's start, every hash on it is the process's, and they have to agree.
    can_be_of_others = not (names.is_md5_pinned or (names.event_kind and is_process_start(record)))
    has_own = can_be_of_others and isinstance(_agreed(record, names.own_md5, read_md5), str)
    found: FileHash | Odd | None = _agreed(record, names.md5_beside_own if has_own else names.md5, read_md5)
    if found is None and not names.is_md5_pinned and _is_about_own_file(record, names):
        found = _agreed(record, names.file_hash, read_md5)
    sha256 = _agreed(record, names.sha256_beside_own if has_own else names.sha256, read_sha256)
    if Odd.SEVERAL in {found, sha256}:
        return Process(None, name, Reason.AMBIGUOUS)
    if found is None and not isinstance(sha256, Odd):
        found, sha256 = sha256, None
    if not isinstance(found, str) or isinstance(sha256, Odd):
        return Process(None, name)
    if not (names.is_md5_pinned or has_own) and _is_about_another_file(record, names):
        return Process(None, name, Reason.OTHER_FILE)
    if not are_of_one_program(texts_of(record, names.name)) or has_several(record, names.name):
        return Process(None, name, Reason.AMBIGUOUS)
    return Process(found, name, sha256=sha256)


def _is_about_another_file(record: Record, names: ColumnNames) -> bool:
    """Return whether a row's hash may be that of a file which the process loaded, made or deleted."""
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
    has_own = any(_agreed(record, *of_kind) for of_kind in ((names.md5, read_md5), (names.sha256, read_sha256)))
    is_of_file = _has_other_hash(record, names) if has_own else bool(texts_of(record, names.file_hash))
    is_about_file = is_of_file or any(text != _FILLED for text in texts_of(record, names.other_file))
    return is_about_file and not _is_about_own_file(record, names)


def _names_another_file(record: Record, names: ColumnNames) -> bool:
    """Return whether a process's start has the path or the hash of another file beside it, as a joined event's.

    Whoever joins may have written that one's hash over the process's. A name alone is often the process's own, and a
    folder the one that it is in.
    """
    own = set(map(_bare_path, _raw_texts(record, names.name)))
    for text in _raw_texts(record, names.other_file):
        path = _bare_path(text)
        is_folder = any(one.startswith(path.rstrip("/") + "/") for one in own)
        if "/" in path and path not in own and not is_folder:
            return True
    return _has_other_hash(record, names)


def _bare_path(text: str) -> str:
    """Return a path as it is compared: without quotes, without a drive or a volume, in small letters if Windows'."""
    path = text.strip().strip("\"'")
    return path if path.startswith("/") else _VOLUME.sub("", path).replace("\\", "/").lower()


def _has_other_hash(record: Record, names: ColumnNames) -> bool:
    """Return whether the hash of a file is on the row that cannot be shown to be the process's."""
    own = {_agreed(record, names.md5, read_md5), _agreed(record, names.sha256, read_sha256)} - {None}
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
    own = _raw_texts(record, names.name)
    return named <= {_case_apart(one) for text in own for one in (text, file_name(text) or "")}


def _paths(record: Record, names: Sequence[str]) -> set[Tuple[str, str]]:
    """Return paths and names as the system tells them apart: Windows' whatever their case, and none by its look.

    A blank at an end may be of the name, and a letter is another one where only its small form is alike.
    """
    return set(map(_case_apart, _raw_texts(record, names)))


def _case_apart(text: str) -> Tuple[str, str]:
    return (text, text) if text.startswith("/") else (text.lower(), text.upper())


def _is_file_now_there(record: Record, names: ColumnNames, process: Process) -> bool:
    """Return whether a process's hash is that of the file which is at its path, and may not be the one that ran."""
    if not names.file_hash or names.is_md5_pinned or (names.event_kind and is_sure_start(record)):
        return False
    return _agreed(record, names.md5, read_md5) != process.md5 == _agreed(record, names.file_hash, read_md5)


def _has_loaded(record: Record, names: ColumnNames) -> bool:
    """Return whether a row is about a file that the process has loaded; few have a column that could say so."""
    if names.event_kind and is_load(record):
        return True
    if not names.loaded_file:
        return False
    return bool(_paths(record, names.loaded_file) - _paths(record, names.name) - {_case_apart(_FILLED)})


def _is_named_as_process(record: Record, names: ColumnNames) -> bool:
    """Return whether a column that names processes has something, and not one alone that names any source's file."""
    if names.other_name:  # The analyst says where the name is.
        return bool(texts_of(record, names.name))
    return bool(texts_of(record, [name for name in names.name if name not in _ANY_FILE])) or any(
        map(record.get, _OF_STARTS)
    )


def _is_of_process(record: Record, names: ColumnNames) -> bool:
    """Return whether a column, or the analyst, says that the hash of a row without a name is a process's."""
    if names.is_md5_pinned or (names.event_kind and is_about_process(record)):
        return True
    return any(record.get(name) for name in names.process_hash)


def _distinct(record: Record, names: Sequence[str]) -> Tuple[str, ...]:
    return tuple(dict.fromkeys(texts_of(record, names)))


def _agreed(record: Record, names: Sequence[str], read: Callable[[FieldValue], Hash | Odd | None]) -> Hash | Odd | None:
    """Return what these fields say: the first that says anything; a later one that says otherwise makes it several."""
    found = [said for name in names if (value := record.get(name)) and (said := read(value)) is not None]
    if not found or isinstance(found[0], Odd):
        return found[0] if found else None
    return found[0] if len(set(found)) == 1 else Odd.SEVERAL


def _first_name(record: Record, names: Sequence[str]) -> str | None:
    return file_name(first_text(record, names) or "")
