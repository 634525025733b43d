"""A KV store collection of the app, read and written in batches."""

from __future__ import annotations

import json
from http.client import HTTPException
from typing import Any, Callable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from splunklib import binding

from cbverdict.errors import StoreError, advice

MAX_BATCH = 1000
"""Documents a save: KV's `max_documents_per_batch_save` up to Splunk 9.0; later ones take more."""

MAX_BATCH_BYTES = 16 * 1024 * 1024
"""Bytes a save: KV's `max_size_per_batch_save_mb` is 50."""

_TIMEOUT = 5.0
_UNREACHABLE = (binding.AuthenticationError, OSError, HTTPException)

Document = Mapping[str, Any]


class Collection:
    """One collection; every method raises `StoreError` where splunkd does not do its part."""

    def __init__(self, splunkd_uri: str, token: str, name: str, timeout: float = _TIMEOUT) -> None:
        """Remember whom to ask; nothing is sent yet."""
        uri = urlsplit(splunkd_uri)
        self._path = f"storage/collections/data/{name}"
        self._context = binding.Context(
            scheme=uri.scheme,
            host=uri.hostname,
            port=uri.port,
            token=token,
            owner="nobody",
            app="cbsigned",
            handler=binding.handler(timeout=timeout),
        )

    def read(self, keys: Sequence[str]) -> Iterator[Document]:
        """Return the documents of these keys that there are."""
        for start in range(0, len(keys), MAX_BATCH):
            query = {"query": {"_key": {"$in": keys[start : start + MAX_BATCH]}}}
            (documents,) = self._post("batch_find", json.dumps([query])) or [[]]
            yield from documents

    def find(self, query: Document) -> list[Document]:
        """Return the documents that a query finds (at most 50,000, as splunkd's limit has it)."""
        text = self._send(lambda: self._context.get(self._path, query=json.dumps(query)))
        return _list(text, "a query")

    def insert(self, document: Document) -> bool:
        """Add a document; False where there is one of its key, which then stays as it is."""
        headers = [("Content-Type", "application/json")]
        body = json.dumps(document)
        try:
            self._context.post(self._path, headers=headers, body=body).body.read()
        except binding.HTTPError as error:
            if error.status == 409:  # noqa: PLR2004 - HTTP's conflict
                return False
            raise StoreError(f"the KV store answered {error.status}. {advice(StoreError)}") from None
        except _UNREACHABLE as error:
            raise _unreachable(error) from None
        return True

    def save(self, documents: Sequence[Document]) -> None:
        """Keep documents, replacing those of the same keys; the last writer wins."""
        texts = [json.dumps(document) for document in documents]
        for batch in _batches(texts):
            self._post("batch_save", f"[{','.join(batch)}]")

    def delete(self, query: Document) -> None:
        """Delete the documents that a query finds."""
        self._send(lambda: self._context.delete(self._path, query=json.dumps(query)))

    def _post(self, action: str, body: str) -> list[Any]:
        headers = [("Content-Type", "application/json")]
        text = self._send(lambda: self._context.post(f"{self._path}/{action}", headers=headers, body=body))
        return _list(text, action)

    @staticmethod
    def _send(request: Callable[[], Any]) -> bytes:
        try:
            content: bytes = request().body.read()
        except binding.HTTPError as error:
            raise StoreError(f"the KV store answered {error.status}. {advice(StoreError)}") from None
        except _UNREACHABLE as error:
            raise _unreachable(error) from None
        return content


def _unreachable(error: Exception) -> StoreError:
    return StoreError(f"the KV store does not answer ({type(error).__name__}). {advice(StoreError)}")


def _list(text: bytes, action: str) -> list[Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if not isinstance(answer, list):
        raise StoreError(f"the KV store answered {action} with something else. {advice(StoreError)}")
    return answer


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and (len(batch) == MAX_BATCH or size + len(text) > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch
