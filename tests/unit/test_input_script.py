"""What becomes of a run of an input, whatever ends it; splunkd is the lab's, and what is read is a fake."""

from __future__ import annotations

import io
import logging
import signal
from pathlib import Path
from typing import Any, Iterator

import pytest
from splunklib.modularinput import EventWriter, InputDefinition, ValidationDefinition

from cbverdict.errors import CbsignedError, InputLockedError, ServerFailedError, SetupError
from cbverdict.inputs.pause import StoppedError
from cbverdict.inputs.script import InputKind, InputScript
from cbverdict.inputs.stream import PagedOutput
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.site import Site
from tests.unit.input_ports import NAME, FakeReader, failing, row


class Input:
    """An input in this very process: what it writes to splunkd and to splunkd's log."""

    def __init__(self, site: Site, folder: Path, reader: FakeReader) -> None:
        """Store where it runs, and what it reads."""
        self.reader = reader
        self.pipe = io.BytesIO()
        self.log = io.StringIO()
        self._site = site
        self._folder = folder
        kind = InputKind("cbsigned_processes", "A title", "A description.", 60.0, 600.0, lambda *_: reader)
        self.script = InputScript(kind, PagedOutput(self.pipe))

    def run(self, **parameters: str) -> None:
        """Run it as splunk-sdk does."""
        definition = InputDefinition()
        definition.metadata = {**self._metadata(), "checkpoint_dir": str(self._folder)}
        definition.inputs = {NAME: {"interval": "300", "start": "2026-11-02", **parameters, "nested": {"x": "y"}}}
        self.script.stream_events(definition, EventWriter(self.script._output, self.log))  # noqa: SLF001 - as run() does

    def validate(self, **parameters: str) -> None:
        """Check arguments as splunk-sdk does."""
        definition = ValidationDefinition()
        definition.metadata, definition.parameters = self._metadata(), parameters
        self.script.validate_input(definition)

    def _metadata(self) -> dict[str, Any]:
        splunkd = self._site.splunkd
        return {"server_uri": splunkd.url, "session_key": splunkd.system_token, "server_host": "sh1"}


@pytest.fixture
def handlers() -> Iterator[None]:
    """Give signals and the log's level back as they were."""
    numbers, level = (signal.SIGTERM, signal.SIGINT), logging.getLogger().level
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before):
        signal.signal(number, handler)
    logging.getLogger().setLevel(level)


@pytest.fixture
def reader(site: Site, tmp_path: Path, handlers: None) -> Input:  # noqa: ARG001 - to give signals back
    """Give an input that has one row to read."""
    return Input(site, tmp_path, FakeReader([row("row0", "07:00:00")]))


def test_a_run_that_ends_well_says_nothing(reader: Input, site: Site) -> None:
    """Its events have left, its checkpoint is saved, and its lease lasts for two intervals."""
    reader.run()
    assert reader.pipe.getvalue().count(b"<event ") == 2, "a row, and that it has begun"
    assert (reader.log.getvalue(), reader.script.has_failed) == ("", False)
    documents = site.splunkd.collections["cbsigned_checkpoints"].find({})
    assert sorted(document["kind"] for document in documents) == ["lease", "seen", "state"]


@pytest.mark.parametrize(
    ("error", "log", "has_failed"),
    [
        (StoppedError(), "", True),  # nobody asked it to stop: splunkd is gone
        (InputLockedError("another process reads"), "", False),
        (BrokenPipeError(), "", True),
        (ZeroDivisionError("a secret"), "a defect of the add-on (ZeroDivisionError): see cbsigned_processes.log", True),
    ],
)
def test_what_ends_a_run_is_told_where_it_belongs(
    reader: Input, error: Exception, log: str, *, has_failed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """In splunkd's log only what an admin has to look at, and never what a defect says."""
    reader.reader.before_written = failing([error])
    reader.run()
    assert reader.script.has_failed is has_failed
    assert reader.log.getvalue() == (f"ERROR {NAME}: {log}\n" if log else "")
    assert any(NAME in record.getMessage() for record in caplog.records) or not has_failed


def test_what_is_not_set_up_right_is_told(reader: Input) -> None:
    """With the admin's next step."""
    reader.run(account="other")
    assert (
        reader.log.getvalue()
        == f"ERROR {NAME}: there is no account 'other': name one of those in Configuration, Accounts\n"
    )
    assert reader.script.has_failed


def test_the_level_of_the_log_is_the_settings(reader: Input, site: Site) -> None:
    """As for the command."""
    site.save_settings("logging", loglevel="ERROR")
    reader.run()
    assert logging.getLogger().level == logging.ERROR


@pytest.mark.parametrize(("interval", "seconds"), [("300", 600), ("1.5", 120), ("*/5 * * * *", 120), ("", 120)])
def test_an_interval_may_be_a_schedule(reader: Input, site: Site, now: int, interval: str, seconds: float) -> None:
    """Of cron's kind; then nobody knows how long it is."""
    reader.run(interval=interval)
    (lease,) = site.splunkd.collections["cbsigned_checkpoints"].find({"kind": "lease"})
    assert now + seconds - 1 <= lease["expires"] <= now + seconds + 60


@pytest.mark.parametrize(
    ("version", "is_accepted"),
    [("6.1.0.1", True), ("7.5.0", True), ("10.0", True), ("6.0.9", False), ("5.2.0.161004.1206", False), ("x", False)],
)
def test_inputs_need_carbon_black_6_1(reader: Input, edr: EdrServer, version: str, *, is_accepted: bool) -> None:
    """Before it, processes do not say when they reached the server."""
    edr.version = version
    if is_accepted:
        reader.validate()
    else:
        with pytest.raises(SetupError, match=r"is too old for inputs: they need 6\.1 or later"):
            reader.validate()


def test_the_check_asks_for_one_row_and_may_be_told_why_not(reader: Input) -> None:
    """What Carbon Black says to it is what the admin hears."""
    reader.validate(start="2026-11-02")
    assert [(cursor.second, started, rows) for cursor, started, rows in reader.reader.asked] == [
        ("2026-11-02T00:00:00", "2026-11-02T00:00:00", 1)
    ]
    reader.reader.before_fetch = failing([ServerFailedError("it answered 503")])
    with pytest.raises(CbsignedError, match="it answered 503"):
        reader.validate()
    with pytest.raises(SetupError, match="still to come"):
        reader.validate(start="2999-01-01")


def test_no_secret_is_in_what_it_says(reader: Input, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong."""
    reader.reader.before_written = failing([ValueError(TOKEN)])
    reader.run()
    assert TOKEN not in reader.log.getvalue()
    assert caplog.records
