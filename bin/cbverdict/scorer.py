"""Anomaly and risk fields on the rows of one search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, Mapping, NamedTuple, Sequence, Tuple, Union

from cbverdict.anomaly import ANOMALY_FIELDS, Part, WrittenPart
from cbverdict.codec import pair_text
from cbverdict.events import TIME_FIELD, first_text
from cbverdict.localtime import read_quarter
from cbverdict.opinions import NONE, Opinion
from cbverdict.risk import Findings, risk_of
from cbverdict.scoring import score_of_cauchy

if TYPE_CHECKING:
    from cbverdict.anomaly import Anomalies, PersonView, ProcessSide, Score
    from cbverdict.enrich import EnrichOptions, Record, Settled, Tag

Value = Union[str, List[str]]


class Kind(NamedTuple):
    """What rows of a kind have in common: what to count, whether it lasts, and all of the score but who and when."""

    tag: Tag
    is_lasting: bool
    side: ProcessSide


_MAX_PARTS = 100_000
_BOOLEANS = ("false,", "true,")


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
        self._reasons: dict[tuple[Tuple[str, ...], Tuple[str, ...]], str] = {}
        self._remembered = 0
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

    def text(self, kind: Kind, view: PersonView, time: str) -> str:
        """Score a row; give its fields as the SDK writes them.

        This runs for each row, so what rows have in common is written once: `Anomalies.score` and `_values` say the
        same, and a test compares them.
        """
        written = view.written.get(kind.side.number)
        if written is None:
            written = view.written[kind.side.number] = self._write_part(kind.side, view)
        part, reasons, rest = written
        quarter = read_quarter(time)
        hour = NONE if quarter is None else view.hour(view.clock.at(quarter).slot)
        if hour.tail is not None:
            score = score_of_cauchy((part.cauchy + hour.cauchy) / (part.opinions + 1))
        elif part.opinions:
            score = part.score
        else:
            self.noise += part.may_be_noise
            return f",,{self._both(hour, part)},,,{rest}{_BOOLEANS[part.may_be_noise]}"
        if hour.reasons:
            reasons = self._both(hour, part)
        is_noise = part.may_be_noise and score < self._anomalies.threshold
        self.noise += is_noise
        return f"{score:.1f},,{reasons},{hour.text},,{rest}{_BOOLEANS[is_noise]}"

    def forget(self) -> None:
        """Keep what is remembered of rows within bounds; between chunks."""
        if self._remembered > _MAX_PARTS:
            self._remembered = 0
            self._reasons.clear()
            self._anomalies.forget_parts()

    def _write_part(self, side: ProcessSide, view: PersonView) -> WrittenPart:
        self._remembered += 1
        part = self._anomalies.part(side, view)
        rest = f"{part.team.text},,{part.parent.text},,"
        return WrittenPart(part, pair_text(_listed(part.reasons)), rest)

    def _both(self, hour: Opinion, part: Part) -> str:
        about = (hour.reasons, part.reasons)
        if about not in self._reasons:
            self._reasons[about] = pair_text(_listed(hour.reasons + part.reasons))
        return self._reasons[about]

    def write(self, records: Sequence[Record], settled: Sequence[Settled]) -> None:
        """Add the fields to each record, in place."""
        kinds = self.kinds(settled)
        self._anomalies.prepare({(one.event.user, one.event.team) for one in settled}, ())
        for record, one, kind in zip(records, settled, kinds):
            view = self._anomalies.view(one.event.user, one.event.team)
            score = self._anomalies.score(kind.side, view, _slot(view, read_quarter(one.event.time)))
            self.noise += score.is_noise
            record.update(zip(self.fields, _values(score)))
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


def _slot(view: PersonView, quarter: int | None) -> int | None:
    return None if quarter is None else view.clock.at(quarter).slot


def _values(score: Score) -> tuple[Value, ...]:
    return (
        "" if score.score is None else f"{score.score:.1f}",
        _listed(score.reasons),
        score.hour.text,
        score.part.team.text,
        score.part.parent.text,
        "true" if score.is_noise else "false",
    )


def _listed(reasons: tuple[str, ...]) -> Value:
    return list(reasons) if len(reasons) > 1 else "".join(reasons)
