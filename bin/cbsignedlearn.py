"""The search command `| cbsignedlearn`: learn what is usual from the rows of any search."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterable, Iterator

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from cbverdict.memory import collect_garbage_rarely

collect_garbage_rarely()  # what a map gathers is no garbage, and would be looked through again and again

from splunklib.searchcommands import Configuration, Option, ReportingCommand, validators

from cbverdict.events.columns import EventFields
from cbverdict.search.sdk_compat import HardenedCommand, run

if TYPE_CHECKING:
    from cbverdict.anomalies.training import Learner

_MAX_GATHERED = 50_000
"""People, teams and parents of whom a map gathers before it hands that on: some 50 MB."""

_TEXT = validators.Match("text", r".{1,255}\Z")


@Configuration(requires_preop=True, run_in_preview=False)
class CbsignedlearnCommand(HardenedCommand, ReportingCommand):
    """The map runs where the rows are, on the indexers; the reduce on the search head writes the baselines."""

    dryrun = Option(default=False, validate=validators.Boolean())
    wait = Option(default=False, validate=validators.Boolean())
    name_field = Option(name="name", validate=_TEXT)  # `name` itself is the SDK's, the command's name
    parent_name_field = Option(name="parent_name", validate=_TEXT)
    user_field = Option(name="user", validate=_TEXT)
    team_field = Option(name="team", validate=_TEXT)

    def prepare(self) -> None:
        """Have `fields` hand the map the needed columns only.

        Neither phase sets required_fields: splunkd would then look for the rows that it sent, by their number, in what
        comes back, and the map sends rows of its own.
        """
        super().prepare()
        from cbverdict.anomalies.training import TrainingResult, columns  # noqa: PLC0415 - not for a start that is refused

        self._learnt = TrainingResult()
        self._learner: Learner | None = None
        own = {
            "name": self.name_field,
            "parent_name": self.parent_name_field,
            "user": self.user_field,
            "team": self.team_field,
        }
        given = {key: (column,) for key, column in own.items() if column}
        self._fields = EventFields(md5=(), parent_md5=(), **given)
        if self.phase == "reduce":
            names = ", ".join(map(_quote, columns(self._fields)))
            command = self._configuration.streaming_preop
            self._configuration.streaming_preop = f"fields {names} | fields - _raw | {command}"

    @Configuration()
    def map(self, records: Iterable[dict[str, Any]]) -> Iterator[dict[str, str]]:
        """Learn from the rows of one chunk, and hand on what was learnt with the last, or when it has become much."""
        from cbverdict.anomalies.training import Learner, TrainingResult  # noqa: PLC0415 - not at getinfo
        from cbverdict.splunkd.lookup_files import read_lists  # noqa: PLC0415 - likewise

        if self._learner is None:
            self._learner = Learner(read_lists(), self._fields, time.time())
        gathered = self._learner.learn(records, self._learnt)
        if self.is_last_chunk or len(gathered.baselines) > _MAX_GATHERED:
            self._learnt = TrainingResult()
            yield from gathered.parts()

    def reduce(self, records: Iterable[dict[str, Any]]) -> Iterator[dict[str, str]]:
        """Put the parts together; after the last, write the baselines and say what was learnt."""
        from cbverdict.anomalies.hold_back import hold_back  # noqa: PLC0415 - at the first chunk, not at getinfo
        from cbverdict.errors import CbsignedError  # noqa: PLC0415 - likewise
        from cbverdict.service.baseline_client import BaselineClient  # noqa: PLC0415 - likewise
        from cbverdict.splunkd.jobs import count_events  # noqa: PLC0415 - likewise
        from cbverdict.splunkd.lookup_files import read_lists  # noqa: PLC0415 - likewise

        info = self.metadata.searchinfo
        whom = info.splunkd_uri, info.session_key
        try:
            for record in records:
                self._learnt.add_part(record)
            if not self.is_last_chunk:
                return
            if not self._learnt.parts_read:
                self._report_nothing(count_events(*whom, info.sid))
                return
            if self._learnt.names_nobody:
                self.write_warning("{}", _NOBODY.format(", ".join(self._fields.user[:3])))
            client, lesson = BaselineClient(*whom), f"{self._learnt.lesson}{'w' if self.wait else ''}"
            if self.wait and self._learnt.baselines:
                self._learnt.baselines = hold_back(self._learnt.baselines, client, read_lists(), self._learnt.last_day)
            is_taught = bool(self._learnt.baselines) and not self.dryrun
            if is_taught and not client.learn(self._learnt.baselines, lesson):
                self.write_warning("{}", "cbsignedlearn: these rows were learnt before, so nothing is added.")
        except CbsignedError as error:
            self.write_error(f"cbsignedlearn: {error}")
            return
        yield from self._learnt.report("would learn" if self.dryrun else "learnt")

    def _report_nothing(self, events: int | None) -> None:
        """Report that no part came, though each chunk of rows makes one, be it empty."""
        if events:
            self.write_error(
                f"cbsignedlearn: the search found {events} events, and nothing of them arrived: nothing is learnt. "
                "The first half of the command runs on the indexers: look for cbsignedlearn in this search's "
                "search.log and in those of the indexers, and at what | cbsignedcheck says."
            )
        else:
            self.write_warning("{}", "cbsignedlearn: the search has no rows, so there is nothing to learn from.")


_NOBODY = (
    "cbsignedlearn: no row names a person, so nobody's habits are learnt. A user is looked for in {} and the like: say "
    "with user=<field> where it is, and keep that column in the search."
)


def _quote(name: str) -> str:
    """Write a field's name as an argument of a command."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


run(CbsignedlearnCommand, __name__)
