"""The shipped alerts, run as they stand over the company's days: each finds its incident, and a quiet day is quiet."""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone
from typing import Dict, Iterator, List

import pytest

from package import detections
from tests.lab.company import DAY, Company
from tests.lab.confs import read_conf
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.host import Row
from tests.lab.incidents import PLANTED, QUIET_DAY, days, estate, incident_day, with_publishers
from tests.lab.site import ROOT, Site
from tests.lab.summaries import SummarizedSite

SAVED = read_conf(ROOT / "default" / "savedsearches.conf")
ALERTS = {name.partition(" - ")[2]: stanza for name, stanza in SAVED.items() if name.startswith("cbsigned alert - ")}
Found = Dict[str, List[Row]]


def _run(summarized: SummarizedSite, day: str) -> Found:
    """Run every alert over a day: as its 96 runs would, for the summary is by quarters of an hour."""
    head = summarized.head
    head.now = datetime.fromisoformat(f"{day}T23:59:00+00:00").timestamp()
    return {name: list(head.run(stanza["search"], earliest="@d")) for name, stanza in ALERTS.items()}


@pytest.fixture(scope="module")
def found() -> Iterator[Dict[str, Found]]:
    """Give what all alerts find on a quiet day and on the day of the incidents."""
    with Site() as site, EdrServer(estate()) as edr:
        site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
        company = Company(starts=800, log_ons=60)
        *earlier, quiet = days(company, weeks=3, starts=500)
        site.learn(with_publishers(row for day in earlier for row in day))
        summarized = SummarizedSite(site, datetime.now(timezone.utc))
        summarized.index([*quiet, *incident_day(company)])
        for day in (QUIET_DAY, DAY):
            summarized.head.now = datetime.fromisoformat(f"{day}T23:59:00+00:00").timestamp()
            summarized.summarize("@d")
        seen = {"quiet": _run(summarized, f"{QUIET_DAY}"), "incidents": _run(summarized, f"{DAY}")}
        # Of a signature that changes the store knows by its own clock.
        edr.estate.update_binary(_md5_of_workday(), digsig_result="Bad Signature", signed="Bad Signature")
        summarized.head.run(f"| makeresults | eval md5={json.dumps(_md5_of_workday())} | cbsigned refresh=true")
        summarized.head.now = time.time() + 20 * 60
        changed = list(summarized.head.run(ALERTS["signature has changed"]["search"]))
        seen["incidents"]["signature has changed"] = changed
        yield seen


def _md5_of_workday() -> str:
    (workday,) = (binary for binary in Company.binaries() if binary.name == "workday.exe")
    return workday.md5


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.alert)
def test_every_alert_finds_its_incident(found: Dict[str, Found], planted: tuple[str, str, str]) -> None:
    """With the person and the program."""
    alert, user, process = planted
    rows = found["incidents"][alert]
    assert (user, process) in {(row["user"], row.get("process_name", "")) for row in rows}, rows


def test_no_alert_is_without_an_incident() -> None:
    """And none of the table is about an alert that is not shipped."""
    assert {planted.alert for planted in PLANTED} == set(ALERTS)


@pytest.mark.parametrize("alert", ALERTS)
def test_no_alert_fires_on_a_quiet_day(found: Dict[str, Found], alert: str) -> None:
    """On which everybody does what they always do."""
    assert found["quiet"][alert] == []


class TestTheStanzas:
    """What is so of every alert and of its twin for Enterprise Security."""

    def test_they_are_what_the_table_of_detections_says(self) -> None:
        """`make detections` has nothing left to do."""
        for name, section in (
            ("savedsearches.conf", detections.saved_searches()),
            ("macros.conf", detections.macros()),
        ):
            path = ROOT / "default" / name
            assert path.read_text(encoding="utf-8") == detections.renewed(path, section)

    @pytest.mark.parametrize("name", [name for name in SAVED if "cbsigned alert" in name or "- Rule" in name])
    def test_each_is_disabled_throttled_and_has_a_filter_of_its_own(self, name: str) -> None:
        """Runs no more often than every five minutes, reads the summary, and says what else looks like it."""
        stanza = SAVED[name]
        assert stanza["disabled"] == "1"
        assert stanza["alert.suppress"] == "1"
        assert stanza["alert.suppress.fields"] == "throttle"
        assert stanza["cron_schedule"].split()[0].count(",") <= 11
        assert stanza["search"].rstrip().endswith("_filter`")
        assert "`cbsigned_summary`" in stanza["search"] or "cbsigned_verdicts" in stanza["search"]
        assert "Also seen so: " in stanza["description"]

    def test_each_is_there_for_enterprise_security_too(self) -> None:
        """The same search, with risk, ATT&CK and a message of fields that it has."""
        for alert, stanza in ALERTS.items():
            twin = SAVED[f"Endpoint - cbsigned {alert} - Rule"]
            assert twin["search"] == stanza["search"]
            assert json.loads(twin["action.correlationsearch.annotations"])["mitre_attack"]
            risk = json.loads(twin["action.risk.param._risk"])
            assert {one.get("risk_object_field") for one in risk} == {"user", "dest", None}
            if "action.notable" in twin:
                (drilldown,) = json.loads(twin["action.notable.param.drilldown_searches"])
                assert drilldown["search"].startswith("`cbsigned_row(")

    def test_nothing_is_scheduled_by_default_but_the_sweep(self) -> None:
        """Whatever is added later; what is off by `disabled` has a schedule for whoever enables it."""
        on = [name for name, stanza in SAVED.items() if stanza["enableSched"] == "1" and stanza.get("disabled") != "1"]
        assert on == ["cbsigned - sweep expired verdicts"]
        for name, stanza in SAVED.items():
            assert stanza["enableSched"] in {"0", "1"}, name
            assert stanza.get("disabled", "0") in {"0", "1"}, name
