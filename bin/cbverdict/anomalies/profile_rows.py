"""What is known of somebody, and what waits to be learnt, as rows that an analyst can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Collection, Dict, Iterator, Mapping

from cbverdict.anomalies.active_hours import SLOTS
from cbverdict.anomalies.baselines import ORGANISATION, Baseline, Subject, SubjectKind
from cbverdict.anomalies.distinct_count import head_count, unite
from cbverdict.anomalies.explanations import WEEKDAYS, percent
from cbverdict.anomalies.local_time import date_text
from cbverdict.anomalies.releases import Releases, is_decision, is_released, releases_of, standing_decisions
from cbverdict.anomalies.waiting import waiting_in

if TYPE_CHECKING:
    from cbverdict.anomalies.profiles import Profiles

Row = Dict[str, str]

MOST_NAMES = 100
"""Programs in one profile, the most used first."""


def rows_of(subject: Subject, profiles: Profiles, kept: Mapping[Subject, Baseline]) -> Iterator[Row]:
    """Yield what is known of a person, a team or a parent; in what is `kept`, what waits stands apart."""
    raw = kept.get(subject, Baseline())
    if subject.kind is SubjectKind.PERSON:
        yield from _hours(subject, profiles)
        yield from (_row(subject, "team", team, "") for team in sorted(raw.teams()))
    if subject.kind is SubjectKind.TEAM:
        yield _row(subject, "people", str(profiles.people_in(subject.name)), "")
    yield from _names(subject, profiles)
    for waiting in waiting_in({ORGANISATION: kept.get(ORGANISATION, Baseline()), subject: raw}):
        if waiting.subject == subject:
            days = f"{waiting.days} days, {date_text(waiting.first_day)} to {date_text(waiting.last_day)}"
            yield _row(subject, "waits", waiting.what, f"{days}, {waiting.people} people")


def rows_of_waiting(organisation: Baseline) -> Iterator[Row]:
    """Yield what waits or was decided on, of everybody together."""
    releases = releases_of(organisation)
    decided = standing_decisions(organisation)
    noted = {what for names in organisation.waiting_people.values() for what in names if not is_decision(what)}
    for what in sorted({*noted, *decided}):
        days = {day: names[what] for day, names in organisation.waiting_people.items() if what in names}
        if what in decided:
            status, thing = what.split(" ", 1)
            yield _waiting_row(thing, status, [], "", [decided[what]])
        else:
            yield _waiting_row(what, _status(releases, what), days, str(head_count(unite(days.values()))), days)


def _waiting_row(what: str, status: str, on: Collection[int], people: str, days: Collection[int]) -> Row:
    count, (first, last) = str(len(on)) if on else "", (min(days), max(days))
    seen = {"days": count, "people": people, "first_day": date_text(first), "last_day": date_text(last)}
    return {"what": what, "status": status, **seen}


def _status(releases: Releases, what: str) -> str:
    return "learnt" if is_released(releases, ORGANISATION, what) else "waits"


def _hours(subject: Subject, profiles: Profiles) -> Iterator[Row]:
    known, needed = profiles.active_hours(subject.name), profiles.settings.minimum_support
    judged = "hours are judged" if known >= needed else f"hours are judged from {needed:g} on"
    yield _row(subject, "active hours", str(known), judged)
    if known:
        profile = profiles.hours(subject.name, ())
        first, end = profile.usual_hours()
        yield _row(subject, "usual hours", f"{first:02d}:00 to {end:02d}:00", f"nine in ten, on {profile.days} days")
        for number, weekday in enumerate(WEEKDAYS):
            days = profile.days_like(number * SLOTS)
            yield _row(subject, "day of the week", weekday, f"{days} days" if days else "never")


def _names(subject: Subject, profiles: Profiles) -> Iterator[Row]:
    seen = profiles.starts(subject)
    total = sum(seen.values())
    everybody = profiles.everybody()
    for name, times in seen.most_common(MOST_NAMES):
        share = f"{percent(times / total)} of {total:,} starts"
        yield _row(subject, "process", name, f"{share}; {percent(everybody.share(name))} of everybody's")


def _row(subject: Subject, what: str, value: str, detail: str) -> Row:
    return {"kind": subject.kind.value, "name": subject.name, "what": what, "value": value, "detail": detail}
