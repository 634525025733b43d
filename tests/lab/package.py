"""Build the package as `make package` does, from a copy of the sources."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.lab.site import ROOT

UCC = ROOT / ".venv" / "ucc" / "bin" / "ucc-gen"
"""What makes the setup pages; `make test` sets it up."""


def build(source: Path) -> Path:
    """Build a copy of the sources; give the tarball."""
    command = [sys.executable, str(source / "package" / "build.py"), "--ucc", str(UCC)]
    subprocess.run(command, check=True, capture_output=True)
    (tarball,) = (source / "build").glob("*.tar.gz")
    return tarball


def build_and_unpack(work: Path) -> Path:
    """Copy the sources to `work`/source, build them, and give the unpacked app; the tarball lies beside it."""
    copy = work / "source"
    ignored = shutil.ignore_patterns(".git", ".venv", "build", "__pycache__", ".*_cache", ".hypothesis", "shared")
    shutil.copytree(ROOT, copy, ignore=ignored)
    tarball = build(copy)
    subprocess.run(["tar", "xzf", str(tarball), "-C", str(work)], check=True)  # noqa: S607 - any tar
    shutil.copy(tarball, work)
    return work / "cbsigned"
