"""Convert rules of Sigma as their users do, with the pipelines that the app ships."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Sequence

from tests.lab.site import ROOT

SIGMA = ROOT / ".venv" / "sigma" / "bin" / "sigma"
"""Sigma's own command; `make test` sets it up."""

RULES = Path(__file__).resolve().parent / "rules"
"""Rules of our own, a file each."""

PIPELINES = ROOT / "docs" / "sigma"


def convert(rule: str, pipelines: Sequence[str], form: str) -> str:
    """Convert the rule of a file (its stem) to SPL (empty: the pipelines do not support it).

    `pipelines` are names of Sigma's and files of ours; `form` is the backend's output format.
    """
    named = [argument for name in pipelines for argument in ("-p", _pipeline(name))]
    done = subprocess.run(
        [str(SIGMA), "convert", "-t", "splunk", "-f", form, "--skip-unsupported", *named, str(RULES / f"{rule}.yml")],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def _pipeline(name: str) -> str:
    return str(PIPELINES / name) if name.endswith(".yml") else name
