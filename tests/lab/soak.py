"""Everything at once, against a server that fails every third second: nothing lost, nothing wrong, most answered.

Run as `python -m tests.lab.soak [seconds]` (`make soak`): eight searches, both inputs, the sweep and learning go on
side by side, while each second Carbon Black is well (two times out of three) or fails in one way of the simulator's.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterator

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))

from tests.lab.arrivals import BINARIES, Arrivals, md5_of
from tests.lab.edr.estate import Estate
from tests.lab.edr.server import TOKEN, EdrServer, Fault
from tests.lab.host import Row, SearchHost
from tests.lab.inputs import InputHost
from tests.lab.site import Site

SEARCHES = 8
_ROWS = 300
_UNSEEN = 20
"""In so many rows one has a hash that the server never saw."""

_OVERLAP = 20.0
"""Seconds after which an input reads a time for good: more than `Arrivals` are late."""


@dataclass
class Soak:
    """What it came to."""

    seconds: float
    rows: int = 0
    answered: int = 0
    lost: int = 0
    wrong: int = 0
    searches: int = 0
    slowest: float = 0.0
    unknown: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    up: int = 0
    down: int = 0
    indexed: set[str] = field(default_factory=set)
    arrived: set[str] = field(default_factory=set)

    @property
    def share(self) -> float:
        """Give the share of rows that were answered."""
        return self.answered / max(1, self.rows)

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost or wrong, and at least 60 % was answered."""
        missing = self.arrived - self.indexed
        return not (self.lost or self.wrong or missing or self.troubles) and self.share >= 0.6

    def lines(self) -> Iterator[str]:
        """Say it."""
        yield f"{self.seconds:.0f} s; Carbon Black was up in {self.up} of {self.up + self.down} of them"
        yield f"{self.searches} searches, {self.rows} rows: {self.lost} lost, {self.wrong} wrong"
        yield f"{self.share:.0%} of the rows were answered"
        yield f"unknown: {dict(self.unknown.most_common())}; the slowest search took {self.slowest:.1f} s"
        yield f"inputs: {len(self.arrived)} processes arrived, {len(self.arrived - self.indexed)} are missing"
        yield f"other trouble: {dict(self.troubles) or 'none'}"


def soak(seconds: float, seed: int = 1, overlap: float = _OVERLAP) -> Soak:
    """Run it for so long, and until the inputs have read what arrived."""
    chance = random.Random(seed)  # noqa: S311 - a test's data
    result, stop, lock = Soak(seconds), threading.Event(), threading.Lock()
    estate = Estate()
    arrivals = Arrivals(estate, seed)
    with EdrServer(estate) as edr, Site() as site:
        site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
        work: list[Callable[[], None]] = [
            lambda: _break(edr, arrivals, result, random.Random(chance.random())),  # noqa: S311 - likewise
            *[lambda: _search(site, result, lock, random.Random(chance.random()))] * SEARCHES,  # noqa: S311 - likewise
            lambda: _read(InputHost(site, "cbsigned_processes"), result, lock, overlap=str(overlap)),
            lambda: _read(InputHost(site, "cbsigned_binaries"), result, lock),
            lambda: _sweep(site, result),
            lambda: _learn(site, result),
        ]
        threads = [threading.Thread(target=_repeat, args=(one, stop), daemon=True) for one in work]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        stop.set()
        threads[0].join()
        edr.recover()
        for thread in threads[1:]:
            thread.join(400)
        arrivals.settle(time.time())
        time.sleep(overlap + 4)
        _read(InputHost(site, "cbsigned_processes"), result, lock, overlap=str(overlap))
        result.arrived = set(arrivals.guids)
    return result


def _repeat(work: Callable[[], None], stop: threading.Event) -> None:
    while not stop.is_set():
        work()


def _break(edr: EdrServer, arrivals: Arrivals, result: Soak, chance: random.Random) -> None:
    """Let one second pass, well or not."""
    edr.recover()
    arrivals.arrive(5, time.time())
    if chance.random() < 2 / 3:
        result.up += 1
    else:
        result.down += 1
        edr.fail(chance.choice(list(Fault)), "/api")
    time.sleep(1.0)


def _search(site: Site, result: Soak, lock: threading.Lock, chance: random.Random) -> None:
    """Run one search over rows of which the right answer is known."""
    numbers = [BINARIES + number if number % _UNSEEN == 0 else chance.randrange(BINARIES) for number in range(_ROWS)]
    rows: list[Row] = [{"md5": md5_of(number), "n": str(place)} for place, number in enumerate(numbers)]
    options = ["timeout=20", *(["refresh=true"] if chance.random() < 0.5 else [])]
    started = time.monotonic()
    found = site.search(rows, *options, chunk_size=100, getinfo_starts=0)
    taken = time.monotonic() - started
    with lock:
        result.searches += 1
        result.slowest = max(result.slowest, taken)
        result.rows += len(rows)
        result.lost += len(rows) - len(found.rows) + sum(a["n"] != b["n"] for a, b in zip(rows, found.rows))
        result.troubles.update(text for level, text in found.messages if level == "ERROR")
        for number, row in zip(numbers, found.rows):
            if row["signed"] == "unknown" and row["signed_reason"] != "not_seen":
                result.unknown[str(row["signed_reason"])] += 1
            else:
                result.answered += 1
                result.wrong += row["signed"] != _truth(number)


def _truth(number: int) -> str:
    if number >= BINARIES:
        return "unknown"
    return "true" if number % 10 < 8 else "false"  # as Arrivals has it


def _read(host: InputHost, result: Soak, lock: threading.Lock, **arguments: str) -> None:
    """Run an input once, and take down what it wrote."""
    run = host.start(start="-3h", **arguments)
    code = run.wait(300)
    events = run.events()
    with lock:
        result.indexed |= {str(event.fields.get("process_guid", "")).rpartition("/")[2] for event in events}
        for event in events:
            signed, md5 = (
                event.fields.get("signed"),
                str(event.fields.get("process_md5") or event.fields.get("md5") or ""),
            )
            if signed in {"true", "false"} and md5 and signed != _truth(int(md5, 16) - 1):
                result.wrong += 1
        if code not in {0, 1}:
            result.troubles[f"an input ended with {code}"] += 1
    time.sleep(1.0)


def _sweep(site: Site, result: Soak) -> None:
    key = site.splunkd.log_in("admin", "search", "run_custom_command", "cbsigned_admin", "cbsigned_lookup")
    swept = SearchHost(site.app / "bin" / "cbsignedpurge.py", site.splunkd.url, key, site.python).generate()
    if not swept.rows:
        result.troubles["a sweep failed"] += 1
    time.sleep(5.0)


def _learn(site: Site, result: Soak) -> None:
    now = int(time.time()) - 7200
    rows: list[Row] = [{"user": f"u{number % 9}", "_time": str(now), "process_name": "a.exe"} for number in range(200)]
    learnt = site.learn(rows, peers=1)
    if not learnt.rows:
        result.troubles["learning failed"] += 1
    time.sleep(10.0)


def main() -> int:
    """Run it and print what it came to."""
    result = soak(float(sys.argv[1]) if len(sys.argv) > 1 else 300.0)
    print("\n".join(result.lines()))
    return 0 if result.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
