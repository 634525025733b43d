"""The rule of `signed_noise`: what speaks against dropping a row."""

from __future__ import annotations

from enum import Enum
from typing import Collection

NOISE_FIELD = "signed_noise"
"""What the macro `drop_signed_noise` reads."""


class Doubt(Enum):
    """What speaks against dropping a row, whatever its own score; with any one of them it is kept.

    What is simply not known yet (no baseline, no parent hash) is none; what was asked for in vain is, and so is an
    unknown signature. With `may_be_overruled` people who looked may have such rows dropped by hand: not where it is in
    doubt whose file or which parent it is, nor where the tool is one that intruders live off.
    """

    # The signature or the score is in doubt: what people know, who may have looked.
    NOT_SIGNED = "it is not known to be signed", True
    SIGNER_UNKNOWN = "what says that it is signed does not say by whom", True
    PARENT_UNUSUAL = "the parent hardly ever starts it, whatever else is usual", True
    NEW_UNUSUAL = "it is new to all, or many begin with it together: neither is a reason to be lenient", True
    ACTED_THROUGH = "others act through such a parent, and it is not known to start this usually", True
    PARENT_NEW = "the parent was never seen to run or to start anything, and nobody says that it is signed", True
    # It is in doubt what ran, or what is known.
    PARENT_NOT_SIGNED = "the parent is not signed"
    PARENT_ANYBODYS = "the parent is in a folder where anybody may put a program, and nobody says that it is signed"
    PARENT_UNANSWERED = "the row has a hash of the parent, or several, and nobody answered"
    PUBLISHER_DENIED = "its publisher, or the parent's, is not wanted"
    LIVING_OFF_THE_LAND = "it is a tool that intruders live off"
    ODD = "something about the row, its names or its parent's is odd"
    ABOUT_SEVERAL = "the row is about several people, teams or parents"
    CALLED_BAD = "somebody who looked called the file, or its parent's, bad"
    KNOWLEDGE_UNREAD = "what people called bad, what is usual, or a list for whose sake rows are kept was not read"

    def __init__(self, sentence: str, may_be_overruled: bool = False) -> None:  # noqa: FBT001, FBT002 - a member's own value
        """Store what it comes to in words, and whether people may overrule it; by default they may not."""
        self.sentence = sentence
        self.may_be_overruled = may_be_overruled


def may_be_excluded_by_hand(doubts: Collection[Doubt]) -> bool:
    """Return whether people who looked may have a row with these doubts dropped."""
    return all(doubt.may_be_overruled for doubt in doubts)
