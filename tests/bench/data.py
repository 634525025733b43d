"""What the bench sends, and through what."""

from __future__ import annotations

import random
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from cbverdict.events.columns import TIME_FIELD, EventFields
from cbverdict.search.anomaly_table import ANOMALY_FIELDS
from cbverdict.verdicts.verdict import DETAIL_FIELDS, STATUS_FIELDS
from tests.lab.edr.estate import Estate, Start
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.host import Row, SearchHost, encode
from tests.lab.site import ROOT, Site

BASELINES = Path(__file__).resolve().parent / "baselines"
CBSIGNED = ROOT / "bin" / "cbsigned.py"
CHUNK = 50_000
_PEOPLE = 300
_HABITS = 150
_MONDAY = 1_793_606_400 + 7 * 3600  # 2026-11-02, 7 am
COLUMNS = [*EventFields().columns(has_names=True), "_chunked_idx"]
SCORED_COLUMNS = [*COLUMNS[:-1], *EventFields().who(), TIME_FIELD, COLUMNS[-1]]
OUTPUT = [*STATUS_FIELDS, *DETAIL_FIELDS, "signed_source", "parent_signed"]
CONSTANTS = [f"columns={','.join(COLUMNS[:-1])}", f"fields={','.join(OUTPUT)}"]
SCORED_CONSTANTS = [
    f"columns={','.join(SCORED_COLUMNS[:-1])}",
    f"fields={','.join([*OUTPUT, *ANOMALY_FIELDS])}",
]


def draw_hashes(count: int) -> list[str]:
    """Give as many hashes, the same ones in each run."""
    chance = random.Random(11)  # noqa: S311 - data for a bench
    return [f"{chance.getrandbits(128):032x}" for _ in range(count)]


def draw_rows(hashes: list[str], count: int, seed: int) -> list[Row]:
    """Draw rows whose hashes follow Zipf's law, as processes do; each has two parents, of the most frequent ones."""
    chance = random.Random(seed)  # noqa: S311 - data for a bench
    weights = [1 / rank**1.1 for rank in range(1, len(hashes) + 1)]
    return [_row(hashes, child, chance) for child in chance.choices(range(len(hashes)), weights, k=count)]


def _row(hashes: list[str], child: int, chance: random.Random) -> Row:
    parent = (7 * child + chance.randrange(2)) % 200
    return {
        "process_md5": hashes[child],
        "process_name": f"tool{child}.exe",
        "parent_process_md5": hashes[parent],
        "parent_process_name": f"tool{parent}.exe",
    }


def chunks(hashes: list[str], count: int) -> Iterator[bytes]:
    """Give rows as chunks of the protocol."""
    for seed, start in enumerate(range(0, count, CHUNK)):
        yield encode(draw_rows(hashes, min(CHUNK, count - start), seed), COLUMNS)


def work(hashes: list[str], count: int, columns: list[str]) -> Iterator[bytes]:
    """Give working days as chunks of the protocol, a day each."""
    for day, start in enumerate(range(0, count, CHUNK)):
        yield encode(draw_work(hashes, min(CHUNK, count - start), day), columns)


def draw_work(hashes: list[str], count: int, day: int) -> list[Row]:
    """Draw rows of a working day: 300 people in 12 teams run what everybody runs and, a third, what is their own.

    A person has some 150 processes, by Zipf's law: 100 that all have, and 50 of the other hashes. A row comes every
    half second.
    """
    chance = random.Random(1000 + day)  # noqa: S311 - data for a bench
    weights = [1 / rank**1.1 for rank in range(1, _HABITS + 1)]
    rows = []
    for number, rank in enumerate(chance.choices(range(_HABITS), weights, k=count)):
        person = min(int(chance.paretovariate(1.0)), _PEOPLE)
        is_own = rank % 3 == 2
        child = 100 + (97 * person + 31 * rank) % (len(hashes) - 100) if is_own else 2 * rank // 3
        time = f"{_MONDAY + 86400 * day + number / 2:.3f}"
        who = {"user": f"CORP\\person{person}", "team": f"team{person % 12}", "_time": time}
        rows.append({**_row(hashes, child, chance), **who})
    return rows


def whole_events(hashes: list[str], count: int) -> Iterator[bytes]:
    """Give a chunk of events with 30 fields, `_raw` among them."""
    rows = draw_rows(hashes, count, 1)
    for number, row in enumerate(rows):
        row.update({f"field{field:02d}": f"value {number % 97} of {field}" for field in range(24)})
        row["_raw"] = (
            f'{{"event": "procstart", "md5": "{row["process_md5"]}", "command_line": "tool.exe /a /b /c {number}"}}'
        )
        row["_time"] = str(1_700_000_000 + number)
    yield encode(rows, [*rows[0], "_chunked_idx"])


@contextmanager
def lab(hashes: list[str], delay: float = 0.0) -> Iterator[tuple[EdrServer, Site]]:
    """Run a Carbon Black that knows these hashes, and a search head that knows it; `delay` is seconds a request."""
    estate = Estate()
    for number, md5 in enumerate(hashes):
        result = "Unsigned" if number % 10 == 0 else "Signed"
        estate.add_binary(md5, result, f"c:\\tools\\tool{number}.exe", publisher="Example Corp")
        estate.add_process(Start(md5, f"c:\\tools\\tool{number}.exe"))
    with EdrServer(estate) as edr, Site() as site:
        site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
        edr.delay = delay
        yield edr, site


def host(site: Site, script: Path) -> SearchHost:
    """Give the host that runs a command as an analyst, without starts for getinfo alone."""
    return SearchHost(script, site.splunkd.url, site.splunkd.log_in("analyst", "cbsigned_lookup"), site.python, 0)
