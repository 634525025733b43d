"""Build the list of tools, and the list of searches that must not drop signed rows, from names with their sources.

    python package/tools.py

Sources, in package/tools/, each refreshed by replacing its file:
- own.csv: what this project has looked at, with a reason each.
- detections.csv: programs that are signed and that detections name as abused, with how many do. Splunk's
  security_content (2024-12), SigmaHQ/sigma (2026-08-05) and LOLBAS (2026-07-31).
- remote_admin.csv: remote administration tools, from the lookup remote_access_software of Splunk's security_content.
- searches.csv: detections of the first two that name nothing but signed programs.
"""

from __future__ import annotations

import csv
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Dict, Iterable, Iterator

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "package" / "tools"
LOOKUPS = ROOT / "lookups"

Row = Dict[str, str]

EVERYDAY = frozenset(
    {
        "auditpol.exe", "conhost.exe", "consent.exe", "csrss.exe", "cvtres.exe", "dllhost.exe", "fontdrvhost.exe",
        "dwm.exe", "gpupdate.exe", "hxtsr.exe", "logonui.exe", "msedgewebview2.exe", "ping.exe",
        "msedge.exe", "runtimebroker.exe", "searchindexer.exe", "searchprotocolhost.exe", "smartscreen.exe", "smss.exe",
        "svchost.exe", "taskhostw.exe", "teams.exe", "tiworker.exe", "wermgr.exe", "wmiprvse.exe",
    }
)  # fmt: skip
"""What every Windows starts all day: on the list, hardly anything would be noise (of the 1,094 recorded starts of
OTRF/Security-Datasets, 170 rows). A search that is about one of these must not drop signed rows."""


def tools() -> Iterator[Row]:
    """Return the list's rows: own ones first, each name once, sorted by name."""
    rows: Dict[str, Row] = {}
    for row in (*_read("own"), *_detected(), *_remote()):
        rows.setdefault(row["process"].lower(), row)
    for name in sorted(rows):
        yield rows[name]


def searches(listed: Iterable[str]) -> Iterator[Row]:
    """Return detections that name nothing but signed programs, with whether to drop signed rows from them, and why."""
    patterns = list(listed)
    for row in _read("searches"):
        names = row["processes"].split(",")
        free = [name for name in names if not any(fnmatch(name, pattern) for pattern in patterns)]
        advice = "no" if free else "useless"
        why = (
            f"it is about {', '.join(free)}, which is signed and not on the list of tools: its rows would be dropped"
            if free
            else f"it is about {', '.join(names)}, which is on the list of tools: nothing is dropped"
        )
        yield {"search": row["search"], "source": row["source"], "advice": advice, "why": why}


def _detected() -> Iterator[Row]:
    for row in _read("detections"):
        if row["process"] in EVERYDAY:
            continue
        by = [
            f"{row[key]} {name}"
            for key, name in (("escu", "of ESCU"), ("sigma", "of Sigma"))
            if row[key] not in {"", "0"}
        ]
        said = f"is what detections are about ({' and '.join(by)})" if by else "runs what it is told to"
        on = ", on LOLBAS" if row["lolbas"] else ""
        yield {"process": row["process"], "category": "detected", "reason": said + on}


def _remote() -> Iterator[Row]:
    for row in _read("remote_admin"):
        yield {"process": row["process"], "category": "remote_admin", "reason": "lets others use this machine"}


def _read(name: str) -> Iterator[Row]:
    with (SOURCES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def write(folder: Path) -> None:
    """Write both lookups into a folder."""
    listed = list(tools())
    _write(folder / "cbsigned_tools.csv", ("process", "category", "reason"), listed)
    _write(
        folder / "cbsigned_searches.csv",
        ("search", "source", "advice", "why"),
        searches(row["process"] for row in listed),
    )


def _write(path: Path, columns: Iterable[str], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    write(LOOKUPS)
    sys.exit(0)
