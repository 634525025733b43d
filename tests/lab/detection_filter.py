"""The macro `cbsigned_filter` over a detection's rows: its eval, the real command, and what it drops."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from typing import Sequence

from tests.lab.confs import read_conf
from tests.lab.host import Row
from tests.lab.site import ROOT, Site

MACROS = read_conf(ROOT / "default" / "macros.conf")
_RESOLVED = re.compile(r'(\w+)=if\(like\((\w+), "([^"]+)"\), strptime\((\w+), "([^"]+)"\), null\(\)\)')
_DROPPED = 'where coalesce(signed_noise, "")!="true" OR if((`cbsigned_may_drop`), 1, 0)!=1'


def filtered(site: Site, rows: Sequence[Row], zone: tzinfo) -> tuple[list[Row], list[Row]]:
    """Run the macro over rows, as a user in a time zone; return all rows, and those that it keeps."""
    evaluate, command, clean, drop = MACROS["cbsigned_filter"]["definition"].split(" | ")
    assert (command, drop) == ("cbsigned", "`drop_signed_noise`"), "the macro is another now: teach this function"
    assert MACROS["drop_signed_noise"]["definition"] == _DROPPED
    assert MACROS["cbsigned_may_drop"]["definition"] == "true()"
    resolved = _RESOLVED.findall(evaluate)
    assert evaluate == "eval " + ", ".join(match[0] for match in _RESOLVED.finditer(evaluate))
    assert clean.split()[:2] == ["fields", "-"]
    assert clean.split()[2:] == [target for target, *_ in resolved]
    result = site.search([{**row, **_times(row, resolved, zone)} for row in rows])
    found = [{name: value for name, value in row.items() if name not in clean.split()} for row in result.rows]
    return found, [row for row in found if row["signed_noise"] != "true"]


def _times(row: Row, resolved: Sequence[Sequence[str]], zone: tzinfo) -> Row:
    """Evaluate what the macro makes of the times."""
    times: Row = {}
    for target, guarded, like, source, form in resolved:
        assert guarded == source
        text = row.get(source, "")
        pattern = "".join("." if letter == "_" else re.escape(letter) for letter in like)
        is_read = isinstance(text, str) and re.fullmatch(pattern, text)
        times[target] = f"{_strptime(text, form, zone):.6f}" if isinstance(text, str) and is_read else ""
    return times


def _strptime(text: str, form: str, zone: tzinfo) -> float:
    return datetime.strptime(text, form).replace(tzinfo=zone).timestamp()
