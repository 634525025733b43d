"""What an endpoint or a threat feed says against a row keeps it; what it says for it changes nothing."""

from __future__ import annotations

import pytest

from cbverdict.anomalies.reference_lists import Lists
from cbverdict.events.findings import read_findings
from cbverdict.search.enrich_options import EnrichOptions
from cbverdict.search.pipeline import Search
from cbverdict.search.verdict_columns import Record
from cbverdict.service.verdict_api import VerdictReply, VerdictRequest
from cbverdict.verdicts.reasons import Reason, Signed, Source
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.verdict import Answer, Verdict
from tests.lab.memory import Memory

SIGNED = "a" * 32


class AllSigned:
    """Who says that everything is signed."""

    def ask(self, request: VerdictRequest) -> VerdictReply:
        """Answer."""
        verdict = Verdict(Signed.TRUE, Reason.BINARY, Signature("Signed", "Acme Corp"))
        return VerdictReply("lab", (Answer(verdict, Source.SERVER),) * len(request.questions))


def _judged(**columns: str | list[str]) -> Record:
    search = Search(AllSigned(), Memory({}), EnrichOptions(has_anomaly=True), lists=Lists)
    (row,) = search.enrich([{"process_md5": SIGNED, "process_name": "acme.exe", **columns}])
    return row


AGAINST: list[tuple[dict[str, str | list[str]], str]] = [
    ({"process.code_signature.status": "errorRevoked"}, "it is not signed, or badly"),
    ({"process.code_signature.exists": "false"}, "it is not signed, or badly"),
    ({"process.parent.code_signature.trusted": "false"}, "its parent is not signed, or badly"),
    ({"tgt.process.signedStatus": "unsigned"}, "it is not signed, or badly"),
    ({"src.process.signedStatus": "unsigned"}, "its parent is not signed, or badly"),
    ({"actor_process_signature_status": "SIGNATURE_UNSIGNED"}, "its parent is not signed, or badly"),
    ({"action_process_signature_status": "SIGNATURE_INVALID"}, "it is not signed, or badly"),
    ({"InitiatingProcessSignatureStatus": "Unsigned"}, "its parent is not signed, or badly"),
    ({"SignInfoFlags": "512"}, "it is not signed, or badly"),
    ({"SignInfoFlags": "0x20000000"}, "it is not signed, or badly"),
    ({"process_publisher{}.state": ["FILE_SIGNATURE_STATE_NOT_SIGNED"]}, "it is not signed, or badly"),
    ({"process_publisher_state": "FILE_SIGNATURE_STATE_OS | FILE_SIGNATURE_STATE_INVALID"}, "it is not signed"),
    ({"parent_publisher{}.state": "FILE_SIGNATURE_STATE_NOT_SIGNED"}, "its parent is not signed, or badly"),
    ({"process_reputation": "KNOWN_MALWARE"}, "its reputation is bad"),
    ({"parent_effective_reputation": "COMPANY_BLACK_LIST"}, "the reputation of its parent is bad"),
    ({"type": "feed.storage.hit.process", "feed_name": "cbtamper"}, "a threat feed lists it"),
    ({"type": "alert.watchlist.hit.ingress.process", "feed_name": "cbbanning"}, "a threat feed lists it"),
    ({"feed_name": ["My Watchlists", "srsthreat"]}, "a threat feed lists it"),
    ({"ttps": ["RUN_CMD_SHELL", "INJECT_CODE"]}, "the endpoint says what it did (ttps='INJECT_CODE')"),
    ({"ttps{}": "MITRE_T1055_PROCESS_INJECT"}, "the endpoint says what it did"),
    ({"actor_is_injected_thread": "true"}, "code that was put into another process"),
    ({"os_actor_is_injected_thread": "1"}, "code that was put into another process"),
    ({"action": "blocked"}, "the endpoint did not let it (action='blocked')"),
    ({"sensor_action": "ACTION_TERMINATE"}, "the endpoint did not let it"),
    ({"action": "allowed, blocked"}, "the endpoint did not let it"),
    ({"Processes.action": "blocked"}, "the endpoint did not let it"),
    ({"action": "Process blocked"}, "the endpoint did not let it"),
    ({"process_reputation": "REP_BLACK"}, "its reputation is bad"),
    ({"process_reputation": "TRUSTED_WHITE_LIST,KNOWN_MALWARE"}, "its reputation is bad"),
    ({"SignInfoFlags": "0x200,0x2"}, "it is not signed, or badly"),
    ({"SignInfoFlags": "512.0"}, "it is not signed, or badly"),
    ({"process.code_signature.exists": "true,false"}, "it is not signed, or badly"),
    ({"tgt.process.verifiedStatus": "unverified"}, "it is not signed, or badly"),
    ({"actor_is_injected_thread": "false,true"}, "code that was put into another process"),
    ({"process_publisher_state": f"{'FILE_SIGNATURE_STATE_SIGNED | ' * 40}INVALID"}, "it is not signed, or badly"),
    ({"feed_name": [f"feed{number}" for number in range(2000)]}, "a threat feed lists it"),
]


@pytest.mark.parametrize(("columns", "said"), AGAINST)
def test_what_is_said_against_a_row_keeps_it_and_is_said(columns: dict[str, str | list[str]], said: str) -> None:
    """In the sentence stands the column, and what it says."""
    row = _judged(**columns)
    assert row["signed"] == "true"
    assert row["signed_noise"] == "false"
    assert said in str(row["anomaly_reasons"])


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"process.code_signature.status": "trusted", "process.code_signature.exists": "true"},
        {"process.code_signature.status": "errorExpired"},
        {"process.code_signature.exists": "0", "process.parent.code_signature.exists": "0"},
        {"tgt.process.signedStatus": "signed", "src.process.signedStatus": ""},
        {"action_process_signature_status": "SIGNATURE_SIGNED"},
        {"actor_process_signature_status": "SIGNATURE_FAILED_OBTAIN"},
        {"InitiatingProcessSignatureStatus": "Valid"},
        {"InitiatingProcessSignatureStatus": "Unknown"},
        {"SignInfoFlags": "8683538"},
        {"SignInfoFlags": "many"},
        {"process_publisher_state": "FILE_SIGNATURE_STATE_SIGNED | FILE_SIGNATURE_STATE_VERIFIED"},
        {"process_publisher_state": "FILE_SIGNATURE_STATE_UNKNOWN"},
        {"process_reputation": "TRUSTED_WHITE_LIST", "parent_reputation": "NOT_LISTED"},
        {"type": "alert.watchlist.hit.ingress.process", "feed_name": "My Watchlists"},
        {"feed_name": "0"},
        {"feed_name": "srstrust"},
        {"sensor_action": "ACTION_ALLOW", "process_reputation": "REP_WHITE"},
        {"ttps": ["RUN_CMD_SHELL", "MITRE_T1059_CMD_LINE_OR_SCRIPT_INTER"]},
        {"actor_is_injected_thread": "false", "os_actor_is_injected_thread": "0"},
        {"action": "allowed", "sensor_action": "ALLOW"},
    ],
)
def test_what_is_said_for_a_row_or_not_known_changes_nothing(columns: dict[str, str | list[str]]) -> None:
    """Zeros are what `fillnull` writes, and an expired certificate is the admin's to judge."""
    row = _judged(**columns)
    assert (row["signed_noise"], row["anomaly_reasons"]) == ("true", "")


def test_no_row_is_judged_signed_by_what_it_says() -> None:
    """Only Carbon Black, or what it said before, is an answer."""
    search = Search(AllSigned(), Memory({}), EnrichOptions(has_anomaly=True), lists=Lists)
    (row,) = search.enrich([{"process_name": "acme.exe", "process.code_signature.trusted": "true"}])
    assert (row["signed"], row["signed_noise"]) == ("unknown", "false")


def test_long_texts_take_no_time() -> None:
    """Whoever writes them; what is too long for a word says nothing, as before."""
    assert read_findings({"process_publisher_state": "x|" * 200_000, "ttps": "A" * 1_000_000}) == ()
