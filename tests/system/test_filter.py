"""`cbsigned_filter`, the one line for a detection's own filter macro, and the report on who uses it against advice."""

from __future__ import annotations

import csv
import re
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from cbverdict.events.columns import OTHER_TIME_FIELDS, RESOLVED_TIME_FIELDS
from tests.lab.confs import read_conf
from tests.lab.detection_filter import MACROS, filtered
from tests.lab.edr.estate import Estate
from tests.lab.host import Row
from tests.lab.site import ROOT, Site

MD5 = "a" * 32
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 1, 5, tzinfo=timezone.utc)
# What splunkd hands over for Berlin, cut to 2026; and something else.
SPLUNKD_ZONES = [
    "### SERIALIZED TIMEZONE FORMAT 1.0;Y3600 NW 43 45 54;Y7200 YW 43 45 53 54;@1774746000 1;@1792890000 0;$",
    "<html>",
]
REPORT = read_conf(ROOT / "default" / "savedsearches.conf")["cbsigned - searches that should not drop signed noise"]


@pytest.fixture
def learnt(site: Site, estate: Estate) -> Site:
    """Give a site where ann works from 9 to 17 o'clock in UTC, and everything she starts is signed."""
    estate.add_binary(MD5, "Signed", "c:\\a\\editor.exe", publisher="Example Corp")
    days = (MONDAY + timedelta(days=day) for day in range(42) if day % 7 < 5)
    site.learn(
        [_row(_time=f"{(day + timedelta(hours=hour)).timestamp():.0f}") for day in days for hour in range(9, 17)]
    )
    return site


def _row(**fields: str) -> Row:
    return {
        "process_hash": f"MD5={MD5.upper()},SHA256={'b' * 64}",
        "process_name": "editor.exe",
        "parent_process_name": "explorer.exe",
        "user": "ann",
        "dest": "PC7",
        **fields,
    }


@pytest.mark.parametrize("zone_of_splunkd", SPLUNKD_ZONES)
def test_a_detections_rows_are_judged_by_the_hour_in_the_zone_of_whoever_searches(
    learnt: Site, zone_of_splunkd: str
) -> None:
    """As detections hand them on: two texts without a zone and no `_time`; even where splunkd names no zone."""
    learnt.splunkd.time_zone = zone_of_splunkd
    rows = [
        _row(firstTime=f"2026-03-02T{first}:10:00", lastTime=f"2026-03-02T{last}:20:00", count="3")
        for first, last in (("12", "13"), ("03", "03"), ("12", "23"))
    ]
    found, kept = filtered(learnt, rows, BERLIN)
    assert [row["signed"] for row in found] == ["true"] * 3
    assert [bool(row["anomaly_hour_p"]) for row in found] == [True] * 3
    assert [row["firstTime"] for row in kept] == ["2026-03-02T03:10:00", "2026-03-02T12:10:00"]
    assert "Monday 02:00-02:30 (UTC) is unusual for ann" in str(kept[0]["anomaly_reasons"])
    assert "Monday 22:00-22:30 (UTC) is unusual for ann" in str(kept[1]["anomaly_reasons"])
    assert not set(RESOLVED_TIME_FIELDS) & set(found[0])


def test_an_event_cannot_bring_its_own_times(learnt: Site) -> None:
    """The macro sets both columns always; a usual one beside an unusual one would not help either."""
    usual = dict.fromkeys(RESOLVED_TIME_FIELDS, f"{(MONDAY + timedelta(hours=10)).timestamp():.0f}")
    texts = {"firstTime": "2026-03-02T03:10:00", "lastTime": "2026-03-02T03:10:00"}
    _, kept = filtered(learnt, [_row(**usual, **texts), _row(**usual)], BERLIN)
    assert len(kept) == 1
    assert learnt.search([_row(**usual, firstTime="2026-03-02T03:10:00Z")]).rows[0]["signed_noise"] == "false"


@pytest.mark.parametrize(
    "text", ["1772417400", "1772417400.5", "2026-03-02T03:10:00+01:00", "2026-03-02 02:10:00.000 GMT"]
)
def test_a_time_that_needs_no_zone_is_left_to_the_command(learnt: Site, text: str) -> None:
    """`strptime` would take it for local time, and leave out what stands behind."""
    (found,), _ = filtered(learnt, [_row(firstTime=text, lastTime=text)], ZoneInfo("Asia/Tokyo"))
    assert "Monday 02:00-02:30 (UTC)" in str(found["anomaly_reasons"])


def test_the_macro_begins_without_a_bar_and_its_columns_are_read_first() -> None:
    """A detection ends in `| <its name>_filter`."""
    definition = MACROS["cbsigned_filter"]["definition"]
    assert not definition.startswith("|")
    assert definition.count("`") == 2
    assert OTHER_TIME_FIELDS[:2] == RESOLVED_TIME_FIELDS


SEARCHES = {
    "ESCU - Suspicious DLLHost no Command Line Arguments - Rule": "| tstats x | `suspicious_dllhost_filter`",
    "Ping Sleep Batch Command": "index=a | `security_content_ctime(firstTime)``cbsigned_filter`",
    "Plain": 'index=a | cbsigned|where NOT signed_noise="true"',
    "Calm": 'index=a | `sysmon`  ` calm_filter(a, "b")` | table a',
    "Stored": "index=a | `cbsigned_lookup_only(md5)`",
}
DEFINITIONS = {
    "suspicious_dllhost_filter": "`cbsigned_filter`",
    "calm_filter(2)": "search *",
    "sysmon": "index=sysmon",
    **{name: stanza["definition"] for name, stanza in MACROS.items()},
}


def test_the_report_finds_searches_that_drop_themselves_or_by_a_macro() -> None:
    """SPL cannot be run here: the expressions of the report are tried on searches, and its steps are counted."""
    search = REPORT["search"]
    (called,) = re.findall(r'rex field=search max_match=0 "(.+?)"\s', search)
    (drops,) = re.findall(r'match\(definition, "(.+?)"\)', search)
    (spared,) = re.findall(r'NOT match\(title, "(.+?)"\)', search)
    (arguments,) = re.findall(r'cbsigned_macro=replace\(title, "(.+?)", ""\)', search)
    (direct,) = re.findall(r'if\(match\(search, "(.+?)"\), "drop_signed_noise"', search)
    (wrapped,) = re.findall(r'name=replace\(title, "(.+?)", "\\1"\)', search)
    dropping = {
        re.sub(arguments, "", title)
        for title, definition in DEFINITIONS.items()
        if title == "drop_signed_noise" or (re.search(drops, definition) and not re.search(spared, title))
    }
    assert dropping == {"drop_signed_noise", "cbsigned_filter", "suspicious_dllhost_filter"}
    macros = {
        re.sub(wrapped, r"\1", title): {
            *re.findall(called.replace("(?<", "(?P<"), text),
            *(["drop_signed_noise"] if re.search(direct, text) else []),
        }
        & dropping
        for title, text in SEARCHES.items()
    }
    assert macros == {
        "Suspicious DLLHost no Command Line Arguments": {"suspicious_dllhost_filter"},
        "Ping Sleep Batch Command": {"cbsigned_filter"},
        "Plain": {"drop_signed_noise"},
        "Calm": set(),
        "Stored": set(),
    }
    assert search.count("splunk_server=local") == 2
    assert "/saved/searches" in search
    assert "/configs/conf-macros" in search


def test_the_report_reads_the_lookup_that_is_shipped() -> None:
    """Its columns; titles are found whatever their case."""
    lookup = read_conf(ROOT / "default" / "transforms.conf")["cbsigned_searches"]
    assert lookup["case_sensitive_match"] == "false"
    with (ROOT / "lookups" / lookup["filename"]).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert "lookup cbsigned_searches search AS name OUTPUT advice why" in REPORT["search"]
    assert {"search", "advice", "why"} < set(rows[0])
    assert {row["advice"] for row in rows} == {"no", "useless"}
    assert "disabled" not in REPORT, "whoever wants it runs it"
    assert REPORT["enableSched"] == "0"
