"""The REST endpoint `cbsigned/health`: whether what the add-on rests on holds on this search head."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from splunk.persistconn.application import PersistentServerConnectionApplication

from cbverdict.checks.finding import write_findings
from cbverdict.checks.report import check_host
from cbverdict.service.rest_endpoint import serve
from cbverdict.splunkd.logs import prepare

if TYPE_CHECKING:
    from cbverdict.splunkd.conf import SplunkdConfiguration

prepare("health")

_MAX_CALL = 64 * 1024


class HealthHandler(PersistentServerConnectionApplication):  # type: ignore[misc] # Splunk's own, without types
    """Answer `GET cbsigned/health`: a finding for each check, never with a secret in it."""

    def __init__(self, command_line: str, command_arg: str) -> None:  # noqa: ARG002 - splunkd's own signature
        """Start with nothing; splunkd gives its command line and argument, which say nothing here."""
        super().__init__()

    def handle(self, in_string: str | bytes) -> dict[str, Any]:
        """Answer one request."""
        return serve(in_string, {"GET": self._answer}, _MAX_CALL)

    @staticmethod
    def _answer(call: Mapping[str, Any], configuration: SplunkdConfiguration) -> str:
        return write_findings(check_host(configuration, call["server"]["rest_uri"], call["system_authtoken"]))
