"""Run a modular input as splunkd does: scheme, check of arguments, and runs whose stream of XML becomes events.

The XML is written and read here on its own, not with the SDK that the inputs use, so that the two sides cannot agree by
accident.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import signal
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Iterable, Mapping
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from tests.lab.splunkd.handlers import environment

if TYPE_CHECKING:
    from tests.lab.site import Site

_EVENT = re.compile(rb"<event[ >].*?</event>", re.DOTALL)


@dataclass(frozen=True)
class Indexed:
    """One event as it reaches the index."""

    time: float
    sourcetype: str
    fields: dict[str, Any]


@dataclass
class Run:
    """A run of an input; its events come in while it runs."""

    process: subprocess.Popen[bytes]
    read: bytearray = field(default_factory=bytearray)
    standard_error: bytearray = field(default_factory=bytearray)
    is_read: bool = True
    _readers: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start reading, unless nobody reads."""
        if self.is_read:
            self.drain()

    def drain(self) -> None:
        """Read what it writes from now on."""
        assert self.process.stdout
        assert self.process.stderr
        for pipe, buffer in ((self.process.stdout, self.read), (self.process.stderr, self.standard_error)):
            reader = threading.Thread(target=_drain, args=(pipe, buffer), daemon=True)
            reader.start()
            self._readers.append(reader)

    def kill(self) -> None:
        """End it as a crash does (kill -9)."""
        self.process.kill()

    def terminate(self) -> None:
        """Ask it to stop, as splunkd does when the input is disabled."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self, timeout: float = 120.0) -> int:
        """Wait for its end, and for what it has written; give the exit code."""
        code = self.process.wait(timeout)
        for reader in self._readers:
            reader.join()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        return code

    def close(self) -> None:
        """Go away as a splunkd that crashes: nobody reads its pipe any more."""
        assert self.process.stdout
        self.process.stdout.close()

    def end(self) -> None:
        """End it where it still runs, and let go of its pipes."""
        self.process.kill()
        self.wait()

    def events(self) -> list[Indexed]:
        """Give the events that are whole; one that broke off is none."""
        return [_indexed(match) for match in _EVENT.findall(bytes(self.read))]


class InputHost:
    """A Splunk instance that runs one of the site's modular inputs; `host` is its name."""

    def __init__(self, site: Site, kind: str, name: str = "main", host: str = "searchhead1") -> None:
        """Take the site, and the stanza `<kind>://<name>`."""
        self.site = site
        self.kind = kind
        self.name = name
        self.host = host
        self.script = site.app / "bin" / f"{kind}.py"

    def scheme(self) -> ET.Element:
        """Ask for the scheme."""
        return ET.fromstring(self._ask("--scheme").stdout)

    def validate(self, **parameters: str) -> str:
        """Have arguments checked; give what is wrong (empty: nothing)."""
        items = "".join(_parameters(parameters))
        checked = self._ask(
            "--validate-arguments", f"<items>{self._head()}<item name={quoteattr(self.name)}>{items}</item></items>"
        )
        message = ET.fromstring(checked.stdout).findtext("message") if checked.stdout else ""
        assert bool(message) == bool(checked.returncode), checked.stderr
        return message or ""

    def start(self, **parameters: str) -> Run:
        """Start a run with these parameters over the defaults of inputs.conf."""
        return self._start(parameters, is_read=True)

    def start_unread(self) -> Run:
        """Start a run whose events nobody reads."""
        return self._start({}, is_read=False)

    def _start(self, parameters: Mapping[str, str], *, is_read: bool) -> Run:
        process = subprocess.Popen(
            self._command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment(),
        )
        assert process.stdin
        run = Run(process, is_read=is_read)
        self.site.finally_do(run.end)
        process.stdin.write(self.configuration(**parameters).encode())
        process.stdin.close()
        return run

    def run(self, **parameters: str) -> list[Indexed]:
        """Run once to its end; give the events, but for the one that says that it has begun."""
        run = self.start(**parameters)
        code = run.wait()
        assert code == 0, run.standard_error.decode()
        return [event for event in run.events() if event.fields.get("status") != "started"]

    def configuration(self, **parameters: str) -> str:
        """Write what splunkd writes to the input."""
        merged = {**self._defaults(), **parameters}
        name = quoteattr(f"{self.kind}://{self.name}")
        stanza = f'<stanza name={name} app="cbsigned">{"".join(_parameters(merged))}</stanza>'
        return f"<input>{self._head()}<configuration>{stanza}</configuration></input>"

    def _head(self) -> str:
        folder = self.site.splunkd.home / "var" / "lib" / "splunk" / "modinputs" / self.kind / self.host
        parts = {
            "server_host": self.host,
            "server_uri": self.site.splunkd.url,
            "session_key": self.site.splunkd.system_token,
            "checkpoint_dir": str(folder),
        }
        return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in parts.items())

    def _defaults(self) -> dict[str, str]:
        parser = configparser.RawConfigParser(delimiters=("=",))
        parser.read(self.site.app / "default" / "inputs.conf", encoding="utf-8")
        return dict(parser[self.kind])

    def _ask(self, flag: str, text: str = "") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*self._command(), flag],
            input=text.encode(),
            capture_output=True,
            env=self._environment(),
            check=False,
            timeout=60,
        )

    def _command(self) -> list[str]:
        return [self.site.python, str(self.script)]

    def _environment(self) -> dict[str, str]:
        return environment(SPLUNK_HOME=str(self.site.splunkd.home))


def once(events: Iterable[Indexed], app: Path) -> list[Indexed]:
    """Keep of the events what the macro `cbsigned_once` keeps."""
    parser = configparser.RawConfigParser(delimiters=("=",))
    parser.read(app / "default" / "macros.conf", encoding="utf-8")
    rule = re.fullmatch(r"dedup (\w+) keepempty=true sortby -(\w+) -_time", parser["cbsigned_once"]["definition"])
    assert rule, "the macro is another now: teach this function its rule"
    key, order = rule.groups()
    kept: dict[Any, Indexed] = {}
    for event in sorted(events, key=lambda event: (int(event.fields[order]), event.time), reverse=True):
        kept.setdefault(event.fields.get(key, id(event)), event)
    return list(kept.values())


def _parameters(parameters: Mapping[str, str]) -> Iterable[str]:
    return (f"<param name={quoteattr(name)}>{escape(value)}</param>" for name, value in parameters.items())


def _drain(pipe: IO[bytes], buffer: bytearray) -> None:
    while True:
        piece = os.read(pipe.fileno(), 1 << 16)
        if not piece:
            return
        buffer.extend(piece)


def _indexed(text: bytes) -> Indexed:
    event = ET.fromstring(text)
    data = event.findtext("data") or ""
    assert "\n" not in data, "an event of one line"
    return Indexed(float(event.findtext("time") or "nan"), event.findtext("sourcetype") or "", json.loads(data))
