"""What is found out once for a file is the same as what is found out for each of its rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cbverdict.anomalies.file_sides import _MAX_FILES, FileSides
from cbverdict.anomalies.reference_lists import Listed, Lists, Names
from cbverdict.events.event import ProcessEvent
from cbverdict.events.named_file import Process
from cbverdict.verdicts.hashes import Md5
from cbverdict.verdicts.reasons import Reason, Signed
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.verdict import Verdict

LISTS = Lists(
    tools=Names([("psexec.exe", Listed("", "runs anything anywhere"))]),
    publishers=Names([("evil", Listed("denied", "it is known for that"))]),
)
_TEXTS = st.sampled_from(["psexec.exe", "tool.exe", "c:\\a\\tool.exe"])
_EVENTS = st.builds(
    ProcessEvent,
    process=st.builds(Process, st.just(Md5("a" * 32)), st.none() | _TEXTS),
    parent=st.just(Process(None, None)),
    names=st.lists(_TEXTS, max_size=1).map(tuple),
    other_names=st.lists(_TEXTS, max_size=1).map(tuple),
    original_names=st.lists(_TEXTS, max_size=1).map(tuple),
    has_several_parents=st.booleans(),
)
_SIGNATURES = st.builds(
    Signature, publisher=st.sampled_from(["", "Evil"]), original_name=st.sampled_from(["", "PsExec.exe"])
)
_VERDICTS = st.builds(Verdict, st.sampled_from(Signed), st.just(Reason.BINARY), st.none() | _SIGNATURES)


@given(st.lists(st.tuples(_EVENTS, _VERDICTS), max_size=8))
def test_no_row_is_judged_by_another_file(rows: list[tuple[ProcessEvent, Verdict]]) -> None:
    """Whatever is read of a row or of its signature tells files apart."""
    sides = FileSides(LISTS)
    assert [sides.of(*row) for row in rows] == [FileSides(LISTS).of(*row) for row in rows]


def test_what_is_remembered_of_files_has_a_bound() -> None:
    """A search may have as many names as rows."""
    sides, verdict = FileSides(Lists()), Verdict(Signed.TRUE, Reason.BINARY)
    for number in range(_MAX_FILES + 1):
        sides.of(ProcessEvent(Process(None, f"{number}"), Process(None, None)), verdict)
    assert len(sides._files) == 1  # noqa: SLF001 - what is remembered
