"""Commands of order and of duplicates: sort, dedup, uniq."""

from __future__ import annotations

import ipaddress
import re
from functools import cmp_to_key
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from tests.lab.spl import values
from tests.lab.spl.arguments import Arguments, names_of, parse_count, split_at
from tests.lab.spl.commands.registry import command
from tests.lab.spl.environment import Row, Search
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.scanning import split
from tests.lab.spl.values import EmptyCell

_LIMIT = 10_000
_TYPED = re.compile(r"(auto|str|ip|num)\((.*)\)")
_FIELD = re.compile(r"\s*([+-]?)\s*(.*?)\s*", re.DOTALL)
_LAST = {"d", "desc"}
Compare = Callable[[str, str], int]


@command("sort")
def _sort(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    limit, text = _limit(arguments)
    text, is_reversed = _without_desc(text)
    fields = _parse(text)
    if is_reversed:
        fields = [(sign * -1, name, compare) for sign, name, compare in fields]
    made = sort_rows(rows, fields)
    return made[:limit] if limit else made


def _limit(arguments: str) -> Tuple[int, str]:
    match = re.match(r"\s*(?:limit\s*=\s*)?(\d+)(?=\s|$)", arguments)
    return (parse_count("sort", match[1]), arguments[match.end() :]) if match else (_LIMIT, arguments)


def _without_desc(text: str) -> Tuple[str, bool]:
    bare, _, last = text.rstrip().rpartition(" ")
    return (bare, True) if bare.strip() and last in _LAST else (text, False)


def _parse(text: str) -> List[Tuple[int, str, Compare]]:
    """Read fields; a sign with a blank behind it holds for all that follow."""
    fields: List[Tuple[int, str, Compare]] = []
    standing = 1
    for part in split(text, " \t\r\n,"):
        if part in {"+", "-"}:
            standing = -1 if part == "-" else 1
        elif part:
            match = _FIELD.fullmatch(part)
            assert match is not None
            sign = {"-": -1, "+": 1}.get(match[1], standing)
            fields.append((sign, *_typed(match[2])))
    if not fields:
        raise SplError("sort takes fields")
    return fields


def _typed(word: str) -> Tuple[str, Compare]:
    match = _TYPED.fullmatch(word)
    kind, name = (match[1], match[2]) if match else ("auto", word)
    return names_of([name])[0], _COMPARES[kind]


def _of_numbers(left: str, right: str) -> int:
    one, other = values.parse_number(left), values.parse_number(right)
    if one is None or other is None:
        raise UnsettledError("sort num() of texts")
    return (one > other) - (one < other)


def _address(text: str) -> Optional[Tuple[int, int]]:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return address.version, int(address)


def _of_addresses(left: str, right: str) -> int:
    one, other = _address(left), _address(right)
    if one is None or other is None:
        raise UnsettledError("sort ip() of what are no addresses")
    return (one > other) - (one < other)


def _automatic(left: str, right: str) -> int:
    """Compare numbers, then addresses, else texts: decided for each pair."""
    if values.parse_number(left) is not None and values.parse_number(right) is not None:
        return _of_numbers(left, right)
    if _address(left) is not None and _address(right) is not None:
        return _of_addresses(left, right)
    return values.sign_of_texts(left, right)


_COMPARES: Dict[str, Compare] = {
    "auto": _automatic,
    "num": _of_numbers,
    "ip": _of_addresses,
    "str": values.sign_of_texts,
}


def sort_rows(rows: Sequence[Row], fields: Sequence[Tuple[int, str, Compare]]) -> List[Row]:
    """Sort rows by fields; those without a field come last, whichever way."""

    def compare(left: Row, right: Row) -> int:
        for sign, name, order in fields:
            one, other = values.cells(left.get(name)), values.cells(right.get(name))
            if len(one) > 1 or len(other) > 1:
                raise UnsettledError(f"sort by {name}, which has several values")
            result = _order(one, other, sign, order)
            if result:
                return result
        return 0

    return sorted(rows, key=cmp_to_key(compare))


def _order(one: List[str], other: List[str], sign: int, order: Compare) -> int:
    """Order two cells; an empty one comes last in descending order, be it null or the empty text."""
    empty = [bool(each) and isinstance(each[0], EmptyCell) for each in (one, other)]
    if any(empty):
        if not (all(empty) or (sign < 0 and one and other)):
            raise UnsettledError("sort of an empty cell, which as null comes last and as the empty text first")
        return empty[0] - empty[1]
    return sign * order(one[0], other[0]) if one and other else bool(other) - bool(one)


@command("dedup")
def _dedup(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    given = Arguments.parse(arguments, "keepevents", "keepempty", "consecutive")
    words, order = split_at(given.words, "sortby")
    count = parse_count("dedup", words.pop(0)) if words and words[0].isdigit() else 1
    fields = names_of(words)
    if not fields or not count:
        raise SplError("dedup takes fields, and a number that is not 0")
    if any("*" in name for name in fields):
        raise UnsettledError("wildcards in dedup")
    if order:
        rows = sort_rows(rows, _parse(" ".join(order)))
    return _Dedup(fields, count, given).apply(rows)


class _Dedup:
    """One dedup command."""

    def __init__(self, fields: List[str], count: int, given: Arguments) -> None:
        self._fields = fields
        self._count = count
        self._keeps_empty = given.is_set("keepempty", default=False)
        self._keeps_events = given.is_set("keepevents", default=False)
        self._is_consecutive = given.is_set("consecutive", default=False)

    def apply(self, rows: Sequence[Row]) -> List[Row]:
        """Keep the first rows of each combination of values."""
        seen: Dict[Tuple[Tuple[str, ...], ...], int] = {}
        kept: List[Row] = []
        for row in rows:
            key = tuple(tuple(values.settled(row.get(name))) for name in self._fields)
            if not all(key):
                kept += [row] if self._keeps_empty else []
                continue
            if self._is_consecutive and key not in seen:
                seen = {}
            seen[key] = seen.get(key, 0) + 1
            if seen[key] <= self._count:
                kept.append(row)
            elif self._keeps_events:
                kept.append({name: cell for name, cell in row.items() if name not in self._fields})
        return kept


@command("uniq")
def _uniq(rows: List[Row], arguments: str, _: Search) -> List[Row]:
    if arguments:
        raise SplError("uniq takes no arguments")
    return [row for place, row in enumerate(rows) if not place or row != rows[place - 1]]
