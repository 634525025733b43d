"""What the simulator knows of the rows that are under way, and no more, so that it does not grow with the file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Callable, Iterable, Iterator, NamedTuple

from cbverdict.events.columns import EventFields
from cbverdict.events.event import read_event
from cbverdict.events.named_file import Process
from cbverdict.verdicts.hashes import FileHash, Md5, is_sha256
from tests.lab.edr.estate import Estate, Start, read_signatures
from tests.lab.edr.server import EdrServer
from tests.lab.host import Row
from tests.lab.rows import InputError
from tests.lab.site import Site

MOST_SIGNATURES = 200_000
"""Hashes of a signature table that are held."""
_MOST_AT_ONCE = 10_000


class Binary(NamedTuple):
    """What a signature table, or chance, says of a binary."""

    result: str
    publisher: str
    path: str


Find = Callable[[Process], "Binary | None"]


def read_table(path: Path, most: int = MOST_SIGNATURES) -> Find:
    """Read a signature table; the first row of a hash counts.

    Raises:
        InputError: it is no such table, or has more hashes than are held.
    """
    table: dict[Md5, Binary] = {}
    for md5, result, publisher, observed in read_signatures(path):
        table.setdefault(md5, Binary(result, publisher, observed))
        if len(table) > most:
            raise InputError(f"SIGNATURES={path} has more than {most} hashes: keep those that INPUT has")
    if not table:
        raise InputError(f"SIGNATURES={path} has no rows")
    return lambda process: table.get(Md5(process.md5)) if process.md5 else None


def make_up(process: Process) -> Binary | None:
    """Make up what is known of a binary, the same for the same hash: most are signed, some unsigned, some not seen."""
    draw = hashlib.sha256(str(process.md5).encode()).digest()[0]
    if draw >= 240:
        return None
    if draw >= 210:
        return Binary("Unsigned", "", process.name or "")
    return Binary("Signed", f"Made-up publisher {draw % 7}", process.name or "")


class Supply:
    """Tell the simulator of the hashes of the rows under way; `requests` counts what it was asked."""

    def __init__(
        self, site: Site, edr: EdrServer | None, find: Find | None, fields: EventFields, most: int = _MOST_AT_ONCE
    ) -> None:
        """Take the site, its simulator (None: a real server), what is known (None: it knows all), what is read.

        From `most` hashes on, they are forgotten after a chunk.
        """
        self._most = most
        self._site = site
        self._edr = edr
        self._find = find
        self._fields = fields
        self._held: set[FileHash] = set()
        self._requests = 0

    @property
    def requests(self) -> int | None:
        """Say how many requests the simulator got (None: there is none)."""
        return self._requests + len(self._edr.requests) if self._edr else None

    def follow(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Pass rows on, and see to it that the simulator knows their hashes before they are asked about."""
        for row in rows:
            event = read_event(row, self._fields)
            for process in (event.process, event.parent):
                if process.md5 is not None and process.md5 not in self._held:
                    self._held.add(process.md5)
                    self._add(process, process.md5)
            yield row

    def forget(self) -> None:
        """Forget, between two chunks, what no row needs any more."""
        if self._edr:
            self._requests += len(self._edr.requests)
            self._edr.requests.clear()
        if len(self._held) < self._most:
            return
        self._held.clear()
        self._site.splunkd.forget_verdicts()
        if self._edr and self._find:
            self._edr.estate = Estate()

    def _add(self, process: Process, file_hash: FileHash) -> None:
        found = self._find(process) if self._find else None
        if self._edr and found:
            # The simulator has to know an MD5 of what a row has a SHA-256 of; whichever, for no row says.
            own = {"sha256": file_hash} if is_sha256(file_hash) else {}
            md5 = hashlib.md5(file_hash.encode(), usedforsecurity=False).hexdigest() if own else file_hash
            self._edr.estate.add_binary(md5, found.result, found.path, publisher=found.publisher, **own)
            self._edr.estate.add_process(Start(md5, found.path or "unknown.exe"))
