"""docs/giving-up.md says what the code does: its tables are read here and tried."""

from __future__ import annotations

import importlib
import re
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Iterator, NoReturn

import pytest
import requests
from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProtocolError

from cbverdict import errors
from cbverdict.anomalies.known_baselines import BaselineQuestion, KnownBaselines
from cbverdict.carbonblack.calls import make_calls
from cbverdict.carbonblack.deadline import Deadline
from cbverdict.carbonblack.edr.client import EdrClient
from cbverdict.carbonblack.https.allowance import TooMuchError
from cbverdict.carbonblack.https.failures import Failure, failure_of
from cbverdict.carbonblack.https.statuses import RETRIED_STATUSES, error_of
from cbverdict.carbonblack.https.transport import Response
from cbverdict.carbonblack.port import Image, Page, ReportedProcess, Row
from cbverdict.errors import CbsignedError, CutShortError, EdrError, SearchOverError, SetupError, Trouble
from cbverdict.inputs.arguments import InputArguments
from cbverdict.inputs.pause import Pause, StoppedError
from cbverdict.inputs.processes.process_reader import ProcessReader
from cbverdict.inputs.progress.cursor import Cursor
from cbverdict.inputs.progress.seen_keys import SeenKeys
from cbverdict.inputs.reader import Batch
from cbverdict.inputs.reading.pages import Pages
from cbverdict.service.asking import is_servers_fault
from cbverdict.service.verdict_api import VerdictReply, VerdictRequest
from cbverdict.settings.account import Account
from cbverdict.verdicts.hashes import Md5
from cbverdict.verdicts.verdict import no_answer

PAGE = Path(__file__).resolve().parents[2] / "docs" / "giving-up.md"
ACCOUNT = Account("lab", "https://cb.example", "secret")
ROWS = 400


def _table(heading: str) -> list[dict[str, str]]:
    """Read the first table under a heading, a dict a row."""
    text = PAGE.read_text(encoding="utf-8").partition(f"# {heading}\n")[2]
    lines = [line for line in text.partition("\n#")[0].splitlines() if line.startswith("|")]
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [dict(zip(head, row)) for row in rows]


BY_STATUS = _table("By HTTP status")
WITHOUT_STATUS = _table("Without a status")
# One row an error: what follows from its class and reason alone is tried once for each.
BY_ERROR = {row["Error"]: row for row in (*BY_STATUS, *WITHOUT_STATUS)}


def _raise(error: BaseException) -> NoReturn:
    raise error


def _error(name: str) -> CbsignedError:
    kind: type[CbsignedError] = getattr(errors, name)
    return kind("it happened")


def _row_of(status: int) -> dict[str, str]:
    rows = {name: row for row in BY_STATUS for name in row["Status"].split(", ")}
    return next(rows[name] for name in (str(status), f"{status // 100}xx", "other") if name in rows)


class TestTransport:
    """What one request comes to."""

    @pytest.mark.parametrize("status", [status for status in range(100, 600) if status not in {200, 204}])
    def test_each_status_is_the_error_of_its_row(self, status: int) -> None:
        """All that HTTP has, and whether they are sent again."""
        row, kind = _row_of(status), error_of(status)
        assert kind is not None
        assert (kind.__name__, kind.reason.value) == (row["Error"], row["Reason"])
        assert row["Sent again"] == ("twice" if status in RETRIED_STATUSES else "no")

    def test_two_statuses_are_answers(self) -> None:
        """As the page says."""
        assert [status for status in range(100, 600) if error_of(status) is None] == [200, 204]

    @pytest.mark.parametrize("row", WITHOUT_STATUS, ids=[row["What happens"] for row in WITHOUT_STATUS])
    def test_each_failure_is_the_error_of_its_row(self, row: dict[str, str]) -> None:
        """What the libraries raise, or what the client makes of an answer."""
        failure = FAILURES[row["What happens"]]
        assert (type(failure.error).__name__, failure.error.reason.value) == (row["Error"], row["Reason"])
        assert row["Sent again"] == ("twice" if failure.is_passing else "no")


def _raised(error: Exception, cause: Exception | None = None) -> Failure:
    error.__cause__ = cause
    return failure_of(error, 1.0, "Carbon Black lab")


def _read(content: bytes) -> Failure:
    """Return what the client makes of an answer that is no search result."""
    client = EdrClient(ACCOUNT)
    with pytest.raises(EdrError) as raised:
        client._parse(Response(200, bytearray(content)))  # noqa: SLF001 - a whole server for it is in test_hostile
    client.close()
    return Failure(raised.value)


_POOL: Any = HTTPSConnectionPool("cb.example")
FAILURES = {
    "The connection is refused, or closed before the answer": _raised(NewConnectionError(_POOL, "refused")),
    "No DNS server knows the name": _raised(NewConnectionError(_POOL, "no"), socket.gaierror(-2, "unknown")),
    "No connection within 10 s": _raised(ConnectTimeoutError(_POOL, "late")),
    "The proxy does not let through": _raised(requests.exceptions.ProxyError("407")),
    "It does not speak TLS 1.2": _raised(requests.exceptions.SSLError("wrong version number")),
    "The certificate is not trusted": _raised(ssl.SSLCertVerificationError("certificate verify failed")),
    "No answer in time": _raised(socket.timeout("late")),
    "It breaks off in the middle of its answer": _raised(ProtocolError("incomplete read")),
    "It is not HTTP, or not JSON": _read(b"<html>"),
    "More comes than is read at once": _raised(TooMuchError()),
    "A page is cut short": Failure(CutShortError("")),
    "The account or a setting is not usable": Failure(SetupError("")),  # type: ignore[arg-type]
    "The search was cancelled or finalised": Failure(SearchOverError("")),  # type: ignore[arg-type]
}


class TestSearch:
    """What a search does then."""

    @pytest.mark.parametrize("name", BY_ERROR)
    def test_it_goes_on_asking_or_not(self, name: str) -> None:
        """Of fifty calls that would all fail so many are made."""
        made: list[None] = []

        def fail() -> None:
            made.append(None)
            raise _error(name)

        with ThreadPoolExecutor(1) as executor:
            outcomes = make_calls(executor, [fail] * 50, Deadline.after(60))
        assert {type(outcome).__name__ for outcome in outcomes} == {name}
        assert {"no": 1, "until 8 in a row": 8, "yes": 50}[BY_ERROR[name]["Search goes on asking"]] == len(made)

    @pytest.mark.parametrize("name", BY_ERROR)
    def test_the_breaker_counts_it_or_not(self, name: str) -> None:
        """A search that had no time says nothing of the server."""
        troubles = (Trouble.of(_error(name)),)
        counts = [is_servers_fault(troubles, seconds, ACCOUNT) for seconds in (9.0, 11.0)]
        expected = {"no": [False, False], "counts": [True, True], "counts after 10 s": [False, True]}
        assert counts == expected[BY_ERROR[name]["Breaker"]]


@dataclass
class FailingReader:
    """A search of Carbon Black's whose first page fails; `asked` are the rows that were asked for."""

    error: CbsignedError
    asked: list[int] = field(default_factory=list)
    requests: int = 0

    clock_offset: float | None = None

    def fetch(self, cursor: Cursor, started: str, rows: int, until: str = "") -> Page[Any]:
        """Fail once, then give the last page, of one row."""
        assert (cursor.second, started, until) == ("2026-11-02T07:00:00", "", "")
        self.asked.append(rows)
        return _raise(self.error) if len(self.asked) == 1 else Page([Row("", "")], is_last=True, read=list)

    def count(self, since: str, until: str) -> int:
        """Count nothing."""
        raise NotImplementedError

    def terms(self) -> list[str]:
        """Understand nothing."""
        raise NotImplementedError

    def count_unseen(self, page: Page[Any], recent: SeenKeys) -> int:
        """Look at nothing."""
        raise NotImplementedError

    def prepare(self, page: Page[Any], recent: SeenKeys) -> None:
        """Prepare nothing."""

    def read(self, prepared: None, recent: SeenKeys) -> Batch:
        """Write nothing."""
        assert prepared is None
        assert "x" not in recent
        return Batch((), ())

    def reload(self) -> None:
        """Read nothing."""

    def written(self, batch: Batch) -> None:
        """Finish nothing."""

    def finish(self, recent: SeenKeys, flips_checked_until: float) -> Batch:
        """Finish nothing."""
        raise NotImplementedError


def _retry(call: Any) -> Any:
    """Try again at once, for three times at most."""
    for _ in range(3):
        try:
            return call()
        except SearchOverError:
            raise StoppedError from None
        except CbsignedError as error:
            failed = error
    raise failed


@dataclass
class FakeSources:
    """Carbon Black that answers no question, for one reason.

    `asked` counts requests, `probes` those that find out whether it is up.
    """

    error: CbsignedError
    probe_fails: bool = False
    probes: int = 0
    asked: int = 0
    requests: int = 0
    needs_names: bool = False
    account: Account = ACCOUNT
    server: str = "cb.example"

    @property
    def pages(self) -> FakeSources:
        """Be Carbon Black's pages as well."""
        return self

    def probe(self) -> None:
        """Answer the probe."""
        self.probes += 1
        if self.probe_fails:
            raise self.error

    def find_images(self, guids: list[str]) -> Iterator[dict[str, Image | None]]:
        """Know no parent, and none is asked for."""
        assert not guids
        return iter(())

    def ask(self, request: VerdictRequest) -> VerdictReply:
        """Answer no question."""
        self.asked += 1
        answers = (no_answer(self.error.reason),) * len(request.questions)
        return VerdictReply("lab", answers, troubles=(Trouble.of(self.error),))

    def read(self, question: BaselineQuestion) -> KnownBaselines:
        """Know nothing of what is usual."""
        assert question.wants_decisions
        return KnownBaselines()


PROCESS = ReportedProcess("guid", "", Md5("a" * 32), None, "2026-11-02T07:00:00Z", {"user": "jdoe"}, [], "link")


class TestInput:
    """What an input does then."""

    @pytest.mark.parametrize("name", BY_ERROR)
    def test_its_page_is_asked_for_as_the_page_says(self, name: str) -> None:
        """With half as many rows where less may help."""
        reader = FailingReader(_error(name))
        pages = Pages(reader, SeenKeys(), ROWS, _retry, Pause(lambda: False), lambda: 0.0)
        expected = {"half as many rows": [ROWS, ROWS // 2], "same again": [ROWS, ROWS], "the input stops": [ROWS]}
        try:
            (page,) = pages.read(Cursor("2026-11-02T07:00:00"), "")
        except StoppedError:
            assert BY_ERROR[name]["Input's page"] == "the input stops"
        else:
            assert page.is_last
        finally:
            pages.close()
        assert reader.asked == expected[BY_ERROR[name]["Input's page"]]

    @pytest.mark.parametrize("name", BY_ERROR)
    def test_verdicts_are_asked_again_as_the_page_says(self, name: str) -> None:
        """And before an event is written without them, one request finds out whether the server is up."""
        sources, waits = FakeSources(_error(name)), list[float]()

        def pause(seconds: float) -> None:
            if isinstance(sources.error, SearchOverError):
                raise StoppedError
            waits.append(seconds)

        reader = ProcessReader(sources, InputArguments(), pause)  # type: ignore[arg-type] # as much of it as is needed
        try:
            prepared = reader.prepare(Page([], is_last=True, read=lambda: [PROCESS]), SeenKeys())
            (event,) = reader.read(prepared, SeenKeys()).events
        except StoppedError:
            what = "the input stops"
        else:
            assert (event.fields["signed"], event.fields["signed_reason"]) == ("unknown", sources.error.reason.value)
            again = [seconds for seconds in waits if seconds]
            assert again in ([], [2.0, 8.0, 31.0])
            what = ", then ".join(["asked again"] * bool(again) + ["probe"] * sources.probes) or "unknown"
        assert what == BY_ERROR[name]["Input's verdicts"]

    def test_a_probe_that_fails_keeps_the_page(self) -> None:
        """Rather than that events are written that say nothing, for years."""
        sources = FakeSources(_error("UnauthorizedError"), probe_fails=True)
        reader = ProcessReader(sources, InputArguments(), lambda _: None)  # type: ignore[arg-type] # as above
        prepared = reader.prepare(Page([], is_last=True, read=lambda: [PROCESS]), SeenKeys())
        with pytest.raises(errors.UnauthorizedError):
            reader.read(prepared, SeenKeys())


@pytest.mark.parametrize("row", _table("The numbers"), ids=lambda row: row["Constant"])
def test_each_number_is_the_codes(row: dict[str, str]) -> None:
    """And stands in the text above the table."""
    module, _, name = row["Constant"].rpartition(".")
    assert repr(getattr(importlib.import_module(module), name)) == row["Number"]


def test_each_file_that_the_page_names_is_there() -> None:
    """So that a reader finds who tries again."""
    named = re.findall(r"`([\w/]+\.py)`", PAGE.read_text(encoding="utf-8"))
    assert len(named) >= 8
    root = PAGE.parents[1]
    assert [name for name in named if not any((base / name).is_file() for base in (root, root / "bin/cbverdict"))] == []


def test_every_error_of_carbon_blacks_has_a_row() -> None:
    """So that a new one is decided upon at each layer."""
    kinds = list(EdrError.__subclasses__())
    for kind in kinds:
        kinds += kind.__subclasses__()
    assert {kind.__name__ for kind in kinds} <= set(BY_ERROR)


def test_errors_of_one_class_are_treated_alike() -> None:
    """Rows differ only in whether the transport sends again."""
    for row in chain(BY_STATUS, WITHOUT_STATUS):
        like = BY_ERROR[row["Error"]]
        columns = set(row) - {"Status", "What happens", "Sent again"}
        assert {name: row[name] for name in columns} == {name: like[name] for name in columns}
