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
_LABEL = re.compile(r"([A-Za-z0-9_-]+)[=:](.*)")


def parse_md5(value: FieldValue) -> Md5 | None:
    """Find the MD5 in a field's value.

    Takes a bare hash, a labelled list (`MD5=..,SHA256=..,IMPHASH=..`, as Sysmon writes it) or several
    values (an md5 with its sha256 beside it). A labelled MD5 wins over a bare one; a hash with another
    label is never taken, although an IMPHASH has 32 hex digits too.

    Returns None where there is no MD5 in it: empty, junk, another length, or all zeros, which is how
    Carbon Black writes "no hash" (30 zeros since 6.0, cbapi-python issue 57).
    """
    if value is None:
        return None
    if isinstance(value, str):
        return _parse_text(value)
    return _parse_text(",".join(value))


@lru_cache(maxsize=65536)
def _parse_text(text: str) -> Md5 | None:
    bare: Md5 | None = None
    for token in _SEPARATOR.split(text.strip()):
        label = _LABEL.fullmatch(token)
        if label is None:
            bare = bare or _hash(token)
        elif label.group(1).upper() == "MD5" and _hash(label.group(2)):
            return _hash(label.group(2))
    return bare


def _hash(token: str) -> Md5 | None:
    digits = token.strip("\"'").lower()
    if _MD5.fullmatch(digits) and digits.strip("0"):
        return Md5(digits)
    return None
