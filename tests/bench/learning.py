"""What learning costs: the map against a bare SDK command that reads and writes the same rows."""

from __future__ import annotations

import random
from typing import Iterator

from tests.bench.data import BASELINES, host
from tests.bench.waiting import Line
from tests.lab.host import Row, encode
from tests.lab.site import ROOT, Site

_PEOPLE, _TEAMS = 20_000, 2_000
_ROWS, _CHUNK = 1_200_000, 6_000
_COLUMNS = ["process_name", "parent_process_name", "user", "team", "_time", "_chunked_idx"]
_SEVEN = 1_793_606_400 + 7 * 3600  # 2026-11-02, 7 am
_MAP = ["phase=map"]


def _draw(chance: random.Random, start: int) -> list[Row]:
    """Draw starts of ten hours of a day, by people who run what everybody runs and, a third, what is their own."""
    rows: list[Row] = []
    for number in range(start, start + _CHUNK):
        person, rank = chance.randrange(_PEOPLE), min(int(chance.paretovariate(1.0)), 150)
        child = (97 * person + 31 * rank) % 4900 + 100 if rank % 3 == 2 else 2 * rank // 3
        rows.append(
            {
                "process_name": f"tool{child}.exe",
                "parent_process_name": f"tool{(7 * child + chance.randrange(2)) % 200}.exe",
                "user": f"CORP\\person{person}",
                "team": f"team{person % _TEAMS}",
                "_time": f"{_SEVEN + number * 36_000 / _ROWS:.3f}",
            }
        )
    return rows


def lines() -> Iterator[Line]:
    """Measure the map, and what it hands on."""
    chance = random.Random(5)  # noqa: S311 - data for a bench
    bodies = [encode(_draw(chance, start), _COLUMNS) for start in range(0, _ROWS, _CHUNK)]
    with Site() as site:
        ours, bare = host(site, ROOT / "bin" / "cbsignedlearn.py"), host(site, BASELINES / "barepass.py")
        pairs = [(ours.time(bodies, _MAP), bare.time(bodies)) for _ in range(2)]
        with ours.started_raw(_MAP) as send:
            handed_on = sum(len(send(body, is_last=False)) for body in bodies) + len(send(b"", is_last=True))
    least = [min(timing.seconds for timing in side) for side in zip(*pairs)]
    name = f"learn: map of {_ROWS:,} rows of {_PEOPLE:,} people"
    yield Line(f"{name} / a bare SDK read and write", least[0] / least[1], 2.0)
    yield Line(f"{name}, bytes handed on / read", handed_on / sum(map(len, bodies)), 0.1)
    yield Line("learn: peak memory of the map, MB", pairs[0][0].peak_mb)
