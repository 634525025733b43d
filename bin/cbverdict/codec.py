"""The row codec: what the SDK would read and write, without doing it again for rows that are alike.

Most rows of a search repeat: the same process, the same parent. The SDK parses and writes each of them cell by cell,
which is nearly all that a warm search costs. Here a row is told by its text without its index and without the cells
that vary by themselves (who and when); the SDK's own reader and writer make the reply for the first of its kind, and
the rest is that text with other cells in their places. So the bytes are the SDK's. A chunk that is not of the
expected form is left to the SDK as a whole.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO, StringIO
from itertools import count, groupby
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Protocol, Sequence, Tuple

from splunklib.searchcommands.internals import RecordWriterV2

Record = Dict[str, Any]
Read = Callable[[StringIO], Iterable[Record]]
Who = Tuple[str, ...]

INDEX = "_chunked_idx"
_MAX_KINDS = 20_000
_MARK = "73524917360182944365"  # stands for what varies while a row's text is made
_CELL = r'(?:"[^"]*(?:""[^"]*)*"|[^",\n]*)'
_LINE_END = "\r\n"
_needs_quotes = re.compile(r'[",\r\n]').search
_is_number = re.compile(r"[0-9.]*").fullmatch


class Settled(Protocol):
    """What a record came to: what to count when its like comes again, and whether that comes out alike."""

    @property
    def tag(self) -> Any:  # noqa: ANN401 - whoever settles knows
        """What is counted."""

    @property
    def is_lasting(self) -> bool:
        """Whether a later record of the kind comes out alike."""


Settle = Callable[[List[Record]], Sequence[Settled]]


class Varying(Protocol):
    """What is written of each row anew, from the columns that vary by themselves: who, and last the time."""

    @property
    def columns(self) -> Sequence[str]:
        """Name the columns that vary; the time comes last."""

    @property
    def fields(self) -> Sequence[str]:
        """Name the fields that are written; they come last in a row."""

    def views(self, whos: Sequence[Who]) -> Sequence[Any]:
        """Get ready for rows of these people, told by the values of the columns before the time."""

    def text(self, settled: Any, view: Any, time: str) -> str:  # noqa: ANN401 - whoever varies knows
        """Give the fields of a row as the SDK writes them, each with its multivalue twin (`pair_text`)."""

    def forget(self) -> None:
        """Keep what is remembered within bounds, after a chunk."""


@dataclass(frozen=True)
class Reply:
    """The body of a reply, its rows, and how often each tag came again."""

    body: str
    rows: int
    repeats: Counter[Any]


class _Kind(NamedTuple):
    """The SDK's text of a row with places for what varies."""

    template: str
    settled: Settled


class _Person(NamedTuple):
    """Whom rows are about: how the SDK writes the cells, and what `Varying` makes of them."""

    cells: Who
    view: Any


class _Rows(NamedTuple):
    """Rows as they came: what tells their kind, the cells that say who, and that of the time."""

    keys: List[Any]
    whos: List[Who]
    times: List[str]


class RowCodec:
    """Write replies for chunks of rows, remembering at most `_MAX_KINDS` kinds of them."""

    def __init__(self, read: Read, settle: Settle, varying: Varying | None = None) -> None:
        """Take the SDK's reader, what enriches records in place, and what is written of each row anew, if anything."""
        self._read = read
        self._settle = settle
        self._varying = varying
        self._header = self._header_text = ""
        self._form: _Form | None = None
        self._kinds: dict[Any, _Kind] = {}
        self._people: dict[Who, _Person] = {}

    def reply(self, body: str) -> Reply | None:
        """Give the reply to a chunk's body, or None where the SDK has to."""
        header, _, rest = body.partition("\n")
        if header != self._header:
            self._header, self._kinds, self._people = header, {}, {}
            self._form = _form_of(header, self._varying.columns if self._varying else ())
        form, lines = self._form, _lines(rest)
        if form is None or not lines or _MARK in body:
            return None
        rows = form.read(lines)
        if rows is None:
            return None
        new: dict[Any, str] = {}
        for key, line in zip(rows.keys, lines):
            if key not in self._kinds:
                new.setdefault(key, line)  # in the rows' order, in which a budget runs out
        made = self._make(form, new)
        del rest, lines, new  # A chunk's text is large: what is not needed any more goes before its reply is made.
        return None if made is None else self._write(form, rows, made)

    def _make(self, form: _Form, new: dict[Any, str]) -> dict[Any, _Kind] | None:
        """Have the SDK read and write one row of each new kind (None: it reads these lines otherwise)."""
        if not new:
            return {}
        records = list(self._read(StringIO("\n".join([self._header, *new.values(), ""]))))
        if len(records) != len(new):
            return None
        for record in records:
            record.update(dict.fromkeys((*form.varying, INDEX), _MARK))
        settled = self._settle(records)
        fields = self._varying.fields if self._varying else ()
        for record in records:
            record.update(dict.fromkeys(fields, ""))
            record.update(dict.fromkeys(fields[:1], _MARK))
        self._header_text, texts = _write(records)
        return {key: _Kind(_template(text, form, len(fields)), one) for key, text, one in zip(new, texts, settled)}

    def _write(self, form: _Form, rows: _Rows, made: dict[Any, _Kind]) -> Reply:
        known = {**self._kinds, **made} if made else self._kinds
        kinds = [known[key] for key in rows.keys]
        if self._varying is None:
            texts: Iterable[str] = [kind.template % number for number, kind in enumerate(kinds)]
        else:
            self._meet(self._varying, form, set(rows.whos) - self._people.keys())
            texts = self._vary(self._varying, form, rows, kinds)
        body = self._header_text + "".join(texts)
        repeats = Counter(kind.settled.tag for kind in kinds)
        repeats.subtract(kind.settled.tag for kind in made.values())  # Settling has counted these.
        if len(self._kinds) + len(made) > _MAX_KINDS:
            self._kinds.clear()
        self._kinds.update((key, kind) for key, kind in made.items() if kind.settled.is_lasting)
        return Reply(body, len(kinds), repeats)

    def _meet(self, varying: Varying, form: _Form, strangers: set[Who]) -> None:
        """Have `varying` get ready for whom no row was about before."""
        whos = sorted(strangers)
        for who, view in zip(whos, varying.views([form.all_of(who) for who in whos])):
            self._people[who] = _Person(form.cells(who), view)

    def _vary(self, varying: Varying, form: _Form, rows: _Rows, kinds: list[_Kind]) -> Iterator[str]:
        write, people, when = varying.text, self._people, form.when
        for number, (kind, who, time) in enumerate(zip(kinds, rows.whos, rows.times)):
            cells, view = people[who]
            if time[:1] == '"':
                time = _value(time)  # noqa: PLW2901 - the cell's value is the time
            text = write(kind.settled, view, time)
            written = time if _is_number(time) else _written(time)
            if form.is_run:
                yield kind.template % (cells[0] + written, number, text)
            else:
                yield kind.template % (*cells[:when], *((written,) * form.has_time), *cells[when:], number, text)
        varying.forget()
        if len(people) > _MAX_KINDS:
            people.clear()


class _Form:
    """The columns of a header, of which some vary by themselves."""

    def __init__(self, plain: Sequence[str], varying: Sequence[str]) -> None:
        """Take the columns in their order, the index last, and those that may vary, the time last."""
        self.varying = [name for name in plain if name in varying]
        self._who = varying[:-1]
        self._came = [name for name in self.varying if name in self._who]
        self.has_time = len(self._came) < len(self.varying)
        self.when = self.varying.index(varying[-1]) if self.has_time else len(self._came)
        self._columns = len(plain)
        self._are_last = list(plain[-len(self.varying) - 1 : -1]) == self.varying
        # Who and then when, side by side: one piece of text in the reply.
        self.is_run = self._are_last and self.has_time and self.when == len(self._came)
        self._whole = re.compile(_pattern(plain, varying), re.DOTALL)
        self._good: set[Who] = set()

    def read(self, lines: list[str]) -> _Rows | None:
        """Read rows from their lines (None: a line is no row of the expected form)."""
        tail, cuts, columns, good = "," * self._columns, len(self.varying) + 1, self._columns, self._good
        is_run, are_last = self.is_run, self._are_last and not self.varying
        keys: list[Any] = []
        whos: list[Who] = []
        times: list[str] = []
        for number, line in zip(_numbers(len(lines)), lines):
            row: list[Any] = []
            if (is_run or are_last) and line.endswith(tail):  # no multivalue, and what varies are the last cells
                row = line[:-columns].rsplit(",", cuts)
            if len(row) == cuts + 1 and row[-1] == number:
                time = row[-2] if is_run else ""
                who = tuple(row[1:-2])
                if (who in good or self._is_cut_well(who)) and time.count('"') % 2 == 0:
                    keys.append(row[0])
                    whos.append(who)
                    times.append(time)
                    continue
            match = self._whole.fullmatch(line)
            if match is None or match["index"] != number:
                return None
            cells = [match[f"varying{place}"] for place in range(len(self.varying))]
            times.append(cells.pop(self.when) if self.has_time else "")
            whos.append(tuple(cells))
            keys.append(tuple(text for name, text in match.groupdict().items() if name.startswith("fixed")))
        return _Rows(keys, whos, times)

    def cells(self, who: Who) -> Who:
        """Give the cells that say who as the SDK writes them; one text where the time follows."""
        written = tuple(_written(_value(cell)) for cell in who)
        return ("".join(f"{cell},," for cell in written),) if self.is_run else written

    def all_of(self, who: Who) -> Who:
        """Give the values of all the columns that say who, empty where the header has none."""
        values = dict(zip(self._came, map(_value, who)))
        return tuple(values.get(name, "") for name in self._who)

    def _is_cut_well(self, who: Who) -> bool:
        """Say whether a row was cut between cells: where a comma is within one, the rest has an odd quote."""
        if any(cell.count('"') % 2 for cell in who):
            return False
        self._good.add(who)
        return True


def _form_of(header: str, varying: Sequence[str]) -> _Form | None:
    """Read a header (None: it is not of the form that splunkd sends)."""
    names = next(csv.reader([header]), [])
    half = len(names) // 2
    plain, twins = names[:half], names[half:]
    is_known = half > 0 and plain[-1] == INDEX and twins == [f"__mv_{name}" for name in plain]
    return _Form(plain, list(varying)) if is_known else None


def _pattern(plain: Sequence[str], varying: Sequence[str]) -> str:
    """Write the pattern of a line: what varies and what is fixed in groups, no multivalue of what varies."""
    numbers, places = count(), count()
    parts = []
    for is_fixed, names in groupby(plain[:-1], lambda name: name not in varying):
        if is_fixed:
            parts.append(_run(next(numbers), len(list(names))))
        else:
            parts += [f"(?P<varying{next(places)}>{_CELL})" for _ in names]
    parts.append(r"(?P<index>\d+)")
    for is_fixed, names in groupby(plain, lambda name: name not in {*varying, INDEX}):
        many = len(list(names))
        parts += [_run(next(numbers), many)] if is_fixed else [""] * many
    return ",".join(parts)


def _run(number: int, many: int) -> str:
    return f"(?P<fixed{number}>{_CELL}(?:,{_CELL}){{{many - 1}}})"


def _template(text: str, form: _Form, fields: int) -> str:
    """Make of a row's text a template: a place for each mark, the last of which begins the fields that vary."""
    escaped = text.replace("%", "%%")
    if fields:
        begin = escaped.rindex(_MARK)
        escaped = escaped[: begin + len(_MARK)] + _LINE_END
    if form.is_run:
        escaped = escaped.replace(",,".join([_MARK] * len(form.varying)), _MARK, 1)
    return escaped.replace(_MARK, "%s")


@lru_cache(maxsize=4)
def _numbers(many: int) -> list[str]:
    return list(map(str, range(many)))


def _value(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if cell[:1] == '"' else cell


def _written(value: str) -> str:
    """Give a cell as the SDK writes it."""
    return pair_text(value)[:-1]


def pair_text(value: str | list[str]) -> str:
    """Give a field and its multivalue twin as the SDK writes them."""
    if isinstance(value, str) and not _needs_quotes(value):
        return value + ","
    _, (text,) = _write([{INDEX: value}])
    return text[: -len(_LINE_END)]


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
