"""Baselines in memory, given to the very code that a search runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Tuple

from cbverdict.anomalies.profiles import KnownBaselines, Profiles
from cbverdict.settings.anomalies import AnomalySettings

if TYPE_CHECKING:
    from cbverdict.anomalies.baselines import Baselines, Subject
    from cbverdict.anomalies.exclusions import Decision


@dataclass(frozen=True)
class Memory:
    """A source of baselines, as the baseline service is one."""

    baselines: Baselines
    settings: AnomalySettings = field(default_factory=AnomalySettings)
    decisions: Tuple[Decision, ...] = ()

    def read(self, subjects: list[Subject]) -> KnownBaselines:
        """Give the baselines that there are."""
        found = {subject: self.baselines[subject] for subject in subjects if subject in self.baselines}
        return KnownBaselines(self.settings, found, self.decisions)


def profiles_of(learnt: Baselines, settings: AnomalySettings) -> Profiles:
    """Make of what was learnt what a search makes of it: old things are forgotten, all of it is read."""
    kept = {subject: baseline.forget(settings.half_life_days) for subject, baseline in learnt.items()}
    usual = Profiles(Memory(kept, settings))
    usual.read(kept)
    return usual
