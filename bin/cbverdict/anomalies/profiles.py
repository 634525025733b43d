"""What is usual, as far as one search knows: baselines read in batches, profiles made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, Mapping, NamedTuple, Protocol, Tuple

from cbverdict.anomalies.active_hours import HourProfile, count_hours
from cbverdict.anomalies.baselines import ORGANISATION, Baseline, Subject, SubjectKind
from cbverdict.anomalies.decayed_counts import starts_before, totals, weigh
from cbverdict.anomalies.distinct_count import head_count
from cbverdict.anomalies.exclusions import Decision, Decisions
from cbverdict.anomalies.peer_rarity import Everybody, GroupProfile, Past, PersonProfile
from cbverdict.anomalies.waiting import effective
from cbverdict.anomalies.without_team import Organisation, PersonWithoutTeam
from cbverdict.errors import CbsignedError, Trouble
from cbverdict.settings.anomalies import AnomalySettings

if TYPE_CHECKING:
    from collections import Counter
    from typing import Collection


MIN_TEAM = 5
"""People that a team needs to have a behaviour of its own."""

_NOTHING = Baseline()


class KnownBaselines(NamedTuple):
    """The baselines that there are of those asked for, how the admin wants them read, and what people decided."""

    settings: AnomalySettings = AnomalySettings()
    baselines: Mapping[Subject, Baseline] = {}
    decisions: Tuple[Decision, ...] = ()


class BaselineSource(Protocol):
    """Who gives baselines; `cbverdict.service.baseline_client.BaselineClient` asks the baseline service."""

    def read(self, subjects: list[Subject]) -> KnownBaselines:
        """Return the baselines that there are, or raise a `CbsignedError`."""


class Profiles:
    """The baselines of one search, and the profiles made of them."""

    def __init__(self, source: BaselineSource) -> None:
        """Store who gives baselines; nothing is asked yet."""
        self._source = source
        self._known: dict[Subject, Baseline] = {}
        self._groups: dict[Subject, GroupProfile | None] = {}
        self._persons: dict[tuple[str, str | None], PersonProfile] = {}
        self._totals: dict[Subject, Counter[str]] = {}
        self._everybody: Everybody | None = None
        self._people: dict[str, int] | None = None
        self._large_teams: set[str] | None = None
        self._all_publishers: Counter[str] | None = None
        self.settings = AnomalySettings()
        self.decisions = Decisions()
        self.error: CbsignedError | None = None

    @property
    def has_learnt(self) -> bool:
        """Whether there are baselines at all."""
        return self._of(ORGANISATION) is not _NOTHING

    @property
    def trouble(self) -> Trouble | None:
        """What went wrong (None: nothing)."""
        return Trouble.of(self.error) if self.error else None

    @property
    def organisation(self) -> Baseline:
        """The organisation's baseline, with who waits with what."""
        return self._of(ORGANISATION)

    def read(self, subjects: Iterable[Subject]) -> None:
        """Read the baselines that are not known yet, in one go."""
        new = sorted({ORGANISATION, *subjects} - self._known.keys(), key=lambda subject: subject.key)
        if not new or self.error is not None:
            return
        try:
            reply = self._source.read(new)
        except CbsignedError as error:
            # Not tried again in this search: without a baseline there is no opinion, and a hanging store is slow.
            self.error = error
            return
        self.settings = reply.settings
        if ORGANISATION in new:  # the first read, with which the service gives them
            self.decisions = Decisions(reply.decisions)
        organisation = reply.baselines.get(ORGANISATION, self._known.get(ORGANISATION, _NOTHING))
        for subject in new:
            known = reply.baselines.get(subject, _NOTHING)
            self._known[subject] = effective(subject, known, organisation)

    def forget(self) -> None:
        """Forget people and parents."""
        kept = {SubjectKind.ORGANISATION, SubjectKind.TEAM}
        self._persons.clear()
        self._totals.clear()
        self._known = {subject: baseline for subject, baseline in self._known.items() if subject.kind in kept}
        self._groups = {subject: group for subject, group in self._groups.items() if subject.kind in kept}

    def everybody(self) -> Everybody:
        """Return the organisation's behaviour."""
        if self._everybody is None:
            seen = self._names_of(ORGANISATION)
            self._everybody = Everybody(self._weigh(ORGANISATION), len(_once(seen)), sum(seen.values()))
        return self._everybody

    def is_new(self, name: str) -> bool:
        """Return whether nobody was ever seen with a process."""
        return name not in self.everybody()

    def is_new_parent(self, name: str) -> bool:
        """Return whether a program was never seen to run or to start another, where it is known what usually does."""
        if self.everybody().sightings < self.settings.minimum_support:
            return False
        return self.is_new(name) and not self._names_of(Subject(SubjectKind.PARENT, name))

    def team(self, team: str | None) -> GroupProfile | None:
        """Return the behaviour that a team's people are compared with (None: too little is known of anybody).

        That is the organisation's for who is in no team, and where the team or all the others are too small, or the
        team is not known well enough.
        """
        if self._large_teams is None:
            self._large_teams = {name for name, people in self.people().items() if people >= MIN_TEAM}
        is_comparable = team in self._large_teams and len(self._large_teams) > 1
        own = self._group(Subject(SubjectKind.TEAM, team)) if team and is_comparable else None
        return own or self._group(ORGANISATION)

    def people(self) -> dict[str, int]:
        """Return how many people are in each team."""
        if self._people is None:
            known = self._of(ORGANISATION)
            self._people = {team: head_count(known.members(team)) for team in known.teams()}
        return self._people

    def parent(self, parent: str) -> GroupProfile | None:
        """Return a parent's behaviour (None: too few starts are known)."""
        return self._group(Subject(SubjectKind.PARENT, parent))

    def person(self, person: str, team: str | None, group: GroupProfile) -> PersonProfile:
        """Return a person's behaviour, backed off to that of the group which `team` gave."""
        key = (person, team)
        if key not in self._persons:
            subject = Subject(SubjectKind.PERSON, person)
            seen, known = self._names_of(subject), self._of(subject)
            past = Past(person, len(known.days), starts_before(known.names))
            counted = self._weigh(subject), _once(seen), sum(seen.values())
            self._persons[key] = (
                PersonWithoutTeam(*counted, group, past)
                if isinstance(group, Organisation)
                else PersonProfile(*counted, group, past)
            )
        return self._persons[key]

    def has_run(self, person: str, process: str) -> bool:
        """Return whether a person was ever seen with a process."""
        return process in self._names_of(Subject(SubjectKind.PERSON, person))

    def starts(self, subject: Subject) -> Counter[str]:
        """Return how often each name was seen of somebody."""
        return self._names_of(subject)

    def active_days(self, person: str) -> int:
        """Return on how many days a person is known to have been active."""
        return len(self._of(Subject(SubjectKind.PERSON, person)).days)

    def active_hours(self, person: str) -> int:
        """Return how many active hours of a person are known."""
        return count_hours(self._of(Subject(SubjectKind.PERSON, person)).days)

    def hours(self, person: str, holidays: Collection[int]) -> HourProfile:
        """Return the hours of a person, of whom one at least is known."""
        return HourProfile(self._of(Subject(SubjectKind.PERSON, person)).days, holidays)

    def publishers(self) -> Counter[str]:
        """Return how often programs of each publisher were seen."""
        if self._all_publishers is None:
            self._all_publishers = totals(self._of(ORGANISATION).publishers)
        return self._all_publishers

    def _of(self, subject: Subject) -> Baseline:
        return self._known.get(subject, _NOTHING)

    def _group(self, subject: Subject) -> GroupProfile | None:
        if subject not in self._groups:
            seen = self._names_of(subject)
            sightings = sum(seen.values())
            counted = self._weigh(subject), len(_once(seen)), sightings, self.everybody()
            if sightings < self.settings.minimum_support:
                self._groups[subject] = None
            elif subject == ORGANISATION:
                self._groups[subject] = Organisation(*counted, self._of(subject).users)
            else:
                self._groups[subject] = GroupProfile(*counted)
        return self._groups[subject]

    def _names_of(self, subject: Subject) -> Counter[str]:
        if subject not in self._totals:
            self._totals[subject] = totals(self._of(subject).names)
        return self._totals[subject]

    def _weigh(self, subject: Subject) -> dict[str, float]:
        # All by the organisation's clock: what is compared must have aged alike.
        newest = max(self._of(ORGANISATION).names, default=0)
        return weigh(self._of(subject).names, self.settings.half_life_days, newest)


def _once(seen: Mapping[str, int]) -> list[str]:
    return [name for name, times in seen.items() if times == 1]
