"""More incidents for the small company, one for each alert that its own do not set off; and a month of its days."""

from __future__ import annotations

from datetime import timedelta
from typing import Iterable, Iterator, List, NamedTuple

from tests.lab import company as lab
from tests.lab.company import Binary, Company
from tests.lab.edr.estate import Estate, Start
from tests.lab.host import Row

NEW_SIGNER = Binary(r"C:\Program Files\Nimbus\nimbus.exe", publisher="Nimbus Tools Ltd")
REMOTE = Binary(r"C:\Users\Public\AnyDesk.exe", publisher="AnyDesk Software GmbH")
EXCEL = next(binary for binary in lab._OF_TEAM["finance"] if binary.name == "EXCEL.EXE")  # noqa: SLF001 - the lab's own


class Planted(NamedTuple):
    """What an alert must find: by whom, and which program (empty: a log-on)."""

    alert: str
    user: str
    process: str


PLANTED = (
    Planted("unsigned program unusual for the team", "sales07", "invoice (2).exe"),
    Planted("log-on at an unusual hour", "finance04", ""),
    Planted("program at an unusual hour", "finance05", "excel.exe"),
    Planted("tampered or distrusted signature", "legal01", "googleupdate.exe"),
    Planted("signed tool with an odd parent", "finance02", "powershell.exe"),
    Planted("renamed signed tool", "sales07", "svchost.exe"),
    Planted("signer new to everybody", "sales03", "nimbus.exe"),
    Planted("tool of another team", "hr03", "git.exe"),
    Planted("remote administration tool new to everybody", "hr05", "anydesk.exe"),
    Planted("signature has changed", "-", "workday.exe"),
)


def estate() -> Estate:
    """Give what the company's Carbon Black server knows, the new programs among it."""
    made = Company.estate()
    for binary in (NEW_SIGNER, REMOTE):
        made.add_binary(binary.md5, binary.result, binary.path, publisher=binary.publisher)
        made.add_process(Start(binary.md5, binary.path))
    return made


def incident_day(company: Company) -> List[Row]:
    """Give the company's morning with its incidents and these."""
    make = company._start  # noqa: SLF001 - the lab's own
    more = [
        make(3 * 3600 + 600, "finance", "finance05", EXCEL, lab.EXPLORER, lab._cim),  # noqa: SLF001 - likewise
        make(36600, "sales", "sales03", NEW_SIGNER, lab.EXPLORER, lab._cim),  # noqa: SLF001 - likewise
        make(36660, "hr", "hr05", REMOTE, lab.EXPLORER, lab._cim),  # noqa: SLF001 - likewise
    ]
    return sorted([*company.rows, *more], key=lambda row: str(row["_time"]))


def days(company: Company, weeks: int, starts: int) -> Iterator[List[Row]]:
    """Give working days before the morning, one by one, without incidents."""
    day: List[Row] = []
    for row in company.history(weeks, starts):
        if day and str(day[0]["_time"])[:10] != str(row["_time"])[:10]:
            yield day
            day = []
        day.append(row)
    yield day


def with_publishers(rows: Iterable[Row]) -> Iterator[Row]:
    """Add who signed, as the saved search that learns looks it up in the store of verdicts."""
    signers = {binary.md5: binary.publisher for binary in Company.binaries()}
    for row in rows:
        found = [signers[md5] for md5 in _hashes(row) if md5 in signers]
        yield {**row, "process_signature_publisher": found[0]} if found and found[0] else row


def _hashes(row: Row) -> List[str]:
    cell = row.get("process_hash") or row.get("md5") or row.get("Hashes") or ""
    texts = cell if isinstance(cell, list) else cell.replace("MD5=", "").split(",")
    return [text.lower() for text in texts]


QUIET_DAY = lab.DAY - timedelta(days=3)
"""The Friday before the morning: a working day without incidents."""
