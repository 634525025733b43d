"""The REST endpoint `cbsigned/verdicts`: splunkd keeps this process and hands it one request at a time."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from solnlib import log
from splunk.persistconn.application import PersistentServerConnectionApplication

from cbverdict.configuration import SplunkdConfiguration
from cbverdict.errors import CbsignedError, InvalidRequestError, ServiceError, SetupError
from cbverdict.messages import read_request, write_reply
from cbverdict.service import VerdictService

log.Logs.set_context(namespace="cbsigned", root_logger_log_file="verdicts")


class VerdictsHandler(PersistentServerConnectionApplication):  # type: ignore[misc] # Splunk's own, without types
    """Answer `POST cbsigned/verdicts`; `restmap.conf` lets only `cbsigned_lookup` in."""

    def __init__(self, command_line: str, command_arg: str) -> None:  # noqa: ARG002 - splunkd's own signature
        """Start without a connection; splunkd gives its command line and argument, which say nothing here."""
        super().__init__()
        self._service = VerdictService()

    def handle(self, in_string: str | bytes) -> dict[str, Any]:
        """Answer one request: JSON in, `{"status", "headers", "payload"}` out."""
        try:
            call = json.loads(in_string)
            if call.get("method") != "POST":
                return _problem(405, InvalidRequestError("ask with POST"))
            request = read_request(call.get("payload") or "")
            configuration = SplunkdConfiguration(call["server"]["rest_uri"], call["system_authtoken"])
            return _reply(200, write_reply(self._service.answer(request, configuration)))
        except InvalidRequestError as error:
            return _problem(400, error)
        except SetupError as error:
            return _problem(409, error)
        except ServiceError as error:
            return _problem(503, error)
        except Exception as error:  # The entry's one catch-all: a defect becomes an answer, its text stays here.
            logging.getLogger(__name__).exception("action=answer defect=%s", type(error).__name__)
            return _problem(500, ServiceError(f"a defect of the verdict service. {ServiceError.__doc__}"))


def _problem(status: int, error: CbsignedError) -> dict[str, Any]:
    return _reply(status, json.dumps({"reason": error.reason.value, "message": str(error)}))


def _reply(status: int, payload: str) -> dict[str, Any]:
    return {"status": status, "headers": {"Content-Type": "application/json"}, "payload": payload}
