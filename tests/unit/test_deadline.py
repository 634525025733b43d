"""Waiting ends when all is done, when the time is over, or when the search is."""

from __future__ import annotations

import time
from concurrent.futures import Future
from typing import Callable

from cbverdict.carbonblack.deadline import Deadline, Waited


def _done(value: int) -> Future[int]:
    future: Future[int] = Future()
    future.set_result(value)
    return future


def _never() -> bool:
    raise AssertionError("it need not be asked whether the search is over")


def _over_at_look(number: int) -> Callable[[], bool]:
    """Say that the search is over at the look of that number."""
    looks: list[None] = []

    def look() -> bool:
        looks.append(None)
        return len(looks) >= number

    return look


def test_what_is_done_is_not_waited_for() -> None:
    """Nor is splunkd asked anything."""
    first, second = _done(1), _done(2)
    assert Deadline.after(60, _never).wait_for([first, second]) == Waited({first, second}, set())


def test_the_time_ends_the_wait_and_what_is_done_counts() -> None:
    """Though the time was over before: an answer that is there is taken."""
    done, late = _done(1), Future[int]()
    started = time.monotonic()
    assert Deadline.after(0.05, _never).wait_for([done, late]) == Waited({done}, {late})
    assert 0.04 <= time.monotonic() - started < 30
    started = time.monotonic()
    assert Deadline.after(-5, _never).wait_for([done, late]) == Waited({done}, {late})
    assert time.monotonic() - started < 0.9


def test_the_end_of_the_search_ends_the_wait() -> None:
    """Long before the time is over; it is looked at again and again."""
    done, late = _done(1), Future[int]()
    deadline = Deadline(time.monotonic() + 3600, _over_at_look(3), look_every=0.01)
    assert deadline.wait_for([done, late]) == Waited({done}, {late}, is_over=True)


def test_what_is_done_between_two_looks_ends_the_wait() -> None:
    """The search goes on, and has all it wanted."""
    late: Future[int] = Future()

    def answer() -> bool:
        late.set_result(1)
        return False

    assert Deadline(time.monotonic() + 3600, answer, look_every=0.01).wait_for([late]) == Waited({late}, set())


def test_the_seconds_that_are_left_shrink() -> None:
    """And are none when the moment has passed."""
    deadline = Deadline.after(60)
    assert 0 < deadline.seconds <= 60
    assert Deadline.after(-1).seconds < 0
