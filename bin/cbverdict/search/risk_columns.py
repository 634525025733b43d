"""Fields for risk-based alerting: how much a row weighs, against whom, by what, and why."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Dict, Iterable, Iterator, List, NamedTuple, Sequence, Tuple, Union

from cbverdict.anomalies.combination import MAX_SCORE
from cbverdict.events.people import person_of
from cbverdict.verdicts.reasons import Reason, Signed

if TYPE_CHECKING:
    from cbverdict.events.event import ProcessEvent
    from cbverdict.verdicts.verdict import Verdict

RISK_FIELDS = (
    "risk_score",
    "risk_object",
    "risk_object_type",
    "risk_message",
    "threat_object",
    "threat_object_type",
)

Value = Union[str, List[str]]

_TAMPERED_WEIGHT = 60.0
_NOT_SIGNED_WEIGHT = 30.0
_UNKNOWN_WEIGHT = 10.0
_PARENT_WEIGHT = 20.0


class RiskObjects(Enum):
    """Whom the risk is put on: person and endpoint, or one of them, with the other where it is not known."""

    BOTH = "both"
    USER = "user"
    SYSTEM = "system"


class Findings(NamedTuple):
    """What was found about a row: its signature and its parent's, the anomaly score (None: none), sentences."""

    verdict: Verdict
    parent_signed: Signed
    score: float | None
    reasons: Sequence[str]
    is_noise: bool


def risk_of(event: ProcessEvent, findings: Findings, objects: RiskObjects = RiskObjects.USER) -> Dict[str, Value]:
    """Return the fields of a row (`RISK_FIELDS`).

    The weight is the anomaly score, and 60 for a tampered signature, 30 for none, 10 for an unknown one, 20 for a
    parent that is not signed; at most 100, and 0 for signed noise. One person is one risk object, however the account
    is written; accounts that are nobody's put the risk on the endpoint alone.
    """
    verdict, parent_signed = findings.verdict, findings.parent_signed
    weight = min(MAX_SCORE, (findings.score or 0.0) + _weight(event, verdict, parent_signed))
    said = [*_said(event, verdict, parent_signed), *findings.reasons]
    who = f" by {event.user}" if event.user else ""
    where = f" on {event.host}" if event.host else ""
    message = f"{event.process.name or 'activity'}{who}{where}: {'; '.join(said) or 'nothing odd'}"
    names, kinds = _unzipped(_risk_objects(event, objects))
    threats, threat_kinds = _unzipped(_threat_objects(event))
    score = "0" if findings.is_noise else f"{weight:.0f}"
    return dict(zip(RISK_FIELDS, (score, names, kinds, message, threats, threat_kinds)))


def _risk_objects(event: ProcessEvent, objects: RiskObjects) -> list[Tuple[str, str]]:
    """Return whom the risk is put on, each with its type in Enterprise Security's words."""
    person = person_of(event.user)
    found = [(name, kind) for name, kind in ((person, "user"), (event.host, "system")) if name]
    if objects is RiskObjects.BOTH:
        return found
    wanted = [one for one in found if one[1] == objects.value]
    return wanted or found


def _threat_objects(event: ProcessEvent) -> Iterator[Tuple[str, str]]:
    """Return what the risk comes from, each with its type as Splunk's own detections name them."""
    for text, kind in (
        (event.process.md5, "file_hash"),
        (event.process.name, "process_name"),
        (event.parent.name, "parent_process_name"),
    ):
        if text:
            yield text, kind


def _unzipped(pairs: Iterable[Tuple[str, str]]) -> Tuple[Value, Value]:
    listed = list(pairs)
    return _value([first for first, _ in listed]), _value([second for _, second in listed])


def _value(texts: List[str]) -> Value:
    return texts if len(texts) > 1 else "".join(texts)


def _weight(event: ProcessEvent, verdict: Verdict, parent_signed: Signed) -> float:
    weight = _PARENT_WEIGHT if parent_signed is Signed.FALSE else 0.0
    if verdict.reason.is_tampering:
        return weight + _TAMPERED_WEIGHT
    if verdict.signed is Signed.FALSE:
        return weight + _NOT_SIGNED_WEIGHT
    return weight + (_UNKNOWN_WEIGHT if verdict.signed is Signed.UNKNOWN and _has_file(event) else 0.0)


def _has_file(event: ProcessEvent) -> bool:
    """Return whether the row says which file ran, if only that it cannot be told."""
    return event.process.md5 is not None or event.process.why_unknown is not Reason.NO_HASH


def _said(event: ProcessEvent, verdict: Verdict, parent_signed: Signed) -> list[str]:
    said = []
    if _has_file(event) and verdict.signed is not Signed.TRUE:
        said.append(f"signed: {verdict.signed.value} ({verdict.reason.value})")
    if parent_signed is Signed.FALSE:
        said.append(f"started by {event.parent.name or 'a parent'}, which is not signed")
    return said
