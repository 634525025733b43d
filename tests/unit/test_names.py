"""File names as rows carry them: one reading for what is usual, a wide one for the list of tools."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cbverdict.events import names as names_module
from cbverdict.events.names import (
    are_of_one_program,
    is_same_program,
    program_of,
    program_started,
    spellings_of,
    stems_of,
)
from cbverdict.events.odd_names import oddity_of
from cbverdict.events.odd_places import is_anybodys, passes_for_windows
from cbverdict.placeholders import has_invisible


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
        "Copy of Copy of powershell.exe",
        "powershell - Copy - Copy.exe",
        "powershell (1) (2).exe",
        "powershell(1)(2).exe",
        "(powershell).exe",
        "powershell (copy).exe",
        "powershell [1].exe",
        "powershell - Copy-1.exe",
        "powershell -  copy.exe",
        "powershell.exe.dll",
        "powershell.dll",
        "C:\\Users\\Public\\a:powershell.exe",
        "C:\\Users\\Public\\ab:powershell.exe:$DATA",
        "a:powershell.exe",
        "\u0440ow\u0435rsh\u0435ll.exe",
        "powershell -enc AAAA",
        "powershell /c whoami",
        '"C:\\Windows\\powershell" -nop -c x',
        '"C:\\Program Files\\a b\\powershell"',
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
        ("\u2ca5md.exe", "mixes letters that look alike"),
        ("cm\ua4d3.exe", "mixes letters that look alike"),
        ("cmd.exe.", "ends in a dot or a blank"),
        (r"C:\x\cmd.exe ", "ends in a dot or a blank"),
        ("cmd.exe:x.exe", "names a stream behind a file"),
        (r"C:\Users\Public\a:cmd.exe", "names a stream behind a file"),
        ("/tmp/a:cmd.exe", "names a stream behind a file"),
        ("C:cmd.exe", None),
        ("ps\u1680exec.exe", "holds characters that nobody sees"),
        ("POWERS~1.EXE", "is a short name (8.3), which hides the long one"),
        (r"C:\PROGRA~1\x.exe", None),
        ("C:\\x\\", "names a folder and no file"),
        ("/", "names a folder and no file"),
        ("C:", "names a folder and no file"),
        ("\\", "names a folder and no file"),
        ('"', "names a folder and no file"),
        ("C:\\x\\" + "a" * 251 + ".exe", None),
        ("C:\\x\\" + "a" * 252 + ".exe", "is longer than a file's name"),
        ("a" * 1024, "is longer than a file's name"),
        ("a" * 1025, "is longer than a path"),
        ("C:\\Windows \\System32\\printui.exe", "is in a folder whose name ends in a dot or a blank"),
        ("C:\\Windows\\System32.\\a.exe", "is in a folder whose name ends in a dot or a blank"),
        ("C:\\ \\a.exe", "is in a folder whose name ends in a dot or a blank"),
        ("C:/a/../b.exe", None),
        (r"C:\a\.\b.exe", None),
        ("C:\\Windows\\Sys\u200btem32\\a.exe", "is in a folder that passes for one of the system's"),
        ("/usr/\u202enib/a", "is in a folder whose name is turned around"),
        ("C:\\Windows\u00a0\\a.exe", "is in a folder that passes for one of the system's"),
        ("C:\\\uff37indows\\a.exe", "is in a folder that passes for one of the system's"),
        ("C:\\\u0405\u0443\u0455\u0442\u0435m32\\a.exe", "is in a folder that passes for one of the system's"),
        ("C:\\W\u0456ndows\\a.exe", "is in a folder that passes for one of the system's"),
        ("C:\\x::$INDEX_ALLOCATION\\a.exe", "is in a folder that is a stream behind another"),
        ("\\\\10.0.0.9@80\\x\\a.exe", "is on a web folder of another machine"),
        ("\\\\live.example@SSL\\x\\a.exe", "is on a web folder of another machine"),
        (r"\\?\UNC\evil@SSL\x\a.exe", "is on a web folder of another machine"),
        (r"\??\UNC\evil@80\x\a.exe", "is on a web folder of another machine"),
        (r"\Device\Mup\evil@SSL\x\a.exe", "is on a web folder of another machine"),
        ("//evil@SSL/x/a.exe", "is on a web folder of another machine"),
        (r"\\evil\DavWWWRoot\a.exe", "is on a web folder of another machine"),
        (r"\\server\share\ann@corp.example\a.exe", None),
        (r'"/Windows \System32\a.exe', "is in a folder whose name ends in a dot or a blank"),
        ("inv.pdf (1).exe", "passes for a document"),
        ("inv.zip.exe", "passes for a document"),
        ("report.pdf.exe", "passes for a document"),
        ("C:\\x\\report.pdf      .exe", "passes for a document"),
        ("report.docx", "passes for a document"),
        (".exe", "is nothing but an extension"),
        (r"\\server\share\a.exe", None),
        (r"\\.\C:\x\a.exe", None),
        (r"\??\C:\x\a.exe", None),
        (r"..\bin\a.exe", None),
        ("./a", None),
        ("/usr/lib/jvm/../bin/java", None),
        ("/srv/a:b./c", None),
        ("C:\\Users\\\u0418\u0432\u0430\u043dPC\\a.exe", None),
        ("C:\\Users\\M\u00fcller\\a.exe", None),
        ("C:\\\u0628\u0631\u0646\u0627\u0645\u0647\u200c\u0647\u0627\\a.exe", None),
        ("C:\\\u03bcTorrent\\a.exe", None),
        ("C:\\\u2764\ufe0f\\a.exe", None),
        ("C:\\Users\\a.b@corp.example\\a.exe", None),
        (r"C:\x\example.com\a.exe", None),
    ],
)
def test_what_is_odd_about_a_name_is_said(text: str, words: str | None) -> None:
    """No honest program is called so, whatever language it is in; nor is a folder that passes for another."""
    assert oddity_of(text) == words


@pytest.mark.parametrize(
    ("names", "originals", "is_same"),
    [
        (["cmd.exe"], ["Cmd.Exe"], True),
        (["cmd.exe"], ["Cmd.Exe.MUI"], True),
        (["python3.11.exe"], ["python.exe"], True),
        (["psexec64.exe"], ["psexec.c", "PsExec.exe"], True),
        (["svchost_update.exe"], ["PowerShell.EXE"], False),
        (["a.exe", r"C:\x\powershell.exe"], ["PowerShell.EXE"], False),
        ([r"C:\t\svchost.exe x\u.exe"], ["svchost.exe"], False),
        ([r"C:\t\svchost.exe (1)\u.exe"], ["svchost.exe"], False),
        ([r"C:\t\svchost.exe;\u.exe"], ["svchost.exe"], False),
        (["acrord32.exe,x.exe"], ["acrord32.exe"], False),
        (["acrord32.exe;psexec.exe"], ["acrord32.exe"], False),
        (["acrord32 - Kopie.exe"], ["acrord32.exe"], True),
        (["C:/Program Files/acrord32.exe"], ["AcroRd32.exe"], True),
        (["/usr/bin/python3.11 (deleted)"], ["python"], True),
    ],
)
def test_a_renamed_program_is_told_from_an_honest_name(
    names: list[str], originals: list[str], *, is_same: bool
) -> None:
    """Case, language resources, versions and architectures are no other name."""
    assert is_same_program(names, originals) is is_same


def test_a_name_with_dots_is_whole_with_its_extension_and_cut_with_none() -> None:
    """What stands before a dot is a name by itself only where what follows is no program's extension."""
    assert {"node.dev", "node.dev.exe", "node", "node.exe"} <= spellings_of("node.dev")
    assert spellings_of("net.framework.exe").isdisjoint({"net", "net.exe"})


@given(st.text(max_size=60))
@example("0\n.")
def test_no_text_makes_reading_a_name_fail(text: str) -> None:
    """Whatever a row says."""
    assert program_of(text) == program_of(program_of(text))
    assert all(isinstance(one, str) for one in spellings_of(text))
    oddity_of(text)


_PARTS = ["cmd", "a", ".exe", ".EXE", ".", "..", ".mui", " (deleted)", ":", "\\", "/", " ", "-", "v1.2", "(1)", '"']
_ODD_PARTS = ["copy of ", " - Copy", "x64", "_", "\x00", "\u3164", "\u00e9", "C:", "~1", ";"]
_NAMES = st.lists(st.sampled_from([*_PARTS, *_ODD_PARTS]), max_size=5).map("".join)


@given(_NAMES, _NAMES, st.sampled_from(["", "C:\\x\\", "/opt/"]), st.booleans())
@example("cmd", "cmd", "C:\\x\\", True)  # noqa: FBT003 - a case of the strategies above
@example(".mui", ".mui", "", True)  # noqa: FBT003 - likewise
@example("cmd.exe-", "cmd.exe-", "", True)  # noqa: FBT003 - likewise
def test_what_is_seen_at_once_is_what_all_spellings_say(name: str, original: str, folder: str, is_own: bool) -> None:  # noqa: FBT001 - likewise
    """A name that its author gave in the same letters, and a text that is a single name."""
    text = folder + (original.upper() if is_own else name)
    given_stems = names_module._bare_spellings_of(original)  # noqa: SLF001 - what the quick way has to agree with
    assert is_same_program([text], [original]) == (not stems_of(text).isdisjoint(given_stems))
    assert are_of_one_program([text, text]) == bool(stems_of(text))


@pytest.mark.parametrize(
    "text",
    [
        "psexec.exe.bak", "psexec.tmp", "psexec.dat", "psexec - Kopie.exe", "acrord32.exe;psexec.exe",
        "acrord32.exe|psexec.exe", "acrord32.exe | psexec.exe", "acrord32.exe psexec.exe", "psexec\u2028.exe",
        "pse\U0001d173xec.exe", "ps\U0001bca0exec.exe",
    ],
)  # fmt: skip
def test_a_tool_is_found_behind_another_extension_and_in_joined_names(text: str) -> None:
    """A program runs under any name, and a search may join several into one text."""
    assert "psexec.exe" in spellings_of(text)


def test_a_text_that_is_longer_than_a_path_is_odd() -> None:
    """What stands at its end would not be looked at."""
    assert oddity_of("C:\\" + "a" * 1100 + "\\psexec.exe") == "is longer than a path"


def test_no_mark_that_nobody_sees_is_forgotten() -> None:
    """All that Unicode calls a format mark or a separator of lines, but for those of scripts that are seen."""
    seen = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
    marks = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in {"Cf", "Zl", "Zp"}]
    assert [mark for mark in marks if ord(mark) not in seen and not has_invisible(f"a{mark}b")] == []


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("C:\\Windows\\explorer.exe", "explorer.exe"),
        ('"C:\\Program Files\\a b\\c.exe" -x "y z.exe"', "c.exe"),
        ("C:\\Program Files\\a b\\c.exe -x", "c.exe"),
        ("C:\\Program Files\\Office\\WINWORD /n", "WINWORD"),
        ("C:\\Windows\\system32\\cmd /c x", "cmd"),
        ("WINWORD.EXE\t/n", "WINWORD.EXE"),
        ('WINWORD.EXE/n "x"', "WINWORD.EXE"),
        ("cmd.exe,/c x", "cmd.exe"),
        ('C:\\"Program Files"\\Office\\WINWORD.EXE /n', "WINWORD.EXE"),
        ('WIN"WORD".EXE /n', "WINWORD.EXE"),
        ("\\??\\C:\\Windows\\system32\\conhost.exe 0xffffffff -ForceV1", "conhost.exe"),
        ("%ProgramFiles%\\O O\\winword.exe", "winword.exe"),
        ("'C:\\O\\WINWORD.EXE' /n", "WINWORD.EXE"),
        ("powershell.exe -Command {\n  a.exe\n}", "powershell.exe"),
        ("python script.py x.exe", "python"),
        ("/usr/bin/python3 /tmp/x.py", "python3"),
        ("-bash", "-bash"),
        ("/Applications/Microsoft Word.app/Contents/MacOS/Microsoft Word", "Microsoft Word"),
        ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome --x /a.app/Contents/MacOS/y", "Google Chrome"),
        ("-k netsvcs -p", None),
        ('"', None),
        ('""', None),
        ("   ", None),
        ("sshd: jdoe@pts/0", "sshd:"),
        ("x" * 5000, "x" * 1024),
    ],
)
def test_the_program_at_the_start_of_a_command_line_is_found(command: str, name: str | None) -> None:
    """However it is quoted, whatever is behind it."""
    assert program_started(command) == name


@pytest.mark.parametrize(
    ("path", "is_odd"),
    [
        ("C:\\Windows\\explorer.exe", False),
        ("C:\\Users\\Public\\explorer.exe", True),
        ("\\Device\\HarddiskVolume3\\Windows\\System32\\svchost.exe", False),
        ("\\Device\\HarddiskVolumeShadowCopy1\\Windows\\System32\\svchost.exe", False),
        ("\\\\10.0.0.5\\c$\\Windows\\explorer.exe", True),
        ("\\\\?\\UNC\\10.0.0.5\\c$\\Windows\\explorer.exe", True),
        ("\\\\?\\C:\\Windows\\system32\\CONHOST.EXE", False),
        ("\\??\\C:\\Windows\\system32\\conhost.exe", False),
        ("\\SystemRoot\\System32\\smss.exe", False),
        ("%SystemRoot%\\explorer.exe", False),
        ("c:/windows/system32/net.exe", False),
        ("C:\\Windows\\..\\Users\\Public\\explorer.exe", True),
        ("C:\\Windows\\Temp\\svchost.exe", True),
        ("C:\\Windows\\Temp\\..\\System32\\svchost.exe", False),
        ("C:\\x\\Windows\\System32\\svchost.exe", True),
        ("C:\\$WINDOWS.~BT\\Work\\Windows\\System32\\cmd.exe", True),
        ("C:\\WINNT\\explorer.exe", True),
        ("C:\\systemroot\\explorer.exe", True),
        ("C:\\%windir%\\explorer.exe", True),
        ("E:\\Windows\\explorer.exe", True),
        ("D:\\Apps\\Explorer.exe", True),
        ("C:\\acme\\explorer.exe (deleted)", True),
        ("C:\\Windows\\System32\\spool\\SERVERS\\dwm.exe", True),
        ("%SystemRoot%\\Temp\\dwm.exe", True),
        ("\\Device\\VhdHardDisk{8b1e}\\Windows\\System32\\svchost.exe", False),
        ("\\\\?\\Volume{1-2}\\Windows\\System32\\dwm.exe", False),
        ("\\\\?\\GLOBALROOT\\Device\\HarddiskVolume3\\Windows\\System32\\dwm.exe", False),
        ("\\Device\\Harddisk0\\Partition2\\Windows\\explorer.exe", False),
        ("\\Windows\\explorer.exe", False),
        ("System32\\smss.exe", False),
        ("windows\\explorer.exe", True),
        ("explorer.exe", False),
        ("/usr/bin/net", False),
        ("C:\\Program Files\\Acme\\acme.exe", False),
    ],
)
def test_windows_own_programs_are_in_windows_folder(path: str, is_odd: bool) -> None:  # noqa: FBT001 - a case
    """Whatever stands before a path; a folder in Windows' where everybody may write is none of its own."""
    assert passes_for_windows(path) is is_odd
    assert (oddity_of(path) == "is called like a program of Windows, and is in another folder") is is_odd


@pytest.mark.parametrize(
    ("path", "is_anybodys_folder"),
    [
        ("C:\\Users\\Public\\a.exe", True),
        ("C:\\Users\\jdoe\\AppData\\Local\\Temp\\1\\a.exe", True),
        ("C:\\Users\\jdoe\\AppData\\Local\\Programs\\a.exe", False),
        ("C:\\Users\\jdoe\\Downloads\\a.exe", True),
        ("C:\\$Recycle.Bin\\S-1-5-21\\a.exe", True),
        ("C:\\Windows\\Temp\\a.exe", True),
        ("C:\\ProgramData\\a.exe", True),
        ("C:\\ProgramData\\Acme\\a.exe", False),
        ("C:\\PerfLogs\\a.exe", True),
        ("\\\\server\\share\\a.exe", True),
        ("\\\\.\\C:\\Users\\Public\\a.exe", True),
        ("C:\\Program Files\\Acme\\a.exe", False),
        ("/tmp/a", True),
        ("/private/tmp/a", True),
        ("/var/tmp/a", True),
        ("/var/folders/zz/T/a", True),
        ("/System/Volumes/Data/private/tmp/a", True),
        ("/Volumes/Acme/a.app/Contents/MacOS/a", True),
        ("/home/jdoe/Downloads/a", True),
        ("/proc/123/fd/3", True),
        ("C:\\Users\\jdoe\\DOWNLO~1\\a.exe", True),
        ("C:\\PROGRA~3\\a.exe", True),
        ("C:\\PROGRA~1\\Acme\\a.exe", False),
        ("\\\\?\\GLOBALROOT\\Device\\HarddiskVolume3\\Users\\Public\\a.exe", True),
        ("\\\\?\\Volume{1-2}\\Users\\Public\\a.exe", True),
        ("\\DosDevices\\C:\\Users\\Public\\a.exe", True),
        ("\\GLOBAL??\\C:\\Users\\Public\\a.exe", True),
        ("\\\\.\\UNC\\server\\share\\a.exe", True),
        ("\\Device\\CdRom0\\a.exe", True),
        ("\\Device\\RdpDr\\;tsclient\\c\\a.exe", True),
        ("%TEMP%\\a.exe", True),
        ("%PUBLIC%\\a.exe", True),
        ("%USERPROFILE%\\Downloads\\a.exe", True),
        ("C:\\Documents and Settings\\jdoe\\Desktop\\a.exe", True),
        ("%ProgramFiles%\\Acme\\a.exe", False),
        ("/usr/bin/a", False),
        ("a.exe", False),
        ("C:\\Temp\\" + "a" * 40_000, False),
    ],
)
def test_folders_where_anybody_may_put_a_program(path: str, is_anybodys_folder: bool) -> None:  # noqa: FBT001 - a case
    """By Windows' and other systems' own rights; what is longer than a path is odd anyway."""
    assert is_anybodys(path) is is_anybodys_folder
