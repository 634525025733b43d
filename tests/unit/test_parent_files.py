"""Which file a row's parent is, where the row has no hash of it: the parent's own row in the same search says so."""

from __future__ import annotations

from typing import Any, Dict

import pytest

from cbverdict.events.columns import EventFields
from cbverdict.events.lineage import Lineage, read_lineages
from cbverdict.search.enrich_options import EnrichOptions
from cbverdict.search.pipeline import Search
from cbverdict.search.row_form import INDEX
from cbverdict.search.verdict_columns import Enricher
from cbverdict.service.verdict_api import VerdictReply, VerdictRequest
from cbverdict.verdicts.reasons import Reason, Signed, Source
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.verdict import Answer, Verdict, no_answer
from tests.lab.host import Row, _decode, encode
from tests.lab.memory import Memory
from tests.unit.test_pipeline import _read

GOOD, BAD, SILENT, OTHER, NEVER_SEEN = (letter * 32 for letter in "abcde")
CHILD: Dict[str, Any] = {
    "process_md5": GOOD,
    "process_path": "C:\\Windows\\cmd.exe",
    "parent_process_path": "C:\\Temp\\Drop.exe",
    "dest": "pc1",
    "parent_process_id": "7",
    "parent_process_guid": "{AB}",
}


def _parent(md5: str, **changes: str) -> Dict[str, Any]:
    row = {
        "process_md5": md5,
        "process_path": "c:\\temp\\drop.exe",
        "dest": "PC1",
        "process_id": "7",
        "process_guid": "{ab}",
    }
    return {name: text for name, text in {**row, **changes}.items() if text}


SIGNED = Verdict(Signed.TRUE, Reason.JOINT, Signature("Signed", "Publisher", original_name="report.exe"))


class Server:
    """Who knows one file that is signed and one that is not, and of one says nothing."""

    def ask(self, request: VerdictRequest) -> VerdictReply:
        """Answer."""
        never_seen = Verdict(Signed.UNKNOWN, Reason.NOT_SEEN)
        known = {BAD: Verdict(Signed.FALSE, Reason.UNSIGNED), SILENT: None, NEVER_SEEN: never_seen}
        answers = [known.get(one.md5, SIGNED) for one in request.questions]
        return VerdictReply(
            "lab", tuple(no_answer(Reason.TIMEOUT) if one is None else Answer(one, Source.SERVER) for one in answers)
        )


def _enriched(*rows: Dict[str, Any]) -> tuple[str, bool]:
    records = [dict(row) for row in rows]
    enriched = Enricher(Server(), EnrichOptions()).enrich(records)
    return str(records[0]["parent_signed"]), enriched[0].is_parent_unanswered


NO_GUID = {"process_guid": ""}
NO_NUMBER = {**NO_GUID, "process_id": ""}


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ([], ("unknown", False)),
        ([_parent(BAD)], ("false", False)),
        ([_parent(GOOD)], ("true", False)),
        ([_parent(BAD, dest="pc2", process_path="")], ("false", False)),
        ([_parent(BAD, **NO_GUID)], ("false", False)),
        ([_parent(BAD, **NO_NUMBER)], ("false", False)),
        ([_parent(GOOD, **NO_NUMBER)], ("true", False)),
        ([_parent(GOOD), _parent(BAD, **NO_NUMBER)], ("true", False)),
        ([_parent(GOOD, **NO_NUMBER), _parent(BAD, **NO_NUMBER)], ("false", False)),
        ([_parent(SILENT)], ("unknown", True)),
        ([_parent(BAD, **NO_NUMBER, dest="pc2")], ("unknown", True)),
        ([_parent(GOOD, **NO_NUMBER, dest="pc2")], ("unknown", False)),
        ([_parent(BAD, **NO_NUMBER, process_path="C:\\Temp\\else.exe")], ("unknown", False)),
        ([_parent("", **NO_NUMBER)], ("unknown", False)),
        # Another process of the file, by what the rows say of themselves, is not the parent.
        ([_parent(GOOD, process_guid="{cd}")], ("unknown", False)),
        ([_parent(BAD, process_guid="{cd}", process_id="8")], ("unknown", True)),
        ([_parent(""), _parent(GOOD, process_guid="{cd}", process_id="8")], ("unknown", False)),
        ([_parent(GOOD, process_guid="", process_id="8")], ("unknown", False)),
    ],
)
def test_a_parent_is_told_by_its_own_row(others: list[Dict[str, Any]], said: tuple[str, bool]) -> None:
    """By its identity, else its host, number and path, else host and path; by a path alone only against it."""
    assert _enriched(CHILD, *others) == said
    assert _enriched({**CHILD}, *reversed(others)) == said


def test_what_the_row_itself_says_of_its_parent_counts() -> None:
    """Whoever else has its path."""
    assert _enriched({**CHILD, "parent_process_md5": GOOD}, _parent(BAD)) == ("true", False)
    assert _enriched({**CHILD, "parent_process_md5": [GOOD, BAD]}, _parent(GOOD)) == ("unknown", True)


def test_a_parents_hash_that_nobody_knows_hides_no_row_of_the_parents() -> None:
    """A row that says more is not judged more leniently than one that says less."""
    child = {**CHILD, "parent_process_md5": NEVER_SEEN}
    assert _enriched(child) == ("unknown", False)
    assert _enriched(child, _parent(GOOD)) == ("unknown", False)
    assert _enriched(child, _parent(BAD)) == ("unknown", True)
    assert _enriched({**child, "parent_process_md5": GOOD}, _parent(BAD)) == ("true", False)


def test_a_child_that_names_no_process_is_of_any_of_its_parents_file() -> None:
    """By host and path alone."""
    child = {**CHILD, "parent_process_guid": "", "parent_process_id": ""}
    assert _enriched(child, _parent(GOOD), _parent(GOOD, process_guid="")) == ("true", False)
    assert _enriched(child, _parent(GOOD), _parent(BAD, process_guid="", process_id="")) == ("false", False)
    numbered = {**CHILD, "parent_process_guid": ""}
    assert _enriched(numbered, _parent(GOOD), _parent(BAD, process_guid="{cd}", process_id="8")) == ("true", False)


def test_a_parent_of_an_earlier_chunk_is_known() -> None:
    """The rows of a search come in pieces."""
    enricher = Enricher(Server(), EnrichOptions())
    enricher.enrich([_parent(BAD)])
    child = dict(CHILD)
    enricher.enrich([child])
    assert child["parent_signed"] == "false"


def test_a_name_alone_tells_only_against_a_parent() -> None:
    """Whichever folder the file ran from that was not signed; what has no name in common says nothing."""
    child = {"process_md5": GOOD, "process_name": "cmd.exe", "parent_process_name": "Drop.exe"}
    assert _enriched(child, _parent(BAD)) == ("unknown", True)
    assert _enriched(child, _parent(GOOD)) == ("unknown", False)
    assert _enriched({**child, "parent_process_name": "\\\\?\\C:\\Temp\\DROP.EXE"}, _parent(BAD)) == ("unknown", True)
    assert _enriched({**child, "parent_process_name": "else.exe"}, _parent(BAD)) == ("unknown", False)


def test_many_files_of_one_path_hide_none_of_them() -> None:
    """More than are held may be one more, which may not be signed."""
    signed = [_parent(f"{number:032x}", **NO_NUMBER) for number in range(1, 22)]
    assert _enriched(CHILD, *signed[:20]) == ("true", False)
    assert _enriched(CHILD, *signed) == ("unknown", True)
    assert _enriched(CHILD, *signed[:20], _parent(BAD, **NO_NUMBER)) == ("unknown", True)


def test_one_file_more_than_are_held_is_news_for_rows_that_were_judged() -> None:
    """Said once, and only where a row before had such a parent."""

    class Plain:
        def ask(self, request: VerdictRequest) -> VerdictReply:
            signed = Answer(Verdict(Signed.TRUE, Reason.JOINT), Source.SERVER)
            return VerdictReply("lab", (signed,) * len(request.questions))

    for source, is_late_news in ((Server(), True), (Plain(), False)):
        enricher = Enricher(source, EnrichOptions())
        enricher.enrich([dict(CHILD)])
        enricher.enrich([_parent(GOOD)])
        assert enricher.parents.take_was_too_soon() is is_late_news, "whose signature names the file, or none"
    for before, is_news in ([dict(CHILD)], True), ([], False):
        enricher = Enricher(Plain(), EnrichOptions())
        *most, last = [_parent(f"{number:032x}", **NO_NUMBER) for number in range(1, 22)]
        enricher.enrich([*most, *before])
        assert not enricher.parents.take_was_too_soon()
        enricher.enrich([last])
        assert [enricher.parents.take_was_too_soon() for _ in range(2)] == [is_news, False]


def test_what_was_forgotten_may_have_been_the_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search of so many files keeps the rows whose parents are not known for sure."""
    monkeypatch.setattr("cbverdict.search.parent_files._MAX_KEYS", 2)
    enricher = Enricher(Server(), EnrichOptions())
    enricher.enrich([_parent(BAD)])
    rows = [dict(CHILD), {"process_md5": GOOD, "process_name": "a.exe"}]
    assert [one.is_parent_unanswered for one in enricher.enrich(rows)] == [True, False]
    assert rows[0]["parent_signed"] == "unknown"


def test_what_was_forgotten_is_news_for_rows_that_were_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parent that comes later is not noticed any more, so the codec must not go on with what it remembers."""
    monkeypatch.setattr("cbverdict.search.parent_files._MAX_KEYS", 40)
    child: Row = {"process_md5": GOOD, "process_name": "report.exe", "parent_process_path": "c:\\temp\\report.exe"}
    parent: Row = {"process_md5": BAD, "process_path": "c:\\temp\\report.exe"}
    flood: list[Row] = [{"process_md5": OTHER, "process_path": f"c:\\temp\\{number}.tmp"} for number in range(30)]
    columns = ["process_md5", "process_name", "process_path", "parent_process_path", INDEX]
    searches = [Search(Server(), Memory({}), EnrichOptions(has_anomaly=True), _read) for _ in range(2)]
    for chunk in ([child], flood, [parent], [child]):
        by_sdk = searches[0].enrich([dict(row) for row in chunk])
        reply = searches[1].reply(encode(chunk, columns).decode())
        assert reply is not None
        found = [row["signed_noise"] for row in _decode(reply.body.decode())]
        assert found == [row["signed_noise"] for row in by_sdk]
    assert found == ["false"]


def test_what_comes_after_that_is_known_as_from_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of a path that had too many files, and in the chunk after it."""
    monkeypatch.setattr("cbverdict.search.parent_files._MAX_KEYS", 10)
    enricher = Enricher(Server(), EnrichOptions())
    many = [_parent(f"{number:032x}", **NO_NUMBER) for number in range(1, 22)]
    enricher.enrich([*many, *({**CHILD, "parent_process_guid": f"{{{number}}}"} for number in range(10))])
    enricher.enrich([_parent(BAD, **NO_NUMBER)])
    child = dict(CHILD)
    enricher.enrich([child])
    assert child["parent_signed"] == "false"


@pytest.mark.parametrize("late", [BAD, GOOD, SILENT])
def test_the_codec_judges_rows_anew_when_their_parent_has_come(late: str) -> None:
    """A search gives its newest rows first, a child before its parent; the SDK's way remembers no row."""
    child: Row = {"process_md5": GOOD, "process_name": "report.exe", "parent_process_path": "c:\\tools\\report.exe"}
    other: Row = {"process_md5": OTHER, "process_name": "other.exe"}
    parent: Row = {"process_md5": late, "process_path": "c:\\tools\\report.exe"}
    columns = ["process_md5", "process_name", "process_path", "parent_process_path", INDEX]
    searches = [Search(Server(), Memory({}), EnrichOptions(has_anomaly=True), _read) for _ in range(2)]
    chunks: list[list[Row]] = [[child, other], [other, parent, child], [child, other], [parent, child]]
    for chunk in chunks:
        by_sdk = searches[0].enrich([dict(row) for row in chunk])
        reply = searches[1].reply(encode(chunk, columns).decode())
        assert reply is not None
        found = [row["signed_noise"] for row in _decode(reply.body.decode())]
        assert found == [row["signed_noise"] for row in by_sdk]
        assert reply.rows == sum(reply.tags.values()) == len(chunk)
    assert found[1] == ("true" if late == GOOD else "false")


def test_a_lineage_is_read_from_whatever_has_it() -> None:
    """Sysmon's names, the data model's; several paths are none."""
    row = {"Image": '"C:\\A.exe"', "ParentImage": "C:\\B.exe", "ProcessGuid": "{X}", "ParentProcessGuid": "{Y}"}
    numbers = {"ProcessId": "1", "ParentProcessId": "2"}
    assert read_lineages([{**row, **numbers}], EventFields()) == [
        Lineage("{x}", "1", "c:\\a.exe", "{y}", "2", "c:\\b.exe")
    ]
    assert read_lineages([{"Image": "C:\\A.exe", "path": "C:\\B.exe"}], EventFields()) == [Lineage()]
    assert read_lineages([{"process_name": "a.exe"}], EventFields()) == [Lineage()]
