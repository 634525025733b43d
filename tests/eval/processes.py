"""Processes: recorded starts with their recorded signatures; how much is dropped, and whether anything unsigned is."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Dict, List, Mapping

from cbverdict.anomalies.detector import Anomalies
from cbverdict.anomalies.training import Learner
from cbverdict.events.columns import EventFields
from cbverdict.events.times import TimeReader
from cbverdict.search.anomaly_columns import RowScorer
from cbverdict.search.enrich_options import EnrichOptions
from cbverdict.search.verdict_columns import Enricher
from cbverdict.service.verdict_api import VerdictReply, VerdictRequest
from cbverdict.splunkd.lookup_files import read_lists
from cbverdict.verdicts.reasons import Reason, Signed, Source
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.verdict import Answer, Verdict, unknown
from tests.lab.memory import Memory

if TYPE_CHECKING:
    from pathlib import Path

    from cbverdict.search.verdict_columns import Record


@dataclass(frozen=True)
class Outcome:
    """A scored row: whether its binary is signed, and whether its process is on the list of tools to live off."""

    record: Record
    signed: str
    is_tool: bool

    @property
    def is_noise(self) -> bool:
        """Whether it would be dropped."""
        return self.record["signed_noise"] == "true"


@dataclass(frozen=True)
class Result:
    """What came of the rows that were not learnt from."""

    outcomes: List[Outcome]

    def dropped(self, signed: str, *, is_tool: bool) -> tuple[int, int]:
        """Count rows that are dropped, and all, of those with this signature that are tools or are not."""
        rows = [one for one in self.outcomes if one.signed == signed and one.is_tool is is_tool]
        return sum(one.is_noise for one in rows), len(rows)

    def noise(self) -> Counter[str]:
        """Count the rows that are dropped, by process and parent."""
        rows = [one.record for one in self.outcomes if one.is_noise]
        return Counter(f"{row['process_name']} by {row['parent_process_name']}" for row in rows)

    def kept(self) -> Counter[str]:
        """Count the signed rows that are kept though no tool to live off, by process and parent."""
        rows = [one.record for one in self.outcomes if one.signed == "true" and not one.is_tool and not one.is_noise]
        return Counter(f"{row['process_name']} by {row['parent_process_name']}" for row in rows)


class Truth:
    """Answer from the recorded signatures; a hash without one is unknown."""

    def __init__(self, path: Path, sha256s: Mapping[str, str] | None = None) -> None:
        """Read signatures by MD5; `sha256s` are the SHA-256s of some MD5s, which are answered likewise."""
        self._sha256s = sha256s or {}
        with path.open(encoding="utf-8", newline="") as file:
            self._rows = {row["md5"].lower(): row for row in csv.DictReader(file)}
        self._rows.update({sha256: self._rows[md5] for md5, sha256 in self._sha256s.items() if md5 in self._rows})

    def ask(self, request: VerdictRequest) -> VerdictReply:
        """Answer a request."""
        answers = (Answer(self._verdict(question.md5), Source.SERVER) for question in request.questions)
        return VerdictReply("recorded", tuple(answers))

    def signed(self, file: str) -> Signed:
        """Return whether a file is signed, by either hash."""
        return self._verdict(file).signed

    def _verdict(self, file: str) -> Verdict:
        row = self._rows.get(file)
        if row is None:
            return unknown(Reason.NOT_SEEN)
        sha256 = self._sha256s.get(row["md5"].lower(), "")
        if row["signed"] == "true":
            return Verdict(Signed.TRUE, Reason.JOINT, Signature("Signed", row["signature"], sha256=sha256))
        return Verdict(Signed.FALSE, Reason.UNSIGNED, Signature("Unsigned", sha256=sha256))


def score(events: Path, signatures: Path, *, learns_first: bool = True) -> Result:
    """Learn from the first half, by time, and score the second; or the other way round."""
    rows = sorted(read_events(events), key=lambda row: float(str(row["_time"])))
    half = len(rows) // 2
    lists = read_lists()
    latest = float(str(rows[-1]["_time"]))
    first, second = rows[:half], rows[half:]
    learnt = Learner(lists, EventFields(md5=(), parent_md5=()), latest).learn(first if learns_first else second)
    options = EnrichOptions()
    records = second if learns_first else first
    settled = Enricher(Truth(signatures), options).enrich(records)
    RowScorer(Anomalies(Memory(learnt.baselines), lists), options, TimeReader()).write(records, settled)
    return Result(
        [Outcome(row, str(row["signed"]), lists.tool(str(row["process_name"])) is not None) for row in records]
    )


def read_events(path: Path) -> List[Dict[str, str | list[str]]]:
    """Read recorded starts as rows, with `_time`."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{**row, "_time": str(_epoch(row["utc_time"]))} for row in csv.DictReader(file)]


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()
