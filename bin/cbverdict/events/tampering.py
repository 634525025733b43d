"""Whether a row is about what was done to a process, or by it to another one: then its code may not be its file's.

The file's signature says nothing of such code. Numbers and names of Sysmon's events ("Sysmon", Microsoft Sysinternals
documentation), Carbon Black's event types ("Event forwarder", Carbon Black developer documentation), Elastic's
`event.code` of alerts ("Detection alerts", Elastic documentation).
"""

from __future__ import annotations

from cbverdict.events.event_columns import EVENT_KIND_FIELDS, EVENT_STATE_FIELDS, TARGET_FIELDS
from cbverdict.events.kind_words import LONGEST_KIND, MOST_KINDS, NUMBERED_FIELDS, ends_of, numbers_of, word_of
from cbverdict.events.kinds import names_other
from cbverdict.events.texts import FILLED, Record, texts_of
from cbverdict.remembered import remember_short

_NUMBERS = frozenset({8, 9, 10, 25})
"""Sysmon's: a thread in another process, a disk read past the files, another process opened, an image replaced."""

_BEGINNINGS = (
    "tamper", "processtamper", "createremotethread", "remotethread", "crossproc", "processaccess", "openprocess",
    "processopen", "openremoteprocess", "openedremoteprocess", "duplicateprocesshandle", "duplicatethreadhandle",
    "handleopen", "queueuserapc", "setthreadcontext", "writeprocessmemory", "readprocessmemory", "rawaccessread",
    "inject", "processinject", "codeinject", "threadinject", "dllinject", "hollow", "processhollow", "herpaderp",
    "doppelgang", "processghost", "imageisreplaced", "imageislocked", "shellcode", "memorysignature", "memorythreat",
    "processblock", "emetmitigation", "apicall", "reflectiveload", "modulestomp",
)  # fmt: skip
"""How the words of such a kind begin, at one of them."""

_ALERTS = frozenset({"maliciousfile", "ransomware", "behavior", "behaviour", "ruledetection", "maliciousthread"})
"""What an endpoint itself says that it found: words that are nothing but that, and no part of a title."""

_OF_FORWARDER = ("ingress.event.", "endpoint.event.")
_NOTHING_DONE = frozenset({"procstart", "procend", "process", "netconn", "netconn_proxy", "regmod"})
"""Of the events of Carbon Black's forwarders those that are about a process's life, its network and the registry."""


def is_about_tampering(record: Record) -> bool:
    """Return whether a row says that it is about code put into a process, about one that opened another, or an alert.

    Whatever of Carbon Black's own kinds is not known to be harmless counts as well.
    """
    if any(text != FILLED for text in texts_of(record, TARGET_FIELDS)):
        return True
    if any(word_of(text) == "alert" for text in texts_of(record, EVENT_STATE_FIELDS)):
        return True
    return any(_names_tampering(record, name) for name in EVENT_KIND_FIELDS if record.get(name))


def _names_tampering(record: Record, name: str) -> bool:
    texts = texts_of(record, (name,))[:MOST_KINDS]
    are_numbered = name in NUMBERED_FIELDS
    return any(_is_tampering(text) or (are_numbered and not _NUMBERS.isdisjoint(numbers_of(text))) for text in texts)


@remember_short(LONGEST_KIND)
def _is_tampering(text: str) -> bool:
    lower = text.lower()
    if lower.startswith(_OF_FORWARDER):
        kind = lower.split(".")[2]
        return kind not in _NOTHING_DONE and not names_other(kind)
    return word_of(text) in _ALERTS or any(end.startswith(_BEGINNINGS) for end in ends_of(text))
