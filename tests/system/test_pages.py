"""The setup pages in a real browser: from the built package to a working `| cbsigned`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.lab.edr.estate import Estate
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.inputs import InputHost
from tests.lab.site import ROOT, Site
from tests.lab.web import SplunkWeb

BROWSER = ROOT / "tests" / "browser"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture
def site(installed: Path) -> Iterator[Site]:
    """Give a search head with the built package and no account."""
    with Site(installed, sys.executable) as site:
        yield site


@pytest.fixture
def web(site: Site) -> Iterator[SplunkWeb]:
    """Give the pages, for an admin."""
    if shutil.which("node") is None or CHROMIUM is None or not (BROWSER / "node_modules" / "playwright-core").is_dir():
        pytest.skip("LOUD SKIP: node, chromium or tests/browser/node_modules is missing, so no page is tried")
    with SplunkWeb(site, *site.splunkd.roles()["cbsigned_admin"]) as web:
        yield web


def _drive(web: SplunkWeb, edr: EdrServer, pictures: Path, *steps: str) -> dict[str, Any]:
    given = {
        "url": web.url,
        "edr": edr.url,
        "token": TOKEN,
        "pem": edr.trust_pem,
        "pictures": str(pictures),
        "chromium": CHROMIUM,
        "steps": steps,
    }
    done = subprocess.run(
        ["node", "setup.mjs"],  # noqa: S607 - any node
        cwd=BROWSER,
        input=json.dumps(given).encode(),
        capture_output=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr.decode()
    seen: dict[str, Any] = json.loads(done.stdout)
    assert "failed" not in seen, (seen["failed"], seen["errors"])
    return seen


def test_a_newcomer_gets_from_the_package_to_a_working_search(
    web: SplunkWeb, site: Site, edr: EdrServer, estate: Estate, tmp_path: Path
) -> None:
    """A wrong token and a missing CA are explained on the page; what works is saved, and a search answers with it."""
    estate.add_binary("a" * 32, "Signed", "c:\\a.exe", publisher="Example Corp")
    seen = _drive(web, edr, tmp_path, "addAccount", "editAccount", "changeVerdicts")
    assert "refused the API token: enter the current one" in seen["badToken"]
    assert "that the account does not trust" in seen["badCertificate"]
    assert set(seen["shownToken"]) <= {"*"}
    for page in (seen["pageAfterSave"], seen["pageAfterEdit"], seen["badToken"], seen["badCertificate"]):
        assert TOKEN not in page
    assert site.splunkd.confs["cbsigned_account"]["main"]["timeout"] == "20"
    assert seen["settingsStatus"] == 200
    assert site.splunkd.confs["cbsigned_settings"]["verdicts"]["keep_signed_days"] == "14"
    (row,) = site.search([{"md5": "a" * 32}], "server=main").rows
    assert (row["signed"], row["process_signature_publisher"]) == ("true", "Example Corp")


def test_an_input_is_created_and_runs_and_an_account_is_deleted(
    web: SplunkWeb, site: Site, edr: EdrServer, estate: Estate, tmp_path: Path
) -> None:
    """With nothing but the pages."""
    estate.add_binary("a" * 32, "Signed", "c:\\a.exe")
    site.save_account("main", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
    _drive(web, edr, tmp_path, "createInput")
    stanza = site.splunkd.confs["inputs"]["cbsigned_processes://all"]
    assert (stanza["account"], stanza["start"]) == ("main", "2026-01-01")
    InputHost(site, "cbsigned_processes", "all").run(**stanza)
    _drive(web, edr, tmp_path, "deleteAccount")
    assert "main" not in site.splunkd.confs["cbsigned_account"]
