"""Which file a row's parent is, where the row has no hash of it: the parent's own row in the same search says so.

Sysmon and the CIM have the hash of a process, and only the name of its parent. The parent started before: where its
start is in the same search, that row has its hash. It is told by its identity (GUID), else by host, process number and
path, else by host and path. Where rows name no host, a path alone names no single file, and a name less; but if a file
that ran from it is not signed, nobody knows that the parent is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Iterable, Mapping, NamedTuple, Sequence, Tuple

from cbverdict.events.lineage import read_lineages
from cbverdict.events.names import stem_of
from cbverdict.verdicts.reasons import Signed, Source

if TYPE_CHECKING:
    from cbverdict.events.columns import EventFields
    from cbverdict.events.event import ProcessEvent
    from cbverdict.events.lineage import Lineage
    from cbverdict.events.named_file import Process
    from cbverdict.events.texts import Record
    from cbverdict.verdicts.verdict import Answer

_MAX_KEYS = 200_000
_MAX_FILES = 20  # that one key may stand for: more are told apart by nothing

Key = Tuple[str, ...]

_SAID = ("", "number", "guid")
"""The surest that a row with a host and a path says of which process it is."""


class ParentFile(NamedTuple):
    """The files that a row's parent may be; `is_own`: they are of the row itself or of the parent's own row.

    `may_be_others`: it may be one more, that is not among them. `lineage` is what the parent's own row is looked for by
    where the row itself has a hash of it, and nobody knows that one (None: it has none).
    """

    files: Tuple[Process, ...]
    is_own: bool = True
    may_be_others: bool = False
    lineage: Lineage | None = None

    def signed(self, answers: Sequence[Answer]) -> Signed:
        """Return whether the parent is signed, where this was answered of its files."""
        found = [answer.verdict.signed for answer in answers]
        if not self.is_own or self.may_be_others or len(set(found)) != 1:
            return Signed.FALSE if self.is_own and Signed.FALSE in found else Signed.UNKNOWN
        return found[0]

    def is_in_doubt(self, answers: Sequence[Answer]) -> bool:
        """Return whether of a file that may be the parent nobody said anything, or one of any host is unsigned."""
        hashed = [answer for file, answer in zip(self.files, answers) if file.md5 is not None]
        is_unsigned = any(answer.verdict.signed is Signed.FALSE for answer in hashed)
        is_unanswered = any(answer.source is Source.NONE for answer in hashed)
        return self.may_be_others or is_unanswered or (is_unsigned and not self.is_own)


class ParentFiles:
    """The files of the processes that one search has come across."""

    def __init__(self) -> None:
        """Start with none."""
        self._files: Dict[Key, Dict[Process, None]] = {}
        self._full: set[Key] = set()
        self._sought: set[Key] = set()
        self._has_forgotten = False
        self._late: list[Process] = []
        self._was_too_soon = False

    def find(self, records: Sequence[Record], events: Sequence[ProcessEvent], fields: EventFields) -> list[ParentFile]:
        """Return the files that the rows' parents may be, those that ran in these rows among them."""
        lineages = read_lineages(records, fields)
        self._note(events, lineages)
        return [self._find(event, lineage) for event, lineage in zip(events, lineages)]

    def find_row(self, event: ProcessEvent, lineage: Lineage) -> Tuple[Process, ...]:
        """Return the files of the rows that may be the parent's own; asked where the row's hash of it says nothing."""
        return self._find_row(event, lineage).files

    def hear(self, answers: Mapping[Process, Answer]) -> None:
        """Hear what was answered of the files that were found last."""
        late, self._late = self._late, []
        verdicts = [answers[file].verdict for file in late]
        self._was_too_soon |= any(one.signed is not Signed.TRUE or one.signature is not None for one in verdicts)

    def take_was_too_soon(self) -> bool:
        """Return once whether rows that were judged before would be judged otherwise by what came since.

        A search gives its newest rows first, a child before its parent.
        """
        was_too_soon, self._was_too_soon = self._was_too_soon, False
        return was_too_soon

    def _note(self, events: Sequence[ProcessEvent], lineages: Sequence[Lineage]) -> None:
        """Remember which files run as which processes."""
        if len(self._files) + len(self._sought) > _MAX_KEYS:
            self._files.clear()
            self._full.clear()
            self._sought.clear()
            self._has_forgotten = self._was_too_soon = True  # Whose parent comes later is not noticed any more.
        for event, lineage in zip(events, lineages):
            if event.process.md5 is None:
                continue
            for key in _all_keys(event, lineage):
                files = self._files.setdefault(key, {})
                if event.process in files or key in self._full:
                    continue
                if key in self._sought:
                    self._late.append(event.process)
                if len(files) < _MAX_FILES:
                    files[event.process] = None
                else:
                    self._full.add(key)
                    self._was_too_soon |= key in self._sought

    def _find(self, event: ProcessEvent, lineage: Lineage) -> ParentFile:
        """Return the files that a row's parent may be: what the row says itself, where it says anything."""
        if event.parent.md5 is not None or event.has_odd_parent:
            return ParentFile((event.parent,), lineage=lineage)
        return self._find_row(event, lineage)

    def _find_row(self, event: ProcessEvent, lineage: Lineage) -> ParentFile:
        """Return the files of the rows that may be the parent's own."""
        own, others = _keys_of_parent(event.host, lineage)
        self._sought.update(own)
        kind = next((key[0] for key in own if key in self._files), "")
        if kind:
            sure = [key for key in own if key[0] == kind]
            return ParentFile(self._files_of(sure), may_be_others=self._may_be_others(sure))
        # A row without the path may be that of any path; another path is another file, unless this one is nowhere.
        of_path: list[Key] = [("path", lineage.parent_path)] if lineage.parent_path else []
        kinds = ("name",) if self._files.keys() & of_path else ("name", "name of a path")
        names = (event.parent.name,) if event.parent.name else event.parent_commands
        vague = [*others, *of_path, *((kind, stem_of(name)) for kind in kinds for name in names)]
        self._sought.update(vague)
        files = self._files_of(vague)
        return ParentFile(files or (event.parent,), not files, self._may_be_others([*own, *vague]))

    def _files_of(self, keys: Iterable[Key]) -> Tuple[Process, ...]:
        return tuple(dict.fromkeys(file for key in keys for file in self._files.get(key, ())))

    def _may_be_others(self, keys: Sequence[Key]) -> bool:
        return (self._has_forgotten and bool(keys)) or not self._full.isdisjoint(keys)


def _keys_of_parent(host: str, lineage: Lineage) -> tuple[list[Key], list[Key]]:
    """Return what tells a row's parent, the surest first, and what finds its file in rows of other processes.

    What a row says of itself that the child says otherwise (GUID, number) makes it another process of the same file.
    """
    guid, number, path = lineage.parent_guid, lineage.parent_number, lineage.parent_path
    own: list[Key] = [("guid", guid)] if guid else []
    others: list[Key] = []
    if host and path:
        for said in _SAID[1:] if number else ():
            (others if guid and said == "guid" else own).append(("process", host.lower(), number, path, said))
        for said in _SAID:
            is_other = (said == "guid" and bool(guid or number)) or (said == "number" and bool(number))
            (others if is_other else own).append(("file", host.lower(), path, said))
    return own, others


def _all_keys(event: ProcessEvent, lineage: Lineage) -> list[Key]:
    """Return all that a row's process may be looked for by."""
    guid, number, path, host = lineage.guid, lineage.number, lineage.path, event.host.lower()
    keys: list[Key] = [("guid", guid)] if guid else []
    if host and path:
        said = "guid" if guid else "number" if number else ""
        keys += [("process", host, number, path, said)] if number else []
        keys.append(("file", host, path, said))
    keys += [("path", path)] if path else []
    if event.process.name:
        keys.append(("name of a path" if path else "name", stem_of(event.process.name)))
    return keys
