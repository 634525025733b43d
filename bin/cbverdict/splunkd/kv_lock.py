"""A lock in the KV store, which has no transactions: one writer at a time, whichever process or host it is."""

from __future__ import annotations

import time
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Callable, Iterator

from cbverdict.errors import StoreError

if TYPE_CHECKING:
    from cbverdict.splunkd.kvstore import Collection

HELD = 120.0
"""Seconds after which a lock is taken from whoever has it: it has ended without giving it back."""

PATIENCE = 30.0
"""Seconds that somebody waits for a lock; each holder has it for a second or two."""

_SKEW = 60.0  # how far the clocks of two search heads may be apart
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5


class KvLock:
    """The right to change some documents of a collection; what it is told by stands beside them."""

    def __init__(self, collection: Collection, key: str, clock: Callable[[], float] = time.time) -> None:
        """Store which right it is; `clock` gives seconds since 1970."""
        self._collection = collection
        self._key = key
        self._clock = clock
        self._owner = uuid.uuid4().hex

    @contextmanager
    def held(self) -> Iterator[None]:
        """Have the lock.

        Raises:
            StoreError: others have it all the time, or the KV store does not answer.
        """
        try:
            self._take()
            yield
        finally:
            with suppress(StoreError):  # Else the next one waits until it is over.
                self._collection.delete({"_key": self._key, "owner": self._owner})

    def _take(self) -> None:
        started, pause = time.monotonic(), _FIRST_PAUSE
        while not self._collection.insert(self._document()):
            self._end_of_others()
            if time.monotonic() - started > PATIENCE:
                raise StoreError(f"others write to it all the time (lock {self._key!r}). Try again later")
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _end_of_others(self) -> None:
        """Take the lock from whoever has had it for too long, or says a time that no holder says."""
        now = self._clock()
        for document in self._collection.find({"_key": self._key}):
            until = document.get("expires")
            is_held = isinstance(until, (int, float)) and now - _SKEW <= until <= now + HELD + _SKEW
            if not is_held:
                self._collection.delete({"_key": self._key, "owner": document.get("owner")})

    def _document(self) -> dict[str, object]:
        return {"_key": self._key, "kind": "lock", "owner": self._owner, "expires": self._clock() + HELD}
