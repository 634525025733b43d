"""Where a checkpoint is kept: the KV store survives a crash, and a search head cluster shares it."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from operator import itemgetter
from typing import Any, Callable, List, NamedTuple, Sequence, TypeVar

from cbverdict.inputs.progress.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from cbverdict.inputs.progress.seen_keys import RECORD_LETTERS, SeenKeys
from cbverdict.splunkd.kvstore import CHECKPOINTS, Collection, Document

T = TypeVar("T")

logger = logging.getLogger(__name__)


_TIMEOUT = 30.0  # What an admin does not wait for may take long.
_MANY_PAGES = 64
_MANY_SPARE = 50_000
_KEYS_A_DOCUMENT = 8000
_OLD_FOR = 7 * 86400.0
"""Seconds for which what the first release kept is remembered."""


class Order(NamedTuple):
    """An admin's order to read a time again: between two seconds (UTC), also what is known to be written or not."""

    key: str
    since: str
    until: str
    is_all: bool

    @property
    def state(self) -> str:
        """What is kept of it."""
        return f"{self.since} {self.until} {'all' if self.is_all else 'new'}"


class CheckpointStore:
    """Keep the checkpoint of one input and the keys of what it wrote lately; methods raise `StoreError`.

    A document that cannot be read is deleted, and named in `damaged`: at worst something is written twice for it.
    """

    def __init__(self, splunkd_uri: str, token: str, name: str, clock: Callable[[], float] = time.time) -> None:
        """Store the input's name, `<kind>://<stanza>`; nothing is sent yet."""
        self._collection = Collection(splunkd_uri, token, CHECKPOINTS, _TIMEOUT)
        self._name = name
        self._clock = clock
        self._next = 0
        self.damaged: List[str] = []
        self.orders: List[Order] = []
        self._has_old = False

    def load(self) -> tuple[Checkpoint | None, SeenKeys]:
        """Return what was saved (None: nothing yet, or nothing that can be read)."""
        recent = SeenKeys()
        checkpoint = None
        self.damaged = []
        kinds: dict[object, list[Document]] = {}
        for document in self._collection.find({"input": self._name}):
            kinds.setdefault(document.get("kind"), []).append(document)
        for document in kinds.get("state", []):
            checkpoint, damaged = read_checkpoint(str(document.get("state")), self._clock())
            self.damaged += [f"checkpoint ({name})" for name in damaged]
        self._has_old = "page" in kinds
        pages, unreadable = _read(kinds.get("seen", []), lambda one: (int(one["page"]), str(one["records"])))
        ordered = sorted(((*page, document) for document, page in pages), key=itemgetter(0))
        for documents, read in (
            ([document for _, _, document in ordered], lambda one: recent.recall(str(one["records"]))),
            (kinds.get("page", []), lambda one: recent.recall_old(one["keys"])),
        ):
            unreadable += _read(documents, read)[1]
        orders, no_orders = _read(kinds.get("order", []), _order)
        self.orders = [order for _, order in orders]
        self._drop([*unreadable, *no_orders])
        self._next = max((number for number, _, _ in ordered), default=-1) + 1
        letters = sum(len(records) for _, records, _ in ordered)
        if len(ordered) > _MANY_PAGES or letters // RECORD_LETTERS > 1.5 * len(recent) + _MANY_SPARE:
            self.tidy(recent)
        if self._has_old and checkpoint and checkpoint.upgraded and checkpoint.upgraded < self._clock() - _OLD_FOR:
            self._collection.delete({"input": self._name, "kind": "page"})
        for what in self.damaged:
            logger.warning("input=%s damaged=%r", self._name, what)
        return checkpoint, recent

    def forget(self) -> SeenKeys:
        """Forget the keys of what was written, for the input begins anew."""
        self._delete_before(self._next)
        self._collection.delete({"input": self._name, "kind": "page"})
        return SeenKeys()

    def save(self, checkpoint: Checkpoint, kept: str) -> None:
        """Save how far the input has read, with the keys of what it wrote since the last time."""
        documents: list[dict[str, Any]] = [self._page(self._next, kept)] if kept else []
        if self._has_old and not checkpoint.upgraded:
            checkpoint = replace(checkpoint, upgraded=self._clock())
        state = write_checkpoint(checkpoint)
        # Keys first: should only they arrive, nothing is written twice for it.
        documents.append({"_key": self._name, "input": self._name, "kind": "state", "state": state})
        self._collection.save(documents)
        self._next += bool(kept)

    def tidy(self, recent: SeenKeys) -> None:
        """Forget what is not wanted any more, and make few documents of many."""
        recent.forget_some()
        texts = list(recent.texts())
        first = self._next
        parts = ["".join(texts[start : start + _KEYS_A_DOCUMENT]) for start in range(0, len(texts), _KEYS_A_DOCUMENT)]
        self._collection.save([self._page(first + number, kept) for number, kept in enumerate(parts)])
        self._next += len(parts)
        self._delete_before(first)

    def done(self, order: Order) -> None:
        """Delete an admin's order, for it is done."""
        self._collection.delete({"_key": order.key})
        self.orders = [one for one in self.orders if one.key != order.key]

    def go_on(self, order: Order, since: str) -> None:
        """Keep what is left of an order, from a second on (UTC)."""
        left = order._replace(since=since)
        self._collection.save([{"_key": left.key, "input": self._name, "kind": "order", "state": left.state}])
        self.orders = [left if one.key == left.key else one for one in self.orders]

    def _page(self, page: int, kept: str) -> dict[str, Any]:
        key, count = f"{self._name}|seen|{page}", len(kept) // RECORD_LETTERS
        return {"_key": key, "input": self._name, "kind": "seen", "page": page, "records": kept, "count": count}

    def _drop(self, unreadable: Sequence[Document]) -> None:
        """Delete what cannot be read, else every run would tell of it again."""
        self.damaged += ["a page of what was written"] * len(unreadable)
        if unreadable:
            self._collection.delete({"_key": {"$in": [str(document.get("_key")) for document in unreadable]}})

    def _delete_before(self, page: int) -> None:
        self._collection.delete({"input": self._name, "kind": "seen", "page": {"$lt": page}})


def _read(
    documents: Sequence[Document], read: Callable[[Document], T]
) -> tuple[list[tuple[Document, T]], list[Document]]:
    """Return documents with what they say, and those that cannot be read."""
    found, unreadable = [], []
    for document in documents:
        try:
            found.append((document, read(document)))
        except (ValueError, TypeError, KeyError, OverflowError, AttributeError):  # noqa: PERF203 - few
            unreadable.append(document)
    return found, unreadable


def _order(document: Any) -> Order:  # noqa: ANN401 - a JSON value
    since, until, is_all = str(document["state"]).split()
    return Order(str(document["_key"]), since, until, is_all == "all")
