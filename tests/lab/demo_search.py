"""`make demo SPL='…'`: a user's own search over the demo's rows or INPUT's, with the real commands in its pipe."""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterable, Iterator, List, Optional

from cbverdict.events.times import read_time
from tests.lab.company_events import data_model, events
from tests.lab.edr.server import EdrServer
from tests.lab.four_programs import CIM_MACRO
from tests.lab.options import parse_options
from tests.lab.report import count, plain
from tests.lab.rows import InputError
from tests.lab.search_head import ADMIN, SearchHead
from tests.lab.signatures import Find, Supply
from tests.lab.site import Site
from tests.lab.spl import Results, SplError, UnsettledError, is_generating
from tests.lab.spl.environment import Row
from tests.lab.spl.values import Cell, cells, format_number

_MOST_SHOWN = 50
_WIDEST = 48


@dataclass(frozen=True)
class Setting:
    """Where a search runs: the site, the server it asks (None: the user's own), the account; what is known of files."""

    site: Site
    edr: Optional[EdrServer]
    account: str
    find: Optional[Find] = None


def search(setting: Setting, spl: str, rows: Iterable[Row], *, is_company: bool) -> Results:
    """Run a search: one that begins with a bar on the rows themselves, another one on them as events of indexes.

    Raises:
        InputError: it fails, or it rests on what no source says.
    """
    head = SearchHead(setting.site, now=time.time(), capabilities=ADMIN, before=_supplier(setting))
    head.macros |= {**CIM_MACRO, "cbsigned_account": {"definition": f'"{setting.account}"'}}
    indexes = events([*rows]) if is_company else {"input": [_row(row) for row in rows]}
    head.indexes, head.data_models = indexes, data_model(indexes)
    takes_rows = spl.lstrip().startswith("|") and not is_generating(spl)
    try:
        results = head.run(spl, [row for each in indexes.values() for row in each] if takes_rows else None)
    except UnsettledError as error:
        raise InputError(f"SPL: no public source says what Splunk does here: {error}") from None
    except SplError as error:
        raise InputError(f"SPL: {error}") from None
    for level, text in head.messages:
        print(f"{level}: {plain(text)}")
    if not results and not takes_rows and not is_generating(spl) and not is_company:
        print(
            "No row of INPUT is what this search looks for: it searches the rows as events of no particular index. "
            "A search that begins with a bar gets all of them: SPL='| cbsigned'"
        )
    return results


def _row(row: Row) -> Row:
    """Give a row as a search has it: an empty cell of a file is no field, and _time is in seconds."""
    made = {name: cell for name, cell in row.items() if cell != ""}
    seconds = read_time(cells(made.get("_time"))[0]) if made.get("_time") else None
    return made if seconds is None else {**made, "_time": format_number(seconds)}


def _supplier(setting: Setting) -> Callable[[str, List[Row], List[str]], None]:
    """Give what tells the simulator of the hashes of rows before the command asks for them."""

    def supply(command: str, rows: List[Row], words: List[str]) -> None:
        if command == "cbsigned" and setting.find and setting.edr:
            columns = [word for word in words if not word.startswith(("server=", "prefix="))]
            try:
                fields = parse_options(" ".join(columns), setting.account).fields
            except InputError:
                return  # The command itself says what is wrong with its options.
            for _ in Supply(setting.site, setting.edr, setting.find, fields).follow(rows):
                pass

    return supply


def table(results: Results) -> Iterator[str]:
    """Give a result as a table on a terminal, its first rows and no more of a cell than fits."""
    columns = [name for name in results.columns if name == "_time" or not name.startswith("_")]
    shown = [[_shown(row.get(name)) for name in columns] for row in results[:_MOST_SHOWN]]
    names = [plain(name, _WIDEST) for name in columns]
    widths = [max(map(len, each)) for each in zip(names, *shown)]
    for line in [names, *shown] if columns else []:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
    rest = len(results) - len(shown)
    yield f"{count(len(results), 'row')}" + (
        f", of which {rest} are not shown: OUTPUT=result.csv has all" if rest else ""
    )


def _shown(cell: Optional[Cell]) -> str:
    return plain("; ".join(cells(cell)), _WIDEST)


def write(results: Results, path: Path) -> None:
    """Write a result as CSV, several values of a cell on lines of their own."""
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(results.columns)
        writer.writerows(["\n".join(cells(row.get(name))) for name in results.columns] for row in results)
