"""The foreach command: a template that runs for each field of a row, or for each value of one field."""

from __future__ import annotations

import json
import re
from typing import Callable, Dict, List, Mapping, Optional, Sequence

from tests.lab.spl import values
from tests.lab.spl.arguments import Arguments, names_of
from tests.lab.spl.commands.registry import command
from tests.lab.spl.environment import Row, Search, fields_of, ordered
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.functions.json_texts import as_text
from tests.lab.spl.patterns import wildcard
from tests.lab.spl.scanning import bracketed, quote

_MARKS = {
    "fieldstr": "<<FIELD>>",
    "matchstr": "<<MATCHSTR>>",
    "matchseg1": "<<MATCHSEG1>>",
    "matchseg2": "<<MATCHSEG2>>",
    "matchseg3": "<<MATCHSEG3>>",
    "itemstr": "<<ITEM>>",
    "iterstr": "<<ITER>>",
}
"""What stands in a template for the field, its parts, a value and its place, by the options that change it."""


@command("foreach")
def _foreach(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    parts = bracketed(arguments)
    if len(parts) != 3 or parts[2][0].strip():
        raise SplError("foreach takes fields and one search in brackets")
    given = Arguments.parse(parts[0][0], "mode", *_MARKS)
    template = _Template(parts[1][0], {**_MARKS, **given.options})
    mode = given.options.get("mode", "multifield")
    names = names_of(given.words)
    if mode == "multifield" and names:
        return _for_fields(rows, names, template, search)
    if mode not in _ITEMS or len(names) != 1:
        raise UnsettledError(f"foreach mode={mode} of {len(names)} fields")
    return [_for_values(row, _ITEMS[mode](row.get(names[0])), template, search) for row in rows]


class _Template:
    """The search in the brackets, with what is put into it."""

    def __init__(self, text: str, marks: Mapping[str, str]) -> None:
        self._text = text
        self._marks = marks

    def filled(self, **texts: str) -> str:
        """Put texts in the places of their marks.

        Raises:
            SplError: another mark is left, which has no meaning here.
        """
        filled = self._text
        for option, text in texts.items():
            filled = filled.replace(self._marks[option], text)
        rest = re.search(r"<<[A-Z]+\d?>>", filled)
        if rest:
            raise SplError(f"{rest[0]} has no meaning here")
        return filled

    def for_field(self, name: str, parts: Sequence[str]) -> str:
        """Put in a field's name and what its wildcards stand for."""
        if len(parts) != 1 and self._marks["matchstr"] in self._text:
            raise UnsettledError("what matches the wildcards of a name with other than one")
        segments = {f"matchseg{place}": part for place, part in enumerate(parts[:3], 1)}
        return self.filled(fieldstr=name, **({"matchstr": parts[0]} if len(parts) == 1 else {}), **segments)


def _for_fields(rows: List[Row], names: Sequence[str], template: _Template, search: Search) -> List[Row]:
    for pattern in names:
        if "*" not in pattern:
            rows = _for_named(rows, pattern, template, search)
            continue
        for name in [one for one in ordered(search.columns, rows) if not one.startswith("_")]:
            match = wildcard(pattern).fullmatch(name)
            if match:
                rows = search.pipeline(template.for_field(name, match.groups()), rows)
    return rows


def _for_named(rows: List[Row], name: str, template: _Template, search: Search) -> List[Row]:
    """Run for a field that is named; of one that no row has, it must make no difference."""
    made = search.pipeline(template.for_field(name, ()), rows)
    if made != rows and name not in fields_of(rows):
        raise UnsettledError(f"foreach {name}, which no row has")
    return made


def _array_items(cell: Optional[values.Cell]) -> List[str]:
    if cell is None:
        return []
    try:
        document = json.loads(values.text_of(cell))
    except ValueError:
        document = None
    if not isinstance(document, list):
        raise UnsettledError("foreach mode=json_array of what is no array")
    return [as_text(one) for one in document]


_ITEMS: Dict[str, Callable[[Optional[values.Cell]], List[str]]] = {
    "multivalue": values.settled,
    "json_array": _array_items,
}


def _for_values(row: Row, items: Sequence[str], template: _Template, search: Search) -> Row:
    for place, one in enumerate(items):
        item = one if values.parse_number(one) is not None else quote(one)
        (row,) = search.pipeline(template.filled(itemstr=item, iterstr=str(place)), [row])
    return row
