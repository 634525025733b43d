"""The signature of a binary, and the one table of its fields.

A field of `Signature` is a column of the command's, a field of the inputs' events and a field of the verdict store's
documents, all under one name, so that a lookup can output what the command would. What Carbon Black calls it is known
to the room that asks it alone (`cbverdict.carbonblack.edr.digsig`).

Another field: one line in `Signature`, then what tests/unit/test_signature_fields.py asks for.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import Enum
from operator import attrgetter
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


def _column(name: str, *, is_detail: bool = True) -> Any:  # noqa: ANN401 - what `dataclass` makes a default of
    """Declare a field that is empty where a document does not have it, with its column `process_<name>`.

    `is_detail` says that `details=false` leaves it off the rows.
    """
    return field(default="", metadata={"column": f"process_{name}", "is_detail": is_detail})


@dataclass(frozen=True)
class Signature:
    """The signature block of a binary document, and which file that is; empty is what the document does not have.

    `original_name` and `internal_name` are what its author called the file, `observed_names` the file names under which
    endpoints saw it, with bars between them. `sha256` is in lower case.
    """

    result: str = _column("signature_status", is_detail=False)
    publisher: str = _column("signature_publisher")
    issuer: str = _column("signature_issuer")
    subject: str = _column("signature_subject")
    program: str = _column("signature_program")
    sign_time: str = _column("signature_time")
    original_name: str = _column("original_name")
    internal_name: str = _column("internal_name")
    observed_names: str = _column("observed_names")
    sha256: str = _column("document_sha256")

    @classmethod
    def from_columns(cls, row: Mapping[str, Any]) -> Signature:
        """Read a signature from its columns, all of which must be there (`KeyError`)."""
        return cls(*(str(row[column]) for column in _COLUMNS))

    @property
    def columns(self) -> dict[str, str]:
        """The signature as columns."""
        return dict(zip(_COLUMNS, self.values))

    @property
    def values(self) -> tuple[str, ...]:
        """The values of the fields, in the order of `SIGNATURE_FIELDS`."""
        values: tuple[str, ...] = _VALUES(self)
        return values

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


SIGNATURE_FIELDS = tuple(SignatureField(one.name, **one.metadata) for one in fields(Signature))
SIGNATURE_COLUMNS = {one.attribute: one.column for one in SIGNATURE_FIELDS}
"""The column of each attribute."""

_COLUMNS = tuple(SIGNATURE_COLUMNS.values())
_VALUES = attrgetter(*SIGNATURE_COLUMNS)
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
