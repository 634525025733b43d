"""Commands of columns: fields, table, rename, replace."""

from __future__ import annotations

from typing import Dict, List, Sequence, Tuple

from tests.lab.spl import values
from tests.lab.spl.arguments import names_of, select
from tests.lab.spl.commands.registry import command
from tests.lab.spl.environment import Row, Search, fields_of, ordered
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.patterns import wildcard
from tests.lab.spl.scanning import unquote, words
from tests.lab.spl.values import Cell

_ALWAYS = ("_time", "_raw")


@command("fields")
def _fields(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    text = arguments.lstrip()
    is_removing = text.startswith("-")
    names = names_of(words(text.lstrip("+-")))
    if not names:
        raise SplError("fields takes fields")
    present = ordered(search.columns, rows)
    chosen = select(names, present)
    if is_removing:
        kept = [name for name in present if name not in chosen]
    else:
        kept = [*chosen, *(name for name in _ALWAYS if name not in chosen)]
    search.columns = [name for name in search.columns if name in kept] if is_removing else chosen
    keep = set(kept)
    return [{name: cell for name, cell in row.items() if name in keep} for row in rows]


@command("table")
def _table(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    names = names_of(words(arguments))
    if not names:
        raise SplError("table takes fields")
    present = fields_of(rows)
    found = [one for name in names for one in (select([name], present) or ([] if "*" in name else [name]))]
    search.columns = list(dict.fromkeys(found))
    return [{name: row[name] for name in search.columns if name in row} for row in rows]


@command("rename")
def _rename(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    for old, new in _pairs(words(arguments)):
        rows, search.columns = _renamed(rows, search.columns, old, new)
    return rows


def _pairs(given: List[str]) -> List[Tuple[str, str]]:
    if not given or len(given) % 3 or any(word.lower() != "as" for word in given[1::3]):
        raise SplError("rename takes <field> AS <field>, as often as needed")
    pairs = [(unquote(old), unquote(new)) for old, new in zip(given[::3], given[2::3])]
    for old, new in pairs:
        if old.count("*") != new.count("*"):
            raise SplError(f"{old} and {new} have not as many wildcards")
    return pairs


def _renamed(rows: List[Row], columns: List[str], old: str, new: str) -> Tuple[List[Row], List[str]]:
    mapping = _mapping(old, new, ordered(columns, rows)) if "*" in old else {old: new}
    if len(set(mapping.values())) < len(mapping):
        raise UnsettledError(f"rename of several fields to the same: {old} AS {new}")
    mapping = {name: other for name, other in mapping.items() if name != other}
    replaced = set(mapping.values()) - set(mapping)
    made = [{mapping.get(name, name): cell for name, cell in row.items() if name not in replaced} for row in rows]
    return made, [mapping.get(name, name) for name in columns if name not in replaced]


def _mapping(old: str, new: str, fields: Sequence[str]) -> Dict[str, str]:
    pattern, pieces = wildcard(old), new.split("*")
    found: Dict[str, str] = {}
    for name in fields:
        match = pattern.fullmatch(name)
        if match and not (name.startswith("_") and old.startswith("*")):
            found[name] = "".join(piece + part for piece, part in zip(pieces, [*match.groups(), ""]))
    return found


@command("replace")
def _replace(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    given = words(arguments)
    names: List[str] = []
    places = [place for place, word in enumerate(given) if word.upper() == "IN"]
    if places:
        given, names = given[: places[-1]], names_of(given[places[-1] + 1 :])
    if not given or len(given) % 3 or any(word.upper() != "WITH" for word in given[1::3]):
        raise SplError("replace takes <text> WITH <text>, as often as needed, and IN fields")
    pairs = [(unquote(old), unquote(new)) for old, new in zip(given[::3], given[2::3])]
    return [
        {name: _changed(cell, pairs) if _is_meant(name, names) else cell for name, cell in row.items()} for row in rows
    ]


def _is_meant(name: str, names: Sequence[str]) -> bool:
    return name in names if names else not name.startswith("_")


def _changed(cell: Cell, pairs: Sequence[Tuple[str, str]]) -> Cell:
    if isinstance(cell, list):
        raise UnsettledError("replace of several values")
    text = values.text_of(values.from_cell(cell))
    exact = [new for old, new in pairs if old == text]
    if exact:
        return exact[-1]
    fitting = [
        (len(old.replace("*", "")), old, new) for old, new in pairs if "*" in old and wildcard(old).fullmatch(text)
    ]
    if not fitting:
        return cell
    fullest = [one for one in fitting if one[0] == max(fitting)[0]]
    match = wildcard(fullest[0][1]).fullmatch(text)
    if len(fullest) > 1 or match is None:
        raise UnsettledError(f"which of several wildcards replaces {text}")
    return _expanded(fullest[0][2], match.groups())


def _expanded(new: str, parts: Sequence[str]) -> str:
    pieces = new.split("*")
    if len(pieces) == 1:
        return new
    if len(pieces) - 1 > len(parts):
        raise SplError(f"{new} has more wildcards than what it stands for")
    return "".join(piece + part for piece, part in zip(pieces, [*parts[: len(pieces) - 1], ""]))
