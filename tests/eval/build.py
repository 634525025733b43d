"""Build the data of `make eval` from git repositories: when people work, and on which kinds of files.

    git clone https://github.com/ansible/ansible
    python3 -m tests.eval.build build/eval-data --hours ansible --team ansible --team <another> --team <a third> ...
    make eval ARGS='--data build/eval-data'

`activity.csv` has the times of the people with the most commits in the repository that `--hours` names, on their own
clocks. `peers.csv` has, for each repository that `--team` names, who worked on which kinds of files: a repository
stands for a team, a kind of file for a program. It takes at least two with five people each. Names and addresses become
pseudonyms; nothing else of a commit is kept but its author's time, and what is written here of its files' names.

Nothing is fetched: clone first, with the whole history. Merges are left out. The tables of `docs/accuracy.md` were made
of ansible/ansible (hours, and one team) and eight other public projects, a part of whose history is kept aside; figures
from other projects, or from a newer history, differ.
"""

from __future__ import annotations

import argparse
import csv
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Iterable, Iterator, NamedTuple, Sequence, Tuple

HOURS_PEOPLE = 20
"""People whose hours are taken: those with the most commits."""

MIN_COMMITS = 60
"""Commits that somebody needs to be taken: 70 % of them are learnt from."""

_MOST_RESOURCES = 3  # of a commit; one that touches everything says little of what somebody does
_MOST_TOOLS = 4
_EXTENSION = re.compile(r"\.[A-Za-z0-9_+]{1,10}")
_FORMAT = "%x01%ae%x00%ad"
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)")

ACTIVITY_COLUMNS = ("user", "epoch", "utc_offset_minutes", "resource")
PEERS_COLUMNS = ("user", "epoch", "team", "tool")


class Commit(NamedTuple):
    """Who committed when (seconds since 1970, and minutes that the author's clock is ahead of UTC), and which files."""

    author: str
    epoch: int
    offset: int
    files: Tuple[str, ...]


class RepositoryError(Exception):
    """A folder is no git repository with a history: name a clone."""


def read_commits(repository: Path) -> Iterator[Commit]:
    """Yield the commits of a repository, merges left out.

    Raises:
        RepositoryError: git cannot read it.
    """
    command = ["git", "-C", str(repository), "log", "--no-merges", "--no-renames", "--date=raw", "-z"]
    done = subprocess.run([*command, "--name-only", f"--format={_FORMAT}"], capture_output=True, check=False)
    if done.returncode:
        raise RepositoryError(f"{repository}: {done.stderr.decode(errors='replace').strip()}")
    for record in done.stdout.decode("utf-8", "replace").split("\x01")[1:]:
        author, when, *files = record.split("\0")
        seconds, _, offset = when.strip().partition(" ")
        yield Commit(author.strip().lower(), int(seconds), _minutes(offset), tuple(filter(None, map(str.strip, files))))


def activity(commits: Iterable[Commit], people: int = HOURS_PEOPLE) -> Iterator[Tuple[object, ...]]:
    """Yield the rows of `activity.csv`, by person and time."""
    for user, commit in _by_person(list(commits), people, "user"):
        for resource in sorted({_resource(file) for file in commit.files})[:_MOST_RESOURCES]:
            yield user, commit.epoch, commit.offset, resource


def peers(teams: Sequence[Iterable[Commit]]) -> Iterator[Tuple[object, ...]]:
    """Yield the rows of `peers.csv`, by team, person and time; who is in two teams is two people."""
    for number, commits in enumerate(teams, 1):
        for user, commit in _by_person(list(commits), None, f"team{number:02d}user"):
            for tool in sorted({_tool(file) for file in commit.files})[:_MOST_TOOLS]:
                yield user, commit.epoch, f"team{number:02d}", tool


def _by_person(commits: list[Commit], people: int | None, prefix: str) -> Iterator[Tuple[str, Commit]]:
    """Yield the commits of those with the most and with enough, in order, under pseudonyms."""
    ranked = [
        author for author, count in Counter(one.author for one in commits).most_common(people) if count >= MIN_COMMITS
    ]
    names = {author: f"{prefix}{number:03d}" for number, author in enumerate(ranked, 1)}
    for commit in sorted(commits, key=lambda one: (names.get(one.author, ""), one.epoch)):
        if commit.author in names:
            yield names[commit.author], commit


def _resource(file: str) -> str:
    return "/".join(PurePosixPath(file).parts[:2])


def _tool(file: str) -> str:
    """Return the kind of a file: its extension or, without one, its name."""
    path = PurePosixPath(file)
    is_extension = _EXTENSION.fullmatch(path.suffix) is not None
    return (path.suffix[1:] if is_extension else path.name).lower()


def _minutes(offset: str) -> int:
    match = _OFFSET.fullmatch(offset.strip())
    if match is None:
        return 0
    sign, hours, minutes = match.groups()
    return (-1 if sign == "-" else 1) * (int(hours) * 60 + int(minutes))


def _write(path: Path, columns: Sequence[str], rows: Iterable[Tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    with path.open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    print(f"{path}: {len(lines):,} rows of {len({line['user'] for line in lines})} people")


def main(words: Sequence[str] | None = None) -> int:
    """Write both files; exit 2 where a repository cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the data is written")
    parser.add_argument("--hours", type=Path, required=True, help="the repository whose people's hours are taken")
    parser.add_argument("--team", type=Path, action="append", default=[], help="a repository that stands for a team")
    parser.add_argument("--people", type=int, default=HOURS_PEOPLE, help="people whose hours are taken at most")
    given = parser.parse_args(words)
    try:
        given.folder.mkdir(parents=True, exist_ok=True)
        _write(given.folder / "activity.csv", ACTIVITY_COLUMNS, activity(read_commits(given.hours), given.people))
        _write(given.folder / "peers.csv", PEERS_COLUMNS, peers([list(read_commits(team)) for team in given.team]))
    except RepositoryError as error:
        print(f"build: {error}")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
