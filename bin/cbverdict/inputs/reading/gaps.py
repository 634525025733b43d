"""Rows that a server cannot serve: they are stepped over, told of, and tried again later."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, List, Sequence

from cbverdict.inputs.progress.window import epoch, second

if TYPE_CHECKING:
    from cbverdict.inputs.progress.checkpoint import Checkpoint, Span
    from cbverdict.inputs.reading.pages import Gap
    from cbverdict.inputs.reports.reporter import Reporter

logger = logging.getLogger(__name__)

FIRST_TRY_AFTER = 3600.0
"""Seconds after which what was stepped over is tried again; then twice as many, and so on."""

MAX_TRIES = 8
_MOST = 100  # that are remembered


def note_gaps(gaps: Sequence[Gap], checkpoint: Checkpoint, report: Reporter, now: float) -> Checkpoint:
    """Remember what was stepped over, and tell of what is new of it."""
    for gap in gaps:
        until = second(epoch(gap.until) + 1)
        if any(since <= gap.since <= end for since, end, _, _ in checkpoint.skipped):
            continue
        logger.warning("skipped since=%s until=%s trouble=%r", gap.since, until, gap.trouble)
        report.tell(
            "skipped",
            f"a row between {gap.since}Z and {until}Z could not be had, and was stepped over; it is tried again later: "
            f"{gap.trouble}",
            since=f"{gap.since}Z",
            until=f"{until}Z",
        )
        span = [gap.since, until, 0, now + FIRST_TRY_AFTER]
        checkpoint = replace(checkpoint, skipped=[*checkpoint.skipped, span][-_MOST:])
    return checkpoint


def due_gaps(checkpoint: Checkpoint, now: float) -> List[Span]:
    """Return what is to be tried again."""
    return [span for span in checkpoint.skipped if span[3] <= now]


def tried_gap(checkpoint: Checkpoint, gap: Span, report: Reporter, now: float, *, is_open: bool) -> Checkpoint:
    """Report what trying again came to; after some tries no more are made."""
    since, until, tries, _ = gap
    others = [span for span in checkpoint.skipped if span[:2] != gap[:2]]
    if not is_open:
        report.tell("skipped_over", f"what was stepped over between {since}Z and {until}Z was read")
    elif tries + 1 < MAX_TRIES:
        others.append([since, until, tries + 1, now + FIRST_TRY_AFTER * 2 ** (tries + 1)])
    else:
        report.tell("skipped", f"a row between {since}Z and {until}Z cannot be had, and is not tried any more")
    return replace(checkpoint, skipped=others)
