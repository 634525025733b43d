"""Draw a sample of changes, make each, run the tests of its line; say which nobody noticed.

python -m tests.mutate.run [--size 200] [--seed 1] [--path bin/cbverdict/verdicts] ...
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import heapq
import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Collection, Generator, Iterable, Mapping

import coverage
import pytest

from tests.mutate.mutants import Mutant, mutants_of

if TYPE_CHECKING:
    from coverage import CoverageData

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ["verdicts", "anomalies", "carbonblack", "search"]
_HOSTILE = (
    "a_request_ends_when_it_said_whatever_is_dripped",
    "a_handshake_and_a_proxy_that_drip_end_as_well",
    "whatever_is_odd_is_an_error_of_ours",
    "a_wait_that_does_not_fit_is_not_begun",
    "errors_tell_time_outs_from_bombs_from_nonsense",
    "a_connection_comes_back_whatever_is_answered",
    "no_cookie_is_taken_or_sent",
)
TESTS = [
    "tests/unit",
    "tests/system/test_edr.py",
    *(f"tests/system/test_hostile.py::test_{name}" for name in _HOSTILE),
]
"""What runs the rooms within its own process."""

_AS_SPLUNK_DOES = "tests/system/test_command.py"
"""What is run where no test above runs the line: the command in a process of its own."""

_IMPORT = ""
"""What runs where no test does: a test's module is imported, and makes its data."""

LEAST = 95.0
EQUIVALENT = Path(__file__).with_name("equivalent.txt")
_PRELOADED = (
    "hypothesis",
    "splunklib.searchcommands",
    "splunklib.client",
    "solnlib.conf_manager",
    "requests",
    "jinja2",
)
_PRELOADED_OF_TESTS = ("trustme", "cryptography.x509", "luqum.parser", "mongoquery", "hypothesis.strategies")
_PYTEST = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--assert=plain", "--hypothesis-profile=mutate"]


class Outcome(Enum):
    """What came of a change."""

    KILLED = "killed"
    SURVIVED = "survived"
    TIMED_OUT = "timed out"


@dataclass(frozen=True)
class Trace:
    """Which tests run which lines of which file, and how long each takes in seconds."""

    tests: Mapping[str, Mapping[int, Collection[str]]]
    seconds: Mapping[str, float]

    def of(self, mutant: Mutant) -> list[str]:
        """Return the tests of a change, the quickest first; what is run on import is of every test of the module."""
        lines = self.tests.get(mutant.path, {})
        first, last = mutant.lines
        own = {test for line in range(first, last + 1) for test in lines.get(line, ())}
        if mutant.is_made_on_import or _IMPORT in own:
            own = {test for tests in lines.values() for test in tests}
        own.discard(_IMPORT)
        if mutant.is_made_on_import and not own:
            own = set(self.seconds)
        return sorted(own, key=lambda test: (self.seconds.get(test, 0.0), test))


class _Tracer:
    """Tell coverage which test runs, and note how long it takes."""

    def __init__(self, measured: coverage.Coverage, times: Path) -> None:
        self._coverage = measured
        self._times = times

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._coverage.switch_context(item.nodeid)
        started = time.monotonic()
        try:
            return (yield)
        finally:
            self._coverage.switch_context(_IMPORT)
            with self._times.open("a", encoding="utf-8") as file:
                file.write(f"{time.monotonic() - started:.4f} {item.nodeid}\n")


class _Chosen:
    """Run these tests alone, in this order."""

    def __init__(self, tests: Iterable[str]) -> None:
        self._order = {test: number for number, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._order), key=lambda item: self._order[item.nodeid]
        )


class Workshop:
    """A copy of the project, in which code is changed and tests are run in processes of their own."""

    def __init__(self, folder: Path) -> None:
        """Copy the project; what has been recorded lies beside it."""
        self.root = folder / "project"
        ignored = shutil.ignore_patterns(
            ".git", ".venv", "build", "__pycache__", ".*_cache", ".hypothesis", "node_modules"
        )
        shutil.copytree(ROOT, self.root, ignore=ignored)
        (folder / "shared").symlink_to(ROOT.parent / "shared")
        self._folder = folder

    def trace(self, tests: list[str]) -> Trace:
        """Run all tests once."""
        data, times = self._folder / "data", self._folder / "times"
        code = self._run(lambda: self._trace(tests, data, times), seconds=3600)
        if code != 0:
            raise SystemExit(f"the tests fail before anything is changed (pytest ends with {code})")
        measured = coverage.CoverageData(str(data))
        measured.read()
        lines = (line.partition(" ") for line in times.read_text(encoding="utf-8").splitlines())
        return Trace(self._contexts(measured), {test: float(seconds) for seconds, _, test in lines})

    def outcome(self, mutant: Mutant, tests: list[str], seconds: float) -> Outcome:
        """Make a change, run these tests until one fails, and take the change back."""
        path = self.root / mutant.path
        before = path.read_text(encoding="utf-8")
        path.write_text(mutant.source, encoding="utf-8")
        files = list(dict.fromkeys(test.partition("::")[0] for test in tests)) or [_AS_SPLUNK_DOES]
        plugins = [_Chosen(tests)] if tests else []
        try:
            code = self._run(lambda: pytest.main([*_PYTEST, "-x", *files], plugins=plugins), seconds)
        finally:
            path.write_text(before, encoding="utf-8")
            for cache in (self.root / "bin").rglob("__pycache__"):
                shutil.rmtree(cache)
        return {0: Outcome.SURVIVED, None: Outcome.TIMED_OUT}.get(code, Outcome.KILLED)

    def _trace(self, tests: list[str], data: Path, times: Path) -> int:
        measured = coverage.Coverage(str(data), source_dirs=[str(self.root / "bin")], config_file=False)
        measured.start()
        code = pytest.main([*_PYTEST, *tests], plugins=[_Tracer(measured, times)])
        measured.stop()
        measured.save()
        return code

    def _contexts(self, measured: CoverageData) -> dict[str, dict[int, list[str]]]:
        return {
            Path(name).relative_to(self.root.resolve()).as_posix(): measured.contexts_by_lineno(name)
            for name in measured.measured_files()
        }

    def _run(self, work: Callable[[], int], seconds: float) -> int | None:
        """Run something in a process of its own; give what it returns (None: it did not end in time)."""
        child = os.fork()
        if child == 0:
            self._become(work)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return None

    def _become(self, work: Callable[[], int]) -> None:
        """End in this process, whatever comes of it."""
        code = 99
        try:
            os.setpgid(0, 0)
            os.chdir(self.root)
            with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - a device
                os.dup2(nowhere.fileno(), 1)
                os.dup2(nowhere.fileno(), 2)
            sys.path[:] = [
                str(self.root),
                str(self.root / "bin"),
                *(path for path in sys.path if path not in {"", str(ROOT)}),
            ]
            for name in [name for name in sys.modules if name == "tests" or name.startswith("tests.")]:
                del sys.modules[name]
            code = int(work())
        finally:
            with suppress(OSError):
                sys.stdout.flush()
            os._exit(code)


def _lot(mutant: Mutant, seed: int) -> bytes:
    """Draw a lot for a change: it stays the same whatever else is changed or excused."""
    return hashlib.sha256(f"{seed} {mutant.name}".encode()).digest()


def equivalents() -> dict[str, str]:
    """Read which changes change nothing, and why: a line with the change, one with the reason, an empty one."""
    blocks = EQUIVALENT.read_text(encoding="utf-8").split("\n\n")
    pairs = [block.strip().split("\n") for block in blocks if block.strip() and not block.startswith("#")]
    return dict(pairs)


def main() -> int:
    """Run; give the exit code."""
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    parser.add_argument("--size", type=int, default=200, help="how many changes to try (default 200; 0: all)")
    parser.add_argument("--seed", type=int, default=1, help="what draws the sample (default 1)")
    parser.add_argument("--path", action="append", default=[], help="a file or folder, instead of the four rooms")
    chosen = parser.parse_args()
    os.nice(10)
    sys.dont_write_bytecode = True
    os.environ.update(PYTHONDONTWRITEBYTECODE="1", CI="")
    folders = [ROOT / path for path in chosen.path] or [ROOT / "bin" / "cbverdict" / room for room in ROOMS]
    everything = [
        mutant
        for folder in folders
        for path in ([folder] if folder.is_file() else sorted(folder.rglob("*.py")))
        for mutant in mutants_of(path, ROOT)
    ]
    excused = equivalents()
    if not chosen.path:
        gone = excused.keys() - {mutant.name for mutant in everything}
        if gone:
            raise SystemExit(
                f"{EQUIVALENT.name} excuses what is no change of today's code:\n" + "\n".join(sorted(gone))
            )
    candidates = [mutant for mutant in everything if mutant.name not in excused]
    size = min(chosen.size or len(candidates), len(candidates))
    sample = heapq.nsmallest(size, candidates, key=lambda mutant: _lot(mutant, chosen.seed))
    print(
        f"{size} of {len(candidates)} changes, seed {chosen.seed}; {len(everything) - len(candidates)} change nothing"
    )
    for module in (*_PRELOADED, *_PRELOADED_OF_TESTS):
        importlib.import_module(module)
    gc.freeze()
    with tempfile.TemporaryDirectory() as folder:
        return _report(_try_all(Workshop(Path(folder).resolve()), sample))


def _try_all(workshop: Workshop, sample: list[Mutant]) -> dict[Mutant, Outcome]:
    started = time.monotonic()
    trace = workshop.trace(TESTS)
    print(f"{len(trace.seconds)} tests take {time.monotonic() - started:.0f} s", flush=True)
    outcomes = {}
    for number, mutant in enumerate(sorted(sample, key=lambda one: (one.path, one.lines)), 1):
        tests = trace.of(mutant)
        limit = 30 + 10 * sum(trace.seconds.get(test, 0.0) for test in tests) if tests else 1800
        outcomes[mutant] = outcome = workshop.outcome(mutant, tests, limit)
        if outcome is Outcome.SURVIVED:
            print(f"[{number}/{len(sample)}] {outcome.value}: {mutant.path}:{mutant.lines[0]}", flush=True)
            print(f"    {mutant.name}", flush=True)
    print(f"{time.monotonic() - started:.0f} s in all")
    return outcomes


def _report(outcomes: Mapping[Mutant, Outcome]) -> int:
    killed = sum(outcome is not Outcome.SURVIVED for outcome in outcomes.values())
    late = sum(outcome is Outcome.TIMED_OUT for outcome in outcomes.values())
    share = 100 * killed / max(len(outcomes), 1)
    print(f"{killed} of {len(outcomes)} killed ({share:.1f} %), {late} of them by running on; {LEAST:g} % must be")
    return int(share < LEAST)


if __name__ == "__main__":
    sys.exit(main())
