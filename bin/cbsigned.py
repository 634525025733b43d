"""The search command `| cbsigned`: is each row's process signed? Answered by Carbon Black EDR."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterable

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from cbverdict.memory import collect_garbage_rarely

collect_garbage_rarely()  # before the imports, whose thousands of objects all stay

from splunklib.searchcommands import Configuration, Option, StreamingCommand, validators

from cbverdict.events.columns import (
    GUID_FIELDS,
    HOST_FIELDS,
    OTHER_TIME_FIELDS,
    PARENT_ROW_FIELDS,
    TIME_FIELD,
    EventFields,
)
from cbverdict.search.sdk_compat import HardenedCommand, run

if TYPE_CHECKING:
    from cbverdict.search.pipeline import Search
    from cbverdict.search.sdk_compat import ChunkReply

_LARGE = 512 * 1024
"""Characters of a chunk, from which on it matters how memory is used."""

_TEXT = validators.Match("1 to 255 characters", r".{1,255}\Z")


@Configuration(distributed=False)
class CbsignedCommand(HardenedCommand, StreamingCommand):
    """Stateful: it runs on the search head, keeps the order, and sees each row once."""

    server = Option(validate=_TEXT)
    method = Option(validate=validators.Set("joint", "binary", "prog_name"))
    md5_field = Option(name="md5", validate=_TEXT)
    name_field = Option(name="name", validate=_TEXT)  # `name` itself is the SDK's, the command's name
    parent_md5_field = Option(name="parent_md5", validate=_TEXT)
    parent_name_field = Option(name="parent_name", validate=_TEXT)
    user_field = Option(name="user", validate=_TEXT)
    team_field = Option(name="team", validate=_TEXT)
    prefix = Option(validate=validators.Match("a letter, then letters, digits, _ and .", r"[A-Za-z][A-Za-z0-9_.]*\Z"))
    details = Option(default=True, validate=validators.Boolean())
    anomaly = Option(default=True, validate=validators.Boolean())
    risk = Option(default=False, validate=validators.Boolean())
    risk_objects = Option(default="user", validate=validators.Set("both", "user", "system"))
    refresh = Option(default=False, validate=validators.Boolean())
    timeout = Option(default=60.0, validate=validators.Float(minimum=1, maximum=3600))
    max_lookups = Option(validate=validators.Integer(minimum=1))

    def prepare(self) -> None:
        """Ask splunkd for the needed columns only; nothing is connected, read or asked before the first chunk."""
        super().prepare()
        own = {
            "md5": self.md5_field,
            "name": self.name_field,
            "parent_md5": self.parent_md5_field,
            "parent_name": self.parent_name_field,
            "user": self.user_field,
            "team": self.team_field,
        }
        self._fields = EventFields(**{key: (column,) for key, column in own.items() if column})
        self._search: Search | None = None
        self._has_large_chunks = False
        is_scored = self.anomaly or self.risk
        columns = self._fields.columns(has_names=is_scored or self.method != "binary")
        hosts = (*HOST_FIELDS, *PARENT_ROW_FIELDS) if self.risk else ()
        # Who and when stand last: there the codec finds them fastest.
        who, when = (self._fields.who(), [*OTHER_TIME_FIELDS, TIME_FIELD]) if is_scored else ([], [])
        self.configuration.required_fields = [*columns, *hosts, *who, *when[:-1], *GUID_FIELDS, *when[-1:]]

    def stream(self, records: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        """Enrich the records of one chunk."""
        rows = list(records)
        return self._first_search().enrich(rows) if rows else rows

    def reply_to(self, body: str) -> ChunkReply | None:
        """Answer a chunk by the codec where it can."""
        if len(body) > _LARGE and not self._has_large_chunks:
            from cbverdict.memory import keep_large_blocks_off_the_heap  # noqa: PLC0415 - not for a few rows

            keep_large_blocks_off_the_heap()
            self._has_large_chunks = True
        return self._first_search().reply(body) if body.count("\n") > 1 else None

    def conclude(self) -> None:
        """Write what the search came to in one message."""
        if self._search is not None:
            write = self.write_warning if self._search.has_trouble else self.write_info
            write("{}", self._search.summary())  # The SDK formats a message: its text must not be the format.

    def _first_search(self) -> Search:
        if self._search is None:
            # Not before: splunkd starts the command several times a search for getinfo alone.
            from cbverdict.search.pipeline import Search, read_options  # noqa: PLC0415 - see above
            from cbverdict.service.verdict_client import VerdictClient  # noqa: PLC0415 - likewise
            from cbverdict.splunkd.time_zone import read_zone  # noqa: PLC0415 - likewise

            info = self.metadata.searchinfo
            options = read_options(
                fields=self._fields,
                server=self.server,
                method=self.method,
                prefix=self.prefix or "",
                has_details=self.details,
                seconds=self.timeout,
                max_lookups=self.max_lookups,
                is_refreshed=self.refresh,
                has_anomaly=self.anomaly or self.risk,
                has_risk=self.risk,
                risk_objects=self.risk_objects,
                sid=info.sid,
            )
            whom = info.splunkd_uri, info.session_key
            baselines = None
            if self.anomaly or self.risk:
                from cbverdict.service.baseline_client import BaselineClient  # noqa: PLC0415 - not for verdicts alone

                baselines = BaselineClient(*whom)
            self._search = Search(VerdictClient(*whom), baselines, options, self.read_rows, partial(read_zone, *whom))
        return self._search


run(CbsignedCommand, __name__)
