"""KV store collections in memory, with splunkd's limits (limits.conf of 9.0, the tightest of those supported)."""

from __future__ import annotations

import json
import secrets
import threading
from typing import Any

from mongoquery import Query, QueryError

MAX_BATCH_SAVE = 1000
MAX_BATCH_BYTES = 50 * 1024 * 1024
MAX_ROWS = 50_000
MAX_QUERIES = 1000

Document = dict[str, Any]


class KvError(Exception):
    """A refused request: `status` is HTTP's."""

    def __init__(self, status: int, text: str) -> None:
        """Take the status and splunkd's words."""
        super().__init__(text)
        self.status = status


class Collection:
    """One collection, kept by `_key`."""

    def __init__(self) -> None:
        """Start empty."""
        self._documents: dict[str, Document] = {}
        self._lock = threading.Lock()

    def find(self, query: Document, skip: int = 0, limit: int = 0, fields: str = "") -> list[Document]:
        """Give the matching documents, silently cut at `MAX_ROWS` as splunkd does."""
        try:
            with self._lock:
                candidates, rest = self._candidates(query)
            matcher = Query(rest)
            found = [document for document in candidates if matcher.match(document)]
        except QueryError as error:
            raise KvError(400, str(error)) from error
        found = found[skip : skip + min(limit or MAX_ROWS, MAX_ROWS)]
        wanted = [name for name in fields.split(",") if name]
        return (
            [{name: document[name] for name in wanted if name in document} for document in found] if wanted else found
        )

    def _candidates(self, query: Document) -> tuple[list[Document], Document]:
        """Give what may match and what is still to be matched: `_key` is indexed."""
        wanted = query.get("_key")
        if isinstance(wanted, dict) and set(wanted) == {"$in"}:
            rest = {name: value for name, value in query.items() if name != "_key"}
            return [self._documents[key] for key in wanted["$in"] if key in self._documents], rest
        return list(self._documents.values()), query

    def get(self, key: str) -> Document:
        """Give one document."""
        try:
            return self._documents[key]
        except KeyError:
            raise KvError(404, "Could not find object.") from None

    def insert(self, document: Document) -> str:
        """Add a document of a key that no other has."""
        key = str(document["_key"])
        with self._lock:
            if key in self._documents:
                raise KvError(409, "A document with the same key and user already exists.")
            self._documents[key] = {**document, "_user": "nobody"}
        return key

    def save(self, documents: list[Document], size: int) -> list[str]:
        """Insert or replace documents by key, last writer wins."""
        if len(documents) > MAX_BATCH_SAVE or size > MAX_BATCH_BYTES:
            raise KvError(400, f"The number of documents exceeds the limit of {MAX_BATCH_SAVE}")
        keys = []
        with self._lock:
            for document in documents:
                key = str(document.get("_key") or secrets.token_hex(12))
                self._documents[key] = {**document, "_key": key, "_user": "nobody"}
                keys.append(key)
        return keys

    def batch_find(self, queries: list[Document]) -> list[list[Document]]:
        """Run several queries."""
        if len(queries) > MAX_QUERIES:
            raise KvError(400, f"The number of queries exceeds the limit of {MAX_QUERIES}")
        return [self.find(query.get("query", {}), fields=query.get("fields", "")) for query in queries]

    def delete(self, query: Document) -> None:
        """Delete the matching documents."""
        doomed = [document["_key"] for document in self.find(query, limit=MAX_ROWS)]
        with self._lock:
            for key in doomed:
                self._documents.pop(key, None)


def answer(collection: Collection, verb: str, rest: list[str], query: dict[str, list[str]], body: bytes) -> Any:
    """Answer a request to `storage/collections/data/<collection>/<rest>`.

    Raises:
        KvError: splunkd would refuse it.
    """
    parameters = {name: values[-1] for name, values in query.items()}
    criteria = json.loads(parameters.get("query") or "{}")
    if rest == ["batch_save"]:
        return collection.save(json.loads(body), len(body))
    if rest == ["batch_find"]:
        return collection.batch_find(json.loads(body))
    if verb == "GET":
        skip, limit = int(parameters.get("skip", 0)), int(parameters.get("limit", 0))
        found = collection.find(criteria, skip, limit, parameters.get("fields", ""))
        return collection.get(rest[0]) if rest else found
    if verb == "DELETE":
        return collection.delete({"_key": rest[0]} if rest else criteria)
    if rest:
        collection.get(rest[0])
    elif "_key" in json.loads(body):
        return {"_key": collection.insert(json.loads(body))}
    return {"_key": collection.save([{**json.loads(body), **({"_key": rest[0]} if rest else {})}], len(body))[0]}
