"""How long a backfill takes, against a bare loop that fetches the same pages."""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.lab.arrivals import Arrivals
from tests.lab.edr.estate import Estate
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.inputs import InputHost
from tests.lab.site import Site

ELAPSED = 0.148
"""Seconds a request: what a recorded real server (6.2) says of itself for a process search, of no rows at that."""

_HOURS = 6 * 3600.0


@dataclass(frozen=True)
class Backfill:
    """What a backfill took, and what fetching its pages takes; peak memory in MB."""

    processes: int
    pages: int
    seconds: float
    bare_seconds: float
    peak_mb: float


def backfill(count: int, delay: float) -> Backfill:
    """Read so many processes of the last hours from a server that takes `delay` seconds a request."""
    estate = Estate()
    arrivals = Arrivals(estate)
    now = time.time()
    for number in range(count // 100):
        arrivals.arrive(100, now - _HOURS + number * (_HOURS - 600) / (count / 100))
    arrivals.settle(now - 300)
    with EdrServer(estate) as edr, Site() as site:
        edr.delay = delay
        site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
        started = time.monotonic()
        run = InputHost(site, "cbsigned_processes").start(overlap="0")
        peak = 0.0
        while run.process.poll() is None:
            peak = max(peak, _megabytes(run.process.pid))
            time.sleep(0.05)
        seconds = time.monotonic() - started
        run.wait()
        found = {event.fields.get("process_guid") for event in run.events() if event.sourcetype == "cbsigned:process"}
        assert found == set(arrivals.guids), "a bench of what does not work"
        bodies = [json.loads(body) for _, _, body in edr.requests if '"sort"' in body]
        return Backfill(count, len(bodies), seconds, _fetch(edr, bodies), peak)


def _fetch(edr: EdrServer, bodies: list[dict[str, object]]) -> float:
    with tempfile.TemporaryDirectory() as folder, requests.Session() as session:
        pem = Path(folder) / "ca.pem"
        pem.write_text(edr.trust_pem, encoding="ascii")
        session.trust_env, session.verify = False, str(pem)
        session.headers["X-Auth-Token"] = TOKEN
        started = time.monotonic()
        for body in bodies:
            session.post(f"{edr.url}/api/v1/process", json=body, timeout=60).json()
        return time.monotonic() - started


def _megabytes(pid: int) -> float:
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1e6
    return 0.0
