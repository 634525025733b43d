"""Setup from the built package: what the pages send to splunkd, through UCC's own handlers and the check."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from splunklib import binding

from tests.lab.edr.estate import Estate
from tests.lab.edr.server import TOKEN, EdrServer, Fault
from tests.lab.inputs import InputHost
from tests.lab.search_head import SearchHead
from tests.lab.site import ROOT, Site


@pytest.fixture
def site(installed: Path) -> Any:
    """Give a search head with the built package and no account."""
    with Site(installed, sys.executable) as site:
        yield site


class Admin:
    """Send what the setup pages send."""

    def __init__(self, site: Site, *capabilities: str) -> None:
        """Log in with the role cbsigned_admin, or with these capabilities."""
        rights = capabilities or sorted(site.splunkd.roles()["cbsigned_admin"])
        uri = urlsplit(site.splunkd.url)
        key = site.splunkd.log_in("admin", *rights)
        where = {"scheme": uri.scheme, "host": uri.hostname, "port": uri.port}
        self._context = binding.Context(token=key, owner="nobody", app="cbsigned", **where)

    def send(self, verb: str, path: str, **fields: str) -> dict[str, dict[str, Any]]:
        """Send a form; give the entries that come back."""
        form = {"body": urlencode(fields)} if verb == "post" else {}
        answer = getattr(self._context, verb)(path, output_mode="json", **form)
        body = json.loads(answer.body.read())
        return {entry["name"]: entry["content"] for entry in body["entry"]}

    def refused(self, path: str, **fields: str) -> str:
        """Send a form that is refused; give why."""
        with pytest.raises(binding.HTTPError) as refusal:
            self.send("post", path, **fields)
        return str(refusal.value)


def _fields(edr: EdrServer, **changes: str) -> dict[str, str]:
    return {"name": "main", "url": edr.url, "api_token": TOKEN, "ca_certificate": edr.trust_pem, **changes}


def test_an_account_is_saved_used_changed_and_deleted(site: Site, edr: EdrServer, estate: Estate) -> None:
    """And a search answers with it at once, without a restart."""
    estate.add_binary("a" * 32, "Signed", "c:\\a.exe")
    admin = Admin(site)
    saved = admin.send("post", "cbsigned_account", **_fields(edr))["main"]
    assert saved["api_token"] == "******"  # noqa: S105 - asterisks
    assert site.search([{"md5": "a" * 32}], "server=main").rows[0]["signed"] == "true"
    changed = admin.send("post", "cbsigned_account/main", url=edr.url, api_token="*" * 6, timeout="20")
    assert changed["main"]["timeout"] == "20"
    assert set(admin.send("get", "cbsigned_account")) == {"main"}
    assert site.search([{"md5": "b" * 32}]).rows[0]["signed_reason"] == "not_seen"
    admin.send("delete", "cbsigned_account/main")
    assert admin.send("get", "cbsigned_account") == {}
    assert site.search([{"md5": "a" * 32}]).rows[0]["signed_reason"] == "setup"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"api_token": "x" * 40}, "refused the API token"),
        ({"ca_certificate": ""}, "does not trust"),
        ({"url": "https://a.example/path"}, "the URL must be https://<host>[:port] and nothing more"),
        ({"timeout": "1000"}, "the time-out must be 1 to 600 seconds"),
    ],
)
def test_what_does_not_work_is_not_saved(site: Site, edr: EdrServer, changes: dict[str, str], words: str) -> None:
    """The page shows why."""
    admin = Admin(site)
    assert words in admin.refused("cbsigned_account", **_fields(edr, **changes))
    assert admin.send("get", "cbsigned_account") == {}


def test_an_account_that_works_is_not_changed_into_one_that_does_not(site: Site, edr: EdrServer) -> None:
    """The old one stays."""
    admin = Admin(site)
    admin.send("post", "cbsigned_account", **_fields(edr))
    edr.fail(Fault.BAD_TOKEN)
    assert "refused the API token" in admin.refused("cbsigned_account/main", url=edr.url, api_token="y" * 40)
    edr.recover()
    assert site.search([{"md5": "a" * 32}]).rows[0]["signed_reason"] == "not_seen"


@pytest.mark.parametrize("capability", ["cbsigned_lookup", "search"])
def test_an_analyst_neither_sees_nor_saves_accounts(site: Site, edr: EdrServer, capability: str) -> None:
    """The capability cbsigned_admin is for setup; a search needs none of what it takes."""
    Admin(site).send("post", "cbsigned_account", **_fields(edr))
    analyst = Admin(site, capability)
    assert "cbsigned_admin" in analyst.refused("cbsigned_account", **_fields(edr, name="other"))
    for path in ("cbsigned_account", "cbsigned_account/main", "cbsigned_settings/verdicts"):
        with pytest.raises(binding.HTTPError, match="403"):
            analyst.send("get", path)


@pytest.mark.parametrize(
    ("stanza", "fields"),
    [
        ("verdicts", {"method": "binary", "expired_is_signed": "1", "keep_signed_days": "5"}),
        ("anomalies", {"threshold": "30", "half_life_days": "60", "minimum_support": "10"}),
        ("proxy", {"proxy_enabled": "1", "proxy_type": "http", "proxy_url": "127.0.0.1", "proxy_port": "1"}),
        ("logging", {"loglevel": "DEBUG"}),
    ],
)
def test_settings_are_saved_and_hold(site: Site, edr: EdrServer, stanza: str, fields: dict[str, str]) -> None:
    """From the next search on."""
    admin = Admin(site)
    admin.send("post", "cbsigned_account", **_fields(edr))
    required = admin.send("get", f"cbsigned_settings/{stanza}")[stanza]
    kept = {name: value for name, value in required.items() if not name.startswith("eai:") and value is not None}
    saved = admin.send("post", f"cbsigned_settings/{stanza}", **{**kept, **fields})[stanza]
    assert {name: saved[name] for name in fields} == fields
    reason = site.search([{"md5": "a" * 32}]).rows[0]["signed_reason"]
    assert reason == ("unreachable" if stanza == "proxy" else "not_seen")
    if stanza == "verdicts":
        assert [path for _, path, _ in edr.requests][-1] == "/api/v1/binary"


@pytest.mark.parametrize(
    ("stanza", "fields", "words"),
    [
        ("verdicts", {"clause": "digsig_result:{{ md5"}, "clause"),
        ("verdicts", {"clause": "foo:bar"}, "clause"),
        ("verdicts", {"keep_signed_days": "-1"}, "keep_signed_days must be 0 (not kept) to 3650"),
        ("anomalies", {"threshold": "nan"}, "write a number"),
        ("proxy", {"proxy_enabled": "1", "proxy_url": "http://proxy", "proxy_port": "8080"}, "has to be http or https"),
        ("proxy", {"proxy_enabled": "1", "proxy_url": "proxy"}, "no host or no port"),
    ],
)
def test_settings_that_no_search_could_use_are_not_saved(
    site: Site, stanza: str, fields: dict[str, str], words: str
) -> None:
    """Or every search would end in `unknown`, days later, for somebody else."""
    admin = Admin(site)
    before = admin.send("get", f"cbsigned_settings/{stanza}")
    required = {"method": "joint"} if stanza == "verdicts" else {}
    assert words in admin.refused(f"cbsigned_settings/{stanza}", **required, **fields)
    assert admin.send("get", f"cbsigned_settings/{stanza}") == before


def test_a_default_account_that_is_gone_is_named(site: Site, edr: EdrServer) -> None:
    """Rather than another server asked without a word."""
    admin = Admin(site)
    admin.send("post", "cbsigned_account", **_fields(edr))
    site.save_settings("verdicts", default_account="two")
    result = site.search([{"md5": "a" * 32}])
    assert "the default account 'two' does not exist: choose another" in result.messages[0][1]


@pytest.mark.parametrize("kind", ["cbsigned_processes", "cbsigned_binaries"])
def test_an_input_is_saved_and_runs(site: Site, edr: EdrServer, estate: Estate, kind: str) -> None:
    """With the account that it names."""
    estate.add_binary("a" * 32, "Signed", "c:\\a.exe")
    admin = Admin(site)
    admin.send("post", "cbsigned_account", **_fields(edr))
    form = {"account": "main", "interval": "60", "index": "main", "start": "2026-01-01", "overlap": "60"}
    admin.send("post", f"cbsigned_{kind}", name="all", page_size="500", **form)
    assert admin.send("get", f"cbsigned_{kind}")["all"]["account"] == "main"
    stanza = site.splunkd.confs["inputs"][f"{kind}://all"]
    InputHost(site, kind, "all").run(**{name: str(value) for name, value in stanza.items()})
    assert edr.requests


@pytest.mark.skipif(
    shutil.which("curl") is None, reason="LOUD SKIP: there is no curl, so the recipe of the manual is not tried"
)
def test_an_account_can_be_set_up_over_rest_as_the_manual_says(site: Site, edr: EdrServer, tmp_path: Path) -> None:
    """The recipe of docs/admin.md, run by a shell against the lab: only its addresses and the login are replaced."""
    page = (ROOT / "docs" / "admin.md").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    recipe = recipe.replace("https://localhost:8089", site.splunkd.url)
    recipe = recipe.replace("https://carbonblack.example", edr.url)
    recipe = recipe.replace("-u admin", f"-sS --fail -H 'Authorization: Splunk {site.splunkd.system_token}'")
    (tmp_path / "token.txt").write_text(TOKEN + "\n", encoding="utf-8")
    (tmp_path / "ca.pem").write_text(edr.trust_pem, encoding="utf-8")
    subprocess.run(["bash", "-euc", recipe], cwd=tmp_path, check=True, capture_output=True)  # noqa: S607 - any bash
    edr.estate.add_binary("a" * 32, "Signed", "c:\\a.exe")
    assert site.search([{"md5": "a" * 32}]).rows[0]["signed"] == "true"
    assert not (tmp_path / "token.txt").exists()


def test_one_search_may_ask_several_servers_as_the_manual_says(site: Site, edr: EdrServer, estate: Estate) -> None:
    """Each row has the answer of its own server; without a name it takes a default account to say which."""
    estate.add_binary("a" * 32, "Signed", "c:\\a.exe")
    other = Estate()
    other.add_binary("b" * 32, "Unsigned", "c:\\b.exe")
    admin = Admin(site)
    page = (ROOT / "docs" / "admin.md").read_text(encoding="utf-8").partition("## Several servers")[2]
    (recipe,) = re.findall(r"```\n(.*?)```", page.partition("## Settings")[0], re.DOTALL)
    events: list[dict[str, str | list[str]]] = [
        {"site": "oslo", "process_md5": "a" * 32},
        {"site": "paris", "process_md5": "b" * 32, "parent_process_md5": "a" * 32},
        {"site": "rome", "process_md5": "b" * 32},
    ]
    with EdrServer(other) as second:
        admin.send("post", "cbsigned_account", **_fields(edr, name="oslo"))
        admin.send("post", "cbsigned_account", **_fields(second, name="paris", ca_certificate=second.trust_pem))
        found = SearchHead(site, indexes={"edr": events}, now=1793606400.0).run(recipe)
        assert {(row["site"], row["signed"], row["parent_signed"]) for row in found} == {
            ("oslo", "true", "unknown"),
            ("paris", "false", "unknown"),
        }
        assert not [name for name in found.columns if name.startswith(("oslo_", "paris_", "md5_", "parent_oslo"))]
        asked = " ".join(body for _, _, body in second.requests)
        assert ("b" * 32 in asked, f"md5:{'a' * 32} OR" in asked) == (True, False)
        assert site.search([{"md5": "a" * 32}]).rows[0]["signed_reason"] == "setup"
        site.save_settings("verdicts", default_account="paris")
        assert site.search([{"md5": "b" * 32}]).rows[0]["signed"] == "false"


def test_the_token_is_nowhere_but_in_encrypted_storage(site: Site, edr: EdrServer, installed: Path) -> None:
    """Not in a conf, a log, an answer of the pages, nor in what a diag would pack."""
    admin = Admin(site)
    shown = [admin.send("post", "cbsigned_account", **_fields(edr))]
    shown += [admin.send("get", "cbsigned_account"), admin.send("get", "cbsigned_account/main")]
    shown += [admin.send("post", "cbsigned_account/main", url=edr.url, api_token="*" * 6)]
    admin.refused("cbsigned_account", **_fields(edr, name="other", timeout="0"))
    site.search([{"md5": "a" * 32}])
    assert TOKEN not in json.dumps(shown)
    assert TOKEN not in json.dumps(site.splunkd.confs)
    assert TOKEN not in site.logs()
    for folder in (installed, site.splunkd.home):
        for path in folder.rglob("*"):
            assert not path.is_file() or TOKEN.encode() not in path.read_bytes(), path


def test_the_pages_hold_every_setting_with_its_help() -> None:
    """And every argument of the inputs; what is not said is the default that the code has."""
    pages = json.loads((ROOT / "package" / "globalConfig.json").read_text(encoding="utf-8"))["pages"]
    entities = [entity for tab in pages["configuration"]["tabs"] for entity in tab.get("entity", ())]
    entities += [entity for service in pages["inputs"]["services"] for entity in service["entity"]]
    for entity in entities:
        assert entity.get("help"), entity["field"]
    (logging,) = [tab for tab in pages["configuration"]["tabs"] if tab.get("type") == "loggingTab"]
    assert logging["help"]
    names = {entity["field"] for entity in entities}
    for conf in ("cbsigned_account", "cbsigned_settings", "inputs"):
        spec = (ROOT / "package" / "README" / f"{conf}.conf.spec").read_text(encoding="utf-8")
        settings = {line.partition(" = ")[0] for line in spec.splitlines() if line[:1].isalpha() and " = " in line}
        assert settings - {"loglevel", "kind"} <= names, conf  # there is one kind of server, so nothing to choose
