"""The row codec: what the SDK would read and write, without doing it again for rows that are alike.

Most rows of a search repeat: the same process, the same parent. The SDK parses and writes each of them cell by cell,
which is nearly all that a warm search costs. Here a row is told by its text without its index and without the cells
that vary by themselves (who and when); the SDK's own reader and writer make the reply for the first of its kind, and
the rest is that text with other cells in their places. So the bytes are the SDK's. A chunk that is not of the
expected form is left to the SDK as a whole.

The places are found by a mark that stands in the varying cells while the SDK writes a row. Whoever could write the
mark himself, into a certificate say, would move other cells about: so each process has its own, out of chance, and a
text with another number of parts than places is left to the SDK.
"""

from __future__ import annotations

import csv
import os
import re
import sys
from collections import Counter
from functools import cached_property, lru_cache
from io import BytesIO, StringIO
from itertools import count, groupby, repeat, zip_longest
from operator import methodcaller
from typing import (
    Any,
    Callable,
    Container,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Protocol,
    Sequence,
    Tuple,
)

from cbverdict.search.sdk_compat import write_rows

Record = Dict[str, Any]
Read = Callable[[StringIO], Iterable[Record]]

INDEX = "_chunked_idx"
_MAX_KINDS = 20_000
_MAX_LIKES = 100_000
_MAX_NEW = 4_000
"""Rows of a chunk, none like another, that are read and enriched at once: each takes some 10 KB meanwhile.

Fewer at once would be more requests to Carbon Black, each for fewer hashes.
"""

_MADE_AT_ONCE, _JOINED_AT_ONCE = 2_000, 100
"""Rows whose texts are there at once, and that are joined and encoded at once: in memory that is used again."""

_CELL = r'(?:"[^"]*(?:""[^"]*)*"|[^",\n]*)'
LINE_END = "\r\n"
_ONE_BELOW_ANOTHER = "\n"
_TWIN = ",,"  # a field's end, and its multivalue twin, which is empty
_TWIN_NAME = "__mv_"  # what the name of a twin begins with
_needs_quotes = re.compile('[",\r\n]' if sys.version_info >= (3, 11) else '[",\r\n\0]').search  # as the csv module
_count_quotes = methodcaller("count", '"')
_is_number = re.compile(r"[0-9.]*").fullmatch


class EnrichedRow(Protocol):
    """What a record came to: what to count of it and of its like, and whether that comes out alike."""

    @property
    def tag(self) -> Any:  # noqa: ANN401 - whoever settles knows
        """What is counted."""

    @property
    def is_lasting(self) -> bool:
        """Whether a later record of the kind comes out alike."""


EnrichRows = Callable[[List[Record]], Sequence[EnrichedRow]]


class Varying(Protocol):
    """What is written of each row anew, from the columns that vary by themselves: who, and last the time."""

    @property
    def columns(self) -> Sequence[str]:
        """Return the columns that vary; the time comes last."""

    @property
    def fields(self) -> Sequence[str]:
        """Return the fields that are written; they come last in a row."""

    def expect_people(self, whos: Sequence[Tuple[str, ...]]) -> None:
        """Hear of people whose rows are about to come, told by the values of the columns before the time."""

    def load_people(self) -> None:
        """Get ready for rows of the people who were expected."""

    def score_person(self, enriched: Any, who: Tuple[str, ...], text: str) -> Any:  # noqa: ANN401 - whoever varies knows
        """Return what rows of a kind and of somebody have in common; `text` is what stands before the fields."""

    def texts(self, commons: Sequence[Any], times: Sequence[str]) -> Sequence[str]:
        """Return the ends of rows: that text, the fields as the SDK writes them, each with its twin, and `LINE_END`."""

    def forget(self, *, are_kept: bool) -> bool:
        """Forget people where they have become too many; then what was given before is not held on to either.

        Nor is what was given since the last time, where it is not `are_kept`.
        """

    def counted(self) -> Any:  # noqa: ANN401 - whoever varies knows
        """Return what was counted of rows so far."""

    def take_back(self, counted: Any) -> None:  # noqa: ANN401 - whoever varies knows
        """Count only that, for the rows since are written once more."""


class Reply(NamedTuple):
    """The body of a reply (UTF-8), its rows, and how often each tag came."""

    body: bytes
    rows: int
    tags: Counter[Any]


class _ProcessTemplate(NamedTuple):
    """What rows have in common whoever they are of: the SDK's text, cut where something varies, and a tag's number."""

    texts: Tuple[str, ...]
    enriched: EnrichedRow
    tag: int


class _RowTemplate:
    """What rows have in common that are alike in all but time and index: the text before and between and after."""

    __slots__ = ("after", "before", "between", "common", "is_lasting", "tag")  # read faster than a tuple's fields

    def __init__(self, texts: tuple[str, str, str], kind: _ProcessTemplate, common: Any) -> None:  # noqa: ANN401 - whoever varies knows
        self.before, self.between, self.after = texts
        self.tag, self.is_lasting = kind.tag, kind.enriched.is_lasting
        self.common = common


class _Rows(NamedTuple):
    """Rows as they came: what tells those that are alike, the values of their times, and of columns passed on."""

    heads: Sequence[Any]
    times: Sequence[str]
    passed: Sequence[Sequence[str]] = ()
    has_time: bool = True

    def part(self, start: int, end: int) -> _Rows:
        """Return some of the rows."""
        passed = [column[start:end] for column in self.passed]
        return _Rows(self.heads[start:end], self.times[start:end], passed, self.has_time)


class _Folded(NamedTuple):
    """Rows without the columns that none of them has: `runs` is how many of those stood after each that is left.

    `records` is what they are read as, where nothing but plain cells stands in them (None: the SDK reads `text`).
    """

    records: list[Record] | None = None
    text: str = ""
    runs: Mapping[str, int] = {}
    dropped: frozenset[str] = frozenset()

    def is_overwritten(self, records: Sequence[Record]) -> bool:
        """Return whether something was written into a column that was taken for empty."""
        return any(any(map(record.get, self.runs)) or not self.dropped.isdisjoint(record) for record in records)


class RowCodec:
    """Write replies for chunks of rows, remembering at most `_MAX_LIKES` that are alike."""

    def __init__(
        self,
        read: Read,
        enrich: EnrichRows,
        varying: Varying | None = None,
        mark: str = "",
        passed: Sequence[str] = (),
        was_too_soon: Callable[[], bool] = lambda: False,
    ) -> None:
        """Store the SDK's reader, what enriches records in place, and what is written of each row anew, if anything.

        `was_too_soon` says once, after records were enriched, whether earlier ones would come out otherwise now.

        `mark` stands in the varying cells while a row's text is made (empty: one that nobody can guess). `passed` are
        columns that differ from row to row and say nothing as long as they hold one value: they are passed on.
        """
        self._passed = passed
        self._was_too_soon = was_too_soon
        self._mark = mark or f"{os.urandom(16).hex()}mark"  # which no reader takes for a hash or a time
        self._read = read
        self._enrich = enrich
        self._varying = varying
        self._header = self._header_text = ""
        self._form: _Form | None = None
        self._kinds: dict[Any, _ProcessTemplate] = {}
        self._likes: dict[Any, _RowTemplate] = {}
        self._tags: dict[Any, int] = {}
        self._is_too_late = False

    def reply(self, body: str) -> Reply | None:
        """Return the reply to a chunk's body, or None where the SDK has to."""
        header = body[: body.find("\n")]
        if header != self._header:
            self._header, self._kinds, self._likes = header, {}, {}
            self._form = _form_of(header, self._varying, self._passed)
        form = self._form
        read = form.read(body) if form and self._mark not in body and not _refuses(body) else None
        if form is None or read is None:
            return None
        rows, lines = read
        new = _first_lines(rows.heads, lines, set(rows.heads) - self._likes.keys())
        del read, lines  # A chunk's text is large: what is not needed any more goes before its reply is made.
        if any(map(_is_within_quotes, new.values())):
            return None
        do_repeat = len(new) <= _MAX_NEW or 2 * len(new) < len(rows.heads)  # else hardly a row comes again
        reply = self._counted_once(form, body, rows, new, do_repeat=do_repeat)
        if reply is None and self._is_too_late:
            # What a later part of the chunk says, rows of an earlier one would be judged by: now it is known.
            new = self._all_lines(form, body, rows) or new
            reply = self._counted_once(form, body, rows, new, do_repeat=do_repeat)
        return reply

    def _counted_once(
        self, form: _Form, body: str, rows: _Rows, new: Mapping[Any, str], *, do_repeat: bool
    ) -> Reply | None:
        """Write a reply; what was counted for one that comes to nothing is taken back: its rows are written anew."""
        counted, reply = self._varying.counted() if self._varying else None, None
        try:
            reply = self._written(form, body, rows, new, do_repeat=do_repeat)
        finally:
            if reply is None and self._varying is not None:
                self._varying.take_back(counted)
        return reply

    def _written(self, form: _Form, body: str, rows: _Rows, new: Mapping[Any, str], *, do_repeat: bool) -> Reply | None:
        """Write a reply part by part (None: the SDK has to, or it is too late to write earlier ones otherwise)."""
        written, tags = BytesIO(), Counter[Any]()
        self._is_too_late = False
        for start, end in list(_parts(rows.heads, new)):
            part = rows.part(start, end) if end - start < len(rows.heads) else rows
            some = None if part is rows else dict.fromkeys(part.heads)
            made = self._make(form, self._fresh(some or new, new), do_repeat=do_repeat)
            if made is not None and self._was_too_soon():
                self._kinds.clear()
                self._likes.clear()
                self._is_too_late = self._is_too_late or start > 0
                new = self._all_lines(form, body, rows) or new
                made = self._make(form, self._fresh(some or new, new), do_repeat=do_repeat)
            if made is None:
                return None
            if start == 0:
                written.write(self._header_text.encode())
            self._write(part, made, _numbers(len(rows.heads))[start:end], tags, written)
            if self._remember(made if do_repeat else {}, are_kept=do_repeat) and end < len(rows.heads):
                new = self._all_lines(form, body, rows) or new
        return None if self._is_too_late else Reply(written.getvalue(), len(rows.heads), tags)

    @staticmethod
    def _all_lines(form: _Form, body: str, rows: _Rows) -> dict[Any, str]:
        """Return the first line of every kind of row, for what was remembered of some is to be made anew."""
        again = form.read(body)
        return _first_lines(rows.heads, again[1], set(rows.heads)) if again else {}

    def _fresh(self, heads: Iterable[Any], new: Mapping[Any, str]) -> dict[Any, str]:
        """Return the first lines of those of these rows that are like none that is remembered."""
        return {head: new[head] for head in heads if head in new and head not in self._likes}

    def _make(self, form: _Form, new: dict[Any, str], *, do_repeat: bool) -> dict[Any, _RowTemplate] | None:
        """Make what new rows have in common (None: the SDK has to); `do_repeat`: it is worth remembering."""
        cut = {head: form.cut(head, line) for head, line in new.items()}
        strange: dict[Any, str] = {}
        for head, (key, _) in cut.items():
            if key not in self._kinds:
                strange.setdefault(key, new[head])
        whos = {who: form.values(who) for who in {who for _, who in cut.values()}}
        if self._varying is not None:
            self._varying.expect_people(list(whos.values()))
        kinds = self._settle_kinds(form, strange)
        if kinds is None:
            return None
        known = {**self._kinds, **kinds} if kinds else self._kinds
        if self._varying is not None:
            self._varying.load_people()
        made = {head: self._like(form, known[key], who, whos[who]) for head, (key, who) in cut.items()}
        if len(self._kinds) + len(kinds) > _MAX_KINDS:
            self._kinds.clear()
        if do_repeat:
            self._kinds.update((key, kind) for key, kind in kinds.items() if kind.enriched.is_lasting)
        return made

    def _settle_kinds(self, form: _Form, lines: dict[Any, str]) -> dict[Any, _ProcessTemplate] | None:
        """Have the SDK read and write one row of each new kind (None: it reads or writes these lines otherwise)."""
        if not lines:
            return {}
        cut_at = {*form.varying, INDEX}
        folded = _fold(form, cut_at, list(lines.values()))
        read = self._read_and_enrich(form, folded, len(lines)) if folded else None
        if folded is None or (read is not None and folded.is_overwritten(read[0])):
            folded = _Folded(text="\n".join([self._header, *lines.values(), ""]))
            read = self._read_and_enrich(form, folded, len(lines))
        if read is None:
            return None
        records, enriched = read
        fields = self._varying.fields if self._varying else ()
        header_text, _ = write_rows([{**dict.fromkeys(form.plain, ""), **records[0], **dict.fromkeys(fields, "")}])
        parts = self._cut_texts(records, folded.runs, cut_at, fields[:1])
        if {len(cut) for cut in parts} != {len(form.varying) + 2}:  # around each varying cell, and the index
            return None
        if not form.is_woven_from(parts):
            return None
        self._header_text = header_text
        return {
            key: _ProcessTemplate(cut, one, self._tags.setdefault(one.tag, len(self._tags)))
            for key, cut, one in zip(lines, parts, enriched)
        }

    def _read_and_enrich(
        self, form: _Form, folded: _Folded, count: int
    ) -> tuple[list[Record], Sequence[EnrichedRow]] | None:
        records = list(self._read(StringIO(folded.text))) if folded.records is None else folded.records
        if len(records) != count:
            return None
        marks = dict.fromkeys((*form.varying, INDEX), self._mark)
        for record in records:
            record.update(marks)
        return records, self._enrich(records)

    def _cut_texts(
        self, records: list[Record], runs: Mapping[str, int], cut: Container[str], last: Sequence[str]
    ) -> list[Tuple[str, ...]]:
        """Have the SDK write records; cut each text at the columns in `cut`, and leave out what `last` begins.

        The empty columns that stand in runs are put in their places. None come of a text that is marked otherwise.
        """
        marks = dict.fromkeys([*runs, *last], self._mark)
        for record in records:
            record.update(marks)
        _, texts = write_rows(records)
        marked = [name for name in records[0] if name in cut or name in marks]
        # What stands in the place of each mark: the run of empty columns, or nothing, for there the text is cut.
        fills = [_TWIN * runs[name] if name in runs else None for name in marked if name not in last]
        parts = []
        for text in texts:
            pieces = text.split(self._mark)
            if len(pieces) != len(marked) + 1:
                return []
            parts.append(tuple(map(sys.intern, _filled(pieces, fills))))
        return parts

    def _like(self, form: _Form, kind: _ProcessTemplate, who: Tuple[str, ...], values: Tuple[str, ...]) -> _RowTemplate:
        texts = form.fill(kind.texts, who)
        common = self._varying.score_person(kind.enriched, values, texts[-1]) if self._varying else None
        return _RowTemplate(texts, kind, common)

    def _write(
        self, rows: _Rows, made: dict[Any, _RowTemplate], numbers: Sequence[str], counts: Counter[Any], out: BytesIO
    ) -> None:
        """Write rows, which have these numbers in their chunk; count their tags."""
        known = {**self._likes, **made} if made else self._likes
        likes = [known[head] for head in rows.heads]
        cells = _cells_of(rows)
        for start in range(0, len(likes), _MADE_AT_ONCE):
            some = slice(start, start + _MADE_AT_ONCE)
            pieces: list[Sequence[str]] = [[like.before for like in likes[some]]]
            pieces += [column[some] for column in cells]
            pieces += [[like.between for like in likes[some]], numbers[some]]
            if self._varying is None:
                pieces.append([like.after for like in likes[some]])
            else:
                pieces.append(self._varying.texts([like.common for like in likes[some]], rows.times[some]))
            out.writelines(text.encode() for text in _joined(pieces))
        tags = Counter([like.tag for like in likes])
        counts.update({tag: tags[place] for tag, place in self._tags.items()})

    def _remember(self, made: dict[Any, _RowTemplate], *, are_kept: bool) -> bool:
        """Remember rows, if they `are_kept`; return whether others were forgotten."""
        is_full = len(self._likes) + len(made) > _MAX_LIKES
        if is_full:
            self._likes.clear()
        self._likes.update((head, like) for head, like in made.items() if like.is_lasting)
        if self._varying is not None and self._varying.forget(are_kept=are_kept):
            self._likes.clear()
            return True
        return is_full


def _refuses(body: str) -> bool:
    """Return whether the csv module refuses a body, which the hardened reader reads without what it refuses."""
    return sys.version_info < (3, 11) and "\0" in body


def _first_lines(heads: Sequence[Any], lines: Sequence[str], wanted: Container[Any]) -> dict[Any, str]:
    """Return the first line of each of these heads, in the rows' order, in which a budget runs out."""
    first: dict[Any, str] = {}
    for head, line in zip(heads, lines) if wanted else ():
        if head in wanted:
            first.setdefault(head, line)
    return first


def _parts(heads: Sequence[Any], new: Mapping[Any, str]) -> Iterator[tuple[int, int]]:
    """Cut rows, in their order, where `_MAX_NEW` new ones are together: all at once in a usual chunk."""
    start, fresh = 0, set[Any]()
    for place, head in enumerate(heads) if len(new) > _MAX_NEW else ():
        if head in new:
            if len(fresh) == _MAX_NEW and head not in fresh:
                yield start, place
                start, fresh = place, set()
            fresh.add(head)
    yield start, len(heads)


class _Form:
    """The columns of a header, of which some vary by themselves: those that say who, and from row to row."""

    def __init__(self, plain: Sequence[str], varying: Sequence[str], passed: Sequence[str]) -> None:
        """Store the columns in their order, the index last, those that may vary, the time last, and what is passed."""
        self._all, self._when = varying[:-1], varying[-1:]
        self.plain = plain
        self.varying = [name for name in plain if name in varying or name in passed]
        self._who = [name for name in self.varying if name in self._all]
        self._each = [name for name in self.varying if name not in self._who]  # what differs from row to row
        self._at = self.varying.index(self._each[0]) if self._each else len(self._who)
        self._has_time = self._each[-1:] == list(self._when) != []
        self._columns = len(plain)
        are_last = list(plain[-len(self.varying) - 1 : -1]) == self.varying
        # Where they are the last columns, what differs from row to row behind the others, a row is cut from its end.
        self._is_cut = are_last and (not self.varying or (bool(self._each) and self._at == len(self._who)))
        self._cells: dict[Tuple[str, ...], list[str]] = {}

    @property
    def is_usable(self) -> bool:
        """Whether what differs from row to row stands together, and of that the time last."""
        are_together = self.varying[self._at : self._at + len(self._each)] == self._each
        return are_together and (self._has_time or not set(self._when) & set(self._each))

    @property
    def tail(self) -> str:
        """How a row ends whose columns hold one value each: with the twins of all of them, which are empty."""
        return "," * self._columns

    @cached_property
    def _whole(self) -> re.Pattern[str]:
        """What matches a line; most chunks are cut without it."""
        return re.compile(_pattern(self.plain, self.varying), re.DOTALL)

    def read(self, body: str) -> tuple[_Rows, list[str]] | None:
        """Read rows, and give the line of each (None: there are none, or one is not of the expected form)."""
        lines = body.split("\n")[1:]  # Not by the tail: a run of commas among runs of them is found slowly.
        if len(lines) < 2 or lines.pop() != "":  # noqa: PLR2004 - a row and the end of its line
            return None
        rows = self._cut_all(lines) if self._is_cut and all(map(str.endswith, lines, repeat(self.tail))) else None
        if rows is None:
            lines = _whole_lines(lines)
            rows = self._match_all(lines) if lines else None
        return rows and (rows, lines)

    def cut(self, head: Any, line: str) -> tuple[Any, Tuple[str, ...]]:  # noqa: ANN401 - what tells rows
        """Cut what tells rows into what tells their kind and the cells that say who."""
        if not isinstance(head, str):
            fixed, who = head
            return fixed, who
        if not self._who:
            return head, ()
        key, *who = head.rsplit(",", len(self._who))
        if len(who) == len(self._who) and not any(map(_is_within_quotes, who)):
            return key, tuple(who)
        return self._head(self._whole.fullmatch(line))  # A comma is within a cell.

    def values(self, who: Tuple[str, ...]) -> Tuple[str, ...]:
        """Return the values of all the columns that say who, empty where the header has none."""
        values = dict(zip(self._who, map(_value, who)))
        return tuple(values.get(name, "") for name in self._all)

    def is_woven_from(self, parts: Sequence[Tuple[str, ...]]) -> bool:
        """Return whether nothing but an empty twin stands between two columns that differ from row to row."""
        return {text for cut in parts for text in cut[self._at + 1 : self._at + len(self._each)]} <= {_TWIN}

    def fill(self, texts: Tuple[str, ...], who: Tuple[str, ...]) -> tuple[str, str, str]:
        """Put who into a kind's text; give what stands before the time, between it and the index, and after that."""
        cells = self._cells.get(who)
        if cells is None:
            if len(self._cells) > _MAX_KINDS:
                self._cells.clear()
            cells = self._cells[who] = [_written(_value(cell)) for cell in who]
        if not self._each:
            *first, last = texts
            return _woven(first, cells), "", last
        before = _woven(texts[: self._at + 1], cells[: self._at])
        return before, _woven(texts[self._at + len(self._each) : -1], cells[self._at :]), texts[-1]

    def _cut_all(self, lines: list[str]) -> _Rows | None:
        """Cut rows that have tails from their ends, all at once; None where something is odd.

        That each line is a row follows from their numbers: were one within a row's cell, the last would not fit.
        """
        end, cuts = -len(self.tail), len(self._each) + 1
        rows = [line[:end].rsplit(",", cuts) for line in lines]
        if set(map(len, rows)) != {cuts + 1}:
            return None
        heads, *each, numbers = ([row[place] for row in rows] for place in range(cuts + 1))
        if numbers != _numbers(len(lines)):
            return None
        values = [_values_of(cells) for cells in each]
        return None if None in values else self._rows(heads, [column for column in values if column is not None])

    def _match_all(self, lines: list[str]) -> _Rows | None:
        heads: list[Any] = []
        columns: list[list[str]] = [[] for _ in self._each]
        for number, line in zip(_numbers(len(lines)), lines):
            match = self._whole.fullmatch(line)
            if match is None or match["index"] != number:
                return None
            heads.append(self._head(match))
            for place, cells in enumerate(columns, self._at):
                cells.append(_value(match[f"varying{place}"]))
        return self._rows(heads, columns)

    def _rows(self, heads: Sequence[Any], values: Sequence[Sequence[str]]) -> _Rows | None:
        if any(_ONE_BELOW_ANOTHER in "".join(column) for column in values):
            return None  # Several values in one: what is said of such a row differs.
        if not self._has_time:
            return _Rows(heads, [""] * len(heads), values, has_time=False)
        return _Rows(heads, values[-1], values[:-1])

    def _head(self, match: re.Match[str] | None) -> tuple[Any, Tuple[str, ...]]:
        assert match is not None  # noqa: S101 - a line that was cut whole matches
        fixed = tuple(text for name, text in match.groupdict().items() if name.startswith("fixed"))
        places = [place for place, name in enumerate(self.varying) if name in self._all]
        return fixed, tuple(match[f"varying{place}"] for place in places)


def _form_of(header: str, varying: Varying | None, passed: Sequence[str]) -> _Form | None:
    """Read a header (None: it is not of the form that splunkd sends, or names fields that are to be written last)."""
    names = next(csv.reader([header]), [])
    half = len(names) // 2
    plain, twins = names[:half], names[half:]
    is_known = plain[-1:] == [INDEX] and twins == [f"{_TWIN_NAME}{name}" for name in plain]
    # The SDK takes the first of several columns of one name, and reads into another what is called like a twin.
    is_known = is_known and len({*plain}) == half and not any(name.startswith(_TWIN_NAME) for name in plain)
    columns, fields = (list(varying.columns), varying.fields) if varying else ([], [])
    if not is_known or set(fields) & set(plain):
        return None
    form = _Form(plain, columns, passed)
    return form if form.is_usable else None


def _filled(pieces: Sequence[str], fills: Sequence[str | None]) -> list[str]:
    """Join pieces by what belongs between them, but where that is None."""
    joined = [pieces[0]]
    for fill, piece in zip(fills, pieces[1:]):
        if fill is None:
            joined.append(piece)
        else:
            joined[-1] += fill + piece
    return joined


def _fold(form: _Form, kept: Container[str], lines: list[str]) -> _Folded | None:
    """Take out of each run of columns that are empty in all rows every one but the first (None: a row is ragged).

    Most columns that are asked for are other sources' names; the SDK would read and write each of their cells.
    """
    plain, tail = form.plain, form.tail
    have_tails = all(map(str.endswith, lines, repeat(tail)))
    rows = list(csv.reader([line[: -len(tail)] for line in lines] if have_tails else lines))
    names = plain if have_tails else [*plain, *(f"{_TWIN_NAME}{name}" for name in plain)]
    if set(map(len, rows)) != {len(names)}:
        return None
    columns = dict(enumerate(zip(*rows)))
    half = len(plain)
    are_empty = [
        name not in kept and not any(columns[place]) and not any(columns.get(half + place, ()))
        for place, name in enumerate(plain)
    ]
    runs: Dict[str, int] = {}
    places: list[int] = []
    for place, is_empty in enumerate(are_empty):
        if is_empty and place and are_empty[place - 1]:
            runs[plain[places[-1]]] = runs.get(plain[places[-1]], 0) + 1
        else:
            places.append(place)
    left = [plain[place] for place in places]
    dropped = frozenset(plain).difference(left)
    if have_tails:
        records = [dict(zip(left, cells)) for cells in zip(*(columns[place] for place in places))]
        return _Folded(records, runs=runs, dropped=dropped)
    both = [*places, *(half + place for place in places)]
    written = StringIO()
    writer = csv.writer(written)
    writer.writerow([names[place] for place in both])
    writer.writerows(zip(*(columns[place] for place in both)))
    return _Folded(text=written.getvalue(), runs=runs, dropped=dropped)


def _cells_of(rows: _Rows) -> list[Sequence[str]]:
    """Write what differs from row to row as the SDK does: what all rows begin with, then the rest of each.

    Columns that no row has, as are those of other sources' names, come to nothing but their twins.
    """
    columns = [*rows.passed, *([rows.times] if rows.has_time else [])]
    gap, cells, between = "", None, ""
    for place, column in enumerate(columns):
        between += _TWIN if place else ""
        if not any(column):
            continue
        written = column if _are_plain(column) else _all_written(column)
        if cells is None:
            gap, cells = between, written
        else:
            cells = [f"{text}{between}{cell}" for text, cell in zip(cells, written)]
        between = ""
    if cells is None:
        gap = between
    elif between:
        cells = [f"{text}{between}" for text in cells]
    return [*([[gap] * len(rows.heads)] if gap else []), *([cells] if cells else [])]


def _joined(pieces: Sequence[Sequence[str]]) -> Iterator[str]:
    """Join the pieces of rows, one row's after another's, some rows at once."""
    many, texts = len(pieces), [""] * (len(pieces) * len(pieces[0]))
    for place, column in enumerate(pieces):
        texts[place::many] = column
    for start in range(0, len(texts), many * _JOINED_AT_ONCE):
        yield "".join(texts[start : start + many * _JOINED_AT_ONCE])


def _all_written(column: Sequence[str]) -> Sequence[str]:
    return list(map(_written, column)) if _needs_quotes("".join(column)) else column


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


def _woven(texts: Sequence[str], cells: Sequence[str]) -> str:
    return "".join(part for pair in zip_longest(texts, cells, fillvalue="") for part in pair)


def _are_plain(times: Sequence[str]) -> bool:
    """Return whether times are written as they came: digits and points only."""
    return _is_number("".join(times)) is not None


@lru_cache(maxsize=4)
def _numbers(many: int) -> list[str]:
    return list(map(str, range(many)))


def _value(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if cell[:1] == '"' else cell


def _values_of(cells: list[str]) -> list[str] | None:
    """Return the values of cells (None: a comma is within one, so its rest has an odd quote)."""
    lines = _ONE_BELOW_ANOTHER.join(cells)
    quotes = lines.count('"')
    if not quotes:
        return cells
    values = lines[1:-1].split(f'"{_ONE_BELOW_ANOTHER}"')
    is_between_lines = lines.count(_ONE_BELOW_ANOTHER) == len(cells) - 1 == len(values) - 1
    if is_between_lines and lines[0] == lines[-1] == '"' and quotes == 2 * len(cells):
        return values  # as splunkd sends times: each in quotes, and none within
    return None if any(map(_is_within_quotes, cells)) else list(map(_value, cells))


def _written(value: str) -> str:
    """Return a cell as the SDK writes it."""
    return pair_text(value)[:-1]


def pair_text(value: str | list[str]) -> str:
    """Return a field and its multivalue twin as the SDK writes them."""
    if isinstance(value, str) or len(value) < 2:  # noqa: PLR2004 - several
        return f"{_quoted(''.join(value))},"
    twin = ";".join(f"${one.replace('$', '$$')}$" for one in value)
    return f"{_quoted(_ONE_BELOW_ANOTHER.join(value))},{_quoted(twin)}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _needs_quotes(text) else text


def _is_within_quotes(text: str) -> bool:
    """Return whether a text ends within quotes, or its rest began there."""
    return text.count('"') % 2 == 1


def _whole_lines(lines: list[str]) -> list[str]:
    """Join lines that were cut within quotes, as in a multivalue's plain cell; give none where one is not whole."""
    if not any(many % 2 for many in set(map(_count_quotes, lines))):
        return lines
    whole: list[str] = []
    parts: list[str] = []
    for line in lines:
        ends_otherwise = _is_within_quotes(line)
        if not parts and not ends_otherwise:
            whole.append(line)
            continue
        parts.append(line)
        if ends_otherwise and len(parts) > 1:
            whole.append("\n".join(parts))
            parts = []
    return [] if parts else whole
