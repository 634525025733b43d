"""How far an input has read, as it is kept between two runs, by this release or another one."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Callable, Dict, List, Tuple

from cbverdict.carbonblack.times import second_of
from cbverdict.inputs.progress.window import Window, epoch, second

VERSION = 2
"""Of what is kept; the first release kept none."""

_AHEAD = 2 * 86400.0
"""Seconds by which a time that is kept may lie ahead: a server's clock is wrong at times, and is believed so far."""

_LONGEST_AHEAD = 100 * 365 * 86400.0
_LATE = 3600.0
"""Seconds before it had caught up from when on all is read again, where nobody knows how far it had read."""

Span = List[Any]


@dataclass(frozen=True)
class Checkpoint:
    """How far an input has read. `start` and `account` are those it began with: with others it begins anew.

    `server` is whom the account named then: an account that was renamed is still the same (empty: the first release's).
    `started`, `cursor` and `head` are UTC to the second: from when on the server must have heard of what is wanted,
    until when all is read for good, and until when it was read once; `unsettled`, `looked` and `whole` are the
    window's. `caught_up` is when nothing was left to read (seconds since 1970). `last_reported_lag` is the lag of the
    last health event (seconds). `flips_checked_until` is until when flips were looked for. `clocks` are the endpoints
    whose clocks were told to be wrong (`cbverdict.inputs.clocks.Told`).

    `asked` is when the last run began, and `offset` by how much the server's clock was ahead then. `late` is how late
    rows were found to be, and `late_since` when. `counted` is how many rows the server had then between two seconds.
    `rows` are those that were read of each hour, and `rows_checked` when the server was last asked for theirs. `raised`
    are the troubles that were told and not taken back, with what was told. `skipped` are the times of rows that could
    not be had, how often they were tried, and when they are again. `hour` is how many events and bytes were written in
    which hour. `forgotten` is the latest time of what is not remembered any more. `leap` is when the
    server's clock was found to have been set ahead, and what it said before. `is_open` is whether the run
    that saved it has not ended yet.
    """

    account: str
    start: str
    started: str
    cursor: str
    caught_up: float
    last_reported_lag: float = 0.0
    flips_checked_until: float = 0.0
    clocks: Dict[str, List[float]] = field(default_factory=dict)
    server: str = ""
    head: str = ""
    unsettled: int = 0
    looked: float = 0.0
    whole: float = 0.0
    asked: float = 0.0
    offset: float = 0.0
    late: float = 0.0
    late_since: float = 0.0
    counted: Tuple[str, str, int] = ("", "", 0)
    rows: Dict[str, int] = field(default_factory=dict)
    rows_checked: float = 0.0
    raised: Dict[str, float] = field(default_factory=dict)
    skipped: List[Span] = field(default_factory=list)
    hour: Tuple[float, int, int] = (0.0, 0, 0)
    upgraded: float = 0.0
    told_alive: float = 0.0
    forgotten: float = 0.0
    leap: Tuple[float, float] = (0.0, 0.0)
    is_open: bool = False

    @property
    def window(self) -> Window:
        """What is read."""
        return Window(self.cursor, self.head or self.cursor, self.unsettled, self.looked, self.whole)

    def with_window(self, window: Window) -> Checkpoint:
        """Return it with another window."""
        return replace(
            self,
            cursor=window.settled,
            head=window.head,
            unsettled=window.unsettled,
            looked=window.looked,
            whole=window.whole,
        )

    def no_later_than(self, now: float) -> Checkpoint:
        """Return it without times that lie ahead: this host's clock was set back, and they would hold things up."""
        names = ("caught_up", "flips_checked_until", "asked", "late_since", "rows_checked", "told_alive", "upgraded")
        return replace(self, **{name: min(getattr(self, name), now) for name in names})


def write_checkpoint(checkpoint: Checkpoint) -> str:
    """Write it as the KV store keeps it."""
    return json.dumps({"version": VERSION, **asdict(checkpoint)})


def read_checkpoint(text: str, now: float) -> tuple[Checkpoint | None, list[str]]:
    """Read what was kept, by whatever release; return what of it was not usable, by name.

    What is not known is ignored, what is missing or damaged has its default; times that lie ahead are none. Where it is
    not known how far it had read, more is read again. None: it is not even known where it began.
    """
    try:
        kept = json.loads(text)
    except (ValueError, RecursionError):
        return None, ["all of it"]
    if not isinstance(kept, dict):
        return None, ["all of it"]
    usable = {name: value for name, value in kept.items() if name in _READ}
    damaged = []
    found: dict[str, Any] = {}
    latest = now + _ahead(kept.get("offset"))
    for name, value in usable.items():
        try:
            found[name] = _READ[name](value, latest)
        except (ValueError, TypeError, OverflowError, AttributeError, RecursionError):  # noqa: PERF203 - few
            damaged.append(name)
    if not {"account", "start", "started"} <= set(found):
        return None, damaged or ["where it began"]
    if "cursor" not in found:  # It had caught up then, and looks back for what came late by hours.
        caught_up = found.get("caught_up", 0.0)
        found["cursor"] = max(found["started"], second(caught_up - _LATE)) if caught_up else found["started"]
        found.pop("head", None)
        damaged.append("cursor")
    found.setdefault("caught_up", epoch(found["cursor"]))
    if found.get("head", "") < found["cursor"]:
        found["head"] = found["cursor"]
    return Checkpoint(**found), sorted(set(damaged))


def _ahead(offset: object) -> float:
    """Return by how many seconds the server's clock was ahead, whose times are kept as it gives them."""
    is_number = isinstance(offset, (int, float)) and not isinstance(offset, bool) and math.isfinite(offset)
    return min(max(float(offset), 0.0), _LONGEST_AHEAD) if is_number else 0.0  # type: ignore[arg-type]


def _text(value: object, _: float) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _second(value: object, now: float) -> str:
    text = _text(value, now)
    if second_of(text) != text or not 0 < epoch(text) <= now + _AHEAD:
        raise ValueError(text)
    return text


def _second_or_none(value: object, now: float) -> str:
    return _second(value, now) if value else ""


def _number(value: object, _: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TypeError(value)
    return float(value)


def _time(value: object, now: float) -> float:
    number = _number(value, now)
    if not 0 <= number <= now + _AHEAD:
        raise ValueError(value)
    return number


def _count(value: object, now: float) -> int:
    return max(int(_number(value, now)), 0)


def _clocks(value: Any, now: float) -> Dict[str, List[float]]:  # noqa: ANN401 - a JSON value
    return {_text(one, now): [_number(offset, now), _number(seen, now)] for one, (offset, seen) in value.items()}


def _counted(value: Any, now: float) -> Tuple[str, str, int]:  # noqa: ANN401 - a JSON value
    since, until, rows = value
    return _second_or_none(since, now), _second_or_none(until, now), _count(rows, now)


def _hour(value: Any, now: float) -> Tuple[float, int, int]:  # noqa: ANN401 - a JSON value
    hour, events, size = value
    return _time(hour, now), _count(events, now), _count(size, now)


def _spans(value: Any, now: float) -> List[Span]:  # noqa: ANN401 - a JSON value
    return [
        [_second(since, now), _second_or_none(until, now), _count(tries, now), _number(next_try, now)]
        for since, until, tries, next_try in value
    ]


_READ: Dict[str, Callable[[Any, float], Any]] = {
    **dict.fromkeys(("account", "start", "server"), _text),
    **dict.fromkeys(("started", "cursor"), _second),
    "head": _second_or_none,
    **dict.fromkeys(("last_reported_lag", "offset", "late"), _number),
    **dict.fromkeys(
        (
            "caught_up", "flips_checked_until", "looked", "whole", "asked", "late_since", "rows_checked", "upgraded",
            "told_alive", "forgotten",
        ),
        _time,
    ),
    "unsettled": _count,
    "clocks": _clocks,
    "counted": _counted,
    "rows": lambda value, now: {_second(f"{hour}:00:00", now)[:13]: _count(rows, now) for hour, rows in value.items()},
    "raised": lambda value, now: {_text(name, now): _number(what, now) for name, what in value.items()},
    "skipped": _spans,
    "hour": _hour,
    "leap": lambda value, now: (_time(value[0], now), _number(value[1], now)),
    "is_open": lambda value, _: value is True,
}  # fmt: skip

assert set(_READ) == {one.name for one in fields(Checkpoint)}  # noqa: S101 - a member that is not read is lost
