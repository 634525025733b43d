"""Commands of several values: makemv, mvexpand, mvcombine, nomv."""

from __future__ import annotations

from typing import Dict, List, Tuple

from tests.lab.spl import values
from tests.lab.spl.arguments import Arguments
from tests.lab.spl.commands.registry import command
from tests.lab.spl.environment import Row, Search, with_cell
from tests.lab.spl.errors import UnsettledError
from tests.lab.spl.patterns import pcre


@command("makemv")
def _makemv(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    given = Arguments.parse(arguments, "delim", "tokenizer", "allowempty", "setsv")
    name = given.only_words(1, 1, "a field")[0]
    if given.is_set("setsv", default=False):
        raise UnsettledError("setsv of makemv")
    return [with_cell(row, name, values.joined(_parts(row[name], given))) if name in row else row for row in rows]


def _parts(cell: values.Cell, given: Arguments) -> List[str]:
    cells = values.settled(cell)
    if len(cells) > 1:
        raise UnsettledError("makemv of several values")
    if "tokenizer" in given.options:
        return [match[1] for match in pcre(given.options["tokenizer"]).finditer(cells[0])]
    parts = cells[0].split(given.options.get("delim", " "))
    return parts if given.is_set("allowempty", default=False) else [part for part in parts if part]


@command("mvexpand")
def _mvexpand(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    given = Arguments.parse(arguments, "limit")
    name = given.only_words(1, 1, "a field")[0]
    limit = given.number("limit", 0)
    made: List[Row] = []
    for row in rows:
        cells = values.settled(row.get(name))
        if not cells:
            raise UnsettledError(f"mvexpand where a row has no {name}")
        made += [{**row, name: one} for one in cells[: limit or None]]
    return made


@command("mvcombine")
def _mvcombine(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    given = Arguments.parse(arguments, "delim")
    name = given.only_words(1, 1, "a field")[0]
    groups: Dict[Tuple[Tuple[str, Tuple[str, ...]], ...], List[Row]] = {}
    for row in rows:
        if name not in row:
            raise UnsettledError(f"mvcombine where a row has no {name}")
        key = tuple(sorted((other, tuple(values.cells(cell))) for other, cell in row.items() if other != name))
        groups.setdefault(key, []).append(row)
    return [
        with_cell(each[0], name, values.joined([one for row in each for one in values.settled(row[name])]))
        for each in groups.values()
    ]


@command("nomv")
def _nomv(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    name = Arguments.parse(arguments).only_words(1, 1, "a field")[0]
    if any(isinstance(row.get(name), list) for row in rows):
        raise UnsettledError("what nomv puts between values")
    return rows
