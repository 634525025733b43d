"""A circuit breaker: after repeated failures a server is left alone for a while, then probed once."""

from __future__ import annotations

from enum import Enum

THRESHOLD = 3
REST = 30.0


class State(Enum):
    """What the breaker says of the next call: make it, make a probe first, or do not."""

    CLOSED = "closed"
    HALF_OPEN = "half open"
    OPEN = "open"


class CircuitBreaker:
    """Count failures in a row; times are seconds of any clock that only grows.

    Source of the pattern: Nygard, "Release It!" (2007), chapter 5.
    """

    def __init__(self, threshold: int = THRESHOLD, rest: float = REST) -> None:
        """Take how many failures in a row open it, and for how many seconds."""
        self._threshold = threshold
        self._rest = rest
        self._failures = 0
        self._opened_at = 0.0

    def state(self, now: float) -> State:
        """Say what may be done now."""
        if self._failures < self._threshold:
            return State.CLOSED
        return State.HALF_OPEN if now >= self._opened_at + self._rest else State.OPEN

    def succeed(self) -> None:
        """Note a success: everything before is forgotten."""
        self._failures = 0

    def fail(self, now: float) -> None:
        """Note a failure; from the threshold on, each opens it anew."""
        self._failures += 1
        self._opened_at = now
