"""`| cbsignedinputs`: how far inputs have read, a time read again, and a beginning anew."""

from __future__ import annotations

import pytest

from tests.lab.arrivals import iso
from tests.lab.edr.estate import Estate, Start
from tests.lab.host import SearchHost, SearchResult
from tests.lab.inputs import Indexed, InputHost
from tests.lab.site import Site

MD5 = "a" * 32
NAME = "cbsigned_processes://main"


@pytest.fixture
def estate(now: int) -> Estate:
    """Give a server that heard of three processes, an hour apart."""
    estate = Estate()
    estate.add_binary(MD5, "Signed", "c:\\a.exe")
    for number in range(3):
        at = iso(now - 9000 + 3600 * number)
        estate.add_process(Start(MD5, "C:\\a.exe", start=at, reached=at, guid=f"process{number}"))
    return estate


def _command(site: Site, *arguments: str, right: str = "cbsigned_admin") -> SearchResult:
    script = site.app / "bin" / "cbsignedinputs.py"
    key = site.splunkd.log_in("admin", right)
    return SearchHost(script, site.splunkd.url, key, site.python).generate(arguments)


def _guids(events: list[Indexed]) -> list[str]:
    return [event.fields["process_guid"] for event in events if event.sourcetype == "cbsigned:process"]


def test_it_shows_how_far_each_input_has_read(site: Site, now: int) -> None:
    """And whom it reads from, how far the clocks differ, and how much it remembers."""
    assert _command(site).rows == []
    InputHost(site, "cbsigned_processes").run()
    InputHost(site, "cbsigned_binaries").run(start="2026-01-01")
    binaries, processes = _command(site).rows
    assert binaries["input"] == "cbsigned_binaries://main"
    shown = {name: processes[name] for name in ("input", "account", "server", "host", "start", "remembered", "late")}
    assert shown == {
        "input": NAME,
        "account": "lab",
        "server": processes["server"],
        "host": "searchhead1",
        "start": "-24h",
        "remembered": "3",
        "late": "0",
    }
    assert processes["read_once_until"] == iso(now - 1800)[:19] + "Z"
    assert processes["read_for_good_until"] == iso(now - 2100)[:19] + "Z"
    assert abs(float(str(processes["clock_offset"]))) <= 2
    assert 0 <= float(str(processes["lag"])) < 600


def test_a_time_is_read_again_and_all_of_it_if_that_is_wanted(site: Site, now: int) -> None:
    """Under the same ids; what lies outside of it is not."""
    host = InputHost(site, "cbsigned_processes")
    first = host.run()
    span = [f"from={iso(now - 6000)[:19]}", f"to={iso(now - 3000)[:19]}"]
    (row,) = _command(site, f"input={NAME}", *span).rows
    assert str(row["ordered"]).endswith(" new")
    found = host.run()
    assert _guids(found) == []
    assert [event.fields["status"] for event in found] == ["read_again"]
    _command(site, f"input={NAME}", *span, "all=true")
    again = host.run()
    assert _guids(again) == ["process1"]
    ids = {
        event.fields["process_guid"]: event.fields["cbsigned_id"] for event in first if "process_guid" in event.fields
    }
    assert again[0].fields["cbsigned_id"] == ids["process1"]
    (row,) = _command(site).rows
    assert row["ordered"] == ""
    assert host.run() == []


def test_reset_begins_anew(site: Site) -> None:
    """With what is set as its start."""
    host = InputHost(site, "cbsigned_processes")
    assert len(_guids(host.run())) == 3
    _command(site, f"input={NAME}", "reset=true")
    assert _command(site).rows == []
    assert len(_guids(host.run())) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("input=cbsigned_processes://other", "from=-1h"), "there is no checkpoint of 'cbsigned_processes://other'"),
        (("from=-1h",), "there is no checkpoint of ''"),
        ((f"input={NAME}", "from=yesterday"), "write -24h"),
        ((f"input={NAME}", "from=-1h", "to=-2h"), "is not before to"),
    ],
)
def test_what_cannot_be_done_is_said(site: Site, arguments: tuple[str, ...], words: str) -> None:
    """And nothing is done."""
    InputHost(site, "cbsigned_processes").run()
    result = _command(site, *arguments)
    assert result.rows == []
    assert words in result.messages[0][1]


def test_an_analyst_may_not(site: Site) -> None:
    """It says what an input has read, and can have it read anew."""
    result = _command(site, right="cbsigned_lookup")
    assert (result.rows, result.messages[0][0], "403" in result.messages[0][1]) == ([], "ERROR", True)


def test_how_much_an_input_would_write_is_told_before_there_is_one(site: Site) -> None:
    """Rows of the last day that a query finds, of all, and MB."""
    (row,) = _command(site, "estimate=true", "query=process_name:a.exe").rows
    shown = {name: row[name] for name in ("account", "query", "rows_a_day", "of", "mb_a_day")}
    assert shown == {
        "account": "lab",
        "query": "process_name:a.exe",
        "rows_a_day": "3",
        "of": "3",
        "mb_a_day": "0.0",
    }
