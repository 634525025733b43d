"""The built-in commands, a module a kind; importing this enters all of them."""

from __future__ import annotations

from tests.lab.spl.commands import (  # noqa: F401 - entered by importing them
    charting,
    collecting,
    combining,
    converting,
    evaluating,
    filling,
    filtering,
    iterating,
    looking_up,
    making,
    multivalues,
    ordering,
    reshaping,
    running,
    statistics,
    structured,
    tstats,
)
