"""What several columns of a row say together, and the file that they name."""

from __future__ import annotations

from typing import Callable, NamedTuple, Sequence, Tuple, TypeVar

from cbverdict.events.names import file_name
from cbverdict.events.texts import Record, first_text, texts_of, values_of
from cbverdict.placeholders import is_nothing
from cbverdict.verdicts.hashes import FieldValue, FileHash, Odd, Sha256
from cbverdict.verdicts.reasons import Reason

Hash = TypeVar("Hash", bound=str)


class Process(NamedTuple):
    """A process as a row names it: its hash (None: not known, and why) and its file name (None: the row has none).

    `md5` is a SHA-256 where the row has no MD5; `sha256` is what stands beside an MD5.
    """

    md5: FileHash | None
    name: str | None
    why_unknown: Reason = Reason.NO_HASH
    sha256: Sha256 | None = None


def agreed(record: Record, names: Sequence[str], read: Callable[[FieldValue], Hash | Odd | None]) -> Hash | Odd | None:
    """Return what these fields say: the first that says anything; a later one that says otherwise makes it several."""
    found = [said for name in names if (value := record.get(name)) and (said := read(value)) is not None]
    if not found or isinstance(found[0], Odd):
        return found[0] if found else None
    return found[0] if len(set(found)) == 1 else Odd.SEVERAL


def raw_texts(record: Record, names: Sequence[str]) -> Tuple[str, ...]:
    """Return what fields say, blanks at the ends included, for they may be what is odd about a name."""
    said = (text for name in names if (value := record.get(name)) for text in values_of(value))
    return tuple(dict.fromkeys(text for text in said if not is_nothing(text)))


def distinct(record: Record, names: Sequence[str]) -> Tuple[str, ...]:
    """Return what fields say, each text once."""
    return tuple(dict.fromkeys(texts_of(record, names)))


def first_name(record: Record, names: Sequence[str]) -> str | None:
    """Return the first file name (None: there is none)."""
    return file_name(first_text(record, names) or "")
