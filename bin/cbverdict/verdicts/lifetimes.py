"""How long a verdict counts, by its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cbverdict.verdicts.reasons import Reason, Signed

if TYPE_CHECKING:
    from cbverdict.verdicts.verdict import Verdict

# Whose answers are not about the signature itself, or are none: never kept.
_NEVER_KEPT = {Reason.PROG_NAME, Reason.NO_PROG_NAME}
_KEPT_UNKNOWNS = {Reason.NOT_SEEN, Reason.UNRECOGNISED}

INDEXED_BASIS = "events, "
"""How the basis of a verdict begins that a saved search made of indexed events."""

INDEXED_LIFETIME = 86400.0
"""Seconds that such a verdict counts, for others may write to that index."""


@dataclass(frozen=True)
class Lifetimes:
    """How long a verdict is kept, in seconds: signed, not signed, and never seen."""

    signed: float = 30 * 86400.0
    not_signed: float = 7 * 86400.0
    not_seen: float = 900.0

    def of(self, verdict: Verdict) -> float | None:
        """Return the lifetime of a verdict (None: it is not kept)."""
        if verdict.reason in _NEVER_KEPT:
            return None
        if verdict.signed is Signed.UNKNOWN:
            return self.not_seen if verdict.reason in _KEPT_UNKNOWNS else None
        if verdict.reason is Reason.JOINT and verdict.signature is None:
            return self.not_seen  # The document could not be had: asked for again soon.
        return self.signed if verdict.signed is Signed.TRUE else self.not_signed
