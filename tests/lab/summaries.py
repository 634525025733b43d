"""A search head whose summary is filled, by the shipped saved searches, as Splunk's scheduler would fill it."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

from tests.lab.host import Row
from tests.lab.search_head import SearchHead
from tests.lab.site import Site
from tests.lab.spl.commands.collecting import stash_event
from tests.lab.spl.interpreter import Results
from tests.lab.spl.values import format_number

SUMMARIES = ("cbsigned - summarize processes", "cbsigned - summarize log-ons")
CAPABILITIES = ("search", "run_custom_command", "cbsigned_lookup", "cbsigned_admin", "cbsigned_review")
MACROS = {
    "cbsigned_processes": {"definition": 'index=edr action="started"'},
    "cbsigned_logons": {"definition": 'index=edr action="log on"'},
    "cbsigned_account": {"definition": '"lab"'},
}
"""Where the lab's events are: what an admin changes."""


class SummarizedSite:
    """A site with events and what is made of them; `now` is when its searches begin."""

    def __init__(self, site: Site, now: datetime) -> None:
        """Take a site that runs."""
        self.indexes: Dict[str, List[Row]] = {"edr": [], "summary": [], "_internal": []}
        self._found: Dict[Tuple[str, Optional[str], Optional[str]], Results] = {}
        self.head = SearchHead(site, self.indexes, now=now.timestamp(), capabilities=CAPABILITIES, macros=dict(MACROS))

    def index(self, rows: Iterable[Row]) -> None:
        """Index rows whose `_time` is ISO 8601 in UTC."""
        self._found.clear()
        self.indexes["edr"] += [{**row, "_time": _seconds(str(row["_time"]))} for row in rows]

    def index_logs(self) -> None:
        """Index what the add-on's handlers have logged, as splunkd does by itself, as if it was just now."""
        at = format_number(self.head.now - 600)
        for path in sorted((self.head.site.splunkd.home / "var" / "log" / "splunk").iterdir()):
            for line in path.read_text(encoding="utf-8").splitlines():
                pairs = dict(re.findall(r"(\w+)=(\S+)", line))
                self.indexes["_internal"].append({**pairs, "_raw": line, "_time": at, "source": str(path)})

    def summarize(self, earliest: str, latest: str = "now", names: Sequence[str] = SUMMARIES) -> None:
        """Run the searches that write the summary, over a range of time instead of quarter by quarter."""
        self._found.clear()
        for name in names:
            stanza = self.head.site.splunkd.confs["savedsearches"][name]
            found = self.head.run(stanza["search"], earliest=earliest, latest=latest)
            index = stanza["action.summary_index._name"]
            self.indexes[index] += [stash_event(row, name) for row in found]

    def panel(self, spl: str, earliest: Optional[str], latest: Optional[str]) -> Tuple[List[str], List[Row]]:
        """Run a search for a panel; give columns and rows as splunkd's REST API gives them, where _time is a date.

        A search that goes on where another one ended takes the rows of that one, as the pages of Splunk have it.
        """
        bases = (known for known, *times in self._found if times == [earliest, latest] and _goes_on(spl, known))
        base = max(bases, key=len, default="")
        rows = [dict(row) for row in self._found[base, earliest, latest]] if base else None
        found = self.head.run(spl[len(base) :], rows, earliest=earliest, latest=latest or "now")
        self._found[spl, earliest, latest] = found
        return found.columns, [{name: _shown(name, value) for name, value in row.items()} for row in found]


def _goes_on(spl: str, base: str) -> bool:
    return spl.startswith(base) and spl[len(base) :].lstrip().startswith("|")


def _seconds(text: str) -> str:
    return format_number(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def _shown(name: str, value: Any) -> Any:
    if name != "_time":
        return value
    return datetime.fromtimestamp(float(str(value)), timezone.utc).isoformat(timespec="milliseconds")
