"""Learning from the rows of a search: a part on each indexer, put together on the search head."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, Mapping

from cbverdict.anomalies.active_hours import HOURS, SLOTS
from cbverdict.anomalies.baselines import (
    MAX_NAME,
    Baselines,
    Sighting,
    SubjectKind,
    baseline_name,
    learn,
    program_kind,
    read_baseline,
    read_subject,
    write_baseline,
)
from cbverdict.anomalies.decayed_counts import totals
from cbverdict.anomalies.lessons import lesson_of
from cbverdict.anomalies.local_time import Clocks
from cbverdict.errors import InvalidRequestError
from cbverdict.events.columns import OTHER_TIME_FIELDS, TIME_FIELD, EventFields
from cbverdict.events.event import read_events
from cbverdict.events.people import person_of
from cbverdict.events.texts import Record, first_text
from cbverdict.events.times import TimeReader
from cbverdict.verdicts.signature import SIGNATURE_COLUMNS

if TYPE_CHECKING:
    from cbverdict.anomalies.reference_lists import Lists
    from cbverdict.events.event import ProcessEvent

PUBLISHER_FIELD = SIGNATURE_COLUMNS["publisher"]
SUBJECT = "cbsigned_subject"
BASELINE = "cbsigned_baseline"
ROWS = "cbsigned_rows"
SKIPPED = "cbsigned_skipped"
SPAN = "cbsigned_span"
PART_FIELDS = (SUBJECT, BASELINE, ROWS, SKIPPED, SPAN)
"""What a part is handed on as: rows of a baseline each, the first with the counts."""

_DAY = 86400.0
_ROWS_AT_ONCE = 1000
_NO_PART = (
    "rows arrived that its first half, on the indexers, has not read: nothing is learnt. "
    "Install the same version on all search heads and restart Splunk"
)


def columns(fields: EventFields) -> list[str]:
    """Return the columns that are learnt from."""
    return [
        *dict.fromkeys([*fields.name, *fields.parent_name, *fields.who()]),
        PUBLISHER_FIELD,
        *OTHER_TIME_FIELDS,
        TIME_FIELD,
    ]


@dataclass
class TrainingResult:
    """What was learnt from so many rows; those without a usable time are skipped.

    `first` and `last` are the quarters of an hour of its earliest row and of its latest, counted since 1970.
    """

    baselines: Baselines = field(default_factory=dict)
    rows: int = 0
    skipped: int = 0
    first: float = math.inf
    last: float = -math.inf
    parts_read: int = field(default=0, compare=False)

    @property
    def lesson(self) -> str:
        """The id of what was learnt: the same rows make the same lesson, in however many pieces they came."""
        return lesson_of(self.baselines, (self.rows, self.skipped, self.first, self.last))

    def parts(self) -> Iterator[Dict[str, str]]:
        """Write it as rows."""
        span = f"{self.first:.0f} {self.last:.0f}" if self.rows > self.skipped else ""
        yield {SUBJECT: "", BASELINE: "", ROWS: str(self.rows), SKIPPED: str(self.skipped), SPAN: span}
        for subject, baseline in self.baselines.items():
            yield {SUBJECT: subject.key, BASELINE: write_baseline(baseline), ROWS: "", SKIPPED: "", SPAN: ""}

    def add_part(self, row: Mapping[str, Any]) -> None:
        """Add a row of a part.

        Raises:
            InvalidRequestError: it is none of this version, or no part at all.
        """
        if SUBJECT not in row or ROWS not in row:
            raise InvalidRequestError(_NO_PART)
        self.parts_read += 1
        self.rows += int(row.get(ROWS) or 0)
        self.skipped += int(row.get(SKIPPED) or 0)
        for quarter in map(float, str(row.get(SPAN) or "").split()):
            self.first, self.last = min(self.first, quarter), max(self.last, quarter)
        if row.get(SUBJECT):
            subject, baseline = read_subject(row[SUBJECT]), read_baseline(row[BASELINE])
            known = self.baselines.get(subject)
            self.baselines[subject] = known.merge(baseline) if known else baseline

    def report(self, action: str) -> Iterator[Dict[str, str]]:
        """Return what was learnt, a row for each kind of baseline."""
        for kind in SubjectKind:
            found = [baseline for subject, baseline in self.baselines.items() if subject.kind is kind]
            names = {name for baseline in found for name in totals(baseline.names)}
            days = {day for baseline in found for day in baseline.days}
            yield {
                "action": action,
                "kind": kind.value,
                "baselines": str(len(found)),
                "processes": str(len(names)),
                "active_days": str(len(days)) if kind is SubjectKind.PERSON else "",
                "waiting": str(len({name for baseline in found for name in totals(baseline.waiting)})),
                "rows": str(self.rows),
                "skipped": str(self.skipped),
            }


class Learner:
    """Learn from rows, in the time zone of the person that each is about."""

    def __init__(self, lists: Lists, fields: EventFields, now: float) -> None:
        """Store the lists, which fields are read, and the time, for what lies in the future is a clock gone wrong."""
        self._lists = lists
        self._fields = fields
        self._reader = TimeReader(now + _DAY)
        self._clocks = Clocks(lists.holidays)

    def learn(self, records: Iterable[Record], result: TrainingResult | None = None) -> TrainingResult:
        """Learn from rows, and add that to a result (None: a new one)."""
        result = TrainingResult() if result is None else result
        pending = iter(records)
        while part := list(islice(pending, _ROWS_AT_ONCE)):
            result.rows += len(part)
            for record, event in zip(part, read_events(part, self._fields)):
                quarters, _ = self._reader.ends((event.time, *event.other_times))
                if quarters:
                    first, last = result.first, result.last
                    result.first, result.last = min(first, quarters[0]), max(last, quarters[0])
                    learn(result.baselines, self._sighting(record, event, quarters[0]))
                else:
                    result.skipped += 1
        return result

    def _sighting(self, record: Record, event: ProcessEvent, quarter: int) -> Sighting:
        # Of several people nobody knows who did it: what one of them does must not become another's habit.
        person = None if event.other_users else person_of(event.user)
        member = self._lists.roster.member(person, event.team)
        publisher = first_text(record, (PUBLISHER_FIELD,))
        moment = self._clocks.of(member).at(quarter)
        return Sighting(
            day=moment.day,
            hour=moment.slot % SLOTS * HOURS // SLOTS,
            person=person,
            team=baseline_name(member.team) if person else None,
            process=program_kind(event.process.name),
            parent=program_kind(event.parent.name),
            publisher=publisher if publisher and len(publisher) <= MAX_NAME else None,
        )
