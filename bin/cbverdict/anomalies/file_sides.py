"""What names and signatures say, a file's and its parent's, whoever ran it and whenever.

Rows of one file are many and say the same of it, so it is found out once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Dict, Iterable, Iterator, NamedTuple, Sequence, Tuple

from cbverdict.anomalies.baselines import program_kind
from cbverdict.anomalies.explanations import MORE_NAMES, NAMELESS, denied_signer, oddities_of
from cbverdict.verdicts.reasons import Signed
from cbverdict.verdicts.signature import Signature

if TYPE_CHECKING:
    from cbverdict.anomalies.reference_lists import Lists
    from cbverdict.events.event import ProcessEvent
    from cbverdict.verdicts.verdict import Verdict

_MAX_FILES = 20_000
_MAX_NAMES = 4096


class FileSide(NamedTuple):
    """What a program is called and counted as (None: it has no name), and what is odd about its names or its parent's.

    `publisher` is who signed it (empty: nobody known), `denied` says which signers are not wanted, the parent's too.
    `gateways` are the names of the parent through which others act, and how they do.
    """

    name: str | None
    process: str | None
    oddities: Tuple[str, ...]
    names_a_tool: bool
    publisher: str
    denied: Tuple[str, ...]
    gateways: Tuple[Tuple[str, str], ...]


class FileSides:
    """Those of one search."""

    def __init__(self, lists: Lists) -> None:
        """Store the lists; a few names and signers make many pairs of a file and its parent, so each is sought once."""
        self._names_a_tool = lru_cache(_MAX_NAMES)(lambda name: lists.names_a_tool((name,)))
        self._why_denied = lru_cache(_MAX_NAMES)(lists.denied)
        self._gateway = lru_cache(_MAX_NAMES)(lambda parent, child: lists.gateway((parent,), child))
        self._known: Dict[Tuple[object, ...], FileSide] = {}

    def of(self, event: ProcessEvent, verdict: Verdict, parents: Tuple[Signature, ...] = ()) -> FileSide:
        """Judge a row's names and its verdict's signature, and those of its parents; all that is read is in the key."""
        key = (
            event.process.name, event.names, event.other_names, event.original_names, event.has_several_parents,
            event.parent.name, event.parent_names, parents, verdict.signature, verdict.signed is Signed.TRUE,
        )  # fmt: skip
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MAX_FILES:
                self._known.clear()
            found = self._known[key] = self._judge(event, verdict, parents)
        return found

    def _judge(self, event: ProcessEvent, verdict: Verdict, parents: Sequence[Signature]) -> FileSide:
        own = verdict.signature or Signature()
        # A row without the name of its process is judged by the one that its author gave the file.
        own_name = event.process.name or next((name.lower().removesuffix(".mui") for name in own.author_names), None)
        names = (*event.names, *event.other_names, *event.original_names, *own.names)
        oddities = tuple(oddities_of(event, own.author_names, [one.author_names for one in parents]))
        if verdict.signed is Signed.TRUE and not names:
            oddities = (NAMELESS, *oddities)
        if own.has_more_names:
            oddities = (*oddities, MORE_NAMES)
        return FileSide(
            own_name,
            program_kind(own_name),
            oddities,
            any(map(self._names_a_tool, names)),
            own.publisher,
            self._denied(own, parents),
            tuple(self._gateways(event.parent.name or "", parents, own_name or "")),
        )

    def _gateways(self, parent: str, files: Iterable[Signature], child: str) -> Iterator[Tuple[str, str]]:
        """Yield under which names the parent is one through which others act: the row's of it, and its file's."""
        for name in dict.fromkeys((parent, *(name for one in files for name in one.names))):
            reason = self._gateway(name, child)
            if reason is not None:
                yield name, reason

    def _denied(self, own: Signature, parents: Iterable[Signature]) -> Tuple[str, ...]:
        """Write which signers are denied, of the process and of its parent."""
        signers = {("", own.signer): None, **{("its parent is ", one.signer): None for one in parents}}
        reasons = ((whose, signer, self._why_denied(signer)) for whose, signer in signers)
        return tuple(denied_signer(whose, signer, why) for whose, signer, why in reasons if why is not None)
