"""What is usual for one person, as the rows of one search ask for it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Iterable

from cbverdict.anomalies import explanations
from cbverdict.anomalies.baselines import Subject, SubjectKind
from cbverdict.anomalies.explanations import NONE, Compared, Explanation, no_opinion
from cbverdict.anomalies.without_team import Organisation

if TYPE_CHECKING:
    from cbverdict.anomalies.active_hours import HourProfile
    from cbverdict.anomalies.decisions import Decision
    from cbverdict.anomalies.local_time import LocalClock
    from cbverdict.anomalies.profiles import Profiles
    from cbverdict.anomalies.reference_lists import Lists, Member

_NO_TIME = "no opinion on the hour: the row has no time"
NOBODY = "no opinion on the person: the row names none"

_UNUSUAL_BELOW_P = 0.1
"""From this p-value down something counts as begun with; it is told from there on as well (`REPORT_BELOW_P`)."""


class PersonView:
    """What is usual for one person in one team, as far as it is known."""

    def __init__(self, profiles: Profiles, lists: Lists, person: str | None, member: Member, clock: LocalClock) -> None:
        """Store what is usual; profiles are made when they are needed."""
        self.profiles = profiles
        self.lists = lists
        self.member = member
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
    def person(self) -> str:
        """Return who it is (empty: nobody)."""
        return self._person or ""

    @property
    def compared_team(self) -> str | None:
        """Return the team that the person is compared with (None: everybody)."""
        team = self._team.lower() if self._team else None
        return None if isinstance(self.profiles.team(team), Organisation) else team

    def day(self, quarter: int) -> int:
        """Return the local day of a quarter of an hour, both counted since 1970."""
        return self.clock.at(quarter).day

    def begins(self, process: str) -> bool:
        """Return whether it is unusual for this person to run a process, and the first time."""
        if self._person is None or not is_unusual(self.process(process)):
            return False
        return not self.profiles.has_run(self._person, process)

    @property
    def explanations_held(self) -> int:
        """Return on how many processes there is an explanation, or none, already."""
        return len(self._processes)

    def at(self, quarter: int | None) -> Explanation:
        """Judge a quarter of an hour, counted since 1970 (None: no time, no explanation)."""
        explanation = self._untimed if quarter is None else self._hour(self.clock.at(quarter).slot)
        self.quarters[quarter] = explanation
        return explanation

    def oddest(self, quarters: Iterable[int]) -> Explanation | None:
        """Judge several quarters of an hour; return the oddest (None: there are none)."""
        found = [self.quarters.get(quarter) or self.at(quarter) for quarter in quarters]
        return min(found, key=_unusual_first, default=None)

    @property
    def _untimed(self) -> Explanation:
        if not self.profiles.has_learnt:
            return NONE
        return no_opinion(NOBODY if self._person is None else _NO_TIME)

    def _hour(self, slot: int) -> Explanation:
        explanation = self._hours.get(slot)
        if explanation is None:
            explanation = self._hours[slot] = self._on_hour(slot)
        return explanation

    def process(self, name: str) -> Explanation:
        """Judge a process."""
        explanation = self._processes.get(name)
        if explanation is None:
            explanation = self._processes[name] = self._on_process(name)
        return explanation

    def _on_hour(self, slot: int) -> Explanation:
        if self._person is None or not self.profiles.has_learnt:
            return no_opinion(NOBODY) if self.profiles.has_learnt else NONE
        hours, needed = self.profiles.active_hours(self._person), self.profiles.settings.minimum_support
        if hours < needed:
            known = f"{hours} of {needed:g} active hours of {self._person} are known"
            return no_opinion(f"no opinion on the hour: {known}")
        if self._profile is None:
            self._profile = self.profiles.hours(self._person, self.clock.holidays)
        return explanations.on_hour(self._profile, self._person, self.clock.name, slot)

    def _on_process(self, name: str) -> Explanation:
        if self._person is None or not self.profiles.has_learnt:
            return NONE
        team = self._team.lower() if self._team else None
        decisions = self.profiles.decisions
        if team is not None and (self.lists.is_expected(team, name) or decisions.is_expected(team, name)):
            return NONE
        group = self.profiles.team(team)
        if group is None:
            return no_opinion("no opinion on the process: too few starts are known")
        profile = self.profiles.person(self._person, team, group)
        is_of_team = not isinstance(group, Organisation)
        people = self.profiles.people_in(team or "")
        return explanations.on_team(
            profile, group, Compared(self._person, self._team if is_of_team else None, people), name
        )


def is_unusual(explanation: Explanation) -> bool:
    """Return whether something is so unusual that beginning with it may be part of a roll-out."""
    return explanation.p_value is not None and explanation.p_value <= _UNUSUAL_BELOW_P


def _unusual_first(hour: Explanation) -> float:
    return math.inf if hour.p_value is None else hour.p_value
