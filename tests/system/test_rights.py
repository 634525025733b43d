"""Who may do what, and where the token is: nowhere but in encrypted storage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator

import pytest
from splunklib import binding
from splunklib.binding import HTTPError

from cbverdict.service.verdict_api import read_reply
from cbverdict.splunkd.rest import RIGHTS
from tests.lab.edr.estate import Estate
from tests.lab.edr.server import EdrServer, Fault
from tests.lab.site import Site
from tests.lab.splunkd.server import RefusedError

A = "a" * 32
PLANTED = "plantedc0ffee00000000000000000000000token"
PATH = "/servicesNS/nobody/cbsigned/cbsigned/verdicts"


@pytest.fixture
def edr() -> Iterator[EdrServer]:
    """Give a simulator that accepts the planted token."""
    with EdrServer(Estate(), token=PLANTED) as server:
        yield server


@pytest.fixture
def site(bare_site: Site, edr: EdrServer) -> Site:
    """Give a site whose account holds the planted token."""
    bare_site.save_account("lab", url=edr.url, api_token=PLANTED, ca_certificate=edr.trust_pem)
    return bare_site


def _call(site: Site, key: str, body: str | None, verb: str = "POST") -> tuple[int, Any]:
    host, _, port = site.splunkd.url.partition("://")[2].partition(":")
    context = binding.Context(scheme="https", host=host, port=int(port), token=key)
    try:
        answer = context.post(PATH, body=body) if verb == "POST" else context.get(PATH)
    except HTTPError as error:
        return error.status, error.body
    return answer.status, answer.body.read()


def test_an_analyst_needs_one_capability_and_never_the_secrets(site: Site) -> None:
    """The role that the add-on ships for them is enough; who sets up has what Splunk wants for saving a secret."""
    roles = site.splunkd.roles()
    assert roles["cbsigned_user"] == {"cbsigned_lookup", "run_custom_command"}
    result = site.search([{"md5": A}], capabilities=roles["cbsigned_user"])
    assert result.rows[0]["signed_reason"] == "not_seen"
    secrets = {"list_storage_passwords", "edit_storage_passwords"}
    inputs = {"list_inputs", "edit_modinput_cbsigned_processes", "edit_modinput_cbsigned_binaries"}
    assert roles["cbsigned_admin"] == {*roles["cbsigned_user"], "cbsigned_admin", "cbsigned_review", *secrets, *inputs}


def test_every_capability_that_is_granted_is_declared_or_splunks_own(site: Site) -> None:
    """One of the app's that nobody declares is granted to nobody; each input has its own."""
    confs = site.splunkd.confs
    declared = {name.partition("::")[2] for name in confs["authorize"] if name.startswith("capability::")}
    own = {f"edit_modinput_{kind}" for kind in confs["inputs"]} | {
        "cbsigned_lookup",
        "cbsigned_admin",
        "cbsigned_review",
    }
    assert declared == own
    splunks = {"run_custom_command", "list_inputs", "list_storage_passwords", "edit_storage_passwords"}
    assert frozenset().union(*site.splunkd.roles().values()) == declared | splunks


def test_whoever_is_refused_hears_of_a_role_that_has_the_right(site: Site) -> None:
    """Of every endpoint that a command calls, that which restmap.conf asks for."""
    wanted = {
        stanza["match"].rpartition("/")[2]: stanza["capability"]
        for stanza in site.splunkd.confs["restmap"].values()
        if "cbsigned/" in stanza.get("match", "") and "capability" in stanza
    }
    assert {endpoint: capability for endpoint, (_, capability) in RIGHTS.items()} == wanted
    for role, capability in RIGHTS.values():
        assert capability in site.splunkd.roles()[role]


def test_a_role_that_may_run_no_command_is_refused_by_splunk(site: Site) -> None:
    """One that was made from scratch; the role of the add-on brings what it lacks."""
    with pytest.raises(RefusedError, match="run_custom_command"):
        site.search([{"md5": A}], capabilities=["search", "cbsigned_lookup"])
    assert site.search([{"md5": A}], capabilities=["search", *site.splunkd.roles()["cbsigned_user"]]).rows


def test_without_the_capability_rows_survive_and_the_message_says_whom_to_ask(site: Site, edr: EdrServer) -> None:
    """And Carbon Black is not asked."""
    result = site.search([{"md5": A}, {"md5": "b" * 32}], capabilities=["search", "run_custom_command"], chunk_size=1)
    assert [row["signed_reason"] for row in result.rows] == ["no_right", "no_right"]
    ((level, text),) = result.messages
    assert (level, "role `cbsigned_user`" in text) == ("WARN", True)
    assert edr.requests == []


def test_the_command_never_reads_a_secret_or_a_setting_itself(site: Site) -> None:
    """The analyst's own session asks for verdicts and baselines and for nothing else."""
    site.search([{"md5": A}])
    asked = {(verb, path) for user, verb, path in site.splunkd.calls if user == "analyst"}
    assert asked == {("POST", PATH), ("POST", PATH.replace("verdicts", "baselines"))}


def test_the_token_is_nowhere_but_in_encrypted_storage(site: Site, edr: EdrServer) -> None:
    """Not in conf, log, row, message, standard error, or the process list, while it works and while it fails."""
    seen = [json.dumps(site.splunkd.confs)]
    for fault in (None, *Fault):
        edr.recover()
        if fault is not None:
            edr.fail(fault)
            site.save_account("lab", timeout="1")
        result = site.search([{"md5": A, "process_name": "x"}], "timeout=4")
        seen += [json.dumps(result.rows), json.dumps(result.messages), result.standard_error, site.logs()]
        seen += _process_list()
    assert not [text for text in seen if PLANTED in text]
    assert edr.requests, "the token was used"


def _process_list() -> list[str]:
    lists = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lists.append(path.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            continue
    return lists


def test_the_service_answers_anybody_who_has_the_capability(site: Site) -> None:
    """A dashboard, say, without the command."""
    key = site.splunkd.log_in("somebody", "cbsigned_lookup")
    status, body = _call(site, key, json.dumps({"questions": [[A, None]]}))
    reply = read_reply(body.decode())
    assert (status, reply.server, len(reply.answers)) == (200, "lab", 1)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "not a JSON object"),
        ("{", "not a JSON object"),
        ('{"questions": [["x", null]]}', "question 0"),
        (json.dumps({"questions": [[A, None]] * 1001}), "at most 1000"),
        ('{"questions": [], "url": "https://evil.example"}', "unknown members: url"),
    ],
)
def test_the_service_refuses_what_it_does_not_understand(site: Site, body: str, words: str) -> None:
    """By name, with a status that says whose fault it is."""
    status, answer = _call(site, site.splunkd.log_in("somebody", "cbsigned_lookup"), body)
    assert (status, json.loads(answer)["reason"]) == (400, "service_error")
    assert words in json.loads(answer)["message"]


def test_the_service_is_asked_with_post_only(site: Site) -> None:
    """A GET would put hashes into access logs."""
    status, _ = _call(site, site.splunkd.log_in("somebody", "cbsigned_lookup"), None, "GET")
    assert status == 405


def test_connections_stay_open_between_searches_and_a_new_token_counts_at_once(site: Site, edr: EdrServer) -> None:
    """One handler process serves both; no restart after a change."""
    site.search([{"md5": A}])
    site.search([{"md5": "b" * 32}])
    pid, connections = site.splunkd.handlers["cbsigned/verdicts"].pid, edr.connections
    assert connections <= 2, "two requests side by side at the most, and then the same connections"
    site.save_account("lab", api_token="wrong")  # noqa: S106 - it is wrong
    assert site.search([{"md5": A}], "refresh=true").rows[0]["signed_reason"] == "auth"
    site.save_account("lab", api_token=PLANTED)
    assert site.search([{"md5": A}], "refresh=true").rows[0]["signed_reason"] == "not_seen"
    assert site.splunkd.handlers["cbsigned/verdicts"].pid == pid


def test_a_long_token_is_stored_in_pieces_and_read_whole(bare_site: Site) -> None:
    """storage/passwords takes 255 characters at a time; the setup pages split what is longer."""
    token = "t" * 700
    with EdrServer(Estate(), token=token) as edr:
        bare_site.save_account("lab", url=edr.url, api_token=token, ca_certificate=edr.trust_pem)
        assert bare_site.search([{"md5": A}]).rows[0]["signed_reason"] == "not_seen"


def test_one_line_a_batch_is_logged_and_no_row(site: Site, edr: EdrServer) -> None:
    """Account, method, counts, seconds."""
    site.search([{"md5": A, "user": "jdoe"}])
    edr.fail(Fault.UNAVAILABLE)
    site.search([{"md5": A, "process_name": "secret-tool.exe"}], "method=prog_name")
    edr.stop()
    site.search([{"md5": A, "process_name": "secret-tool.exe"}], "method=prog_name")
    log = site.logs()
    assert "verdicts account=lab method=joint questions=1 asked=1 requests=2 seconds=" in log
    assert "secret-tool" not in log
    assert "jdoe" not in log
    assert A not in log
