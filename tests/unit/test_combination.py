"""Scores: p_values combined, calibrated, and bounded."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbverdict.anomalies.combination import cauchy, score_of, score_of_cauchy


def test_a_score_of_ten_is_one_in_ten_and_thirty_one_in_a_thousand() -> None:
    """At most 100, at least 0."""
    assert [round(score_of(p_value), 6) for p_value in (1.0, 0.1, 0.001, 1e-12)] == [0.0, 10.0, 30.0, 100.0]


def _combined(p_values: list[float]) -> float:
    return score_of_cauchy(sum(map(cauchy, p_values)) / len(p_values))


def test_one_tail_alone_is_its_own_combination() -> None:
    """To the last digit that anybody reads."""
    for p_value in (0.5, 0.01, 1e-8):
        assert _combined([p_value]) == pytest.approx(score_of(p_value))


def test_the_perfectly_usual_does_not_outweigh_the_odd() -> None:
    """Two p_values of 1 beside one in ten thousand cost it half of what two coins would."""
    assert _combined([1e-4, 1.0, 1.0]) == pytest.approx(score_of(3e-4), abs=0.5)


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_scores_are_calibrated_where_the_tails_are(parts: int) -> None:
    """Shares of rows from 10, 20 and 30 on are 10 %, 1 % and 0.1 %, within a factor of 1.5."""
    chance = random.Random(parts)  # noqa: S311 - a test's draw
    scores = [_combined([chance.random() for _ in range(parts)]) for _ in range(200_000)]
    for score, level in ((10, 0.1), (20, 0.01), (30, 0.001)):
        assert level / 1.5 < sum(one >= score for one in scores) / len(scores) < level * 1.5


@given(st.lists(st.floats(1e-12, 0.9), min_size=1, max_size=3))
def test_a_combination_is_no_surer_than_its_surest_part(p_values: list[float]) -> None:
    """And no less sure than three of its least sure."""
    assert score_of(max(p_values)) - 1e-6 <= _combined(p_values) <= score_of(min(p_values)) + 1e-6


@pytest.mark.parametrize(
    ("p_value", "variable"),
    [(0.0, 1e15 / math.pi), (1e-15, 1e15 / math.pi), (0.25, 1.0), (0.5, 0.0), (0.9, -3.0776835), (1.0, -3.0776835)],
)
def test_a_p_value_is_taken_within_its_bounds(p_value: float, variable: float) -> None:
    """From ten to the power of minus fifteen, which no row is below, to nine in ten."""
    assert cauchy(p_value) == pytest.approx(variable, abs=1e-7)


@pytest.mark.parametrize(
    ("variable", "score"),
    [
        (1.0, 10 * math.log10(4)),
        (1.0000001, 10 * math.log10(4)),
        (0.0, 10 * math.log10(2)),
        (1e9, 94.97),
        (1e10, 100.0),
    ],
)
def test_a_sure_variable_is_a_score_of_a_hundred_and_no_more(variable: float, score: float) -> None:
    """Both ways to reckon meet where they change."""
    assert score_of_cauchy(variable) == pytest.approx(score, abs=0.01)
    assert score_of(0.0) == 100.0
