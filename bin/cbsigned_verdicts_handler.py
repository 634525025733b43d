"""The REST endpoint `cbsigned/verdicts`: splunkd keeps this process and hands it one request at a time."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from splunk.persistconn.application import PersistentServerConnectionApplication

from cbverdict.memory import keep_large_blocks_off_the_heap
from cbverdict.service.baseline_service import BaselineService
from cbverdict.service.rest_endpoint import serve
from cbverdict.service.sweep import Sweep
from cbverdict.service.turns import Turns
from cbverdict.service.verdict_api import VerdictReply, read_request, read_ticket, write_reply, write_turn
from cbverdict.service.verdict_service import VerdictService
from cbverdict.splunkd.logs import prepare
from cbverdict.splunkd.remembered_confs import RememberedConfs

if TYPE_CHECKING:
    from cbverdict.splunkd.conf import SplunkdConfiguration

prepare("verdicts")
keep_large_blocks_off_the_heap()

_HELD = 5.0
"""Seconds that a call may hold this process, which serves one at a time; longer waits take a ticket."""

_MAX_CALL = 6 * 1024 * 1024
"""Bytes of a call; 1,000 questions with names of the longest kind have 4 MB."""


class VerdictsHandler(PersistentServerConnectionApplication):  # type: ignore[misc] # Splunk's own, without types
    """Answer `POST cbsigned/verdicts` and, to sweep the stores, `DELETE`; `restmap.conf` says who may."""

    def __init__(self, command_line: str, command_arg: str) -> None:  # noqa: ARG002 - splunkd's own signature
        """Start without a connection; splunkd gives its command line and argument, which say nothing here."""
        super().__init__()
        self._service = VerdictService()
        self._confs = RememberedConfs()
        self._turns: Turns[VerdictReply] = Turns()
        self._sweep = Sweep()

    def handle(self, in_string: str | bytes) -> dict[str, Any]:
        """Answer one request."""
        return serve(in_string, {"POST": self._answer, "DELETE": self._purge}, _MAX_CALL, self._confs)

    def _answer(self, call: Mapping[str, Any], configuration: SplunkdConfiguration) -> str:
        body, owner = call.get("payload") or "", str(call.get("session", {}).get("user", ""))
        ticket = read_ticket(body)
        if ticket is not None:
            return write_turn(self._turns.take(ticket, owner))
        request = read_request(body)
        if not request.in_turns:
            request = request._replace(seconds=min(request.seconds, _HELD))
        begun = self._service.begin(request, configuration)
        if isinstance(begun, VerdictReply):
            return write_reply(begun)
        return write_turn(self._turns.begin(begun, owner)) if request.in_turns else write_reply(begun())

    def _purge(self, _: Mapping[str, Any], configuration: SplunkdConfiguration) -> str:
        def sweep() -> None:
            self._service.purge(configuration)
            BaselineService().forget(configuration)

        return json.dumps({"swept": self._sweep.run(sweep, _HELD)})
