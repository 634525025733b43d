"""The published loop and its better sister, one request for each distinct pair, as baselines."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.data import BASELINES, host
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.host import Row, encode

if TYPE_CHECKING:
    from tests.lab.site import Site

_COLUMNS = ["process_md5", "process_name", "_chunked_idx"]


def loop_seconds(edr: EdrServer, site: Site, rows: list[Row]) -> float:
    """Measure the published loop on some of the rows; give the seconds that one row takes."""
    size = 200 if edr.delay > 0.05 else 2000
    sample = rows[:: max(1, len(rows) // size)][:size]
    return _seconds(edr, site, sample, []) / len(sample)


def pair_seconds(edr: EdrServer, site: Site, rows: list[Row]) -> float:
    """Measure one request for each distinct pair, on all of the rows."""
    return _seconds(edr, site, rows, ["once=true"])


def _seconds(edr: EdrServer, site: Site, rows: list[Row], words: list[str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder) / "ca.pem"
        pem.write_text(edr.trust_pem, encoding="ascii")
        given = [f"url={edr.url}", f"token={TOKEN}", f"ca={pem}", *words]
        return host(site, BASELINES / "publishedloop.py").time([encode(rows, _COLUMNS)], given).seconds
