"""Text of other people's making costs in proportion to its length, whatever is in it."""

from __future__ import annotations

import time
from io import StringIO
from typing import Any, Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from splunklib.searchcommands import StreamingCommand

from cbverdict.anomalies.reference_lists import Listed, Names
from cbverdict.carbonblack.edr.clause import Clause
from cbverdict.carbonblack.edr.query import literal
from cbverdict.events.columns import EventFields
from cbverdict.events.event import read_event
from cbverdict.events.names import file_name, is_same_program, spellings_of
from cbverdict.events.odd_names import oddity_of
from cbverdict.events.people import person_of
from cbverdict.events.times import read_time
from cbverdict.json_object import read_object
from cbverdict.search.row_codec import RowCodec
from cbverdict.search.row_form import INDEX
from cbverdict.verdicts.hashes import parse_md5
from tests.lab.host import encode
from tests.unit.test_row_codec import Enrichment

CLAUSE = Clause("digsig_prog_name:{{ process_name }}")


def _through_the_codec(text: str) -> object:
    codec = RowCodec(
        lambda body: StreamingCommand._read_csv_records(StreamingCommand, body),  # noqa: SLF001 - the SDK's reader
        Enrichment().enrich,
    )
    rows: list[Any] = [{"process_md5": text, "path": text, "user": "a"}, {"path": text}]
    return codec.reply(StringIO(encode(rows, ["process_md5", "path", "user", INDEX]).decode()).getvalue())


READERS: dict[str, Callable[[str], object]] = {
    "parse_md5": parse_md5,
    "parse_md5 of several values": lambda text: parse_md5([text, text]),
    "file_name": file_name,
    "read_time": read_time,
    "person_of": person_of,
    "read_event": lambda text: read_event({"Hashes": text, "Image": text, "User": text, "_time": text}, EventFields()),
    "read_event of a process": lambda text: read_event(
        {
            "process_md5": "a" * 32,
            "process_name": text,
            "parent_process_name": text,
            "OriginalFileName": text,
            "user": text,
            "team": text,
        },
        EventFields(),
    ),
    "spellings_of": spellings_of,
    "is_same_program": lambda text: is_same_program([text], [text]),
    "oddity_of": oddity_of,
    "literal": literal,
    "Clause.render": lambda text: CLAUSE.render("a" * 32, text[:4096] + text),
    "Names.find": lambda text: Names([("*a*b*c*", Listed("denied", "x")), ("?*0*0*0", Listed("", ""))]).find(text),
    "read_object": lambda text: read_object('{"a": "' + text + '"}' + text),
    "RowCodec.reply": _through_the_codec,
}
# What patterns, parsers and the SDK's writer stumble over, alone and one after the other.
UNIT = st.text(
    alphabet=" \t\n\r\u00a0=:,;|\"'\\/.-_01acF5M9[{]}*?$\u0130\u0316\u0301\U0001f600", min_size=1, max_size=4
)
SHORT, LONG = 20_000, 200_000


def _seconds(read: Callable[[str], object], text: str) -> float:
    taken = []
    for _ in range(3):
        started = time.process_time()
        read(text)
        taken.append(time.process_time() - started)
    return min(taken)


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    unit=UNIT,
    start=st.sampled_from(["", "x", "MD5=", '"', "/", "C:\\", "17"]),
    end=st.sampled_from(["", "y", '"', "="]),
)
@example(unit="1_", start="x", end="cc")
@example(unit="\u0316\u0301", start="a", end="")
def test_ten_times_the_text_costs_at_most_twenty_times_the_time(name: str, unit: str, start: str, end: str) -> None:
    """A ratio in one run, over a length at which a quadratic reader takes a hundred times as long."""
    read = READERS[name]
    short, long = (start + unit * (size // len(unit)) + end for size in (SHORT, LONG))
    allowed = 20 * max(_seconds(read, short), 0.005)  # less than can be told beside other work
    assert _seconds(read, long) <= allowed
