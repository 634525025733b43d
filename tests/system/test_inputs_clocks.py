"""Endpoints whose clocks are wrong, and what the input of processes makes of them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.lab.arrivals import iso
from tests.lab.edr.estate import Estate, Start
from tests.lab.edr.server import EdrServer, Fault
from tests.lab.host import Row
from tests.lab.https import Request
from tests.lab.inputs import Indexed, InputHost, once
from tests.lab.site import Site

MD5 = "b" * 32
DAY = 86400


@pytest.fixture
def processes(site: Site) -> InputHost:
    """Give the input of processes."""
    return InputHost(site, "cbsigned_processes")


@pytest.fixture
def estate() -> Estate:
    """Give an estate that knows an unsigned tool."""
    estate = Estate()
    estate.add_binary(MD5, "Unsigned", "c:\\t\\tool.exe")
    return estate


def _add(estate: Estate, name: str, start: float | str | None, reached: float, **more: Any) -> list[int]:
    """Have a process reach the server; `start` is by its endpoint's clock (None: it does not say)."""
    began = start if isinstance(start, str) else iso(reached if start is None else start)
    given = {"md5": MD5, "hostname": name, "segments": 1, **more}
    numbers = estate.add_process(
        Start(path="C:\\t\\tool.exe", username="jdoe", start=began, reached=iso(reached), guid=name, **given)
    )
    for number in numbers if start is None else ():
        document = {**estate.processes.documents[number]}
        del document["start"]
        estate.processes.replace(number, document)
    return numbers


def _processes(events: list[Indexed]) -> dict[str, Indexed]:
    found = [event for event in events if event.sourcetype == "cbsigned:process"]
    by_guid = {event.fields["process_guid"]: event for event in found}
    assert len(by_guid) == len(found), "each is written once"
    return by_guid


def _clocks(events: list[Indexed]) -> list[dict[str, Any]]:
    return [event.fields for event in events if event.fields.get("status") == "clock"]


def _by_id(request: Request) -> bool:
    return b"process_id:" in request.body and b"asc" in request.body


def test_a_wrong_clock_hides_nothing_and_is_named(processes: InputHost, estate: Estate, now: int) -> None:
    """Each process is read when it reaches the server, found where a search looks, and keeps its endpoint's time."""
    reached = now - 600
    starts: dict[str, float | str | None] = {
        "right": reached - 20,
        "13h-late": reached - 13 * 3600,
        "25h-late": reached - 25 * 3600,
        "months-late": reached - 275 * DAY,
        "unset": "1970-01-01T00:10:00.000Z",
        "none": None,
        "2h-ahead": reached + 7200,
        "years-ahead": reached + 6 * 365 * DAY,
    }
    for number, (name, start) in enumerate(starts.items()):
        _add(estate, name, start, reached + number)
    events = processes.run(start="-24h")
    found = _processes(events)
    assert {name: event.time for name, event in found.items()} == {
        "right": reached - 20,
        **{name: reached + number for number, name in enumerate(starts) if name != "right"},
    }
    assert {name: event.fields.get("endpoint_time") for name, event in found.items()} == {
        **{name: iso(start) if isinstance(start, float) else start for name, start in starts.items()},
        **{name: iso(float(str(starts[name]))) for name in starts if name not in {"unset", "none"}},
        "right": None,
    }
    (told,) = _clocks(events)
    offsets = dict(zip(told["dest"], map(float, told["clock_offset"])))
    assert offsets == {
        "13h-late": -13 * 3600 - 1,
        "25h-late": -25 * 3600 - 2,
        "months-late": -275 * DAY - 3,
        "unset": 600 - reached - 4,
        "2h-ahead": 7200 - 6,
        "years-ahead": 6 * 365 * DAY - 7,
    }
    assert (told["input"], told["cb_server"]) == ("cbsigned_processes://main", "lab")
    assert processes.run(start="-24h") == []


def test_a_clock_is_told_once_and_again_when_it_is_worse(processes: InputHost, estate: Estate, now: int) -> None:
    """Though new processes come from it all the time, and with those of other endpoints."""
    told = []
    for number, ahead in enumerate((7200, 7200, 15_000)):
        _add(estate, f"process{number}", now - 500 + ahead, now - 500 + number, hostname="host1")
        _add(estate, f"other{number}", now - 510, now - 500 + number, hostname="host2")
        told.append([(one["dest"], one["clock_offset"]) for one in _clocks(processes.run())])
    assert told == [[(["host1"], ["7200"])], [], [(["host1"], ["14998"])]]


def test_an_endpoint_that_was_off_the_network_has_no_wrong_clock(
    processes: InputHost, estate: Estate, now: int
) -> None:
    """What it reports late is read, at the server's time where it is very late; it is not named."""
    _add(estate, "friday", now - 3 * DAY, now - 500, hostname="laptop")
    _add(estate, "morning", now - 5 * 3600, now - 500, hostname="laptop")
    _add(estate, "today", now - 550, now - 500, hostname="laptop")
    events = processes.run(start="-1h")
    found = {name: (event.time, event.fields.get("endpoint_time")) for name, event in _processes(events).items()}
    assert found == {
        "friday": (now - 500, iso(now - 3 * DAY)),
        "morning": (now - 5 * 3600, None),
        "today": (now - 550, None),
    }
    assert _clocks(events) == []


@pytest.mark.parametrize("start", ["right", "none", "ahead"])
def test_what_the_server_knew_before_the_start_is_not_read(
    processes: InputHost, estate: Estate, edr: EdrServer, start: str, now: int
) -> None:
    """Though it goes on to report: it ran before. What the server hears of later is read, whenever it began."""
    began = {"right": now - 30 * DAY, "none": None, "ahead": now - 3600 + 30}[start]
    _add(estate, "service", began, now - 30 * DAY, segments=1200)
    _add(estate, "service", began, now - 300)
    _add(estate, "late", now - 40 * DAY, now - 3000)
    _add(estate, "late", now - 40 * DAY, now - 200)
    events = processes.run(start="-1h")
    expected = {"late": now - 3000}
    if start == "ahead":  # by its own account it is new, and read rather than asked about
        expected["service"] = now - 3600 + 30
    assert {name: event.time for name, event in _processes(events).items()} == expected
    asked = sum(_by_id_text(body) for _, _, body in edr.requests)
    assert processes.run(start="-1h") == []
    assert sum(_by_id_text(body) for _, _, body in edr.requests) == asked, "what is known to be old is not asked again"


def _by_id_text(body: str) -> bool:
    return "process_id:" in body and "asc" in body


def test_more_that_becomes_known_later_does_not_move_an_event(
    processes: InputHost, estate: Estate, site: Site, now: int
) -> None:
    """The server's first report counts, not the last."""
    (number,) = _add(estate, "late", now - 20 * DAY, now - 3000, md5="")
    _add(estate, "late", now - 20 * DAY, now - 2000, md5="")
    events = processes.run()
    _add(estate, "late", now - 20 * DAY, now - 1000)
    again = processes.run()
    assert [event.time for event in (*events[:1], *again)] == [now - 3000, now - 3000]
    assert [event.fields["signed"] for event in once([*events[:1], *again], site.app)] == ["false"]
    assert number == 0


def test_what_cannot_be_asked_is_read(processes: InputHost, estate: Estate, edr: EdrServer, now: int) -> None:
    """A server that refuses the query costs a process too many, and hides none."""
    edr.refuse("process_id:")
    _add(estate, "new", now - 30 * DAY, now - 300)
    events = processes.run(start="-1h")
    found = {name: (event.time, event.fields["endpoint_time"]) for name, event in _processes(events).items()}
    assert found == {"new": (now - 300, iso(now - 30 * DAY))}
    assert _clocks(events) == [], "nobody knows since when the server has heard of it"


def test_what_fails_in_passing_is_asked_again(processes: InputHost, estate: Estate, edr: EdrServer, now: int) -> None:
    """Or what is old would be written as new."""
    _add(estate, "service", now - 30 * DAY, now - 30 * DAY)
    _add(estate, "service", now - 30 * DAY, now - 300)
    left = 4

    def fail(request: Request) -> Fault | None:
        nonlocal left
        left -= _by_id(request)
        return Fault.UNAVAILABLE if _by_id(request) and left >= 0 else None

    edr.meanwhile = fail
    assert _processes(processes.run(start="-1h")) == {}
    assert left < 0


@pytest.mark.parametrize(
    "form", ["{}.870Z", "{}.87Z", "{}Z", "{}.870000Z", "{}.870+0000", "{}.87+00:00", "{}.870", "{}", " {}.87"]
)
def test_a_start_is_read_in_every_form(processes: InputHost, estate: Estate, form: str, now: int) -> None:
    """The last with a blank for the T; all are UTC."""
    second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now - 600))
    text = form.strip().format(second)
    _add(estate, "one", text.replace("T", " ") if form.startswith(" ") else text, now - 500)
    (event,) = processes.run()
    assert event.time == pytest.approx(now - 600 + (0.87 if ".87" in form else 0.0), abs=0.001)
    assert "endpoint_time" not in event.fields


def test_addresses_are_kept_as_they_are_written(processes: InputHost, estate: Estate, now: int) -> None:
    """As numbers, dotted, and of version 6."""
    written = {"number": -1407842931, "dotted": "10.1.2.3", "six": "fe80::1"}
    for name, address in written.items():
        (number,) = _add(estate, name, now - 550, now - 500)
        estate.update_process(number, comms_ip=address, interface_ip=address)
    found = {
        name: (event.fields["comms_ip"], event.fields["interface_ip"])
        for name, event in _processes(processes.run()).items()
    }
    assert found == {name: (text, text) for name, text in {**written, "number": "172.22.5.141"}.items()}


def test_both_of_its_times_are_judged(site: Site, now: int) -> None:
    """Where they differ, the hour that is odder for this person counts: nobody knows which of them is wrong."""
    midnight = (now // DAY - 1) * DAY
    days = [midnight - DAY * day for day in range(1, 43)]
    site.learn(
        [
            {"_time": str(day + 3600 * hour), "user": f"user{user}", "team": "hr", "process_name": "outlook.exe"}
            for day in days
            for user in range(6)
            for hour in range(9, 17)
        ]
    )
    common = {"user": "user1", "team": "hr", "process_name": "outlook.exe"}
    noon, night = midnight + 12 * 3600, midnight + 2 * 3600
    rows: list[Row] = [
        {**common, "_time": str(night), "endpoint_time": ""},
        {**common, "_time": str(noon), "endpoint_time": ""},
        {**common, "_time": str(noon), "endpoint_time": iso(night)},
        {**common, "_time": str(night), "endpoint_time": iso(noon)},
    ]
    odd, usual, *both = [float(str(row["anomaly_score"])) for row in site.search(rows).rows]
    assert odd > usual + 10
    assert both == [odd, odd]


def test_a_binary_has_no_time_but_the_servers(site: Site, estate: Estate) -> None:
    """So no endpoint's clock hides or moves it."""
    for form in ("2026-10-01T08:00:00.5Z", "2026-10-01T08:00:00.500+0000", "2026-10-01 08:00:00.5"):
        others = {"last_seen": "1970-01-01T00:00:00Z", "digsig_sign_time": "2099-01-01T00:00:00Z"}
        estate.update_binary(MD5, server_added_timestamp=form, **others)
        (event, *_) = InputHost(site, "cbsigned_binaries", f"at{len(form)}").run(start="2026-09-01")
        assert event.time == pytest.approx(1_790_841_600.5, abs=0.001)
        assert event.sourcetype == "cbsigned:binary"
