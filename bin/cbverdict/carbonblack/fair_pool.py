"""The requests in flight to one server, shared fairly by all who ask at once."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import Callable, Deque, Dict, TypeVar

T = TypeVar("T")


class FairPool:
    """Run calls in a few threads; of those that wait, each thread that has submitted some has its turn after the other.

    A search asks from a thread of its own. So one with a thousand hashes does not hold up one with a single hash that
    came a moment later, and no thread is idle while anybody's call waits. Threads come with the first calls, and end
    when the pool is forgotten and the last call is made.
    """

    def __init__(self, max_workers: int, name: str) -> None:
        """Start without threads, which will have this name."""
        self._queues = _Queues()
        self._unborn = max_workers
        self._name = name
        self._lock = threading.Lock()
        weakref.finalize(self, self._queues.close)

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Make a call when its submitter's turn comes."""
        future: Future[T] = Future()
        self._queues.put(threading.get_ident(), partial(_make, future, call))
        with self._lock:
            is_too_few = self._unborn > 0
            self._unborn -= is_too_few
        if is_too_few:
            # Daemons, for a process that ends must not wait for a server that says nothing.
            threading.Thread(target=_work, args=(self._queues,), name=self._name, daemon=True).start()
        return future


class _Queues:
    """Calls that wait, a queue for each submitter, in the order of their turns."""

    def __init__(self) -> None:
        self._waiting: Dict[int, Deque[Callable[[], None]]] = {}
        self._has_changed = threading.Condition()
        self._is_closed = False

    def put(self, submitter: int, call: Callable[[], None]) -> None:
        with self._has_changed:
            self._waiting.setdefault(submitter, deque()).append(call)
            self._has_changed.notify()

    def take(self) -> Callable[[], None] | None:
        """Wait for a call and take it out (None: there will be no more)."""
        with self._has_changed:
            while not self._waiting:
                if self._is_closed:
                    return None
                self._has_changed.wait()
            submitter = next(iter(self._waiting))
            calls = self._waiting.pop(submitter)
            call = calls.popleft()
            if calls:
                self._waiting[submitter] = calls  # behind the others
            return call

    def close(self) -> None:
        with self._has_changed:
            self._is_closed = True
            self._has_changed.notify_all()


def _work(queues: _Queues) -> None:
    while True:
        call = queues.take()
        if call is None:
            return
        call()
        del call


def _make(future: Future[T], call: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - it is handed to whoever waits for the result
        future.set_exception(error)
    else:
        future.set_result(result)
