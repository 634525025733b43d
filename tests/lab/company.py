"""A small company: six weeks of process starts and log-ons, and a morning with a few labelled incidents.

People, teams and hosts are numbered, software is public knowledge, hashes are made from the names. The rows come
in the three shapes that real ones have: the CIM's, Sysmon's and the Carbon Black event forwarder's.
"""

from __future__ import annotations

import hashlib
import ntpath
import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Callable, Iterator

from tests.lab.edr.estate import Estate, Start

if TYPE_CHECKING:
    from tests.lab.host import Row

DAY = date(2026, 11, 2)
TEAMS = {"hr": 9, "finance": 12, "sales": 14, "engineering": 16, "it": 6, "legal": 5}


@dataclass(frozen=True)
class Binary:
    """A program: where it lies, what Carbon Black says of its signature (None: never seen), and whose it is."""

    path: str
    result: str | None = "Signed"
    publisher: str = "Microsoft Corporation"
    program: str = ""
    content: str = ""

    @property
    def name(self) -> str:
        """The file name."""
        return ntpath.basename(self.path)

    @property
    def md5(self) -> str:
        """The hash of its content (or of its path, for nearly all)."""
        return hashlib.md5((self.content or self.path).encode(), usedforsecurity=False).hexdigest()

    @property
    def sha256(self) -> str:
        """Likewise."""
        return hashlib.sha256((self.content or self.path).encode()).hexdigest()


@dataclass(frozen=True)
class Incident:
    """Something that an analyst should see, found again by its row's `event_id`."""

    event_id: str
    label: str


_SYSTEM = r"C:\Windows\System32" + "\\"
_WINDOWS = "Microsoft Windows"
EXPLORER = Binary(r"C:\Windows\explorer.exe", program=_WINDOWS)
SERVICES = Binary(_SYSTEM + "services.exe", program=_WINDOWS)
WINWORD = Binary(r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE", program="Microsoft Office")
POWERSHELL = Binary(_SYSTEM + r"WindowsPowerShell\v1.0\powershell.exe")
GIT = Binary(r"C:\Program Files\Git\cmd\git.exe", publisher="Johannes Schindelin")
PYTHON = Binary(r"C:\Program Files\Python313\python.exe", publisher="Python Software Foundation")
PSEXEC = Binary(r"C:\Tools\PsExec.exe", program="Sysinternals Utilities")
PRINTING = Binary(r"C:\Windows\splwow64.exe", program=_WINDOWS)
RENAMED = Binary(r"C:\Users\Public\svchost.exe", program="Sysinternals Utilities", content=PSEXEC.path)
DROPPER = Binary(r"C:\Users\Public\Downloads\invoice (2).exe", "Unsigned", "")
TAMPERED = Binary(r"C:\ProgramData\upd\GoogleUpdate.exe", "Bad Signature", "Google LLC", "GoogleUpdate.exe")

_EVERYONE = (
    Binary(_SYSTEM + "svchost.exe", program=_WINDOWS),
    Binary(_SYSTEM + "RuntimeBroker.exe", program=_WINDOWS),
    Binary(_SYSTEM + "conhost.exe"),
    Binary(_SYSTEM + "taskhostw.exe"),
    Binary(_SYSTEM + "SearchProtocolHost.exe"),
    Binary(r"C:\Program Files\Google\Chrome\Application\chrome.exe", publisher="Google LLC"),
    Binary(r"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE", program="Microsoft Office"),
    Binary(r"C:\Program Files\Zoom\bin\Zoom.exe", publisher="Zoom Video Communications, Inc."),
    Binary(r"C:\Program Files\Adobe\Acrobat DC\Acrobat\Acrobat.exe", publisher="Adobe Inc."),
    Binary(r"C:\Program Files (x86)\Intranet\timecard.exe", "Unsigned", ""),
    WINWORD,
)
_OF_TEAM = {
    "hr": (Binary(r"C:\Program Files\Workday\workday.exe", publisher="Workday, Inc."),),
    "finance": (
        Binary(r"C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE", program="Microsoft Office"),
        Binary(r"C:\SAP\FrontEnd\SAPgui\saplogon.exe", publisher="SAP SE"),
    ),
    "sales": (Binary(r"C:\Program Files\Microsoft Office\root\Office16\POWERPNT.EXE", program="Microsoft Office"),),
    "engineering": (
        GIT,
        PYTHON,
        Binary(r"C:\Program Files\Microsoft VS Code\Code.exe"),
        Binary(r"D:\build\out\unit-tests.exe", "Unsigned", ""),
        Binary(r"D:\build\out\nightly.exe", None, ""),
    ),
    "it": (POWERSHELL, PSEXEC, Binary(_SYSTEM + "mmc.exe"), Binary(_SYSTEM + "cmd.exe")),
    "legal": (Binary(r"C:\Program Files\OldSuite\viewer.exe", "Expired", "Old Suite GmbH"),),
}


Shape = Callable[[Binary, Binary], "Row"]


class Company:
    """The company's estate, its rows and its incidents; the same for the same seed."""

    def __init__(self, seed: int = 1, starts: int = 3000, log_ons: int = 120, size: int = 1) -> None:
        """Make the morning of a company that has `size` times as many people."""
        self._random = random.Random(seed)  # noqa: S311 - data for a demo
        self._people = [(team, number) for team, people in TEAMS.items() for number in range(1, size * people + 1)]
        self._day = DAY
        self.incidents: list[Incident] = []
        self.rows: list[Row] = [*self._starts(starts), *self._log_ons(log_ons), *self._incidents()]
        self.rows.sort(key=lambda row: str(row["_time"]))

    def history(self, weeks: int = 6, starts: int = 1200) -> Iterator[Row]:
        """Give the working days before it, from early to late, without incidents."""
        for age in range(7 * weeks, 0, -1):
            self._day = DAY - timedelta(days=age)
            if self._day.weekday() < 5:
                yield from self._starts(starts, 12.5, 2.4)
                yield from self._log_ons(starts // 20)
        self._day = DAY

    def day(self, starts: int) -> list[Row]:
        """Give a whole working day of process starts, without incidents."""
        return list(self._starts(starts, 12.5, 2.4))

    @staticmethod
    def binaries() -> Iterator[Binary]:
        """Give all of its software."""
        yield from _all_binaries()

    @staticmethod
    def estate() -> Estate:
        """Give what the company's Carbon Black server knows."""
        estate = Estate()
        known = {binary.md5: binary for binary in _all_binaries() if binary.result is not None}
        for binary in known.values():
            estate.add_binary(
                binary.md5, binary.result, binary.path, publisher=binary.publisher, prog_name=binary.program
            )
        for binary in _all_binaries():
            estate.add_process(Start(binary.md5, binary.path, segments=3))
        return estate

    def _starts(self, count: int, middle: float = 9.2, spread: float = 1.1) -> Iterator[Row]:
        for _ in range(count):
            team, number = self._random.choice(self._people)
            own = self._random.random() < 0.4
            binary = self._random.choice(_OF_TEAM[team] if own else _EVERYONE)
            parent = EXPLORER if own else SERVICES
            if self._random.random() < 0.02:
                binary, parent = PRINTING, WINWORD
            second = int(min(max(self._random.gauss(middle, spread), 6.0), 2 * middle - 6.0) * 3600)
            yield self._start(second, team, f"{team}{number:02d}", binary, parent)

    def _log_ons(self, count: int) -> Iterator[Row]:
        for _ in range(count):
            team, number = self._random.choice(self._people)
            second = int(min(max(self._random.gauss(8.3, 0.7), 6.0), 11.5) * 3600)
            yield self._log_on(second, team, f"{team}{number:02d}")

    def _incidents(self) -> Iterator[Row]:
        for binary in (GIT, PYTHON, POWERSHELL):
            yield self._mark(f"somebody in HR runs {binary.name}", self._start(36000, "hr", "hr03", binary, EXPLORER))
        yield self._mark("a VPN log-on at 2 am", self._log_on(7260, "finance", "finance04"))
        row = self._start(38100, "sales", "sales07", RENAMED, EXPLORER)
        yield self._mark("a signed tool under another name, in a public folder", row)
        row = self._start(38160, "finance", "finance02", POWERSHELL, WINWORD, _cim)
        yield self._mark("a signed tool started by a word processor", row)
        row = self._start(38220, "sales", "sales07", DROPPER, EXPLORER)
        yield self._mark("an unsigned dropper", row)
        row = self._start(38230, "sales", "sales07", POWERSHELL, DROPPER, _cim)
        yield self._mark("a signed tool started by the dropper", row)
        row = self._start(38400, "legal", "legal01", TAMPERED, SERVICES)
        yield self._mark("a tampered signature", row)

    def _mark(self, label: str, row: Row) -> Row:
        self.incidents.append(Incident(str(row["event_id"]), label))
        return row

    def _start(
        self, second: int, team: str, user: str, binary: Binary, parent: Binary, shape: Shape | None = None
    ) -> Row:
        row = {**self._common(second, team, user), "action": "started"}
        made = (shape or self._random.choice((_cim, _sysmon, _forwarder)))(binary, parent)
        return {**row, **made}

    def _log_on(self, second: int, team: str, user: str) -> Row:
        return {**self._common(second, team, user), "action": "log on", "app": "vpn"}

    def _common(self, second: int, team: str, user: str) -> Row:
        time = f"{self._day}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"
        event_id = f"{self._random.getrandbits(64):016x}"
        return {"_time": time, "event_id": event_id, "user": user, "team": team, "dest": f"pc-{user}"}


def _cim(binary: Binary, parent: Binary) -> Row:
    return {
        "process_name": binary.name,
        "process_path": binary.path,
        "process_hash": [binary.md5, binary.sha256],
        "parent_process_name": parent.name,
        "parent_process_path": parent.path,
        "parent_process_hash": [parent.md5, parent.sha256],
    }


def _sysmon(binary: Binary, parent: Binary) -> Row:
    return {
        "Image": binary.path,
        "Hashes": f"MD5={binary.md5.upper()},SHA256={binary.sha256.upper()},IMPHASH={parent.md5.upper()}",
        "ParentImage": parent.path,
    }


def _forwarder(binary: Binary, parent: Binary) -> Row:
    return {
        "path": binary.path.lower(),
        "md5": binary.md5.upper(),
        "parent_path": parent.path.lower(),
        "parent_md5": parent.md5.upper(),
    }


def _all_binaries() -> Iterator[Binary]:
    yield from (EXPLORER, SERVICES, PRINTING, RENAMED, DROPPER, TAMPERED, *_EVERYONE)
    for binaries in _OF_TEAM.values():
        yield from binaries
