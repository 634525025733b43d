"""The search command `| cbsignedpurge`: sweep verdicts that have expired out of the store."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Iterator

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from splunklib.searchcommands import Configuration, GeneratingCommand

from cbverdict.errors import CbsignedError
from cbverdict.search.sdk_compat import HardenedCommand, run
from cbverdict.service.verdict_client import VerdictClient


@Configuration(type="reporting")
class CbsignedpurgeCommand(HardenedCommand, GeneratingCommand):
    """Ask the verdict service to sweep; one row says that it did."""

    def generate(self) -> Iterator[dict[str, str]]:
        """Sweep, or say why not."""
        info = self.metadata.searchinfo
        try:
            is_done = VerdictClient(info.splunkd_uri, info.session_key).purge()
        except CbsignedError as error:
            self.write_error(str(error))
            return
        later = "the sweep goes on, and cbsigned_verdicts.log will say what came of it"
        yield {"action": "purge", "result": "expired verdicts are swept" if is_done else later}


run(CbsignedpurgeCommand, __name__)
