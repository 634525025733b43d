"""What a search knows of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timezone, tzinfo
from typing import Optional


@dataclass(frozen=True)
class Clock:
    """When a search began, whose time zone it counts in, and its range of time (None: all time).

    Times are seconds since 1970; `latest` itself is left out.
    """

    now: float
    zone: tzinfo = timezone.utc
    earliest: Optional[float] = None
    latest: Optional[float] = None
