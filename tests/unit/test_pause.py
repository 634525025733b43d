"""Waiting, but not through splunkd's wish to stop."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

import pytest

from cbverdict.inputs.pause import LOOK_EVERY, Pause, StoppedError


def test_it_waits_as_long_as_it_is_told_and_does_what_is_due_meanwhile() -> None:
    """A lease, say, is renewed."""
    done = []
    began = time.monotonic()
    Pause(lambda: False, lambda: done.append(1))(LOOK_EVERY * 1.5)
    assert time.monotonic() - began >= LOOK_EVERY * 1.5
    assert len(done) >= 2


def test_no_wait_at_all_is_a_look_at_whether_to_stop() -> None:
    """Nothing is done meanwhile, for there is no while."""
    Pause(lambda: False, lambda: pytest.fail("nothing was to wait for"))(0)
    with pytest.raises(StoppedError):
        Pause(lambda: True)(0)


def test_it_ends_when_splunkd_wants_the_input_to_stop() -> None:
    """However long it was to wait."""
    answers = iter([False, False])
    began = time.monotonic()
    with pytest.raises(StoppedError):
        Pause(lambda: next(answers, True))(3600)
    assert time.monotonic() - began < 60


def test_a_result_is_waited_for() -> None:
    """Of work in another thread; what that raised is raised."""
    result: Future[str] = Future()
    pause = Pause(lambda: False)
    worker = threading.Thread(target=result.set_result, args=("done",))
    worker.start()
    assert pause.until(result) == "done"
    worker.join()
    failed: Future[str] = Future()
    failed.set_exception(KeyError("x"))
    with pytest.raises(KeyError):
        pause.until(failed)


def test_a_result_that_does_not_come_is_not_waited_for_when_it_is_to_stop() -> None:
    """One that is there is given all the same."""
    pause = Pause(lambda: True)
    with pytest.raises(StoppedError):
        pause.until(Future())
    there: Future[str] = Future()
    there.set_result("done")
    assert pause.until(there) == "done"
