"""Commands that bring rows of several searches together: append, appendcols, appendpipe, join, union, multisearch."""

from __future__ import annotations

from typing import Dict, List, Sequence, Tuple

from tests.lab.spl import values
from tests.lab.spl.arguments import Arguments, names_of
from tests.lab.spl.commands.registry import command
from tests.lab.spl.environment import Row, Search, fields_of
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.scanning import subsearch_of

_MOST_ROWS = 50_000
_LIMITS = ("maxtime", "maxout", "timeout", "extendtimerange")


def _limited(rows: List[Row]) -> List[Row]:
    if len(rows) > _MOST_ROWS:
        raise UnsettledError(f"a subsearch of {len(rows)} rows, of which {_MOST_ROWS} are kept by default")
    return rows


@command("append")
def _append(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, *_LIMITS)
    if len(given.words) != 1:
        raise SplError("append takes one subsearch")
    return [*rows, *_limited(search.subsearch(subsearch_of(given.words[0])))]


@command("appendpipe")
def _appendpipe(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, "run_in_preview")
    if len(given.words) != 1:
        raise SplError("appendpipe takes one subpipeline")
    return [*rows, *search.subsearch(subsearch_of(given.words[0]), rows)]


@command("appendcols")
def _appendcols(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, "override", *_LIMITS)
    if len(given.words) != 1:
        raise SplError("appendcols takes one subsearch")
    others = [
        {name: cell for name, cell in row.items() if not name.startswith("_")}
        for row in _limited(search.subsearch(subsearch_of(given.words[0])))
    ]
    if len(others) > len(rows):
        raise UnsettledError("appendcols of a subsearch with more rows")
    is_overriding = given.is_set("override", default=False)
    pairs = zip(rows, [*others, *({} for _ in range(len(rows) - len(others)))])
    return [{**row, **other} if is_overriding else {**row, **_new(other, row)} for row, other in pairs]


def _new(other: Row, row: Row) -> Row:
    return {name: cell for name, cell in other.items() if name not in row}


_JOIN_OPTIONS = ("type", "max", "overwrite", "usetime", "earlier")
_TYPES = {"inner": False, "outer": True, "left": True}


@command("join")
def _join(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, *_JOIN_OPTIONS)
    if given.options.keys() & {"usetime", "earlier"} or not given.words:
        raise UnsettledError("join by time, or without a subsearch")
    others = _limited(search.subsearch(subsearch_of(given.words[-1])))
    names = names_of(given.words[:-1]) or [name for name in fields_of(others) if name in fields_of(rows)]
    kind = given.options.get("type", "inner")
    if kind not in _TYPES or not names:
        raise SplError("join takes type=inner, outer or left, and fields that both sides have")
    most = given.number("max", 1)
    by_key: Dict[Tuple[str, ...], List[Row]] = {}
    for other in others:
        by_key.setdefault(_key(other, names), []).append(other)
    is_overwriting = given.is_set("overwrite", default=True)
    made: List[Row] = []
    for row in rows:
        key = _key(row, names)
        found = by_key.get(key, [])[: most or None] if key else []
        joined = [{**row, **other} if is_overwriting else {**row, **_new(other, row)} for other in found]
        made += joined or ([row] if _TYPES[kind] else [])
    return made


def _key(row: Row, names: Sequence[str]) -> Tuple[str, ...]:
    """Give what a row is joined by (empty: it lacks a field)."""
    cells = [values.settled(row.get(name)) for name in names]
    if any(len(each) > 1 for each in cells):
        raise UnsettledError("join by a field with several values")
    return tuple(each[0] for each in cells) if all(cells) else ()


@command("union", "multisearch")
def _union(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, *_LIMITS)
    if len(given.words) + bool(rows) < 2:
        raise SplError("union and multisearch take two searches or more")
    return [*rows, *(row for word in given.words for row in _limited(search.subsearch(subsearch_of(word))))]
