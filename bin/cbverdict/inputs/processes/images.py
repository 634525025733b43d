"""What is known of parents: a process tells only their names, and the same ones start others for weeks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Iterable, Mapping

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import Image

_MAX_IMAGES = 5_000


class Images:
    """The images of processes that were named last, by id; None says that Carbon Black knows no such process."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._images: OrderedDict[str, Image | None] = OrderedDict()
        self._lock = threading.Lock()

    def learn(self, images: Mapping[str, Image | None]) -> None:
        """Remember images."""
        with self._lock:
            for guid, image in images.items():
                self._images[guid] = image
                self._images.move_to_end(guid)
            while len(self._images) > _MAX_IMAGES:
                self._images.popitem(last=False)

    def find(self, guids: Iterable[str]) -> dict[str, Image | None]:
        """Return what is known of these; one that is missing in it was not asked for yet, or was forgotten."""
        with self._lock:
            found = {guid: self._images[guid] for guid in guids if guid in self._images}
            for guid in found:
                self._images.move_to_end(guid)
        return found
