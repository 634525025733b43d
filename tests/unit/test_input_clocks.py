"""When a process began, and whose clocks are wrong: an endpoint's time within what the server's allows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from cbverdict.carbonblack.edr.page_source import EdrPageSource
from cbverdict.carbonblack.edr.process_documents import read_processes
from cbverdict.carbonblack.port import ReportedProcess
from cbverdict.carbonblack.times import epoch_of
from cbverdict.errors import EdrError, ServerFailedError
from cbverdict.events.times import read_time, write_time
from cbverdict.inputs.beginnings import (
    LONGEST_DELAY,
    MAX_AHEAD,
    Beginning,
    beginning_of,
    is_doubtful,
    is_older,
    plausible_time,
)
from cbverdict.inputs.clocks import (
    FORGOTTEN_AFTER,
    MAX_NAMED,
    MAX_REMEMBERED,
    ClockReading,
    EndpointClocks,
)
from cbverdict.inputs.processes.lookups import Lookups

NOW = 1_793_606_400.0
BEGIN = write_time(NOW - 86400)[:19]
HOUR = 3600.0


def _process(start: float | str | None, reached: float, guid: str = "guid") -> ReportedProcess:
    began = "" if start is None else start if isinstance(start, str) else write_time(start)
    return ReportedProcess(guid, "", None, None, began, {"dest": "host1"}, [], "", write_time(reached))


class TestTimes:
    """Carbon Black and what stands behind it write times in more than one form."""

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("2026-11-02T07:00:00.123Z", 1_793_602_800.123),
            ("2026-11-02T07:00:00.12Z", 1_793_602_800.12),
            ("2026-11-02T07:00:00Z", 1_793_602_800.0),
            ("2026-11-02T07:00:00.918000Z", 1_793_602_800.918),
            ("2026-11-02T07:00:00.123+0000", 1_793_602_800.123),
            ("2026-11-02T09:00:00.123+02:00", 1_793_602_800.123),
            ("2026-11-02T07:00:00.123", 1_793_602_800.123),
            ("2026-11-02 07:00:00.123", 1_793_602_800.123),
            ("1970-01-01T00:10:00.000Z", 600.0),
        ],
    )
    def test_each_form_is_read(self, text: str, seconds: float) -> None:
        """In UTC where no zone is named, and of any year: what cannot be is for others to say."""
        assert epoch_of(text) == pytest.approx(seconds, abs=1e-6)

    @pytest.mark.parametrize("text", ["", "yesterday", "2026-13-02T07:00:00Z", "2026-11-02", "1" * 100_000])
    def test_what_is_no_time_is_none(self, text: str) -> None:
        """Foreign data is no error."""
        assert epoch_of(text) is None

    def test_the_earliest_start_of_a_process_counts_whatever_its_form(self) -> None:
        """Texts of different forms have no order of their own."""
        common = {"id": "a", "last_server_update": "2026-11-02T08:00:00Z"}
        starts = ("2026-11-02T08:30:00+02:00", "2026-11-02 06:45:00", "x", None)
        (process,) = read_processes([{**common, "start": start} for start in starts], "")
        assert process.start == "2026-11-02T08:30:00+02:00"

    def test_what_reached_the_server_first_counts(self) -> None:
        """The event itself names the last."""
        reached = ("2026-11-02T08:00:09Z", "2026-11-02T08:00:00Z", "2026-11-02T08:00:05Z")
        (process,) = read_processes([{"id": "a", "last_server_update": time} for time in reached], "")
        assert (process.reached, process.fields["last_server_update"]) == (reached[1], reached[0])

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            (-1407842931, "172.22.5.141"),
            ("10.1.2.3", "10.1.2.3"),
            ("fe80::1", "fe80::1"),
            ("FE80:0:0:0:0:0:0:1", "fe80::1"),
            ("0", None),
            ("10.1.2", None),
            ("10.1.2.3.4", None),
        ],
    )
    def test_an_address_is_kept_however_it_is_written(self, written: object, expected: str | None) -> None:
        """As a number, dotted, or of version 6."""
        for name in ("interface_ip", "comms_ip"):
            (process,) = read_processes([{"id": "a", name: written}], "")
            assert (process.fields.get(name) or None) == expected


class TestBeginning:
    """`_time` is the endpoint's within bounds, and else the server's."""

    @pytest.mark.parametrize("delay", [0.0, 20.0, HOUR, LONGEST_DELAY])
    def test_a_time_that_can_be_is_the_endpoints(self, delay: float) -> None:
        """Though the report came hours late: a laptop was on its way."""
        process = _process(NOW - 600 - delay, NOW - 600)
        assert beginning_of(process, process.reached, NOW) == Beginning(NOW - 600 - delay, "", -delay)

    @pytest.mark.parametrize(
        ("start", "offset"),
        [
            (NOW - 600 - LONGEST_DELAY - 1, -LONGEST_DELAY - 1),
            (NOW - 275 * 86400, 600 - 275 * 86400),
            ("1970-01-01T00:10:00.000Z", 600 - (NOW - 600)),
            (NOW - 590, 10.0),
            (NOW + 7200, 7800.0),
            ("2099-01-01T00:00:00.000Z", 4_070_908_800 - (NOW - 600)),
        ],
    )
    def test_a_time_that_cannot_be_gives_way_to_the_servers(self, start: float | str, offset: float) -> None:
        """And is kept beside it: nothing begins after it was reported, and little is reported so late."""
        process = _process(start, NOW - 600)
        assert beginning_of(process, process.reached, NOW) == Beginning(NOW - 600, process.start, offset)

    @pytest.mark.parametrize(
        ("start", "endpoint_time"),
        [
            ("2020-11-02 07:00:00.5", "2020-11-02T07:00:00.500Z"),
            ("2020-11-02T09:00:00+02:00", "2020-11-02T07:00:00.000Z"),
            ("9999-12-31T23:59:59-23:00", "9999-12-31T23:59:59-23:00"),
            ("0001-01-01T00:00:00+23:00", "0001-01-01T00:00:00+23:00"),
        ],
    )
    def test_what_is_kept_of_it_has_one_form(self, start: str, endpoint_time: str) -> None:
        """A search that reads it must not take it for its own time zone; what no calendar has stays as it is."""
        process = _process(start, NOW)
        assert beginning_of(process, process.reached, NOW).endpoint_time == endpoint_time

    def test_without_a_time_of_the_endpoint_the_server_has_the_only_one(self) -> None:
        """And nothing is known of the clock."""
        assert beginning_of(_process(None, NOW - 600), write_time(NOW - 600), NOW) == Beginning(NOW - 600, "", None)

    def test_a_server_whose_clock_is_wrong_moves_nothing_into_the_future(self) -> None:
        """Then this host's time is the bound, and the endpoints' clocks are not blamed."""
        process = _process(NOW - 50, NOW + 400 * 86400)
        assert beginning_of(process, process.reached, NOW) == Beginning(NOW - 50, "", None)
        assert beginning_of(process._replace(reached=""), "", NOW) == Beginning(NOW - 50, "", None)
        assert beginning_of(_process(NOW + 9000, NOW), "", NOW).time == NOW

    @pytest.mark.parametrize("text", ["", "yesterday", "1970-01-01T00:10:00Z", "0001-01-01T00:00:00Z"])
    def test_a_server_without_a_time_that_can_be_leaves_that_of_this_host(self, text: str) -> None:
        """As good as any."""
        assert plausible_time(text, NOW) == NOW
        assert plausible_time(write_time(NOW + 3600), NOW) == NOW + 60
        assert plausible_time(write_time(NOW - 3600), NOW) == NOW - 3600

    def test_a_late_segment_says_nothing_of_the_clock(self) -> None:
        """Nor does one of which the server does not say when it first heard of the process."""
        process = _process(NOW - 30 * 86400, NOW)
        assert beginning_of(process, write_time(NOW - 20 * 86400), NOW).clock_offset is None
        assert beginning_of(process, process.reached, NOW, is_certain=False).clock_offset is None

    @pytest.mark.parametrize(
        ("start", "is_asked"),
        [
            (NOW - 610, False),
            (NOW - 600 + MAX_AHEAD, False),
            (NOW - 600 + MAX_AHEAD + 1, True),
            (NOW - 601 - LONGEST_DELAY, True),
            (NOW - 86401, True),
            (None, True),
            ("1970-01-01T00:10:00.000Z", True),
        ],
    )
    def test_only_where_the_page_does_not_tell_the_server_is_asked(
        self, start: float | str | None, *, is_asked: bool
    ) -> None:
        """Each costs a share of a request."""
        assert is_doubtful(_process(start, NOW - 600), BEGIN) == is_asked

    def test_what_the_server_knew_before_the_begin_is_older(self) -> None:
        """What reached it in that second is not, and where it does not say nothing is left out."""
        assert is_older(write_time(NOW - 86401), BEGIN)
        assert not is_older(write_time(NOW - 86400), BEGIN)
        assert not is_older("", BEGIN)
        assert not is_older(write_time(NOW - 86401), "")


@dataclass
class FakePages:
    """Carbon Black as lookups ask it: what it knows, or why it does not answer; `asked` are the ids."""

    arrivals: dict[str, str] = field(default_factory=dict)
    error: EdrError | None = None
    asked: list[list[str]] = field(default_factory=list)

    @property
    def pages(self) -> FakePages:
        """Be the sources as well."""
        return self

    def first_arrivals(self, guids: list[str]) -> dict[str, str]:
        """Answer, or fail."""
        self.asked.append(guids)
        if self.error:
            raise self.error
        return self.arrivals


class TestLookups:
    """Which processes are new is asked where a page does not tell."""

    def test_what_is_old_is_left_out_and_what_is_new_is_not(self) -> None:
        """Whatever their endpoints' clocks say."""
        long = NOW - 90 * 86400
        processes = [_process(long, NOW - 60, "old"), _process(long, NOW - 60, "new"), _process(NOW - 70, NOW, "plain")]
        pages = FakePages({"old": write_time(NOW - 86401), "new": write_time(NOW - 90)})
        found, trouble = Lookups(pages).beginnings(processes, BEGIN, NOW)  # type: ignore[arg-type] # as much as is needed
        assert found == {
            "new": Beginning(NOW - 90, write_time(long), long - NOW + 90),
            "plain": Beginning(NOW - 70, "", -70.0),
        }
        assert (pages.asked, trouble) == ([["new", "old"]], None)

    def test_where_it_cannot_be_asked_nothing_is_left_out(self) -> None:
        """And no clock is blamed; the trouble is told, so that it is tried again."""
        pages = FakePages(error=ServerFailedError("down"))
        process = _process(NOW - 90 * 86400, NOW - 60)
        found, trouble = Lookups(pages).beginnings([process], BEGIN, NOW)  # type: ignore[arg-type] # likewise
        assert found == {"guid": Beginning(NOW - 60, process.start, None)}
        assert trouble is pages.error


@dataclass
class FakeClient:
    """Carbon Black's process search over segments, which come in the order of arrival; `asked` are the queries."""

    segments: list[dict[str, Any]]
    most: int
    asked: list[str] = field(default_factory=list)

    def process_page(self, query: str, rows: int, skip: int) -> tuple[list[dict[str, Any]], bool]:
        """Give the first segments of those asked for, no more than it ever gives."""
        assert (rows, skip) == (1000, 0)
        self.asked.append(query)
        found = [segment for segment in self.segments if f"process_id:{segment['id']}" in query.split(" OR ")]
        return found[: self.most], len(found) <= self.most


class TestFirstArrivals:
    """When the server first heard of processes, a batch at a time."""

    def _source(self, client: FakeClient) -> EdrPageSource:
        source = EdrPageSource.__new__(EdrPageSource)
        source._client = client  # type: ignore[assignment] # noqa: SLF001 - as much of it as is needed
        return source

    def test_a_process_of_many_segments_hides_no_other(self) -> None:
        """Those that are found are not asked for again, so it comes to an end."""
        segments = [{"id": "a", "last_server_update": f"1{number}"} for number in range(50)]
        segments += [{"id": "b", "last_server_update": "2"}, {"id": "c", "last_server_update": "3"}]
        client = FakeClient(segments, most=20)
        assert self._source(client).first_arrivals(["a", "b", "c", "d"]) == {"a": "10", "b": "2", "c": "3"}
        assert client.asked == [
            "process_id:a OR process_id:b OR process_id:c OR process_id:d",
            "process_id:b OR process_id:c OR process_id:d",
        ]

    def test_a_server_that_answers_with_others_is_not_asked_for_ever(self) -> None:
        """It said that there is more."""
        client = FakeClient([{"id": "x"}], most=0)
        assert self._source(client).first_arrivals(["x"]) == {}

    def test_two_hundred_are_asked_for_at_once(self) -> None:
        """As everywhere."""
        client = FakeClient([], most=20)
        assert self._source(client).first_arrivals([str(number) for number in range(401)]) == {}
        assert [query.count("process_id:") for query in client.asked] == [200, 200, 1]


def _readings(*offsets: float, endpoint: str = "host1") -> list[ClockReading]:
    return [ClockReading(endpoint, offset, NOW + offset) for offset in offsets]


def _run(clocks: EndpointClocks, *readings: list[ClockReading], now: float = NOW) -> list[tuple[str, float]]:
    """Go through the pages of a run."""
    for page in readings:
        clocks.look(page)
    return clocks.news(now)


class TestEndpointClocks:
    """Somebody hears of a clock that is wrong, once."""

    @pytest.mark.parametrize("offset", [-LONGEST_DELAY - 1, -275 * 86400.0, MAX_AHEAD + 1, 6 * 365 * 86400.0])
    def test_a_wrong_clock_is_told_with_its_offset(self, offset: float) -> None:
        """Ahead, or (below 0) behind."""
        assert _run(EndpointClocks({}), _readings(offset)) == [("host1", offset)]

    @pytest.mark.parametrize("offset", [-LONGEST_DELAY, -HOUR, -20.0, 0.0, MAX_AHEAD])
    def test_a_late_report_and_a_small_difference_are_not(self, offset: float) -> None:
        """Nobody can tell the one from a clock, and the other does no harm."""
        assert _run(EndpointClocks({}), _readings(offset)) == []

    def test_an_endpoint_that_was_off_the_network_is_not_blamed(self) -> None:
        """It reports what is days old, and on another page what is new."""
        assert _run(EndpointClocks({}), _readings(-3 * 86400, -2 * 86400), _readings(-30)) == []

    def test_the_most_prompt_report_says_how_far_a_clock_is_behind(self) -> None:
        """What else a report is late by is not the clock's."""
        assert _run(EndpointClocks({}), _readings(-90_500, -90_020), _readings(-91_000)) == [("host1", -90_020)]

    def test_a_clock_that_was_never_set_is_told_though_others_of_its_times_are_right(self) -> None:
        """No report is late by decades."""
        assert _run(EndpointClocks({}), _readings(600 - NOW, -20)) == [("host1", 600 - NOW)]

    def test_it_is_told_once_until_it_is_worse(self) -> None:
        """Or until it is wrong the other way."""
        offsets = (7200.0, 7300.0, 14_000.0, 14_500.0, -90_000.0, -90_100.0)
        told: dict[str, Any] = {}
        news = []
        for number, offset in enumerate(offsets):
            clocks = EndpointClocks(told)
            news.append([told for _, told in _run(clocks, _readings(offset), now=NOW + 60 * number)])
            told = clocks.told
        assert news == [[7200.0], [], [], [14_500.0], [-90_000.0], []]

    def test_after_a_day_in_which_it_was_not_wrong_it_is_told_anew(self) -> None:
        """And is not remembered until then."""
        clocks = EndpointClocks({"host1": [7200.0, NOW]})
        assert _run(clocks, _readings(7200.0), now=NOW + FORGOTTEN_AFTER) == []
        assert _run(EndpointClocks(clocks.told), now=NOW + 3 * FORGOTTEN_AFTER) == []
        later = EndpointClocks(clocks.told)
        assert _run(later, _readings(7200.0), now=NOW + 3 * FORGOTTEN_AFTER) == [("host1", 7200.0)]

    def test_one_run_names_some_and_the_next_the_others_up_to_a_bound(self) -> None:
        """The worst first; if all clocks are wrong it is the server's."""
        everyone = [reading for number in range(300) for reading in _readings(1000.0 + number, endpoint=f"h{number}")]
        told: dict[str, Any] = {}
        named: list[list[tuple[str, float]]] = []
        for _ in range(6):
            clocks = EndpointClocks(told)
            named.append(_run(clocks, everyone))
            told = clocks.told
        assert [len(news) for news in named] == [MAX_NAMED] * (MAX_REMEMBERED // MAX_NAMED) + [0, 0]
        assert named[0][0] == ("h299", 1299.0)
        assert len({endpoint for news in named for endpoint, _ in news}) == len(told) == MAX_REMEMBERED


def test_what_is_kept_of_a_time_is_read_again() -> None:
    """By the command, which judges both ends."""
    began = NOW - 3 * 86400
    assert read_time(beginning_of(_process(began, NOW), write_time(NOW), NOW).endpoint_time) == began
