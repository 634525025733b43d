"""What `splunk diag` packs of this app beside what it packs anyway: whether what the app rests on holds. No secret."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from cbverdict.checks.finding import run
from cbverdict.checks.interpreter import check_libraries, check_python

HEALTH = "/servicesNS/nobody/cbsigned/cbsigned/health"


def setup(parser: Any = None, callback: Any = None, **_: Any) -> None:  # noqa: ANN401, ARG001 - diag's own signature
    """Tell diag that splunkd will be asked, for which it wants somebody to log in."""
    callback.will_need_rest()


def collect_diag_info(diag: Any, **_: Any) -> None:  # noqa: ANN401 - likewise
    """Pack what `| cbsignedcheck` says of this search head, and of this Python, which needs no splunkd."""
    checks = {"Python": lambda: check_python("diag"), "libraries": lambda: check_libraries("diag")}
    diag.add_string(json.dumps([finding.row() for finding in run(checks)], indent=1), "python.json")
    diag.add_rest_endpoint(HEALTH, "health.json")
