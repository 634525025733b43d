"""The time zone of whoever searches, as splunkd hands it over: a table of offsets and of when each begins.

`GET /services/search/timeparser/tz` answers with one line, as Splunk Web asks for it (`getServerZoneinfo` of its
`splunk.appserver`): `### SERIALIZED TIMEZONE FORMAT 1.0;Y-25200 YW 50 44 54;Y-28800 NW 50 53 54;@-1633269600 0;...`
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from http.client import HTTPException

from splunklib import binding

from cbverdict.lazy_pattern import LazyPattern
from cbverdict.splunkd.rest import connect

logger = logging.getLogger(__name__)

_PATH = "/services/search/timeparser/tz"
_TIMEOUT = 5.0
_LONGEST = 256 * 1024  # characters; a zone with its changes since 1900 has some 10,000
_OFFSET = LazyPattern(r"Y([+-]?\d{1,6}) [YN]\w?")
_CHANGE = LazyPattern(r"@([+-]?\d{1,12}) (\d{1,4})")
_DAY = 86400.0


class SplunkZone:
    """A time zone: its offsets from UTC in seconds, and when each begins to count."""

    def __init__(self, offsets: list[int], changes: list[tuple[int, int]]) -> None:
        """Store the offsets, of which the first counts before all changes, and changes (since when, which offset)."""
        self._offsets = offsets
        self._since = [since for since, _ in changes]
        self._which = [which for _, which in changes]

    def epoch_of(self, local: float) -> float:
        """Return the seconds since 1970 of a local time, given as if it were UTC; the earlier where it came twice."""
        likely = [self._offset_at(local - _DAY), self._offset_at(local + _DAY)]
        for offset in likely:
            if self._offset_at(local - offset) == offset:
                return local - offset
        return local - likely[0]

    def _offset_at(self, epoch: float) -> int:
        place = bisect_right(self._since, epoch)
        return self._offsets[self._which[place - 1] if place else 0]


def read_zone(splunkd_uri: str, session_key: str) -> SplunkZone | None:
    """Ask splunkd for the time zone of this session (None: it does not say)."""
    try:
        text = connect(splunkd_uri, session_key, _TIMEOUT).get(_PATH).body.read().decode("utf-8", "replace")
    except (binding.HTTPError, binding.AuthenticationError, OSError, HTTPException) as error:
        logger.warning("action=time_zone trouble=%s", type(error).__name__)
        return None
    return parse_zone(text)


def parse_zone(text: str) -> SplunkZone | None:
    """Read what splunkd hands over (None: it is something else)."""
    if len(text) > _LONGEST:
        return None
    entries = [entry.strip() for entry in text.split(";")]
    offsets = [int(match[1]) for entry in entries if (match := _OFFSET.match(entry))]
    changes = sorted((int(match[1]), int(match[2])) for entry in entries if (match := _CHANGE.fullmatch(entry)))
    is_whole = offsets and all(which < len(offsets) for _, which in changes)
    return SplunkZone(offsets, changes) if is_whole else None
