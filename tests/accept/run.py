"""Try a Splunk with the package installed, item by item: `make accept SPLUNK=https://... USER=... PASSWORD_FILE=...`.

It installs nothing. Carbon Black is the bundled simulator, which listens on 127.0.0.1: run it on Splunk's own host, or
on one whose loopback Splunk shares. An account and an input are made and deleted again; nothing is learnt.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Mapping, Sequence

import requests

from tests.accept.items import ITEMS, Bench, Item, estate
from tests.accept.splunk import DifferentError, Splunk
from tests.lab.confs import read_conf
from tests.lab.edr.server import EdrServer

_ROOT = Path(__file__).resolve().parents[2]


def accept(splunk: Splunk, index: str, items: Mapping[str, Item] = ITEMS) -> list[tuple[str, str]]:
    """Try items; give each with how this Splunk differs from what the lab assumes (empty: it does not)."""
    confs: dict[str, Any] = {
        name: read_conf(_ROOT / "default" / f"{name}.conf") for name in ("macros", "transforms", "savedsearches")
    }
    version = json.loads((_ROOT / "app.manifest").read_text(encoding="utf-8"))["info"]["id"]["version"]
    found = []
    with EdrServer(estate()) as edr:
        edr.version = "7.5.0"
        bench = Bench(splunk, edr, version, index, confs)
        for text, one in items.items():
            found.append((text, _try(bench, one)))
            print(f"{'differs' if found[-1][1] else 'ok     '}  {text}", flush=True)
            if found[-1][1]:
                print(f"         {found[-1][1]}", flush=True)
        for path in bench.opened:  # only where an item broke off
            with suppress(DifferentError, requests.RequestException):
                splunk.delete(path)
    return found


def _try(bench: Bench, one: Item) -> str:
    try:
        one(bench)
    except DifferentError as error:
        return str(error) or "it is not as the lab assumes"
    except requests.RequestException as error:
        return f"no answer: {type(error).__name__}"
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        return f"the answer has another form than the lab's: {type(error).__name__}: {error}"
    return ""


def main(words: Sequence[str] | None = None) -> int:
    """Try the Splunk that is named; 1 where it differs from the lab."""
    parser = argparse.ArgumentParser(prog="make accept", description=__doc__)
    parser.add_argument("--splunk", required=True, help="its REST API, https://host:8089")
    parser.add_argument("--user", required=True, help="an admin of a Splunk that may be tried things on")
    parser.add_argument("--password-file", required=True, help="a file with the password, and nothing else")
    parser.add_argument("--ca", default="", help="PEM file of splunkd's CA; without it the certificate is not checked")
    parser.add_argument("--index", default="main", help="the index that the input of the run may write a few events to")
    given = parser.parse_args(words)
    password = Path(given.password_file).read_text(encoding="utf-8").strip()
    try:
        splunk = Splunk(given.splunk, given.user, password, given.ca)
    except (DifferentError, requests.RequestException) as error:
        print(f"no way in to {given.splunk}: {error if isinstance(error, DifferentError) else type(error).__name__}")
        return 1
    found = accept(splunk, given.index)
    differing = sum(bool(difference) for _, difference in found)
    print(f"\n{len(found)} items, {differing} differ. What each rests on: docs/check.md")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main())
