"""What an admin hears when an account is saved: the check asks what a search would ask."""

from __future__ import annotations

import json
import re
import socket

import pytest

from cbverdict.errors import CbsignedError, NoRightError, SetupError
from cbverdict.service.account_check import check_account
from cbverdict.splunkd.conf import SplunkdConfiguration
from cbverdict.splunkd.rest import ServiceCall
from tests.lab.edr.estate import Estate
from tests.lab.edr.server import TOKEN, EdrServer, Fault
from tests.lab.https import issued_for, self_signed_for
from tests.lab.site import Site


def _check(site: Site, *capabilities: str, **fields: str) -> str:
    """Check an account as an admin; give what is wrong (empty: nothing)."""
    key = site.splunkd.log_in("admin", *(capabilities or ("cbsigned_admin",)))
    try:
        ServiceCall(site.splunkd.url, key, "check").post(json.dumps({"name": "main", **fields}), 60)
    except NoRightError:
        raise
    except CbsignedError as error:
        return str(error)
    return ""


def _fields(edr: EdrServer, **changes: str) -> dict[str, str]:
    return {"url": edr.url, "api_token": TOKEN, "ca_certificate": edr.trust_pem, **changes}


def test_what_works_is_saved(bare_site: Site, edr: EdrServer) -> None:
    """With three requests: the version, a binary search, a joint query. No administrator's token is needed."""
    assert _check(bare_site, **_fields(edr)) == ""
    assert [path for _, path, _ in edr.requests] == ["/api/info", "/api/v1/binary", "/api/v1/process"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "http://127.0.0.1"}, "the URL must be https://"),
        ({"name": "\ud800"}, "its name among them"),
        ({"url": "https://no-such-host.invalid"}, "has a name that no DNS server knows"),
        ({"api_token": "x" * 40}, "refused the API token: enter the current one"),
        ({"api_token": ""}, "the API token is missing"),
        (
            {"ca_certificate": ""},
            "from a CA that the account does not trust. The server's certificate is not trusted",
        ),
        ({"ca_certificate": "nonsense"}, "the CA certificate is not PEM text"),
        ({"timeout": "0"}, "the time-out must be 1 to 600 seconds"),
        ({"requests_in_flight": "9"}, "requests in flight must be 1 to 4"),
    ],
)
def test_what_is_wrong_with_a_value_is_said(
    bare_site: Site, edr: EdrServer, changes: dict[str, str], words: str
) -> None:
    """Which one, and what to do; never with the token in it."""
    if changes.get("api_token") == "":
        changes = {**changes, "api_token": " "}
    message = _check(bare_site, **_fields(edr, **changes))
    assert words in message
    assert TOKEN not in message


@pytest.mark.parametrize(
    ("fault", "path", "words"),
    [
        (Fault.FORBIDDEN, "/api/v1", "lacks a right: let a Carbon Black administrator grant"),
        (Fault.NOT_FOUND, "/api", "is not Carbon Black EDR"),
        (Fault.NOT_JSON, "/api", "is not Carbon Black EDR"),
        (Fault.REDIRECT, "/api", "is not Carbon Black EDR"),
        (Fault.UNAVAILABLE, "/api", "answered 503"),
        (Fault.JOIN_BLOCKED, "/api/v1/process", "choose the method Binary in the tab Verdicts"),
        (Fault.CRASH, "/api/v1/process", "answers, but not the joint query"),
    ],
)
def test_what_is_wrong_with_the_server_is_said(
    bare_site: Site, edr: EdrServer, fault: Fault, path: str, words: str
) -> None:
    """In words that say what to do."""
    edr.fail(fault, path)
    assert words in _check(bare_site, **_fields(edr))


def test_where_joins_are_blocked_the_method_binary_is_the_way_out(bare_site: Site, edr: EdrServer) -> None:
    """Saved first, it lets the account be saved."""
    edr.fail(Fault.JOIN_BLOCKED)
    assert "joined searches" in _check(bare_site, **_fields(edr))
    bare_site.save_settings("verdicts", method="binary")
    assert _check(bare_site, **_fields(edr)) == ""


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/info", "did not answer within 2 s. Check URL and port"),
        ("/api/v1/binary", "did not answer within 2 s. Check URL and port"),
        ("/api/v1/process", "takes too long for them, choose the method Binary in the tab Verdicts"),
    ],
)
def test_a_server_that_is_too_slow_is_explained(bare_site: Site, edr: EdrServer, path: str, words: str) -> None:
    """In words for somebody who saves an account, not for a search, and before the page gives up."""
    edr.fail(Fault.HANG, path)
    message = _check(bare_site, **_fields(edr, timeout="2"))
    assert words in message
    assert "search again" not in message


def test_all_requests_of_a_check_share_its_time(bare_site: Site, edr: EdrServer) -> None:
    """Splunk Web would show a failure for an account that was saved behind its back."""
    configuration = SplunkdConfiguration(bare_site.splunkd.url, bare_site.splunkd.system_token)
    edr.delay = 0.5
    edr.fail(Fault.HANG, "/api/v1/process")
    with pytest.raises(SetupError, match="answers, but not the joint query") as refusal:
        check_account(json.dumps({"name": "main", **_fields(edr)}), configuration, 4.0)
    (left,) = re.findall(r"did not answer within (\d+) s", str(refusal.value))
    assert int(left) <= 3, "of four seconds, the two requests before took one"


def test_a_secret_that_was_lost_can_be_entered_again(site: Site, edr: EdrServer) -> None:
    """As the message of a search that misses it says."""
    site.splunkd.forget_secrets("cbsigned_account")
    assert _check(site, **_fields(edr, name="lab")) == ""
    assert "the API token is missing" in _check(site, **_fields(edr, name="lab", api_token="*" * 6))


def test_an_old_server_is_named(bare_site: Site, edr: EdrServer) -> None:
    """With its version."""
    edr.version = "5.2.0.161004.1206"
    assert "is EDR 5.2.0.161004.1206, which is too old: the add-on needs 6.0" in _check(bare_site, **_fields(edr))


def test_a_certificate_for_another_name_is_explained(bare_site: Site, estate: Estate) -> None:
    """And saved where the admin says that the name does not matter."""
    with EdrServer(estate, issued_for("other.example")) as edr:
        message = _check(bare_site, **_fields(edr))
        assert "certificate for another name. Write the name that it is for into the account's URL" in message
        assert "switch Check the host name off" in message
        assert _check(bare_site, **_fields(edr, check_host_name="0")) == ""


def test_a_self_signed_certificate_is_explained(
    bare_site: Site, estate: Estate, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Pasted, it is trusted."""
    folder = str(tmp_path_factory.mktemp("certificate"))
    with EdrServer(estate, self_signed_for("localhost", folder)) as edr:
        message = _check(bare_site, **_fields(edr, ca_certificate=""))
        assert "self-signed certificate that the account does not trust. Paste that certificate itself" in message
        assert "openssl s_client" in message
        assert "switch Check the host name off as well" in message
        assert "switch Check the host name off" in _check(bare_site, **_fields(edr))
        assert _check(bare_site, **_fields(edr, check_host_name="0")) == ""


def test_a_server_that_refuses_connections_is_explained(bare_site: Site) -> None:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert "does not accept connections" in _check(bare_site, url=f"https://127.0.0.1:{port}", api_token=TOKEN)


def test_the_saved_token_is_used_where_the_form_shows_asterisks(site: Site, edr: EdrServer) -> None:
    """Somebody who edits an account need not type it again; a wrong one that was saved is noticed."""
    key_fields = _fields(edr, name="lab", api_token="*" * 6)
    assert _check(site, **key_fields) == ""
    site.save_account("lab", url=edr.url, api_token="x" * 40, ca_certificate=edr.trust_pem)
    assert "refused the API token" in _check(site, **key_fields)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "https://localhost:1"}, "the URL changed"),
        ({"ca_certificate": ""}, "the CA certificate changed"),
        ({"ca_certificate": issued_for("127.0.0.1").trust_pem}, "the CA certificate changed"),
        ({"check_host_name": "0"}, "the check of the host name changed"),
        ({"use_proxy": "0"}, "the use of the proxy changed"),
        ({"url": "https://localhost:1", "check_host_name": "no"}, "the URL and the check of the host name changed"),
    ],
)
def test_a_saved_token_goes_where_it_goes_already_and_nowhere_else(
    site: Site, edr: EdrServer, changes: dict[str, str], words: str
) -> None:
    """Or whoever may check an account reads its token at a server, a CA or a proxy of his own."""
    if "use_proxy" in changes:
        site.save_settings("proxy", proxy_enabled="1", proxy_type="http", proxy_url="127.0.0.1", proxy_port="9")
    for token in ({}, {"api_token": ""}, {"api_token": "*" * 6}):
        message = _check(site, **{"name": "lab", **token, **changes})
        assert f"account lab: {words}, so enter the API token again" in message
    assert edr.requests == []
    assert "enter the API token again" not in _check(site, **{"name": "lab", "api_token": TOKEN, **changes})


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ({"timeout": "abc"}, {"timeout": "30"}),
        ({"requests_in_flight": "9"}, {"requests_in_flight": "2"}),
    ],
)
def test_what_was_saved_wrongly_can_be_corrected_without_the_token(
    site: Site, edr: EdrServer, wrong: dict[str, str], right: dict[str, str]
) -> None:
    """By hand in a conf file, say; where the token goes has not changed."""
    site.save_account("lab", **{**_fields(edr), **wrong})
    assert _check(site, **{**_fields(edr, name="lab", api_token="*" * 6), **right}) == ""


def test_a_lost_secret_of_a_proxy_that_is_off_stops_nothing(site: Site, edr: EdrServer) -> None:
    """Nor does one that the account does not use."""
    site.save_settings("proxy", proxy_enabled="0", proxy_url="x", proxy_port="1", proxy_password="x")  # noqa: S106
    site.splunkd.forget_secrets("cbsigned_settings")
    assert _check(site, **_fields(edr, name="lab")) == ""
    site.save_settings("proxy", proxy_enabled="1")
    assert _check(site, **_fields(edr, name="lab", use_proxy="0")) == ""
    assert _check(site, **_fields(edr, name="lab")) != ""


def test_the_same_server_written_otherwise_is_the_same(site: Site, edr: EdrServer) -> None:
    """A slash at the end, another case, line ends of a form."""
    pem = edr.trust_pem.replace("\n", "\r\n")
    same = {"url": edr.url.upper().replace("HTTPS", "https") + "/", "check_host_name": "yes", "use_proxy": "1"}
    assert _check(site, name="lab", **same) == ""
    assert _check(site, name="lab", ca_certificate=pem) == ""


def test_only_an_admin_may(bare_site: Site, edr: EdrServer) -> None:
    """An analyst could have any server asked from this one."""
    with pytest.raises(NoRightError):
        _check(bare_site, "cbsigned_lookup", **_fields(edr))
    assert edr.requests == []


def test_the_token_reaches_no_log(bare_site: Site, edr: EdrServer) -> None:
    """Whether it works or not."""
    assert _check(bare_site, **_fields(edr)) == ""
    edr.fail(Fault.CRASH)
    assert _check(bare_site, **_fields(edr)) != ""
    assert TOKEN not in bare_site.logs()
