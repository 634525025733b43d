"""The baselines, as they are kept between searches in a KV collection, and the outline of the organisation's."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, ContextManager, Mapping, Sequence

from cbverdict.anomalies.baselines import (
    ORGANISATION,
    Baseline,
    Baselines,
    Subject,
    read_baseline,
    read_subject,
    write_baseline,
)
from cbverdict.anomalies.lessons import KeptBaseline
from cbverdict.anomalies.outline import Outline
from cbverdict.anomalies.outline_fields import HEAD, count_released, is_outlined, write_fields
from cbverdict.errors import InvalidRequestError, StoreError
from cbverdict.splunkd.kv_lock import KvLock
from cbverdict.splunkd.kvstore import BASELINES, CHECKPOINTS, Collection

if TYPE_CHECKING:
    from cbverdict.anomalies.outline_fields import OutlineNames

_WRITING_TIMEOUT = 60.0  # baselines are large, and nobody waits
_MAX_FIELDS = 400  # of a request, whose address has them
_MANY_FIELDS = 2000


_OF_ORGANISATION = {"_key": {"$in": [ORGANISATION.key]}}


class BaselineStore:
    """Keep baselines in `cbsigned_baselines`; every method raises `StoreError` where splunkd does not do its part."""

    def __init__(self, splunkd_uri: str, token: str) -> None:
        """Remember whom to ask; nothing is sent yet."""
        self._collection = Collection(splunkd_uri, token, BASELINES)
        self._writing = Collection(splunkd_uri, token, BASELINES, _WRITING_TIMEOUT)
        self._locks = Collection(splunkd_uri, token, CHECKPOINTS, _WRITING_TIMEOUT)

    def read(self, subjects: Sequence[Subject]) -> Baselines:
        """Return the baselines of these subjects that there are; one that is there and cannot be read is trouble."""
        return dict(map(_read_baseline, self._collection.read([subject.key for subject in subjects])))

    def count_released(self, kept: Baselines, names: OutlineNames) -> tuple[Baselines, Outline]:
        """Return baselines with what is released counted in, and what everybody did with some names."""
        fields = self._fields(names.fields)
        if not fields:
            if kept:
                raise StoreError("cbsigned_baselines: what is known of all together is gone: learn anew")
            return kept, Outline()
        with suppress(InvalidRequestError):
            return count_released(kept, fields, names)
        # An earlier release wrote it, or it is damaged: what it is made of is there.
        organisation = self.read([ORGANISATION]).get(ORGANISATION, Baseline())
        return count_released(kept, write_fields(organisation), names)

    def _fields(self, names: Sequence[str]) -> dict[str, object]:
        """Return fields of the organisation's document (empty: there is no document)."""
        found: dict[str, object] = {}
        if len(names) > _MANY_FIELDS:  # Read whole it comes faster than in so many parts.
            for document in self._collection.read([ORGANISATION.key]):
                found.update(document)
            return found
        for start in range(0, len(names), _MAX_FIELDS):
            wanted = ("_key", *names[start : start + _MAX_FIELDS])
            for document in self._collection.find(_OF_ORGANISATION, wanted):
                found.update(document)
        return found

    def add_outline(self) -> None:
        """Add the outline to a document that an earlier release wrote, and that can be read."""
        if all(is_outlined(head) for head in self._writing.find(_OF_ORGANISATION, ("_key", HEAD))):
            return
        for document in self._writing.find(_OF_ORGANISATION):
            with suppress(StoreError):
                _, baseline = _read_baseline(document)
                self._writing.save([{**document, **write_fields(baseline)}])

    def alone(self) -> ContextManager[None]:
        """Have the right to write baselines: of two who add to one at once, one would be lost."""
        return KvLock(self._locks, "lock|learning").held()

    def read_for_update(self, subjects: Sequence[Subject]) -> dict[Subject, KeptBaseline]:
        """Return what is kept, with the longer time-out of whoever writes it anew; what cannot be read is none."""
        found: dict[Subject, KeptBaseline] = {}
        for document in self._writing.read([subject.key for subject in subjects]):
            with suppress(StoreError):
                subject, baseline = _read_baseline(document)
                found[subject] = KeptBaseline(baseline, tuple(str(document.get("lessons") or "").split()))
        return found

    def write(self, baselines: Mapping[Subject, KeptBaseline], now: float) -> None:
        """Keep baselines, replacing what was kept of the same subjects."""
        documents = [
            {
                "_key": subject.key,
                "kind": subject.kind.value,
                "name": subject.name,
                "learnt": now,
                "baseline": write_baseline(kept.baseline),
                "lessons": " ".join(kept.lessons),
                **(write_fields(kept.baseline) if subject == ORGANISATION else {}),
            }
            for subject, kept in baselines.items()
        ]
        self._writing.save(documents)

    def forget(self, before: float) -> None:
        """Delete what was last learnt before a time."""
        self._writing.delete({"learnt": {"$lt": before}})


def _read_baseline(document: Mapping[str, object]) -> tuple[Subject, Baseline]:
    """Read a document; that of somebody of whom nothing can be read must not pass for somebody new."""
    try:
        return read_subject(str(document.get("_key"))), read_baseline(str(document.get("baseline")))
    except InvalidRequestError as error:
        raise StoreError(f"cbsigned_baselines, {str(document.get('_key'))[:80]!r}: {error}") from None
