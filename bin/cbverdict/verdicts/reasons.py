"""The words of an answer: `signed`, `signed_source` and `signed_reason`."""

from __future__ import annotations

from enum import Enum

from cbverdict.verdicts.meanings import MEANINGS


class Signed(Enum):
    """The three answers. Unknown is never turned into true or false."""

    __hash__ = object.__hash__  # Enum's is made in Python, and an answer is hashed with each row's tag

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


class Source(Enum):
    """Where an answer came from: the values of `signed_source`."""

    __hash__ = object.__hash__  # likewise

    SERVER = "server"
    CACHE = "cache"
    NONE = "none"


_SIGNED = {True: Signed.TRUE, False: Signed.FALSE, None: Signed.UNKNOWN}


class Reason(Enum):
    """Why a verdict is what it is: the values of `signed_reason`.

    All that follows from a reason is an attribute of it; `cbverdict.verdicts.meanings.Meaning` explains them.
    """

    __hash__ = object.__hash__  # Enum's is made in Python, and a reason is hashed with each process

    JOINT = "joint"
    BINARY = "binary"
    REPORTED = "reported"
    PROG_NAME = "prog_name"
    NO_PROG_NAME = "no_prog_name"
    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad_signature"
    INVALID_SIGNATURE = "invalid_signature"
    EXPIRED = "expired"
    INVALID_CHAIN = "invalid_chain"
    UNTRUSTED_ROOT = "untrusted_root"
    EXPLICIT_DISTRUST = "explicit_distrust"
    CONFLICT = "conflict"
    UNRECOGNISED = "unrecognised"
    NOT_SEEN = "not_seen"
    NO_HASH = "no_hash"
    NO_NAME = "no_name"
    OTHER_FILE = "other_file"
    AMBIGUOUS = "ambiguous"
    NO_MD5 = "no_md5"
    INCOMPLETE = "incomplete"
    TIMEOUT = "timeout"
    BUDGET = "budget"
    CANCELLED = "cancelled"
    AUTH = "auth"
    REFUSED = "refused"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    UNREACHABLE = "unreachable"
    CERTIFICATE = "certificate"
    SETUP = "setup"
    NO_RIGHT = "no_right"
    SERVICE_ERROR = "service_error"

    def __init__(self, word: str) -> None:
        """Read what the word means; one without a meaning cannot be a reason (`KeyError`)."""
        meaning = MEANINGS[word]
        self.explanation = meaning.explanation
        self.next_step = meaning.next_step
        self.signed = _SIGNED[meaning.is_signed]
        self.fault = meaning.fault
        self.retention = meaning.retention
        self.may_pass = meaning.may_pass
        self.signature_exists = meaning.signature_exists
        self.is_published_rule = meaning.is_published_rule
        self.is_tampering = meaning.is_tampering
        self.is_of_row = meaning.is_of_row
        self.is_of_search = meaning.is_of_search
        self.is_outage = meaning.is_outage
        self.is_passing = meaning.is_passing
        self.may_be_too_much = meaning.may_be_too_much
        self.is_account_unusable = meaning.is_account_unusable
