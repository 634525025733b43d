"""Rows from a file, as a Splunk search would give them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from itertools import chain
from pathlib import Path
from typing import IO, Any, Callable, Iterator

from tests.lab.header import SEPARATORS, check_names, find_separator
from tests.lab.host import Row, Value

_LONGEST = 64 * 1024 * 1024  # characters of a cell or of a line; a command line may be long
_LONGEST_HEADER = 1024 * 1024
_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
_NO_CSV = re.compile(r'\s*(?:[{\[]\s*(?:["{\[]|$)|<[?!A-Za-z])')


class InputError(Exception):
    """The file cannot be read as rows; the text says where and what to do."""


class RowFile:
    """The rows of a CSV file (a header line) or a JSON Lines file (an object a line, Splunk's own export included).

    Rows are read as they are asked for, so a file may be longer than the memory, and read more than once.
    """

    def __init__(self, path: Path, say: Callable[[str], None] | None = None) -> None:
        """Take the file, and who hears how it is read where that had to be found out.

        Raises:
            InputError: there is no such file, or its ending is not one of these.
        """
        self.path = path
        self._say = say or (lambda _: None)
        self._raw: IO[bytes] | None = None
        if path.is_dir():
            raise InputError(f"{path} is a folder: give one of the files in it{_examples(path)}")
        if not path.exists():
            raise InputError(f"there is no file {path}: give the path of a .csv or .jsonl file")
        if not path.is_file():
            raise InputError(f"{path} is no ordinary file: write the rows into one, for they are read twice")
        name = path.name.lower()
        self._ending = Path(name.removesuffix(".gz")).suffix
        if self._ending not in _ENDINGS:
            raise InputError(f"{path} is neither .csv nor .jsonl: export the rows as one of them")

    @property
    def share(self) -> float:
        """Say how much of the file is read, 0 to 1."""
        size = self.path.stat().st_size
        return self._raw.tell() / size if self._raw and not self._raw.closed and size else 1.0

    def __iter__(self) -> Iterator[Row]:
        """Read the rows.

        Raises:
            InputError: a line is no row.
        """
        try:
            with self.path.open("rb") as self._raw, _unpack(self.path, self._raw) as binary:
                encoding = encoding_of(binary.peek(4)[:64])
                with io.TextIOWrapper(binary, encoding, newline="") as text:
                    yield from self._read_csv(text) if self._ending in {".csv", ".tsv"} else self._read_lines(text)
        except UnicodeDecodeError as error:
            raise InputError(_undecodable(self.path, error)) from None
        except (EOFError, zlib.error):
            raise InputError(f"{self.path} is cut short or damaged: compress the rows anew") from None
        except OSError as error:
            reason = error.strerror or "damaged"
            raise InputError(f"{self.path} cannot be read ({reason}): give a file that you may read") from None

    def _read_csv(self, text: IO[str]) -> Iterator[Row]:
        csv.field_size_limit(_LONGEST)
        is_said = False
        line, number, separator = self._first_line(text)
        reader = csv.reader(chain([line], text), delimiter=separator, strict=True)
        try:
            names = [name.strip() for name in next(reader)]
            problem = check_names(names)
            if problem:
                raise InputError(f"{self.path}{problem}")
            for values in reader:
                if len(values) > len(names):
                    where = f"{self.path}, line {number + reader.line_num - 1}"
                    raise InputError(f"{where}: more values than the header has fields")
                if 1 < len(values) < len(names) and not is_said:
                    is_said = True
                    fewer = f"line {number + reader.line_num - 1} has {len(values)} of {len(names)} values"
                    self._say(
                        f"{self.path}: {fewer}; what a line lacks is read as empty. Look whether it is cut short."
                    )
                if values:
                    yield {**dict.fromkeys(names, ""), **dict(zip(names, values))}
        except csv.Error as error:
            where = f"{self.path} is no CSV file ({error}, line {number + reader.line_num - 1})"
            raise InputError(f"{where}: export the rows anew") from None

    def _first_line(self, text: IO[str]) -> tuple[str, int, str]:
        """Find the header: its line, that line's number, and what stands between its names."""
        line, number, separator = "\n", 0, ""
        while not line.strip() or line.startswith(("#TYPE ", "sep=")):  # PowerShell's first line, and Excel's
            if line.startswith("sep="):
                separator = line[len("sep=") :].strip("\r\n")
            line, number = text.readline(_LONGEST_HEADER), number + 1
            if not line:
                raise InputError(f"{self.path} is empty: a header line with field names comes first")
        if len(line) == _LONGEST_HEADER:
            raise InputError(f"{self.path} is no CSV file: its first line has no end, so export the rows anew")
        if _NO_CSV.match(line):
            what = "XML or HTML" if line.lstrip()[0] == "<" else "JSON"
            raise InputError(
                f"{self.path} holds {what}, no CSV: export the rows as CSV, or name it .jsonl if it is that"
            )
        if len(separator) != 1:
            separator = find_separator(line)
            if separator != ",":
                self._say(f"{self.path} is read as separated by {SEPARATORS[separator]}, as its first line is.")
        return line, number, separator

    def _read_lines(self, text: IO[str]) -> Iterator[Row]:
        for number, line in enumerate(iter(lambda: text.readline(_LONGEST), ""), 1):
            if len(line) == _LONGEST:
                raise InputError(f"{self.path}, line {number}: too long for one event: write one event a line")
            if line.strip():
                yield _row(self.path, number, line)


def read_rows(path: Path) -> Iterator[Row]:
    """Read the rows of a file.

    Raises:
        InputError: there is no such file, its ending is neither .csv nor .jsonl, or a line is no row.
    """
    yield from RowFile(path)


def encoding_of(head: bytes) -> str:
    """Name the encoding of a text by its first bytes: UTF-8, or what Windows writes instead."""
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if head.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if len(head) > 3 and not any(head[1:8:2]) and all(head[:8:2]):
        return "utf-16-le"
    if len(head) > 3 and not any(head[:8:2]) and all(head[1:8:2]):
        return "utf-16-be"
    return "utf-8"


def _unpack(path: Path, raw: IO[bytes]) -> io.BufferedReader:
    head = raw.read(len(_ZIP))
    raw.seek(0)
    if head == _ZIP:
        raise InputError(f"{path} is a ZIP archive or an Excel workbook: unpack it, or save the sheet as CSV")
    if head.startswith(_GZIP):
        return io.BufferedReader(gzip.GzipFile(fileobj=raw))
    assert isinstance(raw, io.BufferedReader)
    return raw


def _undecodable(path: Path, error: UnicodeDecodeError) -> str:
    """Say what cannot be decoded: the error itself only knows the place in what was read last."""
    if not error.encoding.lower().startswith("utf-8"):
        return f"{path} is not whole {error.encoding.upper()}: save it as UTF-8"
    with path.open("rb") as raw, _unpack(path, raw) as binary:
        for number, line in enumerate(binary, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return f"{path} is not UTF-8 or UTF-16 (line {number}): save it as UTF-8"
    return f"{path} is not UTF-8 or UTF-16: save it as UTF-8"


def _examples(folder: Path) -> str:
    try:
        names = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in _ENDINGS)
    except OSError:
        return ""
    return f", such as {', '.join(names[:3])}" if names else ""


def _row(path: Path, number: int, line: str) -> Row:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        advice = "write one event a line"
        if line.lstrip().startswith("["):
            advice += " (jq -c '.[]')"
        raise InputError(f"{path}, line {number}: not a JSON object: {advice}")
    if isinstance(record.get("result"), dict):
        record = record["result"]  # as Splunk exports: {"preview": false, "offset": 0, "result": {...}}
    if isinstance(record.get("results"), list):
        advice = "write one event a line (jq -c '.results[]')"
        raise InputError(f"{path}, line {number}: all of a search's results in one object: {advice}")
    return {name: _value(value) for name, value in record.items()}


def _value(value: Any) -> Value:
    if isinstance(value, list):
        return [_text(item) for item in value]
    return _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair is no character
