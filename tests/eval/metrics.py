"""How well scores tell attacks from the people's own rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import List

import numpy as np


@dataclass(frozen=True)
class Detection:
    """Scores of people's own rows and of attacks, the higher the odder."""

    own: List[float] = field(default_factory=list)
    attacks: List[float] = field(default_factory=list)

    def auc(self) -> float:
        """Give the probability that an attack scores above an own row (ties by half)."""
        own = np.sort(self.own)
        ranks = np.searchsorted(own, self.attacks, "left") + np.searchsorted(own, self.attacks, "right")
        return float(ranks.mean() / 2 / len(own))

    def found_at(self, false_alarms: float) -> float:
        """Give the share of attacks above the threshold that so many own rows reach."""
        threshold = np.sort(self.own)[min(int((1 - false_alarms) * len(self.own)), len(self.own) - 1)]
        return float((np.asarray(self.attacks) > threshold).mean())

    def share_of_own_from(self, score: float) -> float:
        """Give the share of own rows that score so much or more."""
        return float((np.asarray(self.own) >= score).mean())

    def share_of_attacks_from(self, score: float) -> float:
        """Likewise of attacks."""
        return float((np.asarray(self.attacks) >= score).mean())
