"""Texts that say nothing: words for it, and characters that nobody sees."""

from __future__ import annotations

from cbverdict.lazy_pattern import LazyPattern

# What CIM data models, Carbon Black, Sysmon and Windows write where they know nothing.
_NOTHING = frozenset(
    {"", "-", "--", "unknown", "n/a", "none", "null", "nil", "undefined", "not available", "not applicable", "?"}
)
_AROUND = " \t\r\n()[]<>{}\"'"
_LONGEST_NOTHING = 40  # characters, brackets included
_INVISIBLE = LazyPattern(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028\u2029"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def is_nothing(text: str) -> bool:
    """Return whether a text is a word for nothing (`-`, `unknown`, `(null)`, `N/A`), in brackets or quotes or not."""
    return len(text) <= _LONGEST_NOTHING and text.strip(_AROUND).lower() in _NOTHING


def has_invisible(text: str) -> bool:
    """Return whether a text holds characters that nobody sees: control, zero-width or direction marks."""
    return (not text.isascii() and _INVISIBLE.search(text) is not None) or (text.isascii() and not text.isprintable())


def without_invisible(text: str) -> str:
    """Return a text without the characters that nobody sees."""
    return _INVISIBLE.sub("", text)
