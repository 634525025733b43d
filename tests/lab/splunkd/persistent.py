"""Keep one persistent REST handler running: a JSON string in and a JSON object out, a line each.

Run as `persistent.py <script> <class>`; it stands in for the runner in splunkd's own Python.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path


def main() -> None:
    """Answer requests until standard input ends."""
    script, class_name = Path(sys.argv[1]), sys.argv[2]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # Whatever a handler prints must not get between the answers.
    sys.path.insert(0, str(script.parent))
    handler = getattr(importlib.import_module(script.stem), class_name)(sys.argv[1], "")
    for line in sys.stdin:
        answers.write(json.dumps(handler.handle(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
