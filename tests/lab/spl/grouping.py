"""Rows by the values of some fields."""

from __future__ import annotations

from itertools import product
from typing import Dict, Iterable, List, Sequence, Tuple

from tests.lab.spl import values
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.scanning import unquote
from tests.lab.spl.values import Cell

Row = Dict[str, Cell]
Key = Tuple[str, ...]


def parse_fields(given: Sequence[str]) -> List[str]:
    """Read the fields of a BY clause.

    Raises:
        SplError: one of them has a wildcard, or is none.
    """
    for word in given:
        if "*" in word or "(" in word or "=" in word:
            raise SplError(f"{word} in a BY clause, which takes the names of fields")
    return [unquote(word) for word in given]


def group(rows: Iterable[Row], fields: Sequence[str], *, is_distinct: bool = False) -> Dict[Key, List[Row]]:
    """Give rows by the values of fields; a row counts in each of several values, and without one in none.

    With `is_distinct`, a value that a row has twice counts once.
    """
    found: Dict[Key, List[Row]] = {}
    for row in rows:
        cells = [values.settled(row.get(name)) for name in fields]
        if is_distinct:
            cells = [list(dict.fromkeys(each)) for each in cells]
        for key in product(*cells):
            found.setdefault(key, []).append(row)
    return found


def key_of(row: Row, fields: Sequence[str]) -> Key | None:
    """Give the one key of a row (None: it lacks a field).

    Raises:
        UnsettledError: a field has several values.
    """
    cells = [values.settled(row.get(name)) for name in fields]
    if any(len(each) > 1 for each in cells):
        raise UnsettledError("a field of a BY clause with several values")
    return tuple(each[0] for each in cells) if all(cells) else None


def sort_key(text: str) -> Tuple[int, float, bytes]:
    """Order numbers by value before texts in UTF-8 order."""
    number = values.parse_number(text)
    raw = text.encode("utf-8", "surrogatepass")
    return (0, float(number), raw) if number is not None else (1, 0.0, raw)


def sorted_keys(keys: Iterable[Key]) -> List[Key]:
    """Order groups by their values, first field first."""
    return sorted(keys, key=lambda key: tuple(map(sort_key, key)))
