"""Try again what fails, with longer and longer waits."""

from __future__ import annotations

import logging
import random
from typing import Callable, TypeVar

from cbverdict.errors import CbsignedError, InputLockedError, SearchOverError
from cbverdict.inputs.advice import in_input_words
from cbverdict.inputs.pause import Pause, StoppedError

T = TypeVar("T")

logger = logging.getLogger(__name__)

LONGEST_WAIT = 300.0
"""Seconds between two tries at most."""


_MOST_DOUBLINGS = 10


class Retry:
    """Call until it works; `told` hears of every trouble, `before_next` is done before each new try."""

    def __init__(self, name: str, pause: Pause, told: Callable[[str], None], before_next: Callable[[], None]) -> None:
        """Store the input's name, how to wait, who hears of trouble, and what is done before the next try."""
        self._name = name
        self._pause = pause
        self._told = told
        self._before_next = before_next

    def __call__(self, call: Callable[[], T]) -> T:
        """Call until it works, the account read anew each time.

        Raises:
            StoppedError: splunkd wants the input to stop.
            InputLockedError: another process reads for this input.
        """
        attempt = 0
        while True:
            try:
                return call()
            except InputLockedError:  # noqa: PERF203 - it waits between two tries
                raise
            except SearchOverError:
                raise StoppedError from None
            except CbsignedError as error:
                attempt += 1
                seconds = min(LONGEST_WAIT, 2.0 ** min(attempt - 1, _MOST_DOUBLINGS)) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
                trouble = in_input_words(error)
                logger.warning(
                    "input=%s attempt=%d wait_seconds=%.0f trouble=%r", self._name, attempt, seconds, trouble
                )
                self._told(trouble)
                self._pause(seconds)
                self._before_next()
