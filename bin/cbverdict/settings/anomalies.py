"""How baselines are read and scores are used: the stanza `[anomalies]`."""

from __future__ import annotations

from typing import Mapping, NamedTuple

from cbverdict.errors import SetupError
from cbverdict.settings.values import parse_number


class AnomalySettings(NamedTuple):
    """How baselines are read.

    From `threshold` on a row is not noise: of what is usual for a person, about 1 row in 100 has a score of 20 or more.
    After `half_life_days` what was learnt counts half. With less than `minimum_support` (hours of a person, rows of a
    team or a parent) there is no opinion.
    """

    threshold: float = 20.0
    half_life_days: float = 120.0
    minimum_support: float = 20.0


def parse_anomaly_settings(stanza: Mapping[str, str | None]) -> AnomalySettings:
    """Build the anomaly settings from the stanza `[anomalies]` of `cbsigned_settings.conf`.

    Raises:
        SetupError: a value is not usable; the text names it.
    """
    default = AnomalySettings()
    return AnomalySettings(
        threshold=_parse_within(stanza, "threshold", default.threshold, (1, 100)),
        half_life_days=_parse_within(stanza, "half_life_days", default.half_life_days, (7, 3650)),
        minimum_support=_parse_within(stanza, "minimum_support", default.minimum_support, (1, 100_000)),
    )


def _parse_within(stanza: Mapping[str, str | None], name: str, default: float, limits: tuple[float, float]) -> float:
    value = parse_number("settings, anomalies", name, stanza.get(name), default)
    least, most = limits
    if not least <= value <= most:
        raise SetupError(f"settings, anomalies: {name} must be {least:g} to {most:g}")
    return value
