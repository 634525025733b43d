"""Names that are made for one start, and what is left of them: the kind that they are counted as.

Installers, updates and temporary files have a new name each time (`is-06F3A.tmp`, `setup-1.2.3.exe`, `MSI1A2B.tmp`).
Counted as they are written, they make new names look usual, and hide what is telling. A version, a number, a run of
hexadecimal digits, a GUID and a name like noise become `*`; of a temporary file, all that stands behind the first dash.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from cbverdict.lazy_pattern import LazyPattern

if TYPE_CHECKING:
    import re

ANY = "*"
"""Stands for what differs from start to start; no name of a file on Windows has it."""

_TEMPORARY = LazyPattern(r"(?P<head>[^-]*-)?.*(?P<tail>\.te?mp)")
_GUID = LazyPattern(r"\{?[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}\}?")
_COPY = LazyPattern(r" ?[(\[]\d+[)\]]")
_NUMBER = LazyPattern(r"(?<![x\d])\d+(?:[._]\d+)+|\d{4,}")  # and no x86_64
_HEXADECIMAL = LazyPattern(r"[0-9a-f]{6,}")
_WORD = LazyPattern(r"[a-z0-9]+")
_CHANGE = LazyPattern(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])")
_MANY = LazyPattern(r"\*(?:[-_. +]*\*)+")
_LEAST_NOISE = 5  # characters of a word that is like noise
_CHANGES = 3  # between letters and digits in it
_DIGITS = 2  # in a run of hexadecimal digits: words have none, and names of products one


@lru_cache(maxsize=16384)
def kind_of(name: str) -> str:
    """Return what a name in lower case is counted as: itself, unless it is made for one start."""
    temporary = _TEMPORARY.fullmatch(name)
    if temporary:
        return f"{temporary['head'] or ''}{ANY}{temporary['tail']}"
    stem, dot, extension = name.rpartition(".")
    if not dot or extension.isdigit():
        stem, dot, extension = name, "", ""
    for pattern in (_GUID, _COPY):
        stem = pattern.sub(ANY, stem)
    stem = _WORD.sub(_without_noise, stem)
    stem = _NUMBER.sub(ANY, stem)
    return f"{_MANY.sub(ANY, stem)}{dot}{extension}"


@lru_cache(maxsize=16384)
def is_random(name: str) -> bool:
    """Return whether a name in lower case was made at random, and not only for a version or a copy of one."""
    if _TEMPORARY.fullmatch(name) or _GUID.search(name):
        return True
    stem = name.rpartition(".")[0] or name
    return any(_without_noise(match) == ANY for match in _WORD.finditer(stem))


def is_one_off(kind: str) -> bool:
    """Return whether a kind stands for names that are made for one start."""
    return ANY in kind


def _without_noise(match: re.Match[str]) -> str:
    word = match.group()
    is_hexadecimal = _HEXADECIMAL.fullmatch(word) is not None and sum(map(str.isdigit, word)) >= _DIGITS
    is_noise = len(word) >= _LEAST_NOISE and len(_CHANGE.findall(word)) >= _CHANGES
    return ANY if is_hexadecimal or is_noise else word
