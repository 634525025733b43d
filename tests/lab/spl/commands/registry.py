"""The built-in commands by their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, List

from tests.lab.spl.environment import Row, Search

Run = Callable[[List[Row], str, Search], List[Row]]


@dataclass(frozen=True)
class BuiltIn:
    """A command: what it does with rows and arguments, and whether it stands first for it makes rows itself."""

    run: Run
    is_generating: bool


COMMANDS: Dict[str, BuiltIn] = {}


def command(*names: str, generating: bool = False) -> Callable[[Run], Run]:
    """Enter a command under its names."""

    def enter(run: Run) -> Run:
        for name in names:
            COMMANDS[name] = BuiltIn(run, generating)
        return run

    return enter
