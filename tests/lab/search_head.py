"""Searches on a site as an analyst runs them: SPL with the add-on's commands, macros and lookups, over data."""

from __future__ import annotations

import csv
import json
import re
import time
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Mapping, MutableMapping, Optional
from urllib.parse import urlsplit

from splunklib.binding import Context, HTTPError

from tests.lab.confs import Stanzas
from tests.lab.host import SearchHost, SearchResult
from tests.lab.site import ANALYST, Site
from tests.lab.spl.clock import Clock
from tests.lab.spl.environment import Environment, Event, Row
from tests.lab.spl.errors import SplError
from tests.lab.spl.interpreter import Results, run_in
from tests.lab.spl.tables import CollectionTable, MemoryTable, Table
from tests.lab.spl.times import parse_time, zone_of
from tests.lab.splunkd.server import RefusedError

ADMIN = (*ANALYST, "cbsigned_admin")
_TABLE_SETTINGS = {"filename", "collection", "external_type", "fields_list"}


@dataclass
class SearchHead:
    """A site and the data that its searches find; `capabilities` are those of who searches.

    `now` is seconds since 1970. Lookups are the app's: its files, which are changed here only, and its collections in
    the site's splunkd. What the app's commands said is in `messages`, for each search anew. `before` hears of a
    command, its rows and its words before it runs. Where `answers` is given, a command is not run again on what it was
    run on already while the KV store is as it was: it would answer the same.
    """

    site: Site
    indexes: Mapping[str, Iterable[Event]] = field(default_factory=dict)
    data_models: Mapping[str, Iterable[Event]] = field(default_factory=dict)
    now: float = 0.0
    zone: str = "UTC"
    capabilities: Iterable[str] = ANALYST
    macros: Dict[str, Dict[str, str]] = field(default_factory=dict)
    messages: List[tuple[str, str]] = field(default_factory=list)
    before: Callable[[str, List[Row], List[str]], None] = lambda *_: None
    answers: Optional[Dict[str, SearchResult]] = None
    _kinds: Dict[Path, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read the app's knowledge objects; macros that are given come before its own."""
        confs = self.site.splunkd.confs
        self.lookups = read_lookups(self.site, confs)
        self.macros = {**confs.get("macros", {}), **self.macros}

    def run(
        self, spl: str, rows: Optional[Iterable[Event]] = None, *, earliest: Optional[str] = None, latest: str = "now"
    ) -> Results:
        """Run a search, on rows or on data of its own; times are as in a time range picker (`-24h@h`; None: all).

        Raises:
            SplError: it fails, or no source says what it gives.
        """
        self.messages.clear()
        zone = zone_of(self.zone)
        bounds = (
            (None, None)
            if earliest is None
            else (parse_time(earliest, self.now, zone), parse_time(latest, self.now, zone))
        )
        return run_in(self._environment(), Clock(self.now, zone, *bounds), spl, rows)

    def saved(self, name: str) -> str:
        """Give the text of a saved search."""
        return self.site.splunkd.confs["savedsearches"][name]["search"]

    def run_saved(self, name: str) -> Results:
        """Run a saved search over its own range of time."""
        stanza = self.site.splunkd.confs["savedsearches"][name]
        times = {"earliest": stanza.get("dispatch.earliest_time"), "latest": stanza.get("dispatch.latest_time", "now")}
        return self.run(self.saved(name), **times)  # type: ignore[arg-type] # latest is never None

    def _environment(self) -> Environment:
        confs = self.site.splunkd.confs
        return Environment(
            indexes=self.indexes,
            data_models=self.data_models,
            lookups=self.lookups,
            macros=self.macros,
            saved_searches=confs.get("savedsearches", {}),
            commands={name: partial(self._command, name, stanza) for name, stanza in confs["commands"].items()},
            rest=self._rest,
        )

    def _command(self, name: str, stanza: Mapping[str, str], rows: List[Row], words: List[str]) -> List[Row]:
        """Run a command of the app as splunkd does: as what it says itself to be."""
        self.before(name, rows, words)
        key = self.site.splunkd.log_in("analyst", *self.capabilities)
        host = self.site.host(key, stanza["filename"].removesuffix(".py"), getinfo_starts=0)
        result = self._run_once(host, rows, words)
        self.messages += result.messages
        errors = [text for level, text in result.messages if level in {"ERROR", "FATAL"}]
        if errors or result.exit_code:
            raise SplError(f"{name}: {' '.join(errors) or result.standard_error[-1000:]}")
        return list(result.rows)

    def _run_once(self, host: SearchHost, rows: List[Row], words: List[str]) -> SearchResult:
        if self.answers is None:
            return self._run(host, rows, words)
        kept = [collection.find({}) for collection in self.site.splunkd.collections.values()]
        asked = repr((host.script, words, rows, sorted(self.capabilities), kept))
        if asked not in self.answers:
            self.answers[asked] = self._run(host, rows, words)
        return self.answers[asked]

    def _run(self, host: SearchHost, rows: List[Row], words: List[str]) -> SearchResult:
        if host.script not in self._kinds:
            self._kinds[host.script] = host.get_info()
        kind = self._kinds[host.script]
        if kind.get("generating"):
            return host.generate(words)
        return host.report(rows, words) if kind.get("type") == "reporting" else host.run(rows, words)

    def _rest(self, path: str, options: Mapping[str, str]) -> List[Row]:
        """Ask splunkd, and give its entries as rows."""
        uri = urlsplit(self.site.splunkd.url)
        key = self.site.splunkd.log_in("analyst", *self.capabilities)
        context = Context(scheme=uri.scheme, host=uri.hostname, port=uri.port, token=f"Splunk {key}")
        try:
            answer = context.get(path, output_mode="json", **options)
        except HTTPError as error:
            raise SplError(f"rest {path}: {error}") from None
        return [_entry(entry) for entry in json.loads(answer.body.read())["entry"]]


def _entry(entry: Mapping[str, Any]) -> Row:
    content = {name: _text(value) for name, value in entry["content"].items()}
    acl = {f"eai:acl.{name}": _text(value) for name, value in entry["acl"].items()}
    return {"title": entry["name"], "id": entry["id"], **content, **acl}


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def read_lookups(site: Site, confs: Mapping[str, Stanzas]) -> MutableMapping[str, Table]:
    """Give the app's lookups by the names of transforms.conf, and its files by their own too."""
    found: Dict[str, Table] = {}
    for name, stanza in confs.get("transforms", {}).items():
        settings = {key: value for key, value in stanza.items() if key not in {"python.version", "python.required"}}
        if stanza.get("external_type") == "kvstore":
            found[name] = _collection(site, settings, confs["collections"])
        elif "filename" in stanza:
            found[name] = found[stanza["filename"]] = _file(site.app / "lookups" / stanza["filename"], settings)
    return found


def _file(path: Path, settings: Mapping[str, str]) -> MemoryTable:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows: List[Row] = [dict(row) for row in reader]
        return MemoryTable(list(reader.fieldnames or []), rows, settings)


def _collection(site: Site, settings: Mapping[str, str], collections: Stanzas) -> CollectionTable:
    name = settings["collection"]
    fields = [one for one in re.split(r"[,\s]+", settings["fields_list"]) if one]
    types = {key[len("field.") :]: value for key, value in collections[name].items() if key.startswith("field.")}
    return CollectionTable(lambda: site.splunkd.collections[name], fields, types, settings)


def serve_searches(site: Site, head: SearchHead | None = None) -> None:
    """Have the splunkd of a site run the searches that are sent to it, over the data of a search head."""
    head = head or SearchHead(site, now=time.time())

    def search(spl: str, key: str) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
        own = replace(head, capabilities=site.splunkd.capabilities_of(key), messages=[])
        own.lookups = head.lookups
        try:
            rows = own.run(spl)
        except (SplError, RefusedError) as error:
            return [], [*own.messages, ("FATAL", str(error))]
        return [dict(row) for row in rows], own.messages

    site.splunkd.searcher = search
