"""Who may send which verb to which endpoint: all stanzas of the built restmap.conf, all verbs, each role."""

from __future__ import annotations

import json
import ssl
from http.client import HTTPSConnection
from pathlib import Path
from typing import Iterator

import pytest

from tests.lab.edr.estate import Estate
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.site import Site

VERBS = ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS")
NAMESPACE = "/servicesNS/nobody/cbsigned/"
BODIES = {
    "cbsigned/verdicts": {"questions": []},
    "cbsigned/baselines": {"subjects": ["person:jdoe"]},
    "cbsigned/learning": {"baselines": {}},
    "cbsigned/check": {"name": "lab"},
    "cbsigned/inputs": {"action": "list"},
    "cbsigned/health": {},
    "cbsigned/decisions": {
        "action": "expect",
        "days": 30,
        "why": "a test of the verbs",
        "rows": [{"team": "hr", "process_name": "a.exe"}],
    },
}
OUR_ENDPOINTS = sorted(BODIES)

# The table of docs/security.md, Endpoints: what each role's verbs come to (any other verb of these two roles: 405).
ANSWERED = {
    "cbsigned_user": {"cbsigned/verdicts": {"POST": 200, "DELETE": 403}, "cbsigned/baselines": {"POST": 200}},
    "cbsigned_admin": {
        "cbsigned/verdicts": {"POST": 200, "DELETE": 200},
        "cbsigned/baselines": {"POST": 200},
        "cbsigned/learning": {"POST": 200},
        "cbsigned/check": {"POST": 200},
        "cbsigned/inputs": {"POST": 200},
        "cbsigned/health": {"GET": 200},
        "cbsigned/decisions": {"POST": 200},
    },
    "cbsigned_reviewer": {
        "cbsigned/verdicts": {"POST": 200, "DELETE": 403},
        "cbsigned/baselines": {"POST": 200},
        "cbsigned/decisions": {"POST": 200},
    },
}


@pytest.fixture(scope="module")
def edr() -> Iterator[EdrServer]:
    """Give a simulator."""
    with EdrServer(Estate()) as server:
        yield server


@pytest.fixture(scope="module")
def site(package: Path, edr: EdrServer) -> Iterator[Site]:
    """Give a search head with the built package, whose pages' own endpoints are there as well."""
    with Site(package) as site:
        site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
        yield site


def _send(site: Site, key: str, verb: str, path: str, body: str = "") -> tuple[int, str]:
    context = ssl.create_default_context(cafile=None)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = HTTPSConnection(site.splunkd.url.partition("://")[2], context=context, timeout=60)
    try:
        connection.request(verb, NAMESPACE + path, body, {"Authorization": f"Splunk {key}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def _log_in(site: Site, role: str) -> str:
    return site.splunkd.log_in(role, "search", *site.splunkd.roles().get(role, ()))


def test_every_endpoint_of_the_package_stands_in_the_table(site: Site) -> None:
    """A new one has to be thought of here."""
    restmap = site.splunkd.confs["restmap"]
    assert sorted(stanza["match"].strip("/") for stanza in restmap.values() if "scripttype" in stanza) == OUR_ENDPOINTS
    assert len(list(site.splunkd.externals)) == 4


def test_every_stanza_names_a_capability_for_all_verbs(site: Site) -> None:
    """One that names some verbs leaves the others open to whoever may search."""
    stanzas = site.splunkd.confs["restmap"]
    open_ones = [
        name
        for name, stanza in stanzas.items()
        if name.startswith(("script:", "admin:"))
        and stanza.get("capability") not in {"cbsigned_admin", "cbsigned_lookup", "cbsigned_review"}
    ]
    assert open_ones == []


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("path", OUR_ENDPOINTS)
@pytest.mark.parametrize("role", ["user", "cbsigned_user", "cbsigned_reviewer", "cbsigned_admin"])
def test_a_verb_is_answered_only_for_a_role_that_may(site: Site, role: str, path: str, verb: str) -> None:
    """`user` has Splunk's own rights alone; a verb that the endpoint does not know is refused whoever sends it."""
    known = ANSWERED.get(role, {}).get(path)
    expected = 403 if known is None else known.get(verb, 405)
    status, text = _send(site, _log_in(site, role), verb, path, json.dumps(BODIES[path]))
    assert status == expected
    if expected == 405 and verb != "HEAD":
        assert "no other verb" in json.loads(text)["message"]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("role", ["user", "cbsigned_user"])
def test_the_setup_pages_endpoints_are_the_admins_alone(site: Site, role: str, verb: str) -> None:
    """Accounts, settings and both kinds of inputs, listed and by name."""
    key = _log_in(site, role)
    statuses = {
        path: _send(site, key, verb, path, "name=lab")[0]
        for name in site.splunkd.externals
        for path in (name, f"{name}/lab", f"{name}/_new")
    }
    assert set(statuses.values()) == {403}, statuses


def test_a_refused_verb_does_nothing(site: Site, edr: EdrServer) -> None:
    """Neither splunkd's store nor Carbon Black hears of it, for the handler looks at the verb first."""
    before, calls = len(edr.requests), len(site.splunkd.calls)
    key = _log_in(site, "cbsigned_admin")
    for path in OUR_ENDPOINTS:
        for verb in ("PUT", "PATCH"):
            _send(site, key, verb, path, json.dumps(BODIES[path]))
    assert len(edr.requests) == before
    assert {user for user, _, _ in site.splunkd.calls[calls:]} == {"cbsigned_admin"}
