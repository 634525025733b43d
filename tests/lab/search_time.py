"""Fields of an event as a search sees it: props.conf's extractions, then event types and tags."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any, Dict, Mapping

from tests.lab.confs import Stanzas
from tests.lab.spl.clock import Clock
from tests.lab.spl.commands.structured import extract_all
from tests.lab.spl.expressions import compile_expression
from tests.lab.spl.terms import compile_terms
from tests.lab.spl.values import Cell, EmptyCell, format_number, to_cell

Row = Dict[str, Cell]
_ALIAS = re.compile(r"(\S+) AS (\S+)", re.IGNORECASE)
_NO_TIME = Clock(0.0)


class SearchTime:
    """What an app's confs make of an event at search time."""

    def __init__(self, confs: Mapping[str, Stanzas]) -> None:
        """Take the confs `props`, `eventtypes` and `tags`."""
        self._props = confs.get("props", {})
        types = confs.get("eventtypes", {})
        self._types = {name: compile_terms(stanza["search"], _NO_TIME).matches for name, stanza in types.items()}
        self._tags = confs.get("tags", {})

    def row(self, document: Mapping[str, Any], sourcetype: str, **metadata: str) -> Row:
        """Give an event's fields: of its JSON, of the metadata (`index`, `source`, `host`), and what confs add."""
        raw = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        stanza = self._props.get(sourcetype, {})
        row: Row = {"_raw": raw, "sourcetype": sourcetype, **metadata}
        if "TIME_PREFIX" in stanza:
            row["_time"] = _time(raw, stanza)
        if stanza.get("KV_MODE", "json") == "json":
            row = {**_settled(extract_all(document)), **row}
        row |= self._added(row, stanza)
        found = [name for name, matches in self._types.items() if matches(row)]
        tags = sorted({tag for name in found for tag in self._tags.get(f"eventtype={name}", {})})
        return {**row, **_several("eventtype", found), **_several("tag", tags)}

    @staticmethod
    def _added(row: Row, stanza: Mapping[str, str]) -> Row:
        """Give aliases, then what EVAL- makes of the event; each sees the event, not what another one made."""
        added: Row = {}
        for name, value in stanza.items():
            if name.startswith("FIELDALIAS-"):
                added |= {target: row[source] for source, target in _ALIAS.findall(value) if source in row}
        evaluated = {
            name[len("EVAL-") :]: to_cell(compile_expression(value, _NO_TIME).evaluate({**row, **added}))
            for name, value in stanza.items()
            if name.startswith("EVAL-")
        }
        return {**added, **{name: cell for name, cell in evaluated.items() if cell is not None}}


def _time(raw: str, stanza: Mapping[str, str]) -> str:
    """Read the time that stands behind TIME_PREFIX, in UTC."""
    assert stanza.get("TZ", "UTC") == "UTC"
    begin = re.search(stanza["TIME_PREFIX"], raw)
    assert begin is not None, f"TIME_PREFIX does not match {raw[:80]}"
    text = raw[begin.end() :][: int(stanza["MAX_TIMESTAMP_LOOKAHEAD"])]
    form = re.sub(r"%\d?N", "%f", stanza["TIME_FORMAT"])
    return format_number(datetime.strptime(text, form).replace(tzinfo=timezone.utc).timestamp())


def _settled(row: Row) -> Row:
    return {name: EmptyCell() if cell == "" else cell for name, cell in row.items()}


def _several(name: str, found: list[str]) -> Row:
    cell = to_cell(found)
    return {} if cell is None else {name: cell}
