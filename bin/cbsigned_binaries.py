"""The modular input `cbsigned_binaries`: new binaries from Carbon Black, into the verdict store and the index."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from cbverdict.inputs.binaries.binary_reader import BinaryReader
from cbverdict.inputs.script import InputKind, run
from cbverdict.splunkd.logs import prepare

if __name__ == "__main__":
    prepare("binaries")
    run(
        InputKind(
            name="cbsigned_binaries",
            title="Carbon Black binaries, into the verdict store",
            description="New binaries from Carbon Black EDR: a warm verdict store, and signatures that changed.",
            overlap=86400.0,
            max_overlap=7 * 86400.0,
            make_reader=lambda sources, arguments, _: BinaryReader(sources, arguments),
        ),
        sys.argv,
    )
