"""The modular input `cbsigned_processes`: new processes from Carbon Black, with the fields of `| cbsigned`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from cbverdict.inputs.processes.process_reader import ProcessReader
from cbverdict.inputs.script import InputKind, run
from cbverdict.memory import collect_garbage_rarely, keep_large_blocks_off_the_heap
from cbverdict.splunkd.logs import prepare

if __name__ == "__main__":
    prepare("processes")
    keep_large_blocks_off_the_heap()
    collect_garbage_rarely()
    run(
        InputKind(
            name="cbsigned_processes",
            title="Carbon Black processes, with verdicts",
            description="New processes from Carbon Black EDR: whether they are signed, and how unusual they are.",
            overlap=300.0,
            max_overlap=3600.0,  # more than are remembered would be written again and again
            make_reader=ProcessReader,
        ),
        sys.argv,
    )
