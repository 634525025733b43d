"""Commands of structure: spath, xyseries, untable, transpose, transaction."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Tuple

from tests.lab.spl import values
from tests.lab.spl.arguments import Arguments, names_of
from tests.lab.spl.commands.registry import command
from tests.lab.spl.environment import Row, Search, ordered, with_cell
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.functions.json_texts import as_text, follow
from tests.lab.spl.grouping import group, sort_key
from tests.lab.spl.scanning import words
from tests.lab.spl.terms import time_of
from tests.lab.spl.values import format_number

_LONGEST = 5000


@command("spath")
def _spath(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    given = Arguments.parse(arguments, "input", "output", "path")
    if given.words:
        given.options["path"] = given.only_words(1, 1, "a path")[0]
    name, path = given.options.get("input", "_raw"), given.options.get("path")
    if path is None and "output" in given.options:
        raise SplError("output of spath needs a path")
    made = []
    for row in rows:
        document = _document(row.get(name))
        if document is None:
            made.append(row)
        elif path is None:
            if len(values.text_of(row[name])) > _LONGEST:
                raise UnsettledError(f"spath of more than {_LONGEST} characters")
            made.append({**row, **extract_all(document)})
        else:
            found = [as_text(one) for one in follow(document, path)]
            made.append(with_cell(row, given.options.get("output", path), values.joined(found)) if found else row)
    return made


def _document(cell: values.Cell | None) -> Any:
    if cell is None:
        return None
    try:
        return json.loads(values.text_of(cell))
    except ValueError:
        raise UnsettledError("spath of what is no JSON") from None


def extract_all(document: Any) -> Row:
    """Give all fields of a JSON document: paths of keys with points, and `{}` for each place of an array."""
    found: Dict[str, List[str]] = {}
    _collect(document, "", found)
    return {name: parts[0] if len(parts) == 1 else parts for name, parts in found.items()}


def _collect(value: Any, path: str, found: Dict[str, List[str]]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _collect(inner, f"{path}.{key}" if path else key, found)
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, path + "{}", found)
    else:
        found.setdefault(path, []).append(as_text(value))


@command("xyseries", "maketable")
def _xyseries(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, "grouped", "sep", "format")
    x, y, *data = given.only_words(3, 100, "three fields or more")
    if given.options.keys() - {"sep"}:
        raise UnsettledError("options of xyseries")
    separator = given.options.get("sep", ": ")
    made: Dict[str, Row] = {}
    for row in rows:
        cells = [values.settled(row.get(name)) for name in (x, y)]
        if any(len(each) != 1 for each in cells):
            raise UnsettledError("xyseries where a field is missing or has several values")
        target = made.setdefault(cells[0][0], {x: cells[0][0]})
        for name in data:
            if name in row:
                target[f"{name}{separator}{cells[1][0]}" if len(data) > 1 else cells[1][0]] = row[name]
    series = sorted({name for row in made.values() for name in row if name != x}, key=sort_key)
    search.columns = [x, *series]
    return [made[key] for key in sorted(made, key=sort_key)]


@command("untable")
def _untable(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    x, y, data = names_of(words(arguments)) if len(words(arguments)) == 3 else _refuse("untable takes three fields")
    names = [name for name in ordered(search.columns, rows) if name != x and not name.startswith("_")]
    search.columns = [x, y, data]
    return [{x: row[x], y: name, data: row[name]} for row in rows if x in row for name in names if name in row]


def _refuse(text: str) -> Tuple[str, str, str]:
    raise SplError(text)


@command("transpose")
def _transpose(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, "column_name", "header_field", "include_empty")
    count = given.only_words(0, 1, "a number of rows")
    most = int(count[0]) if count else 5
    rows = rows[: most or None]
    header, label = given.options.get("header_field"), given.options.get("column_name", "column")
    heads = [values.text_of(row[header]) for row in rows] if header else [f"row {n}" for n in range(1, len(rows) + 1)]
    names = [name for name in ordered(search.columns, rows) if name != header and not name.startswith("_")]
    search.columns = [label, *heads]
    return [{label: name, **{head: row[name] for head, row in zip(heads, rows) if name in row}} for name in names]


@command("transaction")
def _transaction(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    """Bring events together by fields: those, how many they are and how long they last; the rest is not settled."""
    names = names_of(words(arguments))
    if not names:
        raise UnsettledError("transaction without fields")
    made = []
    for key, each in group(rows, names).items():
        if any(isinstance(row.get(name), list) for row in each for name in names):
            raise UnsettledError("transaction of several values")
        times = [time_of(row) for row in each]
        merged: Row = {"_time": format_number(min(times)), **dict(zip(names, key))}
        same = {name: cell for name, cell in each[0].items() if all(row.get(name) == cell for row in each)}
        merged = {**same, **merged, "duration": format_number(max(times) - min(times)), "eventcount": str(len(each))}
        made.append(merged)
    return sorted(made, key=time_of, reverse=True)
