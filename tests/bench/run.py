"""Measure and print the table; every figure is a ratio between two things that were measured in this run."""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))

from cbverdict.events import LOOKUP_FIELDS, EventFields
from cbverdict.verdict import DETAIL_FIELDS, STATUS_FIELDS
from tests.lab.edr.estate import Estate, Start
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.host import Row, SearchHost, encode
from tests.lab.site import ROOT, Site

BASELINES = Path(__file__).resolve().parent / "baselines"
CHUNK = 50_000
COLUMNS = [*EventFields().columns(has_names=True), *LOOKUP_FIELDS, "_chunked_idx"]
OUTPUT = [*STATUS_FIELDS, *DETAIL_FIELDS, "signed_source", "parent_signed"]


@dataclass(frozen=True)
class Figure:
    """One line of the table; `target` is what it must be (None: for information)."""

    name: str
    value: float
    target: str
    is_met: bool


def main() -> int:
    """Run the bench; exit 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("cold", "warm", "start"), help="only this part")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the long warm search")
    arguments = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}; splunk-sdk 2.1.1\n")
    parts = {"cold": _cold, "warm": lambda: _warm(arguments.rows), "start": _start}
    figures = [figure for name, part in parts.items() if arguments.part in {None, name} for figure in part()]
    print(f"\n{'':64} {'measured':>9}  target")
    for figure in figures:
        print(f"{figure.name:64} {figure.value:9.2f}  {figure.target} {'' if figure.is_met else '  MISSED'}")
    return 0 if all(figure.is_met for figure in figures) else 1


def _hashes(count: int) -> list[str]:
    chance = random.Random(11)  # noqa: S311 - data for a bench
    return [f"{chance.getrandbits(128):032x}" for _ in range(count)]


def _estate(hashes: list[str]) -> Estate:
    estate = Estate()
    for number, md5 in enumerate(hashes):
        result = "Unsigned" if number % 10 == 0 else "Signed"
        estate.add_binary(md5, result, f"c:\\tools\\tool{number}.exe", publisher="Example Corp")
        estate.add_process(Start(md5, f"c:\\tools\\tool{number}.exe"))
    return estate


def _rows(hashes: list[str], count: int, seed: int) -> list[Row]:
    """Draw rows whose hashes follow Zipf's law, as processes do; each has two parents, of the most frequent ones."""
    chance = random.Random(seed)  # noqa: S311 - data for a bench
    weights = [1 / rank**1.1 for rank in range(1, len(hashes) + 1)]
    drawn = [
        (child, (7 * child + chance.randrange(2)) % 200)
        for child in chance.choices(range(len(hashes)), weights, k=count)
    ]
    return [
        {
            "process_md5": hashes[child],
            "process_name": f"tool{child}.exe",
            "parent_process_md5": hashes[parent],
            "parent_process_name": f"tool{parent}.exe",
        }
        for child, parent in drawn
    ]


def _chunks(hashes: list[str], count: int) -> Iterator[bytes]:
    for seed, start in enumerate(range(0, count, CHUNK)):
        yield encode(_rows(hashes, min(CHUNK, count - start), seed), COLUMNS)


def _cold() -> Iterator[Figure]:
    hashes = _hashes(500)
    first: list[Row] = [{"process_md5": md5, "process_name": f"tool{n}.exe"} for n, md5 in enumerate(hashes)]
    rows = [*first, *_rows(hashes, CHUNK - len(first), 1)]
    for delay in (0.0, 0.01, 0.1):
        with ExitStack() as stack:
            edr = stack.enter_context(EdrServer(_estate(hashes)))
            site = stack.enter_context(Site())
            site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
            pem = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".pem"))
            pem.write(edr.trust_pem)
            pem.flush()
            edr.delay = delay
            ours = _host(site, ROOT / "bin" / "cbsigned.py").time([encode(rows, COLUMNS)])
            requests = len(edr.requests)
            loop = _host(site, BASELINES / "publishedloop.py")
            words = [f"url={edr.url}", f"token={TOKEN}", f"ca={pem.name}"]
            size = 200 if delay > 0.05 else 2000
            sample = rows[:: len(rows) // size][:size]
            narrow = ["process_md5", "process_name", "_chunked_idx"]
            published = loop.time([encode(sample, narrow)], words)
            pairs = loop.time([encode(rows, narrow)], [*words, "once=true"])
        rate = (CHUNK / ours.seconds) / (len(sample) / published.seconds)
        label = f"cold, 50,000 rows, 500 hashes, {1000 * delay:g} ms a request:"
        print(f"{label} {ours.seconds:.2f} s, {requests} requests", flush=True)
        is_judged = delay == 0.01
        yield Figure(
            f"{label} rate / published loop's", rate, ">= 200" if is_judged else "", not is_judged or rate >= 200
        )
        yield Figure(f"{label} rate / one request a pair's", pairs.seconds / ours.seconds, "", is_met=True)
        if is_judged:
            yield Figure("  requests to Carbon Black", requests, "<= 6", requests <= 6)


def _warm(count: int) -> Iterator[Figure]:
    hashes = _hashes(5000)
    with EdrServer(_estate(hashes)) as edr, Site() as site:
        site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
        site.search([{"process_md5": md5} for md5 in hashes])
        edr.requests.clear()
        ours = _host(site, ROOT / "bin" / "cbsigned.py")
        short = [ours.time(_chunks(hashes, count // 10)) for _ in range(3)]
        long = ours.time(_chunks(hashes, count))
        requests = len(edr.requests)
        words = [f"columns={','.join(COLUMNS[:-1])}", f"fields={','.join(OUTPUT)}"]
        bare = _host(site, BASELINES / "bareconstant.py").time(_chunks(hashes, count // 5), words)
        whole = _host(site, BASELINES / "barepass.py").time(_whole_events(hashes, CHUNK))
    rate = count / long.seconds
    print(
        f"warm, {count:,} rows, 5,000 hashes: {long.seconds:.1f} s, {rate:,.0f} rows/s, {long.peak_mb:.0f} MB",
        flush=True,
    )
    against_bare = rate / (count // 5 / bare.seconds)
    against_whole = rate / (CHUNK / whole.seconds)
    growth = (long.seconds / count) / (statistics.median(timing.seconds for timing in short) / (count // 10))
    memory = long.peak_mb / max(timing.peak_mb for timing in short)
    yield Figure("warm: requests to Carbon Black", requests, "0", requests == 0)
    yield Figure(
        "warm: rate / bare SDK command's, constants on the same columns", against_bare, ">= 1.0", against_bare >= 1
    )
    yield Figure("warm: rate / bare SDK pass-through's, whole events", against_whole, ">= 4", against_whole >= 4)
    yield Figure(f"warm: time a row, {count:,} rows / {count // 10:,}", growth, "<= 1.15", growth <= 1.15)
    yield Figure(f"warm: peak memory, {count:,} rows / {count // 10:,}", memory, "<= 1.10", memory <= 1.1)


def _whole_events(hashes: list[str], count: int) -> Iterator[bytes]:
    """Give a chunk of events with 30 fields, `_raw` among them."""
    rows = _rows(hashes, count, 1)
    for number, row in enumerate(rows):
        row.update({f"field{field:02d}": f"value {number % 97} of {field}" for field in range(24)})
        row["_raw"] = (
            f'{{"event": "procstart", "md5": "{row["process_md5"]}", "command_line": "tool.exe /a /b /c {number}"}}'
        )
        row["_time"] = str(1_700_000_000 + number)
    yield encode(rows, [*rows[0], "_chunked_idx"])


def _start() -> Iterator[Figure]:
    with Site() as site:
        ours, bare = _host(site, ROOT / "bin" / "cbsigned.py"), _host(site, BASELINES / "barepass.py")
        pairs = [(_seconds_to_answer(ours), _seconds_to_answer(bare)) for _ in range(15)]
    ratio = statistics.median(one for one, _ in pairs) / statistics.median(other for _, other in pairs)
    yield Figure("start: answer to getinfo / an empty SDK command's", ratio, "<= 1.3", ratio <= 1.3)


def _seconds_to_answer(host: SearchHost) -> float:
    started = time.monotonic()
    host.get_info()
    return time.monotonic() - started


def _host(site: Site, script: Path) -> SearchHost:
    return SearchHost(script, site.splunkd.url, site.splunkd.log_in("analyst", "cbsigned_lookup"), site.python, 0)


if __name__ == "__main__":
    sys.exit(main())
