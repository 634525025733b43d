"""Read all that is new, page by page: fetch, make events, write them, and only then say that they are read."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Callable

from cbverdict.errors import CbsignedError
from cbverdict.inputs.arguments import InputArguments, past_begin_of
from cbverdict.inputs.clocks import EndpointClocks
from cbverdict.inputs.progress.checkpoint import Checkpoint
from cbverdict.inputs.progress.cursor import Cursor
from cbverdict.inputs.progress.window import Pass, epoch, second
from cbverdict.inputs.reading.gaps import note_gaps
from cbverdict.inputs.reading.hourly_limit import HourlyLimit
from cbverdict.inputs.reading.pages import Pages, ReadPage
from cbverdict.inputs.reading.rereading import Rereading
from cbverdict.inputs.reading.retry import Retry
from cbverdict.inputs.reading.row_counts import RowCounts
from cbverdict.inputs.reading.server_watch import ServerWatch, any_chance
from cbverdict.inputs.reports.reporter import Reporter
from cbverdict.inputs.reports.summary import Summary

if TYPE_CHECKING:
    from cbverdict.inputs.pause import Pause
    from cbverdict.inputs.ports import Checkpoints, HeldLease, Stream
    from cbverdict.inputs.progress.seen_keys import SeenKeys
    from cbverdict.inputs.reader import Batch, Event, Reader
    from cbverdict.inputs.reports.health import Health

logger = logging.getLogger(__name__)

_LOOK_BACK = 60.0  # Seconds after which at the earliest a run looks back, where the overlap is shorter.


class InputRun:
    """One run of an input: from its checkpoint until nothing more is left."""

    def __init__(  # noqa: PLR0913 - its ports
        self,
        name: str,
        account: str,
        arguments: InputArguments,
        *,
        reader: Reader,
        stream: Stream,
        checkpoints: Checkpoints,
        lease: HeldLease,
        pause: Pause,
        health: Health,
        server: str = "",
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = any_chance,
    ) -> None:
        """Store the input's name, its account's, what the admin said, and whom it works with."""
        self._name = name
        self._account = account
        self._server = server
        self._arguments = arguments
        self._reader = reader
        self._stream = stream
        self._checkpoints = checkpoints
        self._lease = lease
        self._pause = pause
        self._clock = clock
        self._report = Reporter(name, account, stream.write, health, clock)
        self._watch = ServerWatch(reader, arguments.overlap, self._report, clock, chance)
        self._summary = Summary(name, clock)
        self._retry = Retry(name, pause, self._hear, self._before_next_try)
        self._hourly_limit = HourlyLimit(arguments.max_events_per_hour, arguments.max_mb_per_hour)
        self._reread = Rereading(
            checkpoints, self._pages, self._close, self._retry, (self._report, clock, self._hourly_limit)
        )
        self._rows = RowCounts({})
        self._clocks = EndpointClocks({})
        self._caught_up = self._page_at = clock()
        self._news = 0

    def run(self) -> None:
        """Read until nothing more is left.

        Raises:
            StoppedError: splunkd wants it to stop.
            InputLockedError: another process reads for this input now.
        """
        loaded, recent = self._retry(self._checkpoints.load)
        checkpoint, recent = self._begin(loaded, recent)
        self._resume(checkpoint, recent)
        checkpoint = self._watch.begin(checkpoint, recent)
        checkpoint = self._hourly_limit.begin(checkpoint, self._report, self._clock())
        is_over = self._hourly_limit.is_reached
        if not is_over:
            checkpoint = self._reread.run(checkpoint, recent)
            is_over = self._hourly_limit.is_reached
        while not is_over:
            checkpoint, is_over = self._sweep(checkpoint, recent)
        self._finish(checkpoint, recent)

    def _begin(self, loaded: Checkpoint | None, recent: SeenKeys) -> tuple[Checkpoint, SeenKeys]:
        """Return where to go on, or begin where the admin says."""
        start, now = self._arguments.start, self._clock()
        damaged = self._checkpoints.damaged
        if loaded is not None and loaded.start == start and self._is_same_server(loaded):
            if damaged:
                self._report.tell("damaged", f"could not be read, and is made anew: {', '.join(sorted(set(damaged)))}")
            if loaded.is_open:  # The last run was ended, and what it was about to look for is not known.
                loaded = loaded.with_window(replace(loaded.window, unsettled=0))
            if loaded.account == self._account and loaded.server not in {"", self._server}:
                self._tell_other_host(loaded)
            return replace(loaded.no_later_than(now), account=self._account, server=self._server), recent
        started = past_begin_of(start, now)
        logger.info("input=%s account=%s begins=%s", self._name, self._account, started)
        if loaded is not None:
            recent = self._retry(self._checkpoints.forget)
        caught_up = epoch(started) or now
        checkpoint = Checkpoint(
            self._account, start, started, started, caught_up, flips_checked_until=now, server=self._server
        )
        self._retry(partial(self._checkpoints.save, checkpoint, ""))  # So that it begins there whatever comes.
        return checkpoint, recent

    def _started(self, checkpoint: Checkpoint) -> Event:
        """Return the event that says that the input has begun; it leaves with the first page."""
        damaged, begins = sorted(set(self._checkpoints.damaged)), f"{checkpoint.started}Z"
        what = f" (what was kept could not be read: {', '.join(damaged)})" if damaged else ""
        message = f"reads what Carbon Black hears of from {begins} on{what}"
        return self._report.event("started", {"begins": begins, "message": message})

    def _tell_other_host(self, loaded: Checkpoint) -> None:
        """Tell that the account names another host: the same server under another name, or another one."""
        self._report.tell(
            "server",
            f"the account {self._account} was {loaded.server} and is {self._server} now; reading goes on where it was. "
            "If that is another server, what it knew before is not read: order it with | cbsignedinputs from=, or "
            "begin anew with reset=true",
        )

    def _is_same_server(self, loaded: Checkpoint) -> bool:
        return loaded.account == self._account or bool(loaded.server and loaded.server == self._server)

    def _resume(self, checkpoint: Checkpoint, recent: SeenKeys) -> None:
        """Go on with what was known at the end of the last run."""
        self._clocks = EndpointClocks(checkpoint.clocks)
        self._rows = RowCounts(checkpoint.rows, checkpoint.cursor)
        self._caught_up = checkpoint.caught_up
        self._page_at = 0.0 if checkpoint.asked else self._clock()  # Before its first run nothing could come.
        health = self._report.health
        health.last_reported_lag = max(checkpoint.last_reported_lag, health.last_reported_lag)
        self._report.raised.update(checkpoint.raised)
        recent.forgotten = max(recent.forgotten, int(checkpoint.forgotten))

    def _sweep(self, checkpoint: Checkpoint, recent: SeenKeys) -> tuple[Checkpoint, bool]:
        """Read what the window says, until nothing is left (True) or it is time to look back (False)."""
        overlap, now, limit = self._watch.overlap, self._watch.now(), self._watch.limit(checkpoint)
        for part in checkpoint.window.plan(overlap, now, self._arguments.delay, limit):
            if part.is_settling:
                self._rows.begin(part.since)
            if part.is_first:
                looked = now if part.looks_back else checkpoint.looked
                whole = min(now, limit) if part.is_settling else checkpoint.whole
                checkpoint = replace(checkpoint, looked=looked, whole=whole)
            checkpoint, is_over = self._read(part, checkpoint, recent)
            if not is_over:
                return checkpoint, False
            if self._hourly_limit.is_reached:
                return checkpoint, True
        window = checkpoint.window
        if not self._news and window.unsettled and self._watch.has_more_than(window, self._clock()):
            return checkpoint.with_window(replace(window, unsettled=0)), False
        return checkpoint, True

    def _read(self, part: Pass, checkpoint: Checkpoint, recent: SeenKeys) -> tuple[Checkpoint, bool]:
        overlap = self._watch.overlap
        pages = self._pages(recent, checkpoint)
        self._news = 0
        bound = unsure_since = math.inf
        try:
            for page in pages.read(Cursor(part.since), checkpoint.started, part.until):
                reached = _reached(page)
                if bound == math.inf and reached > page.asked - overlap:
                    bound, unsure_since = page.asked, self._clock()
                checkpoint = note_gaps(page.skipped, checkpoint, self._report, self._clock())
                checkpoint = self._move(part, page, checkpoint, (reached, bound))
                checkpoint = self._end(page, recent, checkpoint)
                if self._hourly_limit.is_reached:
                    return checkpoint, True
                is_long = self._clock() - unsure_since > max(overlap, _LOOK_BACK)
                if overlap and not part.until and not page.is_last and is_long:
                    return checkpoint, False
        finally:
            pages.close()
        return checkpoint, True

    def _move(self, part: Pass, page: ReadPage, checkpoint: Checkpoint, ends: tuple[float, float]) -> Checkpoint:
        """Move the window on by a page, and count what is settled by it."""
        (reached, bound), window = ends, checkpoint.window
        head = second(min(reached, page.latest))
        self._news += (news := sum(window.head < row.time[:19] <= head for row in page.rows))
        if part.until:
            settled = part.until if page.is_last else min(max(window.settled, head), part.until)
            left = self._rows.add(page.rows, settled)
            window = replace(window, settled=settled, unsettled=max(0, window.unsettled - left))
        elif part.is_settling:
            bound = min(bound, self._watch.limit(checkpoint))
            window = window.reach(min(reached, page.asked), bound, self._watch.overlap, head)
            self._rows.add(page.rows, window.settled)
            window = replace(window, unsettled=self._rows.pending)
        else:
            window = replace(window, head=max(window.head, head), unsettled=window.unsettled + news)
        return checkpoint.with_window(window)

    def _end(self, page: ReadPage, recent: SeenKeys, checkpoint: Checkpoint) -> Checkpoint:
        lag = self._lag(page)
        checkpoint = self._close(page.batch, recent, checkpoint, lag)
        self._clocks.look(page.batch.clocks)
        self._watch.look(page.batch.new)
        logger.info(
            "input=%s rows=%d events=%d requests=%d lag_seconds=%.0f",
            self._name, len(page.rows), len(page.batch.events), self._reader.requests, self._report.health.lag,
        )  # fmt: skip
        return checkpoint

    def _finish(self, checkpoint: Checkpoint, recent: SeenKeys) -> None:
        now = self._clock()
        batch = self._retry(partial(self._reader.finish, recent, checkpoint.flips_checked_until))
        checkpoint = self._watch.end(checkpoint)
        checkpoint = self._rows.check(checkpoint, self._reader, self._report, now)
        checkpoint = self._summary.end(checkpoint, self._report, self._reader.requests)
        batch = batch._replace(events=[*batch.events, *self._report.clock_events(self._clocks.news(now))])
        checkpoint = replace(checkpoint, flips_checked_until=now, clocks=self._clocks.told)
        self._close(batch, recent, checkpoint, 0.0, is_open=False)

    def _close(
        self, batch: Batch, recent: SeenKeys, checkpoint: Checkpoint, lag: float, *, is_open: bool = True
    ) -> Checkpoint:
        """Write events, and then that they are written: whoever dies between writes them again."""
        self._lease.renew()
        is_first = not checkpoint.told_alive
        size = self._stream.write([self._started(checkpoint), *batch.events] if is_first else batch.events)
        checkpoint = replace(checkpoint, told_alive=self._clock() if is_first else checkpoint.told_alive)
        self._summary.add(batch)
        checkpoint = self._hourly_limit.add(checkpoint, len(batch.events), size, self._report)
        self._retry(partial(self._reader.written, batch))
        self._page_at = self._clock()
        self._report.tell_lag(lag)
        kept = "".join([recent.note(key) for key in batch.keys])
        checkpoint = replace(
            checkpoint,
            last_reported_lag=self._report.health.last_reported_lag,
            caught_up=self._caught_up,
            rows=self._rows.hours,
            raised=dict(self._report.raised),
            forgotten=float(recent.forgotten),
            is_open=is_open,
        )
        self._retry(partial(self._checkpoints.save, checkpoint, kept))
        if recent.is_full():
            self._retry(partial(self._checkpoints.tidy, recent))
        return checkpoint

    def _pages(self, recent: SeenKeys, checkpoint: Checkpoint) -> Pages:
        gaps = [(since, until) for since, until, _, _ in checkpoint.skipped]
        size = self._arguments.page_size
        return Pages(self._reader, recent, size, self._retry, self._pause, self._clock, gaps)

    def _hear(self, trouble: str) -> None:
        # While a backfill is at work, what counts is how long no page came.
        self._report.tell_lag(self._clock() - max(self._caught_up, self._page_at), trouble)

    def _before_next_try(self) -> None:
        self._lease.renew()
        try:
            self._reader.reload()
        except CbsignedError as error:
            logger.warning("input=%s trouble=%r", self._name, str(error))

    def _lag(self, page: ReadPage) -> float:
        now = self._clock()
        self._caught_up = now if page.is_last else max(self._caught_up, min(now, epoch(page.second)))
        return now - self._caught_up


def _reached(page: ReadPage) -> float:
    """Return the time up to which a page goes, whatever a clock that was wrong for a while says."""
    return min(epoch(page.second) or page.latest, page.latest)
