"""How an outline is kept: in fields of the organisation's document, made of its baseline whenever that is written.

One field has the head, and each other field the names that have a hash in common, hardly ever more than one: whoever
asks for few names reads few fields. A document without a head, or with one of another version, is read whole.
"""

from __future__ import annotations

import json
import struct
from base64 import b64decode, b64encode
from typing import (
    TYPE_CHECKING,
    AbstractSet,
    Any,
    Collection,
    Dict,
    Iterable,
    Iterator,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
)

from cbverdict.anomalies.outline import Head, Outline, Program, outline_of, place_of
from cbverdict.anomalies.releases import Release, Releases, decided_things, releases_of
from cbverdict.errors import InvalidRequestError

if TYPE_CHECKING:
    from cbverdict.anomalies.baselines import Baseline

HEAD = "head"
"""The field of the head."""

_VERSION = 1
_PROGRAMS, _TEAMS, _PUBLISHERS, _RELEASES = "p", "t", "s", "w"

_NEVER_SEEN: tuple[list[int], str, str] = ([], "", "")  # a program that nobody was seen with, as JSON has it

Fields = Mapping[str, object]


class OutlineNames(NamedTuple):
    """What is asked of an outline: programs, teams, publishers, and what waits."""

    programs: AbstractSet[str] = frozenset()
    teams: Collection[str] = ()
    publishers: Collection[str] = ()
    waiting: Collection[str] = ()

    @property
    def fields(self) -> list[str]:
        """Return the fields that say something of them, the head's first."""
        asked = zip((_PROGRAMS, _TEAMS, _PUBLISHERS, _RELEASES), self)
        return [HEAD, *sorted({_field(kind, name) for kind, names in asked for name in names})]


def write_fields(organisation: Baseline) -> Dict[str, str]:
    """Write the outline of an organisation's baseline as fields of its document."""
    releases = releases_of(organisation)
    outline = outline_of(organisation, releases)
    fields: Dict[str, Any] = {HEAD: {**(_write_head(outline.head) or {}), "version": _VERSION}}
    body = write_outline(outline)
    listed = outline.head.publishers if outline.head else ()
    for kind, values in (
        (_PROGRAMS, body["programs"]),
        (_TEAMS, body["teams"]),
        (_PUBLISHERS, dict.fromkeys(outline.publishers.difference(listed), 1)),
    ):
        for name, value in values.items():
            fields.setdefault(_field(kind, name), {})[name] = value
    for what, release in releases.items():
        for thing in decided_things(what) or (what,):
            fields.setdefault(_field(_RELEASES, thing), {})[what] = _write_release(release)
    return {name: _json(value) for name, value in fields.items()}


def is_outlined(fields: Fields) -> bool:
    """Return whether a document has an outline of this version."""
    return _head_of(fields) is not None


def read_fields(fields: Fields, asked: OutlineNames) -> tuple[Outline, Releases]:
    """Read what is known of names from fields of the document; there is an answer for each program.

    Raises:
        InvalidRequestError: a field cannot be read, or there is no outline of this version.
    """
    if not is_outlined(fields):
        raise InvalidRequestError("the organisation's document has no outline of this version: learn anew")
    try:
        found = {
            "head": _head_of(fields),
            "programs": {
                **dict.fromkeys(asked.programs, _NEVER_SEEN),
                **dict(_find(fields, _PROGRAMS, asked.programs)),
            },
            "teams": dict(_find(fields, _TEAMS, asked.teams)),
            "publishers": [name for name, _ in _find(fields, _PUBLISHERS, asked.publishers)],
        }
        parts = (_part(fields, _field(_RELEASES, what)) for what in asked.waiting)
        return read_outline(found), {what: _read_release(value) for part in parts for what, value in part.items()}
    except (ValueError, TypeError, KeyError, AttributeError, struct.error):
        raise InvalidRequestError("the organisation's outline cannot be read: learn anew") from None


def write_outline(outline: Outline) -> Dict[str, Any]:
    """Write an outline, or the part of one, as JSON has it."""
    return {
        "head": _write_head(outline.head),
        "programs": {
            name: [_write_counts(program.seen), _write_sketch(program.users), _write_sketch(program.lately)]
            for name, program in outline.programs.items()
        },
        "teams": {name: _write_sketch(people) for name, people in outline.teams.items()},
        "publishers": sorted(outline.publishers),
    }


def read_outline(body: Mapping[str, Any]) -> Outline:
    """Read what `write_outline` wrote; raises all that reading JSON of another shape does."""
    return Outline(
        None if body["head"] is None else _read_head(body["head"]),
        {
            str(name): Program(_read_counts(seen), _read_sketch(users), _read_sketch(lately))
            for name, (seen, users, lately) in body["programs"].items()
        },
        {str(name): _read_sketch(people) for name, people in body["teams"].items()},
        frozenset(map(str, body["publishers"])),
    )


def _write_head(head: Optional[Head]) -> Optional[Dict[str, Any]]:
    """Write a head as JSON has it."""
    if head is None:
        return None
    written = {
        "sightings": _write_counts(head.sightings),
        "held": _pack("H", sorted(head.held)),
        "anybody": _write_sketch(head.anybody),
        "publishers": sorted(head.publishers),
    }
    return {**head._asdict(), **written}


def _read_head(body: Mapping[str, Any]) -> Head:
    return Head(
        sightings=_read_counts(body["sightings"]),
        names=int(body["names"]),
        once=int(body["once"]),
        held=frozenset(_unpack("H", body["held"])),
        anybody=_read_sketch(body["anybody"]),
        large_teams=int(body["large_teams"]),
        publishers=frozenset(map(str, body["publishers"])),
        has_all_publishers=body["has_all_publishers"] is True,
        signed=int(body["signed"]),
    )


def _field(kind: str, name: str) -> str:
    return f"{kind}{place_of(name):04x}"


def _head_of(fields: Fields) -> Optional[Dict[str, Any]]:
    try:
        body = json.loads(str(fields.get(HEAD)))
    except ValueError:
        return None
    return body if isinstance(body, dict) and body.get("version") == _VERSION else None


def _find(fields: Fields, kind: str, names: Iterable[str]) -> Iterator[tuple[str, Any]]:
    for name in names:
        part = _part(fields, _field(kind, name))
        if name in part:
            yield name, part[name]


def _part(fields: Fields, field: str) -> Dict[str, Any]:
    text = fields.get(field)
    part = {} if text is None else json.loads(str(text))
    if not isinstance(part, dict):
        raise TypeError(field)
    return part


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


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


def _write_sketch(people: Sequence[int]) -> str:
    return _pack("I", people)


def _read_sketch(text: str) -> Sequence[int]:
    return _unpack("I", text)


def _pack(kind: str, numbers: Sequence[int]) -> str:
    """Write numbers of a kind (of `struct`) in few characters."""
    return b64encode(struct.pack(f">{len(numbers)}{kind}", *numbers)).decode("ascii")


def _unpack(kind: str, text: str) -> Sequence[int]:
    packed = b64decode(text, validate=True)
    return struct.unpack(f">{len(packed) // struct.calcsize(kind)}{kind}", packed)


def _write_release(release: Release) -> list[Any]:
    return [int(release.is_general), _write_sketch(release.people), release.others_above, sorted(release.teams)]


def _read_release(body: Sequence[Any]) -> Release:
    is_general, people, above, teams = body
    return Release(is_general == 1, _read_sketch(people), above, frozenset(map(str, teams)))
