"""A site of four programs: one signed, one unsigned, one tampered with, and one that Carbon Black never saw.

Small enough that what a search over it must give can be written down.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Dict, List, Mapping, Optional

from tests.lab.edr.estate import Estate, Start
from tests.lab.search_time import SearchTime
from tests.lab.spl.environment import Row

DAY = 86400
ENDPOINT_TIME = "2020-01-01T00:00:00Z"
CIM_MACRO = {"drop_dm_object_name(1)": {"args": "object_name", "definition": "rename $object_name$.* as *"}}
"""Of Splunk_SA_CIM, which the manual's searches over data models name."""

INPUT = "cbsigned_processes://main"
CALL = (
    "2026-11-02 09:00:00,000 INFO cbverdict.service.verdict_service verdicts account=main method=joint questions=4 "
    "asked=2 requests=2 seconds=0.250 troubles=none"
)
"""A line of the log of verdicts."""


@dataclass(frozen=True)
class Program:
    """A program, who runs it, and what Carbon Black says of it (None: never seen)."""

    name: str
    user: str
    result: Optional[str]
    site: str = "oslo"
    publisher: str = "Example Corp"

    @property
    def path(self) -> str:
        """Where it lies."""
        return f"c:\\temp\\{self.name}"

    @property
    def md5(self) -> str:
        """The hash of its name."""
        return hashlib.md5(self.name.encode(), usedforsecurity=False).hexdigest()


EDITOR = Program("editor.exe", "ann", "Signed")
DROPPER = Program("dropper.exe", "bob", "Unsigned", "paris", "")
UPDATE = Program("update.exe", "ann", "Bad Signature")
NIGHTLY = Program("nightly.exe", "bob", None, "paris")
PROGRAMS = (EDITOR, DROPPER, UPDATE, NIGHTLY)
PARENT = Program("shell.exe", "ann", "Signed")
TIMECARD = Program("timecard.exe", "jdoe", "Unsigned", publisher="")
"""What people decide on: in the index `hr` alone."""


def estate() -> Estate:
    """Give what Carbon Black knows."""
    made = Estate()
    for program in (*PROGRAMS, PARENT, TIMECARD):
        if program.result is not None:
            made.add_binary(program.md5, program.result, program.path, publisher=program.publisher)
            made.add_process(Start(program.md5, program.path, username=program.user))
    return made


def indexes(now: float, search_time: SearchTime) -> Dict[str, List[Row]]:
    """Give the events of the four programs, each started once, an hour apart, in the morning before `now`."""
    begin = now // DAY * DAY - DAY + 9 * 3600
    at = {program.name: str(int(begin + 3600 * place)) for place, program in enumerate(PROGRAMS)}
    return {
        "edr": [
            *(_forwarder(program, at[program.name]) for program in PROGRAMS),
            *(_module(program, now) for program in (EDITOR, DROPPER)),
            *(_event(document, sourcetype, search_time) for sourcetype, document in _written_by_inputs(begin)),
        ],
        "hr": [{**_forwarder(TIMECARD, at[EDITOR.name]), "team": "hr"}],
        "summary": [],
        "sysmon": [_sysmon(program, at[program.name]) for program in (EDITOR, DROPPER)],
        "auth": [_log_on(user, begin + hour * 3600) for user, hour in (("ann", -1), ("bob", -7))],
        "_internal": [
            _log("cbsigned_processes", begin, "level=WARNING trouble reason=unreachable"),
            _log("cbsigned_verdicts", begin + 30, CALL),
            _log("cbsigned_binaries", begin + 60, "level=INFO page read=1"),
        ],
    }


def data_models(now: float) -> Dict[str, List[Row]]:
    """Give the CIM's processes: each program twice."""
    begin = int(now // DAY * DAY - DAY + 9 * 3600)
    return {
        "Endpoint.Processes": [
            {"_time": str(begin + second), **{f"Processes.{name}": cell for name, cell in _cim(program).items()}}
            for second in (0, 1800)
            for program in PROGRAMS
        ]
    }


def _cim(program: Program) -> Row:
    return {
        "process_hash": program.md5,
        "process_name": program.name,
        "process_path": program.path,
        "original_file_name": program.name,
        "process_guid": f"guid-{program.name}",
        "parent_process_name": PARENT.name,
        "process": f"{program.path} /a",
        "user": program.user,
        "dest": f"pc-{program.user}",
    }


def _forwarder(program: Program, at: str) -> Row:
    document = {
        "type": "ingress.event.procstart",
        "md5": program.md5.upper(),
        "path": program.path,
        "command_line": f"{program.path} /a",
        "parent_path": PARENT.path,
        "parent_md5": PARENT.md5.upper(),
        "username": program.user,
        "computer_name": f"pc-{program.user}",
    }
    return {
        **document,
        "_time": at,
        "_raw": json.dumps(document),
        "sourcetype": "bit9:carbonblack:json",
        "site": program.site,
    }


def _module(program: Program, now: float) -> Row:
    """Write what cb-event-forwarder says of a new binary; its JSON has a point in the paths of its fields."""
    return {
        "_time": str(int(now) - 600),
        "_raw": "{}",
        "sourcetype": "bit9:carbonblack:json",
        "type": "ingress.event.module",
        "md5": program.md5.upper(),
        "digsig.result": str(program.result),
        "digsig.publisher": program.publisher,
    }


def _sysmon(program: Program, at: str) -> Row:
    return {
        "_time": at,
        "_raw": f"<Event>{program.name}</Event>",
        "sourcetype": "XmlWinEventLog",
        "EventCode": "1",
        "Image": program.path.replace("temp", "PerfLogs"),
        "Hashes": f"MD5={program.md5.upper()},SHA256={hashlib.sha256(program.name.encode()).hexdigest().upper()}",
        "User": program.user,
        "Computer": f"pc-{program.user}",
    }


def _log_on(user: str, at: float) -> Row:
    tags = {"tag": "authentication", "action": "success", "app": "vpn"}
    return {"_time": str(int(at)), "_raw": f"{user} logged on", "user": user, "dest": "vpn", "team": "hr", **tags}


def _log(name: str, at: float, text: str) -> Row:
    pairs = dict(re.findall(r"(\w+)=(\S+)", text))
    return {**pairs, "_time": str(int(at)), "_raw": text, "source": f"/opt/splunk/var/log/splunk/{name}.log"}


def _written_by_inputs(begin: float) -> List[tuple[str, Dict[str, Any]]]:
    """Give documents as the inputs write them: a process twice, an endpoint with a wrong clock, a changed signature."""
    stamp = _stamp(begin)
    process = {
        "time": stamp,
        "cbsigned_id": "p1",
        "process_name": EDITOR.name,
        "process_md5": EDITOR.md5,
        "dest": "pc-ann",
        "endpoint_time": ENDPOINT_TIME,
        "signed": "true",
        "signed_noise": "true",
        "watchlists": ["one", "two"],
    }
    other = {"time": stamp, "cbsigned_id": "p2", "process_name": DROPPER.name, "dest": "pc-bob", "signed": "false"}
    return [
        ("cbsigned:process", {**process, "cbsigned_revision": "1"}),
        ("cbsigned:process", {**process, "cbsigned_revision": "2", "user": "ann"}),
        ("cbsigned:process", {**other, "cbsigned_revision": "1", "signed_noise": "false", "anomaly_score": "31.5"}),
        ("cbsigned:flip", {"time": stamp, **_flip()}),
        ("cbsigned:health", {"time": stamp, **_clock()}),
        ("cbsigned:health", {"time": _stamp(begin + 60), **_behind()}),
    ]


def _flip() -> Dict[str, Any]:
    return {
        "cbsigned_id": "f1",
        "cbsigned_revision": "0",
        "md5": UPDATE.md5,
        "previous_status": "Signed",
        "process_signature_status": "Bad Signature",
        "cb_server": "main",
    }


def _clock() -> Dict[str, Any]:
    return {
        "status": "clock",
        "input": INPUT,
        "cbsigned_id": "h1",
        "cbsigned_revision": "0",
        "cb_server": "main",
        "dest": ["pc-ann", "pc-bob"],
        "clock_offset": ["7200", "-86400"],
    }


def _behind() -> Dict[str, Any]:
    return {
        "status": "behind",
        "input": INPUT,
        "message": "the input lags by 20 minutes",
        "cbsigned_id": "h2",
        "cbsigned_revision": "0",
        "cb_server": "main",
    }


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _event(document: Mapping[str, Any], sourcetype: str, search_time: SearchTime) -> Row:
    return search_time.row(document, sourcetype)
