"""What people know and no search can learn: teams, time zones, expected processes, publishers, tools to live off."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import translate
from typing import Iterable, Mapping, Tuple

from cbverdict.baselines import MAX_NAME

_ANY = "*"
_NOBODY = {"", "-", "unknown", "n/a", "none", "null"}

Row = Mapping[str, str]


@dataclass(frozen=True)
class Member:
    """Where somebody belongs: team (as it is written; None: not known), time zone, calendar of holidays."""

    team: str | None = None
    timezone: str = "UTC"
    calendar: str = ""


class Roster:
    """Who is in which team and time zone; rows with user `*` speak for a team, those with team `*` too for everyone."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        """Read rows with the columns user, team, timezone, calendar."""
        self._people: dict[str, Row] = {}
        self._teams: dict[str, Row] = {}
        for row in rows:
            user, team = row.get("user", "").strip(), row.get("team", "").strip()
            if user in {"", _ANY}:
                self._teams.setdefault(team.lower() or _ANY, row)
            else:
                self._people.setdefault(person_of(user) or "", row)

    def member(self, person: str | None, team: str | None) -> Member:
        """Find somebody; the team that a row names itself counts before the roster's."""
        own = self._people.get(person or "", {})
        found = (team or own.get("team", "")).strip()
        rows = (own, self._teams.get(found.lower(), {}), self._teams.get(_ANY, {}))
        timezone, calendar = (
            next((text for row in rows if (text := row.get(column, "").strip())), default)
            for column, default in (("timezone", Member.timezone), ("calendar", Member.calendar))
        )
        return Member(found if found.lower() not in _NOBODY and found != _ANY else None, timezone, calendar)

    def zones(self) -> set[str]:
        """Name every time zone in it."""
        rows = (*self._people.values(), *self._teams.values())
        return {zone for row in rows if (zone := row.get("timezone", "").strip())}


class Names:
    """A list of names with a word about each; `*` and `?` stand for any characters, case does not count."""

    def __init__(self, rows: Iterable[Tuple[str, str]] = ()) -> None:
        """Read pairs of a name and what there is to say about it; the first of a name counts."""
        self._exact: dict[str, str | None] = {}
        self._patterns: list[tuple[re.Pattern[str], str]] = []
        for name, word in rows:
            lower = name.strip().lower()
            if any(character in lower for character in "*?["):
                self._patterns.append((re.compile(translate(lower)), word))
            elif lower:
                self._exact.setdefault(lower, word)

    def find(self, name: str) -> str | None:
        """Say what stands beside a name (None: it is not on the list)."""
        lower = name.strip().lower()
        if lower not in self._exact:
            self._exact[lower] = next((word for pattern, word in self._patterns if pattern.match(lower)), None)
        return self._exact[lower]


@dataclass(frozen=True)
class Lists:
    """All of them; `holidays` are local days since 1970 by calendar, `expected` processes by team in lower case.

    `problems` are sentences about rows that could not be read.
    """

    roster: Roster = field(default_factory=Roster)
    holidays: Mapping[str, frozenset[int]] = field(default_factory=dict)
    expected: Mapping[str, Names] = field(default_factory=dict)
    tools: Names = field(default_factory=Names)
    denied: Names = field(default_factory=Names)
    trusted: Names = field(default_factory=Names)
    problems: Tuple[str, ...] = ()


def person_of(user: str | None) -> str | None:
    r"""Name the person of an account, the same for `CORP\jdoe`, `jdoe@corp.example` and `JDoe` (None: nobody)."""
    name = (user or "").rpartition("\\")[2].partition("@")[0].strip().lower()
    return name if name not in _NOBODY and len(name) <= MAX_NAME else None
