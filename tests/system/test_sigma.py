"""The two pipelines for Sigma: what they add to which rules, and what comes of the rows that such searches give."""

from __future__ import annotations

import csv
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Callable, Dict, Sequence
from zoneinfo import ZoneInfo

import pytest

from tests.lab.detection_filter import MACROS, filtered
from tests.lab.edr.estate import Estate, add_signatures
from tests.lab.host import Row
from tests.lab.sigma import RULES, SIGMA, convert
from tests.lab.site import ROOT, Site

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 1, 5, tzinfo=timezone.utc)
DAY_OF_SEARCH = datetime(2026, 3, 2, tzinfo=timezone.utc)
SUFFIX = " | `cbsigned_filter`"
OURS = ("started_from_public", "child_of_spooler", "long_encoded_argument")
OTHERS = ("library_from_public", "shell_of_a_web_server")
RAW = ("sysmon", "splunk_windows")
ADDED = "Processes.process_hash Processes.process_name Processes.parent_process_name "


@pytest.fixture(autouse=True)
def _sigma() -> None:
    if not SIGMA.is_file():
        pytest.skip(
            f"LOUD SKIP: there is no {SIGMA}, which `make test` sets up from Python 3.11 on: no rule is converted"
        )


def test_every_rule_is_tried() -> None:
    """A file more in the folder is a rule that nobody looks at."""
    assert {path.stem for path in RULES.glob("*.yml")} == {*OURS, *OTHERS}


@pytest.mark.parametrize("rule", OURS)
def test_a_rule_about_starts_on_windows_gets_the_macro_behind_it(rule: str) -> None:
    """Raw Sysmon: nothing else changes."""
    assert convert(rule, (*RAW, "cbsigned_sysmon.yml"), "default") == convert(rule, RAW, "default") + SUFFIX


@pytest.mark.parametrize("rule", OURS)
def test_over_the_cim_it_gets_the_columns_as_well(rule: str) -> None:
    """Without them every row would be without a hash."""
    plain = convert(rule, ("splunk_cim",), "data_model")
    assert plain.count(" by Processes.process ") == 1
    wired = convert(rule, ("splunk_cim", "cbsigned_cim.yml"), "data_model")
    assert wired.split() == (plain.replace(" by ", f" by {ADDED}") + SUFFIX).split()


@pytest.mark.parametrize("rule", OTHERS)
def test_a_rule_about_anything_else_is_left_alone(rule: str) -> None:
    """A loaded image's hash is not the process's, and Linux has no such signatures."""
    assert convert(rule, (*RAW, "cbsigned_sysmon.yml"), "default") == convert(rule, RAW, "default") != ""
    cim = ("splunk_cim",)
    assert convert(rule, (*cim, "cbsigned_cim.yml"), "data_model") == convert(rule, cim, "data_model")


def test_a_saved_search_gets_it_too() -> None:
    """As contents of a savedsearches.conf."""
    text = convert(OURS[0], (*RAW, "cbsigned_sysmon.yml"), "savedsearches")
    assert text.endswith(SUFFIX)
    assert "search = source=" in text


def _sysmon(event: Dict[str, str], moment: datetime) -> Row:
    """Make what a raw search over Sysmon's event 1 gives."""
    return {
        "_time": f"{moment.timestamp():.3f}",
        "EventCode": "1",
        "Hashes": f"MD5={event['process_md5'].upper()},SHA256={event['process_sha256'].upper()}",
        "Image": event["process_path"],
        "ParentImage": event["parent_process_path"],
        "User": r"CORP\ann",
        "Computer": event["host"],
        "host": "collector",
    }


class _CimRow:
    """A row of a converted tstats search: its columns are those that the search groups by."""

    def __init__(self, query: str) -> None:
        (grouped,) = re.findall(r" by (Processes\.[\w. ]+?) \|", query)
        self._columns = [name[len("Processes.") :] for name in grouped.split()]
        assert "`drop_dm_object_name(Processes)`" in query
        self._forms = re.findall(r'timeformat="([^"]+)" ctime\((\w+)\)', query)
        assert [name for _, name in self._forms] == ["firstTime", "lastTime"]

    def row(self, event: Dict[str, str], moment: datetime) -> Row:
        """Make it of a recorded start, as a user in Berlin sees it."""
        known = {
            "process_hash": f"MD5={event['process_md5'].upper()},SHA256={event['process_sha256'].upper()}",
            "process_name": event["process_name"],
            "process_path": event["process_path"],
            "parent_process_name": event["parent_process_name"],
            "parent_process_path": event["parent_process_path"],
            "process": event["process_path"],
            "user": "ann",
            "dest": event["host"],
        }
        assert set(known) <= set(self._columns)
        times = {name: moment.astimezone(BERLIN).strftime(form) for form, name in self._forms}
        return {"count": "1", **{name: known.get(name) or "null" for name in self._columns}, **times}


Make = Callable[[Dict[str, str], datetime], Row]


def _makers() -> Dict[str, Callable[[], Make]]:
    return {
        "raw Sysmon": lambda: _sysmon,
        "CIM": lambda: _CimRow(convert(OURS[0], ("splunk_cim", "cbsigned_cim.yml"), "data_model")).row,
    }


@pytest.mark.parametrize("shape", _makers())
def test_on_recorded_starts_verdict_hour_and_drop_are_right(
    site: Site, estate: Estate, recorded: Path, shape: str
) -> None:
    """Every third one at 2 am, by somebody who works from 9 to 17 o'clock."""
    add_signatures(estate, recorded / "signatures.csv")
    truth = {row["md5"]: row["signed"] for row in _rows(recorded / "signatures.csv")}
    site.learn(_working_hours())
    make = _makers()[shape]()
    events = _rows(recorded / "process_events.csv")
    hours = [2 if number % 3 == 0 else 11 for number in range(len(events))]
    rows = [make(event, DAY_OF_SEARCH + timedelta(hours=hour)) for event, hour in zip(events, hours)]
    found, kept = filtered(site, rows, BERLIN)
    assert [row["signed"] for row in found] == [truth.get(event["process_md5"], "unknown") for event in events]
    assert all(row["anomaly_hour_p"] for row in found)
    dropped = [hour for row, hour in zip(found, hours) if row["signed_noise"] == "true"]
    assert 2 not in dropped
    assert len(dropped) > 400
    assert {row["signed"] for row in found if row not in kept} == {"true"}


def _working_hours() -> Sequence[Row]:
    days = [MONDAY + timedelta(days=day) for day in range(42) if day % 7 < 5]
    return [
        {"_time": f"{(day + timedelta(hours=hour)).timestamp():.0f}", "user": "ann"}
        for day in days
        for hour in range(9, 17)
    ]


def _rows(path: Path) -> list[Dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_manual_shows_what_is_typed_and_what_comes_out() -> None:
    """Both commands, and the macro that the pipelines name."""
    page = (ROOT / "docs" / "wiring.md").read_text(encoding="utf-8")
    for typed in (
        "sigma convert -t splunk -p sysmon -p splunk_windows -p cbsigned_sysmon.yml rule.yml",
        "sigma convert -t splunk -f data_model -p splunk_cim -p cbsigned_cim.yml rule.yml",
    ):
        assert typed in page
    assert ADDED in page
    assert "cbsigned_filter" in MACROS
