"""From p-values to a score."""

from __future__ import annotations

from math import atan, log10, pi, tan

MAX_SCORE = 100.0
PROCESS_WEIGHT, HOUR_WEIGHT, PARENT_WEIGHT = 1.0, 0.6, 0.4
"""How much each question counts beside the others: half, three tenths and a fifth where all three are judged.

The process tells most; a parent that is odd by itself keeps a row anyway.
"""

_MOST = 0.9
_LEAST = 1e-15
_CERTAIN = 1e-10


def cauchy(p_value: float) -> float:
    """Return the Cauchy variable of a p-value.

    A tail near 1 is taken as 0.9, for the perfectly usual must not outweigh the odd (Fang, Chang, Park & Tseng,
    "Heavy-tailed Distribution for Combining Dependent p-values", Statistica Sinica 2023).
    """
    return 1 / tan(min(max(p_value, _LEAST), _MOST) * pi)


def score_of_cauchy(variable: float) -> float:
    """Return the score of a Cauchy variable; the mean of those of some p-values gives the score of their combination.

    It holds whether the p-values depend on each other or not. Source: Liu & Xie, "Cauchy Combination Test", JASA 2020.
    """
    if variable > 1:
        p_value = atan(1 / variable) / pi  # atan of a large number loses its last digits, this does not
        return -10.0 * log10(p_value) if p_value > _CERTAIN else MAX_SCORE
    return -10.0 * log10(0.5 - atan(variable) / pi)


def score_with_hour(variable: float, weight: float, hour: float) -> float:
    """Return the score of a row from the weighted sum of its other questions' Cauchy variables, and the hour's own."""
    return score_of_cauchy((variable + HOUR_WEIGHT * hour) / (weight + HOUR_WEIGHT))


def score_of(p_value: float) -> float:
    """Return the score of a p-value: 10 is one in ten, 30 one in a thousand, at most 100."""
    return min(MAX_SCORE, -10.0 * log10(max(p_value, _LEAST)))
