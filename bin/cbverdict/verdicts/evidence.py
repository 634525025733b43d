"""What is asked about a process, and what Carbon Black said, before anything is made of it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cbverdict.verdicts.hashes import FileHash, Md5
    from cbverdict.verdicts.reasons import Reason
    from cbverdict.verdicts.signature import Signature


class Question(NamedTuple):
    """What a verdict is asked for: a file, with the process name where the question turns on it (else None).

    `md5` is a SHA-256 where no MD5 is known.
    """

    md5: FileHash
    name: str | None = None


class Hits(NamedTuple):
    """The hashes that the joint query found; `is_complete` is False where Carbon Black cut the search short."""

    md5s: frozenset[Md5]
    is_complete: bool


class Binaries(NamedTuple):
    """The binary documents found, by hash; a hash without one is not known to the server.

    `has_more` says that the server has more documents than it gave: another one of any of the hashes may be among
    them, and say the contrary.
    """

    signatures: dict[Md5, Signature]
    is_complete: bool
    has_more: bool = False


class ProcessCount(NamedTuple):
    """How many process documents (segments, not processes) match."""

    total: int
    is_complete: bool


class Joint(Enum):
    """What became of the joint query for one hash."""

    HIT = "hit"
    MISS = "miss"
    NOT_ASKED = "not asked"
    FAILED = "failed"


class Evidence(NamedTuple):
    """Everything that was learnt about one question.

    `signature` is None where the binary search knows no such hash, failed, or was not asked. `trouble` is
    why something is missing (None: all that was asked was answered). `may_be_contradicted` says that there are
    documents that nobody has seen, one of this binary perhaps.
    """

    joint: Joint = Joint.NOT_ASKED
    signature: Signature | None = None
    trouble: Reason | None = None
    may_be_contradicted: bool = False
