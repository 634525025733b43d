"""The rule of signed_noise, case by case."""

from __future__ import annotations

import pytest

from cbverdict.anomalies.explanations import NONE
from cbverdict.anomalies.scores import PROCESS, UNJUDGED, Part
from cbverdict.verdicts.reasons import Signed
from cbverdict.verdicts.signed_noise import Doubts, passes_all_but_score

TRUE, FALSE, UNKNOWN = Signed.TRUE, Signed.FALSE, Signed.UNKNOWN

CASES = {
    "signed, and nothing else is known: it works on day one": (Doubts(TRUE), None, True),
    "signed, parent signed, usual": (Doubts(TRUE, TRUE, 3.0), 4.0, True),
    "signed, just under the threshold": (Doubts(TRUE, TRUE, 19.9), 19.9, True),
    "signed, but the score is high": (Doubts(TRUE, TRUE), 20.0, False),
    "signed, usual by all together, but an odd parent": (Doubts(TRUE, TRUE, 20.0), 12.0, False),
    "signed, but the parent is not": (Doubts(TRUE, FALSE), 1.0, False),
    "signed, the parent's signature is not known": (Doubts(TRUE, UNKNOWN), 1.0, True),
    "signed by a denied publisher": (Doubts(TRUE, TRUE, is_publisher_denied=True), 1.0, False),
    "signed, but a tool to live off": (Doubts(TRUE, TRUE, is_living_off_the_land=True), 1.0, False),
    "signed, but nobody has seen by whom": (Doubts(TRUE, TRUE, is_signer_unknown=True), 1.0, False),
    "signed, but nobody answered for the parent": (Doubts(TRUE, is_parent_unanswered=True), 1.0, False),
    "signed, but somebody called the file bad": (Doubts(TRUE, TRUE, is_called_bad=True), 1.0, False),
    "signed, but the parent is new and not known to be signed": (Doubts(TRUE, is_parent_new=True), 1.0, False),
    "signed, but what is usual is not to be had": (Doubts(TRUE, TRUE, is_knowledge_unread=True), None, False),
    "not signed": (Doubts(FALSE, TRUE), 1.0, False),
    "unknown, however usual": (Doubts(UNKNOWN, TRUE, 0.0), 0.0, False),
    "unknown, and nothing else is known": (Doubts(UNKNOWN), None, False),
}


@pytest.mark.parametrize("case", CASES)
def test_a_row_is_noise_only_where_nothing_is_in_doubt(case: str) -> None:
    """Signed never hides a high score; what is not known yet does not block, but an unknown signature does."""
    doubts, score, is_noise = CASES[case]
    is_clear = passes_all_but_score(doubts, 20.0)
    part = Part(0.0, 0.0, 0.0, (), NONE, NONE, is_clear, 20.0, "ann", (UNJUDGED, PROCESS))
    assert part.is_noise(NONE, score) is is_noise
