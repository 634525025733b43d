"""tstats over the events of a data model, or over what every index keeps of its events."""

from __future__ import annotations

import re
from typing import Dict, List, Optional, Sequence

from tests.lab.spl.aggregations import Aggregation, parse_aggregations
from tests.lab.spl.arguments import Arguments
from tests.lab.spl.commands.filtering import with_subsearches
from tests.lab.spl.commands.registry import command
from tests.lab.spl.environment import Row, Search, with_cell
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.grouping import group, parse_fields, sorted_keys
from tests.lab.spl.scanning import split
from tests.lab.spl.terms import Terms, compile_terms, time_of
from tests.lab.spl.times import Span
from tests.lab.spl.values import format_number

_OPTIONS = (
    "summariesonly", "allow_old_summaries", "fillnull_value", "prestats", "local", "append", "chunk_size",
    "include_reduced_buckets",
)  # fmt: skip
_MODEL = re.compile(r"datamodel\s*=\s*\"?([\w.]+)\"?")
_INDEXED = {"_time", "index", "sourcetype", "source", "host"}


@command("tstats", generating=True)
def _tstats(_: List[Row], arguments: str, search: Search) -> List[Row]:
    clauses = _Clauses(arguments, search)
    rows = [row for row in clauses.events() if clauses.is_kept(row)]
    by = clauses.by
    if clauses.span:
        rows = [{**row, "_time": format_number(clauses.span.start(time_of(row)))} for row in rows]
    if clauses.fill is not None:
        rows = [{**dict.fromkeys(by, clauses.fill), **row} for row in rows]
    search.columns = [*by, *(one.name for one in clauses.aggregations)]
    groups = group(rows, by) if by else {(): rows}
    return [_aggregated(dict(zip(by, key)), groups[key], clauses.aggregations) for key in sorted_keys(groups)]


def _aggregated(row: Row, rows: Sequence[Row], aggregations: Sequence[Aggregation]) -> Row:
    for one in aggregations:
        row = with_cell(row, one.name, one.of(rows))
    return row


class _Clauses:
    """What tstats is told: aggregations FROM a data model WHERE terms BY fields."""

    def __init__(self, arguments: str, search: Search) -> None:
        self._search = search
        head, parts = _split(arguments)
        given = Arguments.parse(head, *_OPTIONS)
        if given.is_set("prestats", default=False) or given.is_set("append", default=False):
            raise UnsettledError("prestats and append of tstats")
        self.fill = given.options.get("fillnull_value")
        self.aggregations = parse_aggregations(given.words, search.clock)
        self.model = self._model(parts.get("from"))
        self._terms = self._where(parts.get("where", ""))
        self.by, self.span = self._by(parts.get("by", ""))
        self._refuse_unknown()

    def events(self) -> List[Row]:
        """Give all events of the data model, or of the indexes."""
        environment = self._search.environment
        if self.model is None:
            return [{"index": index, **row} for index, rows in environment.indexes.items() for row in rows]
        if self.model not in environment.data_models:
            raise SplError(f"there is no data model {self.model}")
        return [dict(row) for row in environment.data_models[self.model]]

    def is_kept(self, row: Row) -> bool:
        """Say whether an event is within the search's range and meets WHERE."""
        clock, own = self._search.clock, self._terms.bounds
        earliest = None if "earliest" in own else clock.earliest
        latest = None if "latest" in own else clock.latest
        if earliest is not None and time_of(row) < earliest:
            return False
        return not (latest is not None and time_of(row) >= latest) and self._terms.matches(row)

    @staticmethod
    def _model(text: Optional[str]) -> Optional[str]:
        if text is None:
            return None
        match = _MODEL.fullmatch(text.strip())
        if match is None:
            raise SplError(f"FROM {text.strip()}: a data model is expected")
        return match[1]

    def _where(self, text: str) -> Terms:
        return compile_terms(with_subsearches(text, self._search), self._search.clock, is_base=True)

    def _by(self, text: str) -> tuple[List[str], Optional[Span]]:
        given = Arguments.parse(text, "span")
        fields = parse_fields(given.words)
        if "_time" in fields and "span" not in given.options:
            raise SplError("BY _time of tstats needs span=")
        span = Span(given.options["span"], self._search.clock.zone) if "span" in given.options else None
        return fields, span

    def _refuse_unknown(self) -> None:
        """Refuse a field that is not the data set's: its name has a prefix until it is renamed."""
        used = [*self.by, *(one.field for one in self.aggregations if one.field)]
        if any("*" in name for name in used):
            raise SplError("tstats takes no wildcards")
        if self.model is None:
            unknown = [name for name in used if name not in _INDEXED]
        else:
            prefix = self.model.rpartition(".")[2] + "."
            unknown = [name for name in used if not name.startswith(prefix) and name not in _INDEXED]
        if unknown:
            raise SplError(f"tstats knows no field {', '.join(unknown)}")


def _split(arguments: str) -> tuple[str, Dict[str, str]]:
    """Split at FROM, WHERE and BY; WHERE keeps its text as it stands."""
    place, name = 0, "head"
    parts: Dict[str, str] = {"head": ""}
    for word in split(arguments, " \t\r\n"):
        if word.lower() in {"from", "where", "by"} and word.lower() not in parts:
            name = word.lower()
            parts[name] = ""
        else:
            parts[name] += arguments[place : place + len(word)] + " "
        place += len(word) + 1
    return parts.pop("head"), parts
