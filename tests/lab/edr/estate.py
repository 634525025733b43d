"""What the simulated server knows: processes (in segments) and binaries, in Carbon Black's own shapes."""

from __future__ import annotations

import csv
import ntpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterable, Iterator

from cbverdict.verdicts.hashes import Md5, parse_md5
from tests.lab.edr.search import BINARY_FIELDS, DIGSIG_FIELDS, PROCESS_FIELDS, Ids, Index, Search
from tests.lab.rows import InputError, read_rows

if TYPE_CHECKING:
    from pathlib import Path

_RESULT_CODE = {"Signed": "0", "Unsigned": "2148204800"}


def _status(result: str) -> dict[str, str]:
    """Give the three fields of a document that say its signature's status."""
    return {"digsig_result": result, "signed": result, "digsig_result_code": _RESULT_CODE.get(result, "1")}


@dataclass(frozen=True)
class Start:
    """One process start as a sensor saw it; times are ISO 8601 in UTC, the md5 may be empty.

    `reached` is when the server got it (empty: at once). `guid` is its id (empty: one is made), `parent_guid` that of
    its parent (empty: not known).
    """

    md5: str
    path: str
    username: str = "SYSTEM"
    hostname: str = "host"
    start: str = "2026-11-02T07:00:00.000Z"
    parent_path: str = ""
    cmdline: str = ""
    segments: int = 1
    reached: str = ""
    guid: str = ""
    parent_guid: str = ""
    pid: int = 0
    parent_pid: int = -1
    sha256: str = ""


class Estate:
    """Processes and binaries, searchable as Carbon Black searches them."""

    def __init__(self) -> None:
        """Start empty."""
        self.processes = Index(PROCESS_FIELDS, ("process_name", "path", "cmdline", "hostname", "username"))
        self.binaries = Index(BINARY_FIELDS, ("observed_filename", "product_name", *DIGSIG_FIELDS))
        self._processes_by_md5: dict[str, Ids] = {}
        self._binary_search = Search(self.binaries)
        self._joined: dict[tuple[str, str, bool], Ids] = {}

    def add_binary(self, md5: str, result: str | None, path: str = "", **digsig: str) -> None:
        """Add a binary document; `result` is its `digsig_result`, `digsig` its further `digsig_*` fields."""
        document: dict[str, Any] = {
            "md5": md5.upper(),
            "observed_filename": [path.lower()] if path else [],
            "original_filename": ntpath.basename(path),
            "os_type": "Windows",
            "host_count": 1,
            "server_added_timestamp": "2026-10-01T08:00:00.000Z",
            **({"sha256": digsig.pop("sha256")} if "sha256" in digsig else {}),
            "cb_version": 750,
        }
        if result is not None:
            document.update(_status(result))
        document.update({f"digsig_{name}": value for name, value in digsig.items() if value})
        self.add_document(document)

    def add_document(self, document: dict[str, Any]) -> None:
        """Add a binary document as a server recorded it."""
        self._joined.clear()
        self.binaries.add(document)

    def add_process(self, start: Start) -> list[int]:
        """Add a process with all its segments; give their numbers."""
        with self.processes.lock:
            return [self._add_segment(start, segment) for segment in range(1, start.segments + 1)]

    def update_process(self, number: int, **changes: Any) -> None:
        """Change a segment, as when its sensor reports more of it."""
        with self.processes.lock:
            document = {**self.processes.documents[number], **changes}
            self._processes_by_md5.setdefault(document["process_md5"], set()).add(number)
            self.processes.replace(number, document)
            self._joined.clear()

    def update_binary(self, md5: str, **changes: Any) -> None:
        """Change a binary's document, as when another sensor reports its signature otherwise."""
        if "digsig_result" in changes:
            changes = {**_status(changes["digsig_result"]), **changes}
        with self.binaries.lock:
            (number,) = self.binaries.find("md5", md5, is_phrase=True)
            self.binaries.replace(number, {**self.binaries.documents[number], **changes})
            self._joined.clear()

    def _add_segment(self, start: Start, segment: int) -> int:
        number = len(self.processes.documents)
        guid = start.guid or f"00000001-0000-{(number - segment + 1) % 65536:04x}-01d5-{number - segment + 1:012x}"
        parent_guid = start.parent_guid or "00000001-ffff-ffff-0000-000000000000"
        md5 = start.md5.lower() or "0" * 30
        reached = start.reached or start.start
        self._processes_by_md5.setdefault(md5, set()).add(number)
        self._joined.clear()
        return self.processes.add(
            {
                "process_md5": md5,
                "md5": md5,
                "process_name": ntpath.basename(start.path).lower(),
                "path": start.path.lower(),
                "cmdline": start.cmdline or start.path,
                "username": start.username,
                "hostname": start.hostname,
                "start": start.start,
                "last_update": start.start,
                "last_server_update": reached,
                "parent_name": ntpath.basename(start.parent_path).lower() or "(unknown)",
                "parent_md5": "0" * 30,
                "group": "default group",
                "os_type": "windows",
                "host_type": "workstation",
                "process_pid": start.pid or 1000 + number % 30000,
                "parent_pid": start.parent_pid,
                "parent_id": parent_guid,
                "parent_unique_id": f"{parent_guid}-000000000001",
                "sensor_id": 1,
                "id": guid,
                "unique_id": f"{guid}-{segment:012x}",
                "segment_id": segment,
                "terminated": False,
                **({"process_sha256": start.sha256} if start.sha256 else {}),
            }
        )

    def search_processes(self, query: str) -> tuple[Ids, list[str]]:
        """Find process documents; binary fields are joined over the md5."""
        return Search(self.processes, self._join).run(query)

    def search_binaries(self, query: str) -> tuple[Ids, list[str]]:
        """Find binary documents."""
        return self._binary_search.run(query)

    def find_binary(self, md5: str) -> dict[str, Any] | None:
        """Give the document of one binary."""
        found = self.binaries.find("md5", md5, is_phrase=True)
        return self.binaries.documents[min(found)] if found else None

    def _join(self, field: str, term: str, is_phrase: bool) -> Ids | None:  # noqa: FBT001 - Search's own signature
        if not self.binaries.has(field):
            return None
        key = (field, term, is_phrase)
        if key not in self._joined:
            md5s = [
                self.binaries.documents[number]["md5"].lower()
                for number in self.binaries.find(field, term, is_phrase=is_phrase)
            ]
            self._joined[key] = set().union(*(self._processes_by_md5.get(md5, set()) for md5 in md5s))
        return self._joined[key]


def add_signatures(estate: Estate, path: Path) -> None:
    """Add the binaries of a signature table, each with one process start.

    Raises:
        InputError: it is no such table.
    """
    for md5, result, publisher, observed in read_signatures(path):
        estate.add_binary(md5, result, observed, publisher=publisher)
        estate.add_process(Start(md5, observed))
    if not estate.binaries.documents:
        raise InputError(f"{path} has no rows")


def read_signatures(path: Path) -> Iterator[tuple[Md5, str, str, str]]:
    """Read a signature table, with the columns md5, signed (true or false), signature (the publisher) and path.

    Gives the hash, the `digsig_result`, the publisher and the path of each row.

    Raises:
        InputError: it is no such table.
    """
    columns = {"md5", "signed", "signature", "path"}
    for number, row in enumerate(read_rows(path), 1):
        cells = {name: str(value) for name, value in row.items()}
        if not columns <= set(cells):
            raise InputError(f"{path}: the columns {', '.join(sorted(columns - set(cells)))} are missing")
        md5, signed = parse_md5(cells["md5"]), cells["signed"].strip().lower()
        if md5 is None or signed not in {"true", "false"}:
            raise InputError(f"{path}, row {number}: md5 must be a hash, and signed true or false")
        is_signed = signed == "true"
        yield md5, "Signed" if is_signed else "Unsigned", cells["signature"] if is_signed else "", cells["path"]


def add_process_events(estate: Estate, path: Path) -> None:
    """Add the process starts of an event table (columns as in Sysmon's event 1), two segments each."""
    for row in _rows(path):
        estate.add_process(
            Start(
                md5=row["process_md5"],
                path=row["process_path"],
                username=row["user"],
                hostname=row["host"],
                start=row["utc_time"].replace(" ", "T") + "Z",
                parent_path=row["parent_process_path"],
                segments=2,
            )
        )


def _rows(path: Path) -> Iterable[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
