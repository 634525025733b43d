"""Learning from the rows of a search: a part on each indexer, put together on the search head."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Generic,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
    TypeVar,
    cast,
)
from zlib import crc32

from cbverdict.anomalies.active_hours import HOURS, SLOTS
from cbverdict.anomalies.baselines import (
    MAX_NAME,
    Baselines,
    SubjectKind,
    baseline_name,
    program_kind,
    read_baseline,
    read_subject,
    write_baseline,
)
from cbverdict.anomalies.decayed_counts import generation_of, totals
from cbverdict.anomalies.gathering import Gatherer, What, Who
from cbverdict.anomalies.lessons import lesson_of
from cbverdict.anomalies.local_time import Clocks
from cbverdict.errors import InvalidRequestError
from cbverdict.events.columns import OTHER_TIME_FIELDS, TIME_FIELD, EventFields
from cbverdict.events.event import read_events
from cbverdict.events.people import person_of
from cbverdict.events.texts import Record, columns_of, first_text
from cbverdict.events.times import QUARTER, TimeReader
from cbverdict.verdicts.signature import SIGNATURE_COLUMNS

if TYPE_CHECKING:
    from cbverdict.anomalies.local_time import LocalClock
    from cbverdict.anomalies.reference_lists import Lists
    from cbverdict.verdicts.hashes import FieldValue

Found = TypeVar("Found")

PUBLISHER_FIELD = SIGNATURE_COLUMNS["publisher"]
SUBJECT = "cbsigned_subject"
BASELINE = "cbsigned_baseline"
ROWS = "cbsigned_rows"
SKIPPED = "cbsigned_skipped"
SPAN = "cbsigned_span"
PART_FIELDS = (SUBJECT, BASELINE, ROWS, SKIPPED, SPAN)
"""What a part is handed on as: rows of a baseline each, the first with the counts."""

_DAY = 86400.0
_ROWS_AT_ONCE = 10_000
_MAX_DISTINCT = 50_000
_MOST_TIMES = 2**63
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

    `first` and `last` are the quarters of an hour of its earliest row and of its latest, counted since 1970; `times` is
    a sum over the texts of all times, which tells rows of other times from these, in whatever pieces they come.
    """

    baselines: Baselines = field(default_factory=dict)
    rows: int = 0
    skipped: int = 0
    first: float = math.inf
    last: float = -math.inf
    times: int = 0
    parts_read: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        """Prepare what adds rows to the baselines."""
        self._gatherer: Gatherer | None = None

    @property
    def gatherer(self) -> Gatherer:
        """What adds rows to the baselines."""
        if self._gatherer is None:
            self._gatherer = Gatherer(self.baselines)
        return self._gatherer

    @property
    def last_day(self) -> int | None:
        """The day of the latest row, since 1970 in UTC (None: there is none)."""
        return None if math.isinf(self.last) else int(self.last * QUARTER // _DAY)

    def note(self, quarters: Sequence[int | None], times: Iterable[str]) -> None:
        """Count rows, which began in these quarters of an hour (None: nobody knows when), at these times."""
        self.times = (self.times + sum(crc32(time.encode("utf-8", "replace")) for time in times)) % _MOST_TIMES
        timed = [quarter for quarter in quarters if quarter is not None]
        self.rows += len(quarters)
        self.skipped += len(quarters) - len(timed)
        if timed:
            first, last = min(timed), max(timed)
            self.first, self.last = min(self.first, first), max(self.last, last)

    @property
    def lesson(self) -> str:
        """The id of what was learnt: the same rows make the same lesson, in however many pieces they came."""
        return lesson_of(self.baselines, (self.rows, self.skipped, self.first, self.last, self.times))

    def parts(self) -> Iterator[Dict[str, str]]:
        """Write it as rows."""
        span = f"{self.first:.0f} {self.last:.0f} {self.times}" if self.rows > self.skipped else ""
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
        if row.get(SPAN):
            first, last, times = map(int, str(row[SPAN]).split())
            self.first, self.last = min(self.first, first), max(self.last, last)
            self.times = (self.times + times) % _MOST_TIMES
        if row.get(SUBJECT):
            subject, baseline = read_subject(row[SUBJECT]), read_baseline(row[BASELINE])
            known = self.baselines.get(subject)
            self.baselines[subject] = known.merge(baseline) if known else baseline

    @property
    def names_nobody(self) -> bool:
        """Whether no row that was learnt names a person."""
        return self.rows > self.skipped and not any(one.kind is SubjectKind.PERSON for one in self.baselines)

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
        self._named = {*columns(fields)}
        self._of_name = {*fields.name, *fields.parent_name}
        self._of_who, self._of_when = {*fields.who()}, {TIME_FIELD, *OTHER_TIME_FIELDS}
        self._whats, self._whos = _Distinct(self._read_whats), _Distinct(self._read_whos)

    def learn(self, records: Iterable[Record], result: TrainingResult | None = None) -> TrainingResult:
        """Learn from rows, and add that to a result (None: a new one)."""
        result = TrainingResult() if result is None else result
        pending = iter(records)
        while part := list(islice(pending, _ROWS_AT_ONCE)):
            # What splunkd adds (_chunked_idx) tells rows apart that are alike.
            there = {name for name in columns_of(part) if name in self._named or not name.startswith("_")}
            of_what = there.difference(self._of_who, self._of_when) | there.intersection(self._of_name)
            whats = self._whats.of(part, of_what)
            whos = self._whos.of(part, there.intersection(self._of_who))
            quarters, times = self._quarters(part, there)
            result.note(quarters, times)
            self._add(result.gatherer, whats, whos, quarters)
        return result

    @staticmethod
    def _add(
        gatherer: Gatherer,
        whats: Sequence[What],
        whos: Sequence[tuple[Who, LocalClock]],
        quarters: Sequence[int | None],
    ) -> None:
        """Add rows, of whom and of when."""
        by_generation: Dict[int, list[What]] = {}
        started: list[What] = []
        last: tuple[LocalClock, int] | None = None
        moment, generation = (0, 0), 0
        for what, (who, clock), quarter in zip(whats, whos, quarters):
            if quarter is None:
                continue
            if last is None or last[1] != quarter or last[0] is not clock:  # Rows come in the order of their times.
                day, slot = clock.at(quarter)
                last, moment, generation = (clock, quarter), (day, slot % SLOTS * HOURS // SLOTS), generation_of(day)
                started = by_generation.setdefault(generation, [])
            gatherer.add_person(who, what[0], moment, generation)
            started.append(what)
        for generation, programs in by_generation.items():
            for what, times in Counter(programs).items():
                gatherer.add_program(what, generation, times)

    def _quarters(self, rows: Sequence[Record], there: set[str]) -> tuple[list[int | None], list[str]]:
        """Return when rows began, in quarters of an hour since 1970 (None: they do not say), and the texts of that."""
        with suppress(TypeError):  # a row without a time, or with several
            times = cast("list[str]", [record.get(TIME_FIELD) for record in rows])
            if there.isdisjoint(OTHER_TIME_FIELDS) and "\n" not in "".join(times):
                return self._reader.quarters(times), times
        all_times = [(event.time, *event.other_times) for event in read_events(rows, self._fields)]
        found = (self._reader.ends(several)[0] for several in all_times)
        return [next(iter(quarters), None) for quarters in found], list(map("|".join, all_times))

    def _read_whats(self, rows: Sequence[Record]) -> Iterator[What]:
        for record, event in zip(rows, read_events(rows, self._fields)):
            publisher = first_text(record, (PUBLISHER_FIELD,))
            yield What(
                process=program_kind(event.process.name),
                parent=program_kind(event.parent.name),
                publisher=publisher if publisher and len(publisher) <= MAX_NAME else None,
            )

    def _read_whos(self, rows: Sequence[Record]) -> Iterator[tuple[Who, LocalClock]]:
        for event in read_events(rows, self._fields):
            # Of several people nobody knows who did it: what one of them does must not become another's habit.
            person = None if event.other_users else person_of(event.user)
            member = self._lists.roster.member(person, event.team)
            team = baseline_name(member.team) if person else None
            yield Who(person, team), self._clocks.of(member)


class _Distinct(Generic[Found]):
    """What rows come to that are alike in some columns, found out once."""

    def __init__(self, read: Callable[[Sequence[Record]], Iterable[Found]]) -> None:
        self._read = read
        self._columns: tuple[str, ...] = ()
        self._known: Dict[Any, Found] = {}

    def of(self, rows: Sequence[Record], columns: Iterable[str]) -> list[Found]:
        """Return what each row comes to by these columns."""
        names = tuple(sorted(columns))
        if names != self._columns or len(self._known) > _MAX_DISTINCT:
            self._columns, self._known = names, {}
        known = self._known
        try:
            keys = list(map(itemgetter(*names), rows)) if names else [()] * len(rows)
            new = {key: record for key, record in zip(keys, rows) if key not in known}
        except (KeyError, TypeError):  # a row without one of the columns, or a multivalue
            keys = [tuple([_hashable(record.get(name)) for name in names]) for record in rows]
            new = {key: record for key, record in zip(keys, rows) if key not in known}
        if new:
            told = [{name: record[name] for name in names if name in record} for record in new.values()]
            known.update(zip(new, self._read(told)))
        return [known[key] for key in keys]


def _hashable(value: FieldValue) -> object:
    return tuple(value) if isinstance(value, list) else value
