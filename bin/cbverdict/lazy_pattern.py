"""Regular expressions that are compiled when they are first used."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, Callable, Iterator


class LazyPattern:
    """A regular expression; of all that rows may need, most searches need few, and each costs 0.1 ms to compile."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        """Store it."""
        self._pattern, self._flags = pattern, flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self._pattern, self._flags)

    @cached_property
    def fullmatch(self) -> Callable[[str], re.Match[str] | None]:
        """Match a whole text."""
        return self._compiled.fullmatch

    @cached_property
    def match(self) -> Callable[[str], re.Match[str] | None]:
        """Match the beginning of a text."""
        return self._compiled.match

    @cached_property
    def search(self) -> Callable[[str], re.Match[str] | None]:
        """Find the first match in a text."""
        return self._compiled.search

    @cached_property
    def split(self) -> Callable[..., list[Any]]:
        """Split a text at each match."""
        return self._compiled.split

    @cached_property
    def findall(self) -> Callable[[str], list[Any]]:
        """Return all matches in a text."""
        return self._compiled.findall

    @cached_property
    def finditer(self) -> Callable[[str], Iterator[re.Match[str]]]:
        """Return the matches in a text."""
        return self._compiled.finditer

    @cached_property
    def sub(self) -> Callable[[str | Callable[[re.Match[str]], str], str], str]:
        """Return a text with each match replaced."""
        return self._compiled.sub
