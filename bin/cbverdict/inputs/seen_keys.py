"""What was written lately, so that it is not written twice."""

from __future__ import annotations

from hashlib import blake2b
from itertools import chain
from typing import Iterable

_DIGITS = 16
MAX_KEYS = 100_000
"""Keys that are remembered at most; half as many, those seen last, always are. Each takes some 70 bytes."""


class SeenKeys:
    """The keys seen last, as 64-bit digests in two generations: is the younger full, the older one is forgotten."""

    def __init__(self, limit: int = MAX_KEYS) -> None:
        """Start with nothing."""
        self._full = limit // 2
        self._older: set[int] = set()
        self._younger: set[int] = set()

    def __contains__(self, key: str) -> bool:
        """Return whether a key was seen lately."""
        digest = _digest(key)
        return digest in self._younger or digest in self._older

    def note(self, key: str) -> str:
        """Remember a key; give the text to keep of it (empty: what was kept of it will do)."""
        digest = _digest(key)
        if digest in self._younger:
            return ""
        self._remember(digest)
        return _text(digest)

    def recall(self, kept: str) -> None:
        """Add what was kept, older texts first."""
        for start in range(0, len(kept), _DIGITS):
            self._remember(int(kept[start : start + _DIGITS], 16))

    def texts(self) -> Iterable[str]:
        """Return the text to keep of every key, older ones first."""
        return map(_text, chain(self._older - self._younger, self._younger))

    def _remember(self, digest: int) -> None:
        self._younger.add(digest)
        if len(self._younger) >= self._full:
            self._older, self._younger = self._younger, set()


def _digest(key: str) -> int:
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=_DIGITS // 2).digest(), "big")


def _text(digest: int) -> str:
    return f"{digest:0{_DIGITS}x}"
