"""How the kind of an event is written: the numbers and the words in a text.

Some sources write `Sysmon:7`, some `0x7`, some `Event ID 7`, and some join several of them in one text.
"""

from __future__ import annotations

import re

from cbverdict.events.texts import plain
from cbverdict.lazy_pattern import LazyPattern
from cbverdict.remembered import remember_short

LONGEST_KIND = 80  # characters; a signature's name may be longer, and is no kind of event then
MOST_KINDS = 1000  # values; of more nobody says what they are

NUMBERED_FIELDS = frozenset(
    {
        "EventCode", "EventID", "event_id", "signature_id", "event.code", "event_code", "eventcode", "Event_ID",
        "EventId", "eventid", "Event.System.EventID", "winlog.event_id", "data.win.system.eventID", "System.EventID",
        "event_id.id", "values(EventCode)", "values(EventID)", "values(signature_id)",
    }
)  # fmt: skip
"""Where a number is that of a kind; elsewhere it is a level, a count or a part of a title."""

_NUMBER = LazyPattern(
    r"(?:[\w\- ]{1,60}(?:/[\w\- ]{1,30})?[/:=]|event ?(?:id|code)? )?0{0,8}(\d{1,6})(?:\.0{0,8})?", re.IGNORECASE
)
_HEX_NUMBER = LazyPattern(r"0x0{0,8}([0-9a-f]{1,4})")
_BETWEEN = LazyPattern(r"[,;|\s]+")  # what joins several of them in one text
_BEFORE_CAPITAL = LazyPattern(r"(?<=[a-z0-9])(?=[A-Z])")  # `ReflectiveDllInjection` is three words
_WORDS = LazyPattern(r"[a-z0-9]+")


def numbers_of(text: str) -> set[int]:
    """Return the number that a text is, or the numbers that were joined in it (none: it is no number)."""
    found = map(number_of, (text, *_BETWEEN.split(text[:LONGEST_KIND])))
    return {number for number in found if number is not None}


@remember_short(LONGEST_KIND)
def number_of(text: str) -> int | None:
    """Return the number that a text is (None: it is none)."""
    match = _NUMBER.fullmatch(text.strip())
    if match is not None:
        return int(match[1])
    in_hex = _HEX_NUMBER.fullmatch(text.strip().lower())
    return None if in_hex is None else int(in_hex[1], 16)


def word_of(text: str) -> str:
    """Return a text as one word, in small letters and without what stands between its words."""
    return "".join(_words_of(text))


def ends_of(text: str) -> list[str]:
    """Return the ends of `word_of`, from each word on: some sources write other words before a kind."""
    words = _words_of(text)
    return ["".join(words[start:]) for start in range(len(words))]


def _words_of(text: str) -> list[str]:
    if len(text) > LONGEST_KIND:
        return []
    return _WORDS.findall(plain(_BEFORE_CAPITAL.sub(" ", text)))
