"""Anomaly and risk fields on the rows of one search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, Mapping, NamedTuple, Sequence, Tuple, Union

from cbverdict.anomaly import ANOMALY_FIELDS
from cbverdict.events import TIME_FIELD, first_text
from cbverdict.localtime import read_time
from cbverdict.risk import Findings, risk_of

if TYPE_CHECKING:
    from cbverdict.anomaly import Anomalies, PersonView, ProcessSide, Score
    from cbverdict.enrich import EnrichOptions, Record, Settled, Tag

Value = Union[str, Tuple[str, ...]]


class Kind(NamedTuple):
    """What rows of a kind have in common: what to count, whether it lasts, and all of the score but who and when."""

    tag: Tag
    is_lasting: bool
    side: ProcessSide


class RowScorer:
    """Score rows whose verdicts are settled; `noise` counts those that may be dropped."""

    def __init__(self, anomalies: Anomalies, options: EnrichOptions) -> None:
        """Take what is usual, and what the analyst chose."""
        self._anomalies = anomalies
        self._prefix = options.prefix
        self._has_risk = options.has_risk
        self._read = options.fields
        self.columns = [*options.fields.who(), TIME_FIELD]
        self.fields = [options.prefix + name for name in ANOMALY_FIELDS]
        self.noise = 0

    def kinds(self, settled: Sequence[Settled]) -> list[Kind]:
        """Judge all but who and when."""
        anomalies = self._anomalies
        anomalies.prepare((), {one.event.parent.name for one in settled})
        return [
            Kind(one.tag, one.is_lasting, anomalies.process_side(one.event, one.verdict, one.parent_signed))
            for one in settled
        ]

    def views(self, whos: Sequence[Tuple[str, ...]]) -> list[PersonView]:
        """Read what is usual for people, told by the values of `columns` but the time."""
        named = [self._user_and_team(dict(zip(self.columns, who))) for who in whos]
        self._anomalies.prepare(named, ())
        return [self._anomalies.view(*pair) for pair in named]

    def values(self, kind: Kind, view: PersonView, time: str) -> Sequence[Value]:
        """Score a row; give the values of `fields`."""
        score = self._anomalies.score(kind.side, view, read_time(time))
        self.noise += score.is_noise
        return score.values()

    def write(self, records: Sequence[Record], settled: Sequence[Settled]) -> None:
        """Add the fields to each record, in place."""
        kinds = self.kinds(settled)
        self._anomalies.prepare({(one.event.user, one.event.team) for one in settled}, ())
        for record, one, kind in zip(records, settled, kinds):
            view = self._anomalies.view(one.event.user, one.event.team)
            score = self._anomalies.score(kind.side, view, read_time(one.event.time))
            self.noise += score.is_noise
            record.update(zip(self.fields, map(_listed, score.values())))
            if self._has_risk:
                record.update(self._risk(one, score))

    def give_up(self, records: Sequence[Record]) -> None:
        """Give no opinion on any record, after a defect."""
        nothing = dict.fromkeys(self.fields, "")
        for record in records:
            record.update(nothing)

    def _risk(self, settled: Settled, score: Score) -> Dict[str, str]:
        found = Findings(settled.verdict, settled.parent_signed, score.score, score.reasons, score.is_noise)
        return {self._prefix + name: value for name, value in risk_of(settled.event, found).items()}

    def _user_and_team(self, values: Mapping[str, str]) -> tuple[str, str]:
        return first_text(values, self._read.user) or "", first_text(values, self._read.team) or ""


def _listed(value: Value) -> Union[str, List[str]]:
    return list(value) if isinstance(value, tuple) else value
