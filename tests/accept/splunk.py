"""A Splunk over its REST API, as somebody who is logged in."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Callable, Mapping
from urllib.parse import quote

import requests
from urllib3 import disable_warnings
from urllib3.exceptions import InsecureRequestWarning

_TIMEOUT = 120.0
NAMESPACE = "/servicesNS/nobody/cbsigned/"


class DifferentError(Exception):
    """A Splunk does something else than the lab assumes."""


@dataclass(frozen=True)
class Outcome:
    """What a search came to."""

    rows: list[dict[str, Any]]
    messages: list[tuple[str, str]]

    @property
    def errors(self) -> list[str]:
        """What it failed over."""
        return [text for level, text in self.messages if level in {"ERROR", "FATAL"}]


class Splunk:
    """Log in, and send requests; `ca` is a PEM file (empty: the certificate is not checked, as on the host itself)."""

    def __init__(self, url: str, user: str, password: str, ca: str = "") -> None:
        """Log in.

        Raises:
            DifferentError: it does not let this user in.
        """
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.verify = ca or False
        self._session.trust_env = False
        if not ca:
            disable_warnings(InsecureRequestWarning)
        answer = self._send("POST", "/services/auth/login", data={"username": user, "password": password})
        self._session.headers["Authorization"] = f"Splunk {answer.get('sessionKey', '')}"

    def entries(self, path: str) -> list[dict[str, Any]]:
        """Give what is listed there."""
        return list(self._send("GET", path, params={"count": "0"}).get("entry", []))

    def save(self, path: str, **fields: str) -> dict[str, Any]:
        """Send a form; give the settings of the entry that comes back."""
        entries = self._send("POST", path, data=fields).get("entry", [])
        return dict(entries[0]["content"]) if entries else {}

    def delete(self, path: str) -> None:
        """Delete what is there."""
        self._send("DELETE", path)

    def search(self, spl: str) -> Outcome:
        """Run a search and wait for its rows."""
        form = {"search": spl, "exec_mode": "oneshot", "count": "0", "earliest_time": "-24h", "latest_time": "now"}
        body = self._send("POST", "/services/search/jobs", data=form)
        messages = [(str(one.get("type")), str(one.get("text"))) for one in body.get("messages", [])]
        return Outcome(list(body.get("results", [])), messages)

    def status(self, verb: str, path: str, body: str = "") -> int:
        """Give the status that a request comes to."""
        return self._session.request(verb, self.url + path, data=body, timeout=_TIMEOUT).status_code

    def _send(self, verb: str, path: str, **given: Mapping[str, str]) -> dict[str, Any]:
        where = path if path.startswith("/") else NAMESPACE + quote(path, safe="/:")
        params = {**given.pop("params", {}), "output_mode": "json"}
        answer = self._session.request(verb, self.url + where, params=params, timeout=_TIMEOUT, **given)  # type: ignore[arg-type]
        if not answer.ok:
            raise DifferentError(f"{verb} {where} is answered {answer.status_code}: {answer.text[:300]}")
        body: dict[str, Any] = answer.json()
        return body


def until(look: Callable[[], Any], seconds: float) -> Any:
    """Look again and again until there is something; give it, or the nothing of the last look."""
    deadline = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return seen
