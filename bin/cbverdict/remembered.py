"""Functions of one text that remember what they found."""

from __future__ import annotations

from functools import lru_cache, wraps
from typing import Callable, TypeVar

Found = TypeVar("Found")


def remember_short(longest: int, most: int = 8192) -> Callable[[Callable[[str], Found]], Callable[[str], Found]]:
    """Have a function remember what it returned for texts of at most `longest` characters, the last `most` of them.

    A longer text is worked out each time, so that what rows hold cannot fill the memory.
    """

    def decorate(function: Callable[[str], Found]) -> Callable[[str], Found]:
        remembering = lru_cache(maxsize=most)(function)

        @wraps(function)
        def find(text: str) -> Found:
            return remembering(text) if len(text) <= longest else function(text)

        return find

    return decorate
