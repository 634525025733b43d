"""The machine's certificate authorities, which the lab does without.

Splunk's libraries load all 150 of them for each connection (50 ms of CPU each time), though none of them is asked: the
lab's servers have authorities of their own.
"""

from __future__ import annotations

import os

_OPENSSL = "SSL_CERT_FILE"
_KEPT = "LAB_SSL_CERT_FILE"
"""What the machine says, for those who ask the world outside; processes that tests start inherit it."""


def load_none() -> None:
    """Let this process, and those that it starts, load none."""
    os.environ.setdefault(_KEPT, os.environ.get(_OPENSSL, ""))
    os.environ[_OPENSSL] = os.devnull


def environment() -> dict[str, str]:
    """Give the environment as the machine has it, for what asks a registry."""
    ours = {name: value for name, value in os.environ.items() if name not in {_OPENSSL, _KEPT}}
    machines = os.environ.get(_KEPT) or ""
    return {**ours, _OPENSSL: machines} if machines else ours
