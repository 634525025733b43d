"""What a search row says about a process, its parent and its user."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Sequence, Tuple

from cbverdict.events.column_names import ColumnNames, columns_read, columns_there
from cbverdict.events.named_file import Process
from cbverdict.events.once import Once
from cbverdict.events.parent import read_parent
from cbverdict.events.people import accounts_of
from cbverdict.events.process import read_process
from cbverdict.events.texts import FILLED, Record, first_text, has_several, plain, texts_of
from cbverdict.lazy_pattern import LazyPattern
from cbverdict.verdicts.hashes import read_md5
from cbverdict.verdicts.reasons import Reason

if TYPE_CHECKING:
    from cbverdict.events.columns import EventFields

_BETWEEN = LazyPattern(r"[,;|\s]+")  # identities that were joined in one text
_ANY_HOST = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - nothing is bound
"""What each host calls itself, and no other one."""


class ProcessEvent(NamedTuple):
    """One row's process, what started it, for whom and when (empty: the row does not say).

    `names` are all the texts that name the process, `original_names` those that its author gave the file,
    `other_names` those that would name it if the analyst had not said where its name is, `parent_names` the parent's,
    `parent_original_names` those that its author gave it, `parent_commands` the programs at the start of its command
    lines, which count against a row alone, `other_times` the texts of both ends of a time.
    `has_odd_parent`: it says something of the parent's hash that nobody can be asked for. `other_users` are accounts of
    other people beside `user`. `has_several_parents`: it is about more than one, `has_several_teams`: it names more.
    `unread_hash` is a column that looks like the process's hash and is not read. `is_any_file`: no column says that a
    process ran the file. `has_loaded`: it is about a file that the process has loaded, `is_tampering`: about what was
    done to the process, or by it to another one. `findings` are sentences of what the row says against the process or
    its parent, `parent_paths` all that says in which folder the parent is.
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
    parent_original_names: Tuple[str, ...] = ()
    is_any_file: bool = False
    parent_commands: Tuple[str, ...] = ()
    has_loaded: bool = False
    is_tampering: bool = False
    findings: Tuple[str, ...] = ()
    parent_paths: Tuple[str, ...] = ()


def read_event(record: Record, fields: EventFields) -> ProcessEvent:
    """Read what a row says about its process; nothing in a row is an error."""
    return _Reader(columns_read(fields)).read(record)


def read_events(records: Sequence[Record], fields: EventFields) -> list[ProcessEvent]:
    """Read many rows, which have few of the columns that are looked for."""
    reader = _Reader(columns_there(fields, records))
    return [reader.read(record) for record in records]


class _Reader:
    """Read rows that have these columns; few files, parents and people make many rows."""

    def __init__(self, names: ColumnNames) -> None:
        self._names = names
        hashes = (names.md5, names.sha256, names.own_md5, names.md5_beside_own, names.sha256_beside_own)
        other_files = (
            names.file_hash,
            names.event_kind,
            names.other_file,
            names.child,
            names.action,
            names.any_path,
            names.finding,
        )
        texts = (names.process_path, names.name, names.other_name, names.original_name, names.internal_name)
        self._files = Once(partial(read_process, names=names), *hashes, *other_files, *texts, names.target)
        of_parent = (names.parent_md5, names.parent_sha256, names.parent_any_hash)
        of_its_name = (names.parent_name, names.other_parent_name, names.parent_command, names.parent_original_name)
        self._parents = Once(partial(read_parent, names=names), *of_parent, *of_its_name)
        self._people = Once(partial(_read_people, names=names), names.user, names.other_user, names.team)

    def read(self, record: Record) -> ProcessEvent:
        names = self._names
        if FILLED in record.values():
            record = _without_filled(record, names)
        said, of_parent = self._files.of(record), self._parents.of(record)
        process = said.process
        user, team, other_users, has_several_teams = self._people.of(record)
        if process.md5 is not None and _has_several_guids(record, names.guid):
            process = Process(None, process.name, Reason.AMBIGUOUS)
        times = tuple(texts_of(record, names.time))
        return ProcessEvent(
            process=process,
            parent=of_parent.parent,
            user=user,
            team=team,
            time=times[0] if times else "",
            host=next((text for text in texts_of(record, names.host) if text.lower() not in _ANY_HOST), ""),
            has_odd_parent=of_parent.has_odd_hash,
            names=said.names,
            original_names=said.original_names,
            other_times=(*times[1:], *texts_of(record, names.other_time)) if names.other_time else times[1:],
            other_users=other_users,
            has_several_parents=of_parent.are_several,
            unread_hash=_unread_hash(record, names) if process.md5 is None else "",
            other_names=said.other_names,
            parent_names=of_parent.names,
            has_several_teams=has_several_teams,
            parent_original_names=of_parent.original_names,
            is_any_file=said.is_any_file or (said.may_be_any_event and not (of_parent.names or of_parent.commands)),
            parent_commands=of_parent.commands,
            has_loaded=said.has_loaded,
            is_tampering=said.is_tampering,
            findings=said.findings,
            parent_paths=of_parent.paths,
        )


def _without_filled(record: Record, names: ColumnNames) -> Record:
    """Leave out what `fillnull` filled in where nobody is called so, or where another column has the name."""
    filled = {name for name, value in record.items() if value == FILLED}
    nothing = filled & {*names.original_name, *names.internal_name, *names.child}
    for group in (names.name, names.parent_name):
        if any(record.get(name) for name in group if name not in filled):
            nothing |= filled.intersection(group)
    # Somebody may be called so: beside another user it is a second one.
    if not any(record.get(name) for name in names.user if name not in filled):
        nothing |= filled.intersection((*names.user, *names.other_user))
    return {name: value for name, value in record.items() if name not in nothing}


def _has_several_guids(record: Record, names: Sequence[str]) -> bool:
    """Return whether a column has several identities of processes, also in one text (`mvjoin`)."""
    each = (
        {plain(one).strip("{}") for text in texts_of(record, (name,)) for one in _BETWEEN.split(text) if one}
        for name in names
    )
    return any(len(guids) > 1 for guids in each)


def _read_people(record: Record, names: ColumnNames) -> tuple[str, str, Tuple[str, ...], bool]:
    """Return the user, the team, the other users, and whether there are other teams."""
    user, *others = accounts_of(record, names.user, names.other_user) or ("",)
    return user, first_text(record, names.team) or "", tuple(others), has_several(record, names.team)


def _unread_hash(record: Record, names: ColumnNames) -> str:
    """Return a column whose text is a hash, where nothing was read (empty: there is none)."""
    said = (name for name in names.unread if record.get(name))
    return next((name for name in said if isinstance(read_md5(record.get(name)), str)), "")
