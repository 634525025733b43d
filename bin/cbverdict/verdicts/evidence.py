"""What is asked about a process, and what Carbon Black said, before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cbverdict.verdicts.hashes import Md5
    from cbverdict.verdicts.reasons import Reason


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
    """The binary documents found, by hash; a hash without one is not known to the server.

    `has_more` says that the server has more documents than it gave: another one of any of the hashes may be among
    them, and say the contrary.
    """

    signatures: dict[Md5, Signature]
    is_complete: bool
    has_more: bool = False


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
    why something is missing (None: all that was asked was answered). `may_be_contradicted` says that there are
    documents that nobody has seen, one of this binary perhaps.
    """

    joint: Joint = Joint.NOT_ASKED
    signature: Signature | None = None
    trouble: Reason | None = None
    may_be_contradicted: bool = False


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
    texts = (signature.result, signature.publisher, signature.issuer, signature.subject, signature.program)
    return rank, (*texts, signature.sign_time)


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
