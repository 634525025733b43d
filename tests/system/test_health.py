"""`| cbsignedcheck` in the lab: all is well, and each planted fault is told with what to do about it."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Iterator

import pytest

from tests.lab.edr.estate import Estate
from tests.lab.edr.server import TOKEN, EdrServer, Fault
from tests.lab.host import Row
from tests.lab.inputs import InputHost
from tests.lab.search_head import serve_searches
from tests.lab.site import Site

SWEEP = "cbsigned - sweep expired verdicts"
ADMIN = ("search", "admin_all_objects")


@pytest.fixture
def edr(estate: Estate) -> Iterator[EdrServer]:
    """Give a server of today, with a binary."""
    estate.add_binary("a" * 32, "Signed", "c:\\a.exe")
    with EdrServer(estate) as server:
        server.version = "7.5.0"
        yield server


@pytest.fixture
def site(installed: Path, edr: EdrServer) -> Iterator[Site]:
    """Give a search head with the package, set up as the manual says: an account, baselines, an input that has read."""
    with Site(installed, sys.executable) as site:
        serve_searches(site)
        site.save_account("main", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
        rows: list[Row] = [
            {"user": f"{team}{number}", "team": team, "process_name": "a.exe", "_time": str(time.time() - 3600)}
            for team in ("hr", "it")
            for number in range(5)
        ]
        site.learn(rows)
        site.splunkd.confs["inputs"]["cbsigned_processes://main"] = {"account": "main", "interval": "60"}
        InputHost(site, "cbsigned_processes").run(account="main")
        yield site


def _check(site: Site, *capabilities: str) -> dict[str, Row]:
    """Run the command; give its rows by their check."""
    rights = capabilities or (*ADMIN, *site.splunkd.roles()["cbsigned_admin"])
    result = site.host(site.splunkd.log_in("admin", *rights), "cbsignedcheck").generate()
    assert result.messages == []
    assert TOKEN not in json.dumps(result.rows) + site.logs()
    rows = {str(row["check"]): row for row in result.rows}
    assert len(rows) == len(result.rows), "each check has a name of its own"
    assert all(set(row) == {"check", "status", "detail", "next_step"} for row in result.rows)
    assert all(row["detail"] for row in result.rows)
    assert all(bool(row["next_step"]) == (row["status"] != "ok") for row in result.rows)
    return rows


def _not_ok(rows: dict[str, Row]) -> dict[str, str]:
    return {check: str(row["status"]) for check, row in rows.items() if row["status"] != "ok"}


def test_all_is_well_in_the_lab(site: Site) -> None:
    """Every part is looked at, and nothing is to be done."""
    rows = _check(site)
    assert _not_ok(rows) == {}, {check: row["detail"] for check, row in rows.items() if row["status"] != "ok"}
    assert set(rows) >= {
        "Splunk", "add-on", "Python of the commands", "Python of the handlers", "libraries of the commands",
        "libraries of the handlers", "search: cbsigned", "search: cbsignedlearn", "account main",
        "account main: SHA-256", "account main: clock", "accounts", "macro cbsigned_account",
        "KV store: cbsigned_verdicts", "rights: cbsigned_baselines", "lookups", "lists", "handler verdicts",
        "handler baselines", "right to search", "right to set up", "baselines", "input cbsigned_processes://main",
        "saved searches", "search head cluster",
    }  # fmt: skip


def test_several_faults_at_once_are_all_told(site: Site, edr: EdrServer) -> None:
    """Through the command itself; one that breaks off keeps no other from being looked at."""
    edr.fail(Fault.BAD_TOKEN)
    site.splunkd.app_version = "0.0.9"
    site.splunkd.confs["savedsearches"][SWEEP]["enableSched"] = "0"
    del site.splunkd.collections["cbsigned_verdicts"]
    rows = _check(site, *ADMIN, "run_custom_command", "cbsigned_lookup", "cbsigned_admin")
    assert _not_ok(rows) == {
        "account main": "fail", "add-on": "fail", "saved searches": "warn", "KV store: cbsigned_verdicts": "fail",
        "right to set up": "warn",
    }  # fmt: skip


def test_whoever_may_not_look_is_told_whom_to_ask(site: Site) -> None:
    """The rest of what he may look at is looked at."""
    rows = _check(site, "search", "run_custom_command", "cbsigned_lookup")
    assert _not_ok(rows) == {"right to set up": "warn", "handler health": "fail"}
    assert "cbsigned_admin" in str(rows["handler health"]["next_step"])
