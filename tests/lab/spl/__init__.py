"""SPL that runs: the commands and functions of Splunk's search language that this add-on's own searches use.

`run(spl, ...)` is the door. It does what Splunk's documentation says; where no public source says what Splunk does,
and the answer would rest on it, it raises `UnsettledError` instead of guessing.
"""

from __future__ import annotations

from tests.lab.spl.errors import SplError, UnknownCommandError, UnsettledError
from tests.lab.spl.interpreter import Results, is_generating, run
from tests.lab.spl.tables import CollectionTable, MemoryTable

__all__ = [
    "CollectionTable",
    "MemoryTable",
    "Results",
    "SplError",
    "UnknownCommandError",
    "UnsettledError",
    "is_generating",
    "run",
]
