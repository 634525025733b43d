"""The modular inputs as splunkd runs them: subprocesses, XML in and out, a real KV store's answers."""

from __future__ import annotations

import fcntl
import json
import signal
import sys
import termios
import threading
import time
from array import array
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from cbapi.response import CbResponseAPI, Process

from tests.lab.arrivals import Arrivals, iso, md5_of
from tests.lab.confs import read_conf
from tests.lab.edr.estate import Estate, Start
from tests.lab.edr.server import TOKEN, EdrServer, Fault
from tests.lab.https import issued_for
from tests.lab.inputs import Indexed, InputHost, Run, once
from tests.lab.search_time import SearchTime
from tests.lab.site import ROOT, Site
from tests.lab.waiting import wait_for

SIGNED, UNSIGNED = "a" * 32, "b" * 32
GUID, PARENT = "00000001-0000-0002-01d5-000000000002", "00000001-0000-0001-01d5-000000000001"


@pytest.fixture
def processes(site: Site) -> InputHost:
    """Give the input of processes."""
    return InputHost(site, "cbsigned_processes")


@pytest.fixture
def binaries(site: Site) -> InputHost:
    """Give the input of binaries."""
    return InputHost(site, "cbsigned_binaries")


@pytest.fixture
def estate(now: int) -> Estate:
    """Give a shell and the tool that it started."""
    estate = Estate()
    estate.add_binary(SIGNED, "Signed", "c:\\windows\\explorer.exe", publisher="Microsoft Corporation")
    estate.add_binary(UNSIGNED, "Unsigned", "c:\\temp\\tool.exe")
    shell, tool = "C:\\Windows\\explorer.exe", "C:\\Temp\\tool.exe"
    began = iso(now - 600)
    estate.add_process(Start(SIGNED, shell, start=iso(now - 9000), reached=began, guid=PARENT, pid=7, segments=2))
    estate.add_process(
        Start(
            UNSIGNED, tool, "CORP\\jdoe", "host1", began, shell, f'"{tool}" /x', reached=iso(now - 590), guid=GUID,
            parent_guid=PARENT, pid=12, parent_pid=7, sha256="c" * 64,
        )
    )  # fmt: skip
    return estate


def _searched(sourcetype: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Give an event as a search sees it."""
    return dict(SearchTime({"props": read_conf(ROOT / "default" / "props.conf")}).row(fields, sourcetype))


def _bytes_waiting(run: Run) -> int:
    assert run.process.stdout
    size = array("i", [0])
    fcntl.ioctl(run.process.stdout, termios.FIONREAD, size)
    return size[0]


def _saves(site: Site) -> int:
    """Count how often checkpoints were to be saved, whether that was answered or not."""
    return sum(path.endswith("cbsigned_checkpoints/batch_save") for _, _, path in site.splunkd.calls)


def _has_heard(run: Run, number: int) -> bool:
    """Return whether a signal that was sent to a process has reached it."""
    status = Path(f"/proc/{run.process.pid}/status").read_text(encoding="ascii")
    return not int(status.partition("ShdPnd:")[2].split()[0], 16) >> (number - 1) & 1


def _of(events: list[Indexed], sourcetype: str) -> list[dict[str, Any]]:
    return [event.fields for event in events if event.sourcetype == sourcetype]


def _guids(events: list[Indexed]) -> list[str]:
    return sorted(fields["process_guid"] for fields in _of(events, "cbsigned:process"))


class TestScheme:
    """What splunkd asks before it runs anything."""

    @pytest.mark.parametrize("kind", ["cbsigned_processes", "cbsigned_binaries"])
    def test_the_scheme_names_every_argument_of_the_spec(self, site: Site, kind: str) -> None:
        """Each with a title and a description, none required; one process a stanza, checked from outside."""
        scheme = InputHost(site, kind).scheme()
        assert scheme.findtext("use_external_validation") == "true"
        assert scheme.findtext("use_single_instance") == "false"
        assert scheme.findtext("streaming_mode") == "xml"
        arguments = {argument.get("name"): argument for argument in scheme.iter("arg")}
        assert set(arguments) == {
            "account", "query", "start", "page_size", "overlap", "delay", "max_events_per_hour",
            "max_mb_per_hour", "learn",
        }  # fmt: skip
        for argument in arguments.values():
            assert argument.findtext("title")
            assert argument.findtext("description")
            assert argument.findtext("required_on_create") == "false"


class TestValidation:
    """What an admin hears when an input is saved."""

    @pytest.mark.parametrize("kind", ["cbsigned_processes", "cbsigned_binaries"])
    def test_what_works_is_accepted(self, site: Site, kind: str) -> None:
        """With arguments and without any; nothing is remembered of it."""
        host = InputHost(site, kind)
        assert host.validate() == ""
        assert host.validate(account="lab", start="-7d", query="os_type:windows", page_size="100", learn="1") == ""
        assert site.splunkd.collections["cbsigned_checkpoints"].find({}) == []

    def test_what_will_come_is_in_the_log(self, processes: InputHost) -> None:
        """Rows a day, of how many, and MB."""
        assert processes.validate(query="process_name:tool.exe") == ""
        assert "validated query_is_set=True rows_a_day=1 of=3 mb_a_day=0.0" in processes.site.logs()

    @pytest.mark.parametrize(
        ("parameters", "words"),
        [
            ({"account": "other"}, "there is no account 'other'"),
            ({"start": "yesterday"}, "start is 'yesterday'; write -24h"),
            ({"page_size": "5000"}, "page_size is '5000'; write a number from 10 to 1000"),
            ({"query": 'process_name:"x'}, "query has a bracket or a quotation mark without its other half"),
            ({"query": "a) OR (b"}, "query has a bracket or a quotation mark without its other half"),
            ({"query": "process_name:"}, "400 (query_syntax_error)"),
            ({"start": "2999-01-01"}, "start is '2999-01-01', which is still to come"),
            ({"query": "process_name:nosuch.exe"}, "query matches 0 of 3 rows since"),
            ({"query": "process_name:nosuch.exe"}, "is it meant? Carbon Black read process_name:nosuch.exe"),
            ({"query": "index=edr process_name=cmd.exe"}, "query is a search of Splunk's"),
            ({"query": "os_type:windows | head 5"}, "query is a search of Splunk's"),
            ({"query": "process_name:\u201ccmd.exe\u201d"}, "query has curly quotation marks"),
            ({"query": "proces_name:cmd.exe"}, "400 (query_syntax_error)"),
        ],
    )
    def test_a_bad_argument_is_named(self, processes: InputHost, parameters: dict[str, str], words: str) -> None:
        """With what to do about it."""
        assert words in processes.validate(**parameters)

    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            (Fault.BAD_TOKEN, "refused the API token: enter the current one"),
            (Fault.FORBIDDEN, "lacks a right"),
            (Fault.NOT_FOUND, "is not Carbon Black EDR"),
            (Fault.UNAVAILABLE, "answered 503"),
            (Fault.INCOMPLETE, "cut a search short"),
            (Fault.HANG, "did not answer within 10 s"),
        ],
    )
    def test_carbon_black_is_asked(self, processes: InputHost, edr: EdrServer, fault: Fault, words: str) -> None:
        """And what is wrong with it is said."""
        edr.fail(fault)
        message = processes.validate()
        assert words in message
        assert TOKEN not in message

    def test_an_old_server_is_refused(self, processes: InputHost, edr: EdrServer) -> None:
        """Its processes do not say when they reached it."""
        edr.version = "5.2.0.161004.1206"
        assert "5.2.0.161004.1206 is too old for inputs: they need 6.1 or later" in processes.validate()

    def test_a_certificate_for_another_name_is_explained(self, bare_site: Site, estate: Estate) -> None:
        """As for a search."""
        with EdrServer(estate, issued_for("other.example")) as edr:
            bare_site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
            assert "certificate for another name" in InputHost(bare_site, "cbsigned_processes").validate()

    def test_a_server_that_is_gone_is_explained(self, processes: InputHost, edr: EdrServer) -> None:
        """No traceback, no code."""
        edr.stop()
        assert "does not accept connections" in processes.validate()


class TestProcesses:
    """Processes from Carbon Black, with the fields of `| cbsigned`."""

    def test_a_process_is_one_event_with_verdict_and_anomaly_fields(
        self, processes: InputHost, edr: EdrServer, now: int
    ) -> None:
        """A record in whole: what Carbon Black knows, what its parent is, and the command's own fields."""
        first, second = processes.run()
        assert first.fields["process_guid"] == PARENT
        found = _searched("cbsigned:process", second.fields)
        assert found["link_process"] == f"{edr.url}/#analyze/{GUID}/1"
        assert (found["process_signature_exists"], found["process_signature_verified"]) == ("false", "false")
        assert (found["original_file_name"], found["process_observed_names"]) == ("tool.exe", "tool.exe")
        assert second == Indexed(
            now - 600,
            "cbsigned:process",
            {
                "time": iso(now - 600),
                "dest": "host1",
                "user": "CORP\\jdoe",
                "os": "windows",
                "process": '"C:\\Temp\\tool.exe" /x',
                "process_name": "tool.exe",
                "process_path": "c:\\temp\\tool.exe",
                "process_id": "12",
                "parent_process_name": "explorer.exe",
                "parent_process_id": "7",
                "parent_process_guid": PARENT,
                "process_sha256": "c" * 64,
                "group": "default group",
                "host_type": "workstation",
                "sensor_id": "1",
                "last_server_update": iso(now - 590),
                "process_md5": UNSIGNED,
                "process_guid": GUID,
                "parent_process_md5": SIGNED,
                "parent_process_path": "c:\\windows\\explorer.exe",
                "parent_process": "C:\\Windows\\explorer.exe",
                "signed": "false",
                "signed_reason": "unsigned",
                "process_signature_status": "Unsigned",
                "process_original_name": "tool.exe",
                "parent_signed": "true",
                "signed_noise": "false",
                "cbsigned_id": f"{GUID}@{edr.url[8:]}",
                "cbsigned_revision": str(9 * 10**13 + 1000 * (now - 590)),
                "cb_server": "lab",
            },
        )

    def test_long_command_lines_hide_no_field_from_a_search(
        self, processes: InputHost, estate: Estate, now: int
    ) -> None:
        """Splunk extracts fields from the first 5,000 characters of an event and no further."""
        guid, long = "00000001-0000-0003-01d5-000000000003", "powershell -enc " + "A" * 32_000
        estate.add_process(
            Start(UNSIGNED, "C:\\x.exe", start=iso(now - 5), guid=guid, parent_guid=PARENT, cmdline=long)
        )
        run = processes.start()
        assert run.wait() == 0
        (event,) = [event for event in run.events() if event.fields.get("process_guid") == guid]
        names = list(event.fields)
        assert (names[0], names[-1]) == ("time", "process")
        before = json.dumps({name: event.fields[name] for name in names[:-1]})
        assert len(before) < 3000
        assert {"cbsigned_id", "signed", "signed_noise", "process_md5", "parent_process"} <= set(names[:-1])

    def test_a_search_says_the_same_of_the_same_process(self, processes: InputHost, site: Site, now: int) -> None:
        """Because it is the same code, with the same baselines."""
        site.learn(
            [
                {
                    "_time": str(now - 86400 * day),
                    "user": f"user{day % 7}",
                    "team": "hr",
                    "process_name": "explorer.exe",
                }
                for day in range(1, 60)
            ]
        )
        (event,) = [event for event in processes.run() if event.fields["process_guid"] == GUID]
        fields = _searched("cbsigned:process", event.fields)
        row = {name: fields[name] for name in ("process_md5", "process_name", "parent_process_md5", "user")}
        row.update(_time=str(event.time), parent_process_name="explorer.exe")
        (enriched,) = site.search([row]).rows
        # What answered is the search's own, and an event has its file's MD5 once.
        but = {*row, "signed_source", "process_document_md5"}
        names = [name for name in enriched if name not in but]
        assert enriched["process_document_md5"] == fields["process_md5"]
        assert {name: fields.get(name, "") for name in names} == {name: enriched[name] for name in names}
        assert fields["anomaly_reasons"]

    def test_cbapi_sees_the_same_processes(
        self,
        site: Site,
        edr: EdrServer,
        processes: InputHost,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        now: int,
    ) -> None:
        """The vendor's own client finds what the input indexed, no more and no less."""
        arrivals = Arrivals(edr.estate)
        arrivals.arrive(300, now - 60)
        arrivals.settle(now - 30)
        (tmp_path / "ca.pem").write_text(edr.trust_pem, encoding="ascii")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        events = once(processes.run(start="-1d", page_size="100"), site.app)
        client = CbResponseAPI(url=edr.url, token=TOKEN)
        seen = {process.id: process for process in client.select(Process).where("")}
        assert sorted(seen) == _guids(events)
        for event in events:
            process = seen[event.fields["process_guid"]]
            assert event.fields["process_name"] == process.process_name
            assert event.fields["process_path"] == process.path
            assert event.fields["process_id"] == str(process.process_pid)
            assert event.time == pytest.approx(process.start.replace(tzinfo=timezone.utc).timestamp())

    def test_what_was_written_is_not_written_again(self, processes: InputHost, estate: Estate, now: int) -> None:
        """A later segment of a process is none of its own; a new process is."""
        assert _guids(processes.run()) == [PARENT, GUID]
        estate.add_process(
            Start(SIGNED, "C:\\Windows\\explorer.exe", start=iso(now - 9000), reached=iso(now), guid=PARENT)
        )
        new = "00000001-0000-0003-01d5-000000000003"
        estate.add_process(
            Start(SIGNED, "C:\\Windows\\explorer.exe", start=iso(now - 5), reached=iso(now - 200), guid=new)
        )
        assert _guids(processes.run(overlap="700")) == [new]
        assert processes.run(overlap="700") == []

    def test_what_becomes_visible_late_is_found_within_the_overlap(
        self, processes: InputHost, estate: Estate, now: int
    ) -> None:
        """The server had it earlier than what was read already."""
        narrow = InputHost(processes.site, "cbsigned_processes", "narrow")
        narrow.run(overlap="10")
        processes.run()
        late = "00000001-0000-0003-01d5-000000000003"
        estate.add_process(Start(SIGNED, "C:\\x.exe", start=iso(now - 700), reached=iso(now - 650), guid=late))
        assert _guids(processes.run()) == [late]
        found = narrow.run(overlap="10")
        assert _guids(found) == [late], "the server counts more than it did"
        assert [fields["status"] for fields in _of(found, "cbsigned:health")] == ["clock"]

    def test_a_hash_that_comes_late_makes_a_second_event_of_the_same_id(
        self, processes: InputHost, site: Site, estate: Estate, now: int
    ) -> None:
        """And the macro keeps that one."""
        late = "00000001-0000-0003-01d5-000000000003"
        (number,) = estate.add_process(Start("", "C:\\Temp\\tool.exe", start=iso(now - 50), guid=late))
        first = [event for event in processes.run() if event.fields["process_guid"] == late]
        estate.update_process(number, process_md5=UNSIGNED, md5=UNSIGNED, last_server_update=iso(now))
        second = processes.run()
        assert [event.fields["signed_reason"] for event in first] == ["no_hash"]
        assert [event.fields["signed_reason"] for event in second] == ["unsigned"]
        assert once([*first, *second], site.app) == second
        assert processes.run() == []

    def test_a_query_narrows(self, processes: InputHost) -> None:
        """In Carbon Black's own language."""
        assert _guids(processes.run(query="process_name:tool.exe OR process_name:other.exe")) == [GUID]

    def test_start_says_from_when_on_processes_are_wanted(self, processes: InputHost, estate: Estate, now: int) -> None:
        """Those that the server knew before are not; changed, the input begins anew, with the same ids."""
        estate.update_process(0, last_server_update=iso(now - 8990))
        assert _guids(processes.run(start="-1h")) == [GUID]
        again = processes.run(start="-1d")
        assert _guids(again) == [PARENT, GUID]
        assert processes.run(start="-1d") == []

    def test_more_rows_in_a_second_than_a_page_holds_lose_nothing(
        self, processes: InputHost, estate: Estate, now: int
    ) -> None:
        """A server that was down may have got thousands at once."""
        for number in range(95):
            guid = f"00000002-0000-0001-01d5-{number:012x}"
            estate.add_process(Start(SIGNED, "C:\\x.exe", start=iso(now - 300), reached=iso(now - 300), guid=guid))
        assert len(_guids(processes.run(page_size="10"))) == 97

    def test_what_is_read_is_learnt_if_the_admin_wants_that(self, processes: InputHost, site: Site) -> None:
        """After it was scored, and once."""
        processes.run()
        assert site.splunkd.collections["cbsigned_baselines"].find({}) == []
        processes.run(start="-1d", learn="true")
        learnt = {document["_key"] for document in site.splunkd.collections["cbsigned_baselines"].find({})}
        assert {"organisation:", "person:jdoe", "parent:explorer.exe"} <= learnt

    def test_parents_that_cannot_be_asked_for_hold_up_nothing(self, processes: InputHost, edr: EdrServer) -> None:
        """Their names are on the process itself."""
        edr.refuse("process_id:")
        events = processes.run(query="process_name:tool.exe")
        assert [event.fields["parent_process_name"] for event in events] == ["explorer.exe"]
        assert [event.fields["parent_signed"] for event in events] == ["unknown"]

    def test_it_reads_from_the_account_that_it_names(self, site: Site, processes: InputHost, now: int) -> None:
        """One server of several."""
        other = Estate()
        other.add_process(Start(SIGNED, "C:\\x.exe", start=iso(now - 50), guid=GUID))
        with EdrServer(other) as second:
            site.save_account("second", url=second.url, api_token=TOKEN, ca_certificate=second.trust_pem)
            (event,) = processes.run(account="second")
            assert event.fields["cbsigned_id"] == f"{GUID}@{second.url[8:]}"

    def test_a_value_that_changes_is_written_again_and_an_update_without_news_is_not(
        self, processes: InputHost, site: Site, estate: Estate, now: int
    ) -> None:
        """Hash, user, parent, path, command line, watchlists and scores; the macro keeps the latest."""
        numbers = [
            estate.add_process(
                Start(SIGNED, "C:\\a.exe", "jdoe", start=iso(now - 80), guid=f"0000000{number}-1-1-1-1")
            )[0]
            for number in range(8)
        ]
        first = processes.run()
        changes: list[dict[str, Any]] = [
            {"process_md5": UNSIGNED, "md5": UNSIGNED},
            {"username": "CORP\\admin"},
            {"parent_id": PARENT},
            {"path": "c:\\b.exe"},
            {"cmdline": "a.exe /y"},
            {"watchlists": [{"wid": "7", "value": "x"}]},
            {"alliance_score_virustotal": 40},
            {"last_update": iso(now)},
        ]
        for number, change in zip(numbers, changes):
            estate.update_process(number, last_server_update=iso(now - 10), **change)
        second = processes.run()
        assert len(_guids(second)) == 7
        kept = {event.fields["process_guid"]: event.fields for event in once([*first, *second], site.app)}
        changed = [kept[f"0000000{number}-1-1-1-1"] for number in range(7)]
        assert (changed[0]["process_md5"], changed[0]["signed"]) == (UNSIGNED, "false")
        assert [changed[1]["user"], changed[2]["parent_process_guid"]] == ["CORP\\admin", PARENT]
        assert [changed[3]["process_path"], changed[4]["process"]] == ["c:\\b.exe", "a.exe /y"]
        assert [changed[5]["watchlists"], changed[6]["alliance_score_virustotal"]] == [["7"], "40"]
        assert processes.run() == []

    def test_an_account_that_is_renamed_doubles_nothing(self, site: Site, edr: EdrServer, processes: InputHost) -> None:
        """It is the same server, so the input goes on where it was; ids do not change."""
        first = processes.run(account="lab")
        site.save_account("renamed", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
        assert processes.run(account="renamed") == []
        again = InputHost(site, "cbsigned_processes", "other").run(account="renamed")
        assert len(once([*first, *again], site.app)) == len(first)

    def test_ids_of_the_first_release_are_understood(self, processes: InputHost) -> None:
        """It named the account; a search makes of that what it is now."""
        (event, *_) = processes.run()
        link = f"https://{event.fields['cbsigned_id'].partition('@')[2]}/#analyze/{event.fields['process_guid']}/1"
        old = {**event.fields, "cbsigned_id": f"{event.fields['process_guid']}@lab", "link_process": link}
        seen = _searched("cbsigned:process", old)
        assert seen["cbsigned_id"] == event.fields["cbsigned_id"]
        (binary, *_) = InputHost(processes.site, "cbsigned_binaries").run(start="2026-01-01")
        own = binary.fields["cbsigned_id"]
        old = {**binary.fields, "cbsigned_id": own.partition("@")[0] + "@lab"}
        assert _searched("cbsigned:binary", old)["cbsigned_id"] == own


class TestTrouble:
    """What goes wrong costs time, and nothing else."""

    @pytest.mark.parametrize(
        "fault", [Fault.UNAVAILABLE, Fault.BAD_TOKEN, Fault.INCOMPLETE, Fault.NOT_JSON, Fault.CUT_BODY]
    )
    def test_it_waits_until_carbon_black_is_back(self, processes: InputHost, edr: EdrServer, fault: Fault) -> None:
        """In the same run, and says what it waits for."""
        edr.fail(fault)
        run = processes.start()
        wait_for(lambda: "attempt=2" in processes.site.logs())
        edr.recover()
        assert run.wait() == 0
        assert _guids(run.events()) == [PARENT, GUID]
        assert TOKEN not in processes.site.logs() + run.standard_error.decode()

    def test_a_new_token_is_taken_up_while_it_waits(self, site: Site, edr: EdrServer, processes: InputHost) -> None:
        """Nobody has to restart anything."""
        site.save_account("lab", url=edr.url, api_token="x" * 40, ca_certificate=edr.trust_pem)
        run = processes.start()
        wait_for(lambda: "refused the API token" in site.logs())
        site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
        assert run.wait() == 0
        assert _guids(run.events()) == [PARENT, GUID]

    def test_without_an_account_it_says_so_and_ends(self, bare_site: Site) -> None:
        """Splunkd starts it again at the next interval."""
        run = InputHost(bare_site, "cbsigned_processes").start()
        assert run.wait() == 1
        assert b"ERROR cbsigned_processes://main: no account is set up" in run.standard_error
        assert b"Traceback" not in run.standard_error

    def test_a_kv_store_that_is_down_is_waited_for(self, site: Site, processes: InputHost) -> None:
        """Without it nobody knows what was read; with it back, all goes on."""
        processes.run(query="process_name:none")
        site.splunkd.kv_trouble = "writes refused"
        run = processes.start()
        wait_for(lambda: "KV store answered 503" in site.logs())
        assert run.process.poll() is None
        site.splunkd.kv_trouble = ""
        assert run.wait() == 0
        assert _guids(run.events()) == [PARENT, GUID]

    def test_verdicts_that_fail_in_passing_are_asked_again(self, processes: InputHost, edr: EdrServer) -> None:
        """An event is for years, so it waits some seconds for its verdict."""
        edr.fail(Fault.CRASH, path="/api/v1/binary", times=1)
        edr.fail(Fault.JOIN_BLOCKED, path="/api/v1/process", times=1)
        assert [event.fields["signed"] for event in processes.run()] == ["true", "false"]

    def test_a_token_that_is_refused_in_between_costs_no_verdict(self, processes: InputHost, edr: EdrServer) -> None:
        """The page waits until the server takes it again."""
        edr.fail(Fault.BAD_TOKEN, path="/api/v1/binary", times=2)
        edr.fail(Fault.BAD_TOKEN, path="/api/info", times=1)
        assert [event.fields["signed"] for event in processes.run()] == ["true", "false"]

    def test_a_server_that_gives_fewer_rows_than_asked_is_read_to_the_end(
        self, processes: InputHost, edr: EdrServer, estate: Estate, now: int
    ) -> None:
        """For what is left is told by its count, not by a page that is not full."""
        for number in range(60):
            guid = f"00000002-0000-0001-01d5-{number:012x}"
            estate.add_process(Start(SIGNED, "C:\\x.exe", start=iso(now - 300 + number), guid=guid))
        edr.max_rows = 20
        assert len(_guids(processes.run())) == 62

    def test_a_lag_that_grows_is_told(self, processes: InputHost, edr: EdrServer, site: Site, now: int) -> None:
        """With why; and when all is read, that."""
        processes.run()
        (state,) = site.splunkd.collections["cbsigned_checkpoints"].find({"kind": "state"})
        old = {**json.loads(state["state"]), "caught_up": now - 5000}
        site.splunkd.collections["cbsigned_checkpoints"].save([{**state, "state": json.dumps(old)}], 0)
        edr.fail(Fault.UNAVAILABLE)
        run = processes.start()
        wait_for(lambda: b"cbsigned:health" in run.read)
        edr.recover()
        assert run.wait() == 0
        behind, caught_up = _of(run.events(), "cbsigned:health")
        assert (behind["status"], caught_up["status"]) == ("behind", "caught_up")
        assert "answered 503" in behind["message"]
        assert float(behind["lag"]) > 4999
        assert behind["input"] == "cbsigned_processes://main"

    def test_a_page_is_one_line_of_log_without_names(self, processes: InputHost, site: Site) -> None:
        """Rows, events, requests, lag; no hash, no user, no path, no token."""
        processes.run()
        (line,) = [line for line in site.logs().splitlines() if " rows=" in line]
        assert "input=cbsigned_processes://main rows=3 events=2 requests=3 lag_seconds=0" in line
        for word in (TOKEN, SIGNED, UNSIGNED, "jdoe", "tool.exe", GUID):
            assert word not in site.logs()


class TestOneAtATime:
    """Never two processes for one stanza."""

    def test_a_second_process_on_the_same_host_leaves_at_once(self, processes: InputHost, edr: EdrServer) -> None:
        """It writes nothing and is no error."""
        gate = threading.Event()
        edr.meanwhile = lambda _: None if gate.wait(300) else Fault.HANG
        first = processes.start()
        wait_for(lambda: edr.requests)
        second = processes.start()
        assert second.wait() == 0
        assert second.events() == []
        assert "a process on this host reads" in processes.site.logs()
        gate.set()
        assert first.wait() == 0
        assert _guids(first.events()) == [PARENT, GUID]

    def test_another_member_of_a_cluster_waits_until_the_lease_is_over(
        self, site: Site, processes: InputHost, now: int
    ) -> None:
        """And then takes over where the first one ended."""
        assert _guids(processes.run()) == [PARENT, GUID]
        other = InputHost(site, "cbsigned_processes", host="searchhead2")
        assert other.run() == []
        assert "searchhead1 reads for cbsigned_processes://main" in site.logs()
        (lease,) = site.splunkd.collections["cbsigned_checkpoints"].find({"kind": "lease"})
        site.splunkd.collections["cbsigned_checkpoints"].save([{**lease, "expires": now - 100}], 0)
        assert other.run() == []
        (lease,) = site.splunkd.collections["cbsigned_checkpoints"].find({"kind": "lease"})
        assert lease["host"] == "searchhead2"
        assert processes.run() == []
        assert "searchhead2 reads for cbsigned_processes://main" in site.logs()

    def test_after_a_crash_the_same_host_goes_on_at_once(self, processes: InputHost, edr: EdrServer) -> None:
        """The lock dies with the process, whatever the lease says."""
        edr.delay = 1.0
        first = processes.start()
        wait_for(lambda: edr.requests)
        first.kill()
        first.wait()
        edr.delay = 0.0
        assert _guids(processes.run()) == [PARENT, GUID]

    def test_two_stanzas_do_not_hinder_each_other(self, site: Site, processes: InputHost) -> None:
        """Each has its own checkpoint."""
        assert len(processes.run()) == 2
        assert len(InputHost(site, "cbsigned_processes", "other").run()) == 2


class TestStopping:
    """splunkd asks it to stop when it is disabled, changed, or splunkd itself goes down."""

    def _stop(self, run: Run) -> float:
        began = time.monotonic()
        run.terminate()
        assert run.wait(10) == 0
        return time.monotonic() - began

    @pytest.mark.parametrize("fault", [Fault.HANG, Fault.UNAVAILABLE])
    def test_it_stops_promptly_whatever_it_waits_for(self, processes: InputHost, edr: EdrServer, fault: Fault) -> None:
        """A request that hangs, or the next try."""
        edr.fail(fault)
        run = processes.start()
        wait_for(lambda: edr.requests)
        assert self._stop(run) < 3
        assert "stopped=true" in processes.site.logs()

    @pytest.mark.parametrize("hanging", ["the KV store", "Carbon Black, asked whether the token is refused"])
    def test_it_stops_promptly_though_the_main_thread_waits(
        self, site: Site, processes: InputHost, edr: EdrServer, hanging: str
    ) -> None:
        """For as long as half a minute, and no signal ends that."""
        if hanging == "the KV store":
            edr.delay = 1.0
        else:
            edr.fail(Fault.BAD_TOKEN, "/api/v1/binary")
            edr.fail(Fault.HANG, "/api/info")
        run = processes.start()
        wait_for(lambda: edr.requests)
        if hanging == "the KV store":
            saves = _saves(site)
            site.splunkd.kv_trouble = "checkpoints hang"
            wait_for(lambda: run.read and _saves(site) > saves)
        else:
            wait_for(lambda: edr.counts["/api/info"])
        assert self._stop(run) < 4
        site.splunkd.kv_trouble, edr.delay = "", 0.0
        edr.recover()
        assert run.read.endswith(b"</stream>") == bool(run.read)
        assert _guids(once([*run.events(), *processes.run()], site.app)) == [PARENT, GUID]

    def test_it_stops_though_splunkd_is_gone(self, site: Site, processes: InputHost, edr: EdrServer) -> None:
        """With its pipe and its answers; a process that stayed would keep all later runs away."""
        edr.delay = 1.0
        run = processes.start_unread()
        wait_for(lambda: edr.requests)
        saves = _saves(site)
        site.splunkd.kv_trouble = "checkpoints hang"
        wait_for(lambda: _bytes_waiting(run) and _saves(site) > saves)
        run.close()
        run.terminate()
        assert run.wait(10) in {0, 1}
        site.splunkd.kv_trouble, edr.delay = "", 0.0
        assert _guids(processes.run()) == [PARENT, GUID]

    @pytest.mark.skipif(sys.platform == "win32", reason="there is no telling without a write")
    @pytest.mark.parametrize("waits_for", ["Carbon Black", "the KV store"])
    def test_it_ends_when_splunkd_crashes_while_it_waits(
        self, site: Site, processes: InputHost, edr: EdrServer, waits_for: str
    ) -> None:
        """Its session is worth nothing any more, and who stayed would keep the runs of the next splunkd away."""
        if waits_for == "Carbon Black":
            edr.fail(Fault.UNAVAILABLE)
        else:
            site.splunkd.kv_trouble = "writes refused"
        run = processes.start_unread()
        wait_for(lambda: "wait_seconds=" in site.logs())
        run.close()
        assert run.wait(10) == 1
        assert "splunkd_is_gone=True" in site.logs()
        edr.recover()
        site.splunkd.kv_trouble = ""
        assert _guids(processes.run()) == [PARENT, GUID]

    def test_in_the_middle_of_a_backfill_it_stops_whole(
        self, site: Site, processes: InputHost, edr: EdrServer, now: int
    ) -> None:
        """The stream ends well, and the next run goes on without a gap or a second copy."""
        arrivals = Arrivals(edr.estate)
        for second in range(100):
            arrivals.arrive(50, now - 500 + second)
        arrivals.settle(now - 300)
        run = processes.start(page_size="100")
        wait_for(lambda: run.read.count(b"<event ") > 500)
        assert self._stop(run) < 3
        assert bytes(run.read).endswith(b"</stream>")
        events = run.events()
        assert len(events) == run.read.count(b"<event ")
        events += processes.run()
        assert not [event for event in events if event.fields.get("signed_reason") == "cancelled"]
        kept = once(events, site.app)
        assert _guids(kept) == sorted([*arrivals.guids, PARENT, GUID])
        assert len({(event.fields["cbsigned_id"], event.fields["cbsigned_revision"]) for event in events}) == len(
            events
        )

    @pytest.mark.parametrize("unbuffered", ["", "1"])
    def test_a_page_that_is_on_its_way_arrives_whole(
        self, processes: InputHost, edr: EdrServer, monkeypatch: pytest.MonkeyPatch, unbuffered: str, now: int
    ) -> None:
        """A signal cuts a write to a full pipe off, and without a buffer Python does not write the rest."""
        monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
        arrivals = Arrivals(edr.estate)
        arrivals.arrive(300, now - 500)
        arrivals.settle(now - 300)
        run = processes.start_unread()
        wait_for(lambda: _bytes_waiting(run) >= 1 << 16)
        run.terminate()
        wait_for(lambda: _has_heard(run, signal.SIGTERM))
        run.drain()
        assert run.wait(10) == 0
        events = run.events()
        assert len(events) == run.read.count(b"<event ") > 300
        assert _guids(once([*events, *processes.run()], processes.site.app)) == sorted([*arrivals.guids, PARENT, GUID])

    def test_it_stops_though_nobody_reads_its_pipe(self, processes: InputHost, edr: EdrServer, now: int) -> None:
        """Within some two seconds; what broke off is written again by the next run."""
        arrivals = Arrivals(edr.estate)
        arrivals.arrive(300, now - 500)
        arrivals.settle(now - 300)
        run = processes.start_unread()
        wait_for(lambda: _bytes_waiting(run) >= 60_000)
        assert self._stop(run) < 4
        assert _guids(processes.run()) == sorted([*arrivals.guids, PARENT, GUID])

    def test_a_splunkd_that_is_gone_ends_it(self, processes: InputHost, edr: EdrServer) -> None:
        """What it could not hand over is not marked as read."""
        edr.delay = 0.5
        run = processes.start_unread()
        wait_for(lambda: edr.requests)
        run.close()
        assert run.wait() == 1
        edr.delay = 0.0
        assert _guids(processes.run()) == [PARENT, GUID]


class TestBinaries:
    """A warm verdict store, and signatures that change."""

    def test_new_binaries_are_indexed_and_their_verdicts_kept(
        self, binaries: InputHost, site: Site, edr: EdrServer
    ) -> None:
        """So that the first search for them asks Carbon Black nothing."""
        events = binaries.run(start="2026-01-01")
        assert [(fields["md5"], fields["signed"]) for fields in _of(events, "cbsigned:binary")] == [
            (SIGNED, "true"),
            (UNSIGNED, "false"),
        ]
        asked = len(edr.requests)
        rows = site.search([{"md5": SIGNED}, {"md5": UNSIGNED}]).rows
        assert [(row["signed"], row["signed_source"]) for row in rows] == [("true", "cache"), ("false", "cache")]
        assert len(edr.requests) == asked
        assert binaries.run(start="2026-01-01") == []

    def test_a_signature_that_changes_is_told_once(self, binaries: InputHost, estate: Estate, site: Site) -> None:
        """Whoever notices: the input, for the binary is in its overlap."""
        binaries.run(start="2026-01-01")
        estate.update_binary(SIGNED, digsig_result="Bad Signature")
        events = binaries.run(start="2026-01-01")
        (flip,) = _of(events, "cbsigned:flip")
        assert (flip["md5"], flip["previous_status"], flip["process_signature_status"]) == (
            SIGNED,
            "Signed",
            "Bad Signature",
        )
        assert flip["signed"] == "false"
        assert [fields["signed"] for fields in _of(events, "cbsigned:binary")] == ["false"]
        assert binaries.run(start="2026-01-01") == []
        assert site.search([{"md5": SIGNED}]).rows[0]["signed_reason"] == "bad_signature"

    def test_a_change_that_a_search_notices_is_told_too(self, binaries: InputHost, estate: Estate, site: Site) -> None:
        """For the store remembers it."""
        binaries.run(start="2026-01-01", overlap="0")
        estate.update_binary(UNSIGNED, digsig_result="Signed")
        site.search([{"md5": UNSIGNED}], "refresh=true")
        events = binaries.run(start="2026-01-01", overlap="0")
        assert [fields["previous_status"] for fields in _of(events, "cbsigned:flip")] == ["Unsigned"]
        assert binaries.run(start="2026-01-01", overlap="0") == []

    def test_a_change_back_and_forth_is_told_each_time(self, binaries: InputHost, estate: Estate) -> None:
        """Though the binary's own event of each status is written once."""
        binaries.run(start="2026-01-01")
        told = []
        for status in ("Expired", "Signed", "Expired"):
            estate.update_binary(SIGNED, digsig_result=status)
            told += [
                fields["process_signature_status"] for fields in _of(binaries.run(start="2026-01-01"), "cbsigned:flip")
            ]
        assert told == ["Expired", "Signed", "Expired"]

    def test_a_signature_that_is_reported_late_is_written_then(self, binaries: InputHost, estate: Estate) -> None:
        """Until then nothing is kept, for nothing is known."""
        estate.add_binary("c" * 32, "(Unknown)", "c:\\new.exe")
        first = [
            fields for fields in _of(binaries.run(start="2026-01-01"), "cbsigned:binary") if fields["md5"] == "c" * 32
        ]
        assert [fields["signed"] for fields in first] == ["unknown"]
        estate.update_binary("c" * 32, digsig_result="Signed")
        events = binaries.run(start="2026-01-01")
        assert [fields["signed"] for fields in _of(events, "cbsigned:binary")] == ["true"]
        assert _of(events, "cbsigned:flip") == []

    def test_what_is_about_to_run_out_is_asked_anew(
        self, binaries: InputHost, site: Site, edr: EdrServer, now: int
    ) -> None:
        """So that no search need wait for it; a change is noticed by that."""
        binaries.run(start="2026-01-01", overlap="0")
        store = site.splunkd.collections["cbsigned_verdicts"]
        store.save([{**document, "expires": now + 3600} for document in store.find({})], 0)
        edr.estate.update_binary(SIGNED, digsig_result="Untrusted Root")
        events = binaries.run(start="2026-01-01", overlap="0")
        assert [fields["process_signature_status"] for fields in _of(events, "cbsigned:flip")] == ["Untrusted Root"]
        assert all(document["expires"] > now + 86400 for document in store.find({}))

    def test_signers_are_learnt_if_the_admin_wants_that(self, binaries: InputHost, site: Site) -> None:
        """A first program of a signer is worth a sentence only where signers are known."""
        binaries.run(start="2026-01-01", learn="true")
        (document,) = site.splunkd.collections["cbsigned_baselines"].find({})
        assert "Microsoft Corporation" in document["baseline"]
        binaries.run(start="2026-01-01", learn="true")
        (again,) = site.splunkd.collections["cbsigned_baselines"].find({})
        assert again["baseline"] == document["baseline"], "what was learnt is not learnt again"

    def test_many_pages_lose_nothing(self, binaries: InputHost, estate: Estate) -> None:
        """Though all were added in one second."""
        for number in range(1, 60):
            estate.add_binary(md5_of(number), "Signed", f"c:\\{number}.exe")
        assert len(_of(binaries.run(start="2026-01-01", page_size="10"), "cbsigned:binary")) == 61

    def test_killed_it_repeats_at_most_a_page(self, binaries: InputHost, edr: EdrServer, site: Site) -> None:
        """The macro's rule makes one of two."""
        for number in range(1, 400):
            edr.estate.add_binary(md5_of(number), "Signed", f"c:\\{number}.exe")
        edr.delay = 0.02
        events: list[Indexed] = []
        for kill in range(4):
            run = binaries.start(start="2026-01-01", page_size="20")
            wait_for(lambda run=run, kill=kill: run.read.count(b"<event ") > 40 + kill)  # type: ignore[misc]
            run.kill()
            run.wait()
            events += run.events()
        events += binaries.run(start="2026-01-01", page_size="20")
        kept = _of(once(events, site.app), "cbsigned:binary")
        assert len({fields["md5"] for fields in kept}) == len(kept) == 401
        assert len(events) <= 401 + 4 * 20


def test_no_secret_is_in_a_process_list_or_a_log(processes: InputHost, edr: EdrServer, site: Site) -> None:
    """Neither the API token nor splunkd's; not while it runs, and not afterwards."""
    edr.delay = 0.5
    run = processes.start()
    wait_for(lambda: edr.requests)
    shown = (
        Path(f"/proc/{run.process.pid}/cmdline").read_bytes() + Path(f"/proc/{run.process.pid}/environ").read_bytes()
    )
    assert run.wait() == 0
    everything = shown + run.read + run.standard_error + site.logs().encode()
    assert TOKEN.encode() not in everything
    assert site.splunkd.system_token.encode() not in everything


def test_times_are_those_of_the_process(processes: InputHost) -> None:
    """`_time` is when it started, in UTC."""
    events = processes.run()
    assert _guids(events) == [PARENT, GUID]
    for event in events:
        moment = datetime.fromisoformat(event.fields["time"].replace("Z", "+00:00"))
        assert event.time == pytest.approx(moment.timestamp())
