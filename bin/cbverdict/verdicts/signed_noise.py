"""The rule of `signed_noise`: what speaks against dropping a row."""

from __future__ import annotations

from typing import NamedTuple

from cbverdict.verdicts.reasons import Signed

NOISE_FIELD = "signed_noise"
"""What the macro `drop_signed_noise` reads."""


class Doubts(NamedTuple):
    """What a row's process, parent and signature say against dropping it.

    `parent_score` is the score that the parent's p-value gives alone (None: no opinion), `new_score` that of a name
    that nobody was seen with, or that many begin with together, as if neither were a reason to be lenient (None: it is
    no such name). `is_signer_unknown`: what says that it is signed does not say by whom. `is_parent_unanswered`: the
    row has a hash of the parent, or several, and nobody answered. `is_acted_through`: others act through such a parent,
    it is not known what it usually starts here, and this is nothing that it starts everywhere. `is_parent_new`: the
    parent was never seen to run or to start anything, and nobody says that it is signed. `is_called_bad`: somebody who
    looked called the file, or its parent's, bad. `is_knowledge_unread`: what people called bad, what is usual, or a
    list for whose sake rows are kept could not be read.
    """

    signed: Signed
    parent_signed: Signed = Signed.UNKNOWN
    parent_score: float | None = None
    is_signer_unknown: bool = False
    is_parent_unanswered: bool = False
    is_publisher_denied: bool = False
    is_living_off_the_land: bool = False
    is_name_odd: bool = False
    is_about_several: bool = False
    new_score: float | None = None
    is_acted_through: bool = False
    is_called_bad: bool = False
    is_parent_new: bool = False
    is_knowledge_unread: bool = False


def passes_all_but_score(doubts: Doubts, threshold: float) -> bool:
    """Return whether nothing is in doubt but perhaps the row's own score, which `Part.is_noise` compares.

    What is simply not known yet (no baseline, no parent hash) does not block; what was asked for in vain does, and so
    does an unknown signature, and a signature never hides a high score.
    """
    return (
        doubts.signed is Signed.TRUE
        and not doubts.is_signer_unknown
        and doubts.parent_signed is not Signed.FALSE
        and not doubts.is_parent_unanswered
        and not doubts.is_publisher_denied
        and not doubts.is_living_off_the_land
        and not doubts.is_name_odd
        and not doubts.is_about_several
        and not doubts.is_acted_through
        and not doubts.is_called_bad
        and not doubts.is_parent_new
        and not doubts.is_knowledge_unread
        and not _is_high(doubts.parent_score, threshold)
        and not _is_high(doubts.new_score, threshold)
    )


def may_be_left_out(doubts: Doubts) -> bool:
    """Return whether people may have such a row dropped by hand, although its signature or its score is in doubt.

    Not where it is in doubt whose file or which parent it is, nor where the tool is one that intruders live off.
    """
    return (
        doubts.parent_signed is not Signed.FALSE
        and not doubts.is_parent_unanswered
        and not doubts.is_publisher_denied
        and not doubts.is_living_off_the_land
        and not doubts.is_name_odd
        and not doubts.is_about_several
        and not doubts.is_called_bad
        and not doubts.is_knowledge_unread
    )


def _is_high(score: float | None, threshold: float) -> bool:
    return score is not None and score >= threshold
