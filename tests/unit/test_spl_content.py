"""The detections in package/content, run as in a content repository: what they find, and with which fields."""

from __future__ import annotations

import re
from typing import Dict, List

import pytest

from tests.lab.confs import read_conf
from tests.lab.four_programs import CIM_MACRO, DROPPER, EDITOR, UPDATE, data_models
from tests.lab.site import ROOT
from tests.lab.spl import run
from tests.lab.spl.environment import Row

DETECTIONS = sorted((ROOT / "package" / "content" / "detections").rglob("*.yml"))
NOW = 1_795_000_000.0
ANSWERS: Dict[str, Row] = {
    EDITOR.name: {"signed_reason": "joint", "anomaly_score": "31.5", "anomaly_reasons": ["first", "second"]},
    UPDATE.name: {"signed_reason": "bad_signature", "anomaly_score": "4", "anomaly_reasons": ["odd"]},
    DROPPER.name: {"signed_reason": "unsigned", "anomaly_score": "", "anomaly_reasons": ""},
}
NOTHING: Row = {"signed_reason": "not_seen", "anomaly_score": "", "anomaly_reasons": ""}
FOUND = {
    "program_unusual_for_its_person": [{"process_name": EDITOR.name, "anomaly_reasons": "first; second"}],
    "program_with_a_broken_signature": [{"process_name": UPDATE.name, "signed_reason": "bad_signature"}],
}
CONTENT_MACROS = {
    "security_content_summariesonly": {"definition": "summariesonly=false"},
    "security_content_ctime(1)": {
        "args": "field",
        "definition": 'convert timeformat="%Y-%m-%dT%H:%M:%S" ctime($field$)',
    },
    **{f"{path.stem}_filter": {"definition": "search *"} for path in DETECTIONS},
}
"""A content repository's own: which summaries, times as texts, and a filter for each detection, to be changed."""


def _cbsigned(rows: List[Row], _: List[str]) -> List[Row]:
    return [{**row, **ANSWERS.get(str(row["process_name"]), NOTHING)} for row in rows]


def _detect(name: str, **macros: Dict[str, str]) -> List[Row]:
    (path,) = (path for path in DETECTIONS if path.stem == name)
    match = re.search(r"^search: '(.*?)'$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert match
    return run(
        " ".join(match[1].replace("''", "'").split()),
        macros={**read_conf(ROOT / "default" / "macros.conf"), **CIM_MACRO, **CONTENT_MACROS, **macros},
        commands={"cbsigned": _cbsigned},
        data_models=data_models(NOW),
        now=NOW,
    )


@pytest.mark.parametrize("path", DETECTIONS, ids=lambda path: path.stem)
def test_a_detection_finds_what_it_is_named_for(path: object) -> None:
    """With its times as texts, as detections hand them on."""
    name = getattr(path, "stem", "")
    rows = _detect(name)
    expected = FOUND[name]
    assert [{field: row[field] for field in wanted} for row, wanted in zip(rows, expected)] == expected
    assert len(rows) == len(expected)
    for row in rows:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", str(row["firstTime"]))
        assert row["count"] == "2"


def test_the_shipped_filter_fits_behind_a_detection() -> None:
    """As the definition of its filter macro: it reads the times, and drops only what cbsigned says."""
    filter_macro = {"program_with_a_broken_signature_filter": {"definition": "`cbsigned_filter`"}}
    (row,) = _detect("program_with_a_broken_signature", **filter_macro)
    assert row["process_name"] == UPDATE.name
    assert "cbsigned_first_time" not in row
