"""A sweep goes on beside the calls of searches, one at a time, and whoever asked hears of it or goes on."""

from __future__ import annotations

import logging
from threading import Event

import pytest

from cbverdict.errors import StoreError
from cbverdict.service.sweep import Sweep


def test_a_sweep_that_is_done_in_time_is_told() -> None:
    """And the next one is run."""
    done: list[int] = []
    sweep = Sweep()
    assert sweep.run(lambda: done.append(1), 60)
    assert sweep.run(lambda: done.append(2), 60)
    assert done == [1, 2]


def test_a_sweep_that_takes_long_goes_on_and_no_second_one_begins() -> None:
    """The process serves searches meanwhile."""
    may_end, done = Event(), Event()
    sweep = Sweep()

    def long() -> None:
        may_end.wait(60)
        done.set()

    assert not sweep.run(long, 0.01)
    assert not sweep.run(lambda: pytest.fail("a second one"), 0.01)
    may_end.set()
    assert done.wait(60)


def test_what_goes_wrong_is_raised_in_time_and_logged_after(caplog: pytest.LogCaptureFixture) -> None:
    """With no text that might name anybody."""
    sweep, may_end = Sweep(), Event()

    def fail() -> None:
        raise StoreError("person:ann")

    def fail_late() -> None:
        may_end.wait(60)
        fail()

    with pytest.raises(StoreError):
        sweep.run(fail, 60)
    with caplog.at_level(logging.INFO):
        assert not sweep.run(fail_late, 0.01)
        may_end.set()
        with pytest.raises(StoreError):
            sweep.run(fail, 60)
    assert "action=sweep" in caplog.text
    assert "trouble=StoreError" in caplog.text
    assert "ann" not in caplog.text
