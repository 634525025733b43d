"""What is usual for one person, team, parent or the organisation: learnt, merged, forgotten, kept as a document."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Dict, Mapping, NamedTuple

from cbverdict.anomalies.active_hours import HOURS, Days, forget_days, merge_days
from cbverdict.anomalies.decayed_counts import (
    Counts,
    forget_counts,
    merge_counts,
    totals,
)
from cbverdict.anomalies.distinct_count import Sketch, unite
from cbverdict.anomalies.seen_people import (
    People,
    Users,
    forget_people,
    forget_users,
    forget_waiting,
    merge_people,
    merge_users,
)
from cbverdict.errors import InvalidRequestError
from cbverdict.events.names import program_of
from cbverdict.events.one_off_names import kind_of
from cbverdict.placeholders import is_nothing

MAX_NAME = 256
"""Characters; names longer than this are ignored."""

MAX_NAMES = 5000
"""Names that one document keeps in each of its counts; where there are more, those not seen for longest go first."""

HALF_LIVES = 3
"""After so many half-lives something is forgotten altogether."""


class SubjectKind(Enum):
    """Whose baseline it is."""

    __hash__ = object.__hash__  # Enum's is made in Python, and subjects are looked up with each row

    PERSON = "person"
    TEAM = "team"
    PARENT = "parent"
    ORGANISATION = "organisation"


class Subject(NamedTuple):
    """Whose baseline; the name is in lower case, and empty for the organisation."""

    kind: SubjectKind
    name: str

    @property
    def key(self) -> str:
        """Return the key of its document."""
        return f"{self.kind.value}:{self.name}"


ORGANISATION = Subject(SubjectKind.ORGANISATION, "")


@dataclass
class Baseline:
    """What is usual for one subject; what does not apply to its kind stays empty.

    `days` are a person's active hours. `names` counts processes (a parent's: its children), `publishers` signers (the
    organisation's). `people` are those of a team; the organisation has those of each team, a person the teams that he
    or she was seen in. What waits to be learnt stands apart (`cbverdict.anomalies.waiting`): names, active hours, and
    in the organisation's who waits with what, by day.
    """

    days: Days = field(default_factory=dict)
    names: Counts = field(default_factory=dict)
    publishers: Counts = field(default_factory=dict)
    people: People = field(default_factory=dict)
    waiting: Counts = field(default_factory=dict)
    waiting_days: Days = field(default_factory=dict)
    waiting_people: People = field(default_factory=dict)
    users: Users = field(default_factory=dict)

    def merge(self, other: Baseline) -> Baseline:
        """Put two baselines of one subject together; any order, any grouping gives the same."""
        return Baseline(
            merge_days(self.days, other.days),
            merge_counts(self.names, other.names),
            merge_counts(self.publishers, other.publishers),
            merge_people(self.people, other.people),
            merge_counts(self.waiting, other.waiting),
            merge_days(self.waiting_days, other.waiting_days),
            merge_people(self.waiting_people, other.waiting_people),
            merge_users(self.users, other.users),
        )

    def forget(self, half_life: float) -> Baseline:
        """Leave out what is too old to count, and names beyond what a document keeps."""
        horizon = int(HALF_LIVES * half_life)
        names = _most_seen(forget_counts(self.names, horizon))
        return Baseline(
            forget_days(self.days),
            names,
            _most_seen(forget_counts(self.publishers, horizon)),
            forget_people(self.people, horizon),
            _most_seen(forget_counts(self.waiting, horizon)),
            forget_days(self.waiting_days),
            forget_waiting(self.waiting_people),
            forget_users(self.users, totals(names)),
        )

    def all_members(self) -> Dict[str, Sketch]:
        """Return the people of each team."""
        found: Dict[str, list[Sketch]] = {}
        for teams in self.people.values():
            for team, people in teams.items():
                found.setdefault(team, []).append(people)
        return {team: unite(people) for team, people in found.items()}

    def teams(self) -> set[str]:
        """Return the teams that are known."""
        return {team for teams in self.people.values() for team in teams}


Baselines = Dict[Subject, Baseline]


def baseline_name(text: str | None) -> str | None:
    """Return the name of a team as baselines have it (None: none, or too long for one)."""
    name = program_of(text or "")
    return name if 0 < len(name) <= MAX_NAME and not is_nothing(name) else None


def program_kind(text: str | None) -> str | None:
    r"""Return what a program is counted as: its name, or the kind of names that are made for one start.

    A program may be called like a word for nothing (`C:\Users\Public\null`): what a row knows nothing of has no name
    at all by now.
    """
    name = program_of(text or "")
    return kind_of(name) if 0 < len(name) <= MAX_NAME else None


def write_baseline(baseline: Baseline) -> str:
    """Write a baseline as compact JSON; equal baselines give equal text."""
    body = {
        "days": _write_days(baseline.days),
        "names": baseline.names,
        "publishers": baseline.publishers,
        "people": baseline.people,
        "waiting": baseline.waiting,
        "waiting_days": _write_days(baseline.waiting_days),
        "waiting_people": baseline.waiting_people,
        "users": baseline.users,
    }
    return json.dumps({name: part for name, part in body.items() if part}, separators=(",", ":"), sort_keys=True)


def read_baseline(text: str) -> Baseline:
    """Read a baseline that `write_baseline` wrote.

    Raises:
        InvalidRequestError: it is none.
    """
    try:
        body = json.loads(text)
        return Baseline(
            days=_read_days(body, "days"),
            names=_read_counts(body, "names"),
            publishers=_read_counts(body, "publishers"),
            people=_read_people(body, "people"),
            waiting=_read_counts(body, "waiting"),
            waiting_days=_read_days(body, "waiting_days"),
            waiting_people=_read_people(body, "waiting_people"),
            users=_read_sketches(body.get("users", {})),
        )
    except (ValueError, TypeError, AttributeError, OverflowError):
        raise InvalidRequestError("a baseline is not of this version: learn it anew") from None


def read_subject(key: str) -> Subject:
    """Read a document's key.

    Raises:
        InvalidRequestError: it is none.
    """
    kind, _, name = key.partition(":")
    try:
        return Subject(SubjectKind(kind), name)
    except ValueError:
        raise InvalidRequestError(f"{key[:80]!r} is not the key of a baseline") from None


def _most_seen(counts: Counts) -> Counts:
    """Keep the names seen last and, of these, most: one that is new must not be left out before it can become usual."""
    total = totals(counts)
    if len(total) <= MAX_NAMES:
        return counts
    newest = {name: generation for generation in sorted(counts) for name in counts[generation]}
    kept = set(sorted(total, key=lambda name: (-newest[name], -total[name], name))[:MAX_NAMES])
    thinned = {
        generation: {name: times for name, times in names.items() if name in kept}
        for generation, names in counts.items()
    }
    return {generation: names for generation, names in thinned.items() if names}


def _write_days(days: Days) -> dict[int, str]:
    return {day: f"{hours:x}" for day, hours in days.items()}


def _read_days(body: Mapping[str, Any], part: str) -> Days:
    return {int(day): _bits(hours) for day, hours in body.get(part, {}).items()}


def _bits(text: str) -> int:
    hours = int(text, 16)
    if not 0 < hours < 1 << HOURS:
        raise ValueError(text)
    return hours


def _read_people(body: Mapping[str, Any], part: str) -> People:
    return {int(generation): _read_sketches(known) for generation, known in body.get(part, {}).items()}


def _read_sketches(known: Mapping[str, Any]) -> dict[str, Sketch]:
    return {str(name): list(map(int, sketch)) for name, sketch in known.items()}


def _read_counts(body: Mapping[str, Any], part: str) -> Counts:
    return {
        int(generation): {str(name): _natural(times) for name, times in names.items()}
        for generation, names in body.get(part, {}).items()
    }


def _natural(times: Any) -> int:  # noqa: ANN401 - JSON's
    count = int(times)
    if count < 1:
        raise ValueError(times)
    return count
