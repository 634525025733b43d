"""How an outline is kept: in fields of the organisation's document, made of its baseline whenever that is written.

One field has the head, and each other field the names that have a hash in common, hardly ever more than one: whoever
asks for few names reads few fields. A document without a head, or with one of another version, is read whole.
"""

from __future__ import annotations

import json
import struct
import zlib
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

from cbverdict.anomalies.baselines import MAX_NAMES, ORGANISATION, Baseline, Baselines, SubjectKind
from cbverdict.anomalies.decayed_counts import totals
from cbverdict.anomalies.distinct_count import head_count
from cbverdict.anomalies.outline import (
    MIN_TEAM,
    Head,
    Outline,
    Program,
    read_outline,
    read_people,
    write_head,
    write_outline,
    write_people,
)
from cbverdict.anomalies.releases import (
    Release,
    Releases,
    accepted_things,
    effective,
    is_released,
    program_key,
    releases_of,
    waits_of,
)
from cbverdict.anomalies.seen_people import ANYBODY
from cbverdict.anomalies.waiting import waiting_lately
from cbverdict.errors import InvalidRequestError

if TYPE_CHECKING:
    from cbverdict.anomalies.known_baselines import BaselineQuestion

HEAD = "head"
"""The field of the head."""

_VERSION = 1
_PROGRAMS, _TEAMS, _PUBLISHERS, _RELEASES = "p", "t", "s", "w"

_NEVER_SEEN: tuple[list[int], str, str] = ([], "", "")  # a program that nobody was seen with, as JSON has it

_LAST_PLACE = 0xFFFF
_HEAD_BYTES = 4096  # of publishers in the head

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
    fields: Dict[str, Any] = {HEAD: {**(write_head(outline.head) or {}), "version": _VERSION}}
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
        for thing in accepted_things(what) or (what,):
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
    head = _head_of(fields)
    if head is None:
        raise InvalidRequestError("the organisation's document has no outline of this version: learn anew")
    try:
        found = {
            "head": head,
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


def names_of(question: BaselineQuestion, kept: Baselines, head: Head | None) -> OutlineNames:
    """Return what is asked of the outline, once the baselines that are asked for are there.

    A person is judged by what others do with all of the person's programs. Of a team or a parent it is what others do
    with a few, so it is asked only about those that it may have been seen with more often than everybody: by the `head`
    that was read last (None: none was).
    """
    programs, oldest = set(question.programs), min(head.sightings, default=0) if head else 0
    is_thinned = head is not None and head.names >= MAX_NAMES
    for subject, baseline in kept.items():
        is_person = subject.kind is SubjectKind.PERSON
        for counts in (baseline.names, baseline.waiting):
            for generation, names in counts.items():
                if is_person or is_thinned or generation < oldest:
                    programs.update(names)
                elif head:
                    programs.update(name for name in names if place_of(name) in head.held)
    return OutlineNames(
        programs,
        [subject.name for subject in question.subjects if subject.kind is SubjectKind.TEAM],
        question.publishers,
        {what for subject, baseline in kept.items() for what in waits_of(subject, baseline)},
    )


def count_released(kept: Baselines, fields: Fields, names: OutlineNames) -> tuple[Baselines, Outline]:
    """Return baselines with what is released counted in, and the outline; both by fields of the document.

    Raises:
        InvalidRequestError: a field cannot be read.
    """
    outline, releases = read_fields(fields, names)
    return {subject: effective(subject, baseline, releases) for subject, baseline in kept.items()}, outline


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
            if not is_released(releases, ORGANISATION, program_key(name))
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


def _write_release(release: Release) -> list[Any]:
    return [int(release.is_general), write_people(release.people), sorted(release.teams)]


def _read_release(body: Sequence[Any]) -> Release:
    is_general, people, teams = body
    return Release(is_general == 1, read_people(people), frozenset(map(str, teams)))
