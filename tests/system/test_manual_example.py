"""The worked example of the manual: every number of docs/learning.md comes out of the real commands."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta, timezone

from tests.lab.edr.estate import Estate
from tests.lab.host import Row
from tests.lab.site import ROOT, Site

MONDAY = datetime(2026, 1, 5, tzinfo=timezone.utc)
TUESDAY_AFTER = MONDAY + timedelta(weeks=9, days=1)
WORKING_HOURS = (9, 10, 11, 13, 14, 15, 16)
TEN_STARTS = {
    "hr": ("thunderbird.exe",) * 6 + ("firefox.exe",) * 3 + ("acrobat.exe",),
    "it": ("git.exe",) * 5 + ("powershell.exe",) * 3 + ("thunderbird.exe",) * 2,
}
COLUMNS = ("anomaly_hour_p", "anomaly_team_p", "anomaly_parent_p", "anomaly_score", "signed_noise")


def test_the_worked_example_comes_out_of_the_real_commands(site: Site, estate: Estate) -> None:
    """Learn what the page describes, search for its rows, and compare the table and the sentences that it quotes."""
    page = (ROOT / "docs" / "learning.md").read_text(encoding="utf-8").partition("## An example")[2]
    told = re.findall(r"^\| (\d\d:\d\d) (\S+)[^|]*\|(.*)\|$", page, re.MULTILINE)
    assert len(told) == 6
    for process in {one for starts in TEN_STARTS.values() for one in starts}:
        estate.add_binary(_md5(process), "Signed", f"c:\\{process}", publisher="Example Corp")
    site.learn(_history())
    result = site.search([_row(TUESDAY_AFTER, "hr1", at, process) for at, process, _ in told])
    for row, (at, process, cells) in zip(result.rows, told):
        assert [row[column] for column in COLUMNS] == [cell.strip() for cell in cells.split("|")], (at, process)
    text = " ".join(page.split())
    for row in result.rows[1:3]:
        assert f"*{row['anomaly_reasons']}*" in text


def _history() -> list[Row]:
    """Make nine weeks of two teams of five: each person starts one program in each working hour."""
    return [
        _row(
            MONDAY + timedelta(days=day), f"{team}{person + 1}", f"{hour:02}:00", starts[(7 * day + hour + person) % 10]
        )
        for day in range(9 * 7)
        if day % 7 < 5
        for team, starts in TEN_STARTS.items()
        for person in range(5)
        for hour in WORKING_HOURS
    ]


def _md5(process: str) -> str:
    return hashlib.md5(process.encode(), usedforsecurity=False).hexdigest()


def _row(day: datetime, user: str, at: str, process: str) -> Row:
    hours, minutes = map(int, at.split(":"))
    moment = day + timedelta(hours=hours, minutes=minutes)
    row: Row = {"_time": f"{moment.timestamp():.0f}", "user": user, "team": user[:-1]}
    if process.endswith(".exe"):
        row |= {"process_name": process, "parent_process_name": "explorer.exe", "process_md5": _md5(process)}
    return row
