"""The row codec writes what the SDK writes, to the byte, and leaves to the SDK what it cannot."""

from __future__ import annotations

from io import BytesIO, StringIO
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from splunklib.searchcommands import StreamingCommand
from splunklib.searchcommands.internals import RecordWriterV2

from cbverdict.codec import INDEX, RowCodec
from tests.lab.host import Row, encode

COLUMNS = ["process_md5", "path", "user"]


class Outcome(NamedTuple):
    """What `settle` says of a record."""

    tag: str
    is_lasting: bool


class Enrichment:
    """Add two fields that depend on the record's content alone, and note what was counted."""

    def __init__(self) -> None:
        """Start with nothing counted."""
        self.counted: dict[str, int] = {}

    def settle(self, records: list[dict[str, Any]]) -> list[Outcome]:
        """Enrich in place."""
        outcomes = []
        for record in records:
            content = repr([record.get(name) for name in COLUMNS])
            record["signed"] = ("true", "false", "unknown")[len(content) % 3]
            record["publisher"] = f'Corp, "{len(content)}"'
            self.count(record["signed"], 1)
            outcomes.append(Outcome(record["signed"], record["signed"] != "unknown"))
        return outcomes

    def count(self, tag: str, rows: int) -> None:
        """Count rows."""
        self.counted[tag] = self.counted.get(tag, 0) + rows


def _read(body: StringIO) -> Any:
    return StreamingCommand._read_csv_records(StreamingCommand, body)  # noqa: SLF001 - the SDK's reader itself


def _by_sdk(body: str) -> tuple[str, dict[str, int]]:
    records, enrichment = list(_read(StringIO(body))), Enrichment()
    enrichment.settle(records)
    writer = RecordWriterV2(BytesIO(), maxresultrows=None)
    writer.write_records(records)
    return writer._buffer.getvalue(), enrichment.counted  # noqa: SLF001 - what it would send


def _body(rows: list[Row]) -> str:
    return encode(rows, [*COLUMNS, INDEX]).decode()


VALUE = st.one_of(
    st.sampled_from(["", "a", "b" * 32, "7", '"', "a,b", "ü€", "$x$", "C:\\x y.exe", "1,2,3"]),
    st.text(alphabet='ab,"$;\n\r 0', max_size=6),
)
ROW = st.fixed_dictionaries({}, optional={name: st.one_of(VALUE, st.lists(VALUE, max_size=3)) for name in COLUMNS})


@given(st.lists(st.lists(ROW, min_size=1, max_size=12), min_size=1, max_size=4))
def test_the_reply_is_the_sdks_to_the_byte(chunks: list[list[Row]]) -> None:
    """Chunk after chunk, multivalues, quotes, line ends within cells; counts agree as well."""
    enrichment = Enrichment()
    codec = RowCodec(_read, enrichment.settle)
    for rows in chunks:
        body = _body(rows)
        expected, counted = _by_sdk(body)
        enrichment.counted.clear()
        reply = codec.reply(body)
        if reply is None:  # left to the SDK, and nothing was counted
            assert enrichment.counted == {}
            continue
        for tag, times in reply.repeats.items():
            enrichment.count(tag, times)
        assert (reply.body, reply.rows) == (expected, len(rows))
        assert {tag: rows for tag, rows in enrichment.counted.items() if rows} == counted


def test_plain_rows_and_multivalues_are_not_left_to_the_sdk() -> None:
    """Or the codec would be for nothing; a row is read and written once."""
    enrichment = Enrichment()
    codec = RowCodec(_read, enrichment.settle)
    rows: list[Row] = [{"process_md5": ["a", "b"], "path": "C:\\x y.exe"}, {"user": "jdoe"}, {"user": 'a "b", c'}] * 50
    assert codec.reply(_body(rows)) is not None
    assert sum(enrichment.counted.values()) == 3
    enrichment.counted.clear()
    assert codec.reply(_body(rows)) is not None
    assert sum(enrichment.counted.values()) <= 3


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
    assert RowCodec(_read, enrichment.settle).reply(body) is None
    assert enrichment.counted == {}


def test_a_row_hidden_in_the_cell_of_another_is_not_taken_for_one() -> None:
    """A path is an attacker's to choose: the line within it looks like a row that was seen before."""
    enrichment = Enrichment()
    codec = RowCodec(_read, enrichment.settle)
    codec.reply(_body([{"user": "x"}]))
    hidden = encode([{"user": "x"}], [*COLUMNS, INDEX]).decode().splitlines()[1]
    body = _body([{"user": f"a\n{hidden}\nb"}, {"user": "x"}])
    reply = codec.reply(body)
    assert reply is not None
    assert (reply.body, reply.rows) == (_by_sdk(body)[0], 2)
