"""Rows in, rows out: the same rows in the same order, with the verdict's fields on every one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Dict, Iterable, List, Mapping, NamedTuple, Protocol, Sequence, Tuple, Union

from cbverdict.errors import CbsignedError, Trouble
from cbverdict.events.columns import EventFields
from cbverdict.events.event import ProcessEvent, read_events
from cbverdict.search.parent_files import ParentFiles
from cbverdict.search.risk_columns import RiskObjects
from cbverdict.search.tally import Tally
from cbverdict.service.verdict_api import MAX_NAME, MAX_QUESTIONS, VerdictReply, VerdictRequest
from cbverdict.settings.verdicts import Method
from cbverdict.verdicts.evidence import Question
from cbverdict.verdicts.reasons import Reason, Signed, Source
from cbverdict.verdicts.signed_noise import NOISE_FIELD
from cbverdict.verdicts.verdict import STATUS_FIELDS, Answer, Verdict, fields_of, no_answer

if TYPE_CHECKING:
    from cbverdict.events.process import Process

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
    of_parents: Tuple[Verdict, ...] = ()


class _VerdictColumns(NamedTuple):
    """What an answer comes to on a record: all its fields but `parent_signed`."""

    fields: Dict[str, str]
    tag: Tag
    is_lasting: bool
    verdict: Verdict


class VerdictSource(Protocol):
    """Who answers questions; `cbverdict.service.verdict_client.VerdictClient` asks the verdict service."""

    def ask(self, request: VerdictRequest) -> VerdictReply:
        """Answer a request of at most `MAX_QUESTIONS` questions, or raise a `CbsignedError`."""


class EnrichOptions(NamedTuple):
    """What the analyst chose. `seconds` is how long this search may wait for answers, all in all.

    `max_lookups` is how many distinct questions it may ask (None: any number). `has_names` says that process names are
    asked about from the start, for the service would want them.
    """

    fields: EventFields = EventFields()
    server: str | None = None
    method: Method | None = None
    prefix: str = ""
    has_details: bool = True
    seconds: float = 60.0
    max_lookups: int | None = None
    is_refreshed: bool = False
    has_anomaly: bool = False
    has_risk: bool = False
    risk_objects: RiskObjects = RiskObjects.USER
    has_names: bool = False
    sid: str | None = None


class Enricher:
    """Put verdicts on the rows of one search, remembering every answer for the rest of it."""

    def __init__(self, source: VerdictSource, options: EnrichOptions) -> None:
        """Store who answers and what the analyst chose; nothing is asked yet."""
        self._source = source
        self._options = options
        self._answers: dict[Question, Answer] = {}
        self._asked: set[Question] = set()
        self._has_names = options.has_names or options.method is Method.PROG_NAME
        self._seconds_left = options.seconds
        self._final: Trouble | None = None
        self.parents = ParentFiles()
        self._parent_field = f"{options.prefix}parent_signed"
        self._not_judged = dict.fromkeys(_fields_of_noise_not_judged(options), "false")
        self.tally = Tally()

    def enrich(self, records: list[Record], events: Sequence[ProcessEvent] | None = None) -> list[Enriched]:
        """Add the verdict columns in place; return one `Enriched` per row. `events` are as `read` returns them.

        Trouble becomes a reason on the row, never an exception. Nothing is counted: see `count`.
        """
        events = self.read(records) if events is None else events
        parents = self.parents.find(records, events, self._options.fields)
        answers = self._answer([*(event.process for event in events), *(file for one in parents for file in one.files)])
        self.parents.hear(answers)
        enriched = []
        written: dict[Process, _VerdictColumns] = {}
        for record, event, found in zip(records, events, parents):
            one = written.get(event.process)
            if one is None:
                one = written[event.process] = self._write(answers[event.process])
            said = [answers[file] for file in found.files]
            parent_signed = found.signed(said)
            record.update(one.fields)
            record[self._parent_field] = parent_signed.value
            is_lasting = one.is_lasting and all(map(_is_lasting, said))
            is_unanswered = event.has_odd_parent or found.is_in_doubt(said)
            is_unanswered |= parent_signed is Signed.UNKNOWN and self.parents.has_bad_row(event, found, self._answer)
            theirs = tuple(answer.verdict for answer in said)
            enriched.append(Enriched(one.tag, is_lasting, event, one.verdict, parent_signed, is_unanswered, theirs))
        return enriched

    def read(self, records: Iterable[Record]) -> list[ProcessEvent]:
        """Read what records say."""
        events = read_events(list(records), self._options.fields)
        self.tally.unread_columns.update(event.unread_hash for event in events if event.unread_hash)
        return events

    def prefetch(self, events: Sequence[ProcessEvent]) -> None:
        """Ask what will have to be asked; what nobody answers is asked again then."""
        self._answer([*(event.process for event in events), *(event.parent for event in events)])

    def count(self, tags: Mapping[Tag, int]) -> None:
        """Count rows for the search's message."""
        for (signed, source, reason), rows in tags.items():
            self._count(signed, source, reason, rows)

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

    def _answer(self, processes: Iterable[Process]) -> dict[Process, Answer]:
        distinct = dict.fromkeys(processes)
        now: dict[Question, Answer] = {}
        if not self._ask_all(distinct, now):
            self._has_names = True  # The clause turns on names: the same questions once more, with them.
            self._ask_all(distinct, now)
        return {process: self._find(process, now) for process in distinct}

    def _ask_all(self, processes: Iterable[Process], now: dict[Question, Answer]) -> bool:
        """Ask what is not known yet; what got no answer stands in `now` for this chunk. False: names are needed."""
        questions = dict.fromkeys(filter(None, map(self._question, processes)))
        new = [question for question in questions if question not in self._answers]
        parts = [new[start : start + MAX_QUESTIONS] for start in range(0, len(new), MAX_QUESTIONS)]
        # The first part by itself: what it comes to may be that no other needs to be asked, or with names.
        return all(self._ask(some, now) for some in (parts[:1], parts[1:]) if some)

    def _ask(self, parts: list[list[Question]], now: dict[Question, Answer]) -> bool:
        allowed = [part for part in (self._within_budget(part, now) for part in parts) if part]
        if not allowed:
            return True
        started = time.monotonic()
        replies = self._send([self._request(part) for part in allowed])
        self._seconds_left -= max(*(reply.seconds for reply in replies), time.monotonic() - started)
        if any(reply.needs_names for reply in replies):
            return False
        for part, reply in zip(allowed, replies):
            self._learn(part, reply, now)
        return True

    def _send(self, requests: list[VerdictRequest]) -> list[VerdictReply]:
        """Send requests, two at a time: while the service works on one, the reply to the other is read."""
        if len(requests) == 1:
            return [self._reply_to(requests[0])]
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - most searches have no use for it

        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(self._reply_to, requests))

    def _request(self, questions: list[Question]) -> VerdictRequest:
        options = self._options
        return VerdictRequest(
            questions=tuple(questions),
            server=options.server,
            method=options.method,
            seconds=self._seconds_left,
            has_names=self._has_names,
            is_refreshed=options.is_refreshed,
            deadline=time.time() + self._seconds_left,
            sid=options.sid,
        )

    def _reply_to(self, request: VerdictRequest) -> VerdictReply:
        try:
            return self._source.ask(request)
        except CbsignedError as error:
            return VerdictReply("", (no_answer(error.reason),) * len(request.questions), troubles=(Trouble.of(error),))

    def _within_budget(self, questions: list[Question], now: dict[Question, Answer]) -> list[Question]:
        reason = self._reason_to_stop()
        if reason is not None:
            now.update((question, no_answer(reason)) for question in questions)
            return []
        limit, fresh = self._options.max_lookups, [one for one in questions if one not in self._asked]
        room = len(fresh) if limit is None else max(0, limit - len(self._asked))
        over = set(fresh[room:])
        now.update((question, no_answer(Reason.BUDGET)) for question in over)
        if over:
            self.report(_budget_trouble(f"max_lookups={limit}", "max_lookups"))
        self._asked.update(fresh[:room])
        self.tally.questions = len(self._asked)
        return [question for question in questions if question not in over]

    def _reason_to_stop(self) -> Reason | None:
        if self._final is not None:
            return self._final.reason
        if self._seconds_left <= 0:
            self.report(_budget_trouble(f"timeout={self._options.seconds:g} s", "timeout"))
            return Reason.TIMEOUT
        return None

    def _learn(self, questions: list[Question], reply: VerdictReply, now: dict[Question, Answer]) -> None:
        self.tally.requests += reply.requests
        for trouble in reply.troubles:
            self.report(trouble)
        for question, answer in zip(questions, reply.answers):
            # What nobody answered is asked again with a later chunk, as long as the time lasts.
            (now if answer.source is Source.NONE else self._answers)[question] = answer

    def report(self, trouble: Trouble) -> None:
        """Record something that went wrong, for the search's message."""
        self.tally.troubles[trouble] = None
        if trouble.is_final:
            self._final = self._final or trouble

    def _question(self, process: Process) -> Question | None:
        if process.md5 is None:
            return None
        if not self._has_names:
            return Question(process.md5)
        name = process.name if process.name and len(process.name) <= MAX_NAME else None
        if name is None and self._options.method is Method.PROG_NAME:
            return None
        return Question(process.md5, name)

    def _find(self, process: Process, now: dict[Question, Answer]) -> Answer:
        question = self._question(process)
        if question is None:
            return no_answer(process.why_unknown if process.md5 is None else Reason.NO_NAME)
        answer = self._answers.get(question) or now[question]
        signature = answer.verdict.signature
        if process.sha256 and signature and signature.sha256 not in {"", process.sha256}:
            return no_answer(Reason.AMBIGUOUS)  # The hash beside the MD5 is another file's.
        return answer

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


def _budget_trouble(limit: str, option: str) -> Trouble:
    return Trouble(
        Reason.TIMEOUT if option == "timeout" else Reason.BUDGET,
        f"This search's {limit} is used up, so further rows are unknown: raise {option}= or search less at once.",
    )
