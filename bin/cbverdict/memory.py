"""What keeps a process's memory from growing with what passes through it."""

from __future__ import annotations

import contextlib
import ctypes


def keep_large_blocks_off_the_heap() -> None:
    """Fix glibc's threshold for blocks of their own, which it would raise until chunks fragment the heap.

    Then a search's memory does not grow with its length (measured: 1.01 instead of 1.16 times over 20 chunks), nor a
    handler's with the answers that its threads have read.
    """
    mmap_threshold = -3  # malloc.h's M_MMAP_THRESHOLD
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library: it does as it likes
        ctypes.CDLL(None).mallopt(mmap_threshold, 128 * 1024)
