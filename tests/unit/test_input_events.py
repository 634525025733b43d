"""Carbon Black's documents as events, and events as splunk-sdk writes them."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from splunklib.modularinput import Event as SdkEvent
from splunklib.modularinput import EventWriter

from cbverdict.carbonblack.edr.binary_documents import read_page as read_binaries
from cbverdict.carbonblack.edr.process_documents import read_page, read_processes
from cbverdict.carbonblack.port import PROCESS_FIELDS, Fields, Image, ReportedProcess
from cbverdict.errors import NotCarbonBlackError
from cbverdict.inputs.binaries.binary_events import event_of as binary_event
from cbverdict.inputs.binaries.binary_events import flip_of
from cbverdict.inputs.processes.process_events import event_of, sighting_of, worth_indexing
from cbverdict.inputs.reader import Event
from cbverdict.inputs.stream import EventStream, PagedOutput
from cbverdict.verdicts.cached_verdict import StoredVerdict
from cbverdict.verdicts.evidence import Question
from cbverdict.verdicts.hashes import Md5
from cbverdict.verdicts.reasons import Reason, Signed
from cbverdict.verdicts.signature import Signature
from cbverdict.verdicts.verdict import Verdict, fields_of

CONSOLE = "https://cb.example"
GUID, PARENT = "00000018-0000-164c-01d5-9ed472b33472", "00000018-0000-0001-01d5-9ed472b33471"


def _segment(**changes: Any) -> dict[str, Any]:
    return {
        "id": GUID,
        "segment_id": 2,
        "process_md5": "a" * 32,
        "process_name": "tool.exe",
        "path": "c:\\tool.exe",
        "cmdline": '"C:\\Tool.exe" /x',
        "process_pid": 12,
        "username": "CORP\\jdoe",
        "hostname": "host1",
        "os_type": "windows",
        "start": "2026-11-02T07:00:00.1Z",
        "last_server_update": "2026-11-02T07:00:05Z",
        "parent_id": PARENT,
        "parent_name": "explorer.exe",
        "parent_pid": 7,
        "parent_md5": "0" * 30,
        **changes,
    }


def _read(documents: list[dict[str, Any]]) -> list[ReportedProcess]:
    return read_processes(documents, CONSOLE)


class TestProcesses:
    """One process, one event."""

    def test_a_recorded_process_becomes_an_event(self, recorded: Path) -> None:
        """Of a real server, 6.x; what it does not know is left out, the parent above all."""
        path = recorded / "carbon_black" / "process_search_6x.json"
        (document, *_) = json.loads(path.read_text(encoding="utf-8"))["results"]
        (process,) = _read([document])
        assert event_of(process, None) == {
            "time": "2019-11-19T12:25:37.19Z",
            "dest": document["hostname"],
            "user": document["username"],
            "os": "windows",
            "process_name": "chrome.exe",
            "process_path": document["path"],
            "process_id": str(document["process_pid"]),
            "group": "default group",
            "host_type": document["host_type"],
            "sensor_id": str(document["sensor_id"]),
            "last_server_update": document["last_server_update"],
            "interface_ip": "172.31.13.240",
            "comms_ip": "18.185.215.89",
            "filemod_count": "19",
            "process": "c:\\program files (x86)\\google\\chrome\\application\\chrome.exe",
            "process_md5": document["process_md5"],
            "process_guid": document["id"],
            "watchlists": ["1870"],
        }

    def test_a_process_has_the_fields_of_the_port(self) -> None:
        """All of them, where EDR knows all; only feeds add their scores."""
        more = ("uid", "process_sha256", "group", "host_type", "sensor_id", "logon_type", "interface_ip", "comms_ip")
        counts = dict.fromkeys([name for name in (*PROCESS_FIELDS, "processblock_count") if name.endswith("_count")], 7)
        end = {"terminated": True, "last_update": "2026-11-02T07:00:04Z"}
        (process,) = _read([_segment(**dict.fromkeys(more, "7"), **counts, **end, alliance_score_virustotal=7)])
        assert tuple(sorted(process.fields)) == tuple(sorted((*PROCESS_FIELDS, "alliance_score_virustotal")))

    def test_segments_become_one_event(self) -> None:
        """The newest counts where they differ, the earliest start, and a hash that any of them has."""
        segments = [
            _segment(segment_id=3, last_server_update="2026-11-02T07:00:09Z", cmdline="newest", process_md5="0" * 30),
            _segment(segment_id=1, last_server_update="2026-11-02T07:00:01Z", start="2026-11-02T06:59:00Z", os_type=""),
            _segment(segment_id=2, cmdline="(unknown)"),
        ]
        (process,) = _read(segments)
        event = event_of(process, None)
        assert (event["process"], event["time"], event["process_md5"]) == ("newest", "2026-11-02T06:59:00Z", "a" * 32)
        assert process.link == f"{CONSOLE}/#analyze/{GUID}/3"

    def test_of_two_segments_the_newer_counts_whichever_comes_first(self) -> None:
        """By the time of the server."""
        newer = _segment(segment_id=2, last_server_update="2026-11-02T07:00:09Z", cmdline="newer")
        older = _segment(segment_id=1, last_server_update="2026-11-02T07:00:01Z", cmdline="older")
        for segments in ([newer, older], [older, newer]):
            (process,) = _read(segments)
            assert event_of(process, None)["process"] == "newer"

    def test_the_parent_comes_from_its_own_document(self) -> None:
        """For a process tells only its parent's name."""
        (process,) = _read([_segment()])
        event = event_of(process, Image(Md5("b" * 32), "c:\\explorer.exe", ""))
        assert {name: value for name, value in event.items() if name.startswith("parent")} == {
            "parent_process_name": "explorer.exe",
            "parent_process_id": "7",
            "parent_process_guid": PARENT,
            "parent_process_md5": "b" * 32,
            "parent_process_path": "c:\\explorer.exe",
            "parent_process": "c:\\explorer.exe",
        }

    @pytest.mark.parametrize("guid", ["00000018-ffff-ffff-0000-000000000000", "00000018-0000-0000-0000-000000000000"])
    def test_a_parent_that_carbon_black_does_not_know_is_none(self, guid: str) -> None:
        """Its id is a placeholder, its number -1, its name `(unknown)`."""
        (process,) = _read([_segment(parent_id=guid, parent_pid=-1, parent_name="(unknown)")])
        assert process.parent_guid == ""
        assert not [name for name in event_of(process, None) if name.startswith("parent")]

    def test_scores_of_feeds_are_kept(self) -> None:
        """Under Carbon Black's own names; true and false, lists and objects are none."""
        (process,) = _read([_segment(alliance_score_virustotal=7, alliance_score_x=None, terminated=True)])
        event = event_of(process, None)
        assert {name for name in event if name.startswith(("alliance", "terminated"))} == {"alliance_score_virustotal"}

    def test_feeds_that_list_a_process_are_named(self) -> None:
        """Scores go from -100, of what is trusted, to 100; a row that a feed lists is no noise."""
        scores = {"alliance_score_virustotal": 90, "alliance_score_srstrust": -100, "alliance_score_tor": 0}
        (process,) = _read([_segment(**scores)])
        assert event_of(process, None)["feed_name"] == ["virustotal"]

    def test_what_segments_say_differently_is_all_in_the_event(self) -> None:
        """Which file it is, who ran it and what started it nobody can tell then; to come late is no difference."""
        late = _segment(segment_id=1, process_md5=None, username="(unknown)", last_server_update="2026-11-02T07:00:01Z")
        other = _segment(segment_id=3, process_md5="b" * 32, username="CORP\\alice", parent_name="winword.exe")
        (alike,), (process,) = _read([late, _segment(path="C:\\TOOL.EXE")]), _read([late, _segment(), other])
        assert alike.contradictions == {}
        event = event_of(process, None)
        assert event["process_md5"] == ["a" * 32, "b" * 32]
        assert event["user"] == ["CORP\\alice", "CORP\\jdoe"]
        assert event["parent_process_name"] == ["explorer.exe", "winword.exe"]
        assert event["process_name"] == "tool.exe"

    def test_spellings_of_one_path_and_parent_are_no_difference(self) -> None:
        """A device for its drive, a short name for a folder, a name without its path, a parent that is not known."""
        paths = ("c:\\tool.exe", "\\device\\harddiskvolume3\\tool.exe", "c:\\progra~1\\tool.exe")
        parents = ("explorer.exe", "c:\\windows\\explorer.exe", "(unknown)")
        ids = (PARENT, "00000018-ffff-ffff-0000-000000000000", "")
        several = [
            _segment(segment_id=number, path=path, parent_name=parent, parent_id=guid)
            for number, (path, parent, guid) in enumerate(zip(paths, parents, ids), 1)
        ]
        (process,) = _read(several)
        assert process.contradictions == {}
        (other,) = _read([_segment(), _segment(segment_id=3, parent_id="00000001-0000-0099-01d5-000000000099")])
        assert list(other.contradictions) == ["parent_process_guid"]

    def test_a_feed_that_listed_a_process_in_any_segment_does(self) -> None:
        """Whatever the last one says."""
        listed, later = _segment(alliance_score_tor=50), _segment(segment_id=3, alliance_score_tor=0)
        (process,) = _read([listed, later])
        assert event_of(process, None)["feed_name"] == ["tor"]

    @pytest.mark.parametrize(
        ("value", "text"), [(True, None), (["x"], None), ({"a": 1}, None), (7, "7"), (7.5, "7.5"), (0, "0")]
    )
    def test_a_number_is_a_text_and_what_is_neither_is_nothing(self, value: Any, text: str | None) -> None:
        """Whatever a server sends in a text's place; a watchlist's number is one as well."""
        (process,) = _read([_segment(group=value, watchlists=[{"wid": value}])])
        assert (process.fields.get("group"), process.watchlists) == (text, [text] if text else [])

    def test_a_hash_outweighs_all_else_that_may_come_late(self) -> None:
        """For the verdict hangs on it."""
        without = {"process_md5": "0" * 30}
        (rest, hashed) = (_read([_segment(**changes)])[0] for changes in (without, {"path": "", "cmdline": ""}))
        (whole,) = _read([_segment()])
        assert sighting_of(rest).known < sighting_of(hashed).known < sighting_of(whole).known

    def test_what_is_too_long_for_an_event_is_cut(self) -> None:
        """Splunkd would cut it in the middle of the JSON (props.conf, TRUNCATE)."""
        long = "\u00fc" * 5_000_000
        segment = _segment(path=long, cmdline=long, username=long)
        (process,) = _read([segment])
        event = event_of(process, process.image)
        assert len(json.dumps(event)) < 1_000_000

    def test_a_server_that_does_not_say_when_it_got_them_is_too_old(self) -> None:
        """Pages come in that order; one row that has it will do."""
        unordered = _segment(last_server_update=None)
        with pytest.raises(NotCarbonBlackError, match=r"no last_server_update: the input needs Carbon Black EDR 6\.1"):
            read_page([unordered], CONSOLE)
        assert len(read_page([unordered, _segment(id="2")], CONSOLE)) == 2
        assert read_page([], CONSOLE) == []

    @given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text())))
    def test_no_document_is_an_error(self, document: dict[str, Any]) -> None:
        """Foreign data may be anything, and what comes out can be written as UTF-8."""
        processes = _read([{**_segment(), **document}, document])
        assert len(processes) == int("id" not in document or bool(_read([document])))
        for process in processes:
            event = event_of(process, None)
            assert event["process_guid"] == process.guid != ""
            assert json.loads(json.dumps(event, ensure_ascii=False).encode("utf-8")) == event

    @pytest.mark.parametrize(
        "name",
        [
            "interface_ip", "watchlists", "parent_pid", "segment_id", "start", "path", "process_md5", "parent_md5",
            "parent_id", "last_server_update", "alliance_score_x",
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("value", [None, True, "", "x", [1, {"wid": 2}, {}], {"a": 1}, "\ud800", 10**30, -1, 1.5])
    def test_no_value_is_an_error(self, name: str, value: object) -> None:
        """Wherever it stands."""
        (process,) = _read([_segment(**{name: value})])
        event = event_of(process, None)
        assert json.loads(json.dumps(event, ensure_ascii=False).encode("utf-8")) == event
        untouched = {"process_guid": GUID, "dest": "host1", "process": '"C:\\Tool.exe" /x', "process_name": "tool.exe"}
        assert {field: event[field] for field in untouched} == untouched


class TestBinaries:
    """A binary, and its signature's change."""

    def test_a_recorded_binary_becomes_an_event(self, recorded: Path) -> None:
        """Of a real server, 7.5."""
        document = json.loads((recorded / "carbon_black" / "binary_summary_7.5.json").read_text(encoding="utf-8"))
        (binary,) = read_binaries([document], CONSOLE)
        assert binary.signature.result == document["digsig_result"]
        event = binary_event(binary, Verdict(Signed.TRUE, Reason.BINARY, Signature("Signed", "M")))
        assert event == {
            "time": document["server_added_timestamp"],
            "md5": "6b9ee33e29c0d5303d9c621996061f79",
            "sha256": document["sha256"],
            "original_filename": "AM_Delta_Patch_1.343.871.0.exe",
            "internal_name": "AM_Delta_Patch_1.343.871.0.exe",
            "company_name": "Microsoft Corporation",
            "product_name": "Microsoft Malware Protection",
            "product_version": "1.343.888.0",
            "file_desc": "Microsoft Antimalware WU Stub",
            "file_version": "1.343.888.0",
            "legal_copyright": "\u00a9 Microsoft Corporation. All rights reserved.",
            "orig_mod_len": "344512",
            "is_executable_image": "true",
            "is_64bit": "true",
            "os_type": "Windows",
            "host_count": "1",
            "server_added_timestamp": document["server_added_timestamp"],
            "last_seen": "2021-07-13T01:46:04.456Z",
            "signed": "true",
            "signed_reason": "binary",
            "process_signature_exists": "true",
            "process_signature_verified": "true",
            "process_signature_status": "Signed",
            "process_signature_publisher": "M",
            "link_binary": f"{CONSOLE}/#/binary/6B9EE33E29C0D5303D9C621996061F79",
            "group": ["smakgroup1"],
            "observed_filename": document["observed_filename"],
        }
        assert list(event)[-2:] == ["group", "observed_filename"], "what is long stands last"

    def test_what_has_no_hash_is_no_binary(self) -> None:
        """The rest of its page is read."""
        documents: list[dict[str, Any]] = [{"md5": "0" * 32}, {"md5": None}, {"md5": "A" * 32, "group": None}]
        assert [binary.md5 for binary in read_binaries(documents, CONSOLE)] == ["a" * 32]

    def test_a_flip_says_what_it_was(self) -> None:
        """And what it is."""
        verdict = Verdict(Signed.FALSE, Reason.BAD_SIGNATURE, Signature("Bad Signature", "M"))
        stored = StoredVerdict("lab", Question(Md5("a" * 32)), "b", verdict, 1, 2, 3, "Signed", 2)
        assert flip_of(stored, "2026-11-02T07:00:00Z") == {
            "time": "2026-11-02T07:00:00Z",
            "md5": "a" * 32,
            "previous_status": "Signed",
            "signed": "false",
            "signed_reason": "bad_signature",
            "process_signature_exists": "true",
            "process_signature_verified": "false",
            "process_signature_status": "Bad Signature",
            "process_signature_publisher": "M",
        }


class TestSize:
    """What is indexed counts for the licence."""

    def test_recorded_processes_take_1150_bytes_at_most(self, recorded: Path) -> None:
        """With all that a verdict has; what follows from other fields is added by a search."""
        documents = [
            document
            for name in ("process_search_6x.json", "process_search_one_result.json")
            for document in json.loads((recorded / "carbon_black" / name).read_text(encoding="utf-8"))["results"]
        ]
        sizes = []
        for process in read_processes(documents, CONSOLE):
            file_name = process.fields["process_name"]
            signature = Signature(
                "Signed", "Microsoft Corporation", sign_time="2013-08-22T17:00:00Z", original_name=file_name,
                internal_name=file_name, observed_names=file_name,
            )  # fmt: skip
            verdict = Verdict(Signed.TRUE, Reason.JOINT, signature)
            own = {"cbsigned_id": f"{process.guid}@carbonblack.example.com", "cbsigned_revision": "9" * 14}
            fields = {**own, "cb_server": "main", **event_of(process, None), **fields_of(verdict)}
            fields.update(signed_source="server", parent_signed="unknown", signed_noise="true")
            sizes.append(len(json.dumps(worth_indexing(fields), separators=(",", ":"))))
        assert len(sizes) == 2
        assert sum(sizes) / len(sizes) <= 1150

    def test_what_a_process_did_is_there_where_the_answer_has_it(self) -> None:
        """Counts of all its segments, its end, and that it was blocked; nothing of what it did not."""
        segments = [
            _segment(segment_id=1, modload_count=3, netconn_count=0, regmod_count=True),
            _segment(
                last_server_update="2026-11-02T07:00:06Z", modload_count=2, processblock_count=1, terminated=True,
                last_update="2026-11-02T07:00:04Z",
            ),
        ]  # fmt: skip
        (process,) = _read(segments)
        found = {name: value for name, value in process.fields.items() if name.endswith(("_count", "action", "_end"))}
        assert found == {"modload_count": "5", "action": "blocked", "process_end": "2026-11-02T07:00:04Z"}
        assert not process.is_running

    def test_without_a_command_line_there_is_the_path(self) -> None:
        """As the CIM wants of process."""
        (process,) = _read([_segment(cmdline="(unknown)")])
        assert event_of(process, None)["process"] == "c:\\tool.exe"

    def test_what_is_unknown_or_said_twice_is_left_out(self) -> None:
        """In whatever case Carbon Black writes it."""
        fields: Fields = {
            "a": "(Unknown)", "b": "", "process_original_name": "A.exe", "process_internal_name": "A.exe",
            "process_observed_names": "a.exe", "process_signature_issuer": "CA", "process_signature_publisher": "P",
            "process_signature_subject": "P", "signed_source": "cache", "process_signature_exists": "true",
            "watchlists": ["1"],
        }  # fmt: skip
        assert worth_indexing(fields) == {
            "process_original_name": "A.exe",
            "process_signature_issuer": "CA",
            "process_signature_publisher": "P",
            "watchlists": ["1"],
        }
        other: Fields = {**fields, "process_observed_names": "b.exe", "process_internal_name": "b"}
        assert {"process_observed_names", "process_internal_name"} <= set(worth_indexing(other))


class TestStream:
    """Events leave as the SDK writes them, a page at a time."""

    @given(st.text(), st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")))
    def test_an_event_is_the_sdks_xml(self, value: str, stanza: str) -> None:
        """Whatever is in it."""
        sdk, ours = io.StringIO(), io.BytesIO()
        text = json.dumps({"time": "1970-01-01T00:00:12.345Z", "a": value}, separators=(",", ":"))
        EventWriter(sdk).write_event(SdkEvent(text, stanza or "x", "12.345", sourcetype="cbsigned:process"))
        output = PagedOutput(ours)
        stream = EventStream(EventWriter(output), output, stanza or "x")
        size = stream.write([Event(12.345, "cbsigned:process", {"time": "", "a": value})])
        assert size == len(text.encode()), "what is indexed, not what XML makes of it"
        assert ET.canonicalize(sdk.getvalue() + "</stream>") == ET.canonicalize(ours.getvalue().decode() + "</stream>")

    def test_nothing_leaves_before_the_page_is_whole(self) -> None:
        """The SDK flushes after each event, which splunkd would take for a page."""
        pipe = io.BytesIO()
        output = PagedOutput(pipe)
        EventWriter(output).write_event(SdkEvent("a", "x", "1"))
        assert pipe.getvalue() == b""
        output.deliver()
        output.deliver()
        assert pipe.getvalue().count(b"<event ") == 1

    def test_a_stream_that_is_left_ends_well_behind_the_last_page(self) -> None:
        """And nothing leaves after that: neither what was written since, nor what a thread was about to deliver."""
        pipe = io.BytesIO()
        output = PagedOutput(pipe)
        EventStream(EventWriter(output), output, "x").write([Event(1.0, "s", {"a": "b"})])
        output.write("half a page")
        output.abandon(5.0)
        late = threading.Thread(target=output.deliver, daemon=True)
        late.start()
        late.join(0.1)
        assert late.is_alive()
        assert pipe.getvalue().endswith(b"</event></stream>")
        assert pipe.getvalue().count(b"</stream>") == 1

    @pytest.mark.parametrize("texts", [[], ["<stream>", "</stream>"]])
    def test_a_stream_that_is_not_open_needs_no_end(self, texts: list[str]) -> None:
        """Nothing has left yet, or it has ended by itself."""
        pipe = io.BytesIO()
        output = PagedOutput(pipe)
        for text in texts:
            output.write(text)
        output.deliver()
        output.abandon(5.0)
        assert pipe.getvalue() == "".join(texts).encode()
