"""A server that hears of processes all the time, and a burst, at a small scale; `make bench` has a larger one."""

from __future__ import annotations

from tests.bench.steady import burst, steady


def test_a_steady_server_is_read_once_though_a_tenth_is_late() -> None:
    """Ten minutes in 30 s: a run each 3 s, an overlap of 15 s, and rows that become visible up to 14.5 s late."""
    found = steady(20, 20)
    assert (found.missing, found.processes) == (0, 600)
    assert found.again <= 6
    # A time is known to the second, which is a third of such a run: at the scale of 10 it is 2.5 to 2.8 times.
    assert found.fetched <= 3.5
    assert found.peak_mb < 150


def test_a_burst_is_written_by_the_first_run_alone() -> None:
    """The second and the third read it again, and say nothing."""
    found = burst(6000, 270)
    assert (found.by_run, found.missing) == ([6000, 0, 0], 0)
    assert found.kept_mb < 1
