"""Names that are made for one start: what they are counted as, and what stays as it is."""

from __future__ import annotations

import pytest

from cbverdict.anomalies.baselines import program_kind
from cbverdict.events.one_off_names import is_one_off, kind_of

FOLDED = [
    ("is-06f3ac.tmp", "is-*.tmp"),
    ("msi1a2b.tmp", "*.tmp"),
    ("tra1a2b.tmp", "*.tmp"),
    ("_iu14d2n.tmp", "*.tmp"),
    ("setup-1.2.3.exe", "setup-*.exe"),
    ("chrome_installer_120.0.6099.110.exe", "chrome_installer_*.exe"),
    ("kb5031455.exe", "kb*.exe"),
    ("update-20260102.exe", "update-*.exe"),
    ("b6a1458f396.exe", "*.exe"),
    ("{8f3b2c1d-1111-2222-3333-abcdefabcdef}.exe", "*.exe"),
    ("tmp7f3a.exe", "*.exe"),
    ("k3jx92lm.exe", "*.exe"),
    ("invoice (2).exe", "invoice*.exe"),
    ("python3.11", "python*"),
]
KEPT = [
    "git.exe", "rundll32.exe", "regsvr32.exe", "7z.exe", "net1.exe", "python3.exe", "winx64_payload.exe",
    "nanodump.x64.exe", "officec2rclient.exe", "appvdllsurrogate64.exe", "facade.exe", "ld-linux-x86-64.so.2",
    "x86_64-w64-mingw32-gcc.exe", "system", "a.out",
]  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), FOLDED)
def test_a_name_made_for_one_start_is_counted_as_its_kind(name: str, kind: str) -> None:
    """And its kind as itself, so that it makes no difference how often a name is read."""
    assert kind_of(name) == kind
    assert kind_of(kind) == kind
    assert is_one_off(kind)
    assert program_kind(f"C:\\Temp\\{name}".rpartition("\\")[2].upper()) == kind


@pytest.mark.parametrize("name", KEPT)
def test_a_name_of_a_program_stays_as_it_is(name: str) -> None:
    """A number in it is no sign of a name made for one start."""
    assert kind_of(name) == name
    assert not is_one_off(name)


def test_what_is_no_name_is_no_kind() -> None:
    """Nor is one too long for a baseline; a file may be called like a word for nothing."""
    assert [program_kind(text) for text in (None, "", " ", "x" * 300)] == [None] * 4
    assert [program_kind(text) for text in ("null", "None (deleted)", "-")] == ["null", "none", "-"]
