"""How unusual a name is for somebody: a process for a team or a person, a child for a parent.

Unusual does not mean rare. A tool that everybody else runs daily and this team never says much, a program that is
new to the world says less. So names are ordered by how much more others use them, p(name | others) / p(name | own),
which by Neyman and Pearson is the most powerful order for telling own behaviour from somebody else's; the p-value
is how much of own behaviour is at least as far in that order.

Own frequencies back off to everybody's as in a Dirichlet mixture (peer groups: Turcotte, Moore, Heard & McPhall,
"Poisson Factorization for Peer-Based Anomaly Detection", ISI 2016; Tang, Hu & Lin, "Reducing False Positives of
User-to-Entity First-Access Alerts", ISI 2017). How much is kept for names not seen yet is the share of those seen once
(Good, "The Population Frequencies of Species", Biometrika 1953).
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import Mapping, Sequence

_HALF = 0.5  # of a sighting for every name, and for all unknown ones together (Krichevsky & Trofimov 1981)
_PRIOR_PERSON = 100.0  # sightings of the team's behaviour, in a person's
_TIE = 1e-9
_NO_NAME = ""  # as good as any that nobody was seen with


class Everybody:
    """The organisation's behaviour: how often each name was seen, weighted; `less` is left out of it."""

    def __init__(self, seen: Mapping[str, float], less: Mapping[str, float] | None = None) -> None:
        """Store the weighted counts."""
        self._seen = seen
        self._less = {name: min(times, seen.get(name, 0.0)) for name, times in (less or {}).items()}
        self.total = sum(seen.values()) - sum(self._less.values())
        self._whole = self.total + _HALF * (len(seen) + 1)

    def __contains__(self, name: str) -> bool:
        """Return whether anybody was seen with a name."""
        return name in self._seen

    def share(self, name: str) -> float:
        """Return the probability of a name; of any unknown one, that of all of them."""
        return (self._seen.get(name, 0.0) - self._less.get(name, 0.0) + _HALF) / self._whole

    def without(self, some: Mapping[str, float]) -> Everybody:
        """Leave a group's own counts out."""
        return Everybody(self._seen, some)


class GroupProfile:
    """The behaviour of a team (its processes) or of a parent (its children), backed off to everybody's."""

    def __init__(self, seen: Mapping[str, float], once: int, sightings: int, everybody: Everybody) -> None:
        """Store the weighted counts, and how many names were seen once of how many sightings."""
        self.seen = seen
        self.sightings = sightings
        self.everybody = everybody
        self.total = sum(seen.values())
        new = (once + 1) / (sightings + 2)
        self._prior = max(self.total, 1.0) * new / (1 - new)
        self._others = everybody.without(seen)
        new_share = self._prior / (self.total + self._prior) * everybody.share(_NO_NAME)
        self._unseen = math.log(new_share / self._others.share(_NO_NAME))
        places = [(self.log_likelihood_ratio(name), self.share(name)) for name in seen]
        self._order = _Order([*places, (self._unseen, max(1.0 - math.fsum(mass for _, mass in places), 0.0))])

    def share(self, name: str) -> float:
        """Return the probability of a name."""
        return (self.seen.get(name, 0.0) + self._prior * self.everybody.share(name)) / (self.total + self._prior)

    def others_share(self, name: str) -> float:
        """Return its probability for those who are not of this group."""
        return self._others.share(name)

    def log_likelihood_ratio(self, name: str) -> float:
        """Place a name in the order, the more own the higher; all that the group was never seen with ties."""
        if name not in self.seen:
            return self._unseen
        return math.log(self.share(name) / self._others.share(name))

    def p_value(self, name: str) -> float:
        """Return how much of the group's behaviour is at least as unusual as this name (its like by half)."""
        return self._order.p_value(self.log_likelihood_ratio(name))

    def below(self, ratio: float) -> float:
        """Return how much of the group's behaviour comes before a place in the order (what ties with it by half)."""
        return self._order.p_value(ratio)


class PersonProfile:
    """The behaviour of one person, backed off to the team's."""

    def __init__(self, seen: Mapping[str, float], group: GroupProfile) -> None:
        """Store the person's weighted counts."""
        self.seen = seen
        self._group = group
        self.total = sum(seen.values())
        self._weight = _PRIOR_PERSON / (self.total + _PRIOR_PERSON)
        self._shift = math.log(self._weight)
        self._own = _Order([(self.log_likelihood_ratio(name), self.share(name)) for name in seen])
        self._own_in_group = _Order([(group.log_likelihood_ratio(name), group.share(name)) for name in seen])
        self._p_values: dict[float, float] = {}

    def share(self, name: str) -> float:
        """Return the probability of a name."""
        own = self.seen.get(name, 0.0) / (self.total + _PRIOR_PERSON)
        return own + self._weight * self._group.share(name)

    def log_likelihood_ratio(self, name: str) -> float:
        """Place a name in the order, the more own the higher."""
        if name not in self.seen:
            return self._group.log_likelihood_ratio(name) + self._shift
        return math.log(self.share(name) / self._group.others_share(name))

    def p_value(self, name: str) -> float:
        """Return how much of the person's behaviour is at least as unusual as this name (its like by half)."""
        ratio = self.log_likelihood_ratio(name)
        if ratio not in self._p_values:
            # Of what the person was never seen with, the group's share counts, as far as it comes before.
            in_group = ratio - self._shift
            rest = self._group.below(in_group) - self._own_in_group.p_value(in_group)
            self._p_values[ratio] = min(max(self._own.p_value(ratio) + self._weight * rest, 0.0), 1.0)
        return self._p_values[ratio]


class _Order:
    """Names by their place, and how much comes before one."""

    def __init__(self, names: Sequence[tuple[float, float]]) -> None:
        """Store place and probability of each name."""
        ordered = sorted(names)
        self._places = [place for place, _ in ordered]
        self._masses = [0.0, *accumulate(mass for _, mass in ordered)]

    def p_value(self, place: float) -> float:
        low = self._masses[bisect_left(self._places, place - _TIE)]
        return (low + self._masses[bisect_right(self._places, place + _TIE)]) / 2
