"""The version: one everywhere, and set everywhere at once by package/release.py."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from tests.lab.site import ROOT


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", ROOT / "package" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


release = _script()


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Give a folder with the files that name the version."""
    for name in (*release.PLACES, release.CHANGELOG):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    changelog = tmp_path / release.CHANGELOG
    head, _, rest = changelog.read_text(encoding="utf-8").partition("## ")
    first = rest.index("## 0.1.0") if "## 0.1.0" in rest else 0
    changelog.write_text(f"{head}## Unreleased\n\n### Added\n\n- A thing.\n\n{rest[first:]}", encoding="utf-8")
    return tmp_path


def test_every_file_names_the_same_version() -> None:
    """As often as the script expects it, and the changelog has a head for it."""
    version = release.present_version(ROOT)
    assert set(release.set_version(ROOT, version, "9.9.9")) == {ROOT / name for name in release.PLACES}
    changelog = (ROOT / release.CHANGELOG).read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(version)}\b", changelog, re.MULTILINE)


def test_the_version_stands_nowhere_else() -> None:
    """A place that the script does not know would be forgotten."""
    version = release.present_version(ROOT)
    known = {ROOT / name for name in (*release.PLACES, release.CHANGELOG)}
    texts = [path for suffix in ("conf", "json", "md", "py", "spec", "toml") for path in ROOT.rglob(f"*.{suffix}")]
    ours = [
        path for path in texts if not {".venv", "build", "node_modules", "tests"} & set(path.relative_to(ROOT).parts)
    ]
    assert len(ours) > 100
    assert [path for path in ours if path not in known and version in path.read_text(encoding="utf-8")] == []


def test_a_release_sets_it_everywhere_and_closes_the_changelog(sources: Path) -> None:
    """And opens an empty head for what comes next."""
    old = release.present_version(sources)
    written = release.release(sources, "9.8.7", "2027-01-02")
    assert {path.relative_to(sources).as_posix() for path in written} == {*release.PLACES, release.CHANGELOG}
    assert release.present_version(sources) == "9.8.7"
    for name in release.PLACES:
        assert old not in (sources / name).read_text(encoding="utf-8")
    changelog = (sources / release.CHANGELOG).read_text(encoding="utf-8")
    assert "## Unreleased\n\n## 9.8.7 - 2027-01-02\n\n### Added\n\n- A thing.\n" in changelog


@pytest.mark.parametrize("name", list(release.PLACES))
def test_a_file_without_the_version_stops_it_before_anything_is_written(sources: Path, name: str) -> None:
    """And is named."""
    path = sources / name
    path.write_text(path.read_text(encoding="utf-8").replace(release.present_version(ROOT), "x", 1), encoding="utf-8")
    if name == "app.manifest":
        path.write_text(
            path.read_text(encoding="utf-8").replace(
                '"version": "x"', f'"version":  "{release.present_version(ROOT)}"'
            ),
            encoding="utf-8",
        )
    before = {one: (sources / one).read_text(encoding="utf-8") for one in (*release.PLACES, release.CHANGELOG)}
    with pytest.raises(release.ReleaseError, match=name):
        release.release(sources, "9.8.7", "2027-01-02")
    assert {one: (sources / one).read_text(encoding="utf-8") for one in before} == before


@pytest.mark.parametrize("version", ["0.0.1", "1.0", "1.0.0-rc1", "v2.0.0", ""])
def test_what_is_no_later_version_is_refused(sources: Path, version: str) -> None:
    """Three numbers, and higher ones."""
    with pytest.raises(release.ReleaseError, match="is not a version after"):
        release.release(sources, version, "2027-01-02")


def test_a_changelog_that_says_nothing_stops_it(sources: Path) -> None:
    """For whoever installs it wants to know why."""
    release.release(sources, "9.8.7", "2027-01-02")
    with pytest.raises(release.ReleaseError, match="Unreleased"):
        release.release(sources, "9.8.8", "2027-01-03")


def test_pre_commit_runs_the_linters_that_lint_runs() -> None:
    """Of the same versions as tests/requirements.txt pins."""
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    pins = (ROOT / "tests" / "requirements.txt").read_text(encoding="utf-8")
    pinned = set(re.findall(r"(\w[\w-]*==[\w.]+)", hooks))
    assert {pin.partition("==")[0] for pin in pinned} == {"ruff"}
    assert pinned <= set(re.findall(r"^(\w[\w-]*==[\w.]+)", pins, re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for entry in re.findall(r"entry: ruff (check|format)", hooks):
        assert f"-m ruff {entry}" in makefile
    assert "entry: make lint" in hooks
