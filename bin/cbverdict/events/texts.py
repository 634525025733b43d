"""Texts of a row: those that say something, and one spelling for what looks the same."""

from __future__ import annotations

import unicodedata
from typing import Iterable, Mapping, Sequence

from cbverdict.placeholders import has_invisible, is_nothing, without_invisible
from cbverdict.remembered import remember_short
from cbverdict.verdicts.hashes import FieldValue

Record = Mapping[str, FieldValue]

FILLED = "0"
"""What `fillnull` writes where it is not told otherwise."""

_LONGEST_SHOWN = 80  # characters
_SHORT = 512  # what is remembered; a longer text is read all the same


def plain(text: str) -> str:
    """Return the one spelling of all that looks the same: composed, in lower case, without what nobody sees."""
    return text.strip().lower() if text.isascii() and text.isprintable() else _plain_of_any(text)


@remember_short(_SHORT, most=16384)
def _plain_of_any(text: str) -> str:
    return _composed(_composed(without_invisible(text)).lower()).strip()


def _composed(text: str) -> str:
    """Return a text in Normalization Form C; a long one piece by piece.

    Marks are sorted by comparing each with all before it: 40,000 of them on one letter took five seconds.
    """
    pieces = (text[start : start + _SHORT] for start in range(0, len(text), _SHORT))
    return "".join(unicodedata.normalize("NFC", piece) for piece in pieces)


def values_of(value: FieldValue) -> Sequence[str]:
    """Return the values of a field, as texts: one, several (multivalue) or none."""
    if not value:
        return ()
    return (value,) if isinstance(value, str) else [str(one) for one in value]


def columns_of(records: Iterable[Record]) -> set[str]:
    """Return the columns in which at least one of these rows has something."""
    rows = list(records)
    return {name for name in set[str]().union(*rows) if any(row.get(name) for row in rows)}


def texts_of(record: Record, names: Sequence[str]) -> Sequence[str]:
    """Return what these fields of a row say, field by field and value by value; words for nothing are left out.

    A value of several lines is several values, which were joined (`nomv`).
    """
    texts: list[str] = []
    for name in names:
        value = record.get(name)
        if not value:
            continue  # as nearly all of them, for a row has the columns of one source
        for one in (value,) if isinstance(value, str) and "\n" not in value else _lines_of(value):
            text = one.strip()
            if not is_nothing(text):
                texts.append(text)
    return texts


def _lines_of(value: FieldValue) -> list[str]:
    return [line for one in values_of(value) for line in one.split("\n")]


def first_text(record: Record, names: Sequence[str]) -> str | None:
    """Return the first text among these fields of a row (None: all say nothing)."""
    for name in names:
        value = record.get(name)
        if not value:
            continue
        for one in (value,) if isinstance(value, str) and "\n" not in value else _lines_of(value):
            text = one.strip()
            if not is_nothing(text):
                return text
    return None


def has_several(record: Record, names: Sequence[str]) -> bool:
    """Return whether one of these fields has different texts, spellings apart."""
    several = (name for name in names if (value := record.get(name)) and _may_be_several(value))
    return any(len({plain(text) for text in texts_of(record, (name,))}) > 1 for name in several)


def _may_be_several(value: FieldValue) -> bool:
    return not isinstance(value, str) or "\n" in value


def shown(text: str) -> str:
    """Write a text so that each of its characters is seen, cut where it is long."""
    return ascii(text[:_LONGEST_SHOWN]) if has_invisible(text) else repr(text[:_LONGEST_SHOWN])
