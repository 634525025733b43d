"""From evidence to verdict: each row of the table, in the analyst's words."""

from __future__ import annotations

import pytest

from cbverdict.verdicts.evidence import Evidence, Joint
from cbverdict.verdicts.reasons import Reason, Signed
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.verdict import Verdict, judge, judge_published

STATUSES = {
    "Unsigned": Reason.UNSIGNED,
    "Bad Signature": Reason.BAD_SIGNATURE,
    "Invalid Signature": Reason.INVALID_SIGNATURE,
    "Expired": Reason.EXPIRED,
    "Invalid Chain": Reason.INVALID_CHAIN,
    "Untrusted Root": Reason.UNTRUSTED_ROOT,
    "Explicit Distrust": Reason.EXPLICIT_DISTRUST,
}
SIGNED = Signature("Signed", publisher="Example Corp")
NO_HIT = [Joint.MISS, Joint.NOT_ASKED, Joint.FAILED]


def test_signed_in_both_searches_is_signed() -> None:
    """The common case."""
    assert judge(Evidence(Joint.HIT, SIGNED)) == Verdict(Signed.TRUE, Reason.JOINT, SIGNED)


@pytest.mark.parametrize("trouble", [None, Reason.TIMEOUT])
def test_a_joint_hit_is_enough_when_the_binary_search_says_nothing(trouble: Reason | None) -> None:
    """Not asked, failed, or no document."""
    assert judge(Evidence(Joint.HIT, None, trouble)) == Verdict(Signed.TRUE, Reason.JOINT)


@pytest.mark.parametrize(("trouble", "reason"), [(None, Reason.NOT_SEEN), (Reason.TIMEOUT, Reason.TIMEOUT)])
def test_a_hit_of_a_clause_that_does_not_demand_a_signature_proves_none(trouble: Reason | None, reason: Reason) -> None:
    """A tampered binary keeps its program name, so the document has to speak."""
    assert judge(Evidence(Joint.HIT, None, trouble), hit_proves_signed=False) == Verdict(Signed.UNKNOWN, reason)
    assert judge(Evidence(Joint.HIT, SIGNED), hit_proves_signed=False) == Verdict(Signed.TRUE, Reason.JOINT, SIGNED)


@pytest.mark.parametrize("joint", NO_HIT)
def test_a_signed_document_is_enough_when_the_process_events_are_purged(joint: Joint) -> None:
    """A missed, unasked or failed joint query proves nothing."""
    assert judge(Evidence(joint, SIGNED)) == Verdict(Signed.TRUE, Reason.BINARY, SIGNED)


@pytest.mark.parametrize("status", [*STATUSES, "Never Heard Of"])
def test_a_hit_that_the_document_contradicts_is_a_conflict_and_never_signed(status: str) -> None:
    """Endpoints report signatures, and may disagree: the doubt counts."""
    document = Signature(status)
    assert judge(Evidence(Joint.HIT, document)) == Verdict(Signed.FALSE, Reason.CONFLICT, document)


@pytest.mark.parametrize("joint", NO_HIT)
@pytest.mark.parametrize(("status", "reason"), STATUSES.items())
def test_every_other_status_is_not_signed_and_says_which(joint: Joint, status: str, reason: Reason) -> None:
    """A tampered file is not merely unsigned."""
    document = Signature(status)
    assert judge(Evidence(joint, document)) == Verdict(Signed.FALSE, reason, document)


@pytest.mark.parametrize("joint", [Joint.MISS, Joint.NOT_ASKED])
@pytest.mark.parametrize("document", [None, Signature("(unknown)"), Signature("(Unknown)"), Signature("")])
def test_what_the_server_never_saw_is_unknown(joint: Joint, document: Signature | None) -> None:
    """Neither signed nor unsigned: no document, or metadata that no sensor has reported yet."""
    assert judge(Evidence(joint, document)) == Verdict(Signed.UNKNOWN, Reason.NOT_SEEN, document)


@pytest.mark.parametrize("trouble", [Reason.INCOMPLETE, Reason.SERVER_ERROR, Reason.AUTH, Reason.TIMEOUT])
def test_a_search_that_was_cut_short_or_failed_is_unknown_with_its_reason(trouble: Reason) -> None:
    """Never unsigned: what was not found may be there."""
    assert judge(Evidence(Joint.FAILED, None, trouble)) == Verdict(Signed.UNKNOWN, trouble)


def test_a_failed_binary_search_leaves_a_miss_unknown() -> None:
    """A miss of the joint query alone is no proof."""
    assert judge(Evidence(Joint.MISS, None, Reason.TIMEOUT)) == Verdict(Signed.UNKNOWN, Reason.TIMEOUT)


def test_a_status_of_a_later_version_is_unknown() -> None:
    """It is shown, and not guessed at."""
    document = Signature("Quantum Doubt")
    assert judge(Evidence(Joint.MISS, document)) == Verdict(Signed.UNKNOWN, Reason.UNRECOGNISED, document)


@pytest.mark.parametrize(("joint", "reason"), [(Joint.HIT, Reason.JOINT), (Joint.MISS, Reason.BINARY)])
def test_an_admin_may_count_expired_as_signed(joint: Joint, reason: Reason) -> None:
    """Expired alone: nothing else becomes signed with it."""
    expired, bad = Signature("Expired"), Signature("Bad Signature")
    assert judge(Evidence(joint, expired), expired_is_signed=True) == Verdict(Signed.TRUE, reason, expired)
    assert judge(Evidence(joint, bad), expired_is_signed=True).signed is Signed.FALSE


def test_the_published_rule_is_a_hit_or_not() -> None:
    """Kept to compare with."""
    assert judge_published(is_hit=True) == Verdict(Signed.TRUE, Reason.PROG_NAME)
    assert judge_published(is_hit=False) == Verdict(Signed.FALSE, Reason.NO_PROG_NAME)


@pytest.mark.parametrize(
    ("evidence", "exists", "verified"),
    [
        (Evidence(Joint.HIT, SIGNED), True, True),
        (Evidence(Joint.HIT), True, True),
        (Evidence(Joint.MISS, Signature("Unsigned")), False, False),
        (Evidence(Joint.MISS, Signature("Bad Signature")), True, False),
        (Evidence(Joint.HIT, Signature("Unsigned")), None, False),
        (Evidence(Joint.MISS, None), None, None),
    ],
)
def test_existence_and_validity_are_told_apart(
    evidence: Evidence,
    exists: bool | None,  # noqa: FBT001 - the expected value
    verified: bool | None,  # noqa: FBT001 - likewise
) -> None:
    """A tampered signature exists and is not verified; of an unknown binary neither is said."""
    verdict = judge(evidence)
    assert (verdict.signature_exists, verdict.signature_verified) == (exists, verified)


@pytest.mark.parametrize("joint", list(Joint))
@pytest.mark.parametrize("status", ["", "(unknown)", "Signed", "Something New", *STATUSES])
@pytest.mark.parametrize("trouble", [None, Reason.TIMEOUT, Reason.INCOMPLETE])
def test_what_is_judged_never_contradicts_itself(joint: Joint, status: str, trouble: Reason | None) -> None:
    """A reason goes with one answer: else the store would take it for forged, and every search would ask anew."""
    for signature in (None, Signature(status), Signature(status, publisher="Example Corp")):
        for hit_proves in (True, False):
            for expired_is_signed in (True, False):
                evidence = Evidence(joint, signature, trouble)
                verdict = judge(evidence, hit_proves_signed=hit_proves, expired_is_signed=expired_is_signed)
                assert verdict.is_consistent, (evidence, verdict)
    assert judge_published(is_hit=joint is Joint.HIT).is_consistent
