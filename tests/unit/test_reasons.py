"""What a reason means: one table, from which the code decides and the lookup is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cbverdict.verdicts.lifetimes import Lifetimes
from cbverdict.verdicts.meanings import MEANINGS, Fault, Meaning, Retention
from cbverdict.verdicts.reasons import Reason, Signed
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.verdict import Verdict

ROOT = Path(__file__).resolve().parents[2]
SIGNED = {"joint", "binary", "reported", "prog_name"}
NOT_SIGNED = {
    "no_prog_name", "unsigned", "bad_signature", "invalid_signature", "expired", "invalid_chain", "untrusted_root",
    "explicit_distrust", "conflict",
}  # fmt: skip
PUBLISHED = {"prog_name", "no_prog_name"}
SERVERS = {"incomplete", "timeout", "rate_limited", "server_error", "unreachable"}
ADMINS = {"auth", "refused", "certificate", "setup", "no_right"}

# The table once more, by what is said instead of by whom it is said of.
OF_WHICH = {
    "is_signed": {True: SIGNED, False: NOT_SIGNED},
    "fault": {
        Fault.ANALYST: {"no_hash", "no_name", "other_file", "ambiguous", "budget", "cancelled"},
        Fault.ADMIN: ADMINS,
        Fault.SERVER: SERVERS,
        Fault.ADD_ON: {"unrecognised", "service_error"},
    },
    "retention": {
        Retention.SIGNED: SIGNED - PUBLISHED,
        Retention.NOT_SIGNED: NOT_SIGNED - PUBLISHED,
        Retention.NOT_SEEN: {"no_md5", "not_seen", "unrecognised"},
    },
    "may_pass": {True: SIGNED - PUBLISHED},
    "signature_exists": {False: {"unsigned"}, True: (SIGNED | NOT_SIGNED) - {"unsigned", "conflict", "no_prog_name"}},
    "is_published_rule": {True: PUBLISHED},
    "is_tampering": {True: {"bad_signature", "explicit_distrust", "conflict"}},
    "is_of_row": {True: {"ambiguous", "no_hash", "no_md5", "no_name", "other_file"}},
    "is_of_search": {True: {"timeout", "budget", "cancelled"}},
    "is_outage": {True: SERVERS - {"incomplete"}},
    "is_passing": {True: SERVERS | {"service_error"}},
    "may_be_too_much": {True: {"incomplete", "timeout", "server_error"}},
    "is_account_unusable": {True: {"auth", "certificate", "setup"}},
}
WORDS = {"explanation", "next_step"}


def test_every_reason_has_a_meaning_and_every_meaning_a_reason() -> None:
    """In one order, which is the lookup's."""
    assert list(MEANINGS) == [reason.value for reason in Reason]


def test_everything_but_the_words_of_a_meaning_is_held_here() -> None:
    """Or a new attribute would be tested by nobody."""
    assert set(Meaning._fields) == {*OF_WHICH, *WORDS}


@pytest.mark.parametrize("attribute", OF_WHICH)
def test_each_thing_is_said_of_the_reasons_of_which_it_is_true(attribute: str) -> None:
    """And of no others."""
    default = Meaning._field_defaults[attribute]
    said: dict[object, set[str]] = {}
    for word, meaning in MEANINGS.items():
        if getattr(meaning, attribute) != default:
            said.setdefault(getattr(meaning, attribute), set()).add(word)
    assert said == OF_WHICH[attribute]


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_has_what_it_means_as_its_own_attributes(reason: Reason) -> None:
    """Its value stays the plain word."""
    meaning = MEANINGS[reason.value]._asdict()
    meaning["signed"] = {True: Signed.TRUE, False: Signed.FALSE, None: Signed.UNKNOWN}[meaning.pop("is_signed")]
    assert {name: value for name, value in vars(reason).items() if name in meaning} == meaning
    assert Reason(reason.value) is reason


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_tells_what_to_do_wherever_there_is_no_answer(reason: Reason) -> None:
    """A sentence each; what is missing by somebody's doing has somebody to mend it."""
    assert reason.explanation.endswith(".")
    assert reason.next_step.endswith(".") or (reason.signed is not Signed.UNKNOWN and not reason.next_step)
    assert reason.fault is Fault.NOBODY or reason.signed is Signed.UNKNOWN


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("signed", Signed)
def test_a_verdict_holds_together_with_the_one_answer_of_its_reason(signed: Signed, reason: Reason) -> None:
    """And is kept, may pass and speaks of a signature as its reason says; what contradicts itself is never kept."""
    verdict = Verdict(signed, reason, Signature("Signed", "Example Corp"))
    is_consistent = signed is reason.signed
    seconds = {Retention.SIGNED: 3.0, Retention.NOT_SIGNED: 2.0, Retention.NOT_SEEN: 1.0, None: None}
    assert verdict.is_consistent is is_consistent
    assert Lifetimes(3.0, 2.0, 1.0).of(verdict) == (seconds[reason.retention] if is_consistent else None)
    if is_consistent:
        is_valid = {Signed.TRUE: True, Signed.FALSE: False, Signed.UNKNOWN: None}[signed]
        assert (verdict.may_be_dropped, verdict.signature_exists, verdict.signature_verified) == (
            reason.may_pass,
            reason.signature_exists,
            None if reason.is_published_rule else is_valid,
        )


def test_the_retentions_are_the_lifetimes() -> None:
    """Each by its name."""
    assert [one.value for one in Retention] == list(Lifetimes._fields)


def test_the_lookup_is_what_the_table_says() -> None:
    """`make reasons` writes it."""
    script = ROOT / "package" / "reasons.py"
    environment = {"PYTHONPATH": str(ROOT / "bin"), "PYTHONIOENCODING": "utf-8"}
    run = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, check=True)
    assert run.stdout == (ROOT / "lookups" / "cbsigned_reasons.csv").read_bytes(), "run make reasons"
