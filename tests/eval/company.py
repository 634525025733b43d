"""A made-up company of any size: weeks of starts and log-ons, then days with planted incidents.

Nothing here is anybody's: people, teams and most programs are numbered. What makes it hard is what real companies have:
people who do something new now and then, shifts, time zones and the change to summer time, contractors, service
accounts, installers with a new name each time, a roll-out, a traveller, somebody on call, and new people.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Dict, Iterator, List, Sequence, Tuple
from zoneinfo import ZoneInfo

Row = Dict[str, "str | list[str]"]

FIRST_DAY = datetime(2026, 2, 2, tzinfo=timezone.utc)  # a Monday; the clocks change within eight weeks from it
WEEKS = 8
_COMMON = ("outlook.exe", "chrome.exe", "teams.exe", "winword.exe", "explorer.exe", "msedge.exe", "acrobat.exe",
           "zoom.exe", "onedrive.exe", "searchprotocolhost.exe", "notepad.exe", "calc.exe")  # fmt: skip
_TOOLS = {
    "hr": ("workday.exe", "excel.exe", "powerpnt.exe", "hrsuite.exe"),
    "eng": ("git.exe", "python.exe", "code.exe", "docker.exe", "node.exe", "powershell.exe"),
    "it": ("powershell.exe", "mmc.exe", "cmd.exe", "python.exe", "putty.exe"),
    "finance": ("excel.exe", "saplogon.exe", "bankline.exe"),
    "sales": ("powerpnt.exe", "crm.exe", "excel.exe"),
    "ops": ("scada.exe", "hmi.exe", "putty.exe", "excel.exe"),
}
BORROWED = ("git.exe", "python.exe", "powershell.exe")
ROLLED_OUT = "newclient.exe"


class Incident(Enum):
    """What is planted."""

    NIGHT = "a log-on at 2 am"
    TOOL = "HR runs git, python or powershell"
    ACCOUNT = "a service account at another time of day"
    AGAIN = "the tool of the day before once more"


@dataclass(frozen=True)
class Shape:
    """What a company is like: people by kind of work, whether rows name teams, and where people sit."""

    name: str
    work: Dict[str, int]
    has_teams: bool = True
    zones: Tuple[str, ...] = ("Europe/Berlin",)
    shifts: float = 0.0
    has_roll_out: bool = False
    times: int = 1  # as many companies as of the others: a small one has few incidents


@dataclass
class Person:
    """Who somebody is, and what he or she does all day."""

    name: str
    work: str
    zone: ZoneInfo
    start: float
    hours: float
    days: Sequence[int]
    own: Sequence[str] = ()
    curiosity: float = 0.01


@dataclass
class Day:
    """A day's rows and incidents, who is away or on call, and how many begin with a new program."""

    rows: List[Row] = field(default_factory=list)
    incidents: List[Tuple[Incident, Row]] = field(default_factory=list)
    away: set[str] = field(default_factory=set)
    roll_out: int = 0


class Company:
    """A company; the same for the same shape and seed."""

    def __init__(self, shape: Shape, seed: int) -> None:
        """Hire people."""
        self.shape = shape
        self._random = random.Random(seed)  # noqa: S311 - made-up data
        self.people = [self._hire(work, number) for work, many in shape.work.items() for number in range(many)]
        self._services = [("svc_backup", "backup.exe", 2), ("svc_report", "report.exe", 5)]
        self._victims: List[Tuple[Person, str]] = []
        self._installed: set[str] = set()

    def roster(self) -> List[Dict[str, str]]:
        """Return the rows of the lookup of teams."""
        return [
            {"user": one.name, "team": one.work if self.shape.has_teams else "", "timezone": one.zone.key}
            for one in self.people
        ]

    def history(self) -> Iterator[Row]:
        """Yield the rows that are learnt."""
        for day in range(7 * WEEKS):
            yield from self._usual(day)

    def days(self, many: int = 5) -> Iterator[Day]:
        """Yield the working days after the history, each with incidents."""
        traveller, on_call = self._random.sample(self.people, 2)
        for number in range(many):
            day = 7 * WEEKS + number
            made = Day(list(self._usual(day, {traveller.name: 6.0} if number else {})))
            made.away = {traveller.name, on_call.name}
            if number:
                made.rows += [self._log_on(on_call, day, hour) for hour in (22.2, 1.4, 3.6)]
            if self.shape.has_roll_out and number == 1:
                made.rows += self._roll_out(day)
                made.roll_out = len(self._installed)
            for incident, row in self._incidents(day, {traveller.name, on_call.name}):
                made.rows.append(row)
                made.incidents.append((incident, row))
            made.rows.sort(key=lambda row: -float(str(row["_time"])))
            yield made

    def _hire(self, work: str, number: int) -> Person:
        chance = self._random
        start, hours = chance.gauss(8.3, 0.6), chance.gauss(8.5, 0.5)
        if work == "ops" and chance.random() < self.shape.shifts:
            start = chance.choice((6.0, 14.0, 22.0))
        days: Sequence[int] = range(5)
        if chance.random() < 0.05:
            days = sorted(chance.sample(range(5), 2))  # a contractor
        if work == "ops" and chance.random() < self.shape.shifts:
            days = sorted(chance.sample(range(7), 5))
        own = chance.sample([f"tool{tool:02d}.exe" for tool in range(60)], 2)
        zone = ZoneInfo(chance.choice(self.shape.zones))
        return Person(f"{work}{number:03d}", work, zone, start, hours, days, own, chance.choice((0.0003, 0.001, 0.004)))

    def _usual(self, day: int, moved: Dict[str, float] | None = None) -> Iterator[Row]:
        chance = self._random
        for one in self.people:
            if day % 7 not in one.days or chance.random() < 0.08:
                continue
            later = (moved or {}).get(one.name, 0.0)
            yield self._log_on(one, day, one.start + later + chance.gauss(0, 0.3))
            for _ in range(max(3, round(chance.gauss(12, 4)))):
                hour = one.start + later + chance.random() * one.hours
                yield self._start(one, day, hour, *self._program(one))
        for account, program, hour in self._services:
            yield self._row(
                account, "", self._at(ZoneInfo("UTC"), day, hour + chance.random() / 4), program, "services.exe"
            )

    def _program(self, one: Person) -> Tuple[str, str]:
        chance, what = self._random, self._random.random()
        if what < one.curiosity / 4:
            return f"{''.join(chance.choices('abcdefghij', k=8))}.exe", "explorer.exe"  # new to everybody
        if what < one.curiosity:
            return f"tool{chance.randrange(60):02d}.exe", "explorer.exe"  # new to the person
        if what < 0.04:
            return f"is-{chance.randrange(16**6):06x}.tmp", "setup.exe"
        if what < 0.15:
            return chance.choice(list(one.own)), "explorer.exe"
        if what < 0.5:
            return chance.choice(_TOOLS[one.work]), "explorer.exe"
        return _COMMON[min(int(chance.expovariate(0.35)), len(_COMMON) - 1)], "explorer.exe"

    def _roll_out(self, day: int) -> List[Row]:
        chosen = [one for one in self.people if day % 7 in one.days and self._random.random() < 0.65]
        self._installed = {one.name for one in chosen}
        return [
            self._start(one, day, one.start + self._random.random() * one.hours, ROLLED_OUT, "setup.exe")
            for one in chosen
        ]

    def _incidents(self, day: int, others: set[str]) -> Iterator[Tuple[Incident, Row]]:
        chance = self._random
        at_day = [one for one in self.people if 6 < one.start < 10 and one.name not in others]
        night = chance.choice(at_day)
        yield Incident.NIGHT, self._log_on(night, day, 2 + chance.random())
        for victim, tool in self._victims[-1:]:
            yield Incident.AGAIN, self._start(victim, day, victim.start + 3, tool, "explorer.exe")
        used = {victim.name for victim, _ in self._victims}
        victims = [one for one in at_day if one.work == "hr" and one is not night and one.name not in used]
        if victims:
            victim, tool = chance.choice(victims), chance.choice(BORROWED)
            self._victims.append((victim, tool))
            yield Incident.TOOL, self._start(victim, day, victim.start + 2, tool, "explorer.exe")
        account, program, hour = chance.choice(self._services)
        at = self._at(ZoneInfo("UTC"), day, hour + 12)
        yield Incident.ACCOUNT, self._row(account, "", at, program, "services.exe")

    def _start(self, one: Person, day: int, hour: float, program: str, parent: str) -> Row:
        return self._row(one.name, one.work, self._at(one.zone, day, hour), program, parent)

    def _log_on(self, one: Person, day: int, hour: float) -> Row:
        row: Row = {"_time": str(self._at(one.zone, day, hour)), "user": one.name, "action": "success", "app": "vpn"}
        return {**row, "team": one.work} if self.shape.has_teams else row

    def _row(self, user: str, team: str, at: float, program: str, parent: str) -> Row:
        md5 = hashlib.md5(program.encode(), usedforsecurity=False).hexdigest()
        row: Row = {
            "_time": str(at),
            "user": user,
            "process_name": program,
            "process_md5": md5,
            "parent_process_name": parent,
        }
        return {**row, "team": team} if self.shape.has_teams and team else row

    @staticmethod
    def _at(zone: ZoneInfo, day: int, hour: float) -> float:
        local = (FIRST_DAY + timedelta(days=day)).replace(tzinfo=zone)
        return (local + timedelta(hours=hour)).timestamp()
