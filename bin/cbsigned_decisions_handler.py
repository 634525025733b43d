"""The REST endpoint `cbsigned/decisions`, in a process that splunkd keeps."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from splunk.persistconn.application import PersistentServerConnectionApplication

from cbverdict.service.decision_service import DecisionService
from cbverdict.service.rest_endpoint import serve
from cbverdict.splunkd.logs import prepare
from cbverdict.splunkd.lookup_files import read_lists

if TYPE_CHECKING:
    from cbverdict.splunkd.conf import SplunkdConfiguration

prepare("decisions")

_MAX_CALL = 256 * 1024


class DecisionsHandler(PersistentServerConnectionApplication):  # type: ignore[misc] # Splunk's own, without types
    """Answer `POST cbsigned/decisions`: take what somebody decided on rows."""

    def __init__(self, command_line: str, command_arg: str) -> None:  # noqa: ARG002 - splunkd's own signature
        """Start with nothing; splunkd gives its command line and argument, which say nothing here."""
        super().__init__()
        self._service = DecisionService(read_lists)

    def handle(self, in_string: str | bytes) -> dict[str, Any]:
        """Answer one request."""
        return serve(in_string, {"POST": self._answer}, _MAX_CALL)

    def _answer(self, call: Mapping[str, Any], configuration: SplunkdConfiguration) -> str:
        author = str(call["session"]["user"])  # splunkd's word, not the caller's
        return self._service.take(call.get("payload") or "", author, configuration.decision_store())
