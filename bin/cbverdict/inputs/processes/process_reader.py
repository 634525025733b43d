"""New processes, each with the fields of `| cbsigned`."""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import TYPE_CHECKING, Callable, NamedTuple, Sequence

from cbverdict.carbonblack.port import Image, Page, PageRequest, ReportedProcess
from cbverdict.carbonblack.times import epoch_of
from cbverdict.events.columns import TIME_FIELD as EVENT_TIME
from cbverdict.inputs.clocks import ClockReading
from cbverdict.inputs.learning import Lessons
from cbverdict.inputs.processes.lookups import Lookups
from cbverdict.inputs.processes.process_events import (
    ENDPOINT_TIME_FIELD,
    LONG_FIELDS,
    SOURCETYPE,
    event_of,
    revision_of,
    sighting_of,
    worth_indexing,
)
from cbverdict.inputs.reader import ID_FIELD, REVISION_FIELD, Batch, Event
from cbverdict.search.enrich_options import EnrichOptions
from cbverdict.search.pipeline import Search

if TYPE_CHECKING:
    from cbverdict.errors import EdrError
    from cbverdict.events.event import ProcessEvent
    from cbverdict.inputs.arguments import InputArguments
    from cbverdict.inputs.beginnings import Beginning
    from cbverdict.inputs.progress.cursor import Cursor
    from cbverdict.inputs.progress.seen_keys import Seen, SeenKeys
    from cbverdict.inputs.sources import Sources
    from cbverdict.search.verdict_columns import Record
    from cbverdict.verdicts.reasons import Reason

logger = logging.getLogger(__name__)

WAITS = (2.0, 8.0, 31.0)
"""Seconds before a page's verdicts are asked once more; the last is longer than a failing server is left alone."""

_PAGES_A_SEARCH = 20
"""After so many pages what was answered is asked anew, so that memory does not grow with a backfill."""

_PAGES_A_LESSON = 10
"""What was read since the last lesson is not learnt where a process is ended."""


class NewProcess(NamedTuple):
    """A process that looks new, and what is known of it."""

    process: ReportedProcess
    seen: Seen
    beginning: Beginning
    record: Record
    event: ProcessEvent


class Prepared(NamedTuple):
    """A page's processes, what is to be remembered of them, and those that look new.

    `trouble` is why Carbon Black did not tell of parents, or of when it first heard of a process (None: it did).
    """

    processes: Sequence[ReportedProcess]
    seen: Sequence[Seen]
    new: Sequence[NewProcess]
    trouble: EdrError | None


class ProcessReader:
    """The process search, read in the order in which processes reach the server."""

    def __init__(
        self,
        sources: Sources,
        arguments: InputArguments,
        pause: Callable[[float], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Store whom to ask, what the admin said, and how to wait; nothing is asked yet."""
        self._sources = sources
        self._arguments = arguments
        self._pause = pause
        self._lookups = Lookups(sources)
        self._clock = clock
        self._begin = ""
        self._waits_for_lookups = True
        self._search: Search | None = None
        self._lock = threading.Lock()
        self._pages = 0
        self._earlier_requests = 0
        self._lessons = Lessons(sources, clock()) if arguments.is_learning else None

    @property
    def clock_offset(self) -> float | None:
        """By how many seconds the server's clock was ahead when it last answered (None: nobody knows)."""
        return self._sources.pages.clock_offset

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        asked = self._search.requests if self._search else 0
        return self._sources.requests + self._earlier_requests + asked

    def reload(self) -> None:
        """Read account and settings anew."""
        self._sources.reload()
        self._end_search()
        self._lookups.reload()
        self._waits_for_lookups = True

    def fetch(self, cursor: Cursor, started: str, rows: int, until: str = "") -> Page[ReportedProcess]:
        """Fetch a page of processes; which of them are older than `started` is found out when it is prepared."""
        self._begin = started
        request = PageRequest(cursor.second, rows, cursor.skip, self._arguments.query, until)
        return self._sources.pages.process_page(request)

    def count(self, since: str, until: str) -> int:
        """Ask how many segments there are."""
        return self._sources.pages.count_processes(PageRequest(since, 0, 0, self._arguments.query, until))

    def terms(self) -> list[str]:
        """Ask which terms the server makes of the query."""
        return self._sources.pages.process_terms(self._arguments.query)

    def count_unseen(self, page: Page[ReportedProcess], recent: SeenKeys) -> int:
        """Return how many of a page's processes were never seen as they are."""
        return sum(not recent.has(sighting_of(process)) for process in page.read())

    def prepare(self, page: Page[ReportedProcess], recent: SeenKeys) -> Prepared:
        """Read the page, and ask what is to be asked about processes that look new."""
        return self._prepare(page.read(), recent)

    def _prepare(self, processes: Sequence[ReportedProcess], recent: SeenKeys) -> Prepared:
        processes, seen, new = self._completed(processes, list(map(sighting_of, processes)), recent)
        beginnings, late = self._lookups.beginnings(new, self._begin, self._clock())
        new = [process for process in new if process.guid in beginnings]
        by_guid = {one.key: one for one in seen}
        parents, trouble = self._lookups.parents(new, {process.guid: process.image for process in processes})
        records = [
            self._record(one, by_guid[one.guid], beginnings[one.guid], parents.get(one.parent_guid)) for one in new
        ]
        events = self._current_search().prefetch(records)
        sightings = (by_guid[one.guid] for one in new)
        found = map(NewProcess, new, sightings, (beginnings[one.guid] for one in new), records, events)
        return Prepared(processes, seen, list(found), late or trouble)

    def _completed(
        self, processes: Sequence[ReportedProcess], seen: Sequence[Seen], recent: SeenKeys
    ) -> tuple[Sequence[ReportedProcess], Sequence[Seen], list[ReportedProcess]]:
        """Return the page's processes and the new ones; what was written already is told of with all its segments."""
        new = {process.guid: process for process, one in zip(processes, seen) if not recent.has(one)}
        changed = [guid for guid in new if guid in recent]
        whole = self._lookups.whole(changed)
        if not whole:
            return processes, seen, list(new.values())
        processes = [whole.get(process.guid, process) for process in processes]
        seen = list(map(sighting_of, processes))
        return processes, seen, [process for process in processes if process.guid in new]

    def read(self, prepared: Prepared, recent: SeenKeys) -> Batch:
        """Make an event of each process that is new, or of which more is known; segments of one process are one."""
        prepared = self._looked_up(prepared, recent)
        new = [one for one in prepared.new if not recent.has(one.seen)]
        records = [dict(one.record) for one in new]
        self._enrich(records, [one.event for one in new])
        # A process that is written again, since more of it is known, is learnt once.
        unseen = [one for one in new if one.process.guid not in recent]
        is_new = [not recent.was_ever(one.process.guid) for one in new]
        learnt_from = [dict(record) for record, fresh in zip(records, is_new) if fresh] if self._lessons else ()
        return Batch(
            [self._event(record) for record in records],
            prepared.seen,
            learnt_from,
            list(filter(None, map(_clock_reading, new))),
            [one.seen.time for one in unseen],
            sum(0 <= (epoch_of(one.process.start) or math.inf) < recent.forgotten for one in unseen),
        )

    def written(self, batch: Batch) -> None:
        """Learn from what was written, and after enough pages add it to what is usual; what fails waits for later."""
        if self._lessons is not None:
            self._lessons.learn(batch.due)
            if self._pages % _PAGES_A_LESSON == 0:
                self._lessons.hand_over()

    def finish(self, recent: SeenKeys, flips_checked_until: float) -> Batch:  # noqa: ARG002 - the reader's own signature
        """Learn from the rest; what fails is tried a few times, for no learning may hold up what comes next."""
        for wait in WAITS if self._lessons is not None else ():
            if self._lessons is None or self._lessons.hand_over():
                break
            self._pause(wait)
        self._end_search()
        return Batch((), ())

    def _looked_up(self, prepared: Prepared, recent: SeenKeys) -> Prepared:
        """Look up once more what could not be had: what is not known of a parent does not block the noise."""
        for wait in WAITS if self._waits_for_lookups else ():
            if prepared.trouble is None or not prepared.trouble.reason.is_passing:
                break
            self._pause(wait)
            prepared = self._prepare(prepared.processes, recent)
        if prepared.trouble is not None:
            # Where the server is down or refuses the token, this raises and the page is tried again; else the event
            # says less.
            self._sources.pages.probe()
            if self._waits_for_lookups:
                prepared = self._prepare(prepared.processes, recent)
        # It is this query that fails, so later pages wait for it no more until it works again.
        self._waits_for_lookups = prepared.trouble is None
        return prepared

    def _record(self, process: ReportedProcess, seen: Seen, beginning: Beginning, parent: Image | None) -> Record:
        account = self._sources.account
        record: Record = {
            "time": "",
            ID_FIELD: f"{process.guid}@{self._sources.server}",
            REVISION_FIELD: str(
                revision_of(seen.known, process.updated)
            ),  # A process of which more comes to be known is written again.
            "cb_server": account.name,
        }
        record.update(event_of(process, parent))
        record[EVENT_TIME] = f"{beginning.time:.3f}"
        if beginning.endpoint_time:
            record[ENDPOINT_TIME_FIELD] = beginning.endpoint_time
        return record

    def _enrich(self, records: list[Record], events: Sequence[ProcessEvent]) -> None:
        """Add the fields of `| cbsigned`; what fails in passing is asked again, and in the end is unknown."""
        if not records:
            return
        self._pages += 1
        for wait in (*WAITS, 0.0):
            troubles = self._ask(records, events)
            if not wait or not any(reason.is_passing for reason in troubles):
                break
            self._pause(wait)
        if any(reason.is_passing or reason.is_account_unusable for reason in troubles):
            # Indexed events cannot be corrected later, so the server is probed first: where it is down or refuses the
            # token, this raises and the page is tried again; else the verdict itself is what cannot be had.
            self._sources.pages.probe()
            self._ask(records, events)

    def _ask(self, records: list[Record], events: Sequence[ProcessEvent]) -> set[Reason]:
        search = self._current_search()
        search.enrich(records, events)
        self._pause(0)  # Whoever stops has got no answers, and must not write that down.
        if search.troubles or self._pages % _PAGES_A_SEARCH == 0:
            self._end_search()
        return search.troubles

    def _current_search(self) -> Search:
        with self._lock:
            if self._search is None:
                options = EnrichOptions(seconds=600.0, has_anomaly=True, has_names=self._sources.needs_names)
                self._search = Search(self._sources, self._sources, options)
            return self._search

    def _end_search(self) -> None:
        with self._lock:
            if self._search is not None:
                self._earlier_requests += self._search.requests
                self._search = None

    def _event(self, record: Record) -> Event:
        moment = float(str(record.pop(EVENT_TIME)))
        for name in LONG_FIELDS:
            if name in record:
                record[name] = record.pop(name)
        return Event(moment, SOURCETYPE, worth_indexing(record))


def _clock_reading(new: NewProcess) -> ClockReading | None:
    endpoint, offset, began = new.process.fields.get("dest"), new.beginning.clock_offset, epoch_of(new.process.start)
    return ClockReading(endpoint, offset, began) if endpoint and offset is not None and began is not None else None
