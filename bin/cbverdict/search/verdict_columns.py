"""Rows in, rows out: the same rows in the same order, with the verdict's fields on every one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Tuple, Union

from cbverdict.errors import Trouble
from cbverdict.events.event import ProcessEvent, read_events
from cbverdict.search.file_answers import FileAnswers
from cbverdict.search.parent_files import ParentFile, ParentFiles
from cbverdict.search.tally import Tally
from cbverdict.verdicts.reasons import Reason, Signed, Source
from cbverdict.verdicts.signed_noise import NOISE_FIELD
from cbverdict.verdicts.verdict import STATUS_FIELDS, Answer, JudgedFile, Verdict, fields_of, no_answer

if TYPE_CHECKING:
    from cbverdict.events.named_file import Process
    from cbverdict.search.enrich_options import EnrichOptions
    from cbverdict.search.file_answers import VerdictSource

Record = Dict[str, Union[str, List[str]]]
Tag = Tuple[Signed, Source, Reason]


class Enriched(NamedTuple):
    """What a record came to: what to count when its like comes again, whether that comes out alike, and of what."""

    tag: Tag
    is_lasting: bool
    event: ProcessEvent
    verdict: Verdict
    parent_signed: Signed
    is_parent_unanswered: bool = False
    of_parents: Tuple[JudgedFile, ...] = ()


class _VerdictColumns(NamedTuple):
    """What an answer comes to on a record: all its fields but `parent_signed`."""

    fields: Dict[str, str]
    tag: Tag
    is_lasting: bool
    verdict: Verdict


class _ParentAnswer(NamedTuple):
    """What was answered of the files that a row's parent may be."""

    signed: Signed
    is_unanswered: bool
    is_lasting: bool
    files: Tuple[JudgedFile, ...]


class Enricher:
    """Put verdicts on the rows of one search, remembering every answer for the rest of it."""

    def __init__(self, source: VerdictSource, options: EnrichOptions) -> None:
        """Store who answers and what the analyst chose; nothing is asked yet."""
        self._options = options
        self.parents = ParentFiles()
        self._parent_field = f"{options.prefix}parent_signed"
        self._not_judged = dict.fromkeys(_fields_of_noise_not_judged(options), "false")
        self.tally = Tally(columns_not_met=options.fields.named())
        self._answers = FileAnswers(source, options, self.tally)

    def enrich(self, records: list[Record], events: Sequence[ProcessEvent] | None = None) -> list[Enriched]:
        """Add the verdict columns in place; return one `Enriched` per row. `events` are as `read` returns them.

        Trouble becomes a reason on the row, never an exception. Nothing is counted: see `count`.
        """
        events = self.read(records) if events is None else events
        found_parents = self.parents.find(records, events, self._options.fields)
        files = [*(event.process for event in events), *(file for one in found_parents for file in one.files)]
        answers = self._answers.of(files)
        self.parents.hear(answers)
        enriched = []
        written: dict[Process, _VerdictColumns] = {}
        for record, event, found in zip(records, events, found_parents):
            one = written.get(event.process)
            if one is None:
                one = written[event.process] = self._write(answers[event.process])
            parent = self._judge_parent(event, found, answers)
            record.update(one.fields)
            record[self._parent_field] = parent.signed.value
            is_lasting = one.is_lasting and parent.is_lasting
            enriched.append(
                Enriched(one.tag, is_lasting, event, one.verdict, parent.signed, parent.is_unanswered, parent.files)
            )
        return enriched

    def _judge_parent(self, event: ProcessEvent, found: ParentFile, answers: Mapping[Process, Answer]) -> _ParentAnswer:
        """Say of a row's parent what was answered of its files; where that is nothing, ask of its own row's as well."""
        said = {file: answers[file] for file in found.files}
        signed = found.signed(list(said.values()))
        is_unanswered = event.has_odd_parent or found.is_in_doubt(list(said.values()))
        if signed is Signed.UNKNOWN and found.lineage is not None:
            of_row = self._answers.of(self.parents.find_row(event, found.lineage))
            is_unanswered |= any(answer.verdict.signed is Signed.FALSE for answer in of_row.values())
            said.update(of_row)
        files = tuple(JudgedFile(file.md5, answer.verdict) for file, answer in said.items())
        return _ParentAnswer(signed, is_unanswered, all(map(_is_lasting, said.values())), files)

    def read(self, records: Iterable[Record]) -> list[ProcessEvent]:
        """Read what records say."""
        rows = list(records)
        events = read_events(rows, self._options.fields)
        for option, column in list(self.tally.columns_not_met.items()):
            if any(row.get(column) for row in rows):
                del self.tally.columns_not_met[option]
        self.tally.unread_columns.update(event.unread_hash for event in events if event.unread_hash)
        return events

    def prefetch(self, events: Sequence[ProcessEvent]) -> None:
        """Ask what will have to be asked; what nobody answers is asked again then."""
        self._answers.of([*(event.process for event in events), *(event.parent for event in events)])

    def count(self, tags: Mapping[Tag, int]) -> None:
        """Count rows for the search's message."""
        for (signed, source, reason), rows in tags.items():
            self._count(signed, source, reason, rows)

    def report(self, trouble: Trouble) -> None:
        """Record something that went wrong, for the search's message."""
        self._answers.report(trouble)

    def mark_unknown(self, records: list[Record], message: str) -> list[Record]:
        """Pass records through as unknown, after a defect; the message goes into the search's own."""
        self.report(Trouble(Reason.SERVICE_ERROR, message))
        answer = no_answer(Reason.SERVICE_ERROR)
        given = self._write(answer)
        for record in records:
            record.update(given.fields)
            record[self._parent_field] = answer.verdict.signed.value
        self._count(*given.tag, len(records))
        return records

    def _count(self, signed: Signed, source: Source, reason: Reason, rows: int) -> None:
        tally = self.tally
        tally.rows += rows
        tally.signed[signed] += rows
        tally.sources[source] += rows
        if signed is Signed.UNKNOWN:
            tally.unknown[reason] += rows

    def _write(self, answer: Answer) -> _VerdictColumns:
        row = fields_of(answer.verdict)
        if not self._options.has_details:
            row = {name: row[name] for name in STATUS_FIELDS}
        row["signed_source"] = answer.source.value
        prefix = self._options.prefix
        fields = {prefix + name: value for name, value in row.items()} if prefix else row
        fields.update(self._not_judged)
        verdict = answer.verdict
        return _VerdictColumns(fields, (verdict.signed, answer.source, verdict.reason), _is_lasting(answer), verdict)


def _fields_of_noise_not_judged(options: EnrichOptions) -> set[str]:
    """Return the fields that would drop a row and that nothing in this search writes but a plain `false`.

    An event may carry them itself, out of a command line of its author's: with a prefix, or without scores, they
    would reach the macro `drop_signed_noise` as if they had been judged.
    """
    judged = {options.prefix + NOISE_FIELD} if options.has_anomaly or options.has_risk else set()
    return {NOISE_FIELD, options.prefix + NOISE_FIELD} - judged


def _is_lasting(answer: Answer) -> bool:
    # What nobody answered is asked again with the next chunk, and may come out otherwise then.
    return answer.source is not Source.NONE or answer.verdict.reason.is_of_row
