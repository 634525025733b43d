"""Views that the app ships: what can be said of them without a Splunk and without drawing them."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from tests.lab.confs import read_conf
from tests.lab.dashboards import VIEWS, definition_of
from tests.lab.site import ROOT
from tests.lab.view_lint import faults_of

CONFS = {name: read_conf(ROOT / "default" / f"{name}.conf") for name in ("macros", "transforms", "commands")}
NAMES = sorted(path.stem for path in VIEWS.glob("*.xml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_view_is_xml_of_dashboard_studio(name: str) -> None:
    """Of version 2, with a label and a description, in a theme that an analyst may change."""
    root = ET.parse(VIEWS / f"{name}.xml").getroot()  # noqa: S314 - our own
    assert (root.tag, root.get("version")) == ("dashboard", "2")
    assert root.findtext("label")
    assert root.findtext("description")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wrong_that_splunk_would_forgive(name: str) -> None:
    """Sources, places, tokens, macros, lookups and commands; options and fields are looked at where it is drawn."""
    assert faults_of(definition_of(name), CONFS, {}) == []


def test_every_view_of_our_own_is_reached_from_the_navigation() -> None:
    """With the pages that UCC makes and those that every app has, and nothing that there is not."""
    nav = ET.parse(VIEWS.parent / "nav" / "default.xml")  # noqa: S314 - our own
    named = {str(view.get("name")) for view in nav.iter("view")}
    assert named == {*NAMES, "inputs", "configuration", "search", "reports", "alerts"}


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("`cbsigned_summary` | `cbsigned_row(a)`", ""),
        ("`cbsigned_summary` | `cbsigned_row(a, b)`", "no macro cbsigned_row(2)"),
        ("`cbsigned_nothing`", "no macro cbsigned_nothing"),
        ("| inputlookup cbsigned_nothing", "no lookup cbsigned_nothing"),
        ("| makeresults | cbsignednothing", "no command cbsignednothing"),
        ("search user=$person$", "as it is"),
        ("search user=$persn|s$", "nothing sets"),
        ("search user=$person|s$", ""),
    ],
)
def test_a_search_that_cannot_work_is_found(query: str, fault: str) -> None:
    """Before somebody opens it in Splunk."""
    definition = {
        "visualizations": {"v": {"type": "splunk.table", "dataSources": {"primary": "d"}}},
        "dataSources": {"d": {"type": "ds.search", "options": {"query": query}}},
        "inputs": {"i": {"type": "input.text", "options": {"token": "person"}}},
        "layout": {
            "structure": [{"item": "v", "position": {"x": 0, "y": 0, "w": 1, "h": 1}}],
            "globalInputs": ["i"],
        },
    }
    found = faults_of(definition, CONFS, {})
    assert ([fault in one for one in found] == [True]) if fault else (found == [])
