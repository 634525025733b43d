"""What people know and no search can learn: teams, time zones, expected processes, publishers, tools to live off."""

from __future__ import annotations

import re
import unicodedata
from fnmatch import translate
from functools import cached_property
from operator import itemgetter
from typing import Iterable, Mapping, NamedTuple, Sequence, Tuple

from cbverdict.anomalies.baselines import baseline_name
from cbverdict.events.names import spellings_of, stems_of
from cbverdict.events.people import person_of
from cbverdict.events.texts import plain
from cbverdict.lazy_pattern import LazyPattern
from cbverdict.placeholders import is_nothing

_ANY = "*"
_WILDCARD = LazyPattern(r"[*?\[]")
_MAX_KNOWN = 20_000

Row = Mapping[str, str]


class Member(NamedTuple):
    """Where somebody belongs: team (as it is written; None: not known), time zone, calendar of holidays."""

    team: str | None = None
    timezone: str = "UTC"
    calendar: str = ""


_NOWHERE = Member()


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
        found = (team if team and not is_nothing(team) else own.get("team", "")).strip()
        rows = (own, self._teams.get(found.lower(), {}), self._teams.get(_ANY, {}))
        timezone, calendar = (
            next((text for row in rows if (text := row.get(column, "").strip())), default)
            for column, default in (("timezone", _NOWHERE.timezone), ("calendar", _NOWHERE.calendar))
        )
        is_team = not is_nothing(found) and found != _ANY and baseline_name(found) is not None
        return Member(found if is_team else None, timezone, calendar)

    def zones(self) -> set[str]:
        """Return every time zone in it."""
        rows = (*self._people.values(), *self._teams.values())
        return {zone for row in rows if (zone := row.get("timezone", "").strip())}


class Listed(NamedTuple):
    """What stands beside a name: a status (empty: none) and why."""

    status: str
    reason: str


class Names:
    """A list of names with a word about each; `*` and `?` stand for any characters, case does not count.

    What begins otherwise than a pattern does, up to its first wildcard, cannot fit it: so few patterns are tried, and
    few are ever compiled.
    """

    def __init__(self, rows: Iterable[Tuple[str, Listed]] = ()) -> None:
        """Read pairs of a name and what stands beside it; the first that fits a name counts."""
        self._exact: dict[str, tuple[int, Listed]] = {}
        self._patterns: dict[str, list[_Pattern]] = {}  # by their first letter (empty: it may be any)
        for place, (name, listed) in enumerate((name.strip().lower(), listed) for name, listed in rows):
            wildcard = _WILDCARD.search(name)
            if wildcard is not None:
                beginning = name[: wildcard.start()]
                self._patterns.setdefault(beginning[:1], []).append(_Pattern(place, name, beginning, listed))
            elif name:
                self._exact.setdefault(name, (place, listed))
        self._known: dict[str, Listed | None] = {}

    def find(self, name: str) -> Listed | None:
        """Return what stands beside a name (None: it is not on the list)."""
        if name in self._known:
            return self._known[name]
        lower = name.strip().lower()
        if lower not in self._known:
            if len(self._known) > _MAX_KNOWN:
                self._known.clear()
            self._known[lower] = self._first(lower)
        return self._known[lower]

    def may_have(self, names: Iterable[str]) -> bool:
        """Return whether one of these names can be on the list; most can be told from all of it by how they begin."""
        lower = {name.strip().lower() for name in names}
        if "" in self._beginnings or not self._exact.keys().isdisjoint(lower):
            return True
        return any(name.startswith(self._beginnings.get(name[:1], ())) for name in lower)

    @cached_property
    def _beginnings(self) -> dict[str, Tuple[str, ...]]:
        """How patterns begin, by their first letter."""
        return {letter: tuple(one.beginning for one in some) for letter, some in self._patterns.items()}

    def _first(self, lower: str) -> Listed | None:
        found = [self._exact[lower]] if lower in self._exact else []
        for letter in {"", lower[:1]}:
            found += [(one.place, one.listed) for one in self._patterns.get(letter, ()) if one.fits(lower)]
        return min(found, key=itemgetter(0))[1] if found else None


class Gateway(NamedTuple):
    """A parent through which others act: what it is known to start by itself, and how others act through it."""

    usual_children: Names
    reason: str


class _Pattern:
    """A name with wildcards: where on the list it stands, how it begins up to the first of them, what stands beside."""

    def __init__(self, place: int, name: str, beginning: str, listed: Listed) -> None:
        self.place = place
        self.listed = listed
        self._name = name
        self.beginning = beginning

    def fits(self, lower: str) -> bool:
        return lower.startswith(self.beginning) and self._compiled.match(lower) is not None

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(translate(self._name))


_ADDED_BY_WINDOWS = Names((name, Listed("", "")) for name in ("conhost.exe", "werfault.exe", "wermgr.exe"))


class Lists(NamedTuple):
    """All of them; `holidays` are local days since 1970 by calendar, `expected` processes by team in lower case.

    `gateways` are parents through which others act, by name in lower case, and `acting` the tools that are such too.

    `problems` are sentences about rows that could not be read, so far. `is_whole`: all rows for whose sake
    others are kept could be read.
    """

    roster: Roster = Roster()
    holidays: Mapping[str, frozenset[int]] = {}
    expected: Mapping[str, Names] = {}
    tools: Names = Names()
    publishers: Names = Names()
    gateways: Mapping[str, Gateway] = {}
    acting: Names = Names()
    problems: Sequence[str] = ()
    is_whole: bool = True

    def tool(self, process: str) -> str | None:
        """Return how a process is lived off (None: it is no such tool, or the user has allowed it)."""
        found = self.tools.find(process)
        return None if found is None or found.status == "allowed" else found.reason

    def tool_named(self, names: Iterable[str]) -> tuple[str, str] | None:
        """Return the first of these texts that may name a tool, however it is spelled, and how that is lived off."""
        for name in dict.fromkeys(names):  # an author calls a file the same several times
            spellings = spellings_of(name)
            if self.tools.may_have(spellings):  # Most texts name nothing on the list, and that is soon said.
                reason = next(filter(None, map(self.tool, sorted(spellings))), None)
                if reason is not None:
                    return name, reason
        return None

    def may_be_gateway(self, parent: str) -> bool:
        """Return whether others may act through a parent, depending on what it starts."""
        spellings = spellings_of(parent)
        return not self.gateways.keys().isdisjoint(spellings) or self.acting.may_have(spellings)

    def gateway(self, parent: str, child: str) -> str | None:
        """Return how others act through a parent that starts a child unlike those it is known for (None: none such).

        They act through each of the `acting` tools; a row of its own in the list of parents says what it is known for.
        """
        found = [self.gateways[spelling] for spelling in sorted(spellings_of(parent) & self.gateways.keys())]
        for one in found or self._as_gateways(parent, child):
            if not any(map(one.usual_children.find, (child, f"{child}.exe"))):
                return one.reason
        return None

    def _as_gateways(self, parent: str, child: str) -> Iterable[Gateway]:
        """Return what a tool is as a parent: known to start itself again, and what Windows adds to each program."""
        if stems_of(parent) & stems_of(child):
            return ()
        found = (self.acting.find(spelling) for spelling in sorted(spellings_of(parent)))
        return [Gateway(_ADDED_BY_WINDOWS, one.reason) for one in found if one and one.status != "allowed"]

    def denied(self, publisher: str) -> str | None:
        """Return why a publisher is denied (None: it is not), whatever letters of the same meaning it is written in."""
        found = self.publishers.find(" ".join(plain(unicodedata.normalize("NFKC", publisher)).strip("\"'").split()))
        return found.reason if found is not None and found.status == "denied" else None

    def is_trusted(self, publisher: str) -> bool:
        """Return whether a publisher is trusted."""
        found = self.publishers.find(publisher)
        return found is not None and found.status == "trusted"

    def is_expected(self, team: str, process: str) -> bool:
        """Return whether a team is expected to run a process."""
        expected = self.expected.get(team.lower()) or self.expected.get(_ANY)
        return expected is not None and expected.find(process) is not None
