"""The names of the columns that rows are read from, for each purpose, as far as rows have them."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import NamedTuple, Sequence, Tuple

from cbverdict.events.columns import (
    ANY_PATH_FIELDS,
    GUID_FIELDS,
    HASH_FIELDS,
    HOST_FIELDS,
    INTERNAL_NAME_FIELDS,
    MD5_FIELDS,
    NAME_FIELDS,
    ORIGINAL_NAME_FIELDS,
    OTHER_TIME_FIELDS,
    OWN_MD5_FIELDS,
    PROCESS_PATH_FIELDS,
    SHA256_FIELDS,
    TIME_FIELD,
    EventFields,
)
from cbverdict.events.event_columns import (
    ACTION_FIELDS,
    CATEGORY_FIELDS,
    CHILD_FIELDS,
    EVENT_KIND_FIELDS,
    EVENT_STATE_FIELDS,
    FILE_HASH_FIELDS,
    LOADED_FILE_FIELDS,
    OTHER_FILE_FIELDS,
    TARGET_FIELDS,
)
from cbverdict.events.finding_columns import FINDING_FIELDS
from cbverdict.events.parent_columns import (
    PARENT_COMMAND_FIELDS,
    PARENT_NAME_FIELDS,
    PARENT_ORIGINAL_NAME_FIELDS,
)
from cbverdict.events.texts import Record, columns_of
from cbverdict.lazy_pattern import LazyPattern

_OF_PROCESS = ("process", "Processes.process")
"""How a column begins that is about nothing but the process."""


_OF_PROCESS_ALONE = LazyPattern(
    r"(?:.*(?:[^A-Za-z]|[a-z](?=P)))?(?:[Pp]rocess|[Pp]roc)(?:_?[Ii]mage)?[_.]?(?:md5|Md5|MD5)"
)
"""Columns that hold the hash of the process, whatever the row is about: `process_md5`, `InitiatingProcessMD5`."""

_SHARED = frozenset(
    {*MD5_FIELDS, *SHA256_FIELDS, *HASH_FIELDS, *FILE_HASH_FIELDS, *OTHER_FILE_FIELDS, *TARGET_FIELDS, *CHILD_FIELDS}
)
"""Columns that sources use for the hash of whatever a row is about, or of another file than the process's."""


class Md5Pin(Enum):
    """Whether the analyst said in which column the hash of the process is, and what that column is.

    One that sources use for the hash of whatever a row is about (`SHARED`), or one of the analyst's own (`OWN`).
    """

    NONE = "none"
    SHARED = "shared"
    OWN = "own"


class ColumnNames(NamedTuple):
    """Which columns are read for what."""

    md5_pin: Md5Pin
    md5: Tuple[str, ...]
    sha256: Tuple[str, ...]
    own_md5: Tuple[str, ...]
    md5_beside_own: Tuple[str, ...]
    sha256_beside_own: Tuple[str, ...]
    file_hash: Tuple[str, ...]
    name: Tuple[str, ...]
    other_name: Tuple[str, ...]
    original_name: Tuple[str, ...]
    internal_name: Tuple[str, ...]
    parent_md5: Tuple[str, ...]
    parent_sha256: Tuple[str, ...]
    parent_name: Tuple[str, ...]
    other_parent_name: Tuple[str, ...]
    parent_any_hash: Tuple[str, ...]
    parent_command: Tuple[str, ...]
    parent_original_name: Tuple[str, ...]
    user: Tuple[str, ...]
    other_user: Tuple[str, ...]
    team: Tuple[str, ...]
    time: Tuple[str, ...]
    other_time: Tuple[str, ...]
    host: Tuple[str, ...]
    guid: Tuple[str, ...]
    event_kind: Tuple[str, ...]
    other_file: Tuple[str, ...]
    loaded_file: Tuple[str, ...]
    child: Tuple[str, ...]
    target: Tuple[str, ...]
    action: Tuple[str, ...]
    finding: Tuple[str, ...]
    any_path: Tuple[str, ...]
    process_path: Tuple[str, ...]
    unread: Tuple[str, ...]
    process_hash: Tuple[str, ...]

    @property
    def is_md5_pinned(self) -> bool:
        """Whether the analyst said in which column the hash of the process is."""
        return self.md5_pin is not Md5Pin.NONE


def columns_read(fields: EventFields) -> ColumnNames:
    """Return all columns that are read."""
    pinned = fields.is_md5_pinned, fields.is_name_pinned, fields.is_parent_name_pinned
    return _list_names(fields, *pinned, fields.parent_any_hash)


def columns_there(fields: EventFields, records: Sequence[Record]) -> ColumnNames:
    """Return those in which one of these rows has something: few, for a row has the columns of one source."""
    names, there = columns_read(fields), columns_of(records)
    narrowed = [tuple(name for name in part if name in there) for part in names[1:]]
    return ColumnNames(names.md5_pin, *narrowed)


@lru_cache(maxsize=16)
def _list_names(
    fields: EventFields,
    is_md5_pinned: bool,  # noqa: FBT001 - a part of what is remembered, for whoever pins a column may name all of them
    is_name_pinned: bool,  # noqa: FBT001 - likewise
    is_parent_name_pinned: bool,  # noqa: FBT001 - likewise
    parent_any_hash: Tuple[str, ...],
) -> ColumnNames:
    of_process = tuple(name for name in fields.md5 if name.startswith(_OF_PROCESS))
    own_md5: Tuple[str, ...] = OWN_MD5_FIELDS
    of_process_256: Tuple[str, ...] = (*of_process, *SHA256_FIELDS)
    if is_md5_pinned:
        own_md5 = tuple(name for name in fields.md5 if _OF_PROCESS_ALONE.fullmatch(name))
        of_process = of_process_256 = fields.md5
    return ColumnNames(
        md5_pin=_pin_of(fields.md5) if is_md5_pinned else Md5Pin.NONE,
        md5=fields.md5,
        sha256=fields.md5 if is_md5_pinned else (*fields.md5, *SHA256_FIELDS),
        own_md5=own_md5,
        md5_beside_own=of_process,
        sha256_beside_own=of_process_256,
        file_hash=FILE_HASH_FIELDS,
        name=fields.name,
        other_name=NAME_FIELDS if is_name_pinned else (),
        original_name=ORIGINAL_NAME_FIELDS,
        internal_name=INTERNAL_NAME_FIELDS,
        parent_md5=fields.parent_md5,
        parent_sha256=fields.parent_sha256,
        parent_name=fields.parent_name,
        other_parent_name=PARENT_NAME_FIELDS if is_parent_name_pinned else (),
        parent_any_hash=parent_any_hash,
        parent_command=PARENT_COMMAND_FIELDS,
        parent_original_name=PARENT_ORIGINAL_NAME_FIELDS,
        user=fields.user,
        other_user=fields.other_user,
        team=fields.team,
        time=(TIME_FIELD,),
        other_time=OTHER_TIME_FIELDS,
        host=HOST_FIELDS,
        guid=GUID_FIELDS,
        event_kind=(*EVENT_KIND_FIELDS, *CATEGORY_FIELDS),
        other_file=OTHER_FILE_FIELDS,
        loaded_file=LOADED_FILE_FIELDS,
        child=CHILD_FIELDS,
        target=(*TARGET_FIELDS, *EVENT_STATE_FIELDS),
        action=ACTION_FIELDS,
        finding=(*FINDING_FIELDS, *ACTION_FIELDS),
        any_path=ANY_PATH_FIELDS,
        process_path=PROCESS_PATH_FIELDS,
        unread=(*HASH_FIELDS, *(MD5_FIELDS if is_md5_pinned else ())),
        process_hash=tuple(name for name in (*fields.md5, *SHA256_FIELDS) if name.startswith(_OF_PROCESS)),
    )


def _pin_of(names: Tuple[str, ...]) -> Md5Pin:
    return Md5Pin.OWN if _SHARED.isdisjoint(names) else Md5Pin.SHARED
