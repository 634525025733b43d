"""Hold back what is unusual from what was learnt: it waits (`cbverdict.anomalies.waiting`), and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cbverdict.anomalies.active_hours import HOURS, SLOTS, Days, add_hour, hours_of
from cbverdict.anomalies.baselines import ORGANISATION, Baseline, Baselines, Subject, SubjectKind
from cbverdict.anomalies.combination import score_of
from cbverdict.anomalies.decayed_counts import Counts, add_count
from cbverdict.anomalies.distinct_count import sketch_of, unite
from cbverdict.anomalies.known_baselines import BaselineQuestion, BaselineSource
from cbverdict.anomalies.local_time import Clocks
from cbverdict.anomalies.releases import hour_key, is_refused, program_key, start_key
from cbverdict.anomalies.seen_people import ANYBODY, Users, add_user
from cbverdict.anomalies.whole_profiles import WholeProfiles

if TYPE_CHECKING:
    from typing import Collection

    from cbverdict.anomalies.profiles import Profiles
    from cbverdict.anomalies.reference_lists import Lists


_MOST_NOTED = 200
"""Starts of a lesson by parents that never started that before; the rest waits until a later one."""

FROM_DAYS = 10
"""Active days of a person from which on what is unusual waits: before that nearly everything is new.

Of the team and of everybody it waits from the first day: one new account must not speak for all.
"""


def hold_back(learnt: Baselines, source: BaselineSource, lists: Lists, last_day: int | None = None) -> Baselines:
    """Split what was learnt into what counts and what waits, by what was usual before.

    `last_day` is the day of its last row (since 1970; None: that of whoever was active). Of whom little was known,
    nothing of their own waits. Raises what the source does: without what was usual before
    nothing can be told to be unusual.
    """
    subjects = sorted({ORGANISATION, *learnt}, key=lambda subject: subject.key)
    known = source.read(BaselineQuestion(tuple(subjects), wants_as_kept=True))
    if ORGANISATION not in known.baselines:
        return learnt
    profiles, organisation = WholeProfiles(known), known.baselines[ORGANISATION]
    clocks = Clocks(lists.holidays)
    aside: Baselines = {}
    for subject, baseline in learnt.items():
        if subject.kind is SubjectKind.PERSON:
            holidays = clocks.of(lists.roster.member(subject.name, None)).holidays
            _set_aside_of_person(subject, baseline, profiles, holidays, aside)
    new = _new_names(learnt, profiles, organisation)
    day = _day_of(learnt) if last_day is None else last_day
    _set_aside_of_everybody(learnt, aside, new, day)
    _set_aside_of_parents(learnt, profiles, aside, (new, day))
    return {subject: _split(baseline, aside.get(subject)) for subject, baseline in learnt.items()}


def _set_aside_of_person(
    subject: Subject, learnt: Baseline, profiles: WholeProfiles, holidays: Collection[int], aside: Baselines
) -> None:
    day = max(learnt.days, default=0)
    teams = sorted({team for known in learnt.people.values() for team in known})
    is_known = profiles.active_days(subject.name) >= FROM_DAYS
    own = [subject] if is_known else []
    for name in _unusual_names(subject.name, learnt, profiles, teams):
        groups = [*own, ORGANISATION, *(Subject(SubjectKind.TEAM, team) for team in teams)]
        for generation, counted in learnt.names.items():
            for group in groups if name in counted else ():
                add_count(_of(aside, group).waiting, generation, name, counted[name])
        _note(aside, day, program_key(name), subject.name)
        add_user(_of(aside, ORGANISATION).users, name, *sketch_of(subject.name))
    unusual_hours = _unusual_hours(subject.name, learnt.days, profiles, holidays) if is_known else {}
    for day, hours in unusual_hours.items():
        _of(aside, subject).waiting_days[day] = hours
        for hour in hours_of(hours):
            _note(aside, day, hour_key(hour), subject.name)


def _unusual_names(person: str, learnt: Baseline, profiles: WholeProfiles, teams: list[str]) -> set[str]:
    team = teams[0] if teams else None
    group = profiles.team(team)
    if group is None:
        return set()
    profile = profiles.person(person, team, group)
    new = {name for names in learnt.names.values() for name in names if name not in profile.seen}
    return {
        name
        for name in new
        if profiles.is_new(name)  # whatever its score: learnt, it would be dropped next
        or score_of(profile.p_value(name)) >= profiles.settings.threshold
        or is_refused(profiles.releases, person, program_key(name))
    }


def _unusual_hours(person: str, days: Days, profiles: Profiles, holidays: Collection[int]) -> Days:
    if profiles.active_hours(person) < profiles.settings.minimum_support:
        return {}
    profile = profiles.hours(person, holidays)
    found: Days = {}
    for day, hours in days.items():
        for hour in hours_of(hours):
            slot = profile.slot(day, hour * SLOTS // HOURS)
            if score_of(min(profile.p_value(slot), profile.p_value(slot + 1))) >= profiles.settings.threshold:
                add_hour(found, day, hour)
    return found


def _new_names(learnt: Baselines, profiles: Profiles, organisation: Baseline) -> set[str]:
    """Return the programs that nobody was ever seen with: those learnt now, whoever ran them, and those that wait.

    Accounts that are nobody's (SYSTEM) are no people, so what they run is told by the organisation's names.
    """
    if profiles.team(None) is None:
        return set()  # Of nobody is so much known that it could be told.
    counts = (learnt.get(ORGANISATION, Baseline()).names, organisation.waiting)
    return {name for count in counts for names in count.values() for name in names if profiles.is_new(name)}


def _set_aside_of_everybody(learnt: Baselines, aside: Baselines, new: set[str], day: int | None) -> None:
    """Have all of it wait that nobody was ever seen with; what no person ran is noted of nobody, to be accepted."""
    held = _of(aside, ORGANISATION)
    for generation, names in learnt.get(ORGANISATION, Baseline()).names.items():
        for name in new.intersection(names):
            held.waiting.setdefault(generation, {})[name] = names[name]
            if day is not None:
                held.waiting_people.setdefault(day, {}).setdefault(program_key(name), [])


def _set_aside_of_parents(
    learnt: Baselines, profiles: Profiles, aside: Baselines, news: tuple[Collection[str], int | None]
) -> None:
    """Have wait what a parent never started before, what waits itself, and all that a program starts that waits.

    Whoever did it: which of the people a start was of is not known, and of some it was of no person at all. The day is
    noted, for a start is released that goes on for some days.
    """
    (new, day), noted, waits = news, 0, _of(aside, ORGANISATION).waiting
    for subject, baseline in learnt.items():
        if subject.kind is not SubjectKind.PARENT:
            continue
        is_new = subject.name in new and profiles.is_new_parent(subject.name)
        group = profiles.parent(subject.name)
        for generation, names in baseline.names.items():
            for name, times in names.items():
                is_first = name in waits.get(generation, {}) if group is None else name not in group.seen
                if is_new or is_first:
                    add_count(_of(aside, subject).waiting, generation, name, times)
                    if day is not None and noted < _MOST_NOTED:
                        noted += 1
                        held = _of(aside, ORGANISATION).waiting_people
                        held.setdefault(day, {}).setdefault(start_key(subject.name, name), [])


def _day_of(learnt: Baselines) -> int | None:
    """Return the last day of what was learnt (None: nobody was active)."""
    return max((day for baseline in learnt.values() for day in baseline.days), default=None)


def _split(learnt: Baseline, aside: Baseline | None) -> Baseline:
    if aside is None:
        return learnt
    names: Counts = {}
    waiting: Counts = {}
    for generation, counted in learnt.names.items():
        for name, times in counted.items():
            taken = min(times, aside.waiting.get(generation, {}).get(name, 0))
            if taken:
                add_count(waiting, generation, name, taken)
            if taken < times:
                add_count(names, generation, name, times - taken)
    days = {day: rest for day, hours in learnt.days.items() if (rest := hours & ~aside.waiting_days.get(day, 0))}
    return replace(
        learnt,
        names=names,
        days=days,
        waiting=waiting,
        waiting_days=dict(aside.waiting_days),
        waiting_people=aside.waiting_people,
        users=_without(learnt.users, aside.users),
    )


def _without(users: Users, some: Users) -> Users:
    """Leave out who waits with a program."""
    left = {
        name: known if name == ANYBODY else sorted({*known}.difference(some.get(name, ())))
        for name, known in users.items()
    }
    return {name: known for name, known in left.items() if known}


def _note(aside: Baselines, day: int, what: str, person: str) -> None:
    noted = _of(aside, ORGANISATION).waiting_people.setdefault(day, {})
    noted[what] = unite([noted.get(what, []), sketch_of(person)])


def _of(baselines: Baselines, subject: Subject) -> Baseline:
    return baselines.setdefault(subject, Baseline())
