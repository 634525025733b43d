"""A search head of the site of four programs, with Carbon Black, the KV store and a summary behind it."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import Dict, Iterable, Iterator

from tests.lab import four_programs
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.four_programs import CIM_MACRO
from tests.lab.search_head import ADMIN, SearchHead, serve_searches
from tests.lab.search_time import SearchTime
from tests.lab.site import Site
from tests.lab.spl.environment import Row

SUMMARIZE = "cbsigned - summarize processes"
COLLECT = f'| collect index=summary source="{SUMMARIZE}"'


class Logs:
    """The index of Splunk's own logs: events that are given, and what people decided, read anew by each search."""

    def __init__(self, site: Site, events: Iterable[Row], now: float) -> None:
        """Take events and where the site's logs lie."""
        self._path = site.splunkd.home / "var" / "log" / "splunk" / "cbsigned_decisions.log"
        self._events = list(events)
        self._now = now

    def __iter__(self) -> Iterator[Row]:
        """Give the events, and the lines of the log a second apart."""
        yield from self._events
        lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.is_file() else []
        for number, line in enumerate(line for line in lines if " decision=" in line):
            pairs = dict(re.findall(r'(\w+)="?(\w+)', line))
            yield {**pairs, "_time": str(int(self._now) - number), "_raw": line, "source": str(self._path)}


@contextmanager
def search_head() -> Iterator[SearchHead]:
    """Give a search head of the site; its admin has four accounts and one of them as the default."""
    with Site() as site, EdrServer(four_programs.estate()) as edr:
        for name in ("main", "emea", "oslo", "paris"):
            site.save_account(name, url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
        site.save_settings("verdicts", default_account="main")
        now = time.time()
        indexes: Dict[str, Iterable[Row]] = {**four_programs.indexes(now, SearchTime(site.splunkd.confs))}
        indexes["_internal"] = Logs(site, indexes["_internal"], now)
        models = four_programs.data_models(now)
        rights = (*ADMIN, "admin_all_objects", *site.splunkd.roles()["cbsigned_admin"])
        head = SearchHead(site, indexes, models, now=now, capabilities=rights, macros=dict(CIM_MACRO), answers={})
        serve_searches(site, head)
        people = SearchHead(site, indexes, now=now, macros={"cbsigned_processes": {"definition": "index=hr"}})
        people.run(f"{head.saved(SUMMARIZE)} {COLLECT}")
        yield head
