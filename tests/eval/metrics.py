"""How well scores tell attacks from the people's own rows."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import Callable, Iterable, List, Tuple


@dataclass(frozen=True)
class Detection:
    """Scores of people's own rows and of attacks, the higher the odder."""

    own: List[float] = field(default_factory=list)
    attacks: List[float] = field(default_factory=list)
    people: List[Tuple[int, int]] = field(default_factory=list)
    """For each person, where the own rows and the attacks end."""

    def add(self, own: Iterable[float], attacks: Iterable[float]) -> None:
        """Add the scores of a person."""
        self.own.extend(own)
        self.attacks.extend(attacks)
        self.people.append((len(self.own), len(self.attacks)))

    def interval(self, measure: Callable[[Detection], float], draws: int = 60) -> tuple[float, float]:
        """Return where nine in ten of such measures lie, were these people drawn anew."""
        chance = random.Random(1)  # noqa: S311 - the same in each run
        starts = [(0, 0), *self.people[:-1]]
        parts = [
            (self.own[first[0] : last[0]], self.attacks[first[1] : last[1]]) for first, last in zip(starts, self.people)
        ]
        found = []
        for _ in range(draws):
            drawn = Detection()
            for own, attacks in chance.choices(parts, k=len(parts)):
                drawn.add(own, attacks)
            found.append(measure(drawn))
        found.sort()
        return found[draws // 20], found[-1 - draws // 20]

    def auc(self) -> float:
        """Give the probability that an attack scores above an own row (ties by half)."""
        own = sorted(self.own)
        ranks = sum(bisect_left(own, score) + bisect_right(own, score) for score in self.attacks)
        return ranks / 2 / len(own) / len(self.attacks)

    def found_at(self, false_alarms: float) -> float:
        """Give the share of attacks above the threshold that so many own rows reach."""
        threshold = sorted(self.own)[min(int((1 - false_alarms) * len(self.own)), len(self.own) - 1)]
        return sum(score > threshold for score in self.attacks) / len(self.attacks)

    def curve(self) -> tuple[list[float], list[float]]:
        """Give false alarms and what is found, for every threshold."""
        thresholds = sorted({*self.own, *self.attacks}, reverse=True)
        alarms, found = (
            [0.0, *(1 - bisect_left(scores, threshold) / len(scores) for threshold in thresholds)]
            for scores in (sorted(self.own), sorted(self.attacks))
        )
        return alarms, found

    def share_of_own_from(self, score: float) -> float:
        """Give the share of own rows that score so much or more."""
        return sum(one >= score for one in self.own) / len(self.own)

    def share_of_attacks_from(self, score: float) -> float:
        """Likewise of attacks."""
        return sum(one >= score for one in self.attacks) / len(self.attacks)
