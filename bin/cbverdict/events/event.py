"""What a search row says about a process, its parent and its user."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Callable, NamedTuple, Sequence, Tuple, TypeVar

from cbverdict.events.columns import (
    ANY_PATH_FIELDS,
    EVENT_KIND_FIELDS,
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
from cbverdict.events.once import Once
from cbverdict.events.people import accounts_of
from cbverdict.events.texts import Record, columns_of, first_text, has_several, is_nothing, plain, texts_of, values_of
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

    `names` are all the texts that name the process, `original_names` those that its author gave the file,
    `other_names` those that would name it if the analyst had not said where its name is, `parent_names` the parent's,
    `other_times` the texts of both ends of a time. `has_odd_parent`: it says something of the parent's hash that is
    none, or several. `other_users` are accounts of other people beside `user`. `has_several_parents`: it is about
    more than one, `has_several_teams`: it names more. `unread_hash` is a column that looks like the process's hash and
    is not read.
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
    other_users: Tuple[str, ...] = ()
    has_several_parents: bool = False
    unread_hash: str = ""
    other_names: Tuple[str, ...] = ()
    parent_names: Tuple[str, ...] = ()
    has_several_teams: bool = False


class _Names(NamedTuple):
    """The names of the columns that are read for what, as far as rows have them."""

    is_md5_pinned: bool
    md5: Tuple[str, ...]
    sha256: Tuple[str, ...]
    own_md5: Tuple[str, ...]
    md5_beside_own: Tuple[str, ...]
    sha256_beside_own: Tuple[str, ...]
    file_hash: Tuple[str, ...]
    name: Tuple[str, ...]
    other_name: Tuple[str, ...]
    original_name: Tuple[str, ...]
    parent_md5: Tuple[str, ...]
    parent_sha256: Tuple[str, ...]
    parent_name: Tuple[str, ...]
    user: Tuple[str, ...]
    team: Tuple[str, ...]
    time: Tuple[str, ...]
    other_time: Tuple[str, ...]
    host: Tuple[str, ...]
    guid: Tuple[str, ...]
    event_kind: Tuple[str, ...]
    other_file: Tuple[str, ...]
    any_path: Tuple[str, ...]
    process_path: Tuple[str, ...]
    unread: Tuple[str, ...]


def read_event(record: Record, fields: EventFields) -> ProcessEvent:
    """Read what a row says about its process; nothing in a row is an error."""
    return _Reader(_names_of(fields)).read(record)


def read_events(records: Sequence[Record], fields: EventFields) -> list[ProcessEvent]:
    """Read many rows, which have few of the columns that are looked for."""
    names, there = _names_of(fields), columns_of(records)
    narrowed = [tuple(name for name in part if name in there) for part in names[1:]]
    reader = _Reader(_Names(names.is_md5_pinned, *narrowed))
    return [reader.read(record) for record in records]


def _names_of(fields: EventFields) -> _Names:
    return _list_names(fields, fields.is_md5_pinned, fields.is_name_pinned, fields.parent_sha256)


@lru_cache(maxsize=16)
def _list_names(
    fields: EventFields,
    is_md5_pinned: bool,  # noqa: FBT001 - a part of what is remembered, for whoever pins a column may name all of them
    is_name_pinned: bool,  # noqa: FBT001 - likewise
    parent_sha256: Tuple[str, ...],
) -> _Names:
    of_process = tuple(name for name in fields.md5 if name.startswith(_OF_PROCESS))
    return _Names(
        is_md5_pinned=is_md5_pinned,
        md5=fields.md5,
        sha256=fields.md5 if is_md5_pinned else (*fields.md5, *SHA256_FIELDS),
        own_md5=() if is_md5_pinned else OWN_MD5_FIELDS,
        md5_beside_own=of_process,
        sha256_beside_own=(*of_process, *SHA256_FIELDS),
        file_hash=FILE_HASH_FIELDS,
        name=fields.name,
        other_name=NAME_FIELDS if is_name_pinned else (),
        original_name=ORIGINAL_NAME_FIELDS,
        parent_md5=fields.parent_md5,
        parent_sha256=parent_sha256,
        parent_name=fields.parent_name,
        user=fields.user,
        team=fields.team,
        time=(TIME_FIELD,),
        other_time=OTHER_TIME_FIELDS,
        host=HOST_FIELDS,
        guid=GUID_FIELDS,
        event_kind=EVENT_KIND_FIELDS,
        other_file=OTHER_FILE_FIELDS,
        any_path=ANY_PATH_FIELDS,
        process_path=PROCESS_PATH_FIELDS,
        unread=(*HASH_FIELDS, *(MD5_FIELDS if is_md5_pinned else ())),
    )


class _Reader:
    """Read rows that have these columns; few files, parents and people make many rows."""

    def __init__(self, names: _Names) -> None:
        self._names = names
        hashes = (names.md5, names.sha256, names.own_md5, names.md5_beside_own, names.sha256_beside_own)
        other_files = (names.file_hash, names.event_kind, names.other_file, names.any_path, names.process_path)
        texts = (names.name, names.other_name, names.original_name)
        self._files = Once(partial(_read_file, names=names), *hashes, *other_files, *texts)
        of_parent = (names.parent_md5, names.parent_sha256, names.parent_name)
        self._parents = Once(partial(_read_parent, names=names), *of_parent)
        self._people = Once(partial(_read_people, names=names), names.user, names.team)

    def read(self, record: Record) -> ProcessEvent:
        names = self._names
        process, texts, original_names, other_names = self._files.of(record)
        parent, has_odd_parent, has_several_parents, parent_names = self._parents.of(record)
        user, team, other_users, has_several_teams = self._people.of(record)
        if process.md5 is not None and has_several(record, names.guid):
            process = Process(None, process.name, Reason.AMBIGUOUS)
        times = tuple(texts_of(record, names.time))
        return ProcessEvent(
            process=process,
            parent=parent,
            user=user,
            team=team,
            time=times[0] if times else "",
            host=next((text for text in texts_of(record, names.host) if text.lower() not in _ANY_HOST), ""),
            has_odd_parent=has_odd_parent,
            names=texts,
            original_names=original_names,
            other_times=(*times[1:], *texts_of(record, names.other_time)) if names.other_time else times[1:],
            other_users=other_users,
            has_several_parents=has_several_parents,
            unread_hash=_unread_hash(record, names) if process.md5 is None else "",
            other_names=other_names,
            parent_names=parent_names,
            has_several_teams=has_several_teams,
        )


def _read_file(record: Record, names: _Names) -> tuple[Process, Tuple[str, ...], Tuple[str, ...], Tuple[str, ...]]:
    """Return the process, and the texts that name it, by whom its author is, and where nobody said to look."""
    texts, others = _raw_texts(record, names.name), _raw_texts(record, names.other_name)
    return _read_process(record, names), texts, tuple(dict.fromkeys(texts_of(record, names.original_name))), others


def _read_parent(record: Record, names: _Names) -> tuple[Process, bool, bool, Tuple[str, ...]]:
    """Return the parent, whether its hash is none or several, whether there are several, and all that names it."""
    md5, sha256 = _agreed(record, names.parent_md5, read_md5), _agreed(record, names.parent_sha256, read_sha256)
    is_odd = isinstance(md5, Odd) or isinstance(sha256, Odd)
    are_several = has_several(record, names.parent_name) or not are_of_one_program(texts_of(record, names.parent_name))
    parent = _parent(md5, sha256, _first_name(record, names.parent_name))
    return parent, is_odd, are_several, _raw_texts(record, names.parent_name)


def _read_people(record: Record, names: _Names) -> tuple[str, str, Tuple[str, ...], bool]:
    """Return the user, the team, the other users, and whether there are other teams."""
    user, *others = accounts_of(record, names.user) or ("",)
    return user, first_text(record, names.team) or "", tuple(others), has_several(record, names.team)


def _parent(md5: FileHash | Odd | None, sha256: Sha256 | Odd | None, name: str | None) -> Process:
    if isinstance(md5, Odd) or isinstance(sha256, Odd):
        return Process(None, name)
    return Process(sha256, name) if md5 is None else Process(md5, name, sha256=sha256)


def _raw_texts(record: Record, names: Sequence[str]) -> Tuple[str, ...]:
    """Return what fields say, blanks at the ends included, for they may be what is odd about a name."""
    said = (text for name in names if (value := record.get(name)) for text in values_of(value))
    return tuple(dict.fromkeys(text for text in said if not is_nothing(text)))


def _read_process(record: Record, names: _Names) -> Process:
    name = _first_name(record, names.name)
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


def _is_about_another_file(record: Record, names: _Names) -> bool:
    """Return whether a row's hash may be that of a file which the process loaded, made or deleted."""
    if names.event_kind and is_about_other_file(record):
        return True
    paths = _plain_texts(record, names.any_path)
    if paths and (own := _plain_texts(record, names.process_path)) and paths != own:
        return True
    is_about_file = bool(texts_of(record, names.other_file) or texts_of(record, names.file_hash))
    return is_about_file and not _is_about_own_file(record, names)


def _is_about_own_file(record: Record, names: _Names) -> bool:
    """Return whether the file that a row is about is the process's own: by its path, for a name can be any file's."""
    named = _plain_texts(record, names.other_file)
    has_path = any("\\" in text or "/" in text for text in named)
    own = _plain_texts(record, names.name) if has_path else set()
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
    return file_name(first_text(record, names) or "")


def _unread_hash(record: Record, names: _Names) -> str:
    """Return a column whose text is a hash, where nothing was read (empty: there is none)."""
    said = (name for name in names.unread if record.get(name))
    return next((name for name in said if isinstance(read_md5(record.get(name)), str)), "")
