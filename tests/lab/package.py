"""Build the package as `make package` does, from a copy of the sources."""

from __future__ import annotations

import compileall
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from tests.lab import authorities
from tests.lab.site import ROOT

UCC = ROOT / ".venv" / "ucc" / "bin" / "ucc-gen"
"""What makes the setup pages; `make test` sets it up."""


def build(work: Path, *, umask: int = -1, **environment: str) -> Path:
    """Build a copy of the sources in a folder; give the tarball. -1 keeps the umask, as it keeps the environment."""
    copy = work / "source"
    ignored = shutil.ignore_patterns(".git", ".venv", "build", "__pycache__", ".*_cache", ".hypothesis", "shared")
    shutil.copytree(ROOT, copy, ignore=ignored)
    command = [sys.executable, str(copy / "package" / "build.py"), "--ucc", str(UCC)]
    done = subprocess.run(
        command,
        env={**authorities.environment(), **environment},
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (tarball,) = (copy / "build").glob("*.tar.gz")
    return tarball


def build_once(work: Path) -> Path:
    """Build in a folder unless another process has done so; wait where it is at it. Give the tarball.

    Beside it `compiled/cbsigned` is the unpacked app with its caches, for tests that install it: to compile the
    libraries anew takes longer than most of them.
    """
    work.mkdir(exist_ok=True)
    tarball = work / "package.tar.gz"
    with FileLock(work / "lock"):
        if not tarball.is_file():
            built = build(work)
            (work / "compiled").mkdir(exist_ok=True)
            compileall.compile_dir(unpack(built, work / "compiled"), quiet=1)
            built.replace(tarball)
    return tarball


def unpack(tarball: Path, folder: Path) -> Path:
    """Unpack the package in a folder; give the app."""
    subprocess.run(["tar", "xzf", str(tarball), "-C", str(folder)], check=True)  # noqa: S607 - any tar
    return folder / "cbsigned"
