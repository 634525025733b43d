"""The requests in flight to a server are shared by all who ask."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from cbverdict.carbonblack.fair_pool import FairPool


def test_whoever_comes_later_does_not_wait_for_all_that_another_asks() -> None:
    """Searches have turns, each one's calls in order."""
    pool, gate, order = FairPool(1, "t"), threading.Event(), list[str]()
    pool.submit(lambda: gate.wait(30))
    all_have_asked = threading.Barrier(4)

    def ask(name: str, many: int, has_asked: threading.Event) -> list[Future[None]]:
        futures = [pool.submit(lambda text=f"{name}{number}": order.append(text)) for number in range(many)]  # type: ignore[misc] # a default of a lambda
        has_asked.set()
        all_have_asked.wait(30)  # so that each asks from a thread of its own
        return futures

    with ThreadPoolExecutor(3) as searches:
        asked = []
        for name, many in (("a", 4), ("b", 2), ("c", 1)):
            has_asked = threading.Event()
            asked.append(searches.submit(ask, name, many, has_asked))
            assert has_asked.wait(30)
        all_have_asked.wait(30)
    gate.set()
    for search in asked:
        for future in search.result():
            future.result(30)
    assert order == ["a0", "b0", "c0", "a1", "b1", "a2", "a3"]


def test_as_many_calls_run_at_once_as_there_are_threads_and_no_more() -> None:
    """While calls wait, no thread is idle."""
    pool, meeting, running, most = FairPool(3, "t"), threading.Barrier(3), set[object](), list[int]()

    def call() -> None:
        running.add(own := object())
        most.append(len(running))
        meeting.wait(30)
        running.discard(own)

    for future in [pool.submit(call) for _ in range(9)]:
        future.result(30)
    assert max(most) == 3


def test_errors_and_cancelled_calls_are_their_own() -> None:
    """Neither stops a thread."""
    pool, gate = FairPool(1, "t"), threading.Event()
    held = pool.submit(lambda: gate.wait(30))
    failing, cancelled, last = pool.submit(lambda: int("x")), pool.submit(lambda: 1), pool.submit(lambda: 2)
    assert cancelled.cancel()
    gate.set()
    with pytest.raises(ValueError, match="invalid literal"):
        failing.result(30)
    assert (held.result(), last.result(30)) == (True, 2)


def test_a_pool_that_is_forgotten_ends_its_threads() -> None:
    """As that of an account which was changed; its last calls are still made."""
    pool = FairPool(2, "forgotten")
    futures = [pool.submit(lambda: 3) for _ in range(4)]
    threads = [thread for thread in threading.enumerate() if thread.name == "forgotten"]
    assert all(thread.daemon for thread in threads), "a process that ends waits for none of them"
    del pool
    gc.collect()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert [future.result(30) for future in futures] == [3] * 4
