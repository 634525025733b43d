"""A log that cannot be written stops nothing that it would tell of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.edr.server import EdrServer
from tests.lab.inputs import InputHost
from tests.lab.site import Site

A = "a" * 32


def _block(site: Site, how: str) -> None:
    folder = site.splunkd.home / "var" / "log" / "splunk"
    for name in ("verdicts", "baselines", "processes"):
        path: Path = folder / f"cbsigned_{name}.log"
        if how == "the disk is full":
            path.symlink_to("/dev/full")
        else:
            path.mkdir()


@pytest.mark.parametrize("how", ["the disk is full", "it is a folder"])
def test_searches_and_inputs_go_on_without_their_log(site: Site, edr: EdrServer, how: str) -> None:
    """What is left of it goes to standard error, which is splunkd.log."""
    edr.estate.add_binary(A, "Signed", "c:\\a.exe")
    _block(site, how)
    result = site.search([{"md5": A, "user": "jdoe"}])
    assert (result.rows[0]["signed"], result.exit_code) == ("true", 0)
    assert InputHost(site, "cbsigned_processes").run(start="-1h") == []
