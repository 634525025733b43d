"""REST endpoints of UCC's setup pages (`[admin:...]` and `[admin_external:...]` of restmap.conf)."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping

from tests.lab.splunkd.handlers import Rights, environment

CREATE, LIST, EDIT, REMOVE = 1, 2, 4, 8


@dataclass(frozen=True)
class External:
    """One endpoint: its name in the URL, the script, and which capabilities its verbs take."""

    name: str
    script: str
    rights: Rights


class ExternalError(Exception):
    """The handler refused."""


def read_externals(restmap: Mapping[str, Mapping[str, str]]) -> Iterator[External]:
    """Give the endpoints of an app's restmap.conf."""
    for stanza, settings in restmap.items():
        if not stanza.startswith("admin:"):
            continue
        for member in (name.strip() for name in settings["members"].split(",")):
            handler = restmap[f"admin_external:{member}"]
            yield External(member, handler["handlerfile"], Rights.of(settings))


def call(python: str, script: Path, request: dict[str, Any], *, home: Path, uri: str) -> dict[str, Any]:
    """Run a handler for one request; give its entries.

    Raises:
        ExternalError: it refused; the text is splunkd's message.
    """
    done = subprocess.run(
        [python, str(script)],
        input=json.dumps(request).encode(),
        capture_output=True,
        env=environment(SPLUNK_HOME=str(home), SPLUNKD_URI=uri, NO_PROXY="*"),
        check=False,
    )
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise ExternalError(done.stderr.decode()[-2000:]) from None
    if "error" in answer:
        raise ExternalError(answer["error"])
    entries: dict[str, Any] = answer["entries"]
    return entries
