"""What an account must be able to ask an EDR server, tried once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbverdict.carbonblack.edr.clause import read_clause
from cbverdict.carbonblack.edr.query import binary_query, joint_query
from cbverdict.errors import SetupError
from cbverdict.verdicts.hashes import Md5

if TYPE_CHECKING:
    from cbverdict.carbonblack.edr.client import EdrClient
    from cbverdict.settings.account import Account

ANY_MD5 = Md5("d41d8cd98f00b204e9800998ecf8427e")  # of an empty file: whether it is known does not matter
ANY_NAME = "cbsigned.exe"
_FIRST_VERSION = 6


class EdrSetupCheck:
    """Ask the three questions of a search; see `cbverdict.carbonblack.port.SetupCheck`."""

    def __init__(self, account: Account, client: EdrClient) -> None:
        """Store the account that is tried, and what asks."""
        self._account = account
        self._client = client

    def try_version(self, deadline: float) -> str:
        """Ask for the version, and return it; raises `SetupError` where it is too old."""
        version = self._client.version(deadline)
        first = version.partition(".")[0]
        if first.isascii() and first.isdecimal() and int(first) < _FIRST_VERSION:
            raise SetupError(
                f"Carbon Black {self._account.name} is EDR {version}, which is too old: the add-on needs 6.0 or later"
            )
        return version

    def try_documents(self, deadline: float) -> None:
        """Ask the binary search for one document."""
        self._client.find_binaries(binary_query([ANY_MD5]), 1, deadline)

    def try_joint_query(self, clause: str, deadline: float) -> None:
        """Ask the process search with the clause."""
        self._client.find_processes(joint_query([ANY_MD5], read_clause(clause).render(ANY_MD5, ANY_NAME)), deadline)

    @property
    def clock_offset(self) -> float | None:
        """By how many seconds the server's clock was ahead of this host's when it last answered."""
        return self._client.clock_offset

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
