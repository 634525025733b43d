"""Rows from a file, as a Splunk search would give them."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any, Iterator

from tests.lab.host import Row, Value

if TYPE_CHECKING:
    from pathlib import Path


class InputError(Exception):
    """The file cannot be read as rows; the text says where and what to do."""


def read_rows(path: Path) -> Iterator[Row]:
    """Read a CSV file (a header line) or a JSON Lines file (an object a line, Splunk's own export included).

    Raises:
        InputError: there is no such file, its ending is neither .csv nor .jsonl, or a line is no row.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}: give the path of a .csv or .jsonl file")
    readers = {".csv": _read_csv, ".jsonl": _read_json_lines, ".ndjson": _read_json_lines, ".json": _read_json_lines}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path} is neither .csv nor .jsonl: export the rows as one of them")
    try:
        yield from reader(path)
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): give a file that you may read") from None
    except csv.Error as error:
        raise InputError(f"{path} is no CSV file ({error}): export the rows anew") from None


def _read_csv(path: Path) -> Iterator[Row]:
    csv.field_size_limit(64 * 1024 * 1024)  # a command line may be long
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restkey="_more", restval="")
        if not reader.fieldnames:
            raise InputError(f"{path} is empty: a header line with field names comes first")
        twice = sorted({name for name in reader.fieldnames if reader.fieldnames.count(name) > 1})
        if twice:
            raise InputError(f"{path}: the header names {', '.join(twice)} twice: rename one of them")
        for record in reader:
            if "_more" in record:
                raise InputError(f"{path}, line {reader.line_num}: more values than the header has fields")
            yield dict(record)


def _read_json_lines(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _row(path, number, line)


def _row(path: Path, number: int, line: str) -> Row:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise InputError(f"{path}, line {number}: not a JSON object: write one event a line")
    if isinstance(record.get("result"), dict):
        record = record["result"]  # as Splunk exports: {"preview": false, "offset": 0, "result": {...}}
    return {name: _value(value) for name, value in record.items()}


def _value(value: Any) -> Value:
    if isinstance(value, list):
        return [_text(item) for item in value]
    return _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
