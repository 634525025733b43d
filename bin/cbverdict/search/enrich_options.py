"""What the analyst chose for one search."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cbverdict.events.columns import EventFields
from cbverdict.search.risk_columns import RiskObjects

if TYPE_CHECKING:
    from cbverdict.settings.verdicts import Method


class EnrichOptions(NamedTuple):
    """The options of one search; `seconds` is how long this search may wait for answers, all in all.

    `max_lookups` is how many distinct questions it may ask (None: any number). `has_names` says that process names are
    asked about from the start, for the service would want them.
    """

    fields: EventFields = EventFields()
    server: str | None = None
    method: Method | None = None
    prefix: str = ""
    has_details: bool = True
    seconds: float = 60.0
    max_lookups: int | None = None
    is_refreshed: bool = False
    has_anomaly: bool = False
    has_risk: bool = False
    risk_objects: RiskObjects = RiskObjects.USER
    has_names: bool = False
    sid: str | None = None
