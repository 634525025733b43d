"""What a search sees of an indexed event: what `default/props.conf` adds to it.

Nothing here runs SPL but the few functions that those lines use, on fields of one value.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, List

from tests.lab.confs import read_conf

Value = Any
Row = Dict[str, Any]

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[A-Za-z_]\w*|[(),.=])')
_FUNCTIONS: Dict[str, Callable[..., Value]] = {
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "null": lambda: None,
    "isnotnull": lambda value: value is not None,
    "isnull": lambda value: value is None,
    "lower": lambda value: None if value is None else str(value).lower(),
    "match": lambda value, form: value is not None and re.search(form, value) is not None,
    "replace": lambda value, form, new: None if value is None else re.sub(form, new, value),
    "in": lambda value, *others: value in others,
    "if": lambda condition, yes, no: yes if condition else no,
    "case": lambda *pairs: next((value for condition, value in zip(pairs[::2], pairs[1::2]) if condition), None),
}


class _Expression:
    """One expression of `eval`, evaluated while it is read."""

    def __init__(self, text: str, row: Row) -> None:
        self._tokens: List[str] = _TOKEN.findall(text)
        assert "".join(self._tokens) == re.sub(r'\s+(?=(?:[^"]*"[^"]*")*[^"]*$)', "", text), text
        self._row = row

    def value(self) -> Value:
        """Read alternatives; `OR` binds least."""
        value = self._both()
        while self._next() == "OR":
            self._tokens.pop(0)
            other = self._both()
            value = bool(value) or bool(other)
        return value

    def _both(self) -> Value:
        value = self._compared()
        while self._next() == "AND":
            self._tokens.pop(0)
            other = self._compared()
            value = bool(value) and bool(other)
        return value

    def _compared(self) -> Value:
        value = self._joined()
        if self._next() == "=":
            self._tokens.pop(0)
            return value == self._joined()
        return value

    def _joined(self) -> Value:
        value = self._single()
        while self._next() == ".":
            self._tokens.pop(0)
            other = self._single()
            value = None if value is None or other is None else f"{value}{other}"
        return value

    def _single(self) -> Value:
        token = self._tokens.pop(0)
        if token.startswith('"'):
            return re.sub(r'\\(["\\])', r"\1", token[1:-1])
        if self._next() != "(":
            return self._row.get(token)
        self._tokens.pop(0)
        arguments = []
        while self._next() != ")":
            arguments.append(self.value())
            if self._next() == ",":
                self._tokens.pop(0)
        self._tokens.pop(0)
        return _FUNCTIONS[token](*arguments)

    def _next(self) -> str:
        return self._tokens[0] if self._tokens else ""


def searched(sourcetype: str, fields: Row, props: Any) -> Row:
    """Add what a props.conf adds to an event: aliases first, then what is evaluated, each from what was there."""
    added = dict(fields)
    settings = read_conf(props)[sourcetype]
    for name, value in settings.items():
        if name.startswith("FIELDALIAS-"):
            match = re.fullmatch(r"(\w+) AS (\w+)", value)
            assert match, value
            if match[1] in added:
                added[match[2]] = added[match[1]]
    evaluated = {
        name[len("EVAL-") :]: _Expression(value, added).value() for name, value in settings.items() if "EVAL-" in name
    }
    return {**added, **{name: value for name, value in evaluated.items() if value is not None}}
