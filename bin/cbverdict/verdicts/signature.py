"""The signature of a binary, and the one table of its fields.

A field of `Signature` is a column of the command's, a field of the inputs' events and a field of the verdict store's
documents, all under one name, so that a lookup can output what the command would. What Carbon Black calls it is known
to the room that asks it alone (`cbverdict.carbonblack.edr.digsig`).

Another field: one line in `Signature`, one in `SIGNATURE_COLUMNS`, then what tests/unit/test_signature_fields.py asks
for.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from operator import itemgetter
from typing import Any, Collection, Iterable, Mapping, NamedTuple

from cbverdict.lazy_pattern import LazyPattern
from cbverdict.placeholders import is_nothing, without_invisible

NAMES_SEPARATOR = "|"
"""Between several file names: no file of Windows' has it in its name. At the end: there are more than are kept."""

_COMMON_NAME = LazyPattern(r'(?:^|[,/;+])\s*CN\s*=\s*("[^"]*"|(?:\\.|[^,/;+\\])+)', re.IGNORECASE)
_ATTRIBUTE = LazyPattern(r"(?:^|[,/;+])\s*[\w.]+\s*=")  # what begins a part of a distinguished name
_MAX_NAMES = 64  # of a file; the most common have been seen under thousands
_MAX_NAMES_TEXT = 2048  # characters of them together


class SignatureStatus(Enum):
    """The eight values of `digsig_result`, in Carbon Black's own words.

    Source: "Advanced Search Queries", release 5.1, field type `sign`.
    """

    __hash__ = object.__hash__  # Enum's is made in Python, and each stored verdict is looked at

    SIGNED = "Signed"
    UNSIGNED = "Unsigned"
    BAD_SIGNATURE = "Bad Signature"
    INVALID_SIGNATURE = "Invalid Signature"
    EXPIRED = "Expired"
    INVALID_CHAIN = "Invalid Chain"
    UNTRUSTED_ROOT = "Untrusted Root"
    EXPLICIT_DISTRUST = "Explicit Distrust"


class Signature(NamedTuple):
    """The signature block of a binary document, and which file that is; empty is what the document does not have.

    `original_name` and `internal_name` are what its author called the file, `observed_names` the file names under which
    endpoints saw it, with bars between them, and one at the end where there are more. `sha256` and `md5` are in lower
    case.
    """

    result: str = ""
    publisher: str = ""
    issuer: str = ""
    subject: str = ""
    program: str = ""
    sign_time: str = ""
    original_name: str = ""
    internal_name: str = ""
    observed_names: str = ""
    sha256: str = ""
    md5: str = ""

    @classmethod
    def from_columns(cls, row: Mapping[str, Any]) -> Signature:
        """Read a signature from its columns, all of which must be there (`KeyError`)."""
        return cls(*map(str, _IN_COLUMNS(row)))

    @property
    def columns(self) -> dict[str, str]:
        """The signature as columns."""
        return dict(zip(_COLUMNS, self))

    @property
    def values(self) -> tuple[str, ...]:
        """The values of the fields, in the order of `SIGNATURE_FIELDS`."""
        return tuple(self)

    @property
    def author_names(self) -> tuple[str, ...]:
        """What its author called the file, in the spelling that `write_names` can keep."""
        return tuple(map(_without_separator, filter(None, (self.original_name, self.internal_name))))

    @property
    def names(self) -> tuple[str, ...]:
        """All the names that the file is known by."""
        return (*self.author_names, *self.seen_names)

    @property
    def seen_names(self) -> tuple[str, ...]:
        """The names under which endpoints saw the file, as far as they are kept."""
        return tuple(filter(None, self.observed_names.split(NAMES_SEPARATOR)))

    @property
    def signer(self) -> str:
        """Who signed: the publisher, else the common name of the certificate's subject (empty: nobody is named)."""
        named = self.publisher.strip() if self.names_publisher else self.subject.strip()
        common_name = _COMMON_NAME.search(named)
        return common_name.group(1).strip('" ') if common_name else named

    @property
    def names_publisher(self) -> bool:
        """Whether the publisher is somebody: no word for nothing, and something that can be read."""
        return _names_somebody(self.publisher)

    @property
    def has_more_names(self) -> bool:
        """Whether endpoints saw the file under more names than are kept: which those are is not known."""
        return self.observed_names.endswith(NAMES_SEPARATOR)

    @property
    def is_collected(self) -> bool:
        """Whether an endpoint has reported the signature: `(unknown)` and nothing at all mean it has not."""
        return self.result.strip().lower() not in {"", "(unknown)"}

    @property
    def may_count_as_signed(self) -> bool:
        """Whether it is a good one, or one that an admin may let count as good."""
        return self.status in {SignatureStatus.SIGNED, SignatureStatus.EXPIRED}

    @property
    def status(self) -> SignatureStatus | None:
        """The status, or None where Carbon Black's word is not one of the eight."""
        return _STATUS_BY_WORD.get(self.result.strip().lower())


@lru_cache(maxsize=4096)  # few publishers sign many files
def _names_somebody(publisher: str) -> bool:
    parts = _ATTRIBUTE.split(without_invisible(publisher))
    return any(any(map(str.isalnum, part)) and not is_nothing(part) for part in parts)


class SignatureField(NamedTuple):
    """A row of the table: the attribute of `Signature`, its column, and whether `details=false` leaves it off rows."""

    attribute: str
    column: str
    is_detail: bool


SIGNATURE_COLUMNS = {
    "result": "process_signature_status",
    "publisher": "process_signature_publisher",
    "issuer": "process_signature_issuer",
    "subject": "process_signature_subject",
    "program": "process_signature_program",
    "sign_time": "process_signature_time",
    "original_name": "process_original_name",
    "internal_name": "process_internal_name",
    "observed_names": "process_observed_names",
    "sha256": "process_document_sha256",
    "md5": "process_document_md5",
}
"""The column of each attribute."""

_NO_DETAILS = {"result"}
SIGNATURE_FIELDS = tuple(
    SignatureField(name, SIGNATURE_COLUMNS[name], name not in _NO_DETAILS) for name in Signature._fields
)

_COLUMNS = tuple(one.column for one in SIGNATURE_FIELDS)
_IN_COLUMNS = itemgetter(*_COLUMNS)
_STATUS_BY_WORD = {status.value.lower(): status for status in SignatureStatus}


def write_names(names: Iterable[str], *, has_more: bool = False) -> str:
    """Write file names for `Signature.observed_names`, each once, as many as there is room for."""
    text = ""
    for number, name in enumerate(dict.fromkeys(map(_without_separator, filter(None, names)))):
        longer = f"{text}{NAMES_SEPARATOR}{name}" if text else name
        if number >= _MAX_NAMES or len(longer) > _MAX_NAMES_TEXT:
            has_more = True
            break
        text = longer
    return text + NAMES_SEPARATOR if has_more else text


def _without_separator(name: str) -> str:
    """Spell a name without what stands between names, which no file name of Windows has."""
    return name.replace(NAMES_SEPARATOR, "_")


def worse_of(one: Signature, other: Signature) -> Signature:
    """Return what two documents of one binary come to, whichever comes first: the doubt counts.

    A status that speaks against the binary counts before one that is not known here, that before a good one, and any
    before none. Two good ones of different signers are no status at all, nor are two files of one MD5, unless something
    speaks against them. The file is known by the names in both.
    """
    worse, better = sorted((one, other), key=_badness, reverse=True)
    names = _united_names(worse, better)
    if worse.is_collected and not worse.may_count_as_signed:
        return worse._replace(observed_names=names)
    if better.sha256 and worse.sha256 and worse.sha256 != better.sha256:
        return Signature(_SEVERAL_FILES, observed_names=_all_names(worse, better))
    publishers = {worse.publisher, better.publisher if better.may_count_as_signed else ""} - {""}
    if len(publishers) > 1:
        signed = f"{SignatureStatus.SIGNED.value} by several publishers"
        return Signature(signed, observed_names=_all_names(worse, better))
    return worse._replace(
        publisher=next(iter(publishers), ""),
        observed_names=names,
        sha256=worse.sha256 or better.sha256,
        md5=worse.md5 or better.md5,
    )


def _united_names(worse: Signature, better: Signature) -> str:
    """Unite the names that endpoints saw, and those of an author who is not the same in both."""
    if worse.observed_names == better.observed_names and worse.author_names == better.author_names:
        return worse.observed_names
    return _all_names(worse, better, worse.author_names)


def _all_names(one: Signature, other: Signature, but: Collection[str] = ()) -> str:
    names = {*one.names, *other.names}.difference(but)
    return write_names(sorted(names), has_more=one.has_more_names or other.has_more_names)


_SEVERAL_FILES = "Several files of one MD5"


def _badness(signature: Signature) -> tuple[int, tuple[str, ...]]:
    """Rank a signature; where two are as bad, by their text, so that the order in which they came says nothing."""
    rank = _FROM_GOOD_TO_BAD.index(signature.status) if signature.is_collected else -1
    return rank, signature.values


_FROM_GOOD_TO_BAD = (
    SignatureStatus.SIGNED,
    SignatureStatus.EXPIRED,  # which an admin may let count as signed
    None,  # a word of Carbon Black's that is not known here
    SignatureStatus.UNSIGNED,
    SignatureStatus.INVALID_CHAIN,
    SignatureStatus.UNTRUSTED_ROOT,
    SignatureStatus.INVALID_SIGNATURE,
    SignatureStatus.BAD_SIGNATURE,
    SignatureStatus.EXPLICIT_DISTRUST,
)
