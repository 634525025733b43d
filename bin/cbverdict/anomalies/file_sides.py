"""What a file's names and its signature say, whoever ran it, whenever, and from whatever parent.

Rows of one file are many and say the same of it, so it is found out once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, NamedTuple, Tuple

from cbverdict.anomalies.baselines import program_kind
from cbverdict.anomalies.explanations import NAMELESS, oddities_of
from cbverdict.verdicts.reasons import Signed
from cbverdict.verdicts.signature import Signature

if TYPE_CHECKING:
    from cbverdict.anomalies.reference_lists import Lists
    from cbverdict.events.event import ProcessEvent
    from cbverdict.verdicts.verdict import Verdict

_MAX_FILES = 20_000


class FileSide(NamedTuple):
    """What a program is counted as (None: it has no name), and what is odd about its names.

    `publisher` is who signed it (empty: nobody known), `denied` why that is not wanted (None: it is not denied).
    """

    process: str | None
    oddities: Tuple[str, ...]
    names_a_tool: bool
    publisher: str
    denied: str | None


class FileSides:
    """Those of one search."""

    def __init__(self, lists: Lists) -> None:
        """Store the lists."""
        self._lists = lists
        self._known: Dict[Tuple[object, ...], FileSide] = {}

    def of(self, event: ProcessEvent, verdict: Verdict) -> FileSide:
        """Judge a row's names and its verdict's signature; all that is read of either is in the key."""
        key = (
            event.process.name, event.names, event.other_names, event.original_names, event.has_several_parents,
            verdict.signature, verdict.signed is Signed.TRUE,
        )  # fmt: skip
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MAX_FILES:
                self._known.clear()
            found = self._known[key] = self._judge(event, verdict)
        return found

    def _judge(self, event: ProcessEvent, verdict: Verdict) -> FileSide:
        signature = verdict.signature or Signature()
        publisher, file_names, author_names = signature.publisher, signature.names, signature.author_names
        # A row without the name of its process is judged by the one that its author gave the file.
        own_name = event.process.name or next((name.lower().removesuffix(".mui") for name in author_names), None)
        names = (*event.names, *event.other_names, *event.original_names, *file_names)
        is_nameless = verdict.signed is Signed.TRUE and not (names or author_names)
        return FileSide(
            program_kind(own_name),
            (NAMELESS,) if is_nameless else tuple(oddities_of(event, author_names)),
            self._lists.names_a_tool(names),
            publisher,
            self._lists.denied(publisher),
        )
