"""What a search needs to know of the organisation: a head of a few KB, and what is known of each name it asks about.

The organisation's baseline grows with everything that anybody does; a search asks about few names of it. The figures
are those of the whole baseline. How it is kept: `cbverdict.anomalies.outline_fields`.
"""

from __future__ import annotations

import zlib
from typing import Dict, FrozenSet, Iterable, Iterator, Mapping, NamedTuple, Optional, Sequence

from cbverdict.anomalies.baselines import ORGANISATION, Baseline
from cbverdict.anomalies.decayed_counts import totals
from cbverdict.anomalies.distinct_count import head_count
from cbverdict.anomalies.releases import Releases, effective, is_released, program
from cbverdict.anomalies.seen_people import ANYBODY
from cbverdict.anomalies.waiting import waiting_lately

MIN_TEAM = 5
"""People that a team needs to have a behaviour of its own."""

_LAST_PLACE = 0xFFFF
_HEAD_BYTES = 4096  # of publishers in the head


class Program(NamedTuple):
    """What everybody did with one program.

    `seen` says how often, by generation; `users` and those with whom it waits `lately`, since yesterday, are hashes.
    """

    seen: Mapping[int, int] = {}
    users: Sequence[int] = ()
    lately: Sequence[int] = ()


class Head(NamedTuple):
    """What is known of the organisation as a whole.

    `sightings` are by generation, of so many `names`, of which some were seen `once`; of those that are `held`, by
    their places, some wait, so that a group may have been seen with them more often. `anybody` are its people.
    `publishers` are those seen most, or all of them (`has_all_publishers`), of so many `signed` starts.
    """

    sightings: Mapping[int, int] = {}
    names: int = 0
    once: int = 0
    held: FrozenSet[int] = frozenset()
    anybody: Sequence[int] = ()
    large_teams: int = 0
    publishers: FrozenSet[str] = frozenset()
    has_all_publishers: bool = True
    signed: int = 0


class Outline(NamedTuple):
    """The head (None: nothing is learnt), and what is known of some programs, teams (who is in them) and publishers."""

    head: Optional[Head] = None
    programs: Mapping[str, Program] = {}
    teams: Mapping[str, Sequence[int]] = {}
    publishers: FrozenSet[str] = frozenset()


def outline_of(organisation: Baseline, releases: Releases) -> Outline:
    """Return all that searches need of an organisation's baseline; `releases` are its own."""
    learnt = effective(ORGANISATION, organisation, releases)
    lately = waiting_lately(organisation)
    seen: Dict[str, Dict[int, int]] = {}
    for generation, names in sorted(learnt.names.items()):
        for name, times in names.items():
            seen.setdefault(name, {})[generation] = times
    teams = organisation.all_members()
    publishers = totals(organisation.publishers)
    most = frozenset(_most_seen([name for name, _ in publishers.most_common()]))
    head = Head(
        sightings={generation: sum(names.values()) for generation, names in sorted(learnt.names.items())},
        names=len(seen),
        once=sum(sum(times.values()) == 1 for times in seen.values()),
        held=frozenset(
            place_of(name)
            for name in {name for names in organisation.waiting.values() for name in names}
            if not is_released(releases, ORGANISATION, program(name))
        ),
        anybody=organisation.users.get(ANYBODY, ()),
        large_teams=sum(head_count(people) >= MIN_TEAM for people in teams.values()),
        publishers=most,
        has_all_publishers=len(most) == len(publishers),
        signed=sum(publishers.values()),
    )
    programs = {
        name: Program(seen.get(name, {}), organisation.users.get(name, ()), lately.get(name, ()))
        for name in (*seen, *(lately.keys() - seen.keys()))
    }
    return Outline(head, programs, teams, frozenset(publishers))


def place_of(name: str) -> int:
    """Return the place of a name among 65,536, which hardly two share."""
    return zlib.crc32(name.encode("utf-8", "surrogatepass")) & _LAST_PLACE


def _most_seen(publishers: Iterable[str]) -> Iterator[str]:
    """Return as many of them as have room in the head."""
    left = _HEAD_BYTES
    for publisher in publishers:
        left -= len(publisher.encode("utf-8", "surrogatepass")) + 3
        if left < 0:
            return
        yield publisher
