"""Reading process, parent and user from rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbverdict.events.columns import (
    GUID_FIELDS,
    HASH_FIELDS,
    INTERNAL_NAME_FIELDS,
    NAME_FIELDS,
    ORIGINAL_NAME_FIELDS,
    SHA256_FIELDS,
    EventFields,
)
from cbverdict.events.event import ProcessEvent, read_event, read_events
from cbverdict.events.event_columns import (
    ACTION_FIELDS,
    CATEGORY_FIELDS,
    CHILD_FIELDS,
    EVENT_KIND_FIELDS,
    EVENT_STATE_FIELDS,
    OTHER_FILE_FIELDS,
    TARGET_FIELDS,
)
from cbverdict.events.finding_columns import FINDING_FIELDS
from cbverdict.events.named_file import Process
from cbverdict.events.names import file_name
from cbverdict.events.parent_columns import (
    PARENT_COMMAND_FIELDS,
    PARENT_NAME_FIELDS,
    PARENT_ORIGINAL_NAME_FIELDS,
)
from cbverdict.search.anomaly_table import ANOMALY_FIELDS
from cbverdict.search.risk_columns import RISK_FIELDS
from cbverdict.verdicts.hashes import Md5, Sha256
from cbverdict.verdicts.reasons import Reason
from cbverdict.verdicts.verdict import DETAIL_FIELDS, STATUS_FIELDS

MD5 = Md5("578bab56836a3fe455ffc7883041825b")
PARENT = Md5("053eeee1abae53f044f1e386e22ae525")
OTHER = Md5("f" * 32)
SHA256 = Sha256("8ffc7f80efbf746e49f37ea3d140f042cf71ef20b4da2a8f02688e79295da11d")


def test_a_cim_row_is_read() -> None:
    """process_hash is multivalue there: the md5 with its sha256."""
    row = {
        "process_hash": [MD5, SHA256],
        "process_name": "regsvr32.exe",
        "process_path": r"C:\Windows\System32\Regsvr32.exe",
        "parent_process_hash": [SHA256, PARENT.upper()],
        "parent_process_name": "powershell.exe",
        "user": "jdoe",
    }
    expected = ProcessEvent(
        Process(MD5, "regsvr32.exe", sha256=SHA256),
        Process(PARENT, "powershell.exe", sha256=SHA256),
        "jdoe",
        names=("regsvr32.exe", r"C:\Windows\System32\Regsvr32.exe"),
        parent_names=("powershell.exe",),
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
    expected = ProcessEvent(
        Process(MD5, "regsvr32.exe", sha256=SHA256),
        Process(None, "explorer.exe"),
        r"CORP\jdoe",
        names=names,
        parent_names=(r"C:\Windows\explorer.exe",),
        parent_paths=(r"C:\Windows\explorer.exe",),
    )
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
    names, parents = ("c:\\windows\\system32\\taskeng.exe",), ("c:\\windows\\system32\\svchost.exe",)
    expected = ProcessEvent(
        Process(MD5, "taskeng.exe"),
        Process(None, "svchost.exe"),
        "SYSTEM",
        names=names,
        parent_names=parents,
        parent_paths=parents,
    )
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


@pytest.mark.parametrize(
    "path", ["C:\\a\\{}", "C:\\a/{}", "\\\\server\\share\\{}", "/usr/bin/{}", '"C:\\a b\\{}"', "a/b\\{}", "{}"]
)
@pytest.mark.parametrize("length", [1, 5_000])
def test_a_long_path_is_cut_where_a_short_one_is(path: str, length: int) -> None:
    """Without looking at each letter of it."""
    assert file_name(path.format("x" * length)) == "x" * length


def test_only_the_columns_that_are_needed_are_named() -> None:
    """Each column costs; names only where a question may turn on them."""
    fields = EventFields(md5=("h",), name=("n", "h"), parent_md5=("p",), parent_name=("q",))
    others = [*OTHER_FILE_FIELDS, *CHILD_FIELDS, *TARGET_FIELDS, *EVENT_STATE_FIELDS, *ACTION_FIELDS]
    about = [*SHA256_FIELDS, *EVENT_KIND_FIELDS, *CATEGORY_FIELDS, *others, *FINDING_FIELDS, *HASH_FIELDS]
    assert fields.columns(has_names=False) == list(dict.fromkeys(["h", "p", *about, "n"]))
    of_author = [*ORIGINAL_NAME_FIELDS, *INTERNAL_NAME_FIELDS, *PARENT_ORIGINAL_NAME_FIELDS]
    names = ["n", *NAME_FIELDS, "q", *PARENT_NAME_FIELDS, *PARENT_COMMAND_FIELDS, *of_author]
    assert fields.columns(has_names=True) == list(dict.fromkeys(["h", "p", *about, *names]))


def test_no_column_is_read_that_the_command_writes() -> None:
    """A search whose rows have it is left to the SDK, whole, and what was written once would be read as said."""
    read = {*EventFields().columns(has_names=True), *EventFields().who(), *GUID_FIELDS}
    assert read.isdisjoint(
        {*STATUS_FIELDS, *DETAIL_FIELDS, *ANOMALY_FIELDS, *RISK_FIELDS, "signed_source", "parent_signed"}
    )


@pytest.mark.parametrize(
    ("row", "md5", "why"),
    [
        # A hash of the process itself, in each of the columns.
        ({"Processes.process_hash": MD5}, MD5, Reason.NO_HASH),
        ({"process.hash.md5": MD5}, MD5, Reason.NO_HASH),
        ({"MD5HashData": MD5}, MD5, Reason.NO_HASH),
        ({"process_hash": "unknown", "md5": MD5}, MD5, Reason.NO_HASH),
        # A SHA-256 where there is no MD5, in whichever column.
        ({"process_hash": SHA256}, SHA256, Reason.NO_HASH),
        ({"Hashes": f"SHA256={SHA256.upper()},IMPHASH={OTHER}"}, SHA256, Reason.NO_HASH),
        ({"process_sha256": SHA256, "process_hash": "unknown"}, SHA256, Reason.NO_HASH),
        ({"process_hash": [SHA256, "unknown"]}, None, Reason.AMBIGUOUS),
        ({"process_hash": [SHA256, "e" * 64]}, None, Reason.AMBIGUOUS),
        # Another file's.
        ({"EventCode": "7", "Hashes": f"MD5={MD5}", "Image": "C:\\evil.exe"}, None, Reason.OTHER_FILE),
        ({"EventID": "6", "Hashes": f"SHA256={SHA256}"}, None, Reason.OTHER_FILE),
        ({"ImageLoaded": "C:\\a.dll", "Image": "C:\\evil.exe", "process_hash": MD5}, None, Reason.OTHER_FILE),
        ({"TargetFilename": "C:\\x\\evil.exe", "Image": "C:\\y\\evil.exe", "md5": MD5}, None, Reason.OTHER_FILE),
        ({"file_name": "evil.exe", "process_name": "evil.exe", "process_hash": MD5}, None, Reason.OTHER_FILE),
        ({"event.code": "7", "process.hash.md5": MD5}, None, Reason.OTHER_FILE),
        ({"EventCode": "07", "md5": MD5}, None, Reason.OTHER_FILE),
        ({"EventCode": "7.0", "md5": MD5}, None, Reason.OTHER_FILE),
        ({"signature": "Image loaded", "md5": MD5}, None, Reason.OTHER_FILE),
        ({"EventDescription": "File Delete archived", "md5": MD5}, None, Reason.OTHER_FILE),
        ({"event_type": "image_load", "md5": MD5}, None, Reason.OTHER_FILE),
        ({"event.action": "Image loaded (rule: ImageLoad)", "md5": MD5}, None, Reason.OTHER_FILE),
        ({"event.action": "load", "process.hash.md5": MD5}, None, Reason.OTHER_FILE),
        ({"type": "ingress.event.moduleload", "md5": MD5}, None, Reason.OTHER_FILE),
        ({"type": "ingress.event.procstart", "md5": MD5}, MD5, Reason.NO_HASH),
        ({"event_simpleName": "ClassifiedModuleLoad", "MD5HashData": MD5}, None, Reason.OTHER_FILE),
        ({"event_simpleName": "PeFileWritten", "SHA256HashData": SHA256}, None, Reason.OTHER_FILE),
        ({"event_simpleName": "ProcessRollup2", "MD5HashData": MD5}, MD5, Reason.NO_HASH),
        ({"ActionType": "FileCreatedAggregatedReport", "MD5": MD5}, None, Reason.OTHER_FILE),
        ({"ActionType": "SmartScreenAppWarning", "MD5": MD5}, None, Reason.OTHER_FILE),
        ({"ActionType": "ProcessCreated", "MD5": MD5, "FileName": "a.exe"}, MD5, Reason.NO_HASH),
        # Names that are not of one program, whichever columns they stand in.
        ({"process_name": "a.exe", "path": "C:\\t\\evil.dll", "md5": MD5}, None, Reason.AMBIGUOUS),
        ({"process_name": "a.exe", "process_path": "C:\\t\\evil.exe", "process_md5": MD5}, None, Reason.AMBIGUOUS),
        ({"process_name": "a.exe", "process_exec": "b.exe", "process_md5": MD5}, None, Reason.AMBIGUOUS),
        ({"process_name": "A.exe", "process_exec": "a", "process_path": "C:\\a.EXE", "md5": MD5}, MD5, Reason.NO_HASH),
        ({"process_name": "-bash", "process_path": "/bin/bash", "md5": MD5}, MD5, Reason.NO_HASH),
        ({"process_name": "python3", "process_path": "/usr/bin/python3.11", "md5": MD5}, MD5, Reason.NO_HASH),
        # A process's start: every hash on the row is the process's.
        ({"EventCode": "1", "process_md5": MD5, "Hashes": f"MD5={OTHER}"}, None, Reason.AMBIGUOUS),
        ({"file_name": "x.dll", "process_md5": MD5, "Hashes": f"MD5={OTHER}"}, MD5, Reason.NO_HASH),
        ({"file_hash": MD5, "process_name": "a.exe"}, None, Reason.NO_HASH),
        ({"file_hash": OTHER, "process_hash": MD5}, None, Reason.OTHER_FILE),
        ({"EventCode": "27", "Hashes": f"MD5={MD5}", "Image": "C:\\a.exe"}, None, Reason.OTHER_FILE),
        ({"EventCode": "24", "Hashes": f"MD5={MD5}", "Image": "C:\\a.exe"}, None, Reason.OTHER_FILE),
        ({"ActionType": "ImageLoaded", "MD5": MD5}, None, Reason.OTHER_FILE),
        ({"ActionType": "ProcessCreated", "MD5": MD5}, MD5, Reason.NO_HASH),
        ({"TargetFileName": "\\Device\\x\\a.exe", "SHA256HashData": SHA256}, None, Reason.OTHER_FILE),
        ({"md5": MD5, "path": "c:\\a.dll", "process_path": "c:\\evil.exe"}, None, Reason.OTHER_FILE),
        ({"md5": MD5, "path": "c:\\a.exe", "process_path": "C:\\A.exe", "event_type": "proc"}, MD5, Reason.NO_HASH),
        ({"md5": MD5, "event_type": "modinfo"}, None, Reason.OTHER_FILE),
        ({"file_hash": MD5, "file_path": "C:\\a.exe", "process_path": "c:\\A.exe"}, MD5, Reason.NO_HASH),
        # Columns that do not agree: which of them is the process's?
        ({"process_hash": MD5, "md5": OTHER}, None, Reason.AMBIGUOUS),
        ({"process_hash": OTHER, "Hashes": f"MD5={MD5}"}, None, Reason.AMBIGUOUS),
        ({"process_md5": MD5, "process_hash": OTHER}, None, Reason.AMBIGUOUS),
        ({"process_hash": MD5, "Hashes": [f"MD5={MD5}", f"MD5={OTHER}"]}, None, Reason.AMBIGUOUS),
        ({"process_sha256": SHA256, "sha256": "e" * 64}, None, Reason.AMBIGUOUS),
        ({"process_hash": MD5, "md5": MD5.upper(), "MD5": "-"}, MD5, Reason.NO_HASH),
        # Several at once.
        ({"process_hash": [MD5, "unknown"]}, None, Reason.AMBIGUOUS),
        ({"process_hash": [MD5, OTHER]}, None, Reason.AMBIGUOUS),
        ({"process_hash": MD5, "process_name": ["a.exe", "b.exe"]}, None, Reason.AMBIGUOUS),
        ({"process_hash": MD5, "process_name": ["a.exe", "A.EXE", "-"]}, MD5, Reason.NO_HASH),
        ({"process_hash": MD5, "process_path": ["C:\\a.exe", "D:\\a.exe"]}, None, Reason.AMBIGUOUS),
        ({"process_hash": MD5, "process_guid": ["{1}", "{2}"]}, None, Reason.AMBIGUOUS),
        ({"process_md5": MD5, "sha256": [SHA256, "e" * 64]}, None, Reason.AMBIGUOUS),
    ],
)
def test_a_hash_is_taken_only_where_it_is_that_of_the_one_file_that_ran(
    row: dict[str, str | list[str]], md5: str | None, why: Reason
) -> None:
    """Who controls another file, or another row of an aggregate, must not answer for this one."""
    process = read_event(row, EventFields()).process
    assert (process.md5, process.why_unknown) == (md5, why)


def test_what_looks_like_a_hash_and_is_not_read_is_named() -> None:
    """So that the analyst can say md5=."""
    assert read_event({"file_hash": MD5}, EventFields()).unread_hash == "file_hash"
    assert read_event({"hash": MD5, "process_md5": OTHER}, EventFields()).unread_hash == ""


def test_several_parents_are_told_from_one_in_two_columns() -> None:
    """The odd one may be any of them."""
    row = {"parent_process_name": ["explorer.exe", "winword.exe"]}
    assert read_event(row, EventFields()).has_several_parents
    one = {"parent_process_name": ["cmd.exe", "CMD.EXE", "unknown"], "ParentImage": "C:\\cmd.exe"}
    assert not read_event(one, EventFields()).has_several_parents


def test_several_users_are_told_from_one_in_two_columns() -> None:
    """The odd one may be any of them."""
    assert read_event({"user": ["ann", "bob"]}, EventFields()).other_users == ("bob",)
    assert read_event({"user": ["ann", "ANN", "-"], "User": "CORP\\ann"}, EventFields()).other_users == ()


@pytest.mark.parametrize(
    ("row", "user"),
    [
        ({"user": ["PC7$", "CORP\\ann"]}, "CORP\\ann"),
        ({"user": "NT AUTHORITY\\SYSTEM", "username": "ann"}, "ann"),
        ({"user": ["-", "PC7$", "SYSTEM"]}, "PC7$"),
        ({"user": "bob", "username": "ann"}, "bob"),
    ],
)
def test_a_machine_does_not_hide_the_person_beside_it(row: dict[str, str | list[str]], user: str) -> None:
    """Where there is none, the machine's account is the row's."""
    assert read_event(row, EventFields()).user == user


@pytest.mark.parametrize("nobodys", ["localhost", "LOCALHOST", "127.0.0.1", "::1", "unknown"])
def test_what_each_host_calls_itself_is_no_host(nobodys: str) -> None:
    """The risk of a whole fleet would be put on it."""
    assert read_event({"dest": nobodys, "DeviceName": "PC7", "host": "forwarder"}, EventFields()).host == "PC7"
    assert read_event({"host": nobodys}, EventFields()).host == ""


_FIELDS = EventFields()
_VALUES = st.sampled_from(
    [
        "",
        "-",
        MD5,
        OTHER,
        "d" * 64,
        f"MD5={MD5},SHA256={'d' * 64}",
        "c:\\a.exe",
        "b.exe",
        "ann",
        "PC$",
        "7",
        "1",
        "1793620800",
    ]
)
_ROWS = st.dictionaries(
    st.sampled_from([*_FIELDS.columns(has_names=True), *_FIELDS.who(), "host", "_time", "firstTime", "ProcessGuid"]),
    _VALUES | st.lists(_VALUES, max_size=3),
    max_size=12,
)


@given(st.lists(_ROWS, max_size=4), st.booleans())
def test_rows_together_say_what_each_says_alone(rows: list[dict[str, str | list[str]]], is_pinned: bool) -> None:  # noqa: FBT001 - drawn
    """Columns that none of them has are only left out of the looking."""
    fields = EventFields(md5=("md5",), name=("path",)) if is_pinned else _FIELDS
    assert read_events(rows, fields) == [read_event(row, fields) for row in rows]


@pytest.mark.parametrize(
    ("row", "parent", "is_odd"),
    [
        ({"parent_process_hash": SHA256}, SHA256, False),
        ({"parent_process_hash": f"SHA256={SHA256}"}, SHA256, False),
        ({"parent_process_sha256": SHA256}, SHA256, False),
        ({"parent_process_hash": f"MD5={PARENT},SHA256={SHA256}"}, PARENT, False),
        ({"parent_process_hash": [PARENT, "e" * 64, SHA256]}, None, True),
        ({"InitiatingProcessMD5": PARENT, "InitiatingProcessSHA256": SHA256}, PARENT, False),
    ],
)
def test_a_parent_is_known_by_its_sha_256_as_well(row: dict[str, Any], parent: str | None, *, is_odd: bool) -> None:
    """And what stands beside its MD5 is compared with what Carbon Black has."""
    event = read_event({**row, "process_md5": MD5}, EventFields())
    assert (event.parent.md5, event.has_odd_parent) == (parent, is_odd)
    assert event.parent.sha256 == (SHA256 if parent == PARENT else None)


def test_every_value_of_a_time_counts() -> None:
    """What `values(_time)` gives hides no hour behind the first."""
    event = read_event({"_time": ["1793613600", "1793584800"], "firstTime": "1793584801"}, EventFields())
    assert (event.time, event.other_times) == ("1793613600", ("1793584800", "1793584801"))


def test_two_spellings_of_one_person_are_one_user() -> None:
    """And a machine beside him is nobody."""
    one = read_event({"user": ["hr1", "CORP\\hr1", "PC7$"]}, EventFields())
    assert (one.user, one.other_users) == ("hr1", ())
    two = read_event({"user": ["PC7$", "hr1", "CORP\\hr2"], "User": "CORP\\hr1"}, EventFields())
    assert (two.user, two.other_users) == ("hr1", ("CORP\\hr2",))


def test_a_pinned_name_hides_no_other_one() -> None:
    """They are asked for in the list of tools all the same."""
    event = read_event({"n": "acrord32.exe", "process_name": "psexec.exe"}, EventFields(name=("n",)))
    assert (event.names, event.other_names) == (("acrord32.exe",), ("psexec.exe",))
