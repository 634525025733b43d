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

import os
import sys
from collections import Counter
from io import BytesIO, StringIO
from typing import (
    Any,
    Callable,
    Container,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Protocol,
    Sequence,
    Tuple,
)

from cbverdict.search.empty_columns import FoldedRows, Record, fold
from cbverdict.search.row_form import INDEX, RowForm, Rows, form_of, numbers_of
from cbverdict.search.sdk_cells import TWIN, all_written, are_plain, is_within_quotes
from cbverdict.search.sdk_compat import write_rows

Read = Callable[[StringIO], Iterable[Record]]

_MAX_PROCESS_TEMPLATES = 20_000
_MAX_ROW_TEMPLATES = 100_000
_MAX_NEW = 4_000
"""Rows of a chunk, none like another, that are read and enriched at once: each takes some 10 KB meanwhile.

Fewer at once would be more requests to Carbon Black, each for fewer hashes.
"""

_MADE_AT_ONCE, _JOINED_AT_ONCE = 2_000, 100
"""Rows whose texts are there at once, and that are joined and encoded at once: in memory that is used again."""


class EnrichedRow(Protocol):
    """What a record came to: what to count of it and of its like, and whether that comes out alike."""

    @property
    def tag(self) -> Any:  # noqa: ANN401 - whoever enriches knows
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

    def __init__(self, texts: tuple[str, str, str], process: _ProcessTemplate, common: Any) -> None:  # noqa: ANN401 - whoever varies knows
        self.before, self.between, self.after = texts
        self.tag, self.is_lasting = process.tag, process.enriched.is_lasting
        self.common = common


class RowCodec:
    """Write replies for chunks of rows, remembering at most `_MAX_ROW_TEMPLATES` that are alike."""

    def __init__(  # noqa: PLR0913 - whom it works with
        self,
        read: Read,
        enrich: EnrichRows,
        varying: Varying | None = None,
        mark: str = "",
        passed: Sequence[str] = (),
        *,
        was_too_soon: Callable[[], bool] = lambda: False,
        says_something: Callable[[Sequence[str]], bool] = lambda _: False,
    ) -> None:
        """Store the SDK's reader, what enriches records in place, and what is written of each row anew, if anything.

        `was_too_soon` says once, after records were enriched, whether earlier ones would come out otherwise now.

        `mark` stands in the varying cells while a row's text is made (empty: one that nobody can guess). `passed` are
        columns that differ from row to row and say nothing as long as they hold one value: they are passed on, unless
        `says_something` finds more in the values of one of them; then the SDK has to.
        """
        self._says_something = says_something
        self._passed = passed
        self._was_too_soon = was_too_soon
        self._mark = mark or f"{os.urandom(16).hex()}mark"  # which no reader takes for a hash or a time
        self._read = read
        self._enrich = enrich
        self._varying = varying
        self._varied = (list(varying.columns), varying.fields) if varying else ([], ())
        self._header = self._header_text = ""
        self._form: RowForm | None = None
        self._process_templates: dict[Any, _ProcessTemplate] = {}
        self._row_templates: dict[Any, _RowTemplate] = {}
        self._tags: dict[Any, int] = {}
        self._is_too_late = False

    def reply(self, body: str) -> Reply | None:
        """Return the reply to a chunk's body, or None where the SDK has to."""
        header = body[: body.find("\n")]
        if header != self._header:
            self._header, self._process_templates, self._row_templates = header, {}, {}
            self._form = form_of(header, *self._varied, self._passed)
        form = self._form
        read = form.read(body) if form and self._mark not in body and not _refuses(body) else None
        if form is None or read is None:
            return None
        rows, lines = read
        if any(map(self._says_something, rows.passed)):
            return None
        new = _first_lines(rows.heads, lines, set(rows.heads) - self._row_templates.keys())
        del read, lines  # A chunk's text is large: what is not needed any more goes before its reply is made.
        if any(map(is_within_quotes, new.values())):
            return None
        do_repeat = len(new) <= _MAX_NEW or 2 * len(new) < len(rows.heads)  # else hardly a row comes again
        reply = self._counted_once(form, body, rows, new, do_repeat=do_repeat)
        if reply is None and self._is_too_late:
            # What a later part of the chunk says, rows of an earlier one would be judged by: now it is known.
            new = self._all_lines(form, body, rows) or new
            reply = self._counted_once(form, body, rows, new, do_repeat=do_repeat)
        return reply

    def _counted_once(
        self, form: RowForm, body: str, rows: Rows, new: Mapping[Any, str], *, do_repeat: bool
    ) -> Reply | None:
        """Write a reply; what was counted for one that comes to nothing is taken back: its rows are written anew."""
        counted, reply = self._varying.counted() if self._varying else None, None
        try:
            reply = self._write_reply(form, body, rows, new, do_repeat=do_repeat)
        finally:
            if reply is None and self._varying is not None:
                self._varying.take_back(counted)
        return reply

    def _write_reply(
        self, form: RowForm, body: str, rows: Rows, new: Mapping[Any, str], *, do_repeat: bool
    ) -> Reply | None:
        """Write a reply part by part (None: the SDK has to, or it is too late to write earlier ones otherwise)."""
        written, tags = BytesIO(), Counter[Any]()
        self._is_too_late = False
        for start, end in list(_parts(rows.heads, new)):
            part = rows.part(start, end) if end - start < len(rows.heads) else rows
            some = None if part is rows else dict.fromkeys(part.heads)
            made = self._make(form, self._fresh(some or new, new), do_repeat=do_repeat)
            if made is not None and self._was_too_soon():
                self._process_templates.clear()
                self._row_templates.clear()
                self._is_too_late = self._is_too_late or start > 0
                new = self._all_lines(form, body, rows) or new
                made = self._make(form, self._fresh(some or new, new), do_repeat=do_repeat)
            if made is None:
                return None
            if start == 0:
                written.write(self._header_text.encode())
            self._write(part, made, numbers_of(len(rows.heads))[start:end], tags, written)
            if self._remember(made if do_repeat else {}, are_kept=do_repeat) and end < len(rows.heads):
                new = self._all_lines(form, body, rows) or new
        return None if self._is_too_late else Reply(written.getvalue(), len(rows.heads), tags)

    @staticmethod
    def _all_lines(form: RowForm, body: str, rows: Rows) -> dict[Any, str]:
        """Return the first line of every kind of row, for what was remembered of some is to be made anew."""
        again = form.read(body)
        return _first_lines(rows.heads, again[1], set(rows.heads)) if again else {}

    def _fresh(self, heads: Iterable[Any], new: Mapping[Any, str]) -> dict[Any, str]:
        """Return the first lines of those of these rows that are like none that is remembered."""
        return {head: new[head] for head in heads if head in new and head not in self._row_templates}

    def _make(self, form: RowForm, new: dict[Any, str], *, do_repeat: bool) -> dict[Any, _RowTemplate] | None:
        """Make what new rows have in common (None: the SDK has to); `do_repeat`: it is worth remembering."""
        cut = {head: form.cut(head, line) for head, line in new.items()}
        strange: dict[Any, str] = {}
        for head, (key, _) in cut.items():
            if key not in self._process_templates:
                strange.setdefault(key, new[head])
        whos = {who: form.values(who) for who in {who for _, who in cut.values()}}
        if self._varying is not None:
            self._varying.expect_people(list(whos.values()))
        templates = self._make_process_templates(form, strange)
        if templates is None:
            return None
        known = {**self._process_templates, **templates} if templates else self._process_templates
        if self._varying is not None:
            self._varying.load_people()
        made = {head: self._make_row_template(form, known[key], who, whos[who]) for head, (key, who) in cut.items()}
        if len(self._process_templates) + len(templates) > _MAX_PROCESS_TEMPLATES:
            self._process_templates.clear()
        if do_repeat:
            self._process_templates.update((key, one) for key, one in templates.items() if one.enriched.is_lasting)
        return made

    def _make_process_templates(self, form: RowForm, lines: dict[Any, str]) -> dict[Any, _ProcessTemplate] | None:
        """Have the SDK read and write one row of each new kind (None: it reads or writes these lines otherwise)."""
        if not lines:
            return {}
        cut_at = {*form.varying, INDEX}
        folded = fold(form, cut_at, list(lines.values()))
        read = self._read_and_enrich(form, folded, len(lines)) if folded else None
        if folded is None or (read is not None and folded.is_overwritten(read[0])):
            folded = FoldedRows(text="\n".join([self._header, *lines.values(), ""]))
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
        self, form: RowForm, folded: FoldedRows, count: int
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
        fills = [TWIN * runs[name] if name in runs else None for name in marked if name not in last]
        parts = []
        for text in texts:
            pieces = text.split(self._mark)
            if len(pieces) != len(marked) + 1:
                return []
            parts.append(tuple(map(sys.intern, _filled(pieces, fills))))
        return parts

    def _make_row_template(
        self, form: RowForm, process: _ProcessTemplate, who: Tuple[str, ...], values: Tuple[str, ...]
    ) -> _RowTemplate:
        texts = form.fill(process.texts, who)
        common = self._varying.score_person(process.enriched, values, texts[-1]) if self._varying else None
        return _RowTemplate(texts, process, common)

    def _write(
        self, rows: Rows, made: dict[Any, _RowTemplate], numbers: Sequence[str], counts: Counter[Any], out: BytesIO
    ) -> None:
        """Write rows, which have these numbers in their chunk; count their tags."""
        known = {**self._row_templates, **made} if made else self._row_templates
        rows_made = [known[head] for head in rows.heads]
        cells = _cells_of(rows)
        for start in range(0, len(rows_made), _MADE_AT_ONCE):
            some = slice(start, start + _MADE_AT_ONCE)
            pieces: list[Sequence[str]] = [[one.before for one in rows_made[some]]]
            pieces += [column[some] for column in cells]
            pieces += [[one.between for one in rows_made[some]], numbers[some]]
            if self._varying is None:
                pieces.append([one.after for one in rows_made[some]])
            else:
                pieces.append(self._varying.texts([one.common for one in rows_made[some]], rows.times[some]))
            out.writelines(text.encode() for text in _joined(pieces))
        tags = Counter([one.tag for one in rows_made])
        counts.update({tag: tags[place] for tag, place in self._tags.items()})

    def _remember(self, made: dict[Any, _RowTemplate], *, are_kept: bool) -> bool:
        """Remember rows, if they `are_kept`; return whether others were forgotten."""
        is_full = len(self._row_templates) + len(made) > _MAX_ROW_TEMPLATES
        if is_full:
            self._row_templates.clear()
        self._row_templates.update((head, one) for head, one in made.items() if one.is_lasting)
        if self._varying is not None and self._varying.forget(are_kept=are_kept):
            self._row_templates.clear()
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


def _filled(pieces: Sequence[str], fills: Sequence[str | None]) -> list[str]:
    """Join pieces by what belongs between them, but where that is None."""
    joined = [pieces[0]]
    for fill, piece in zip(fills, pieces[1:]):
        if fill is None:
            joined.append(piece)
        else:
            joined[-1] += fill + piece
    return joined


def _cells_of(rows: Rows) -> list[Sequence[str]]:
    """Write what differs from row to row as the SDK does: what all rows begin with, then the rest of each.

    Columns that no row has, as are those of other sources' names, come to nothing but their twins.
    """
    columns = [*rows.passed, *([rows.times] if rows.has_time else [])]
    gap, cells, between = "", None, ""
    for place, column in enumerate(columns):
        between += TWIN if place else ""
        if not any(column):
            continue
        written = column if are_plain(column) else all_written(column)
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
