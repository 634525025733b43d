"""Confs as they were read last: for a few seconds, and only as long as their files are as they were then."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Callable, Dict, Mapping, NamedTuple, Optional, Tuple

from cbverdict.splunkd.rest import APP

LONGEST = 3.0
"""Seconds after which a conf is read anew, whatever its file says: a setting may stand elsewhere than in the app."""

Stanza = Mapping[str, Optional[str]]
Stanzas = Mapping[str, Stanza]
_Stamp = Optional[Tuple[int, int, int]]


class _Kept(NamedTuple):
    """A conf, when it was asked for (`time.monotonic`), and what its file was like before."""

    stanzas: Stanzas
    since: float
    stamp: _Stamp


class RememberedConfs:
    """What a handler's process remembers of confs between calls; secrets are encrypted in it.

    Setup pages write `local/<conf>.conf` of the app, so what is saved there counts at once. What fails is not
    remembered.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Start with none; `monotonic` gives seconds that only grow."""
        self._monotonic = monotonic
        self._kept: Dict[Tuple[str, str], _Kept] = {}

    def read(self, splunkd_uri: str, conf_name: str, read: Callable[[], Stanzas]) -> Stanzas:
        """Return a conf of this splunkd as it is remembered, or as `read` finds it."""
        now, stamp = self._monotonic(), _stamp_of(conf_name)
        kept = self._kept.get((splunkd_uri, conf_name))
        if kept is not None and now - kept.since < LONGEST and kept.stamp == stamp:
            return kept.stanzas
        stanzas = read()
        self._kept[splunkd_uri, conf_name] = _Kept(stanzas, now, stamp)
        return stanzas


def _stamp_of(conf_name: str) -> _Stamp:
    """Return what tells a file from what it was before (None: there is none)."""
    home = os.environ.get("SPLUNK_HOME")
    if not home:
        return None
    try:
        found = (Path(home) / "etc" / "apps" / APP / "local" / f"{conf_name}.conf").stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
