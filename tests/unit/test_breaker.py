"""The circuit breaker leaves a failing server alone, and finds out when it is back."""

from __future__ import annotations

from cbverdict.breaker import CircuitBreaker, State


def test_it_opens_after_three_failures_in_a_row_and_probes_after_the_rest() -> None:
    """A failed probe opens it again; a success closes it."""
    breaker = CircuitBreaker(threshold=3, rest=30)
    states = []
    for now in (0.0, 1.0, 2.0):
        states.append(breaker.state(now))
        breaker.fail(now)
    assert states == [State.CLOSED] * 3
    assert (breaker.state(31.9), breaker.state(32.0)) == (State.OPEN, State.HALF_OPEN)
    breaker.fail(32.0)
    assert (breaker.state(61.0), breaker.state(62.0)) == (State.OPEN, State.HALF_OPEN)
    breaker.succeed()
    assert breaker.state(62.0) is State.CLOSED


def test_a_success_in_between_starts_the_count_anew() -> None:
    """Only failures in a row count."""
    breaker = CircuitBreaker(threshold=2)
    breaker.fail(0.0)
    breaker.succeed()
    breaker.fail(1.0)
    assert breaker.state(1.0) is State.CLOSED
