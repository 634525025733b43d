"""The circuit breaker leaves a failing server alone, for longer and longer, and finds out when it is back."""

from __future__ import annotations

from cbverdict.carbonblack.circuit_breaker import CircuitBreaker, State


def _opened(threshold: int = 3) -> CircuitBreaker:
    breaker = CircuitBreaker(threshold, first_rest=1, longest_rest=4)
    for _ in range(threshold):
        assert breaker.state(0.0) is State.CLOSED
        breaker.fail(0.0)
    return breaker


def test_it_opens_after_three_failures_in_a_row_and_probes_after_the_rest() -> None:
    """A success closes it."""
    breaker = _opened()
    assert (breaker.state(0.9), breaker.state(1.0)) == (State.OPEN, State.HALF_OPEN)
    breaker.succeed()
    assert breaker.state(1.0) is State.CLOSED


def test_the_rest_doubles_with_each_probe_that_fails_and_is_short_again_after_a_success() -> None:
    """What stumbles is back soon; what is down is not asked all the time."""
    breaker = _opened()
    now = 0.0
    for rest in (1, 2, 4, 4):
        assert breaker.rest == rest
        assert breaker.state(now + rest - 0.1) is State.OPEN
        now += rest
        assert breaker.state(now) is State.HALF_OPEN
        breaker.fail(now)  # of a call that began earlier: it is no probe's
        assert breaker.state(now) is State.OPEN
        breaker.fail_probe(now)
    breaker.succeed()
    assert breaker.rest == 1


def test_one_alone_probes_and_others_wait_for_what_comes_of_it() -> None:
    """Several searches ask at once."""
    breaker = _opened()
    assert [breaker.state(1.0), breaker.state(1.0), breaker.state(9.0)] == [State.HALF_OPEN, State.OPEN, State.OPEN]
    breaker.fail_probe(9.0)
    assert (breaker.state(10.9), breaker.state(11.0)) == (State.OPEN, State.HALF_OPEN)


def test_failures_of_calls_that_began_before_it_opened_do_not_make_the_rest_longer() -> None:
    """Eight searches at once that fail are one failure of the server."""
    breaker = _opened()
    for _ in range(5):
        breaker.fail(0.5)
    assert breaker.state(1.0) is State.HALF_OPEN


def test_where_nothing_else_is_said_it_opens_after_three_failures_for_a_second_to_half_a_minute() -> None:
    """And again after it was closed."""
    breaker = CircuitBreaker()
    for _ in range(2):
        for _ in range(3):
            assert breaker.is_closed
            breaker.fail(0.0)
        now, rests = 0.0, []
        for _ in range(7):
            rests.append(breaker.rest)
            now += breaker.rest
            assert [breaker.state(now - 0.01), breaker.state(now)] == [State.OPEN, State.HALF_OPEN]
            breaker.fail_probe(now)
        assert rests == [1, 2, 4, 8, 16, 30, 30]
        breaker.succeed()


def test_a_success_in_between_starts_the_count_anew() -> None:
    """Only failures in a row count."""
    breaker = CircuitBreaker(threshold=2)
    breaker.fail(0.0)
    breaker.succeed()
    breaker.fail(1.0)
    assert breaker.state(1.0) is State.CLOSED


def test_it_is_closed_until_the_threshold_is_reached_and_again_after_a_success() -> None:
    """Whoever looks without asking changes nothing."""
    breaker = CircuitBreaker(threshold=2)
    found = [breaker.is_closed]
    for _ in range(2):
        breaker.fail(0.0)
        found.append(breaker.is_closed)
    breaker.succeed()
    assert [*found, breaker.is_closed] == [True, True, False, True]
