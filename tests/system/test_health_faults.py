"""Each fault that can be planted is told by the check that looks for it, with the right next step, and by no other."""

from __future__ import annotations

import copy
import importlib
import json
import re
import socket
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Callable, Iterator
from urllib.parse import urlsplit

import pytest
from splunklib import binding

from cbverdict.checks import accounts, host, inputs, kept, lists, session
from cbverdict.checks.finding import Finding, Status, read_findings, run, write_findings
from cbverdict.checks.interpreter import check_libraries, check_python
from cbverdict.errors import ServiceError
from cbverdict.splunkd.conf import SplunkdConfiguration
from cbverdict.splunkd.entries import Entries
from cbverdict.splunkd.kvstore import COLLECTIONS
from tests.lab.confs import read_conf
from tests.lab.edr.estate import Estate
from tests.lab.edr.server import TOKEN, EdrServer, Fault
from tests.lab.site import ANALYST, ROOT, Site
from tests.lab.splunkd.facts import Cluster

INPUT = "cbsigned_processes://main"
SWEEP = host.SWEEP
MERGED = [
    {"number": number, "kept": "kept", "signed": "unknown", "signed_reason": reason, "signed_noise": "false"}
    for number, reason in (("1", "no_hash"), ("2", "ambiguous"))
]
LEARNT = [{"rows": "3"}] * 4


@dataclass
class Lab:
    """A search head where all is well, and what it answers to the two searches of the check."""

    site: Site
    edr: EdrServer
    merged: list[dict[str, Any]] = field(default_factory=lambda: copy.deepcopy(MERGED))
    learnt: list[dict[str, Any]] = field(default_factory=lambda: list(LEARNT))
    said: list[tuple[str, str]] = field(default_factory=list)
    key: str = ""

    def search(self, spl: str, _: str) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
        """Answer a search of the check."""
        return (self.merged if spl == session.MERGE_SEARCH else self.learnt), self.said

    def save(self, **fields: str) -> None:
        """Set the account up."""
        pem = self.edr.trust_pem
        self.site.save_account("main", **{"url": self.edr.url, "api_token": TOKEN, "ca_certificate": pem, **fields})

    def documents(self, name: str) -> Any:
        """Give a collection."""
        return self.site.splunkd.collections[name]

    def learn(self, teams: int, days_ago: float) -> None:
        """Have baselines of that many teams and of that age."""
        collection = self.documents("cbsigned_baselines")
        collection.delete({})
        kinds = ["person", "organisation", *["team"] * teams]
        learnt = time.time() - days_ago * 86400
        collection.save([{"_key": str(n), "kind": kind, "learnt": learnt} for n, kind in enumerate(kinds)], 0)

    def read(self, seconds_ago: float) -> None:
        """Have the input read until then."""
        state = {"cursor": "2026-03-02T10:00:00", "caught_up": time.time() - seconds_ago}
        self.documents("cbsigned_checkpoints").save([{"_key": INPUT, "state": json.dumps(state)}], 0)

    def findings(self, only: str = "") -> list[Finding]:
        """Run the checks of this search head and of whoever asks, in this process; or one alone."""
        splunkd = self.site.splunkd
        system = Entries(splunkd.url, splunkd.system_token)
        configuration = SplunkdConfiguration(splunkd.url, splunkd.system_token)
        own = Entries(splunkd.url, self.key)
        checks = {
            "Splunk": partial(host.check_versions, system),
            "accounts": partial(accounts.check_accounts, configuration, system),
            "KV store": partial(kept.check_store, system),
            "rights": partial(kept.check_rights, system),
            "baselines": partial(kept.check_baselines, system),
            "settings": partial(accounts.check_settings, configuration),
            "decisions": partial(kept.check_decisions, system),
            "lookups": partial(lists.check_lookups, system),
            "inputs": partial(inputs.check_inputs, configuration, system),
            "saved searches": partial(host.check_searches, system),
            "search head cluster": partial(host.check_members, system),
            "right": partial(session.check_capabilities, own),
            "handlers": partial(session.check_handlers, own),
            "search: cbsigned": partial(session.check_merging, own),
            "search: cbsignedlearn": partial(session.check_learning, own),
        }
        chosen = {name: check for name, check in checks.items() if only in {"", name}}
        return read_findings(write_findings(run(chosen)))

    def trouble(self, only: str = "") -> dict[str, Finding]:
        """Give what is not in order, by its check."""
        return {finding.check: finding for finding in self.findings(only) if finding.status is not Status.OK}


@pytest.fixture(scope="module")
def _lab() -> Iterator[Lab]:
    estate = Estate()
    with EdrServer(estate) as edr, Site() as site:
        lab = Lab(site, edr)
        site.splunkd.searcher = lab.search
        yield lab


@pytest.fixture
def lab(_lab: Lab) -> Iterator[Lab]:
    """Give the search head as it is when all is well; what a test changes is put back."""
    splunkd, edr = _lab.site.splunkd, _lab.edr
    confs, meta = copy.deepcopy(splunkd.confs), copy.deepcopy(splunkd.meta.stanzas)
    version, app_version, edr_version = splunkd.version, splunkd.app_version, edr.version
    endpoints = list(splunkd._endpoints)  # noqa: SLF001 - what is taken away is put back
    _lab.save()
    _lab.key = splunkd.log_in("admin", *ANALYST, *splunkd.roles()["cbsigned_admin"])
    splunkd.confs["inputs"][INPUT] = {"account": "main", "interval": "60"}
    _lab.learn(2, 1)
    _lab.read(30)
    edr.version = "7.5.0"
    yield _lab
    _lab.documents("cbsigned_exclusions").delete({})
    splunkd.confs, splunkd.meta.stanzas = confs, meta
    splunkd.version, splunkd.app_version, edr.version = version, app_version, edr_version
    splunkd._endpoints = endpoints  # noqa: SLF001 - likewise
    splunkd.kv_trouble, splunkd.cluster = "", None
    _lab.merged, _lab.learnt, _lab.said = copy.deepcopy(MERGED), list(LEARNT), []
    edr.ahead = 0.0
    edr.recover()


def _no_accounts(lab: Lab) -> None:
    lab.site.splunkd.confs["cbsigned_account"].clear()
    del lab.site.splunkd.confs["inputs"][INPUT]


def _second_account(lab: Lab) -> None:
    lab.site.save_account("paris", url=lab.edr.url, api_token=TOKEN, ca_certificate=lab.edr.trust_pem)
    lab.site.save_settings("verdicts", default_account="oslo")


def _refused_token(lab: Lab) -> None:
    lab.edr.fail(Fault.BAD_TOKEN, "/api")


def _blocked_joins(lab: Lab) -> None:
    lab.edr.fail(Fault.JOIN_BLOCKED)


def _nobody_listens(lab: Lab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    lab.save(url=f"https://127.0.0.1:{port}")


def _unknown_authority(lab: Lab) -> None:
    lab.save(ca_certificate="")


def _lost_secret(lab: Lab) -> None:
    lab.site.splunkd.forget_secrets("cbsigned_account")


def _clock(lab: Lab) -> None:
    lab.edr.ahead = 3600.0


def _old_server(lab: Lab) -> None:
    lab.edr.version = "6.5.1"


def _other_macro(lab: Lab) -> None:
    lab.site.splunkd.confs["macros"]["cbsigned_account"]["definition"] = '"oslo"'


def _kv_writes(lab: Lab) -> None:
    lab.site.splunkd.kv_trouble = "writes refused"


def _nothing_learnt(lab: Lab) -> None:
    lab.documents("cbsigned_baselines").delete({})


def _one_team(lab: Lab) -> None:
    lab.learn(1, 1)


def _learnt_long_ago(lab: Lab) -> None:
    lab.learn(2, 60)


def _everybody_reads_baselines(lab: Lab) -> None:
    lab.site.splunkd.meta.stanzas["collections/cbsigned_baselines"]["access"] = "read : [ * ], write : [ admin ]"


def _nobody_reads_verdicts(lab: Lab) -> None:
    lab.site.splunkd.meta.stanzas["collections/cbsigned_verdicts"]["access"] = "read : [ admin ], write : [ admin ]"


def _private_lookups(lab: Lab) -> None:
    lab.site.splunkd.meta.stanzas["transforms"]["export"] = "none"


def _lost_lookup(lab: Lab) -> None:
    del lab.site.splunkd.confs["transforms"]["cbsigned_tools"]


def _no_sweep(lab: Lab) -> None:
    lab.site.splunkd.confs["savedsearches"][SWEEP]["enableSched"] = "0"


def _disabled_sweep(lab: Lab) -> None:
    lab.site.splunkd.confs["savedsearches"][SWEEP]["disabled"] = "1"


def _learns_without_signers(lab: Lab) -> None:
    lab.site.splunkd.confs["savedsearches"][host.LEARN].update(enableSched="1", disabled="0")


def _input_behind(lab: Lab) -> None:
    lab.read(7200)


def _input_never_read(lab: Lab) -> None:
    lab.documents("cbsigned_checkpoints").delete({"_key": INPUT})


def _input_of_nobody(lab: Lab) -> None:
    lab.site.splunkd.confs["inputs"][INPUT]["account"] = "oslo"


def _old_splunk(lab: Lab) -> None:
    lab.site.splunkd.version = "9.2.1"


def _next_splunk(lab: Lab) -> None:
    lab.site.splunkd.version = "11.0.0"


def _not_restarted(lab: Lab) -> None:
    lab.site.splunkd.app_version = "0.0.9"


def _no_right_to_search(lab: Lab) -> None:
    lab.key = lab.site.splunkd.log_in(
        "admin", *(set(lab.site.splunkd.roles()["cbsigned_admin"]) - {"run_custom_command"})
    )


def _no_right_to_inputs(lab: Lab) -> None:
    rights = set(lab.site.splunkd.roles()["cbsigned_admin"]) - {"edit_modinput_cbsigned_binaries"}
    lab.key = lab.site.splunkd.log_in("admin", *rights)


def _no_handler(lab: Lab) -> None:
    splunkd = lab.site.splunkd
    splunkd._endpoints = [one for one in splunkd._endpoints if one.match != "cbsigned/verdicts"]  # noqa: SLF001


def _fields_do_not_arrive(lab: Lab) -> None:
    lab.merged = [{"number": row["number"], "kept": "kept", "signed": "of the event"} for row in MERGED]


def _columns_do_not_reach(lab: Lab) -> None:
    lab.merged[1]["signed_reason"] = "no_hash"


def _rows_are_lost(lab: Lab) -> None:
    lab.merged = lab.merged[:1]


def _the_command_fails(lab: Lab) -> None:
    lab.merged, lab.said = [], [("FATAL", "Error in 'cbsigned' command: External search command exited unexpectedly.")]


def _nothing_learnt_arrives(lab: Lab) -> None:
    lab.learnt = []


def _members_differ(lab: Lab) -> None:
    splunkd = lab.site.splunkd
    splunkd.cluster = Cluster("sh1", ["sh1", "sh2"])
    lab.findings()
    splunkd.cluster = Cluster("sh2", ["sh1", "sh2"])
    splunkd.confs["cbsigned_settings"]["verdicts"]["method"] = "binary"


def _member_not_looked_at(lab: Lab) -> None:
    lab.documents("cbsigned_checkpoints").delete({"kind": "member"})
    lab.site.splunkd.cluster = Cluster("sh1", ["sh1", "sh2", "sh3"])


def _damaged_decision(lab: Lab) -> None:
    lab.documents("cbsigned_exclusions").save([{"_key": "damaged", "action": "bad", "until": time.time() + 9}], 0)


def _everybody_decides(lab: Lab) -> None:
    meta = lab.site.splunkd.meta.stanzas
    meta["collections/cbsigned_exclusions"]["access"] = "read : [ * ], write : [ * ]"


def _odd_threshold(lab: Lab) -> None:
    lab.site.splunkd.confs["cbsigned_settings"]["anomalies"] = {"threshold": "abc"}


def _odd_page_size(lab: Lab) -> None:
    lab.site.splunkd.confs["inputs"][INPUT]["page_size"] = "x"


def _no_decisions_lookup(lab: Lab) -> None:
    del lab.site.splunkd.confs["transforms"]["cbsigned_exclusions"]


FAULTS: list[tuple[Callable[[Lab], None], str, str, str, str]] = [
    (_no_accounts, "accounts", "fail", "no account is set up", "Add your Carbon Black server"),
    (_second_account, "accounts", "fail", "default account 'oslo' does not exist", "default_account"),
    (_refused_token, "account main", "fail", "answered 401", "enter the current one"),
    (_blocked_joins, "account main", "fail", "not the joint query", "choose the method Binary"),
    (_nobody_listens, "account main", "fail", "does not accept connections", "the proxy and the firewall"),
    (_unknown_authority, "account main", "fail", "does not trust", "paste that of its CA"),
    (_lost_secret, "account main", "fail", "secret is missing", "enter it again and save"),
    (_clock, "account main: clock", "warn", " s ahead of this search head's", "Set both clocks by NTP"),
    (_old_server, "account main: SHA-256", "warn", "6.5.1", "hand on the MD5"),
    (_other_macro, "macro cbsigned_account", "warn", '"oslo"', "Set the macro cbsigned_account"),
    (_kv_writes, "KV store: cbsigned_checkpoints", "fail", "answered 503", "splunk show kvstore-status"),
    (_nothing_learnt, "baselines", "warn", "nothing is learnt yet", "| cbsignedlearn"),
    (_one_team, "baselines", "warn", "1 of kind team", "cbsigned_teams_local.csv"),
    (_learnt_long_ago, "baselines", "warn", "60.0 days ago", "Enable `cbsigned - learn what is usual`"),
    (_everybody_reads_baselines, "rights: cbsigned_baselines", "fail", "everybody may read", "metadata/local.meta"),
    (_nobody_reads_verdicts, "rights: cbsigned_verdicts", "warn", "lookup macros find nothing", "metadata/local.meta"),
    (_damaged_decision, "decisions", "fail", "'damaged': the decision cannot be read", "cbsignedreview action=end"),
    (_everybody_decides, "rights: cbsigned_exclusions", "fail", "everybody may write", "metadata/local.meta"),
    (_odd_threshold, "settings", "fail", "threshold is 'abc'", "write a number"),
    (_odd_page_size, f"input {INPUT}", "fail", "page_size", "Correct it"),
    (_no_decisions_lookup, "lookups", "fail", "not there: cbsigned_exclusions", "install the package anew"),
    (_private_lookups, "lookups", "fail", "of this app alone: cbsigned_verdicts", "metadata/local.meta"),
    (_lost_lookup, "lookups", "fail", "not there: cbsigned_tools", "install the package anew"),
    (_no_sweep, "saved searches", "warn", "is off", f"Enable `{SWEEP}`"),
    (_disabled_sweep, "saved searches", "warn", "is off", f"Enable `{SWEEP}`"),
    (_learns_without_signers, "saved searches", "warn", "without who signed them", f"Enable `{host.EXPORT}`"),
    (_input_behind, f"input {INPUT}", "warn", "7200 s ago", "sourcetype=cbsigned:health"),
    (_input_never_read, f"input {INPUT}", "warn", "not read anything yet", "cbsigned_processes.log"),
    (_input_of_nobody, f"input {INPUT}", "fail", "'oslo' does not exist", "Choose another account"),
    (_old_splunk, "Splunk", "fail", "9.2.1", "Use Splunk 9.3 or later"),
    (_next_splunk, "Splunk", "warn", "11.0.0", "look for a newer version"),
    (_not_restarted, "add-on", "fail", "0.0.9 is running", "Restart Splunk."),
    (_no_right_to_search, "right to search", "fail", "lacks run_custom_command", "`cbsigned_user`"),
    (_no_right_to_inputs, "right to set up", "warn", "lacks edit_modinput_cbsigned_binaries", "`cbsigned_admin`"),
    (_no_handler, "handlers", "fail", "has no verdict service", "install the add-on here and restart"),
    (_fields_do_not_arrive, "search: cbsigned", "fail", "those of the events stay", "drop nothing by signed_noise"),
    (_columns_do_not_reach, "search: cbsigned", "fail", "do not reach it", "drop nothing by signed_noise"),
    (_rows_are_lost, "search: cbsigned", "fail", "rows are lost", "drop nothing by signed_noise"),
    (_the_command_fails, "search: cbsigned", "fail", "exited unexpectedly", "search.log"),
    (_nothing_learnt_arrives, "search: cbsignedlearn", "fail", "of 3 rows it has read none", "lib/splunklib"),
    (_members_differ, "search head cluster", "fail", "differs from sh2 on sh1: cbsigned_settings", "from the deployer"),
    (_member_not_looked_at, "search head cluster", "warn", "not looked at yet: sh2, sh3", "on each member"),
]  # fmt: skip


def test_without_a_fault_there_is_nothing_to_tell(lab: Lab) -> None:
    """So that what a fault adds is the fault's alone."""
    assert lab.trouble() == {}


@pytest.mark.parametrize(
    ("plant", "check", "status", "detail", "next_step"), FAULTS, ids=[fault[0].__name__.strip("_") for fault in FAULTS]
)
def test_a_fault_is_told_with_what_to_do(
    lab: Lab, plant: Callable[[Lab], None], check: str, status: str, detail: str, next_step: str
) -> None:
    """By the one check that looks for it, and by no other of its kind."""
    plant(lab)
    parts = {"account": "accounts", "macro": "accounts", "add-on": "Splunk", "right": "right", "input": "inputs"}
    trouble = lab.trouble(parts.get(check.split(maxsplit=1)[0], check.partition(": cbsigned_")[0]))
    assert {name: finding.status.value for name, finding in trouble.items()} == {check: status}
    finding = trouble[check]
    assert detail in finding.detail
    assert next_step.lower() in finding.next_step.lower()
    assert TOKEN not in finding.detail + finding.next_step


def test_a_store_that_is_down_keeps_no_other_check_from_running(lab: Lab) -> None:
    """What rests on it says so; accounts, versions and searches are looked at."""
    lab.site.splunkd.kv_trouble = "503"
    told = lab.trouble()
    stores = {f"KV store: {name}" for name in COLLECTIONS}
    assert set(told) == {*stores, "baselines", "decisions", "inputs"}
    assert all(finding.status is Status.FAIL and "KV store" in finding.detail for finding in told.values())


def test_members_that_are_alike_are_told_so(lab: Lab) -> None:
    """Each has told of itself when the check was run on it."""
    splunkd = lab.site.splunkd
    lab.documents("cbsigned_checkpoints").delete({"kind": "member"})
    for label in ("sh1", "sh2"):
        splunkd.cluster = Cluster(label, ["sh1", "sh2"])
        found = {finding.check: finding for finding in lab.findings()}
    assert found["search head cluster"].status is Status.OK
    assert found["search head cluster"].detail == "2 members have the same version and settings"


def test_no_input_and_a_disabled_one_are_in_order(lab: Lab) -> None:
    """Most read events that Splunk has already."""
    inputs = lab.site.splunkd.confs["inputs"]
    inputs[INPUT]["disabled"] = "1"
    assert lab.trouble() == {}
    del inputs[INPUT]
    found = {finding.check: finding.detail for finding in lab.findings()}
    assert "there are none" in found["inputs"]


@pytest.mark.parametrize(
    ("version", "status"), [((3, 8, 18), "fail"), ((3, 9, 0), "ok"), ((3, 13, 9), "ok"), ((3, 14, 0), "warn")]
)
def test_the_python_must_be_one_that_it_was_tried_with(version: tuple[int, ...], status: str) -> None:
    """From 3.9 to 3.13."""
    (finding,) = check_python("commands", version)
    assert (finding.status.value, bool(finding.next_step)) == (status, status != "ok")


def test_a_library_from_elsewhere_is_told(tmp_path: Path) -> None:
    """Another app's or Splunk's own; and one that is nowhere."""
    (nothing,) = check_libraries("commands", tmp_path)
    assert (nothing.status, "make package" in nothing.next_step) == (Status.FAIL, True)
    (tmp_path / "splunklib").mkdir()
    (tmp_path / "no_such_library").mkdir()
    (finding,) = check_libraries("commands", tmp_path)
    assert finding.status is Status.FAIL
    assert "no_such_library from nowhere" in finding.detail
    assert "splunklib from /" in finding.detail
    assert "PYTHONPATH" in finding.next_step


def test_a_list_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """With the file and what is wrong with it."""
    (tmp_path / "cbsigned_teams_local.csv").write_text("user,zone\nann,UTC\n", encoding="utf-8")
    (finding,) = lists.check_lists(tmp_path)
    assert (finding.status, "cbsigned_teams_local: no column" in finding.detail) == (Status.WARN, True)
    assert "lookups/" in finding.next_step


class FakeDiag:
    """What splunk diag hands to an app: files to pack, by name."""

    def __init__(self) -> None:
        """Start empty."""
        self.texts: dict[str, str] = {}
        self.endpoints: dict[str, str] = {}
        self.is_asking_splunkd = False

    def will_need_rest(self) -> None:
        """Ask somebody to log in."""
        self.is_asking_splunkd = True

    def add_string(self, text: str, path: str) -> None:
        """Pack a text."""
        self.texts[path] = text

    def add_rest_endpoint(self, endpoint: str, path: str) -> None:
        """Pack what splunkd answers."""
        self.endpoints[path] = endpoint


def test_splunk_diag_packs_the_findings_and_no_secret(lab: Lab) -> None:
    """Found by the name in app.conf; what it asks splunkd for is there for an admin."""
    script = read_conf(ROOT / "default" / "app.conf")["diag"]["extension_script"]
    module = importlib.import_module(script.removesuffix(".py"))
    diag = FakeDiag()
    module.setup(parser=None, callback=diag, app_dir=str(ROOT))
    module.collect_diag_info(diag, options=None, global_options=None, app_dir=str(ROOT), later="release")
    assert diag.is_asking_splunkd
    assert [row["check"] for row in json.loads(diag.texts["python.json"])] == [
        "Python of the diag",
        "libraries of the diag",
    ]
    uri = urlsplit(lab.site.splunkd.url)
    where = {"scheme": uri.scheme, "host": uri.hostname, "port": uri.port}
    answer = binding.Context(token=lab.key, **where).get(diag.endpoints["health.json"]).body.read().decode()
    assert {finding.check for finding in read_findings(answer)} >= {"account main", "lists", "Python of the handlers"}
    assert TOKEN not in answer
    assert lab.site.splunkd.system_token not in answer


def test_every_check_is_on_its_page(lab: Lab) -> None:
    """By its name, and no other."""
    page = (ROOT / "docs" / "check.md").read_text(encoding="utf-8").partition("## Send it")[0]
    rows = re.findall(r"^\| (.+?) \| .* \|$", page, re.MULTILINE)
    told = {re.sub(r"\*\w+\*", "*", name) for cell in rows for name in cell.split(", ")}
    processes = {f"{what} of the {whose}" for what in ("Python", "libraries") for whose in ("commands", "handlers")}
    seen = {finding.check for finding in lab.findings()} | processes | {"lists", "inputs"}
    kinds = {re.sub(r"(account|input|store:|rights:) (main|cbsigned_\S+?)(?=: |$)", r"\1 *", name) for name in seen}
    assert kinds == told - {"`status`", "`ok`", "`warn`", "`fail`", "check"}


def test_what_breaks_off_is_a_finding() -> None:
    """Of the check that it is, with no text of the exception, and the next one is run."""

    def broken() -> list[Finding]:
        raise KeyError("secret")

    first, second = run({"one": broken, "two": lambda: [Finding("two", Status.OK, "fine")]})
    assert (first.status, first.detail) == (Status.FAIL, "the check broke off: KeyError")
    assert second.status is Status.OK


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"findings": [{}]}', '{"findings": 1}'])
def test_an_answer_of_another_version_is_told(text: str) -> None:
    """Not taken for one without findings."""
    with pytest.raises(ServiceError, match="another version"):
        read_findings(text)
