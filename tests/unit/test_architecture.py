"""What import-linter's contracts (pyproject.toml) do not say of the package."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
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
        "cbverdict.events.column_spellings",
        "cbverdict.events.columns",
        "cbverdict.events.event_columns",
        "cbverdict.events.finding_columns",
        "cbverdict.events.parent_columns",
        "cbverdict.memory",
        "cbverdict.search.sdk_compat",
    }


def test_no_module_is_longer_than_two_screens_and_a_bit_but_the_codec() -> None:
    """300 lines; the row codec is one algorithm and has a page of its own in the manual."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in BIN.rglob("*.py")}
    assert {path.name for path, lines in lengths.items() if lines > 300} == {"row_codec.py"}


def test_every_room_says_what_belongs_there() -> None:
    """In the docstring of its `__init__`, which holds no code."""
    rooms = list((BIN / "cbverdict").rglob("__init__.py"))
    assert len(rooms) > 10
    for init in rooms:
        tree = ast.parse(init.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree)
        assert len(tree.body) == 1, init


def test_no_two_classes_share_a_name() -> None:
    """Whoever searches for a class finds the one that is meant; ports say what they are ports of."""
    names = Counter(
        node.name
        for path in BIN.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, times in names.items() if times > 1] == []
