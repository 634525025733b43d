"""A Carbon Black EDR server, behind the port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cbverdict.carbonblack.edr.clause import read_clause
from cbverdict.carbonblack.edr.client import PAGE_BYTES, EdrClient
from cbverdict.carbonblack.edr.evidence_source import EdrEvidenceSource
from cbverdict.carbonblack.edr.page_source import EdrPageSource
from cbverdict.carbonblack.edr.setup_check import ANY_MD5, ANY_NAME, EdrSetupCheck
from cbverdict.carbonblack.fair_pool import FairPool
from cbverdict.settings.verdicts import Method

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import Way
    from cbverdict.settings.account import Account
    from cbverdict.settings.verdicts import VerdictSettings


@dataclass(frozen=True)
class EdrServer:
    """One account's EDR server; see `cbverdict.carbonblack.port.Server`."""

    account: Account

    def needs_names(self, way: Way) -> bool:
        """Return whether this way of asking turns on process names; raises `SetupError`."""
        return needs_names(way)

    def open_evidence(self) -> EdrEvidenceSource:
        """Open what searches ask, with as many requests in flight as the account says."""
        return EdrEvidenceSource(EdrClient(self.account), FairPool(self.account.requests_in_flight, "edr"))

    def open_pages(self) -> EdrPageSource:
        """Open what inputs read."""
        return EdrPageSource(self.account, EdrClient(self.account, max_bytes=PAGE_BYTES))

    def open_check(self) -> EdrSetupCheck:
        """Open what the setup page tries; a retry would begin the time anew, and the page gives up."""
        return EdrSetupCheck(self.account, EdrClient(self.account, retries=0))


def needs_names(way: Way) -> bool:
    """Return whether this way of asking turns on process names; raises `SetupError`."""
    clause = read_clause(way.clause)
    return way.method is Method.PROG_NAME or (way.method is Method.JOINT and clause.needs_name)


def check_settings(settings: VerdictSettings) -> None:
    """Check that the clause can be asked.

    Raises:
        SetupError: it is none.
    """
    read_clause(settings.clause).render(ANY_MD5, ANY_NAME)
