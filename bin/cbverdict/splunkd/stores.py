"""What is kept between searches, but for baselines: verdicts and decisions, each in a KV collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, Iterator, Mapping, Sequence

from cbverdict.anomalies.decisions import Action, read_decision, write_decision
from cbverdict.errors import StoreError
from cbverdict.splunkd.kvstore import DECISIONS, VERDICTS, Collection
from cbverdict.verdicts.cached_verdict import StoredVerdict, read_document, store_key, write_document
from cbverdict.verdicts.hashes import is_sha256
from cbverdict.verdicts.signature import SIGNATURE_COLUMNS

if TYPE_CHECKING:
    from cbverdict.anomalies.decisions import Decision
    from cbverdict.verdicts.evidence import Question

_SHA256_COLUMN = SIGNATURE_COLUMNS["sha256"]
_FLIP_MEMORY = 30 * 86400.0
_SWEEPING_TIMEOUT = 60.0  # much is deleted at once, and nobody waits


class VerdictStore:
    """Keep verdicts in `cbsigned_verdicts`; every method raises `StoreError` where splunkd does not do its part."""

    def __init__(self, splunkd_uri: str, token: str) -> None:
        """Remember whom to ask; nothing is sent yet."""
        self._collection = Collection(splunkd_uri, token, VERDICTS)
        self._sweeping = Collection(splunkd_uri, token, VERDICTS, _SWEEPING_TIMEOUT)

    def read(self, server: str, questions: Sequence[Question]) -> dict[Question, StoredVerdict]:
        """Return what is kept of these questions, fresh or not."""
        wanted = {store_key(server, question): question for question in questions}
        found: dict[Question, StoredVerdict] = {}
        for document in self._collection.read(list(wanted)):
            stored = read_document(document)
            question = wanted.get(document.get("_key", ""))
            if stored is not None and question is not None and _is_of(stored, server, question):
                found[question] = stored
        return {**self._read_by_sha256(server, [one for one in questions if one not in found]), **found}

    def _read_by_sha256(self, server: str, questions: Sequence[Question]) -> dict[Question, StoredVerdict]:
        """Return what is kept, under its MD5, of the file that a SHA-256 belongs to, where that is one file."""
        hashes = [(one.md5, one) for one in questions if is_sha256(one.md5) and one.name is None]
        wanted: dict[str, Question] = dict(hashes)
        found: dict[Question, list[StoredVerdict]] = {}
        query = {"server": server, "name": ""}
        for document in self._collection.find_all(query, _SHA256_COLUMN, list(wanted)) if wanted else ():
            stored = read_document(document)
            if stored is not None and stored.verdict.signature and not is_sha256(stored.question.md5):
                question = wanted.get(stored.verdict.signature.sha256)
                is_own = stored.server == server and document.get("_key") == store_key(server, stored.question)
                if question is not None and is_own:
                    found.setdefault(question, []).append(stored)
        return {question: kept[0] for question, kept in found.items() if len(kept) == 1}

    def write(self, verdicts: Iterable[StoredVerdict]) -> None:
        """Keep verdicts, replacing what was kept of the same questions; the last writer wins."""
        self._collection.save([write_document(verdict) for verdict in verdicts])

    def flips(self, server: str, since: float) -> list[StoredVerdict]:
        """Return the verdicts of a server whose signature changed since a time."""
        return self._find({"server": server, "flipped": {"$gte": since}})

    def running_out(self, server: str, before: float, after: float) -> list[StoredVerdict]:
        """Return the verdicts of a server, unknown ones left out, whose time is over between two times."""
        known = {"$in": ["true", "false"]}
        return self._find({"server": server, "signed": known, "expires": {"$lt": before, "$gte": after}})

    def _find(self, query: Mapping[str, object]) -> list[StoredVerdict]:
        found = [stored for stored in map(read_document, self._collection.find(query)) if stored is not None]
        return [stored for stored in found if not is_sha256(stored.question.md5)]  # it is kept under its MD5 as well

    def purge(self, now: float) -> None:
        """Delete what has expired: `not_seen` at once, the rest a month later, so that a flip is still noticed."""
        query = {"$or": [{"signed": "unknown", "expires": {"$lt": now}}, {"expires": {"$lt": now - _FLIP_MEMORY}}]}
        self._sweeping.delete(query)


def _is_of(stored: StoredVerdict, server: str, question: Question) -> bool:
    """Return whether a document is what its key says: of this server, hash and name."""
    return store_key(stored.server, stored.question) == store_key(server, question)


_NOT_BAD = {Action.EXCLUDE.word, Action.EXPECT.word}


class DecisionStore:
    """Keep what people decided in `cbsigned_exclusions`; every method raises `StoreError` as above."""

    def __init__(self, splunkd_uri: str, token: str) -> None:
        """Remember whom to ask; nothing is sent yet."""
        self._collection = Collection(splunkd_uri, token, DECISIONS)

    def active(self, now: float) -> list[Decision]:
        """Return those that are not over.

        One that cannot be read, and may call a file bad, is trouble: without it, what it keeps would be dropped. Any
        other that cannot be read, or stands under another key than its own, is none.
        """
        found = []
        for document, decision in self._documents(now):
            may_be_bad = document.get("action") not in _NOT_BAD
            if decision is None and may_be_bad:
                key = str(document.get("_key"))[:80]
                raise StoreError(f"cbsigned_exclusions, {key!r}: the decision cannot be read. End it, and decide anew")
            if decision is not None and (may_be_bad or document.get("_key") == decision.key):
                found.append(decision)
        return found

    def kept(self, now: float) -> dict[str, Decision | None]:
        """Return those that are not over by the keys that they stand under (None: it cannot be read)."""
        return {str(document.get("_key")): decision for document, decision in self._documents(now)}

    def _documents(self, now: float) -> Iterator[tuple[Mapping[str, object], Decision | None]]:
        """Read what is not over; of those that may be bad also what does not say when it ends."""
        for document in self._collection.find({"$or": [{"until": {"$gt": now}}, {"action": Action.BAD.word}]}):
            decision = read_decision(document)
            if decision is None or decision.until > now:
                yield document, decision

    def write(self, decisions: Iterable[Decision]) -> None:
        """Keep decisions, replacing those about the same."""
        self._collection.save([write_decision(decision) for decision in decisions])

    def end(self, keys: Iterable[str]) -> None:
        """Forget the decisions that stand under these keys."""
        self._collection.delete({"_key": {"$in": list(keys)}})

    def forget(self, before: float) -> None:
        """Forget decisions that were over before a time."""
        self._collection.delete({"until": {"$lt": before}})
