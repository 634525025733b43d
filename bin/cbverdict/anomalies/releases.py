"""What of that which waits is released, and so counts by now: for whom, made once of the organisation's baseline.

It is all that is left of who waited with what on which day once nobody has to be shown that.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Dict, FrozenSet, Iterable, Mapping, NamedTuple, Sequence, Tuple

from cbverdict.anomalies.active_hours import hours_of, merge_days
from cbverdict.anomalies.baselines import Baseline, Subject, SubjectKind
from cbverdict.anomalies.decayed_counts import Counts, add_count, merge_counts
from cbverdict.anomalies.distinct_count import Sketch, head_count, sketch_of, unite
from cbverdict.anomalies.seen_people import ACCEPTANCES, WAITING_DAYS

DAYS = 5
"""Days on which something has to go on until it is learnt by itself."""

PEOPLE = 5
"""People who have to do it, together over these days."""

ACCEPTED, REFUSED = (word.strip() for word in ACCEPTANCES)

_NO_TIME = 86400  # left of a day on which something was decided by an earlier release, which did not say when
_PROGRAM, _HOUR, _START = "process ", "hour ", "start "


class Release(NamedTuple):
    """For whom something that waits counts by now: for everybody together, for which people (hashes) and teams."""

    is_general: bool = False
    people: Sequence[int] = ()
    teams: FrozenSet[str] = frozenset()


Releases = Mapping[str, Release]
"""By what waits; what somebody decided on stands there as it is noted (`accepted process git.exe`)."""

DECIDED = Release()


def program_key(name: str) -> str:
    """Return the key under which a program waits."""
    return f"{_PROGRAM}{name}"


def hour_key(hour: int) -> str:
    """Return the key under which an hour of the day waits."""
    return f"{_HOUR}{hour:02d}"


def start_key(parent: str, child: str) -> str:
    """Return the key under which a parent's start of a program waits."""
    return f"{_START}{parent} > {child}"


def releases_of(organisation: Baseline) -> Dict[str, Release]:
    """Return what is released of all that waits or was decided on."""
    noted: Dict[str, list[Sketch]] = {}
    for names in organisation.waiting_people.values():
        for what, people in names.items():
            noted.setdefault(what, []).append(people)
    found, teams = dict.fromkeys(standing_decisions(organisation), DECIDED), _Teams(organisation)
    noted = {what: days for what, days in noted.items() if not is_decision(what)}
    for what, days in noted.items():
        if len(days) < DAYS or what in found:
            continue
        if what.startswith(_START):
            found[what] = Release(is_general=True)  # it is not known who did it, and may be nobody
        elif head_count(unite(days)) >= PEOPLE:
            found[what] = _release(days, teams.of(days) if what.startswith(_PROGRAM) else ())
    return found


def standing_decisions(organisation: Baseline) -> Dict[str, int]:
    """Return what somebody decided, as it is noted, and on which day: of each thing the last that was decided on it.

    The seconds that were left of the day stand where people do of what waits; of two at once the refusal holds.
    """
    last: Dict[str, Tuple[int, int, str]] = {}
    for day, names in organisation.waiting_people.items():
        for what, left in names.items():
            if is_decision(what):
                thing = what.partition(" ")[2]
                made = (day, -min(left, default=_NO_TIME), what)
                last[thing] = max(last.get(thing, made), made)
    return {what: day for day, _, what in last.values()}


def is_refused(releases: Releases, person: str, what: str) -> bool:
    """Return whether somebody decided that something is never learnt, of a person or of everybody."""
    return _is_decided(releases, REFUSED, person, what)


def is_released(releases: Releases, subject: Subject, what: str, own_days: int = 0) -> bool:
    """Return whether something that waits counts by now for a subject, with whom it waits on so many days (0: unknown).

    What others do over and over makes nothing usual for somebody who did it once: a person has to do it on as many days
    as well, and for a team it has to be several of its own people. Of a crowd only some are noted by the day, so who
    joins in once is not taken for one of them. What a parent starts has to go on for as many days, for it is not known
    who did it.
    """
    person = subject.name if subject.kind is SubjectKind.PERSON else ""
    if is_refused(releases, person, what):
        return False
    if _is_decided(releases, ACCEPTED, person, what):
        return True
    if subject.kind is SubjectKind.PARENT:
        return start_key(subject.name, what.removeprefix(_PROGRAM)) in releases
    release = releases.get(what, DECIDED)
    if subject.kind is SubjectKind.TEAM:
        return subject.name in release.teams
    if not person or not release.is_general:
        return release.is_general
    return own_days >= DAYS or not {*release.people}.isdisjoint(sketch_of(person))


def waits_of(subject: Subject, baseline: Baseline) -> set[str]:
    """Return what waits of a subject, and whatever else turns on that whether it is released."""
    names = {name for counted in baseline.waiting.values() for name in counted}
    found = waiting_hours(baseline)
    starts = (start_key(subject.name, name) for name in (names if subject.kind is SubjectKind.PARENT else ()))
    return {*map(program_key, names), *map(hour_key, found), *starts}


def accepted_things(text: str) -> Iterable[str]:
    """Return what a decision may be about, as it is noted (nothing: it is none); a name may have a colon in it."""
    if not is_decision(text):
        return ()
    parts = text.partition(" ")[2].split(": ")
    return [": ".join(parts[start:]) for start in range(len(parts))]


def effective(subject: Subject, baseline: Baseline, releases: Releases) -> Baseline:
    """Return a baseline with what is released counted in."""
    if not baseline.waiting and not baseline.waiting_days:
        return baseline
    names: Counts = {}
    for generation, counted in baseline.waiting.items():
        for name, times in counted.items():
            if is_released(releases, subject, program_key(name)):
                add_count(names, generation, name, times)
    mask = sum(
        1 << hour
        for hour, own_days in waiting_hours(baseline).items()
        if is_released(releases, subject, hour_key(hour), own_days)
    )
    days = {day: found & mask for day, found in baseline.waiting_days.items() if found & mask}
    return replace(baseline, names=merge_counts(baseline.names, names), days=merge_days(baseline.days, days))


def waiting_hours(baseline: Baseline) -> Dict[int, int]:
    """Return the hours of the day that wait of somebody, and on how many of the last days."""
    oldest = max(baseline.waiting_days, default=0) - WAITING_DAYS
    found: Dict[int, int] = {}
    for day, hours in baseline.waiting_days.items():
        for hour in hours_of(hours):
            found[hour] = found.get(hour, 0) + (day > oldest)
    return found


def is_decision(what: str) -> bool:
    """Return whether what is noted is a decision on something, and not something that waits."""
    return what.startswith(ACCEPTANCES)


def _is_decided(releases: Releases, word: str, person: str, what: str) -> bool:
    return f"{word} {what}" in releases or f"{word} {person}: {what}" in releases


def _release(days: Sequence[Sketch], teams: Iterable[str]) -> Release:
    """Find with whom something waits on enough days, of people a day."""
    times = Counter(number for people in days for number in people)
    often = sorted(number for number in times if times[number] >= DAYS)
    return Release(is_general=True, people=tuple(often), teams=frozenset(teams))


class _Teams:
    """Who is in which teams, found out where it is asked for."""

    def __init__(self, organisation: Baseline) -> None:
        self._organisation = organisation
        self._of: Dict[int, list[str]] = {}

    def of(self, days: Sequence[Sketch]) -> Iterable[str]:
        """Return the teams of which several people are among those of several days."""
        if not self._of:
            for team, members in self._organisation.all_members().items():
                for number in members:
                    self._of.setdefault(number, []).append(team)
        found: Dict[str, tuple[set[int], set[int]]] = {}
        for day, people in enumerate(days):
            for number in people:
                for team in self._of.get(number, ()):
                    on, who = found.setdefault(team, (set(), set()))
                    on.add(day)
                    who.add(number)
        return [team for team, (on, who) in found.items() if len(on) >= DAYS and len(who) >= PEOPLE]
