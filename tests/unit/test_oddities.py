"""What is odd about how a row names its process, its parent and its user."""

from __future__ import annotations

import pytest

from cbverdict.anomalies.file_sides import FileSides
from cbverdict.anomalies.reference_lists import Lists
from cbverdict.events.columns import EventFields
from cbverdict.events.event import read_event
from cbverdict.events.texts import shown
from cbverdict.verdicts.reasons import Reason, Signed
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.verdict import Verdict
from tests.lab.host import Row


@pytest.mark.parametrize(
    ("row", "author_names", "oddities"),
    [
        ({"process_name": "cmd.exe", "original_file_name": "Cmd.Exe.MUI"}, ("Cmd.Exe.MUI", "cmd"), []),
        ({"process_name": "cmd.exe", "original_file_name": "unknown"}, (), []),
        ({"original_file_name": "Cmd.Exe"}, ("a.exe",), []),
        (
            {"process_name": "updater.exe", "original_file_name": "Plink"},
            ("Plink",),
            ["updater.exe is called Plink by who made it"],
        ),
        ({"process_name": "updater.exe"}, ("Plink", "plink"), ["updater.exe is called Plink by who made it"]),
        # Each name that a row says is another file's; an author's two names are of one.
        (
            {"process_name": "updater.exe", "original_file_name": ["updater.exe", "pwsh.dll"]},
            (),
            ["updater.exe is called pwsh.dll by who made it"],
        ),
        (
            {"process_name": "updater.exe", "original_file_name": "updater.exe", "OriginalFileName": "psexec.c"},
            (),
            ["updater.exe is called psexec.c by who made it"],
        ),
        ({"process_name": "updater.exe"}, ("Update Helper", "updater.exe"), []),
        # A parent's name is written by the same hand.
        *(
            ({"process_name": "a.exe", "parent_process_name": name}, (), [f"the parent's name {shown(name)} {oddity}"])
            for name, oddity in (
                ("explorer.exe\u200b", "holds characters that nobody sees"),
                ("winw\u043erd.exe", "mixes letters that look alike"),
                ("WINWOR~1.EXE", "is a short name (8.3), which hides the long one"),
                ("C:\\x\\winword.exe\\", "names a folder and no file"),
                ("winword.exe.", "ends in a dot or a blank"),
                ("a" * 256, "is longer than a file's name"),
                ("a" * 2000, "is longer than a path"),
            )
        ),
        # Of several, one is judged.
        (
            {"process_name": "a.exe", "parent_process_name": ["explorer.exe", "winword.exe"]},
            (),
            ["the row is about several parents, of which one is judged"],
        ),
    ],
)
def test_what_is_odd_is_said_and_nothing_else(row: Row, author_names: tuple[str, ...], oddities: list[str]) -> None:
    """Whatever is said keeps the row from being dropped."""
    signature = Signature(**dict(zip(("original_name", "internal_name"), author_names)))
    verdict = Verdict(Signed.FALSE, Reason.BINARY, signature)
    assert list(FileSides(Lists()).of(read_event(row, EventFields()), verdict).oddities) == oddities


def test_of_the_files_that_a_parent_may_be_one_that_is_called_otherwise_is_enough() -> None:
    """The sentence comes once, of the first."""
    event = read_event({"process_name": "a.exe", "parent_process_name": "winword.exe"}, EventFields())
    files = tuple(Signature(original_name=name) for name in ("winword.exe", "Plink", "psexec.c"))
    side = FileSides(Lists()).of(event, Verdict(Signed.FALSE, Reason.BINARY, Signature()), files)
    assert side.oddities == ("the parent winword.exe is called Plink by who made it",)
