"""Fakes at the ports of an input: Carbon Black as a list of rows, splunkd's pipe, the KV store, and the time."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterable, Sequence

from cbverdict.carbonblack.port import Page, Row
from cbverdict.carbonblack.times import epoch_of
from cbverdict.errors import CbsignedError
from cbverdict.inputs.arguments import InputArguments
from cbverdict.inputs.clocks import ClockReading
from cbverdict.inputs.input_run import InputRun
from cbverdict.inputs.pause import Pause, StoppedError
from cbverdict.inputs.progress.checkpoint import Checkpoint
from cbverdict.inputs.progress.checkpoint_store import Order
from cbverdict.inputs.progress.cursor import Cursor
from cbverdict.inputs.progress.seen_keys import Seen, SeenKeys
from cbverdict.inputs.reader import ID_FIELD, Batch, Event
from cbverdict.inputs.reports.health import Health

NAME = "cbsigned_processes://main"
NOW = 1_793_606_400.0
"""2026-11-02T08:00:00 UTC, when a test begins."""


Document = Dict[str, str]


class Crash(BaseException):
    """The process is killed here; nothing catches it."""


def row(name: str, time: str) -> Document:
    """Return what Carbon Black has of a thing; `time` is `HH:MM:SS` of the day of `NOW`, or a whole time."""
    return {"name": name, "at": time if "T" in time else f"2026-11-02T{time}Z"}


def never(_: Any) -> None:
    """Do nothing."""


@dataclass
class FakeClock:
    """The time, which passes where something waits; pages are fetched in a thread of their own."""

    now: float = NOW

    def __call__(self) -> float:
        """Return it, in seconds since 1970."""
        return self.now


class FakePause(Pause):
    """Waits that take no time but the clock's; `waits` are their seconds, `before` may raise or change things."""

    def __init__(self, clock: FakeClock) -> None:
        """Store the clock that goes on."""
        super().__init__(lambda: self.is_stopping)
        self.is_stopping = False
        self.waits: list[float] = []
        self.before: Callable[[float], None] = never
        self._clock = clock

    def __call__(self, seconds: float) -> None:
        """Let the time pass; raises `StoppedError`."""
        if seconds:
            self.waits.append(seconds)
            self.before(seconds)
            self._clock.now += seconds
        if self.is_stopping:
            raise StoppedError


@dataclass
class FakeReader:
    """Rows in the order of their times, read a page at a time; each may raise or change things `before` it answers.

    `clocks` is by how much the clock of a row's endpoint is off, which is called as the row is.
    """

    rows: list[Document] = field(default_factory=list)
    flips: list[str] = field(default_factory=list)
    clocks: dict[str, float] = field(default_factory=dict)
    before_fetch: Callable[[Cursor], None] = never
    before_prepare: Callable[[Sequence[Document]], None] = never
    before_read: Callable[[Sequence[Document]], None] = never
    before_written: Callable[[Batch], None] = never
    before_reload: Callable[[None], None] = never
    asked: list[tuple[Cursor, str, int]] = field(default_factory=list)
    written_names: list[str] = field(default_factory=list)
    finished: list[float] = field(default_factory=list)
    reloads: int = 0
    before_batch: Callable[[Batch], Batch] = lambda batch: batch
    clock_offset: float | None = 0.0
    before_count: Callable[[None], None] = never
    counted: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def requests(self) -> int:
        """Return how many pages were asked for."""
        return len(self.asked)

    def reload(self) -> None:
        """Count."""
        self.reloads += 1
        self.before_reload(None)

    def fetch(self, cursor: Cursor, started: str, rows: int, until: str = "") -> Page[Document]:
        """Return a page of what is there from the cursor's second on, and whether it is the last."""
        self.asked.append((cursor, started, rows))
        self.before_fetch(cursor)
        found = self._between(cursor.second, until)
        end = cursor.skip + rows
        documents = found[cursor.skip : end]
        return Page([Row(one["name"], one["at"]) for one in documents], end >= len(found), lambda: documents)

    def count(self, since: str, until: str) -> int:
        """Count what is there."""
        self.counted.append((since, until))
        self.before_count(None)
        return len(self._between(since, until))

    def _between(self, since: str, until: str) -> list[Document]:
        with self.lock:
            found = [one for one in self.rows if since <= one["at"] <= (until or "~")]
        return sorted(found, key=lambda one: one["at"])

    def terms(self) -> list[str]:
        """Understand nothing."""
        return []

    def count_unseen(self, page: Page[Document], recent: SeenKeys) -> int:
        """Count what was not seen."""
        return sum(one["name"] not in recent for one in page.read())

    def prepare(self, page: Page[Document], recent: SeenKeys) -> Sequence[Document]:
        """Return what looks new."""
        documents = page.read()
        self.before_prepare(documents)
        return [one for one in documents if one["name"] not in recent]

    def read(self, prepared: Sequence[Document], recent: SeenKeys) -> Batch:
        """Return an event of each row that is not written yet."""
        self.before_read(prepared)
        new = [str(one["name"]) for one in prepared if one["name"] not in recent]
        readings = [ClockReading(name, self.clocks[name], NOW) for name in new if name in self.clocks]
        times = {str(one["name"]): int(epoch_of(one["at"]) or 0) for one in prepared}
        keys = [Seen(name, time=times[name]) for name in new]
        batch = Batch([_event(name) for name in new], keys, new, readings, [times[name] for name in new])
        return self.before_batch(batch)

    def written(self, batch: Batch) -> None:
        """Note what was written."""
        self.before_written(batch)
        self.written_names += batch.due

    def finish(self, recent: SeenKeys, flips_checked_until: float) -> Batch:
        """Return the flips."""
        self.finished.append(flips_checked_until)
        new = [name for name in self.flips if name not in recent]
        return Batch([_event(name) for name in new], new)


@dataclass
class FakeStream:
    """Splunkd's pipe: what arrived, in order."""

    events: list[Event] = field(default_factory=list)
    before: Callable[[Sequence[Event]], None] = never

    def write(self, events: Iterable[Event]) -> int:
        """Take events, of a thousand bytes each."""
        arriving = list(events)
        self.before(arriving)
        self.events += arriving
        return 1000 * len(arriving)

    @property
    def names(self) -> list[str]:
        """Return which rows and flips arrived."""
        return [str(event.fields["name"]) for event in self.events if event.sourcetype == "row"]

    @property
    def health(self) -> list[Event]:
        """Return what was told of the input itself, but for the signs of life."""
        return [event for event in self.told if event.fields["status"] not in {"started", "alive"}]

    @property
    def told(self) -> list[Event]:
        """Return all that was told of the input itself."""
        return [event for event in self.events if event.sourcetype != "row"]


@dataclass
class FakeCheckpoints:
    """The KV store's document of one input; `before` may raise before something is saved."""

    checkpoint: Checkpoint | None = None
    kept: str = ""
    saved: list[tuple[Checkpoint, str]] = field(default_factory=list)
    before: Callable[[Checkpoint], None] = never
    before_load: Callable[[None], None] = never
    damaged: list[str] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    tidied: int = 0

    def load(self) -> tuple[Checkpoint | None, SeenKeys]:
        """Return what was saved."""
        self.before_load(None)
        recent = SeenKeys()
        recent.recall(self.kept)
        return self.checkpoint, recent

    def forget(self) -> SeenKeys:
        """Forget the keys."""
        self.kept = ""
        return SeenKeys()

    def tidy(self, recent: SeenKeys) -> None:
        """Count."""
        self.tidied += 1
        recent.forget_some()

    def done(self, order: Order) -> None:
        """Delete an order."""
        self.orders.remove(order)

    def go_on(self, order: Order, since: str) -> None:
        """Keep what is left of an order."""
        self.orders[self.orders.index(order)] = order._replace(since=since)

    def save(self, checkpoint: Checkpoint, kept: str) -> None:
        """Save it."""
        self.before(checkpoint)
        self.checkpoint = checkpoint
        self.kept += kept
        self.saved.append((checkpoint, kept))


@dataclass
class FakeLease:
    """The right to read; `before` may raise."""

    renewals: int = 0
    before: Callable[[None], None] = never

    def renew(self) -> None:
        """Keep it."""
        self.renewals += 1
        self.before(None)


@dataclass
class Bench:
    """An input with a fake at each of its ports; `run` is a run of a process of its own over them."""

    reader: FakeReader = field(default_factory=FakeReader)
    stream: FakeStream = field(default_factory=FakeStream)
    checkpoints: FakeCheckpoints = field(default_factory=FakeCheckpoints)
    lease: FakeLease = field(default_factory=FakeLease)
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        """Make the pause, which moves the clock."""
        self.pause = FakePause(self.clock)

    def run(self, account: str = "lab", limit: float = 900.0, server: str = "", **arguments: Any) -> list[str]:
        """Run to the end; return what arrived of it."""
        before = len(self.stream.names)
        InputRun(
            NAME,
            account,
            InputArguments(**{"start": "-1h", "page_size": 10, **arguments}),
            reader=self.reader,
            stream=self.stream,
            checkpoints=self.checkpoints,
            lease=self.lease,
            pause=self.pause,
            health=Health(limit),
            clock=self.clock,
            server=server,
            chance=lambda: 0.5,
        ).run()
        return self.stream.names[before:]


def failing(errors: Iterable[BaseException | None]) -> Callable[[Any], None]:
    """Return what raises these errors one after the other (None: it lets that call pass), and then no more."""
    left = iter(errors)

    def fail(_: Any) -> None:
        error = next(left, None)
        if error is not None:
            raise error

    return fail


def again(error: CbsignedError, times: int) -> Callable[[Any], None]:
    """Return what raises an error so many times, and then no more."""
    return failing([error] * times)


def _event(name: str) -> Event:
    return Event(NOW, "row", {ID_FIELD: name, "name": name})
