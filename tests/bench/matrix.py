"""The matrix: how many rows, what is known already, how slow Carbon Black is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Iterator

from tests.bench.data import BASELINES, CBSIGNED, CONSTANTS, chunks, draw_hashes, draw_rows, host, lab
from tests.bench.loop import loop_seconds

SIZES = (1_000, 10_000, 100_000, 1_000_000)
DELAYS = (0.0, 0.01, 0.1)
_HASHES = 5000
_SAMPLE = 2000
_WORDS = ["anomaly=false"]  # the verdicts alone


@dataclass(frozen=True)
class Cell:
    """One search of so many rows: requests to Carbon Black, and its rate as a ratio to two baselines' in this run.

    `bare` is a bare SDK command that writes as many constants on the same columns; `loop` the published loop (None:
    it has no counterpart), which is measured on a sample of the rows.
    """

    line: str
    rows: int
    requests: int
    bare: float
    loop: float | None


def cells() -> Iterator[Cell]:
    """Measure every cell, the cold ones on a lab of their own."""
    hashes = draw_hashes(_HASHES)
    with lab(hashes) as (_, site):
        bare = host(site, BASELINES / "bareconstant.py")
        bare_seconds = {rows: bare.time(_bodies(rows), CONSTANTS).seconds for rows in SIZES}
    for delay in DELAYS:
        yield from _cold(hashes, delay, bare_seconds)
    yield from _warm(hashes, bare_seconds)


def _cold(hashes: list[str], delay: float, bare: dict[int, float]) -> Iterator[Cell]:
    with lab(hashes, delay) as (edr, site):
        loop = loop_seconds(edr, site, draw_rows(hashes, _SAMPLE, 1))
    line = f"cold, {1000 * delay:g} ms a request"
    for rows in SIZES:
        with lab(hashes, delay) as (edr, site):
            seconds = host(site, CBSIGNED).time(_bodies(rows), _WORDS).seconds
            requests = len(edr.requests)
        yield Cell(line, rows, requests, bare[rows] / seconds, loop * rows / seconds)
    for rows in SIZES:
        yield Cell(f"the published loop, {1000 * delay:g} ms", rows, rows, bare[rows] / (loop * rows), None)


def _warm(hashes: list[str], bare: dict[int, float]) -> Iterator[Cell]:
    with lab(hashes) as (edr, site):
        site.search([{"process_md5": md5} for md5 in hashes])
        edr.requests.clear()
        command = host(site, CBSIGNED)
        for rows in SIZES:
            seconds = command.time(_bodies(rows), _WORDS).seconds
            yield Cell("warm store", rows, len(edr.requests), bare[rows] / seconds, None)
        for rows in SIZES:
            laps = command.time([*_bodies(rows), *_bodies(rows)], _WORDS).laps
            seconds = sum(laps[len(laps) // 2 :])
            yield Cell("warm memory (the same rows once more)", rows, len(edr.requests), bare[rows] / seconds, None)


@cache
def _bodies(rows: int) -> tuple[bytes, ...]:
    return tuple(chunks(draw_hashes(_HASHES), rows))
