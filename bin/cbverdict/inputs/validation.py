"""Whether an input's query finds what it is meant to find, before the input is saved."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Callable, NamedTuple

from cbverdict.errors import SetupError
from cbverdict.inputs.progress.window import second

if TYPE_CHECKING:
    from cbverdict.inputs.arguments import InputArguments
    from cbverdict.inputs.reader import Reader

_EVER = "1970-01-08T00:00:00"
_DAY = 86400.0
EVENT_BYTES = 1150
"""Bytes of an event of a process: what recorded documents come to (a test measures it)."""

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\\.')
_FIELD = re.compile(r"(?<![\w:.\\])([A-Za-z_]\w*):(?=\S)")


# Of "Advanced Search Queries": whatever a server's list of terms leaves out of a query, these are fields.
_DOCUMENTED = re.compile(
    "(digsig|alliance|block|process|parent|childproc|crossproc|filemod|regmod|modload|netconn|ip|domain|md5|sha256|path|"
    "cmdline|hostname|host_|username|group|os_type|sensor_id|start|last_|watchlist|company_name|product_|file_|internal_|"
    "original_|observed_|is_|server_added|orig_mod|copied_mod|legal_|comments|private_|special_|tampered|logon_|uid|"
    "emet|has_|terminated|unique_id|id$|fileless)"
)


class Estimate(NamedTuple):
    """How many rows a query found within the last day, of how many, and at most how many MB of events that makes."""

    rows: int
    all_rows: int

    @property
    def megabytes(self) -> float:
        """Events in MB a day; several rows may be one process."""
        return self.rows * EVENT_BYTES / 1e6


def check_query(reader_of: Callable[[InputArguments], Reader], arguments: InputArguments, begin: str) -> None:
    """Check that the server understands a query, and that it finds anything.

    Raises:
        SetupError: it does not; the text says what the server made of it.
        EdrError: the server does not answer.
    """
    if not arguments.query:
        return
    reader = reader_of(arguments)
    terms = reader.terms()
    bare = _QUOTED.sub("", arguments.query)
    named = [name.lower() for name in dict.fromkeys(_FIELD.findall(bare)) if not _DOCUMENTED.match(name.lower())]
    not_read = [name for name in named if not any(_names(term, name) for term in terms)]
    if terms and not_read:
        raise SetupError(
            f"query names {', '.join(not_read)}, which Carbon Black does not know as a field: it read "
            f"{' '.join(terms)[:300]}"
        )
    if reader.count(begin, "") or reader.count(_EVER, ""):
        return
    everything = reader_of(replace(arguments, query="")).count(begin, "")
    if everything:
        raise SetupError(
            f"query matches 0 of {everything:,} rows since {begin}Z, and none before: is it meant? Carbon Black read "
            f"{' '.join(terms)[:300] or 'no terms'}. If it is, write the input into inputs.conf: that is not checked"
        )


def estimate(reader_of: Callable[[InputArguments], Reader], arguments: InputArguments, now: float) -> Estimate:
    """Ask how much an input would write a day: what came within the last one; raises `EdrError`."""
    since = second(now - _DAY)
    rows = reader_of(arguments).count(since, "")
    everything = reader_of(replace(arguments, query="")).count(since, "") if arguments.query else rows
    return Estimate(rows, everything)


def _names(term: str, name: str) -> bool:
    return term.lstrip("-+(").lower().startswith(f"{name.lower()}:")
