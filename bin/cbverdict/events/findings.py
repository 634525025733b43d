"""What an endpoint or a threat feed says against a row's process or its parent: reasons to keep it, never an answer.

Nothing that comes with a row makes it signed. But where the endpoint itself says that a file is not signed, that the
process was blocked or injected into, or that somebody lists it as a threat, the row is no noise.

Values: Elastic's common schema (`code_signature`), SentinelOne's Deep Visibility, "Cortex XDR XQL schema" (Palo Alto
Networks), "Advanced hunting schema" (Microsoft), `FILE_SIGNATURE_STATE_*` and reputations of Carbon Black Cloud ("Data
Forwarder", Carbon Black developer documentation), the bits of CrowdStrike's `SignInfoFlags` ("Falcon Data Replicator").
"""

from __future__ import annotations

from typing import Callable, Iterator, Sequence, Tuple

from cbverdict.events.event_columns import ACTION_FIELDS
from cbverdict.events.finding_columns import (
    FEED_FIELDS,
    INJECTED_FIELDS,
    PARENT_REPUTATION_FIELDS,
    PARENT_SIGNATURE_FIELDS,
    REPUTATION_FIELDS,
    SENSOR_ACTION_FIELDS,
    SIGNATURE_BITS_FIELDS,
    SIGNATURE_FIELDS,
    TACTICS_FIELDS,
)
from cbverdict.events.kind_words import LONGEST_KIND, MOST_KINDS, ends_of, word_of
from cbverdict.events.texts import FILLED, Record, shown, texts_of
from cbverdict.lazy_pattern import LazyPattern
from cbverdict.remembered import remember_short

_LONGEST = 100_000  # characters of a text that are looked at
_BETWEEN = LazyPattern(r"[|,;]")  # what joins several states in one text
_BITS = LazyPattern(r"0x[0-9a-f]{1,16}|(?<![\w.])[1-9]\d{0,18}")
_WORD = LazyPattern(r"[a-z]+")
_TRUE = frozenset({"true", "yes", "1", "1.0"})
_FALSE = frozenset({"false", "no"})
_NOT_SIGNED = (
    "unsigned", "unverified", "notverified", "notsigned", "nosignature", "invalid", "revoked", "untrusted",
    "badsignature", "baddigest", "tampered", "hashmismatch", "mismatch", "explicitdistrust", "errorrevoked",
    "erroruntrusted", "errorbad", "errordistrust",
)  # fmt: skip
"""How the words of a signature's state begin, at one of them, where it is none or a bad one; expired is neither."""

_NOT_SIGNED_BITS = sum(1 << bit for bit in (9, 10, 11, 14, 29))
"""No signature, a bad chain, another hash, a certificate that failed, one that was revoked."""

_BAD_REPUTATIONS = ("malware", "pup", "black", "companyblack", "companyblock", "blocklist")
_INTO_PROCESSES = (
    "inject", "hollow", "processimagereplac", "modifyprocess", "modifymemory", "readsecurity", "ramscrap", "fileless",
    "malware", "bufferoverflow", "dumpprocess", "reverseshell", "t1055", "t1003", "policydeny", "policyterminate",
)  # fmt: skip
"""How the words begin, at one of them, of what says that the code of a process is not its file's, or was not let."""

_BLOCKED = frozenset(
    {
        "blocked", "block", "denied", "deny", "prevented", "prevent", "terminated", "terminate", "killed", "kill",
        "quarantined", "quarantine", "remediated", "deferred", "cleaned", "isolated",
    }
)  # fmt: skip
_NO_THREATS = frozenset({"mywatchlists", "watchlist", "watchlists", "srstrust", "false", "missing", "other"})
"""What stands in a feed's column without being one: an alert by one of the analysts' own watchlists, the feed of files
that are trusted, and what takes the place of nothing."""


def read_findings(record: Record) -> Tuple[str, ...]:
    """Write what a row says against its process or its parent (nothing: it says nothing of the kind)."""
    return tuple(_findings(record))


def _findings(record: Record) -> Iterator[str]:
    own = "the endpoint says that it is not signed, or badly"
    said = (
        *_said(record, SIGNATURE_FIELDS, _says_not_signed, own),
        *_said(record, SIGNATURE_BITS_FIELDS, _has_bad_bits, own),
    )
    yield from said[:1]
    of_parent = "the endpoint says that its parent is not signed, or badly"
    yield from _said(record, PARENT_SIGNATURE_FIELDS, _says_not_signed, of_parent)
    yield from _said(record, REPUTATION_FIELDS, _is_bad_reputation, "its reputation is bad")
    yield from _said(record, PARENT_REPUTATION_FIELDS, _is_bad_reputation, "the reputation of its parent is bad")
    yield from _said(record, FEED_FIELDS, _is_threat_feed, "a threat feed lists it, or what it did")
    yield from _said(record, TACTICS_FIELDS, _is_into_processes, "the endpoint says what it did")
    yield from _said(record, INJECTED_FIELDS, _is_true, "it was started by code that was put into another process")
    yield from _said(record, (*ACTION_FIELDS, *SENSOR_ACTION_FIELDS), _is_blocked, "the endpoint did not let it")


def _said(record: Record, names: Sequence[str], speaks_against: Callable[[str], bool], sentence: str) -> Iterator[str]:
    for name in names:
        if not record.get(name):
            continue
        texts = texts_of(record, (name,))
        if len(texts) > MOST_KINDS:
            yield f"{sentence} ({name} has too many values)"
        against = next((text for text in texts if speaks_against(text)), None)
        if against is not None:
            yield f"{sentence} ({name}={shown(against)})"
            return


def _says_not_signed(text: str) -> bool:
    """Return whether one of the states is none or a bad one; a zero is what `fillnull` writes."""
    return any(part.lower() in _FALSE or _begins(part, _NOT_SIGNED) for part in _parts(text))


def _has_bad_bits(text: str) -> bool:
    return any(int(bits, 0) & _NOT_SIGNED_BITS for bits in _BITS.findall(text[:_LONGEST].lower()))


def _is_bad_reputation(text: str) -> bool:
    return any(_begins(part, _BAD_REPUTATIONS) for part in _parts(text))


def _is_threat_feed(text: str) -> bool:
    return text != FILLED and word_of(text) not in _NO_THREATS


def _is_into_processes(text: str) -> bool:
    return any(_begins(part, _INTO_PROCESSES) for part in _parts(text))


def _is_true(text: str) -> bool:
    return any(part.lower() in _TRUE for part in _parts(text))


def _is_blocked(text: str) -> bool:
    return any(word in _BLOCKED for part in _parts(text) for word in _WORD.findall(part.lower()))


def _parts(text: str) -> list[str]:
    """Return the states that were joined in one text."""
    return [part.strip() for part in _BETWEEN.split(text[:_LONGEST])]


@remember_short(LONGEST_KIND)
def _ends(text: str) -> Tuple[str, ...]:
    return tuple(ends_of(text))


def _begins(text: str, beginnings: Tuple[str, ...]) -> bool:
    return any(end.startswith(beginnings) for end in _ends(text))
