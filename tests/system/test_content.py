"""The story and the detections of package/content/: accepted by contentctl, and right on rows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.lab.confs import Stanzas, read_conf
from tests.lab.edr.estate import Estate
from tests.lab.host import Row
from tests.lab.site import ROOT, Site

CONTENTCTL = ROOT / ".venv" / "content" / "bin" / "contentctl"
CONTENT = ROOT / "package" / "content"
STORY = "Unusual and Untrusted Programs"
BROKEN = "Program With a Broken Signature"
UNUSUAL = "Program Unusual for Its Person"
SIGNED, TAMPERED = "a" * 32, "b" * 32
MONDAY = datetime(2026, 1, 5, tzinfo=timezone.utc)
NOWHERE = "http://127.0.0.1:9"
"""A proxy that nobody runs: whoever asks the network for anything fails."""


def _contentctl(repository: Path, verb: str) -> subprocess.CompletedProcess[str]:
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), NOWHERE)
    no_git = {"GIT_PYTHON_REFRESH": "quiet"}  # which it would ask for when it starts, and never needs here
    return subprocess.run(
        [str(CONTENTCTL), verb],
        cwd=repository,
        env={**os.environ, **proxies, **no_git},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a new content repository, as contentctl makes one, with ours copied into it."""
    if not CONTENTCTL.is_file():
        pytest.skip(f"LOUD SKIP: there is no {CONTENTCTL}, which `make test` sets up from Python 3.11 on")
    repository = tmp_path_factory.mktemp("content")
    done = _contentctl(repository, "init")
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.copytree(CONTENT, repository, dirs_exist_ok=True)
    return repository


@pytest.fixture(scope="module")
def built(repository: Path) -> Stanzas:
    """Give the saved searches of the app that contentctl builds of it, by the detection's name."""
    done = _contentctl(repository, "build")
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = (repository / "dist").glob("*/default/savedsearches.conf")
    return {name.split(" - ")[1]: stanza for name, stanza in read_conf(path).items() if name.endswith(" - Rule")}


def test_contentctl_validates_it_without_the_network(repository: Path) -> None:
    """And finds what is wrong in it, so that this can fail."""
    done = _contentctl(repository, "validate")
    assert done.returncode == 0, done.stdout + done.stderr
    path = repository / "detections" / "endpoint" / "program_unusual_for_its_person.yml"
    text = path.read_text(encoding="utf-8")
    try:
        path.write_text(text.replace(f"- {STORY}", "- Another Story"), encoding="utf-8")
        assert _contentctl(repository, "validate").returncode != 0
    finally:
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("detection", [BROKEN, UNUSUAL])
def test_a_detection_becomes_a_correlation_search_with_its_own_risk(built: Stanzas, detection: str) -> None:
    """Of the story, off until somebody enables it; all that its message names is a column."""
    stanza = built[detection]
    assert json.loads(stanza["action.escu.analytic_story"]) == [STORY]
    assert stanza["disabled"] == "true"
    risks: list[dict[str, Any]] = json.loads(stanza["action.risk.param._risk"])
    fields = {one.get("risk_object_field") or one["threat_object_field"] for one in risks}
    assert {"user", "dest"} < fields
    columns = _columns(stanza["search"])
    assert fields <= columns
    named = set(re.findall(r"\$(\w+)\$", stanza["action.risk.param._risk_message"]))
    assert named <= {*columns, "signed_reason", "anomaly_score", "anomaly_reasons"}


@pytest.mark.parametrize("detection", [BROKEN, UNUSUAL])
def test_a_detection_names_no_macro_of_ours(built: Stanzas, detection: str) -> None:
    """It would be built into the content's app, and count there instead of the one that is shipped."""
    macros = set(re.findall(r"`(\w+)", built[detection]["search"]))
    own = detection.lower().replace(" ", "_") + "_filter"
    assert macros == {"security_content_summariesonly", "drop_dm_object_name", "security_content_ctime", own}


def test_on_rows_they_find_what_they_say(built: Stanzas, site: Site, estate: Estate) -> None:
    """A file that was changed after it was signed, and a program in the middle of the night; not the everyday one."""
    estate.add_binary(SIGNED, "Signed", "c:\\a\\editor.exe", publisher="Example Corp")
    estate.add_binary(TAMPERED, "Bad Signature", "c:\\a\\editor.exe", publisher="Example Corp")
    days = [MONDAY + timedelta(days=day) for day in range(63) if day % 7 < 5]
    site.learn([_row(SIGNED, day + timedelta(hours=hour)) for day in days for hour in range(9, 17)])
    tuesday = MONDAY + timedelta(weeks=9, days=1)
    rows = [
        _row(SIGNED, tuesday + timedelta(hours=10)),
        _row(SIGNED, tuesday + timedelta(hours=2)),
        _row(TAMPERED, tuesday + timedelta(hours=10)),
    ]
    columns = {*_columns(built[UNUSUAL]["search"]), "firstTime", "lastTime"}
    found = site.search([{name: row[name] for name in columns & set(row)} for row in rows]).rows
    (least,) = re.findall(r"\| cbsigned \| where anomaly_score>=(\d+) ", built[UNUSUAL]["search"])
    (reasons,) = re.findall(r"\| cbsigned \| where in\(signed_reason, (.+?)\)", built[BROKEN]["search"])
    unusual = [float(str(row["anomaly_score"])) >= float(least) for row in found]
    broken = [row["signed_reason"] in json.loads(f"[{reasons}]") for row in found]
    assert unusual == [False, True, False]
    assert broken == [False, False, True]


def _columns(search: str) -> set[str]:
    """Read what a detection's tstats groups by, as it is after `drop_dm_object_name`."""
    (grouped,) = re.findall(r" by ((?:Processes\.\w+\s+)+)\|", search)
    return {name[len("Processes.") :] for name in grouped.split()}


def _row(md5: str, moment: datetime) -> Row:
    seconds = f"{moment.timestamp():.0f}"
    return {
        "_time": seconds,
        "firstTime": seconds,
        "lastTime": seconds,
        "process_hash": md5,
        "process_name": "editor.exe",
        "process_path": "C:\\a\\editor.exe",
        "original_file_name": "editor.exe",
        "process_guid": "{1}",
        "parent_process_name": "explorer.exe",
        "process": "editor.exe",
        "user": "ann",
        "dest": "PC7",
    }
