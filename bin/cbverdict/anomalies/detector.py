"""How unusual each row of a search is, and whether it is signed noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Collection, Iterable, Tuple

from cbverdict.anomalies import explanations as opinions
from cbverdict.anomalies.baselines import Subject, SubjectKind, baseline_name
from cbverdict.anomalies.combination import score_of, score_of_cauchy
from cbverdict.anomalies.exclusions import sentence_of
from cbverdict.anomalies.explanations import NAMELESS, NONE, Explanation, no_opinion
from cbverdict.anomalies.local_time import Clocks, LocalClock, date_of
from cbverdict.anomalies.profiles import BaselineSource, Profiles
from cbverdict.anomalies.scores import Part, ProcessSide, Score
from cbverdict.errors import Trouble
from cbverdict.events.people import person_of
from cbverdict.verdicts.reasons import Reason, Signed
from cbverdict.verdicts.signed_noise import Doubts, may_be_left_out, passes_all_but_score

if TYPE_CHECKING:
    from cbverdict.anomalies.active_hours import HourProfile
    from cbverdict.anomalies.exclusions import Decision
    from cbverdict.anomalies.reference_lists import Lists, Member
    from cbverdict.events.event import ProcessEvent
    from cbverdict.verdicts.verdict import Verdict

_MAX_PEOPLE = 2000
_MAX_OPINIONS = 100_000


_NO_TIME = "no opinion on the hour: the row has no time"


class Anomalies:
    """Score the rows of one search; a search reads baselines and never writes one."""

    def __init__(self, source: BaselineSource, lists: Lists) -> None:
        """Store who gives baselines, and the lists; nothing is asked yet."""
        self._profiles = Profiles(source)
        self._lists = lists
        self._views: dict[tuple[str, str], PersonView] = {}
        self._clocks = Clocks(lists.holidays)
        self._parents: dict[tuple[str, str], Explanation] = {}

    @property
    def has_learnt(self) -> bool:
        """Whether there are baselines at all."""
        return self._profiles.has_learnt

    @property
    def threshold(self) -> float:
        """The score from which on a row is not noise."""
        return self._profiles.settings.threshold

    @property
    def troubles(self) -> list[Trouble]:
        """Return what went wrong: a list that cannot be read, baselines that nobody gives."""
        troubles = [Trouble(Reason.SETUP, f"In the lookups, {problem}.") for problem in self._lists.problems]
        return troubles + ([self._profiles.trouble] if self._profiles.trouble else [])

    def prepare(self, whos: Iterable[tuple[str, str]], parents: Iterable[str | None]) -> None:
        """Read what is not known yet of people (user and team as rows say them) and of parents."""
        subjects = {Subject(SubjectKind.PARENT, name) for name in map(baseline_name, parents) if name}
        for user, team in whos:
            view = self.view(user, team)
            subjects.update(view.subjects())
        self._profiles.read(subjects)

    def view(self, user: str, team: str) -> PersonView:
        """Return the view on a person, by user and team as the rows say them."""
        found = self._views.get((user, team))
        if found is None:
            person = person_of(user)
            member = self._lists.roster.member(person, team)
            found = PersonView(self._profiles, self._lists, person, member, self._clocks.of(member))
            self._views[user, team] = found
        return found

    @property
    def is_full(self) -> bool:
        """Whether so much is remembered that it is time to forget."""
        opinions_held = len(self._parents) + sum(view.opinions for view in self._views.values())
        return len(self._views) > _MAX_PEOPLE or opinions_held > _MAX_OPINIONS

    def forget(self) -> None:
        """Forget people and parents; their baselines are read anew when they come again."""
        self._views.clear()
        self._parents.clear()
        self._profiles.forget()

    def forget_quarters(self) -> None:
        """Forget which quarter of an hour was whose slot, so that this does not grow with the search."""
        for view in self._views.values():
            view.quarters.clear()

    def process_side(
        self, event: ProcessEvent, verdict: Verdict, parent_signed: Signed, *, is_parent_unanswered: bool = False
    ) -> ProcessSide:
        """Judge what does not depend on who ran it and when."""
        process, parent = baseline_name(event.process.name), baseline_name(event.parent.name)
        opinion = self._on_parent(parent, process) if process and parent else NONE
        publisher = verdict.signature.publisher if verdict.signature else ""
        file_names, author_names = (
            (verdict.signature.names, verdict.signature.author_names) if verdict.signature else ((), ())
        )
        names = (*event.names, *event.other_names, *event.original_names, *file_names)
        is_nameless = verdict.signed is Signed.TRUE and not (names or author_names)
        oddities = (NAMELESS,) if is_nameless else tuple(opinions.oddities_of(event, author_names))
        denied = self._lists.denied(publisher)
        doubts = Doubts(
            signed=verdict.signed,
            parent_signed=parent_signed,
            is_signer_unknown=not verdict.may_be_dropped,
            is_parent_unanswered=is_parent_unanswered,
            parent_score=None if opinion.p_value is None else score_of(opinion.p_value),
            is_publisher_denied=denied is not None,
            is_living_off_the_land=self._lists.names_a_tool(names),
            is_name_odd=bool(oddities),
            is_about_several=event.has_several_users or event.has_several_parents,
        )
        about = (
            *oddities,
            *opinion.reasons,
            *((f"signed by {publisher}, which is denied: {denied}",) if denied is not None else ()),
            *((opinions.first_signer(publisher),) if self._is_first_signer(publisher) else ()),
        )
        decisions = self._profiles.decisions
        exclusions = decisions.on_file(event.process.md5, process, parent, verdict) if may_be_left_out(doubts) else ()
        return ProcessSide(process, opinion, doubts, about, exclusions)

    def score(self, side: ProcessSide, view: PersonView, quarters: Collection[int]) -> Score:
        """Score a row; `quarters` of an hour, counted since 1970, are when it began and ended (none: no time)."""
        part = self.part(side, view)
        hour = view.oddest(quarters) or view.at(None)
        score = part.score if part.opinions else None
        if hour.p_value is not None:
            score = score_of_cauchy((part.cauchy + hour.cauchy) / (part.opinions + 1))
        return Score(score, hour, part, part.passes_all_but_score and (score is None or score < part.limit))

    def part(self, side: ProcessSide, view: PersonView) -> Part:
        """Judge all but the hour."""
        team = NONE if side.process is None else view.process(side.process)
        found = [opinion.cauchy for opinion in (team, side.parent) if opinion.p_value is not None]
        score = score_of_cauchy(sum(found) / len(found)) if found else 0.0
        is_clear, limit = passes_all_but_score(side.doubts, self.threshold), self.threshold
        said: Tuple[str, ...] = ()
        exclusion = next((one for one in side.exclusions if view.is_covered(one)), None)
        if exclusion is not None:
            is_clear, limit = True, max(exclusion.score, limit if is_clear else 0.0)
            said = (sentence_of(exclusion, date_of(exclusion.until)),)
        reasons = said + team.reasons + side.reasons
        return Part(sum(found), len(found), score, reasons, team, side.parent, is_clear, limit)

    def _on_parent(self, parent: str, child: str) -> Explanation:
        if (parent, child) not in self._parents:
            group = self._profiles.parent(parent)
            if group is not None:
                opinion = opinions.on_parent(group, parent, child)
            elif self.has_learnt:
                opinion = no_opinion(f"no opinion on the parent: too few starts by {parent} are known")
            else:
                opinion = NONE
            self._parents[parent, child] = opinion
        return self._parents[parent, child]

    def _is_first_signer(self, publisher: str) -> bool:
        seen = self._profiles.publishers()
        return (
            publisher != ""
            and publisher not in seen
            and sum(seen.values()) >= self._profiles.settings.minimum_support
            and not self._lists.is_trusted(publisher)
        )


class PersonView:
    """What is usual for one person in one team, as far as it is known."""

    def __init__(self, profiles: Profiles, lists: Lists, person: str | None, member: Member, clock: LocalClock) -> None:
        """Store what is usual; profiles are made when they are needed."""
        self._profiles = profiles
        self._lists = lists
        self._person = person
        self._team = member.team
        self.quarters: dict[int | None, Explanation] = {}
        self._hours: dict[int, Explanation] = {}
        self._processes: dict[str, Explanation] = {}
        self._profile: HourProfile | None = None
        self.clock = clock

    def subjects(self) -> list[Subject]:
        """Return the baselines that it rests on."""
        person = [Subject(SubjectKind.PERSON, self._person)] if self._person else []
        return person + ([Subject(SubjectKind.TEAM, self._team.lower())] if self._team else [])

    def is_covered(self, decision: Decision) -> bool:
        """Return whether a decision is about this person in this team."""
        return decision.covers(self._person, self._team)

    @property
    def opinions(self) -> int:
        """Return on how many processes there is an opinion, or none, already."""
        return len(self._processes)

    def at(self, quarter: int | None) -> Explanation:
        """Judge a quarter of an hour, counted since 1970 (None: no time, no opinion)."""
        opinion = self._untimed if quarter is None else self._hour(self.clock.at(quarter).slot)
        self.quarters[quarter] = opinion
        return opinion

    def oddest(self, quarters: Iterable[int]) -> Explanation | None:
        """Judge several quarters of an hour; return the oddest (None: there are none)."""
        found = [self.quarters.get(quarter) or self.at(quarter) for quarter in quarters]
        return min(found, key=_unusual_first, default=None)

    @property
    def _untimed(self) -> Explanation:
        return no_opinion(_NO_TIME) if self._person is not None and self._profiles.has_learnt else NONE

    def _hour(self, slot: int) -> Explanation:
        opinion = self._hours.get(slot)
        if opinion is None:
            opinion = self._hours[slot] = self._on_hour(slot)
        return opinion

    def process(self, name: str) -> Explanation:
        """Judge a process."""
        opinion = self._processes.get(name)
        if opinion is None:
            opinion = self._processes[name] = self._on_process(name)
        return opinion

    def _on_hour(self, slot: int) -> Explanation:
        if self._person is None or not self._profiles.has_learnt:
            return NONE
        hours, needed = self._profiles.active_hours(self._person), self._profiles.settings.minimum_support
        if hours < needed:
            known = f"{hours:.0f} of {needed:g} active hours of {self._person} are known"
            return no_opinion(f"no opinion on the hour: {known}")
        if self._profile is None:
            team = self._team.lower() if self._team else None
            self._profile = self._profiles.hours(self._person, team, self.clock.holidays)
        profile = self._profile
        return opinions.on_hour(profile, self._person, self.clock.name, slot)

    def _on_process(self, name: str) -> Explanation:
        if self._person is None or not self._profiles.has_learnt:
            return NONE
        if self._team is None:
            return self._without_team(name, f"no team of {self._person} is known")
        team = self._team.lower()
        if self._lists.is_expected(team, name) or self._profiles.decisions.is_expected(team, name):
            return NONE
        group = self._profiles.team(team)
        if group is None:
            return self._without_team(name, f"too little is known of {self._team}, or of other teams")
        profile = self._profiles.person(self._person, team, group)
        who = (self._person, self._team, self._profiles.people()[team])
        return opinions.on_team(profile, group, self._profiles.everybody(), who, name)

    def _without_team(self, name: str, why: str) -> Explanation:
        sentence = f"no opinion on the team: {why}"
        if self._person and self._profiles.has_run(self._person, name) is False:
            sentence += f"; {opinions.first_time(self._person, name)}"
        return no_opinion(sentence)


def odder(hour: Explanation, other: Explanation) -> Explanation:
    """Return the odder of two explanations of an hour; one without an opinion only where neither has one."""
    return min(hour, other, key=_unusual_first)


def _unusual_first(hour: Explanation) -> float:
    return 2.0 if hour.p_value is None else hour.p_value
