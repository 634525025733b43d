"""The REST endpoints `cbsigned/baselines` and `cbsigned/learning`, each in a process that splunkd keeps."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from splunk.persistconn.application import PersistentServerConnectionApplication

from cbverdict.service.baseline_api import read_lesson, read_question, write_reply
from cbverdict.service.baseline_service import BaselineService
from cbverdict.service.rest_endpoint import serve
from cbverdict.splunkd.logs import prepare
from cbverdict.splunkd.remembered_confs import RememberedConfs

if TYPE_CHECKING:
    from cbverdict.splunkd.conf import SplunkdConfiguration

prepare("baselines")


_MAX_QUESTION = 1024 * 1024
_MAX_LEARNT = 64 * 1024 * 1024  # bytes of a call; only admins teach


class BaselinesHandler(PersistentServerConnectionApplication):  # type: ignore[misc] # Splunk's own, without types
    """Answer `POST cbsigned/baselines`: the baselines that there are of some subjects."""

    _max_call = _MAX_QUESTION

    def __init__(self, command_line: str, command_arg: str) -> None:  # noqa: ARG002 - splunkd's own signature
        """Start with nothing; splunkd gives its command line and argument, which say nothing here."""
        super().__init__()
        self._service = BaselineService()
        self._confs = RememberedConfs()

    def handle(self, in_string: str | bytes) -> dict[str, Any]:
        """Answer one request."""
        return serve(in_string, {"POST": self._answer}, self._max_call, self._confs)

    def _answer(self, call: Mapping[str, Any], configuration: SplunkdConfiguration) -> str:
        return write_reply(self._service.answer(read_question(call.get("payload") or ""), configuration))


class LearningHandler(BaselinesHandler):
    """Answer `POST cbsigned/learning`: add what was learnt."""

    _max_call = _MAX_LEARNT

    def _answer(self, call: Mapping[str, Any], configuration: SplunkdConfiguration) -> str:
        learnt, lesson = read_lesson(call.get("payload") or "")
        return json.dumps({"new": self._service.learn(learnt, configuration, lesson)})
