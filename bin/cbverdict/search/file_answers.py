"""What the verdict service says of the files of one search, each asked once, within the search's budget."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Iterable, Protocol

from cbverdict.errors import CbsignedError, Trouble
from cbverdict.service.verdict_api import MAX_NAME, MAX_QUESTIONS, VerdictReply, VerdictRequest
from cbverdict.settings.verdicts import Method
from cbverdict.verdicts.evidence import Question
from cbverdict.verdicts.hashes import is_sha256
from cbverdict.verdicts.reasons import Reason, Source
from cbverdict.verdicts.verdict import Answer, no_answer

if TYPE_CHECKING:
    from cbverdict.events.named_file import Process
    from cbverdict.search.enrich_options import EnrichOptions
    from cbverdict.search.tally import Tally


class VerdictSource(Protocol):
    """Who answers questions; `cbverdict.service.verdict_client.VerdictClient` asks the verdict service."""

    def ask(self, request: VerdictRequest) -> VerdictReply:
        """Answer a request of at most `MAX_QUESTIONS` questions, or raise a `CbsignedError`."""


class FileAnswers:
    """Ask about files, and remember every answer for the rest of the search."""

    def __init__(self, source: VerdictSource, options: EnrichOptions, tally: Tally) -> None:
        """Store who answers, what the analyst chose, and where questions, requests and troubles are counted."""
        self._source = source
        self._options = options
        self._tally = tally
        self._answers: dict[Question, Answer] = {}
        self._asked: set[Question] = set()
        self._has_names = options.has_names or options.method is Method.PROG_NAME
        self._seconds_left = options.seconds
        self._final: Trouble | None = None

    def of(self, processes: Iterable[Process]) -> dict[Process, Answer]:
        """Return the answer about each of these files; what nobody answers says why, and is asked again next time."""
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
        self._tally.questions = len(self._asked)
        return [question for question in questions if question not in over]

    def _reason_to_stop(self) -> Reason | None:
        if self._final is not None:
            return self._final.reason
        if self._seconds_left <= 0:
            self.report(_budget_trouble(f"timeout={self._options.seconds:g} s", "timeout"))
            return Reason.TIMEOUT
        return None

    def _learn(self, questions: list[Question], reply: VerdictReply, now: dict[Question, Answer]) -> None:
        self._tally.requests += reply.requests
        for trouble in reply.troubles:
            self.report(trouble)
        for question, answer in zip(questions, reply.answers):
            # What nobody answered is asked again with a later chunk, as long as the time lasts.
            (now if answer.source is Source.NONE else self._answers)[question] = answer

    def report(self, trouble: Trouble) -> None:
        """Record something that went wrong, for the search's message."""
        self._tally.troubles[trouble] = None
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
        sha256 = question.md5 if is_sha256(question.md5) else process.sha256
        if sha256 and signature and signature.sha256 not in {"", sha256}:
            return no_answer(Reason.AMBIGUOUS)  # What was found is another file's.
        return answer


def _budget_trouble(limit: str, option: str) -> Trouble:
    return Trouble(
        Reason.TIMEOUT if option == "timeout" else Reason.BUDGET,
        f"This search's {limit} is used up, so further rows are unknown: raise {option}= or search less at once.",
    )
