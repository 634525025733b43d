"""What a search can fail with."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Iterable


class SplError(Exception):
    """The search fails in Splunk as well; the text says where."""


class UnknownCommandError(SplError):
    """There is no such command: neither a built-in that is implemented here, nor one of an app."""


class UnsettledError(SplError):
    """No public source says what Splunk makes of this, so nothing is guessed: write the search another way."""


def suggest(name: str, known: Iterable[str]) -> str:
    """Say which names that there are may be meant, to be put behind an error: the closest, or else all."""
    names = sorted(known)
    close = get_close_matches(name, names, n=3)
    return f": did you mean {' or '.join(close)}?" if close else f". There are: {', '.join(names) or 'none'}"
