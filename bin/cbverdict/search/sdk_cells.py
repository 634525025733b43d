"""Cells of the protocol's CSV: what the SDK reads from them, and how it writes them."""

from __future__ import annotations

import re
import sys
from operator import methodcaller
from typing import Sequence

LINE_END = "\r\n"
ONE_BELOW_ANOTHER = "\n"
TWIN = ",,"  # a field's end, and its multivalue twin, which is empty
_needs_quotes = re.compile('[",\r\n]' if sys.version_info >= (3, 11) else '[",\r\n\0]').search  # as the csv module
_count_quotes = methodcaller("count", '"')
_is_number = re.compile(r"[0-9.]*").fullmatch


def all_written(column: Sequence[str]) -> Sequence[str]:
    """Return cells as the SDK writes them."""
    return list(map(written, column)) if _needs_quotes("".join(column)) else column


def are_plain(times: Sequence[str]) -> bool:
    """Return whether times are written as they came: digits and points only."""
    return _is_number("".join(times)) is not None


def value_of(cell: str) -> str:
    """Return the value of a cell."""
    return cell[1:-1].replace('""', '"') if cell[:1] == '"' else cell


def values_of(cells: list[str]) -> list[str] | None:
    """Return the values of cells (None: a comma is within one, so its rest has an odd quote)."""
    lines = ONE_BELOW_ANOTHER.join(cells)
    quotes = lines.count('"')
    if not quotes:
        return cells
    values = lines[1:-1].split(f'"{ONE_BELOW_ANOTHER}"')
    is_between_lines = lines.count(ONE_BELOW_ANOTHER) == len(cells) - 1 == len(values) - 1
    if is_between_lines and lines[0] == lines[-1] == '"' and quotes == 2 * len(cells):
        return values  # as splunkd sends times: each in quotes, and none within
    return None if any(map(is_within_quotes, cells)) else list(map(value_of, cells))


def written(value: str) -> str:
    """Return a cell as the SDK writes it."""
    return pair_text(value)[:-1]


def pair_text(value: str | list[str]) -> str:
    """Return a field and its multivalue twin as the SDK writes them."""
    if isinstance(value, str) or len(value) < 2:  # noqa: PLR2004 - several
        return f"{_quoted(''.join(value))},"
    twin = ";".join(f"${one.replace('$', '$$')}$" for one in value)
    return f"{_quoted(ONE_BELOW_ANOTHER.join(value))},{_quoted(twin)}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _needs_quotes(text) else text


def is_within_quotes(text: str) -> bool:
    """Return whether a text ends within quotes, or its rest began there."""
    return text.count('"') % 2 == 1


def whole_lines(lines: list[str]) -> list[str]:
    """Join lines that were cut within quotes, as in a multivalue's plain cell; give none where one is not whole."""
    if not any(many % 2 for many in set(map(_count_quotes, lines))):
        return lines
    whole: list[str] = []
    parts: list[str] = []
    for line in lines:
        ends_otherwise = is_within_quotes(line)
        if not parts and not ends_otherwise:
            whole.append(line)
            continue
        parts.append(line)
        if ends_otherwise and len(parts) > 1:
            whole.append("\n".join(parts))
            parts = []
    return [] if parts else whole
