"""What the modular inputs share as splunkd runs them: the scheme, the check of arguments, one run."""

from __future__ import annotations

import logging
import os
import re
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Mapping, NamedTuple, NoReturn, Sequence

from splunklib.modularinput import Argument, EventWriter, InputDefinition, Scheme, Script, ValidationDefinition

from cbverdict.errors import CbsignedError, InputLockedError
from cbverdict.inputs.advice import in_input_words
from cbverdict.inputs.arguments import InputArguments, parse_arguments, past_begin_of
from cbverdict.inputs.input_run import InputRun
from cbverdict.inputs.pause import Pause, StoppedError
from cbverdict.inputs.progress.checkpoint_store import CheckpointStore
from cbverdict.inputs.progress.cursor import Cursor
from cbverdict.inputs.progress.lease import Lease
from cbverdict.inputs.reports.health import MIN_LIMIT, Health
from cbverdict.inputs.sources import Sources
from cbverdict.inputs.stream import EventStream, PagedOutput
from cbverdict.inputs.validation import check_query, estimate
from cbverdict.search.sdk_compat import end_process, standard_output
from cbverdict.splunkd.conf import SplunkdConfiguration

if TYPE_CHECKING:
    from cbverdict.inputs.reader import Reader

logger = logging.getLogger(__name__)

_VALIDATION_TIMEOUT = 10.0
_SWITCH_INTERVAL = 0.0005
"""Seconds: the thread that fetches takes what comes in small pieces, and would wait 5 ms for its turn at each."""

_GRACE = 1.5
"""Seconds after which an input that is to stop does so, though a request still waits for its answer."""

_LAST_WORDS = 0.4
"""Seconds more for a page that is on its way into splunkd's pipe."""

_INTERVAL = re.compile(r"\d+(\.\d+)?")


class InputKind(NamedTuple):
    """What tells one kind of input from another; `overlap` is the default, in seconds, and `max_overlap` the most."""

    name: str
    title: str
    description: str
    overlap: float
    max_overlap: float
    make_reader: Callable[[Sources, InputArguments, Callable[[float], None]], Reader]


_ARGUMENTS = (
    ("account", "Carbon Black server", "An account of the add-on's Configuration; empty: the default one."),
    ("query", "Filter", "A Carbon Black query that narrows what is read, such as os_type:windows; empty: everything."),
    (
        "start",
        "Start",
        "From when on: -24h (s, m, h, d, w), now, or a UTC time. Another one begins anew.",
    ),
    ("page_size", "Rows a page", "10 to 1000, the most that Carbon Black gives; less asks less of it at once."),
    ("overlap", "Overlap", "Seconds that each run looks back, for what becomes visible on the server late."),
    (
        "delay",
        "Delay",
        "Seconds after which a time is read, once; then there is no overlap. 0: at once, and again later.",
    ),
    (
        "max_events_per_hour",
        "Most events an hour",
        "Then the input pauses until the next hour, and says so. 0: any number.",
    ),
    (
        "max_mb_per_hour",
        "Most MB an hour",
        "Likewise, of events as they are indexed (10^6 bytes); at most a page more. 0: any number.",
    ),
    ("learn", "Learn baselines", "true: what is read is learnt as usual, after it was scored."),
)


class InputScript(Script):  # type: ignore[misc] # the SDK has no types
    """A modular input over splunk-sdk."""

    def __init__(self, kind: InputKind, output: PagedOutput) -> None:
        """Store the kind of input, and what the SDK's writer writes to."""
        super().__init__()
        self._kind = kind
        self._output = output
        self._is_stopping = False
        self.has_failed = False

    def get_scheme(self) -> Scheme:
        """Describe the arguments; splunkd's own (interval, index, host, sourcetype, disabled) come by themselves."""
        scheme = Scheme(self._kind.title)
        scheme.description = self._kind.description
        scheme.use_external_validation = True
        scheme.use_single_instance = False
        for name, title, description in _ARGUMENTS:
            scheme.add_argument(
                Argument(name, title=title, description=description, required_on_create=False, required_on_edit=False)
            )
        return scheme

    def validate_input(self, definition: ValidationDefinition) -> None:
        """Check the arguments, and that Carbon Black answers what the input would ask.

        Raises:
            CbsignedError: something is wrong; its text says what, and what to do.
        """
        try:
            self._validate(definition)
        except CbsignedError as error:
            raise type(error)(in_input_words(error)) from None

    def _validate(self, definition: ValidationDefinition) -> None:
        arguments = parse_arguments(definition.parameters, self._kind.overlap, self._kind.max_overlap)
        configuration = SplunkdConfiguration(definition.metadata["server_uri"], definition.metadata["session_key"])
        sources = Sources(configuration, arguments.account, longest=_VALIDATION_TIMEOUT)
        sources.pages.require_version()
        now = time.time()
        begin = past_begin_of(arguments.start, now)

        def reader_of(given: InputArguments) -> Reader:
            return self._kind.make_reader(sources, given, Pause(lambda: False))

        reader_of(arguments).fetch(Cursor(begin), begin, 1)
        check_query(reader_of, arguments, begin)
        expected = estimate(reader_of, arguments, now)
        logger.info(
            "validated query_is_set=%s rows_a_day=%d of=%d mb_a_day=%.1f",
            bool(arguments.query), expected.rows, expected.all_rows, expected.megabytes,
        )  # fmt: skip

    def stream_events(self, inputs: InputDefinition, ew: EventWriter) -> None:
        """Read all that is new for the one stanza that splunkd starts this process for."""
        for number in {signal.SIGTERM, signal.SIGINT, getattr(signal, "SIGBREAK", signal.SIGTERM)}:
            signal.signal(number, self._stop)
        ((name, parameters),) = inputs.inputs.items()
        try:
            self._run(name, _texts(parameters), inputs.metadata, EventStream(ew, self._output, name))
        except StoppedError:
            self.has_failed = not self._is_stopping
            logger.info("input=%s stopped=true splunkd_is_gone=%s", name, self.has_failed)
        except InputLockedError as error:
            logger.info("input=%s reads=elsewhere reason=%r", name, str(error))
        except BrokenPipeError:
            logger.warning("input=%s trouble='splunkd is gone'", name)
            self.has_failed = True
        except CbsignedError as error:
            self._report(ew, name, str(error))
        except Exception as error:  # The entries' one catch-all: what a defect says stays in the add-on's own log.
            logger.exception("input=%s defect=%s", name, type(error).__name__)
            self._report(ew, name, f"a defect of the add-on ({type(error).__name__}): see {self._kind.name}.log")

    def _run(self, name: str, texts: Mapping[str, str], metadata: Mapping[str, str], stream: EventStream) -> None:
        uri, token = metadata["server_uri"], metadata["session_key"]
        arguments = parse_arguments(texts, self._kind.overlap, self._kind.max_overlap)
        interval = float(texts["interval"]) if _INTERVAL.fullmatch(texts.get("interval", "")) else 0.0
        folder = Path(metadata["checkpoint_dir"])
        lease = Lease(uri, token, name, host=metadata["server_host"], folder=folder, interval=interval)
        lease.take()
        configuration = SplunkdConfiguration(uri, token)
        logging.getLogger().setLevel(configuration.log_level())
        sources = Sources(configuration, arguments.account, self._is_over)
        pause = Pause(self._is_over, lease.renew)
        InputRun(
            name,
            sources.account.name,
            arguments,
            reader=self._kind.make_reader(sources, arguments, pause),
            stream=stream,
            checkpoints=CheckpointStore(uri, token, name),
            lease=lease,
            pause=pause,
            health=Health(max(MIN_LIMIT, 3 * interval)),
            server=sources.server,
        ).run()

    def _report(self, writer: EventWriter, name: str, text: str) -> None:
        logger.error("input=%s trouble=%r", name, text)
        writer.log(EventWriter.ERROR, f"{name}: {text}")
        self.has_failed = True

    def _stop(self, *_: object) -> None:
        if not self._is_stopping:
            self._is_stopping = True
            last_call = threading.Timer(_GRACE, self._give_up)
            last_call.daemon = True
            last_call.start()

    def _give_up(self) -> None:
        """End, though a request keeps the main thread waiting; the next run goes on as after a crash."""
        self._output.abandon(_LAST_WORDS)
        logger.info("stopped=true waited_seconds=%g", _GRACE)
        logging.shutdown()
        os._exit(0)

    def _is_over(self) -> bool:
        """Return whether splunkd wants it to stop, or has crashed: who stays then keeps all later runs away."""
        return self._is_stopping or not self._output.is_read()


def run(kind: InputKind, arguments: Sequence[str]) -> NoReturn:
    """Run what splunkd asks for, and end the process with the exit code."""
    sys.setswitchinterval(_SWITCH_INTERVAL)
    output = PagedOutput(standard_output())
    script = InputScript(kind, output)
    code: int = script.run_script(list(arguments), EventWriter(output, sys.stderr), sys.stdin.buffer)
    end_process(output.deliver, code or int(script.has_failed))


def _texts(parameters: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if isinstance(value, str)}
