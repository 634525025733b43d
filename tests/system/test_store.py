"""The verdict store: a second search asks nothing, and a store in trouble costs neither a row nor a truth."""

from __future__ import annotations

import json
import re
import socket
import threading
import time

import pytest

from cbverdict.errors import ServiceError
from cbverdict.service.verdict_client import VerdictClient
from cbverdict.settings.verdicts import Method, VerdictSettings
from cbverdict.splunkd.stores import VerdictStore
from cbverdict.verdicts.cached_verdict import StoredVerdict, write_document
from cbverdict.verdicts.evidence import Question
from cbverdict.verdicts.hashes import Md5
from cbverdict.verdicts.reasons import Reason, Signed
from cbverdict.verdicts.signature import Signature, SignatureStatus
from cbverdict.verdicts.verdict import DETAIL_FIELDS, STATUS_FIELDS, Verdict
from tests.lab.edr.estate import Estate, Start
from tests.lab.edr.server import TOKEN, EdrServer, Fault
from tests.lab.host import Row
from tests.lab.search_head import SearchHead
from tests.lab.site import ANALYST, ROOT, Site

A, B, C = "a" * 32, "b" * 32, "c" * 32


@pytest.fixture(autouse=True)
def _estate(edr: EdrServer) -> None:
    edr.estate.add_binary(A, "Signed", "c:\\a.exe", publisher="Example Corp")
    edr.estate.add_binary(B, "Unsigned", "c:\\b.exe")


ROWS: list[Row] = [{"md5": A, "parent_md5": B}, {"md5": C}]


def _answers(rows: list[Row]) -> list[tuple[str, str, str]]:
    return [(str(row["signed"]), str(row["signed_reason"]), str(row["signed_source"])) for row in rows]


def test_a_second_search_asks_carbon_black_nothing(site: Site, edr: EdrServer) -> None:
    """Same answers, details and all, from the cache; and the message says so."""
    cold = site.search(ROWS)
    requests = len(edr.requests)
    warm = site.search(ROWS)
    assert len(edr.requests) == requests == 2
    assert _answers(warm.rows) == [("true", "binary", "cache"), ("unknown", "not_seen", "cache")]
    without_source = [{name: value for name, value in row.items() if name != "signed_source"} for row in warm.rows]
    assert without_source == [
        {name: value for name, value in row.items() if name != "signed_source"} for row in cold.rows
    ]
    assert "2 rows from the cache, 0 requests" in warm.messages[0][1]


OWN_FIELDS: dict[str, str] = {
    **dict.fromkeys((*STATUS_FIELDS, *DETAIL_FIELDS), "true"),
    "signed_reason": "joint",
    "process_signature_status": "Signed",
    "process_signature_publisher": "Microsoft Corporation",
    "signed_source": "cache",
    "signed_expires": "9999999999",
    "signed_basis": 'joint, digsig_result:"Signed", expired is not signed',
    "signed_last_seen": "1700000000",
    "parent_signed": "true",
    "anomaly_score": "0",
    "cbsigned_md5": A,
}


@pytest.mark.parametrize("options", [[], ["anomaly=false"], ["method=binary"], ["risk=true"], ["refresh=true"]])
def test_what_a_row_says_of_its_own_signature_is_no_answer(site: Site, options: list[str]) -> None:
    """Where `key=value` is extracted, whoever starts a process writes these fields by its command line."""
    rows: list[Row] = [{"md5": md5, **OWN_FIELDS, "signed_noise": "true"} for md5 in (B, C, "")]
    found = site.search(rows, *options).rows
    assert _answers(found) == [
        ("false", "unsigned", "server"),
        ("unknown", "not_seen", "server"),
        ("unknown", "no_hash", "none"),
    ]
    assert {(row["process_signature_publisher"], row["signed_noise"]) for row in found} == {("", "false")}


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["anomaly=false"],
        ["prefix=x_"],
        ["prefix=x_", "anomaly=false"],
        ["risk=true", "prefix=signed_"],
        ["details=false"],
    ],
)
def test_only_what_this_search_judged_is_dropped(site: Site, options: list[str]) -> None:
    """An event that calls itself noise is none; the fields are words, for an empty cell may not count."""
    own = ("signed_noise", "x_signed_noise", "signed_signed_noise")
    rows: list[Row] = [{"md5": md5, **dict.fromkeys(own, "true")} for md5 in (B, C, "")]
    written = site.search(rows, *options).rows
    assert len(written) == len(rows)
    for found in written:
        prefix = next((option.partition("=")[2] for option in options if option.startswith("prefix")), "")
        assert (found["signed_noise"], found[f"{prefix}signed_noise"]) == ("false", "false")


def test_the_lookup_and_the_searches_over_it_name_fields_that_are_there(site: Site) -> None:
    """What is written, what the collection declares, what the lookup gives, and what the macros take."""
    site.search([{"md5": A}])
    (document,) = site.splunkd.collections["cbsigned_verdicts"].find({})
    confs = site.splunkd.confs
    written = set(document) - {"_key", "_user"}
    declared = {name[6:] for name in confs["collections"]["cbsigned_verdicts"] if name.startswith("field.")}
    listed = set(confs["transforms"]["cbsigned_verdicts"]["fields_list"].split(", ")) - {"_key"}
    assert written == declared == listed
    filled = confs["savedsearches"]["cbsigned - fill the verdict store from events"]["search"]
    assert set(filled.partition("| table _key ")[2].partition("|")[0].split()) == written
    for status in SignatureStatus:
        if status is not SignatureStatus.SIGNED:
            assert Reason(status.value.lower().replace(" ", "_")), "as the saved search makes the reason"


def test_the_lookup_clears_the_events_own_fields_and_takes_only_what_the_service_would(site: Site) -> None:
    """SPL cannot be run here, so its text is compared with what it stands for."""
    macros = {name: stanza["definition"] for name, stanza in site.splunkd.confs["macros"].items()}
    steps = [step.strip() for step in macros["cbsigned_lookup(1)"].split(" | ")]
    assert [step.split()[0] for step in steps] == ["eval", "fields", "lookup", "eval", "foreach"]
    cleared = set(steps[1].split()[2:])
    words = steps[2].partition("OUTPUT ")[2].split()
    given = [word for number, word in enumerate(words) if "AS" not in words[number : number + 2]]
    assert set(given) < cleared, "an event without a document would keep its own"
    assert {"signed", "signed_noise"} < cleared
    assert "server AS cbsigned_server" in steps[2]
    assert "in(signed_basis, `cbsigned_bases`)" in steps[3]
    assert "case(mvcount(cbsigned_keys)!=1 OR mvcount(signed_expires)!=1, null(), signed_expires>now()" in steps[3]
    settings = VerdictSettings()
    bases = {*settings.bases(Method.JOINT), *settings.bases(Method.BINARY)}
    assert set(json.loads(f"[{macros['cbsigned_bases']}]")) == bases
    assert macros["cbsigned_lookup_first(1)"] == "cbsigned md5=$md5$", "the service looks the document up itself"


def test_what_an_indexed_event_reports_counts_for_a_day_at_the_most_and_says_so(site: Site, edr: EdrServer) -> None:
    """Whoever may write to that index feeds the saved search; a lifetime that it writes itself does not count."""
    search = site.splunkd.confs["savedsearches"]["cbsigned - fill the verdict store from events"]["search"]
    assert 'basis="events, expired is not signed"' in search
    assert 'signed_reason=if(signed="true", "reported",' in search
    assert "expires=now()+86400" in search
    now = time.time()
    for age, source in ((3600, "cache"), (2 * 86400, "server"), (-86400, "server")):
        verdict = Verdict(Signed.TRUE, Reason.REPORTED, Signature("Signed", "Example Corp"))
        fed = StoredVerdict("lab", Question(Md5(B)), "events, expired is not signed", verdict, 0, now - age, now + 9e9)
        site.splunkd.collections["cbsigned_verdicts"].save([write_document(fed)], 0)
        answers = _answers(site.search([{"md5": B}]).rows)
        assert answers == [("true", "reported", "cache") if source == "cache" else ("false", "unsigned", "server")]
    assert edr.requests


@pytest.mark.parametrize("change", [{"md5": A}, {"server": "other"}, {"name": "x"}])
def test_a_document_counts_for_no_key_but_its_own(site: Site, change: dict[str, str]) -> None:
    """Bound to hash, server and name: what it says itself must be what its key says."""
    site.search([{"md5": A}])
    document = site.splunkd.collections["cbsigned_verdicts"].get(f"{A}@lab")
    forged = {**document, "md5": B, **change, "_key": f"{B}@lab"}
    site.splunkd.collections["cbsigned_verdicts"].save([forged], 0)
    assert _answers(site.search([{"md5": B}]).rows) == [("false", "unsigned", "server")]


@pytest.mark.parametrize("fault", [Fault.CRASH, Fault.NOT_JSON, Fault.INCOMPLETE, Fault.FORBIDDEN])
def test_a_hit_whose_document_nobody_saw_is_never_dropped_and_soon_asked_again(
    site: Site, edr: EdrServer, fault: Fault
) -> None:
    """A denied publisher, or a contradiction, may stand in it; who signed is not known."""
    edr.estate.add_process(Start(A, "c:\\a.exe"))
    assert site.search([{"process_md5": A}], "refresh=true").rows[0]["signed_noise"] == "true"
    edr.fail(fault, "/api/v1/binary")
    (row,) = site.search([{"process_md5": A}], "refresh=true").rows
    assert (row["signed"], row["signed_reason"], row["signed_noise"]) == ("true", "joint", "false")
    document = site.splunkd.collections["cbsigned_verdicts"].get(f"{A}@lab")
    assert document["expires"] - document["last_seen"] <= 15 * 60


def test_the_published_method_drops_nothing(site: Site, edr: EdrServer) -> None:
    """A tampered binary keeps its program name: that is no proof."""
    edr.estate.add_binary(C, "Bad Signature", "c:\\c.exe", prog_name="c.exe")
    edr.estate.add_process(Start(C, "c:\\c.exe"))
    (row,) = site.search([{"md5": C, "process_name": "c.exe"}], "method=prog_name").rows
    assert (row["signed"], row["signed_noise"]) == ("true", "false")


@pytest.mark.parametrize(
    "fields",
    [
        {"process_md5": [B, A]},
        {"process_md5": [B, A], "md5": A},
        {"process_md5": [B, f"MD5={A}"]},
        {"process_md5": B[:-1], "md5": A},
        {"process_md5": A, "parent_process_md5": [B, A]},
        {"process_md5": A, "parent_process_md5": [B, A], "parent_md5": A},
    ],
)
def test_where_several_hashes_are_said_nobody_chooses_one(site: Site, edr: EdrServer, fields: Row) -> None:
    """Whoever adds the second would choose it."""
    edr.estate.add_process(Start(A, "c:\\a.exe"))
    assert site.search([fields]).rows[0]["signed_noise"] == "false"


def test_a_parent_that_nobody_answered_for_blocks(site: Site, edr: EdrServer) -> None:
    """Its hash is there; that nothing came of it is no word for it."""
    edr.estate.add_process(Start(A, "c:\\a.exe"))
    (row,) = site.search([{"md5": A, "parent_md5": B}], "max_lookups=1").rows
    assert (row["signed"], row["parent_signed"], row["signed_noise"]) == ("true", "unknown", "false")


def test_another_server_with_the_same_hash_is_another_question(site: Site, edr: EdrServer) -> None:
    """What one server says is signed need not be for the other."""
    with EdrServer(Estate()) as other:
        site.save_account("paris", url=other.url, api_token=TOKEN, ca_certificate=other.trust_pem)
        assert _answers(site.search([{"md5": A}], "server=lab").rows) == [("true", "binary", "server")]
        assert _answers(site.search([{"md5": A}], "server=paris").rows) == [("unknown", "not_seen", "server")]
        assert _answers(site.search([{"md5": A}], "server=lab").rows) == [("true", "binary", "cache")]
    assert len(edr.requests) == 2


def test_refresh_asks_anew_and_keeps_what_it_learns(site: Site, edr: EdrServer) -> None:
    """A flip is noticed, and kept."""
    site.search(ROWS)
    edr.estate.add_binary(C, "Signed", "c:\\c.exe")
    edr.estate.find_binary(A)["digsig_result"] = "Bad Signature"  # type: ignore[index]
    assert _answers(site.search(ROWS).rows)[0] == ("true", "binary", "cache")
    fresh = site.search(ROWS, "refresh=true")
    assert _answers(fresh.rows) == [("false", "bad_signature", "server"), ("true", "binary", "server")]
    document = site.splunkd.collections["cbsigned_verdicts"].get(f"{A}@lab")
    assert (document["signed"], document["previous_status"], document["flipped"] > 0) == ("false", "Signed", True)
    assert _answers(site.search(ROWS).rows)[0] == ("false", "bad_signature", "cache")


def test_what_has_expired_is_asked_again(site: Site, edr: EdrServer) -> None:
    """The time is checked when a verdict is read, not only when it is swept: its own, and what the settings give it."""
    site.search(ROWS)
    store = site.splunkd.collections["cbsigned_verdicts"]
    (document,) = store.find({"md5": A})
    now = time.time()
    for change in ({"expires": now - 1}, {"last_seen": now - 31 * 86400}):
        store.save([{**document, **change}], 0)
        edr.requests.clear()
        site.search([{"md5": A}])
        assert len(edr.requests) == 2


def test_errors_are_never_kept(site: Site, edr: EdrServer) -> None:
    """When the server is back, so are the answers."""
    edr.fail(Fault.CRASH)
    site.search(ROWS)
    assert site.splunkd.collections["cbsigned_verdicts"].find({}) == []
    edr.recover()
    assert _answers(site.search(ROWS).rows)[0] == ("true", "binary", "server")


def test_a_verdict_counts_only_where_it_would_be_asked_alike(site: Site, edr: EdrServer) -> None:
    """Another clause, another account, the published method: asked anew. The binary method takes the joint one's."""
    site.search(ROWS)
    edr.requests.clear()
    assert _answers(site.search(ROWS, "method=binary").rows)[0] == ("true", "binary", "cache")
    assert edr.requests == []
    site.search([{"md5": A, "process_name": "a.exe"}], "method=prog_name")
    assert len(edr.requests) == 1
    site.save_settings("verdicts", clause='digsig_publisher:"Example Corp"')
    assert _answers(site.search(ROWS).rows)[0] == ("true", "binary", "server")


@pytest.mark.parametrize("trouble", ["503", "hang", "writes refused", "nonsense"])
def test_a_store_in_trouble_costs_no_row_and_no_truth(site: Site, edr: EdrServer, trouble: str) -> None:
    """Starting, hanging, full, or answering nonsense: asked anew, and the message says why."""
    site.splunkd.kv_trouble = trouble
    result = site.search(ROWS)
    assert _answers(result.rows) == [("true", "binary", "server"), ("unknown", "not_seen", "server")]
    ((level, text),) = result.messages
    assert (level, "KV store" in text) == ("WARN", True)
    again = site.search(ROWS)
    assert _answers(again.rows) == _answers(result.rows)
    assert len(edr.requests) == 4


def test_a_store_that_fails_in_the_middle_costs_no_row_and_no_truth(site: Site) -> None:
    """What was read before stands; the rest is asked."""
    rows: list[Row] = [{"md5": A}, {"md5": B}, {"md5": A}, {"md5": C}]

    def break_the_store(done: int) -> None:
        site.splunkd.kv_trouble = "503" if done >= 2 else ""

    site.search([{"md5": A}])
    result = site.search(rows, chunk_size=1, progress=break_the_store)
    assert [answer[:2] for answer in _answers(result.rows)] == [
        ("true", "binary"),
        ("false", "unsigned"),
        ("true", "binary"),
        ("unknown", "not_seen"),
    ]


def test_two_searches_and_a_purge_at_once_lose_no_row_and_no_truth(site: Site, edr: EdrServer) -> None:
    """The last writer wins, and both write the same."""
    hashes = [f"{number:032x}" for number in range(1, 601)]
    for number, md5 in enumerate(hashes):
        edr.estate.add_binary(md5, "Signed" if number % 2 else "Unsigned", f"c:\\{number}.exe")
    rows: list[Row] = [{"md5": md5} for md5 in hashes]
    expected = ["true" if number % 2 else "false" for number in range(600)]
    found: list[list[str]] = []
    store = VerdictStore(site.splunkd.url, site.splunkd.system_token)

    def search() -> None:
        result = site.search([dict(row) for row in rows], chunk_size=40)
        found.append([str(row["signed"]) for row in result.rows])

    searches = [threading.Thread(target=search) for _ in range(2)]
    for thread in searches:
        thread.start()
    while any(thread.is_alive() for thread in searches):
        store.purge(time.time() + 3650 * 86400.0)  # as if all had expired long ago
        searches[0].join(0.05)
        searches[1].join(0.05)
    assert found == [expected, expected]


def test_a_purge_sweeps_what_has_expired_and_remembers_statuses_for_a_month(site: Site) -> None:
    """Never seen goes at once; signed stays a month past its time, so that a flip is noticed."""
    site.search(ROWS)
    store = VerdictStore(site.splunkd.url, site.splunkd.system_token)
    now = time.time()
    a, c = Question(Md5(A)), Question(Md5(C))
    store.purge(now)
    assert set(store.read("lab", [a, c])) == {a, c}
    store.purge(now + 3600)
    assert set(store.read("lab", [a, c])) == {a}
    store.purge(now + 59 * 86400)
    assert set(store.read("lab", [a, c])) == {a}
    store.purge(now + 61 * 86400)
    assert store.read("lab", [a, c]) == {}


def test_the_purge_command_sweeps_for_those_who_may(site: Site) -> None:
    """A saved search runs it; an analyst may not."""
    site.search(ROWS)
    store = site.splunkd.collections["cbsigned_verdicts"]
    store.save([{**document, "expires": time.time() - 1} for document in store.find({"signed": "unknown"})], 0)
    refused = site.host(site.splunkd.log_in("analyst", *ANALYST), "cbsignedpurge").generate()
    assert (refused.rows, refused.messages[0][0], "403" in refused.messages[0][1]) == ([], "ERROR", True)
    admin = site.host(site.splunkd.log_in("admin", *site.splunkd.roles()["cbsigned_admin"]), "cbsignedpurge")
    assert [row["result"] for row in admin.generate().rows] == ["expired verdicts are swept"]
    assert [document["_key"] for document in store.find({})] == [f"{A}@lab", f"{B}@lab"]


def test_a_service_that_is_busy_is_not_blamed_on_carbon_black() -> None:
    """The sweep says that the next one does its work."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = VerdictClient(f"https://127.0.0.1:{silent.getsockname()[1]}", "key")
        with pytest.raises(ServiceError, match=r"did not begin within 0.2 s.* the next one sweeps") as refusal:
            client.purge(0.2)
    assert "Carbon Black" not in str(refusal.value)


def test_no_lookup_of_the_store_is_left_to_indexers(site: Site) -> None:
    """They have no KV store, and no collection is copied to them."""
    confs = site.splunkd.confs
    assert {stanza["replicate"] for stanza in confs["collections"].values()} == {"false"}
    collections = {name for name, stanza in confs["transforms"].items() if "collection" in stanza}
    texts = [stanza["search"] for stanza in confs["savedsearches"].values()]
    texts += [stanza["definition"] for stanza in confs["macros"].values()]
    lookups = re.findall(r"\| lookup (\S+) (\w+)", " ".join(texts))
    assert {first for first, name in lookups if name in collections} == {"local=true"}
    assert not {first for first, _ in lookups} & collections
    assert len(lookups) > 2


def test_the_export_for_indexers_writes_the_columns_of_its_file(site: Site) -> None:
    """One row a hash and account; and the file that ships names no file that anybody has."""
    search = site.splunkd.confs["savedsearches"]["cbsigned - export verdicts for the indexers"]["search"]
    columns = search.partition("| table ")[2].partition("\n")[0].split()
    header, row = (ROOT / "lookups" / "cbsigned_known.csv").read_text(encoding="utf-8").splitlines()
    assert header.split(",") == columns
    assert dict(zip(columns, row.split(",")))["signed"] == "unknown"
    assert "eventstats count AS documents BY md5 server | where documents=1" in search
    assert "override_if_empty=false" in search, "an empty store would take the file away"


def test_the_export_holds_what_counts_and_its_macro_reads_it(site: Site) -> None:
    """What is unknown, has expired, or has two documents is left out; an empty store takes nothing away."""
    head = SearchHead(site, now=time.time())
    export = "cbsigned - export verdicts for the indexers"
    assert head.run_saved(export) == []
    assert len(head.lookups["cbsigned_known"].read()) == 1
    site.search(ROWS)
    store = site.splunkd.collections["cbsigned_verdicts"]
    store.save([{**store.get(f"{B}@lab"), "_key": f"{C * 2}@lab", "md5": "d" * 32, "expires": 1.0}], 0)
    head.run_saved(export)
    known = [
        (row["md5"], row["signed"], row["process_signature_publisher"]) for row in head.lookups["cbsigned_known"].read()
    ]
    assert known == [(A, "true", "Example Corp"), (B, "false", "")]
    head.macros["cbsigned_account"] = {"definition": '"lab"'}
    rows: list[Row] = [{"md5": one, "signed": "true"} for one in (A, B, C)]
    found = head.run("eval number=1 | `cbsigned_lookup_daily(md5)`", rows)
    assert [row["signed"] for row in found] == ["true", "false", "unknown"]


def test_the_fill_search_takes_the_fields_of_one_event(site: Site) -> None:
    """`latest()` takes each field from its own latest event."""
    search = site.splunkd.confs["savedsearches"]["cbsigned - fill the verdict store from events"]["search"]
    assert "| dedup md5 sortby -_time" in search
    assert "latest(" not in search


def test_a_thousand_hashes_are_read_in_one_query_and_written_in_one(site: Site) -> None:
    """Within the KV store's limits."""
    rows: list[Row] = [{"md5": f"{number:032x}"} for number in range(1, 2001)]
    site.search(rows, "anomaly=false")
    kv = [path.rpartition("/")[2] for _, _, path in site.splunkd.calls if "collections" in path]
    assert kv == ["batch_find", "batch_save", "batch_find", "batch_save"]


def test_a_sha_256_is_asked_once_and_found_under_the_md5_that_is_stored(site: Site, edr: EdrServer) -> None:
    """By the server's document first, then by what is kept of either hash."""
    sha, other = "d" * 64, "e" * 64
    edr.estate.update_binary(A, sha256=sha.upper())
    first = site.search([{"process_hash": sha}, {"process_hash": other}])
    assert _answers(first.rows) == [("true", "binary", "server"), ("unknown", "no_md5", "server")]
    requests = len(edr.requests)
    again = site.search([{"process_hash": sha}, {"process_hash": other}])
    assert _answers(again.rows) == [("true", "binary", "cache"), ("unknown", "no_md5", "cache")]
    assert len(edr.requests) == requests
    site.splunkd.forget_verdicts()
    site.search([{"md5": A}])
    requests = len(edr.requests)
    by_md5 = site.search([{"process_hash": sha}])
    assert _answers(by_md5.rows) == [("true", "binary", "cache")]
    assert len(edr.requests) == requests


def test_a_sha_256_of_another_file_beside_an_md5_is_ambiguous(site: Site, edr: EdrServer) -> None:
    """Where Carbon Black knows which one belongs to it."""
    edr.estate.update_binary(A, sha256="d" * 64)
    rows: list[Row] = [{"process_hash": [A, "d" * 64]}, {"process_hash": [A, "e" * 64]}]
    found = site.search(rows).rows
    assert [(row["signed"], row["signed_reason"]) for row in found] == [("true", "binary"), ("unknown", "ambiguous")]


def test_a_verdict_counts_for_the_server_that_gave_it(site: Site, edr: EdrServer) -> None:
    """An account that is given another URL is another server, whatever it is called."""
    edr.estate.add_binary(A, "Signed", "c:\\tool.exe", publisher="Example Corp")
    assert _sources(site) == ["server", "cache"]
    other = Estate()
    other.add_binary(A, "Bad Signature", "c:\\tool.exe")
    with EdrServer(other) as second:
        site.save_account("lab", url=second.url, api_token=TOKEN, ca_certificate=second.trust_pem)
        result = site.search([{"md5": A}], "anomaly=false")
        assert [(row["signed"], row["signed_source"]) for row in result.rows] == [("false", "server")]
        (document,) = site.splunkd.collections["cbsigned_verdicts"].find({})
        assert (document["server_host"], document["flipped"]) == (second.url.partition("//")[2], 0)
    spelt_otherwise = edr.url.replace("127.0.0.1", "127.0.0.1").upper().replace("HTTPS", "https")
    site.save_account("lab", url=spelt_otherwise, api_token=TOKEN, ca_certificate=edr.trust_pem)
    assert _sources(site) == ["server", "cache"]


def _sources(site: Site) -> list[str]:
    return [str(site.search([{"md5": A}], "anomaly=false").rows[0]["signed_source"]) for _ in range(2)]
