"""The words of an answer: `signed`, `signed_source` and `signed_reason`."""

from __future__ import annotations

from enum import Enum


class Signed(Enum):
    """The three answers. Unknown is never turned into true or false."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


class Source(Enum):
    """Where an answer came from: the values of `signed_source`."""

    SERVER = "server"
    CACHE = "cache"
    NONE = "none"


class Reason(Enum):
    """Why a verdict is what it is: the values of `signed_reason`, explained in `lookups/cbsigned_reasons.csv`."""

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
