"""What the verdict service keeps between calls of each account."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cbverdict.carbonblack.circuit_breaker import CircuitBreaker
from cbverdict.carbonblack.factory import server_of
from cbverdict.service.flights import Flights

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import EvidenceSource
    from cbverdict.settings.account import Account


@dataclass(frozen=True)
class Connection:
    """What asks one account's server, whether that is up, and what is being asked at this moment."""

    account: Account
    source: EvidenceSource
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    flights: Flights = field(default_factory=Flights)


class Connections:
    """A connection an account, for as long as the account stays as it is; safe to use from several threads."""

    def __init__(self) -> None:
        """Start with none."""
        self._connections: dict[str, Connection] = {}
        self._lock = threading.Lock()  # The inputs answer in several threads.

    def to(self, account: Account) -> Connection:
        """Return the connection to an account's server; nothing is sent yet."""
        with self._lock:
            connection = self._connections.get(account.name)
            if connection is None or connection.account != account:
                if connection is not None:
                    connection.source.close()  # Whoever asks through it still may.
                connection = Connection(account, server_of(account).open_evidence())
                self._connections[account.name] = connection
            return connection
