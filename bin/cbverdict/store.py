"""The verdict store: the KV collection `cbsigned_verdicts`, read and written in batches."""

from __future__ import annotations

import json
import logging
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Iterable, Sequence
from urllib.parse import urlsplit

from splunklib import binding

from cbverdict.errors import StoreError, advice
from cbverdict.stored import StoredVerdict, read_document, store_key, write_document

if TYPE_CHECKING:
    from cbverdict.evidence import Question

logger = logging.getLogger(__name__)

MAX_BATCH = 1000
"""Documents a save: KV's `max_documents_per_batch_save` up to Splunk 9.0; later ones take more."""

_PATH = "storage/collections/data/cbsigned_verdicts"
_TIMEOUT = 5.0
_FLIP_MEMORY = 30 * 86400.0


class VerdictStore:
    """Keep verdicts between searches; every method raises `StoreError` where splunkd does not do its part."""

    def __init__(self, splunkd_uri: str, token: str) -> None:
        """Remember whom to ask; nothing is sent yet."""
        uri = urlsplit(splunkd_uri)
        self._context = binding.Context(
            scheme=uri.scheme,
            host=uri.hostname,
            port=uri.port,
            token=token,
            owner="nobody",
            app="cbsigned",
            handler=binding.handler(timeout=_TIMEOUT),
        )

    def read(self, server: str, questions: Sequence[Question]) -> dict[Question, StoredVerdict]:
        """Give what is kept of these questions, fresh or not."""
        wanted = {store_key(server, question): question for question in questions}
        keys = list(wanted)
        found: dict[Question, StoredVerdict] = {}
        for start in range(0, len(keys), MAX_BATCH):
            query = {"query": {"_key": {"$in": keys[start : start + MAX_BATCH]}}}
            (documents,) = self._post("batch_find", [query]) or [[]]
            for document in documents:
                stored = read_document(document)
                question = wanted.get(document.get("_key", ""))
                if stored is not None and question is not None:
                    found[question] = stored
        return found

    def write(self, verdicts: Iterable[StoredVerdict]) -> None:
        """Keep verdicts, replacing what was kept of the same questions; the last writer wins."""
        documents = [write_document(verdict) for verdict in verdicts]
        for start in range(0, len(documents), MAX_BATCH):
            self._post("batch_save", documents[start : start + MAX_BATCH])

    def purge(self, now: float) -> None:
        """Delete what has expired: `not_seen` at once, the rest a month later, so that a flip is still noticed."""
        query = {"$or": [{"signed": "unknown", "expires": {"$lt": now}}, {"expires": {"$lt": now - _FLIP_MEMORY}}]}
        self._send(lambda: self._context.delete(_PATH, query=json.dumps(query)))

    def _post(self, action: str, body: list[Any]) -> list[Any]:
        headers = [("Content-Type", "application/json")]
        text = self._send(lambda: self._context.post(f"{_PATH}/{action}", headers=headers, body=json.dumps(body)))
        try:
            answer = json.loads(text)
        except ValueError:
            answer = None
        if not isinstance(answer, list):
            raise StoreError(f"the verdict store answered {action} with something else. {advice(StoreError)}")
        return answer

    def _send(self, request: Any) -> bytes:  # noqa: ANN401 - the SDK has no types
        try:
            content: bytes = request().body.read()
        except binding.HTTPError as error:
            raise StoreError(f"the verdict store answered {error.status}. {advice(StoreError)}") from None
        except (binding.AuthenticationError, OSError, HTTPException) as error:
            raise StoreError(
                f"the verdict store does not answer ({type(error).__name__}). {advice(StoreError)}"
            ) from None
        return content
