"""Anomaly and risk fields on the rows of one search."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Callable, Dict, List, NamedTuple, Sequence, Tuple, Union

from cbverdict.anomalies.combination import score_of_cauchy
from cbverdict.anomalies.detector import odder
from cbverdict.events.columns import OTHER_TIME_FIELDS, TIME_FIELD
from cbverdict.events.people import first_account
from cbverdict.events.texts import first_text, texts_of
from cbverdict.search.risk_columns import RISK_FIELDS, Findings, risk_of
from cbverdict.search.row_codec import pair_text
from cbverdict.verdicts.signed_noise import NOISE_FIELD

if TYPE_CHECKING:
    from cbverdict.anomalies.detector import Anomalies, PersonView
    from cbverdict.anomalies.explanations import Explanation
    from cbverdict.anomalies.scores import Part, ProcessSide, Score
    from cbverdict.events.event import ProcessEvent
    from cbverdict.events.times import TimeReader
    from cbverdict.search.verdict_columns import Enriched, EnrichOptions, Record, Tag

Value = Union[str, List[str]]


class ScoredProcess(NamedTuple):
    """What rows of a kind have in common: what to count, whether it lasts, and all of the score but who and when."""

    tag: Tag
    is_lasting: bool
    side: ProcessSide


class PerRow(Enum):
    """What differs from row to row, in the order in which `RowScorer.texts` writes it."""

    SCORE = "score"
    REASONS = "reasons"
    HOUR_P = "hour_p"
    IS_NOISE = "is_noise"


ANOMALY_COLUMNS: Dict[str, Union[PerRow, Callable[[Part], str]]] = {
    "anomaly_score": PerRow.SCORE,
    "anomaly_reasons": PerRow.REASONS,
    "anomaly_hour_p": PerRow.HOUR_P,
    "anomaly_team_p": lambda part: part.team.text,
    "anomaly_parent_p": lambda part: part.parent.text,
    NOISE_FIELD: PerRow.IS_NOISE,
}
"""The columns in the order in which they are written: what differs from row to row, or what the rest of a score says.

Both `RowScorer.texts` and `RowScorer.write` take columns, order and contents from here.
"""

ANOMALY_FIELDS = tuple(ANOMALY_COLUMNS)

_MAX_REASONS = 20_000
_BOOLEANS = ("false", "true")


class Common(NamedTuple):
    """What rows of a kind and of a person have in common: all but the hour, its sentences and what stands behind.

    `other` is what is said of both ends of a time, where rows have them (None: they have none that can be read).
    `middle` is the text from the score to the p-value of the hour, with the sentences of the rest; `around` are its
    pieces, before and after the sentences. `ends` is what follows that p-value, of a row that is kept and of one that
    is dropped.
    """

    quarters: Dict[Union[int, None], Explanation]
    view: PersonView
    other: Explanation | None
    cauchy: float
    opinions: int
    score: float
    passes_all_but_score: bool
    before: str
    middle: str
    around: Tuple[str, str]
    ends: Tuple[str, str]
    part: Part


class RowScorer:
    """Score rows whose verdicts are known; count what may be dropped (`noise`) and what has no time (`untimed`)."""

    def __init__(self, anomalies: Anomalies, options: EnrichOptions, reader: TimeReader) -> None:
        """Store what is usual, what the analyst chose, and what reads times."""
        self._reader = reader
        self._anomalies = anomalies
        self._prefix = options.prefix
        self._has_risk = options.has_risk
        self._risk_objects = options.risk_objects
        self._read = options.fields
        self.columns = [*options.fields.who(), *OTHER_TIME_FIELDS, TIME_FIELD]
        self.fields = [options.prefix + name for name in ANOMALY_FIELDS]
        self._reasons: dict[tuple[Tuple[str, ...], Tuple[str, ...]], str] = {}
        self._expected: dict[Tuple[str, ...], tuple[str, str]] = {}
        self._views: dict[Tuple[str, ...], PersonView] = {}
        self.noise = 0
        self.untimed = 0

    def prefetch(self, events: Sequence[ProcessEvent]) -> None:
        """Read what is usual for the parents of these rows and for the people who are expected, in one go.

        It may run in another thread than the one that asks for verdicts meanwhile.
        """
        self._anomalies.prepare(self._expected.values(), {event.parent.name for event in events})

    def score_processes(self, enriched: Sequence[Enriched]) -> list[ScoredProcess]:
        """Judge all but who and when."""
        anomalies = self._anomalies
        self.prefetch([one.event for one in enriched])
        return [
            ScoredProcess(
                one.tag,
                one.is_lasting,
                anomalies.process_side(
                    one.event, one.verdict, one.parent_signed, is_parent_unanswered=one.is_parent_unanswered
                ),
            )
            for one in enriched
        ]

    def expect_people(self, whos: Sequence[Tuple[str, ...]]) -> None:
        """Hear of people whose rows are about to come, told by the values of `columns` but the time."""
        self._expected = {who: self._user_and_team(who) for who in whos}

    def expect_rows(self, events: Sequence[ProcessEvent]) -> None:
        """Hear of people by whole rows."""
        self._expected = {pair: pair for pair in ((event.user, event.team) for event in events)}

    def load_people(self) -> None:
        """Read what is usual for the people who are expected."""
        self._anomalies.prepare(self._expected.values(), ())
        self._views = {who: self._anomalies.view(*pair) for who, pair in self._expected.items()}

    def score_person(self, kind: ScoredProcess, who: Tuple[str, ...]) -> Common:
        """Judge all but the hour."""
        view = self._views[who]
        part = self._anomalies.part(kind.side, view)
        before, left, right, between, after = _around(part)
        return Common(
            quarters=view.quarters,
            view=view,
            other=self._on_both_ends(view, who),
            cauchy=part.cauchy,
            opinions=part.opinions,
            score=part.score,
            passes_all_but_score=part.passes_all_but_score,
            before=before,
            middle=f"{left}{pair_text(_listed(part.reasons))}{right}",
            around=(left, right),
            ends=(f"{between}{_BOOLEANS[False]}{after}", f"{between}{_BOOLEANS[True]}{after}"),
            part=part,
        )

    def _on_both_ends(self, view: PersonView, who: Tuple[str, ...]) -> Explanation | None:
        """Judge both ends of a time (None: the row has none that can be read), as hardly any row has."""
        ends = dict(zip(OTHER_TIME_FIELDS, who[-len(OTHER_TIME_FIELDS) :]))
        return view.oddest(self._reader.ends(texts_of(ends, OTHER_TIME_FIELDS))) if any(ends.values()) else None

    def texts(self, commons: Sequence[Common], times: Sequence[str]) -> list[str]:
        """Score rows; give the fields of each as the SDK writes them.

        This runs for each row, so what rows have in common is written once. `Anomalies.score` says the same, and a
        test compares them.
        """
        texts, noise, both = [], 0, self._reasons
        for common, quarter in zip(commons, self._reader.quarters(times)):
            quarters, view, other, variable, opinions, score, passes, before, middle, around, ends, part = common
            hour = quarters.get(quarter) or view.at(quarter)
            if other is not None:
                hour = other if quarter is None else odder(hour, other)
            elif quarter is None:
                self.untimed += 1
            p_value, hour_p, hour_variable, sentences = hour
            if sentences:
                left, right = around
                middle = f"{left}{both.get((sentences, part.reasons)) or self._both(hour, part)}{right}"
            if p_value is not None:
                score = score_of_cauchy((variable + hour_variable) / (opinions + 1))
            elif not opinions:
                noise += passes
                texts.append(f"{before}{middle}{hour_p}{ends[passes]}")
                continue
            is_noise = passes and score < part.limit
            noise += is_noise
            texts.append(f"{before}{score:.1f}{middle}{hour_p}{ends[is_noise]}")
        self.noise += noise
        self._anomalies.forget_quarters()
        if len(self._reasons) > _MAX_REASONS:
            self._reasons.clear()
        return texts

    def _both(self, hour: Explanation, part: Part) -> str:
        text = self._reasons[hour.reasons, part.reasons] = pair_text(_listed(hour.reasons + part.reasons))
        return text

    def write(self, records: Sequence[Record], enriched: Sequence[Enriched]) -> None:
        """Add the fields to each record, in place."""
        self.expect_rows([one.event for one in enriched])
        kinds = self.score_processes(enriched)
        for record, one, kind in zip(records, enriched, kinds):
            view = self._anomalies.view(one.event.user, one.event.team)
            quarters = self._reader.ends((one.event.time, *one.event.other_times))
            score = self._anomalies.score(kind.side, view, quarters)
            self.noise += score.is_noise
            self.untimed += not quarters
            record.update(zip(self.fields, _values(score)))
            if self._has_risk:
                record.update(self._risk(one, score))
        self._anomalies.forget_quarters()
        self.forget()

    def forget(self) -> bool:
        """Forget people and parents where they have become too many, so that memory does not grow with the search."""
        is_full = self._anomalies.is_full
        if is_full:
            self._views.clear()
            self._anomalies.forget()
        return is_full

    def mark_not_scored(self, records: Sequence[Record]) -> None:
        """Return no opinion on any record."""
        fields = [*self.fields, *(self._prefix + name for name in RISK_FIELDS if self._has_risk)]
        nothing = {**dict.fromkeys(fields, ""), self._prefix + NOISE_FIELD: "false"}
        for record in records:
            record.update(nothing)

    def _risk(self, enriched: Enriched, score: Score) -> Dict[str, Value]:
        found = Findings(enriched.verdict, enriched.parent_signed, score.score, score.reasons, score.is_noise)
        return {
            self._prefix + name: value for name, value in risk_of(enriched.event, found, self._risk_objects).items()
        }

    def _user_and_team(self, who: Tuple[str, ...]) -> tuple[str, str]:
        values = dict(zip(self.columns, who))
        return first_account(values, self._read.user), first_text(values, self._read.team) or ""


def _values(score: Score) -> list[Value]:
    """Return the values of the columns of a row."""
    row = {
        PerRow.SCORE: _score_text(score.score),
        PerRow.REASONS: _listed(score.reasons),
        PerRow.HOUR_P: score.hour.text,
        PerRow.IS_NOISE: _BOOLEANS[score.is_noise],
    }
    return [row[cell] if isinstance(cell, PerRow) else cell(score.part) for cell in ANOMALY_COLUMNS.values()]


def _around(part: Part) -> tuple[str, ...]:
    """Write what stands before, between and after the columns that differ from row to row.

    Every column has its multivalue twin behind it; that of the reasons comes with them (`pair_text`).
    """
    texts = [""]
    for cell in ANOMALY_COLUMNS.values():
        if isinstance(cell, PerRow):
            texts.append("," if cell is PerRow.REASONS else ",,")
        else:
            texts[-1] += pair_text(cell(part)) + ","
    return (*texts[:-1], texts[-1][:-1])


def _score_text(score: float | None) -> str:
    return "" if score is None else f"{score:.1f}"


def _listed(reasons: tuple[str, ...]) -> Value:
    return list(reasons) if len(reasons) > 1 else "".join(reasons)
