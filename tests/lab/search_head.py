"""A search head with data: the shipped searches, run as they stand, by the lab's SPL and the real commands."""

from __future__ import annotations

import csv
import time
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Mapping, Optional

from tests.lab.confs import read_conf
from tests.lab.host import Row, SearchHost
from tests.lab.site import ROOT
from tests.lab.spl.clock import Clock
from tests.lab.spl.environment import Environment
from tests.lab.spl.interpreter import Results, run_in
from tests.lab.spl.tables import CollectionTable, MemoryTable, Table
from tests.lab.spl.times import parse_time

if TYPE_CHECKING:
    from tests.lab.site import Site

DEFAULT = ROOT / "default"
SAVED = read_conf(DEFAULT / "savedsearches.conf")
MACROS: Dict[str, Dict[str, str]] = {
    **read_conf(DEFAULT / "macros.conf"),
    "cbsigned_processes": {"definition": 'index=edr action="started"'},
    "cbsigned_logons": {"definition": 'index=edr action="log on"'},
    "cbsigned_account": {"definition": '"lab"'},
}
"""The shipped macros, of which those that an admin changes say where the lab's events are."""

_COMMANDS = ("cbsigned", "cbsignedreview")
_CAPABILITIES = ("search", "cbsigned_lookup", "cbsigned_admin", "cbsigned_review")


class SearchHead:
    """Indexes, lookups and commands of a site; `now` is when its searches begin."""

    def __init__(self, site: Site, now: float, teams: Iterable[Row] = ()) -> None:
        """Take a site that runs; `teams` are the rows of the lookup cbsigned_teams."""
        self.site = site
        self.now = now
        self.indexes: Dict[str, List[Row]] = {"edr": [], "summary": [], "_internal": []}
        self.seconds: Dict[str, float] = {}
        key = site.splunkd.log_in("anna", *_CAPABILITIES)
        commands = {
            name: partial(
                _run_command, SearchHost(site.app / "bin" / f"{name}.py", site.splunkd.url, key, site.python, 0)
            )
            for name in _COMMANDS
        }
        lookups = _lookups(site)
        lookups["cbsigned_teams"] = MemoryTable(["user", "team", "timezone", "calendar"], [dict(row) for row in teams])
        self.environment = Environment(
            indexes=self.indexes,
            lookups=lookups,
            macros=MACROS,
            saved_searches=SAVED,
            commands=commands,
            rest=self._rest,
        )

    def add_events(self, rows: Iterable[Row], index: str = "edr") -> None:
        """Index rows whose `_time` is ISO 8601 in UTC."""
        for row in rows:
            moment = datetime.fromisoformat(str(row["_time"]).replace("Z", "+00:00")).timestamp()
            self.indexes[index].append({**row, "_time": f"{moment:.0f}"})

    def search(self, spl: str, earliest: Optional[str] = None, latest: Optional[str] = None) -> Results:
        """Run a search over a range of time, as a time picker says it."""
        bounds = [parse_time(text, self.now, timezone.utc) if text else None for text in (earliest, latest)]
        return run_in(self.environment, Clock(self.now, timezone.utc, *bounds), spl)

    def panel(self, spl: str, earliest: Optional[str], latest: Optional[str]) -> "tuple[List[str], List[Row]]":
        """Run a search for a panel; give columns and rows as splunkd's REST API gives them, where _time is a date."""
        found = self.search(spl, earliest, latest)
        rows = [{name: _shown(name, value) for name, value in row.items()} for row in found]
        return found.columns, rows

    def run_saved(self, name: str, earliest: Optional[str] = None, latest: Optional[str] = None) -> Results:
        """Run a saved search, over its own range of time or another; its summary goes into the index of summaries."""
        stanza = SAVED[name]
        started = time.monotonic()
        bounds = earliest or stanza["dispatch.earliest_time"], latest or stanza["dispatch.latest_time"]
        found = self.search(stanza["search"], *bounds)
        self.seconds[name] = time.monotonic() - started
        if stanza.get("action.summary_index") == "1":
            index = self.indexes[stanza["action.summary_index._name"]]
            index.extend(_summary_event(row, name) for row in found)
        return found

    def _rest(self, path: str, options: Mapping[str, str]) -> List[Dict[str, Any]]:  # noqa: ARG002 - none matters here
        if path.endswith("/conf-cbsigned_account"):
            return [{"title": name, **stanza} for name, stanza in self.site.splunkd.confs["cbsigned_account"].items()]
        return []


def _shown(name: str, value: Any) -> Any:
    if name != "_time":
        return value
    return datetime.fromtimestamp(float(str(value)), timezone.utc).isoformat(timespec="milliseconds")


def _summary_event(row: Mapping[str, Any], name: str) -> Row:
    """Write an event of the summary as Splunk keeps it: a value a field, none where there is none."""
    event: Row = {"source": name, "search_name": name, "sourcetype": "stash"}
    for field, value in row.items():
        if value is not None and value != "":
            event[field] = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return event


def _run_command(host: SearchHost, rows: List[Dict[str, Any]], words: List[str]) -> List[Dict[str, Any]]:
    if not rows:
        return []
    result = host.run(rows, words)
    if any(level == "ERROR" for level, _ in result.messages):
        raise RuntimeError("; ".join(text for _, text in result.messages))
    return [dict(row) for row in result.rows]


def _lookups(site: Site) -> Dict[str, Table]:
    """Return every lookup of transforms.conf: files as they are shipped, collections of this site's KV store."""
    found: Dict[str, Table] = {}
    collections = read_conf(DEFAULT / "collections.conf")
    for name, settings in read_conf(DEFAULT / "transforms.conf").items():
        if settings.get("external_type") == "kvstore":
            types = {
                key[6:]: kind for key, kind in collections[settings["collection"]].items() if key.startswith("field.")
            }
            columns = [column.strip() for column in settings["fields_list"].split(",")]
            collection = settings["collection"]
            found[name] = CollectionTable(
                partial(site.splunkd.collections.__getitem__, collection), columns, types, settings
            )
        else:
            with (ROOT / "lookups" / settings["filename"]).open(encoding="utf-8", newline="") as file:
                reader = csv.DictReader(file)
                found[name] = MemoryTable(list(reader.fieldnames or ()), [dict(row) for row in reader], settings)
    return found
