"""What is asked of those who keep baselines, and what they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping, NamedTuple, Protocol, Tuple

from cbverdict.anomalies.baselines import ORGANISATION, Baseline, Subject
from cbverdict.anomalies.outline import Outline
from cbverdict.settings.anomalies import AnomalySettings

if TYPE_CHECKING:
    from cbverdict.anomalies.exclusions import Decision


class BaselineQuestion(NamedTuple):
    """Whose baselines, and of which programs and publishers what everybody did with them.

    Who asks for the organisation's baseline learns or shows it: all of the answer is as it is kept, and no outline is
    made. `is_first`: what people decided is to be told as well.
    """

    subjects: Tuple[Subject, ...] = ()
    programs: Tuple[str, ...] = ()
    publishers: Tuple[str, ...] = ()
    is_first: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether all of the organisation's baseline is asked for."""
        return ORGANISATION in self.subjects


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
