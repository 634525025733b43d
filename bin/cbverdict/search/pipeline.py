"""One search's work behind the command: rows enriched, by the codec where it can, and nothing lost by a defect."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Callable, Sequence

from cbverdict.errors import Trouble
from cbverdict.events.columns import GUID_FIELDS
from cbverdict.search.enrich_options import EnrichOptions
from cbverdict.search.risk_columns import RiskObjects
from cbverdict.search.row_codec import EnrichedRow, Read, Reply, RowCodec
from cbverdict.search.tally import summary
from cbverdict.search.verdict_columns import Enricher
from cbverdict.settings.verdicts import Method
from cbverdict.verdicts.reasons import Reason

if TYPE_CHECKING:
    from cbverdict.anomalies.detector import Anomalies
    from cbverdict.anomalies.known_baselines import BaselineSource
    from cbverdict.anomalies.reference_lists import Lists
    from cbverdict.events.event import ProcessEvent
    from cbverdict.events.times import Zone
    from cbverdict.search.anomaly_columns import RowScorer
    from cbverdict.search.file_answers import VerdictSource
    from cbverdict.search.verdict_columns import Enriched, Record

logger = logging.getLogger(__name__)

_DAY = 86400.0
_NO_TIME = (
    "{} have no time that can be read (_time, firstTime, lastTime), so their hour is not judged: eval "
    '_time=strptime(<column>, "<format>") before the command makes one.'
)
_UNREAD = "{} have an end of their time that cannot be read, so that its hour is not judged."
_NOBODY = "{} name nobody, so nobody's habits were compared."
_NOTHING_LEARNT = "Nothing is known yet of what is usual: an admin runs cbsignedlearn, or enables its saved search."


def read_options(*, method: str | None, risk_objects: str = RiskObjects.USER.value, **options: Any) -> EnrichOptions:  # noqa: ANN401 - each has its own type
    """Make the enricher's options of the command's."""
    return EnrichOptions(method=Method(method) if method else None, risk_objects=RiskObjects(risk_objects), **options)


class Search:
    """What the command keeps for one search."""

    def __init__(
        self,
        verdicts: VerdictSource,
        baselines: BaselineSource | None,
        options: EnrichOptions,
        read: Read | None = None,
        zone: Callable[[], Zone | None] = lambda: None,
        lists: Callable[[], Lists] | None = None,
    ) -> None:
        """Store whom to ask, what the analyst chose, and the SDK's reader (None: no search); nothing is asked yet.

        Without baselines no row is scored.

        `zone` asks for the search's time zone, `lists` for the lookups (None: those of the app).
        """
        self._enricher = Enricher(verdicts, options)
        self._anomalies: Anomalies | None = None
        self._scorer: RowScorer | None = None
        if baselines is not None and (options.has_anomaly or options.has_risk):
            # Half of what there is to import; a search for verdicts alone has no use for it.
            from cbverdict.anomalies.detector import Anomalies  # noqa: PLC0415 - see above
            from cbverdict.events.times import TimeReader  # noqa: PLC0415 - see above
            from cbverdict.search.anomaly_columns import RowScorer  # noqa: PLC0415 - see above
            from cbverdict.splunkd.lookup_files import read_lists  # noqa: PLC0415 - see above

            self._anomalies = Anomalies(baselines, (lists or read_lists)())
            self._scorer = RowScorer(self._anomalies, options, TimeReader(time.time() + _DAY, zone))
        # What a risk message says varies by row and is not worth remembering: the SDK writes it. So does it where one
        # column says both what varies and what does not, for the codec takes these apart.
        varying = {*GUID_FIELDS, *(self._scorer.columns if self._scorer else ())}
        has_shared_column = not varying.isdisjoint(options.fields.columns(has_names=True))
        is_plain = not (has_shared_column or (self._scorer and options.has_risk))
        self._codec: RowCodec | None = None
        if read and is_plain:
            self._codec = RowCodec(
                read,
                self._enrich_and_score,
                self._scorer,
                passed=GUID_FIELDS,
                was_too_soon=self._was_too_soon,
                says_something=may_be_joined,
            )

    @property
    def has_trouble(self) -> bool:
        """Whether something went wrong that the analyst should hear of."""
        tally = self._enricher.tally
        return bool(tally.troubles or tally.missed or (self._anomalies and self._anomalies.troubles))

    @property
    def troubles(self) -> set[Reason]:
        """Why something went wrong so far."""
        anomalies = self._anomalies.troubles if self._anomalies else []
        return {trouble.reason for trouble in (*self._enricher.tally.troubles, *anomalies)}

    @property
    def requests(self) -> int:
        """How many requests Carbon Black got so far."""
        return self._enricher.tally.requests

    def reply(self, body: str) -> Reply | None:
        """Make the reply to a chunk (None: the SDK has to read and write it)."""
        if self._codec is None:
            return None
        try:
            reply = self._codec.reply(body)
        except Exception as error:
            logger.exception("action=reply defect=%s", type(error).__name__)
            return None
        if reply is not None:
            self._enricher.count(reply.tags)
        return reply

    def enrich(self, records: list[Record], events: Sequence[ProcessEvent] | None = None) -> list[Record]:
        """Enrich records, or pass them through as unknown; `events` are what `prefetch` gave for them."""
        enriched: list[Enriched] = []
        try:
            if events is None:
                events = self._enricher.read(records)
            if self._scorer is not None:
                self._scorer.expect_rows(events)
            enriched = self._enrich_beside(records, events)
            self._enricher.count(Counter(one.tag for one in enriched))
        except Exception as error:
            logger.exception("action=enrich defect=%s", type(error).__name__)
            self._enricher.mark_unknown(records, _defect(error))
        if self._scorer is not None:
            self._score(self._scorer, records, enriched)
        return records

    def _score(self, scorer: RowScorer, records: list[Record], enriched: list[Enriched]) -> None:
        try:
            scorer.mark_not_scored(records)  # Every field is on every record, whatever becomes of it.
            scorer.write(records, enriched)
        except Exception as error:
            logger.exception("action=score defect=%s", type(error).__name__)
            self._enricher.report(Trouble(Reason.SERVICE_ERROR, _defect(error)))

    def prefetch(self, records: list[Record]) -> list[ProcessEvent]:
        """Ask what will have to be asked about records, in another thread than the one that enriches them."""
        events = self._enricher.read(records)
        try:
            self._enricher.prefetch(events)
        except Exception as error:
            logger.exception("action=prefetch defect=%s", type(error).__name__)
        return events

    def summary(self) -> str:
        """Write in one message what the search came to."""
        said = []
        if self._scorer is not None and self._anomalies is not None:
            said.append(f"{self._scorer.noise} are signed noise.")
            if self._scorer.untimed:
                said.append(_NO_TIME.format(self._scorer.untimed))
            if self._scorer.unread:
                said.append(_UNREAD.format(self._scorer.unread))
            if self._scorer.unnamed and self._anomalies.has_learnt:
                said.append(_NOBODY.format(self._scorer.unnamed))
            if not self._anomalies.has_learnt and not self._anomalies.troubles:
                said.append(_NOTHING_LEARNT)
            said += [trouble.message for trouble in self._anomalies.troubles]
        return summary(self._enricher.tally, said)

    def _was_too_soon(self) -> bool:
        """Return once whether rows that were judged before would be judged otherwise by what is known since."""
        is_unread = self._anomalies is not None and self._anomalies.take_became_unread()
        return self._enricher.parents.take_was_too_soon() or is_unread

    def _enrich_and_score(self, records: list[Record]) -> Sequence[EnrichedRow]:
        enriched = self._enrich_beside(records, self._enricher.read(records))
        return enriched if self._scorer is None else self._scorer.score_processes(enriched)

    def _enrich_beside(self, records: list[Record], events: Sequence[ProcessEvent]) -> list[Enriched]:
        """Enrich records while baselines are read: two services that wait for splunkd, each for itself."""
        if self._scorer is None:
            return self._enricher.enrich(records, events)
        reading = threading.Thread(target=self._prefetch_baselines, args=(self._scorer, events))
        reading.start()
        try:
            return self._enricher.enrich(records, events)
        finally:
            reading.join()

    @staticmethod
    def _prefetch_baselines(scorer: RowScorer, events: Sequence[ProcessEvent]) -> None:
        try:
            scorer.prefetch(events)
        except Exception as error:  # It comes again where rows are scored, and is told there.
            logger.exception("action=prefetch_baselines defect=%s", type(error).__name__)


def may_be_joined(guids: Sequence[str]) -> bool:
    """Return whether one of these may be the identities of several processes, joined in one text (`mvjoin`)."""
    text = "".join(guids)
    return not (text.isascii() and text.isprintable()) or any(joint in text for joint in ",;| ")


def _defect(error: Exception) -> str:
    return f"a defect of cbsigned ({type(error).__name__}): see search.log"
