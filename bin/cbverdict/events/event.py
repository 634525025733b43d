"""What a search row says about a process, its parent and its user."""

from __future__ import annotations

from typing import Callable, NamedTuple, Sequence, Tuple, TypeVar

from cbverdict.events.columns import (
    ANY_PATH_FIELDS,
    FILE_HASH_FIELDS,
    GUID_FIELDS,
    HASH_FIELDS,
    HOST_FIELDS,
    MD5_FIELDS,
    NAME_FIELDS,
    ORIGINAL_NAME_FIELDS,
    OTHER_FILE_FIELDS,
    OTHER_TIME_FIELDS,
    OWN_MD5_FIELDS,
    PROCESS_PATH_FIELDS,
    SHA256_FIELDS,
    TIME_FIELD,
    EventFields,
)
from cbverdict.events.kinds import is_about_other_file, is_process_start
from cbverdict.events.names import are_of_one_program, file_name
from cbverdict.events.people import first_account, person_of
from cbverdict.events.texts import Record, first_text, has_several, is_nothing, plain, texts_of, values_of
from cbverdict.verdicts.hashes import FieldValue, FileHash, Odd, Sha256, read_md5, read_sha256
from cbverdict.verdicts.reasons import Reason

_ANY_HOST = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - nothing is bound
"""What each host calls itself, and no other one."""

_OF_PROCESS = ("process", "Processes.process")
"""How a column begins that is about nothing but the process."""


Hash = TypeVar("Hash", bound=str)


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

    `names` are all the texts that name the process, `original_names` those that its author gave the file, and
    `other_names` those that would name it if the analyst had not said where its name is.
    `other_times` are the texts of both ends of a time. `has_odd_parent`: it says something of the parent's hash that is
    none, or several. `has_several_users`, `has_several_parents`: it is about more than one. `unread_hash` is a column
    that looks like the process's hash and is not read.
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
    has_several_parents: bool = False
    unread_hash: str = ""
    other_names: Tuple[str, ...] = ()


def read_event(record: Record, fields: EventFields) -> ProcessEvent:
    """Read what a row says about its process; nothing in a row is an error."""
    process = _read_process(record, fields)
    parent_md5 = _agreed(record, fields.parent_md5, read_md5)
    parent_sha256 = _agreed(record, fields.parent_sha256, read_sha256)
    times = tuple(texts_of(record, (TIME_FIELD,)))
    return ProcessEvent(
        process=process,
        parent=_parent(parent_md5, parent_sha256, _first_name(record, fields.parent_name)),
        user=first_account(record, fields.user),
        team=first_text(record, fields.team) or "",
        time=times[0] if times else "",
        host=next((text for text in texts_of(record, HOST_FIELDS) if text.lower() not in _ANY_HOST), ""),
        has_odd_parent=isinstance(parent_md5, Odd) or isinstance(parent_sha256, Odd),
        names=_raw_texts(record, fields.name),
        original_names=tuple(dict.fromkeys(texts_of(record, ORIGINAL_NAME_FIELDS))),
        other_times=(*times[1:], *texts_of(record, OTHER_TIME_FIELDS)),
        has_several_users=has_several(record, fields.user, person_of),
        has_several_parents=has_several(record, fields.parent_name)
        or not are_of_one_program(texts_of(record, fields.parent_name)),
        unread_hash=_unread_hash(record, fields) if process.md5 is None else "",
        other_names=_raw_texts(record, NAME_FIELDS) if fields.is_name_pinned else (),
    )


def _parent(md5: FileHash | Odd | None, sha256: Sha256 | Odd | None, name: str | None) -> Process:
    if isinstance(md5, Odd) or isinstance(sha256, Odd):
        return Process(None, name)
    return Process(sha256, name) if md5 is None else Process(md5, name, sha256=sha256)


def _raw_texts(record: Record, names: Sequence[str]) -> Tuple[str, ...]:
    """Return what fields say, blanks at the ends included, for they may be what is odd about a name."""
    said = (text for name in names if (value := record.get(name)) for text in values_of(value))
    return tuple(dict.fromkeys(text for text in said if not is_nothing(text)))


def _read_process(record: Record, fields: EventFields) -> Process:
    name = _first_name(record, fields.name)
    # Where a row is a process's start, every hash on it is the process's, and they have to agree.
    can_be_of_others = not (fields.is_md5_pinned or is_process_start(record))
    has_own = can_be_of_others and isinstance(_agreed(record, OWN_MD5_FIELDS, read_md5), str)
    of_process = [name for name in fields.md5 if name.startswith(_OF_PROCESS)] if has_own else fields.md5
    found: FileHash | Odd | None = _agreed(record, of_process, read_md5)
    if found is None and not fields.is_md5_pinned and _is_about_own_file(record, fields):
        found = _agreed(record, FILE_HASH_FIELDS, read_md5)
    sha256 = _agreed(record, (*of_process, *SHA256_FIELDS) if has_own else fields.sha256, read_sha256)
    if Odd.SEVERAL in {found, sha256}:
        return Process(None, name, Reason.AMBIGUOUS)
    if found is None and not isinstance(sha256, Odd):
        found, sha256 = sha256, None
    if not isinstance(found, str) or isinstance(sha256, Odd):
        return Process(None, name)
    if not (fields.is_md5_pinned or has_own) and _is_about_another_file(record, fields):
        return Process(None, name, Reason.OTHER_FILE)
    names = list(texts_of(record, fields.name))
    if not are_of_one_program(names) or has_several(record, fields.name) or has_several(record, GUID_FIELDS):
        return Process(None, name, Reason.AMBIGUOUS)
    return Process(found, name, sha256=sha256)


def _is_about_another_file(record: Record, fields: EventFields) -> bool:
    """Return whether a row's hash may be that of a file which the process loaded, made or deleted."""
    if is_about_other_file(record):
        return True
    paths, own = _plain_texts(record, ANY_PATH_FIELDS), _plain_texts(record, PROCESS_PATH_FIELDS)
    if paths and own and paths != own:
        return True
    is_about_file = bool(_plain_texts(record, (*OTHER_FILE_FIELDS, *FILE_HASH_FIELDS)))
    return is_about_file and not _is_about_own_file(record, fields)


def _is_about_own_file(record: Record, fields: EventFields) -> bool:
    """Return whether the file that a row is about is the process's own: by its path, for a name can be any file's."""
    named = _plain_texts(record, OTHER_FILE_FIELDS)
    own = _plain_texts(record, fields.name)
    has_path = any("\\" in text or "/" in text for text in named)
    return has_path and named <= own | {plain(file_name(text) or "") for text in own}


def _plain_texts(record: Record, names: Sequence[str]) -> set[str]:
    return set(map(plain, texts_of(record, names)))


def _agreed(record: Record, names: Sequence[str], read: Callable[[FieldValue], Hash | Odd | None]) -> Hash | Odd | None:
    """Return what these fields say: the first that says anything; a later one that says otherwise makes it several."""
    found = [said for name in names if (value := record.get(name)) and (said := read(value)) is not None]
    if not found or isinstance(found[0], Odd):
        return found[0] if found else None
    return found[0] if len(set(found)) == 1 else Odd.SEVERAL


def _first_name(record: Record, names: Sequence[str]) -> str | None:
    text = first_text(record, names)
    return None if text is None else file_name(text)


def _unread_hash(record: Record, fields: EventFields) -> str:
    """Return a column whose text is a hash, where nothing was read (empty: there is none)."""
    columns = (*HASH_FIELDS, *(() if not fields.is_md5_pinned else MD5_FIELDS))
    return next((name for name in columns if record.get(name) and isinstance(read_md5(record.get(name)), str)), "")
