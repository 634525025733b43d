"""Commands that compute fields: eval, foreach, rex, strcat, delta."""

from __future__ import annotations

import re
from typing import Dict, List

from tests.lab.spl import values
from tests.lab.spl.arguments import Arguments
from tests.lab.spl.commands.filtering import with_subsearches
from tests.lab.spl.commands.registry import command
from tests.lab.spl.environment import Row, Search, with_cell
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.expressions import compile_assignments
from tests.lab.spl.patterns import pcre, sed
from tests.lab.spl.scanning import is_quoted, unquote


@command("eval")
def _eval(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    assignments = compile_assignments(with_subsearches(arguments, search), search.clock)
    made = []
    for row in rows:
        for name, expression in assignments:
            row = with_cell(row, name, values.to_cell(expression.evaluate(row)))  # noqa: PLW2901 - each sees the last
        made.append(row)
    return made


@command("rex")
def _rex(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    given = Arguments.parse(arguments, "field", "max_match", "mode", "offset_field")
    if len(given.words) != 1 or not is_quoted(given.words[0]):
        raise SplError("rex takes a regular expression in quotation marks")
    name, text = given.options.get("field", "_raw"), unquote(given.words[0])
    if "mode" in given.options:
        if given.options["mode"] != "sed":
            raise SplError("mode= of rex is sed")
        change = sed(text)
        return [{**row, name: _sed_of(row[name], change)} if name in row else row for row in rows]
    pattern = pcre(text)
    if not pattern.groupindex:
        raise SplError(f"{text} names no field to extract")
    if "offset_field" in given.options and given.number("max_match", 1) != 1:
        raise UnsettledError("offset_field with several matches")
    return [_extracted(row, name, pattern, given) for row in rows]


def _sed_of(cell: values.Cell, change: object) -> values.Cell:
    if isinstance(cell, list):
        raise UnsettledError("sed of several values")
    assert callable(change)
    made: str = change(values.text_of(cell))
    return made


def _extracted(row: Row, name: str, pattern: re.Pattern[str], given: Arguments) -> Row:
    cells = values.settled(row.get(name))
    most = given.number("max_match", 1)
    if len(cells) > 1:
        raise UnsettledError("rex of several values")
    if not cells:
        return row
    matches = list(pattern.finditer(cells[0]))[: most or None]
    found: Dict[str, List[str]] = {}
    for match in matches:
        for group, part in match.groupdict().items():
            if part is not None:
                found.setdefault(group, []).append(part)
    if any(len(parts) < len(matches) for parts in found.values()):
        raise UnsettledError("rex where some matches have a group and others have not")
    for group, parts in found.items():
        row = with_cell(row, group, values.joined(parts))
    if matches and "offset_field" in given.options:
        row = {**row, given.options["offset_field"]: _offsets(matches[0])}
    return row


def _offsets(match: re.Match[str]) -> str:
    return "&".join(f"{name}={match.start(name)}-{match.end(name) - 1}" for name in match.groupdict())


@command("strcat")
def _strcat(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    given = Arguments.parse(arguments, "allrequired")
    if len(given.words) < 2:
        raise SplError("strcat takes fields or texts, and the field that it makes")
    *parts, target = given.words
    needs_all = given.is_set("allrequired", default=False)
    made = []
    for row in rows:
        cells = [unquote(part) if is_quoted(part) else row.get(part) for part in parts]
        if needs_all and None in cells:
            made.append(row)
        else:
            texts = ["" if cell is None else values.text_of(values.from_cell(cell)) for cell in cells]
            made.append({**row, unquote(target): "".join(texts)})
    return made


@command("delta")
def _delta(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    given = Arguments.parse(arguments, "p")
    if len(given.words) not in {1, 3} or (len(given.words) == 3 and given.words[1].lower() != "as"):
        raise SplError("delta takes a field, and AS another one")
    name = unquote(given.words[0])
    target = unquote(given.words[2]) if len(given.words) == 3 else f"delta({name})"
    back = given.number("p", 1)
    made = []
    for place, row in enumerate(rows):
        now = values.from_cell(row.get(name))
        before = values.from_cell(rows[place - back].get(name)) if place >= back else None
        if isinstance(now, values.Number) and isinstance(before, values.Number):
            made.append({**row, target: values.format_number(float(now) - float(before))})
        else:
            made.append(row)
    return made
