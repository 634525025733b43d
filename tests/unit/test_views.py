"""Views that the app ships: what can be said of them without a Splunk."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.lab.confs import read_conf
from tests.lab.spl import run

DEFAULT = Path(__file__).resolve().parents[2] / "default"
_MACRO = re.compile(r"`(\w+)(?:\(([^`]*)\))?`")


def faults_of(text: str) -> list[str]:
    """Return what is wrong with a view: it is no XML, or names a macro that the app does not have."""
    try:
        ET.fromstring(text)  # noqa: S314 - our own
    except ET.ParseError as error:
        return [f"it is no XML: {error}"]
    macros = read_conf(DEFAULT / "macros.conf")
    names = [f"{name}({arguments.count(',') + 1})" if arguments else name for name, arguments in _MACRO.findall(text)]
    return [f"there is no macro {name}" for name in names if name not in macros]


def test_every_view_is_xml_and_names_macros_that_there_are() -> None:
    """Whatever stands in the folder of views."""
    paths = sorted((DEFAULT / "data" / "ui" / "views").glob("*.xml"))
    assert {path.name: faults_of(path.read_text(encoding="utf-8")) for path in paths} == {
        path.name: [] for path in paths
    }


def test_every_view_of_our_own_is_reached_from_the_navigation() -> None:
    """With the pages that UCC makes, and nothing that there is not."""
    nav = ET.parse(DEFAULT / "data" / "ui" / "nav" / "default.xml")  # noqa: S314 - likewise
    named = [str(view.get("name")) for view in nav.getroot()]
    own = {path.stem for path in (DEFAULT / "data" / "ui" / "views").glob("*.xml")}
    assert set(named) == own | {"inputs", "configuration", "search"}


def test_the_health_page_shows_what_fails_first() -> None:
    """All columns of the check."""
    view = ET.parse(DEFAULT / "data" / "ui" / "views" / "cbsigned_health.xml")  # noqa: S314 - likewise
    command, _, rest = (view.findtext(".//query") or "").removeprefix("| ").partition(" | ")
    assert command == "cbsignedcheck"
    statuses = {"a": "ok", "b": "warn", "c": "fail", "d": "warn"}
    rows = [{"check": name, "status": status, "detail": "x", "next_step": "y"} for name, status in statuses.items()]
    found = run(rest, rows=[dict(row) for row in rows])
    assert [row["check"] for row in found] == ["c", "b", "d", "a"]
    assert found.columns == ["status", "check", "detail", "next_step"]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("<view><query>`cbsigned_events` | `cbsigned_lookup_only(process_md5)`</query></view>", []),
        ("<view><query>`cbsigned_nothing` | `cbsigned_lookup_only(a, b)`</query></view>", ["nothing", "only(2)"]),
        ("<view><query></view>", ["it is no XML"]),
    ],
)
def test_a_view_that_cannot_work_is_found(text: str, faults: list[str]) -> None:
    """Before somebody opens it in Splunk."""
    found = faults_of(text)
    assert len(found) == len(faults)
    assert all(fault in one for fault, one in zip(faults, found))
