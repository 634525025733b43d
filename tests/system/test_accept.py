"""The acceptance run passes against the lab's splunkd, and says where a Splunk is not as the lab assumes."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.accept.items import ACCOUNT, ITEMS, Bench
from tests.accept.run import accept, main
from tests.accept.splunk import DifferentError, Splunk
from tests.lab.inputs import InputHost
from tests.lab.search_head import SearchHead, serve_searches
from tests.lab.site import ANALYST, Site

PASSWORD = "lab-password"  # noqa: S105 - made up
TRIED = (
    "the add-on that is installed",
    "the setup page's endpoint",
    "the command's fields arrive",
    "several values",
    "every lookup",
    "what was made",
)


@pytest.fixture
def site(installed: Path) -> Iterator[Site]:
    """Give a search head with the package and a user, which runs searches, and inputs once they are made."""
    with Site(installed, sys.executable) as site:
        events: list[Any] = []
        head = SearchHead(site, indexes={"main": events}, now=time.time())

        def start(kind: str, name: str) -> None:
            stanza = site.splunkd.confs["inputs"][f"{kind}://{name}"]
            run = InputHost(site, kind, name).run(account=stanza["account"], start=stanza["start"])
            events.extend(
                {**_texts(event.fields), "sourcetype": event.sourcetype, "index": "main", "_time": f"{event.time:.3f}"}
                for event in run
            )

        site.splunkd.input_made = start
        rights = (*ANALYST, *site.splunkd.roles()["cbsigned_admin"])
        site.splunkd.users["admin"] = (PASSWORD, rights)
        serve_searches(site, head)
        yield site


def _texts(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) for name, value in fields.items() if not isinstance(value, (list, dict))}


def test_the_lab_is_as_the_lab_assumes(site: Site) -> None:
    """All items pass, and nothing is left behind."""
    found = accept(Splunk(site.splunkd.url, "admin", PASSWORD), "main")
    assert {text: difference for text, difference in found if difference} == {}
    assert len(found) > 15
    assert not [name for name in site.splunkd.confs["cbsigned_account"] if name.startswith(ACCOUNT)]
    assert not [name for name in site.splunkd.confs["inputs"] if ACCOUNT in name]


def test_a_splunk_that_merges_otherwise_is_told(site: Site) -> None:
    """Item by item, each with what the lab assumes and what this one gives; the run goes on to its end."""
    search = site.splunkd.searcher
    assert search is not None

    def without_order(spl: str, key: str) -> Any:
        rows, messages = search(spl, key)
        return rows[::-1] if "cbsigned server" in spl else rows, messages

    site.splunkd.searcher = without_order
    site.splunkd.app_version = "0.0.9"
    tried = {text: one for text, one in ITEMS.items() if text.startswith(TRIED)}
    found = accept(Splunk(site.splunkd.url, "admin", PASSWORD), "main", tried)
    different = {text: difference for text, difference in found if difference}
    assert [text for text, _ in found] == list(tried)
    assert set(different) == {text for text in tried if "installed" in text or "same rows" in text}
    assert all("the lab assumes" in difference for difference in different.values())
    assert not [name for name in site.splunkd.confs["cbsigned_account"] if name.startswith(ACCOUNT)]


def test_a_run_that_breaks_off_leaves_nothing_behind(site: Site) -> None:
    """What an item opened is closed, whatever the next one comes to."""

    def break_off(_: Bench) -> None:
        raise KeyError("signed")

    (account,) = (text for text in ITEMS if "saves an account" in text)
    found = accept(
        Splunk(site.splunkd.url, "admin", PASSWORD), "main", {account: ITEMS[account], "it breaks off": break_off}
    )
    assert [difference.partition(":")[0] for _, difference in found] == [
        "",
        "the answer has another form than the lab's",
    ]
    assert not site.splunkd.confs["cbsigned_account"]


def test_whoever_is_not_let_in_is_told(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is tried."""
    with pytest.raises(DifferentError, match="401"):
        Splunk(site.splunkd.url, "admin", "wrong")
    (tmp_path / "password.txt").write_text("wrong\n", encoding="utf-8")
    words = ["--splunk", site.splunkd.url, "--user", "admin", "--password-file", str(tmp_path / "password.txt")]
    assert main(words) == 1
    assert "no way in" in capsys.readouterr().out
