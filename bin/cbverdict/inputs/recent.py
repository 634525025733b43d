"""What was written lately, so that it is not written twice."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from typing import Iterable

_DIGITS = 16
MAX_KEYS = 100_000
"""Keys that are remembered, those seen last; each takes some 230 bytes."""


class Recent:
    """The keys seen last, as 64-bit digests; what is seen again is remembered anew."""

    def __init__(self, limit: int = MAX_KEYS) -> None:
        """Start with nothing."""
        self._limit = limit
        self._seen: OrderedDict[int, int] = OrderedDict()
        self._turn = 0

    def __contains__(self, key: str) -> bool:
        """Say whether a key was seen lately."""
        return _digest(key) in self._seen

    def __len__(self) -> int:
        """Count the keys."""
        return len(self._seen)

    def note(self, key: str) -> str:
        """Remember a key; give the text to keep of it (empty: what was kept of it will do)."""
        digest = _digest(key)
        before = self._seen.get(digest)
        if before is not None and self._turn - before < self._limit // 2:
            return ""
        self._remember(digest)
        return f"{digest:0{_DIGITS}x}"

    def recall(self, kept: str) -> None:
        """Take in what was kept, older texts first."""
        for start in range(0, len(kept), _DIGITS):
            self._remember(int(kept[start : start + _DIGITS], 16))

    def texts(self) -> Iterable[str]:
        """Give the text to keep of every key, older ones first."""
        return (f"{digest:0{_DIGITS}x}" for digest in self._seen)

    def _remember(self, digest: int) -> None:
        self._seen.pop(digest, None)
        self._turn += 1
        self._seen[digest] = self._turn
        if len(self._seen) > self._limit:
            self._seen.popitem(last=False)


def _digest(key: str) -> int:
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=_DIGITS // 2).digest(), "big")
