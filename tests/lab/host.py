"""Run a search command as splunkd does: getinfo-only starts, then chunks of the required columns, merged back.

The wire format is written out here on its own, not with the SDK that the command uses, so that the two sides
cannot agree by accident.
"""

from __future__ import annotations

import csv
import fnmatch
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Callable, Iterable, Iterator, Sequence, Union

if TYPE_CHECKING:
    from typing_extensions import Self

Value = Union[str, "list[str]"]
Row = dict[str, Value]
Take = Callable[["list[Row]", "list[Row]"], None]
"""Who takes a chunk's rows: as they were sent, and as they came back."""

_HEADER = re.compile(rb"chunked 1\.0,(\d+),(\d+)\n")
_ENCODED = re.compile(r"\$((?:[^$]|\$\$)*)\$(?:;|\Z)")
_OURS = {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}  # of the environment, what splunkd would not hand on
_WORD = re.compile(r"[A-Za-z0-9]*")
_INDEX = "_chunked_idx"
SID = "1700000000.1"
"""The search's id, where it does not matter."""


@dataclass
class SearchResult:
    """What a search came to: all rows in order, messages `(level, text)`, the getinfo reply, the exit code."""

    rows: list[Row]
    messages: list[tuple[str, str]]
    configuration: dict[str, Any]
    exit_code: int
    standard_error: str
    reply_columns: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class Timing:
    """What a command took, start-up and the host's own work left out: wall seconds for each chunk, peak memory."""

    laps: list[float]
    peak_mb: float

    @property
    def seconds(self) -> float:
        """Give the wall seconds for all chunks."""
        return sum(self.laps)


class ProtocolError(Exception):
    """The command does not keep the protocol."""


@dataclass(frozen=True)
class SearchHost:
    """A search head that runs one command of an app as a subprocess."""

    script: Path
    splunkd_uri: str
    session_key: str
    python: str = sys.executable
    getinfo_starts: int = 2
    sid: str = SID

    def run(
        self,
        rows: Iterable[Row],
        arguments: Sequence[str] = (),
        chunk_size: int = 50_000,
        progress: Callable[[int], None] | None = None,
    ) -> SearchResult:
        """Run a search over rows; `progress` hears of the number of rows done after each chunk."""
        back: list[Row] = []

        def keep(_: list[Row], merged: list[Row]) -> None:
            back.extend(merged)
            if progress:
                progress(len(back))

        result = self.stream(rows, keep, arguments, chunk_size)
        result.rows = back
        return result

    def stream(
        self, rows: Iterable[Row], take: Take, arguments: Sequence[str] = (), chunk_size: int = 50_000
    ) -> SearchResult:
        """Run a search without holding its rows: each chunk goes to `take`, as it was sent and as it came back."""
        for _ in range(self.getinfo_starts):
            with _Command(self, arguments) as command:
                command.get_info()
        with _Command(self, arguments) as command:
            configuration = command.get_info()
            result = SearchResult([], command.messages, configuration, 0, "")
            if not _is_refused(configuration):
                self._send_chunks(command, result, _chunks(rows, chunk_size), take)
        result.exit_code, result.standard_error = command.exit_code, command.standard_error
        return result

    def get_info(self, arguments: Sequence[str] = ()) -> dict[str, Any]:
        """Start the command for getinfo alone."""
        with _Command(self, arguments) as command:
            return command.get_info()

    def time(self, bodies: Iterable[bytes], arguments: Sequence[str] = ()) -> Timing:
        """Send chunks as they are, throw the replies away, and say what the command took for them."""
        laps = []
        with _Command(self, arguments) as command:
            command.get_info()
            for body in bodies:
                started = time.monotonic()
                command.execute_raw(body, is_last=False)
                laps.append(time.monotonic() - started)
            started = time.monotonic()
            command.execute_raw(b"", is_last=True)
            laps[-1] += time.monotonic() - started
            return Timing(laps, command.peak_mb())

    def whole(self, bodies: Sequence[bytes], arguments: Sequence[str] = ()) -> float:
        """Run a search of these chunks from its start to its end, its last chunk said to be that; give the seconds."""
        started = time.monotonic()
        with _Command(self, arguments) as command:
            command.get_info()
            for number, body in enumerate(bodies, 1):
                command.execute_raw(body, is_last=number == len(bodies))
        return time.monotonic() - started

    @contextmanager
    def started(self, arguments: Sequence[str] = ()) -> Iterator[Callable[[bytes], float]]:
        """Start a search; give what sends its only chunk and tells the seconds to the reply."""
        with _Command(self, arguments) as command:
            command.get_info()

            def send(body: bytes) -> float:
                started = time.monotonic()
                command.execute_raw(body, is_last=True)
                return time.monotonic() - started

            yield send

    @contextmanager
    def started_raw(self, arguments: Sequence[str] = ()) -> Iterator[Callable[..., str]]:
        """Start a command; give what sends a chunk as it is (`is_last`) and returns the reply's body."""
        with _Command(self, arguments) as command:
            command.get_info()
            yield command.execute_raw

    def generate(self, arguments: Sequence[str] = ()) -> SearchResult:
        """Run a search that begins with the command: one chunk without rows in, its rows out."""
        with _Command(self, arguments) as command:
            result = SearchResult([], command.messages, command.get_info(), 0, "")
            if not _is_refused(result.configuration):
                result.rows = command.execute([], [], is_last=True)
        result.exit_code, result.standard_error = command.exit_code, command.standard_error
        return result

    def report(
        self,
        rows: Iterable[Row],
        arguments: Sequence[str] = (),
        peers: int = 2,
        chunk_size: int = 50_000,
        progress: Callable[[int], None] | None = None,
    ) -> SearchResult:
        """Run a reporting command: its map in a process for each search peer, its reduce on what they send.

        The peers are dealt the rows in turn; `progress` hears of the number of rows that they have read. What stands
        before the map in its preop may be `fields` alone. A peer without rows starts no map.
        """
        with _Command(self, arguments) as command:
            configuration = command.get_info()
            result = SearchResult([], command.messages, configuration, 0, "")
            if not _is_refused(configuration):
                *projections, preop = _stages(configuration["streaming_preop"])
                if preop[0] != self.script.stem:
                    msg = f"the map is of another command: {preop}"
                    raise ProtocolError(msg)
                required = configuration.get("required_fields")
                kept = (_project(row, projections) for row in rows)
                for part in self._map(_chunks(kept, peers * chunk_size), preop[1:], peers, progress):
                    result.rows += command.execute(part, _columns(part, required), is_last=False)
                result.rows += command.execute([], _columns([], required), is_last=True)
        result.exit_code, result.standard_error = command.exit_code, command.standard_error
        return result

    def reduce(self, parts: list[Row]) -> SearchResult:
        """Hand rows to a reporting command's reduce as if its map had sent them."""
        with _Command(self, ()) as command:
            result = SearchResult([], command.messages, command.get_info(), 0, "")
            result.rows = command.execute(parts, _columns(parts, None), is_last=True)
        result.exit_code, result.standard_error = command.exit_code, command.standard_error
        return result

    def _map(
        self,
        hands: Iterator[list[Row]],
        arguments: Sequence[str],
        peers: int,
        progress: Callable[[int], None] | None,
    ) -> Iterator[list[Row]]:
        """Run the map on all peers at once; give what comes of each chunk."""
        done = 0
        with ExitStack() as stack:
            commands = [stack.enter_context(_Command(self, arguments)) for _ in range(peers)]
            required = [command.get_info().get("required_fields") for command in commands]
            busy: set[int] = set()
            for hand in hands:
                for peer, command in enumerate(commands):
                    chunk = hand[peer::peers]
                    if chunk:
                        yield command.execute(chunk, _columns(chunk, required[peer]), is_last=False)
                        busy.add(peer)
                done += len(hand)
                if progress:
                    progress(done)
            for peer in busy:
                yield commands[peer].execute([], _columns([], required[peer]), is_last=True)

    @staticmethod
    def _send_chunks(command: _Command, result: SearchResult, chunks: Iterator[list[Row]], take: Take) -> None:
        required = result.configuration.get("required_fields")
        first: list[Row] = []
        for number, chunk in enumerate(chunks):
            if number == 1:
                command.execute([], _columns(chunk, required), is_last=False)  # splunkd does this now and then.
            columns = _columns(chunk, required)
            reply = command.execute(chunk, columns, is_last=False)
            result.reply_columns.append(list(reply[0]) if reply else [])
            merged = _merge(chunk, reply, columns)
            first = first or merged[:1]
            take(chunk, merged)
        command.execute([], _columns(first, required), is_last=True)


def _stages(search: str) -> list[list[str]]:
    """Split a pipeline into its commands, and those into words."""
    stages: list[list[str]] = [[]]
    for word in shlex.split(search):
        if word == "|":
            stages.append([])
        else:
            stages[-1].append(word)
    return stages


def _project(row: Row, projections: Sequence[Sequence[str]]) -> Row:
    """Do with a row what `fields a, b` and `fields - c` do: fields with an underscore stay unless they are named."""
    for command, *words in projections:
        if command != "fields":
            msg = f"before the map stands {command}"
            raise ProtocolError(msg)
        is_removing = words[0] == "-"
        names = [word.rstrip(",") for word in words[is_removing:]]
        named = {field for field in row if any(fnmatch.fnmatchcase(field, name) for name in names)}
        kept = set(row) - named if is_removing else named | {field for field in row if field.startswith("_")}
        row = {field: value for field, value in row.items() if field in kept}
    return row


class _Command:
    """One running command."""

    def __init__(self, host: SearchHost, arguments: Sequence[str]) -> None:
        self._host = host
        self._arguments = list(arguments)
        self._dispatch = tempfile.TemporaryDirectory()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self.messages: list[tuple[str, str]] = []
        self.exit_code = 0
        self.standard_error = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [self._host.python, str(self._host.script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=self._dispatch.name,
            env={name: value for name, value in os.environ.items() if name not in _OURS},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin: IO[bytes] = self._process.stdin
        self._stdout: IO[bytes] = self._process.stdout
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            self._stdin.close()
            rest = self._stdout.read()
            self._stdout.close()
            self.exit_code = self._process.wait(30)
        finally:
            self._process.kill()
            self._errors.seek(0)
            self.standard_error = self._errors.read().decode("utf-8", "replace")
            self._errors.close()
            self._dispatch.cleanup()
        if rest and exception[0] is None:
            msg = f"bytes after the last reply: {rest[:200]!r}"
            raise ProtocolError(msg)

    def get_info(self) -> dict[str, Any]:
        """Send getinfo; the command must answer without a body."""
        info = {
            "action": "getinfo",
            "preview": False,
            "streaming_command_will_restart": False,
            "searchinfo": {
                "args": self._arguments,
                "raw_args": self._arguments,
                "dispatch_dir": self._dispatch.name,
                "sid": self._host.sid,
                "app": "search",
                "owner": "analyst",
                "username": "analyst",
                "session_key": self._host.session_key,
                "splunkd_uri": self._host.splunkd_uri,
                "splunk_version": "9.4.0",
                "search": "search%20index%3Dedr%20%7C%20cbsigned",
                "command": self._host.script.stem,
                "maxresultrows": 50000,
                "earliest_time": "0",
                "latest_time": "0",
            },
        }
        self._send(info, b"")
        metadata, _ = self._receive()
        return metadata

    def execute(self, rows: list[Row], columns: list[str], *, is_last: bool) -> list[Row]:
        """Send one chunk and read its one reply."""
        return _decode(self.execute_raw(encode(rows, columns), is_last=is_last))

    def execute_raw(self, body: bytes, *, is_last: bool) -> str:
        """Send a chunk's body and read the reply's."""
        # Sent from a thread, for a command may begin to answer before it has read all.
        sender = threading.Thread(target=self._send, args=({"action": "execute", "finished": is_last}, body))
        sender.start()
        metadata, reply = self._receive()
        sender.join()
        if is_last and not metadata.get("finished"):
            msg = "the command did not finish with the last chunk"
            raise ProtocolError(msg)
        return reply

    def peak_mb(self) -> float:
        """Give the most memory that the command has had, in MB; 0 where the system does not say."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        except OSError:
            return 0.0
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def _send(self, metadata: dict[str, Any], body: bytes) -> None:
        head = json.dumps(metadata).encode()
        try:
            self._stdin.write(b"chunked 1.0,%d,%d\n" % (len(head), len(body)) + head + body)
            self._stdin.flush()
        except BrokenPipeError:
            return  # The command has ended; what it said is read from its reply.

    def _receive(self) -> tuple[dict[str, Any], str]:
        header = self._stdout.readline()
        match = _HEADER.fullmatch(header)
        if match is None:
            self._errors.seek(0)
            msg = f"no chunk header but {header[:200]!r}; standard error: {self._errors.read()[-2000:].decode()}"
            raise ProtocolError(msg)
        metadata: dict[str, Any] = json.loads(self._stdout.read(int(match[1])))
        body = self._stdout.read(int(match[2])).decode("utf-8")
        messages = metadata.get("inspector", {}).get("messages", [])
        self.messages += [(level, text) for level, text in messages]
        return metadata, body


def _is_refused(configuration: dict[str, Any]) -> bool:
    messages = configuration.get("inspector", {}).get("messages", [])
    return bool(configuration.get("error")) or any(level == "ERROR" for level, _ in messages)


def _chunks(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _columns(rows: list[Row], required: list[str] | None) -> list[str]:
    if required and required != ["*"]:
        return [*required, _INDEX]
    return list(dict.fromkeys(name for row in rows for name in row))


def encode(rows: list[Row], columns: list[str]) -> bytes:
    """Write rows as a chunk's body: the columns, with the index if it is asked for, then a multivalue twin of each."""
    lines = [",".join(map(_cell, [*columns, *(f"__mv_{name}" for name in columns)]))]
    for index, row in enumerate(rows):
        values = [str(index) if name == _INDEX else row.get(name, "") for name in columns]
        plain = ["\n".join(value) if isinstance(value, list) else value for value in values]
        multi = [_encode_values(value) if isinstance(value, list) else "" for value in values]
        lines.append(",".join(map(_cell, [*plain, *multi])))
    return ("\n".join(lines) + "\n").encode("utf-8")


def _cell(text: str) -> str:
    """Write a cell as splunkd does: plain words stand as they are, everything else in quotes."""
    return text if _WORD.fullmatch(text) else '"' + text.replace('"', '""') + '"'


def _encode_values(values: list[str]) -> str:
    return ";".join("$" + value.replace("$", "$$") + "$" for value in values)


def _decode(body: str) -> list[Row]:
    """Read a reply's rows."""
    csv.field_size_limit(64 * 1024 * 1024)  # here, for the SDK sets its own when it is imported
    rows: list[Row] = []
    for record in csv.DictReader(io.StringIO(body, newline="")):
        row: Row = {name: value for name, value in record.items() if not name.startswith("__mv_")}
        for name, value in record.items():
            if name.startswith("__mv_") and value:
                row[name[5:]] = [item.replace("$$", "$") for item in _ENCODED.findall(value)]
        rows.append(row)
    return rows


def _merge(chunk: list[Row], reply: list[Row], sent: list[str]) -> list[Row]:
    """Put the reply's fields onto the events by `_chunked_idx`, as splunkd does with required fields.

    A required column that the event does not have was sent empty; where it comes back empty, it is no field of it.
    """
    merged = []
    for row in reply:
        if _INDEX not in row:
            msg = f"a row came back without {_INDEX}"
            raise ProtocolError(msg)
        event = chunk[int(str(row[_INDEX]))]
        fields = {name: value for name, value in row.items() if name != _INDEX}
        new = {name: value for name, value in fields.items() if name in event or name not in sent or value != ""}
        merged.append({**event, **new})
    return merged
