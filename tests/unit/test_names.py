"""File names as rows carry them: one reading for what is usual, a wide one for the list of tools."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbverdict.events.names import is_same_program, oddity_of, program_of, spellings_of


@pytest.mark.parametrize(
    "text",
    [
        "powershell.exe",
        "POWERSHELL.EXE",
        r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe",
        r"\\?\C:\Windows\powershell.exe",
        r"\\server\share\powershell.exe",
        r"\Device\HarddiskVolume2\powershell.exe",
        "C:/mixed\\slashes/powershell.exe",
        '"C:\\Program Files\\x y\\powershell.exe"',
        r"C:\x\powershell.exe -enc AAAA",
        '"C:\\x y\\powershell.exe" -enc C:\\y\\z.txt',
        "powershell.exe.",
        "powershell.exe ",
        "powershell.exe. .",
        "powershell.exe:stream",
        "powershell.exe::$DATA",
        "power\u200bshell.exe",
        "\u202epowershell.exe",
        "powershell",
        "PowerShell.EXE.MUI",
        "powershell_7.4.exe",
        "powershell64.exe",
        "powershell-x86_64.exe",
        "/usr/bin/powershell (deleted)",
        "-powershell",
        "powershell.exe/c whoami",
        'powershell.exe",-nop',
        "powershell.exe;",
        "(powershell.exe)",
        "[powershell.exe]",
        "powershell .exe",
        "powershell..exe",
        "powershell (1).exe",
        "powershell(12).exe",
        "powershell[1].exe",
        "powershell - Copy.exe",
        "powershell - Copy (2).exe",
        "Copy of powershell.exe",
    ],
)
def test_a_tool_is_found_however_its_name_is_written(text: str) -> None:
    """Whoever starts it chooses how it is called, but not what it may stand for."""
    assert "powershell.exe" in spellings_of(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cmd.exe", None),
        (r"C:\Windows\System32\cmd.exe", None),
        (r"\\?\C:\Windows\cmd.exe", None),
        ("/usr/local/bin/odd name", None),
        ("Über App", None),
        ("калькулятор.exe", None),
        ("cmd\u200b.exe", "holds characters that nobody sees"),
        ("exe.\u202efdp.cmd", "holds characters that nobody sees"),
        ("cmd\x07.exe", "holds characters that nobody sees"),
        ("p\u043ewershell.exe", "mixes letters that look alike"),
        ("\uff43md.exe", "mixes letters that look alike"),
        ("cmd.exe.", "ends in a dot or a blank"),
        (r"C:\x\cmd.exe ", "ends in a dot or a blank"),
        ("cmd.exe:x.exe", "names a stream behind a file"),
        ("POWERS~1.EXE", "is a short name (8.3), which hides the long one"),
        (r"C:\PROGRA~1\x.exe", None),
    ],
)
def test_what_is_odd_about_a_name_is_said(text: str, words: str | None) -> None:
    """No honest program is called so; a folder may be, and so may any other language."""
    assert oddity_of(text) == words


@pytest.mark.parametrize(
    ("names", "originals", "is_same"),
    [
        (["cmd.exe"], ["Cmd.Exe"], True),
        (["cmd.exe"], ["Cmd.Exe.MUI"], True),
        (["python3.11.exe"], ["python.exe"], True),
        (["psexec64.exe"], ["psexec.c", "PsExec.exe"], True),
        (["svchost_update.exe"], ["PowerShell.EXE"], False),
        (["a.exe", r"C:\x\powershell.exe"], ["PowerShell.EXE"], True),
    ],
)
def test_a_renamed_program_is_told_from_an_honest_name(
    names: list[str], originals: list[str], *, is_same: bool
) -> None:
    """Case, language resources, versions and architectures are no other name."""
    assert is_same_program(names, originals) is is_same


@given(st.text(max_size=60))
def test_no_text_makes_reading_a_name_fail(text: str) -> None:
    """Whatever a row says."""
    assert program_of(text) == program_of(program_of(text))
    assert all(isinstance(one, str) for one in spellings_of(text))
    oddity_of(text)
