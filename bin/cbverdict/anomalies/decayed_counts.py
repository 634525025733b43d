"""Counts that age: how often each name was seen, by generation.

Counts of several machines add up exactly, in any order, because they are whole numbers by date; how much an old
one still counts is decided when they are read.
"""

from __future__ import annotations

from collections import Counter
from typing import Dict, Iterable, Mapping

Counts = Dict[int, Dict[str, int]]
"""By generation: how often each name was seen in it."""

GENERATION = 28
"""Days of a generation: whole weeks, so that each has the same days of the week."""


def generation_of(day: int) -> int:
    """Return the generation of a local day since 1970."""
    return day // GENERATION


def add_count(counts: Counts, generation: int, name: str, times: int = 1) -> None:
    """Count a name."""
    names = counts.setdefault(generation, {})
    names[name] = names.get(name, 0) + times


def merge_counts(one: Counts, other: Counts) -> Counts:
    """Add two counts."""
    merged = {generation: dict(names) for generation, names in one.items()}
    for generation, names in other.items():
        for name, times in names.items():
            add_count(merged, generation, name, times)
    return merged


def forget_counts(counts: Counts, horizon: int) -> Counts:
    """Leave out generations that are more than `horizon` days older than the newest."""
    oldest = max(counts, default=0) - horizon // GENERATION
    return {generation: names for generation, names in counts.items() if generation >= oldest}


def weights(generations: Iterable[int], half_life: float, newest: int | None = None) -> dict[int, float]:
    """Return how much each generation counts: half as much after each `half_life` days before the newest.

    `newest` is the newest of all (None: of these).
    """
    ascending = sorted(generations)
    last = max(ascending, default=0) if newest is None else newest
    return {generation: 0.5 ** (max(last - generation, 0) * GENERATION / half_life) for generation in ascending}


def weigh(counts: Counts, half_life: float, newest: int) -> dict[str, float]:
    """Return how often each name was seen, half as much after each `half_life` days before the newest generation."""
    weighed: dict[str, float] = {}
    for generation, weight in weights(counts, half_life, newest).items():
        for name, times in counts[generation].items():
            weighed[name] = weighed.get(name, 0.0) + weight * times
    return weighed


def weigh_one(seen: Mapping[int, int], weight_of: Mapping[int, float]) -> float:
    """Return how often one name was seen, by generation, each weighted; of one that is newer than all, each counts."""
    weighed = 0.0
    for generation, times in sorted(seen.items()):
        weighed += weight_of.get(generation, 1.0) * times
    return weighed


def totals(counts: Counts) -> Counter[str]:
    """Return how often each name was seen, without ageing."""
    total: Counter[str] = Counter()
    for names in counts.values():
        total.update(names)
    return total


def starts_before(counts: Counts) -> dict[str, float]:
    """Return after how many sightings each name came up first, evenly within a generation."""
    before = 0.0
    found: dict[str, float] = {}
    for _, names in sorted(counts.items()):
        total = sum(names.values())
        for name, times in names.items():
            found.setdefault(name, before + total / (times + 1))
        before += total
    return found
