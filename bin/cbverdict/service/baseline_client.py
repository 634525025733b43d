"""The commands' way to the baseline service: REST calls on this search head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator

from cbverdict.anomalies.profiles import KnownBaselines
from cbverdict.errors import CbsignedError, ServiceError, TimedOutError
from cbverdict.service.baseline_api import MAX_SUBJECTS, read_reply, write_baselines, write_question
from cbverdict.splunkd.rest import ServiceCall

if TYPE_CHECKING:
    from cbverdict.anomalies.baselines import Baselines, Subject

_READ_SECONDS = 20.0
_LEARN_SECONDS = 120.0


class BaselineClient:
    """Read baselines, and hand over what was learnt.

    Methods raise `NoRightError` (the user lacks the capability), `SetupError` or `ServiceError`.
    """

    def __init__(self, splunkd_uri: str, session_key: str) -> None:
        """Remember whom to ask; nothing is sent yet."""
        self._baselines = ServiceCall(splunkd_uri, session_key, "baselines")
        self._learning = ServiceCall(splunkd_uri, session_key, "learning")

    def read(self, subjects: list[Subject]) -> KnownBaselines:
        """Return the baselines that there are, and the settings; needs the capability `cbsigned_lookup`."""
        replies = [read_reply(self._baselines.post(write_question(part), _READ_SECONDS)) for part in _parts(subjects)]
        merged = {subject: baseline for reply in replies for subject, baseline in reply.baselines.items()}
        decisions = tuple(decision for reply in replies for decision in reply.decisions)
        return KnownBaselines(replies[0].settings, merged, decisions)

    def learn(self, baselines: Baselines) -> None:
        """Add to what is known; needs the capability `cbsigned_admin`."""
        parts = list(_parts(list(baselines)))
        bodies = [write_baselines({subject: baselines[subject] for subject in part}) for part in parts]
        for number, body in enumerate(bodies):
            self._hand_over(body, f"{number} of {len(bodies)} parts", is_first=number == 0)

    def _hand_over(self, body: str, done: str, *, is_first: bool) -> None:
        try:
            self._learning.post(body, _LEARN_SECONDS)
        except CbsignedError as error:
            if is_first and not isinstance(error, TimedOutError):
                raise
            advice = "Learnt again, they count twice: empty the collection cbsigned_baselines and learn anew"
            raise ServiceError(f"{done} were learnt, then: {error} {advice}.") from None


def _parts(subjects: list[Subject]) -> Iterator[list[Subject]]:
    for start in range(0, max(len(subjects), 1), MAX_SUBJECTS):
        yield subjects[start : start + MAX_SUBJECTS]
