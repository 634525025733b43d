"""How long a server asks to wait before it is asked again."""

from __future__ import annotations

import email.utils
import math
import time

LONGEST_WAIT = 5.0
_LONGEST_DATE = 100  # characters


def retry_after(text: str | None) -> float | None:
    """Read how long the server asks to wait, at most 5 s (None: it does not say, or nothing that can be read)."""
    if text is None or len(text) > _LONGEST_DATE:
        return None
    try:
        seconds = float(text) if text.strip().isdigit() else _seconds_until(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else None


def _seconds_until(date: str) -> float:
    return email.utils.parsedate_to_datetime(date).timestamp() - time.time()
