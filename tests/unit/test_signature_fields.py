"""One table of signature fields: whoever adds a field is told here where else its name must stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cbverdict.anomalies.training import PUBLISHER_FIELD
from cbverdict.carbonblack.edr.clause import Clause
from cbverdict.carbonblack.edr.digsig import DIGSIG_FIELDS, DOCUMENT_FIELDS
from cbverdict.carbonblack.edr.signature_documents import read_signature
from cbverdict.carbonblack.port import ReportedBinary
from cbverdict.inputs.binaries.binary_events import event_of, flip_of
from cbverdict.search.enrich_options import EnrichOptions
from cbverdict.search.verdict_columns import Enricher, Record
from cbverdict.service.verdict_api import VerdictReply, VerdictRequest, read_reply, write_reply
from cbverdict.verdicts.cached_verdict import StoredVerdict, read_document, write_document
from cbverdict.verdicts.evidence import Question
from cbverdict.verdicts.hashes import Md5
from cbverdict.verdicts.reasons import Reason, Signed, Source
from cbverdict.verdicts.signature import SIGNATURE_COLUMNS, SIGNATURE_FIELDS, Signature, SignatureStatus, worse_of
from cbverdict.verdicts.verdict import DETAIL_FIELDS, STATUS_FIELDS, Answer, Verdict, fields_of
from tests.lab.confs import read_conf
from tests.lab.edr import search as simulator

A = Md5("a" * 32)
DEFAULT = Path(__file__).resolve().parents[2] / "default"
ATTRIBUTES = list(SIGNATURE_COLUMNS)
COLUMNS = list(SIGNATURE_COLUMNS.values())
DETAILS = [one.column for one in SIGNATURE_FIELDS if one.is_detail]
KNOWN_OF_IT = ["process_signature_exists", "process_signature_verified"]
FULL = Signature(**{attribute: f"the {attribute}" for attribute in ATTRIBUTES})
FULL_COLUMNS = {column: f"the {attribute}" for attribute, column in SIGNATURE_COLUMNS.items()}
VERDICT = Verdict(Signed.TRUE, Reason.BINARY, FULL)
STORED = StoredVerdict("lab", Question(A), "binary", VERDICT, 1.0, 2.0, 3.0)
WRITTEN = {
    "signed": "true",
    "signed_reason": "binary",
    "process_signature_exists": "true",
    "process_signature_verified": "true",
    **FULL_COLUMNS,
}


def _answer(request: VerdictRequest) -> VerdictReply:
    """Answer every question with a signature that has all fields, by way of the wire."""
    answers = (Answer(VERDICT, Source.SERVER),) * len(request.questions)
    return read_reply(write_reply(VerdictReply("lab", answers)))


class _Service:
    ask = staticmethod(_answer)


def _enrich(options: EnrichOptions) -> Record:
    record: Record = {"md5": A}
    Enricher(_Service(), options).enrich([record])
    return record


def test_the_table_is_as_it_was_released() -> None:
    """Another field comes behind these; a column that is renamed breaks searches, and documents that are stored."""
    assert [tuple(one) for one in SIGNATURE_FIELDS][:6] == [
        ("result", "process_signature_status", False),
        ("publisher", "process_signature_publisher", True),
        ("issuer", "process_signature_issuer", True),
        ("subject", "process_signature_subject", True),
        ("program", "process_signature_program", True),
        ("sign_time", "process_signature_time", True),
    ]


class TestPython:
    """Every field goes the whole way, from Carbon Black's document to rows, events and the store."""

    def test_carbon_black_has_a_name_for_every_field(self) -> None:
        """bin/cbverdict/carbonblack/edr/digsig.py, under which a document is read and a clause may ask for it."""
        assert list(DOCUMENT_FIELDS) == ATTRIBUTES, "DOCUMENT_FIELDS, in the order of Signature"
        texts: dict[str, object] = {name: f"the {attribute}" for attribute, name in DOCUMENT_FIELDS.items()}
        hashes = {"sha256": "AB" * 32, "md5": "CD" * 16}
        document = {**texts, "observed_filename": ["c:\\x\\one.exe", "/y/two"], **hashes}
        assert read_signature(document) == FULL._replace(observed_names="one.exe|two", sha256="ab" * 32, md5="cd" * 16)
        for name in DIGSIG_FIELDS.values():
            assert Clause(f"{name}:x").render() == f"{name}:x"

    def test_the_simulator_knows_every_field_of_carbon_blacks(self) -> None:
        """tests/lab/edr/search.py, which says of each how it is searched."""
        assert sorted(simulator.DIGSIG_FIELDS) == sorted(DIGSIG_FIELDS.values())

    def test_a_row_has_every_column(self) -> None:
        """By way of the service; without details, what the status is."""
        row = {"md5": A, **WRITTEN, "signed_source": "server", "parent_signed": "unknown", "signed_noise": "false"}
        assert _enrich(EnrichOptions()) == row
        assert _enrich(EnrichOptions(has_details=False)) == {
            name: value for name, value in row.items() if name not in DETAILS
        }

    def test_the_columns_of_a_verdict_are_those_that_are_announced(self) -> None:
        """With a signature, and without."""
        for verdict in (VERDICT, Verdict(Signed.UNKNOWN, Reason.NOT_SEEN)):
            assert set(fields_of(verdict)) == {*STATUS_FIELDS, *DETAIL_FIELDS}
        assert fields_of(VERDICT) == WRITTEN
        assert list(DETAIL_FIELDS) == DETAILS

    def test_the_store_gives_every_field_back(self) -> None:
        """As it was."""
        assert read_document(write_document(STORED)) == STORED

    @pytest.mark.parametrize("column", COLUMNS)
    def test_a_stored_document_without_one_of_the_fields_is_asked_anew(self, column: str) -> None:
        """It is of another version."""
        document = write_document(STORED)
        del document[column]
        assert read_document(document) is None

    @pytest.mark.parametrize("attribute", ATTRIBUTES)
    def test_a_signature_of_which_one_field_alone_is_known_is_one(self, attribute: str) -> None:
        """In the store."""
        verdict = Verdict(Signed.UNKNOWN, Reason.NOT_SEEN, Signature(**{attribute: "x"}))
        stored = StoredVerdict("lab", Question(A), "binary", verdict, 1.0, 2.0, 3.0)
        assert read_document(write_document(stored)) == stored

    def test_the_inputs_events_have_every_column(self) -> None:
        """Of a binary, and of a change of its signature."""
        binary = ReportedBinary(A, Signature(), "", {}, "https://cb.example/#/binary/x")
        assert event_of(binary, VERDICT) == {"md5": A, **WRITTEN, "link_binary": "https://cb.example/#/binary/x"}
        assert flip_of(STORED, "2026-11-02T07:00:00Z") == {"time": "2026-11-02T07:00:00Z", "md5": A, **WRITTEN}

    @pytest.mark.parametrize("attribute", ATTRIBUTES[1:])
    def test_of_two_documents_that_differ_in_one_field_the_same_is_taken_in_any_order(self, attribute: str) -> None:
        """Whichever field that is."""
        one, other = (Signature("Unsigned", **{attribute: text}) for text in ("x", "y"))
        found = worse_of(one, other)
        assert found == worse_of(other, one) == other._replace(observed_names=found.observed_names)
        assert set(found.names) == {*one.names, *other.names}

    def test_signers_are_learnt_from_the_column_of_the_publisher(self) -> None:
        """Which the saved search looks up."""
        assert PUBLISHER_FIELD == "process_signature_publisher"
        search = read_conf(DEFAULT / "savedsearches.conf")["cbsigned - learn what is usual"]["search"]
        assert f"OUTPUT {PUBLISHER_FIELD}\n" in search


COLLECTION = read_conf(DEFAULT / "collections.conf")["cbsigned_verdicts"]
LOOKUP = read_conf(DEFAULT / "transforms.conf")["cbsigned_verdicts"]["fields_list"]
MACRO, DAILY = (
    read_conf(DEFAULT / "macros.conf")[name]["definition"].split(" | ")
    for name in ("cbsigned_lookup(1)", "cbsigned_lookup_daily(1)")
)
FILL = read_conf(DEFAULT / "savedsearches.conf")["cbsigned - fill the verdict store from events"]["search"].split("\n|")
OPTIONS = read_conf(DEFAULT / "searchbnf.conf")["cbsigned-options"]["description"]
DETAILS_OPTION = OPTIONS.partition("details: ")[2].partition(".")[0]


def _step(steps: list[str], start: str) -> str:
    (found,) = (step for step in steps if step.strip().startswith(start))
    return found


# What names the columns, and which of them it must name, in the table's order.
PLACES = {
    "collections.conf [cbsigned_verdicts]": (" ".join(COLLECTION), KNOWN_OF_IT + COLUMNS),
    "transforms.conf [cbsigned_verdicts]": (LOOKUP, KNOWN_OF_IT + COLUMNS),
    "macros.conf [cbsigned_lookup(1)] fields -": (_step(MACRO, "fields -"), KNOWN_OF_IT + COLUMNS),
    "macros.conf [cbsigned_lookup_daily(1)] fields -": (_step(DAILY, "fields -"), KNOWN_OF_IT + COLUMNS),
    "macros.conf [cbsigned_lookup(1)] lookup OUTPUT": (_step(MACRO, "lookup"), COLUMNS),
    "macros.conf [cbsigned_lookup(1)] foreach": (_step(MACRO, "foreach"), COLUMNS),
    "savedsearches.conf [fill] eval md5=": (_step(FILL, "eval md5="), COLUMNS),
    "savedsearches.conf [fill] fillnull": (_step(FILL, "fillnull"), DETAILS),
    "savedsearches.conf [fill] table": (_step(FILL, "table"), KNOWN_OF_IT + COLUMNS),
    "searchbnf.conf details": (DETAILS_OPTION, DETAILS),
}


class TestConfs:
    """What Python does not write: a field that one of these lacks is lost there without a word."""

    @pytest.mark.parametrize("place", PLACES)
    def test_every_column_stands_in_each_place_that_names_them(self, place: str) -> None:
        """And none that is not in the table."""
        text, columns = PLACES[place]
        assert re.findall(r"\bprocess_\w+", text) == columns, f"default/{place}"

    def test_the_collection_declares_what_is_written(self) -> None:
        """With its types, for they are enforced."""
        document = {name: value for name, value in write_document(STORED).items() if name != "_key"}
        kinds = {name: "string" if isinstance(value, str) else "number" for name, value in document.items()}
        declared = {name[6:]: kind for name, kind in COLLECTION.items() if name.startswith("field.")}
        assert declared == kinds, "default/collections.conf [cbsigned_verdicts]"

    def test_the_lookup_gives_what_is_written(self) -> None:
        """In the order of the documents."""
        assert LOOKUP.split(", ") == list(write_document(STORED)), "default/transforms.conf [cbsigned_verdicts]"

    def test_the_store_is_filled_from_carbon_blacks_own_names(self) -> None:
        """As they stand in a watchlist's event."""
        read = re.findall(
            r"(process_\w+)=(?:lower\()?mv(?:index\(coalesce|append)\('docs\{\}\.(\w+)', ", _step(FILL, "eval md5=")
        )
        names = [(SIGNATURE_COLUMNS[attribute], name) for attribute, name in DOCUMENT_FIELDS.items()]
        assert read == names, "default/savedsearches.conf [fill] eval md5="

    def test_the_store_is_filled_with_the_statuses_that_are_known(self) -> None:
        """All of them."""
        statuses = re.findall(r'"([A-Z][\w ]+)"', _step(FILL, "where match(md5"))
        assert statuses == [status.value for status in SignatureStatus]
