"""What is asked of those who keep baselines, and what they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping, NamedTuple, Protocol, Tuple

from cbverdict.anomalies.outline import Outline
from cbverdict.settings.anomalies import AnomalySettings

if TYPE_CHECKING:
    from cbverdict.anomalies.baselines import Baseline, Subject
    from cbverdict.anomalies.decisions import Decision


class BaselineQuestion(NamedTuple):
    """Whose baselines, and of which programs and publishers what everybody did with them.

    `wants_decisions`: what people decided is to be told as well. `wants_as_kept`: who asks learns or shows it, so all
    of the answer is as it is kept, what waits apart, and no outline is made.
    """

    subjects: Tuple[Subject, ...] = ()
    programs: Tuple[str, ...] = ()
    publishers: Tuple[str, ...] = ()
    wants_decisions: bool = False
    wants_as_kept: bool = False


class KnownBaselines(NamedTuple):
    """The baselines that there are of those asked for, how the admin wants them read, and what people decided.

    What is released is counted in, where an outline is given.
    """

    settings: AnomalySettings = AnomalySettings()
    baselines: Mapping[Subject, Baseline] = {}
    decisions: Tuple[Decision, ...] = ()
    outline: Outline = Outline()


class BaselineSource(Protocol):
    """Who gives baselines; `cbverdict.service.baseline_client.BaselineClient` asks the baseline service."""

    def read(self, question: BaselineQuestion) -> KnownBaselines:
        """Return the baselines that there are, or raise a `CbsignedError`."""
