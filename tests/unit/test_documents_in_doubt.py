"""What Carbon Black's documents of a process and of its parent say against dropping a row."""

from __future__ import annotations

from typing import Mapping, Sequence

import pytest

from cbverdict.anomalies.baselines import Baselines
from cbverdict.anomalies.decisions import Decision, decide
from cbverdict.anomalies.detector import Anomalies
from cbverdict.anomalies.explanations import MORE_NAMES
from cbverdict.anomalies.reference_lists import Gateway, Listed, Lists, Names
from cbverdict.events.times import TimeReader
from cbverdict.search.anomaly_columns import RowScorer
from cbverdict.search.enrich_options import EnrichOptions
from cbverdict.search.verdict_columns import Enricher
from cbverdict.service.verdict_api import VerdictReply, VerdictRequest
from cbverdict.verdicts.hashes import Md5
from cbverdict.verdicts.reasons import Reason, Signed, Source
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.verdict import Answer, Verdict
from tests.lab.host import Row
from tests.lab.memory import Memory
from tests.lab.sightings import Sighting, learn

OWN, PARENT = Md5("a" * 32), Md5("b" * 32)
FILE = Signature("Signed", "Example Corp", original_name="p.exe", observed_names="p.exe")
LISTS = Lists(
    tools=Names([("psexec.exe", Listed("abused", "runs programs elsewhere"))]),
    publishers=Names([("Evil Inc", Listed("denied", "stolen"))]),
    gateways={"winword.exe": Gateway(Names([("splwow64.exe", Listed("", ""))]), "opens documents from outside")},
)


class SignedByDocument:
    """Who answers with the documents that there are."""

    def __init__(self, documents: Mapping[str, Signature]) -> None:
        """Take them, by hash."""
        self._documents = documents

    def ask(self, request: VerdictRequest) -> VerdictReply:
        """Say that each is signed, as the joint query does."""
        found = [self._documents.get(one.md5) for one in request.questions]
        return VerdictReply(
            "lab", tuple(Answer(Verdict(Signed.TRUE, Reason.JOINT, one), Source.SERVER) for one in found)
        )


def _judge(
    row: Row, own: Signature = FILE, parent: Signature = FILE, learnt: Baselines | None = None
) -> tuple[str, str]:
    """Return whether a row is noise, and why not."""
    return _judge_all([{"process_md5": OWN, **row}], {OWN: own, PARENT: parent}, learnt)[0]


def _judge_all(
    rows: Sequence[Row], documents: Mapping[str, Signature], learnt: Baselines | None = None, *decisions: Decision
) -> list[tuple[str, str]]:
    options, records = EnrichOptions(), [dict(row) for row in rows]
    anomalies = Anomalies(Memory(learnt or {}, decisions=decisions), LISTS)
    enriched = Enricher(SignedByDocument(documents), options).enrich(records)
    RowScorer(anomalies, options, TimeReader()).write(records, enriched)
    return [(str(row["signed_noise"]), str(row["anomaly_reasons"])) for row in records]


def test_a_signed_file_that_nothing_speaks_against_is_noise() -> None:
    """Named as its author named it, with a parent and without."""
    assert _judge({"process_name": "p.exe"}) == ("true", "")
    assert _judge({"process_name": "p.exe", "parent_name": "p.exe", "parent_md5": PARENT}) == ("true", "")


@pytest.mark.parametrize("author", ["", "p.exe"])
def test_a_file_with_more_names_than_are_kept_is_no_noise(author: str) -> None:
    """One of them may be a tool's."""
    own = FILE._replace(original_name=author, observed_names="p.exe|")
    assert _judge({"process_name": "p.exe"}, own) == ("false", MORE_NAMES)


ACTED = "opens documents from outside, and what it usually starts here is not known"
WORD = Signature("Signed", "Microsoft Corporation", original_name="WinWord.exe", observed_names="winword.exe")


@pytest.mark.parametrize(
    ("row", "parent", "why"),
    [
        ({"parent_name": "winword.exe"}, WORD, f"'winword.exe' {ACTED}"),
        ({}, WORD, f"'WinWord.exe' {ACTED}"),
        ({}, WORD._replace(original_name=""), f"'winword.exe' {ACTED}"),
        (
            {"parent_name": "foo.exe"},
            FILE._replace(original_name="bar.exe"),
            "the parent foo.exe is called bar.exe by who made it",
        ),
        ({}, FILE._replace(publisher="Evil Inc"), "its parent is signed by Evil Inc, which is denied: stolen"),
    ],
)
def test_what_the_parents_document_says_counts_as_the_processs_own_does(row: Row, parent: Signature, why: str) -> None:
    """A parent known by its hash is no other one because the row calls it otherwise, or not at all."""
    assert _judge({"process_name": "p.exe", "parent_md5": PARENT, **row}, parent=parent) == ("false", why)


def test_a_parent_that_starts_what_it_starts_everywhere_is_no_doubt() -> None:
    """By its document's name as by the row's."""
    own = FILE._replace(original_name="splwow64.exe", observed_names="splwow64.exe")
    assert _judge({"parent_md5": PARENT, "process_name": "splwow64.exe"}, own, WORD) == ("true", "")
    assert _judge({"parent_md5": PARENT}, own, WORD) == ("true", "")


def test_what_a_name_usually_starts_says_nothing_of_a_file_of_another_name() -> None:
    """Whoever calls Word explorer.exe has what explorer.exe starts."""
    learnt: Baselines = {}
    for number in range(2000):
        learn(learnt, Sighting(20_000 + number % 50, 9, f"p{number % 5}", None, "p.exe", "explorer.exe"))
    row: Row = {"process_name": "p.exe", "parent_md5": PARENT, "parent_name": "explorer.exe"}
    honest = WORD._replace(original_name="", observed_names="explorer.exe")
    assert _judge(row, parent=honest, learnt=learnt)[0] == "true"
    renamed = WORD._replace(original_name="", observed_names="explorer.exe|winword.exe")
    noise, why = _judge(row, parent=renamed, learnt=learnt)
    assert (noise, f"'winword.exe' {ACTED}" in why) == ("false", True)


@pytest.mark.parametrize(
    "own",
    [
        FILE._replace(publisher=""),
        FILE._replace(publisher=" ", subject="Example Corp"),
        FILE._replace(result="(unknown)"),
        FILE._replace(result=""),
        *(
            FILE._replace(publisher=nobody)
            for nobody in (
                "(unknown)",
                "-",
                "n/a",
                "Unknown",
                "None",
                "?",
                '""',
                ",",
                "CN=",
                "CN=-, O=(unknown)",
                "\u200b",
                "\u3164",
            )
        ),
    ],
)
def test_who_signed_has_to_be_known(own: Signature) -> None:
    """A hit beside a document that nobody has reported is a hit alone."""
    assert _judge({"process_name": "p.exe"}, own)[0] == "false"


@pytest.mark.parametrize(
    ("publisher", "subject"),
    [
        ("Evil Inc", ""),
        ("\uff25vil Inc", ""),
        ('"Evil Inc"', ""),
        ("CN=Evil Inc, O=Example Corp, C=US", ""),
        ("", "Evil Inc"),
        ("", 'C=US, O=Example, CN="Evil Inc"'),
    ],
)
def test_a_denied_signer_is_found_however_a_document_names_him(publisher: str, subject: str) -> None:
    """By the publisher, else by the subject's common name."""
    noise, why = _judge({"process_name": "p.exe"}, FILE._replace(publisher=publisher, subject=subject))
    assert (noise, "which is denied: stolen" in why) == ("false", True)


SHA, OTHER_SHA = "1" * 64, "2" * 64
BAD = decide(
    "bad", {"process_md5": OWN, "process_name": "p.exe"}, 30, "came with a false invoice", "anna", 1_793_606_400.0
)
KNOWN_BY_BOTH = FILE._replace(sha256=SHA, md5=OWN)
CHILD: Row = {"process_md5": PARENT, "process_path": "C:\\x\\p.exe"}


@pytest.mark.parametrize(
    "rows",
    [
        [{"process_sha256": SHA, "process_name": "p.exe"}],
        [{**CHILD, "parent_process_sha256": SHA}],
        [
            {**CHILD, "parent_process_path": "C:\\y\\p.exe", "parent_process_guid": "{A}"},
            {"process_md5": OWN, "process_path": "C:\\y\\p.exe", "process_guid": "{A}"},
        ],
        [
            {**CHILD, "parent_process_path": "C:\\y\\p.exe"},
            {"process_md5": OWN, "process_path": "C:\\y\\p.exe"},
        ],
    ],
    ids=["by its SHA-256", "a child by it", "a child by GUID", "a child by path"],
)
def test_a_file_that_was_called_bad_is_found_by_whatever_a_row_has_of_it(rows: Sequence[Row]) -> None:
    """The decision has its MD5; of the parent the parent's own row may say which file it is."""
    documents = {OWN: KNOWN_BY_BOTH, SHA: KNOWN_BY_BOTH, PARENT: FILE._replace(md5=PARENT)}
    assert _judge_all(rows, documents)[0][0] == "true"
    noise, why = _judge_all(rows, documents, None, BAD)[0]
    assert (noise, "was called bad until" in why) == ("false", True)


@pytest.mark.parametrize("row", [{"process_sha256": SHA}, {"process_md5": PARENT, "parent_process_sha256": SHA}])
def test_what_is_found_of_a_sha_256_has_to_be_that_file(row: Row) -> None:
    """Whoever answers otherwise is not believed."""
    named: Row = {"process_name": "p.exe", **row}
    for document, noise in ((KNOWN_BY_BOTH, "true"), (FILE._replace(sha256=OTHER_SHA), "false")):
        assert _judge_all([named], {SHA: document, PARENT: FILE})[0][0] == noise


@pytest.mark.parametrize("name", [{}, {"parent_process_name": "null"}, {"parent_process_name": "new.exe"}])
def test_a_parent_of_which_nothing_is_known_has_to_be_signed_once_it_is_learnt_what_is_usual(name: Row) -> None:
    """Also where it has no name: that of its file is anybody's to choose."""

    class Unseen(SignedByDocument):
        def ask(self, request: VerdictRequest) -> VerdictReply:
            reply = super().ask(request)
            unseen = Answer(Verdict(Signed.UNKNOWN, Reason.NOT_SEEN), Source.SERVER)
            answers = [unseen if one.md5 == PARENT else said for one, said in zip(request.questions, reply.answers)]
            return reply._replace(answers=tuple(answers))

    learnt: Baselines = {}
    for number in range(400):
        learn(learnt, Sighting(20_000 + number // 8, 9 + number % 8, "ann", "hr", "p.exe", "explorer.exe"))
    options = EnrichOptions()
    for baselines, noise in (({}, "true"), (learnt, "false")):
        records = [{"process_md5": OWN, "process_name": "p.exe", "parent_process_md5": PARENT, **name}]
        enriched = Enricher(Unseen({OWN: FILE}), options).enrich(records)
        RowScorer(Anomalies(Memory(baselines), LISTS), options, TimeReader()).write(records, enriched)
        assert records[0]["signed_noise"] == noise
