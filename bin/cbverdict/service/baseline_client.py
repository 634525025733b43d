"""The commands' way to the baseline service: REST calls on this search head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbverdict.anomalies.known_baselines import KnownBaselines
from cbverdict.anomalies.lessons import parts_of
from cbverdict.anomalies.outline import Outline
from cbverdict.errors import CbsignedError, InvalidRequestError, NoRightError, ServiceError, SetupError
from cbverdict.service.baseline_api import questions_of, read_reply, write_lesson, write_question
from cbverdict.splunkd.rest import ServiceCall, read_answer

if TYPE_CHECKING:
    from cbverdict.anomalies.baselines import Baselines
    from cbverdict.anomalies.known_baselines import BaselineQuestion

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

    def read(self, question: BaselineQuestion) -> KnownBaselines:
        """Return what is known of what is asked for, and the settings; needs the capability `cbsigned_lookup`."""
        parts = questions_of(question)
        replies = [read_reply(self._baselines.post(write_question(part), _READ_SECONDS)) for part in parts]
        outlines = [reply.outline for reply in replies]
        return KnownBaselines(
            replies[0].settings,
            {subject: baseline for reply in replies for subject, baseline in reply.baselines.items()},
            replies[0].decisions,
            Outline(
                outlines[0].head,
                {name: program for one in outlines for name, program in one.programs.items()},
                {team: people for one in outlines for team, people in one.teams.items()},
                frozenset(publisher for one in outlines for publisher in one.publishers),
            ),
        )

    def learn(self, baselines: Baselines, lesson: str = "") -> int:
        """Add to what is known; return of how many subjects it was news, for a lesson that is repeated is added once.

        It needs the capability `cbsigned_admin`.
        """
        parts, new = list(parts_of(list(baselines))), 0
        for number, part in enumerate(parts):
            body = write_lesson({subject: baselines[subject] for subject in part}, lesson)
            new += self._hand_over(body, f"{number} of {len(parts)} parts were learnt, and the next perhaps")
        return new

    def _hand_over(self, body: str, done: str) -> int:
        try:
            answer = read_answer(self._learning.post(body, _LEARN_SECONDS))
            return int(answer.get("new", 0)) if isinstance(answer, dict) else 0
        except (NoRightError, SetupError, InvalidRequestError):
            raise
        except CbsignedError as error:
            advice = "Run the same search again: what is learnt already is not added twice."
            raise ServiceError(f"{done}, then: {error} {advice}") from None
