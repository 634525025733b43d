"""The command's way to the verdict service: one REST call on this search head."""

from __future__ import annotations

import json
import socket
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import urlsplit

from splunklib import binding

from cbverdict.errors import InvalidRequestError, NoRightError, ServiceError, SetupError, TimedOutError, advice
from cbverdict.messages import VerdictReply, VerdictRequest, read_reply, write_request

if TYPE_CHECKING:
    from cbverdict.errors import CbsignedError

_PATH = "/servicesNS/nobody/cbsigned/cbsigned/verdicts"
_GRACE = 5.0
"""Seconds that splunkd and the handler may take beside what Carbon Black takes."""


class VerdictClient:
    """Ask the verdict service with the user's own session; Carbon Black's token never comes this way."""

    def __init__(self, splunkd_uri: str, session_key: str) -> None:
        """Remember whom to ask; nothing is sent yet."""
        self._uri = urlsplit(splunkd_uri)
        self._session_key = session_key

    def ask(self, request: VerdictRequest) -> VerdictReply:
        """Send a request and wait for its reply, a little longer than the request's own seconds.

        Raises:
            NoRightError: the user lacks the capability `cbsigned_lookup`.
            SetupError: the add-on is not set up right.
            ServiceError: the service does not answer.
        """
        headers = [("Content-Type", "application/json")]
        context = self._context(request.seconds + _GRACE)
        text = _send(lambda: context.post(_PATH, headers=headers, body=write_request(request)))
        reply = read_reply(text)
        if not reply.needs_names and len(reply.answers) != len(request.questions):
            msg = "the verdict service answered another number of questions than it was asked"
            raise ServiceError(msg)
        return reply

    def purge(self) -> None:
        """Sweep expired verdicts; needs the capability `cbsigned_admin`.

        Raises:
            NoRightError: the user lacks it.
            ServiceError: the service does not answer.
        """
        context = self._context(_GRACE)
        _send(lambda: context.delete(_PATH))

    def _context(self, timeout: float) -> binding.Context:
        return binding.Context(
            scheme=self._uri.scheme,
            host=self._uri.hostname,
            port=self._uri.port,
            token=self._session_key,
            handler=binding.handler(timeout=timeout),
        )


def _send(request: Callable[[], Any]) -> str:
    try:
        text: str = request().body.read().decode("utf-8")
    except binding.AuthenticationError:
        msg = f"splunkd refused this search's session. {advice(NoRightError)}"
        raise NoRightError(msg) from None
    except binding.HTTPError as error:
        raise _explain(error.status, error.body) from None
    except socket.timeout:
        msg = f"The verdict service is busy with other searches and did not answer in time. {advice(TimedOutError)}"
        raise TimedOutError(msg) from None
    except (OSError, HTTPException) as error:
        msg = f"the verdict service does not answer ({type(error).__name__}). {advice(ServiceError)}"
        raise ServiceError(msg) from None
    return text


def _explain(status: int, body: bytes) -> CbsignedError:
    try:
        problem = json.loads(body)
        message, reason = str(problem["message"]), str(problem["reason"])
    except (ValueError, KeyError, TypeError):
        message, reason = "", ""
    if reason == SetupError.reason.value:
        return SetupError(message)
    if message and status == 400:  # noqa: PLR2004 - HTTP's bad request
        return InvalidRequestError(message)
    if message:
        return ServiceError(message)
    if status in {401, 403}:
        return NoRightError(f"splunkd answered {status} to the verdict request. {advice(NoRightError)}")
    if status == 404:  # noqa: PLR2004 - HTTP's not found
        return SetupError("this search head has no verdict service: install the add-on here and restart Splunk")
    return ServiceError(f"splunkd answered {status} to the verdict request. {advice(ServiceError)}")
