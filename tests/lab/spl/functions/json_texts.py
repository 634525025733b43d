"""Functions of JSON texts."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, List, Mapping

from tests.lab.spl import values
from tests.lab.spl.clock import Clock
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.functions.registry import BOOLEAN, MANY, TEXT, Evaluate, function
from tests.lab.spl.values import Cell, Number, Value

if TYPE_CHECKING:
    from tests.lab.spl.expressions import Expression

Row = Mapping[str, Cell]
_STEP = re.compile(r"([^.{}]+)|\{(\d*)\}")
_NOTHING = object()


def dump(value: Any) -> str:
    """Write JSON as Splunk does: without blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def load(text: str) -> Any:
    """Read JSON (`NOTHING`-like None for what is none is told by `is_json`).

    Raises:
        ValueError: it is no JSON.
    """
    return json.loads(text)


def steps_of(path: str) -> List[str | int | None]:
    """Split a path: keys are texts, `{1}` is a number, `{}` is None.

    Raises:
        SplError: it is malformed.
    """
    bare = path.replace(".", "")
    if "".join(match[0] for match in _STEP.finditer(path)) != bare:
        raise SplError(f"{path!r} is no path")
    return [match[1] or (int(match[2]) if match[2] else None) for match in _STEP.finditer(path)]


def follow(document: Any, path: str) -> List[Any]:
    """Give what lies at a path: one thing, or one for each place that `{}` reaches."""
    found = [document]
    for step in steps_of(path):
        found = [inner for one in found for inner in _inside(one, step)]
    return found


def _inside(one: Any, step: str | int | None) -> List[Any]:
    if isinstance(step, str):
        return [one[step]] if isinstance(one, dict) and step in one else []
    if not isinstance(one, list):
        return []
    return one if step is None else one[step : step + 1]


def as_text(value: Any) -> str:
    """Give a JSON value as a field holds it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    return value if isinstance(value, str) else dump(value)


def _document(value: Value) -> Any:
    try:
        return load(values.text_of(value))
    except ValueError:
        return _NOTHING


def _extracted(value: Any) -> Value:
    if value is None:
        raise UnsettledError("json_extract of a null of JSON")
    return values.from_cell(as_text(value))


@function("json_extract", arguments=(1, MANY))
def _json_extract(value: Value, *paths: Value) -> Value:
    document = _document(value)
    if document is _NOTHING:
        return None
    if not paths:
        return dump(document)
    given = [_at(document, values.text_of(path)) for path in paths]
    if len(given) > 1:
        return dump([None if one is _NOTHING else one for one in given])
    return None if given[0] is _NOTHING else _extracted(given[0])


def _at(document: Any, path: str) -> Any:
    found = follow(document, path)
    if "{}" in path:
        return found or _NOTHING
    return found[0] if found else _NOTHING


@function("json_extract_exact", arguments=(2, MANY))
def _json_extract_exact(value: Value, *keys: Value) -> Value:
    document = _document(value)
    if not isinstance(document, dict):
        return None
    names = [values.text_of(key) for key in keys]
    if len(names) > 1:
        return dump([document.get(name) for name in names])
    return _extracted(document[names[0]]) if names[0] in document else None


@function("json_keys", kind=TEXT)
def _json_keys(value: Value) -> Value:
    document = _document(value)
    return dump(list(document)) if isinstance(document, dict) else None


@function("json_valid", kind=BOOLEAN)
def _json_valid(value: Value) -> Value:
    return _document(value) is not _NOTHING


@function("json_has_key_exact", arguments=2, kind=BOOLEAN)
def _json_has_key_exact(value: Value, key: Value) -> Value:
    document = _document(value)
    if not isinstance(document, dict):
        raise UnsettledError("json_has_key_exact of what is no object")
    return values.text_of(key) in document


def _json_value(value: Value) -> Any:
    """Give a value as JSON: numbers and Booleans as such, a JSON object or array as it stands."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, Number):
        return int(value) if value.is_integer() and "." not in value.text else float(value)
    if isinstance(value, list):
        raise UnsettledError("several values in JSON")
    text = values.text_of(value)
    if text[:1] in "{[" and text:
        try:
            return load(text)
        except ValueError:
            return text
    return text


@function("json_object", arguments=(0, MANY), kind=TEXT, strict=False)
def _json_object(_: Clock, *pairs: Expression) -> Evaluate:
    if len(pairs) % 2:
        raise SplError("json_object takes pairs of a key and a value")

    def evaluate(row: Row) -> Value:
        given = [pair.evaluate(row) for pair in pairs]
        return dump({values.text_of(key): _json_value(value) for key, value in zip(given[::2], given[1::2])})

    return evaluate


@function("json_array", arguments=(0, MANY), kind=TEXT, strict=False)
def _json_array(_: Clock, *items: Expression) -> Evaluate:
    return lambda row: dump([_json_value(item.evaluate(row)) for item in items])


@function("json_array_to_mv")
def _json_array_to_mv(value: Value) -> Value:
    document = _document(value)
    return values.from_cell(values.joined([as_text(one) for one in document])) if isinstance(document, list) else None


@function("mv_to_json_array", kind=TEXT)
def _mv_to_json_array(value: Value) -> Value:
    return dump(values.settled(values.to_cell(value)))


@function("json_set", arguments=(3, MANY), kind=TEXT)
def _json_set(value: Value, *pairs: Value) -> Value:
    document = _document(value)
    if not isinstance(document, dict) or len(pairs) % 2:
        raise UnsettledError("json_set of what is no object")
    for key, given in zip(pairs[::2], pairs[1::2]):
        steps = steps_of(values.text_of(key))
        if len(steps) != 1 or not isinstance(steps[0], str):
            raise UnsettledError("json_set along a path")
        document[steps[0]] = _json_value(given)
    return dump(document)


@function("json_delete", arguments=(2, MANY), kind=TEXT)
def _json_delete(value: Value, *keys: Value) -> Value:
    document = _document(value)
    if not isinstance(document, dict):
        raise UnsettledError("json_delete of what is no object")
    for key in keys:
        document.pop(values.text_of(key), None)
    return dump(document)


@function("spath", arguments=2)
def _spath(value: Value, path: Value) -> Value:
    document = _document(value)
    found = [] if document is _NOTHING else follow(document, values.text_of(path))
    return values.from_cell(values.joined([as_text(one) for one in found]))
