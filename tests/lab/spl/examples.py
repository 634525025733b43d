"""Documented examples of SPL, and whether the interpreter agrees with them: `python -m tests.lab.spl.examples FILE`.

A line is an object with `spl`, `input`, `output` and what else the search needs; see `Example`.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping

from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.interpreter import Results, run
from tests.lab.spl.tables import MemoryTable
from tests.lab.spl.values import EmptyCell, parse_number

_IGNORED = {"_span", "_spandays"}
_CONTEXT = {"now", "earliest", "latest"}


@dataclass(frozen=True)
class Example:
    """One example: a search, its rows, and what comes of it.

    `output` is a list of rows, `{"unordered": rows}`, or `{"error": true}`; `lookups_after` what files hold then.
    """

    given: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.given["id"])

    @property
    def quality(self) -> str:
        """How sure it is: `documented`, `confirmed in thread` or `inferred`."""
        return str(self.given["quality"])

    def difference(self) -> str:
        """Run it; say how it differs (empty: it agrees)."""
        output = self.given["output"]
        tables = {name: _table(table) for name, table in self.given.get("lookups", {}).items()}
        try:
            results = self._run(tables)
        except UnsettledError as error:
            return f"held for unsettled: {error}"
        except SplError as error:
            return "" if isinstance(output, dict) and output.get("error") else f"failed: {error}"
        if isinstance(output, dict) and output.get("error"):
            return f"should fail, and gives {list(results)}"
        return self._compare(results) or self._compare_tables(tables)

    def _run(self, tables: Dict[str, MemoryTable]) -> Results:
        context = dict(self.given.get("context", {}))
        is_base = context.pop("base_search", False)
        zone = context.pop("tz", "UTC")
        data: Dict[str, Any] = {"indexes": {"main": self.given["input"]}} if is_base else {"rows": self.given["input"]}
        assert set(context) <= _CONTEXT, context
        return run(
            self.given["spl"],
            **data,
            data_models=self.given.get("datamodels", {}),
            lookups=tables,  # type: ignore[arg-type] # a mapping of the protocol's implementation
            macros=self.given.get("macros", {}),
            zone=zone,
            **context,
        )

    def _compare(self, results: Results) -> str:
        output = self.given["output"]
        is_ordered = isinstance(output, list)
        expected = output if is_ordered else output["unordered"]
        is_shaped = self.given["spl"].rpartition("|")[2].split()[:1] in (["table"], ["fields"])
        ignored = _IGNORED if is_shaped or any("_time" in row for row in expected) else {*_IGNORED, "_time"}
        got = [_canonical(row, ignored) for row in results]
        wanted = [_canonical(row, ignored) for row in expected]
        if not is_ordered:
            got, wanted = sorted(got, key=repr), sorted(wanted, key=repr)
        if got != wanted:
            return f"gives {list(results)}, not {expected}"
        order = self.given.get("fields")
        if order and [name for name in results.columns if name not in ignored] != order:
            return f"has the columns {results.columns}, not {order}"
        return ""

    def _compare_tables(self, tables: Mapping[str, MemoryTable]) -> str:
        for name, expected in self.given.get("lookups_after", {}).items():
            rows = tables[name].rows if name in tables else None
            got = None if rows is None else [_canonical(row, set()) for row in rows]
            if got != (None if expected is None else [_canonical(row, set()) for row in expected]):
                return f"leaves {name} as {rows}, not {expected}"
        return ""


def _table(given: Mapping[str, Any]) -> MemoryTable:
    settings = {name: value for name, value in given.items() if name not in {"fields", "rows"}}
    return MemoryTable(list(given["fields"]), [dict(row) for row in given["rows"]], settings)


def _canonical(row: Mapping[str, Any], ignored: set[str]) -> Dict[str, Any]:
    kept = {name: cell for name, cell in row.items() if name not in ignored and not name.startswith("__mv_")}
    return {name: _of_cell(cell) for name, cell in sorted(kept.items()) if not isinstance(cell, EmptyCell)}


def _of_cell(cell: Any) -> Any:
    """Give a cell as it is compared: numbers as numbers, JSON as JSON, everything else as text."""
    if isinstance(cell, list):
        return [_of_cell(one) for one in cell]
    number = parse_number(cell)
    if number is not None:
        return float(number)
    try:
        return json.loads(cell) if cell[:1] in {"{", "["} else cell
    except ValueError:
        return cell


def read_examples(path: Path) -> List[Example]:
    """Read examples, an object a line."""
    return [Example(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def main() -> int:
    """Run all examples of a file, and print those that differ."""
    agreed: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for example in read_examples(Path(sys.argv[1])):
        difference = example.difference()
        of[example.quality] += 1
        agreed[example.quality] += not difference
        if difference:
            print(f"{example.name} ({example.quality}) | {example.given['spl']}\n    {difference}")
    for quality, number in of.items():
        print(f"{quality}: {agreed[quality]} of {number}")
    return int(agreed["documented"] < of["documented"])


if __name__ == "__main__":
    sys.exit(main())
