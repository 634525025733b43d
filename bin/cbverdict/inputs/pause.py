"""Wait, but not through splunkd's wish to stop."""

from __future__ import annotations

import time
from concurrent.futures import wait
from typing import TYPE_CHECKING, Callable, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")

LOOK_EVERY = 0.2
"""Seconds between two looks at whether splunkd wants the input to stop."""


class StoppedError(Exception):
    """splunkd wants the input to stop."""


class Pause:
    """Wait without sleeping through splunkd's wish to stop."""

    def __init__(self, is_stopping: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None) -> None:
        """Store how to know that it is time to stop, and what is to be done now and then while waiting."""
        self._is_stopping = is_stopping
        self._meanwhile = meanwhile

    def __call__(self, seconds: float) -> None:
        """Wait; raises `StoppedError`."""
        end = time.monotonic() + seconds
        while not self._is_stopping():
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, LOOK_EVERY))
            self._meanwhile()
        raise StoppedError

    def until(self, future: Future[T]) -> T:
        """Wait for a result; raises `StoppedError`, or what the work raised."""
        while not future.done():
            wait([future], timeout=LOOK_EVERY)
            self(0)
        return future.result()
