"""A KV store collection of the app, read and written in batches."""

from __future__ import annotations

import json
from functools import partial
from http.client import HTTPException
from typing import Any, Callable, Iterator, Mapping, Sequence

from splunklib import binding, client
from splunklib.data import record

from cbverdict.errors import StoreError, advice
from cbverdict.splunkd.rest import connect, no_connection

VERDICTS, BASELINES, CHECKPOINTS, DECISIONS = COLLECTIONS = (
    "cbsigned_verdicts",
    "cbsigned_baselines",
    "cbsigned_checkpoints",
    "cbsigned_exclusions",
)
"""The add-on's collections, as `default/collections.conf` names them."""

MAX_BATCH = 1000
"""Documents a save: KV's `max_documents_per_batch_save` up to Splunk 9.0; later ones take more."""

MAX_BATCH_BYTES = 16 * 1024 * 1024
"""Bytes a save: KV's `max_size_per_batch_save_mb` is 50."""

_TIMEOUT = 5.0

Document = Mapping[str, Any]


class Collection:
    """One collection; every method raises `StoreError` where splunkd does not do its part."""

    def __init__(self, splunkd_uri: str, token: str, name: str, timeout: float = _TIMEOUT) -> None:
        """Remember whom to ask; nothing is sent yet."""
        self._splunkd = connect(splunkd_uri, token, timeout)
        self._saving = f"storage/collections/data/{name}/batch_save"
        state = record({"title": name})  # else the SDK would ask splunkd for it
        path = f"storage/collections/config/{name}"
        self._data = client.KVStoreCollection(self._splunkd, path, state=state).data

    def read(self, keys: Sequence[str]) -> Iterator[Document]:
        """Return the documents of these keys that there are."""
        return self.find_all({}, "_key", keys)

    def find_all(self, query: Document, field: str, values: Sequence[str]) -> Iterator[Document]:
        """Return the documents that a query finds and whose field has one of these values."""
        for start in range(0, len(values), MAX_BATCH):
            wanted = {"query": {**query, field: {"$in": values[start : start + MAX_BATCH]}}}
            (documents,) = self._list("batch_find", partial(self._data.batch_find, wanted)) or [[]]
            yield from documents

    def find(self, query: Document, fields: Sequence[str] = ()) -> list[Document]:
        """Return the documents that a query finds (at most 50,000, splunkd's limit); some fields of each, or all."""
        wanted = {"fields": ",".join(fields)} if fields else {}
        return self._list("a query", lambda: self._data.query(query=json.dumps(query), **wanted))

    def insert(self, document: Document) -> bool:
        """Add a document; False where there is one of its key, which then stays as it is."""
        try:
            self._send(lambda: self._data.insert(json.dumps(document)))
        except _ConflictError:
            return False
        return True

    def save(self, documents: Sequence[Document]) -> None:
        """Keep documents, replacing those of the same keys; the last writer wins."""
        for batch in _batches(documents):
            self._list("batch_save", partial(self._save_texts, batch))

    def delete(self, query: Document) -> None:
        """Delete the documents that a query finds."""
        self._send(lambda: self._data.delete(json.dumps(query)))

    def _save_texts(self, batch: Sequence[str]) -> Any:  # noqa: ANN401 - a JSON value
        """Save documents that are JSON already: the SDK's own `batch_save` would write each a second time."""
        headers = [("Content-Type", "application/json")]
        answer = self._splunkd.post(self._saving, headers=headers, body=f"[{', '.join(batch)}]")
        return json.loads(answer.body.read())

    def _list(self, action: str, request: Callable[[], Any]) -> list[Any]:
        answer = self._send(request)
        if not isinstance(answer, list):
            raise StoreError(f"the KV store answered {action} with something else. {advice(StoreError)}")
        return answer

    @staticmethod
    def _send(request: Callable[[], Any]) -> Any:  # noqa: ANN401 - a JSON value
        try:
            return request()
        except binding.HTTPError as error:
            kind = _ConflictError if error.status == 409 else StoreError  # noqa: PLR2004 - HTTP's conflict
            raise kind(f"the KV store answered {error.status}. {advice(StoreError)}") from None
        except (binding.AuthenticationError, OSError, HTTPException) as error:
            what = f"the KV store does not answer ({no_connection(error)})"
            raise StoreError(f"{what}. {advice(StoreError)}") from None
        except (ValueError, RecursionError):
            return None  # no JSON


class _ConflictError(StoreError):
    """There is a document of this key."""


def _batches(documents: Sequence[Document]) -> Iterator[list[str]]:
    """Write documents as JSON; give as many at once as splunkd takes."""
    batch: list[str] = []
    size = 0
    for text in map(json.dumps, documents):
        if batch and (len(batch) == MAX_BATCH or size + len(text) > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch
