"""A verdict as it is kept between searches: how long, under which key, and whether a signature flipped."""

from __future__ import annotations

from typing import Any, Collection, Mapping, NamedTuple

from cbverdict.verdicts.evidence import Question
from cbverdict.verdicts.hashes import parse_hash
from cbverdict.verdicts.lifetimes import INDEXED_BASIS, INDEXED_LIFETIME, Lifetimes
from cbverdict.verdicts.reasons import Reason, Signed
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.verdict import Verdict, fields_of

Document = Mapping[str, Any]

_CLOCKS_DIFFER = 300.0
"""Seconds that the clocks of two search heads may be apart."""


class StoredVerdict(NamedTuple):
    """A verdict with its history; times are seconds since 1970.

    `server` is the account's name, `host` whom it named then (empty: nobody was asked). `basis` is how it was asked: a
    verdict counts only for searches with the same method and settings. `previous_status` and `flipped` are the
    signature's status before it last changed, and when (empty and None: it never did).
    """

    server: str
    question: Question
    basis: str
    verdict: Verdict
    first_seen: float
    last_seen: float
    expires: float
    previous_status: str = ""
    flipped: float | None = None
    host: str = ""

    def is_of(self, host: str) -> bool:
        """Return whether this host said so, or events of the account's in Splunk, which do not tell of whom."""
        return self.host == host or (self.host == "" and self.basis.startswith(INDEXED_BASIS))


def still_counts(stored: StoredVerdict, bases: Collection[str], lifetimes: Lifetimes, now: float) -> bool:
    """Return whether a stored verdict answers a search that asks in one of these ways.

    It counts no longer than the settings keep its kind from when it was made, whatever it says itself, and not at all
    if that lies ahead or if it contradicts itself.
    """
    lifetime = lifetimes.of(stored.verdict)
    if lifetime is None or stored.basis not in bases or not stored.verdict.is_consistent:
        return False
    if stored.basis.startswith(INDEXED_BASIS):
        lifetime = min(lifetime, INDEXED_LIFETIME)
    is_made = stored.last_seen <= now + _CLOCKS_DIFFER
    return is_made and now < stored.expires and now < stored.last_seen + lifetime


def store_key(server: str, question: Question) -> str:
    """Return the key of a question's document: `<md5>@<server>`, with the process name where the question has one."""
    name = "" if question.name is None else f"|{question.name.lower()}"
    return f"{question.md5}{name}@{server}"


def keep(  # noqa: PLR0913 - what a stored verdict is made of
    server: str,
    question: Question,
    basis: str,
    verdict: Verdict,
    *,
    old: StoredVerdict | None,
    lifetimes: Lifetimes,
    now: float,
    host: str = "",
) -> StoredVerdict | None:
    """Make the stored verdict that replaces `old` (None: this kind is not kept).

    Carbon Black's signatures are reported by endpoints and do change; a change between two known statuses is
    kept as a flip. `not_seen` neither makes a flip nor erases what was known of an earlier one.
    """
    lifetime = lifetimes.of(verdict)
    if lifetime is None:
        return None
    previous, flipped = ("", None) if old is None else (old.previous_status, old.flipped)
    if old is not None and _is_flip(old.verdict, verdict):
        previous, flipped = _status(old.verdict), now
    return StoredVerdict(
        server=server,
        question=question,
        basis=basis,
        verdict=verdict,
        first_seen=now if old is None else old.first_seen,
        last_seen=now,
        expires=now + lifetime,
        previous_status=previous,
        flipped=flipped,
        host=host,
    )


def write_document(stored: StoredVerdict) -> dict[str, Any]:
    """Write the KV store's document; its fields are named like the command's, so that a lookup can output them."""
    return {
        "_key": store_key(stored.server, stored.question),
        "md5": stored.question.md5,
        "name": stored.question.name or "",
        "server": stored.server,
        "basis": stored.basis,
        **fields_of(stored.verdict),
        "first_seen": stored.first_seen,
        "last_seen": stored.last_seen,
        "expires": stored.expires,
        "previous_status": stored.previous_status,
        "flipped": stored.flipped or 0,
        "server_host": stored.host,
    }


def read_document(document: Document) -> StoredVerdict | None:
    """Read a document of the KV store (None: it is not one of ours, or of another version)."""
    try:
        md5 = parse_hash(str(document["md5"]))
        if md5 is None:
            return None
        return StoredVerdict(
            server=str(document["server"]),
            question=Question(md5, str(document["name"]) or None),
            basis=str(document["basis"]),
            verdict=_verdict(document),
            first_seen=float(document["first_seen"]),
            last_seen=float(document["last_seen"]),
            expires=float(document["expires"]),
            previous_status=str(document["previous_status"]),
            flipped=float(document["flipped"]) or None,
            host=str(document.get("server_host") or ""),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _verdict(document: Document) -> Verdict:
    signature = Signature.from_columns(document)
    has_document = signature != Signature()
    return Verdict(Signed(document["signed"]), Reason(document["signed_reason"]), signature if has_document else None)


def _is_flip(old: Verdict, new: Verdict) -> bool:
    return Signed.UNKNOWN not in {old.signed, new.signed} and _status(old) != _status(new)


def _status(verdict: Verdict) -> str:
    if verdict.signature is not None and verdict.signature.is_collected:
        return verdict.signature.result
    return "Signed" if verdict.signed is Signed.TRUE else ""
