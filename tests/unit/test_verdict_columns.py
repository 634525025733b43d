"""Rows in, rows out: whole records, the budget, and trouble as data; who answers is a fake."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest

from cbverdict.errors import CbsignedError, NoRightError, ServiceError, Trouble
from cbverdict.search.enrich_options import EnrichOptions
from cbverdict.search.tally import summary
from cbverdict.search.verdict_columns import Enricher, Record
from cbverdict.service.verdict_api import MAX_NAME, MAX_QUESTIONS, VerdictReply, VerdictRequest
from cbverdict.settings.verdicts import Method
from cbverdict.verdicts.evidence import Question
from cbverdict.verdicts.hashes import Md5
from cbverdict.verdicts.reasons import Reason, Signed, Source
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.verdict import Answer, Verdict, no_answer

A, B = "a" * 32, "b" * 32
SIGNATURE = Signature("Signed", "Example Corp", "Example CA", "Example", "Tool", "2026-01-01T00:00:00Z")
SIGNED = Answer(Verdict(Signed.TRUE, Reason.JOINT, SIGNATURE), Source.SERVER)
UNSIGNED = Answer(Verdict(Signed.FALSE, Reason.UNSIGNED, Signature("Unsigned")), Source.SERVER)
NO_DETAILS = {
    "process_signature_publisher": "",
    "process_signature_issuer": "",
    "process_signature_subject": "",
    "process_signature_program": "",
    "process_signature_time": "",
    "process_original_name": "",
    "process_internal_name": "",
    "process_observed_names": "",
    "process_document_sha256": "",
    "process_document_md5": "",
}


@dataclass
class FakeSource:
    """Answers by hash: A is signed, everything else unsigned, unless told otherwise."""

    errors: list[CbsignedError | None] = field(default_factory=list)
    needs_names: bool = False
    seconds: float = 0.0
    troubles: tuple[Trouble, ...] = ()
    answer: Answer | None = None
    requests: list[VerdictRequest] = field(default_factory=list)

    def ask(self, request: VerdictRequest) -> VerdictReply:
        """Answer or raise as told."""
        self.requests.append(request)
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        if self.needs_names and not request.has_names:
            return VerdictReply("main", (), needs_names=True)
        answers = tuple(self.answer or (SIGNED if question.md5 == A else UNSIGNED) for question in request.questions)
        return VerdictReply("main", answers, 2, self.troubles, seconds=self.seconds)


def _enrich(source: FakeSource, *rows: Record, **options: object) -> tuple[list[Record], Enricher]:
    enricher = Enricher(source, EnrichOptions(**options))  # type: ignore[arg-type]
    return _enrich_more(enricher, *rows), enricher


def _enrich_more(enricher: Enricher, *rows: Record) -> list[Record]:
    enricher.count(Counter(one.tag for one in enricher.enrich(list(rows))))
    return list(rows)


def test_a_row_keeps_its_fields_and_gets_all_of_ours() -> None:
    """The whole record."""
    (row,), _ = _enrich(FakeSource(), {"host": "pc1", "md5": A.upper(), "parent_md5": B, "_chunked_idx": "0"})
    assert row == {
        "host": "pc1",
        "md5": A.upper(),
        "parent_md5": B,
        "_chunked_idx": "0",
        "signed": "true",
        "signed_reason": "joint",
        "signed_source": "server",
        "process_signature_exists": "true",
        "process_signature_verified": "true",
        "process_signature_status": "Signed",
        "process_signature_publisher": "Example Corp",
        "process_signature_issuer": "Example CA",
        "process_signature_subject": "Example",
        "process_signature_program": "Tool",
        "process_signature_time": "2026-01-01T00:00:00Z",
        "process_original_name": "",
        "process_internal_name": "",
        "process_observed_names": "",
        "process_document_sha256": "",
        "process_document_md5": "",
        "signed_noise": "false",
        "parent_signed": "false",
    }


def test_a_row_without_a_hash_gets_the_same_fields() -> None:
    """A log-on, say."""
    (row,), _ = _enrich(FakeSource(), {"user": "jdoe"})
    assert row == {
        "user": "jdoe",
        "signed": "unknown",
        "signed_reason": "no_hash",
        "signed_source": "none",
        "process_signature_exists": "",
        "process_signature_verified": "",
        "process_signature_status": "",
        "signed_noise": "false",
        "parent_signed": "unknown",
        **NO_DETAILS,
    }


def test_details_may_be_left_out_and_a_prefix_put_before_every_field() -> None:
    """So that nothing collides."""
    (row,), _ = _enrich(FakeSource(), {"md5": B, "signed": "by hand"}, has_details=False, prefix="cb_")
    assert row == {
        "md5": B,
        "signed": "by hand",
        "cb_signed": "false",
        "cb_signed_reason": "unsigned",
        "cb_signed_source": "server",
        "cb_process_signature_exists": "false",
        "cb_process_signature_verified": "false",
        "cb_process_signature_status": "Unsigned",
        "cb_parent_signed": "unknown",
        "signed_noise": "false",
        "cb_signed_noise": "false",
    }


def test_each_hash_is_asked_once_in_a_search() -> None:
    """Rows, parents, and later chunks share the answer."""
    source = FakeSource()
    _, enricher = _enrich(source, {"md5": A, "parent_md5": B}, {"md5": B}, {"md5": A, "process_name": "x"})
    _enrich_more(enricher, {"md5": A})
    assert [request.questions for request in source.requests] == [(Question(A), Question(B))]  # type: ignore[arg-type]
    assert (enricher.tally.rows, enricher.tally.questions, enricher.tally.requests) == (4, 2, 2)


NOBODY = no_answer(Reason.TIMEOUT)
NOT_SEEN = Answer(Verdict(Signed.UNKNOWN, Reason.NOT_SEEN), Source.SERVER)


@pytest.mark.parametrize(
    ("row", "answer", "is_lasting", "is_parent_unanswered"),
    [
        ({"md5": A, "parent_md5": B}, SIGNED, True, False),
        ({"md5": A}, SIGNED, True, False),
        ({"user": "jdoe"}, SIGNED, True, False),
        ({"md5": A, "parent_md5": B}, NOT_SEEN, True, False),
        ({"md5": A, "parent_md5": B}, NOBODY, False, True),
        ({"md5": A}, NOBODY, False, False),
        ({"parent_md5": B}, NOBODY, False, True),
        ({"md5": A, "parent_md5": [A, B]}, SIGNED, True, True),
    ],
)
def test_what_comes_out_alike_again_is_told_from_what_may_not(
    row: Record, answer: Answer, *, is_lasting: bool, is_parent_unanswered: bool
) -> None:
    """What nobody answered is asked again with the next chunk; a row without a hash has none the next time either."""
    enricher = Enricher(FakeSource(answer=answer), EnrichOptions())
    (enriched,) = enricher.enrich([dict(row)])
    assert (enriched.is_lasting, enriched.is_parent_unanswered) == (is_lasting, is_parent_unanswered)


def test_a_search_with_many_hashes_asks_a_thousand_at_a_time() -> None:
    """The service takes no more in one call."""
    source = FakeSource()
    rows: list[Record] = [{"md5": f"{n:032x}"} for n in range(1, 2502)]
    _enrich(source, *rows)
    assert [len(request.questions) for request in source.requests] == [1000, 1000, 501]


def test_names_are_sent_where_the_method_turns_on_them() -> None:
    """Two names of one hash are two questions then."""
    source = FakeSource()
    rows: list[Record] = [{"md5": A, "process_name": "x.exe"}, {"md5": A, "path": r"C:\y.exe"}]
    _enrich(source, *rows, method=Method.PROG_NAME)
    assert [(question.md5, question.name) for question in source.requests[0].questions] == [(A, "x.exe"), (A, "y.exe")]


def test_names_are_sent_when_the_service_asks_for_them() -> None:
    """The clause is the admin's, so only the service knows; it is asked once more, with names."""
    source = FakeSource(needs_names=True)
    (row,), enricher = _enrich(source, {"md5": A, "process_name": "x.exe"})
    _enrich_more(enricher, {"md5": A, "process_name": "y.exe"})
    asked = [(request.has_names, [question.name for question in request.questions]) for request in source.requests]
    assert asked == [(False, [None]), (True, ["x.exe"]), (True, ["y.exe"])]
    assert row["signed"] == "true"


def test_a_service_that_fails_costs_no_row_and_is_asked_again_with_the_next_chunk() -> None:
    """Trouble is data: unknown, a reason, one message."""
    source = FakeSource([ServiceError("it is down")])
    (row,), enricher = _enrich(source, {"md5": A})
    assert (row["signed"], row["signed_reason"], row["signed_source"]) == ("unknown", "service_error", "none")
    (row,) = _enrich_more(enricher, {"md5": A})
    assert row["signed"] == "true"
    assert "it is down" in summary(enricher.tally)


def test_a_final_error_ends_the_asking_for_this_search() -> None:
    """A user without the right does not get it in the middle of a search."""
    source = FakeSource([NoRightError("no right")])
    _, enricher = _enrich(source, {"md5": A})
    (row,) = _enrich_more(enricher, {"md5": B})
    assert (row["signed"], row["signed_reason"]) == ("unknown", "no_right")
    assert len(source.requests) == 1


def test_trouble_without_an_answer_is_not_remembered() -> None:
    """The next chunk asks again, as long as there is time."""
    source = FakeSource(answer=no_answer(Reason.SERVER_ERROR), troubles=(Trouble(Reason.SERVER_ERROR, "503"),))
    _, enricher = _enrich(source, {"md5": A})
    _enrich_more(enricher, {"md5": A})
    assert len(source.requests) == 2
    assert summary(enricher.tally).count("503") == 1


def test_past_the_time_rows_go_on_at_once() -> None:
    """The time is what the search waits in all; what is known stays known."""
    source = FakeSource(seconds=3.0)
    _, enricher = _enrich(source, {"md5": A}, seconds=2.0)
    late, known = _enrich_more(enricher, {"md5": B}, {"md5": A})
    assert (late["signed"], late["signed_reason"], known["signed"]) == ("unknown", "timeout", "true")
    assert len(source.requests) == 1
    assert "timeout=2 s is used up" in summary(enricher.tally)
    assert {trouble.reason for trouble in enricher.tally.troubles} == {Reason.TIMEOUT}


def test_the_service_is_told_when_the_search_will_wait_no_longer() -> None:
    """By the clock and as what is left of the search's time, which shrinks by what each answer took."""
    source = FakeSource(seconds=7.0)
    before = time.time()
    _, enricher = _enrich(source, {"md5": A}, seconds=50.0, sid="1.2", server="emea", is_refreshed=True)
    _enrich_more(enricher, {"md5": B})
    after = time.time()
    first, second = source.requests
    assert first == VerdictRequest(
        (Question(Md5(A)),), "emea", None, 50.0, is_refreshed=True, deadline=first.deadline, sid="1.2"
    )
    assert second == first._replace(questions=(Question(Md5(B)),), seconds=43.0, deadline=second.deadline)
    assert first.deadline is not None
    assert second.deadline is not None
    assert before + 50 <= first.deadline <= after + 50
    assert before + 43 <= second.deadline <= after + 43


def test_past_max_lookups_rows_go_on_with_their_reason() -> None:
    """The first questions are asked, the rest is over budget; the message says so."""
    source = FakeSource()
    rows, enricher = _enrich(source, {"md5": A}, {"md5": B}, max_lookups=1)
    assert [(row["signed"], row["signed_reason"]) for row in rows] == [("true", "joint"), ("unknown", "budget")]
    assert "raise max_lookups=" in summary(enricher.tally)
    assert {trouble.reason for trouble in enricher.tally.troubles} == {Reason.BUDGET}


def test_what_is_over_budget_stays_so_in_later_chunks() -> None:
    """Not one question more with each."""
    source = FakeSource()
    _, enricher = _enrich(source, {"md5": A}, max_lookups=1)
    for _ in range(2):
        (row,) = _enrich_more(enricher, {"md5": B})
        assert row["signed_reason"] == "budget"
    assert len(source.requests) == 1


@pytest.mark.parametrize(("seconds", "reason"), [(0.0, "timeout"), (0.5, "joint")])
def test_a_search_asks_while_any_time_is_left(seconds: float, reason: str) -> None:
    """And nothing without."""
    source = FakeSource()
    (row,), _ = _enrich(source, {"md5": A}, seconds=seconds)
    assert (row["signed_reason"], len(source.requests)) == (reason, int(seconds > 0))


def test_the_budget_counts_a_question_once_however_often_it_is_asked() -> None:
    """A retry with the next chunk costs nothing of max_lookups."""
    source = FakeSource([ServiceError("down"), ServiceError("down")])
    _, enricher = _enrich(source, {"md5": A}, max_lookups=1)
    _enrich_more(enricher, {"md5": A})
    (row,) = _enrich_more(enricher, {"md5": A})
    assert (row["signed"], enricher.tally.questions) == ("true", 1)


def test_a_name_that_is_no_name_costs_its_own_row_only() -> None:
    """Missing, or longer than any file system allows."""
    source = FakeSource()
    names = ["y" * (MAX_NAME + 1), "", "x", "z" * MAX_NAME]
    rows: list[Record] = [{"md5": A, "process_name": name} for name in names]
    rows, _ = _enrich(source, *rows, method=Method.PROG_NAME)
    assert [row["signed_reason"] for row in rows] == ["no_name", "no_name", "joint", "joint"]
    assert [question.name for question in source.requests[0].questions] == names[2:]


def test_the_message_counts_what_happened() -> None:
    """One sentence for the analyst."""
    _, enricher = _enrich(FakeSource(), {"md5": A}, {"md5": B}, {"md5": ""})
    assert summary(enricher.tally) == (
        "cbsigned: 3 rows; 1 signed, 1 not signed, 1 unknown (no_hash 1); 2 distinct questions, "
        "0 rows from the cache, 2 requests to Carbon Black."
    )


def test_the_message_says_how_many_rows_the_cache_answered() -> None:
    """Rows, not questions."""
    source = FakeSource(answer=SIGNED._replace(source=Source.CACHE))
    _, enricher = _enrich(source, {"md5": A}, {"md5": A}, {"md5": B})
    _enrich_more(enricher, {"md5": A})
    assert "; 2 distinct questions, 4 rows from the cache, " in summary(enricher.tally)


def test_the_message_names_columns_that_look_like_a_hash_and_are_not_read() -> None:
    """Each once, with the option that reads it; none where the row has its MD5."""
    _, enricher = _enrich(FakeSource(), {"file_hash": A}, {"file_hash": B}, {"md5": A, "hash": B})
    assert summary(enricher.tally).endswith(
        "file_hash looks like a hash and is not read: where it is the process's own MD5, say md5=file_hash."
    )


def _of(md5: str) -> Record:
    return {"md5": md5}


def test_many_questions_are_asked_two_parts_at_a_time_after_the_first() -> None:
    """Their answers come to the rows that they are of, and each part is learnt in its turn."""
    at_once, lock, most = [0], threading.Lock(), list[int]()
    meeting = threading.Barrier(2)

    class Slow(FakeSource):
        def ask(self, request: VerdictRequest) -> VerdictReply:
            with lock:
                at_once[0] += 1
                most.append(at_once[0])
            if request.questions[0].md5 != f"{1:032x}":
                meeting.wait(30)
            reply = super().ask(request)
            with lock:
                at_once[0] -= 1
            return reply

    source = Slow()
    hashes = [f"{number:032x}" for number in range(1, 4 * MAX_QUESTIONS + MAX_QUESTIONS // 2)] + [A]
    rows, enricher = _enrich(source, *map(_of, hashes))
    assert [row["signed"] for row in rows] == ["false"] * (len(hashes) - 1) + ["true"]
    assert most[:2] == [1, 1]
    assert max(most) == 2
    assert sorted(len(request.questions) for request in source.requests) == [MAX_QUESTIONS // 2, *[MAX_QUESTIONS] * 4]
    assert (enricher.tally.questions, enricher.tally.requests) == (len(hashes), 10)


def test_what_ends_the_asking_ends_it_with_the_first_part() -> None:
    """Or with two: nothing is asked beside the first."""
    source = FakeSource(errors=[NoRightError("no")])
    rows, _ = _enrich(source, *(_of(f"{number:032x}") for number in range(1, 3 * MAX_QUESTIONS)))
    assert len(source.requests) == 1
    assert {row["signed_reason"] for row in rows} == {"no_right"}
