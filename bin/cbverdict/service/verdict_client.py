"""The command's way to the verdict service: REST calls on this search head."""

from __future__ import annotations

import time

from cbverdict.errors import ServiceError, TimedOutError, advice
from cbverdict.json_object import read_object
from cbverdict.service.verdict_api import Ticket, VerdictReply, VerdictRequest, read_turn, write_request, write_ticket
from cbverdict.splunkd.rest import ServiceCall

_GRACE = 5.0
"""Seconds that splunkd and the handler may take beside what Carbon Black takes."""

_SWEEP_SECONDS = 60.0
"""Seconds for the call that begins a sweep: it waits its turn behind calls of searches, and is held for 5 s itself."""

_FIRST_WAIT = 0.02
_LONGEST_WAIT = 1.0
_WAIT_OF_WAITED = 0.25
"""How long the next wait is, of what was waited so far: an answer is fetched at most so much later than it is there."""


class VerdictClient:
    """Ask the verdict service with the user's own session; Carbon Black's token never comes this way.

    Methods raise `NoRightError` (the user lacks the capability), `SetupError`, `TimedOutError` or `ServiceError`.
    """

    def __init__(self, splunkd_uri: str, session_key: str) -> None:
        """Remember whom to ask; nothing is sent yet."""
        self._verdicts = ServiceCall(splunkd_uri, session_key, "verdicts")

    def ask(self, request: VerdictRequest) -> VerdictReply:
        """Send a request and wait for its reply, a little longer than the request's own seconds.

        What takes its time is fetched later, with longer and longer waits, so that other searches are served between.
        """
        started = time.monotonic()
        deadline = started + request.seconds + _GRACE
        request = request._replace(in_turns=True)
        turn = self._send(write_request(request), deadline)
        while isinstance(turn, Ticket):
            wait = min(max(_FIRST_WAIT, _WAIT_OF_WAITED * (time.monotonic() - started)), _LONGEST_WAIT)
            time.sleep(min(wait, _seconds_until(deadline)))
            # A handler that was started anew knows no ticket of the one before.
            turn = self._send(write_ticket(turn) if turn.text else _again(request, deadline), deadline)
        if not turn.needs_names and len(turn.answers) != len(request.questions):
            msg = "the verdict service answered another number of questions than it was asked"
            raise ServiceError(msg)
        return turn

    def purge(self, seconds: float = _SWEEP_SECONDS) -> bool:
        """Sweep expired verdicts, and return whether that is done or goes on; needs the capability `cbsigned_admin`."""
        try:
            answer = self._verdicts.delete(seconds)
        except TimedOutError:
            raise ServiceError(
                f"the sweep did not begin within {seconds:g} s, for the verdict service is busy with searches. "
                "Nothing is lost: the next one sweeps what this one did not"
            ) from None
        return (read_object(answer) or {}).get("swept") is True

    def _send(self, body: str, deadline: float) -> VerdictReply | Ticket:
        return read_turn(self._verdicts.post(body, _seconds_until(deadline)))


def _again(request: VerdictRequest, deadline: float) -> str:
    return write_request(request._replace(seconds=max(1.0, _seconds_until(deadline) - _GRACE)))


def _seconds_until(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimedOutError(f"The service did not answer in the search's time. {advice(TimedOutError)}")
    return left
