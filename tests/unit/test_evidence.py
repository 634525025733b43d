"""Two documents of one binary come to the same, whichever comes first, and the doubt counts."""

from __future__ import annotations

from functools import reduce
from itertools import permutations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cbverdict.verdicts.evidence import Evidence, Joint
from cbverdict.verdicts.reasons import Signed
from cbverdict.verdicts.signature import Signature, SignatureStatus, worse_of
from cbverdict.verdicts.verdict import judge

STATUSES = [*(status.value for status in SignatureStatus), "(unknown)", "", "New Word"]
SIGNATURES = st.builds(
    Signature,
    st.sampled_from(STATUSES),
    st.sampled_from(["", "Example Corp", "Evil Inc"]),
    original_name=st.sampled_from(["", "p.exe", "psexec.c"]),
    internal_name=st.sampled_from(["", "p.exe", "tool"]),
    observed_names=st.sampled_from(["", "p.exe", "p.exe|psexec.exe", "q.exe|"]),
    sha256=st.sampled_from(["", "1" * 64, "2" * 64]),
)


@given(st.lists(SIGNATURES, min_size=1, max_size=4), st.booleans())
def test_the_order_decides_nothing(documents: list[Signature], expired_is_signed: bool) -> None:  # noqa: FBT001 - drawn
    """Neither the answer nor why."""
    verdicts = {
        (verdict.signed, verdict.reason)
        for order in permutations(documents)
        for verdict in [judge(Evidence(Joint.HIT, reduce(worse_of, order)), expired_is_signed=expired_is_signed)]
    }
    assert len(verdicts) == 1


@given(st.lists(SIGNATURES, min_size=1, max_size=4))
@example([Signature("Signed", internal_name="|"), Signature("Signed", sign_time="0")])
def test_a_file_is_known_by_the_names_in_all_its_documents(documents: list[Signature]) -> None:
    """In whatever order they come; and that there are more is not forgotten."""
    for order in permutations(documents):
        found = reduce(worse_of, order)
        assert set(found.names) == {name for one in documents for name in one.names}
        assert found.has_more_names is any(one.has_more_names for one in documents)


def test_a_bar_in_an_authors_name_makes_no_two_names_of_it() -> None:
    """Where names are put together a bar stands between them; an underscore is as good for whoever looks for tools."""
    one, other = (Signature("Signed", internal_name=name) for name in ("a|b", "b"))
    assert worse_of(one, other).names == worse_of(other, one).names == ("b", "a_b")


@given(st.lists(SIGNATURES, min_size=1, max_size=4))
def test_documents_of_two_files_are_never_good(documents: list[Signature]) -> None:
    """An MD5 can be made to fit two files."""
    verdict = judge(Evidence(Joint.HIT, reduce(worse_of, documents)), expired_is_signed=True)
    if len({one.sha256 for one in documents} - {""}) > 1:
        assert verdict.signed is not Signed.TRUE


@given(SIGNATURES, st.lists(SIGNATURES, max_size=3))
def test_a_document_that_speaks_against_a_binary_is_not_outweighed(bad: Signature, others: list[Signature]) -> None:
    """True only where none of them says anything but Signed."""
    verdict = judge(Evidence(Joint.HIT, reduce(worse_of, [bad, *others])))
    if bad.is_collected and bad.status is not SignatureStatus.SIGNED:
        assert verdict.signed is not Signed.TRUE


@pytest.mark.parametrize(
    ("one", "other", "result"),
    [
        (Signature("Signed", "Example Corp"), Signature("Signed", "Evil Inc"), "Signed by several publishers"),
        (Signature("Signed", "Example Corp"), Signature("Signed", ""), "Signed"),
        (Signature("Unsigned"), Signature("Bad Signature"), "Bad Signature"),
        (Signature("Signed"), Signature("Neu"), "Neu"),
        (Signature("(unknown)"), Signature("Signed", "Example Corp"), "Signed"),
        (Signature("Unsigned"), Signature("Expired", "Example Corp"), "Unsigned"),
        (Signature("Signed", sha256="1" * 64), Signature("Signed", sha256="2" * 64), "Several files of one MD5"),
        (Signature("Signed", sha256="1" * 64), Signature("Bad Signature", sha256="2" * 64), "Bad Signature"),
    ],
)
def test_what_two_documents_come_to(one: Signature, other: Signature, result: str) -> None:
    """A denied publisher is not hidden behind a trusted one, and what nobody reported says nothing."""
    assert worse_of(one, other) == worse_of(other, one)
    assert worse_of(one, other).result == result


def test_the_one_sha_256_of_two_documents_is_theirs() -> None:
    """Where the other has none; a third one of another file is told from it."""
    one, other = Signature("Signed", "Example Corp", sha256="1" * 64), Signature("Signed", "Example Corp")
    assert worse_of(one, other) == worse_of(other, one) == one
    assert worse_of(worse_of(one, other), one._replace(sha256="2" * 64)).result == "Several files of one MD5"


def test_a_document_that_nobody_has_seen_may_say_the_contrary() -> None:
    """Then nothing is true, and what is not signed stays so."""
    seen = Evidence(Joint.HIT, Signature("Signed"), may_be_contradicted=True)
    assert judge(seen).signed is Signed.UNKNOWN
    assert judge(Evidence(Joint.HIT, may_be_contradicted=True)).signed is Signed.UNKNOWN
    assert judge(Evidence(Joint.MISS, Signature("Unsigned"), may_be_contradicted=True)).signed is Signed.FALSE
