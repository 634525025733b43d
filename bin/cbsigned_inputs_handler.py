"""The REST endpoint `cbsigned/inputs`: how far inputs have read, and what an admin orders of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from splunk.persistconn.application import PersistentServerConnectionApplication

from cbverdict.errors import InvalidRequestError, SetupError
from cbverdict.inputs.administration import administer
from cbverdict.service.rest_endpoint import serve
from cbverdict.splunkd.logs import prepare

if TYPE_CHECKING:
    from cbverdict.splunkd.conf import SplunkdConfiguration

prepare("inputs")

_MAX_CALL = 64 * 1024  # bytes


class InputsHandler(PersistentServerConnectionApplication):  # type: ignore[misc] # Splunk's own, without types
    """Answer `POST cbsigned/inputs`: a JSON list, a row for each input."""

    def __init__(self, command_line: str, command_arg: str) -> None:  # noqa: ARG002 - splunkd's own signature
        """Start with nothing; splunkd gives its command line and argument, which say nothing here."""
        super().__init__()

    def handle(self, in_string: str | bytes) -> dict[str, Any]:
        """Answer one request."""
        return serve(in_string, {"POST": self._answer}, _MAX_CALL)

    @staticmethod
    def _answer(call: Mapping[str, Any], configuration: SplunkdConfiguration) -> str:  # noqa: ARG004 - likewise
        try:
            rows = administer(call.get("payload") or "", call["server"]["rest_uri"], call["system_authtoken"])
        except SetupError as error:  # Its text says which time is not usable.
            raise InvalidRequestError(str(error)) from None
        return json.dumps(rows)
