"""The sweep of what has expired, beside the calls of searches: the process that runs it serves one call at a time."""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitTimeoutError
from typing import Callable

logger = logging.getLogger(__name__)


class Sweep:
    """Run one sweep at a time, in a thread of its own; whoever asks waits for a while and then goes on."""

    def __init__(self) -> None:
        """Start without a sweep."""
        self._pool = ThreadPoolExecutor(1, "sweep")
        self._running: Future[None] | None = None

    def run(self, sweep: Callable[[], None], seconds: float) -> bool:
        """Begin, unless one is running; return whether it was done within so many seconds.

        Raises what the sweep raises, if that happens within them; later it is logged.
        """
        if self._running is None or self._running.done():
            self._running = self._pool.submit(_log, sweep)
        try:
            self._running.result(seconds)
        except WaitTimeoutError:
            if self._running.done():
                raise  # the sweep's own
            return False
        return True


def _log(sweep: Callable[[], None]) -> None:
    started = time.monotonic()
    try:
        sweep()
    except Exception as error:
        logger.warning("action=sweep seconds=%.1f trouble=%s", time.monotonic() - started, type(error).__name__)
        raise
    logger.info("action=sweep seconds=%.1f", time.monotonic() - started)
