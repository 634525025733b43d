"""From an account to its server: the one place that knows which kinds of server there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, NamedTuple

from cbverdict.carbonblack.edr.server import EdrServer, check_settings, needs_names
from cbverdict.errors import SetupError

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import Server, Way
    from cbverdict.settings.account import Account, AccountName
    from cbverdict.settings.verdicts import VerdictSettings


class _Kind(NamedTuple):
    """A kind of server: how one is made, what says whether a way of asking turns on names, what checks settings.

    The last two raise `SetupError`.
    """

    server: Callable[[Account], Server]
    needs_names: Callable[[Way], bool]
    check_settings: Callable[[VerdictSettings], None]


_KINDS = {"edr": _Kind(EdrServer, needs_names, check_settings)}


def server_of(account: Account) -> Server:
    """Return the account's server; nothing is sent or opened yet.

    Raises:
        SetupError: there is no such kind of server.
    """
    return _kind_of(account).server(account)


def asks_by_name(account: AccountName, way: Way) -> bool:
    """Return whether this way of asking an account's server turns on process names.

    Raises:
        SetupError: there is no such kind of server, or the way is none.
    """
    return _kind_of(account).needs_names(way)


def _kind_of(account: Account | AccountName) -> _Kind:
    kind = _KINDS.get(account.kind)
    if kind is None:
        known = ", ".join(sorted(_KINDS))
        raise SetupError(f"account {account.name}: the kind of server {account.kind!r} is not one of {known}")
    return kind


def check_verdict_settings(settings: VerdictSettings) -> None:
    """Check that every kind of server can use the verdict settings, which all accounts share.

    Raises:
        SetupError: one cannot; the text says which setting.
    """
    for kind in _KINDS.values():
        kind.check_settings(settings)
