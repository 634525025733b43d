"""What splunk-sdk's commands would do and ours must not, and all that we use of the SDK's private parts.

The SDK is pinned, and tests compare every byte with what it writes by itself.
"""

from __future__ import annotations

import contextlib
import csv
import logging
import os
import re
import sys
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, Callable, Iterable, NamedTuple, NoReturn, Protocol

from splunklib.searchcommands import dispatch, validators
from splunklib.searchcommands.internals import CsvDialect, RecordWriterV2

if TYPE_CHECKING:
    from splunklib.searchcommands.search_command import SearchCommand as _Base
else:
    _Base = object


_ABOUT_OPTION = re.compile(
    r"Illegal value: (?P<illegal>\w+)=(?P<value>.*)|Unrecognized option: (?P<unknown>\w+)=.*"
    r'|A value for "(?P<missing>\w+)" is required',
    re.DOTALL,
)
csv.field_size_limit(2**31 - 1)  # The SDK stops at 10 MB, and the whole search with it.


class ChunkReply(Protocol):
    """The reply to a chunk of rows as it goes to splunkd."""

    @property
    def body(self) -> bytes:
        """Return what the SDK would write."""

    @property
    def rows(self) -> int:
        """Return how many rows are in it."""


def standard_output() -> IO[bytes]:
    """Return the pipe to splunkd, so that what is written gets there whole.

    Where PYTHONUNBUFFERED is set, Python's own writes once, and what a signal cut off would be lost.
    """
    return open(sys.stdout.fileno(), "wb", closefd=False)


def run(command: type[HardenedCommand], module_name: str) -> None:
    """Carry out what splunkd asks of a script's command, and end the process.

    At once, as far as all went well: Python would take down every module and object first, a tenth and more of what a
    search of a few rows costs.
    """
    output = standard_output()
    dispatch(command, sys.argv, sys.stdin, output, module_name)
    if module_name == "__main__":
        end_process(output.flush, 0)


def end_process(deliver: Callable[[], object], code: int) -> NoReturn:
    """End the process at once, with the rest of what it writes delivered, whatever another thread still waits for."""
    with contextlib.suppress(BrokenPipeError):
        deliver()
    logging.shutdown()
    sys.stderr.flush()
    os._exit(code)


class HardenedCommand(_Base):
    """A mixin, before the SDK's class: own options only, errors that may hold braces, rows that may hold anything."""

    # The SDK's own options are open to everybody who searches: logging_configuration runs code out of any
    # file, record writes files, show_configuration adds messages.
    logging_configuration = None
    logging_level = None
    record = None
    show_configuration = None

    def prepare(self) -> None:
        """Refuse what is no option: a word that is passed over in silence may be what somebody meant."""
        super().prepare()
        if self.fieldnames:
            self.end_with(f"{self.name} takes options only, as name=value; what is {' '.join(self.fieldnames)}?")

    def end_with(self, message: str) -> NoReturn:
        """End the search with an error before anything runs."""
        self.write_error("{}", message)
        sys.exit(1)

    @property
    def is_last_chunk(self) -> bool:
        """Whether no chunk comes after this one."""
        return bool(self._finished)

    def write_warning(self, message: str, *args: object) -> None:
        """Show a warning; the SDK would format its text, which may hold braces."""
        super().write_warning("{}", message.format(*args) if args else message)

    def write_info(self, message: str, *args: object) -> None:
        """Show a message likewise."""
        super().write_info("{}", message.format(*args) if args else message)

    def write_error(self, message: str, *args: object) -> None:
        """Show an error; the SDK would format its text, and an option's value may hold braces.

        Of an option the SDK says what is wrong; what would be right is said here.
        """
        text = message.format(*args) if args else message
        match = _ABOUT_OPTION.match(text)
        if match is None:
            super().write_error("{}", text)
        elif match["illegal"] in self.options:
            super().write_error("{}", f"{text}: {_allowed(self.options[match['illegal']].validator, match['value'])}")
        elif match["unknown"]:
            options = ", ".join(sorted(self.options))
            super().write_error("{}", f"{text}: there are {options}" if options else f"{text}: there are no options")
        elif not self._has_said(match["missing"]):
            super().write_error("{}", text)

    def _has_said(self, name: str) -> bool:
        """Return whether a message names an option already: what is wrong is not missing as well."""
        messages = self._record_writer._inspector.get("messages", ())  # noqa: SLF001 - the SDK's, see above
        return any(f" {name}=" in said for _, said in messages)

    def read_rows(self, body: Iterable[str]) -> Iterable[dict[str, Any]]:
        """Return the rows of a chunk's body as the SDK reads them."""
        return self._read_csv_records(body)

    def reply_to(self, body: str) -> ChunkReply | None:  # noqa: ARG002 - for a command that knows better
        """Return the reply to a chunk's body (None: the SDK reads the rows and writes them)."""
        return None

    def conclude(self) -> None:
        """Report what the search came to; its last chunk is answered, and what is said goes out with that answer."""

    def _read_csv_records(self, ifile: Iterable[str]) -> Iterable[dict[str, Any]]:
        # The csv module refuses a NUL before Python 3.11, and the whole search would end over one.
        lines = ifile if sys.version_info >= (3, 11) else (line.replace("\0", "") for line in ifile)
        records: Iterable[dict[str, Any]] = super()._read_csv_records(lines)
        return records

    def _execute_chunk_v2(self, process: Any, chunk: tuple[Any, str]) -> None:  # noqa: ANN401 - the SDK's signature
        reply = self.reply_to(chunk[1])
        if reply is None:
            super()._execute_chunk_v2(process, chunk)
        else:
            _write_whole(self._record_writer, reply)
        if self.is_last_chunk:
            self.conclude()


def _allowed(validator: Any, value: str) -> str:  # noqa: ANN401 - one of the SDK's
    """Write what an option may be, for whose value a validator has just found to be wrong."""
    if isinstance(validator, validators.Set):
        return f"it is one of {', '.join(sorted(validator.membership))}"
    if isinstance(validator, validators.Boolean):
        return "it is true or false"
    try:
        validator(value)
    except ValueError as error:
        return str(error)
    return "it cannot be read"


class _Encoded(NamedTuple):
    """What the SDK takes for a text that it is about to encode, and is encoded."""

    body: bytes

    def encode(self, _: str) -> bytes:
        """Return it."""
        return self.body


class _ReplyBuffer:
    """What the SDK's writer writes into: replies as they came; a StringIO copies one of some MB several times."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._parts: list[bytes] = []

    def write(self, text: str) -> None:
        """Add a text."""
        self.add(text.encode())

    def add(self, part: bytes) -> None:
        """Add what is encoded."""
        self._parts.append(part)

    def getvalue(self) -> _Encoded:
        """Return all that was written."""
        return _Encoded(b"".join(self._parts))

    def seek(self, place: int) -> None:
        """Do nothing: the SDK goes to the beginning before it empties the buffer, and nowhere else."""

    def truncate(self) -> None:
        """Forget all."""
        self._parts.clear()


def _write_whole(writer: Any, reply: ChunkReply) -> None:  # noqa: ANN401 - the SDK's, which has no types
    if not isinstance(writer._buffer, _ReplyBuffer):  # noqa: SLF001 - see above
        writer._buffer = _ReplyBuffer()  # noqa: SLF001 - likewise; it is empty between two chunks
        writer._writer = csv.writer(writer._buffer, dialect=CsvDialect)  # noqa: SLF001 - likewise
        writer._writerow = writer._writer.writerow  # noqa: SLF001 - likewise
    writer._buffer.add(reply.body)  # noqa: SLF001 - likewise
    writer._pending_record_count += reply.rows  # noqa: SLF001 - likewise


def write_rows(rows: list[dict[str, Any]]) -> tuple[str, list[str]]:
    """Have the SDK write rows; return its header line and the text of each row."""
    writer = RecordWriterV2(BytesIO(), maxresultrows=None)
    buffer = writer._buffer  # noqa: SLF001 - see above
    ends = []
    for row in rows:
        writer.write_record(row)
        ends.append(buffer.tell())
    whole = buffer.getvalue()
    header, line_end, _ = whole.partition("\r\n")
    starts = [len(header) + len(line_end), *ends[:-1]]
    return header + line_end, [whole[start:end] for start, end in zip(starts, ends)]
