"""The picture of docs/architecture.md is drawn from the contracts, and every room and module is explained there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.lab.manual import Page
from tests.lab.site import ROOT

PACKAGE = ROOT / "bin" / "cbverdict"
PATH = ROOT / "docs" / "architecture.md"
PAGE = Page(PATH, PATH.read_text(encoding="utf-8"))
SCRIPTS = 'scripts["bin/*.py: one script for each thing that Splunk starts"]'


def _layers() -> list[list[str]]:
    """Read the rows of rooms, the outermost first, as import-linter has them."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    rooms = r'^type = "layers"\ncontainers = \["cbverdict"\]$.*?^layers = \[\n(.*?)^\]'
    (layers,) = re.findall(rooms, text, re.MULTILINE | re.DOTALL)
    return [re.split(r" [|:] ", row) for row in re.findall(r'"(.*?)"', layers)]


def _node(rooms: list[str]) -> str:
    return "_".join(rooms)


def _drawn(layers: list[list[str]]) -> str:
    """Draw the rows, and an arrow from each to the next."""
    nodes = [_node(rooms) if len(rooms) == 1 else f'{_node(rooms)}["{", ".join(rooms)}"]' for rooms in layers]
    names = ["scripts", *map(_node, layers)]
    arrows = [f"{above} --> {below}" for above, below in zip(names, names[1:])]
    return "\n".join(["flowchart TD", *(f"    {line}" for line in (SCRIPTS, *nodes, *arrows))])


def test_the_picture_is_that_of_the_contracts() -> None:
    """Where it is not, paste what this expects."""
    (picture,) = re.findall(r"```mermaid\n(.*?)\n```", PAGE.text, re.DOTALL)
    assert picture == _drawn(_layers())


def test_every_room_is_drawn_and_explained() -> None:
    """Each folder and module of the package, and no other."""
    there = {path.stem for path in PACKAGE.iterdir() if _is_room(path)}
    assert {room for rooms in _layers() for room in rooms} == there
    assert {room.strip("`") for room in PAGE.table("room of `bin/cbverdict/`")} == there


def test_every_module_that_is_named_is_there() -> None:
    """In the room that is named with it, so that a move does not leave the page behind."""
    named = re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", PAGE.text)
    assert len(named) > 30
    for name in named:
        assert (PACKAGE / name).is_file() or (ROOT / name).is_file(), name


def _is_room(path: Path) -> bool:
    return path.name != "__init__.py" and (path.suffix == ".py" or (path / "__init__.py").is_file())
