"""From questions to evidence: distinct hashes in batches, a few requests in flight, something for everyone."""

from __future__ import annotations

import math
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator, Protocol, Sequence, TypeVar

from cbverdict.carbonblack.calls import Pool, make_calls
from cbverdict.carbonblack.edr.batches import Md5Question, batches_of, joint_batches_of
from cbverdict.carbonblack.edr.clause import read_clause
from cbverdict.carbonblack.edr.query import binary_query, sha256_query
from cbverdict.carbonblack.port import GatheredEvidence
from cbverdict.errors import CbsignedError, QueryRefusedError, TooLargeError, Trouble
from cbverdict.settings.verdicts import Method
from cbverdict.verdicts.evidence import Binaries, Evidence, Hits, Joint, ProcessCount, Question
from cbverdict.verdicts.hashes import Md5, is_sha256
from cbverdict.verdicts.reasons import Reason
from cbverdict.verdicts.signature import worse_of

if TYPE_CHECKING:
    from cbverdict.carbonblack.deadline import Deadline
    from cbverdict.carbonblack.edr.clause import Clause
    from cbverdict.carbonblack.port import Way
    from cbverdict.verdicts.hashes import FileHash, Sha256
    from cbverdict.verdicts.signature import Signature

T = TypeVar("T")

MAX_PARTS = 32
_DOCUMENTS_A_HASH = 2  # asked for: one is the rule, and a second one may contradict it

_CUT_SHORT = Trouble(
    Reason.INCOMPLETE,
    "Carbon Black cut a search short, so what it did not find stays unknown: search again later, "
    "or use method=binary, which asks less of the server.",
)


class Client(Protocol):
    """What is needed of the REST API; `cbverdict.carbonblack.edr.client.EdrClient` is the real one."""

    @property
    def request_count(self) -> int:
        """How many requests were sent so far."""

    def counting_apart(self) -> Client:
        """Return a client over the same connections that counts its own requests."""

    def version(self, deadline: float) -> str:
        """Ask for the version."""

    def count_published(self, md5: Md5, name: str, deadline: float) -> ProcessCount:
        """Send the published request."""

    def find_processes(self, query: str, deadline: float) -> Hits:
        """Return for which hashes a process matches."""

    def find_binaries(self, query: str, rows: int, deadline: float) -> Binaries:
        """Fetch binary documents."""

    def close(self) -> None:
        """Close the connections."""


class EdrEvidenceSource:
    """Gather evidence from one EDR server; see `cbverdict.carbonblack.port.EvidenceSource`.

    The pool bounds the requests in flight.
    """

    def __init__(self, client: Client, pool: Pool) -> None:
        """Store what asks, and the pool that it asks in."""
        self._client = client
        self._pool = pool

    def gather(self, questions: Iterable[Question], way: Way, deadline: Deadline) -> GatheredEvidence:
        """Gather evidence for every question by the deadline; trouble is data.

        Raises:
            SetupError: the clause is not usable.
        """
        clause = read_clause(way.clause)
        client = self._client.counting_apart()
        gathering = _Gathering(client, self._pool, clause, deadline)
        distinct = list(dict.fromkeys(questions))
        by_md5, unknown = gathering.resolve(distinct)
        asked = list(dict.fromkeys(by_md5.values()))
        if way.method is Method.PROG_NAME:
            found = gathering.ask_published(asked)
        else:
            found = gathering.ask(asked, is_joint=way.method is Method.JOINT)
        evidence = {question: gathering.of_sha256(question, found[one]) for question, one in by_md5.items()}
        evidence.update(unknown)
        return GatheredEvidence(evidence, client.request_count, tuple(gathering.troubles), clause.proves_signed)

    def probe(self, deadline: float = math.inf) -> None:
        """Ask for the version."""
        self._client.version(deadline)

    def close(self) -> None:
        """Close the connections; who asks at this moment is still answered, by threads that end with the last."""
        self._client.close()


class _Gathering:
    """The requests for the questions of one search; `troubles` are those so far, each once, in order."""

    def __init__(self, client: Client, pool: Pool, clause: Clause, deadline: Deadline) -> None:
        self._client = client
        self._pool = pool
        self._clause = clause
        self._deadline = deadline
        self.troubles: dict[Trouble, None] = {}
        self._by_sha256: dict[FileHash, Signature] = {}

    def resolve(self, questions: list[Question]) -> tuple[dict[Question, Md5Question], dict[Question, Evidence]]:
        """Turn questions into those of an MD5; return these, and why there is none for the others.

        It takes one request more for `MAX_BATCH` questions that have a SHA-256 alone, and none without such.
        """
        by_sha256 = [one.md5 for one in questions if is_sha256(one.md5)]
        md5s = self._find_md5s(list(dict.fromkeys(by_sha256)))
        by_md5: dict[Question, Md5Question] = {}
        unknown: dict[Question, Evidence] = {}
        for question in questions:
            file_hash = question.md5
            md5 = md5s[file_hash] if is_sha256(file_hash) else Md5(file_hash)
            if isinstance(md5, Reason):
                unknown[question] = Evidence(trouble=md5)
            else:
                by_md5[question] = Md5Question(md5, question.name)
        return by_md5, unknown

    def _find_md5s(self, hashes: list[Sha256]) -> dict[Sha256, Md5 | Reason]:
        batches = list(batches_of(hashes))
        find = partial(self._client.find_binaries, deadline=self._deadline.moment)
        outcomes = self._make([partial(find, sha256_query(one), _DOCUMENTS_A_HASH * len(one)) for one in batches])
        md5s: dict[Sha256, Md5 | Reason] = {}
        for batch, outcome in zip(batches, outcomes):
            trouble = None if isinstance(outcome, QueryRefusedError) else _trouble(outcome)
            if trouble is not None:
                self.troubles[trouble] = None
            missing = Reason.NO_MD5 if trouble is None else trouble.reason
            signatures = {} if isinstance(outcome, CbsignedError) else outcome.signatures
            for one in batch:
                found = [md5 for md5, signature in signatures.items() if signature.sha256 == one]
                self._by_sha256.update((one, signatures[md5]) for md5 in found)
                md5s[one] = found[0] if len(found) == 1 else Reason.AMBIGUOUS if found else missing
        return md5s

    def of_sha256(self, question: Question, found: Evidence) -> Evidence:
        """Return what was found by a file's MD5 together with what was found by its SHA-256, if that was asked."""
        first = self._by_sha256.get(question.md5)
        if first is None:
            return found
        if found.signature is None:  # What its MD5 would have found may say the contrary.
            return found._replace(signature=first, may_be_contradicted=True)
        return found._replace(signature=worse_of(first, found.signature))

    def ask_published(self, questions: list[Md5Question]) -> dict[Md5Question, Evidence]:
        """Send the published request for each question that has a name."""
        evidence = {question: Evidence(trouble=Reason.NO_NAME) for question in questions}
        named = [(question, question.name) for question in questions if question.name is not None]
        count = partial(self._client.count_published, deadline=self._deadline.moment)
        calls = [partial(count, question.md5, name) for question, name in named]
        for (question, _), outcome in zip(named, self._make(calls)):
            trouble = _trouble(outcome)
            if isinstance(outcome, ProcessCount) and (outcome.total > 0 or outcome.is_complete):
                evidence[question] = Evidence(joint=Joint.HIT if outcome.total > 0 else Joint.MISS)
            elif trouble is not None:
                self.troubles[trouble] = None
                evidence[question] = Evidence(joint=Joint.FAILED, trouble=trouble.reason)
        return evidence

    def ask(self, questions: list[Md5Question], *, is_joint: bool) -> dict[Md5Question, Evidence]:
        """Ask the joint query, if it is wanted, and at the same time the binary search."""
        joint_batches = list(joint_batches_of(questions, self._clause)) if is_joint else []
        binary_batches = list(batches_of(list(dict.fromkeys(question.md5 for question in questions))))
        find_processes = partial(self._client.find_processes, deadline=self._deadline.moment)
        calls: list[Callable[[], Any]] = [partial(find_processes, batch.query) for batch in joint_batches]
        calls += [partial(self._find_binaries, md5s) for md5s in binary_batches]
        outcomes = self._make(calls)

        hits = outcomes[: len(joint_batches)]
        binaries = dict(_by_md5(binary_batches, outcomes[len(joint_batches) :]))
        seen = map(_trouble, (*hits, *binaries.values()))
        self.troubles.update((trouble, None) for trouble in seen if trouble is not None)
        evidence = dict.fromkeys(questions, Evidence())
        for batch, outcome in zip(joint_batches, hits):
            for question in batch.questions:
                evidence[question] = _add_hits(evidence[question], question.md5, outcome)
        return {
            question: _add_binaries(one, question.md5, binaries[question.md5]) for question, one in evidence.items()
        }

    def _make(self, calls: Sequence[Callable[[], T]]) -> list[T | CbsignedError]:
        return make_calls(self._pool, calls, self._deadline)

    def _find_binaries(self, md5s: list[Md5]) -> dict[Md5, Binaries | CbsignedError]:
        """Fetch documents; where they are too large together, those of each half, in `MAX_PARTS` requests at most."""
        find = partial(self._client.find_binaries, deadline=self._deadline.moment)
        outcomes: dict[Md5, Binaries | CbsignedError] = {}
        parts, asked = deque([md5s]), 0
        while parts:
            part = parts.popleft()
            asked += 1
            try:
                found = find(binary_query(part), _DOCUMENTS_A_HASH * len(part))
            except TooLargeError as error:
                half = len(part) // 2
                if half and asked + len(parts) + 2 <= MAX_PARTS:
                    parts += [part[:half], part[half:]]
                else:
                    outcomes.update(dict.fromkeys(part, error))
            else:
                outcomes.update(dict.fromkeys(part, found))
        return outcomes


def _by_md5(
    batches: list[list[Md5]], outcomes: list[dict[Md5, Binaries | CbsignedError] | CbsignedError]
) -> Iterator[tuple[Md5, Binaries | CbsignedError]]:
    for md5s, outcome in zip(batches, outcomes):
        for md5 in md5s:
            yield md5, outcome if isinstance(outcome, CbsignedError) else outcome[md5]


def _add_hits(evidence: Evidence, md5: Md5, outcome: Hits | CbsignedError) -> Evidence:
    if isinstance(outcome, Hits) and md5 in outcome.md5s:
        return evidence._replace(joint=Joint.HIT)
    trouble = _trouble(outcome)
    if trouble is None:
        return evidence._replace(joint=Joint.MISS)
    return evidence._replace(joint=Joint.FAILED, trouble=trouble.reason)


def _add_binaries(evidence: Evidence, md5: Md5, outcome: Binaries | CbsignedError) -> Evidence:
    if isinstance(outcome, Binaries) and outcome.has_more:
        evidence = evidence._replace(may_be_contradicted=True, trouble=Reason.INCOMPLETE)
    if isinstance(outcome, Binaries) and md5 in outcome.signatures:
        signature = outcome.signatures[md5]
        is_whole = outcome.is_complete or outcome.has_more
        if is_whole or not signature.may_count_as_signed:
            return evidence._replace(signature=signature)
        # The search was cut short, and another document may say the contrary: a good one alone proves nothing.
    trouble = _trouble(outcome)
    return evidence if trouble is None else evidence._replace(trouble=trouble.reason)


def _trouble(outcome: Hits | Binaries | ProcessCount | CbsignedError) -> Trouble | None:
    if isinstance(outcome, CbsignedError):
        return Trouble.of(outcome)
    return None if outcome.is_complete else _CUT_SHORT
