"""What the summary and an open page cost on a day of many rows: `make costs [ARGS=1000000]`.

The rows are a working day of a company of 1,240 people, judged by the real command. The summary runs quarter by
quarter, as it does in Splunk, which takes half an hour. Each page's own searches run over the whole day. Seconds are of
the processor, of the lab's interpreter, which is far slower than Splunk's, and of the commands that it runs; what
splunkd keeps running for them is not counted.
"""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, ContextManager, Dict, List, Mapping, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))

from tests.lab.company import DAY, Company
from tests.lab.dashboards import VIEWS, definition_of
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.site import Site
from tests.lab.spl.scanning import split
from tests.lab.summaries import SUMMARIES, SummarizedSite

_QUARTER = 900.0


def measure(rows: int, turn: Callable[[], ContextManager[Any]] = nullcontext) -> None:
    """Measure so many rows; `turn` gives what to hold while something runs for long."""
    now = datetime.fromisoformat(f"{DAY}T23:59:59+00:00")
    with Site() as site, EdrServer(Company.estate()) as edr:
        site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
        with turn():
            company = Company(starts=0, log_ons=0, size=20)
            day = company.day(rows)
        summarized = SummarizedSite(site, now)
        with turn():
            summarized.index(day)
        runs = _summarize(summarized, turn)
        seconds = sum(took for took, _ in runs)
        summary = summarized.indexes["summary"]
        print(f"| the summary of a day | {rows:,} events, each once | {len(summary):,} | {seconds:.0f} s |")
        largest = max(runs)
        print(f"| its largest run | {largest[1]:,} events | | {largest[0]:.1f} s |")
        for view in sorted(path.stem for path in VIEWS.glob("*.xml")):
            with turn():
                read, took = _open(summarized, view)
            print(
                f"| *{definition_of(view)['title']}*, opened over 24 hours | {read:,} of the summary | | {took:.1f} s |"
            )


def _summarize(summarized: SummarizedSite, turn: Callable[[], ContextManager[Any]]) -> List[Tuple[float, int]]:
    """Run the summary quarter by quarter; return the seconds of each run, and its events."""
    events = summarized.indexes["edr"]
    by_quarter: Dict[int, List[Any]] = {}
    for event in events:
        by_quarter.setdefault(int(float(str(event["_time"])) // _QUARTER), []).append(event)
    runs = []
    for quarter in sorted(by_quarter):
        summarized.indexes["edr"] = by_quarter[quarter]
        summarized.head.indexes = summarized.indexes
        summarized.head.now = (quarter + 1) * _QUARTER
        with turn():
            started = _cpu_seconds()
            summarized.summarize("-15m", names=SUMMARIES[:1])
            runs.append((_cpu_seconds() - started, len(by_quarter[quarter])))
        print(f"{len(runs)} of {len(by_quarter)} runs", file=sys.stderr)
    summarized.indexes["edr"] = []
    return runs


def _open(summarized: SummarizedSite, view: str) -> Tuple[int, float]:
    """Run the searches of a page that stand for themselves; chained ones go on with their rows."""
    summarized.head.now = datetime.fromisoformat(f"{DAY}T23:59:59").replace(tzinfo=timezone.utc).timestamp()
    definition = definition_of(view)
    tokens = _tokens(definition)
    started, read = _cpu_seconds(), 0
    for source in definition["dataSources"].values():
        query = source["options"]["query"]
        if source["type"] != "ds.search" or "cbsigned_summary" not in query:
            continue
        for token, value in tokens.items():
            query = query.replace(f"${token}|s$", f'"{value}"').replace(f"${token}$", value)
        read += len(summarized.head.run(split(query, "|", "[")[0], earliest="-24h"))
        summarized.head.run(query, earliest="-24h")
    return read, _cpu_seconds() - started


def _cpu_seconds() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _tokens(definition: Mapping[str, Any]) -> Dict[str, str]:
    """Return what the tokens of a page are as it is opened."""
    given = definition["defaults"].get("tokens", {}).get("default", {})
    inputs = (made["options"] for made in definition["inputs"].values())
    return {
        **{name: str(token["value"]) for name, token in given.items()},
        **{options["token"]: str(options["defaultValue"]) for options in inputs},
    }


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
