"""How unusual a name is for somebody: a process for a team or a person, a child for a parent.

Unusual does not mean rare. A tool that everybody else runs daily and this team never says much, a program that is
new to the world says less. So a name is judged by how much more others use it, p(name | others) / p(name | own), which
by Neyman and Pearson tells own behaviour from somebody else's best. The p-value is the chance that a row with this name
is their own where own and others' rows are equally likely: p(own) / (p(own) + p(others)). By Markov's inequality a
ratio of c or more comes up in at most one of c own rows, whatever the behaviour is like; so a small p-value comes up no
more often than it says (but for a part in a hundred at 0.01).

Own frequencies back off to those of the team, and these to everybody's, as in a Dirichlet mixture (peer groups:
Turcotte, Moore, Heard & McPhall, "Poisson Factorization for Peer-Based Anomaly Detection", ISI 2016; Tang, Hu & Lin,
"Reducing False Positives of User-to-Entity First-Access Alerts", ISI 2017). How much a team keeps for names not seen
yet is the share of those seen once (Good, "The Population Frequencies of Species", Biometrika 1953). How much a team
says of a person is found for each person, by maximum likelihood (Minka, "Estimating a Dirichlet distribution", 2000):
an account that does one thing all day is told by it from a person who does what everybody in the team does, for whom a
program of the team is nothing new though it is the first time.

A name that nobody was ever seen with has no ratio worth the name. Its p-value is how often such names come up: in an
organisation that installs something every day one more is nothing, in one where nothing changes it is. It is new once
and known from then on, so for a person it counts how often that is in a day: among a thousand starts of a day one is no
rarer than among ten.
"""

from __future__ import annotations

import math
from copy import copy
from functools import partial
from typing import Callable, Collection, Mapping, NamedTuple, Sequence

from cbverdict.events.one_off_names import is_one_off

HALF = 0.5
"""Of a sighting for every name, and for all unknown ones together (Krichevsky & Trofimov 1981)."""

_NO_NAME = ""  # as good as any that nobody was seen with
_NEWER = 2.0  # times as often as the past says new names come up: it is the rate that real people show
_NEWER_TO_ALL = 5.0  # times the share of what a group was never seen with: below that it says more than everybody's
_LEAST = 1e-9
_LIKENESSES = tuple(0.5 * 2**step for step in range(11))
"""How many sightings a group may count for in a person's behaviour: half a one for an account that does one thing that
nobody else does, hundreds for a person who does what all in the team do."""

_SHOWN = 0.001  # as small a chance as what is learnt can show
_USUAL = 0.5  # the p-value of what says nothing


class Everybody:
    """The organisation's behaviour: how often each name was seen, weighted."""

    def __init__(
        self,
        seen: Mapping[str, float],
        once: int = 0,
        sightings: int = 0,
        *,
        names: int | None = None,
        total: float | None = None,
        is_at_hand: Callable[[str], bool] = lambda _: True,
    ) -> None:
        """Store the weighted counts, and how many names were seen once of how many sightings.

        `names` says how many there are, and `total` how often they were seen, weighted (None: `seen` tells). Of a name
        that is not at hand everybody was seen with it at least as often as any group.
        """
        self.once = once
        self.sightings = sightings
        self.new = min(_NEWER * (once + 1) / (sightings + 2), _USUAL)
        """How often a name comes up that nobody was ever seen with."""
        self.seen = seen
        self.total = sum(seen.values()) if total is None else total
        self._is_at_hand = is_at_hand
        self._names = len(seen) if names is None else names
        self._less: Mapping[str, float] = {}

    def __contains__(self, name: str) -> bool:
        """Return whether anybody was seen with a name."""
        return name in self.seen

    def share(self, name: str) -> float:
        """Return the probability of a name; of any unknown one, that of all of them."""
        seen = max(self.seen.get(name, 0.0) - self._less.get(name, 0.0), 0.0)
        return (seen + HALF) / (self.total + HALF * (self._names + 1))

    def without(self, some: Mapping[str, float]) -> Everybody:
        """Leave out a group's own counts, each as far as it goes."""
        rest = copy(self)
        less = (
            min(times, self.seen.get(name, 0.0)) if self._is_at_hand(name) else times for name, times in some.items()
        )
        rest.total, rest._less = max(self.total - sum(less), 0.0), some  # noqa: SLF001 - its own
        return rest


class GroupProfile:
    """The behaviour of a team (its processes) or of a parent (its children), backed off to everybody's."""

    def __init__(self, seen: Mapping[str, float], once: int, sightings: int, everybody: Everybody) -> None:
        """Store the weighted counts, and how many names were seen once of how many sightings."""
        self._compare(seen, sum(seen.values()), everybody, everybody.without(seen))
        self._support(once, sightings)

    def _compare(self, seen: Mapping[str, float], total: float, everybody: Everybody, others: Everybody) -> None:
        self.seen = seen
        self.total = total
        self.everybody = everybody
        self._others = others

    def _support(self, once: int, sightings: int) -> None:
        self.sightings = sightings
        self._prior = prior_of(self.total, once, sightings)
        self.new_share = self._prior / (self.total + self._prior)
        """The share of what the group was never seen with."""

    def share(self, name: str) -> float:
        """Return the probability of a name."""
        return (self.seen.get(name, 0.0) + self._prior * self.everybody.share(name)) / (self.total + self._prior)

    def share_without(self, name: str, times: float, total: float) -> float:
        """Return the probability of a name without one person's sightings: so many of it, and so many in all."""
        seen = max(self.seen.get(name, 0.0) - times, 0.0)
        rest = max(self.total - total, 0.0)
        return max((seen + self._prior * self.everybody.share(name)) / (rest + self._prior), _LEAST)

    def prior_of(self, person: PersonProfile) -> float:
        """Return how many sightings the group counts for in a person's behaviour, by maximum likelihood."""
        seen = [(times, self.share_without(name, times, person.total)) for name, times in person.seen.items()]
        likeness: float = max(_LIKENESSES, key=partial(_likelihood, seen, person.total))
        return likeness

    def others_share(self, name: str) -> float:
        """Return its probability for those who are not of this group."""
        return self._others.share(name)

    def p_value(self, name: str) -> float:
        """Return the chance that a row with this name is the group's own; all that it was never seen with ties."""
        if name in self.seen:
            return chance_of(self.share(name), self._others.share(name))
        if name in self.everybody:
            return chance_of(self.new_share * self.everybody.share(_NO_NAME), self._others.share(_NO_NAME))
        return min(self.everybody.new, _NEWER_TO_ALL * self.new_share, _USUAL)

    def strict_p_value(self, name: str) -> float:
        """Return the same with no allowance for new names and those made for one start: anybody can give one."""
        is_new = name not in self.seen or is_one_off(name)
        return min(self.p_value(name), _USUAL * self.new_share) if is_new else self.p_value(name)


class Past(NamedTuple):
    """How a person came to what he or she does: who it is, on how many days, and what was begun when.

    `before` is after how many of the person's starts each name came up first.
    """

    person: str = ""
    days: int = 0
    before: Mapping[str, float] = {}


class PersonProfile:
    """The behaviour of one person, backed off to the team's."""

    def __init__(
        self,
        seen: Mapping[str, float],
        once: Collection[str],
        sightings: int,
        group: GroupProfile,
        past: Past | None = None,
    ) -> None:
        """Store the person's weighted counts, which names were seen once, how many sightings there are, and of whom."""
        self.seen = seen
        self.once = once
        self.sightings = sightings
        self.past = past or Past()
        self._group = group
        self._starts_a_day = max(sightings / self.past.days, 1.0) if self.past.days else 1.0
        self.total = sum(seen.values())
        self._prior = group.prior_of(self)
        self.new_share = self._prior / (self.total + self._prior)
        """The share of what the person was never seen with."""

    def share(self, name: str) -> float:
        """Return the probability of a name."""
        return (self.seen.get(name, 0.0) + self._prior * self._group.share(name)) / (self.total + self._prior)

    def p_value(self, name: str) -> float:
        """Return the chance that a row with this name is the person's own, not that of somebody of another group."""
        group = self._group
        if name in self.seen:
            return chance_of(self.share(name), group.others_share(name))
        if name in group.everybody:
            return self.chance_of_first(name)
        return min(min(group.everybody.new, self.new_share) * self._starts_a_day, _USUAL)

    def chance_of_first(self, name: str) -> float:
        """Return the chance that a name which the person begins with is the person's own.

        What neither the person nor the team was seen with is for them as good as any new name, however common it is
        elsewhere: the more common, the more telling.
        """
        group = self._group
        share = group.share(name) if name in group.seen else group.new_share * group.everybody.share(_NO_NAME)
        return chance_of(self.new_share * share, group.others_share(name))

    def strict_p_value(self, name: str) -> float:
        """Return the same with no allowance for new names and those made for one start: anybody can give one."""
        p_value = self.p_value(name)
        if name in self._group.everybody and not is_one_off(name):
            return p_value
        return min(p_value, min(self.new_share, _USUAL) * self._group.new_share)


def prior_of(total: float, once: int, sightings: int) -> float:
    """Return how many sightings of what it backs off to a behaviour has, for names that it was not seen with."""
    if sightings == 0:
        return 1.0
    new = (once + HALF) / (sightings + 1)
    return max(total, 1.0) * new / (1 - new)


def _likelihood(seen: Sequence[tuple[float, float]], total: float, prior: float) -> float:
    """Return the log likelihood of what a person was seen with, if the group counts for so many sightings.

    That of a Dirichlet-multinomial. Of each name there are the weighted sightings, and the group's probability of it
    with the person's own left out.
    """
    found = math.fsum(math.lgamma(times + prior * share) - math.lgamma(prior * share) for times, share in seen)
    return math.lgamma(prior) - math.lgamma(prior + total) + found


def chance_of(own: float, others: float) -> float:
    """Return the chance that a row is somebody's own; below one in a thousand it falls with the third root only.

    So small chances are products of shares of what was never seen: real people show them far more often than they say.
    """
    chance = own / (own + others)
    return chance if chance >= _SHOWN else _SHOWN * (chance / _SHOWN) ** (1 / 3)
