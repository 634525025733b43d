"""What the commands and the baseline service say to each other: JSON both ways, checked on arrival."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any, Iterator, Mapping

from cbverdict.anomalies.baselines import (
    MAX_NAME,
    Baseline,
    Baselines,
    Subject,
    read_baseline,
    read_subject,
    write_baseline,
)
from cbverdict.anomalies.exclusions import read_decision, write_decision
from cbverdict.anomalies.lessons import MAX_SUBJECTS
from cbverdict.anomalies.profiles import KnownBaselines
from cbverdict.errors import InvalidRequestError
from cbverdict.json_object import read_object
from cbverdict.settings.anomalies import AnomalySettings

_LESSON = re.compile(r"[0-9A-Za-z]{0,64}")


def write_question(subjects: list[Subject]) -> str:
    """Write which baselines are asked for."""
    return json.dumps({"subjects": [subject.key for subject in subjects]})


def read_question(text: str) -> list[Subject]:
    """Read which baselines are asked for.

    Raises:
        InvalidRequestError: it is not such a request.
    """
    keys = _object(text).get("subjects")
    if not isinstance(keys, list) or len(keys) > MAX_SUBJECTS:
        raise InvalidRequestError(f"subjects must be a list of at most {MAX_SUBJECTS} keys")
    return list(_usable(keys))


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
    body = {"settings": reply.settings._asdict(), "baselines": _dump(reply.baselines)}
    return json.dumps({**body, "decisions": [write_decision(decision) for decision in reply.decisions]})


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
        return KnownBaselines(AnomalySettings(**body["settings"]), baselines, decisions)
    except (KeyError, TypeError, AttributeError):
        msg = "the baseline service's reply is not of this version: restart Splunk after an upgrade of the add-on"
        raise InvalidRequestError(msg) from None


def _dump(baselines: Mapping[Subject, Baseline]) -> dict[str, str]:
    return {subject.key: write_baseline(baseline) for subject, baseline in baselines.items()}


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
