"""The search command `| cbsignedlearn`: learn what is usual from the rows of any search."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, Iterable, Iterator

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from splunklib.searchcommands import Configuration, Option, ReportingCommand, dispatch, validators

from cbverdict.events.columns import EventFields
from cbverdict.search.sdk_compat import HardenedCommand, standard_output

_TEXT = validators.Match("text", r".{1,255}\Z")


@Configuration(requires_preop=True, run_in_preview=False)
class CbsignedlearnCommand(HardenedCommand, ReportingCommand):
    """The map runs where the rows are, on the indexers; the reduce on the search head writes the baselines."""

    dryrun = Option(default=False, validate=validators.Boolean())
    wait = Option(default=False, validate=validators.Boolean())
    name_field = Option(name="name", validate=_TEXT)  # `name` itself is the SDK's, the command's name
    user_field = Option(name="user", validate=_TEXT)
    team_field = Option(name="team", validate=_TEXT)

    def prepare(self) -> None:
        """Ask splunkd for the needed columns only, in each phase."""
        super().prepare()
        if self.fieldnames:
            self.write_error(f"cbsignedlearn takes options only, as name=value; what is {' '.join(self.fieldnames)}?")
            sys.exit(1)
        from cbverdict.anomalies.training import PART_FIELDS, TrainingResult, columns  # noqa: PLC0415 - not for a start that is refused

        self._learnt = TrainingResult()
        own = {"name": self.name_field, "user": self.user_field, "team": self.team_field}
        given = {key: (column,) for key, column in own.items() if column}
        self._fields = EventFields(md5=(), parent_md5=(), **given)
        is_map = self.phase == "map"
        self._configuration.required_fields = columns(self._fields) if is_map else list(PART_FIELDS)

    @Configuration()
    def map(self, records: Iterable[dict[str, Any]]) -> Iterator[dict[str, str]]:
        """Learn from the rows of one chunk, and hand that on."""
        from cbverdict.anomalies.training import Learner  # noqa: PLC0415 - at the first chunk, not at getinfo
        from cbverdict.splunkd.lookup_files import read_lists  # noqa: PLC0415 - likewise

        yield from Learner(read_lists(), self._fields, time.time()).learn(records).parts()

    def reduce(self, records: Iterable[dict[str, Any]]) -> Iterator[dict[str, str]]:
        """Put the parts together; after the last, write the baselines and say what was learnt."""
        from cbverdict.anomalies.hold_back import hold_back  # noqa: PLC0415 - likewise
        from cbverdict.errors import CbsignedError  # noqa: PLC0415 - likewise
        from cbverdict.service.baseline_client import BaselineClient  # noqa: PLC0415 - at the first chunk, not at getinfo
        from cbverdict.splunkd.lookup_files import read_lists  # noqa: PLC0415 - likewise

        try:
            for record in records:
                self._learnt.add_part(record)
            if not self.is_last_chunk:
                return
            info = self.metadata.searchinfo
            client = BaselineClient(info.splunkd_uri, info.session_key)
            if self.wait and self._learnt.baselines:
                self._learnt.baselines = hold_back(self._learnt.baselines, client, read_lists())
            if not self.dryrun and self._learnt.baselines:
                client.learn(self._learnt.baselines)
        except CbsignedError as error:
            self.write_error(f"cbsignedlearn: {error}")
            return
        yield from self._learnt.report("would learn" if self.dryrun else "learnt")


dispatch(CbsignedlearnCommand, sys.argv, sys.stdin, standard_output(), __name__)
