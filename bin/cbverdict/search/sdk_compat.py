"""What splunk-sdk's commands would do and ours must not."""

from __future__ import annotations

import csv
import sys
from typing import IO, TYPE_CHECKING, Any, Iterable

if TYPE_CHECKING:
    from splunklib.searchcommands.search_command import SearchCommand as _Base
else:
    _Base = object


csv.field_size_limit(2**31 - 1)  # The SDK stops at 10 MB, and the whole search with it.


def standard_output() -> IO[bytes]:
    """Return the pipe to splunkd, so that what is written gets there whole.

    Where PYTHONUNBUFFERED is set, Python's own writes once, and what a signal cut off would be lost.
    """
    return open(sys.stdout.fileno(), "wb", closefd=False)


class HardenedCommand(_Base):
    """A mixin, before the SDK's class: own options only, errors that may hold braces, rows that may hold anything."""

    # The SDK's own options are open to everybody who searches: logging_configuration runs code out of any
    # file, record writes files, show_configuration adds messages.
    logging_configuration = None
    logging_level = None
    record = None
    show_configuration = None

    def write_error(self, message: str, *args: object) -> None:
        """Show an error; the SDK would format its text, and an option's value may hold braces."""
        super().write_error("{}", message.format(*args) if args else message)

    def _read_csv_records(self, ifile: Iterable[str]) -> Iterable[dict[str, Any]]:
        # The csv module refuses a NUL before Python 3.11, and the whole search would end over one.
        lines = ifile if sys.version_info >= (3, 11) else (line.replace("\0", "") for line in ifile)
        records: Iterable[dict[str, Any]] = super()._read_csv_records(lines)
        return records
