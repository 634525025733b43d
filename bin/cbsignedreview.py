"""The search command `| cbsignedreview`: decide on the rows of a search, for a time and with a reason."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Iterable, Iterator

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from splunklib.searchcommands import Configuration, Option, StreamingCommand, validators

from cbverdict.errors import CbsignedError
from cbverdict.search.sdk_compat import HardenedCommand, run
from cbverdict.service.decision_client import NOTHING, ROW_FIELDS, DecisionClient

_NO_END = ("end", "bad")
_LONGEST = 365
"""Days for which a file is called bad where nobody says for how long, and the most that any decision holds."""


@Configuration(distributed=False)
class CbsignedreviewCommand(HardenedCommand, StreamingCommand):
    """Hand the rows to the decision service, which knows who asks; all of them are decided on, or none."""

    action = Option(require=True, validate=validators.Set("exclude", "expect", "bad", "end"))
    days = Option(validate=validators.Integer(minimum=1, maximum=_LONGEST))
    why = Option(default="")

    def prepare(self) -> None:
        """Ask splunkd for the needed columns only."""
        super().prepare()
        if self.days is None and self.action not in _NO_END:
            self.end_with(f"cbsignedreview action={self.action}: say for how many days=")
        self.configuration.required_fields = list(ROW_FIELDS)
        self._has_rows = False

    def stream(self, records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Decide on the rows of a chunk; a refusal is the search's error."""
        rows = list(records)
        if not rows:
            return
        self._has_rows = True
        info = self.metadata.searchinfo
        client = DecisionClient(info.splunkd_uri, info.session_key)
        try:
            answers = client.decide(self.action, rows, float(self.days or _LONGEST), self.why)
        except CbsignedError as error:
            self.write_error(f"cbsignedreview: {error}")
            answers = [NOTHING] * len(rows)
        for row, answer in zip(rows, answers):
            row.update(answer)
            yield row

    def conclude(self) -> None:
        """Report where there was nothing to decide on."""
        if not self._has_rows:
            self.write_warning(
                "cbsignedreview: no row was handed over, so nothing was decided: look at what stands before it, and at "
                "the time of the search"
            )


run(CbsignedreviewCommand, __name__)
