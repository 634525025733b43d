"""What people decided on rows, each with an end: left out, expected of a team, or bad.

An exclusion hides rows, so it covers as little as can be: this very file (its MD5) under this name, from this parent,
by this person or team, while its signature is what it was, and up to the score that was seen. Values are compared with
those of rows, whole; nothing of an exclusion is a pattern, and nothing of it gets into a search.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING, Any, Iterable, Mapping, NamedTuple, Tuple

from cbverdict.errors import InvalidRequestError
from cbverdict.events.columns import OTHER_USER_FIELDS, USER_FIELDS
from cbverdict.events.people import accounts_of, person_of
from cbverdict.verdicts.hashes import parse_md5
from cbverdict.verdicts.reasons import Reason, Signed

if TYPE_CHECKING:
    from cbverdict.verdicts.verdict import Verdict

MAX_TEXT = 256
"""Characters of a name, and of why."""

MIN_WHY = 8
_MAX_SCORE = 100.0
_SPARE = 5.0
"""How much higher than what was seen a row's score may be and still be covered: a tenth of a percent of a baseline."""

NOBODY = "(nobody)"
"""The user of a decision on a row of an account that is no person's."""

_NOTHING = {"", "-"}


class Action(Enum):
    """What was decided, with the days that it may last at most."""

    EXCLUDE = "exclude", 90
    EXPECT = "expect", 365
    BAD = "bad", 365

    def __init__(self, word: str, most_days: int) -> None:
        """Store what is typed, and the limit."""
        self.word = word
        self.most_days = most_days


class Decision(NamedTuple):
    """One decision; empty texts are what the row did not say. `until` and `made` are seconds since 1970."""

    action: str
    user: str
    team: str
    process_name: str
    parent_process_name: str
    md5: str
    signed: str
    signed_reason: str
    publisher: str
    score: float
    why: str
    author: str
    made: float
    until: float

    @property
    def key(self) -> str:
        """What it is kept under: one for whom and what it is about, so that a later decision replaces it."""
        import hashlib  # noqa: PLC0415 - a millisecond, and a search needs no key

        about = (self.action, self.user, self.team, self.process_name, self.parent_process_name, self.md5)
        return hashlib.sha256("\0".join(about).encode()).hexdigest()[:32]

    def covers(self, person: str | None, team: str | None) -> bool:
        """Return whether it is about this person, or about this team where it names no person.

        One made on a row of an account that is no person's (SYSTEM) is about rows of no person, in this team.
        """
        if self.user == NOBODY and person is not None:
            return False
        if self.user not in {"", NOBODY}:
            return self.user == person
        return self.team != "" and self.team == (team or "").lower()


class Decisions:
    """The decisions that hold now, found by what rows say."""

    def __init__(self, decisions: Iterable[Decision] = ()) -> None:
        """Sort them by what they are looked for."""
        self._excluded: dict[tuple[str, str, str], list[Decision]] = {}
        self._expected: set[tuple[str, str]] = set()
        self._bad: dict[str, Decision] = {}
        for one in decisions:
            if one.action == Action.EXCLUDE.word:
                place = (one.md5, one.process_name, one.parent_process_name)
                self._excluded.setdefault(place, []).append(one)
            elif one.action == Action.EXPECT.word:
                self._expected.add((one.team, one.process_name))
            elif one.action == Action.BAD.word and one.md5:
                self._bad[one.md5] = one

    def on_file(
        self, md5: str | None, process: str | None, parent: str | None, verdict: Verdict
    ) -> Tuple[Decision, ...]:
        """Return the exclusions of a file whose signature is what it was when they were made."""
        if not self._excluded or md5 is None or process is None:
            return ()
        found = self._excluded.get((md5, process, parent or ""), ())
        return tuple(one for one in found if _is_as_it_was(one, verdict))

    def called_bad(self, md5: str | None) -> Decision | None:
        """Return who called a file bad (None: nobody did), whoever ran it and under whatever name."""
        return self._bad.get(md5) if md5 is not None else None

    def is_expected(self, team: str, process: str) -> bool:
        """Return whether somebody said that a program is fine for a team."""
        return (team, process) in self._expected


def sentence_of(decision: Decision, until: str) -> str:
    """Write that a row is covered; `until` is the date."""
    return f"left out by hand until {until} by {decision.author}: {decision.why}"


def sentence_of_bad(decision: Decision, until: str, whose: str) -> str:
    """Write that a file was called bad; `whose` says which file of the row it is."""
    return f"{whose} was called bad until {until} by {decision.author}: {decision.why}"


def decide(action: str, row: Mapping[str, Any], days: float, why: str, author: str, now: float) -> Decision:
    """Make a decision on a row, as the summary has it.

    Raises:
        InvalidRequestError: it would hide too much, or for too long, or says no reason.
    """
    kind = next((one for one in Action if one.word == action), None)
    if kind is None:
        raise InvalidRequestError(f"action is one of {', '.join(one.word for one in Action)}")
    if not math.isfinite(days) or not 1 <= days <= kind.most_days:
        raise InvalidRequestError(f"days is from 1 to {kind.most_days}: an {action} decision has an end")
    why = _text(why, "why")
    if len(why) < MIN_WHY:
        raise InvalidRequestError(f"say why, in {MIN_WHY} characters at least: others will ask")
    md5, score = parse_md5(str(row.get("process_md5", ""))), _score(row.get("anomaly_score"))
    if md5 is None and kind is Action.BAD:  # The row has a SHA-256 alone.
        md5 = parse_md5(str(row.get("process_document_md5", "")))
    made = Decision(
        action=action,
        user=_person(row),
        team=_text(row.get("team"), "team").lower(),
        process_name=_text(row.get("process_name"), "process_name").lower(),
        parent_process_name=_text(row.get("parent_process_name"), "parent_process_name").lower(),
        md5=md5 or "",
        signed=_text(row.get("signed"), "signed"),
        signed_reason=_text(row.get("signed_reason"), "signed_reason"),
        publisher=_text(row.get("process_signature_publisher"), "process_signature_publisher"),
        score=min(_MAX_SCORE, score + _SPARE),
        why=why,
        author=author,
        made=now,
        until=now + days * 86400,
    )
    if kind is Action.EXCLUDE:
        _check_exclusion(made)
    if kind is Action.BAD and not made.md5:
        raise InvalidRequestError("a bad file is told by its MD5: the row has none in process_md5")
    if kind is Action.EXPECT and not (made.team and made.process_name):
        raise InvalidRequestError("what is expected is a program of a team: the row names no team, or no program")
    if kind is Action.EXPECT:  # It is about the team alone, whoever ran it.
        return made._replace(user="", parent_process_name="", md5="", score=0.0)
    return made


def read_decision(document: Mapping[str, Any]) -> Decision | None:
    """Read a decision as it is kept (None: it is none)."""
    try:
        values: dict[str, Any] = {name: document[name] for name in Decision._fields}
        numbers = {name: float(values[name]) for name in ("score", "made", "until")}
        texts = [value for name, value in values.items() if name not in numbers]
    except (KeyError, TypeError, ValueError):
        return None
    is_sound = all(isinstance(text, str) for text in texts) and all(map(math.isfinite, numbers.values()))
    return Decision(**{**values, **numbers}) if is_sound else None


def write_decision(decision: Decision) -> dict[str, Any]:
    """Write a decision as it is kept."""
    return {"_key": decision.key, **decision._asdict()}


def _check_exclusion(made: Decision) -> None:
    if not made.md5:
        raise InvalidRequestError("only a file with an MD5 can be left out: a name is anybody's to choose")
    if not made.process_name:
        raise InvalidRequestError("the row names no program")
    if not made.team and made.user in {"", NOBODY}:
        raise InvalidRequestError("the row names neither a person nor a team: a file is not left out for everybody")
    reason = next((one for one in Reason if one.value == made.signed_reason), None)
    if reason is None or made.signed != reason.signed.value:
        raise InvalidRequestError("the row does not say how its file is signed, and why")
    if reason.is_tampering:
        raise InvalidRequestError(f"a file whose signature does not hold ({reason.value}) is never left out")
    if reason.signed is Signed.UNKNOWN and reason is not Reason.NOT_SEEN:
        raise InvalidRequestError(f"nobody knows yet how this file is signed ({reason.value}): search again first")


def _is_as_it_was(decision: Decision, verdict: Verdict) -> bool:
    """Return whether a signature is what it was; which way of asking found that it is valid does not matter."""
    publisher = verdict.signature.publisher if verdict.signature else ""
    is_same = decision.signed == verdict.signed.value and decision.publisher == publisher
    return is_same and (verdict.signed is Signed.TRUE or decision.signed_reason == verdict.reason.value)


def _person(row: Mapping[str, Any]) -> str:
    """Return the person of a row (empty: it names none), read from it as a search does."""
    _text(row.get("user"), "user")
    texts = {name: str(row[name]) for name in (*USER_FIELDS, *OTHER_USER_FIELDS) if row.get(name)}
    accounts = accounts_of(texts, USER_FIELDS, OTHER_USER_FIELDS)
    people = [person for one in accounts if (person := person_of(one))]
    if len(people) > 1:
        raise InvalidRequestError("user has several values: decide on a row that has one")
    return people[0] if people else NOBODY if accounts else ""


def _text(value: object, name: str) -> str:
    """Return a text of a row; a dash stands for nothing in the summary."""
    text = value.strip() if isinstance(value, str) else ""
    if "\n" in text:
        raise InvalidRequestError(f"{name} has several values: decide on a row that has one")
    if len(text) > MAX_TEXT or not text.isprintable():
        raise InvalidRequestError(f"{name} is longer than {MAX_TEXT} characters, or holds what cannot be shown")
    return "" if text in _NOTHING else text


def _score(value: object) -> float:
    try:
        score = float(value) if isinstance(value, (str, int, float)) else 0.0
    except (ValueError, OverflowError):
        return 0.0
    return score if math.isfinite(score) else 0.0
