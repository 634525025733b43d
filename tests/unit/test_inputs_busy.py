"""A busy server, one whose clocks are wrong, and what an input makes of them: an account of every row.

A rate of R rows a second stands for 20 R: ten minutes of 20, 90, 150 and 300 a second are those of 1, 4.5, 7.5 and 15,
with the limits of memory as many times smaller.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Callable

import pytest
from sortedcontainers import SortedKeyList  # type: ignore[import-untyped] # stubs are a package of their own

from cbverdict.carbonblack.port import Page
from cbverdict.errors import ServerFailedError
from cbverdict.events.times import write_time
from cbverdict.inputs.progress.checkpoint_store import Order
from cbverdict.inputs.progress.cursor import Cursor
from tests.unit.input_ports import Bench, Document, FakeReader

SCALE = 20
MINUTES = 10
INTERVAL = 60.0
OVERLAP = 300.0


@dataclass
class BusyReader(FakeReader):
    """Rows that become visible while the time passes; `fetched` counts how often each was sent."""

    coming: list[tuple[float, str, str]] = field(default_factory=list)
    fetched: Counter[str] = field(default_factory=Counter)
    clock: Callable[[], float] = lambda: 0.0

    def __post_init__(self) -> None:
        """Begin with nothing visible."""
        self.visible = SortedKeyList(key=lambda one: one["at"])

    def come(self, visible: float, name: str, stamped: float) -> None:
        """Have a row become visible at a time, with a time that the server gives it."""
        heapq.heappush(self.coming, (visible, name, write_time(stamped)))

    def _between(self, since: str, until: str) -> list[Document]:
        while self.coming and self.coming[0][0] <= self.clock():
            _, name, stamped = heapq.heappop(self.coming)
            self.visible.add({"name": name, "at": stamped})
        return list(self.visible.irange_key(since, until or None))

    def between(self, cursor: Cursor) -> list[Document]:
        """Return what is visible from a cursor on."""
        return self._between(cursor.second, "")

    def fetch(self, cursor: Cursor, started: str, rows: int, until: str = "") -> Page[Document]:
        """Return a page, and count its rows."""
        page = super().fetch(cursor, started, rows, until)
        self.fetched.update(row.identity for row in page.rows)
        return page


@dataclass
class Site:
    """A server that hears of rows all the time, and an input that runs every minute."""

    bench: Bench = field(default_factory=Bench)
    reader: BusyReader = field(default_factory=BusyReader)
    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Put them together."""
        self.reader.clock = self.bench.clock
        self.bench.reader = self.reader
        self._chance = random.Random(3)  # noqa: S311 - data

    def hear(
        self, rate: float, seconds: float, *, late: float = 0.0, stamp: Callable[[float, int], float] = lambda at, _: at
    ) -> None:
        """Have rows come for a while; a share of them becomes visible up to 290 s late."""
        for number in range(int(rate * seconds)):
            heard = self.bench.clock.now + number / rate
            name = f"row{len(self.names)}"
            delay = self._chance.uniform(0, 290) if self._chance.random() < late else 0.0
            self.names.append(name)
            self.reader.come(heard + delay, name, stamp(heard, number))

    def run(self, minutes: int, **arguments: float) -> list[int]:
        """Run once a minute; return how much each run wrote."""
        given: dict[str, float] = {"overlap": OVERLAP, **arguments}
        written = []
        for _ in range(minutes):
            self.bench.clock.now += INTERVAL
            names = self.bench.run(page_size=1000 // SCALE, start="-1h", **given)  # type: ignore[arg-type]
            written.append(len(names))
        return written

    def account(self) -> tuple[int, int]:
        """Return how many rows are missing, and how many were written more than once."""
        written = Counter(self.bench.stream.names)
        return len(set(self.names) - set(written)), sum(written.values()) - len(written)

    def statuses(self) -> list[str]:
        """Return what was told."""
        return [str(event.fields["status"]) for event in self.bench.stream.health]


@pytest.fixture
def site() -> Site:
    """Give a server and an input."""
    return Site()


@pytest.mark.parametrize("rate", [20, 90, 150, 300])
def test_a_busy_server_is_read_three_times_at_most(site: Site, rate: int) -> None:
    """Nothing is missing though every tenth row is late, and nothing is written again."""
    site.bench.run(start="-1h", overlap=OVERLAP, page_size=50)
    site.hear(rate / SCALE, MINUTES * 60, late=0.1)
    site.run(MINUTES + 10)
    assert site.account() == (0, 0)
    assert sum(site.reader.fetched.values()) <= 3 * len(site.names)
    assert site.statuses() == []


@pytest.mark.parametrize(("interval", "late"), [(10, 2.0), (30, 6.0), (50, 25.0), (60, 25.0), (90, 25.0)])
def test_what_is_late_by_seconds_is_not_waited_for(site: Site, interval: int, late: float) -> None:
    """Whenever splunkd begins a run, a little early or late, it is in the next one but one; nothing costs more."""
    site.bench.run(start="-1h", overlap=OVERLAP, page_size=50)
    began = site.bench.clock.now
    for number in range(rows := 4 * MINUTES * 60):
        site.names.append(f"{began + number / 4:.2f}")
        site.reader.come(began + number / 4 + number % 5 / 4 * late, site.names[-1], began + number / 4)
    waited = []
    for run in range(MINUTES * 60 // interval + 1):
        site.bench.clock.now = began + (run + 1) * interval + (0.0, -1.0, 1.4)[run % 3]
        found = site.bench.run(start="-1h", overlap=OVERLAP, page_size=50)
        waited += [site.bench.clock.now - float(name) for name in found]
    assert len(waited) == rows
    assert max(waited) <= late + 2 * interval + 3
    assert sum(site.reader.fetched.values()) <= 3 * rows


def test_a_burst_is_written_once(site: Site) -> None:
    """Of 120,000 rows within 270 s, a twentieth: the second run and the third write nothing."""
    site.bench.run(start="-1h", overlap=OVERLAP, page_size=50)
    site.hear(120_000 / SCALE / 270, 270)
    site.bench.clock.now += 270 - INTERVAL
    assert site.run(4) == [120_000 // SCALE, 0, 0, 0]
    assert site.account() == (0, 0)


@pytest.mark.parametrize("behind", [100, 400, 600])
@pytest.mark.parametrize("has_date", [True, False])
def test_a_node_that_is_behind_hides_nothing(site: Site, behind: int, *, has_date: bool) -> None:
    """Every fourth row is given a time of some minutes ago, and more come by the right ones."""
    site.reader.clock_offset = 0.0 if has_date else None
    site.bench.run(start="-1h", overlap=OVERLAP, page_size=50)
    site.hear(4.5, 300)
    site.run(5)
    site.hear(4.5, 600, stamp=lambda at, number: at - behind if number % 4 == 0 else at)
    site.run(16)
    assert site.account() == (0, 0)
    if has_date or behind != 400:  # Where the server does not tell its time, a minute more is looked back.
        assert ("clock" in site.statuses()) == (behind > OVERLAP)


@pytest.mark.parametrize("has_date", [True, False])
@pytest.mark.parametrize("rate", [0.5, 4.5])
def test_a_server_that_steps_back_hides_nothing(site: Site, rate: float, *, has_date: bool) -> None:
    """By ten minutes, whether its answers say so or not."""
    site.reader.clock_offset = 0.0 if has_date else None
    site.bench.run(start="-1h", overlap=OVERLAP, page_size=50)
    site.hear(rate, 300)
    site.run(5)
    site.hear(rate, 600, stamp=lambda at, _: at - 600)
    if has_date:
        site.reader.clock_offset = -600.0
    site.run(20)
    assert site.account() == (0, 0)
    assert "clock" in site.statuses()


@pytest.mark.parametrize("rate", [0.5, 4.5])
def test_a_server_that_is_set_ahead_hides_nothing_that_is_late(site: Site, rate: float) -> None:
    """By ten minutes, as one that is put right: what it heard before is late by seconds, whatever its clock says."""
    site.reader.clock_offset = -600.0
    site.bench.run(start="-1h", overlap=OVERLAP, page_size=50)
    site.hear(rate, 300, late=0.5, stamp=lambda at, _: at - 600)
    site.run(5)
    site.reader.clock_offset = 0.0
    site.hear(rate, 600, late=0.5)
    site.run(22)
    assert site.account() == (0, 0)
    assert "late" not in {name for event in site.bench.stream.health for name in event.fields}, "in its turn"


def test_a_node_that_is_behind_is_seen_though_as_many_rows_move_on(site: Site) -> None:
    """The server's count does not grow then, so a few rows are looked at."""
    site.bench.run(start="-1h", overlap=OVERLAP, page_size=50)
    site.hear(4.5, 600)
    site.run(10)
    site.hear(4.5, 600, stamp=lambda at, number: at - 400 if number % 4 == 0 else at)
    for _ in range(16):
        before = [one for one in site.reader.visible if one["at"] < write_time(site.bench.clock.now - 330)]
        for one in before[-120:]:  # They are updated, and move to now.
            site.reader.visible.remove(one)
            site.reader.come(site.bench.clock.now, one["name"], site.bench.clock.now)
        site.run(1)
    assert site.account() == (0, 0)
    assert "clock" in site.statuses()


def test_rows_that_cannot_be_served_are_stepped_over_and_tried_again(site: Site) -> None:
    """Everything else is read, what is missing is told, and when the server is mended it is read as well."""
    site.bench.run(start="-1h", overlap=OVERLAP, page_size=50)
    bad = {"row1", "row151", "row152", "row299"}

    def fail(cursor: Cursor) -> None:
        _, _, rows = site.reader.asked[-1]
        page = site.reader.between(cursor)[cursor.skip : cursor.skip + rows]
        if bad & {one["name"] for one in page}:
            raise ServerFailedError("it answered 500")

    site.reader.before_fetch = fail
    site.hear(5, 60)
    site.run(10)
    assert set(site.names) - set(site.bench.stream.names) == bad
    assert site.account()[1] == 0
    assert site.statuses().count("skipped") >= 1
    assert set(site.statuses()) == {"skipped"}
    site.reader.before_fetch = lambda _: None
    site.bench.clock.now += 7200
    site.run(2)
    assert site.account() == (0, 0)
    assert "skipped_over" in site.statuses()
    assert site.bench.checkpoints.checkpoint
    assert site.bench.checkpoints.checkpoint.skipped == []


def test_with_a_delay_each_row_is_fetched_once(site: Site) -> None:
    """Two minutes behind, nothing is read again, and what is later than that is missing."""
    site.hear(4.5, 300)
    site.run(9, delay=120.0, overlap=0.0)
    assert site.account() == (0, 0)
    assert sum(site.reader.fetched.values()) <= 1.1 * len(site.names)


@pytest.mark.parametrize("bound", [{"max_events_per_hour": 1000}, {"max_mb_per_hour": 1.0}])
def test_a_ceiling_pauses_and_loses_nothing(site: Site, bound: dict[str, float]) -> None:
    """It says so once, and goes on with the next hour; an event is of a thousand bytes."""
    site.hear(5, 600)
    written = site.run(190, **bound)
    assert max(sum(written[hour * 60 : hour * 60 + 59]) for hour in range(3)) <= 1000 + 50
    assert site.account() == (0, 0)
    assert site.statuses()[:4] == ["paused", "paused_over"] * 2
    assert f"{next(iter(bound))} is 1" in str(site.bench.stream.health[0].fields["message"])


def test_an_order_keeps_to_the_bound_and_comes_to_its_end(site: Site) -> None:
    """All of ten minutes is written again, some in each hour, and what was written again is not begun anew."""
    site.hear(5, 600)
    site.run(12)
    since, until = (write_time(site.bench.clock.now - back)[:19] for back in (900, 60))
    site.bench.checkpoints.orders.append(Order("o", since, until, is_all=True))
    site.bench.clock.now += 3600 - site.bench.clock.now % 3600
    written = site.run(200, max_events_per_hour=1000)
    assert max(sum(written[hour * 60 : hour * 60 + 59]) for hour in range(3)) <= 1000 + 50
    assert site.bench.checkpoints.orders == []
    missing, again = site.account()
    assert missing == 0
    assert 3000 <= again <= 3000 + 3 * 10, "a second of which some was read is read again"
    assert site.statuses().count("read_again") == 3


def test_a_bound_that_is_raised_counts_at_once(site: Site) -> None:
    """Nobody waits for the next hour, and what was ordered meanwhile is read then."""
    site.hear(5, 600)
    site.run(3, max_mb_per_hour=0.5)
    since, until = (write_time(site.bench.clock.now - back)[:19] for back in (300, 60))
    order = Order("o", since, until, is_all=True)
    site.bench.checkpoints.orders.append(order)
    assert site.run(1, max_mb_per_hour=0.5) == [0]
    assert site.bench.checkpoints.orders == [order]
    site.run(8, max_mb_per_hour=0)
    assert site.account()[0] == 0
    assert site.bench.checkpoints.orders == []
    assert site.statuses() == ["paused", "paused_over", "read_again"]


def test_what_is_missing_of_an_hour_is_told_once_a_day(site: Site) -> None:
    """Though it came hours late by its time: what was read of each hour is compared with what the server counts."""
    site.bench.clock.now += 0.5  # or a row at the very end of an hour might be of either
    site.hear(0.2, 3 * 3600)
    site.run(190)
    assert site.account() == (0, 0)
    first = site.bench.clock.now - 190 * 60
    for number in range(4):
        site.reader.come(site.bench.clock.now, f"lost{number}", first + 3600 + 60 * number)
    site.bench.clock.now += 86400
    site.run(3)
    (event,) = [event for event in site.bench.stream.health if event.fields["status"] == "missing"]
    assert (event.fields["hours"], event.fields["missing"]) == ([f"{write_time(first + 3600)[:13]}:00:00Z"], ["4"])
    assert "| cbsignedinputs" in str(event.fields["message"])
    site.bench.clock.now += 3600
    site.run(1)
    assert site.statuses().count("missing") == 1


def test_what_is_written_again_is_counted_and_told(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Where more runs at once than is remembered."""
    caplog.set_level("INFO")
    site.hear(2, 60)
    site.run(2)
    checkpoint = site.bench.checkpoints.checkpoint
    assert checkpoint
    site.bench.checkpoints.checkpoint = replace(checkpoint, forgotten=site.bench.clock.now)
    site.bench.checkpoints.kept = ""
    site.reader.before_batch = lambda batch: batch._replace(again=len(batch.events))
    site.bench.checkpoints.checkpoint = replace(checkpoint, is_open=True)
    assert site.run(1) == [120]
    assert site.statuses() == ["again"]
    assert "run=done events=120 again=120" in caplog.text
    site.reader.before_batch = lambda batch: batch
    site.hear(2, 50)
    site.run(1)
    assert site.statuses() == ["again", "again_over"]


def test_a_clock_that_was_ahead_for_a_while_holds_nothing_up(site: Site) -> None:
    """By a day, it is this host's own: it had just looked for rows that are late, in vain, and says that it runs."""
    site.bench.run(start="-1h", overlap=OVERLAP, page_size=50)
    site.hear(4.5, 300)
    site.run(5)
    checkpoint, ahead = site.bench.checkpoints.checkpoint, site.bench.clock.now + 86400
    assert checkpoint
    site.bench.checkpoints.checkpoint = replace(checkpoint, late_since=ahead, told_alive=ahead, rows_checked=ahead)
    site.hear(4.5, 600, stamp=lambda at, number: at - 400 if number % 4 == 0 else at)
    site.run(62)
    assert site.account() == (0, 0)
    assert [event.fields["status"] for event in site.bench.stream.told][-1] == "alive"
