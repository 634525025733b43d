"""What the setup pages do before UCC's own handlers save: check what a search would stumble over."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Callable

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from splunktaucclib.rest_handler.admin_external import AdminExternalHandler
from splunktaucclib.rest_handler.error import RestError

from cbverdict.errors import CbsignedError
from cbverdict.service.account_check import MAX_SECONDS, check_settings
from cbverdict.splunkd.rest import ServiceCall


class AccountHandler(AdminExternalHandler):
    """Save an account only if Carbon Black answers what a search would ask it.

    The check runs in a process that may read secrets, so that a token of asterisks is the one that is saved.
    """

    def handleCreate(self, confInfo: Any) -> None:  # noqa: N802, N803, ANN401, D102 - UCC's own signature
        self._check()
        super().handleCreate(confInfo)

    def handleEdit(self, confInfo: Any) -> None:  # noqa: N802, N803, ANN401, D102 - likewise
        self._check()
        super().handleEdit(confInfo)

    def _check(self) -> None:
        fields = {**self.payload, "name": self.callerArgs.id}
        call = ServiceCall(os.environ["SPLUNKD_URI"], self.getSessionKey(), "check")
        _as_rest_error(lambda: call.post(json.dumps(fields), MAX_SECONDS + 3))


class SettingsHandler(AdminExternalHandler):
    """Save settings only if a search can use them."""

    def handleEdit(self, confInfo: Any) -> None:  # noqa: N802, N803, ANN401, D102 - likewise
        stanza = self.callerArgs.id
        (saved,) = self.handler.get(stanza)
        _as_rest_error(lambda: check_settings(stanza, {**saved.content, **self.payload}))
        super().handleEdit(confInfo)


def _as_rest_error(check: Callable[[], object]) -> None:
    """Run a check; raise what it raises as the error that UCC's handlers answer with."""
    try:
        check()
    except CbsignedError as error:
        raise RestError(400, str(error)) from None
