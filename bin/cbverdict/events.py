"""What a search row says about a process, its parent and its user."""

from __future__ import annotations

import ntpath
import posixpath
from dataclasses import dataclass
from functools import lru_cache
from typing import Mapping, NamedTuple

from cbverdict.verdicts.hashes import FieldValue, Md5, Odd, read_md5

Record = Mapping[str, FieldValue]

# The order in which a row's fields are tried. CIM names first, then what forwarders and Sysmon write raw.
MD5_FIELDS = ("process_md5", "process_hash", "md5", "Hashes")
NAME_FIELDS = ("process_name", "process_exec", "process_path", "path", "Image")
PARENT_MD5_FIELDS = ("parent_process_md5", "parent_process_hash", "parent_md5")
PARENT_NAME_FIELDS = (
    "parent_process_name",
    "parent_process_exec",
    "parent_name",
    "parent_process_path",
    "parent_path",
    "ParentImage",
)
USER_FIELDS = ("user", "username", "User")
TEAM_FIELDS = ("team",)
HOST_FIELDS = ("dest", "host")
TIME_FIELD = "_time"

_SHORT = 1024  # what a path may take to be remembered; a longer one is read all the same


class Process(NamedTuple):
    """A process as a row names it: its hash (None: the row has none) and its file name (None: likewise)."""

    md5: Md5 | None
    name: str | None


class ProcessEvent(NamedTuple):
    """One row's process, what started it, for whom and when (empty: the row does not say).

    `has_odd_parent`: it says something of the parent's hash that is none, or several.
    """

    process: Process
    parent: Process
    user: str = ""
    team: str = ""
    time: str = ""
    host: str = ""
    has_odd_parent: bool = False


@dataclass(frozen=True)
class EventFields:
    """Which fields of a row are read for what, first match first."""

    md5: tuple[str, ...] = MD5_FIELDS
    name: tuple[str, ...] = NAME_FIELDS
    parent_md5: tuple[str, ...] = PARENT_MD5_FIELDS
    parent_name: tuple[str, ...] = PARENT_NAME_FIELDS
    user: tuple[str, ...] = USER_FIELDS
    team: tuple[str, ...] = TEAM_FIELDS

    def columns(self, *, has_names: bool) -> list[str]:
        """Return the columns that a verdict needs; those with names only where something may turn on them."""
        names = [*self.name, *self.parent_name] if has_names else []
        return list(dict.fromkeys([*self.md5, *self.parent_md5, *names]))

    def who(self) -> list[str]:
        """Return the columns that say for whom."""
        return list(dict.fromkeys([*self.user, *self.team]))


def read_event(record: Record, fields: EventFields) -> ProcessEvent:
    """Read what a row says about its process; nothing in a row is an error."""
    parent_md5 = _first_md5(record, fields.parent_md5)
    return ProcessEvent(
        process=Process(_known(_first_md5(record, fields.md5)), _first_name(record, fields.name)),
        parent=Process(_known(parent_md5), _first_name(record, fields.parent_name)),
        user=first_text(record, fields.user) or "",
        team=first_text(record, fields.team) or "",
        time=first_text(record, (TIME_FIELD,)) or "",
        host=first_text(record, HOST_FIELDS) or "",
        has_odd_parent=parent_md5 is Odd.HASH,
    )


def file_name(path: str) -> str | None:
    r"""Cut the file name from a Windows, Linux or macOS path (None: there is none).

    A path that starts with `/` is a POSIX path, where a backslash is an ordinary character; anything else
    is read as Windows does, `C:\`, `\\server\share`, `\Device\HarddiskVolume2` and quotes around it included.
    """
    return _short_file_name(path) if len(path) <= _SHORT else _file_name(path)


@lru_cache(maxsize=8192)
def _short_file_name(path: str) -> str | None:
    return _file_name(path)


def _file_name(path: str) -> str | None:
    text = path.strip()
    if text.startswith("/"):
        return posixpath.basename(text) or None
    if len(text) > 1 and text[0] == text[-1] == '"' and "\\" in text:
        text = text[1:-1]
    return ntpath.basename(text) or None


def _first_md5(record: Record, names: tuple[str, ...]) -> Md5 | Odd | None:
    """Return what the first field says that says anything: a later one must not answer for it."""
    for name in names:
        value = record.get(name)
        found = read_md5(value) if value else None
        if found is not None:
            return found
    return None


def _known(found: Md5 | Odd | None) -> Md5 | None:
    return None if found is Odd.HASH else found


def _first_name(record: Record, names: tuple[str, ...]) -> str | None:
    text = first_text(record, names)
    return None if text is None else file_name(text)


def first_text(record: Record, names: tuple[str, ...]) -> str | None:
    """Return the first text among these fields of a row (None: all are empty)."""
    for name in names:
        value = record.get(name)
        if value:
            text = (value if isinstance(value, str) else next(iter(value))).strip()
            if text:
                return text
    return None
