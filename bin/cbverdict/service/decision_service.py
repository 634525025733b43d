"""The decision service: the only thing that writes what people decided on rows, and says in the log who did."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator, Mapping, Protocol, Sequence, Tuple

from cbverdict.anomalies.decisions import Action, Decision, decide
from cbverdict.errors import InvalidRequestError
from cbverdict.json_object import read_object

if TYPE_CHECKING:
    from cbverdict.anomalies.reference_lists import Lists

logger = logging.getLogger(__name__)

MAX_ROWS = 20
"""Rows in one request: people decide, no search does."""

MAX_ACTIVE = 500
"""Decisions that hold at once; what hides more is no exclusion but a hole."""

END = "end"
"""The action that takes decisions back."""

_REMEMBERED = 90 * 86400.0


class DecisionKeeper(Protocol):
    """Where decisions are kept; `cbverdict.splunkd.stores.DecisionStore` is the real one. It may raise `StoreError`."""

    def kept(self, now: float) -> Mapping[str, Decision | None]:
        """Return those that are not over by their keys (None: it cannot be read)."""

    def write(self, decisions: Iterable[Decision]) -> None:
        """Keep decisions, replacing those about the same."""

    def end(self, keys: Iterable[str]) -> None:
        """Forget the decisions that stand under these keys."""

    def forget(self, before: float) -> None:
        """Forget decisions that were over before a time."""


class DecisionService:
    """Take decisions of people on rows; `lists` gives the tools that are never left out."""

    def __init__(self, lists: Callable[[], Lists], clock: Callable[[], float] = time.time) -> None:
        """Store what it asks; nothing is read yet."""
        self._lists = lists
        self._clock = clock

    def take(self, text: str, author: str, store: DecisionKeeper) -> str:
        """Answer a request as `write_request` makes it; `author` is whom splunkd says that it is.

        Raises:
            InvalidRequestError: one of the rows cannot be decided on so; then none is.
            StoreError: the KV store does not answer.
        """
        action, rows, days, why = _read_request(text)
        now = self._clock()
        if action == END:
            shown = list(self._end(rows, store))
        else:
            made = tuple(decide(action, row, days, why, author, now) for row in rows)
            self._refuse_tools(made)
            others = store.kept(now).keys() - {one.key for one in made}
            if len(others) + len(made) > MAX_ACTIVE:
                raise InvalidRequestError(f"{MAX_ACTIVE} decisions hold already: end some first")
            store.write(made)
            store.forget(now - _REMEMBERED)
            shown = [_shown(one.key, one) for one in made]
        for about in shown:
            logger.info("decision=%s by=%s about=%s", action, json.dumps(author), json.dumps(about))
        return json.dumps({"decisions": shown})

    def _end(self, rows: Sequence[Mapping[str, Any]], store: DecisionKeeper) -> Iterator[dict[str, Any]]:
        """End the decisions that rows name by their key."""
        keys = {str(row.get("_key") or row.get("decision") or "") for row in rows}
        found = {key: decision for key, decision in store.kept(self._clock()).items() if key in keys}
        if not found:
            raise InvalidRequestError(
                "no decision of these keys holds: take the rows from the lookup cbsigned_exclusions"
            )
        store.end(found)
        return (_shown(key, decision) for key, decision in found.items())

    def _refuse_tools(self, made: Iterable[Decision]) -> None:
        lists = self._lists()
        for one in made:
            if one.action == Action.EXCLUDE.word and lists.tool_named((one.process_name,)):
                what = f"{one.process_name} is a tool that intruders live off: it is never left out"
                raise InvalidRequestError(f"{what}. Filter it in the detection")


def write_request(action: str, rows: Sequence[Mapping[str, Any]], days: float, why: str) -> str:
    """Write a request."""
    return json.dumps({"action": action, "rows": list(rows), "days": days, "why": why})


def _read_request(text: str) -> Tuple[str, list[Mapping[str, Any]], float, str]:
    body = read_object(text) or {}
    action, rows, days, why = (body.get(name) for name in ("action", "rows", "days", "why"))
    if not (isinstance(action, str) and isinstance(why, str) and isinstance(days, (int, float))):
        raise InvalidRequestError("the request is not a decision on rows")
    if not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
        raise InvalidRequestError("the request has no rows to decide on")
    if not 1 <= len(rows) <= MAX_ROWS:
        raise InvalidRequestError(f"decide on 1 to {MAX_ROWS} rows at once, not on {len(rows)}")
    return action, rows, float(days), why


def _shown(key: str, decision: Decision | None) -> dict[str, Any]:
    """Write what a person and the log see of a decision (None: it cannot be read)."""
    if decision is None:
        return {"decision": key, "why": "it could not be read", "until": ""}
    return {
        "decision": key,
        "action": decision.action,
        "user": decision.user,
        "team": decision.team,
        "process_name": decision.process_name,
        "parent_process_name": decision.parent_process_name,
        "md5": decision.md5,
        "signed": decision.signed,
        "why": decision.why,
        "author": decision.author,
        "until": int(decision.until),
    }
