"""What is usual, as far as one search knows: baselines read in batches, profiles made once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Iterable, Protocol, Tuple

from cbverdict.anomalies.active_hours import HourProfile, background, weighed_hours
from cbverdict.anomalies.baselines import ORGANISATION, Baseline, Baselines, Subject, SubjectKind
from cbverdict.anomalies.decayed_counts import totals, weigh
from cbverdict.anomalies.distinct_count import head_count
from cbverdict.anomalies.exclusions import Decision, Decisions
from cbverdict.anomalies.peer_rarity import Everybody, GroupProfile, PersonProfile
from cbverdict.errors import CbsignedError, Trouble
from cbverdict.settings.anomalies import AnomalySettings

if TYPE_CHECKING:
    from collections import Counter
    from typing import Collection


MIN_TEAM = 5
"""People that a team needs to have a behaviour of its own."""

_NOTHING = Baseline()


@dataclass(frozen=True)
class KnownBaselines:
    """The baselines that there are of those asked for, how the admin wants them read, and what people decided."""

    settings: AnomalySettings = field(default_factory=AnomalySettings)
    baselines: Baselines = field(default_factory=dict)
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
        self._persons: dict[tuple[str, Subject], PersonProfile] = {}
        self._everybody: Everybody | None = None
        self._backgrounds: dict[str | None, list[float]] = {}
        self._people: dict[str, int] | None = None
        self._large_teams: set[str] | None = None
        self._all_publishers: Counter[str] | None = None
        self.settings = AnomalySettings()
        self.decisions = Decisions()
        self.trouble: Trouble | None = None

    @property
    def has_learnt(self) -> bool:
        """Whether there are baselines at all."""
        return self._of(ORGANISATION) is not _NOTHING

    def read(self, subjects: Iterable[Subject]) -> None:
        """Read the baselines that are not known yet, in one go."""
        new = sorted({ORGANISATION, *subjects} - self._known.keys(), key=lambda subject: subject.key)
        if not new or self.trouble is not None:
            return
        try:
            reply = self._source.read(new)
        except CbsignedError as error:
            # Not tried again in this search: without a baseline there is no opinion, and a hanging store is slow.
            self.trouble = Trouble.of(error)
            return
        self.settings = reply.settings
        if ORGANISATION in new:  # the first read, with which the service gives them
            self.decisions = Decisions(reply.decisions)
        for subject in new:
            self._known[subject] = reply.baselines.get(subject, _NOTHING)

    def forget(self) -> None:
        """Forget people and parents."""
        kept = {SubjectKind.ORGANISATION, SubjectKind.TEAM}
        self._persons.clear()
        self._known = {subject: baseline for subject, baseline in self._known.items() if subject.kind in kept}
        self._groups = {subject: group for subject, group in self._groups.items() if subject.kind in kept}

    def everybody(self) -> Everybody:
        """Return the organisation's behaviour."""
        if self._everybody is None:
            self._everybody = Everybody(self._weigh(ORGANISATION))
        return self._everybody

    def team(self, team: str) -> GroupProfile | None:
        """Return a team's behaviour (None: it, or all the others, are too small or not known well enough)."""
        if self._large_teams is None:
            self._large_teams = {name for name, people in self.people().items() if people >= MIN_TEAM}
        is_comparable = team in self._large_teams and len(self._large_teams) > 1
        return self._group(Subject(SubjectKind.TEAM, team)) if is_comparable else None

    def people(self) -> dict[str, int]:
        """Return how many people are in each team."""
        if self._people is None:
            known = self._of(ORGANISATION)
            self._people = {team: head_count(known.members(team)) for team in known.teams()}
        return self._people

    def parent(self, parent: str) -> GroupProfile | None:
        """Return a parent's behaviour (None: too few starts are known)."""
        return self._group(Subject(SubjectKind.PARENT, parent))

    def person(self, person: str, team: str, group: GroupProfile) -> PersonProfile:
        """Return a person's behaviour in a team."""
        key = (person, Subject(SubjectKind.TEAM, team))
        if key not in self._persons:
            self._persons[key] = PersonProfile(self._weigh(Subject(SubjectKind.PERSON, person)), group)
        return self._persons[key]

    def has_run(self, person: str, process: str) -> bool | None:
        """Return whether a person ever ran a process (None: too little is known of the person)."""
        seen = totals(self._of(Subject(SubjectKind.PERSON, person)).names)
        return process in seen if sum(seen.values()) >= self.settings.minimum_support else None

    def active_hours(self, person: str) -> float:
        """Return how many active hours of a person are known, old ones counting less."""
        return weighed_hours(self._of(Subject(SubjectKind.PERSON, person)).days, self.settings.half_life_days)

    def hours(self, person: str, team: str | None, holidays: Collection[int]) -> HourProfile:
        """Return the hours of a person, backed off to the team's and everybody's."""
        days = self._of(Subject(SubjectKind.PERSON, person)).days
        return HourProfile(days, self.settings.half_life_days, self._background(team), holidays)

    def publishers(self) -> Counter[str]:
        """Return how often programs of each publisher were seen."""
        if self._all_publishers is None:
            self._all_publishers = totals(self._of(ORGANISATION).publishers)
        return self._all_publishers

    def _background(self, team: str | None) -> list[float]:
        if team not in self._backgrounds:
            subject = ORGANISATION if team is None else Subject(SubjectKind.TEAM, team)
            below = None if team is None else self._background(None)
            self._backgrounds[team] = background(self._weigh_hours(subject), below)
        return self._backgrounds[team]

    def _of(self, subject: Subject) -> Baseline:
        return self._known.get(subject, _NOTHING)

    def _group(self, subject: Subject) -> GroupProfile | None:
        if subject not in self._groups:
            weighed, seen = self._weigh(subject), totals(self._of(subject).names)
            once = sum(times == 1 for times in seen.values())
            is_known = sum(weighed.values()) >= self.settings.minimum_support
            profile = GroupProfile(weighed, once, sum(seen.values()), self.everybody()) if is_known else None
            self._groups[subject] = profile
        return self._groups[subject]

    def _weigh(self, subject: Subject) -> dict[str, float]:
        # All by the organisation's clock: what is compared must have aged alike.
        newest = max(self._of(ORGANISATION).names, default=0)
        return weigh(self._of(subject).names, self.settings.half_life_days, newest)

    def _weigh_hours(self, subject: Subject) -> dict[int, float]:
        heads = {
            generation: {hour: head_count(sketch) for hour, sketch in hours.items()}
            for generation, hours in self._of(subject).hours.items()
        }
        weighed = weigh(heads, self.settings.half_life_days, max(heads, default=0))
        return {int(hour): weight for hour, weight in weighed.items()}
