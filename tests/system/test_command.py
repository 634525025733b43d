"""The command as Splunk runs it: a subprocess that speaks the chunked protocol, asking the real handler."""

from __future__ import annotations

import csv
import json
import random
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import pytest

from cbverdict.events.columns import GUID_FIELDS, TIME_FIELD, USER_FIELDS, EventFields
from cbverdict.verdicts.verdict import DETAIL_FIELDS, STATUS_FIELDS
from tests.lab.edr.estate import Estate, Start, add_process_events, add_signatures
from tests.lab.edr.server import TOKEN, EdrServer, Fault
from tests.lab.host import Row
from tests.lab.https import Response, issued_for
from tests.lab.site import Site

A, B, C = "a" * 32, "b" * 32, "c" * 32
ALL_FIELDS = (*STATUS_FIELDS, *DETAIL_FIELDS, "signed_source", "parent_signed")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _signed(rows: list[Row]) -> list[tuple[str, str]]:
    return [(str(row["signed"]), str(row["signed_reason"])) for row in rows]


def test_on_real_events_the_answers_are_the_recorded_truth(site: Site, edr: EdrServer, recorded: Path) -> None:
    """All 1,075 rows with a truth, and unknown on the other 19; the rows themselves untouched."""
    add_signatures(edr.estate, recorded / "signatures.csv")
    add_process_events(edr.estate, recorded / "process_events.csv")
    events: list[Row] = [dict(row) for row in _rows(recorded / "process_events.csv")]
    truth = {row["md5"]: row["signed"] for row in _rows(recorded / "signatures.csv")}

    result = site.search(events)

    signed = [str(row["signed"]) for row in result.rows]
    assert signed == [truth.get(str(row["process_md5"]), "unknown") for row in events]
    assert Counter(signed) == {"true": 1029, "false": 46, "unknown": 19}
    assert [{name: row[name] for name in event} for row, event in zip(result.rows, events)] == events
    assert [level for level, _ in result.messages] == ["INFO"]
    assert len(edr.requests) == 4


def test_the_published_method_sends_just_the_published_request_per_pair(
    site: Site, edr: EdrServer, recorded: Path
) -> None:
    """Byte for byte, once for each distinct pair of hash and name."""
    add_signatures(edr.estate, recorded / "signatures.csv")
    events: list[Row] = [dict(row) for row in _rows(recorded / "process_events.csv")]
    pairs = {(str(row["process_md5"]), str(row["process_name"])) for row in events}

    site.search(events, "method=prog_name")

    plain = {pair for pair in pairs if " " not in pair[1]}
    expected = [_published(md5, name) for md5, name in plain]
    expected += [_published(md5, f'"{name}"') for md5, name in pairs - plain]
    assert sorted(edr.requests) == sorted(("GET", target, "") for target in expected)


def _published(md5: str, name: str) -> str:
    return f"/api/v1/process?q=process_md5%3A{md5}%20digsig_prog_name%3A{quote(name, safe='')}&rows=1&start=0&sort="


def test_the_published_method_misses_every_recorded_signed_binary(site: Site, edr: EdrServer, recorded: Path) -> None:
    """None of 59 signed binaries carries its own file name as program name; the default finds all of them."""
    documents = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((recorded / "carbon_black" / "binary_summaries_5.1").glob("*.json"))
    ]
    rows: list[Row] = []
    for document in documents:
        edr.estate.add_document(document)
        path = document["observed_filename"][0]
        edr.estate.add_process(Start(document["md5"], path))
        rows.append({"md5": document["md5"], "path": path})
    assert Counter(document["digsig_result"] for document in documents) == {"Signed": 59}

    published = site.search(rows, "method=prog_name").rows
    default = site.search(rows).rows

    assert Counter(_signed(published)) == {("false", "no_prog_name"): 59}
    assert Counter(_signed(default)) == {("true", "joint"): 59}


def test_10000_rows_with_500_hashes_take_at_most_six_requests(site: Site, edr: EdrServer) -> None:
    """Parents among them; every row comes back, in order, with its own fields."""
    chance = random.Random(3)  # noqa: S311 - test data
    hashes = [f"{chance.getrandbits(128):032x}" for _ in range(500)]
    for number, md5 in enumerate(hashes):
        edr.estate.add_binary(md5, ("Signed", "Unsigned", "Bad Signature")[number % 3], f"c:\\{number}.exe")
        edr.estate.add_process(Start(md5, f"c:\\{number}.exe"))
    rows: list[Row] = [
        {
            "n": str(number),
            "_raw": f'event "{number}",\nline two',
            "tag": ["a$b", f"t{number % 7}"],
            "process_md5": chance.choice(hashes),
            "parent_process_md5": chance.choice(hashes),
            "process_name": f"name{chance.randrange(1000)}.exe",
        }
        for number in range(10_000)
    ]
    truth = {md5: "true" if number % 3 == 0 else "false" for number, md5 in enumerate(hashes)}

    result = site.search(rows, chunk_size=6000)

    assert len(edr.requests) <= 6
    assert [{name: row[name] for name in rows[0]} for row in result.rows] == rows
    expected = [(truth[str(row["process_md5"])], truth[str(row["parent_process_md5"])]) for row in rows]
    assert [(row["signed"], row["parent_signed"]) for row in result.rows] == expected


def test_no_more_than_four_requests_are_in_flight(site: Site, edr: EdrServer) -> None:
    """Whatever a search asks."""
    edr.delay = 0.05
    site.search([{"md5": f"{number:032x}", "process_name": "x"} for number in range(1, 60)], "method=prog_name")
    assert edr.most_in_flight == 4, "side by side, and no more"
    assert len(edr.requests) == 59


def test_a_hang_that_is_over_does_not_starve_the_next_search(site: Site, edr: EdrServer) -> None:
    """A request lives no longer than the search that made it."""
    edr.fail(Fault.HANG)
    site.search([{"md5": f"{number:032x}"} for number in range(1, 900)], "timeout=1")
    edr.recover()
    assert _signed(site.search([{"md5": A}], "timeout=5").rows) == [("unknown", "not_seen")]


def test_the_command_is_stateful_and_asks_for_its_columns_only(site: Site, edr: EdrServer) -> None:
    """And does nothing at all before the first chunk: splunkd starts it several times for getinfo alone."""
    result = site.search([], "md5=h", "parent_md5=p", "method=binary", "anomaly=false", getinfo_starts=3)
    columns = EventFields(md5=("h",), parent_md5=("p",)).columns(has_names=False)
    assert result.configuration == {"type": "stateful", "required_fields": [*columns, *GUID_FIELDS]}
    assert not {TIME_FIELD, *USER_FIELDS, "_raw"} & set(columns)
    assert (result.rows, result.messages, result.exit_code) == ([], [], 0)
    assert edr.requests == []
    assert "analyst" not in [user for user, _, _ in site.splunkd.calls]


def test_every_output_field_is_on_every_row_whatever_the_first_one_has(site: Site, edr: EdrServer) -> None:
    """The SDK takes a chunk's columns from its first record."""
    edr.estate.add_binary(A, "Signed", "c:\\a.exe", publisher="Example Corp", prog_name="Tool")
    result = site.search([{"user": "x"}, {"md5": A}, {"md5": ""}], chunk_size=2)
    for row in result.rows:
        assert {"signed", "signed_reason", "signed_source", "parent_signed"} <= set(row)
    assert result.rows[1]["process_signature_publisher"] == "Example Corp"
    assert all(set(ALL_FIELDS) <= set(columns) for columns in result.reply_columns)


def test_odd_data_of_carbon_black_costs_no_row(site: Site, edr: EdrServer) -> None:
    """Half a surrogate pair and a NUL in a publisher's name."""
    edr.estate.add_binary(A, "Signed", "c:\\a.exe", publisher="X\ud800Y\x00Z")
    assert site.search([{"md5": A}]).rows[0]["process_signature_publisher"] == "X?YZ"


def test_a_field_may_have_any_name_and_any_size(site: Site, edr: EdrServer) -> None:
    """JSON's braces and blanks; 11 MB, where the SDK alone would end the search."""
    edr.estate.add_binary(A, "Signed", "c:\\a.exe")
    rows: list[Row] = [{"file{}.md5": A, "process_path": "x" * (11 << 20)}, {"file{}.md5": [A, B]}]
    result = site.search(rows, "md5=file{}.md5")
    assert _signed(result.rows) == [("true", "binary"), ("unknown", "ambiguous")]
    assert result.rows[0]["process_path"] == rows[0]["process_path"]


def test_odd_values_come_back_as_they_were(site: Site) -> None:
    """Quotes, line ends, dollars, non-ASCII, and a NUL, which Python 3.9's csv does not survive."""
    rows: list[Row] = [
        {"md5": A, "process_name": 'sa"y, hi\r\nthere', "process_path": ["$a$", "b;c", ""], "x": "ü€😀"},
        {"md5": "x\x00y", "process_name": "nul\x00.exe", "process_exec": "a\rb"},
    ]
    result = site.search(rows)
    assert result.rows[0]["process_name"] == 'sa"y, hi\r\nthere'
    assert result.rows[0]["process_path"] == ["$a$", "b;c", ""]
    assert len(result.rows) == 2
    assert result.rows[1]["signed_reason"] == "no_hash"


def test_all_options_work(site: Site, edr: EdrServer) -> None:
    """In one search: account, method, fields, prefix, no details, budget."""
    edr.estate.add_binary(A, "Signed", "c:\\a.exe")
    edr.estate.add_binary(B, "Unsigned", "c:\\b.exe")
    arguments = ["server=lab", "method=binary", "md5=h", "parent_md5=p", "name=n", "prefix=cb_", "details=f"]
    arguments += ["timeout=30", "max_lookups=5", "refresh=true", "user=u", "team=t", "anomaly=true", "risk=f"]
    result = site.search([{"h": A, "p": B, "md5": B}], *arguments)
    assert result.rows == [
        {
            "h": A,
            "p": B,
            "md5": B,
            "cb_signed": "true",
            "cb_signed_reason": "binary",
            "cb_signed_source": "server",
            "cb_process_signature_exists": "true",
            "cb_process_signature_verified": "true",
            "cb_process_signature_status": "Signed",
            "cb_parent_signed": "false",
            "cb_anomaly_score": "",
            "cb_anomaly_reasons": ["what says that it is signed does not say by whom", "the parent is not signed"],
            "cb_anomaly_hour_p": "",
            "cb_anomaly_group": "",
            "cb_anomaly_team_p": "",
            "cb_anomaly_parent_p": "",
            "cb_signed_noise": "false",
            "signed_noise": "false",
        }
    ]


@pytest.mark.parametrize(
    "argument",
    [
        "method=guess",
        "method={",
        "timeout=soon",
        "timeout=0",
        "max_lookups=0",
        "details=maybe",
        "prefix=a-b",
        "prefix={0}",
        "nonsense=1",
        "no{nsense=1",
        "md5=",
        "server=",
        "stray",
        "logging_configuration=/etc/hostname",
        "logging_level=DEBUG",
        "record=true",
        "show_configuration=true",
    ],
)
def test_a_wrong_option_is_refused_before_anything_runs(site: Site, argument: str) -> None:
    """With an error that names it."""
    result = site.search([{"md5": A}], argument)
    ((level, text),) = result.messages
    assert (level, argument.partition("=")[0] in text) == ("ERROR", True)
    assert result.rows == []
    assert "Traceback" not in result.standard_error


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("cbsigned", ["stray"]),
        ("cbsignedlearn", ["stray"]),
        ("cbsignedreview", ["action=bad", "why=because of it", "stray"]),
        ("cbsignedinputs", ["stray"]),
        ("cbsignedinputs", ["from=-3h", "reset=true"]),
        ("cbsignedinputs", ["to=-3h"]),
        ("cbsignedinputs", ["all=true"]),
        ("cbsignedinputs", ["estimate=true", "input=x"]),
        ("cbsignedinputs", ["query=x"]),
        ("cbsignedprofile", ["jdoe"]),
        ("cbsignedpurge", ["stray"]),
        ("cbsignedpurge", ["x=y"]),
        ("cbsignedcheck", ["stray"]),
    ],
)
def test_no_word_is_passed_over_by_any_command(bare_site: Site, command: str, words: list[str]) -> None:
    """It may be what somebody meant; nothing is done then."""
    key = bare_site.splunkd.log_in("admin", *bare_site.splunkd.roles()["cbsigned_admin"])
    configuration = bare_site.host(key, command).get_info(words)
    messages = configuration["inspector"]["messages"]
    assert {level for level, _ in messages} == {"ERROR"}
    assert any(word.partition("=")[0] in text for _, text in messages for word in words)


def test_an_error_that_nobody_foresaw_is_the_searchs_error(bare_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a search that ends without a word."""
    key = bare_site.splunkd.log_in("admin", *bare_site.splunkd.roles()["cbsigned_admin"])
    monkeypatch.setattr(bare_site.splunkd, "_call_handler", lambda *_: Response(200, b"<html>", "text/html"))
    for command in ("cbsignedinputs", "cbsignedprofile"):
        messages = bare_site.host(key, command).generate().messages
        assert [level for level, _ in messages] == ["ERROR"], command


def test_a_clause_over_names_is_asked_with_names(site: Site, edr: EdrServer) -> None:
    """The setting is the admin's; the analyst's search is the same."""
    edr.estate.add_binary(A, "Signed", "c:\\tool.exe", prog_name="tool.exe")
    edr.estate.add_process(Start(A, "c:\\tool.exe"))
    site.save_settings("verdicts", clause="digsig_prog_name")
    result = site.search([{"md5": A, "process_name": "tool.exe"}, {"md5": A, "process_name": "other.exe"}])
    assert _signed(result.rows) == [("true", "joint"), ("true", "binary")]


def test_a_hit_by_name_alone_never_calls_a_tampered_binary_signed(site: Site, edr: EdrServer) -> None:
    """Not even when the document that would tell cannot be had."""
    edr.estate.add_binary(A, "Bad Signature", "c:\\tool.exe", prog_name="tool.exe")
    edr.estate.add_process(Start(A, "c:\\tool.exe"))
    site.save_settings("verdicts", clause="digsig_prog_name")
    edr.fail(Fault.CRASH, "/api/v1/binary")
    rows: list[Row] = [{"md5": A, "process_name": "tool.exe"}]
    assert _signed(site.search(rows).rows) == [("unknown", "server_error")]
    edr.recover()
    assert _signed(site.search(rows).rows) == [("false", "conflict")]


def test_expired_counts_as_signed_where_the_admin_says_so(site: Site, edr: EdrServer) -> None:
    """And not otherwise."""
    edr.estate.add_binary(A, "Expired", "c:\\a.exe")
    assert _signed(site.search([{"md5": A}]).rows) == [("false", "expired")]
    site.save_settings("verdicts", expired_is_signed="1")
    assert _signed(site.search([{"md5": A}]).rows) == [("true", "binary")]


FAILURES = [
    (Fault.BAD_TOKEN, "auth", "enter the current one"),
    (Fault.FORBIDDEN, "auth", "lacks a right"),
    (Fault.QUERY_SYNTAX, "refused", "check the clause"),
    (Fault.NOT_FOUND, "server_error", "check the URL"),
    (Fault.TOO_MANY, "rate_limited", "slow down"),
    (Fault.CRASH, "server_error", "search again later"),
    (Fault.BAD_GATEWAY, "server_error", "search again later"),
    (Fault.UNAVAILABLE, "server_error", "search again later"),
    (Fault.GATEWAY_TIMEOUT, "server_error", "search again later"),
    (Fault.HANG, "timeout", "raise `timeout=`"),
    (Fault.CUT_BODY, "server_error", "check the URL"),
    (Fault.NOT_JSON, "server_error", "check the URL"),
    (Fault.OTHER_JSON, "server_error", "check the URL"),
    (Fault.INCOMPLETE, "incomplete", "search again later"),
]


@pytest.mark.parametrize(("fault", "reason", "advice"), FAILURES)
def test_when_carbon_black_fails_rows_survive_with_the_reason_and_one_message(
    site: Site, edr: EdrServer, fault: Fault, reason: str, advice: str
) -> None:
    """Unknown, never false; the message says what to do."""
    edr.estate.add_binary(A, "Signed", "c:\\a.exe")
    if fault is Fault.HANG:
        site.save_account("lab", timeout="1")
    edr.fail(fault)
    result = site.search([{"n": "1", "md5": A}, {"n": "2", "md5": B}, {"n": "3"}], chunk_size=2)
    assert [row["n"] for row in result.rows] == ["1", "2", "3"]
    assert _signed(result.rows) == [("unknown", reason), ("unknown", reason), ("unknown", "no_hash")]
    ((level, text),) = result.messages
    assert level == "WARN"
    assert advice in text
    assert TOKEN not in text
    assert result.exit_code == 0


def test_blocked_joins_still_give_answers_and_advice(site: Site, edr: EdrServer) -> None:
    """The binary document decides; the message names the cheaper method."""
    edr.estate.add_binary(A, "Signed", "c:\\a.exe")
    edr.estate.add_binary(B, "Unsigned", "c:\\b.exe")
    edr.fail(Fault.JOIN_BLOCKED)
    result = site.search([{"md5": A}, {"md5": B}, {"md5": C}])
    assert _signed(result.rows) == [("true", "binary"), ("false", "unsigned"), ("unknown", "refused")]
    ((level, text),) = result.messages
    assert (level, "use `method=binary`" in text) == ("WARN", True)


def test_a_right_that_only_the_joint_query_lacks_leaves_the_decision_to_the_documents(
    site: Site, edr: EdrServer
) -> None:
    """A 403 may be the answer to a blocked join; it ends neither the request nor the search."""
    edr.estate.add_binary(A, "Signed", "c:\\a.exe")
    edr.estate.add_binary(B, "Unsigned", "c:\\b.exe")
    edr.fail(Fault.FORBIDDEN, "/api/v1/process")
    assert _signed(site.search([{"md5": A}, {"md5": B}], chunk_size=1).rows) == [
        ("true", "binary"),
        ("false", "unsigned"),
    ]


def test_a_passing_failure_of_splunkd_costs_one_chunk(site: Site, edr: EdrServer) -> None:
    """What the service could not read for the first rows, it reads for the next."""
    edr.estate.add_binary(A, "Signed", "c:\\a.exe")
    site.splunkd.conf_trouble = "busy"

    def recover(_: int) -> None:
        site.splunkd.conf_trouble = ""

    result = site.search([{"md5": A}, {"md5": A}], chunk_size=1, progress=recover)
    assert _signed(result.rows) == [("unknown", "service_error"), ("true", "binary")]
    assert "splunkd answered 503 when asked for cbsigned_settings.conf" in result.messages[0][1]


def test_a_server_that_is_gone_costs_no_row(site: Site, edr: EdrServer) -> None:
    """Unreachable, and what to check."""
    edr.stop()
    result = site.search([{"md5": A}])
    assert _signed(result.rows) == [("unknown", "unreachable")]
    assert "check the URL, the proxy and the firewall" in result.messages[0][1]


def test_a_wrong_certificate_costs_no_row_and_never_gets_the_token(site: Site, edr: EdrServer) -> None:
    """The message says which certificate to paste where."""
    site.save_account("lab", ca_certificate=issued_for("127.0.0.1").trust_pem)
    result = site.search([{"md5": A}])
    assert _signed(result.rows) == [("unknown", "certificate")]
    assert "does not trust" in result.messages[0][1]
    assert edr.requests == []


def test_an_answer_in_the_middle_of_trouble_is_kept(site: Site, edr: EdrServer) -> None:
    """What the first chunk learnt stands when the server fails later."""
    edr.estate.add_binary(A, "Signed", "c:\\a.exe")
    rows: list[Row] = [{"md5": A}, {"md5": A}, {"md5": B}]

    def fail_after_the_first(done: int) -> None:
        if done == 1:
            edr.fail(Fault.CRASH)

    result = site.search(rows, chunk_size=1, progress=fail_after_the_first)
    assert _signed(result.rows) == [("true", "binary"), ("true", "binary"), ("unknown", "server_error")]


SETUPS = [
    ({}, (), "no account is set up"),
    ({"one": {}, "two": {}}, (), "several accounts (one, two)"),
    ({"one": {}}, ("server=other",), "no account 'other'"),
    ({"one": {"url": "http://cb.example"}}, (), "https://"),
    ({"one": {"api_token": ""}}, (), "API token is missing"),
    ({"one": {"ca_certificate": "nonsense"}}, (), "not PEM text"),
    ({"one": {}}, ("server=_reload",), "no account '_reload'"),
]


@pytest.mark.parametrize(("accounts", "arguments", "words"), SETUPS)
def test_a_wrong_setup_is_named_and_costs_no_row(
    bare_site: Site, accounts: dict[str, dict[str, str]], arguments: tuple[str, ...], words: str
) -> None:
    """The analyst's message says what the admin has to do."""
    for name, fields in accounts.items():
        bare_site.save_account(name, **{"url": "https://127.0.0.1:1", "api_token": TOKEN, **fields})
    result = bare_site.search([{"md5": A}], *arguments)
    assert _signed(result.rows) == [("unknown", "setup")]
    assert words in result.messages[0][1]


def test_a_secret_that_is_lost_is_named_and_nothing_is_asked_around_it(site: Site, edr: EdrServer) -> None:
    """Without its password the proxy must not silently be left out."""
    site.save_settings("proxy", proxy_enabled="1", proxy_url="127.0.0.1", proxy_port="1", proxy_password="x")  # noqa: S106
    site.splunkd.forget_secrets("cbsigned_settings")
    result = site.search([{"md5": A}])
    assert _signed(result.rows) == [("unknown", "setup")]
    assert "its secret is missing from storage/passwords" in result.messages[0][1]
    assert edr.requests == []


def test_a_wrong_clause_is_named_and_costs_no_row(site: Site) -> None:
    """Before anything is asked."""
    site.save_settings("verdicts", clause="process_name:evil.exe")
    result = site.search([{"md5": A}])
    assert _signed(result.rows) == [("unknown", "setup")]
    assert "is not a term over one of" in result.messages[0][1]


def test_the_default_account_is_a_setting_and_each_search_may_name_its_own(edr: EdrServer, bare_site: Site) -> None:
    """Several Carbon Black servers, and one search over two of them."""
    with EdrServer(Estate()) as other:
        for name, server in (("main", edr), ("emea", other)):
            bare_site.save_account(name, url=server.url, api_token=TOKEN, ca_certificate=server.trust_pem)
        bare_site.save_settings("verdicts", default_account="emea")
        edr.estate.add_binary(A, "Signed", "c:\\a.exe")
        assert _signed(bare_site.search([{"md5": A}]).rows) == [("unknown", "not_seen")]
        assert _signed(bare_site.search([{"md5": A}], "server=main").rows) == [("true", "binary")]
