"""What rows say in some of their columns, read once for all rows that say the same there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Dict, Generic, Tuple, TypeVar

if TYPE_CHECKING:
    from cbverdict.events.texts import Record
    from cbverdict.verdicts.hashes import FieldValue

Said = TypeVar("Said")


class Once(Generic[Said]):
    """What `read` makes of a row, which turns on nothing but these columns; for the rows of one chunk or page."""

    def __init__(self, read: Callable[[Record], Said], *columns: Tuple[str, ...]) -> None:
        """Store what reads a row, and the columns that it looks at."""
        self._read = read
        self._columns = tuple(dict.fromkeys(name for part in columns for name in part))
        self._known: Dict[Tuple[FieldValue, ...], Said] = {}

    def of(self, record: Record) -> Said:
        """Return what a row says."""
        key = tuple(map(record.get, self._columns))
        try:
            found = self._known.get(key)
        except TypeError:  # one of them has several values
            return self._read(record)
        if found is None:
            found = self._known[key] = self._read(record)
        return found
