"""How unusual a first time is for somebody without a team to compare with: everybody is the group then.

What somebody begins with is common elsewhere, or it would not be here at all. Three things tell what that says:

- Who would have come to it by now, if it were one of his or her programs? Those who use a program use it at a rate;
  in so many starts it would have come up but for chance. Nothing else is said of a program of everybody's that comes up
  once in five hundred starts; of a tool that half of the people use daily and this one never did, much is.
- How many use it? What everybody uses is likely to be this person's too.
- How often did this person begin before with what is about as common, and would have come up earlier? Who tries things
  out is told from who never does.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Collection, Mapping, NamedTuple, Sequence

from cbverdict.anomalies.distinct_count import head_count, sketch_of
from cbverdict.anomalies.peer_rarity import HALF, Everybody, GroupProfile, Past, PersonProfile, chance_of, prior_of
from cbverdict.anomalies.seen_people import ANYBODY, MANY_USERS

_ALIKE = 0.5  # times as common: from there on another program is about as common
_DUE = math.log(100)  # times that it would have come up: it is due but for one in a hundred
_CERTAIN = 50.0  # likewise: more make no difference
_UNKNOWN_USERS = 0.5  # the share of people who use a program, where it is not known


class _Usage(NamedTuple):
    """How others use a program: its share of all they run, and of what its users run, and the share of its users."""

    share: float
    rate: float
    users: float


class Organisation(GroupProfile):
    """Everybody as a group, for people without a team to compare with: nobody else is there to compare with either."""

    def __init__(
        self, everybody: Everybody, users: Mapping[str, Sequence[int]]
    ) -> None:  # and no super().__init__: there are no others to leave out
        """Store what everybody does, and who was seen with which program, as far as it is known."""
        self._compare(everybody.seen, everybody.total, everybody, everybody)
        self._support(everybody.once, everybody.sightings)
        self._users = users
        self._anybody = self._users.get(ANYBODY, ())
        self._people = head_count(self._anybody)

    def prior_of(self, person: PersonProfile) -> float:
        """Return how much it counts for a person: the share of what the person was seen with once."""
        return prior_of(person.total, len(person.once), person.sightings)

    def users_said(self, name: str) -> str:
        """Write how many people use a program (empty: it is not known)."""
        known = len(self._users.get(name, ()))
        if known == 0:
            return ""
        return f"; {'at least ' if known == MANY_USERS else ''}{known} of {self._people} people run it"

    def usage(self, name: str, person: str, share: float) -> _Usage:
        """Return how those who are not this person use a program that is so large a share of what they run.

        Where no user of it is known, everybody may be one, or nobody.
        """
        users = self._share_of_users(self._users.get(name, ()), person)
        if users == 0.0:
            return _Usage(share, share, _UNKNOWN_USERS)
        others = self._people - 1
        return _Usage(share, share / users, (users * others + HALF) / (others + 2))

    def _share_of_users(self, known: Sequence[int], person: str) -> float:
        """Return the share of the others who are users: of few it is exact, of many how far apart their hashes are."""
        if len(known) == MANY_USERS:
            return self._anybody[MANY_USERS - 1] / known[-1]
        return min(len({*known}.difference(sketch_of(person))) / max(self._people - 1, 1), 1.0)


class PersonWithoutTeam(PersonProfile):
    """The behaviour of one person, compared with everybody's."""

    def __init__(
        self,
        seen: Mapping[str, float],
        once: Collection[str],
        sightings: int,
        organisation: Organisation,
        past: Past | None = None,
    ) -> None:
        """Store the same as of any person; the organisation's behaviour is that of the others."""
        super().__init__(seen, once, sightings, organisation, past)
        self._organisation = organisation
        self._others = organisation.everybody.without(seen)

    def chance_of_first(self, name: str) -> float:
        """Return the chance that a name which the person begins with is the person's own."""
        usage = self._usage(name)
        due = usage.rate * self.sightings
        missed = math.exp(-min(due, _CERTAIN))
        by_chance = missed / (usage.users * missed + 1 - usage.users)
        least = _ALIKE * usage.share
        alike = sum(share >= least and before >= min(due, _DUE) for share, before in self._beginnings)
        return chance_of(by_chance + (alike + HALF) / (self.sightings + 1), 1.0)

    @cached_property
    def _beginnings(self) -> list[tuple[float, float]]:
        """How common each of the person's programs is, and how often it would have come up before it did."""
        usages = ((self._usage(name), before) for name, before in self.past.before.items())
        return [(usage.share, usage.rate * before) for usage, before in usages]

    def _usage(self, name: str) -> _Usage:
        return self._organisation.usage(name, self.past.person, self._others.share(name))
