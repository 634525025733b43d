"""Questions that are being asked right now: whoever has the same one waits for that answer, and does not ask too."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Dict, Hashable, Iterable, Tuple

if TYPE_CHECKING:
    from cbverdict.service.resolution import Resolution
    from cbverdict.verdicts.evidence import Question

Landing = Future["Resolution"]


@dataclass(frozen=True)
class Flight:
    """What one call asks itself (`own`), and what others ask already, by the future of what comes of it."""

    landing: Landing
    own: list[Question]
    others: dict[Question, Landing] = field(default_factory=dict)


class Flights:
    """The calls under way to one server; safe to use from several threads.

    `way` is how a question is asked: answers to one that was asked another way are no answers.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._lock = threading.Lock()
        self._under_way: Dict[Tuple[Hashable, Question], Landing] = {}

    def take_off(self, way: Hashable, questions: Iterable[Question]) -> Flight:
        """Begin a call: what nobody asks yet is its own; it must land, whatever happens."""
        flight = Flight(Future(), [])
        with self._lock:
            for question in questions:
                landing = self._under_way.setdefault((way, question), flight.landing)
                if landing is flight.landing:
                    flight.own.append(question)
                else:
                    flight.others[question] = landing
        return flight

    def land(self, way: Hashable, flight: Flight, resolution: Resolution) -> None:
        """Record the outcome of a call."""
        with self._lock:
            for question in flight.own:
                del self._under_way[way, question]
        flight.landing.set_result(resolution)
