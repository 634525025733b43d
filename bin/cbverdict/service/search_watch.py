"""Which searches are over, so that nobody is asked for them any more."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Callable

from cbverdict.splunkd.jobs import JobState

_REMEMBERED = 1000
_SUBSEARCH = "subsearch_"


class SearchWatch:
    """Remember of the latest searches that splunkd knew them, and which of them are over.

    A search that splunkd does not know counts as over only if it was known before: then it was cancelled. Of a
    subsearch nothing is believed: its job is one of its own, and ends when its parent still wants the rows.
    """

    def __init__(self) -> None:
        """Start without searches."""
        self._known: OrderedDict[str, bool] = OrderedDict()
        self._lock = Lock()

    def was_over(self, sid: str | None) -> bool:
        """Return whether a search was over when it was last looked at; splunkd is not asked."""
        return sid is not None and self._known.get(sid, False)

    def is_over(self, sid: str | None, look: Callable[[str], JobState]) -> bool:
        """Look whether a search was cancelled or finalised; where splunkd or nobody says which, it goes on."""
        if sid is None or sid.startswith(_SUBSEARCH):
            return False
        if self.was_over(sid):
            return True
        state = look(sid)
        is_over = state is JobState.OVER or (state is JobState.MISSING and sid in self._known)
        if is_over or state is JobState.GOING_ON:
            self._remember(sid, is_over=is_over)
        return is_over

    def _remember(self, sid: str, *, is_over: bool) -> None:
        with self._lock:
            self._known[sid] = is_over
            self._known.move_to_end(sid)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
