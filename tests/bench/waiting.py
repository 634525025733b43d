"""What users wait for: small searches, warm beside cold, searches side by side, rows that differ."""

from __future__ import annotations

import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Callable, Iterator, Sequence

from tests.bench.data import (
    BASELINES,
    CBSIGNED,
    CHUNK,
    COLUMNS,
    CONSTANTS,
    SCORED_COLUMNS,
    SCORED_CONSTANTS,
    draw_hashes,
    draw_work,
    host,
    lab,
)
from tests.lab import authorities
from tests.lab.host import Row, encode
from tests.lab.site import Site

SIZES = (1, 10, 100, 1_000, 10_000, 100_000)
"""Rows of the searches whose whole time is drawn."""

_HASHES = 5000
_ROUNDS = 9
_SIDE_BY_SIDE = 16
_QUESTIONS = 1000


@dataclass(frozen=True)
class Line:
    """A figure, and the most that it may be (None: for information)."""

    name: str
    value: float
    most: float | None = None


@dataclass(frozen=True)
class Wait:
    """How long a user waits for a warm search of so many rows: the least seconds of a few, start-up included."""

    line: str
    rows: int
    seconds: float


def measure_without_authorities() -> str:
    """Load no file of certificate authorities, here and in what is started; say whether this Python would load one."""
    paths = ssl.get_default_verify_paths()
    authorities.load_none()
    return f"certificate authorities: this Python has {paths.cafile or 'no file of its own'}; measured without any"


def lines() -> Iterator[Line]:
    """Measure all of it."""
    yield from _small()
    yield from _beside()
    yield from _side_by_side()
    yield from _different()


def waits() -> Iterator[Wait]:
    """Measure what is drawn."""
    hashes = draw_hashes(_HASHES)
    with lab(hashes) as (_, site):
        site.search([{"process_md5": md5} for md5 in hashes], "anomaly=false")
        site.learn(draw_work(hashes, CHUNK, -1))
        for rows in SIZES:
            drawn = draw_work(hashes, rows, 0)
            kinds = {
                "cbsigned": (host(site, CBSIGNED), _bodies(drawn, SCORED_COLUMNS), []),
                "cbsigned anomaly=false": (host(site, CBSIGNED), _bodies(drawn, COLUMNS), ["anomaly=false"]),
                "a bare SDK command": (host(site, BASELINES / "bareconstant.py"), _bodies(drawn, COLUMNS), CONSTANTS),
            }
            rounds = 2 if rows > _QUESTIONS else 4
            least = {
                line: min(command.whole(bodies, words) for _ in range(rounds))
                for line, (command, bodies, words) in kinds.items()
            }
            yield from (Wait(line, rows, seconds) for line, seconds in least.items())


def _small() -> Iterator[Line]:
    """Measure whole searches of a few warm rows against an SDK command that does nothing, from start to end."""
    hashes = draw_hashes(_HASHES)
    with lab(hashes) as (_, site):
        site.search([{"process_md5": md5} for md5 in hashes], "anomaly=false")
        site.learn(draw_work(hashes, CHUNK, -1))
        ours, empty = host(site, CBSIGNED), host(site, BASELINES / "barepass.py")
        for rows, scored, plain in ((10, 1.8, 1.5), (1000, 2.0, 1.5)):
            drawn = draw_work(hashes, rows, 0)
            least = _least(
                [
                    partial(ours.whole, _bodies(drawn, SCORED_COLUMNS)),
                    partial(ours.whole, _bodies(drawn, COLUMNS), ["anomaly=false"]),
                    partial(empty.whole, [b""]),
                ]
            )
            name = f"small: whole search of {rows:,} warm rows / an empty SDK command"
            yield Line(f"{name}, with anomaly fields", least[0] / least[2], scored)
            yield Line(f"{name}, without", least[1] / least[2], plain)
        ours.whole(_bodies(draw_work(hashes, 1, 0), SCORED_COLUMNS))
        site.splunkd.calls.clear()
        ours.whole(_bodies(draw_work(hashes, 1, 0), SCORED_COLUMNS))
        yield Line("small: REST calls for one warm row", len(site.splunkd.calls), 7)
        secrets = sum("passwords" in path for _, _, path in site.splunkd.calls)
        yield Line("small: reads of a secret for one warm row", secrets, 0)


def _beside() -> Iterator[Line]:
    """Measure a warm search of one row beside one that waits for a server which takes two seconds."""
    hashes = draw_hashes(_ROUNDS + 1)
    with lab(hashes) as (edr, site):
        command, warm = host(site, CBSIGNED), _one(hashes[0])
        command.whole(warm, ["anomaly=false"])
        alone, beside = [], []
        for md5 in hashes[1:]:
            alone.append(command.whole(warm, ["anomaly=false"]))
            edr.delay = 2.0
            asked = len(edr.requests)
            cold = threading.Thread(target=command.whole, args=(_one(md5), ["anomaly=false"]))
            cold.start()
            while len(edr.requests) == asked:
                time.sleep(0.01)
            beside.append(command.whole(warm, ["anomaly=false"]))
            cold.join()
            edr.delay = 0.0
    yield Line("beside: a warm row beside a cold one at 2 s a request / alone", min(beside) / min(alone), 1.5)


def _side_by_side() -> Iterator[Line]:
    """Measure sixteen cold searches at once, which share the four requests in flight, against one alone."""
    for kind, most in (("different", 4.0), ("the same", 2.0)):
        ratios = []
        for _ in range(3):
            one = _slowest(1, are_same=False)
            ratios.append(_slowest(_SIDE_BY_SIDE, are_same=kind == "the same") / one)
        name = f"side by side: the slowest of 16 cold searches of 1,000 {kind} hashes, 50 ms / one alone"
        yield Line(name, min(ratios), most)


def _slowest(searches: int, *, are_same: bool) -> float:
    """Run cold searches at once; give the seconds that the slowest took, from its rows to its reply."""
    hashes = draw_hashes(_QUESTIONS if are_same else searches * _QUESTIONS)
    parts = [hashes if are_same else hashes[start::searches] for start in range(searches)]
    bodies = [encode([{"process_md5": md5} for md5 in part], COLUMNS) for part in parts]
    with lab(hashes, 0.05) as (_, site), ExitStack() as stack, ThreadPoolExecutor(searches) as pool:
        site.search([{"process_md5": "f" * 32}], "anomaly=false")  # handlers run for days
        command = host(site, CBSIGNED)
        running = [stack.enter_context(command.started(["anomaly=false"])) for _ in bodies]
        return max(pool.map(_send, running, bodies))


def _send(search: Callable[[bytes], float], body: bytes) -> float:
    return search(body)


def _different() -> Iterator[Line]:
    """Measure warm rows of which no two are alike, and their memory against that of rows that repeat."""
    for rows in (10_000, CHUNK):
        hashes = draw_hashes(rows)
        with lab(hashes) as (_, site):
            site.search([{"process_md5": md5} for md5 in hashes], "anomaly=false")
            site.learn(draw_work(hashes[:_HASHES], CHUNK, -1))
            drawn = _unlike(hashes, rows)
            for name, columns, constants, words, most in (
                ("without anomaly fields", COLUMNS, CONSTANTS, ["anomaly=false"], 2.5),
                ("with", SCORED_COLUMNS, SCORED_CONSTANTS, [], 4.0),
            ):
                ratio, memory = _against_bare(site, drawn, hashes, columns, (constants, words))
                yield Line(f"different: {rows:,} warm rows all different / a bare SDK command, {name}", ratio, most)
                yield Line(f"different: peak memory / that of {rows:,} rows that repeat, {name}", memory, 1.3)


def _against_bare(
    site: Site, drawn: list[Row], hashes: list[str], columns: list[str], words: tuple[list[str], list[str]]
) -> tuple[float, float]:
    ours, bare = host(site, CBSIGNED), host(site, BASELINES / "bareconstant.py")
    body, repeating = encode(drawn, columns), encode(draw_work(hashes[:_HASHES], len(drawn), 0), columns)
    constants, own = words
    timings = [(ours.time([body], own), bare.time([body], constants)) for _ in range(3)]
    least = [min(timing.seconds for timing in side) for side in zip(*timings)]
    peak = min(timing.peak_mb for timing, _ in timings)
    return least[0] / least[1], peak / ours.time([repeating], own).peak_mb


def _unlike(hashes: list[str], count: int) -> list[Row]:
    """Draw a working day in which each row has a hash and a name of its own; its people and parents repeat."""
    return [
        {**row, "process_md5": md5, "process_name": f"program{number}.exe"}
        for number, (row, md5) in enumerate(zip(draw_work(hashes, count, 0), hashes))
    ]


def _least(kinds: Sequence[Callable[[], float]]) -> list[float]:
    """Measure several things in turns; give the least of each."""
    rounds = [[kind() for kind in kinds] for _ in range(_ROUNDS)]
    return [min(times) for times in zip(*rounds)]


def _bodies(rows: list[Row], columns: list[str]) -> list[bytes]:
    return [encode(rows[start : start + CHUNK], columns) for start in range(0, len(rows), CHUNK)]


def _one(md5: str) -> list[bytes]:
    return [encode([{"process_md5": md5}], COLUMNS)]
