"""Baselines in memory, given to the very code that a search runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Tuple

from cbverdict.anomalies.baselines import ORGANISATION
from cbverdict.anomalies.known_baselines import KnownBaselines
from cbverdict.anomalies.outline import Outline
from cbverdict.anomalies.outline_fields import OutlineNames, count_released, names_of, read_fields, write_fields
from cbverdict.anomalies.profiles import Profiles
from cbverdict.settings.anomalies import AnomalySettings

if TYPE_CHECKING:
    from cbverdict.anomalies.baselines import Baselines
    from cbverdict.anomalies.decisions import Decision
    from cbverdict.anomalies.known_baselines import BaselineQuestion
    from cbverdict.anomalies.outline_fields import Fields


@dataclass(frozen=True)
class Memory:
    """A source of baselines, as the baseline service is one."""

    baselines: Baselines
    settings: AnomalySettings = field(default_factory=AnomalySettings)
    decisions: Tuple[Decision, ...] = ()

    def read(self, question: BaselineQuestion) -> KnownBaselines:
        """Give the baselines that there are, as the service does."""
        kept = {subject: self.baselines[subject] for subject in question.subjects if subject in self.baselines}
        outline = Outline()
        if not question.wants_as_kept and ORGANISATION in self.baselines:
            head = read_fields(self._fields, OutlineNames())[0].head
            kept, outline = count_released(kept, self._fields, names_of(question, kept, head))
        return KnownBaselines(self.settings, kept, self.decisions if question.wants_decisions else (), outline)

    @cached_property
    def _fields(self) -> Fields:
        return write_fields(self.baselines[ORGANISATION])


def profiles_of(learnt: Baselines, settings: AnomalySettings) -> Profiles:
    """Make of what was learnt what a search makes of it: old things are forgotten, all of it is read."""
    kept = {subject: baseline.forget(settings.half_life_days) for subject, baseline in learnt.items()}
    usual = Profiles(Memory(kept, settings))
    usual.read(kept.keys() - {ORGANISATION})
    return usual
