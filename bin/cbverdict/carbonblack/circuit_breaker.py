"""A circuit breaker: after repeated failures a server is left alone for a while, then probed once."""

from __future__ import annotations

import threading
from enum import Enum

THRESHOLD = 3
FIRST_REST = 1.0
LONGEST_REST = 30.0


class State(Enum):
    """What the breaker says of the next call: make it, make a probe first, or do not."""

    CLOSED = "closed"
    HALF_OPEN = "half open"
    OPEN = "open"


class CircuitBreaker:
    """Count failures in a row; times are seconds of any clock that only grows. Safe to use from several threads.

    A server that stumbles is back soon, one that is down stays so: the rest doubles with each probe that fails.
    Source of the pattern: Nygard, "Release It!" (2007), chapter 5.
    """

    def __init__(
        self, threshold: int = THRESHOLD, first_rest: float = FIRST_REST, longest_rest: float = LONGEST_REST
    ) -> None:
        """Store how many failures in a row open it, and for how many seconds at first and at the longest."""
        self._threshold = threshold
        self._first_rest = first_rest
        self._longest_rest = longest_rest
        self._lock = threading.Lock()
        self._failures = 0
        self._rest = first_rest
        self._rests_until = 0.0
        self._is_probing = False

    @property
    def rest(self) -> float:
        """How many seconds the server is left alone for now."""
        return self._rest

    def state(self, now: float) -> State:
        """Return what may be done now; who is told to probe must say what came of it, and others wait for that."""
        with self._lock:
            if self._failures < self._threshold:
                return State.CLOSED
            if self._is_probing or now < self._rests_until:
                return State.OPEN
            self._is_probing = True
            return State.HALF_OPEN

    def succeed(self) -> None:
        """Note a success: everything before is forgotten."""
        with self._lock:
            self._failures = 0
            self._rest = self._first_rest
            self._is_probing = False

    @property
    def is_closed(self) -> bool:
        """Whether calls are made."""
        return self._failures < self._threshold

    def fail(self, now: float) -> None:
        """Note a failure; the one that reaches the threshold opens it, later ones began before that."""
        with self._lock:
            self._failures += 1
            if self._failures == self._threshold:
                self._rests_until = now + self._rest

    def fail_probe(self, now: float) -> None:
        """Note that the probe failed: it is left alone for longer."""
        with self._lock:
            self._is_probing = False
            self._rest = min(2 * self._rest, self._longest_rest)
            self._rests_until = now + self._rest
