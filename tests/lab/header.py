"""The header of a CSV file: what stands between its names, and whether they are names at all."""

from __future__ import annotations

import csv
import re

from cbverdict.events.columns import (
    HOST_FIELDS,
    MD5_FIELDS,
    NAME_FIELDS,
    ORIGINAL_NAME_FIELDS,
    OTHER_TIME_FIELDS,
    TEAM_FIELDS,
    TIME_FIELD,
    USER_FIELDS,
)
from cbverdict.events.parent_columns import (
    PARENT_MD5_FIELDS,
    PARENT_NAME_FIELDS,
)
from cbverdict.verdicts.verdict import DETAIL_FIELDS, STATUS_FIELDS

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

_READ = (
    MD5_FIELDS,
    NAME_FIELDS,
    PARENT_MD5_FIELDS,
    PARENT_NAME_FIELDS,
    USER_FIELDS,
    TEAM_FIELDS,
    HOST_FIELDS,
    OTHER_TIME_FIELDS,
    ORIGINAL_NAME_FIELDS,
)
_OURS = (*STATUS_FIELDS, *DETAIL_FIELDS)
KNOWN = {*(name for names in _READ for name in names), *_OURS, TIME_FIELD, "_raw", "signature"}
"""Names that a column of an event has: what the command reads, and some beside it."""
# What is never the name of a field, and what it is then.
_DATA = {
    "a hash": re.compile(
        r"(?i)(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|.*\b(?:md5|sha1|sha256|imphash)[=:][0-9a-f]+.*)"
    ),
    "a time": re.compile(
        r"\d{4}[-/]\d\d?[-/]\d\d?[T ]\d\d?:.*|\d\d?[-./]\d\d?[-./]\d{2,4}(?: .*)?|1\d{9}(?:\d{3})?(?:\.\d+)?"
    ),
    "a path or an account": re.compile(r".*\\.*|[A-Za-z]:/.*|/.+"),
    "an address": re.compile(
        r"\d{1,3}(?:\.\d{1,3}){3}|[^@\s]+@[^@\s]+\.[^@\s]+|(?i:[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,7})"
    ),
    "an id": re.compile(r"(?i)\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?"),
    "a program": re.compile(r"(?i).+\.(?:exe|dll|sys|com|bat|cmd|ps1|scr|msi|sh|py|js|vbs)"),
}
# What may be the name of a column, as in a table over days, but hardly where no field is named that is read.
_PERHAPS_DATA = {
    "a number": re.compile(r"[-+]?\d+(?:[.,]\d+)?"),
    "a date": re.compile(r"\d{4}-\d\d-\d\d"),
    "true or false": re.compile(r"(?i)true|false"),
}


def find_separator(line: str) -> str:
    """Find what separates the names of a header: what gives most names that are read, then most names."""
    cells = {separator: next(csv.reader([line], delimiter=separator), []) for separator in SEPARATORS}

    def rank(separator: str) -> tuple[int, int]:
        return sum(cell.strip() in KNOWN for cell in cells[separator]), len(cells[separator])

    return max(SEPARATORS, key=rank)  # the first of equals, so a comma


def check_names(names: list[str]) -> str:
    """Say what is wrong with the names of a header, to be put behind the file's (empty: nothing).

    No cell is quoted that may be no name: a file with a secret in it may have been given.
    """
    for number, name in enumerate(names, 1):
        what = _data(name, has_known=not KNOWN.isdisjoint(names))
        if what:
            return (
                f" has no header: column {number} of its first line is {what}. "
                "Put a line with the names of the columns first, such as _time,user,process_name,md5"
            )
    if "" in names:
        return f": column {names.index('') + 1} of the header has no name: name it, or take the column away"
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        return f": the header names {', '.join(twice)} twice: rename one of them"
    return ""


def _data(cell: str, *, has_known: bool) -> str:
    kinds = _DATA if has_known else {**_DATA, **_PERHAPS_DATA}
    return next((what for what, pattern in kinds.items() if pattern.fullmatch(cell)), "")
