"""Whether a row is about what was done to a process, or by it to another one: then its code may not be its file's.

The file's signature says nothing of such code. Numbers and names of Sysmon's events ("Sysmon", Microsoft Sysinternals
documentation), Carbon Black's event types ("Event forwarder", Carbon Black developer documentation), Elastic's
`event.code` of alerts ("Detection alerts", Elastic documentation).
"""

from __future__ import annotations

from cbverdict.events.event_columns import (
    CATEGORY_FIELDS,
    CROWDSTRIKE_KIND_FIELDS,
    DEFENDER_KIND_FIELDS,
    EVENT_KIND_FIELDS,
    EVENT_STATE_FIELDS,
    TARGET_FIELDS,
    TITLE_FIELDS,
)
from cbverdict.events.kind_words import LONGEST_KIND, MOST_KINDS, NUMBERED_FIELDS, ends_of, numbers_of, word_of
from cbverdict.events.kinds import OF_FORWARDER, is_sure_start, names_other
from cbverdict.events.texts import FILLED, Record, texts_of
from cbverdict.remembered import remember_short

_NUMBERS = frozenset({8, 9, 10, 25})
"""Sysmon's: a thread in another process, a disk read past the files, another process opened, an image replaced."""

_TITLE_BEGINNINGS = (
    "processtamper", "createremotethread", "remotethread", "crossproc", "openremoteprocess", "openedremoteprocess",
    "remoteprocesshandle", "queueuserapc", "setthreadcontext", "writeprocessmemory", "readprocessmemory",
    "rawaccessread", "processinject", "codeinject", "threadinject", "dllinject", "injectedthread", "processhollow",
    "herpaderp", "doppelgang", "processghost", "imageisreplaced", "imageislocked", "shellcode", "memorysignature",
    "memorythreat", "emetmitigation", "reflectiveload", "reflectivedll", "modulestomp", "lsass",
)  # fmt: skip
"""How the words of such a kind begin, at one of them, also where an alert is called so."""

_BEGINNINGS = (
    *_TITLE_BEGINNINGS, "tamper", "inject", "hollow", "processaccess", "accessprocess", "openprocess", "processopen",
    "duplicateprocesshandle", "duplicatethreadhandle", "handleopen", "processblock", "apicall", "createthread",
    "processmemory", "memoryremote", "memorywrite", "primarytoken", "memdiskmismatch", "behavioralindicator",
    "gettask", "virtualalloc", "virtualprotect", "mapviewofsection", "setwindowshook", "ptrace", "processvm",
    "processcreatedusingwmi",
)  # fmt: skip
"""Likewise, where no title of an alert stands."""

_ALERTS = frozenset({"maliciousfile", "ransomware", "behavior", "behaviour", "ruledetection", "maliciousthread"})
"""What an endpoint itself says that it found: words that are nothing but that, and no part of a title."""

_STATES = frozenset({"alert", "api", "malware", "intrusiondetection", "crossprocess", "injection"})
"""Likewise, in the words of Elastic's common schema; calls of the system are recorded where they are odd."""

_NOTHING_DONE = frozenset({"procstart", "procend", "process", "netconn", "netconn_proxy", "regmod"})
"""Of the events of Carbon Black's forwarders those that are about a process's life, its network and the registry."""

_HARMLESS = {
    **dict.fromkeys(
        DEFENDER_KIND_FIELDS,
        (
            "processcreat", "connection", "inboundconnection", "listeningconnection", "networksignature", "dns", "http",
            "ssl", "icmp", "ftp", "ssh", "smtp", "ntlm", "kerberos", "registry", "logon", "scheduledtask", "file",
            "imageload", "driverload", "powershellcommand", "namedpipe", "serviceinstalled", "usb", "pnpdevice",
            "useraccount", "screenshot", "wmibind", "ldapsearch", "shelllink", "browserlaunched", "clipboard",
            "plugandplay", "removablestorage",
        ),
    ),
    **dict.fromkeys(
        CROWDSTRIKE_KIND_FIELDS,
        (
            "processrollup", "syntheticprocessrollup", "endofprocess", "network", "dnsrequest", "rawbind", "asep",
            "reg",
            "userlogon", "userlogoff", "useridentity", "commandhistory", "scriptcontrol", "newexecutable", "newscript",
            "pefilewritten", "file", "directory", "imagehash", "classifiedmoduleload", "driverload", "servicestarted",
            "hosteds", "scheduledtask", "usb", "firewall",
        ),
    ),
}  # fmt: skip
"""How the kinds begin of sources that name each of theirs: those that are nothing done to a process, nor by it."""


def is_about_tampering(record: Record) -> bool:
    """Return whether a row says that it is about code put into a process, about one that opened another, or an alert.

    Of sources that name each of their kinds, whatever is not known to be harmless counts as well. What an alert is
    called counts where no column for kinds says that the row is a process's start.
    """
    if any(text != FILLED for text in texts_of(record, TARGET_FIELDS)):
        return True
    states = map(word_of, texts_of(record, (*EVENT_STATE_FIELDS, *CATEGORY_FIELDS)))
    if not _STATES.isdisjoint(states):
        return True
    names = [name for name in EVENT_KIND_FIELDS if record.get(name)]
    if any(_names_tampering(record, name) for name in names if name not in TITLE_FIELDS):
        return True
    titles = [name for name in names if name in TITLE_FIELDS]
    return bool(titles) and not is_sure_start(record) and any(map(_is_called_so, texts_of(record, titles)[:MOST_KINDS]))


def _names_tampering(record: Record, name: str) -> bool:
    texts, harmless = texts_of(record, (name,))[:MOST_KINDS], _HARMLESS.get(name)
    if name in NUMBERED_FIELDS and any(not _NUMBERS.isdisjoint(numbers_of(text)) for text in texts):
        return True
    return any(_is_tampering(text) or (harmless and not word_of(text).startswith(harmless)) for text in texts)


@remember_short(LONGEST_KIND)
def _is_tampering(text: str) -> bool:
    lower = text.lower()
    if lower.startswith(OF_FORWARDER):
        kind = lower.split(".")[2]
        return kind not in _NOTHING_DONE and not names_other(kind)
    return word_of(text) in _ALERTS or _begins(text, _BEGINNINGS)


@remember_short(LONGEST_KIND)
def _is_called_so(title: str) -> bool:
    return _begins(title, _TITLE_BEGINNINGS)


def _begins(text: str, beginnings: tuple[str, ...]) -> bool:
    return any(end.startswith(beginnings) for end in ends_of(text))
