"""Who may import whom: core <- adapters <- services <- entry scripts."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(__file__).resolve().parents[2] / "bin"

CORE, ADAPTER, SERVICE = 0, 1, 2
LAYERS = {
    "hashes": CORE,
    "events": CORE,
    "evidence": CORE,
    "verdict": CORE,
    "query": CORE,
    "errors": CORE,
    "settings": CORE,
    "messages": CORE,
    "stored": CORE,
    "breaker": CORE,
    "hours": CORE,
    "counts": CORE,
    "people": CORE,
    "rarity": CORE,
    "baselines": CORE,
    "baseline_messages": CORE,
    "scoring": CORE,
    "noise": CORE,
    "risk": CORE,
    "lists": CORE,
    "opinions": CORE,
    "edr": ADAPTER,
    "clause": ADAPTER,
    "configuration": ADAPTER,
    "verdict_client": ADAPTER,
    "splunkd": ADAPTER,
    "baseline_client": ADAPTER,
    "collection": ADAPTER,
    "localtime": ADAPTER,
    "lookups": ADAPTER,
    "store": ADAPTER,
    "endpoint": ADAPTER,
    "sdk": ADAPTER,
    "codec": ADAPTER,
    "resolver": SERVICE,
    "service": SERVICE,
    "baseline_service": SERVICE,
    "usual": SERVICE,
    "learning": SERVICE,
    "anomaly": SERVICE,
    "scorer": SERVICE,
    "enrich": SERVICE,
    "search": SERVICE,
}
# Third-party packages, each behind one door.
DOORS = {
    "requests": {"edr"},
    "urllib3": {"edr"},
    "certifi": {"edr"},
    "jinja2": {"clause"},
    "solnlib": {"configuration", "endpoint"},
    "splunklib": {"configuration", "splunkd", "collection", "sdk", "codec"},
}
# What the pure core may not touch: the network, processes, the clock, files, chance, logging.
IMPURE = {"socket", "http", "urllib.request", "subprocess", "time", "datetime", "os", "pathlib", "random", "logging"}


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_every_module_has_a_layer() -> None:
    """A new module is put into the table before it is used."""
    assert {path.stem for path in (BIN / "cbverdict").glob("*.py")} - {"__init__"} == set(LAYERS)


@pytest.mark.parametrize("module", LAYERS)
def test_imports_point_inwards_only(module: str) -> None:
    """A module imports its own layer or one further in."""
    for name in _imports(BIN / "cbverdict" / f"{module}.py"):
        if name.startswith("cbverdict."):
            assert LAYERS[name.split(".")[1]] <= LAYERS[module], f"{module} imports {name}"


@pytest.mark.parametrize("module", LAYERS)
def test_third_party_packages_stand_behind_one_door_each(module: str) -> None:
    """Only edr knows requests, only clause knows jinja2."""
    for name in _imports(BIN / "cbverdict" / f"{module}.py"):
        package = name.split(".")[0]
        assert module in DOORS.get(package, {module}), f"{module} imports {name}"


@pytest.mark.parametrize("module", [name for name, layer in LAYERS.items() if layer == CORE])
def test_the_core_is_pure(module: str) -> None:
    """No I/O, no clock, no logging."""
    assert not _imports(BIN / "cbverdict" / f"{module}.py") & IMPURE


def test_the_command_starts_without_the_libraries_that_only_the_service_needs() -> None:
    """For splunkd starts it several times a search only to ask what it is."""
    script = "import sys; sys.path.insert(0, sys.argv[1]); import cbsigned; print(*sys.modules)"
    # The SDK's dispatch does nothing on import, because the module is not __main__.
    run = subprocess.run([sys.executable, "-c", script, str(BIN)], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert not {"requests", "jinja2", "solnlib", "concurrent.futures"} & loaded
    assert {name for name in loaded if name.startswith("cbverdict.")} == {
        "cbverdict.events",
        "cbverdict.hashes",
        "cbverdict.sdk",
    }
