"""What an input goes by: the cursor, what was written lately, its arguments, its health."""

from __future__ import annotations

import tracemalloc
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbverdict.carbonblack.port import Row
from cbverdict.carbonblack.times import second_of
from cbverdict.errors import SetupError
from cbverdict.inputs.arguments import InputArguments, begin_of, parse_arguments
from cbverdict.inputs.progress.cursor import Cursor
from cbverdict.inputs.progress.packed_records import DIGEST_SIZE, PackedRecords
from cbverdict.inputs.progress.seen_keys import RECORD_LETTERS, Seen, SeenKeys, values_of
from cbverdict.inputs.reports.health import Health


def _rows(first: int, last: int) -> list[Row]:
    return [Row(f"row{number}", "2026-11-02T07:00:00.5Z") for number in range(first, last)]


class TestCursor:
    """A page is asked for by time."""

    def test_it_goes_on_from_the_latest_second(self) -> None:
        """Rows of that second come again, because more of them may follow."""
        times = ["2026-11-02T07:00:00.100Z", "2026-11-02T07:00:02.900Z", "2026-11-02T07:00:01Z", "2026-13-45T07:00:00"]
        assert Cursor("2026-11-02T07:00:00").advance([Row("", time) for time in times]) == Cursor("2026-11-02T07:00:02")

    def test_rows_of_one_second_are_skipped_but_for_some(self) -> None:
        """Some that were skipped may have moved on meanwhile, and others into their places."""
        cursor = Cursor("2026-11-02T07:00:00").advance(_rows(0, 1000))
        assert (cursor.second, cursor.skip) == ("2026-11-02T07:00:00", 900)
        cursor = cursor.advance(_rows(900, 1900))
        assert (cursor.second, cursor.skip) == ("2026-11-02T07:00:00", 1800)

    def test_it_goes_back_where_rows_may_be_missing(self) -> None:
        """A page that does not begin with what was read: so many moved on that others came into skipped places."""
        cursor = Cursor("2026-11-02T07:00:00").advance(_rows(0, 100))
        far = _rows(130, 230)
        assert cursor.has_gap(far)
        back = cursor.advance(far)
        assert (back.skip, back.has_gap(_rows(40, 140))) == (0, False)
        later = [*far, Row("later", "2026-11-02T07:00:09Z")]
        assert cursor.advance(later).second == "2026-11-02T07:00:00"

    @given(st.lists(st.integers(0, 40), max_size=30), st.integers(10, 30))
    def test_no_row_of_one_second_is_missed_whatever_moves_on_meanwhile(self, moves: list[int], size: int) -> None:
        """Rows move to the end of the results between two pages, and are found there later."""
        here = [f"row{number}" for number in range(100)]
        moved: list[str] = []
        read: set[str] = set()
        cursor = Cursor("2026-11-02T07:00:00")
        for step in range(500):
            results = [Row(name, "2026-11-02T07:00:00.5Z") for name in here]
            results += [Row(name, "2026-11-02T07:00:09Z") for name in moved]
            page = results[cursor.skip : cursor.skip + size]
            is_over = cursor.skip + size >= len(results) and not cursor.has_gap(page)
            read.update(row.identity for row in page)
            cursor = cursor.advance(page)
            if is_over or cursor.second > "2026-11-02T07:00:00":
                break
            away = moves[step] if step < len(moves) else 0
            moved += here[:away]
            del here[:away]
        else:
            raise AssertionError("it never ends")
        assert set(here) <= read

    def test_rows_without_a_time_are_skipped(self) -> None:
        """Or the same page would be read for ever; an empty page moves nothing."""
        cursor = Cursor("2026-11-02T07:00:00").advance([Row("", ""), Row("", "yesterday")])
        assert (cursor.second, cursor.skip) == ("2026-11-02T07:00:00", 1)
        assert Cursor("2026-11-02T07:00:00", 5).advance([]) == Cursor("2026-11-02T07:00:00", 5)

    @pytest.mark.parametrize("text", ["", "yesterday", "2026-11-02", "02.11.2026 07:00:00"])
    def test_what_is_no_time_has_no_second(self, text: str) -> None:
        """Foreign data is no error."""
        assert second_of(text) == ""


class TestRecent:
    """Keys are remembered, the last ones."""

    def test_a_key_is_kept_once(self) -> None:
        """Seen again soon, nothing new has to be kept of it."""
        recent = SeenKeys()
        assert "a" not in recent
        assert len(recent.note("a")) == RECORD_LETTERS
        assert "a" in recent
        assert recent.note("a") == ""

    def test_what_has_ended_goes_first_and_the_window_last(self) -> None:
        """Of what has ended the oldest; then what runs; what the window still needs stays while there is room."""
        recent = SeenKeys(limit=6, kept=3)
        recent.window = 100
        for number, (time, runs) in enumerate([(10, True), (20, False), (30, True), (110, False), (120, True)]):
            recent.note(Seen(f"key{number}", time=time, is_running=runs))
        assert not recent.is_full()
        recent.forget_some()
        assert [key for key in ("key0", "key1", "key2", "key3", "key4") if key in recent] == ["key2", "key3", "key4"]
        assert recent.forgotten == 20
        for number in range(5, 12):
            recent.note(Seen(f"key{number}", time=130 + number))
        assert recent.is_full()
        recent.forget_some()
        assert len(recent) == 3
        assert "key11" in recent

    def test_what_still_runs_is_kept_anew_now_and_then(self) -> None:
        """For what was kept of it long ago is about to be forgotten; not for each of its reports."""
        recent = SeenKeys()
        first = recent.note(Seen("a", time=1000, is_running=True))
        assert recent.note(Seen("a", time=2000, is_running=True)) == ""
        assert recent.note(Seen("a", time=2800, is_running=True)) not in {"", first}
        assert recent.note(Seen("a", time=2900)), "it has ended"

    def test_a_value_that_appears_or_changes_is_news(self) -> None:
        """What an earlier report says otherwise is not, nor what a later one leaves out; ten times at most."""
        recent = SeenKeys()

        def seen(time: int, md5: str = "a" * 32, user: str = "jdoe", hits: str = "") -> Seen:
            return Seen("guid", values_of(md5, ("parent", "c:\\a.exe", "a /x", user), hits), time)

        recent.note(seen(100, md5=""))
        assert not recent.has(seen(50))
        recent.note(seen(110))
        assert recent.has(seen(120, user=""))
        assert recent.has(seen(90, md5="b" * 32)), "it was so before"
        assert not recent.has(seen(130, md5="b" * 32))
        assert not recent.has(seen(130, hits="7"))
        recent.note(seen(140, md5="b" * 32, user=""))
        assert recent.has(seen(150, md5="b" * 32)), "what was known stays known"
        for number in range(20):
            recent.note(seen(200 + number, user=f"user{number}"))
        assert recent.has(seen(300, user="somebody else"))

    @given(st.sampled_from(["0" * 31 + "1", "0" * 6 + "f" * 26, "a" * 32]))
    def test_a_hash_that_begins_with_zeros_is_one(self, md5: str) -> None:
        """And not none."""
        recent = SeenKeys()
        recent.note(Seen("guid", values_of("", ("", "", "", ""), ""), 1))
        assert not recent.has(Seen("guid", values_of(md5, ("", "", "", ""), ""), 1))

    def test_what_the_first_release_wrote_is_known(self) -> None:
        """By as much as it knew of it: more is news."""
        recent = SeenKeys()
        recent.recall_old("".join(blake2b(key.encode(), digest_size=8).hexdigest() for key in ("guid:5", "md5:signed")))
        assert "md5:signed" in recent
        assert recent.has(Seen("guid", known=4))
        assert recent.has(Seen("guid", known=5))
        assert not recent.has(Seen("guid", known=6))
        with pytest.raises(ValueError, match="invalid literal"):
            recent.recall_old("no digits")

    @pytest.mark.parametrize("kept", ["x", "é" * 36, "A" * 35, "A" * 40, "AAAA"])
    def test_what_is_damaged_is_refused_as_a_whole(self, kept: str) -> None:
        """And nothing of it is taken."""
        recent = SeenKeys()
        with pytest.raises(ValueError, match=r"."):
            recent.recall(kept)
        assert len(recent) == 0

    @given(st.lists(st.text(), max_size=30))
    def test_what_was_kept_is_recalled(self, keys: list[str]) -> None:
        """After a restart the same keys are known, whatever characters are in them."""
        before, after = SeenKeys(), SeenKeys()
        after.recall("".join([before.note(key) for key in keys]))
        assert all(key in after for key in keys)
        assert set(after.texts()) == set(before.texts())


class TestPackedRecords:
    """They are what a dict of them would be."""

    @given(st.lists(st.tuples(st.booleans(), st.lists(st.sampled_from(b"\0\1"), min_size=11, max_size=11).map(bytes))))
    def test_a_record_is_found_by_its_digest_alone(self, steps: list[tuple[bool, bytes]]) -> None:
        """Though other records of the bucket have the same bytes elsewhere."""
        packed, expected = PackedRecords(11), dict[bytes, bytes]()
        for is_put, record in steps:
            digest = record[:DIGEST_SIZE]
            if is_put:
                packed.put(record)
                expected[digest] = record[DIGEST_SIZE:]
            else:
                packed.remove(digest)
                expected.pop(digest, None)
            assert packed.get(digest) == expected.get(digest)
        assert len(packed) == len(expected)
        assert {record[:DIGEST_SIZE]: record[DIGEST_SIZE:] for record in packed} == expected

    def test_many_take_little(self) -> None:
        """At most 45 bytes for one of 27."""
        tracemalloc.start()
        try:
            packed = PackedRecords(27)
            for number in range(100_000):
                packed.put(blake2b(number.to_bytes(4, "big"), digest_size=27).digest())
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(packed) == 100_000
        assert held < 45 * len(packed)


class TestArguments:
    """Checked when the input is saved, and when it runs."""

    def test_nothing_given_is_the_default(self) -> None:
        """Splunkd hands over empty texts for what was left out."""
        given_nothing = parse_arguments({"account": "", "query": None, "start": "", "page_size": ""}, 300)
        assert given_nothing == InputArguments(overlap=300)

    def test_all_given(self) -> None:
        """As typed, blanks around it aside."""
        texts = {
            "account": " lab ",
            "query": "os_type:windows",
            "start": "2026-11-01",
            "page_size": "500",
            "overlap": "60",
            "learn": "1",
        }
        expected = InputArguments("lab", "os_type:windows", "2026-11-01", 500, 60.0, is_learning=True)
        assert parse_arguments(texts, 300) == expected

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("start", "yesterday"),
            ("start", "-5"),
            ("start", "-5y"),
            ("start", "2026-13-45"),
            ("start", "2026-02-30T06:00:00"),
            ("start", "2026"),
            ("start", "2026-11-01 06:00:00"),
            ("start", "2026-11-01T06:00:00+02:00"),
            ("start", "2026-W05-1"),
            ("start", "0001-01-01"),
            ("start", "-999999w"),
            ("overlap", "1e9"),
            ("page_size", "5"),
            ("page_size", "5000"),
            ("page_size", "many"),
            ("page_size", "nan"),
            ("overlap", "-1"),
            ("learn", "perhaps"),
            ("query", "a\nb"),
            ("query", "index=edr"),
            ("query", "(source = x)"),
            ("query", "process_name:a | stats count"),
            ("query", "`macro`"),
            ("query", "path:\u00aba\u00bb"),
            ("delay", "4000"),
            ("max_events_per_hour", "-1"),
            ("max_mb_per_hour", "-0.5"),
            ("max_mb_per_hour", "100 MB"),
        ],
    )
    def test_what_is_not_usable_is_named(self, name: str, value: str) -> None:
        """With what is."""
        with pytest.raises(SetupError, match=name):
            parse_arguments({name: value}, 300)

    @pytest.mark.parametrize(
        "query", ['cmdline:"a | b"', r"cmdline:a\|b", 'cmdline:"index=x"', "cmdline:source", "-path:x"]
    )
    def test_carbon_blacks_own_language_is_taken(self, query: str) -> None:
        """Whatever a command line that is looked for has in it."""
        assert parse_arguments({"query": query}, 300).query == query

    def test_with_a_delay_there_is_no_overlap(self) -> None:
        """Each time is read once then."""
        given = parse_arguments({"delay": "120", "overlap": "300"}, 300)
        assert (given.delay, given.overlap) == (120.0, 0.0)

    @pytest.mark.parametrize(
        ("start", "second"),
        [
            ("now", "2026-11-02T08:00:00"),
            ("-90s", "2026-11-02T07:58:30"),
            ("-2h", "2026-11-02T06:00:00"),
            ("-1w", "2026-10-26T08:00:00"),
            ("2026-11-05", "2026-11-05T00:00:00"),
            ("2026-11-05T06:30", "2026-11-05T06:30:00"),
            ("2026-11-05T06:30:15Z", "2026-11-05T06:30:15"),
        ],
    )
    def test_a_start_is_a_second_in_utc(self, start: str, second: str) -> None:
        """Told from now, in Splunk's own way to write it, or from the calendar."""
        assert begin_of(start, 1_793_606_400.0) == second


class TestHealth:
    """Somebody hears of a lag that grows."""

    def test_a_backfill_tells_nothing(self) -> None:
        """It lags by a day at first, and less and less."""
        health = Health()
        assert [health.look(lag) for lag in (86400, 40000, 2000, 0)] == [""] * 4

    def test_a_lag_that_grows_is_told_and_told_again_when_it_has_doubled(self) -> None:
        """And when all is well again, that."""
        health = Health()
        lags = (0, 600, 1000, 1500, 2100, 3000, 5000, 100, 50)
        assert [health.look(lag) for lag in lags] == ["", "", "behind", "", "behind", "", "behind", "caught_up", ""]

    def test_a_page_that_is_read_again_is_no_growth(self) -> None:
        """The lag grows by the time that this takes."""
        health = Health()
        assert [health.look(lag) for lag in (3600, 3600.5, 3650, 3600.2, 10)] == [""] * 5

    def test_while_nothing_can_be_read_the_lag_itself_counts(self) -> None:
        """And does not make the first page after it look like growth."""
        health = Health()
        assert [health.trouble(lag) for lag in (1, 1000, 1500, 2100)] == ["", "behind", "", "behind"]
        assert health.look(90_000) == ""

    def test_a_lag_that_shrinks_is_not_told_anew(self) -> None:
        """It is on its way."""
        health = Health(least=0.0)
        assert [health.look(lag) for lag in (2000, 1900, 1800, 950, 100)] == ["behind", "", "", "", "caught_up"]
