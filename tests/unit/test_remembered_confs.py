"""What handlers remember of confs is never old, and never somebody else's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

import pytest

from cbverdict.errors import ServiceError
from cbverdict.splunkd.remembered_confs import LONGEST, RememberedConfs, Stanzas

HERE, THERE = "https://127.0.0.1:8089", "https://127.0.0.1:18089"


class Confs:
    """Confs that count how often they are read."""

    def __init__(self) -> None:
        """Start at nought."""
        self.reads = 0

    def __call__(self) -> Stanzas:
        """Give another conf each time."""
        self.reads += 1
        return {"verdicts": {"read": str(self.reads)}}


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder where setup pages write."""
    monkeypatch.setenv("SPLUNK_HOME", str(tmp_path))
    folder = tmp_path / "etc" / "apps" / "cbsigned" / "local"
    folder.mkdir(parents=True)
    return folder


def test_a_conf_is_read_anew_after_three_seconds(local: Path) -> None:
    """Counted from before it was read, whatever takes how long."""
    assert local.is_dir()
    now, confs = [0.0], Confs()
    remembered = RememberedConfs(lambda: now[0])
    for moment, reads in ((0.0, 1), (LONGEST - 0.1, 1), (LONGEST, 2), (LONGEST + 2.9, 2), (2 * LONGEST, 3)):
        now[0] = moment
        assert remembered.read(HERE, "cbsigned_settings", confs) == {"verdicts": {"read": str(reads)}}
    assert LONGEST <= 3.0


def test_what_is_saved_counts_at_once(local: Path) -> None:
    """A file that comes, changes, is replaced by another of its size, or goes."""
    confs, remembered = Confs(), RememberedConfs(lambda: 0.0)
    path = local / "cbsigned_account.conf"

    def replace() -> None:
        beside = local / "beside"
        beside.write_text("[b]")
        os.utime(beside, ns=(1, 1))
        beside.replace(path)

    def rewrite() -> None:
        path.write_text("[c]")

    def write() -> None:
        path.write_text("[a]")

    changes: list[Callable[[], None]] = [lambda: None, write, replace, rewrite, path.unlink]
    for reads, change in enumerate(changes, 1):
        change()
        for _ in range(2):
            assert remembered.read(HERE, "cbsigned_account", confs)["verdicts"]["read"] == str(reads)


def test_each_splunkd_and_each_conf_has_its_own() -> None:
    """Nothing of one is said of another."""
    here, there, other, remembered = Confs(), Confs(), Confs(), RememberedConfs(lambda: 0.0)
    for _ in range(2):
        remembered.read(HERE, "cbsigned_account", here)
        remembered.read(THERE, "cbsigned_account", there)
        remembered.read(HERE, "cbsigned_settings", other)
    assert (here.reads, there.reads, other.reads) == (1, 1, 1)


def test_a_failure_is_not_remembered_and_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be read now is not served from before."""
    monkeypatch.delenv("SPLUNK_HOME", raising=False)
    now, confs = [0.0], Confs()
    remembered = RememberedConfs(lambda: now[0])
    remembered.read(HERE, "cbsigned_account", confs)

    def fail() -> Stanzas:
        raise ServiceError("busy")

    now[0] = LONGEST
    for _ in range(2):
        with pytest.raises(ServiceError):
            remembered.read(HERE, "cbsigned_account", fail)
    assert remembered.read(HERE, "cbsigned_account", confs)["verdicts"]["read"] == "2"
