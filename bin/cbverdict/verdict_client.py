"""The command's way to the verdict service: one REST call on this search head."""

from __future__ import annotations

from cbverdict.errors import ServiceError
from cbverdict.messages import VerdictReply, VerdictRequest, read_reply, write_request
from cbverdict.splunkd import ServiceCall

_GRACE = 5.0
"""Seconds that splunkd and the handler may take beside what Carbon Black takes."""


class VerdictClient:
    """Ask the verdict service with the user's own session; Carbon Black's token never comes this way.

    Methods raise `NoRightError` (the user lacks the capability), `SetupError` or `ServiceError`.
    """

    def __init__(self, splunkd_uri: str, session_key: str) -> None:
        """Remember whom to ask; nothing is sent yet."""
        self._verdicts = ServiceCall(splunkd_uri, session_key, "verdicts")

    def ask(self, request: VerdictRequest) -> VerdictReply:
        """Send a request and wait for its reply, a little longer than the request's own seconds."""
        reply = read_reply(self._verdicts.post(write_request(request), request.seconds + _GRACE))
        if not reply.needs_names and len(reply.answers) != len(request.questions):
            msg = "the verdict service answered another number of questions than it was asked"
            raise ServiceError(msg)
        return reply

    def purge(self) -> None:
        """Sweep expired verdicts; needs the capability `cbsigned_admin`."""
        self._verdicts.delete(_GRACE)
