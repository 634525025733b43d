"""Compressed answers, unpacked within bounds."""

from __future__ import annotations

import zlib
from typing import Any, Iterator

PIECE = 64 * 1024
"""Bytes that are read, or unpacked, at once."""


def unpacked(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Unpack gzip or deflate, at most one layer, a bounded piece at a time: a few bytes may unpack to gigabytes."""
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        yield from pieces
        return
    if name not in {"gzip", "x-gzip", "deflate"}:
        raise zlib.error("an encoding that was not asked for")
    unpacker: Any = None
    start = b""
    for piece in pieces:
        packed = start + piece
        if unpacker is None and len(packed) < _ZLIB_HEADER:
            start = packed
            continue
        if unpacker is None:
            start, unpacker = b"", zlib.decompressobj(_window(name, packed))
        data = unpacker.decompress(packed, PIECE)
        while data:
            yield data
            data = unpacker.decompress(unpacker.unconsumed_tail, PIECE)
    if start or (unpacker is not None and not unpacker.eof):
        raise zlib.error("it is cut off")


_ZLIB_HEADER = 2
_ZLIB_STARTS = (b"\x08", b"\x18", b"\x28", b"\x38", b"\x48", b"\x58", b"\x68", b"\x78")


def _window(name: str, start: bytes) -> int:
    """Build a decompressor for gzip, or for deflate with a zlib header or, as some servers send it, without one."""
    if name != "deflate":
        return 16 + zlib.MAX_WBITS
    has_header = start[:1] in _ZLIB_STARTS and int.from_bytes(start[:2], "big") % 31 == 0  # RFC 1950, 2.2
    return zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS
