"""Set the version everywhere it stands, and close the changelog's head "Unreleased": `python package/release.py 0.2.0`.

Nothing is written where a file does not hold the present version as often as it should, or the changelog says nothing.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from datetime import date
from pathlib import Path
from typing import Dict

ROOT = Path(__file__).resolve().parent.parent
CHANGELOG = "CHANGELOG.md"
UNRELEASED = "## Unreleased"

PLACES: Dict[str, tuple[str, int]] = {
    "app.manifest": ('"version": "{}"', 1),
    "default/app.conf": ("version = {}\n", 2),
    "package/globalConfig.json": ('"version": "{}"', 1),
    "pyproject.toml": ('\nversion = "{}"\n', 1),
}
"""Where the version stands, as what, and how often."""

_VERSION = re.compile(r"\d+\.\d+\.\d+")
_EMPTY = f"{UNRELEASED}\n\n"


class ReleaseError(Exception):
    """A file is not as a release needs it: the text names it and says what to do."""


def present_version(root: Path = ROOT) -> str:
    """Return the version that the manifest names."""
    version: str = json.loads((root / "app.manifest").read_text(encoding="utf-8"))["info"]["id"]["version"]
    return version


def set_version(root: Path, old: str, new: str) -> dict[Path, str]:
    """Return the text of every file that names the version, with the new one in it.

    Raises:
        ReleaseError: a file does not hold the old version as often as it should.
    """
    texts = {}
    for name, (form, times) in PLACES.items():
        text = (root / name).read_text(encoding="utf-8")
        found = text.count(form.format(old))
        if found != times:
            raise ReleaseError(
                f"{name} has {form.format(old).strip()!r} {found} times and not {times}: correct it first"
            )
        texts[root / name] = text.replace(form.format(old), form.format(new))
    return texts


def close_changelog(text: str, version: str, day: str) -> str:
    """Return the changelog with its head "Unreleased" as this version's, and an empty one above it.

    Raises:
        ReleaseError: there is no such head, or nothing below it.
    """
    before, head, after = text.partition(f"{UNRELEASED}\n")
    news = after.partition("\n## ")[0].strip()
    if not head or not news:
        raise ReleaseError(f"{CHANGELOG} has no head {UNRELEASED!r} with something below it: say what has changed")
    return f"{before}{_EMPTY}## {version} - {day}\n{after}"


def release(root: Path, new: str, day: str) -> list[Path]:
    """Write a new version into every file; return which.

    Raises:
        ReleaseError: it is no version, no later one, or a file is not as it should be. Nothing is written then.
    """
    old = present_version(root)
    if not _VERSION.fullmatch(new) or _numbers(new) <= _numbers(old):
        raise ReleaseError(f"{new!r} is not a version after {old}: write three numbers, such as 1.4.0")
    texts = set_version(root, old, new)
    changelog = root / CHANGELOG
    texts[changelog] = close_changelog(changelog.read_text(encoding="utf-8"), new, day)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return list(texts)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def main() -> None:
    """Release, or say why not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", help="three numbers, such as 1.4.0")
    version = parser.parse_args().version
    try:
        written = release(ROOT, version, date.today().isoformat())  # noqa: DTZ011 - the day here is what is meant
    except ReleaseError as error:
        sys.exit(f"release: {error}")
    for path in written:
        print(path.relative_to(ROOT))
    print(f"Look at `git diff`, then: make lint test package; git commit -am 'Release {version}'; git tag v{version}")


if __name__ == "__main__":
    main()
