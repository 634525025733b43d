"""What is asked about a process, and what Carbon Black said, before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cbverdict.hashes import Md5
    from cbverdict.verdict import Reason


class Question(NamedTuple):
    """What a verdict is asked for: a hash, with the process name where the question turns on it (else None)."""

    md5: Md5
    name: str | None = None


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


@dataclass(frozen=True)
class Signature:
    """The signature block of a binary document; an empty text is a field that the document does not have."""

    result: str = ""
    publisher: str = ""
    issuer: str = ""
    subject: str = ""
    program: str = ""
    sign_time: str = ""

    @property
    def is_collected(self) -> bool:
        """Whether an endpoint has reported the signature: `(unknown)` and nothing at all mean it has not."""
        return self.result.strip().lower() not in {"", "(unknown)"}

    @property
    def status(self) -> SignatureStatus | None:
        """The status, or None where Carbon Black's word is not one of the eight."""
        return _STATUS_BY_WORD.get(self.result.strip().lower())


_STATUS_BY_WORD = {status.value.lower(): status for status in SignatureStatus}


@dataclass(frozen=True)
class Hits:
    """The hashes that the joint query found; `is_complete` is False where Carbon Black cut the search short."""

    md5s: frozenset[Md5]
    is_complete: bool


@dataclass(frozen=True)
class Binaries:
    """The binary documents found, by hash; a hash without one is not known to the server."""

    signatures: dict[Md5, Signature]
    is_complete: bool


@dataclass(frozen=True)
class ProcessCount:
    """How many process documents (segments, not processes) match."""

    total: int
    is_complete: bool


class Joint(Enum):
    """What became of the joint query for one hash."""

    HIT = "hit"
    MISS = "miss"
    NOT_ASKED = "not asked"
    FAILED = "failed"


@dataclass(frozen=True)
class Evidence:
    """Everything that was learnt about one question.

    `signature` is None where the binary search knows no such hash, failed, or was not asked. `trouble` is
    why something is missing (None: all that was asked was answered).
    """

    joint: Joint = Joint.NOT_ASKED
    signature: Signature | None = None
    trouble: Reason | None = None
