"""What waits to be learnt: what was unusual when it came, so that no incident teaches that it is usual.

A nightly search learns the day before, incidents included. So what scores at or above the threshold by itself is set
aside: it stands in the same baselines, apart, and counts only when it is released. That is where it goes on for some
days with several people, which no single incident does, and with each person for as many days; or where somebody
accepts it. Whether it is released is read from the organisation's baseline, so releasing moves nothing, and baselines
merge in any order as before (`cbverdict.anomalies.releases`).
"""

from __future__ import annotations

from typing import Dict, Iterator, NamedTuple

from cbverdict.anomalies.baselines import ORGANISATION, Baseline, Baselines, Subject
from cbverdict.anomalies.distinct_count import Sketch, head_count, may_hold, unite
from cbverdict.anomalies.releases import hour_key, is_released, program_key, releases_of, waiting_hours

_DAY = 86400  # seconds


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


def is_waiting(organisation: Baseline, what: str) -> bool:
    """Return whether something waits: of anybody, or of one person where it begins with `<person>: `."""
    person, colon, thing = what.partition(": ") if not what.startswith(("process ", "hour ")) else ("", "", what)
    sketches = (names[thing] for names in organisation.waiting_people.values() if thing in names)
    return any(not colon or may_hold(sketch, person) for sketch in sketches)


def waiting_lately(organisation: Baseline) -> Dict[str, Sketch]:
    """Return of whom each program waits since yesterday, by the newest day on which anything waits."""
    newest, prefix = max(organisation.waiting_people, default=0), program_key("")
    found: Dict[str, list[Sketch]] = {}
    for day in (newest - 1, newest):
        for what, people in organisation.waiting_people.get(day, {}).items():
            if people and what.startswith(prefix):
                found.setdefault(what[len(prefix) :], []).append(people)
    return {name: unite(people) for name, people in found.items()}


def acceptance(what: str, word: str, moment: float) -> Baselines:
    """Return what to learn where somebody accepts or refuses something: a program or an hour, of a person or of all.

    `moment` is in seconds since 1970: what is decided last on the same thing holds. Where people stand of what waits
    are the seconds that were left of the day, for of many numbers the smallest are kept.
    """
    day, second = divmod(int(moment), _DAY)
    return {ORGANISATION: Baseline(waiting_people={day: {f"{word} {what}": [_DAY - second]}})}


def waiting_in(baselines: Baselines) -> Iterator[Waiting]:
    """Yield what waits in these baselines, the organisation's among them, and is not released."""
    organisation = baselines.get(ORGANISATION, Baseline())
    releases = releases_of(organisation)
    for subject, baseline in baselines.items():
        names = {name for counted in baseline.waiting.values() for name in counted}
        hours = {hour_key(hour): own_days for hour, own_days in sorted(waiting_hours(baseline).items())}
        for what in (*map(program_key, sorted(names)), *hours):
            days = {day: names[what] for day, names in organisation.waiting_people.items() if what in names}
            if days and not is_released(releases, subject, what, hours.get(what, 0)):
                yield Waiting(subject, what, len(days), head_count(unite(days.values())), min(days), max(days))
