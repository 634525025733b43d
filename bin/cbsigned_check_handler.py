"""The REST endpoint `cbsigned/check`: try an account that is about to be saved."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from splunk.persistconn.application import PersistentServerConnectionApplication

from cbverdict.service.account_check import check_account
from cbverdict.service.rest_endpoint import serve
from cbverdict.splunkd.logs import prepare

if TYPE_CHECKING:
    from cbverdict.splunkd.conf import SplunkdConfiguration

prepare("check")

_MAX_CALL = 1024 * 1024  # bytes; an account with its CA certificates has some KB


class CheckHandler(PersistentServerConnectionApplication):  # type: ignore[misc] # Splunk's own, without types
    """Answer `POST cbsigned/check`: nothing where the account works, else what is wrong with it."""

    def __init__(self, command_line: str, command_arg: str) -> None:  # noqa: ARG002 - splunkd's own signature
        """Start with nothing; splunkd gives its command line and argument, which say nothing here."""
        super().__init__()

    def handle(self, in_string: str | bytes) -> dict[str, Any]:
        """Answer one request."""
        return serve(in_string, {"POST": self._answer}, _MAX_CALL)

    @staticmethod
    def _answer(call: Mapping[str, Any], configuration: SplunkdConfiguration) -> str:
        check_account(call.get("payload") or "", configuration)
        return "{}"
