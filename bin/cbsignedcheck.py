"""The search command `| cbsignedcheck`: whether what the add-on rests on holds on this search head."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Iterator

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from splunklib.searchcommands import Configuration, GeneratingCommand

from cbverdict.search.sdk_compat import HardenedCommand, run


@Configuration(type="reporting")
class CbsignedcheckCommand(HardenedCommand, GeneratingCommand):
    """One row a check: `check`, `status` (ok, warn, fail), `detail`, `next_step`."""

    def generate(self) -> Iterator[dict[str, str]]:
        """Run all checks."""
        from cbverdict.checks.report import check_all  # noqa: PLC0415 - at the first chunk, not at getinfo

        info = self.metadata.searchinfo
        for finding in check_all(info.splunkd_uri, info.session_key):
            yield finding.row()


run(CbsignedcheckCommand, __name__)
