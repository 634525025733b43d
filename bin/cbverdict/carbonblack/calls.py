"""Calls of Carbon Black made side by side, an outcome for each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Protocol, Sequence, TypeVar

from cbverdict.errors import CbsignedError, SearchOverError, TimedOutError, advice

if TYPE_CHECKING:
    from concurrent.futures import Future

    from cbverdict.carbonblack.deadline import Deadline

T = TypeVar("T")

FAILURES_IN_A_ROW = 8
"""Calls of a server that is down, one failing after the other, after which one search makes no more."""


class Pool(Protocol):
    """What makes calls side by side: a `FairPool`, or an executor."""

    def submit(self, call: Callable[[], T], /) -> Future[T]:
        """Make a call when there is room."""


def make_calls(pool: Pool, calls: Sequence[Callable[[], T]], deadline: Deadline) -> list[T | CbsignedError]:
    """Make the calls as the pool has room; return for each, in order, what it returned or the error it came to.

    One that is late, or pointless after a final error, comes to that error. What is no `CbsignedError` is raised.
    """
    stop = _Stop()
    futures: list[Future[T]] = [pool.submit(partial(stop.unless_pointless, call)) for call in calls]
    waited = deadline.wait_for(futures)
    if waited.is_over:
        stop.reason = SearchOverError(advice(SearchOverError))
    for future in waited.late:
        future.cancel()
    too_late = f"Carbon Black did not answer within the search's time. {advice(TimedOutError)}"
    outcomes: list[T | CbsignedError] = []
    for future in futures:
        error = _error(future) if future in waited.done else stop.reason or TimedOutError(too_late)
        outcomes.append(future.result() if error is None else error)
    return outcomes


class _Stop:
    """Keep calls that wait for their turn from being made when that is pointless.

    That is so after a final error, when the search is over, and after several failures in a row of a server
    that is down.
    """

    def __init__(self) -> None:
        self.reason: CbsignedError | None = None
        self._failures = 0

    def unless_pointless(self, call: Callable[[], T]) -> T:
        if self.reason is not None:
            raise self.reason
        try:
            outcome = call()
        except CbsignedError as error:
            self._failures += 1
            is_over = error.is_final or isinstance(error, SearchOverError)
            if is_over or (error.reason.is_outage and self._failures >= FAILURES_IN_A_ROW):
                self.reason = error
            raise
        self._failures = 0
        return outcome


def _error(future: Future[Any]) -> CbsignedError | None:
    error = future.exception()
    return error if isinstance(error, CbsignedError) else None
