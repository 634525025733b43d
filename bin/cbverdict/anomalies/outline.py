"""What a search needs to know of the organisation: a head of a few KB, and what is known of each name it asks about.

The organisation's baseline grows with everything that anybody does; a search asks about few names of it. The figures
are those of the whole baseline. How it is made and kept: `cbverdict.anomalies.outline_fields`.
"""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from typing import Any, Dict, FrozenSet, Mapping, NamedTuple, Optional, Sequence

MIN_TEAM = 5
"""People that a team needs to have a behaviour of its own."""


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


def write_outline(outline: Outline) -> Dict[str, Any]:
    """Write an outline, or the part of one, as JSON has it."""
    return {
        "head": write_head(outline.head),
        "programs": {
            name: [_write_counts(program.seen), write_people(program.users), write_people(program.lately)]
            for name, program in outline.programs.items()
        },
        "teams": {name: write_people(people) for name, people in outline.teams.items()},
        "publishers": sorted(outline.publishers),
    }


def read_outline(body: Mapping[str, Any]) -> Outline:
    """Read what `write_outline` wrote; raises all that reading JSON of another shape does."""
    return Outline(
        None if body["head"] is None else _read_head(body["head"]),
        {
            str(name): Program(_read_counts(seen), read_people(users), read_people(lately))
            for name, (seen, users, lately) in body["programs"].items()
        },
        {str(name): read_people(people) for name, people in body["teams"].items()},
        frozenset(map(str, body["publishers"])),
    )


def write_head(head: Optional[Head]) -> Optional[Dict[str, Any]]:
    """Write a head as JSON has it."""
    if head is None:
        return None
    written = {
        "sightings": _write_counts(head.sightings),
        "held": _pack("H", sorted(head.held)),
        "anybody": write_people(head.anybody),
        "publishers": sorted(head.publishers),
    }
    return {**head._asdict(), **written}


def _read_head(body: Mapping[str, Any]) -> Head:
    return Head(
        sightings=_read_counts(body["sightings"]),
        names=int(body["names"]),
        once=int(body["once"]),
        held=frozenset(_unpack("H", body["held"])),
        anybody=read_people(body["anybody"]),
        large_teams=int(body["large_teams"]),
        publishers=frozenset(map(str, body["publishers"])),
        has_all_publishers=body["has_all_publishers"] is True,
        signed=int(body["signed"]),
    )


def _write_counts(seen: Mapping[int, int]) -> list[int]:
    """Write sightings by generation: the first generation, and those of each from there on."""
    if not seen:
        return []
    first = min(seen)
    return [first, *(seen.get(generation, 0) for generation in range(first, max(seen) + 1))]


def _read_counts(written: Sequence[int]) -> Dict[int, int]:
    if not written:
        return {}
    first, *counts = map(int, written)
    return {first + age: times for age, times in enumerate(counts) if times}


def write_people(people: Sequence[int]) -> str:
    """Write hashes of people in few characters."""
    return _pack("I", people)


def read_people(text: str) -> Sequence[int]:
    """Read what `write_people` wrote."""
    return _unpack("I", text)


def _pack(kind: str, numbers: Sequence[int]) -> str:
    """Write numbers of a kind (of `struct`) in few characters."""
    return b64encode(struct.pack(f">{len(numbers)}{kind}", *numbers)).decode("ascii")


def _unpack(kind: str, text: str) -> Sequence[int]:
    packed = b64decode(text, validate=True)
    return struct.unpack(f">{len(packed) // struct.calcsize(kind)}{kind}", packed)
