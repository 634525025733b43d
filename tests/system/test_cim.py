"""`cbsigned:process` is what the Common Information Model wants of Endpoint.Processes, tried on real output."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import pytest

from tests.lab.arrivals import Arrivals
from tests.lab.confs import read_conf
from tests.lab.edr.estate import Estate
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.inputs import InputHost
from tests.lab.search_time import Row, SearchTime
from tests.lab.site import Site

DEFAULT = Path(__file__).resolve().parents[2] / "default"

# The data model's fields and the form that a value must have (Splunk's pytest-splunk-addon 7.0.5, Endpoint.json).
REQUIRED = {
    "action": r"allowed|blocked|deferred",
    "dest": r".+",
    "parent_process": r".+",
    "parent_process_id": r"\d+",
    "parent_process_name": r"[^\\/]+",
    "parent_process_path": r".+",
    "process": r".+",
    "process_id": r"\d+",
    "process_name": r"[^\\/]+",
    "process_path": r".+",
    "user": r".+",
    "vendor_product": r".+",
}
RECOMMENDED = {
    "os": r".+",
    "original_file_name": r"[^\\/]+",
    "parent_process_exec": r"[^\\/]+",
    "parent_process_guid": r".+",
    "parent_process_hash": r"[0-9a-f]{32}",
    "process_exec": r"[^\\/]+",
    "process_guid": r".+",
    "process_hash": r"[0-9a-f]{32}",
}
# Optional fields of the model that Carbon Black's process search does not have. user_id it has from 7.x sensors on.
NOT_KNOWN = {
    "cpu_load_percent", "loaded_file", "mem_used", "process_current_directory",
    "process_integrity_level", "user_id",
}  # fmt: skip


def _conf(name: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(DEFAULT / name, encoding="utf-8")
    return parser


def _searched(sourcetype: str, fields: dict[str, Any]) -> Row:
    """Give an event as it is searched, with what props.conf adds to it."""
    return SearchTime({"props": read_conf(DEFAULT / "props.conf")}).row(fields, sourcetype)


@pytest.fixture(scope="module")
def events() -> list[Row]:
    """Give what a search sees of what the input indexed, of processes whose parents Carbon Black knows."""
    arrivals = Arrivals(estate := Estate())
    arrivals.arrive(300, 1_793_606_400.0)
    arrivals.settle(1_793_606_500.0)
    with EdrServer(estate) as edr, Site() as site:
        site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
        events = InputHost(site, "cbsigned_processes").run(start="2026-10-01")
    seen = [_searched(event.sourcetype, event.fields) for event in events]
    return [fields for fields in seen if "parent_process_guid" in fields]


@pytest.mark.parametrize(("field", "form"), [*REQUIRED.items(), *RECOMMENDED.items()])
def test_every_required_and_recommended_field_is_there_and_well_formed(
    events: list[Row], field: str, form: str
) -> None:
    """In every event, not in one of them."""
    assert len(events) > 100
    for fields in events:
        assert re.fullmatch(form, str(fields.get(field, "")), re.DOTALL), (field, fields.get(field))


def test_what_the_model_has_besides_is_accounted_for(events: list[Row]) -> None:
    """A field that is not known is absent, which the model shows as unknown, and not made up."""
    assert events
    for fields in events:
        assert not NOT_KNOWN & set(fields)


def test_what_is_written_as_a_list_is_searched_under_its_own_name(events: list[Row]) -> None:
    """Splunk itself would name an array `group{}`: of watch lists, reasons, file names, groups and endpoints."""
    assert events
    for sourcetype, names in {
        "cbsigned:process": ("watchlists", "anomaly_reasons"),
        "cbsigned:binary": ("observed_filename", "group"),
        "cbsigned:health": ("dest", "clock_offset"),
    }.items():
        stamp = {"time": "2026-11-02T07:00:00.123Z"}
        assert (
            _searched(sourcetype, {**stamp, names[0]: ["a", "b"], names[1]: ["c"]}).items()
            >= {
                names[0]: ["a", "b"],
                names[1]: "c",
            }.items()
        )
        assert _searched(sourcetype, {**stamp, names[0]: "a"})[names[0]] == "a"


def test_the_tags_are_those_of_the_dataset() -> None:
    """tag=process tag=report, by an event type of the source type."""
    assert _conf("eventtypes.conf")["cbsigned_process"]["search"] == 'sourcetype="cbsigned:process"'
    assert dict(_conf("tags.conf")["eventtype=cbsigned_process"]) == {"process": "enabled", "report": "enabled"}


@pytest.mark.parametrize("sourcetype", ["cbsigned:process", "cbsigned:binary", "cbsigned:flip", "cbsigned:health"])
def test_the_time_is_where_props_says(sourcetype: str) -> None:
    """Every event begins with it, and its form is the one named."""
    settings = _conf("props.conf")[sourcetype]
    text = '{"time":"2026-11-02T07:00:00.123Z","a":1}'
    match = re.match(settings["TIME_PREFIX"], text)
    assert match
    assert settings["TIME_FORMAT"] == "%Y-%m-%dT%H:%M:%S.%3N"
    assert text[match.end() :][: int(settings["MAX_TIMESTAMP_LOOKAHEAD"])] == "2026-11-02T07:00:00.123"
    assert settings["TZ"] == "UTC"
    assert settings["KV_MODE"] == "json"
