"""What tells which row of a search is a process's own, and which its parent's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Sequence

from cbverdict.events.columns import GUID_FIELDS, PARENT_GUID_FIELDS, PARENT_ID_FIELDS, PROCESS_ID_FIELDS
from cbverdict.events.texts import Record, first_text, plain, texts_of

if TYPE_CHECKING:
    from cbverdict.events.columns import EventFields


class Lineage(NamedTuple):
    """A process and its parent by identity (GUID), number on its host, and path (empty: the row does not say)."""

    guid: str = ""
    number: str = ""
    path: str = ""
    parent_guid: str = ""
    parent_number: str = ""
    parent_path: str = ""


def read_lineage(record: Record, fields: EventFields) -> Lineage:
    """Read what a row says; nothing in a row is an error."""
    return Lineage(
        (first_text(record, GUID_FIELDS) or "").lower(),
        first_text(record, PROCESS_ID_FIELDS) or "",
        _path(record, fields.name),
        (first_text(record, PARENT_GUID_FIELDS) or "").lower(),
        first_text(record, PARENT_ID_FIELDS) or "",
        _path(record, fields.parent_name),
    )


def _path(record: Record, names: Sequence[str]) -> str:
    """Return a path in one spelling (empty: there is none, or several)."""
    paths = {plain(text).strip('"') for text in texts_of(record, names) if "\\" in text or "/" in text}
    return paths.pop() if len(paths) == 1 else ""
