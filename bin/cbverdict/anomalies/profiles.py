"""What is usual, as far as one search knows: baselines read in batches, profiles made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator, Mapping, Sequence, TypeVar

from cbverdict.anomalies.active_hours import HourProfile, count_hours
from cbverdict.anomalies.baselines import ORGANISATION, Baseline, Subject, SubjectKind
from cbverdict.anomalies.decayed_counts import starts_before, totals, weigh, weigh_one, weights
from cbverdict.anomalies.decisions import Decisions
from cbverdict.anomalies.distinct_count import head_count
from cbverdict.anomalies.known_baselines import BaselineQuestion, BaselineSource, KnownBaselines
from cbverdict.anomalies.outline import MIN_TEAM, Head, Program
from cbverdict.anomalies.peer_rarity import Everybody, GroupProfile, Past, PersonProfile
from cbverdict.anomalies.seen_people import ANYBODY
from cbverdict.anomalies.without_team import Organisation, PersonWithoutTeam
from cbverdict.errors import CbsignedError, Trouble
from cbverdict.settings.anomalies import AnomalySettings

if TYPE_CHECKING:
    from collections import Counter
    from typing import Collection

Value = TypeVar("Value")

_NOTHING = Baseline()
_NO_PROGRAM = Program()
_MAX_PROGRAMS = 50_000


class Profiles:
    """The baselines of one search, and the profiles made of them."""

    def __init__(self, source: BaselineSource | None) -> None:
        """Store who gives baselines (None: nobody is asked); nothing is asked yet."""
        self._source = source
        self._known: dict[Subject, Baseline] = {}
        self._programs: dict[str, Program] = {}
        self._teams: dict[str, Sequence[int]] = {}
        self._publishers: dict[str, bool] = {}
        self._head: Head | None = None
        self._is_asked = False
        self._weights: Mapping[int, float] = {}
        self._weighed: dict[str, float | None] = {}
        self._groups: dict[Subject, GroupProfile | None] = {}
        self._persons: dict[tuple[str, str | None], PersonProfile] = {}
        self._totals: dict[Subject, Counter[str]] = {}
        self._everybody: Everybody | None = None
        self.settings = AnomalySettings()
        self.decisions = Decisions()
        self.error: CbsignedError | None = None

    @property
    def has_learnt(self) -> bool:
        """Whether there are baselines at all."""
        return self._head is not None

    @property
    def trouble(self) -> Trouble | None:
        """What went wrong (None: nothing)."""
        return Trouble.of(self.error) if self.error else None

    def read(
        self, subjects: Iterable[Subject] = (), programs: Iterable[str] = (), publishers: Iterable[str] = ()
    ) -> None:
        """Read what is not known yet of some subjects, programs and publishers, in one go."""
        if self.error is not None or self._source is None:
            return
        question = BaselineQuestion(
            tuple(sorted({*subjects} - self._known.keys() - {ORGANISATION}, key=lambda subject: subject.key)),
            tuple(sorted({*programs} - self._programs.keys())),
            tuple(sorted(name for name in {*publishers} if name not in self._publishers and not self._lists(name))),
            wants_decisions=not self._is_asked,
        )
        has_names = self._head is not None and (question.programs or question.publishers)
        if not (question.wants_decisions or question.subjects or has_names):
            return
        try:
            reply = self._source.read(question)
        except CbsignedError as error:
            # Not tried again in this search: without a baseline there is no opinion, and a hanging store is slow.
            self.error = error
            return
        self.add(question, reply)

    def add(self, question: BaselineQuestion, reply: KnownBaselines) -> None:
        """Add what was answered; of what it says nothing, nothing is known."""
        self.settings, outline = reply.settings, reply.outline
        if not self._is_asked:
            self._is_asked, self.decisions = True, Decisions(reply.decisions)
            self._head = outline.head
            generations = self._head.sightings if self._head else ()
            self._weights = weights(generations, self.settings.half_life_days)
        for subject in question.subjects:
            self._known[subject] = reply.baselines.get(subject, _NOTHING)
        self._programs.update(dict.fromkeys(question.programs, _NO_PROGRAM))
        self._programs.update(outline.programs)
        self._teams.update(outline.teams)
        self._publishers.update(dict.fromkeys(question.publishers, False))
        self._publishers.update(dict.fromkeys(outline.publishers, True))

    def _lists(self, publisher: str) -> bool:
        """Return whether the head says of a publisher whether it is known."""
        return self._head is not None and (self._head.has_all_publishers or publisher in self._head.publishers)

    def forget(self) -> None:
        """Forget people and parents, and programs where they have become too many."""
        kept = {SubjectKind.ORGANISATION, SubjectKind.TEAM}
        self._persons.clear()
        self._totals.clear()
        if len(self._programs) > _MAX_PROGRAMS:  # Not before: kinds of rows that are held on to ask for them again.
            self._programs.clear()
            self._weighed.clear()
        self._known = {subject: baseline for subject, baseline in self._known.items() if subject.kind in kept}
        self._groups = {subject: group for subject, group in self._groups.items() if subject.kind in kept}

    def everybody(self) -> Everybody:
        """Return the organisation's behaviour."""
        if self._everybody is None:
            head = self._head or Head()
            total = sum(self._weights[generation] * times for generation, times in head.sightings.items())
            seen = _LookedUp(self._weigh_of_everybody)
            self._everybody = Everybody(
                seen,
                head.once,
                sum(head.sightings.values()),
                names=head.names,
                total=total,
                is_at_hand=self._is_at_hand,
            )
        return self._everybody

    def is_new(self, name: str) -> bool:
        """Return whether nobody was ever seen with a process."""
        return name not in self.everybody()

    def is_new_parent(self, name: str) -> bool:
        """Return whether a program was never seen to run or to start another, where it is known what usually does."""
        return self.is_known_what_starts and self.is_new(name) and not self._names_of(Subject(SubjectKind.PARENT, name))

    @property
    def is_known_what_starts(self) -> bool:
        """Whether enough is known of what programs start."""
        return self.everybody().sightings >= self.settings.minimum_support

    def team(self, team: str | None) -> GroupProfile | None:
        """Return the behaviour that a team's people are compared with (None: too little is known of anybody).

        That is the organisation's for who is in no team, and where the team or all the others are too small, or the
        team is not known well enough.
        """
        is_large = team is not None and self.people_in(team) >= MIN_TEAM
        is_comparable = is_large and self._head is not None and self._head.large_teams > 1
        own = self._group(Subject(SubjectKind.TEAM, team)) if team and is_comparable else None
        return own or self._group(ORGANISATION)

    def members(self, team: str) -> Sequence[int]:
        """Return who is in a team, as far as it is known."""
        return self._teams.get(team, ())

    def people_in(self, team: str) -> int:
        """Return how many people are in a team."""
        return head_count(self.members(team))

    def waiting_lately(self, name: str) -> Sequence[int]:
        """Return of whom a program waits to be learnt since yesterday."""
        return self._program(name).lately

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

    def is_new_publisher(self, publisher: str) -> bool:
        """Return whether nothing signed by a publisher was run before, where it is known who usually signs."""
        head = self._head or Head()
        if head.signed < self.settings.minimum_support or publisher in head.publishers:
            return False
        if head.has_all_publishers:
            return True
        if publisher not in self._publishers:
            self.read(publishers=[publisher])
        return not self._publishers.get(publisher, False)

    def _of(self, subject: Subject) -> Baseline:
        return self._known.get(subject, _NOTHING)

    def _group(self, subject: Subject) -> GroupProfile | None:
        if subject not in self._groups:
            of_all = subject == ORGANISATION
            sightings = self.everybody().sightings if of_all else sum(self._names_of(subject).values())
            is_known = sightings >= self.settings.minimum_support
            self._groups[subject] = (self._organisation() if of_all else self._group_of(subject)) if is_known else None
        return self._groups[subject]

    def _group_of(self, subject: Subject) -> GroupProfile:
        seen = self._names_of(subject)
        return GroupProfile(self._weigh(subject), len(_once(seen)), sum(seen.values()), self.everybody())

    def _organisation(self) -> Organisation:
        head = self._head or Head()
        users = _LookedUp(lambda name: head.anybody if name == ANYBODY else self._program(name).users or None)
        return Organisation(self.everybody(), users)

    def _is_at_hand(self, name: str) -> bool:
        return self._source is None or name in self._programs

    def _program(self, name: str) -> Program:
        """Return what everybody did with a program; that of most was read before, for all of a chunk at once."""
        if name and name not in self._programs:
            self.read(programs=[name])
        return self._programs.get(name, _NO_PROGRAM)

    def _weigh_of_everybody(self, name: str) -> float | None:
        """Return how often everybody was seen with a program, weighted (None: never)."""
        if name not in self._weighed:
            seen = self._program(name).seen
            self._weighed[name] = weigh_one(seen, self._weights) if seen else None
        return self._weighed[name]

    def _names_of(self, subject: Subject) -> Counter[str]:
        if subject not in self._totals:
            self._totals[subject] = totals(self._of(subject).names)
        return self._totals[subject]

    def _weigh(self, subject: Subject) -> dict[str, float]:
        # All by the organisation's clock: what is compared must have aged alike.
        newest = max(self._weights, default=0)
        return weigh(self._of(subject).names, self.settings.half_life_days, newest)


class _LookedUp(Mapping[str, Value]):
    """Values by names, each looked up when it is asked for (None: there is none); which there are nobody can say."""

    def __init__(self, find: Callable[[str], Value | None]) -> None:
        self._find = find

    def __getitem__(self, name: str) -> Value:
        value = self._find(name)
        if value is None:
            raise KeyError(name)
        return value

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as Mapping's, which takes four times as long
        """Return a value, or the default where there is none."""
        value = self._find(name)
        return default if value is None else value

    def __iter__(self) -> Iterator[str]:
        raise TypeError("which names there are is not known")

    def __len__(self) -> int:
        raise TypeError("how many names there are is not known")


def _once(seen: Mapping[str, int]) -> list[str]:
    return [name for name, times in seen.items() if times == 1]
