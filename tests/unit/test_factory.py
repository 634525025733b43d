"""From an account to its server, whatever its kind."""

from __future__ import annotations

import pytest

from cbverdict.carbonblack.edr.server import EdrServer
from cbverdict.carbonblack.factory import check_verdict_settings, server_of
from cbverdict.carbonblack.port import EvidenceSource, PageSource, Server, SetupCheck, Way
from cbverdict.errors import SetupError
from cbverdict.settings.account import parse_account
from cbverdict.settings.verdicts import CLAUSE_PRESETS, DEFAULT_CLAUSE, Method, VerdictSettings

STANZA = {"url": "https://cb.example", "api_token": "secret"}
BY_NAME = CLAUSE_PRESETS["digsig_prog_name"]


@pytest.mark.parametrize("kind", [None, "", "edr", " edr "])
def test_an_account_is_an_edr_servers_where_it_says_nothing_else(kind: str | None) -> None:
    """As all accounts are that were saved before there was anything to say."""
    account = parse_account("lab", {**STANZA, "kind": kind}, None)
    assert server_of(account) == EdrServer(account)


def test_an_unknown_kind_is_refused_and_the_known_ones_are_named() -> None:
    """The text names the account, for there may be several."""
    account = parse_account("lab", {**STANZA, "kind": "clod"}, None)
    with pytest.raises(SetupError, match=r"^account lab: the kind of server 'clod' is not one of edr$"):
        server_of(account)


def test_a_server_opens_what_searches_inputs_and_the_setup_page_ask() -> None:
    """Nothing is sent for it; mypy holds each to the port."""
    server: Server = server_of(parse_account("lab", STANZA, None))
    evidence: EvidenceSource = server.open_evidence()
    pages: PageSource = server.open_pages()
    check: SetupCheck = server.open_check()
    assert pages.request_count == 0
    for opened in (evidence, pages, check):
        opened.close()


@pytest.mark.parametrize(
    ("method", "clause", "needs_names"),
    [
        (Method.JOINT, DEFAULT_CLAUSE, False),
        (Method.JOINT, BY_NAME, True),
        (Method.BINARY, BY_NAME, False),
        (Method.PROG_NAME, DEFAULT_CLAUSE, True),
    ],
)
def test_names_are_needed_where_the_question_turns_on_them(method: Method, clause: str, *, needs_names: bool) -> None:
    """Else the command need not send them."""
    server = server_of(parse_account("lab", STANZA, None))
    assert server.needs_names(Way(method, clause)) is needs_names


@pytest.mark.parametrize("clause", ["{{ md5", "x:y", "digsig_result:{{ 1/0 }}", 'digsig_result:"{{ process_name }}"'])
def test_a_clause_that_no_server_can_ask_is_refused(clause: str) -> None:
    """When it is saved, and when it is asked for, whatever the method."""
    with pytest.raises(SetupError, match="clause"):
        check_verdict_settings(VerdictSettings(clause=clause))
    server = server_of(parse_account("lab", STANZA, None))
    for method in Method:
        with pytest.raises(SetupError, match="clause"):
            server.needs_names(Way(method, clause))


def test_the_clauses_that_ship_are_not() -> None:
    """Each of them makes a query."""
    for clause in CLAUSE_PRESETS.values():
        check_verdict_settings(VerdictSettings(clause=clause))
