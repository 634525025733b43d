"""Anomaly and risk fields on the rows of one search."""

from __future__ import annotations

import sys
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Dict, Iterable, Sequence, Tuple

from cbverdict.anomalies.explanations import several_of
from cbverdict.anomalies.scores import group_of
from cbverdict.anomalies.several_people import PeopleView
from cbverdict.events.columns import OTHER_TIME_FIELDS, TIME_FIELD
from cbverdict.events.people import accounts_of
from cbverdict.events.texts import first_text, has_several, texts_of
from cbverdict.search.anomaly_table import ANOMALY_FIELDS, BOOLEANS, Value, listed, texts_around, values_of
from cbverdict.search.risk_columns import RISK_FIELDS, Findings, risk_of
from cbverdict.search.scored_rows import Cells, Common, FirstRows, Person, ScoredProcess
from cbverdict.search.sdk_cells import LINE_END, pair_text
from cbverdict.verdicts.signed_noise import NOISE_FIELD

if TYPE_CHECKING:
    from cbverdict.anomalies.detector import Anomalies, Who
    from cbverdict.anomalies.explanations import Explanation
    from cbverdict.anomalies.scores import Part, Score
    from cbverdict.events.event import ProcessEvent
    from cbverdict.events.times import TimeReader
    from cbverdict.search.enrich_options import EnrichOptions
    from cbverdict.search.verdict_columns import Enriched, Record


_MAX_REASONS = 20_000
_MAX_BEGINNINGS = 10_000
_TEXT, _IS_NOISE = attrgetter("text"), attrgetter("is_noise")


class RowScorer:
    """Score rows whose verdicts are known; count `noise`, those without a time (`untimed`), of nobody (`unnamed`)."""

    def __init__(self, anomalies: Anomalies, options: EnrichOptions, reader: TimeReader) -> None:
        """Store what is usual, what the analyst chose, and what reads times."""
        self._reader = reader
        self._anomalies = anomalies
        self._prefix = options.prefix
        self._has_risk = options.has_risk
        self._risk_objects = options.risk_objects
        self._read = options.fields
        self.columns = [*options.fields.who(), *OTHER_TIME_FIELDS, TIME_FIELD]
        self.fields = [options.prefix + name for name in ANOMALY_FIELDS]
        self._groups: dict[tuple[str, int | None, str], str] = {}
        self._reasons: dict[tuple[Tuple[str, ...], Tuple[str, ...]], str] = {}
        self._expected: dict[Tuple[str, ...], Who] = {}
        self._people: dict[Tuple[str, ...], Person] = {}
        self._beginnings: dict[str, list[FirstRows]] = {}
        self._begun: set[str] = set()
        self._noted: list[str] = []
        self._has_odd = False
        self.noise = 0
        self.untimed = 0
        self.unnamed = 0
        self.unread = 0

    def prefetch(self, events: Sequence[ProcessEvent]) -> None:
        """Read what is usual for the programs of these rows and for the people who are expected, in one go.

        It may run in another thread than the one that asks for verdicts meanwhile.
        """
        self._anomalies.prepare(self._expected.values(), events)

    def score_processes(self, enriched: Sequence[Enriched]) -> list[ScoredProcess]:
        """Judge all but who and when."""
        anomalies = self._anomalies
        publishers = {one.verdict.signature.publisher for one in enriched if one.verdict.signature}
        anomalies.prepare(self._expected.values(), [one.event for one in enriched], publishers - {""})
        return [
            ScoredProcess(
                one.tag,
                one.is_lasting,
                anomalies.process_side(
                    one.event, one.verdict, one.parent_signed, one.of_parents, is_unanswered=one.is_parent_unanswered
                ),
            )
            for one in enriched
        ]

    def expect_people(self, whos: Sequence[Tuple[str, ...]]) -> None:
        """Hear of people whose rows are about to come, told by the values of `columns` but the time."""
        self._expected = {who: self._who(who) for who in whos}

    def expect_rows(self, events: Sequence[ProcessEvent]) -> None:
        """Hear of people by whole rows."""
        self._expected = {who: who for who in map(_who_of, events)}

    def load_people(self) -> None:
        """Read what is usual for the people who are expected."""
        self._anomalies.prepare(self._expected.values())
        self._people = {who: self._person(who, users) for who, users in self._expected.items()}

    def score_person(self, process: ScoredProcess, who: Tuple[str, ...], text: str) -> Common:
        """Judge all but the hour; `text` is what stands before the fields."""
        person = self._people[who]
        common = Common(text, is_unnamed=not person.view.person, is_unread=person.has_unread_end)
        self._has_odd = self._has_odd or common.is_unnamed or common.is_unread
        name = process.side.process
        if name is not None and self._anomalies.roll_outs.count_beginner(name, person.view):
            self._beginnings.setdefault(name, []).append(FirstRows(common, process, person))
            self._noted.append(name)
            self._begun.add(name)
        else:
            common.judge(self._cells(process, person))
        return common

    def _judge_beginnings(self) -> None:
        """Judge who began with a program, and anew who did so before, where so many have that it counts."""
        for name in self._begun:
            is_rolled_out = self._anomalies.roll_outs.is_rolled_out(name)
            for common, process, person in self._beginnings.get(name, ()):
                if is_rolled_out or not common.is_judged:
                    common.judge(self._cells(process, person))
        self._begun.clear()

    def _person(self, who: Tuple[str, ...], users: Who) -> Person:
        view, has_teams = self._anomalies.view(*users), has_several(dict(zip(self.columns, who)), self._read.team)
        several = several_of(has_users=isinstance(view, PeopleView), has_teams=has_teams)
        return Person(view, several, *self._both_ends(who))

    def _cells(self, process: ScoredProcess, person: Person) -> Cells:
        view, several, ends, has_unread_end = person
        part = self._anomalies.part(process.side.of_several(several) if several else process.side, view)
        part = part.of_ends(ends, is_unread=has_unread_end)
        before, left, right, gap, between, after = texts_around(part)
        return Cells(
            quarters=view.quarters,
            view=view,
            ends=ends,
            before=before,
            middle=sys.intern(f"{left}{pair_text(listed(part.reasons))}{right}"),
            gap=gap,
            lasts=_lasts(between, after),
            part=part,
        )

    def _both_ends(self, who: Tuple[str, ...]) -> tuple[Tuple[int, ...], bool]:
        """Return both ends of a time in quarters of an hour (none: the row has none), and whether one is not read."""
        ends = dict(zip(OTHER_TIME_FIELDS, who[-len(OTHER_TIME_FIELDS) :]))
        if not any(ends.values()):
            return (), False  # as of nearly all rows
        quarters, is_unread = self._reader.ends(list(texts_of(ends, OTHER_TIME_FIELDS)))
        return tuple(quarters), is_unread

    def texts(self, commons: Sequence[Common], times: Sequence[str]) -> list[str]:
        """Score rows; give the end of each as the SDK writes it; what rows have in common is written once.

        `Anomalies.score` says the same, and a test compares them.
        """
        if self._begun:
            self._judge_beginnings()
        if self._has_odd:  # as hardly any search
            self.unnamed += sum(one.is_unnamed for one in commons)
            self.unread += sum(one.is_unread for one in commons)
        texts: list[str] = []
        for quarter, rows in self._reader.runs(times):
            some = commons[len(texts) : len(texts) + rows]
            self._turn_to(quarter, {*some})
            texts += map(_TEXT, some)
            self.noise += sum(map(_IS_NOISE, some))
            self.untimed += sum(not one.cells.ends for one in some) if quarter is None else 0
        for known in (self._reasons, self._groups):
            if len(known) > _MAX_REASONS:
                known.clear()
        return texts

    def _turn_to(self, quarter: int | None, commons: Iterable[Common]) -> None:
        """Write the ends of rows anew that are of another quarter of an hour than the last of their like."""
        for common in commons:
            if common.quarter == quarter:
                continue
            cells = common.cells
            hour = cells.quarters.get(quarter) or cells.view.at(quarter)
            if cells.ends:
                hour = cells.view.oddest(cells.ends if quarter is None else (quarter, *cells.ends)) or hour
            if hour is not common.hour or common.has_group:  # a group names the day
                self._write_row(common, quarter, hour)
            common.quarter = quarter

    def _write_row(self, common: Common, quarter: int | None, hour: Explanation) -> None:
        """Write the end of rows whose hour is judged like this."""
        cells = common.cells
        part, middle = cells.part, cells.middle
        score = part.score_at(hour)
        if hour.reasons:
            middle = self._reasons.get((hour.reasons, part.reasons)) or self._with_hour(hour, part)
        is_noise = part.is_noise(hour, score)
        shown, has_group = ("", False) if score is None else (f"{score:.1f}", score >= self._anomalies.threshold)
        group = self._group(cells, quarter, hour) if has_group else ""
        common.text = f"{common.head}{cells.before}{shown}{middle}{hour.text}{cells.gap}{group}{cells.lasts[is_noise]}"
        common.is_noise, common.hour, common.has_group = is_noise, hour, has_group

    def _group(self, cells: Cells, quarter: int | None, hour: Explanation) -> str:
        when = next(iter(cells.ends), None) if quarter is None else quarter
        key = cells.part.who, None if when is None else cells.view.day(when), cells.part.cause(hour)
        text = self._groups.get(key)
        if text is None:
            text = self._groups[key] = pair_text(group_of(*key))[:-1]
        return text

    def _with_hour(self, hour: Explanation, part: Part) -> str:
        _, left, right, *_ = texts_around(part)
        text = f"{left}{pair_text(listed(hour.reasons + part.reasons))}{right}"
        self._reasons[hour.reasons, part.reasons] = text
        return text

    def write(self, records: Sequence[Record], enriched: Sequence[Enriched]) -> None:
        """Add the fields to each record, in place."""
        self.expect_rows([one.event for one in enriched])
        processes = self.score_processes(enriched)
        views = [self._anomalies.view(*_who_of(one.event)) for one in enriched]
        for process, view in zip(processes, views):
            name = process.side.process
            if self._anomalies.roll_outs.count_beginner(name, view) and name is not None:
                self._begun.add(name)  # what was written before of who begins with it is judged anew
        starts = self._reader.quarters([one.event.time for one in enriched])
        for record, one, process, view, start in zip(records, enriched, processes, views, starts):
            ends, is_unread = self._reader.ends(one.event.other_times)
            quarters = ends if start is None else list(dict.fromkeys([start, *ends]))
            score = self._anomalies.score(process.side, view, quarters)
            score = score._replace(part=score.part.of_ends(ends, is_unread=is_unread))
            self.unread += is_unread
            self.noise += score.is_noise
            self.untimed += not quarters
            self.unnamed += not view.person
            record.update(zip(self.fields, values_of(score)))
            if self._has_risk:
                record.update(self._risk(one, score))
        self.forget()

    def counted(self) -> tuple[int, int, int, int]:
        """Return what was counted of rows so far."""
        return self.noise, self.untimed, self.unnamed, self.unread

    def take_back(self, counted: tuple[int, int, int, int]) -> None:
        """Count only that, for the rows since are written once more."""
        self.noise, self.untimed, self.unnamed, self.unread = counted

    def forget(self, *, are_kept: bool = True) -> bool:
        """Forget people and parents where they have become too many, so that memory does not grow with the search.

        And first rows since the last time, where nobody holds on to them (not `are_kept`): none is to be made anew.
        """
        for process in () if are_kept else self._noted:
            self._beginnings[process].pop()
        self._noted.clear()
        self._anomalies.forget_quarters()
        is_full = self._anomalies.is_full or sum(map(len, self._beginnings.values())) > _MAX_BEGINNINGS
        if is_full:
            self._people.clear()
            self._beginnings.clear()
            self._anomalies.forget()
        return is_full

    def mark_not_scored(self, records: Sequence[Record]) -> None:
        """Return no opinion on any record."""
        fields = [*self.fields, *(self._prefix + name for name in RISK_FIELDS if self._has_risk)]
        nothing = {**dict.fromkeys(fields, ""), self._prefix + NOISE_FIELD: "false"}
        for record in records:
            record.update(nothing)

    def _risk(self, enriched: Enriched, score: Score) -> Dict[str, Value]:
        found = Findings(enriched.verdict, enriched.parent_signed, score.score, score.reasons, score.is_noise)
        return {
            self._prefix + name: value for name, value in risk_of(enriched.event, found, self._risk_objects).items()
        }

    def _who(self, who: Tuple[str, ...]) -> Who:
        values = dict(zip(self.columns, who))
        user, *others = accounts_of(values, self._read.user, self._read.other_user) or ("",)
        return user, first_text(values, self._read.team) or "", *others


@lru_cache(maxsize=4096)
def _lasts(between: str, after: str) -> tuple[str, str]:
    """Write what stands behind the group, of a row that is kept and of one that is dropped."""
    kept, dropped = (f"{between}{is_noise}{after}{LINE_END}" for is_noise in BOOLEANS)
    return kept, dropped


def _who_of(event: ProcessEvent) -> Who:
    return event.user, event.team, *event.other_users
