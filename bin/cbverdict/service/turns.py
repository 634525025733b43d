"""Long answers in short turns: a process that serves one call at a time must not be held by any of them."""

from __future__ import annotations

import math
import secrets
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Callable, Generic, TypeVar, Union

from cbverdict.service.verdict_api import Ticket

T = TypeVar("T")

FIRST_TURN = 0.03
"""Seconds that a call waits for its answer while nobody else does; a server nearby answers one question in that."""

_MAX_OF_ALL = 96
MAX_OF_ONE = 32
"""Answers that one user may have under way, or not fetched: scheduled searches side by side are often all of one."""

_KEPT = 60.0
"""Seconds that an answer is kept which nobody fetches."""


Turn = Union[T, Ticket]


@dataclass
class _Work(Generic[T]):
    owner: str
    future: Future[T]
    forgotten_at: float = math.inf


class Turns(Generic[T]):
    """Run work in threads of its own; whoever asks gets the answer, or a ticket to ask with again, and waits elsewhere.

    A ticket cannot be guessed, and is good for the one who got it alone.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start without work."""
        self._clock = clock
        self._pool = ThreadPoolExecutor(_MAX_OF_ALL, "turn")
        self._work: dict[str, _Work[T]] = {}
        self._lock = threading.Lock()

    def begin(self, work: Callable[[], T], owner: str) -> Turn[T]:
        """Begin; raise what the work raises, if that happens within the first turn.

        Whoever has too much under way, or not fetched, is told to begin anew later (an empty ticket).
        """
        with self._lock:
            self._forget()
            if sum(one.owner == owner for one in self._work.values()) >= MAX_OF_ONE or len(self._work) >= _MAX_OF_ALL:
                return Ticket("")
            is_alone = not self._work
        future = self._pool.submit(work)
        wait([future], FIRST_TURN if is_alone else 0)
        if future.done():
            return future.result()
        ticket = Ticket(secrets.token_urlsafe(16))
        with self._lock:
            self._work[ticket.text] = _Work(owner, future)
        return ticket

    def take(self, ticket: str, owner: str) -> Turn[T]:
        """Fetch an answer, or the ticket once more; raise what the work raised."""
        with self._lock:
            work = self._work.get(ticket)
        if work is None or work.owner != owner:
            return Ticket("")
        if not work.future.done():
            return Ticket(ticket)
        with self._lock:
            self._work.pop(ticket, None)
        return work.future.result()

    def _forget(self) -> None:
        """Forget answers that have waited for a while: whoever asked has gone."""
        now = self._clock()
        for ticket, work in list(self._work.items()):
            if work.future.done() and work.forgotten_at == math.inf:
                work.forgotten_at = now + _KEPT
            elif work.forgotten_at <= now:
                del self._work[ticket]
