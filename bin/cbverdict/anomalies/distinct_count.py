"""How many people: a bottom-k sketch, exact while they are few.

The k smallest hashes of a set say how large it is (Bar-Yossef et al., "Counting Distinct Elements in a Data Stream",
RANDOM 2002); those of a union are found from those of its parts, so sketches of many machines merge exactly.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Iterable, List, Sequence

Sketch = List[int]
"""The smallest hashes of the people in it, ascending."""

MAX_EXACT = 64
_RANGE = 2**32


def sketch_of(name: str) -> Sketch:
    """Return the sketch of one person."""
    return [_hash(name)]


@lru_cache(maxsize=4096)
def _hash(name: str) -> int:
    import hashlib  # noqa: PLC0415 - a millisecond, and most searches compare no people

    return int.from_bytes(hashlib.sha256(name.encode("utf-8")).digest()[:4], "big")


def unite(sketches: Iterable[Sketch]) -> Sketch:
    """Return the sketch of all the people in some sketches."""
    return sorted({number for sketch in sketches for number in sketch})[:MAX_EXACT]


def may_hold(sketch: Sketch, name: str) -> bool:
    """Return whether somebody may be in a sketch: exact below `MAX_EXACT`; of more people, larger hashes are lost."""
    (number,) = sketch_of(name)
    return number in sketch or (len(sketch) >= MAX_EXACT and number > sketch[-1])


def head_count(sketch: Sequence[int]) -> int:
    """Return how many people are in a sketch: exact below `MAX_EXACT`, an estimate from there on."""
    if len(sketch) < MAX_EXACT:
        return len(sketch)
    return round((MAX_EXACT - 1) * _RANGE / sketch[-1])
