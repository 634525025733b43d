"""The text of a search: comments, quotation marks, brackets; where it may be split and into which words."""

from __future__ import annotations

import re
from typing import Iterator, List, Tuple

from tests.lab.spl.errors import SplError

_COMMENT = "```"
_CLOSING = {"[": "]", "(": ")"}
_ESCAPED = re.compile(r'\\(["\\])')


def walk(text: str, brackets: str = "[(") -> Iterator[Tuple[int, str, bool]]:
    """Give each character with its place and whether it stands outside of quotation marks and of these brackets.

    Raises:
        SplError: a quotation mark or a bracket is not closed, or closed without being opened.
    """
    expected: List[str] = []
    place = 0
    while place < len(text):
        letter = text[place]
        end = _end_of_quoted(text, place)
        if end > place:
            for inner in range(place, end):
                yield inner, text[inner], False
            place = end
            continue
        if letter in brackets:
            expected.append(_CLOSING[letter])
        is_outside = not expected
        closes = letter in {_CLOSING[bracket] for bracket in brackets}
        if closes and (not expected or expected.pop() != letter):
            raise SplError(f"{letter} closes nothing: {text}")
        yield place, letter, is_outside
        place += 1
    if expected:
        raise SplError(f"{expected[-1]} is missing: {text}")


def _end_of_quoted(text: str, place: int) -> int:
    """Give the end of the quoted text that begins here, or the place itself."""
    mark = text[place]
    if mark == '"':
        end = place + 1
        while end < len(text) and text[end] != '"':
            end += 2 if text[end] == "\\" else 1
        if end >= len(text):
            raise SplError(f"a quotation mark is not closed: {text[place:]}")
        return end + 1
    if mark == "'" and (place == 0 or not (text[place - 1].isalnum() or text[place - 1] == "_")):
        end = text.find("'", place + 1)
        return end + 1 if end > 0 else place
    return place


def strip_comments(text: str) -> str:
    """Take out what stands between triple backticks outside of quotation marks."""
    if _COMMENT not in text:
        return text
    kept: List[str] = []
    place = 0
    while place < len(text):
        if text.startswith(_COMMENT, place):
            end = text.find(_COMMENT, place + 3)
            if end < 0:
                raise SplError(f"a comment is not closed: {text[place:]}")
            kept.append(" ")
            place = end + 3
            continue
        end = max(_end_of_quoted(text, place), place + 1)
        kept.append(text[place:end])
        place = end
    return "".join(kept)


def split(text: str, separators: str, brackets: str = "[(") -> List[str]:
    """Split at any of these characters, outside of quotation marks and brackets."""
    parts, begin = [], 0
    for place, letter, is_outside in walk(text, brackets):
        if is_outside and letter in separators:
            parts.append(text[begin:place])
            begin = place + 1
    return [*parts, text[begin:]]


def bracketed(text: str) -> List[Tuple[str, bool]]:
    """Split a text into what stands outside and (True) within square brackets that are not within others."""
    parts: List[Tuple[str, bool]] = []
    begin = depth = 0
    for place, letter, is_unquoted in walk(text, ""):
        if not is_unquoted or letter not in "[]":
            continue
        depth += 1 if letter == "[" else -1
        if depth == (1 if letter == "[" else 0):
            parts.append((text[begin:place], letter == "]"))
            begin = place + 1
        if depth < 0:
            break
    if depth:
        raise SplError(f"brackets do not match: {text}")
    return [*parts, (text[begin:], False)]


def words(text: str) -> List[str]:
    """Split a command's arguments at blanks and commas; an option stays one word, also where it is written `a = b`."""
    found = [word for word in split(text, " \t\r\n,") if word]
    whole: List[str] = []
    for word in found:
        is_continued = whole and (whole[-1].endswith("=") or word.startswith("="))
        if is_continued and not whole[-1].endswith("==") and _NAME.fullmatch(whole[-1].rstrip("=")):
            whole[-1] += word
        else:
            whole.append(word)
    return whole


_NAME = re.compile(r"[A-Za-z_][\w.]*")


def unquote(word: str) -> str:
    r"""Take the quotation marks off; `\"` and `\\` are escapes, other backslashes stay."""
    if len(word) > 1 and word[0] == word[-1] == '"':
        return _ESCAPED.sub(r"\1", word[1:-1])
    if len(word) > 1 and word[0] == word[-1] == "'":
        return word[1:-1]
    return word


def is_quoted(word: str) -> bool:
    """Say whether a word stands in double quotation marks."""
    return len(word) > 1 and word[0] == word[-1] == '"'


def quote(text: str) -> str:
    """Put quotation marks round a text."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def subsearch_of(word: str) -> str:
    """Take the brackets off a subsearch.

    Raises:
        SplError: there are none.
    """
    if not (word.startswith("[") and word.endswith("]")):
        raise SplError(f"a subsearch in brackets is expected, not {word}")
    return word[1:-1].strip()
