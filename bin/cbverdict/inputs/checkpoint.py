"""How far an input has read, kept in the KV store: it survives a crash, and a search head cluster shares it."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any, Dict, List

from cbverdict.errors import StoreError
from cbverdict.inputs.seen_keys import MAX_KEYS, SeenKeys
from cbverdict.splunkd.kvstore import Collection

COLLECTION = "cbsigned_checkpoints"

_TIMEOUT = 30.0  # What an admin does not wait for may take long.
_MANY_PAGES = 64
_KEYS_A_DOCUMENT = 4000
_DIGITS = 16


@dataclass(frozen=True)
class Checkpoint:
    """How far an input has read. `start` and `account` are those it began with: with others it begins anew.

    `started` and `cursor` are UTC to the second: from when on the server must have heard of what is wanted, and until
    when all is written.
    `caught_up` is when nothing was left to read (seconds since 1970). `last_reported_lag`
    is the lag of the last health event (seconds). `flips_checked_until` is until when flips were looked for. `clocks`
    are the endpoints whose clocks were told to be wrong (`cbverdict.inputs.clocks.Told`).
    """

    account: str
    start: str
    started: str
    cursor: str
    caught_up: float
    last_reported_lag: float = 0.0
    flips_checked_until: float = 0.0
    clocks: Dict[str, List[float]] = field(default_factory=dict)


class CheckpointStore:
    """Keep the checkpoint of one input and the keys of what it wrote lately; methods raise `StoreError`."""

    def __init__(self, splunkd_uri: str, token: str, name: str) -> None:
        """Store the input's name, `<kind>://<stanza>`; nothing is sent yet."""
        self._collection = Collection(splunkd_uri, token, COLLECTION, _TIMEOUT)
        self._name = name
        self._pages: deque[tuple[int, int]] = deque()
        self._next = 0
        self._keys = 0

    def load(self) -> tuple[Checkpoint | None, SeenKeys]:
        """Return what was saved (None: nothing yet, or nothing that can be read)."""
        recent = SeenKeys()
        checkpoint = None
        pages: list[tuple[int, str]] = []
        for document in self._collection.find({"input": self._name}):
            if document.get("kind") == "state":
                checkpoint = _read(str(document.get("state")))
            elif document.get("kind") == "page":
                pages.append((int(document["page"]), str(document["keys"])))
        self._pages.clear()
        self._keys = self._next = 0
        for page, kept in sorted(pages):
            recent.recall(kept)
            self._append(page, kept)
        if len(pages) > _MANY_PAGES:
            self._put_together(recent)
        return checkpoint, recent

    def forget(self) -> SeenKeys:
        """Forget the keys of what was written, for the input begins anew."""
        self._delete_before(self._next)
        self._pages.clear()
        self._keys = 0
        return SeenKeys()

    def save(self, checkpoint: Checkpoint, kept: str) -> None:
        """Save how far the input has read, with the keys of what it wrote since the last time."""
        documents: list[dict[str, Any]] = [self._page(self._next, kept)] if kept else []
        state = {"_key": self._name, "input": self._name, "kind": "state", "state": json.dumps(asdict(checkpoint))}
        # Keys first: should only they arrive, nothing is written twice for it.
        self._collection.save([*documents, state])
        if kept:
            self._append(self._next, kept)
            self._drop()

    def _page(self, page: int, kept: str) -> dict[str, Any]:
        return {"_key": f"{self._name}|{page}", "input": self._name, "kind": "page", "page": page, "keys": kept}

    def _append(self, page: int, kept: str) -> None:
        self._pages.append((page, len(kept) // _DIGITS))
        self._keys += len(kept) // _DIGITS
        self._next = page + 1

    def _drop(self) -> None:
        """Delete the pages whose keys nobody remembers any more, a tenth of all at a time."""
        if self._keys < MAX_KEYS * 1.1:
            return
        while self._keys - self._pages[0][1] >= MAX_KEYS:
            self._keys -= self._pages.popleft()[1]
        self._delete_before(self._pages[0][0])

    def _put_together(self, recent: SeenKeys) -> None:
        """Make few documents of many: an input that runs every minute adds one of a few keys each time."""
        texts = list(recent.texts())
        parts = ["".join(texts[start : start + _KEYS_A_DOCUMENT]) for start in range(0, len(texts), _KEYS_A_DOCUMENT)]
        first = self._next
        self._collection.save([self._page(first + number, kept) for number, kept in enumerate(parts)])
        self._delete_before(first)
        self._pages.clear()
        self._keys = 0
        for number, kept in enumerate(parts):
            self._append(first + number, kept)

    def _delete_before(self, page: int) -> None:
        self._collection.delete({"input": self._name, "kind": "page", "page": {"$lt": page}})


def _read(text: str) -> Checkpoint | None:
    try:
        return Checkpoint(**json.loads(text))
    except (ValueError, TypeError):
        raise StoreError(
            "the input's checkpoint is of another version: delete its documents from the collection "
            "cbsigned_checkpoints; what is written again has the same cbsigned_id"
        ) from None
