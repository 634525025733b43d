"""The row codec writes what the SDK writes, to the byte, and leaves to the SDK what it cannot."""

from __future__ import annotations

import sys
from collections import Counter
from io import BytesIO, StringIO
from typing import Any, NamedTuple, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from splunklib.searchcommands import StreamingCommand
from splunklib.searchcommands.internals import RecordWriterV2

from cbsigned import CbsignedCommand
from cbsignedreview import CbsignedreviewCommand
from cbverdict.search import row_codec
from cbverdict.search.row_codec import RowCodec
from cbverdict.search.row_form import INDEX
from cbverdict.search.sdk_cells import pair_text
from cbverdict.search.sdk_compat import write_rows
from tests.lab.host import Row, encode

COLUMNS = ["process_md5", "path", "user"]
MARK = "anymark"


class Outcome(NamedTuple):
    """What `enrich` says of a record."""

    tag: str
    is_lasting: bool


class Enrichment:
    """Add two fields that depend on the record's content alone."""

    def __init__(self, answers: Sequence[str] = ("Corp, ",)) -> None:
        """Take what the signers' texts are; note how many records were enriched."""
        self.answers = answers
        self.enriched = 0

    def enrich(self, records: list[dict[str, Any]]) -> list[Outcome]:
        """Enrich in place."""
        outcomes = []
        self.enriched += len(records)
        for record in records:
            content = repr([record.get(name) or "" for name in COLUMNS])
            record["signed"] = ("true", "false", "unknown")[len(content) % 3]
            answer = self.answers[sum(content.encode("utf-8", "replace")) % len(self.answers)]
            record["publisher"] = f'{answer}"{len(content)}"'
            record["subject"] = answer
            outcomes.append(Outcome(record["signed"], record["signed"] != "unknown"))
        return outcomes


def _read(body: StringIO) -> Any:
    return StreamingCommand._read_csv_records(StreamingCommand, body)  # noqa: SLF001 - the SDK's reader itself


def _by_sdk(body: str, answers: Sequence[str] = ("Corp, ",)) -> tuple[str, Counter[str]]:
    records = list(_read(StringIO(body)))
    counted = Counter(one.tag for one in Enrichment(answers).enrich(records))
    writer = RecordWriterV2(BytesIO(), maxresultrows=None)
    writer.write_records(records)
    return writer._buffer.getvalue(), counted  # noqa: SLF001 - what it would send


def _body(rows: list[Row]) -> str:
    return encode(rows, [*COLUMNS, INDEX]).decode()


VALUE = st.one_of(
    st.sampled_from(["", "a", "b" * 32, "7", '"', "a,b", "ü€", "$x$", "C:\\x y.exe", "1,2,3"]),
    st.text(alphabet='ab,"$;\n\r 0\0', max_size=6),
)
ROW = st.fixed_dictionaries({}, optional={name: st.one_of(VALUE, st.lists(VALUE, max_size=3)) for name in COLUMNS})


ANSWER = st.one_of(
    st.text(max_size=20),
    st.text(alphabet='ab,"$;\n\r 0%{}', max_size=12),
    st.sampled_from(
        ["73524917360182944365", MARK, MARK * 2, f"a{MARK}", f'"{MARK},', "\n0,,,\n", "_chunked_idx", "\u2028\x85"]
    ),
)


@given(
    st.lists(st.lists(ROW, min_size=1, max_size=12), min_size=1, max_size=4), st.lists(ANSWER, min_size=1, max_size=5)
)
def test_the_reply_is_the_sdks_to_the_byte(chunks: list[list[Row]], answers: list[str]) -> None:
    """Chunk after chunk, whatever rows hold and whatever Carbon Black answers; counts agree as well."""
    codecs = [RowCodec(_read, Enrichment(answers).enrich), RowCodec(_read, Enrichment(answers).enrich, mark=MARK)]
    for rows in chunks:
        body = _body(rows)
        for codec in codecs:
            reply = codec.reply(body)
            if reply is not None:
                expected, counted = _by_sdk(body, answers)
                assert (reply.body.decode(), reply.rows) == (expected, len(rows))
                assert {tag: times for tag, times in reply.tags.items() if times} == counted


@pytest.mark.parametrize("name", ["md5", "__mv_md5", "__mv_other"])
def test_columns_that_the_sdk_reads_into_one_another_are_left_to_it(name: str) -> None:
    """Of several columns of one name it takes the first, and what is called like a twin it reads into another."""
    body = encode([{"md5": "1"}, {"md5": "2"}], ["md5", name, INDEX]).decode()
    assert RowCodec(_read, Enrichment(["Corp"]).enrich).reply(body) is None


@pytest.mark.parametrize("written", [["a"], ["b"], ["c"], ["d"], ["e"], ["c", "new"], ["new", "d"], ["new"], []])
def test_what_is_written_into_an_empty_column_stays_in_its_place(written: list[str]) -> None:
    """Columns that no row has are taken out before the SDK reads rows, and put back."""

    def enrich(records: list[dict[str, Any]]) -> list[Outcome]:
        for record in records:
            record.update(dict.fromkeys(written, "w"))
        return [Outcome("true", is_lasting=True) for _ in records]

    names = ["a", "b", "md5", "c", "d", "e", INDEX]
    body = encode([{"md5": "1"}, {"md5": "2"}, {"md5": "1"}], names).decode()
    records = list(_read(StringIO(body)))
    enrich(records)
    writer = RecordWriterV2(BytesIO(), maxresultrows=None)
    writer.write_records(records)
    reply = RowCodec(_read, enrich).reply(body)
    assert reply is not None
    assert reply.body.decode() == writer._buffer.getvalue()  # noqa: SLF001 - what it would send


@pytest.mark.parametrize("answer", [MARK, MARK * 2, f"x{MARK}y", f"{MARK}\n{MARK}", f'",{MARK}'])
def test_a_certificate_that_holds_the_mark_moves_no_cell(answer: str) -> None:
    """Should it ever be guessed, the SDK writes that chunk; without the mark in it, the codec does."""
    rows: list[Row] = [{"process_md5": "a", "user": "ann"}, {"process_md5": "b", "user": "bob"}]
    assert RowCodec(_read, Enrichment([answer]).enrich, mark=MARK).reply(_body(rows)) is None
    reply = RowCodec(_read, Enrichment([answer]).enrich).reply(_body(rows))
    assert reply is not None
    assert reply.body.decode() == _by_sdk(_body(rows), [answer])[0]


def test_each_codec_has_a_mark_of_its_own() -> None:
    """One that is known beforehand could be written into a certificate, or a row."""
    marks = {RowCodec(_read, Enrichment().enrich)._mark for _ in range(50)}  # noqa: SLF001 - it has no other sign
    assert len(marks) == 50
    assert min(map(len, marks)) >= 32


def test_plain_rows_and_multivalues_are_not_left_to_the_sdk() -> None:
    """Or the codec would be for nothing; a row is read and written once."""
    enrichment = Enrichment()
    codec = RowCodec(_read, enrichment.enrich)
    rows: list[Row] = [{"process_md5": ["a", "b"], "path": "C:\\x y.exe"}, {"user": "jdoe"}, {"user": 'a "b", c'}] * 50
    assert codec.reply(_body(rows)) is not None
    assert enrichment.enriched == 3
    assert codec.reply(_body(rows)) is not None
    assert enrichment.enriched <= 6


@pytest.mark.parametrize(
    "body",
    [
        "",
        "a,b\n1,2\n",
        "process_md5,_chunked_idx,__mv_process_md5,__mv__chunked_idx\n",
        "process_md5,_chunked_idx,__mv_process_md5,__mv__chunked_idx\na,0,,",
        "process_md5,_chunked_idx,__mv_process_md5,__mv__chunked_idx\na,1,,\n",
        "_chunked_idx,process_md5,__mv__chunked_idx,__mv_process_md5\n0,a,,\n",
        'process_md5,_chunked_idx,__mv_process_md5,__mv__chunked_idx\n"a\nb,0,,\n',
    ],
)
def test_a_chunk_of_another_form_is_left_to_the_sdk(body: str) -> None:
    """As a whole, before anything is asked."""
    enrichment = Enrichment()
    assert RowCodec(_read, enrichment.enrich).reply(body) is None
    assert enrichment.enriched == 0


def test_a_row_hidden_in_the_cell_of_another_is_not_taken_for_one() -> None:
    """A path is an attacker's to choose: the line within it looks like a row that was seen before."""
    enrichment = Enrichment()
    codec = RowCodec(_read, enrichment.enrich)
    codec.reply(_body([{"user": "x"}]))
    hidden = encode([{"user": "x"}], [*COLUMNS, INDEX]).decode().splitlines()[1]
    body = _body([{"user": f"a\n{hidden}\nb"}, {"user": "x"}])
    reply = codec.reply(body)
    assert reply is not None
    assert (reply.body.decode(), reply.rows) == (_by_sdk(body)[0], 2)


@pytest.mark.parametrize("number", ["0", "1"])
def test_a_row_hidden_in_a_last_row_that_is_cut_from_its_end_is_not_taken_for_one(number: str) -> None:
    """Whichever number it gives itself: the last line has the number of a row, and there is a line more than rows."""
    header = "path,user,_chunked_idx,__mv_path,__mv_user,__mv__chunked_idx\n"
    enrichment = Enrichment()
    codec = RowCodec(_read, enrichment.enrich)
    for body in (f"{header}x,ann,0,,,\n", f'{header}"a,ann,{number},,,\nx",ann,0,,,\n'):
        reply = codec.reply(body)
        assert reply is not None
        assert (reply.body.decode(), reply.rows) == (_by_sdk(body)[0], 1)


def test_a_chunk_that_ends_within_a_cell_is_left_to_the_sdk() -> None:
    """Though its only line ends as a row does."""
    header = "path,user,_chunked_idx,__mv_path,__mv_user,__mv__chunked_idx\n"
    codec = RowCodec(_read, Enrichment().enrich)
    assert codec.reply(f'{header}"x,ann,0,,,\n') is None
    assert codec.reply(f"{header}x,ann,0,,,\n") is not None
    assert codec.reply(f'{header}x,ann,0,,,\n"x,ann,1,,,\n') is None


def test_a_cell_of_lines_that_end_and_begin_with_quotes_is_read_as_one() -> None:
    """Three quotes stand on either line, which are as odd as one."""
    body = _body([{"path": 'a"\n"b', "user": "ann"}, {"user": "bob"}])
    reply = RowCodec(_read, Enrichment().enrich).reply(body)
    assert reply is not None
    assert (reply.body.decode(), reply.rows) == (_by_sdk(body)[0], 2)


def test_a_cell_may_be_larger_than_the_sdk_reads() -> None:
    """It stops at 10 MB, and the whole search with it."""
    (row,) = CbsignedCommand().read_rows(StringIO(f"path,__mv_path\n{'x' * 11_000_000},\n"))
    assert len(row["path"]) == 11_000_000


def test_a_nul_in_a_row_ends_no_search() -> None:
    """Before Python 3.11 it is left out, for the csv module refuses it."""
    (row,) = CbsignedCommand().read_rows(StringIO('path,__mv_path\n"a\0b",\n'))
    assert row["path"] == ("a\0b" if sys.version_info >= (3, 11) else "ab")


_TEXTS = st.text(st.sampled_from('a",$;\r\n\t |\0é😀'), max_size=8)


@given(_TEXTS | st.lists(_TEXTS, max_size=3))
def test_a_field_and_its_twin_are_written_as_the_sdk_writes_them(value: str | list[str]) -> None:
    """Without a writer of the SDK's for each, which costs more than all the rest of a row."""
    _, (text,) = write_rows([{"field": value, "last": "end"}])
    assert f"{pair_text(value)},end,\r\n" == text


@given(st.lists(st.fixed_dictionaries({"one": _TEXTS, "two": _TEXTS | st.lists(_TEXTS, max_size=3)}), max_size=5))
def test_rows_are_cut_where_the_sdk_ended_them(rows: list[dict[str, Any]]) -> None:
    """Whatever line ends they hold."""
    writer = RecordWriterV2(BytesIO(), maxresultrows=None)
    writer.write_records(rows)
    header, texts = write_rows(rows)
    assert header + "".join(texts) == writer._buffer.getvalue()  # noqa: SLF001 - what it would send
    assert texts == [write_rows([row])[1][0] for row in rows]


@pytest.mark.parametrize(("kinds", "do_repeat"), [(25, True), (49, True), (50, False), (90, False)])
def test_rows_that_differ_are_made_a_part_at_a_time(
    monkeypatch: pytest.MonkeyPatch, kinds: int, *, do_repeat: bool
) -> None:
    """To the byte as all at once; hardly any of them comes again, so then they are not held on to."""
    monkeypatch.setattr(row_codec, "_MAX_NEW", 10)
    rows: list[Row] = [{"process_md5": f"m{number % kinds}", "path": "x", "user": "ann"} for number in range(100)]
    body = encode(rows, [*COLUMNS, INDEX]).decode()
    enrichment = Enrichment()
    codec = RowCodec(_read, enrichment.enrich)
    for _ in range(2):
        reply = codec.reply(body)
        assert reply is not None
        assert (reply.body.decode(), reply.tags) == _by_sdk(body)
        assert reply.rows == 100
    assert len(codec._process_templates) == len(codec._row_templates) == (kinds if do_repeat else 0)  # noqa: SLF001 - what is held is the point
    assert enrichment.enriched == (kinds if do_repeat else 2 * 100)


def test_no_more_rows_are_remembered_than_memory_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the last chunk, when they and the others become too many."""
    monkeypatch.setattr(row_codec, "_MAX_ROW_TEMPLATES", 10)
    monkeypatch.setattr(row_codec, "_MAX_PROCESS_TEMPLATES", 10)

    def enrich(records: list[dict[str, Any]]) -> list[Outcome]:
        return [Outcome("true", is_lasting=True) for _ in records]

    codec, held = RowCodec(_read, enrich), []
    for start in (0, 5, 10, 15):
        assert codec.reply(_body([{"process_md5": f"m{number}"} for number in range(start, start + 5)])) is not None
        held.append((len(codec._row_templates), len(codec._process_templates)))  # noqa: SLF001 - what is held is the point
    assert held == [(5, 5), (10, 10), (5, 5), (10, 10)]


@pytest.mark.parametrize(
    "rows",
    [
        [{"user": "ann", "guid": "1", "last": "2"}, {"guid": "3"}],
        [{"guid": "1"}, {"user": "ann", "guid": "a b"}],
        [{"guid": "1", "last": "soon, or later"}],
        [{"guid": "a, b"}, {"guid": 'a "b", c', "last": "3"}],
    ],
    ids=["both", "the first alone", "a comma in the last", "a comma in the first"],
)
def test_columns_that_differ_from_row_to_row_are_passed_on_as_the_sdk_does(rows: list[Row]) -> None:
    """Cut from the end of a row, where a comma may be within a cell, and where a column may be empty in all rows."""
    body = encode(rows, [*COLUMNS, "guid", "last", INDEX]).decode()
    reply = RowCodec(_read, Enrichment().enrich, passed=["guid", "last"]).reply(body)
    assert reply is not None
    assert (reply.body.decode(), reply.rows) == (_by_sdk(body)[0], len(rows))


def test_a_column_whose_several_values_stand_in_its_twin_alone_is_not_taken_for_empty() -> None:
    """Between others that are."""
    names = ["process_md5", "path", "a", "b", "c", INDEX]
    body = f"{','.join(names + [f'__mv_{name}' for name in names])}\nm,,,,,0,,,,$x$;$y$,,\n"
    reply = RowCodec(_read, Enrichment().enrich).reply(body)
    assert reply is not None
    assert reply.body.decode() == _by_sdk(body)[0]


@pytest.mark.parametrize("line", ["a,0,,,", "0,,,", "a,b,c,0,,,"])
def test_a_row_of_another_number_of_cells_ends_no_search(line: str) -> None:
    """Splunkd sends none; the SDK has it, or it comes back as one row."""
    reply = RowCodec(_read, Enrichment().enrich).reply(f"md5,path,{INDEX},__mv_md5,__mv_path,__mv_{INDEX}\n{line}\n")
    assert reply is None or reply.rows == 1


def test_a_chunk_that_a_command_has_no_reply_to_is_read_and_written_by_the_sdk() -> None:
    """As it would be without us."""
    command, body = CbsignedreviewCommand(), _body([{"path": "x", "user": ["ann", "bob"]}])
    command._record_writer = RecordWriterV2(BytesIO(), maxresultrows=None)  # noqa: SLF001 - what reads its input sets it
    command._execute_chunk_v2(iter, (None, body))  # noqa: SLF001 - the SDK calls it
    expected = RecordWriterV2(BytesIO(), maxresultrows=None)
    expected.write_records(_read(StringIO(body)))
    assert command._record_writer._buffer.getvalue() == expected._buffer.getvalue() != ""  # noqa: SLF001 - what is sent


def test_a_search_is_ended_with_its_last_chunk_and_not_before() -> None:
    """What it came to goes out with the last reply."""
    ended: list[bool] = []

    class Noted(CbsignedreviewCommand):
        def conclude(self) -> None:
            ended.append(self.is_last_chunk)

    command = Noted()
    command._record_writer = RecordWriterV2(BytesIO(), maxresultrows=None)  # noqa: SLF001 - what reads its input sets it
    for is_last in (False, True):
        command._finished = is_last  # noqa: SLF001 - likewise
        command._execute_chunk_v2(iter, (None, _body([{"path": "x"}])))  # noqa: SLF001 - the SDK calls it
    assert ended == [True]


def test_rows_of_no_column_are_rows_all_the_same() -> None:
    """As of a search that was left with none of those that the command asks for."""
    body = encode([{}, {}], [INDEX]).decode()
    reply = RowCodec(_read, Enrichment().enrich).reply(body)
    assert reply is not None
    assert (reply.body.decode(), reply.rows) == (_by_sdk(body)[0], 2)
