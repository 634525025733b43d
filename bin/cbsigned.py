"""The search command `| cbsigned`: is each row's process signed? Answered by Carbon Black EDR."""

from __future__ import annotations

import csv
import logging
import sys
from pathlib import Path
from typing import Any, Iterable

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from splunklib.searchcommands import Configuration, Option, StreamingCommand, dispatch, validators

from cbverdict.enrich import Enricher, EnrichOptions, input_columns, summary
from cbverdict.events import EventFields
from cbverdict.sdk import HardenedCommand
from cbverdict.settings import Method
from cbverdict.verdict_client import VerdictClient

csv.field_size_limit(2**31 - 1)  # The SDK stops at 10 MB, and the whole search with it.
_TEXT = validators.Match("text", r".{1,255}\Z")


@Configuration(distributed=False)
class CbsignedCommand(HardenedCommand, StreamingCommand):
    """Stateful: it runs on the search head, keeps the order, and sees each row once."""

    server = Option(validate=_TEXT)
    method = Option(validate=validators.Set(*(method.value for method in Method)))
    md5_field = Option(name="md5", validate=_TEXT)
    name_field = Option(name="name", validate=_TEXT)  # `name` itself is the SDK's, the command's name
    parent_md5_field = Option(name="parent_md5", validate=_TEXT)
    prefix = Option(validate=validators.Match("prefix", r"[A-Za-z][A-Za-z0-9_.]*\Z"))
    details = Option(default=True, validate=validators.Boolean())
    refresh = Option(default=False, validate=validators.Boolean())
    timeout = Option(default=60.0, validate=validators.Float(minimum=1, maximum=3600))
    max_lookups = Option(validate=validators.Integer(minimum=1))

    def prepare(self) -> None:
        """Ask splunkd for the needed columns only; nothing is connected, read or asked before the first chunk."""
        if self.fieldnames:
            self.write_error(f"cbsigned takes options only, as name=value; what is {' '.join(self.fieldnames)}?")
            sys.exit(1)
        self._options = self._read_options()
        self._enricher: Enricher | None = None
        self.configuration.required_fields = input_columns(self._options)

    def stream(self, records: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        """Enrich one chunk; after the last one, say in one message what the search came to."""
        rows = list(records)
        if rows:
            yield from self._enrich(rows)
        if self._finished and self._enricher is not None:
            self._report(self._enricher)

    def _read_csv_records(self, ifile: Iterable[str]) -> Iterable[dict[str, Any]]:
        # The csv module refuses a NUL before Python 3.11, and the whole search would end over one.
        lines = ifile if sys.version_info >= (3, 11) else (line.replace("\0", "") for line in ifile)
        records: Iterable[dict[str, Any]] = super()._read_csv_records(lines)
        return records

    def _enrich(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        enricher = self._first_enricher()
        try:
            return enricher.enrich(rows)
        except Exception as error:  # The entry's one catch-all: a defect of ours must not cost a row.
            logging.getLogger(__name__).exception("action=enrich defect=%s", type(error).__name__)
            return enricher.give_up(rows, f"a defect of cbsigned ({type(error).__name__}): see search.log")

    def _first_enricher(self) -> Enricher:
        if self._enricher is None:
            info = self.metadata.searchinfo
            self._enricher = Enricher(VerdictClient(info.splunkd_uri, info.session_key), self._options)
        return self._enricher

    def _report(self, enricher: Enricher) -> None:
        write = self.write_warning if enricher.tally.troubles else self.write_info
        write("{}", summary(enricher.tally))  # The SDK formats a message: its text must not be the format.

    def _read_options(self) -> EnrichOptions:
        own = {"md5": self.md5_field, "name": self.name_field, "parent_md5": self.parent_md5_field}
        return EnrichOptions(
            fields=EventFields(**{key: (column,) for key, column in own.items() if column}),
            server=self.server,
            method=Method(self.method) if self.method else None,
            prefix=self.prefix or "",
            has_details=self.details,
            seconds=self.timeout,
            max_lookups=self.max_lookups,
            is_refreshed=self.refresh,
        )


dispatch(CbsignedCommand, sys.argv, sys.stdin, sys.stdout, __name__)
