"""Settings are checked when they are built, in words that name them."""

from __future__ import annotations

import traceback

import pytest

from cbverdict.errors import SetupError
from cbverdict.settings.account import (
    Account,
    host_of,
    is_proxy_on,
    parse_account,
    parse_proxy,
    uses_proxy,
)
from cbverdict.settings.verdicts import Method, VerdictSettings, parse_verdict_settings
from tests.lab.https import issued_for

TOKEN = "feedfacefeedfacefeedfacefeedface"  # noqa: S105 - made up
STANZA: dict[str, str | None] = {"url": "https://cb.example:8443/", "api_token": TOKEN}


def test_an_account_needs_a_url_and_a_token_only() -> None:
    """Everything else has a default that is safe."""
    account = parse_account("main", STANZA, None)
    assert account == Account("main", "https://cb.example:8443", TOKEN)
    assert account.is_host_name_checked
    assert (account.timeout, account.requests_in_flight, account.proxy) == (30.0, 4, None)


def test_neither_token_nor_proxy_password_is_in_the_text_of_an_account() -> None:
    """A repr ends up in logs."""
    account = parse_account("main", STANZA, "http://user:hunter2@proxy:3128")
    assert TOKEN not in repr(account)
    assert "hunter2" not in repr(account)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("url", "http://cb.example", "https://"),
        ("url", "cb.example", "https://"),
        ("url", "https://", "https://"),
        ("url", "https://cb.example:port", "https://"),
        ("url", "https://cb..example", "https://"),
        ("url", "https://c b.example", "https://"),
        ("ca_certificate", "zertifikat für cb", "PEM"),
        ("requests_in_flight", "nan", "write a number"),
        ("requests_in_flight", "inf", "write a number"),
        ("url", "https://cb.example/api", "nothing more"),
        ("url", "https://user:pw@cb.example", "nothing more"),
        ("url", "https://:@cb.example", "nothing more"),
        ("url", "https://cb.example?", "nothing more"),
        ("url", "https://cb.example#", "nothing more"),
        ("url", "https://\uff4cocalhost", "https://"),
        ("url", "", "https://"),
        ("api_token", "", "token is missing"),
        ("api_token", "two words", "token is missing"),
        ("api_token", "tök", "token is missing"),
        ("ca_certificate", "not a certificate", "PEM"),
        ("ca_certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "PEM"),
        ("timeout", "soon", "timeout"),
        ("timeout", "0", "1 to 600"),
        ("requests_in_flight", "5", "1 to 4"),
        ("requests_in_flight", "0", "1 to 4"),
        ("check_host_name", "maybe", "check_host_name"),
    ],
)
def test_what_could_not_work_is_refused_by_name(name: str, value: str, words: str) -> None:
    """The message names the account and the value."""
    with pytest.raises(SetupError, match=f"account main.*{words}"):
        parse_account("main", {**STANZA, name: value}, None)


def test_a_refused_token_is_not_repeated() -> None:
    """Not even in the error about it."""
    with pytest.raises(SetupError) as caught:
        parse_account("main", {**STANZA, "api_token": "hunter2 hunter2"}, None)
    assert "hunter2" not in str(caught.value)


def test_a_certificate_may_have_its_line_ends_written_out() -> None:
    """A conf file written by hand has backslash and n."""
    pem = issued_for("cb.example").trust_pem
    account = parse_account("main", {**STANZA, "ca_certificate": pem.replace("\n", "\\n")}, None)
    assert account.ca_certificate == pem.strip()


@pytest.mark.parametrize("name", ["use_proxy", "check_host_name"])
def test_an_empty_switch_is_the_default(name: str) -> None:
    """As an empty number is: it must not switch off what keeps others out."""
    account = parse_account("main", {**STANZA, name: " "}, "http://proxy:3128")
    assert account.is_host_name_checked
    assert account.proxy == "http://proxy:3128"


def test_an_account_may_do_without_the_proxy() -> None:
    """For a server on this side of it."""
    assert parse_account("main", {**STANZA, "use_proxy": "0"}, "http://proxy:3128").proxy is None
    assert parse_account("main", {**STANZA, "use_proxy": "1"}, "http://proxy:3128").proxy == "http://proxy:3128"


def test_the_proxy_is_a_url_with_its_login_escaped() -> None:
    """A password may hold anything."""
    stanza = {
        "proxy_enabled": "1",
        "proxy_url": "proxy",
        "proxy_port": "3128",
        "proxy_username": "u@x",
        "proxy_password": "p:/w",
    }
    assert parse_proxy(stanza) == "http://u%40x:p%3A%2Fw@proxy:3128"
    assert parse_proxy({**stanza, "proxy_enabled": "0"}) is None
    assert parse_proxy({}) is None
    assert parse_proxy({**stanza, "proxy_url": " proxy ", "proxy_port": "3128 "}) == parse_proxy(stanza)
    assert str(parse_proxy({**stanza, "proxy_url": "fd00::1"})).endswith("@[fd00::1]:3128")
    for change in ({"proxy_port": "3_128"}, {"proxy_port": "\u0663128"}, {"proxy_url": "\uff4cocalhost"}):
        with pytest.raises(SetupError, match="has to be http or https, proxy_url a host's name alone"):
            parse_proxy({**stanza, **change})
    for change in ({"proxy_type": "socks5"}, {"proxy_port": "abc"}, {"proxy_port": "0"}, {"proxy_url": "http://proxy"}):
        with pytest.raises(SetupError, match="settings, proxy"):
            parse_proxy({**stanza, **change})
    with pytest.raises(SetupError, match="no host or no port"):
        parse_proxy({"proxy_enabled": "1", "proxy_url": "proxy"})


@pytest.mark.parametrize("host", ["bob:S3cret@proxy.example", "http://bob:S3cret@proxy.example", "h\u2100x:S3cret@y"])
def test_a_login_in_a_setting_is_in_no_error(host: str) -> None:
    """Many tools want user and password before the proxy's host, and an analyst reads what is wrong."""
    with pytest.raises(SetupError, match="proxy_username and proxy_password") as caught:
        parse_proxy({"proxy_enabled": "1", "proxy_url": host, "proxy_port": "8080"})
    assert "S3cret" not in "".join(traceback.format_exception(SetupError, caught.value, None))
    with pytest.raises(SetupError) as caught:
        host_of(f"https://[::1{host}")
    assert "S3cret" not in "".join(traceback.format_exception(SetupError, caught.value, None))


def test_a_proxy_that_is_not_used_is_not_looked_at() -> None:
    """Nor is the rest of one that is off."""
    broken = {"proxy_url": "", "proxy_port": "x"}
    assert parse_proxy({**broken, "proxy_enabled": "0"}) is None
    assert not is_proxy_on({**broken, "proxy_enabled": "no"})
    assert uses_proxy("a", {})
    assert not uses_proxy("a", {"use_proxy": "0"})


def test_verdict_settings_have_presets_and_defaults() -> None:
    """A clause is a preset's name or a template."""
    assert parse_verdict_settings({}) == VerdictSettings(
        Method.JOINT, 'digsig_result:"Signed"', expired_is_signed=False
    )
    stanza = {"method": "binary", "clause": "digsig_prog_name", "expired_is_signed": "true"}
    expected = VerdictSettings(Method.BINARY, "digsig_prog_name:{{ process_name }}", expired_is_signed=True)
    assert parse_verdict_settings(stanza) == expected
    assert parse_verdict_settings({"clause": "digsig_publisher:x"}).clause == "digsig_publisher:x"
    with pytest.raises(SetupError, match="method 'guess' is not one of joint, binary, prog_name"):
        parse_verdict_settings({"method": "guess"})
