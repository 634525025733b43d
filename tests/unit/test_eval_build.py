"""The data of `make eval`, built from git repositories as a stranger would."""

from __future__ import annotations

import csv
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.eval import hours, teams
from tests.eval.build import MIN_COMMITS, Commit, activity, main, peers, read_commits

MONDAY = 1_767_571_200  # 2026-01-05, midnight UTC
PEOPLE = 5

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="LOUD SKIP: there is no git to read a history with")


def _repository(folder: Path, name: str, files: tuple[str, ...], offset: str = "+0000") -> Path:
    """Make a repository whose five people commit at nine, ten and eleven on their clocks, each on one of the files."""
    path = folder / name
    subprocess.run(["git", "init", "-q", str(path)], check=True)  # noqa: S607 - any git
    stream = []
    for number in range(PEOPLE * (MIN_COMMITS + 10)):
        person, turn = number % PEOPLE, number // PEOPLE
        epoch = MONDAY + turn // 3 * 86_400 + (9 + turn % 3) * 3600 - int(offset[:3]) * 3600
        file, text = files[number % len(files)], f"{number}\n"
        who = f"Person {person} <p{person}@{name}.example> {epoch} {offset}"
        parent = f"from :{number}\n" if number else ""
        stream.append(
            f"commit refs/heads/main\nmark :{number + 1}\nauthor {who}\ncommitter {who}\ndata 1\n.\n{parent}"
            f"M 100644 inline {file}\ndata {len(text)}\n{text}\n"
        )
    fast_import = ["git", "-C", str(path), "fast-import", "--quiet"]
    subprocess.run(fast_import, input="".join(stream).encode(), check=True)
    subprocess.run(["git", "-C", str(path), "symbolic-ref", "HEAD", "refs/heads/main"], check=True)  # noqa: S607
    return path


def test_a_stranger_builds_the_data_and_the_evaluation_reads_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two teams of five that share no kind of file: every borrowed tool is found, and shifted hours mostly."""
    one = _repository(tmp_path, "one", ("docs/a.md", "docs/b.md", "docs/c.rst"), offset="-0500")
    two = _repository(tmp_path, "two", ("src/a.py", "src/b.py", "src/Makefile"))
    data = tmp_path / "data"
    assert main([str(data), "--hours", str(one), "--team", str(one), "--team", str(two)]) == 0
    assert "350 rows of 5 people" in capsys.readouterr().out
    with (data / "activity.csv").open(encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    assert (row["utc_offset_minutes"], row["resource"].partition("/")[0]) == ("-300", "docs")
    assert (int(row["epoch"]) - 5 * 3600) % 86_400 == 9 * 3600
    assert hours.detect(data / "activity.csv")["cbsigned"].auc() > 0.9
    assert teams.detect(data / "peers.csv")["cbsigned"].auc() > 0.9


def test_nothing_of_a_person_is_kept(tmp_path: Path) -> None:
    """Neither a name nor an address, in either file."""
    repository = _repository(tmp_path, "one", ("a.md",))
    assert main([str(tmp_path / "data"), "--hours", str(repository), "--team", str(repository)]) == 0
    for name in ("activity.csv", "peers.csv"):
        text = (tmp_path / "data" / name).read_text(encoding="utf-8")
        assert "@" not in text
        assert "Person" not in text


def test_the_history_of_this_project_can_be_read() -> None:
    """Where it is here: a package of the sources has none."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        pytest.skip("LOUD SKIP: these sources are no git repository")
    commits = list(read_commits(root))
    assert commits
    assert all(one.epoch > 1_600_000_000 and -720 <= one.offset <= 840 for one in commits)
    assert any("README.md" in one.files for one in commits)


def test_a_commit_gives_few_rows_and_kinds_of_files_are_extensions_or_names() -> None:
    """Who has few commits is left out."""
    files = ("a/b/c.PY", "a/b/d.py", "Makefile", ".gitignore", "x/y.tar.gz", "e.deprecated_for_long", "z.md")
    often = [Commit("a", MONDAY + number, 60, files) for number in range(MIN_COMMITS)]
    rows = list(peers([[*often, Commit("b", MONDAY, 0, files)]]))
    assert [row[3] for row in rows[:4]] == [".gitignore", "e.deprecated_for_long", "gz", "makefile"]
    assert {row[0] for row in rows} == {"team01user001"}
    assert [row[3] for row in activity(often)][:3] == [".gitignore", "Makefile", "a/b"]


def test_what_is_no_repository_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And ends with an exit code of its own."""
    assert main([str(tmp_path / "data"), "--hours", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().out
