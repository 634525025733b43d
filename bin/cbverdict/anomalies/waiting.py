"""What waits to be learnt: what was unusual when it came, so that no incident teaches that it is usual.

A nightly search learns the day before, incidents included. So what scores at or above the threshold by itself is set
aside: it stands in the same baselines, apart, and counts only when it is released. That is where it goes on for some
days with several people, which no single incident does, and with each person for as many days; or where somebody
accepts it. Whether it is released is read from the organisation's baseline, so releasing moves nothing, and baselines
merge in any order as before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator, NamedTuple

from cbverdict.anomalies.active_hours import HOURS, hours_of, merge_days
from cbverdict.anomalies.baselines import ORGANISATION, Baseline, Baselines, Subject, SubjectKind
from cbverdict.anomalies.decayed_counts import Counts, add_count, merge_counts
from cbverdict.anomalies.distinct_count import Sketch, head_count, may_hold, unite
from cbverdict.anomalies.seen_people import DECISIONS

DAYS = 5
"""Days on which something has to go on until it is learnt by itself."""

PEOPLE = 5
"""People who have to do it, together over these days."""

ACCEPTED, REFUSED = (word.strip() for word in DECISIONS)


class Waiting(NamedTuple):
    """Something that waits: whose, what (a program or an hour of the day), since and until which day, and of how many.

    `days` and `people` are those of everybody with whom the same waits.
    """

    subject: Subject
    what: str
    days: int
    people: int
    first_day: int
    last_day: int


def program(name: str) -> str:
    """Write a program as what waits."""
    return f"process {name}"


def hour_of_day(hour: int) -> str:
    """Write an hour of the day as what waits."""
    return f"hour {hour:02d}"


def start(parent: str, child: str) -> str:
    """Write that a parent starts a program as what waits."""
    return f"start {parent} > {child}"


def is_refused(organisation: Baseline, person: str, what: str) -> bool:
    """Return whether somebody decided that something is never learnt."""
    return bool({f"{REFUSED} {what}", f"{REFUSED} {person}: {what}"} & _noted(organisation))


def is_released(organisation: Baseline, subject: Subject, what: str) -> bool:
    """Return whether something that waits counts by now for a subject.

    What others do over and over makes nothing usual for somebody who did it once: a person has to do it on as many days
    as well, and for a team it has to be several of its own people. What a parent starts has to go on for as many days,
    for it is not known who did it.
    """
    person = subject.name if subject.kind is SubjectKind.PERSON else ""
    if is_refused(organisation, person, what):
        return False
    if {f"{ACCEPTED} {what}", f"{ACCEPTED} {person}: {what}"} & _noted(organisation):
        return True
    if subject.kind is SubjectKind.PARENT:
        return len(_sketches(organisation, start(subject.name, what.removeprefix(program(""))))) >= DAYS
    days = _sketches(organisation, what)
    if subject.kind is SubjectKind.TEAM:
        members = organisation.members(subject.name)
        days = [own for sketch in days if (own := [number for number in sketch if number in members])]
    if len(days) < DAYS or head_count(unite(days)) < PEOPLE:
        return False
    return not person or sum(may_hold(sketch, person) for sketch in days) >= DAYS


def is_waiting(organisation: Baseline, what: str) -> bool:
    """Return whether something waits: of anybody, or of one person where it begins with `<person>: `."""
    person, colon, thing = what.partition(": ") if not what.startswith(("process ", "hour ")) else ("", "", what)
    return any(not colon or may_hold(sketch, person) for sketch in _sketches(organisation, thing))


def people_waiting(organisation: Baseline, what: str) -> Sketch:
    """Return of whom something waits since yesterday, by the newest day on which anything waits."""
    newest = max(organisation.waiting_people, default=0)
    days = [organisation.waiting_people.get(day, {}) for day in (newest - 1, newest)]
    lately = [names[what] for names in days if what in names]
    return unite(lately)


def _sketches(organisation: Baseline, what: str) -> list[Sketch]:
    """Return of whom something waits, a sketch a day."""
    return [names[what] for names in organisation.waiting_people.values() if what in names]


def _noted(organisation: Baseline) -> set[str]:
    return {name for names in organisation.waiting_people.values() for name in names}


def decision(what: str, word: str, day: int) -> Baselines:
    """Return what to learn where somebody accepts or refuses something: a program or an hour, of a person or of all."""
    return {ORGANISATION: Baseline(waiting_people={day: {f"{word} {what}": []}})}


def effective(subject: Subject, baseline: Baseline, organisation: Baseline) -> Baseline:
    """Return a baseline with what is released counted in."""
    if not baseline.waiting and not baseline.waiting_days:
        return baseline
    names: Counts = {}
    for generation, counted in baseline.waiting.items():
        for name, times in counted.items():
            if is_released(organisation, subject, program(name)):
                add_count(names, generation, name, times)
    hours = [hour for hour in range(HOURS) if is_released(organisation, subject, hour_of_day(hour))]
    mask = sum(1 << hour for hour in hours)
    days = {day: found & mask for day, found in baseline.waiting_days.items() if found & mask}
    return replace(baseline, names=merge_counts(baseline.names, names), days=merge_days(baseline.days, days))


def waiting_in(baselines: Baselines) -> Iterator[Waiting]:
    """Yield what waits in these baselines, the organisation's among them, and is not released."""
    organisation = baselines.get(ORGANISATION, Baseline())
    for subject, baseline in baselines.items():
        names = {name for counted in baseline.waiting.values() for name in counted}
        found = {hour for hours in baseline.waiting_days.values() for hour in hours_of(hours)}
        for what in (*map(program, sorted(names)), *map(hour_of_day, sorted(found))):
            days = {day: names[what] for day, names in organisation.waiting_people.items() if what in names}
            if days and not is_released(organisation, subject, what):
                yield Waiting(subject, what, len(days), head_count(unite(days.values())), min(days), max(days))
