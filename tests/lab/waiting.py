"""Wait for what happens in another process, which tells nobody: look now and then, for as long as it may take."""

from __future__ import annotations

import time
from typing import Any, Callable

_LOOK_EVERY = 0.01


def wait_for(condition: Callable[[], Any], seconds: float = 120.0) -> None:
    """Wait until it has come to that; on a busy machine that takes long.

    Raises:
        AssertionError: it did not.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(_LOOK_EVERY)
