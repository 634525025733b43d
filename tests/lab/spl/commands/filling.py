"""Commands that fill gaps and add totals: fillnull, filldown, addtotals, addcoltotals."""

from __future__ import annotations

import math
from typing import Dict, List, Optional

from tests.lab.spl import values
from tests.lab.spl.arguments import Arguments, names_of, select
from tests.lab.spl.commands.registry import command
from tests.lab.spl.environment import Row, Search, fields_of, ordered
from tests.lab.spl.errors import UnsettledError
from tests.lab.spl.values import Cell, Number, format_number


@command("fillnull")
def _fillnull(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, "value")
    names = names_of(given.words)
    if any("*" in name for name in names):
        raise UnsettledError("wildcards in fillnull")
    value = given.options.get("value", "0")
    filled = names or [name for name in ordered(search.columns, rows) if not name.startswith("_")]
    filled = filled if names else [name for name in filled if any(name in row for row in rows)]
    return [{**row, **{name: _filled(row.get(name), value) for name in filled}} for row in rows]


def _filled(cell: Optional[Cell], value: str) -> Cell:
    if cell is None:
        return value
    if isinstance(cell, values.EmptyCell) and value:
        values.settled(cell)
    return cell


@command("filldown")
def _filldown(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    names = names_of(Arguments.parse(arguments).words)
    chosen = select(names, fields_of(rows)) if names else fields_of(rows)
    last: Dict[str, Cell] = {}
    made = []
    for row in rows:
        for name in chosen:
            values.settled(row.get(name))
        last.update({name: row[name] for name in chosen if name in row})
        made.append({**row, **{name: last[name] for name in chosen if name in last}})
    return made


_OPTIONS = ("row", "col", "labelfield", "label", "fieldname")


@command("addtotals")
def _addtotals(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    return _with_totals(rows, Arguments.parse(arguments, *_OPTIONS), search, has_row=True)


@command("addcoltotals")
def _addcoltotals(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, "labelfield", "label")
    given.options["col"] = "true"
    return _with_totals(rows, given, search, has_row=False)


def _with_totals(rows: List[Row], given: Arguments, search: Search, *, has_row: bool) -> List[Row]:
    present = [name for name in ordered(search.columns, rows) if not name.startswith("_")]
    names = names_of(given.words)
    chosen = select(names, present) if names else present
    made = rows
    if given.is_set("row", default=has_row):
        total = given.options.get("fieldname", "Total")
        made = [{**row, total: _sum([row], chosen) or "0"} for row in rows]
        chosen = [*chosen, total]
    if given.is_set("col", default=False):
        last: Row = {name: text for name in chosen for text in [_sum(made, [name])] if text is not None}
        if "labelfield" in given.options:
            last = {given.options["labelfield"]: given.options.get("label", "Total"), **last}
        made = [*made, last]
    return made


def _sum(rows: List[Row], names: List[str]) -> Optional[str]:
    numbers = [value for row in rows for name in names for value in [values.from_cell(row.get(name))]]
    found = [value for value in numbers if isinstance(value, Number)]
    return format_number(math.fsum(found)) if found else None
