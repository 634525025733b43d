"""Commands of lookups: lookup, inputlookup, outputlookup."""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence, Tuple

from tests.lab.spl import values
from tests.lab.spl.arguments import Arguments
from tests.lab.spl.commands.filtering import with_subsearches
from tests.lab.spl.commands.registry import command
from tests.lab.spl.environment import Row, Search, fields_of, with_cell
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.scanning import split, unquote
from tests.lab.spl.tables import Matcher, MemoryTable, Table
from tests.lab.spl.terms import compile_terms
from tests.lab.spl.values import Cell, EmptyCell

Pair = Tuple[str, str]
_MOST_MATCHES = 100


def _table(name: str, search: Search) -> Table:
    if name not in search.environment.lookups:
        raise SplError(f"there is no lookup {name}")
    return search.environment.lookups[name]


def _pairs(given: Sequence[str]) -> List[Pair]:
    """Read `field [AS other]`, again and again: pairs of the table's field and the event's."""
    pairs: List[Pair] = []
    rest = list(given)
    while rest:
        name = unquote(rest.pop(0))
        other = name
        if rest and rest[0].lower() == "as":
            if len(rest) == 1:
                raise SplError("AS is followed by nothing")
            other = unquote(rest[1])
            del rest[:2]
        pairs.append((name, other))
    return pairs


@command("lookup")
def _lookup(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, "local", "update")
    if len(given.words) < 2:
        raise SplError("lookup takes a lookup and a field")
    table = _table(unquote(given.words[0]), search)
    matches, outputs, is_new = _clauses(given.words[1:])
    matcher = Matcher(table, [name for name, _ in matches])
    if not outputs:
        outputs = [(name, name) for name in table.fields if name not in matcher.match_fields]
    missing = [name for name, _ in outputs if name not in table.fields]
    if missing:
        raise SplError(f"the lookup has no field {', '.join(missing)}: its fields are {', '.join(table.fields)}")
    run = _Lookup(matcher, [name for _, name in matches], outputs, is_new=is_new)
    return [run.apply(row) for row in rows]


def _clauses(given: List[str]) -> Tuple[List[Pair], List[Pair], bool]:
    for place, word in enumerate(given):
        if word.upper() in {"OUTPUT", "OUTPUTNEW"}:
            outputs = _pairs(given[place + 1 :])
            if not outputs:
                raise SplError(f"nothing follows {word}")
            return _pairs(given[:place]), outputs, word.upper() == "OUTPUTNEW"
    return _pairs(given), [], False


class _Lookup:
    """One lookup command, ready for rows."""

    def __init__(self, matcher: Matcher, wanted: List[str], outputs: List[Pair], *, is_new: bool) -> None:
        self._find = matcher.prepare()
        self._wanted = wanted
        self._outputs = outputs
        self._is_new = is_new
        self._most = int(matcher.setting("max_matches", str(_MOST_MATCHES)))
        self._fewest = int(matcher.setting("min_matches", "0"))
        self._default = matcher.setting("default_match", "")

    def apply(self, row: Row) -> Row:
        """Give a row with what is found for it."""
        given = [values.settled(row.get(name)) for name in self._wanted]
        if any(len(cells) > 1 for cells in given):
            raise UnsettledError("lookup of a field with several values")
        if not all(given):
            return self._without_match_field(row)
        found = self._find([cells[0] for cells in given])[: self._most]
        return self._put(row, {target: self._cell(found, name) for name, target in self._outputs})

    def _without_match_field(self, row: Row) -> Row:
        if self._fewest or (not self._is_new and any(target in row for _, target in self._outputs)):
            raise UnsettledError("lookup where a match field is missing")
        return row

    def _cell(self, found: List[Row], name: str) -> Optional[Cell]:
        if not found:
            return self._default if self._fewest else None
        if len(found) < self._fewest:
            raise UnsettledError("fewer matches than min_matches")
        if len(found) == 1:
            return found[0].get(name)
        cells = [values.cells(row.get(name)) for row in found]
        if any(cells) and any(not one or isinstance(one[0], EmptyCell) for one in cells):
            if all(not one or isinstance(one[0], EmptyCell) for one in cells):
                return EmptyCell()
            raise UnsettledError("several matches, of which some have an empty cell")
        return values.joined([value for one in cells for value in one])

    def _put(self, row: Row, cells: Dict[str, Optional[Cell]]) -> Row:
        if self._is_new:
            present = [target for target in cells if target in row]
            absent = {target: cell for target, cell in cells.items() if target not in row and cell is not None}
            if present and absent:
                raise UnsettledError("OUTPUTNEW where some of the fields exist")
            cells = dict(absent)
        for target, cell in cells.items():
            row = with_cell(row, target, cell)
        return row


@command("inputlookup")
def _inputlookup(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(_before_where(arguments), "append", "start", "max", "strict")
    is_appending = given.is_set("append", default=False)
    if rows and not is_appending:
        raise SplError("inputlookup must be the first command, or have append=true")
    table = _table(given.only_words(1, 1, "a lookup")[0], search)
    condition = arguments[len(_before_where(arguments)) :].strip()[len("where") :]
    terms = compile_terms(with_subsearches(condition, search), search.clock)
    found = [row for row in table.read() if terms.matches(row)]
    start = given.number("start", 0)
    found = found[start : start + given.number("max", len(found))]
    if not is_appending:
        search.columns = list(table.fields)
    return [*rows, *found]


def _before_where(arguments: str) -> str:
    place = 0
    for part in split(arguments, " \t\r\n"):
        if part.lower() == "where":
            return arguments[:place]
        place += len(part) + 1
    return arguments


@command("outputlookup")
def _outputlookup(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(
        arguments, "append", "create_empty", "override_if_empty", "key_field", "max", "createinapp", "allow_updates"
    )
    name = given.only_words(1, 1, "a lookup")[0]
    key = given.options.get("key_field")
    is_appending = given.is_set("append", default=key is not None)
    written = rows[: given.number("max", len(rows))]
    if not rows and not is_appending:
        _empty(name, search, is_overriding=given.is_set("override_if_empty", default=True))
        return rows
    if name.endswith(".csv") and name not in search.environment.lookups:
        search.environment.lookups[name] = MemoryTable(_columns(written, search))
    table = _table(name, search)
    _refuse_internal(written, table)
    keyed = _with_key(written, key, table) if key else written
    if is_appending:
        table.upsert(keyed)
    else:
        table.replace(keyed, _columns(written, search))
    return rows


def _columns(rows: List[Row], search: Search) -> List[str]:
    ordered = [name for name in search.columns if not name.startswith("_")]
    return list(dict.fromkeys([*ordered, *fields_of(rows)]))


def _empty(name: str, search: Search, *, is_overriding: bool) -> None:
    """Delete a file, or what a collection holds, for there are no rows."""
    table = search.environment.lookups.get(name)
    if table is None and not name.endswith(".csv"):
        raise SplError(f"there is no lookup {name}")
    if table is None or not is_overriding:
        return
    if table.is_collection:
        table.replace([], table.fields)
    else:
        del search.environment.lookups[name]


def _refuse_internal(rows: List[Row], table: Table) -> None:
    if not table.is_collection and any(name.startswith("_") for name in fields_of(rows)):
        raise UnsettledError(
            "fields that begin with _ in a file: take them away, or name what is to be written by table"
        )


def _with_key(rows: List[Row], key: str, table: Table) -> List[Row]:
    if not table.is_collection:
        raise SplError("key_field is for collections")
    keys = [values.settled(row.get(key)) for row in rows]
    if any(len(cells) != 1 for cells in keys):
        raise UnsettledError(f"rows without {key}, which is the key")
    return [{**row, "_key": cells[0]} for row, cells in zip(rows, keys)]
