"""The convert command."""

from __future__ import annotations

import re
from typing import Callable, Dict, List, Optional, Tuple

from tests.lab.spl import times, values
from tests.lab.spl.arguments import Arguments, select
from tests.lab.spl.commands.registry import command
from tests.lab.spl.environment import Row, Search, fields_of, with_cell
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.patterns import wildcard
from tests.lab.spl.scanning import unquote
from tests.lab.spl.values import format_number, parse_number

_CALL = re.compile(r"(\w+)(?:\((.*)\))?")
_DURATION = re.compile(r"(?:(\d+)\+)?(\d+):(\d+):(\d+)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([kmg]?)b?", re.IGNORECASE)
_MINUTES = re.compile(r"(?:(\d+):)?(\d+)\.(\d{3})")
_KILOBYTES = {"": 1, "k": 1, "m": 1024, "g": 1024 * 1024}
_FORMAT = "%m/%d/%Y %H:%M:%S"
Change = Callable[[str], Optional[str]]
"""What a value becomes (None: it goes)."""


@command("convert")
def _convert(rows: List[Row], arguments: str, search: Search) -> List[Row]:
    given = Arguments.parse(arguments, "timeformat")
    form = given.options.get("timeformat", _FORMAT)
    clauses = _clauses(given.words)
    skipped = set(select([pattern for function, pattern, _ in clauses if function == "none"], fields_of(rows)))
    for function, pattern, target in clauses:
        if function == "none":
            continue
        for name in select([pattern], fields_of(rows)):
            if name not in skipped:
                change = _best(rows, name) if function == "auto" else _changes(form, search)[function]
                rows = [_changed(row, name, _target(name, pattern, target), change) for row in rows]
    return rows


def _target(name: str, pattern: str, target: str) -> str:
    """Give the field that gets the value: the same, or AS another one, whose wildcard stands for the same text."""
    match = wildcard(pattern).fullmatch(name)
    assert match is not None
    return target.replace("*", match[1], 1) if "*" in pattern else target


def _best(rows: List[Row], name: str) -> Change:
    """Give the conversion that all values of a field can have; without one the field is left as it is."""
    found = [one for row in rows for one in values.settled(row.get(name))]
    if all(parse_number(one) is not None for one in found):
        return lambda text: text
    fitting = [change for pattern, change in _KNOWN if all(pattern.fullmatch(one) for one in found)]
    if len(fitting) > 1:
        raise UnsettledError(f"which conversion is the best one for {name}")
    return fitting[0] if fitting else lambda text: text


def _clauses(given: List[str]) -> List[Tuple[str, str, str]]:
    found: List[Tuple[str, str, str]] = []
    rest = list(given)
    while rest:
        match = _CALL.fullmatch(rest.pop(0))
        if match is None or match[1] not in _NAMES:
            raise SplError(f"convert takes one of {', '.join(_NAMES)} with a field")
        name = unquote((match[2] or "").strip()) or "*"
        target = name
        if rest and rest[0].lower() == "as":
            target = unquote(rest[1]) if len(rest) > 1 else ""
            del rest[:2]
        found.append((match[1], name, target))
    if not found:
        raise SplError("convert takes functions")
    return found


def _changed(row: Row, name: str, target: str, change: Change) -> Row:
    cells = values.settled(row.get(name))
    if len(cells) > 1:
        raise UnsettledError("convert of several values")
    if not cells:
        return row
    return with_cell(row, target, change(cells[0]))


def _must(match: Optional[re.Match[str]], text: str) -> re.Match[str]:
    if match is None:
        raise UnsettledError(f"convert of {text!r}, which is not of that kind")
    return match


def _seconds(text: str) -> Optional[str]:
    match = _must(_DURATION.fullmatch(text), text)
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return str(((days * 24 + hours) * 60 + minutes) * 60 + seconds)


def _kilobytes(text: str) -> Optional[str]:
    match = _must(_SIZE.fullmatch(text), text)
    return format_number(float(match[1]) * _KILOBYTES[match[2].lower()])


def _without_unit(text: str) -> Optional[str]:
    return _must(re.match(r"[+-]?\d+(?:\.\d+)?", text), text)[0]


def _milliseconds(text: str) -> Optional[str]:
    match = _must(_MINUTES.fullmatch(text), text)
    return format_number(int(match[1] or 0) * 60 + int(match[2]) + int(match[3]) / 1000)


_KNOWN: Tuple[Tuple[re.Pattern[str], Change], ...] = (
    (_DURATION, _seconds),
    (re.compile(r"\d+:\d+\.\d{3}"), _milliseconds),
    (re.compile(r"\d+(?:\.\d+)?[kmg]b?", re.IGNORECASE), _kilobytes),
    (re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?"), lambda text: text.replace(",", "")),
    (re.compile(r"[+-]?\d+(?:\.\d+)? *[a-zA-Z]+"), _without_unit),
)
"""What `auto` tries: the forms that the conversions are for."""


def _only_number(text: str) -> Optional[str]:
    return text if parse_number(text) is not None else None


_NAMES = ("auto", "ctime", "dur2sec", "memk", "mktime", "mstime", "none", "num", "rmcomma", "rmunit")


def _changes(form: str, search: Search) -> Dict[str, Change]:
    zone = search.clock.zone

    def ctime(text: str) -> Optional[str]:
        number = parse_number(text)
        if number is None:
            raise UnsettledError(f"ctime of {text!r}")
        return times.strftime(number, form, zone)

    def mktime(text: str) -> Optional[str]:
        moment = times.strptime(text, form, zone)
        if moment is None:
            raise UnsettledError(f"mktime of {text!r}")
        return format_number(moment)

    return {
        "ctime": ctime,
        "dur2sec": _seconds,
        "memk": _kilobytes,
        "mktime": mktime,
        "mstime": _milliseconds,
        "num": _only_number,
        "rmcomma": lambda text: text.replace(",", ""),
        "rmunit": _without_unit,
    }
