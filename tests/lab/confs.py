"""Splunk's conf files as they stand in the sources."""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import Dict

Stanzas = Dict[str, Dict[str, str]]


def read_conf(path: Path) -> Stanzas:
    """Read a conf file; a backslash at its end carries a line on."""
    parser = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), strict=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(path.read_text(encoding="utf-8").replace("\\\n", "\n "))
    return {name: dict(parser[name]) for name in parser.sections()}
