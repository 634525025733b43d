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
    "json_object": CORE,
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
    "transport": ADAPTER,
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
    "logs": ADAPTER,
    "sdk": ADAPTER,
    "codec": ADAPTER,
    "memory": ADAPTER,
    "resolver": SERVICE,
    "service": SERVICE,
    "flights": SERVICE,
    "turns": SERVICE,
    "baseline_service": SERVICE,
    "usual": SERVICE,
    "learning": SERVICE,
    "anomaly": SERVICE,
    "scorer": SERVICE,
    "enrich": SERVICE,
    "search": SERVICE,
    "setup_check": SERVICE,
    "inputs.arguments": ADAPTER,
    "inputs.cursor": CORE,
    "inputs.recent": CORE,
    "inputs.images": CORE,
    "inputs.feed": CORE,
    "inputs.health": CORE,
    "inputs.processes": CORE,
    "inputs.binaries": CORE,
    "inputs.checkpoint": ADAPTER,
    "inputs.lease": ADAPTER,
    "inputs.stream": ADAPTER,
    "inputs.sources": SERVICE,
    "inputs.process_feed": SERVICE,
    "inputs.binary_feed": SERVICE,
    "inputs.pause": SERVICE,
    "inputs.pages": SERVICE,
    "inputs.intake": SERVICE,
    "inputs.script": SERVICE,
}
# Third-party packages, each behind one door.
DOORS = {
    "requests": {"transport"},
    "urllib3": {"transport"},
    "certifi": {"transport"},
    "jinja2": {"clause"},
    "solnlib": {"configuration", "logs"},
    "splunklib": {"configuration", "splunkd", "collection", "sdk", "codec", "inputs.stream", "inputs.script"},
    "filelock": {"inputs.lease"},
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


def _path(module: str) -> Path:
    return (BIN / "cbverdict").joinpath(*module.split(".")).with_suffix(".py")


def test_every_module_has_a_layer() -> None:
    """A new module is put into the table before it is used."""
    package = BIN / "cbverdict"
    modules = {".".join(path.relative_to(package).with_suffix("").parts) for path in package.rglob("*.py")}
    assert {name for name in modules if not name.endswith("__init__")} == set(LAYERS)


@pytest.mark.parametrize("module", LAYERS)
def test_imports_point_inwards_only(module: str) -> None:
    """A module imports its own layer or one further in."""
    for name in _imports(_path(module)):
        if name.startswith("cbverdict."):
            assert LAYERS[name.partition(".")[2]] <= LAYERS[module], f"{module} imports {name}"


@pytest.mark.parametrize("module", LAYERS)
def test_third_party_packages_stand_behind_one_door_each(module: str) -> None:
    """Only edr knows requests, only clause knows jinja2."""
    for name in _imports(_path(module)):
        package = name.split(".")[0]
        assert module in DOORS.get(package, {module}), f"{module} imports {name}"


@pytest.mark.parametrize("module", [name for name, layer in LAYERS.items() if layer == CORE])
def test_the_core_is_pure(module: str) -> None:
    """No I/O, no clock, no logging."""
    assert not _imports(_path(module)) & IMPURE


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
