"""From tail probabilities to a score."""

from __future__ import annotations

import math

MAX_SCORE = 100.0
_MOST = 0.9
_LEAST = 1e-15
_CERTAIN = 1e-10


def cauchy(tail: float) -> float:
    """Give the Cauchy variable of a tail probability.

    A tail near 1 is taken as 0.9, for the perfectly usual must not outweigh the odd (Fang, Chang, Park & Tseng,
    "Heavy-tailed Distribution for Combining Dependent p-values", Statistica Sinica 2023).
    """
    return 1 / math.tan(min(max(tail, _LEAST), _MOST) * math.pi)


def score_of_cauchy(variable: float) -> float:
    """Give the score of a Cauchy variable; the mean of those of some tails gives the score of their combination.

    It holds whether the tails depend on each other or not. Source: Liu & Xie, "Cauchy Combination Test", JASA 2020.
    """
    if variable > 1:
        tail = math.atan(1 / variable) / math.pi  # atan of a large number loses its last digits, this does not
        return -10.0 * math.log10(tail) if tail > _CERTAIN else MAX_SCORE
    return -10.0 * math.log10(0.5 - math.atan(variable) / math.pi)


def score_of(tail: float) -> float:
    """Give the score of a tail probability: 10 is one in ten, 30 one in a thousand, at most 100."""
    return min(MAX_SCORE, -10.0 * math.log10(max(tail, _LEAST)))
