"""Commands that make rows: makeresults, inputlookup."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, List

from tests.lab.spl import values
from tests.lab.spl.arguments import Arguments
from tests.lab.spl.commands.registry import command
from tests.lab.spl.environment import Row, Search
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.functions.json_texts import as_text, dump

_MOST_DATA = 29_999
_OPTIONS = ("count", "annotate", "splunk_server", "splunk_server_group", "format", "data")


@command("makeresults", generating=True)
def _makeresults(_: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, *_OPTIONS)
    given.only_words(0, 0, "options of makeresults")
    if given.is_set("annotate", default=False):
        raise UnsettledError("annotate of makeresults")
    now = values.format_number(search.clock.now)
    if "data" not in given.options:
        return [{"_time": now} for _ in range(given.number("count", 1))]
    if "count" in given.options:
        raise UnsettledError("count and data of makeresults")
    return [{"_time": now, **row} for row in _data(given.options.get("format", ""), given.options["data"])]


def _data(form: str, text: str) -> List[Row]:
    if len(text) > _MOST_DATA:
        raise SplError(f"data of makeresults has more than {_MOST_DATA} characters")
    if form == "csv":
        return _csv(text)
    if form == "json":
        return _json(text)
    raise SplError("format of makeresults is csv or json")


def _csv(text: str) -> List[Row]:
    lines = list(csv.reader(io.StringIO(text.strip("\n")), strict=True))
    if not lines or any(len(line) != len(lines[0]) for line in lines):
        raise UnsettledError("data of makeresults with lines of unequal length")
    return [{name: _cell(value) for name, value in zip(lines[0], line)} for line in lines[1:]]


def _cell(text: str) -> str:
    return text or values.EmptyCell()


def _json(text: str) -> List[Row]:
    try:
        documents: Any = json.loads(text)
    except ValueError as error:
        raise SplError(f"data of makeresults is no JSON: {error}") from None
    if not isinstance(documents, list) or not all(isinstance(document, dict) for document in documents):
        raise SplError("data of makeresults is no list of objects")
    return [
        {"_raw": dump(document), **{name: as_text(value) for name, value in document.items()}} for document in documents
    ]
