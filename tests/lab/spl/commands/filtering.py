"""Commands that keep some rows: search, where, regex, head, tail, and the search that begins a pipeline."""

from __future__ import annotations

import re
from typing import List

from tests.lab.spl import values
from tests.lab.spl.arguments import Arguments, parse_count
from tests.lab.spl.commands.registry import command
from tests.lab.spl.environment import Row, Search
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.expressions import compile_condition
from tests.lab.spl.patterns import pcre
from tests.lab.spl.scanning import bracketed, unquote
from tests.lab.spl.subsearches import as_terms
from tests.lab.spl.terms import compile_terms, time_of

_REGEX = re.compile(r"(?:(?P<field>[^\s=!\"]+)\s*(?P<sign>!?=)\s*)?(?P<pattern>\".*\"|\S+)", re.DOTALL)
_TEN = 10


def with_subsearches(text: str, search: Search) -> str:
    """Put the results of subsearches in brackets into the text of a search, as terms."""
    return "".join(as_terms(search.subsearch(part)) if is_within else part for part, is_within in bracketed(text))


@command("search")
def _search(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    terms = compile_terms(with_subsearches(arguments, search), search.clock)
    return [row for row in rows if terms.matches(row)]


def base_search(arguments: str, search: Search) -> List[Row]:
    """Read the indexes, newest events first, within the search's own bounds of time, or else its range."""
    clock = search.clock
    terms = compile_terms(with_subsearches(arguments, search), clock, is_base=True)
    found: List[Row] = []
    for index, events in search.environment.indexes.items():
        for event in events:
            row = {"index": index, **event}
            if terms.matches(row) and _is_in_range(row, search, terms.bounds):
                found.append({**event})
    return sorted(found, key=time_of, reverse=True) if all("_time" in row for row in found) else found


def _is_in_range(row: Row, search: Search, own: frozenset[str]) -> bool:
    """Say whether an event lies in the search's range; its own bound of time counts before that one."""
    earliest = None if "earliest" in own else search.clock.earliest
    latest = None if "latest" in own else search.clock.latest
    if earliest is None and latest is None:
        return True
    at = time_of(row)
    return (earliest is None or at >= earliest) and (latest is None or at < latest)


@command("where")
def _where(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    condition = compile_condition(with_subsearches(arguments, search), search.clock)
    return [row for row in rows if condition.is_true(row)]


@command("regex")
def _regex(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    match = _REGEX.fullmatch(arguments)
    if match is None:
        raise SplError(f"regex takes a field and a regular expression, not {arguments}")
    name, pattern = match["field"] or "_raw", pcre(unquote(match["pattern"]))
    is_kept = match["sign"] != "!="
    return [row for row in rows if _is_found(row, name, pattern, is_kept=is_kept) == is_kept]


def _is_found(row: Row, name: str, pattern: re.Pattern[str], *, is_kept: bool) -> bool:
    cells = values.settled(row.get(name))
    if len(cells) > 1 or (not cells and not is_kept):
        raise UnsettledError(f"regex where {name} has several values, or none and is not to match")
    return bool(cells) and pattern.search(cells[0]) is not None


@command("head")
def _head(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, "limit", "null", "keeplast")
    if given.options.keys() & {"null", "keeplast"}:
        raise UnsettledError("null= and keeplast= of head")
    if not given.words or (len(given.words) == 1 and given.words[0].isdigit()):
        return rows[: parse_count("head", (given.words or [given.options.get("limit", str(_TEN))])[0])]
    condition = compile_condition(arguments, search.clock)
    for place, row in enumerate(rows):
        value = condition.evaluate(row)
        if value is None:
            raise UnsettledError("head of a condition that is null")
        if not values.is_true(value):
            return rows[:place]
    return rows


@command("require")
def _require(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    if arguments or not rows:
        raise SplError("require: there are no rows" if not arguments else "require takes no arguments")
    return rows


@command("tail")
def _tail(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    count = parse_count("tail", arguments or str(_TEN))
    return rows[::-1][:count]


@command("reverse")
def _reverse(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    if arguments:
        raise SplError("reverse takes no arguments")
    return rows[::-1]
