"""Patterns: regular expressions as PCRE writes them, wildcards, and sed."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Callable, List, Pattern

from tests.lab.spl.errors import SplError, UnsettledError

_NAMED = re.compile(r"\(\?<(?![=!])")
_GROUP = re.compile(r"\\(\d)")


@lru_cache(maxsize=4096)
def pcre(text: str) -> Pattern[str]:
    """Compile a regular expression.

    Raises:
        SplError: it is malformed, or uses what Python has not.
    """
    try:
        return re.compile(_NAMED.sub("(?P<", text))
    except re.error as error:
        raise SplError(f"the regular expression {text!r} is malformed: {error}") from None


@lru_cache(maxsize=4096)
def wildcard(text: str, *, is_any_case: bool = False) -> Pattern[str]:
    """Compile a text in which `*` stands for anything; what it stands for are the groups."""
    pattern = "(.*)".join(map(re.escape, text.split("*")))
    return re.compile(pattern, re.DOTALL | (re.IGNORECASE if is_any_case else 0))


def substitute(pattern: str, replacement: str, text: str) -> str:
    r"""Replace what a regular expression matches; `\1` is a group."""
    return pcre(pattern).sub(lambda match: _expand(match, replacement), text)


def _expand(match: re.Match[str], replacement: str) -> str:
    try:
        return _GROUP.sub(lambda group: match[int(group[1])] or "", replacement)
    except IndexError:
        raise SplError(f"{replacement!r} names a group that {match.re.pattern!r} has not") from None


def sed(script: str) -> Callable[[str], str]:
    """Compile `s/regex/replacement/flags` or `y/from/to/`.

    Raises:
        SplError: it is neither.
    """
    parts = _sed_parts(script)
    if script[0] == "y":
        if parts[2] or len(parts[0]) != len(parts[1]):
            raise SplError(f"{script!r} is no y command of sed")
        return lambda text: text.translate(str.maketrans(parts[0], parts[1]))
    pattern, replacement, flags = parts
    if flags == "g":
        return lambda text: substitute(pattern, replacement, text)
    if flags and not flags.isdigit():
        raise UnsettledError(f"the flags {flags} of sed")
    return lambda text: _replace_nth(pattern, replacement, text, int(flags or 1))


def _replace_nth(pattern: str, replacement: str, text: str, number: int) -> str:
    for place, match in enumerate(pcre(pattern).finditer(text), 1):
        if place == number:
            return text[: match.start()] + _expand(match, replacement) + text[match.end() :]
    return text


def _sed_parts(script: str) -> List[str]:
    parts = re.split(r"(?<!\\)/", script.strip())
    if len(parts) != 4 or parts[0] not in {"s", "y"}:
        raise SplError(f"{script!r} is no s or y command of sed")
    return [part.replace("\\/", "/") for part in parts[1:]]
