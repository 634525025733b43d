"""The command's way to the decision service: a REST call on this search head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Sequence

from cbverdict.events.texts import values_of
from cbverdict.service.decision_service import END, write_request
from cbverdict.splunkd.rest import ServiceCall, read_answer

if TYPE_CHECKING:
    from typing import Dict

ROW_FIELDS = (
    "_key",
    "decision",
    "user",
    "team",
    "process_name",
    "parent_process_name",
    "process_md5",
    "process_document_md5",
    "process_signature_publisher",
    "signed",
    "signed_reason",
    "anomaly_score",
)
"""What of a row a decision rests on."""

NOTHING = {"decision": "", "decided": "nothing", "decided_until": ""}
"""The fields of a row on which nothing was decided."""

_SECONDS = 20.0


class DecisionClient:
    """Hand decisions over; methods raise `NoRightError`, `InvalidRequestError`, `SetupError` or `ServiceError`."""

    def __init__(self, splunkd_uri: str, session_key: str) -> None:
        """Remember whom to ask; nothing is sent yet."""
        self._call = ServiceCall(splunkd_uri, session_key, "decisions")

    def decide(self, action: str, rows: Sequence[Mapping[str, Any]], days: float, why: str) -> list[Dict[str, str]]:
        """Decide on rows; return for each of them, in order, the fields that say so."""
        sent = [{name: _one(row.get(name)) for name in ROW_FIELDS} for row in rows]
        reply = read_answer(self._call.post(write_request(action, sent, days, why), _SECONDS))
        made = [
            {"decision": str(one["decision"]), "decided": action, "decided_until": str(one["until"])}
            for one in reply["decisions"]
        ]
        if action != END:
            return made
        ended = {one["decision"]: one for one in made}
        return [ended.get(row["_key"] or row["decision"], NOTHING) for row in sent]


def _one(value: object) -> str:
    """Return the one value of a field; of several all, each on a line of its own: those are refused."""
    return "\n".join(dict.fromkeys(values_of(value))) if isinstance(value, (str, list)) else ""
