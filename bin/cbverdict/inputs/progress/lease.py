"""Never two processes at once for one input: a lock on this host, a lease in the KV store between hosts."""

from __future__ import annotations

import time
import uuid
from hashlib import sha256
from typing import TYPE_CHECKING, Callable

from filelock import FileLock, Timeout

from cbverdict.errors import InputLockedError, SetupError, StoreError, advice
from cbverdict.splunkd.kvstore import CHECKPOINTS, Collection

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 120.0
_RENEWED_EVERY = 20.0
_LONGEST_NAME = 180  # bytes of a lock file's name before what tells long ones apart
_SKEW = 60.0
"""How far the clocks of two search heads may be apart."""


class Lease:
    """The right to read for one input.

    It stays with its host between two runs, so that the members of a search head cluster do not take turns; another
    host takes over when it has run out. After a crash the same host has it back at once, as its lock is gone.
    """

    def __init__(  # noqa: PLR0913 - what tells one owner from another
        self,
        splunkd_uri: str,
        token: str,
        name: str,
        *,
        host: str,
        folder: Path,
        interval: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Store the input's name, this host's, where locks are kept on it, and the seconds between two runs."""
        self._collection = Collection(splunkd_uri, token, CHECKPOINTS)
        self._name = name
        self._key = f"lease|{name}"
        self._host = host
        self._owner = uuid.uuid4().hex
        self._seconds = max(_SECONDS, 2 * interval)
        self._clock = clock
        self._renewed = 0.0
        safe = "".join(letter if letter.isascii() and letter.isalnum() else f"%{ord(letter):x}" for letter in name)
        if len(safe) > _LONGEST_NAME:  # a file's name has 255 characters at most, and two inputs never the same
            safe = f"{safe[:_LONGEST_NAME]}%{sha256(name.encode()).hexdigest()[:16]}"
        self._path = folder / f"{safe}.lock"
        self._lock = FileLock(self._path)

    def take(self) -> None:
        """Acquire the lease.

        Raises:
            InputLockedError: another process has it.
            SetupError: nothing can be written where locks are kept; without one two processes might read at once.
            StoreError: the KV store does not answer.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout:
            raise InputLockedError(
                f"a process on this host reads for {self._name}. {advice(InputLockedError)}"
            ) from None
        except OSError as error:
            raise SetupError(
                f"the lock {self._path} cannot be had ({error.strerror or type(error).__name__}): see to the disk and "
                "to whom the folder belongs; the next run tries again"
            ) from None
        now = self._clock()
        for document in self._collection.find({"_key": self._key}):
            if document.get("host") != self._host and self._is_valid(document.get("expires"), now):
                raise InputLockedError(f"{document.get('host')} reads for {self._name}. {advice(InputLockedError)}")
            self._collection.delete({"_key": self._key, "owner": document.get("owner")})
        if not self._collection.insert(self._document(now)):
            raise InputLockedError(f"another host was faster to read for {self._name}. {advice(InputLockedError)}")
        self._renewed = now

    def _is_valid(self, expires: object, now: float) -> bool:
        """Return whether a lease holds: one that is no time, or longer than any is given, is damaged."""
        is_time = isinstance(expires, (int, float)) and not isinstance(expires, bool)
        return is_time and now - _SKEW < float(expires) <= now + 2 * self._seconds + _SKEW  # type: ignore[arg-type]

    def renew(self) -> None:
        """Keep the lease, every now and then.

        Raises:
            InputLockedError: another process has it.
            StoreError: the KV store did not answer until it ran out.
        """
        now = self._clock()
        if now - self._renewed < _RENEWED_EVERY:
            return
        try:
            owners = [document.get("owner") for document in self._collection.find({"_key": self._key})]
            if owners == [self._owner]:
                self._collection.save([self._document(now)])
                self._renewed = now
                return
        except StoreError:
            if now < self._renewed + self._seconds:
                return  # It is still ours, and this is tried again.
            raise
        raise InputLockedError(f"the lease of {self._name} ran out. {advice(InputLockedError)}")

    def _document(self, now: float) -> dict[str, object]:
        return {
            "_key": self._key,
            "input": self._key,
            "kind": "lease",
            "owner": self._owner,
            "host": self._host,
            "expires": now + self._seconds,
        }
