"""How long a verdict counts, by its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cbverdict.verdicts.meanings import Retention
from cbverdict.verdicts.reasons import Reason

if TYPE_CHECKING:
    from cbverdict.verdicts.verdict import Verdict

INDEXED_BASIS = "events, "
"""How the basis of a verdict begins that a saved search made of indexed events."""

INDEXED_LIFETIME = 86400.0
"""Seconds that such a verdict counts, for others may write to that index."""


class Lifetimes(NamedTuple):
    """How long a verdict is kept, in seconds: signed, not signed, and never seen."""

    signed: float = 30 * 86400.0
    not_signed: float = 7 * 86400.0
    not_seen: float = 900.0

    def of(self, verdict: Verdict) -> float | None:
        """Return the lifetime of a verdict (None: it is not kept, as one that contradicts itself is not)."""
        retention = verdict.reason.retention
        if retention is None or verdict.signed is not verdict.reason.signed:
            return None
        if verdict.reason is Reason.JOINT and verdict.signature is None:
            retention = Retention.NOT_SEEN  # The document could not be had: asked for again soon.
        seconds: float = getattr(self, retention.value)
        return seconds
