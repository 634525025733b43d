"""Reading process, parent and user from rows."""

from __future__ import annotations

import pytest

from cbverdict.events.columns import (
    EVENT_CODE_FIELDS,
    HASH_FIELDS,
    ORIGINAL_NAME_FIELDS,
    OTHER_FILE_FIELDS,
    EventFields,
)
from cbverdict.events.event import Process, ProcessEvent, read_event
from cbverdict.events.names import file_name
from cbverdict.verdicts.hashes import Md5

MD5 = Md5("578bab56836a3fe455ffc7883041825b")
PARENT = Md5("053eeee1abae53f044f1e386e22ae525")
SHA256 = "8ffc7f80efbf746e49f37ea3d140f042cf71ef20b4da2a8f02688e79295da11d"


def test_a_cim_row_is_read() -> None:
    """process_hash is multivalue there: the md5 with its sha256."""
    row = {
        "process_hash": [MD5, SHA256],
        "process_name": "regsvr32.exe",
        "process_path": r"C:\Windows\System32\other.exe",
        "parent_process_hash": [SHA256, PARENT.upper()],
        "parent_process_name": "powershell.exe",
        "user": "jdoe",
    }
    expected = ProcessEvent(
        Process(MD5, "regsvr32.exe"),
        Process(PARENT, "powershell.exe"),
        "jdoe",
        names=("regsvr32.exe", r"C:\Windows\System32\other.exe"),
    )
    assert read_event(row, EventFields()) == expected


def test_a_sysmon_row_is_read() -> None:
    """Sysmon has no hash of the parent."""
    row = {
        "Hashes": f"MD5={MD5.upper()},SHA256={SHA256}",
        "Image": r"C:\Windows\System32\regsvr32.exe",
        "ParentImage": r"C:\Windows\explorer.exe",
        "User": r"CORP\jdoe",
    }
    names = (r"C:\Windows\System32\regsvr32.exe",)
    expected = ProcessEvent(Process(MD5, "regsvr32.exe"), Process(None, "explorer.exe"), r"CORP\jdoe", names=names)
    assert read_event(row, EventFields()) == expected


def test_a_forwarder_row_is_read() -> None:
    """cb-event-forwarder writes md5 in upper case and paths in lower case."""
    row = {
        "md5": MD5.upper(),
        "path": "c:\\windows\\system32\\taskeng.exe",
        "parent_md5": "0" * 30,
        "parent_path": "c:\\windows\\system32\\svchost.exe",
        "username": "SYSTEM",
    }
    names = ("c:\\windows\\system32\\taskeng.exe",)
    expected = ProcessEvent(Process(MD5, "taskeng.exe"), Process(None, "svchost.exe"), "SYSTEM", names=names)
    assert read_event(row, EventFields()) == expected


def test_the_first_field_that_holds_a_hash_is_taken() -> None:
    """An empty or zero process_md5 does not hide a good md5."""
    row = {"process_md5": "0" * 30, "process_hash": "", "md5": MD5}
    assert read_event(row, EventFields()).process.md5 == MD5


def test_a_named_field_is_the_only_one_read() -> None:
    """With md5=<field> the others do not count, even where the named one is empty."""
    assert read_event({"md5": MD5, "mine": ""}, EventFields(md5=("mine",))).process.md5 is None


def test_an_empty_row_says_nothing() -> None:
    """Nothing in a row is an error."""
    assert read_event({}, EventFields()) == ProcessEvent(Process(None, None), Process(None, None))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (r"C:\Program Files (x86)\Google\Update\GoogleUpdate.exe", "GoogleUpdate.exe"),
        (r"\\server\share\a tool.exe", "a tool.exe"),
        (r"\Device\HarddiskVolume2\Windows\explorer.exe", "explorer.exe"),
        ("c:/mixed\\slashes/x.exe", "x.exe"),
        ('"C:\\Program Files\\x y.exe"', "x y.exe"),
        ("svchost.exe", "svchost.exe"),
        ("/usr/bin/python3.13", "python3.13"),
        ("/usr/local/bin/odd\\name", "odd\\name"),
        ("/Applications/Über App.app/Contents/MacOS/Über App", "Über App"),
        ("/bin/-rf", "-rf"),
        ('/tmp/say "hi" (now)', 'say "hi" (now)'),
        ('"quoted"', '"quoted"'),
        ("C:\\Windows\\", None),
        ("/", None),
        ("", None),
    ],
)
def test_the_file_name_is_cut_from_windows_linux_and_macos_paths(path: str, name: str | None) -> None:
    """Spaces, quotes, parentheses, a leading minus and non-ASCII stay as they are."""
    assert file_name(path) == name


def test_only_the_columns_that_are_needed_are_named() -> None:
    """Each column costs; names only where a question may turn on them."""
    fields = EventFields(md5=("h",), name=("n", "h"), parent_md5=("p",), parent_name=("q",))
    about = [*EVENT_CODE_FIELDS, *OTHER_FILE_FIELDS, *HASH_FIELDS]
    assert fields.columns(has_names=False) == list(dict.fromkeys(["h", "p", *about, "n"]))
    assert fields.columns(has_names=True) == list(dict.fromkeys(["h", "p", *about, "n", "q", *ORIGINAL_NAME_FIELDS]))
