"""What command and service say to each other: the same on both sides, and checked on arrival."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cbverdict.errors import InvalidRequestError, Trouble
from cbverdict.service.verdict_api import (
    MAX_QUESTIONS,
    Ticket,
    VerdictReply,
    VerdictRequest,
    read_reply,
    read_request,
    read_ticket,
    read_turn,
    write_reply,
    write_request,
    write_ticket,
    write_turn,
)
from cbverdict.settings.verdicts import Method
from cbverdict.verdicts.evidence import Question
from cbverdict.verdicts.hashes import Md5
from cbverdict.verdicts.reasons import Reason, Signed, Source
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.verdict import Answer, Verdict, no_answer

A = Md5("a" * 32)


def test_a_request_arrives_as_it_was_sent() -> None:
    """Names with anything in them included."""
    request = VerdictRequest(
        (Question(A), Question(A, 'ü "\\ \ud800')),
        "main",
        Method.BINARY,
        12.5,
        has_names=True,
        is_refreshed=True,
        deadline=1.7e9,
        sid="1.2",
        in_turns=True,
    )
    assert read_request(write_request(request)) == request


@pytest.mark.parametrize("text", ["abc", ""])
def test_a_ticket_arrives_as_it_was_sent_either_way(text: str) -> None:
    """And no request or reply is taken for one."""
    assert read_turn(write_turn(Ticket(text))) == Ticket(text)
    assert read_ticket(write_ticket(Ticket(text))) == text
    reply = VerdictReply("main", ())
    assert read_turn(write_turn(reply)) == reply
    assert read_ticket(write_request(VerdictRequest(()))) is None
    assert [read_ticket(other) for other in ("", "{", "[]", '{"ticket": 7}', '{"ticket": null}')] == [None] * 5


def test_a_reply_arrives_as_it_was_sent() -> None:
    """Answers, troubles and all."""
    signature = Signature("Signed", "Example Corp", "CA", "Example", "Tool", "2026-01-01T00:00:00Z")
    answers = (
        Answer(Verdict(Signed.TRUE, Reason.JOINT, signature), Source.SERVER),
        no_answer(Reason.TIMEOUT),
    )
    reply = VerdictReply("main", answers, 3, (Trouble(Reason.AUTH, "no {braces} hurt", is_final=True),))
    assert read_reply(write_reply(reply)) == reply
    assert read_reply(write_reply(VerdictReply("main", (), needs_names=True))).needs_names


def _body(**changes: Any) -> str:
    return json.dumps({"questions": [[A, None]], **changes})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a JSON object"),
        ("[]", "not a JSON object"),
        ("{", "not a JSON object"),
        ("{}", "questions must be a list"),
        (_body(questions=[[A, None]] * (MAX_QUESTIONS + 1)), "at most 1000"),
        (_body(questions=[["nonsense", None]]), "question 0 is not"),
        (_body(questions=[[A, None], ["0" * 32, None]]), "question 1 is not"),
        (_body(questions=[[f"MD5={A}", None]]), "question 0 is not"),
        (_body(questions=[[A, ""]]), "question 0 is not"),
        (_body(questions=[[A, "x" * 4097]]), "question 0 is not"),
        (_body(questions=[[A, 7]]), "question 0 is not"),
        (_body(questions=[A]), "question 0 is not"),
        (_body(server=""), "server must be"),
        (_body(server=["x"]), "server must be"),
        (_body(server="\ud800"), "server must be"),
        (_body(server="a\r\nX: y"), "server must be"),
        (_body(method="guess"), "method must be one of"),
        (_body(method=["joint"]), "method must be one of"),
        (_body(seconds=0), "seconds must be"),
        (_body(seconds=-1), "seconds must be"),
        (_body(seconds=1e9), "seconds must be"),
        (_body(seconds="60"), "seconds must be"),
        (_body(seconds=True), "seconds must be"),
        ('{"questions": [], "seconds": NaN}', "not a JSON object"),
        ('{"questions": [], "deadline": -Infinity}', "not a JSON object"),
        ('{"questions": ' + "[" * 200_000 + "]" * 200_000 + "}", "not a JSON object|at most 1000|question 0"),
        (_body(deadline="soon"), "deadline must be"),
        (_body(deadline=10**20), "deadline must be"),
        (_body(deadline=10**400), "deadline must be"),
        ('{"questions": [], "deadline": ' + "9" * 5000 + "}", "not a JSON object"),
        (_body(deadline=True), "deadline must be"),
        (_body(sid=7), "sid must be"),
        (_body(sid="../x"), "sid must be"),
        (_body(sid="a\0b"), "sid must be"),
        (_body(token="x"), "unknown members: token"),  # noqa: S106 - no token
    ],
)
def test_bad_input_is_refused_by_name(text: str, words: str) -> None:
    """The service is open to everybody with the capability, not to the command alone."""
    with pytest.raises(InvalidRequestError, match=words):
        read_request(text)


@pytest.mark.parametrize("text", ["", "{}", '{"server": "x", "answers": [{}]}', '{"server": "x", "answers": 7}'])
def test_a_reply_of_another_version_is_refused(text: str) -> None:
    """As happens between an upgrade and a restart."""
    with pytest.raises(InvalidRequestError):
        read_reply(text)
