"""What import-linter's contracts (pyproject.toml) do not say of the package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BIN = Path(__file__).resolve().parents[2] / "bin"


def test_the_command_starts_without_the_libraries_that_only_the_service_needs() -> None:
    """For splunkd starts it several times a search only to ask what it is."""
    script = "import sys; sys.path.insert(0, sys.argv[1]); import cbsigned; print(*sys.modules)"
    # The SDK's dispatch does nothing on import, because the module is not __main__.
    run = subprocess.run([sys.executable, "-c", script, str(BIN)], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert not {"requests", "jinja2", "solnlib", "concurrent.futures"} & loaded
    rooms = {name for name in loaded if name.startswith("cbverdict.")}
    assert {name for name in rooms if not (BIN.joinpath(*name.split("."))).is_dir()} == {
        "cbverdict.events.columns",
        "cbverdict.search.sdk_compat",
    }
