"""Which file a row's parent is, where the row has no hash of it: the parent's own row in the same search says so.

Sysmon and the CIM have the hash of a process, and only the name of its parent. The parent started before: where its
start is in the same search, that row has its hash. It is told by its identity (GUID), else by host, process number and
path, else by host and path. Where rows name no host, a path alone names no single file; but if a file that ran from it
is not signed, nobody knows that the parent is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Iterator, NamedTuple, Sequence, Tuple

from cbverdict.events.lineage import read_lineages
from cbverdict.verdicts.reasons import Signed, Source

if TYPE_CHECKING:
    from cbverdict.events.columns import EventFields
    from cbverdict.events.event import Process, ProcessEvent
    from cbverdict.events.lineage import Lineage
    from cbverdict.events.texts import Record
    from cbverdict.verdicts.verdict import Answer

_MAX_KEYS = 200_000
_MAX_FILES = 20  # that one key may stand for: more are told apart by nothing

Key = Tuple[str, ...]


class ParentFile(NamedTuple):
    """The files that a row's parent may be; `is_own`: they are of the row itself or of the parent's own row."""

    files: Tuple[Process, ...]
    is_own: bool = True

    def signed(self, answers: Sequence[Answer]) -> Signed:
        """Return whether the parent is signed, where this was answered of its files."""
        found = [answer.verdict.signed for answer in answers]
        if not self.is_own or len(set(found)) != 1:
            return Signed.FALSE if self.is_own and Signed.FALSE in found else Signed.UNKNOWN
        return found[0]

    def is_in_doubt(self, answers: Sequence[Answer]) -> bool:
        """Return whether of a file that may be the parent nobody said anything, or one of any host is unsigned."""
        hashed = [answer for file, answer in zip(self.files, answers) if file.md5 is not None]
        is_unsigned = any(answer.verdict.signed is Signed.FALSE for answer in hashed)
        return any(answer.source is Source.NONE for answer in hashed) or (is_unsigned and not self.is_own)


class ParentFiles:
    """The files of the processes that one search has come across."""

    def __init__(self) -> None:
        """Start with none."""
        self._files: Dict[Key, Dict[Process, None]] = {}

    def find(self, records: Sequence[Record], events: Sequence[ProcessEvent], fields: EventFields) -> list[ParentFile]:
        """Return the files that the rows' parents may be, those that ran in these rows among them."""
        lineages = read_lineages(records, fields)
        self._note(events, lineages)
        return [self._find(event, lineage) for event, lineage in zip(events, lineages)]

    def _note(self, events: Sequence[ProcessEvent], lineages: Sequence[Lineage]) -> None:
        """Remember which files run as which processes."""
        if len(self._files) > _MAX_KEYS:
            self._files.clear()
        for event, lineage in zip(events, lineages):
            if event.process.md5 is not None:
                for key in _keys(lineage.guid, event.host, lineage.number, lineage.path):
                    files = self._files.setdefault(key, {})
                    if len(files) < _MAX_FILES:
                        files[event.process] = None

    def _find(self, event: ProcessEvent, lineage: Lineage) -> ParentFile:
        """Return the files that a row's parent may be: what the row says itself, where it says anything."""
        if event.parent.md5 is None and not event.has_odd_parent:
            for key in _keys(lineage.parent_guid, event.host, lineage.parent_number, lineage.parent_path):
                if key in self._files:
                    return ParentFile(tuple(self._files[key]), is_own=key[0] != "path")
        return ParentFile((event.parent,))


def _keys(guid: str, host: str, number: str, path: str) -> Iterator[Key]:
    """Yield what tells a process, the surest first."""
    if guid:
        yield "guid", guid
    if host and number and path:
        yield "process", host.lower(), number, path
    if host and path:
        yield "file", host.lower(), path
    if path:
        yield "path", path
