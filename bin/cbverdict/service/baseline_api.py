"""What the commands and the baseline service say to each other: JSON both ways, checked on arrival."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import zip_longest
from typing import Any, Callable, Iterator, Mapping, Sequence, TypeVar

from cbverdict.anomalies.baselines import (
    MAX_NAME,
    ORGANISATION,
    Baseline,
    Baselines,
    Subject,
    read_baseline,
    read_subject,
    write_baseline,
)
from cbverdict.anomalies.decisions import read_decision, write_decision
from cbverdict.anomalies.known_baselines import BaselineQuestion, KnownBaselines
from cbverdict.anomalies.lessons import MAX_SUBJECTS
from cbverdict.anomalies.outline import read_outline, write_outline
from cbverdict.errors import InvalidRequestError
from cbverdict.json_object import read_object
from cbverdict.lazy_pattern import LazyPattern
from cbverdict.settings.anomalies import AnomalySettings

MAX_NAMES_ASKED = 5000
"""Programs, or publishers, that are asked about at once."""

_FLAGS = ("is_first", "is_whole")
"""What `wants_decisions` and `wants_as_kept` are called in a request, as the first release has them."""

_LIST_CHARACTERS = 250_000  # of a list in a question, which has three

T = TypeVar("T")

_LESSON = LazyPattern(r"[0-9A-Za-z]{0,64}")


def write_question(question: BaselineQuestion) -> str:
    """Write what is asked for; brackets in names are escaped, for the endpoint counts them."""
    lists = {
        "subjects": [subject.key for subject in question.subjects],
        "programs": question.programs,
        "publishers": question.publishers,
    }
    written = [f'"{part}":[{",".join(map(_write_name, names))}]' for part, names in lists.items()]
    flags = [f'"{name}":{json.dumps(flag)}' for name, flag in zip(_FLAGS, question[-2:])]
    return f"{{{','.join([*written, *flags])}}}"


def read_question(text: str) -> BaselineQuestion:
    """Read what is asked for.

    A search that was started before the add-on was upgraded asks for subjects alone, and gets what it got.

    Raises:
        InvalidRequestError: it is not such a request.
    """
    body = _object(text)
    keys = body.get("subjects")
    if not isinstance(keys, list) or len(keys) > MAX_SUBJECTS:
        raise InvalidRequestError(f"subjects must be a list of at most {MAX_SUBJECTS} keys")
    subjects = tuple(_usable(keys))
    if "programs" not in body:
        return BaselineQuestion(subjects, wants_decisions=ORGANISATION in subjects, wants_as_kept=True)
    programs, publishers = (_names(body, part) for part in ("programs", "publishers"))
    return BaselineQuestion(subjects, programs, publishers, *(body.get(flag) is True for flag in _FLAGS))


def questions_of(question: BaselineQuestion) -> Iterator[BaselineQuestion]:
    """Cut what is asked for into what is asked for at once; there is one question at least."""
    parts = zip_longest(
        _cut(question.subjects, MAX_SUBJECTS, lambda subject: subject.key),
        _cut([name for name in question.programs if len(name) <= MAX_NAME], MAX_NAMES_ASKED, str),
        _cut([name for name in question.publishers if len(name) <= MAX_NAME], MAX_NAMES_ASKED, str),
        fillvalue=(),
    )
    for number, (subjects, programs, publishers) in enumerate(parts):
        wants_decisions = question.wants_decisions and number == 0
        yield BaselineQuestion(
            tuple(subjects), tuple(programs), tuple(publishers), wants_decisions, question.wants_as_kept
        )


def write_lesson(baselines: Baselines, lesson: str) -> str:
    """Write baselines that were learnt, and the id of the lesson (empty: it has none)."""
    return json.dumps({"baselines": _dump(baselines), "lesson": lesson})


def read_lesson(text: str) -> tuple[Baselines, str]:
    """Read baselines that were learnt, and the id of the lesson.

    Raises:
        InvalidRequestError: it is not such a request.
    """
    request = _object(text)
    body, lesson = request.get("baselines"), request.get("lesson", "")
    if not isinstance(body, dict) or len(body) > MAX_SUBJECTS:
        raise InvalidRequestError(f"baselines must be an object of at most {MAX_SUBJECTS} members")
    if not isinstance(lesson, str) or not _LESSON.fullmatch(lesson):
        raise InvalidRequestError("lesson must be an id, of up to 64 letters and digits")
    return {_subject(key): read_baseline(baseline) for key, baseline in body.items()}, lesson


def write_reply(reply: KnownBaselines) -> str:
    """Write a reply."""
    body = {
        "settings": reply.settings._asdict(),
        "baselines": _dump(reply.baselines),
        "decisions": [write_decision(decision) for decision in reply.decisions],
        "outline": write_outline(reply.outline),
    }
    return json.dumps(body, separators=(",", ":"))


def read_reply(text: str) -> KnownBaselines:
    """Read a reply.

    Raises:
        InvalidRequestError: it is not a reply of this version of the service.
    """
    body = _object(text)
    try:
        baselines = {_subject(key): read_baseline(baseline) for key, baseline in body["baselines"].items()}
        decisions = tuple(decision for document in body["decisions"] if (decision := read_decision(document)))
        if len(decisions) < len(body["decisions"]):
            raise KeyError("decisions")  # noqa: TRY301 - what is missing of one is as bad as one that is missing
        outline = read_outline(body["outline"])
        return KnownBaselines(AnomalySettings(**body["settings"]), baselines, decisions, outline)
    except (KeyError, TypeError, AttributeError, ValueError):
        msg = "the baseline service's reply is not of this version: restart Splunk after an upgrade of the add-on"
        raise InvalidRequestError(msg) from None


def _dump(baselines: Mapping[Subject, Baseline]) -> dict[str, str]:
    return {subject.key: write_baseline(baseline) for subject, baseline in baselines.items()}


def _write_name(name: str) -> str:
    return json.dumps(name).replace("[", r"\u005b").replace("{", r"\u007b")


def _cut(members: Sequence[T], most: int, name_of: Callable[[T], str]) -> Iterator[list[T]]:
    """Cut a list where so many members, or as many characters as there is room for, are together; it has one part."""
    part: list[T] = []
    left = _LIST_CHARACTERS
    for member in members:
        length = len(_write_name(name_of(member))) + 1
        if part and (len(part) == most or length > left):
            yield part
            part, left = [], _LIST_CHARACTERS
        part.append(member)
        left -= length
    yield part


def _names(body: Mapping[str, Any], part: str) -> tuple[str, ...]:
    names = body.get(part, [])
    if not isinstance(names, list) or len(names) > MAX_NAMES_ASKED or not all(isinstance(one, str) for one in names):
        raise InvalidRequestError(f"{part} must be a list of at most {MAX_NAMES_ASKED} names")
    return tuple(name for name in names if len(name) <= MAX_NAME)  # longer ones are nowhere


def _object(text: str) -> dict[str, Any]:
    body = read_object(text)
    if body is None:
        raise InvalidRequestError("the request is not a JSON object")
    return body


def _usable(keys: list[object]) -> Iterator[Subject]:
    """Return the subjects that can have a baseline: one name that cannot must not cost the others theirs."""
    for key in keys:
        with suppress(InvalidRequestError):
            yield _subject(key)


def _subject(key: object) -> Subject:
    if not isinstance(key, str) or len(key) > MAX_NAME + 20:
        raise InvalidRequestError("a subject must be the key of a baseline")
    return read_subject(key)
