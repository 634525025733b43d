"""The verdict service: the only thing that asks Carbon Black for searches."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from cbverdict.clause import Clause
from cbverdict.edr import EdrClient
from cbverdict.messages import VerdictReply, VerdictRequest
from cbverdict.resolver import Resolver
from cbverdict.settings import Account, Method, VerdictSettings

logger = logging.getLogger(__name__)


class Configuration(Protocol):
    """Where the service's settings come from; `cbverdict.configuration` reads splunkd's."""

    def account(self, name: str | None) -> Account:
        """Give the account of that name, or the default one."""

    def verdict_settings(self) -> VerdictSettings:
        """Give the verdict settings."""


@dataclass(frozen=True)
class _Desk:
    """What is kept between calls for one account: connections and the pool that bounds its requests."""

    account: Account
    edr: EdrClient
    executor: ThreadPoolExecutor


class VerdictService:
    """Answer verdict requests; settings are read anew for each, connections stay while the account stays."""

    def __init__(self) -> None:
        """Start with no connection."""
        self._desks: dict[str, _Desk] = {}

    def answer(self, request: VerdictRequest, configuration: Configuration) -> VerdictReply:
        """Answer a request.

        Raises:
            SetupError: there is no such account, or it or a setting is not usable.
            ServiceError: splunkd did not give the settings.
        """
        started = time.monotonic()
        settings = configuration.verdict_settings()
        account = configuration.account(request.server)
        method = request.method or settings.method
        clause = Clause(settings.clause)
        if not request.has_names and (method is Method.PROG_NAME or (method is Method.JOINT and clause.needs_name)):
            return VerdictReply(account.name, (), needs_names=True)
        desk = self._desk(account)
        resolver = Resolver(desk.edr, desk.executor, clause, is_expired_signed=settings.is_expired_signed)
        resolution = resolver.resolve(request.questions, method, request.seconds)
        logger.info(
            "verdicts account=%s method=%s questions=%d requests=%d seconds=%.3f troubles=%s",
            account.name, method.value, len(request.questions), resolution.requests, time.monotonic() - started,
            ",".join(sorted({trouble.reason.value for trouble in resolution.troubles})) or "none",
        )  # fmt: skip
        answers = tuple(resolution.answers[question] for question in request.questions)
        return VerdictReply(account.name, answers, resolution.requests, resolution.troubles)

    def _desk(self, account: Account) -> _Desk:
        desk = self._desks.get(account.name)
        if desk is None or desk.account != account:
            if desk is not None:
                desk.executor.shutdown(wait=False)
                desk.edr.close()
            desk = _Desk(account, EdrClient(account), ThreadPoolExecutor(account.requests_in_flight, "edr"))
            self._desks[account.name] = desk
        return desk
