"""Commands that run other searches, or ask splunkd: savedsearch, map, rest, addinfo, return, format."""

from __future__ import annotations

import re
from typing import List

from tests.lab.spl import values
from tests.lab.spl.arguments import Arguments, parse_count
from tests.lab.spl.commands.registry import command
from tests.lab.spl.environment import Row, Search, with_cell
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.macros import expand
from tests.lab.spl.scanning import quote, subsearch_of, unquote, words
from tests.lab.spl.subsearches import PARTS, format_rows

_MOST_SEARCHES = 10
_TOKEN = re.compile(r"\$(\w+)\$")
_OPTION = re.compile(r"(\w+)=(.*)", re.DOTALL)


@command("savedsearch", generating=True)
def _savedsearch(_: List[Row], arguments: str, search: Search) -> List[Row]:
    given = words(arguments)
    name = unquote(given[0]) if given else ""
    if name not in search.environment.saved_searches:
        raise SplError(f"there is no saved search {name}")
    text = search.environment.saved_searches[name]["search"]
    for word in given[1:]:
        match = _OPTION.fullmatch(word)
        if match is None or match[1] == "nosubstitution":
            raise UnsettledError(f"{word} of savedsearch")
        text = text.replace(f"${match[1]}$", unquote(match[2]))
    return search.pipeline(expand(text, search.environment.macros, search.clock), None)


@command("map")
def _map(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, "search", "maxsearches")
    template = given.options.get("search") or subsearch_of(" ".join(given.only_words(1, 1, "map's search")))
    most = given.number("maxsearches", _MOST_SEARCHES)
    if len(rows) > most:
        raise UnsettledError(f"map over {len(rows)} rows with maxsearches={most}")
    return [made for row in rows for made in search.subsearch(_filled(template, row, search))]


def _filled(template: str, row: Row, search: Search) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in row:
            raise UnsettledError(f"map where a row has no {match[1]}")
        return values.text_of(values.from_cell(row[match[1]]))

    return expand(_TOKEN.sub(value, template), search.environment.macros, search.clock)


@command("rest", generating=True)
def _rest(_: List[Row], arguments: str, search: Search) -> List[Row]:
    given = words(arguments)
    if search.environment.rest is None or not given:
        raise SplError("rest takes a path, and a splunkd that answers it")
    options = {}
    for word in given[1:]:
        match = _OPTION.fullmatch(word)
        if match is None:
            raise SplError(f"{word!r} is no option of rest")
        options[match[1]] = unquote(match[2])
    return search.environment.rest(unquote(given[0]), options)


@command("addinfo")
def _addinfo(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    if arguments:
        raise SplError("addinfo takes no arguments")
    clock = search.clock
    if clock.earliest is None or clock.latest is None:
        raise UnsettledError("addinfo over all time")
    info = {
        "info_min_time": f"{clock.earliest:.3f}",
        "info_max_time": f"{clock.latest:.3f}",
        "info_search_time": f"{clock.now:.3f}",
    }
    return [{**row, **info} for row in rows]


@command("format")
def _format(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    given = Arguments.parse(arguments, "mvsep", "maxresults", "emptystr", "quote")
    if given.options.keys() & {"emptystr", "quote"} or len(given.words) not in {0, len(PARTS)}:
        raise UnsettledError("options of format")
    rows = rows[: given.number("maxresults", 0) or None]
    if not rows:
        raise UnsettledError("format of no rows")
    parts = [unquote(word) for word in given.words] or PARTS
    return [{"search": format_rows(rows, parts, given.options.get("mvsep", "OR"))}]


@command("return")
def _return(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    given = words(arguments)
    count = parse_count("return", given.pop(0)) if given and given[0].isdigit() else 1
    if not given:
        raise SplError("return takes fields")
    each = [" ".join(filter(None, (_returned(row, word) for word in given))) for row in rows[:count]]
    each = [text for text in each if text]
    if not each:
        return []
    return [{"search": each[0] if len(each) == 1 else " OR ".join(f"({text})" for text in each)}]


def _returned(row: Row, word: str) -> str:
    alias, sign, name = word.rpartition("=")
    bare = name.startswith("$")
    cells = values.settled(row.get(unquote(name.lstrip("$"))))
    if len(cells) > 1:
        raise UnsettledError("return of several values")
    if not cells:
        return ""
    return cells[0] if bare else f"{alias if sign else name}={quote(cells[0])}"


@command("accum")
def _accum(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    given = words(arguments)
    if len(given) not in {1, 3} or (len(given) == 3 and given[1].lower() != "as"):
        raise SplError("accum takes a field, and AS another one")
    name, target = unquote(given[0]), unquote(given[-1])
    total, back = 0.0, []
    for row in rows:
        value = values.from_cell(row.get(name))
        if isinstance(value, values.Number):
            total += value
            back.append({**row, target: values.format_number(total)})
        else:
            back.append(row if target == name else with_cell(row, target, None))
    return back
