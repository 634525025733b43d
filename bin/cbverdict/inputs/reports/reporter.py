"""What an input tells of itself: events of the source type `cbsigned:health`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Dict, Iterable, List, Sequence, Tuple

from cbverdict.events.times import write_time
from cbverdict.inputs.reader import ID_FIELD, REVISION_FIELD, Event
from cbverdict.inputs.reports.health import SOURCETYPE, Health

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import Fields

_WORSE = 2.0


class Reporter:
    """Tell of each trouble once, again where it is twice as bad, and when it is over."""

    def __init__(
        self,
        name: str,
        account: str,
        write: Callable[[Iterable[Event]], object],
        health: Health,
        clock: Callable[[], float],
    ) -> None:
        """Store the input's and the account's name, what writes events, what knows the lag, and the time."""
        self._name = name
        self._account = account
        self._write = write
        self.health = health
        self._clock = clock
        self.raised: Dict[str, float] = {}
        """What was told and not taken back, with how bad it was."""

    def tell_lag(self, lag: float, trouble: str = "") -> None:
        """Tell of a lag (seconds) that is long, or no longer is."""
        status = self.health.trouble(lag) if trouble else self.health.look(lag)
        if status == "behind":
            self.tell(status, f"behind by {lag:.0f} s: {trouble or 'more comes in than is read'}", lag=f"{lag:.0f}")
        elif status:
            self.tell(status, "all read", lag=f"{lag:.0f}")

    def raise_trouble(self, status: str, size: float, message: str, **more: str) -> None:
        """Tell of a trouble of some size, unless it is known; `status/which` is one of several of a status."""
        if size > _WORSE * self.raised.get(status, 0.0):
            self.raised[status] = size
            self.tell(status.partition("/")[0], message, **more)

    def withdraw(self, status: str, message: str) -> None:
        """Tell that a trouble is over, if somebody has heard of it."""
        if self.raised.pop(status, None) is not None:
            self.tell(f"{status.partition('/')[0]}_over", message)

    def tell(self, status: str, message: str, **more: str | list[str]) -> None:
        """Write an event."""
        self._write([self.event(status, {**more, "message": message})])

    def clock_events(self, news: Sequence[Tuple[str, float]]) -> List[Event]:
        """Name endpoints whose clocks are wrong, with their offsets, in one event, if there are any."""
        if not news:
            return []
        endpoints, offsets = [endpoint for endpoint, _ in news], [f"{offset:.0f}" for _, offset in news]
        what = (
            f"the clocks of {len(news)} endpoints are wrong, in the worst case by {offsets[0].lstrip('-')} s: set "
            "those of dest; clock_offset is in seconds and in the same order, below 0 for a clock that is behind"
        )
        return [self.event("clock", {"message": what, "dest": endpoints, "clock_offset": offsets})]

    def event(self, status: str, more: Fields) -> Event:
        """Return an event of this moment."""
        now = self._clock()
        what = "|".join(sorted(set(more) - {"message", "lag"}))
        fields: Fields = {
            "time": f"{write_time(int(now))[:19]}Z",
            "status": status,
            "input": self._name,
            **more,
            ID_FIELD: f"{self._name}:{status}:{now:.0f}{':' + what if what else ''}",
            REVISION_FIELD: "0",
            "cb_server": self._account,
        }
        return Event(now, SOURCETYPE, fields)
