"""New binaries: into the verdict store before a search asks, and what changed its signature."""

from __future__ import annotations

import logging
import time
from itertools import islice
from typing import TYPE_CHECKING, Callable, Iterable, Sequence

from cbverdict.anomalies.decayed_counts import generation_of
from cbverdict.anomalies.gathering import Gatherer, What
from cbverdict.anomalies.lessons import new_lesson
from cbverdict.carbonblack.port import Page, PageRequest, ReportedBinary
from cbverdict.carbonblack.times import epoch_of
from cbverdict.errors import StoreError
from cbverdict.events.times import write_time
from cbverdict.inputs.beginnings import plausible_time
from cbverdict.inputs.binaries.binary_events import FLIP_SOURCETYPE, SOURCETYPE, event_of, flip_of
from cbverdict.inputs.progress.seen_keys import Seen
from cbverdict.inputs.reader import ID_FIELD, REVISION_FIELD, Batch, Event
from cbverdict.service.verdict_api import MAX_QUESTIONS, VerdictRequest
from cbverdict.verdicts.cached_verdict import keep, store_key
from cbverdict.verdicts.evidence import Evidence, Question
from cbverdict.verdicts.verdict import Verdict, judge

if TYPE_CHECKING:
    from cbverdict.anomalies.baselines import Baselines
    from cbverdict.inputs.arguments import InputArguments
    from cbverdict.inputs.progress.cursor import Cursor
    from cbverdict.inputs.progress.seen_keys import SeenKeys
    from cbverdict.inputs.sources import Sources
    from cbverdict.verdicts.cached_verdict import StoredVerdict

logger = logging.getLogger(__name__)

_AHEAD = 86400.0
"""Seconds before its time is over that a kept verdict is asked anew, so that no search need wait for it."""

_BEHIND = 7 * 86400.0
"""Likewise after: what ran out while the input did not run."""

_MAX_REFRESHED = 5 * MAX_QUESTIONS  # a run
_FLIP_OVERLAP = 600.0
"""Seconds by which the clock of another search head that noticed a flip may be behind."""

_REFRESH_SECONDS = 300.0


class BinaryReader:
    """The binary search, read in the order in which binaries reach the server."""

    def __init__(self, sources: Sources, arguments: InputArguments, clock: Callable[[], float] = time.time) -> None:
        """Store whom to ask and what the admin said; nothing is asked yet."""
        self._sources = sources
        self._arguments = arguments
        self._clock = clock
        self._unsaved_baselines: Baselines = {}
        self._lesson = new_lesson()
        self._refresh_requests = 0

    @property
    def clock_offset(self) -> float | None:
        """By how many seconds the server's clock was ahead when it last answered (None: nobody knows)."""
        return self._sources.pages.clock_offset

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self._sources.requests + self._refresh_requests

    def reload(self) -> None:
        """Read account and settings anew."""
        self._sources.reload()

    def fetch(self, cursor: Cursor, started: str, rows: int, until: str = "") -> Page[ReportedBinary]:
        """Fetch a page of binaries."""
        since = max(cursor.second, started)
        return self._sources.pages.binary_page(PageRequest(since, rows, cursor.skip, self._arguments.query, until))

    def count(self, since: str, until: str) -> int:
        """Ask how many binaries there are."""
        return self._sources.pages.count_binaries(PageRequest(since, 0, 0, self._arguments.query, until))

    def terms(self) -> list[str]:
        """Ask which terms the server makes of the query."""
        return self._sources.pages.binary_terms(self._arguments.query)

    def count_unseen(self, page: Page[ReportedBinary], recent: SeenKeys) -> int:
        """Return how many of a page's binaries were never seen with their signature."""
        return sum(_key(binary) not in recent for binary in page.read())

    def prepare(self, page: Page[ReportedBinary], recent: SeenKeys) -> Sequence[ReportedBinary]:  # noqa: ARG002
        """Read the page: nothing is asked for a binary."""
        return page.read()

    def read(self, prepared: Sequence[ReportedBinary], recent: SeenKeys) -> Batch:
        """Make an event of each binary that is new, or whose signature was reported or changed since."""
        expired_is_signed = self._sources.settings.verdicts.expired_is_signed
        events, keys, judged, new = [], [], [], []
        for binary in prepared:
            signature = binary.signature
            key = _key(binary)
            reached = int(max(epoch_of(binary.reached) or 0.0, 0.0))
            keys.append(Seen(key, time=reached))
            verdict = judge(Evidence(signature=signature), expired_is_signed=expired_is_signed)
            if signature.is_collected:
                judged.append((Question(binary.md5), verdict, not recent.was_ever(key)))
            if key not in recent:
                events.append(self._event(binary, verdict))
                new.append(reached)
        return Batch(events, keys, judged, new=new)

    def written(self, batch: Batch) -> None:
        """Keep the verdicts; a change of signature is noticed by that."""
        judged: dict[Question, Verdict] = {question: verdict for question, verdict, _ in batch.due}
        settings = self._sources.settings
        account = settings.own_account.without_secret
        if judged:
            store = settings.store()
            found = store.read(account.name, list(judged))
            old = {question: stored for question, stored in found.items() if stored.is_of(account.host)}
            now = self._clock()
            kept = (
                keep(
                    account.name, question, settings.verdicts.document_basis, verdict, old=old.get(question),
                    lifetimes=settings.verdicts.lifetimes, now=now, host=account.host,
                )
                for question, verdict in judged.items()
                if _is_news(old.get(question), verdict, now)
            )  # fmt: skip
            new = list(filter(None, kept))
            if new:
                store.write(new)
        if self._arguments.is_learning:
            self._learn_signers({question: verdict for question, verdict, is_new in batch.due if is_new}.values())

    def finish(self, recent: SeenKeys, flips_checked_until: float) -> Batch:
        """Ask anew what is about to run out, and tell whose signature changed, whoever noticed."""
        if self._unsaved_baselines:
            try:
                self._sources.learn(self._unsaved_baselines, self._lesson)
            except StoreError as error:
                logger.warning("learn publishers trouble=%r", str(error))
            self._unsaved_baselines, self._lesson = {}, new_lesson()
        settings = self._sources.settings
        store, server, now = settings.store(), settings.own_account.name, self._clock()
        due = store.running_out(server, now + min(_AHEAD, settings.verdicts.lifetimes.not_signed / 2), now - _BEHIND)
        self._refresh([stored.question for stored in due[:_MAX_REFRESHED]])
        flips = store.flips(server, flips_checked_until - _FLIP_OVERLAP)
        events = [(self._flip_id(flip), flip) for flip in flips]
        return Batch(
            [self._flip(key, flip) for key, flip in events if key not in recent],
            [Seen(key, time=int(flip.flipped or now)) for key, flip in events],
        )

    def _refresh(self, questions: Iterable[Question]) -> None:
        pending = iter(questions)
        while True:
            part = tuple(islice(pending, MAX_QUESTIONS))
            if not part:
                return
            request = VerdictRequest(part, seconds=_REFRESH_SECONDS, has_names=True, is_refreshed=True)
            reply = self._sources.ask(request)
            self._refresh_requests += reply.requests
            logger.info("refresh verdicts=%d requests=%d", len(part), reply.requests)
            if reply.troubles:
                logger.warning("refresh trouble=%r", reply.troubles[0].message)
                return

    def _learn_signers(self, verdicts: Iterable[Verdict]) -> None:
        gatherer, generation = Gatherer(self._unsaved_baselines), generation_of(int(self._clock() // 86400))
        for verdict in verdicts:
            if verdict.signature and verdict.signature.names_publisher:
                gatherer.add_program(What(publisher=verdict.signature.publisher), generation)

    def _event(self, binary: ReportedBinary, verdict: Verdict) -> Event:
        account, status = self._sources.account, binary.signature.result or "unknown"
        own = {
            ID_FIELD: f"{binary.md5}:{status}@{self._sources.server}",
            REVISION_FIELD: "0",
            "cb_server": account.name,
        }
        fields = {"time": "", **own, **event_of(binary, verdict)}
        return Event(plausible_time(binary.reached, self._clock()), SOURCETYPE, fields)

    def _flip(self, key: str, flip: StoredVerdict) -> Event:
        flipped = flip.flipped or self._clock()
        fields = flip_of(flip, write_time(flipped))
        fields[ID_FIELD] = key
        fields[REVISION_FIELD] = "0"
        fields["cb_server"] = flip.server
        return Event(flipped, FLIP_SOURCETYPE, fields)

    @staticmethod
    def _flip_id(flip: StoredVerdict) -> str:
        return f"flip:{store_key(flip.server, flip.question)}:{flip.flipped or 0:.3f}"


def _key(binary: ReportedBinary) -> str:
    return f"{binary.md5}:{binary.signature.result.lower()}"


def _is_news(old: StoredVerdict | None, verdict: Verdict, now: float) -> bool:
    return old is None or old.expires < now + _AHEAD or old.verdict.signature != verdict.signature
