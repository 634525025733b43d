"""Risk fields: how much a row weighs, against whom, and why."""

from __future__ import annotations

import pytest

from cbverdict.events.event import ProcessEvent
from cbverdict.events.named_file import Process
from cbverdict.search.risk_columns import Findings, risk_of
from cbverdict.verdicts.hashes import Md5
from cbverdict.verdicts.reasons import Reason, Signed
from cbverdict.verdicts.verdict import Verdict

A = Md5("a" * 32)
TOOL = Process(A, "tool.exe")
NO_HASH = Process(None, "tool.exe")
EVENT = ProcessEvent(TOOL, Process(None, "boss.exe"), "ann", host="pc1")


def _findings(
    signed: Signed,
    reason: Reason,
    score: float | None = None,
    parent: Signed = Signed.UNKNOWN,
    *,
    is_noise: bool = False,
) -> Findings:
    return Findings(Verdict(signed, reason), parent, score, [], is_noise)


@pytest.mark.parametrize(
    ("findings", "score"),
    [
        (_findings(Signed.FALSE, Reason.BAD_SIGNATURE), "60"),
        (_findings(Signed.FALSE, Reason.EXPLICIT_DISTRUST), "60"),
        (_findings(Signed.FALSE, Reason.CONFLICT), "60"),
        (_findings(Signed.FALSE, Reason.UNSIGNED), "30"),
        (_findings(Signed.UNKNOWN, Reason.NOT_SEEN), "10"),
        (_findings(Signed.TRUE, Reason.BINARY), "0"),
        (_findings(Signed.TRUE, Reason.BINARY, parent=Signed.FALSE), "20"),
        (_findings(Signed.TRUE, Reason.BINARY, parent=Signed.TRUE), "0"),
        (_findings(Signed.FALSE, Reason.BAD_SIGNATURE, parent=Signed.FALSE), "80"),
        (_findings(Signed.FALSE, Reason.UNSIGNED, 7.4, Signed.FALSE), "57"),
        (_findings(Signed.FALSE, Reason.UNSIGNED, 69.6), "100"),
        (_findings(Signed.FALSE, Reason.BAD_SIGNATURE, 90.0, Signed.FALSE), "100"),
        (_findings(Signed.TRUE, Reason.BINARY, 90.0, is_noise=True), "0"),
    ],
)
def test_a_row_weighs_its_score_its_signature_and_its_parents(findings: Findings, score: str) -> None:
    """60 for a tampered signature, 30 for none, 10 for an unknown one, 20 for an unsigned parent; 100 at most."""
    assert risk_of(EVENT, findings)["risk_score"] == score


def test_a_row_without_a_hash_does_not_weigh_for_being_unknown() -> None:
    """A log-on has no signature that somebody could know."""
    event = EVENT._replace(process=NO_HASH)
    assert risk_of(event, _findings(Signed.UNKNOWN, Reason.NO_HASH)) == {
        "risk_score": "0",
        "risk_object": "ann",
        "risk_object_type": "user",
        "risk_message": "tool.exe by ann on pc1: nothing odd",
        "threat_object": ["tool.exe", "boss.exe"],
        "threat_object_type": ["process_name", "parent_process_name"],
    }


@pytest.mark.parametrize(
    ("event", "findings", "expected"),
    [
        (
            EVENT,
            Findings(Verdict(Signed.FALSE, Reason.UNSIGNED), Signed.FALSE, 12.0, ["one", "two"], is_noise=False),
            (
                "62", "ann", "user",
                "tool.exe by ann on pc1: signed: false (unsigned); started by boss.exe, which is not signed; one; two",
                [A, "tool.exe", "boss.exe"], ["file_hash", "process_name", "parent_process_name"],
            ),
        ),
        (
            ProcessEvent(TOOL, Process(None, None), host="pc1"),
            _findings(Signed.TRUE, Reason.BINARY, parent=Signed.FALSE),
            (
                "20", "pc1", "system", "tool.exe on pc1: started by a parent, which is not signed",
                [A, "tool.exe"], ["file_hash", "process_name"],
            ),
        ),
        (
            ProcessEvent(Process(A, None), Process(None, None)),
            _findings(Signed.UNKNOWN, Reason.TIMEOUT),
            ("10", "", "", "activity: signed: unknown (timeout)", A, "file_hash"),
        ),
    ],
)  # fmt: skip
def test_the_object_is_the_user_or_else_the_host_and_the_message_says_all(
    event: ProcessEvent, findings: Findings, expected: tuple[object, ...]
) -> None:
    """What is said of the signature comes first, then the parent, then the sentences of the scores."""
    assert tuple(risk_of(event, findings).values()) == expected
