"""A run of an input from its checkpoint until nothing is left; what it reads from and writes to are fakes."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbverdict.errors import (
    CutShortError,
    InputLockedError,
    QueryRefusedError,
    RateLimitedError,
    SearchOverError,
    ServerFailedError,
    SetupError,
    StoreError,
    TimedOutError,
    UnauthorizedError,
    UnreachableError,
    advice,
)
from cbverdict.inputs.pause import StoppedError
from cbverdict.inputs.progress.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from cbverdict.inputs.progress.cursor import Cursor
from cbverdict.inputs.reader import Batch, Event
from tests.unit.input_ports import NAME, NOW, Bench, Crash, Document, again, failing, row

STARTED = "2026-11-02T07:00:00"


@pytest.fixture
def bench() -> Bench:
    """Give an input with a fake at each of its ports."""
    return Bench()


def _rows(first: int, last: int, time: str = "07:{:02}:00") -> list[Document]:
    return [row(f"row{number}", time.format(number)) for number in range(first, last)]


def _names(first: int, last: int) -> list[str]:
    return [f"row{number}" for number in range(first, last)]


def _health(bench: Bench) -> list[tuple[object, object]]:
    return [(event.fields["status"], event.fields["lag"]) for event in bench.stream.health]


class TestBeginning:
    """Where a run begins."""

    def test_a_run_from_nothing_reads_from_the_start_on_to_the_end(self, bench: Bench) -> None:
        """And saves after each page how far it has come; what began before is none of its business."""
        bench.reader.rows = [row("old", "06:59:59"), *_rows(0, 25)]
        assert bench.run() == _names(0, 25)
        assert bench.reader.written_names == _names(0, 25)
        assert {started for _, started, _ in bench.reader.asked} == {STARTED}
        cursors = [checkpoint.cursor for checkpoint, _ in bench.checkpoints.saved]
        assert cursors == [
            STARTED,
            "2026-11-02T07:09:00",
            "2026-11-02T07:18:00",
            "2026-11-02T07:24:00",
            "2026-11-02T07:24:00",
        ]
        assert bench.checkpoints.checkpoint == Checkpoint(
            account="lab",
            start="-1h",
            started=STARTED,
            cursor="2026-11-02T07:24:00",
            caught_up=NOW,
            last_reported_lag=0.0,
            flips_checked_until=NOW,
            head="2026-11-02T07:24:00",
            unsettled=1,
            whole=NOW - 1,
            asked=NOW,
            rows={"2026-11-02T07": 24},
            rows_checked=NOW,
            told_alive=NOW,
            hour=(NOW, 25, 26_000),
            looked=NOW - 1,
        )

    def test_where_it_begins_is_saved_before_anything_is_read(self, bench: Bench) -> None:
        """So that a crash in the first page does not begin later than the admin said."""
        bench.reader.before_read = failing([Crash()])
        bench.reader.rows = _rows(0, 1)
        with pytest.raises(Crash):
            bench.run()
        assert bench.checkpoints.saved == [
            (Checkpoint("lab", "-1h", STARTED, STARTED, caught_up=NOW - 3600, flips_checked_until=NOW), "")
        ]
        bench.clock.now += 1800
        assert bench.run() == _names(0, 1)
        assert {started for _, started, _ in bench.reader.asked} == {STARTED}

    @pytest.mark.parametrize("changed", [{"account": "other"}, {"start": "-2h"}])
    def test_with_another_account_or_start_it_begins_anew(self, bench: Bench, changed: dict[str, str]) -> None:
        """What was written is forgotten, so all of it is written again."""
        bench.reader.rows = _rows(0, 3)
        bench.run()
        assert bench.run(**changed) == _names(0, 3)  # type: ignore[arg-type]
        assert bench.checkpoints.checkpoint
        found = asdict(bench.checkpoints.checkpoint)
        assert {**found, **changed} == found

    @pytest.mark.parametrize("start", ["1990-01-01", "1970-02-01", "-10000d", "1999-12-31T23:00:00"])
    def test_it_goes_on_however_early_it_began(self, bench: Bench, start: str) -> None:
        """Of a year in which no process is recorded; it is how people write that they want all."""
        bench.reader.rows = _rows(0, 3)
        assert bench.run(start=start) == _names(0, 3)
        bench.reader.rows = _rows(0, 4)
        assert bench.run(start=start) == _names(3, 4)
        assert [event.fields["status"] for event in bench.stream.told] == ["started"]
        kept = bench.checkpoints.checkpoint
        assert kept is not None
        assert read_checkpoint(write_checkpoint(kept), bench.clock.now) == (kept, [])

    def test_a_start_that_is_to_come_is_refused_and_nothing_is_forgotten(self, bench: Bench) -> None:
        """A conf file that is handed out is validated by nobody."""
        bench.reader.rows = _rows(0, 3)
        bench.run()
        kept = bench.checkpoints.checkpoint
        with pytest.raises(SetupError, match="start is '2035-01-01', which is still to come"):
            bench.run(start="2035-01-01")
        assert bench.checkpoints.checkpoint == kept

    def test_an_account_that_names_another_host_is_told_once(self, bench: Bench) -> None:
        """It may be another server, of which what it knew before is not read."""
        bench.reader.rows = _rows(0, 3)
        for host in ("one.example", "one.example", "two.example", "two.example"):
            bench.run(server=host)
        (told,) = bench.stream.health
        assert told.fields["status"] == "server"
        assert "was one.example and is two.example now" in str(told.fields["message"])

    def test_a_store_that_is_down_when_it_begins_is_waited_for(self, bench: Bench) -> None:
        """Nothing is read before it is known what was read already."""
        bench.checkpoints.before_load = again(StoreError("it is down"), 3)
        bench.reader.rows = _rows(1, 2)
        assert bench.run() == _names(1, 2)
        assert (len(bench.pause.waits), bench.reader.reloads) == (3, 3)

    def test_an_empty_server_is_read_to_its_end(self, bench: Bench) -> None:
        """One page without rows, and nothing is told."""
        assert bench.run() == []
        assert (bench.reader.requests, bench.stream.names, bench.stream.health) == (1, [], [])


class TestPages:
    """What is read again is not written again, and nothing is left out."""

    def test_pages_that_share_a_second_write_each_row_once(self, bench: Bench) -> None:
        """Each page begins with the last second of the one before it."""
        bench.reader.rows = [row(f"row{number:02}", f"07:00:{number // 4:02}") for number in range(40)]
        assert bench.run() == [f"row{number:02}" for number in range(40)]
        assert bench.reader.requests > 4

    def test_more_rows_in_a_second_than_a_page_holds_are_all_read(self, bench: Bench) -> None:
        """With rows to skip, some fewer than were read."""
        bench.reader.rows = [row(f"row{number:02}", "07:00:00") for number in range(35)]
        assert bench.run() == [f"row{number:02}" for number in range(35)]
        assert [cursor.skip for cursor, _, _ in bench.reader.asked] == [0, 9, 18, 27]

    def test_a_page_behind_a_gap_is_not_the_last(self, bench: Bench) -> None:
        """Rows that were to be skipped have moved on, and others came into their places."""
        bench.reader.rows = [row(f"row{number:02}", "07:00:00") for number in range(15)]

        def move(cursor: Cursor) -> None:
            if cursor.skip:
                bench.reader.before_fetch = lambda _: None
                bench.reader.rows = [*bench.reader.rows[9:], *(row(f"row{n:02}", "07:30:00") for n in range(9))]

        bench.reader.before_fetch = move
        assert sorted(bench.run()) == [f"row{number:02}" for number in range(15)]

    def test_a_second_run_writes_what_is_new(self, bench: Bench) -> None:
        """It looks back by the overlap, and what it wrote lately is not written again."""
        bench.reader.rows = _rows(0, 5)
        bench.run(overlap=600.0)
        bench.reader.rows += _rows(5, 7)
        bench.clock.now += 60
        assert bench.run(overlap=600.0) == _names(5, 7)

    def test_what_becomes_visible_late_is_found_within_the_overlap(self, bench: Bench) -> None:
        """Behind what was read; what is later than that by its time is found by what the server counts."""
        bench.reader.rows = [row("seen", "07:59:00")]
        bench.run(overlap=600.0)
        bench.reader.rows += [row("late", "07:50:00")]
        assert bench.run(overlap=600.0) == ["late"]
        assert bench.reader.asked[-1][0] == Cursor("2026-11-02T07:49:00")
        bench.reader.rows += [row("too late", "07:48:00"), row("later still", "07:10:00")]
        assert bench.run(overlap=600.0) == ["too late"]

    def test_without_an_overlap_it_goes_on_where_it_ended(self, bench: Bench) -> None:
        """Only the last second is read again."""
        bench.reader.rows = [row("seen", "07:59:00")]
        bench.run()
        bench.reader.rows += [row("same second", "07:59:00"), row("late", "07:58:59")]
        assert bench.run() == ["same second"]

    def test_while_pages_come_for_long_it_looks_back_in_the_same_run(self, bench: Bench) -> None:
        """From the first page on that reaches into the time in which rows may still become visible."""
        bench.reader.rows = [row(f"row{number:02}", f"07:59:{number:02}") for number in range(40)]
        visible = row("late", "07:59:05")

        def pass_time(documents: Sequence[Document]) -> None:
            bench.clock.now += 35
            if visible not in bench.reader.rows and any(one["name"] == "row12" for one in documents):
                with bench.reader.lock:
                    bench.reader.rows.append(visible)

        bench.reader.before_read = pass_time
        assert sorted(bench.run(overlap=60.0)) == ["late", *(f"row{number:02}" for number in range(40))]
        assert bench.checkpoints.checkpoint
        assert bench.checkpoints.checkpoint.cursor < "2026-11-02T07:59:30"

    def test_the_checkpoint_stays_behind_what_may_still_become_visible(self, bench: Bench) -> None:
        """Pages that reach into that time are read again by the next run, and end in no second copy."""
        bench.reader.rows = [row(f"row{number:02}", f"07:59:{number:02}") for number in range(30)]
        bench.run(overlap=600.0)
        cursors = {checkpoint.cursor for checkpoint, _ in bench.checkpoints.saved}
        assert cursors == {STARTED, *(f"2026-11-02T07:49:{second:02}" for second in (9, 18, 27, 29))}
        assert bench.run(overlap=600.0) == []

    def test_a_time_that_lies_ahead_is_taken_for_now(self, bench: Bench) -> None:
        """A clock that was wrong for a while must not hide what comes after it is right again."""
        bench.reader.rows = [row("wrong", "2027-12-06T08:00:00Z")]
        bench.run(overlap=600.0)
        assert bench.checkpoints.checkpoint
        assert bench.checkpoints.checkpoint.cursor == "2026-11-02T07:49:59"
        bench.reader.rows += [row("right", "07:59:00")]
        assert bench.run(overlap=600.0) == ["right"]

    @given(
        st.lists(st.tuples(st.integers(0, 59), st.booleans()), max_size=60),
        st.lists(st.sampled_from(["page", "written", "save", "pipe"]), max_size=4),
    )
    def test_whatever_crashes_every_row_is_written_and_at_most_a_page_twice_a_crash(
        self, rows: list[tuple[int, bool]], crashes: list[str]
    ) -> None:
        """The macro's rule makes one of two of an id."""
        bench = Bench()
        bench.reader.rows = [
            row(f"row{number}", f"07:{second if is_spread else 30:02}:00")
            for number, (second, is_spread) in enumerate(rows)
        ]
        for kind in crashes:
            crash = failing([None, Crash()])
            bench.reader.before_read = crash if kind == "page" else failing([])
            bench.reader.before_written = crash if kind == "written" else failing([])
            bench.checkpoints.before = crash if kind == "save" else failing([])
            bench.stream.before = crash if kind == "pipe" else failing([])
            with suppress(Crash):
                bench.run(overlap=300.0)
        bench.reader.before_read = bench.reader.before_written = bench.checkpoints.before = failing([])
        bench.stream.before = failing([])
        bench.run(overlap=300.0)
        assert set(bench.stream.names) == {f"row{number}" for number in range(len(rows))}
        assert len(bench.stream.names) <= len(rows) + 10 * len(crashes)
        assert bench.run(overlap=300.0) == []


class TestCrash:
    """Whatever ends it, what was written and not marked as read is written again, and nothing is lost."""

    def test_between_write_and_save_a_page_comes_twice(self, bench: Bench) -> None:
        """Under the same ids."""
        bench.reader.rows = _rows(0, 20)
        bench.checkpoints.before = failing([None, None, Crash()])
        with pytest.raises(Crash):
            bench.run()
        assert bench.stream.names == _names(0, 19)
        assert bench.run() == _names(10, 20)

    def test_what_splunkd_did_not_take_is_not_marked_as_read(self, bench: Bench) -> None:
        """Its pipe broke, so the page comes again."""
        bench.reader.rows = _rows(0, 20)
        bench.stream.before = failing([None, BrokenPipeError()])
        with pytest.raises(BrokenPipeError):
            bench.run()
        assert bench.stream.names == _names(0, 10)
        assert bench.run() == _names(10, 20)

    def test_a_store_that_fails_after_the_page_is_written_is_waited_for(self, bench: Bench) -> None:
        """The page is not written again for it, nor finished twice."""
        bench.reader.rows = _rows(0, 3)
        bench.checkpoints.before = failing([None, StoreError("down"), StoreError("down")])
        assert bench.run() == _names(0, 3)
        assert bench.reader.written_names == _names(0, 3)
        assert len(bench.pause.waits) == 2

    def test_what_fails_after_the_page_is_written_is_tried_again_by_itself(self, bench: Bench) -> None:
        """Verdicts that could not be kept, say."""
        bench.reader.rows = _rows(0, 3)
        bench.reader.before_written = again(StoreError("down"), 2)
        assert bench.run() == _names(0, 3)
        assert bench.reader.written_names == _names(0, 3)


class TestTrouble:
    """What fails is tried again, with longer and longer waits, and the account read anew each time."""

    @pytest.mark.parametrize(
        "error", [CutShortError("cut"), TimedOutError("late"), ServerFailedError("503"), SetupError("no account")]
    )
    def test_a_page_that_fails_is_fetched_again(self, bench: Bench, error: Any) -> None:
        """From where it failed."""
        bench.reader.rows = _rows(0, 30)
        bench.reader.before_fetch = failing([None, error, error])
        assert bench.run() == _names(0, 30)
        assert bench.reader.reloads == 2
        assert len(bench.pause.waits) == 2

    def test_less_is_asked_for_where_an_answer_was_cut_short_and_more_again_when_that_works(self, bench: Bench) -> None:
        """Half as many rows each time, ten at least; then twice as many each time, up to a page."""
        bench.reader.rows = _rows(0, 60, "07:{:02}:30")
        bench.reader.before_fetch = failing([CutShortError("cut"), TimedOutError("late"), ServerFailedError("x")])
        bench.run(page_size=50)
        assert [rows for _, _, rows in bench.reader.asked] == [50, 25, 12, 10, 20, 40]

    @pytest.mark.parametrize(
        "error", [RateLimitedError("slow down"), UnauthorizedError("no"), QueryRefusedError("no"), SetupError("no")]
    )
    def test_where_less_would_not_help_as_much_is_asked_for(self, bench: Bench, error: Any) -> None:
        """A token that is refused is refused for ten rows too."""
        bench.reader.before_fetch = again(error, 2)
        bench.run(page_size=50)
        assert [rows for _, _, rows in bench.reader.asked] == [50, 50, 50]

    def test_what_fails_while_a_page_is_prepared_is_prepared_again(self, bench: Bench) -> None:
        """And no page is fetched again for it."""
        bench.reader.rows = _rows(0, 30)
        bench.reader.before_prepare = failing([None, ServerFailedError("503"), ServerFailedError("503")])
        assert sorted(bench.run()) == sorted(_names(0, 30))
        assert [cursor.second for cursor, _, _ in bench.reader.asked] == [
            STARTED,
            "2026-11-02T07:09:00",
            "2026-11-02T07:18:00",
            "2026-11-02T07:27:00",
        ]

    def test_what_fails_while_a_page_is_read_is_read_again(self, bench: Bench) -> None:
        """In its place among the others."""
        bench.reader.rows = _rows(0, 30)
        bench.reader.before_read = failing([None, ServerFailedError("503")])
        assert bench.run() == _names(0, 30)

    def test_waits_grow_to_five_minutes_and_no_further(self, bench: Bench) -> None:
        """Each by chance between half and all of it, so that many inputs do not come back at once."""
        bench.reader.before_fetch = again(UnreachableError("gone"), 12)
        bench.run()
        assert len(bench.pause.waits) == 12
        for attempt, wait in enumerate(bench.pause.waits):
            longest = min(300.0, 2.0**attempt)
            assert longest / 2 <= wait <= longest

    def test_an_account_that_cannot_be_read_anew_is_waited_for_too(self, bench: Bench) -> None:
        """The old one is tried again meanwhile."""
        bench.reader.before_fetch = again(UnauthorizedError("refused"), 2)
        bench.reader.before_reload = again(SetupError("no account"), 1)
        bench.reader.rows = _rows(0, 1)
        assert bench.run() == _names(0, 1)
        assert bench.reader.reloads == 2

    def test_a_defect_is_not_taken_for_trouble(self, bench: Bench) -> None:
        """It surfaces, wherever it is."""
        bench.reader.rows = _rows(0, 1)
        bench.reader.before_prepare = failing([ZeroDivisionError()])
        with pytest.raises(ZeroDivisionError):
            bench.run()
        bench.reader.before_fetch = failing([KeyError("x")])
        with pytest.raises(KeyError):
            bench.run()


class TestRight:
    """Never two processes for one input."""

    def test_who_has_lost_the_right_writes_nothing_more(self, bench: Bench) -> None:
        """The page in hand is the other one's."""
        bench.reader.rows = _rows(0, 20)
        bench.lease.before = failing([None, InputLockedError("another one reads")])
        with pytest.raises(InputLockedError):
            bench.run()
        assert bench.stream.names == _names(0, 10)
        assert len(bench.checkpoints.saved) == 2

    def test_who_loses_it_while_waiting_ends(self, bench: Bench) -> None:
        """And tries no longer."""
        bench.reader.before_fetch = again(ServerFailedError("503"), 9)
        bench.lease.before = failing([None, InputLockedError("another one reads")])
        with pytest.raises(InputLockedError):
            bench.run()
        assert len(bench.pause.waits) == 2

    def test_a_right_that_is_lost_in_a_call_is_no_trouble_to_wait_for(self, bench: Bench) -> None:
        """The lease says so when it is renewed while something is waited for."""
        bench.reader.before_written = again(InputLockedError("another one reads"), 1)
        bench.reader.rows = _rows(0, 1)
        with pytest.raises(InputLockedError):
            bench.run()
        assert bench.pause.waits == []


class TestStopping:
    """splunkd wants it to stop."""

    def test_in_the_middle_it_ends_behind_a_whole_page(self, bench: Bench) -> None:
        """And the next run goes on without a gap or a second copy."""
        bench.reader.rows = _rows(0, 40)
        stopped = threading.Event()

        def stop(_: Batch) -> None:
            if len(bench.stream.names) >= 19:
                bench.pause.is_stopping = True
                stopped.set()

        def hang(cursor: Cursor) -> None:
            if cursor.second >= "2026-11-02T07:27:00":
                stopped.wait(30)
                raise ServerFailedError("503")

        bench.reader.before_written, bench.reader.before_fetch = stop, hang
        with pytest.raises(StoppedError):
            bench.run()
        written = len(bench.stream.names)
        assert written in {19, 28}
        assert bench.checkpoints.checkpoint
        assert bench.checkpoints.checkpoint.cursor == f"2026-11-02T07:{written - 1}:00"
        bench.pause.is_stopping = False
        bench.reader.before_written = bench.reader.before_fetch = failing([])
        assert bench.run() == _names(written, 40)

    def test_while_it_waits_for_carbon_black_it_ends_at_once(self, bench: Bench) -> None:
        """Without another try."""

        def stop(_: float) -> None:
            bench.pause.is_stopping = len(bench.pause.waits) == 2

        bench.reader.before_fetch = again(ServerFailedError("503"), 9)
        bench.pause.before = stop
        with pytest.raises(StoppedError):
            bench.run()
        assert bench.reader.requests == 2

    def test_a_page_that_does_not_come_holds_nothing_up(self, bench: Bench) -> None:
        """What is fetched in a thread of its own is left to it."""
        asked, release = threading.Event(), threading.Event()

        def hang(_: Cursor) -> None:
            asked.set()
            bench.pause.is_stopping = True
            release.wait(30)

        bench.reader.before_fetch = hang
        try:
            with pytest.raises(StoppedError):
                bench.run()
        finally:
            release.set()
        assert asked.is_set()

    def test_a_question_that_is_cut_off_for_it_is_no_trouble(self, bench: Bench) -> None:
        """Whoever asks while it stops is told that it is over, and the page is not written."""
        bench.reader.rows = _rows(0, 1)
        bench.reader.before_read = again(SearchOverError("it is to stop"), 1)
        with pytest.raises(StoppedError):
            bench.run()
        assert (bench.stream.names, bench.pause.waits) == ([], [])


class TestHealth:
    """Somebody hears of a lag that grows, and of its end."""

    def test_an_outage_is_told_once_it_lasts_and_its_end_too(self, bench: Bench) -> None:
        """An event each, with what is wrong and since when."""
        bench.reader.rows = _rows(0, 1)
        bench.run()
        bench.reader.before_fetch = again(UnreachableError("it answered 503"), 14)
        bench.run()
        behind, caught_up = bench.stream.health
        told = behind.time
        lag = told - NOW
        assert lag > 900
        assert behind == Event(
            told,
            "cbsigned:health",
            {
                "time": behind.fields["time"],
                "status": "behind",
                "input": NAME,
                "lag": f"{lag:.0f}",
                "message": f"behind by {lag:.0f} s: it answered 503",
                "cbsigned_id": f"{NAME}:behind:{told:.0f}",
                "cbsigned_revision": "0",
                "cb_server": "lab",
            },
        )
        assert caught_up == Event(
            bench.clock.now,
            "cbsigned:health",
            {
                "time": caught_up.fields["time"],
                "status": "caught_up",
                "input": NAME,
                "lag": "0",
                "message": "all read",
                "cbsigned_id": f"{NAME}:caught_up:{bench.clock.now:.0f}",
                "cbsigned_revision": "0",
                "cb_server": "lab",
            },
        )
        assert str(behind.fields["time"]).startswith("2026-11-02T08:")
        assert str(behind.fields["time"]).endswith("Z")

    def test_a_lag_that_was_told_is_told_again_by_the_next_run_only_when_it_has_doubled(self, bench: Bench) -> None:
        """For the checkpoint remembers what was told."""
        bench.reader.rows = _rows(0, 1)
        bench.run()
        assert bench.checkpoints.checkpoint
        bench.checkpoints.checkpoint = Checkpoint(
            **{**asdict(bench.checkpoints.checkpoint), "caught_up": NOW - 5000, "last_reported_lag": 4000.0}
        )
        bench.reader.before_fetch = again(ServerFailedError("503"), 3)
        bench.run()
        assert _health(bench) == [("caught_up", "0")]

    def test_more_that_comes_in_than_is_read_is_told(self, bench: Bench) -> None:
        """A page a time that takes longer to read than to fill."""
        bench.reader.rows = [row(f"row{number}", f"07:{number:02}:00") for number in range(59)]

        def pass_time(_: Sequence[Document]) -> None:
            bench.clock.now += 1200

        bench.reader.before_read = pass_time
        bench.run(start="2026-11-02T07:00:00")
        (first, *_) = bench.stream.health
        assert first.fields["status"] == "behind"
        assert str(first.fields["message"]).endswith("s: more comes in than is read")
        assert bench.stream.health[-1].fields["status"] == "caught_up"

    def test_a_backfill_of_an_hour_tells_nothing(self, bench: Bench) -> None:
        """Its lag shrinks with each page."""
        bench.reader.rows = _rows(0, 59)
        bench.run(limit=10.0)
        assert bench.stream.health == []

    def test_a_backfill_that_is_held_up_counts_from_its_last_page(self, bench: Bench) -> None:
        """Not from how far it had come: that is a day ago by its nature."""
        bench.reader.rows = _rows(0, 59)
        bench.reader.before_fetch = failing([None, None, *[UnreachableError("gone")] * 4])
        bench.run(limit=60.0)
        assert bench.stream.health == []

    def test_a_moment_without_the_store_at_the_start_is_no_lag(self, bench: Bench) -> None:
        """What is not known yet is no time of 1970."""
        bench.reader.rows = _rows(0, 1)
        bench.run()
        bench.clock.now += 60
        bench.checkpoints.before_load = again(StoreError("503"), 2)
        bench.run()
        assert bench.stream.health == []

    def test_a_store_that_is_down_for_long_at_the_start_is_told_and_taken_back(self, bench: Bench) -> None:
        """By how long this run has waited."""
        bench.reader.rows = _rows(0, 1)
        bench.run()
        bench.checkpoints.before_load = again(StoreError(f"it answered 503. {advice(StoreError)}"), 14)
        bench.run()
        behind, over = bench.stream.health
        assert [behind.fields["status"], over.fields["status"]] == ["behind", "caught_up"]
        assert 900 < float(str(behind.fields["lag"])) < 3600
        assert str(behind.fields["message"]).endswith(
            "it answered 503. The input waits until the KV store is back: see to it."
        )

    def test_an_input_says_that_it_has_begun_and_every_hour_that_it_runs(self, bench: Bench) -> None:
        """So that silence means that it does not."""
        bench.reader.rows = _rows(0, 3)
        for _ in range(130):
            bench.run()
            bench.clock.now += 60
        assert [event.fields["status"] for event in bench.stream.told] == ["started", "alive", "alive"]
        started, alive, _ = bench.stream.told
        assert started.fields["begins"] == f"{STARTED}Z"
        assert {"events", "again", "requests", "seconds", "lag"} <= set(alive.fields)

    def test_what_was_damaged_is_told(self, bench: Bench) -> None:
        """With what it was; where nothing could be read, as it begins anew."""
        bench.checkpoints.damaged = ["checkpoint (all of it)"]
        bench.run()
        (started,) = bench.stream.told
        assert str(started.fields["message"]).endswith("(what was kept could not be read: checkpoint (all of it))")
        bench.checkpoints.damaged = ["a page of what was written"]
        bench.run()
        assert [event.fields["status"] for event in bench.stream.health] == ["damaged"]


class TestClocks:
    """Somebody hears of endpoints whose clocks are wrong."""

    def test_a_run_names_them_in_one_event_and_the_next_does_not_repeat_it(self, bench: Bench) -> None:
        """After its last page, with what else is worth an event."""
        bench.reader.rows = _rows(0, 25)
        bench.reader.clocks = {"row1": -90_000.4, "row2": -30.0, "row20": 7200.0}
        bench.run()
        assert bench.stream.events[-1] == Event(
            NOW,
            "cbsigned:health",
            {
                "time": "2026-11-02T08:00:00Z",
                "status": "clock",
                "input": NAME,
                "message": (
                    "the clocks of 2 endpoints are wrong, in the worst case by 90000 s: set those of dest; "
                    "clock_offset is in seconds and in the same order, below 0 for a clock that is behind"
                ),
                "dest": ["row1", "row20"],
                "clock_offset": ["-90000", "7200"],
                "cbsigned_id": f"{NAME}:clock:{NOW:.0f}:clock_offset|dest",
                "cbsigned_revision": "0",
                "cb_server": "lab",
            },
        )
        assert len(bench.stream.health) == 1
        assert bench.checkpoints.checkpoint
        bench.checkpoints.checkpoint = replace(bench.checkpoints.checkpoint, cursor=STARTED)
        bench.checkpoints.kept = ""  # so that all comes again
        assert bench.run() == _names(0, 25)
        assert len(bench.stream.health) == 1

    def test_what_was_not_written_is_told_by_the_next_run(self, bench: Bench) -> None:
        """As everything else."""
        bench.reader.rows, bench.reader.clocks = _rows(0, 1), {"row0": 7200.0}
        bench.stream.before = lambda events: _crash_at(events, "cbsigned:health")
        with pytest.raises(Crash):
            bench.run()
        assert bench.checkpoints.checkpoint
        assert bench.checkpoints.checkpoint.clocks == {}

    def test_an_input_that_begins_anew_tells_anew(self, bench: Bench) -> None:
        """It may be another server."""
        bench.reader.rows, bench.reader.clocks = _rows(0, 1), {"row0": 7200.0}
        bench.run()
        bench.run(account="other")
        assert [event.fields["cb_server"] for event in bench.stream.health] == ["lab", "other"]


def _crash_at(events: Sequence[Event], sourcetype: str) -> None:
    if any(event.sourcetype == sourcetype for event in events):
        raise Crash


class TestEnd:
    """When nothing more is to be read."""

    def test_what_the_reader_has_to_tell_in_the_end_is_written_once(self, bench: Bench) -> None:
        """And when that was done is saved, so that the next run goes on from there."""
        bench.reader.rows, bench.reader.flips = _rows(9, 10), ["flip1"]
        bench.clock.now = NOW + 5
        assert bench.run() == ["row9", "flip1"]
        bench.clock.now = NOW + 65
        bench.reader.flips.append("flip2")
        assert bench.run() == ["flip2"]
        assert bench.reader.finished == [NOW + 5, NOW + 5]
        assert bench.checkpoints.checkpoint
        assert bench.checkpoints.checkpoint.flips_checked_until == NOW + 65

    def test_a_page_is_one_line_of_log(self, bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
        """Rows, events, requests and lag."""
        caplog.set_level("INFO")
        bench.reader.rows = _rows(0, 3)
        bench.run()
        assert [record.getMessage() for record in caplog.records] == [
            f"input={NAME} account=lab begins={STARTED}",
            f"input={NAME} rows=3 events=3 requests=1 lag_seconds=0",
            f"input={NAME} run=done events=3 again=0 requests=1 seconds=0.0 lag_seconds=0",
        ]

    def test_the_checkpoint_can_be_written_as_json(self, bench: Bench) -> None:
        """As the KV store keeps it."""
        bench.reader.rows = _rows(0, 3)
        bench.run()
        assert bench.checkpoints.checkpoint
        text = write_checkpoint(bench.checkpoints.checkpoint)
        assert read_checkpoint(text, bench.clock.now) == (bench.checkpoints.checkpoint, [])


def test_no_more_than_four_pages_are_under_way(bench: Bench) -> None:
    """Three are ahead of the one that is read, so that memory is bounded however slow splunkd is."""
    bench.reader.rows = _rows(0, 59)
    ahead: list[int] = []

    def look(_: Sequence[Event]) -> None:
        ahead.append(bench.reader.requests)

    bench.stream.before = look
    bench.run()
    assert [fetched <= read + 4 for read, fetched in enumerate(ahead[:-1], 1)] == [True] * 7
