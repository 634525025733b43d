"""Texts of times: with a zone, without one, and what is none."""

from __future__ import annotations

from typing import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cbverdict.events.times import TimeReader, read_time
from cbverdict.splunkd.time_zone import SplunkZone, parse_zone

# What splunkd hands over for Berlin, cut to 2026 and 2027: an hour ahead, two in summer.
BERLIN = (
    "### SERIALIZED TIMEZONE FORMAT 1.0;Y3600 NW 43 45 54;Y7200 YW 43 45 53 54;"
    "@1774746000 1;@1792890000 0;@1806195600 1;$"
)
UTC = "### SERIALIZED TIMEZONE FORMAT 1.0;C0;Y0 NW 47 4D 54;$"


def _zone(text: str) -> SplunkZone:
    zone = parse_zone(text)
    assert zone is not None
    return zone


@pytest.mark.parametrize(
    ("zone", "text", "seconds"),
    [
        (BERLIN, "2026-03-02T02:00:00", 1772413200),
        (BERLIN, "2026-07-01T02:00:00", 1782864000),
        (BERLIN, "2026-03-29 01:59:59", 1774745999),
        (BERLIN, "2026-03-29 03:00:00", 1774746000),
        (BERLIN, "2026-10-25 02:30:00", 1792888200),  # the hour that comes twice: the earlier
        (BERLIN, "03/02/2026 02:00:00", 1772413200),  # as `convert ctime()` writes it
        (BERLIN, "03/02/2026 02:00:00 AM", 1772413200),
        (BERLIN, "03/02/2026 02:00:00 PM", 1772413200 + 12 * 3600),
        (BERLIN, "03/02/2026 12:30:00 am", 1772413200 - 90 * 60),
        (BERLIN, "03/02/2026 01:00:00 PM UTC", 1772413200 + 12 * 3600),
        (BERLIN, "2026-03-02 02:00:00.000 CET", 1772413200),
        (BERLIN, "2026-03-02T01:00:00Z", 1772413200),
        (UTC, "2026-03-02T02:00:00", 1772416800),
    ],
)
def test_a_text_without_a_zone_is_meant_in_that_of_the_search(zone: str, text: str, seconds: float) -> None:
    """Summer time included."""
    assert read_time(text, _zone(zone)) == seconds


def test_there_is_no_hour_thirteen_of_half_a_day() -> None:
    """Nor a zero; nothing is guessed."""
    assert read_time("03/02/2026 13:00:00 PM", _zone(BERLIN)) is None
    assert read_time("03/02/2026 00:00:00 AM", _zone(BERLIN)) is None


@pytest.mark.parametrize("text", ["", "UTC", "{}", "Y", "@1 7", "### SERIALIZED TIMEZONE FORMAT 1.0;Y0 NW 47;@1 3;$"])
def test_what_is_no_zone_is_none(text: str) -> None:
    """And then a text without one is no time."""
    assert parse_zone(text) is None


def test_the_zone_is_asked_for_once_and_only_where_a_text_has_none() -> None:
    """It costs a request."""
    asked = []

    def find() -> SplunkZone:
        asked.append(1)
        return _zone(UTC)

    reader = TimeReader(zone=find)
    assert reader.quarters(["1772416800", "2026-03-02T02:00:00Z"]) == [1_969_352, 1_969_352]
    assert asked == []
    ends = ["2026-03-02T02:00:00", "2026-03-02T02:14:00", "2026-03-02T02:15:00", "-"]
    assert reader.ends(ends) == ([1_969_352, 1_969_353], False)
    assert reader.ends([*ends, "never"]) == ([1_969_352, 1_969_353], True)
    assert asked == [1]


@pytest.mark.parametrize("digits", [0, 3, 6, 9])
def test_parts_of_a_second_are_told_by_their_number(digits: int) -> None:
    """Milliseconds, microseconds and nanoseconds since 1970, as other products count; the bound holds for them too."""
    text = "1772416800" + "0" * digits
    assert read_time(text) == 1772416800.0
    assert TimeReader(latest=1772416800).quarters([text, f"1772418700{'0' * digits}"]) == [1_969_352, None]


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59Z", "0", "17724168", "1" * 14, "9" * 30, "1e300"])
def test_what_lies_outside_of_all_clocks_is_no_time(text: str) -> None:
    """Whether in words or in numbers, of seconds or of their parts."""
    assert read_time(text) is None


def test_a_time_after_the_bound_is_none() -> None:
    """A clock gone wrong must not choose its hour; the fast way and the slow one say the same."""
    reader = TimeReader(latest=1772416800)
    assert reader.quarters(["1772416800", "1772416799"]) == [1_969_352, 1_969_351]
    assert reader.quarters(["1772416801", "1772416799", "0"]) == [None, 1_969_351, None]


_TEXTS = st.sampled_from(["", "abc", "1772416800.0.0", "177241680x", "\u0661772416800", "1772416800000", "946684799"])
_MOMENTS = st.integers(0, 8000).map(lambda tenths: 1_772_416_000 + tenths / 2)
_ORDERS = st.sampled_from([sorted, lambda texts: sorted(texts, reverse=True), list])


@given(st.lists(_MOMENTS), st.sampled_from(["{:.0f}", "{:.3f}", "{:.0f}."]), st.lists(_TEXTS, max_size=1), _ORDERS)
@example([1_772_419_199.5, 1_772_419_200.0], "{:.3f}", [], sorted)
@example([1_772_418_599.0, 1_772_418_600.0], "{:.0f}", [], list)
def test_times_in_order_are_read_as_each_by_itself(
    moments: list[float], form: str, odd: list[str], order: Callable[[list[str]], list[str]]
) -> None:
    """Rows that are newest first, oldest first or in no order, some after the bound, and one that is no time."""
    texts = order([*map(form.format, moments), *odd])
    reader = TimeReader(latest=1_772_419_199.5)
    runs = reader.runs(texts)
    assert [quarter for quarter, rows in runs for _ in range(rows)] == reader.quarters(texts)
    assert all(rows for _, rows in runs)


def test_a_run_ends_where_a_quarter_of_an_hour_does() -> None:
    """In whichever order rows come."""
    texts = ["1772416799.9", "1772416800.0", *["1772416800.1"] * 5, "1772417700.0"]
    assert TimeReader().runs(texts) == [(1_969_351, 1), (1_969_352, 6), (1_969_353, 1)]
    assert TimeReader().runs(texts[::-1]) == [(1_969_353, 1), (1_969_352, 6), (1_969_351, 1)]
    assert TimeReader().runs([]) == []


def test_rows_that_are_years_apart_are_read_as_each_by_itself() -> None:
    """An endpoint's clock that was never set costs no look at each quarter of an hour since."""
    assert TimeReader().runs(["1000000000", "1772416800"]) == [(1_111_111, 1), (1_969_352, 1)]


@pytest.mark.parametrize("text", ["1772416800.x", "1772416800.1.2", "1772416800." + "0" * 54])
def test_what_is_no_time_is_none_among_times_too(text: str) -> None:
    """Whatever stands beside it, in whichever order."""
    for texts in (["1772416800.0", text], [text, "1772416800.0"], [text], [text, text]):
        expected = [1_969_352 if one == "1772416800.0" else None for one in texts]
        assert TimeReader().quarters(texts) == expected
        assert [quarter for quarter, rows in TimeReader().runs(texts) for _ in range(rows)] == expected


def test_blanks_around_a_time_do_not_count() -> None:
    """However many: a search of rows and the codec read the same."""
    assert read_time(" " * 100 + "1772416800") == 1772416800.0
