"""The REST endpoint `cbsigned/verdicts`: splunkd keeps this process and hands it one request at a time."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from solnlib import log
from splunk.persistconn.application import PersistentServerConnectionApplication

from cbverdict.configuration import SplunkdConfiguration
from cbverdict.errors import CbsignedError, InvalidRequestError, ServiceError, SetupError, StoreError, advice
from cbverdict.messages import read_request, write_reply
from cbverdict.service import VerdictService

# solnlib asks splunkd through the environment's proxy and CA bundle; splunkd is this host, so neither may count.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ.pop(name, None)

log.Logs.set_context(namespace="cbsigned", root_logger_log_file="verdicts")
logging.getLogger("urllib3").setLevel(logging.ERROR)  # Its warnings repeat the URL, hash and process name included.

_STATUSES = {InvalidRequestError: 400, SetupError: 409, ServiceError: 503, StoreError: 503}


class VerdictsHandler(PersistentServerConnectionApplication):  # type: ignore[misc] # Splunk's own, without types
    """Answer `POST cbsigned/verdicts` and, to sweep the store, `DELETE`; `restmap.conf` says who may."""

    def __init__(self, command_line: str, command_arg: str) -> None:  # noqa: ARG002 - splunkd's own signature
        """Start without a connection; splunkd gives its command line and argument, which say nothing here."""
        super().__init__()
        self._service = VerdictService()

    def handle(self, in_string: str | bytes) -> dict[str, Any]:
        """Answer one request: JSON in, `{"status", "headers", "payload"}` out."""
        try:
            return _reply(200, self._answer(json.loads(in_string)))
        except CbsignedError as error:
            return _problem(_STATUSES.get(type(error), 503), error)
        except Exception as error:  # The entry's one catch-all: a defect becomes an answer, its text stays here.
            logging.getLogger(__name__).exception("action=answer defect=%s", type(error).__name__)
            return _problem(500, ServiceError(f"a defect of the verdict service. {advice(ServiceError)}"))

    def _answer(self, call: dict[str, Any]) -> str:
        configuration = SplunkdConfiguration(call["server"]["rest_uri"], call["system_authtoken"])
        if call.get("method") == "DELETE":
            self._service.purge(configuration)
            return "{}"
        if call.get("method") != "POST":
            raise InvalidRequestError("ask with POST")
        return write_reply(self._service.answer(read_request(call.get("payload") or ""), configuration))


def _problem(status: int, error: CbsignedError) -> dict[str, Any]:
    return _reply(status, json.dumps({"reason": error.reason.value, "message": str(error)}))


def _reply(status: int, payload: str) -> dict[str, Any]:
    return {"status": status, "headers": {"Content-Type": "application/json"}, "payload": payload}
