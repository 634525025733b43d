"""The signature of a binary, and the one table of its fields.

A field of `Signature` is a column of the command's, a field of the inputs' events and a field of the verdict store's
documents, all under one name, so that a lookup can output what the command would. What Carbon Black calls it is known
to the room that asks it alone (`cbverdict.carbonblack.edr.digsig`).

Another field: one line in `Signature`, one in `SIGNATURE_COLUMNS`, then what tests/unit/test_signature_fields.py asks
for.
"""

from __future__ import annotations

from enum import Enum
from operator import itemgetter
from typing import Any, Mapping, NamedTuple

NAMES_SEPARATOR = "|"
"""Between several file names: no file of Windows' has it in its name."""


class SignatureStatus(Enum):
    """The eight values of `digsig_result`, in Carbon Black's own words.

    Source: "Advanced Search Queries", release 5.1, field type `sign`.
    """

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
    endpoints saw it, with bars between them. `sha256` is in lower case.
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
        """What its author called the file."""
        return tuple(name for name in (self.original_name, self.internal_name) if name)

    @property
    def names(self) -> tuple[str, ...]:
        """All the names that the file is known by."""
        return (*self.author_names, *filter(None, self.observed_names.split(NAMES_SEPARATOR)))

    @property
    def is_collected(self) -> bool:
        """Whether an endpoint has reported the signature: `(unknown)` and nothing at all mean it has not."""
        return self.result.strip().lower() not in {"", "(unknown)"}

    @property
    def status(self) -> SignatureStatus | None:
        """The status, or None where Carbon Black's word is not one of the eight."""
        return _STATUS_BY_WORD.get(self.result.strip().lower())


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
}
"""The column of each attribute."""

_NO_DETAILS = {"result"}
SIGNATURE_FIELDS = tuple(
    SignatureField(name, SIGNATURE_COLUMNS[name], name not in _NO_DETAILS) for name in Signature._fields
)

_COLUMNS = tuple(one.column for one in SIGNATURE_FIELDS)
_IN_COLUMNS = itemgetter(*_COLUMNS)
_STATUS_BY_WORD = {status.value.lower(): status for status in SignatureStatus}


def worse_of(one: Signature, other: Signature) -> Signature:
    """Return what two documents of one binary come to, whichever comes first: the doubt counts.

    A status that speaks against the binary counts before one that is not known here, that before a good one, and any
    before none. Two good ones of different signers are no status at all.
    """
    worse, better = sorted((one, other), key=_badness, reverse=True)
    are_signed = worse.status is SignatureStatus.SIGNED and better.status is SignatureStatus.SIGNED
    if are_signed and better.publisher and worse.publisher != better.publisher:
        return Signature(f"{SignatureStatus.SIGNED.value} by several publishers")
    return worse


def _badness(signature: Signature) -> tuple[int, tuple[str, ...]]:
    """Rank a signature; where two are as bad, by their text, so that the order in which they came says nothing."""
    rank = _FROM_GOOD_TO_BAD.index(signature.status) if signature.is_collected else -1
    return rank, signature.values


_FROM_GOOD_TO_BAD = (
    SignatureStatus.SIGNED,
    None,  # a word of Carbon Black's that is not known here
    SignatureStatus.UNSIGNED,
    SignatureStatus.EXPIRED,
    SignatureStatus.INVALID_CHAIN,
    SignatureStatus.UNTRUSTED_ROOT,
    SignatureStatus.INVALID_SIGNATURE,
    SignatureStatus.BAD_SIGNATURE,
    SignatureStatus.EXPLICIT_DISTRUST,
)
