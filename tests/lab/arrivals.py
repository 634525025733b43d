"""Processes that arrive at a Carbon Black server: a tree on each host, in segments, some late, some hashed late."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from tests.lab.edr.estate import Start

if TYPE_CHECKING:
    from tests.lab.edr.estate import Estate

BINARIES = 500
HOSTS = 100
_STATUSES = ("Signed",) * 8 + ("Unsigned", "Bad Signature")


@dataclass
class _Parent:
    guid: str
    name: str
    pid: int


class Arrivals:
    """A source of processes; each `arrive` adds some to the estate, the same ones for the same seed.

    One in five comes in two segments, the second later. One in thirty is hashed late, one in fifty was started long
    before it reaches the server, one in twenty becomes visible only seconds after the server says that it got it.
    """

    def __init__(self, estate: Estate, seed: int = 1) -> None:
        """Add the binaries."""
        self._estate = estate
        self._random = random.Random(seed)  # noqa: S311 - data
        self._later: list[tuple[float, int, str]] = []
        self._parents: list[list[_Parent]] = [[] for _ in range(HOSTS)]
        self.guids: list[str] = []
        self.hashed_late: set[str] = set()
        for number in range(BINARIES):
            status = _STATUSES[number % len(_STATUSES)]
            publisher = "" if status == "Unsigned" else f"Publisher {number % 40}"
            estate.add_binary(md5_of(number), status, path_of(number), publisher=publisher)

    def arrive(self, count: int, now: float) -> None:
        """Have processes arrive at a time, seconds since 1970, and what was to come later."""
        for _ in range(count):
            self._arrive(now)
        due = [entry for entry in self._later if entry[0] <= now]
        self._later = [entry for entry in self._later if entry[0] > now]
        for _, number, md5 in due:
            self._estate.update_process(number, last_server_update=iso(now), process_md5=md5, md5=md5)

    def settle(self, now: float) -> None:
        """Have everything come that was still to come."""
        self._later = [(now, number, md5) for _, number, md5 in self._later]
        self.arrive(0, now)

    def _arrive(self, now: float) -> None:
        chance = self._random.random
        number = len(self.guids)
        guid = f"{number % HOSTS + 1:08x}-{number // 65536:04x}-{number % 65536:04x}-01d5-{number:012x}"
        self.guids.append(guid)
        host = self._parents[number % HOSTS]
        parent = self._random.choice(host) if host else None
        binary = min(int(self._random.expovariate(1 / 60)), BINARIES - 1)
        is_hashed_late = chance() < 1 / 30
        reached = now - 3 * chance() if chance() < 1 / 20 else now
        began = reached - (7200 if chance() < 1 / 50 else 5) * chance()
        (first, *_) = self._estate.add_process(
            Start(
                md5="" if is_hashed_late else md5_of(binary),
                path=path_of(binary),
                username=f"CORP\\user{number % 50:02d}",
                hostname=f"host{number % HOSTS:03d}",
                start=iso(began),
                reached=iso(reached),
                cmdline=f'"{path_of(binary)}" /run {number} "ünïcode & <tags>"',
                guid=guid,
                pid=1000 + number,
                parent_guid=parent.guid if parent else "",
                parent_path=parent.name if parent else "",
                parent_pid=parent.pid if parent else -1,
                segments=2 if chance() < 1 / 5 else 1,
            )
        )
        if is_hashed_late:
            self.hashed_late.add(guid)
            self._later.append((now + 10 * chance(), first, md5_of(binary)))
        if len(host) < 5 or chance() < 0.05:
            host.append(_Parent(guid, path_of(binary), 1000 + number))


def md5_of(binary: int) -> str:
    """Give the hash of a binary."""
    return f"{binary + 1:032x}"


def path_of(binary: int) -> str:
    """Give the path of a binary."""
    return f"C:\\Program Files\\App {binary % 97}\\tool{binary}.exe"


def iso(epoch: float) -> str:
    """Write a time as Carbon Black does."""
    return datetime.fromtimestamp(epoch, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
