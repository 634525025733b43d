"""What the command and the verdict service say to each other: JSON both ways, checked on arrival."""

from __future__ import annotations

import json
import sys
from typing import Any, NamedTuple

from cbverdict.errors import InvalidRequestError, Trouble
from cbverdict.json_object import read_object
from cbverdict.settings.verdicts import Method
from cbverdict.verdicts.evidence import Question
from cbverdict.verdicts.hashes import parse_hash
from cbverdict.verdicts.reasons import Reason, Signed, Source
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.verdict import Answer, Verdict

MAX_QUESTIONS = 1000
MAX_NAME = 4096
_MEMBERS = {"server", "method", "seconds", "has_names", "refresh", "deadline", "sid", "in_turns", "questions"}
_SECONDS = 60.0
_MAX_SECONDS = 3600.0
_MAX_SID = 1024
_MAX_TICKET = 64
_MAX_TICKET_TEXT = 200
_MAX_SERVER = 255
_LATEST = 1e12  # seconds since 1970 that a clock can say


class VerdictRequest(NamedTuple):
    """What the command asks: which account (None: the default), how (None: the setting), how long, what.

    `is_refreshed` says that verdicts kept from before do not count. After `deadline` (seconds since 1970)
    nobody waits for the answer any more (None: not said). `sid` is the search's id: when that is over, so is
    the asking. `in_turns` says that a ticket will do where the answer takes its time.
    """

    questions: tuple[Question, ...]
    server: str | None = None
    method: Method | None = None
    seconds: float = _SECONDS
    has_names: bool = False
    is_refreshed: bool = False
    deadline: float | None = None
    sid: str | None = None
    in_turns: bool = False


class Ticket(NamedTuple):
    """What an answer is fetched with that is not there yet (empty: there is no such answer, begin anew)."""

    text: str


class VerdictReply(NamedTuple):
    """What the service answers; `answers` stand in the order of the questions.

    `seconds` is how long Carbon Black took. `needs_names` says that nothing was asked, because the question
    turns on process names: ask again with them.
    """

    server: str
    answers: tuple[Answer, ...]
    requests: int = 0
    troubles: tuple[Trouble, ...] = ()
    needs_names: bool = False
    seconds: float = 0.0


def write_request(request: VerdictRequest) -> str:
    """Write a request as JSON."""
    return json.dumps(
        {
            "server": request.server,
            "method": request.method.value if request.method else None,
            "seconds": request.seconds,
            "has_names": request.has_names,
            "refresh": request.is_refreshed,
            "deadline": request.deadline,
            "sid": request.sid,
            "in_turns": request.in_turns,
            "questions": [[question.md5, question.name] for question in request.questions],
        }
    )


def read_request(text: str) -> VerdictRequest:
    """Read a request and check all of it.

    Raises:
        InvalidRequestError: it is not a request; the text names what is wrong and where.
    """
    body = _object(text, "the request")
    unexpected = sorted(set(body) - _MEMBERS)
    if unexpected:
        msg = f"the request has unknown members: {', '.join(unexpected)[:200]}"
        raise InvalidRequestError(msg)
    pairs = body.get("questions")
    if not isinstance(pairs, list) or len(pairs) > MAX_QUESTIONS:
        msg = f"questions must be a list of at most {MAX_QUESTIONS} pairs [md5, name or null]"
        raise InvalidRequestError(msg)
    return VerdictRequest(
        questions=tuple(_read_question(number, pair) for number, pair in enumerate(pairs)),
        server=_read_server(body.get("server")),
        method=_read_method(body.get("method")),
        seconds=_read_seconds(body.get("seconds", _SECONDS)),
        has_names=body.get("has_names") is True,
        is_refreshed=body.get("refresh") is True,
        deadline=_read_deadline(body.get("deadline")),
        sid=_read_sid(body.get("sid")),
        in_turns=body.get("in_turns") is True,
    )


def write_reply(reply: VerdictReply) -> str:
    """Write a reply as JSON."""
    return json.dumps(
        {
            "server": reply.server,
            "requests": reply.requests,
            "needs_names": reply.needs_names,
            "seconds": reply.seconds,
            "troubles": [
                {"reason": trouble.reason.value, "message": trouble.message, "is_final": trouble.is_final}
                for trouble in reply.troubles
            ],
            "answers": [_dump_answer(answer) for answer in reply.answers],
        }
    )


def write_turn(turn: VerdictReply | Ticket) -> str:
    """Write a reply, or the ticket to fetch it with later."""
    return write_ticket(turn) if isinstance(turn, Ticket) else write_reply(turn)


def write_ticket(ticket: Ticket) -> str:
    """Write a ticket, as either side sends it."""
    return json.dumps({"ticket": ticket.text})


def read_ticket(text: str) -> str | None:
    """Read a ticket that a reply is fetched with (None: it is a request)."""
    if len(text) > _MAX_TICKET_TEXT:
        return None  # A request or a reply, which may be large, is read once.
    ticket = (read_object(text) or {}).get("ticket")
    return ticket[:_MAX_TICKET] if isinstance(ticket, str) else None


def read_turn(text: str) -> VerdictReply | Ticket:
    """Read a reply, or a ticket to fetch it with later.

    Raises:
        InvalidRequestError: it is neither of this version of the service.
    """
    ticket = read_ticket(text)
    return read_reply(text) if ticket is None else Ticket(ticket)


def read_reply(text: str) -> VerdictReply:
    """Read a reply.

    Raises:
        InvalidRequestError: it is not a reply of this version of the service.
    """
    body = _object(text, "the reply")
    try:
        return VerdictReply(
            server=str(body["server"]),
            answers=tuple(map(_load_answer, body["answers"])),
            requests=int(body.get("requests", 0)),
            troubles=tuple(
                Trouble(Reason(trouble["reason"]), str(trouble["message"]), bool(trouble["is_final"]))
                for trouble in body.get("troubles", [])
            ),
            needs_names=body.get("needs_names") is True,
            seconds=float(body.get("seconds", 0.0)),
        )
    except (KeyError, TypeError, ValueError):
        msg = "the verdict service's reply is not of this version: restart Splunk after an upgrade of the add-on"
        raise InvalidRequestError(msg) from None


def _dump_answer(answer: Answer) -> dict[str, Any]:
    verdict = answer.verdict
    return {
        "signed": verdict.signed.value,
        "reason": verdict.reason.value,
        "source": answer.source.value,
        "signature": verdict.signature,  # a list of its values
    }


def _load_answer(body: dict[str, Any]) -> Answer:
    values = body["signature"]
    if not isinstance(values, (list, type(None))):
        raise TypeError(values)
    signature = None if values is None else Signature(*map(sys.intern, values))  # a publisher signs many files
    return Answer(Verdict(Signed(body["signed"]), Reason(body["reason"]), signature), Source(body["source"]))


def _object(text: str, what: str) -> dict[str, Any]:
    body = read_object(text)
    if body is None:
        msg = f"{what} is not a JSON object"
        raise InvalidRequestError(msg)
    return body


def _read_question(number: int, pair: object) -> Question:
    if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str):  # noqa: PLR2004 - a pair
        md5, name = parse_hash(pair[0]), pair[1]
        if md5 and (name is None or (isinstance(name, str) and 0 < len(name) <= MAX_NAME)):
            return Question(md5, name)
    msg = f"question {number} is not [hash, name or null]: 32 or 64 hex digits, a name of 1 to {MAX_NAME} characters"
    raise InvalidRequestError(msg)


def _read_server(value: object) -> str | None:
    if value is None or (isinstance(value, str) and 0 < len(value) <= _MAX_SERVER and value.isprintable()):
        return value
    msg = "server must be the name of an account"
    raise InvalidRequestError(msg)


def _read_method(value: object) -> Method | None:
    if value is None:
        return None
    try:
        return Method(value)
    except ValueError:
        msg = f"method must be one of {', '.join(method.value for method in Method)}"
        raise InvalidRequestError(msg) from None


def _read_seconds(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= _MAX_SECONDS:
        return float(value)
    msg = f"seconds must be a number above 0, at most {_MAX_SECONDS:g}"
    raise InvalidRequestError(msg)


def _read_deadline(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _LATEST:
        return float(value)
    raise InvalidRequestError("deadline must be a number of seconds since 1970, or null")


def _read_sid(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and 0 < len(value) <= _MAX_SID and value.isprintable() and not value.startswith("."):
        return value
    raise InvalidRequestError("sid must be a search's id, or null")
