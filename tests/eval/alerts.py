"""How often the shipped alerts fire in a month of the small company: `make alerts`.

Six weeks are learnt, then each of thirty working days is summarized and every alert is run over it, throttled as its
stanza says. The last day has the incidents. Each day is learnt after it, as the saved search does each night.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from typing import Dict, List, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))

from tests.lab.company import DAY, Company
from tests.lab.confs import read_conf
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.host import Row
from tests.lab.incidents import days, estate, incident_day, with_publishers
from tests.lab.site import ROOT, Site
from tests.lab.summaries import SummarizedSite

STARTS = 1200
_PERIOD = 86400.0


class Throttle:
    """What `alert.suppress` lets through: one result for each value of its field in 24 hours."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._seen: Dict[Tuple[str, str], float] = {}

    def passes(self, alert: str, value: str, at: float) -> bool:
        """Return whether a result goes through."""
        last = self._seen.get((alert, value))
        if last is not None and at < last + _PERIOD:
            return False
        self._seen[alert, value] = at
        return True


def main() -> None:
    """Run the month and print what fired."""
    saved = read_conf(ROOT / "default" / "savedsearches.conf")
    alerts = {name.partition(" - ")[2]: one for name, one in saved.items() if name.startswith("cbsigned alert - ")}
    alerts.pop("signature has changed")  # it goes by the store's own clock, and nothing flips in these days
    fired: Dict[str, Counter[str]] = {name: Counter() for name in alerts}
    throttle = Throttle()
    started = time.monotonic()
    with Site() as site, EdrServer(estate()) as edr:
        site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
        company = Company()
        month = [*days(company, 12, STARTS), incident_day(company)]
        earlier, scored = month[:-30], month[-30:]
        site.learn(with_publishers(row for day in earlier for row in day))
        for number, day in enumerate(scored):
            date = str(day[0]["_time"])[:10]
            summarized = SummarizedSite(site, datetime.fromisoformat(f"{date}T23:59:00").replace(tzinfo=timezone.utc))
            summarized.index(day)
            summarized.summarize("@d")
            for name, stanza in alerts.items():
                rows = list(summarized.head.run(stanza["search"], earliest="@d"))
                _count(fired[name], throttle, name, stanza["alert.suppress.fields"], rows, date)
            site.learn(with_publishers(day))
            print(f"{number + 1} of {len(scored)} days, {time.monotonic() - started:.0f} s", file=sys.stderr)
    _print(fired)


def _count(fired: Counter[str], throttle: Throttle, name: str, field: str, rows: List[Row], date: str) -> None:
    for row in sorted(rows, key=lambda row: float(str(row["_time"]))):
        if throttle.passes(name, str(row[field]), float(str(row["_time"]))):
            fired[date] += 1
            if date != str(DAY):
                print(f"  {date} {name}: {row['user']} {row.get('process_name')} {row['anomaly_reasons']}")


def _print(fired: Dict[str, Counter[str]]) -> None:
    quiet: Counter[str] = Counter()
    for name, dates in fired.items():
        before = {date: number for date, number in dates.items() if date != str(DAY)}
        quiet.update(before)
        print(f"{name:50} {sum(before.values()):4} in 29 quiet days, {dates[str(DAY)]} on the day of the incidents")
    print(f"in all: {sum(quiet.values()) / 29:.2f} a quiet day, {max(quiet.values(), default=0)} at most")


if __name__ == "__main__":
    main()
