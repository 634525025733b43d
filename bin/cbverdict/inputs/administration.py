"""What an admin sees of the inputs' checkpoints, and may order: a time read again, a beginning anew."""

from __future__ import annotations

import json
import re
import time
import uuid
from typing import TYPE_CHECKING, Any, Dict, List

from cbverdict.errors import InvalidRequestError
from cbverdict.inputs.arguments import begin_of, parse_arguments
from cbverdict.inputs.processes.process_reader import ProcessReader
from cbverdict.inputs.progress.checkpoint import VERSION, read_checkpoint
from cbverdict.inputs.progress.checkpoint_store import Order
from cbverdict.inputs.sources import Sources
from cbverdict.inputs.validation import estimate
from cbverdict.splunkd.conf import SplunkdConfiguration
from cbverdict.splunkd.kvstore import CHECKPOINTS, Collection

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import Fields

_SECONDS = 20.0  # that a request may take
_NAME = re.compile(r"cbsigned_(processes|binaries)://[^\x00-\x1f]{1,255}")


def administer(text: str, splunkd_uri: str, token: str) -> List[Fields]:
    """Do what is asked (JSON with `action`: `list`, `again`, `reset` or `estimate`), and return rows that say what is.

    Raises:
        InvalidRequestError: it cannot be done; the text says why.
        StoreError: the KV store does not answer.
    """
    asked = _read(text)
    collection = Collection(splunkd_uri, token, CHECKPOINTS)
    action, name = asked.get("action", "list"), asked.get("input", "")
    if action == "estimate":
        return [_estimated(asked, splunkd_uri, token)]
    if action != "list" and name not in {row["input"] for row in _rows(collection)}:
        raise InvalidRequestError(f"there is no checkpoint of {name!r}: | cbsignedinputs without options lists all")
    if action == "again":
        _order(collection, name, asked)
    elif action == "reset":
        collection.delete({"input": name})
    elif action != "list":
        raise InvalidRequestError(f"{action!r} is no action: list, again, reset or estimate")
    return [row for row in _rows(collection) if not name or row["input"] == name]


def _read(text: str) -> Dict[str, str]:
    try:
        asked = json.loads(text or "{}")
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict) or not all(isinstance(value, str) for value in asked.values()):
        raise InvalidRequestError("it is no JSON object of texts")
    return asked


def _estimated(asked: Dict[str, str], splunkd_uri: str, token: str) -> Fields:
    arguments = parse_arguments({"account": asked.get("account"), "query": asked.get("query")}, 0.0)
    sources = Sources(SplunkdConfiguration(splunkd_uri, token), arguments.account, longest=_SECONDS)
    found = estimate(lambda given: ProcessReader(sources, given, lambda _: None), arguments, time.time())
    figures = {"rows_a_day": str(found.rows), "of": str(found.all_rows), "mb_a_day": f"{found.megabytes:.1f}"}
    return {"account": sources.account.name, "server": sources.server, "query": arguments.query, **figures}


def _order(collection: Collection, name: str, asked: Dict[str, str]) -> None:
    now = time.time()
    since, until = begin_of(asked.get("from", ""), now, "from"), begin_of(asked.get("to") or "now", now, "to")
    if since >= until:
        raise InvalidRequestError(f"from ({since}Z) is not before to ({until}Z)")
    order = Order(f"{name}|order|{uuid.uuid4().hex}", since, until, asked.get("all") == "true")
    waiting = collection.find({"input": name, "kind": "order"}, ("state",))
    if all(document.get("state") != order.state for document in waiting):
        collection.insert({"_key": order.key, "input": name, "kind": "order", "state": order.state})


def _rows(collection: Collection) -> List[Fields]:
    documents: Dict[str, Dict[str, List[Any]]] = {}
    hosts: Dict[str, str] = {}
    # Of what is remembered, which may be 11 MB an input, splunkd would not give that of five at once.
    seen = collection.find({"kind": "seen"}, ("input", "kind", "count"))
    for document in (*collection.find({"kind": {"$ne": "seen"}}), *seen):
        name, kind = str(document.get("input", "")), str(document.get("kind", ""))
        if kind == "lease":
            hosts[name.partition("|")[2]] = str(document.get("host", ""))
        elif _NAME.fullmatch(name):
            documents.setdefault(name, {}).setdefault(kind, []).append(document)
    return [_row(name, kinds, hosts.get(name, "")) for name, kinds in sorted(documents.items())]


def _row(name: str, kinds: Dict[str, List[Any]], host: str) -> Fields:
    orders = [str(document.get("state")) for document in kinds.get("order", [])]
    remembered = sum(int(document.get("count") or 0) for document in kinds.get("seen", []))
    row: Fields = {"input": name, "host": host, "remembered": str(remembered), "ordered": orders}
    now = time.time()
    for document in kinds.get("state", []):
        checkpoint, damaged = read_checkpoint(str(document.get("state")), now)
        row["damaged"] = damaged
        if checkpoint is not None:
            row.update(
                account=checkpoint.account,
                server=checkpoint.server,
                start=checkpoint.start,
                started=f"{checkpoint.started}Z",
                read_once_until=f"{checkpoint.window.head}Z",
                read_for_good_until=f"{checkpoint.cursor}Z",
                lag=f"{max(0.0, now - checkpoint.caught_up):.0f}",
                clock_offset=f"{checkpoint.offset:.0f}",
                late=f"{checkpoint.late:.0f}",
                skipped=[f"{since}Z to {until}Z" for since, until, _, _ in checkpoint.skipped],
                troubles=sorted(checkpoint.raised),
            )
    return {**dict.fromkeys(COLUMNS, ""), **row, "version": str(VERSION)}


COLUMNS = (
    "input", "account", "server", "host", "start", "started", "read_once_until", "read_for_good_until", "lag",
    "clock_offset", "late", "remembered", "skipped", "troubles", "ordered", "damaged", "version",
)  # fmt: skip
