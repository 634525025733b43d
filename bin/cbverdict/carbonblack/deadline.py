"""Until when a search waits, and how it waits."""

from __future__ import annotations

import time
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Callable, Collection, Generic, TypeVar

T = TypeVar("T")

LOOK_EVERY = 1.0
"""Seconds between two looks at whether the search that asks is over."""

FIRST_LOOK = 0.25
"""Seconds before the first look: a search that splunkd was never seen to know cannot be missed later."""


@dataclass(frozen=True)
class Waited(Generic[T]):
    """What became of a wait: what is done, what is not, and whether that is because the search was over."""

    done: set[Future[T]]
    late: set[Future[T]]
    is_over: bool = False


@dataclass(frozen=True)
class Deadline:
    """The end of all waiting for one search: a moment (`time.monotonic`), or the end of the search itself before that.

    `is_over` says whether the search was cancelled or finalised. That may take a request to splunkd, so it is asked
    soon, then every `look_every` seconds, and no more once the moment is near.
    """

    moment: float
    is_over: Callable[[], bool] = lambda: False
    look_every: float = LOOK_EVERY

    @classmethod
    def after(cls, seconds: float, is_over: Callable[[], bool] = lambda: False) -> Deadline:
        """Return the deadline in so many seconds from now."""
        return cls(time.monotonic() + seconds, is_over)

    @property
    def seconds(self) -> float:
        """How many seconds are left; 0 or less: none."""
        return self.moment - time.monotonic()

    def wait_for(self, futures: Collection[Future[T]]) -> Waited[T]:
        """Wait for all of them, until the moment has come or the search is over."""
        look_in = min(FIRST_LOOK, self.look_every)
        while True:
            left = self.seconds
            done, late = wait(futures, max(0.0, min(look_in, left)))
            if not late or left <= look_in:
                return Waited(done, late)
            if self.is_over():
                return Waited(done, late, is_over=True)
            look_in = self.look_every
