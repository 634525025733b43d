"""Profiles of baselines that are all there, for whoever learns or shows what is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbverdict.anomalies.baselines import ORGANISATION, Baseline
from cbverdict.anomalies.known_baselines import BaselineQuestion
from cbverdict.anomalies.outline import Outline
from cbverdict.anomalies.outline_fields import outline_of
from cbverdict.anomalies.profiles import Profiles
from cbverdict.anomalies.releases import effective, releases_of

if TYPE_CHECKING:
    from cbverdict.anomalies.known_baselines import KnownBaselines


class WholeProfiles(Profiles):
    """Those of baselines of which the organisation's is one: nobody is asked for anything else."""

    def __init__(self, known: KnownBaselines) -> None:
        """Store the baselines, with what is released counted in, and what that is."""
        super().__init__(None)
        organisation = known.baselines.get(ORGANISATION)
        self.releases = releases_of(organisation or Baseline())
        baselines = {subject: effective(subject, one, self.releases) for subject, one in known.baselines.items()}
        outline = Outline() if organisation is None else outline_of(organisation, self.releases)
        self.add(BaselineQuestion(tuple(baselines)), known._replace(baselines=baselines, outline=outline))
