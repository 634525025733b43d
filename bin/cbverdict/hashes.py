"""MD5 hashes as event rows really carry them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NewType, Sequence, Union

Md5 = NewType("Md5", str)
"""32 lower-case hex digits, not all zero."""

FieldValue = Union[str, Sequence[str], None]
"""What a Splunk record holds in one field: a text, several (multivalue), or nothing."""

_MD5 = re.compile(r"[0-9a-f]{32}")
_SEPARATOR = re.compile(r"[\s,;|]+")
_LABEL = re.compile(r"([A-Za-z0-9_-]+)=(.*)")
_SHORT = 512  # what a field of hashes may take; a longer text is read, but not remembered


def parse_md5(value: FieldValue) -> Md5 | None:
    """Find the MD5 in a field's value.

    Takes a bare hash, a labelled list (`MD5=..,SHA256=..,IMPHASH=..`, as Sysmon writes it) or several
    values (an md5 with its sha256 beside it). A labelled MD5 wins over a bare one; a hash with another
    label is never taken, although an IMPHASH has 32 hex digits too.

    Returns None where there is no MD5 in it (empty, junk, another length, or all zeros, which is how Carbon
    Black writes "no hash": 30 zeros since 6.0, cbapi-python issue 57), and where there are several different
    ones: one answer cannot stand for two binaries.
    """
    if not isinstance(value, (str, list, tuple)):
        return None
    text = value if isinstance(value, str) else ",".join(map(str, value))
    return _parse_short(text) if len(text) <= _SHORT else _parse_text(text)


@lru_cache(maxsize=65536)
def _parse_short(text: str) -> Md5 | None:
    return _parse_text(text)


def _parse_text(text: str) -> Md5 | None:
    bare: set[Md5] = set()
    labelled: set[Md5] = set()
    for token in _SEPARATOR.split(_close_up(text)):
        label = _LABEL.fullmatch(token)
        if label is None:
            _add(bare, token)
        elif label.group(1).upper() == "MD5":
            _add(labelled, label.group(2))
    found = labelled or bare
    return next(iter(found)) if len(found) == 1 else None


def _close_up(text: str) -> str:
    """Write labels without blanks around their sign (`MD5 : x` as `MD5=x`), in time that grows with the text alone."""
    text = " ".join(text.split()).replace(":", "=")
    return text.replace(" =", "=").replace("= ", "=")


def _add(found: set[Md5], token: str) -> None:
    digits = token.strip("\"'").lower()
    if _MD5.fullmatch(digits) and digits.strip("0"):
        found.add(Md5(digits))
