"""What a page does not tell of its processes, and Carbon Black is asked for by their ids."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Mapping, Sequence

from cbverdict.errors import EdrError
from cbverdict.inputs.beginnings import Beginning, beginning_of, is_doubtful, is_older
from cbverdict.inputs.processes.images import Images
from cbverdict.verdicts.reasons import Reason

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import Image, ReportedProcess
    from cbverdict.inputs.sources import Sources

logger = logging.getLogger(__name__)


class Lookups:
    """Ask for parents, and for when the server first heard of a process.

    Each answer comes with the trouble that kept some of it (None: none did, or none that another try would mend).
    """

    def __init__(self, sources: Sources) -> None:
        """Store whom to ask."""
        self._sources = sources
        self._images = Images()
        self._is_refused = False

    def reload(self) -> None:
        """Ask again, though the server refused it: account and settings were read anew."""
        self._is_refused = False

    def beginnings(
        self, processes: Sequence[ReportedProcess], begin: str, now: float
    ) -> tuple[dict[str, Beginning], EdrError | None]:
        """Return when each process began, without those that the server knew before the input's `begin`.

        Where the server does not say, the page counts: nothing is left out that may be new.
        """
        doubtful = {process.guid for process in processes if is_doubtful(process, begin)}
        arrivals: Mapping[str, str] = {}
        trouble = None
        if doubtful and not self._is_refused:
            try:
                arrivals = self._sources.pages.first_arrivals(sorted(doubtful))
            except EdrError as error:
                trouble = self._trouble("processes", len(doubtful), error)
        beginnings = {}
        for process in processes:
            arrived = arrivals.get(process.guid, "") or process.reached
            if not is_older(arrived, begin):
                is_certain = process.guid in arrivals or process.guid not in doubtful
                beginnings[process.guid] = beginning_of(process, arrived, now, is_certain=is_certain)
        return beginnings, trouble

    def whole(self, guids: Sequence[str]) -> dict[str, ReportedProcess]:
        """Return these processes with all their segments; where the server does not say, the page has to do."""
        try:
            return self._sources.pages.find_processes(list(guids)) if guids else {}
        except EdrError as error:
            logger.warning("segments unknown=%d trouble=%r", len(guids), str(error))
            return {}

    def parents(
        self, processes: Sequence[ReportedProcess], here: Mapping[str, Image]
    ) -> tuple[dict[str, Image | None], EdrError | None]:
        """Return what is known of these processes' parents; `here` are the images of the page itself."""
        self._images.learn(here)
        wanted = dict.fromkeys(process.parent_guid for process in processes if process.parent_guid)
        found = self._images.find(wanted)
        missing = [guid for guid in wanted if guid not in found]
        if self._is_refused:
            return found, None
        try:
            for asked in self._sources.pages.find_images(missing):
                self._images.learn(asked)
                found.update(asked)
        except EdrError as error:
            return found, self._trouble("parents", sum(guid not in found for guid in missing), error)
        return found, None

    def _trouble(self, what: str, unknown: int, error: EdrError) -> EdrError | None:
        logger.warning("%s unknown=%d trouble=%r", what, unknown, str(error))
        # A query that this server refuses it will refuse again: the process itself is what counts.
        self._is_refused = error.reason is Reason.REFUSED
        return None if self._is_refused else error
