"""Gather what rows teach, each added to the baselines of its person, team and parent, and to the organisation's."""

from __future__ import annotations

from typing import Dict, NamedTuple, Tuple

from cbverdict.anomalies.active_hours import add_hour
from cbverdict.anomalies.baselines import ORGANISATION, Baseline, Baselines, Subject, SubjectKind
from cbverdict.anomalies.decayed_counts import add_count
from cbverdict.anomalies.distinct_count import sketch_of
from cbverdict.anomalies.seen_people import add_person, add_user


class Who(NamedTuple):
    """Who a row is about, in lower case (None: it does not say, or nobody)."""

    person: str | None = None
    team: str | None = None


class What(NamedTuple):
    """What started what, and who signed it; names in lower case (None: a row does not say)."""

    process: str | None = None
    parent: str | None = None
    publisher: str | None = None


class _Person:
    """The baselines that rows of somebody are added to, and what was noted of them already.

    `counts` are those of the `generation` that was added to last (None: none was): first the person's own, then the
    team's.
    """

    __slots__ = ("baselines", "counts", "days", "generation", "number")

    def __init__(self, name: str, baselines: Tuple[Baseline, ...]) -> None:
        (self.number,) = sketch_of(name)
        self.baselines = baselines
        self.days = baselines[0].days
        self.counts: Tuple[Dict[str, int], ...] = ()
        self.generation: int | None = None


class Gatherer:
    """Add rows to baselines; few people, parents and programs make many rows, so each is looked up once."""

    def __init__(self, baselines: Baselines) -> None:
        """Store the baselines, which grow."""
        self._baselines = baselines
        self._people: Dict[Who, _Person] = {}

    def add_person(self, who: Who, process: str | None, moment: tuple[int, int], generation: int) -> None:
        """Add what somebody did, on which local day (since 1970-01-01) and hour, and of which generation that is."""
        name = who.person
        if name is None:
            return
        person = self._people.get(who) or self._person(who)
        add_hour(person.days, *moment)
        if person.generation != generation:
            self._turn(person, who, generation)
        if process is not None:
            counts = person.counts or _begin(person, generation)
            if process not in counts[0]:
                add_user(self._of(ORGANISATION).users, process, person.number)
            for names in counts:
                names[process] = names.get(process, 0) + 1

    def _turn(self, person: _Person, who: Who, generation: int) -> None:
        """Switch to another generation, and note in it which team the person is in."""
        person.generation, person.counts = generation, ()
        for one in (*person.baselines, self._of(ORGANISATION)) if who.team is not None else ():
            add_person(one.people, generation, str(who.team), str(who.person))

    def add_program(self, what: What, generation: int, times: int = 1) -> None:
        """Add what was started so often, whoever did it."""
        process, parent, publisher = what
        if process is not None:
            add_count(self._of(ORGANISATION).names, generation, process, times)
            if parent is not None:
                add_count(self._of(Subject(SubjectKind.PARENT, parent)).names, generation, process, times)
        if publisher is not None:
            add_count(self._of(ORGANISATION).publishers, generation, publisher, times)

    def _person(self, who: Who) -> _Person:
        self._of(ORGANISATION)  # It is there as soon as anything is known of anybody.
        own = self._of(Subject(SubjectKind.PERSON, str(who.person)))
        teams = () if who.team is None else (self._of(Subject(SubjectKind.TEAM, who.team)),)
        person = self._people[who] = _Person(str(who.person), (own, *teams))
        return person

    def _of(self, subject: Subject) -> Baseline:
        found = self._baselines.get(subject)
        if found is None:
            found = self._baselines[subject] = Baseline()
        return found


def _begin(person: _Person, generation: int) -> Tuple[Dict[str, int], ...]:
    """Return the counts of a generation to which somebody's programs are added."""
    person.counts = tuple([one.names.setdefault(generation, {}) for one in person.baselines])
    return person.counts
