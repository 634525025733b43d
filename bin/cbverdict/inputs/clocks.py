"""Which endpoints' clocks are wrong, and when somebody should hear of it."""

from __future__ import annotations

from typing import Dict, Iterable, List, Mapping, NamedTuple, Sequence, Tuple

from cbverdict.events.times import EARLIEST
from cbverdict.inputs.beginnings import LONGEST_DELAY, MAX_AHEAD

MAX_NAMED = 50
"""Endpoints that one event names; those of others follow with later runs."""

MAX_REMEMBERED = 200
"""Endpoints that are remembered; are more clocks than that wrong, the server's own is, and no more are named."""

FORGOTTEN_AFTER = 86400.0
"""Seconds after which an endpoint whose clock was no longer seen to be wrong is told of anew."""

_WORSE = 2.0

Told = Dict[str, List[float]]
"""By endpoint: the offset that was told, and when its clock was last seen to be wrong (seconds since 1970)."""


class ClockReading(NamedTuple):
    """What one new process says of its endpoint's clock.

    `offset` is in seconds, ahead of the server's or (below 0) behind it at most; `began` is what the clock said.
    """

    endpoint: str
    offset: float
    began: float


class EndpointClocks:
    """The clocks of one run, and what was told of them in earlier ones.

    A process that reaches the server before it began proves a clock that is ahead. One that is behind looks like a
    report that came late, so there the most prompt of the run's reports counts: an endpoint that was off the network
    sends new ones as well. A time before 2000 is a clock that was never set.
    """

    def __init__(self, told: Mapping[str, Sequence[float]]) -> None:
        """Store what was told."""
        self._told: Told = {endpoint: [offset, seen] for endpoint, (offset, seen) in told.items()}
        self._offsets: Dict[str, float] = {}
        self._unset: Dict[str, float] = {}

    @property
    def told(self) -> Told:
        """What is to be remembered."""
        return self._told

    def look(self, readings: Iterable[ClockReading]) -> None:
        """Take in what a page's processes say."""
        for endpoint, offset, began in readings:
            self._offsets[endpoint] = max(offset, self._offsets.get(endpoint, offset))
            if began < EARLIEST:
                self._unset[endpoint] = offset

    def news(self, now: float) -> List[Tuple[str, float]]:
        """Return the endpoints to tell of with their offsets, the worst first, and remember that they were told."""
        self._told = {one: told for one, told in self._told.items() if now - told[1] <= FORGOTTEN_AFTER}
        news: List[Tuple[str, float]] = []
        for endpoint, offset in sorted(self._wrong().items(), key=lambda item: -abs(item[1])):
            known = self._told.get(endpoint)
            if known is not None and not _is_worse(offset, known[0]):
                self._told[endpoint] = [known[0], now]
            elif len(news) < MAX_NAMED and (known is not None or len(self._told) < MAX_REMEMBERED):
                self._told[endpoint] = [offset, now]
                news.append((endpoint, offset))
        return news

    def _wrong(self) -> Dict[str, float]:
        ahead = {one: offset for one, offset in self._offsets.items() if offset > MAX_AHEAD}
        behind = {one: offset for one, offset in self._offsets.items() if offset < -LONGEST_DELAY}
        return {**self._unset, **behind, **ahead}


def _is_worse(offset: float, told: float) -> bool:
    return offset * told < 0 or abs(offset) > _WORSE * abs(told)
