"""Rows as many sources and searches write them: whose hash it is, whose parent, and which of them are dropped."""

from __future__ import annotations

import pytest

from cbverdict.events.columns import (
    EventFields,
)
from cbverdict.events.event import read_event
from cbverdict.events.parent_columns import (
    PARENT_COMMAND_FIELDS,
    PARENT_MD5_FIELDS,
    PARENT_NAME_FIELDS,
    PARENT_SHA1_FIELDS,
)
from cbverdict.search.enrich_options import EnrichOptions
from cbverdict.search.pipeline import Search
from cbverdict.search.verdict_columns import Record
from cbverdict.service.verdict_api import VerdictReply, VerdictRequest
from cbverdict.splunkd.lookup_files import read_lists
from cbverdict.verdicts.reasons import Reason, Signed, Source
from cbverdict.verdicts.signature import Signature, write_names
from cbverdict.verdicts.verdict import Answer, Verdict
from tests.lab.memory import Memory

SIGNED, UNSIGNED, LIBRARY, DRIVER, GATEWAY = (letter * 32 for letter in "abcde")
SHA256, OTHER_SHA256 = "1" * 64, "2" * 64
PATH = "C:\\Program Files\\acme\\acme.exe"
_SEEN = {
    SIGNED: "acme.exe",
    LIBRARY: "acmelib.dll",
    DRIVER: "acmedrv.sys",
    GATEWAY: "wmiprvse.exe",
}


class Documents:
    """What Carbon Black knows of these files."""

    def ask(self, request: VerdictRequest) -> VerdictReply:
        """Answer by hash."""
        return VerdictReply("lab", tuple(_answer(question.md5) for question in request.questions), 2, ())


def _answer(md5: str) -> Answer:
    if md5 == UNSIGNED:
        return Answer(Verdict(Signed.FALSE, Reason.UNSIGNED, Signature("Unsigned")), Source.SERVER)
    if md5 not in _SEEN:
        return Answer(Verdict(Signed.UNKNOWN, Reason.NOT_SEEN), Source.SERVER)
    signature = Signature("Signed", "Acme Corp", observed_names=write_names([_SEEN[md5]]))
    return Answer(Verdict(Signed.TRUE, Reason.BINARY, signature), Source.SERVER)


def _is_dropped(*rows: Record) -> list[bool]:
    search = Search(Documents(), Memory({}), EnrichOptions(has_anomaly=True))
    return [row["signed_noise"] == "true" for row in search.enrich([dict(row) for row in rows])]


def _row(**columns: str | list[str]) -> Record:
    return {"process_hash": SIGNED, "process_name": "acme.exe", **columns}


@pytest.mark.parametrize(
    "row",
    [
        _row(),
        {"process_md5": SIGNED},
        {"process_hash": [SIGNED, SHA256], "process_path": PATH, "user": "CN=Doe\\, J,OU=HR,DC=corp,DC=example"},
        {"Image": PATH, "Hashes": f"MD5={SIGNED},SHA256={SHA256},IMPHASH={UNSIGNED}", "EventCode": "1"},
        {"Image": PATH, "Hashes": f"MD5={SIGNED}\nSHA256={SHA256}", "TaskCategory": "Process Create (ProcessCreate)"},
        {"ActionType": "ProcessCreated", "FileName": "acme.exe", "MD5": SIGNED, "InitiatingProcessFileName": "a.exe"},
        {"event_simpleName": "ProcessRollup2", "ImageFileName": PATH, "MD5HashData": SIGNED, "SHA256HashData": SHA256},
        {"process.hash.md5": SIGNED, "process.executable": PATH, "event.category": "process", "event.action": "start"},
        {"type": "ingress.event.procstart", "md5": SIGNED, "path": PATH, "username": "CORP\\jdoe"},
        {"type": "watchlist.hit.process", "process_md5": SIGNED, "process_name": "acme.exe"},
        {"process_path": PATH, "file_path": PATH.upper(), "file_hash": SIGNED, "EventCode": "1"},
        {"process_path": PATH, "Processes.loaded_file": PATH.upper(), "process_hash": SIGNED, "action": "allowed"},
        {"process_path": PATH, "process_hash": [SIGNED.upper(), SHA256.upper()]},
        {"process_path": PATH, "process_hash": f"MD5={SIGNED.upper()}\nSHA256={'F' * 64}\nIMPHASH={'0' * 32}"},
        {"Processes.process_hash": SIGNED, "Processes.process_name": "acme.exe", "Processes.action": "allowed"},
        {"process_path": "C:\\Program Files\\Acme, Inc\\acme.exe", "process_hash": SIGNED},
        {"process_hash": SIGNED, "process_path": PATH, "OriginalFileName": "acme.dll", "EventCode": "1"},
        _row(InitiatingProcessSHA1="0" * 40),
        {"process.hash.md5": SIGNED, "process.name": "acme.exe", "event.category": ["process", "file"]},
        {"Image": PATH, "Hashes": f"MD5={SIGNED}", "EventCode": "1", "signature": "DLL load by a child process"},
        {"Image": PATH, "Hashes": f"MD5={SIGNED}", "EventCode": "1", "filename": "acme.exe"},
        _row(signature="Windows Office Product Spawned Child Process"),
        _row(type="Windows Office Product Spawned Child Process"),
        _row(signature="User profile created", category="Binary", EventType="7", TaskCategory="7"),
        _row(signature="Level:7", category="SOC 24/7", event_type="CRITICAL;11"),
        {"event_type": "proc", "md5": SIGNED},
        {"type": "watchlist.hit.process", "md5": SIGNED},
        {"path": PATH, "md5": SIGNED, "action": "added"},
        {"process_path": PATH, "process_hash": f'{{\n"md5": "{SIGNED}",\n"sha1": "{"1" * 40}"\n}}'},
        {"process_path": PATH, "process_hash": f"MD5: {SIGNED},\nSHA1: {'1' * 40},\nPEHASH={'2' * 40}"},
        {"process_hash": SIGNED, "process_path": "C:\\Program Files\\nodejs\\Node.js Command Prompt.exe"},
        _row(user="CORP\\jdoe (jdoe@corp.example)"),
        _row(user="jdoe@corp.example <jdoe@corp.example>"),
        _row(user='CN="Doe, Jane",OU=HR,DC=corp', SubjectUserName="jane"),
        _row(user="Jane Doe", SubjectUserName="jdoe", process_username="CORP\\jdoe"),
        *({"EventCode": number, "Image": PATH, "Hashes": f"MD5={SIGNED}"} for number in ("1", "5", "22", "30")),
    ],
)  # fmt: skip
def test_a_signed_process_is_noise_whoever_wrote_the_row(row: Record) -> None:
    """What is held back is what the other tests say, not what is written otherwise."""
    assert _is_dropped(row) == [True]


def test_a_start_of_carbon_black_cloud_is_judged_where_its_columns_are_renamed() -> None:
    """As the manual says: what was started is the process, and who started it the parent."""
    renamed: Record = {"process_hash": [SIGNED, SHA256], "process_path": PATH, "parent_process_path": "c:\\a.exe"}
    of_grandparent: Record = {"grandparent_hash": [UNSIGNED, SHA256], "grandparent_path": "c:\\b.exe"}
    assert _is_dropped({**renamed, **of_grandparent, "parent_process_hash": [SIGNED, SHA256]}) == [True]
    assert _is_dropped({**renamed, **of_grandparent, "parent_process_hash": [UNSIGNED, SHA256]}) == [False]


@pytest.mark.parametrize(
    "row",
    [
        # The file that was loaded, made or changed, by the event's kind, however its column is called.
        *({name: "7", "Image": PATH, "Hashes": f"MD5={SIGNED}"} for name in (
            "event_code", "eventcode", "Event_ID", "EventId", "eventid", "Event.System.EventID", "winlog.event_id",
        )),
        *({"EventCode": number, "Image": PATH, "Hashes": f"MD5={SIGNED}"} for number in (
            "6", "7", "11", "15", "23", "24", "26", "27", "28", "29",
        )),
        *({"EventID": text, "Image": PATH, "md5": SIGNED} for text in (
            "Sysmon/7", "Microsoft-Windows-Sysmon:7", "0x7", "EventID 7", "1,7", "1;7",
        )),
        *({"event_type": text, "process_name": "acme.exe", "md5": SIGNED} for text in (
            "PROCESS_MODULE_LOAD", "Load Image", "LoadedImage", "New file", "CreateFile", "dll", "IMAGE",
        )),
        {"TaskCategory": "Image loaded (rule: ImageLoad)", "Image": PATH, "Hashes": f"MD5={SIGNED}"},
        {"signature": "Sysmon - Image loaded", "Image": PATH, "Hashes": f"MD5={SIGNED}"},
        {"category": "AdvancedHunting-DeviceImageLoadEvents", "process_name": "acme.exe", "md5": SIGNED},
        {"actiontype": "FileCreated", "filename": "acme.exe", "md5": SIGNED, "initiatingprocessmd5": UNSIGNED},
        {"#event_simpleName": "ClassifiedModuleLoad", "ImageFileName": PATH, "MD5HashData": SIGNED},
        *({"type": kind, "md5": SIGNED, "process_name": "acme.exe"} for kind in (
            "watchlist.hit.binary", "watchlist.storage.hit.binary", "feed.ingress.hit.binary", "binaryinfo.observed",
            "ingress.event.module", "alert.watchlist.hit.ingress.binary", "binarystore.file.added",
        )),
        # By the file that the row names.
        *({name: "C:\\Temp\\other.dll", "process_name": "acme.exe", "md5": SIGNED} for name in (
            "file.path", "dll.path", "filename", "fileName", "filepath", "FilePath", "target_path", "modload_name",
            "imageLoaded", "Processes.loaded_file", "Filesystem.file_path",
        )),
        {"process_path": PATH, "file_path": "C:\\Program Files\\acme\\acme\u200b.exe", "file_hash": SIGNED},
        {"process_path": "/tmp/acme", "file_path": "/tmp/ACME", "file_hash": SIGNED},
        *({"process_path": PATH, "file_path": PATH, "process_hash": SIGNED, "action": text} for text in (
            "created", "UPDATED", "MOVED_TO", "replaced", "truncated", "modified " * 20,
        )),
        {"process_path": PATH, "file_path": PATH, "file_hash": SIGNED},  # It is there now; another may have run.
        *({"path": PATH, "md5": SIGNED, "action": text} for text in ("modified", "UPDATED", "downloaded")),
        {"process_path": PATH, "md5": SIGNED, "action": "created"},
        *({"process_path": PATH, "file_path": text, "process_hash": SIGNED} for text in (
            f"{PATH} ", f"{PATH}\nnone", PATH.replace("c", "\u212a"),
        )),
        {"process_path": "C:\\Temp\\kcme.exe", "path": "C:\\Temp\\\u212acme.exe", "md5": SIGNED},
        {"Image": PATH, "path": "C:\\Temp\\acme.exe", "md5": SIGNED},
        {"process_path": "/tmp/acme", "file_path": "/tmp/acme ", "process_hash": SIGNED},
        {"event_type": "child_process", "process_name": "acme.exe", "md5": SIGNED},
        {"event_type": "Child Process", "process_name": "acme.exe", "md5": SIGNED},
        {"signature_id": "1", "process_path": PATH, "file_path": "C:\\x.exe", "md5": SIGNED},
        *({"EventCode": text, "Image": PATH, "md5": SIGNED} for text in ("7 1", "1 7")),
        *({"path": f"C:\\Temp\\acme{end}", "md5": SIGNED} for end in (".cpl", ".pyd", ".so.6", ".node", ".dll.bak")),
        # By what is never a process.
        {"path": "C:\\Temp\\acmelib.dll", "md5": LIBRARY},
        {"process_path": "C:\\Temp\\acmedrv.sys", "process_hash": DRIVER},
        {"Image": "C:\\Temp\\acmelib.exe", "Hashes": f"MD5={LIBRARY}"},
        # What was started, not who started it.
        {"type": "endpoint.event.procstart", "process_hash": [SIGNED, SHA256], "process_path": PATH},
        {"process_hash": SIGNED, "process_path": PATH, "childproc_name": "c:\\temp\\evil.exe"},
        {"process_md5": SIGNED, "process_name": "acme.exe", "childproc_md5": UNSIGNED},
        # No column says that anything ran.
        {"md5": SIGNED},
        {"MD5": SIGNED, "Image Path": PATH},
        *({"md5": SIGNED, name: "1"} for name in ("EventType", "category")),
        {"md5": SIGNED, "signature": "Priority=1"},
        {"sha256": SHA256, "md5": SIGNED, "attachment": "acme.exe"},
    ],
)  # fmt: skip
def test_a_hash_that_may_be_another_files_drops_nothing(row: Record) -> None:
    """Whatever the source calls the columns that say so."""
    assert _is_dropped(row) == [False]


@pytest.mark.parametrize(
    "columns",
    [
        *({name: UNSIGNED} for name in (
            "parent_hash", "parent_hash{}", "parent_process_hash{}", "ParentMD5", "ParentProcessMD5",
            "Processes.parent_process_md5", "Processes.parent_process_hash", "InitiatingProcessMD5",
        )),
        {"parent_hash": [UNSIGNED, OTHER_SHA256]},
        # Of a hash that nobody can be asked for nobody has answered.
        {"InitiatingProcessSHA1": "1" * 40},
        {"process.parent.hash.sha1": "1" * 40},
        {"parent_process_hash": "1" * 40},
        {"parent_process_hash": "3" * 128},
        {"parent_process_hash": f"IMPHASH={UNSIGNED}"},
        {"parent_process_hash": f"IMPHASH:\n{SIGNED}"},
        {"parent_process_hash": ["1" * 40, "unknown"]},
        # Several in one text are several.
        {"parent_process_hash": f"MD5={SIGNED}\n{UNSIGNED}"},
        {"parent_process_hash": f"MD5={SIGNED}\nunknown"},
        {"parent_process_hash": f"md5={SIGNED} parent_md5={UNSIGNED}"},
        *({"parent_process_name": f"explorer.exe{sign}evil.exe"} for sign in (",", ", ", ";", "|", " ", "\r")),
        {"ParentImage": "C:\\Windows\\explorer.exe, C:\\Temp\\explorer.exe"},
        # Who it is, by what its author called it.
        {"InitiatingProcessFileName": "update.exe", "InitiatingProcessVersionInfoOriginalFileName": "Wmiprvse.exe"},
        {"process.parent.name": "update.exe", "process.parent.pe.original_file_name": "Wmiprvse.exe"},
        {"Parent_Process_Name": "C:\\Windows\\System32\\wbem\\WmiPrvSE.exe"},
        {"InitiatingProcessFolderPath": "c:\\windows\\system32\\wbem\\wmiprvse.exe"},
    ],
)  # fmt: skip
def test_a_parent_in_doubt_drops_nothing(columns: Record) -> None:
    """Its hash, whatever kind it is, and its name."""
    assert _is_dropped(_row(**columns)) == [False]


@pytest.mark.parametrize(
    "columns",
    [
        {"process_hash": f"MD5={SIGNED},SHA256={SHA256}\nMD5={'0' * 32}"},
        {"process_hash": f"MD5={SIGNED}\n{UNSIGNED}"},
        {"process_hash": f"MD5={SIGNED},MD5={'0' * 32}"},
        {"process_hash": f"MD5={SIGNED},{UNSIGNED}"},
        {"process_hash": f"MD5={SIGNED},process_md5={UNSIGNED}"},
        {"process_hash": f"<imphash>{SIGNED}</imphash>"},
        {"process_hash": f"IMPHASH:\n{SIGNED}"},
        *({"process_hash": f"{SIGNED}{sign}{other}"} for sign in "\n,; |" for other in ("foo", "n/a", "C:\\x.exe")),
        *({"user": f"CN=ann,OU=HR{sign}CN=bob,OU=IT"} for sign in (";", " | ", ",")),
        {"process_hash": [f"MD5={SIGNED},SHA1={'1' * 40}", f"SHA1={'2' * 40}"]},
        {"process_hash": [f"{SHA256}\nunknown", SIGNED]},
        *({"user": f"jdoe{sign}alice"} for sign in (",", ", ", ";", "|", "\t", "\r", "\u2028")),
        {"user": "CORP\\jdoe CORP\\alice"},
        {"user": '["jdoe","alice"]'},
        {"process_path": f"C:\\Temp\\evil.exe, {PATH}"},
        {"process_path": f"C:\\Temp\\evil.exe|{PATH}"},
        {"process_path": f"C:\\Temp\\evil.exe {PATH}"},
        {"process_path": f"C:\\Temp\\evil.exe\r{PATH}"},
        {"process_path": f"C:\\Temp\\acme.exe;{PATH}"},
        {"process_name": "/tmp/evil /opt/acme.exe"},
        {"OriginalFilename": "PowerShell.EXE"},
    ],
)  # fmt: skip
def test_what_was_joined_in_one_text_drops_nothing(columns: Record) -> None:
    """As little as the same values do in a field of several (`nomv`, `mvjoin`)."""
    assert _is_dropped(_row(**columns)) == [False]


@pytest.mark.parametrize(
    ("others", "child"),
    [
        ([{"process_name": "evil", "process_hash": UNSIGNED}], {"parent_process_name": "evil.exe"}),
        ([{"process_name": "evil.exe", "process_hash": UNSIGNED}], {"parent_process_name": "evil"}),
        ([{"process_name": "evil.exe", "process_hash": UNSIGNED}], {"parent_process_name": "evil.exe -x"}),
        (
            [{"Image": "\\\\?\\C:\\Temp\\evil.exe", "process_hash": UNSIGNED, "dest": "h"}],
            {"ParentImage": "C:\\Temp\\evil.exe", "dest": "h"},
        ),
        (
            [{"Image": PATH, "process_hash": SIGNED}, {"process_name": "acme.exe", "process_hash": UNSIGNED}],
            {"ParentImage": PATH},
        ),
        (
            [
                {"Image": "C:\\PROGRA~1\\acme.exe", "process_hash": SIGNED},
                {"Image": "C:\\Program Files\\acme.exe", "process_hash": UNSIGNED},
            ],
            {"ParentImage": "C:\\PROGRA~1\\acme.exe"},
        ),
    ],
)  # fmt: skip
def test_an_unsigned_file_that_may_be_the_parent_counts_against_the_row(others: list[Record], child: Record) -> None:
    """However either of them spells it, and though a signed one may be it as well."""
    assert _is_dropped(*others, _row(**child))[-1] is False
    assert _is_dropped(*({**one, "process_hash": SIGNED} for one in others), _row(**child))[-1] is True


def test_a_namesake_of_another_path_is_another_file() -> None:
    """Many builds of one name are told apart by their paths, and an unsigned one elsewhere is no parent."""
    own = [f"C:\\Program Files\\u{number}\\agent.exe" for number in range(25)]
    files: list[Record] = [{"Image": path, "process_hash": f"{number:032x}"} for number, path in enumerate(own, 1)]
    children = [_row(ParentImage=path) for path in own]
    elsewhere: Record = {"Image": "C:\\Temp\\agent.exe", "process_hash": UNSIGNED}
    assert _is_dropped(*files, elsewhere, *children)[-25:] == [True] * 25
    assert _is_dropped(*files, elsewhere, _row(parent_process_name="agent.exe"))[-1] is False
    assert _is_dropped(*files, elsewhere, _row(ParentImage="D:\\agent.exe"))[-1] is False


@pytest.mark.parametrize("column", ["process_username", "SubjectUserName", "InitiatingProcessAccountName"])
def test_whoever_else_is_named_counts_where_nobody_is(column: str) -> None:
    """A machine is nobody, and of two columns the usual one says who it is."""
    fields = EventFields()
    named = [read_event({"user": user, column: "CORP\\ann"}, fields).user for user in ("PC01$", "", "jdoe")]
    assert named == ["CORP\\ann", "CORP\\ann", "jdoe"]
    assert read_event({"u": "PC01$", column: "CORP\\ann"}, EventFields(user=("u",))).user == "PC01$"


def test_people_in_one_text_are_judged_one_by_one() -> None:
    """And a distinguished name is one account's."""
    search = Search(Documents(), Memory({}), EnrichOptions(has_anomaly=True))
    several, one = search.enrich([_row(user="jdoe, alice"), _row(user="CN=jdoe,OU=HR,DC=corp")])
    assert "several users" in str(several["anomaly_reasons"])
    assert "several users" not in str(one["anomaly_reasons"])


WORD = '"C:\\Program Files\\Microsoft Office\\WINWORD.EXE" /n "C:\\x.docm"'


@pytest.mark.parametrize(
    "columns",
    [
        *({name: WORD} for name in PARENT_COMMAND_FIELDS),
        {"parent_process": "C:\\Program Files\\Microsoft Office\\WINWORD.EXE /n x.docm"},
        {"parent_process": "WINWORD.EXE /n"},
        {"parent_process": "'C:\\O\\WINWORD.EXE'"},
        {"parent_process": "winword /n"},
        {"parent_process": "\\\\?\\C:\\O\\WINWORD.EXE -x"},
        {"parent_process": "%ProgramFiles%\\O O\\winword.exe"},
        {"parent_process": ["C:\\Windows\\explorer.exe", WORD]},
        {"parent_process_name": "explorer.exe", "parent_process": WORD},
        {"parent_process_name": ["explorer.exe", "WINWORD.EXE"]},
        {"parent_process_path": "C:\\O\\WINWORD.EXE##C:\\Windows\\explorer.exe"},
        {"parent_process_name": "winword.exe / explorer.exe"},
        *({name: "WINWORD.EXE"} for name in PARENT_NAME_FIELDS),
    ],
)
def test_a_parent_through_which_others_act_is_known_by_its_command_line_as_well(columns: Record) -> None:
    """93 of 555 published searches hand on nothing else of the parent."""
    assert _is_dropped(_row(**columns)) == [False]


@pytest.mark.parametrize(
    "columns",
    [
        {"parent_process": "C:\\Windows\\explorer.exe"},
        {"parent_process": '"C:\\Program Files\\Acme\\launcher.exe" --open "C:\\WINWORD.EXE.txt"'},
        {"parent_process": "C:\\Windows\\system32\\svchost.exe -k netsvcs -p\n"},
        {"parent_process": ["C:\\Windows\\a.exe -x", "C:\\Windows\\A.EXE -y"]},
        {"parent_process": "/usr/bin/dbus-daemon --session"},
        {"parent_process": "-"},
        {"parent_process_name": "a.exe", "parent_process": "a.exe --type=renderer /prefetch:1"},
    ],
)
def test_any_other_parents_command_line_holds_nothing_back(columns: Record) -> None:
    """Whatever arguments are behind the program."""
    assert _is_dropped(_row(**columns)) == [True]


def test_an_unsigned_file_that_a_parents_command_line_names_counts_against_the_row() -> None:
    """As one that its name names."""
    unsigned: Record = {"process_path": "C:\\Tools\\evil.exe", "process_hash": UNSIGNED}
    assert _is_dropped(unsigned, _row(parent_process="C:\\Tools\\evil.exe -x")) == [False, False]
    assert _is_dropped(unsigned, _row(parent_process="C:\\Tools\\other.exe -x")) == [False, True]


START: Record = {"EventCode": "1", "Image": PATH, "Hashes": f"MD5={SIGNED},SHA256={SHA256}"}


@pytest.mark.parametrize(
    "columns",
    [
        {"ImageLoaded": "C:\\Temp\\evil.dll"},
        {"ImageLoaded": ["C:\\Temp\\evil.dll", PATH]},
        {"TargetFilename": "C:\\Temp\\new.exe"},
        {"file_path": "C:\\Temp\\new.exe"},
        {"file_hash": UNSIGNED},
        {"EventCode": "4688", "module.path": "/tmp/evil.so"},
    ],
)
def test_a_start_with_another_files_path_or_hash_beside_it_drops_nothing(columns: Record) -> None:
    """A joined event's columns may have been written over the start's: whose hash it is nobody can tell."""
    assert _is_dropped({**START, **columns}) == [False]


@pytest.mark.parametrize(
    "columns",
    [{}, {"file_path": PATH}, {"file_name": "acme.exe"}, {"file_name": "0", "file_path": "0"}, {"file_hash": SIGNED}],
)
def test_a_start_that_names_its_own_file_twice_is_noise(columns: Record) -> None:
    """And what `fillnull` fills in names none."""
    assert _is_dropped({**START, **columns}) == [True]
    filled = {name: value for name, value in columns.items() if value == "0"}
    assert _is_dropped(_row(**filled)) == [True]


@pytest.mark.parametrize("column", ["event_type", "event.action", "event.type", "EventDescription", "TaskCategory"])
@pytest.mark.parametrize(
    "kind",
    ["File Access", "FILE_OPEN", "FileCopied", "FileDownloaded", "FileQuarantined", "SharedObjectLoad", "kext_load",
     "ES_EVENT_TYPE_NOTIFY_CREATE", "SECTION_LOAD", "ExecutableWritten", "ScriptLoad"],
)  # fmt: skip
def test_a_kind_that_is_about_a_file_is_no_start(column: str, kind: str) -> None:
    """In the words of Cortex, macOS, Wazuh and others."""
    assert _is_dropped({column: kind, "process_name": "acme.exe", "md5": SIGNED}) == [False]


@pytest.mark.parametrize(
    "columns",
    [
        *({"event_type": kind} for kind in ("FILE", "files", "FIM", "mmap", "attachment", "deleted", "renamed")),
        *({"action": done} for done in ("dropped", "downloaded", "wrote", "copy", "loaded", "FileCreated", "injected")),
        {"data.win.system.eventID": "7"},
        {"EventCode": "Microsoft-Windows-Sysmon/Operational:7"},
        {"event_id.id": "11"},
        {"module.path": "C:\\Temp\\evil.dll"},
        {"file_md5": UNSIGNED},
        {"type": "file"},
    ],
)
def test_a_row_about_a_file_is_none_about_its_process(columns: Record) -> None:
    """Whose hash stands in a column for any file's."""
    assert _is_dropped({"process_name": "acme.exe", "md5": SIGNED, **columns}) == [False]


@pytest.mark.parametrize(
    "columns",
    [
        {"values(process_hash)": [SIGNED, UNSIGNED]},
        {"values(process_name)": ["acme.exe", "evil.exe"]},
        {"values(parent_process_name)": ["WINWORD.EXE", "explorer.exe"]},
        {"values(Processes.user)": ["ann", "bob"]},
    ],
)
def test_values_that_were_given_no_other_name_are_read(columns: Record) -> None:
    """Of a `stats` without `AS`."""
    assert _is_dropped(_row(**columns)) == [False]


@pytest.mark.parametrize("column", [*PARENT_MD5_FIELDS, *PARENT_SHA1_FIELDS])
def test_a_hash_of_the_parent_for_which_nobody_answers_drops_nothing(column: str) -> None:
    """In whichever column it stands, unsigned or of a kind that nobody can be asked for."""
    text = UNSIGNED if column in PARENT_MD5_FIELDS else "f" * (128 if column.endswith("512") else 40)
    assert _is_dropped(_row(parent_process_name="update.exe", **{column: text})) == [False]


@pytest.mark.parametrize("joined", ["##", "::", "->", " => ", ">", "~", "^", "&", "+", "<br>", "\u3001", "%", "_", "-"])
def test_two_paths_in_one_text_are_odd_whatever_stands_between_them(joined: str) -> None:
    """There is one drive in a path, at its start."""
    for other in ("C:\\Temp\\evil.exe", "\\\\?\\C:\\Temp\\evil.exe"):
        assert _is_dropped({"process_hash": SIGNED, "process_path": f"{other}{joined}{PATH}"}) == [False]


@pytest.mark.parametrize("name", ["evil.exe / acme.exe", "evil.exe##acme.exe", "evil.exe & acme.exe"])
def test_two_programs_in_one_text_are_odd(name: str) -> None:
    """Of which the last one would be judged."""
    assert _is_dropped({"process_hash": SIGNED, "process_name": name}) == [False]


@pytest.mark.parametrize(
    "path", ["\\\\?\\" + PATH, "\\??\\" + PATH, f'"{PATH}"', PATH.replace("\\", "/"), "D:\\a.exe_old\\acme.exe"]
)
def test_one_path_is_none_of_several(path: str) -> None:
    """However it is written."""
    assert _is_dropped({"process_hash": SIGNED, "process_path": path}) == [True]


@pytest.mark.parametrize(
    "row",
    [
        {
            "FileName": "acme.exe",
            "SHA256": SHA256,
            "NetworkMessageId": "x",
            "RecipientEmailAddress": "jdoe@corp.example",
        },
        {"EntityType": "File", "FileName": "acme.exe", "FolderPath": "C:\\Temp", "MD5": SIGNED},
        {"action_type": "FileCreated", "FileName": "acme.exe", "MD5": SIGNED, "InitiatingProcessFileName": "evil.exe"},
    ],
)
def test_a_file_that_no_column_says_was_started_drops_nothing(row: Record) -> None:
    """Defender calls a mail's attachment, an alert's evidence and a file that was written as it calls a process's."""
    assert _is_dropped({**row, "MD5": SIGNED}) == [False]


@pytest.mark.parametrize(
    "parent", ["psexesvc.exe", "thunderbird.exe", "C:\\x\\httpd.exe", "Microsoft Word", "soffice.bin"]
)
def test_more_than_windows_own_parents_are_those_through_which_others_act(parent: str) -> None:
    """Remote control, servers, and the office programs of others."""
    assert _is_dropped(_row(parent_process_name=parent)) == [False]


@pytest.mark.parametrize(
    "name", ["_psexec.exe", "psexec_.exe", "\u201cpowershell.exe\u201d", "$powershell.exe", "jshell.exe"]
)
def test_a_tool_is_found_behind_marks_around_its_name(name: str) -> None:
    """As some write it, and some call it."""
    assert _is_dropped(_row(process_name=name)) == [False]


@pytest.mark.parametrize(
    "columns",
    [
        {"EventCode": "7"},
        {"EventID": "6"},
        {"ImageLoaded": "C:\\Temp\\evil.dll"},
        {"EventCode": "7", "ImageLoaded": "C:\\Temp\\evil.dll", "Hashes": f"MD5={UNSIGNED}"},
        {"type": "ingress.event.moduleload", "md5": UNSIGNED},
        {"event.action": "load", "dll.path": "C:\\Temp\\evil.dll"},
    ],
)
def test_what_a_signed_process_loads_is_not_dropped_for_its_signature(columns: Record) -> None:
    """An unsigned library beside a signed program is how many an intruder runs: the verdict is the program's alone."""
    (row,) = Search(Documents(), Memory({}), EnrichOptions(has_anomaly=True)).enrich(
        [{"process_md5": SIGNED, "process_name": "acme.exe", **columns}]
    )
    assert (row["signed"], row["signed_noise"]) == ("true", "false")
    assert _is_dropped({"process_md5": SIGNED, "process_name": "acme.exe", "loaded_file": "0"}) == [True]
    assert _is_dropped({"process_md5": SIGNED, "process_name": "acme.exe", "TargetFilename": "C:\\a.txt"}) == [True]


@pytest.mark.parametrize(
    "row",
    [
        {
            **START,
            "dll.hash.md5": SIGNED,
            "Hashes": "",
            "Image": "C:\\Temp\\evil.exe",
            "file_path": "C:\\Temp\\evil.exe",
        },
        {**START, "module.md5": SIGNED},
        {**START, "file_hash": OTHER_SHA256},
        {**START, "dll.name": "evil.dll"},
        {"FileName": "acme.exe", "MD5": SIGNED, "process_name": "unknown", "RecipientEmailAddress": "a@b.example"},
        _row(parent_process="C:\\Windows\\explorer.exe\nC:\\O\\WINWORD.EXE /n"),
        _row(parent_process="C:\\Windows\\explorer.exe, C:\\O\\WINWORD.EXE /n"),
        _row(parent_process_name="a.exe", parent_process=["C:\\a.exe", "C:\\b.exe"]),
        _row(**{"values(parent_process)": "WINWORD.EXE", "values(parent_process_hash)": SIGNED}),
        _row(**{"values(parent_process_hash)": UNSIGNED}),
        _row(parent_process="/Applications/Microsoft Word.app/Contents/MacOS/Microsoft Word"),
        _row(ParentProcess='"C:\\O O\\WINWORD.EXE" /n'),
    ],
)
def test_what_is_joined_filled_in_or_listed_hides_nothing(row: Record) -> None:
    """Each was dropped by a first attempt at reading these columns."""
    assert _is_dropped(row) == [False]


@pytest.mark.parametrize(
    "row",
    [
        {**START, "FilePath": "C:\\Program Files\\acme\\", "FileName": "acme.exe"},
        {**START, "file_path": "\\Device\\HarddiskVolume3\\Program Files\\acme\\acme.exe"},
        {**START, "file_path": "\\\\?\\C:\\Program Files\\acme\\acme.exe"},
        {**START, "file_path": f'"{PATH}"'},
        {**START, "file_hash": SHA256, "file_md5": "0" * 32},
        {**START, "event_type": "created"},
        {**START, "event.type": "change"},
        _row(file_md5=SIGNED),
        _row(attachment="report.docx"),
        _row(ParentProcess="44", ParentImage="C:\\Windows\\a.exe"),
        {"FileName": "acme.exe", "MD5": SIGNED, "ProcessVersionInfoOriginalFileName": "acme.exe"},
    ],
)
def test_honest_rows_with_more_columns_are_noise(row: Record) -> None:
    """Each was held back by a first attempt at reading these columns."""
    assert _is_dropped(row) == [True]


def test_a_server_that_starts_itself_is_known_by_its_stem() -> None:
    """On Linux no name ends in `.exe`."""
    lists = read_lists()
    for parent in ("postgres", "nginx", "httpd", "mysqld"):
        assert lists.may_be_gateway(parent)
        assert lists.gateway(parent, parent) is None
        assert lists.gateway(parent, "sh") is not None


@pytest.mark.parametrize(
    "columns",
    [
        *({"EventCode": text} for text in ("8", "9", "10", "25", ["1", "25"], "1,8", "Sysmon:25", "0x19")),
        *({"event_type": text} for text in (
            "Process Tampering (rule: ProcessTampering)", "CreateRemoteThread", "REMOTE_THREAD", "Process Injection",
            "Open Remote Process Handle", "ProcessAccess", "processblock", "QueueUserApcRemoteApiCall",
        )),
        *({"type": f"ingress.event.{kind}"} for kind in (
            "tamper", "remotethread", "crossprocopen", "emetmitigation", "processblock", "of_next_year",
        )),
        *({"type": f"endpoint.event.{kind}"} for kind in ("crossproc", "apicall", "of_next_year")),
        *({"event_type": text} for text in (
            "Access Process", "Memory Write", "Behavioral Indicators", "ES_EVENT_TYPE_NOTIFY_GET_TASK",
            "VirtualAllocEx", "MODULE_MEM_DISK_MISMATCH", "REMOTE_PROCESS_HANDLE", "process_vm_writev", "ptrace",
        )),
        *({"ActionType": text} for text in (
            "NtAllocateVirtualMemoryRemoteApiCall", "WriteToLsassProcessMemory", "MemoryRemoteProtect",
            "ProcessPrimaryTokenModified", "OfNextYear",
        )),
        *({"event_simpleName": text} for text in (
            "DocumentProgramInjectedThread", "SuspiciousCreateThread", "CreateThreadReflectiveDll", "OfNextYear",
        )),
        *({"event_type": text} for text in ("dll", "image", "library", "ImageMapped", "load_module")),
        {"event.category": "api"},
        {"event.category": "library"},
        {"type": "endpoint.event.fileless_scriptload"},
        {"GrantedAccess": "0x1410"},
        {"winlog.event_data.TargetImage": "C:\\Windows\\System32\\lsass.exe"},
        {"data.win.eventdata.imageLoaded": "C:\\Temp\\evil.dll"},
        {"signature": "Suspicious process hollowing"},
        {"event.kind": "alert"},
        {"event.kind": ["event", "alert"]},
        *({"event.code": text} for text in (
            "memory_signature", "shellcode_thread", "malicious_file", "ransomware", "behavior",
        )),
        {"TargetImage": "C:\\Windows\\System32\\lsass.exe"},
        {"SourceImage": "C:\\Temp\\evil.exe"},
        {"crossproc_md5": UNSIGNED},
        {"crossproc_name": "c:\\windows\\system32\\lsass.exe"},
        {"blocked_name": "c:\\temp\\evil.exe", "blocked_md5": UNSIGNED},
        {"scriptload_name": "c:\\temp\\evil.ps1"},
        {"scriptload_md5": UNSIGNED},
        {"modload_md5": UNSIGNED},
        {"Target.process.name": "lsass.exe"},
        {"values(EventCode)": ["1", "25"]},
    ],
)  # fmt: skip
def test_what_was_done_to_a_process_is_not_dropped_for_its_files_signature(columns: Record) -> None:
    """Then the code that ran may not be the file's; a signature is evidence, no proof."""
    for row in (
        _row(**columns),
        {"process_md5": SIGNED, "process_name": "acme.exe", **columns},
        {"Image": PATH, "Hashes": f"MD5={SIGNED}", "ParentImage": "C:\\a.exe", "EventCode": "3", **columns},
    ):
        assert _is_dropped(row) == [False]


@pytest.mark.parametrize(
    "columns",
    [
        *({"type": f"ingress.event.{kind}"} for kind in ("procstart", "procend", "process", "netconn", "regmod")),
        *({"EventCode": number} for number in ("1", "3", "5", "12", "13", "22", "4688", "100", "250")),
        {"event.kind": "event"},
        {"event.kind": "signal"},
        {"event.category": "process"},
        {"event_type": "PROCESS", "event_sub_type": "PROCESS_START"},
        {"TargetImage": "-"},
        {"SourceImage": "0"},
        {"EventCode": "1", "signature": "Dependency Injection host started"},
        {"EventCode": "1", "signature": "Process Injection Wermgr Child Process"},
        {"signature": "SQL Injection Probe on web server"},
        {"category": "Tamper protection"},
    ],
)
def test_a_life_of_a_process_in_which_nothing_was_done_to_it_is_noise(columns: Record) -> None:
    """Its start, its end, its connections and its keys."""
    assert _is_dropped(_row(**columns)) == [True]


@pytest.mark.parametrize(
    "row",
    [
        *({"EventCode": number, "Image": PATH, "Hashes": f"MD5={SIGNED}"} for number in ("11", "15", "23", "28", "29")),
        {"Image": PATH, "Hashes": f"MD5={SIGNED}", "event_type": "FILE_CREATE"},
        {"EventCode": "29", "Image": PATH, "Hashes": f"MD5={SIGNED}", "file_path": "C:\\Temp\\b.exe"},
        {"type": "endpoint.event.procstart", "Hashes": SIGNED, "Image": PATH, "childproc_md5": UNSIGNED},
        *({"Hashes": SIGNED, "Image": PATH, "event_action": kind} for kind in ("FileCreated", "new file")),
    ],
)
@pytest.mark.parametrize("column", ["Hashes", "process_hash", "mine"])
def test_who_says_where_a_hash_is_says_nothing_of_what_the_row_is_about(row: Record, column: str) -> None:
    """The shipped macro `cbsigned_lookup_first` names the column as well."""
    named = {("Image" if name == "Image" else column if name == "Hashes" else name): row[name] for name in row}
    options = EnrichOptions(fields=EventFields(md5=(column,), name=("Image",)), has_anomaly=True)
    (enriched,) = Search(Documents(), Memory({}), options).enrich([named])
    assert enriched["signed_noise"] == "false"
    assert enriched["signed_reason"] == "other_file"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"mine": SIGNED, "name": "acme.exe"}, "mine"),
        ({"mine": SIGNED, "name": "acme.exe", "file_path": "C:\\b.exe"}, "mine"),
        ({"process_md5": SIGNED, "name": "acme.exe", "EventCode": "29"}, "process_md5"),
        ({"my_process_md5": SIGNED, "name": "acme.exe", "EventCode": "29"}, "my_process_md5"),
        ({"childproc_md5": SIGNED, "name": "acme.exe", "type": "endpoint.event.procstart"}, "childproc_md5"),
        ({"Hashes": SIGNED, "name": "acme.exe"}, "Hashes"),
        ({"file_hash": SIGNED, "name": "acme.exe"}, "file_hash"),
        ({"ContextMD5": SIGNED, "name": "acme.exe", "event_simpleName": "NetworkConnectIP4"}, "ContextMD5"),
        *(({"myProcessMD5": SIGNED, "name": "acme.exe", "ActionType": text}, "myProcessMD5") for text in (
            "ConnectionSuccess", "RegistryValueSet", "LogonSuccess", "ScheduledTaskCreated",
        )),
        ({"properties.MD5": SIGNED, "name": "acme.exe", "properties.ActionType": "ProcessCreated"}, "properties.MD5"),
    ],
)  # fmt: skip
def test_a_hash_whose_column_is_named_is_the_processes_where_nothing_says_otherwise(row: Record, column: str) -> None:
    """By the column's own name, or since the row is about nothing else."""
    options = EnrichOptions(fields=EventFields(md5=(column,), name=("name",)), has_anomaly=True)
    (enriched,) = Search(Documents(), Memory({}), options).enrich([dict(row)])
    assert enriched["signed_noise"] == "true"


@pytest.mark.parametrize(
    ("columns", "is_dropped"),
    [
        ({}, False),
        ({"User": "CORP\\jdoe"}, False),
        ({"EventCode": "1"}, True),
        ({"ParentImage": "C:\\a.exe"}, True),
        ({"ParentCommandLine": "C:\\a.exe -x"}, True),
        ({"OriginalFileName": "acme.exe"}, True),
        ({"process_name": "acme.exe"}, True),
        ({"signature": "x", "category": "x", "EventType": "info", "operation": "x"}, False),
    ],
)
@pytest.mark.parametrize("prefix", ["", "winlog.event_data."])
def test_a_hash_of_any_event_needs_something_of_a_start(columns: Record, is_dropped: bool, prefix: str) -> None:  # noqa: FBT001 - a case
    """Sysmon's event of a file that was written has the writer's path and the written file's hash."""
    row = {f"{prefix}Image": PATH, f"{prefix}Hashes": f"MD5={SIGNED}", **columns}
    assert _is_dropped(row) == [is_dropped]


@pytest.mark.parametrize(
    "columns",
    [
        {"values(ParentImage)": "C:\\O\\WINWORD.EXE"},
        {"values(ParentCommandLine)": "C:\\O\\WINWORD.EXE /n"},
        {"list(parent_process_name)": "WINWORD.EXE"},
        {"values(OriginalFileName)": "PowerShell.EXE"},
        {"values(process_guid)": ["{1}", "{2}"]},
        {"values(parent_process_md5)": UNSIGNED},
        {"values(parent_hash)": UNSIGNED},
        {"values(InitiatingProcessMD5)": UNSIGNED},
        {"actor_process_image_name": "WINWORD.EXE"},
        {"actor_process_image_path": "C:\\O\\WINWORD.EXE"},
        {"actor_process_command_line": "C:\\O\\WINWORD.EXE /n"},
        {"src.process.name": "winword.exe"},
        {"src.process.image.md5": UNSIGNED},
        {"properties.InitiatingProcessFileName": "winword.exe"},
        {"properties.InitiatingProcessMD5": UNSIGNED},
        {"initiatingprocessfilename": "winword.exe"},
        {"ParentHash": UNSIGNED},
        {"filemod_name": "c:\\temp\\evil.exe"},
        {"originalFileName": "PowerShell.EXE"},
    ],
)
def test_what_speaks_against_a_row_counts_in_any_sources_words(columns: Record) -> None:
    """Also as `stats` calls a column where it is given no other name."""
    assert _is_dropped(_row(**columns)) == [False]


@pytest.mark.parametrize(
    "row",
    [
        {"event_type": "PROCESS", "event_sub_type": "PROCESS_START", "action_process_image_md5": SIGNED,
         "action_process_image_name": "acme.exe", "actor_process_image_name": "a.exe"},
        {"event.type": "Process Creation", "tgt.process.image.md5": SIGNED, "tgt.process.name": "acme.exe"},
        {"properties.ActionType": "ProcessCreated", "properties.MD5": SIGNED, "properties.FileName": "acme.exe"},
        {"winlog.event_id": "1", "winlog.event_data.Hashes": f"MD5={SIGNED}", "winlog.event_data.Image": PATH},
        {"data.win.system.eventID": "1", "data.win.eventdata.hashes": SIGNED, "data.win.eventdata.image": PATH},
    ],
)  # fmt: skip
def test_more_sources_are_read_without_options(row: Record) -> None:
    """And what they write of files is none of it."""
    assert _is_dropped(row) == [True]
    changed = {"properties.ActionType": "FileCreated", "winlog.event_id": "29", "data.win.system.eventID": "15"}
    of_file = {name: changed[name] for name in row if name in changed}
    if of_file:
        assert _is_dropped({**row, **of_file}) == [False]


@pytest.mark.parametrize(
    "column", ["event_action", "operation", "evt.type", "es_event_type", "event_name", "event_type"]
)
@pytest.mark.parametrize("word", ["load", "creation", "deleted", "rename", "overwrite", "modification", "written"])
def test_what_became_of_a_file_is_none_of_the_process(column: str, word: str) -> None:
    """In whichever column a source says it."""
    assert _is_dropped({"md5": SIGNED, "process_name": "acme.exe", column: word}) == [False]


@pytest.mark.parametrize("column", ["file_hash", "file_md5"])
def test_a_files_hash_that_is_named_is_the_processes_only_where_the_file_is(column: str) -> None:
    """The path of another file speaks against it."""
    options = EnrichOptions(fields=EventFields(md5=(column,), name=("process_path",)), has_anomaly=True)
    for path, is_noise in ((PATH, "true"), ("C:\\Temp\\evil.exe", "false")):
        row: Record = {column: SIGNED, "process_path": PATH, "file_path": path}
        (enriched,) = Search(Documents(), Memory({}), options).enrich([row])
        assert enriched["signed_noise"] == is_noise


@pytest.mark.parametrize(
    ("parent", "child"),
    [
        ("wininit.exe", "fontdrvhost.exe"), ("spoolsv.exe", "splwow64.exe"), ("notepad.exe", "splwow64.exe"),
        ("control.exe", "systemsettings.exe"), ("wuauclt.exe", "am_delta.exe"), ("onedrivesetup.exe", "onedrive.exe"),
        ("update.exe", "teams.exe"), ("code.exe", "rg.exe"), ("node.exe", "esbuild.exe"), ("msbuild.exe", "cl.exe"),
        ("zoom.exe", "cpthost.exe"), ("virtualbox.exe", "vboxsvc.exe"), ("explorer.exe", "acme.exe"),
    ],
)  # fmt: skip
def test_what_the_system_starts_every_day_is_no_finding_on_the_first_day(parent: str, child: str) -> None:
    """Detections are about these parents as well, but nobody acts through them."""
    lists = read_lists()
    assert not lists.may_be_gateway(parent) or lists.gateway(parent, child) is None


@pytest.mark.parametrize(
    ("columns", "pinned"),
    [
        # Who else started it, or had it started, and as whom.
        ({"process.parent.name": "explorer.exe", "process.Ext.effective_parent.name": "WmiPrvSE.exe"}, EventFields()),
        ({"process.Ext.effective_parent.executable": "C:\\O\\WINWORD.EXE"}, EventFields()),
        ({"ActionType": "ProcessCreatedUsingWmiQuery"}, EventFields()),
        ({"EventCode": "4688", "SubjectUserName": "ann", "TargetUserName": "bob"}, EventFields()),
        ({"winlog.event_data.SubjectUserName": "ann", "winlog.event_data.TargetUserName": "bob"}, EventFields()),
        ({"parent_process_name": "winword.exe->explorer.exe"}, EventFields()),
        ({"pn": "explorer.exe", "ParentImage": "C:\\O\\WINWORD.EXE"}, EventFields(parent_name=("pn",))),
        ({"pn": "", "ParentImage": "C:\\O\\WINWORD.EXE"}, EventFields(parent_name=("pn",))),
        (
            {"parent_process_name": "explorer.exe", "parent_process": '"C:\\Users\\Public\\explorer.exe" -x'},
            EventFields(),
        ),
        ({"Processes.parent_process": "C:\\Users\\Public\\any.exe"}, EventFields()),
        ({"parent_process_path": "C:\\acme\\explorer.exe (deleted)"}, EventFields()),
        ({"pn": "explorer.exe", "ParentImage": "C:\\Users\\Public\\evil.exe"}, EventFields(parent_name=("pn",))),
        ({"FolderPath": "C:\\Users\\Public\\dwm.exe", "process_name": "dwm.exe"}, EventFields()),
        ({"user": "0", "User": "jdoe"}, EventFields()),
        # What its author called it.
        ({"process_original_filename": "PowerShell.EXE"}, EventFields()),
        ({"internal_name": "POWERSHELL"}, EventFields()),
        ({"ProcessVersionInfoInternalFileName": "POWERSHELL"}, EventFields()),
        # Of several processes.
        ({"process_guid": "{AAAA0001},{BBBB0002}"}, EventFields()),
        ({"event.category": "cross_process"}, EventFields()),
    ],
)
def test_who_else_is_named_keeps_a_row(columns: Record, pinned: EventFields) -> None:
    """Each was dropped, by what another column says."""
    search = Search(Documents(), Memory({}), EnrichOptions(has_anomaly=True, fields=pinned))
    (row,) = search.enrich([{"process_hash": SIGNED, "process_name": "acme.exe", **columns}])
    assert row["signed_noise"] == "false"


@pytest.mark.parametrize(
    "columns",
    [
        {"process_path": "0", "original_file_name": "0", "internal_name": "0"},
        {"parent_process_name": "explorer.exe", "parent_process_path": "0"},
        {"user": "0", "SubjectUserName": "ann"},
        {"childproc_name": "0"},
        {"EventCode": "4688", "SubjectUserName": "ann", "TargetUserName": "-"},
        {"internal_name": "acme_main"},
        {"internal_name": "net"},
    ],
)
def test_what_fillnull_filled_in_names_nobody(columns: Record) -> None:
    """Nor does an internal name that is no tool's."""
    assert _is_dropped(_row(**columns)) == [True]
