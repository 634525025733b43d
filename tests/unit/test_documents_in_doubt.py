"""What Carbon Black's documents of a process and of its parent say against dropping a row."""

from __future__ import annotations

from typing import Mapping

import pytest

from cbverdict.anomalies.baselines import Baselines
from cbverdict.anomalies.detector import Anomalies
from cbverdict.anomalies.explanations import MORE_NAMES
from cbverdict.anomalies.gathering import Sighting, learn
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
    options = EnrichOptions()
    enricher, records = Enricher(SignedByDocument({OWN: own, PARENT: parent}), options), [{"process_md5": OWN, **row}]
    RowScorer(Anomalies(Memory(learnt or {}), LISTS), options, TimeReader()).write(records, enricher.enrich(records))
    return str(records[0]["signed_noise"]), str(records[0]["anomaly_reasons"])


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
