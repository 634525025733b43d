"""What every REST endpoint of the add-on does around its answer: JSON, statuses, and the one catch-all."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import time
from typing import TYPE_CHECKING, Any, Callable, Mapping

from cbverdict.errors import CbsignedError, InvalidRequestError, ServiceError, SetupError, StoreError, advice
from cbverdict.splunkd.conf import SplunkdConfiguration

if TYPE_CHECKING:
    from cbverdict.splunkd.remembered_confs import RememberedConfs

_STATUSES = {InvalidRequestError: 400, SetupError: 409, ServiceError: 503, StoreError: 503}

Answerer = Callable[[Mapping[str, Any], SplunkdConfiguration], str]


def serve(
    in_string: str | bytes, answers: Mapping[str, Answerer], max_call: int, remembered: RememberedConfs | None = None
) -> dict[str, Any]:
    """Answer one request of splunkd's: JSON in, `{"status", "headers", "payload"}` out.

    `answers` has one function for each HTTP verb that the endpoint knows. Any other verb is refused before
    anything is read or asked, whatever `restmap.conf` and splunkd let through; so is a call of more than `max_call`
    bytes, or with so many lists and objects in it that they would take up more memory than all the rest.
    `remembered` are the confs of earlier calls (None: all are read anew).
    """
    try:
        if len(in_string) > max_call or _count_containers(in_string) > max_call // _BYTES_A_CONTAINER:
            return _problem(413, InvalidRequestError("the request is too large: send less at once"))
        call = json.loads(in_string)
        answer = answers.get(call.get("method"))
        if answer is None:
            return _refuse_verb(answers)
        configuration = SplunkdConfiguration(call["server"]["rest_uri"], call["system_authtoken"], remembered)
        _set_level(configuration)
        return _reply(200, answer(call, configuration))
    except CbsignedError as error:
        return _problem(_STATUSES.get(type(error), 503), error)
    except Exception as error:  # The entries' one catch-all: a defect becomes an answer, its text stays here.
        logging.getLogger(__name__).exception("action=answer defect=%s", type(error).__name__)
        return _problem(500, ServiceError(f"a defect of the service. {advice(ServiceError)}"))


_BYTES_A_CONTAINER = 200  # each becomes some 60 to 200 bytes, and may be two characters long


def _count_containers(text: str | bytes) -> int:
    return text.count("[") + text.count("{") if isinstance(text, str) else text.count(b"[") + text.count(b"{")


_LEVEL_LASTS = 60.0
_level_read = -math.inf


def _set_level(configuration: SplunkdConfiguration) -> None:
    """Log from the level on that the settings say, looked up now and then."""
    global _level_read  # noqa: PLW0603 - a process has one log
    if time.monotonic() - _level_read > _LEVEL_LASTS:
        with contextlib.suppress(CbsignedError):
            logging.getLogger().setLevel(configuration.log_level())
        _level_read = time.monotonic()


def _refuse_verb(answers: Mapping[str, Answerer]) -> dict[str, Any]:
    error = InvalidRequestError(f"this endpoint is asked with {' or '.join(sorted(answers))} and no other verb")
    reply = _problem(405, error)
    return {**reply, "headers": {**reply["headers"], "Allow": ", ".join(sorted(answers))}}


def _problem(status: int, error: CbsignedError) -> dict[str, Any]:
    return _reply(status, json.dumps({"reason": error.reason.value, "message": str(error)}))


def _reply(status: int, payload: str) -> dict[str, Any]:
    return {"status": status, "headers": {"Content-Type": "application/json"}, "payload": payload}
