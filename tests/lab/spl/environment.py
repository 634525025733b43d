"""What a search runs in: data, lookups, knowledge objects, an app's commands; and one search in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Dict, Iterable, List, Mapping, MutableMapping, Optional, Sequence

from tests.lab.spl.clock import Clock
from tests.lab.spl.tables import Table
from tests.lab.spl.values import Cell

Row = Dict[str, Cell]
Event = Mapping[str, Cell]
Command = Callable[[List[Row], List[str]], List[Row]]
"""An app's command: rows and words in, rows out."""
Rest = Callable[[str, Mapping[str, str]], List[Row]]
"""splunkd's REST API, as `| rest` asks it: the path and the options in, a row an entry out."""


@dataclass(frozen=True)
class Environment:
    """Everything that a search may name.

    `indexes` and `data_models` hold events (of data models with prefixed names); `macros` and `saved_searches` the
    stanzas of their confs; `commands` an app's own. Lookups are changed by outputlookup.
    """

    indexes: Mapping[str, Iterable[Event]] = field(default_factory=dict)
    data_models: Mapping[str, Iterable[Event]] = field(default_factory=dict)
    lookups: MutableMapping[str, Table] = field(default_factory=dict)
    macros: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    saved_searches: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    commands: Mapping[str, Command] = field(default_factory=dict)
    rest: Optional[Rest] = None


@dataclass
class Search:
    """One search: its environment, its clock, the columns that a command has put in order, and how it runs a part."""

    environment: Environment
    clock: Clock
    pipeline: Callable[[str, Optional[List[Row]]], List[Row]]
    columns: List[str] = field(default_factory=list)

    def subsearch(self, text: str, rows: Optional[List[Row]] = None) -> List[Row]:
        """Run a search within this one: on rows, or on data of its own (None)."""
        columns = self.columns
        try:
            return self.pipeline(text, rows)
        finally:
            self.columns = columns


def fields_of(rows: Iterable[Mapping[str, Cell]]) -> List[str]:
    """Give the fields that some row has, in the order of appearance."""
    return list(dict.fromkeys(name for row in rows for name in row))


def with_cell(row: Row, name: str, cell: Optional[Cell]) -> Row:
    """Give a row with a field set, or without it (None)."""
    if cell is None:
        return {other: value for other, value in row.items() if other != name}
    return {**row, name: cell}


def ordered(columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> List[str]:
    """Give all columns of a result: first those that are in order, then what else some row has."""
    return list(dict.fromkeys([*columns, *fields_of(rows)]))
