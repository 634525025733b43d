"""What tells which row of a search is a process's own, and which its parent's."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Sequence, Tuple

from cbverdict.events.columns import GUID_FIELDS, PARENT_GUID_FIELDS, PARENT_ID_FIELDS, PROCESS_ID_FIELDS
from cbverdict.events.device_paths import DEVICE
from cbverdict.events.once import Once
from cbverdict.events.texts import Record, columns_of, first_text, plain, texts_of
from cbverdict.lazy_pattern import LazyPattern

if TYPE_CHECKING:
    from cbverdict.events.columns import EventFields


_SHORT_FOLDER = LazyPattern(r"~\d")  # 8.3, of which nobody knows the long one
_DEVICE = LazyPattern(DEVICE)


class Lineage(NamedTuple):
    """A process and its parent by identity (GUID), number on its host, and path (empty: the row does not say)."""

    guid: str = ""
    number: str = ""
    path: str = ""
    parent_guid: str = ""
    parent_number: str = ""
    parent_path: str = ""


class _LineageColumns(NamedTuple):
    """The names of the columns that are read for what, as far as rows have them."""

    guid: Tuple[str, ...]
    number: Tuple[str, ...]
    path: Tuple[str, ...]
    parent_guid: Tuple[str, ...]
    parent_number: Tuple[str, ...]
    parent_path: Tuple[str, ...]


def read_lineages(records: Sequence[Record], fields: EventFields) -> list[Lineage]:
    """Read what rows say, which have few of the columns that are looked for; nothing in a row is an error."""
    there = columns_of(records)
    all_names = (
        GUID_FIELDS, PROCESS_ID_FIELDS, fields.name, PARENT_GUID_FIELDS, PARENT_ID_FIELDS, fields.parent_name,
    )  # fmt: skip
    names = _LineageColumns(*(tuple(name for name in some if name in there) for some in all_names))
    # Few paths make many rows; the other columns are of one row each.
    paths, parent_paths = (Once(partial(_path, names=some), some) for some in (names.path, names.parent_path))
    return [
        Lineage(
            (first_text(record, names.guid) or "").lower(),
            first_text(record, names.number) or "",
            paths.of(record),
            (first_text(record, names.parent_guid) or "").lower(),
            first_text(record, names.parent_number) or "",
            parent_paths.of(record),
        )
        for record in records
    ]


def _path(record: Record, names: Sequence[str]) -> str:
    """Return a path in one spelling (empty: there is none, or several, or it has a short name for a folder)."""
    paths = {plain(text).strip('"') for text in texts_of(record, names) if "\\" in text or "/" in text}
    paths = {path[match.end() :] if (match := _DEVICE.match(path)) else path for path in paths}
    path = paths.pop() if len(paths) == 1 else ""
    return "" if _SHORT_FOLDER.search(path) else path
