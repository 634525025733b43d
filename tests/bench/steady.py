"""A server that hears of processes all the time, some visible late, and a burst; read by the real input, run by run.

The times are scaled, the rates are not: with a scale of 5, ten minutes, an overlap of 300 s, a run a minute and rows
that are late by up to 290 s become two minutes, 60 s, a run each 12 s, and 58 s.
"""

from __future__ import annotations

import heapq
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.arrivals import Arrivals, iso, md5_of, path_of
from tests.lab.edr.estate import Estate, Start
from tests.lab.edr.search import Ids, Index
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.inputs import InputHost
from tests.lab.site import Site

SECONDS, OVERLAP, INTERVAL, LATEST = 600.0, 300.0, 60.0, 290.0
_LATE = 0.1  # the share of rows that are late
_TICK = 0.1


@dataclass(frozen=True)
class Account:
    """What became of the processes: `fetched` is how often each row was sent on average; sizes are in MB.

    `by_run` is how many events of processes each run wrote.
    """

    processes: int
    missing: int
    again: int
    fetched: float
    peak_mb: float
    kept_mb: float
    by_run: list[int]


class _CountingServer(EdrServer):
    """A server that counts the rows of the pages that it sends."""

    rows = 0

    def _found(self, index: Index, found: Ids, parameters: dict[str, list[str]], *, is_process: bool) -> dict[str, Any]:
        answer = super()._found(index, found, parameters, is_process=is_process)
        if "last_server_update:[" in " ".join(parameters.get("q", [])):
            self.rows += len(answer["results"])
        return answer


class _Hearing:
    """Processes that reach a server at a rate, some of them visible late; in a thread of its own."""

    def __init__(self, estate: Estate, rate: float, scale: float) -> None:
        self._estate = estate
        chance = random.Random(11)  # noqa: S311 - data
        began = time.time()
        self.guids: list[str] = []
        self._coming: list[tuple[float, Start]] = []
        for number in range(int(rate * SECONDS / scale)):
            heard = began + number / rate
            late = chance.uniform(0, LATEST) / scale if chance.random() < _LATE else 0.0
            self._coming.append((heard + late, _start(number, heard)))
            self.guids.append(self._coming[-1][1].guid)
        heapq.heapify(self._coming)
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def _go_on(self) -> None:
        while self._coming:
            while self._coming and self._coming[0][0] <= time.time():
                self._estate.add_process(heapq.heappop(self._coming)[1])
            time.sleep(_TICK)


def steady(rate: float, scale: float) -> Account:
    """Have processes reach a server for ten minutes, at a rate a second, and read them each minute, all scaled."""
    with _site() as (estate, edr, site):
        host = InputHost(site, "cbsigned_processes")
        arguments = {"overlap": f"{OVERLAP / scale:g}", "start": "-1h"}
        runs = [_run(host, arguments)]
        hearing, began = _Hearing(estate, rate, scale), time.monotonic()
        ends: list[float] = []
        while not ends or time.monotonic() < ends[0]:
            if hearing.is_over and not ends:
                ends.append(time.monotonic() + (OVERLAP + 2 * INTERVAL) / scale)
            # As splunkd does: an interval after the last one began, at once where that takes longer.
            time.sleep(max(0.0, began + len(runs) * INTERVAL / scale - time.monotonic()))
            runs.append(_run(host, arguments))
        return _account(hearing.guids, runs, edr, site)


def burst(count: int, seconds: float) -> Account:
    """Read so many processes of the last seconds, once and twice more."""
    with _site() as (estate, edr, site):
        now = time.time()
        starts = [_start(number, now - seconds * (1 - number / count)) for number in range(count)]
        for start in starts:
            estate.add_process(start)
        host = InputHost(site, "cbsigned_processes")
        runs = [_run(host, {"start": "-1h"}) for _ in range(3)]
        return _account([start.guid for start in starts], runs, edr, site)


class _site:  # noqa: N801 - it is used as a function
    def __enter__(self) -> tuple[Estate, _CountingServer, Site]:
        estate = Estate()
        Arrivals(estate)  # its binaries
        self._edr, self._site = _CountingServer(estate), Site()
        self._edr.__enter__()
        self._site.__enter__()
        self._site.save_account("lab", url=self._edr.url, api_token=TOKEN, ca_certificate=self._edr.trust_pem)
        return estate, self._edr, self._site

    def __exit__(self, *exception: object) -> None:
        self._site.__exit__(*exception)
        self._edr.__exit__(*exception)


def _run(host: InputHost, arguments: dict[str, str]) -> tuple[list[str], float]:
    """Run once; return the processes that it wrote, and its peak memory in MB."""
    run, peak = host.start(**arguments), 0.0
    while run.process.poll() is None:
        peak = max(peak, _peak(run.process.pid))
        time.sleep(_TICK / 2)
    assert run.wait() == 0, run.standard_error.decode()
    events = (event for event in run.events() if event.sourcetype == "cbsigned:process")
    return [str(event.fields["process_guid"]) for event in events], peak


def _peak(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return max((int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM")), default=0.0)


def _account(guids: list[str], runs: list[tuple[list[str], float]], edr: _CountingServer, site: Site) -> Account:
    written = Counter(guid for wrote, _ in runs for guid in wrote)
    kept = site.splunkd.collections["cbsigned_checkpoints"].find({})
    return Account(
        processes=len(guids),
        missing=len(set(guids) - set(written)),
        again=sum(written.values()) - len(written),
        fetched=edr.rows / len(guids),
        peak_mb=max(peak for _, peak in runs),
        kept_mb=sum(len(json.dumps(document)) for document in kept) / 1e6,
        by_run=[len(wrote) for wrote, _ in runs],
    )


def _start(number: int, heard: float) -> Start:
    binary = number % 487
    return Start(
        md5=md5_of(binary),
        path=path_of(binary),
        username=f"CORP\\user{number % 50:02d}",
        hostname=f"host{number % 100:03d}",
        start=iso(heard - 2),
        reached=iso(heard),
        cmdline=f'"{path_of(binary)}" /run {number}',
        guid=f"{number % 100 + 1:08x}-{number // 65536:04x}-{number % 65536:04x}-01d5-{number:012x}",
        pid=1000 + number,
        segments=1,
    )
