"""MD5 hashes as event rows really carry them."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, NewType, Sequence, Tuple, Union

from cbverdict.lazy_pattern import LazyPattern
from cbverdict.remembered import remember_short

if TYPE_CHECKING:
    from typing_extensions import TypeGuard

Md5 = NewType("Md5", str)
"""32 lower-case hex digits, not all zero."""

Sha256 = NewType("Sha256", str)
"""64 lower-case hex digits, not all zero."""

FileHash = Union[Md5, Sha256]
"""What tells a file: its MD5 or, where that is not known, its SHA-256."""

FieldValue = Union[str, Sequence[str], None]
"""What a Splunk record holds in one field: a text, several (multivalue), or nothing."""

_MD5 = LazyPattern(r"[0-9a-f]{32}")
_HASH = LazyPattern(r"[0-9a-f]{32,128}")
_MD5_DIGITS, _SHA256_DIGITS = 32, 64
_SHA256 = LazyPattern(rf"[0-9a-f]{{{_SHA256_DIGITS}}}")
_SEPARATOR = LazyPattern(r"[\s,;|]+")
_BRACKETS = str.maketrans("{}[]()<>", "        ")
_QUOTES = "\"'`"
_SAME_LENGTH = "imphash"
_LABELS = {"md5", "md5sum", "hash.md5", "file.hash.md5", "process.hash.md5"}
_OTHER_HASHES = {40, 64, 96, 128}  # digits of SHA-1, SHA-256, SHA-384, SHA-512
_ABOUT_HASHES = {*_LABELS, "hash", "hashes", "file", "process", "sha1", "sha256", "imphash", "value", "algorithm"}
_HEX = LazyPattern(r"[a-f]{8,}")
_HAS_DIGIT = LazyPattern(r"[0-9]")  # no word for nothing has one
_VALUE = LazyPattern(r"[\w?-]")  # a value has one, be it a sign for nothing; JSON text has lines without
_AT_ENDS = " \t,;"
_LABEL_ABOVE = LazyPattern(r"([:=])\s*[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]\s*")
_LINE_ENDS = LazyPattern(r"[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_SHORT = 512  # what a field of hashes may take; a longer text is read, but not remembered


class Odd(Enum):
    """What a field may hold instead of an MD5 and of nothing."""

    SEVERAL = "several MD5s, or one beside something that is not of the same file"
    JUNK = "something that is no hash, or a cut one"


def parse_md5(value: FieldValue) -> Md5 | None:
    """Find the MD5 in a field's value.

    Takes a bare hash, a labelled list (`MD5=..,SHA256=..,IMPHASH=..`, as Sysmon writes it; JSON text) or several
    values (an md5 with its sha256 beside it). A hash with another label is never taken, although an IMPHASH has 32
    hex digits too.

    Returns None where there is no MD5 in it (empty, junk, another length, or all zeros, which is how Carbon
    Black writes "no hash": 30 zeros since 6.0, cbapi-python issue 57), and where there are several different
    ones, labelled or bare: one answer cannot stand for two binaries.
    """
    found = read_md5(value)
    return None if isinstance(found, Odd) else found


def read_md5(value: FieldValue) -> Md5 | Odd | None:
    """Read an MD5 hash, None where the value says nothing, or what is odd about one that is no single hash.

    Nothing are zeros, words for nothing (`unknown`, `-`, `(null)`) and hashes of other kinds: an MD5 may stand in
    another field. Cut hashes and several hashes are what this field says, and no other field may answer for it. In
    one text a labelled MD5 is the one, and a bare hash beside it another; several values, or lines of a text, must be
    of one file: an MD5 and at most one hash of each other kind, for a value that says nothing stands for another file.
    """
    if isinstance(value, str) and value.isalnum():
        return _read(value)  # as most are
    values = _texts_of(value)
    if len(values) == 1 and isinstance(value, str):
        return _read(values[0])
    read = {one: _read(one) for one in values}
    found = {one for one in read.values() if one is not None}
    if not found:
        return None
    others = (one.strip().lower() for one, md5 in read.items() if md5 is None)
    is_one_file = len(found) == 1 and None not in map(_kind_of, others) and not _has_several_of_a_kind(values)
    return found.pop() if is_one_file else Odd.SEVERAL


def has_any_hash(value: FieldValue) -> bool:
    """Return whether a field holds a hash of whatever kind: 32 hex digits or more, not all zeros."""
    tokens = (token for text in _texts_of(value) if len(text) >= _MD5_DIGITS for token in _tokens(text))
    return any(_HASH.fullmatch(token) and token.strip("0") for token in tokens)


def parse_sha256(value: FieldValue) -> Sha256 | None:
    """Find the one SHA-256 in a field's value (None: none, or several)."""
    found = read_sha256(value)
    return None if isinstance(found, Odd) else found


def read_sha256(value: FieldValue) -> Sha256 | Odd | None:
    """Read a SHA-256, None where there is none, or `Odd.SEVERAL` where there are several, or values of other files."""
    if not value or (isinstance(value, str) and len(value) < _SHA256_DIGITS):
        return None
    values = _texts_of(value)
    found = {token for text in values for token in _tokens(text) if _SHA256.fullmatch(token)}
    found = {digits for digits in found if digits.strip("0")}
    if not found:
        return None
    is_one_file = len(found) == 1 and (len(values) == 1 or all(_is_hash(one) for one in values))
    return Sha256(found.pop()) if is_one_file else Odd.SEVERAL


def parse_hash(text: str) -> FileHash | None:
    """Read a bare hash: 32 hex digits or 64, not all zero (None: it is neither)."""
    digits = text.lower()
    if not digits.strip("0"):
        return None
    if _MD5.fullmatch(digits):
        return Md5(digits)
    return Sha256(digits) if _SHA256.fullmatch(digits) else None


def is_sha256(file_hash: FileHash) -> TypeGuard[Sha256]:
    """Return whether a hash is a SHA-256."""
    return len(file_hash) == _SHA256_DIGITS


def _texts_of(value: FieldValue) -> list[str]:
    """Return the values of a field; lines of a text are values, which were joined (`nomv`)."""
    if isinstance(value, str):
        if value.isascii() and value.isprintable():
            return [value]  # as nearly all
        lines = (line.strip(_AT_ENDS) for line in _LINE_ENDS.split(_LABEL_ABOVE.sub(r"\1", value)))
        return list(filter(_VALUE.search, lines))
    return [str(one) for one in value] if isinstance(value, (list, tuple)) else []


def _is_hash(text: str) -> bool:
    return isinstance(_read(text), str) or _kind_of(text.strip().lower()) is not None


def _tokens(text: str) -> list[str]:
    return [token.rpartition("=")[2].strip(_QUOTES).lower() for token in _SEPARATOR.split(_close_up(text))]


def _has_several_of_a_kind(values: Sequence[str]) -> bool:
    """Return whether values hold different hashes of one kind, MD5s apart: they are of several files."""
    found: set[Tuple[Union[str, int], str]] = set()
    for token in (token for text in values for token in _SEPARATOR.split(_close_up(text))):
        label, _, digits = (part.strip(_QUOTES).lower() for part in token.rpartition("="))
        if len(digits) in _OTHER_HASHES and _HASH.fullmatch(digits) and digits.strip("0"):
            found.add((len(digits) if not label or "sha" in label else label, digits))
    return len({kind for kind, _ in found}) < len(found)


def _kind_of(text: str) -> str | int | None:
    """Return what kind of hash a text is, by its label or its digits (None: it is no hash)."""
    label, _, digits = _close_up(text).rpartition("=")
    digits = digits.strip(_QUOTES + " ")
    label = label.strip(_QUOTES + " ")
    if label and not _is_label_of_md5(label) and not digits.strip("0"):
        return label  # which was not worked out
    is_hash = _HASH.fullmatch(digits) is not None and digits.strip("0") != ""
    if not is_hash or not (label or len(digits) in _OTHER_HASHES):
        return None
    return label if len(digits) not in _OTHER_HASHES else len(digits)


@remember_short(_SHORT, most=65536)
def _read(text: str) -> Md5 | Odd | None:
    bare_digits = text.lower()
    if _MD5.fullmatch(bare_digits) and bare_digits.strip("0"):
        return Md5(bare_digits)  # as nearly always
    bare: set[Md5] = set()
    labelled: set[Md5] = set()
    is_odd = has_nothing = False
    for token in _SEPARATOR.split(_close_up(text)):
        label, sign, value = token.partition("=")
        if sign and not _is_label_of_md5(label.strip(_QUOTES).lower()):
            is_odd |= _MD5.fullmatch(label.lower()) is not None or "\\" in value  # a path
            continue  # another kind of hash
        digits = (value if sign else label).strip(_QUOTES).lower()
        digits = digits.removeprefix("0x")
        if _MD5.fullmatch(digits) and digits.strip("0"):
            (labelled if sign else bare).add(Md5(digits))
        else:
            is_odd |= _is_odd(digits)
            has_nothing |= _is_another_value(digits) or (digits != "" and digits.strip("0") == "")
    found = labelled | bare
    # What says nothing stands for another file, and a hash without a label beside this word may be one of that kind.
    is_odd |= not labelled and _SAME_LENGTH in bare_digits and f"{_SAME_LENGTH}=" not in _close_up(bare_digits)
    if len(found) == 1 and not (is_odd or has_nothing or _has_several_of_a_kind([text])):
        return next(iter(found))
    return Odd.SEVERAL if found else Odd.JUNK if is_odd else None


def _is_another_value(text: str) -> bool:
    """Return whether a text beside a hash is a value of its own, and not a word for what the hash is."""
    return _VALUE.search(text) is not None and text not in _ABOUT_HASHES and len(text) not in _OTHER_HASHES


def _is_label_of_md5(label: str) -> bool:
    return "md5" in label.replace("-", "")


def _is_odd(digits: str) -> bool:
    """Return whether a text is a cut hash or other junk with digits, not a word for nothing, zeros or another hash."""
    is_junk = _HAS_DIGIT.search(digits) is not None or _HEX.fullmatch(digits) is not None
    return is_junk and digits.strip("0") != "" and digits not in _LABELS and len(digits) not in _OTHER_HASHES


def _close_up(text: str) -> str:
    """Write labels without blanks around their sign (`MD5 : x`, `[MD5] x`: `MD5=x`), in linear time."""
    text = re.sub(r"\[(\w{3,9})\]", r"\1=", text) if "[" in text else text
    text = " ".join(text.translate(_BRACKETS).split()).replace(":", "=")
    return text.replace(" =", "=").replace("= ", "=")
