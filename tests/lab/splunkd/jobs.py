"""Searches as splunkd's REST API tells of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


class JobPhase(Enum):
    """What `dispatchState` says of a search, in the order of its life; then the ways in which it ends badly."""

    QUEUED = "QUEUED"
    PARSING = "PARSING"
    RUNNING = "RUNNING"
    FINALIZING = "FINALIZING"  # every search's last phase: what stands behind `stats` runs now
    PAUSED = "PAUSED"
    DONE = "DONE"
    INTERNAL_CANCEL = "INTERNAL_CANCEL"
    USER_CANCEL = "USER_CANCEL"
    BAD_INPUT_CANCEL = "BAD_INPUT_CANCEL"
    QUIT = "QUIT"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Job:
    """A search that splunkd knows; `is_finalized`: stopped by somebody or by `max_time`, its rows are wanted."""

    phase: JobPhase = JobPhase.RUNNING
    is_finalized: bool = False
    events: int = 0

    def content(self, sid: str) -> dict[str, Any]:
        """Give what REST says of it."""
        return {
            "sid": sid,
            "dispatchState": self.phase.value,
            "isFinalized": self.is_finalized,
            "isDone": self.phase in {JobPhase.DONE, JobPhase.FAILED},
            "isFailed": self.phase is JobPhase.FAILED,
            "eventCount": self.events,
            "isPaused": self.phase is JobPhase.PAUSED,
        }
