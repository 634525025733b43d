"""How long a verdict is kept, in which form, and when a signature has flipped."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbverdict.verdicts.cached_verdict import (
    StoredVerdict,
    keep,
    read_document,
    still_counts,
    store_key,
    write_document,
)
from cbverdict.verdicts.evidence import Question
from cbverdict.verdicts.hashes import Md5
from cbverdict.verdicts.lifetimes import Lifetimes
from cbverdict.verdicts.meanings import Retention
from cbverdict.verdicts.reasons import Reason, Signed
from cbverdict.verdicts.signature import SIGNATURE_COLUMNS, Signature
from cbverdict.verdicts.verdict import Verdict, unknown

A = Md5("a" * 32)
NOW = 1_700_000_000.0
DAY = 86400.0
SIGNED = Verdict(Signed.TRUE, Reason.JOINT, Signature("Signed", "Example Corp"))
TAMPERED = Verdict(Signed.FALSE, Reason.BAD_SIGNATURE, Signature("Bad Signature", "Example Corp"))
UNSIGNED = Verdict(Signed.FALSE, Reason.UNSIGNED, Signature("Unsigned"))


def _keep(verdict: Verdict, old: StoredVerdict | None = None, now: float = NOW) -> StoredVerdict | None:
    return keep("main", Question(A), "joint", verdict, old=old, lifetimes=Lifetimes(), now=now)


@pytest.mark.parametrize(
    ("verdict", "seconds"),
    [
        (SIGNED, 30 * DAY),
        (Verdict(Signed.TRUE, Reason.BINARY), 30 * DAY),
        (Verdict(Signed.TRUE, Reason.JOINT), 15 * 60),
        (UNSIGNED, 7 * DAY),
        (TAMPERED, 7 * DAY),
        (Verdict(Signed.FALSE, Reason.CONFLICT), 7 * DAY),
        (unknown(Reason.NOT_SEEN), 15 * 60),
        (unknown(Reason.UNRECOGNISED, Signature("New Word")), 15 * 60),
    ],
)
def test_a_verdict_is_kept_as_long_as_its_kind_lasts(verdict: Verdict, seconds: float) -> None:
    """Signed long, not signed for a week, never seen for minutes."""
    assert _keep(verdict) == StoredVerdict("main", Question(A), "joint", verdict, NOW, NOW, NOW + seconds)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason.retention is not Retention.NOT_SEEN])
def test_an_error_is_never_kept(reason: Reason) -> None:
    """Nor anything else that is no answer."""
    assert _keep(unknown(reason)) is None


@pytest.mark.parametrize("reason", [Reason.PROG_NAME, Reason.NO_PROG_NAME])
def test_the_published_methods_answers_are_never_kept(reason: Reason) -> None:
    """They would stand for the sound ones."""
    assert _keep(Verdict(Signed.TRUE, reason)) is None


def test_a_signature_that_changes_is_kept_as_a_flip() -> None:
    """Old status, when; first seen stays."""
    old = _keep(SIGNED)
    flipped = _keep(TAMPERED, old, NOW + DAY)
    assert flipped == StoredVerdict(
        "main", Question(A), "joint", TAMPERED, NOW, NOW + DAY, NOW + 8 * DAY, "Signed", NOW + DAY
    )
    again = _keep(TAMPERED, flipped, NOW + 2 * DAY)
    assert again is not None
    assert (again.previous_status, again.flipped, again.first_seen) == ("Signed", NOW + DAY, NOW)


@pytest.mark.parametrize(
    ("before", "after", "previous", "is_flip"),
    [
        (Verdict(Signed.TRUE, Reason.JOINT), UNSIGNED, "Signed", True),
        (Verdict(Signed.TRUE, Reason.JOINT, Signature("(Unknown)")), TAMPERED, "Signed", True),
        (UNSIGNED, Verdict(Signed.TRUE, Reason.JOINT), "Unsigned", True),
        (Verdict(Signed.TRUE, Reason.JOINT), SIGNED, "", False),
    ],
)
def test_who_is_found_by_the_joint_query_alone_was_signed(
    before: Verdict, after: Verdict, previous: str, *, is_flip: bool
) -> None:
    """Without a document there is no status to read, but what a hit says of the signature is its status."""
    kept = _keep(after, _keep(before), NOW + DAY)
    assert kept is not None
    assert (kept.previous_status, kept.flipped) == (previous, NOW + DAY if is_flip else None)


def test_what_is_not_known_is_no_flip() -> None:
    """A purge of the server is no news about a signature."""
    old = _keep(SIGNED)
    unseen = _keep(unknown(Reason.NOT_SEEN), old, NOW + DAY)
    assert old is not None
    assert unseen is not None
    assert unseen.flipped is None
    assert _keep(Verdict(Signed.TRUE, Reason.BINARY, SIGNED.signature), old, NOW + DAY) == old._replace(
        verdict=Verdict(Signed.TRUE, Reason.BINARY, SIGNED.signature),
        last_seen=NOW + DAY,
        expires=NOW + 31 * DAY,
    )


BASIS = "joint"


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"expires": NOW + 9e9}, True),
        ({"expires": NOW - 1}, False),
        ({"expires": float("nan")}, False),
        ({"last_seen": float("nan")}, False),
        ({"last_seen": NOW - 29 * DAY, "expires": float("inf")}, True),
        ({"last_seen": NOW - 31 * DAY, "expires": float("inf")}, False),
        ({"last_seen": NOW + 300, "expires": NOW + 9e9}, True),  # as far as two search heads' clocks may be apart
        ({"last_seen": NOW + 301, "expires": NOW + 9e9}, False),
        ({"basis": "binary"}, False),
        ({"basis": "events, x", "last_seen": NOW - 0.9 * DAY}, True),
        ({"basis": "events, x", "last_seen": NOW - 1.1 * DAY}, False),
        ({"verdict": Verdict(Signed.TRUE, Reason.UNSIGNED)}, False),
        ({"verdict": Verdict(Signed.TRUE, Reason.NOT_SEEN)}, False),
        ({"verdict": Verdict(Signed.TRUE, Reason.JOINT, Signature("Bad Signature"))}, False),
        ({"verdict": Verdict(Signed.TRUE, Reason.JOINT, Signature("Signiert"))}, False),
        ({"verdict": Verdict(Signed.TRUE, Reason.JOINT, Signature("(unknown)"))}, True),
        ({"verdict": Verdict(Signed.TRUE, Reason.PROG_NAME)}, False),
        ({"verdict": Verdict(Signed.FALSE, Reason.JOINT)}, False),
        ({"verdict": unknown(Reason.TIMEOUT)}, False),
        ({"verdict": Verdict(Signed.UNKNOWN, Reason.JOINT)}, False),
    ],
)
def test_a_stored_verdict_counts_for_who_asks_alike_for_its_time_if_it_makes_sense(
    changes: dict[str, Any], *, counts: bool
) -> None:
    """Whatever a document says of its own time: from when it was made, the settings decide."""
    stored = StoredVerdict("main", Question(A), BASIS, SIGNED, NOW, NOW, NOW + 30 * DAY)._replace(**changes)
    assert still_counts(stored, (BASIS, "events, x"), Lifetimes(), NOW) is counts


def test_keys_tell_servers_and_names_apart() -> None:
    """Names as Carbon Black compares them: without case."""
    assert store_key("main", Question(A)) == f"{A}@main"
    assert store_key("emea", Question(A, "Tool.EXE")) == f"{A}|tool.exe@emea"


TEXT = st.text(max_size=20)
SIGNATURES = st.builds(Signature, **dict.fromkeys(SIGNATURE_COLUMNS, TEXT)).filter(lambda found: found != Signature())
VERDICTS = st.builds(
    Verdict,
    st.sampled_from(Signed),
    st.sampled_from(Reason),
    st.one_of(
        st.none(), st.builds(Signature, **dict.fromkeys(SIGNATURE_COLUMNS, TEXT)).filter(lambda s: s != Signature())
    ),
)


@given(VERDICTS, st.one_of(st.none(), st.text(min_size=1, max_size=20)), st.one_of(st.none(), st.floats(1, 2e9)))
def test_a_document_is_read_as_it_was_written(verdict: Verdict, name: str | None, flipped: float | None) -> None:
    """Whatever is in it."""
    stored = StoredVerdict("main", Question(A, name), "joint", verdict, 1.0, 2.0, 3.0, "Signed", flipped)
    assert read_document(write_document(stored)) == stored


@pytest.mark.parametrize("change", [{"md5": "x"}, {"signed": "perhaps"}, {"expires": "soon"}, {"basis": None}])
def test_a_document_of_somebody_else_is_no_verdict(change: dict[str, object]) -> None:
    """An admin may write into the collection by hand; what is not a verdict is asked anew."""
    stored = _keep(SIGNED)
    assert stored is not None
    document = {**write_document(stored), **change}
    if change == {"basis": None}:
        del document["basis"]
    assert read_document(document) is None
