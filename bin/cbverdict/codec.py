"""The row codec: what the SDK would read and write, without doing it again for rows that are alike.

Most rows of a search repeat: the same process, the same parent. The SDK parses and writes each of them cell by cell,
which is nearly all that a warm search costs. Here a row is told by its text without its index; the SDK's own reader
and writer make the reply for the first of its kind, and the rest is that text with another index. So the bytes
are the SDK's. A chunk that is not of the expected form is left to the SDK as a whole.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Protocol, Sequence

from splunklib.searchcommands.internals import RecordWriterV2

Record = Dict[str, Any]
Read = Callable[[StringIO], Iterable[Record]]

INDEX = "_chunked_idx"
_MAX_KINDS = 20_000
_MARK = "73524917360182944365"  # stands for the index while a row's text is made
_CELL = r'(?:"[^"]*(?:""[^"]*)*"|[^",\n]*)'


class Settled(Protocol):
    """What a record came to: what to count when its like comes again, and whether that comes out alike."""

    @property
    def tag(self) -> Any:  # noqa: ANN401 - whoever settles knows
        """What is counted."""

    @property
    def is_lasting(self) -> bool:
        """Whether a later record of the kind comes out alike."""


Settle = Callable[[List[Record]], Sequence[Settled]]


@dataclass(frozen=True)
class Reply:
    """The body of a reply, its rows, and how often each tag came again."""

    body: str
    rows: int
    repeats: Counter[Any]


class _Kind(NamedTuple):
    """The SDK's text of a row, before and after its index."""

    before: str
    after: str
    settled: Settled


class RowCodec:
    """Write replies for chunks of rows, remembering at most `_MAX_KINDS` kinds of them."""

    def __init__(self, read: Read, settle: Settle) -> None:
        """Take the SDK's reader, and what enriches records in place."""
        self._read = read
        self._settle = settle
        self._header = self._header_text = ""
        self._kinds: dict[Any, _Kind] = {}

    def reply(self, body: str) -> Reply | None:
        """Give the reply to a chunk's body, or None where the SDK has to."""
        header, _, rest = body.partition("\n")
        columns = _plain_columns(header)
        lines = _lines(rest)
        if columns == 0 or not lines or _MARK in body:
            return None
        if header != self._header:
            self._header, self._kinds = header, {}
        keys = _keys(lines, columns)
        if keys is None:
            return None
        new: dict[Any, str] = {}
        for key, line in zip(keys, lines):
            if key not in self._kinds:
                new.setdefault(key, line)  # in the rows' order, in which a budget runs out
        made = self._make(header, new)
        del rest, lines, new  # A chunk's text is large: what is not needed any more goes before its reply is made.
        return None if made is None else self._write(keys, made)

    def _make(self, header: str, new: dict[Any, str]) -> dict[Any, _Kind] | None:
        """Have the SDK read and write one row of each new kind (None: it reads these lines otherwise)."""
        if not new:
            return {}
        records = list(self._read(StringIO("\n".join([header, *new.values(), ""]))))
        if len(records) != len(new):
            return None
        for record in records:
            record[INDEX] = _MARK
        settled = self._settle(records)
        self._header_text, texts = _write(records)
        return {key: _kind(text, one) for key, text, one in zip(new, texts, settled)}

    def _write(self, keys: list[Any], made: dict[Any, _Kind]) -> Reply:
        known = {**self._kinds, **made} if made else self._kinds
        kinds = [known[key] for key in keys]
        texts = [f"{kind.before}{number}{kind.after}" for number, kind in enumerate(kinds)]
        repeats = Counter(kind.settled.tag for kind in kinds)
        repeats.subtract(kind.settled.tag for kind in made.values())  # Settling has counted these.
        if len(self._kinds) + len(made) > _MAX_KINDS:
            self._kinds.clear()
        self._kinds.update((key, kind) for key, kind in made.items() if kind.settled.is_lasting)
        return Reply(self._header_text + "".join(texts), len(keys), repeats)


def _kind(text: str, settled: Settled) -> _Kind:
    before, _, after = text.partition(_MARK)
    return _Kind(before, sys.intern(after), settled)  # what comes after the index is the same for many kinds


def _lines(rest: str) -> list[str]:
    """Split rows at line ends that are not within quotes, as in a multivalue's plain cell; none where one is cut."""
    lines = rest.split("\n")
    if lines.pop() != "":
        return []
    if '"' not in rest:
        return lines
    whole: list[str] = []
    parts: list[str] = []
    for line in lines:
        ends_otherwise = line.count('"') % 2 == 1
        if not parts and not ends_otherwise:
            whole.append(line)
            continue
        parts.append(line)
        if ends_otherwise and len(parts) > 1:
            whole.append("\n".join(parts))
            parts = []
    return [] if parts else whole


def _keys(lines: list[str], columns: int) -> list[Any] | None:
    """Tell each row by its text without its index (None: a line is no row of the expected form)."""
    tail = "," * columns
    cells = re.compile(rf"((?:{_CELL},){{{columns - 1}}})(\d+)(,.*)", re.DOTALL)
    keys: list[Any] = []
    for number, line in enumerate(lines):
        if line.endswith(tail):  # no multivalue: the index is the last cell
            key, _, index = line[:-columns].rpartition(",")
            keys.append(key)
        else:
            match = cells.fullmatch(line)
            if match is None:
                return None
            index = match[2]
            keys.append((match[1], match[3]))
        if index != str(number):
            return None
    return keys


def _plain_columns(header: str) -> int:
    """Count a header's columns before their multivalue twins; 0 where it is not of the form that splunkd sends."""
    names = next(csv.reader([header]), [])
    half = len(names) // 2
    plain, twins = names[:half], names[half:]
    is_known = half > 0 and plain[-1] == INDEX and twins == [f"__mv_{name}" for name in plain]
    return half if is_known else 0


def _write(records: list[Record]) -> tuple[str, list[str]]:
    """Have the SDK write records; give its header row and the text of each."""
    writer = RecordWriterV2(BytesIO(), maxresultrows=None)
    buffer = writer._buffer  # noqa: SLF001 - the SDK is pinned, and a test compares every byte
    texts = []
    header = ""
    for record in records:
        writer.write_record(record)
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        if not header:
            header, _, text = text.partition("\r\n")
            header += "\r\n"
        texts.append(text)
    return header, texts
