"""When a process began: its endpoint's clock says so, within what the server's clock allows.

An endpoint's clock may be wrong, and whoever owns the endpoint can set it. So it never decides whether a process is
read, and only within bounds when its event took place.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from cbverdict.carbonblack.times import epoch_of
from cbverdict.events.times import EARLIEST, LATEST, write_time

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import ReportedProcess

LONGEST_DELAY = 12 * 3600.0
"""Seconds between a process's start and its first report that are believed.

A laptop that was off the network for a working day or a night keeps its own times. What reaches the server now is
still found by a search over the last 24 hours, even if that runs up to 12 hours later.
"""

MAX_AHEAD = 300.0
"""Seconds by which a clock may be ahead without being called wrong: what Kerberos allows."""

_SKEW = 60.0
"""Seconds that the clocks of Carbon Black and of this host may be apart."""


class Beginning(NamedTuple):
    """When a process began, in seconds since 1970.

    `endpoint_time` is what its endpoint says (ISO 8601), where `time` is another. `clock_offset` is by how many
    seconds the endpoint's time is ahead of the server's; below 0, by how many its clock is behind at most, for the
    report may have come late. None: it says nothing of the clock.
    """

    time: float
    endpoint_time: str
    clock_offset: float | None


def is_doubtful(process: ReportedProcess, begin: str) -> bool:
    """Return whether one has to ask when the server first heard of a process.

    That is so where its endpoint's time lies before the input's `begin` (ISO 8601), is missing, or cannot be believed:
    the page may have a late segment of a process that the server has known for long.
    """
    began, reached = epoch_of(process.start), epoch_of(process.reached)
    if began is None or began < _epoch_or(begin, -math.inf):
        return True
    return reached is not None and not -MAX_AHEAD <= reached - began <= LONGEST_DELAY


def is_older(arrived: str, begin: str) -> bool:
    """Return whether the server had got something of a process before the input's `begin`; False where none knows."""
    return _epoch_or(arrived, math.inf) < _epoch_or(begin, -math.inf)


def plausible_time(time: str, now: float) -> float:
    """Return the server's time in seconds since 1970, no later than `now` allows; `now` where it is none that can be.

    The server's clock may be wrong as well, and then nothing may come to lie in the future.
    """
    epoch = _epoch_or(time, now)
    return min(epoch, now + _SKEW) if epoch >= EARLIEST else now


def beginning_of(process: ReportedProcess, arrived: str, now: float, *, is_certain: bool = True) -> Beginning:
    """Return when a process began: by its endpoint's clock where that can be, else when the server first heard of it.

    `arrived` is the latter (ISO 8601), and `is_certain` whether it is known: if not, nothing is said of the clock.
    """
    began = epoch_of(process.start)
    by_server = epoch_of(arrived)
    latest = plausible_time(arrived, now)
    if began is None:
        return Beginning(latest, "", None)
    is_report_of_it = by_server == latest and _epoch_or(process.reached, math.inf) - latest <= LONGEST_DELAY
    clock_offset = began - latest if is_certain and is_report_of_it else None
    if 0 <= latest - began <= LONGEST_DELAY:
        return Beginning(began, "", clock_offset)
    endpoint_time = write_time(began) if 0 <= began < LATEST else process.start
    return Beginning(latest, endpoint_time, clock_offset)


def _epoch_or(time: str, default: float) -> float:
    epoch = epoch_of(time)
    return default if epoch is None else epoch
