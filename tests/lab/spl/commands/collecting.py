"""The command that keeps rows as events of another index: collect."""

from __future__ import annotations

from typing import List

from tests.lab.spl import values
from tests.lab.spl.arguments import Arguments
from tests.lab.spl.commands.registry import command
from tests.lab.spl.environment import Row, Search
from tests.lab.spl.errors import SplError, UnsettledError


@command("collect")
def _collect(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, "index", "source")
    given.only_words(0, 0, "options of collect")
    index = search.environment.indexes.get(given.options.get("index", ""))
    if not isinstance(index, list):
        raise SplError(f"collect needs an index that there is, not {given.options.get('index', 'none')}")
    if "source" not in given.options:
        raise UnsettledError("collect without a source")
    index.extend(stash_event(row, given.options["source"]) for row in rows)
    return rows


def stash_event(row: Row, source: str) -> Row:
    """Give the event that Splunk keeps of a row in a summary: text of `name="value"`, read again at search time.

    Raises:
        UnsettledError: what is read again may be something else: of several values, of a quotation mark, of two lines.
    """
    event: Row = {"source": source, "search_name": source, "sourcetype": "stash"}
    for name, cell in row.items():
        cells = values.settled(cell)
        if len(cells) > 1 or any(mark in one for one in cells for mark in '"\r\n'):
            raise UnsettledError(f"{name}={cell!r} in a summary")
        if cells and cells[0]:
            event[name] = cells[0]
    return event
