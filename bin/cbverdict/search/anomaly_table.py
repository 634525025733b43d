"""The table of the anomaly columns, and how a score is written into them."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Callable, Dict, List, Union

from cbverdict.search.sdk_cells import pair_text
from cbverdict.verdicts.signed_noise import NOISE_FIELD

if TYPE_CHECKING:
    from cbverdict.anomalies.scores import Part, Score

Value = Union[str, List[str]]


class PerRow(Enum):
    """What differs from row to row, in the order in which `RowScorer.texts` writes it."""

    SCORE = "score"
    REASONS = "reasons"
    HOUR_P = "hour_p"
    GROUP = "group"
    IS_NOISE = "is_noise"


GROUP_FIELD = "anomaly_group"
"""What is one finding: a person, a day and a cause; empty on rows under the threshold."""

ANOMALY_COLUMNS: Dict[str, Union[PerRow, Callable[[Part], str]]] = {
    "anomaly_score": PerRow.SCORE,
    "anomaly_reasons": PerRow.REASONS,
    "anomaly_hour_p": PerRow.HOUR_P,
    GROUP_FIELD: PerRow.GROUP,
    "anomaly_team_p": lambda part: part.team.text,
    "anomaly_parent_p": lambda part: part.parent.text,
    NOISE_FIELD: PerRow.IS_NOISE,
}
"""The columns in the order in which they are written: what differs from row to row, or what the rest of a score says.

Both `RowScorer.texts` and `RowScorer.write` take columns, order and contents from here.
"""

ANOMALY_FIELDS = tuple(ANOMALY_COLUMNS)

BOOLEANS = ("false", "true")


def values_of(score: Score) -> list[Value]:
    """Return the values of the columns of a row."""
    return [read(score) for read in _READ]


def texts_around(part: Part) -> tuple[str, ...]:
    """Write what stands before, between and after the columns that differ from row to row.

    Every column has its multivalue twin behind it; that of the reasons comes with them (`pair_text`).
    """
    return _around(tuple([cell(part) for cell in ANOMALY_COLUMNS.values() if not isinstance(cell, PerRow)]))


@lru_cache(maxsize=4096)  # p-values have three digits, so many parts say the same
def _around(said: tuple[str, ...]) -> tuple[str, ...]:
    texts, rest = [""], iter(said)
    for cell in ANOMALY_COLUMNS.values():
        if isinstance(cell, PerRow):
            texts.append("," if cell is PerRow.REASONS else ",,")
        else:
            texts[-1] += pair_text(next(rest)) + ","
    return (*texts[:-1], texts[-1][:-1])


_READ_OF_ROW: Dict[PerRow, Callable[[Score], Value]] = {
    PerRow.SCORE: lambda score: _score_text(score.score),
    PerRow.REASONS: lambda score: listed(score.reasons),
    PerRow.HOUR_P: lambda score: score.hour.text,
    PerRow.GROUP: lambda score: score.group,
    PerRow.IS_NOISE: lambda score: BOOLEANS[score.is_noise],
}


def _reader_of(cell: PerRow | Callable[[Part], str]) -> Callable[[Score], Value]:
    return _READ_OF_ROW[cell] if isinstance(cell, PerRow) else lambda score: cell(score.part)


_READ = [_reader_of(cell) for cell in ANOMALY_COLUMNS.values()]


def _score_text(score: float | None) -> str:
    return "" if score is None else f"{score:.1f}"


def listed(reasons: tuple[str, ...]) -> Value:
    """Return sentences as a field holds them: several values, one, or an empty text."""
    return list(reasons) if len(reasons) > 1 else "".join(reasons)
