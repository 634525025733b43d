"""Which file a row's parent is: its hash, its names, and the programs that its command lines begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Sequence, Tuple

from cbverdict.events.named_file import Process, agreed, distinct, first_name, raw_texts
from cbverdict.events.names import are_of_one_program, path_started, program_started
from cbverdict.events.texts import Record, has_several, texts_of, values_of
from cbverdict.lazy_pattern import LazyPattern
from cbverdict.placeholders import is_nothing
from cbverdict.verdicts.hashes import FileHash, Odd, Sha256, has_any_hash, read_md5, read_sha256

if TYPE_CHECKING:
    from cbverdict.events.column_names import ColumnNames

_JOINED = LazyPattern(r"\n|,\s*(?=[\"']?(?:[A-Za-z]:\\|\\\\))")


class ParentSaid(NamedTuple):
    """The parent, whether its hash is odd, whether there are several, and all that names it; see `ProcessEvent`.

    `commands` are the programs at the start of its command lines, and names that the analyst did not ask for; `paths`
    all that says in which folder it is.
    """

    parent: Process
    has_odd_hash: bool
    are_several: bool
    names: Tuple[str, ...]
    original_names: Tuple[str, ...]
    commands: Tuple[str, ...]
    paths: Tuple[str, ...]


def read_parent(record: Record, names: ColumnNames) -> ParentSaid:
    """Read which file the parent ran, and all that names it."""
    md5, sha256 = agreed(record, names.parent_md5, read_md5), agreed(record, names.parent_sha256, read_sha256)
    is_odd = isinstance(md5, Odd) or isinstance(sha256, Odd)
    if md5 is None and sha256 is None:  # A hash of another kind is one for which nobody answers.
        is_odd = any(has_any_hash(record.get(name)) for name in names.parent_any_hash)
    texts = texts_of(record, names.parent_name)
    commands, started, has_several_commands = _commands(record, names.parent_command)
    are_several = has_several(record, names.parent_name) or has_several_commands or not are_of_one_program(texts)
    parent = _parent(md5, sha256, first_name(record, names.parent_name))
    originals = distinct(record, names.parent_original_name)
    raw = raw_texts(record, names.parent_name)
    others = raw_texts(record, names.other_parent_name)  # the analyst says where its name is: these count against it
    paths = dict.fromkeys(text for text in (*raw, *others, *started) if "/" in text or "\\" in text)
    named = tuple(dict.fromkeys((*commands, *others)))
    return ParentSaid(parent, is_odd, are_several, raw, originals, named, tuple(paths))


def _commands(record: Record, names: Sequence[str]) -> tuple[Tuple[str, ...], Tuple[str, ...], bool]:
    """Return the programs that command lines begin with, as they are named there, and whether of several processes.

    A line of one may begin with another that was joined to it, or be one of a script.
    """
    found: dict[str, None] = {}
    paths: list[str] = []
    for name in names:
        firsts = []
        for text in values_of(record.get(name)):
            parts = [part for part in _JOINED.split(text) if not is_nothing(part)]
            paths += map(path_started, parts[:1])  # behind a comma may be what the first one opens
            programs = list(filter(None, map(program_started, parts)))
            found.update(dict.fromkeys(programs))
            firsts += programs[:1]
        if not are_of_one_program(firsts):
            return tuple(found), tuple(paths), True
    return tuple(found), tuple(paths), False


def _parent(md5: FileHash | Odd | None, sha256: Sha256 | Odd | None, name: str | None) -> Process:
    if isinstance(md5, Odd) or isinstance(sha256, Odd):
        return Process(None, name)
    return Process(sha256, name) if md5 is None else Process(md5, name, sha256=sha256)
