"""What a subsearch hands to the search around it: rows as terms."""

from __future__ import annotations

from typing import List, Sequence

from tests.lab.spl import values
from tests.lab.spl.environment import Row
from tests.lab.spl.errors import UnsettledError
from tests.lab.spl.scanning import quote

MOST_ROWS = 100
"""What every release hands on: limits.conf's maxout is 100 by default in 10.x, and 10,000 before."""
_RAW = ("search", "query")
PARTS = ("(", "(", "AND", ")", "OR", ")")


def as_terms(rows: Sequence[Row]) -> str:
    """Give the text that stands in the place of a subsearch.

    Raises:
        UnsettledError: it has more rows than every release hands on.
    """
    if len(rows) > MOST_ROWS:
        raise UnsettledError(f"a subsearch of {len(rows)} rows: 10.x hands on {MOST_ROWS} by default, others 10,000")
    return format_rows(rows) if rows else "NOT ( )"


def format_rows(rows: Sequence[Row], parts: Sequence[str] = PARTS, between_values: str = "OR") -> str:
    """Write rows as one term: fields are ANDed and rows ORed; `search` and `query` stand as they are."""
    if len(rows) == 1 and set(rows[0]) == {"search"} and parts is PARTS:
        return f"( {values.text_of(values.from_cell(rows[0]['search']))} )"
    row_begin, column_begin, between, column_end, row_between, row_end = parts
    each = [f"{column_begin} {f' {between} '.join(_terms(row, between_values))} {column_end}" for row in rows]
    return f"{row_begin} {f' {row_between} '.join(each)} {row_end}"


def _terms(row: Row, between: str) -> List[str]:
    found = []
    for name, cell in row.items():
        cells = values.settled(cell)
        if name in _RAW:
            found.append(" ".join(cells))
        elif not name.startswith("_"):
            terms = [f"{name}={quote(one)}" for one in cells]
            found.append(terms[0] if len(terms) == 1 else f"( {f' {between} '.join(terms)} )")
    return found
