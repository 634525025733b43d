"""What was written, so that it is not written twice: 27 bytes a thing, whatever becomes of it.

Of a process its values are remembered as digests. So what was said already is not said again, and a value that appears
or changes is news, however late.
"""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from functools import lru_cache
from hashlib import blake2b
from heapq import nsmallest
from typing import Iterable, Iterator, NamedTuple, Set, Tuple

from cbverdict.inputs.progress.packed_records import DIGEST_SIZE, PackedRecords

RECORD_LETTERS = 36
MAX_KEYS = 300_000
"""Things that are remembered at most: 11 MB in the KV store, as many here."""

KEPT_KEYS = 200_000
"""Things that are left when more than `MAX_KEYS` came: those of the window, and of others those that still run."""

MAX_REVISIONS = 10
"""How often one process is written at most, whatever changes of it."""

_REFRESHED_AFTER = 1800
"""Seconds after which it is worth keeping that something was seen again."""

_VALUE = struct.Struct(">IB14s")
_RECORD_SIZE = DIGEST_SIZE + _VALUE.size
_FLAGS, _VALUES = 4, 5
"""Where a value has its flags and its digests."""
_SLOTS = ((0, 3), (3, 5), (5, 7), (7, 10), (10, 12), (12, 14))
_NOTHING = bytes(14)
_THREE = bytes(3)
_RUNS = 0x80
_OLD_DIGITS = 16
_LATEST = 2**32 - 1


class Seen(NamedTuple):
    """A thing as a page has it: its key, digests of its values, and when the server last heard of it.

    `known` is how much of a process is known in the words of the first release (-1: it is none); `is_running` is
    whether the server may yet hear of it.
    """

    key: str
    values: bytes = _NOTHING
    time: int = 0
    is_running: bool = False
    known: int = -1


class SeenKeys:
    """What was seen."""

    def __init__(self, limit: int = MAX_KEYS, kept: int = KEPT_KEYS, earlier: SeenKeys | None = None) -> None:
        """Start with nothing; `earlier` is what was seen before a time that is read again as if nothing had been."""
        self._earlier = earlier
        self._limit = limit
        self._kept = kept
        self._seen = PackedRecords(_RECORD_SIZE)
        self._old: Set[int] = set()
        self.window = 0
        """Seconds since 1970 from when on what was seen is not to be forgotten, while there is room at all."""
        self.forgotten = 0
        """The latest time (seconds since 1970) of what was forgotten."""

    def __len__(self) -> int:
        """Return how many things are remembered."""
        return len(self._seen)

    def __contains__(self, key: str) -> bool:
        """Return whether a thing was seen, whatever its values."""
        return self.has(Seen(key))

    def was_ever(self, key: str) -> bool:
        """Return whether a thing was seen, be it before what is read again."""
        return key in self or (self._earlier is not None and key in self._earlier)

    def has(self, sighting: Seen) -> bool:
        """Return whether all that a sighting says was seen already, or so much of it that no more is wanted."""
        digest = _digest(sighting.key)
        known = self._seen.get(digest)
        if known is None:
            return self._was_written_by_first_release(digest, sighting)
        return known[_VALUES:] == sighting.values or not _is_news(_VALUE.unpack(known), sighting)

    def note(self, sighting: Seen | str) -> str:
        """Remember a sighting; return the text to keep of it (empty: what was kept of it will do)."""
        if isinstance(sighting, str):
            sighting = Seen(sighting)
        digest = _digest(sighting.key)
        packed = self._seen.get(digest)
        time, runs = min(max(sighting.time, 0), _LATEST), _RUNS * sighting.is_running
        if packed is None:
            new = (time, runs, sighting.values)
        else:
            known = _VALUE.unpack(packed)
            is_news = sighting.values != known[2] and _is_news(known, sighting)
            values = _merged(known, sighting) if is_news else known[2]
            is_latest = time >= known[0]
            count = min((known[1] & ~_RUNS) + is_news, MAX_REVISIONS)
            new = (max(time, known[0]), (runs if is_latest else known[1] & _RUNS) | count, values)
            if new[1:] == known[1:] and new[0] < known[0] + _REFRESHED_AFTER:
                return ""
        record = digest + _VALUE.pack(*new)
        self._seen.put(record)
        return _text(record)

    def recall(self, kept: str) -> None:
        """Add what was kept, older texts first.

        Raises:
            ValueError: it is damaged; nothing of it is added.
        """
        data = b64decode(kept.encode("ascii"), validate=True)
        if len(data) % _RECORD_SIZE:
            raise ValueError(kept[:RECORD_LETTERS])
        for start in range(0, len(data), _RECORD_SIZE):
            self._seen.put(data[start : start + _RECORD_SIZE])

    def recall_old(self, kept: str) -> None:
        """Add what the first release kept: 64-bit digests of `key` or `key:known`; raises `ValueError`."""
        digits = [kept[start : start + _OLD_DIGITS] for start in range(0, len(kept), _OLD_DIGITS)]
        self._old.update([int(one, 16) for one in digits])

    def texts(self) -> Iterator[str]:
        """Return the text to keep of every thing."""
        return map(_text, self._seen)

    def is_full(self) -> bool:
        """Return whether it is time to forget something."""
        return len(self._seen) > self._limit

    def forget_some(self) -> None:
        """Forget what nobody is likely to hear of again: first what has ended, the oldest first, then what runs."""
        for spared in (lambda record: _is_running(record) or self._is_in_window(record), self._is_in_window, None):
            excess = len(self._seen) - self._kept
            if excess <= 0 or (spared is None and not self.is_full()):
                return
            doomed = ((_time_of(record), record) for record in self._seen if spared is None or not spared(record))
            for time, record in nsmallest(excess, doomed):
                self._seen.remove(record[:DIGEST_SIZE])
                self.forgotten = max(self.forgotten, time)

    def _is_in_window(self, record: bytes) -> bool:
        return _time_of(record) >= self.window

    def _was_written_by_first_release(self, digest: bytes, sighting: Seen) -> bool:
        if not self._old:
            return False
        if _number(digest) in self._old:
            return True
        more = range(max(sighting.known, 0), _MOST_KNOWN + 1)
        return sighting.known >= 0 and any(_number(_digest(f"{sighting.key}:{known}")) in self._old for known in more)


_MOST_KNOWN = 11


def values_of(md5: str, texts: Iterable[str], extras: str) -> bytes:
    """Digest the values of a process: its hash; parent, path, command line and user; and what hit it (empty: none)."""
    parent, path, command, user = texts
    return b"".join(
        (
            _hash(md5) if md5 else _THREE,
            _short(parent),
            _short(path),
            _slot(command, 3) if command else _THREE,
            _short(user),
            _short(extras),
        )
    )


def _is_news(known: Tuple[int, int, bytes], sighting: Seen) -> bool:
    time, flags, old = known
    if flags & ~_RUNS >= MAX_REVISIONS:
        return False
    new = sighting.values
    for start, end in _SLOTS:
        value = new[start:end]
        # What an earlier report says otherwise was so before; what it says more was not known.
        if value != old[start:end] and any(value) and (sighting.time >= time or not any(old[start:end])):
            return True
    return False


def _merged(known: Tuple[int, int, bytes], sighting: Seen) -> bytes:
    time, _, old = known
    new = sighting.values
    return b"".join(
        new[start:end] if any(new[start:end]) and (sighting.time >= time or not any(old[start:end])) else old[start:end]
        for start, end in _SLOTS
    )


def _time_of(record: bytes) -> int:
    return int.from_bytes(record[DIGEST_SIZE : DIGEST_SIZE + _FLAGS], "big")


def _is_running(record: bytes) -> bool:
    return bool(record[DIGEST_SIZE + _FLAGS] & _RUNS)


def _text(record: bytes) -> str:
    return b64encode(record).decode("ascii")


def _number(digest: bytes) -> int:
    return int.from_bytes(digest, "big")


@lru_cache(maxsize=4096)  # a page's keys are asked for several times each
def _digest(key: str) -> bytes:
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=DIGEST_SIZE).digest()


def _slot(text: str, size: int) -> bytes:
    """Digest a value; nothing but no value is all zeros."""
    if not text:
        return bytes(size)
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()
    return digest if any(digest) else b"\1" * size


@lru_cache(maxsize=16_384)  # the same few paths, users and parents come again and again
def _short(text: str) -> bytes:
    return _slot(text, 2)


@lru_cache(maxsize=16_384)  # likewise; a hash may begin with zeros, so its own first digits will not do
def _hash(md5: str) -> bytes:
    return _slot(md5, 3)
