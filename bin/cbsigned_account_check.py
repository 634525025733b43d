"""What saving an account does before UCC's own handler saves it: the check, in a process that may read secrets."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from splunktaucclib.rest_handler.admin_external import AdminExternalHandler
from splunktaucclib.rest_handler.error import RestError

from cbverdict.errors import CbsignedError
from cbverdict.splunkd import ServiceCall

_SECONDS = 75.0


class AccountHandler(AdminExternalHandler):
    """Save an account only if Carbon Black answers what a search would ask it."""

    def handleCreate(self, confInfo: Any) -> None:  # noqa: N802, N803, ANN401, D102 - UCC's own signature
        self._check()
        super().handleCreate(confInfo)

    def handleEdit(self, confInfo: Any) -> None:  # noqa: N802, N803, ANN401, D102 - likewise
        self._check()
        super().handleEdit(confInfo)

    def _check(self) -> None:
        fields = {**self.payload, "name": self.callerArgs.id}
        call = ServiceCall(os.environ["SPLUNKD_URI"], self.getSessionKey(), "check")
        try:
            call.post(json.dumps(fields), _SECONDS)
        except CbsignedError as error:
            raise RestError(400, str(error)) from None
