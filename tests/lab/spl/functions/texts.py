"""Functions of texts."""

from __future__ import annotations

import hashlib
from typing import Callable
from urllib.parse import unquote

from tests.lab.spl import values
from tests.lab.spl.errors import UnsettledError
from tests.lab.spl.functions.numbers import whole_of
from tests.lab.spl.functions.registry import NUMBER, TEXT, function
from tests.lab.spl.patterns import substitute
from tests.lab.spl.values import Number, Value

_BLANKS = " \t"


@function("len", kind=NUMBER)
def _len(value: Value) -> Value:
    return Number(float(len(values.text_of(value))))


def _each(value: Value, change: Callable[[str], str]) -> Value:
    if isinstance(value, list):
        return [change(one) for one in value]
    return change(values.text_of(value))


@function("lower", kind=TEXT)
def _lower(value: Value) -> Value:
    return _each(value, str.lower)


@function("upper", kind=TEXT)
def _upper(value: Value) -> Value:
    return _each(value, str.upper)


@function("trim", arguments=(1, 2), kind=TEXT)
def _trim(value: Value, letters: Value = _BLANKS) -> Value:
    return values.text_of(value).strip(values.text_of(letters))


@function("ltrim", arguments=(1, 2), kind=TEXT)
def _ltrim(value: Value, letters: Value = _BLANKS) -> Value:
    return values.text_of(value).lstrip(values.text_of(letters))


@function("rtrim", arguments=(1, 2), kind=TEXT)
def _rtrim(value: Value, letters: Value = _BLANKS) -> Value:
    return values.text_of(value).rstrip(values.text_of(letters))


@function("substr", arguments=(2, 3), kind=TEXT)
def _substr(value: Value, start: Value, length: Value = None) -> Value:
    text, first = values.text_of(value), whole_of(start)
    if first == 0 or -first > len(text):
        raise UnsettledError(f"substr from {first}")
    begin = first - 1 if first > 0 else len(text) + first
    if length is None:
        return text[begin:]
    if whole_of(length) < 0:
        raise UnsettledError("substr of a negative length")
    return text[begin : begin + whole_of(length)]


@function("replace", arguments=3, kind=TEXT)
def _replace(value: Value, pattern: Value, replacement: Value) -> Value:
    return substitute(values.text_of(pattern), values.text_of(replacement), values.text_of(value))


@function("urldecode", kind=TEXT)
def _urldecode(value: Value) -> Value:
    text = values.text_of(value)
    if "+" in text:
        raise UnsettledError("urldecode of +")
    return unquote(text)


def _digest(name: str) -> None:
    @function(name, kind=TEXT)
    def _call(value: Value) -> Value:
        return hashlib.new(name, values.text_of(value).encode(), usedforsecurity=False).hexdigest()


for _name in ("md5", "sha1", "sha256", "sha512"):
    _digest(_name)
