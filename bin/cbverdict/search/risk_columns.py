"""Fields for risk-based alerting: how much a row weighs, against whom, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Dict, Sequence

from cbverdict.anomalies.combination import MAX_SCORE
from cbverdict.verdicts.reasons import Signed

if TYPE_CHECKING:
    from cbverdict.events import ProcessEvent
    from cbverdict.verdicts.verdict import Verdict

RISK_FIELDS = ("risk_score", "risk_object", "risk_object_type", "risk_message")

_TAMPERED_WEIGHT = 60.0
_NOT_SIGNED_WEIGHT = 30.0
_UNKNOWN_WEIGHT = 10.0
_PARENT_WEIGHT = 20.0


@dataclass(frozen=True)
class Findings:
    """What was found about a row: its signature and its parent's, the anomaly score (None: none), sentences."""

    verdict: Verdict
    parent_signed: Signed
    score: float | None
    reasons: Sequence[str]
    is_noise: bool


def risk_of(event: ProcessEvent, findings: Findings) -> Dict[str, str]:
    """Return the fields of a row (`RISK_FIELDS`).

    The weight is the anomaly score, and 60 for a tampered signature, 30 for none, 10 for an unknown one, 20 for a
    parent that is not signed; at most 100, and 0 for signed noise. The object is the user or, without one, the host.
    """
    verdict, parent_signed = findings.verdict, findings.parent_signed
    weight = min(MAX_SCORE, (findings.score or 0.0) + _weight(event, verdict, parent_signed))
    kind = "user" if event.user else "system" if event.host else ""
    said = [*_said(event, verdict, parent_signed), *findings.reasons]
    who = f" by {event.user}" if event.user else ""
    where = f" on {event.host}" if event.host else ""
    message = f"{event.process.name or 'activity'}{who}{where}: {'; '.join(said) or 'nothing odd'}"
    values = ("0" if findings.is_noise else f"{weight:.0f}", event.user or event.host, kind, message)
    return dict(zip(RISK_FIELDS, values))


def _weight(event: ProcessEvent, verdict: Verdict, parent_signed: Signed) -> float:
    weight = _PARENT_WEIGHT if parent_signed is Signed.FALSE else 0.0
    if verdict.reason.is_tampering:
        return weight + _TAMPERED_WEIGHT
    if verdict.signed is Signed.FALSE:
        return weight + _NOT_SIGNED_WEIGHT
    return weight + (_UNKNOWN_WEIGHT if verdict.signed is Signed.UNKNOWN and event.process.md5 else 0.0)


def _said(event: ProcessEvent, verdict: Verdict, parent_signed: Signed) -> list[str]:
    said = []
    if event.process.md5 and verdict.signed is not Signed.TRUE:
        said.append(f"signed: {verdict.signed.value} ({verdict.reason.value})")
    if parent_signed is Signed.FALSE:
        said.append(f"started by {event.parent.name or 'a parent'}, which is not signed")
    return said
