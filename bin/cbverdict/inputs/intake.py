"""Read all that is new, page by page: fetch, make events, write them, and only then say that they are read."""

from __future__ import annotations

import logging
import math
import random
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Callable, Iterable, Protocol, TypeVar

from cbverdict.carbonblack.times import second_of
from cbverdict.errors import CbsignedError, SearchOverError, TakenError
from cbverdict.events.times import read_time, write_time
from cbverdict.inputs.arguments import InputArguments, begin_of
from cbverdict.inputs.checkpoint import Checkpoint
from cbverdict.inputs.clocks import EndpointClocks
from cbverdict.inputs.cursor import Cursor
from cbverdict.inputs.feed import ID_FIELD, REVISION_FIELD, Batch, Event, Feed
from cbverdict.inputs.health import SOURCETYPE, Health
from cbverdict.inputs.pages import Pages, ReadPage
from cbverdict.inputs.pause import Pause, StoppedError

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import Fields
    from cbverdict.inputs.seen_keys import SeenKeys

T = TypeVar("T")

logger = logging.getLogger(__name__)

LONGEST_WAIT = 300.0
_SKEW = 60.0
"""Seconds that the clocks of Carbon Black and of this host may be apart."""

_LOOK_BACK = 60.0
"""Seconds after which at the earliest a run looks back, where the overlap is shorter."""


class Stream(Protocol):
    """Where events go; `cbverdict.inputs.stream.EventStream` is the real one."""

    def write(self, events: Iterable[Event]) -> None:
        """Write events, and be back when splunkd has them."""


class Checkpoints(Protocol):
    """Where it is kept how far the input has read; methods raise `StoreError`."""

    def load(self) -> tuple[Checkpoint | None, SeenKeys]:
        """Return what was saved."""

    def forget(self) -> SeenKeys:
        """Forget the keys of what was written."""

    def save(self, checkpoint: Checkpoint, kept: str) -> None:
        """Save it, with the keys of what was written since."""


class Right(Protocol):
    """The right to read; `cbverdict.inputs.lease.Lease` is the real one."""

    def renew(self) -> None:
        """Keep it; raises `TakenError` where it is lost."""


class Intake:
    """One run of an input: from its checkpoint until nothing more is left."""

    def __init__(  # noqa: PLR0913 - its ports
        self,
        name: str,
        account: str,
        arguments: InputArguments,
        *,
        feed: Feed,
        stream: Stream,
        checkpoints: Checkpoints,
        right: Right,
        pause: Pause,
        health: Health,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Store the input's name, its account's, what the admin said, and whom it works with."""
        self._name = name
        self._account = account
        self._arguments = arguments
        self._feed = feed
        self._stream = stream
        self._checkpoints = checkpoints
        self._right = right
        self._pause = pause
        self._health = health
        self._clock = clock
        self._clocks = EndpointClocks({})
        self._caught_up = 0.0
        self._page_at = 0.0

    def run(self) -> None:
        """Read until nothing more is left.

        Raises:
            StoppedError: splunkd wants it to stop.
            TakenError: another process reads for this input now.
        """
        loaded, recent = self._patiently(self._checkpoints.load)
        if loaded is None or (loaded.account, loaded.start) != (self._account, self._arguments.start):
            loaded, recent = self._begin(), self._patiently(self._checkpoints.forget)
            self._patiently(partial(self._checkpoints.save, loaded, ""))  # So that it begins there whatever comes.
        checkpoint = loaded
        self._clocks = EndpointClocks(checkpoint.clocks)
        self._caught_up = checkpoint.caught_up
        self._health.last_reported_lag = checkpoint.last_reported_lag
        is_over = False
        while not is_over:
            checkpoint, is_over = self._sweep(checkpoint, recent)
        self._finish(checkpoint, recent)

    def _sweep(self, checkpoint: Checkpoint, recent: SeenKeys) -> tuple[Checkpoint, bool]:
        """Read from where all is sure to be read, until nothing is left (True) or it is time to look back (False).

        A row becomes visible at most `overlap` seconds after the server says that it got it. From the first page on
        that reaches into the time in which some may still come, the checkpoint stays: what comes behind what was read
        is found when it is read again.
        """
        overlap = self._arguments.overlap
        pages = Pages(self._feed, recent, self._arguments.page_size, self._patiently, self._pause, self._clock)
        unsure_since = math.inf
        try:
            for page in pages.read(Cursor(checkpoint.cursor), checkpoint.started):
                if unsure_since == math.inf:
                    reached = _reached(page)
                    if reached > page.asked - overlap - _SKEW:
                        unsure_since = page.asked
                    sure = _second(reached - overlap)
                    checkpoint = replace(checkpoint, cursor=max(checkpoint.cursor, sure))
                checkpoint = self._end(page, recent, checkpoint)
                if overlap and not page.is_last and self._clock() - unsure_since > max(overlap, _LOOK_BACK):
                    return checkpoint, False
        finally:
            pages.close()
        return checkpoint, True

    def _end(self, page: ReadPage, recent: SeenKeys, checkpoint: Checkpoint) -> Checkpoint:
        checkpoint = self._close(page.batch, recent, checkpoint, self._lag(page))
        self._clocks.look(page.batch.clocks)
        logger.info(
            "input=%s rows=%d events=%d requests=%d lag_seconds=%.0f",
            self._name, page.rows, len(page.batch.events), self._feed.requests, self._health.lag,
        )  # fmt: skip
        return checkpoint

    def _finish(self, checkpoint: Checkpoint, recent: SeenKeys) -> None:
        now = self._clock()
        batch = self._patiently(partial(self._feed.finish, recent, checkpoint.flips_checked_until))
        batch = batch._replace(events=[*batch.events, *self._clock_events(now)])
        self._close(batch, recent, replace(checkpoint, flips_checked_until=now, clocks=self._clocks.told), 0.0)

    def _close(self, batch: Batch, recent: SeenKeys, checkpoint: Checkpoint, lag: float) -> Checkpoint:
        """Write events, and then that they are written: whoever dies between writes them again."""
        self._right.renew()
        self._stream.write(batch.events)
        self._patiently(partial(self._feed.written, batch))
        self._page_at = self._clock()
        self._tell(lag)
        kept = "".join([recent.note(key) for key in batch.keys])
        checkpoint = replace(checkpoint, last_reported_lag=self._health.last_reported_lag, caught_up=self._caught_up)
        self._patiently(partial(self._checkpoints.save, checkpoint, kept))
        return checkpoint

    def _patiently(self, call: Callable[[], T]) -> T:
        """Call until it works, with longer and longer waits, the account read anew each time."""
        attempt = 0
        while True:
            try:
                return call()
            except TakenError:  # noqa: PERF203 - it waits between two tries
                raise
            except SearchOverError:
                raise StoppedError from None
            except CbsignedError as error:
                attempt += 1
                seconds = min(LONGEST_WAIT, 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
                logger.warning(
                    "input=%s attempt=%d wait_seconds=%.0f trouble=%r", self._name, attempt, seconds, str(error)
                )
                # While a backfill is at work, what counts is how long no page came.
                self._tell(self._clock() - max(self._caught_up, self._page_at), str(error))
                self._pause(seconds)
                self._right.renew()
                self._reload()

    def _reload(self) -> None:
        try:
            self._feed.reload()
        except CbsignedError as error:
            logger.warning("input=%s trouble=%r", self._name, str(error))

    def _begin(self) -> Checkpoint:
        """Begin where the admin says."""
        start, now = self._arguments.start, self._clock()
        started = begin_of(start, now)
        logger.info("input=%s account=%s begins=%s", self._name, self._account, started)
        self._page_at = now  # Until then nothing could come, so that is when it begins to lag.
        return Checkpoint(
            self._account, start, started, started, caught_up=_epoch(started) or now, flips_checked_until=now
        )

    def _lag(self, page: ReadPage) -> float:
        now = self._clock()
        self._caught_up = now if page.is_last else max(self._caught_up, min(now, _epoch(page.second) or 0.0))
        return now - self._caught_up

    def _tell(self, lag: float, trouble: str = "") -> None:
        status = self._health.trouble(lag) if trouble else self._health.look(lag)
        if not status:
            return
        what = f"behind by {lag:.0f} s: {trouble or 'more comes in than is read'}" if status == "behind" else "all read"
        self._stream.write([self._health_event(self._clock(), status, {"lag": f"{lag:.0f}", "message": what})])

    def _clock_events(self, now: float) -> list[Event]:
        """Name the endpoints whose clocks are wrong in one event, if there are any of which nobody has heard."""
        news = self._clocks.news(now)
        if not news:
            return []
        endpoints, offsets = [endpoint for endpoint, _ in news], [f"{offset:.0f}" for _, offset in news]
        what = (
            f"the clocks of {len(news)} endpoints are wrong, in the worst case by {offsets[0].lstrip('-')} s: set "
            "those of dest; clock_offset is in seconds and in the same order, below 0 for a clock that is behind"
        )
        return [self._health_event(now, "clock", {"message": what, "dest": endpoints, "clock_offset": offsets})]

    def _health_event(self, now: float, status: str, more: Fields) -> Event:
        fields: Fields = {
            "time": f"{_second(now)}Z",
            "status": status,
            "input": self._name,
            **more,
            ID_FIELD: f"{self._name}:{status}:{now:.0f}",
            REVISION_FIELD: "0",
            "cb_server": self._account,
        }
        return Event(now, SOURCETYPE, fields)


def _reached(page: ReadPage) -> float:
    """Return the time up to which a page goes, whatever a clock that was wrong for a while says."""
    reached = _epoch(page.second)
    return page.asked if reached is None else min(reached, page.asked)


def _epoch(second: str) -> float | None:
    return read_time(f"{second}Z")


def _second(epoch: float) -> str:
    return second_of(write_time(math.floor(epoch)))
