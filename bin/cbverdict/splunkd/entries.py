"""What splunkd's REST API lists, and searches that it runs at once, as whoever asks may see them."""

from __future__ import annotations

import json
from http.client import HTTPException
from typing import Any, Dict, List, Mapping, NamedTuple

from splunklib import binding

from cbverdict.errors import ServiceError, advice
from cbverdict.splunkd.rest import connect, no_connection

_TIMEOUT = 10.0
_SEARCH_TIMEOUT = 60.0


class Entry(NamedTuple):
    """One entry of a list: its name, its settings, and who may do what with it."""

    name: str
    content: Mapping[str, Any]
    acl: Mapping[str, Any]


class RefusedEntryError(ServiceError):
    """splunkd refuses what the add-on's check asks it for: look into splunkd.log.

    `status` is HTTP's, 0 where there was no answer.
    """

    def __init__(self, text: str, status: int) -> None:
        """Take what happened, and the status."""
        super().__init__(text)
        self.status = status


class Outcome(NamedTuple):
    """What a search came to: its rows, and its messages as `(level, text)`."""

    rows: List[Dict[str, Any]]
    messages: List[tuple[str, str]]


class Entries:
    """Ask splunkd with one session; methods raise `RefusedEntryError`."""

    def __init__(self, splunkd_uri: str, token: str) -> None:
        """Remember whom to ask; nothing is sent yet."""
        self.whom = splunkd_uri, token

    def list(self, path: str) -> List[Entry]:
        """Return what splunkd lists there; a path without a slash in front is in the app's namespace."""
        body = self._send("GET", path, _TIMEOUT, count="0")
        entries = body.get("entry")
        if not isinstance(entries, list):
            raise RefusedEntryError(f"splunkd answered {path} with something else than a list", 0)
        return [Entry(str(one["name"]), one.get("content") or {}, one.get("acl") or {}) for one in entries]

    def find(self, path: str) -> Entry | None:
        """Return the one entry of a path (None: there is none)."""
        try:
            return next(iter(self.list(path)), None)
        except RefusedEntryError as error:
            if error.status == 404:  # noqa: PLR2004 - HTTP's not found
                return None
            raise

    def search(self, search: str) -> Outcome:
        """Run a search, as whoever asks, and wait for its rows."""
        body = self._send(
            "POST", "/services/search/jobs", _SEARCH_TIMEOUT, search=search, exec_mode="oneshot", count="0"
        )
        rows, messages = body.get("results"), body.get("messages", [])
        if not isinstance(rows, list):
            raise RefusedEntryError("splunkd answered a search with something else than rows", 0)
        return Outcome(rows, [(str(one.get("type", "")), str(one.get("text", ""))) for one in messages])

    def _send(self, verb: str, path: str, timeout: float, **query: str) -> Dict[str, Any]:
        splunkd = connect(*self.whom, timeout)
        send = splunkd.get if verb == "GET" else splunkd.post
        try:
            body = json.loads(send(path, output_mode="json", **query).body.read())
        except binding.HTTPError as error:
            raise RefusedEntryError(
                f"splunkd answered {error.status} to {path}: {_words(error)}", error.status
            ) from None
        except (binding.AuthenticationError, OSError, HTTPException, ValueError) as error:
            what = f"splunkd does not answer {path} ({no_connection(error)}). {advice(ServiceError)}"
            raise RefusedEntryError(what, 0) from None
        return body if isinstance(body, dict) else {}


def _words(error: binding.HTTPError) -> str:
    """Return what splunkd says beside a status."""
    try:
        return str(json.loads(error.body)["messages"][0]["text"])
    except (ValueError, LookupError, TypeError):
        return "no reason given"
