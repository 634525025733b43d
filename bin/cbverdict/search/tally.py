"""What one search came to, counted, and the message that says so."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import starmap
from typing import TYPE_CHECKING, Sequence

from cbverdict.verdicts.reasons import Reason, Signed, Source

if TYPE_CHECKING:
    from cbverdict.errors import Trouble


@dataclass
class Tally:
    """What one search came to, for its message.

    `columns_not_met` are those that the analyst has named and no row has had so far, by option.
    """

    rows: int = 0
    questions: int = 0
    requests: int = 0
    signed: Counter[Signed] = field(default_factory=Counter)
    unknown: Counter[Reason] = field(default_factory=Counter)
    sources: Counter[Source] = field(default_factory=Counter)
    troubles: dict[Trouble, None] = field(default_factory=dict)
    unread_columns: set[str] = field(default_factory=set)
    columns_not_met: dict[str, str] = field(default_factory=dict)

    @property
    def missed(self) -> dict[str, str]:
        """The columns that were named in vain, once there were rows."""
        return self.columns_not_met if self.rows else {}


def summary(tally: Tally, remarks: Sequence[str] = ()) -> str:
    """Write in one message what the search came to, what else there is to say, and what to do about trouble."""
    reasons = ", ".join(f"{reason.value} {rows}" for reason, rows in tally.unknown.most_common())
    text = (
        f"cbsigned: {tally.rows} rows; {tally.signed[Signed.TRUE]} signed, {tally.signed[Signed.FALSE]} not signed, "
        f"{tally.signed[Signed.UNKNOWN]} unknown{f' ({reasons})' if reasons else ''}; {tally.questions} distinct "
        f"questions, {tally.sources[Source.CACHE]} rows from the cache, {tally.requests} requests to Carbon Black."
    )
    remarks = [*remarks, *map(_unread, sorted(tally.unread_columns)), *starmap(_not_met, tally.missed.items())]
    return " ".join([text, *remarks, *(trouble.message for trouble in tally.troubles)])


def _unread(column: str) -> str:
    return f"{column} looks like a hash and is not read: where it is the process's own MD5, say md5={column}."


def _not_met(option: str, column: str) -> str:
    return f"No row has anything in {column}, which {option}= names and which alone was read: check how it is spelled."
