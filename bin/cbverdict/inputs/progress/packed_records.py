"""Very many small records by digest, without an object for each: a dict of them takes five times as much."""

from __future__ import annotations

from typing import Iterator

DIGEST_SIZE = 8
_BUCKETS = 2**14
"""So that up to 300,000 records are some 500 bytes a bucket, which Python's own allocator takes care of."""


class PackedRecords:
    """Records that begin with their digest, in buckets by its first 14 bits; a bucket is replaced, never changed.

    So one thread may look records up while another puts some in.
    """

    def __init__(self, size: int) -> None:
        """Start with none; each record will have so many bytes."""
        self._size = size
        self._buckets = [b""] * _BUCKETS
        self._count = 0

    def __len__(self) -> int:
        """Return how many records there are."""
        return self._count

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the records, in no order that means anything."""
        size = self._size
        return (bucket[at : at + size] for bucket in self._buckets for at in range(0, len(bucket), size))

    def get(self, digest: bytes) -> bytes | None:
        """Return what a record has behind its digest (None: there is no such record)."""
        bucket = self._buckets[_place_of(digest)]
        at = self._find(bucket, digest)
        return None if at < 0 else bucket[at + DIGEST_SIZE : at + self._size]

    def put(self, record: bytes) -> None:
        """Put a record in, in the place of one with the same digest."""
        number = _place_of(record)
        bucket = self._buckets[number]
        at = self._find(bucket, record[:DIGEST_SIZE])
        self._count += at < 0
        self._buckets[number] = (bucket if at < 0 else bucket[:at] + bucket[at + self._size :]) + record

    def remove(self, digest: bytes) -> None:
        """Take a record out, if it is there."""
        number = _place_of(digest)
        bucket = self._buckets[number]
        at = self._find(bucket, digest)
        if at >= 0:
            self._buckets[number] = bucket[:at] + bucket[at + self._size :]
            self._count -= 1

    def _find(self, bucket: bytes, digest: bytes) -> int:
        """Return where a record begins (-1: there is none); the same bytes elsewhere in a record are none."""
        at = bucket.find(digest)
        while at > 0 and at % self._size:
            at = bucket.find(digest, at + 1)
        return at


def _place_of(digest: bytes) -> int:
    """Return the number of the bucket: the first 14 bits."""
    return digest[0] << 6 | digest[1] >> 2
