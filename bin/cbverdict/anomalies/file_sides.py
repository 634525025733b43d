"""What names and signatures say, a file's and its parent's, whoever ran it and whenever.

Rows of one file are many and say the same of it, so it is found out once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, NamedTuple, Sequence, Tuple

from cbverdict.anomalies.baselines import program_kind
from cbverdict.anomalies.explanations import (
    LIBRARY,
    LOADED,
    MORE_NAMES,
    NAMELESS,
    NO_PROCESS,
    ODD_PARENT,
    SEVERAL_PARENTS,
    TAMPERING,
    denied_signer,
    odd_names,
    other_names,
    outside_windows,
    tool_named,
)
from cbverdict.events.odd_names import is_of_library
from cbverdict.verdicts.reasons import Signed
from cbverdict.verdicts.signature import Signature

if TYPE_CHECKING:
    from cbverdict.anomalies.reference_lists import Lists
    from cbverdict.events.event import ProcessEvent
    from cbverdict.verdicts.verdict import Verdict

_MAX_FILES = 20_000


class FileSide(NamedTuple):
    """What a program is called and counted as (None: it has no name), and what is odd about its names or its parent's.

    `tool` says that it is a tool that intruders live off, and how (empty: it is none). `publisher` is who signed it
    (empty: nobody known), `denied` says which signers are not wanted, the parent's too. `gateways` are the names of
    the parent through which others act, and how they do.
    """

    name: str | None
    process: str | None
    oddities: Tuple[str, ...]
    tool: str
    publisher: str
    denied: Tuple[str, ...]
    gateways: Tuple[Tuple[str, str], ...]


class _File(NamedTuple):
    """What its row and its verdict say of a file alone; see `FileSide`."""

    name: str | None
    process: str | None
    odd_names: Tuple[str, ...]
    other_names: Tuple[str, ...]
    unknown_names: Tuple[str, ...]
    tool: str
    publisher: str
    denied: Tuple[str, ...]


class _Parent(NamedTuple):
    """What a row and its parent's signatures say of the parent alone; `gateways` are names that may be of one."""

    odd_names: Tuple[str, ...]
    other_names: Tuple[str, ...]
    denied: Tuple[str, ...]
    gateways: Tuple[str, ...]


class FileSides:
    """Those of one search; few files and few parents make many pairs, so each is judged by itself."""

    def __init__(self, lists: Lists) -> None:
        """Store the lists."""
        self._lists = lists
        self._files: Dict[Tuple[object, ...], _File] = {}
        self._parents: Dict[Tuple[object, ...], _Parent] = {}

    def of(self, event: ProcessEvent, verdict: Verdict, parents: Tuple[Signature, ...] = ()) -> FileSide:
        """Judge a row's names and its verdict's signature, and those of its parents."""
        file, parent = self._file(event, verdict), self._parent(event, parents)
        several = (SEVERAL_PARENTS,) if event.has_several_parents else ()
        odd_hash = (ODD_PARENT,) if event.has_odd_parent else ()
        reasons = ((name, self._lists.gateway(name, file.name or "")) for name in parent.gateways)
        return FileSide(
            file.name,
            file.process,
            (
                *file.odd_names, *parent.odd_names, *file.other_names, *parent.other_names, *several, *odd_hash,
                *file.unknown_names,
            ),
            file.tool,
            file.publisher,
            file.denied + parent.denied,
            tuple((name, reason) for name, reason in reasons if reason is not None),
        )  # fmt: skip

    def _file(self, event: ProcessEvent, verdict: Verdict) -> _File:
        """Judge a file, once for all rows that say the same of it; all that is read is in the key."""
        key = (
            event.process.name, event.names, event.other_names, event.original_names, event.is_any_file,
            event.has_loaded, event.is_tampering, event.findings, verdict.signature, verdict.signed is Signed.TRUE,
        )  # fmt: skip
        found = self._files.get(key)
        if found is None:
            _make_room(self._files)
            found = self._files[key] = self._judge_file(event, verdict)
        return found

    def _parent(self, event: ProcessEvent, signatures: Tuple[Signature, ...]) -> _Parent:
        """Judge a parent likewise."""
        key = (
            event.parent.name, event.parent_names, event.parent_paths, event.parent_commands,
            event.parent_original_names, signatures,
        )  # fmt: skip
        found = self._parents.get(key)
        if found is None:
            _make_room(self._parents)
            found = self._parents[key] = self._judge_parent(event, signatures)
        return found

    def _judge_file(self, event: ProcessEvent, verdict: Verdict) -> _File:
        own = verdict.signature or Signature()
        # A row without the name of its process is judged by the one that its author gave the file.
        own_name = event.process.name or next((name.lower().removesuffix(".mui") for name in own.author_names), None)
        names = (*event.names, *event.other_names, *event.original_names, *own.names)
        is_nameless = verdict.signed is Signed.TRUE and not names
        odd = list(odd_names(dict.fromkeys((*event.names, *event.original_names)), "name"))
        if any(map(is_of_library, event.names)) or (own.seen_names and all(map(is_of_library, own.seen_names))):
            odd.append(LIBRARY)
        if event.is_any_file:
            odd.append(NO_PROCESS)
        if event.has_loaded and event.process.md5 is not None:
            odd.append(LOADED)
        if event.is_tampering and event.process.md5 is not None:
            odd.append(TAMPERING)
        odd += event.findings
        given = (*((name,) for name in event.original_names), own.author_names)
        return _File(
            own_name,
            program_kind(own_name),
            (NAMELESS, *odd) if is_nameless else tuple(odd),
            tuple(other_names(f"{event.process.name}", event.names, given)),
            (MORE_NAMES,) if own.has_more_names else (),
            self._tool(names),
            own.publisher,
            self._denied("", [own]),
        )

    def _judge_parent(self, event: ProcessEvent, signatures: Sequence[Signature]) -> _Parent:
        given = [*((name,) for name in event.parent_original_names), *(one.author_names for one in signatures)]
        documented = (name for one in signatures for name in one.names)
        said = (event.parent.name or "", *event.parent_names, *event.parent_commands, *event.parent_original_names)
        names = dict.fromkeys((*said, *documented))
        also = [path for path in event.parent_paths if path not in event.parent_names]
        return _Parent(
            (*odd_names(event.parent_names, "parent's name"), *outside_windows(also)),
            tuple(other_names(f"the parent {event.parent.name}", event.parent_names, given)),
            self._denied("its parent is ", signatures),
            tuple(filter(self._lists.may_be_gateway, names)),
        )

    def _tool(self, names: Iterable[str]) -> str:
        """Write which tool is named (empty: none)."""
        found = self._lists.tool_named(names)
        return "" if found is None else tool_named(*found)

    def _denied(self, whose: str, signatures: Iterable[Signature]) -> Tuple[str, ...]:
        """Write which signers are denied."""
        reasons = ((signer, self._lists.denied(signer)) for signer in dict.fromkeys(one.signer for one in signatures))
        return tuple(denied_signer(whose, signer, why) for signer, why in reasons if why is not None)


def _make_room(known: Dict[Tuple[object, ...], Any]) -> None:
    if len(known) >= _MAX_FILES:
        known.clear()
