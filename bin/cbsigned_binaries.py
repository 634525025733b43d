"""The modular input `cbsigned_binaries`: new binaries from Carbon Black, into the verdict store and the index."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Callable

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from cbverdict.inputs.binary_feed import BinaryFeed
from cbverdict.inputs.script import Kind, run
from cbverdict.logs import prepare

if TYPE_CHECKING:
    from cbverdict.inputs.arguments import InputArguments
    from cbverdict.inputs.sources import Sources


def _feed(sources: Sources, arguments: InputArguments, pause: Callable[[float], None]) -> BinaryFeed:  # noqa: ARG001
    return BinaryFeed(sources, arguments, time.time)


if __name__ == "__main__":
    prepare("binaries")
    run(
        Kind(
            name="cbsigned_binaries",
            title="Carbon Black binaries, into the verdict store",
            description="New binaries from Carbon Black EDR: a warm verdict store, and signatures that changed.",
            overlap=86400.0,
            max_overlap=7 * 86400.0,
            make_feed=_feed,
        ),
        sys.argv,
    )
