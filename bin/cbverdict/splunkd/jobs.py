"""What splunkd says of a search that runs."""

from __future__ import annotations

import json
from enum import Enum
from http.client import HTTPException
from typing import Any, Mapping
from urllib.parse import quote

from splunklib import binding

from cbverdict.splunkd.rest import connect

_TIMEOUT = 2.0

_ENDED_BADLY = frozenset({"INTERNAL_CANCEL", "USER_CANCEL", "BAD_INPUT_CANCEL", "QUIT", "FAILED"})
"""The states that no search leaves again but by being deleted.

FINALIZING is not among them: every search passes through it on its way to DONE, and a command behind `stats` runs then.
Nor is DONE: the results of a search that is done may be piped into another command.
"""


_NOT_SAID = (
    binding.AuthenticationError,
    OSError,
    HTTPException,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
)


class JobState(Enum):
    """What becomes of a search."""

    GOING_ON = "going on"
    OVER = "over"
    MISSING = "missing"
    NOT_SAID = "not said"


def read_job(splunkd_uri: str, token: str, sid: str) -> JobState:
    """Ask splunkd for the state of a search.

    Over is what was finalised or ended badly. `MISSING` alone says nothing: a job that was cancelled is not known any
    more, and of some, such as those of subsearches, nothing says that they are ever known.
    """
    try:
        job = _read(splunkd_uri, token, sid)
        is_over = _is_true(job.get("isFinalized")) or job.get("dispatchState") in _ENDED_BADLY
    except binding.HTTPError as error:
        return JobState.MISSING if error.status == 404 else JobState.NOT_SAID  # noqa: PLR2004 - HTTP's not found
    except _NOT_SAID:
        return JobState.NOT_SAID
    return JobState.OVER if is_over else JobState.GOING_ON


def count_events(splunkd_uri: str, token: str, sid: str) -> int | None:
    """Ask splunkd how many events a search has found so far (None: it does not say)."""
    try:
        return int(_read(splunkd_uri, token, sid)["eventCount"])
    except (binding.HTTPError, *_NOT_SAID):
        return None


def _read(splunkd_uri: str, token: str, sid: str) -> Mapping[str, Any]:
    splunkd = connect(splunkd_uri, token, _TIMEOUT)
    answer = splunkd.get(f"/services/search/jobs/{quote(sid, safe='')}", output_mode="json").body.read()
    job: Mapping[str, Any] = json.loads(answer)["entry"][0]["content"]
    return job


def _is_true(value: object) -> bool:
    """Return whether a flag of splunkd's is set: true, 1, or one of them as a text."""
    return str(value).lower() in {"true", "1"}
