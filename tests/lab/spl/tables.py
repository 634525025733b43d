"""Lookups: files and collections of the KV store, and the settings of transforms.conf that say how they match."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Mapping, Protocol, Sequence

from tests.lab.spl import values
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.functions.conditions import in_network
from tests.lab.spl.patterns import wildcard
from tests.lab.spl.values import Cell, EmptyCell

Row = Dict[str, Cell]
_MATCH_TYPE = re.compile(r"(WILDCARD|CIDR|EXACT)\(([^)]*)\)", re.IGNORECASE)
_SETTINGS = {
    "fields_list", "filename", "collection", "external_type", "case_sensitive_match", "match_type", "max_matches",
    "min_matches", "default_match", "filter",
}  # fmt: skip


class Table(Protocol):
    """A table of a lookup, in the order of its file."""

    fields: List[str]

    @property
    def settings(self) -> Mapping[str, Any]:
        """Its settings in transforms.conf."""

    @property
    def is_collection(self) -> bool:
        """Say whether it is a collection of the KV store."""

    def read(self) -> List[Row]:
        """Give its rows."""

    def replace(self, rows: Sequence[Row], columns: Sequence[str]) -> None:
        """Put these rows in the place of all."""

    def upsert(self, rows: Sequence[Row]) -> None:
        """Add rows; a collection replaces those of the same `_key`."""


@dataclass
class MemoryTable:
    """A table that is held here, as a CSV file or as a collection."""

    fields: List[str]
    rows: List[Row] = field(default_factory=list)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_collection(self) -> bool:
        """Say whether it stands for a collection."""
        return self.settings.get("external_type") == "kvstore"

    def read(self) -> List[Row]:
        """Give its rows, of which a file has every column: an empty cell is null or the empty text."""
        if self.is_collection:
            return [dict(row) for row in self.rows]
        return [{name: _cell(row.get(name, "")) for name in self.fields} for row in self.rows]

    def replace(self, rows: Sequence[Row], columns: Sequence[str]) -> None:
        """Put these rows in the place of all."""
        if not self.is_collection:
            self.fields = list(columns)
        self.rows = []
        self.upsert(rows)

    def upsert(self, rows: Sequence[Row]) -> None:
        """Add rows."""
        for row in rows:
            kept = {name: value for name, value in row.items() if name in self.fields}
            if not self.is_collection:
                kept = {name: _flat(value) for name, value in kept.items()}
            place = self._place(kept)
            if place is None:
                self.rows.append(kept)
            else:
                self.rows[place] = kept

    def _place(self, row: Row) -> int | None:
        if not self.is_collection or "_key" not in row:
            return None
        return next((place for place, old in enumerate(self.rows) if old.get("_key") == row["_key"]), None)


def _cell(cell: Cell) -> Cell:
    return EmptyCell() if cell == "" else cell


def _flat(cell: Cell) -> Cell:
    """Write a cell of a file: several values are joined by a blank."""
    return " ".join(cell) if isinstance(cell, list) else cell


class Documents(Protocol):
    """A collection of the KV store."""

    def find(self, query: Dict[str, Any]) -> List[Dict[str, Any]]:
        """Give the documents that match."""

    def save(self, documents: List[Dict[str, Any]], size: int) -> Any:
        """Insert or replace documents by their `_key`."""

    def delete(self, query: Dict[str, Any]) -> None:
        """Delete the documents that match."""


@dataclass
class CollectionTable:
    """A collection of the lab's splunkd as a lookup; `types` are its fields' (`number`, `string`)."""

    collection: Callable[[], Documents]
    fields: List[str]
    types: Mapping[str, str]
    settings: Mapping[str, Any]
    is_collection: bool = True

    def read(self) -> List[Row]:
        """Give its documents as rows."""
        return [self._row(document) for document in self.collection().find({})]

    def _row(self, document: Mapping[str, Any]) -> Row:
        row: Row = {}
        for name in self.fields:
            if document.get(name) is not None:
                row[name] = _of_json(document[name])
        return row

    def replace(self, rows: Sequence[Row], columns: Sequence[str]) -> None:  # noqa: ARG002 - its fields are its own
        """Delete all documents, then add these."""
        self.collection().delete({})
        self.upsert(rows)

    def upsert(self, rows: Sequence[Row]) -> None:
        """Insert or replace documents, a thousand at a time.

        Raises:
            UnsettledError: a field has another type than the collection's.
        """
        documents = [{name: self._typed(name, row[name]) for name in self.fields if name in row} for row in rows]
        for begin in range(0, len(documents), 1000):
            batch = documents[begin : begin + 1000]
            self.collection().save(batch, len(json.dumps(batch)))

    def _typed(self, name: str, cell: Cell) -> Any:
        if self.types.get(name) != "number":
            return cell
        number = values.parse_number(cell) if isinstance(cell, str) else None
        if number is None:
            raise UnsettledError(f"{name}={cell!r} in a collection, where it is a number (enforceTypes)")
        return int(number) if number.is_integer() else float(number)


def _of_json(value: Any) -> Cell:
    if isinstance(value, list):
        return [str(_of_json(one)) for one in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return values.format_number(float(value))
    return _cell(str(value))


@dataclass(frozen=True)
class Matcher:
    """How a lookup finds the rows of its table for the values of an event."""

    table: Table
    match_fields: List[str]

    def __post_init__(self) -> None:
        """Refuse settings that are not known, and fields that the table has not."""
        unknown = set(self.table.settings) - _SETTINGS
        if unknown:
            raise UnsettledError(f"the settings {', '.join(sorted(unknown))} of a lookup")
        missing = [name for name in self.match_fields if name not in self.table.fields]
        if missing:
            raise SplError(
                f"the lookup has no field {', '.join(missing)}: its fields are {', '.join(self.table.fields)}"
            )

    def setting(self, name: str, default: str) -> str:
        """Give a setting of transforms.conf."""
        return str(self.table.settings.get(name, default))

    def prepare(self) -> Callable[[Sequence[str]], List[Row]]:
        """Read the table once; give what finds the rows for the values of the match fields."""
        rows = self.table.read()
        kinds = self._kinds()
        if not kinds:
            return self._index(rows)
        tests = [self._test(kinds.get(name, "EXACT")) for name in self.match_fields]

        def find(wanted: Sequence[str]) -> List[Row]:
            return [row for row in rows if all(
                test(str(row.get(name, "")), one) for test, name, one in zip(tests, self.match_fields, wanted)
            )]  # fmt: skip

        return find

    def _kinds(self) -> Dict[str, str]:
        found = _MATCH_TYPE.findall(self.setting("match_type", ""))
        return {name.strip(): kind.upper() for kind, names in found for name in names.split(",")}

    @property
    def _is_folded(self) -> bool:
        return self.setting("case_sensitive_match", "true").lower() in {"false", "0", "f"}

    def _index(self, rows: List[Row]) -> Callable[[Sequence[str]], List[Row]]:
        is_collection, is_folded = self.table.is_collection, self._is_folded
        by_key: Dict[tuple[str, ...], List[Row]] = {}
        for row in rows:
            if any(isinstance(row.get(name), list) for name in self.match_fields):
                raise UnsettledError("a match field with several values in a collection")
            key = tuple(str(row[name]) for name in self.match_fields if row.get(name))
            if len(key) == len(self.match_fields):
                # The KV store compares what is stored as it is: it must be all lower case.
                folded = key if is_collection or not is_folded else tuple(map(str.lower, key))
                by_key.setdefault(folded, []).append(row)
        return lambda wanted: by_key.get(tuple(map(str.lower, wanted)) if is_folded else tuple(wanted), [])

    def _test(self, kind: str) -> Callable[[str, str], bool]:
        is_folded = self._is_folded
        if kind == "CIDR":
            return lambda pattern, value: bool(pattern) and in_network(pattern, value)
        if kind == "WILDCARD":
            return lambda pattern, value: (
                bool(pattern) and wildcard(pattern, is_any_case=is_folded).fullmatch(value) is not None
            )
        return lambda stored, value: stored.lower() == value.lower() if is_folded else stored == value
