"""Persistent REST handlers as `restmap.conf` declares them, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping

_HERE = Path(__file__).resolve().parent
STUB = _HERE / "splunk_stub"
"""What stands for the packages that Splunk's own Python has."""


def environment(**ours: str) -> dict[str, str]:
    """Give what splunkd's own Python runs in; that bytecode is not to be written is no affair of splunkd's."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(STUB), **ours}


@dataclass(frozen=True)
class Rights:
    """What a stanza of restmap.conf demands: `capability` for every verb, `capability.<verb>` for one."""

    capabilities: Mapping[str, str]

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> Rights:
        """Read a stanza; the key of `capability` is empty."""
        named = ((name.partition("."), value) for name, value in settings.items())
        return cls({verb.upper(): value for (name, _, verb), value in named if name == "capability"})

    def needed(self, verb: str) -> str | None:
        """Give what a verb takes: its own capability, else the one for all verbs (None: it is open to everybody)."""
        return self.capabilities.get(verb, self.capabilities.get(""))


@dataclass(frozen=True)
class Endpoint:
    """One `[script:...]` stanza of restmap.conf."""

    match: str
    script: str
    handler: str
    rights: Rights
    has_system_token: bool


def read_endpoints(restmap: Mapping[str, Mapping[str, str]]) -> Iterator[Endpoint]:
    """Give the persistent endpoints of an app's restmap.conf."""
    for stanza, settings in restmap.items():
        if stanza.startswith("script:") and settings.get("scripttype") == "persist":
            yield Endpoint(
                match=settings["match"].strip("/"),
                script=settings["script"],
                handler=settings["handler"].rpartition(".")[2],
                rights=Rights.of(settings),
                has_system_token=settings.get("passSystemAuth", "false") == "true",
            )


class HandlerProcess:
    """A running handler; like splunkd's it serves one request at a time."""

    def __init__(self, python: str, script: Path, class_name: str, home: Path) -> None:
        """Remember what to run; the process starts with the first request."""
        self._command = [python, str(_HERE / "persistent.py"), str(script), class_name]
        self._home = home
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self.standard_error = home / "var" / "log" / "splunk" / f"{script.stem}.stderr"

    @property
    def pid(self) -> int | None:
        """The process id (None: not started)."""
        return self._process.pid if self._process else None

    def call(self, request: dict[str, Any]) -> dict[str, Any]:
        """Hand a request over and wait for the answer."""
        with self._lock:
            process = self._process or self._start()
            assert process.stdin and process.stdout  # noqa: PT018 - Popen was told to make both
            process.stdin.write(json.dumps(json.dumps(request)) + "\n")
            process.stdin.flush()
            answer: dict[str, Any] = json.loads(process.stdout.readline())
            return answer

    def stop(self) -> None:
        """End the process: by a signal that coverage hears, and nothing else in it."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate()
            self._process = None

    def _start(self) -> subprocess.Popen[str]:
        with self.standard_error.open("a", encoding="utf-8") as errors:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
                env=environment(SPLUNK_HOME=str(self._home)),
            )
        return self._process
