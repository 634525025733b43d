"""Macros: what stands between backticks, outside of quotation marks, is replaced before anything else."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping

from tests.lab.spl import values
from tests.lab.spl.clock import Clock
from tests.lab.spl.errors import SplError, suggest
from tests.lab.spl.expressions import compile_expression
from tests.lab.spl.functions.registry import BOOLEAN
from tests.lab.spl.scanning import split, strip_comments, unquote, walk

Macros = Mapping[str, Mapping[str, str]]
_CALL = re.compile(r"\s*([^\s()]+)\s*(?:\((.*)\))?\s*", re.DOTALL)
_DEEPEST = 50
_TRUE = {"1", "t", "true"}


def expand(text: str, macros: Macros, clock: Clock, depth: int = 0) -> str:
    """Take out comments and put in macros, and the macros within them.

    Raises:
        SplError: there is none of this name with so many arguments, an argument is not valid, or they go in a circle.
    """
    text = strip_comments(text)
    if "`" not in text:
        return text
    if depth > _DEEPEST:
        raise SplError("macros name each other in a circle")
    marks = [place for place, letter, _ in _unquoted(text) if letter == "`"]
    if len(marks) % 2:
        raise SplError(f"a backtick is not closed: {text}")
    parts, end = [], 0
    for first, last in zip(marks[::2], marks[1::2]):
        parts += [text[end:first], expand(_definition(text[first + 1 : last], macros, clock), macros, clock, depth + 1)]
        end = last + 1
    return "".join([*parts, text[end:]])


def _unquoted(text: str) -> List[tuple[int, str, bool]]:
    """Find what stands outside of quotation marks; within backticks, which may hold such marks, all of it."""
    outside = [entry for entry in walk(text, "") if entry[2]]
    kept = {place for place, _, _ in outside}
    return [(place, text[place], True) for place in sorted(kept)]


def _definition(call: str, macros: Macros, clock: Clock) -> str:
    match = _CALL.fullmatch(call)
    if match is None:
        raise SplError(f"`{call}` is no macro")
    given = [] if match[2] is None or not match[2].strip() else [part.strip() for part in split(match[2], ",")]
    stanza = match[1] if match[2] is None or not given else f"{match[1]}({len(given)})"
    if stanza not in macros:
        raise SplError(f"there is no macro {stanza}{suggest(stanza, macros)}")
    settings = macros[stanza]
    names = [name.strip() for name in settings.get("args", "").split(",") if name.strip()]
    if len(names) != len(given):
        raise SplError(f"the macro {stanza} has {len(names)} args, and is given {len(given)}")
    arguments = dict(zip(names, map(unquote, given)))
    _validate(stanza, settings, arguments, clock)
    definition = strip_comments(_fill(settings["definition"], arguments))
    if settings.get("iseval", "0").lower() in _TRUE:
        return values.text_of(compile_expression(definition, clock).evaluate({}) or "")
    return definition


def _fill(text: str, arguments: Dict[str, str]) -> str:
    return re.sub(r"\$(\w+)\$", lambda match: arguments.get(match[1], match[0]), text)


def _validate(stanza: str, settings: Mapping[str, str], arguments: Dict[str, str], clock: Clock) -> None:
    """Check the arguments: a Boolean must be true; a text is what is wrong, and null is fine."""
    if not settings.get("validation"):
        return
    expression = compile_expression(_fill(settings["validation"], arguments), clock)
    value = expression.evaluate({})
    if expression.kind == BOOLEAN:
        if value is not True:
            raise SplError(settings.get("errormsg") or f"the arguments of {stanza} are not valid")
    elif value is not None:
        raise SplError(values.text_of(value))
