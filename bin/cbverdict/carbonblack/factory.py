"""From an account to its server: the one place that knows which kinds of server there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, NamedTuple

from cbverdict.carbonblack.edr.server import EdrServer, check_settings
from cbverdict.errors import SetupError

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import Server
    from cbverdict.settings.account import Account
    from cbverdict.settings.verdicts import VerdictSettings


class _Kind(NamedTuple):
    """A kind of server: how one is made, and what checks verdict settings for it (raising `SetupError`)."""

    server: Callable[[Account], Server]
    check_settings: Callable[[VerdictSettings], None]


_KINDS = {"edr": _Kind(EdrServer, check_settings)}


def server_of(account: Account) -> Server:
    """Return the account's server; nothing is sent or opened yet.

    Raises:
        SetupError: there is no such kind of server.
    """
    kind = _KINDS.get(account.kind)
    if kind is None:
        known = ", ".join(sorted(_KINDS))
        raise SetupError(f"account {account.name}: the kind of server {account.kind!r} is not one of {known}")
    return kind.server(account)


def check_verdict_settings(settings: VerdictSettings) -> None:
    """Check that every kind of server can use the verdict settings, which all accounts share.

    Raises:
        SetupError: one cannot; the text says which setting.
    """
    for kind in _KINDS.values():
        kind.check_settings(settings)
