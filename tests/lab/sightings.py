"""Baselines learnt of single rows, and put together: what `cbsignedlearn` does with many at once."""

from __future__ import annotations

from typing import Iterable, NamedTuple

from cbverdict.anomalies.baselines import Baselines
from cbverdict.anomalies.decayed_counts import generation_of
from cbverdict.anomalies.gathering import Gatherer, What, Who


class Sighting(NamedTuple):
    """What one row teaches (None: the row does not say): local day and hour, who, and what started what.

    Names are in lower case. `day` is since 1970-01-01 in the person's own time zone.
    """

    day: int
    hour: int
    person: str | None = None
    team: str | None = None
    process: str | None = None
    parent: str | None = None
    publisher: str | None = None


def learn(baselines: Baselines, sighting: Sighting) -> None:
    """Add what one row teaches."""
    day, hour, person, team, process, parent, publisher = sighting
    gatherer = Gatherer(baselines)
    generation = generation_of(day)
    gatherer.add_person(Who(person, team), process, (day, hour), generation)
    gatherer.add_program(What(process, parent, publisher), generation)


def merge_baselines(parts: Iterable[Baselines]) -> Baselines:
    """Put what several machines have learnt together."""
    merged: Baselines = {}
    for part in parts:
        for subject, baseline in part.items():
            merged[subject] = merged[subject].merge(baseline) if subject in merged else baseline
    return merged
