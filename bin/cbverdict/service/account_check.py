"""Try what is about to be saved: an account with the requests that a search makes, settings as a search reads them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitTimeoutError
from contextlib import suppress
from typing import TYPE_CHECKING, Mapping, Protocol

from cbverdict.carbonblack.factory import check_verdict_settings, server_of
from cbverdict.errors import (
    ForbiddenError,
    InvalidRequestError,
    QueryRefusedError,
    ServerFailedError,
    SetupError,
    TimedOutError,
    advice,
)
from cbverdict.json_object import read_object
from cbverdict.settings.account import Account, normalise_pem, parse_proxy
from cbverdict.settings.anomalies import parse_anomaly_settings
from cbverdict.settings.values import parse_bool
from cbverdict.settings.verdicts import Method, parse_verdict_settings

if TYPE_CHECKING:
    from cbverdict.carbonblack.port import SetupCheck
    from cbverdict.settings.verdicts import VerdictSettings

MAX_SECONDS = 22.0
"""Seconds for all requests of a check, 24 with the start of its process: Splunk Web waits 30 for an answer (web.conf,
splunkdConnectionTimeout)."""

_GRACE = 0.5  # A request that ends by the deadline says better what was wrong.
_LOOK_AT = (
    "Check URL and port, the proxy and the firewall; if they are right, look at the server's load, and save again"
)


class CheckConfiguration(Protocol):
    """Where settings come from; `cbverdict.splunkd.conf` reads splunkd's."""

    def draft(self, name: str, fields: Mapping[str, str | None]) -> Account:
        """Build an account that is not saved yet, with the settings' proxy."""

    def saved(self, name: str) -> Mapping[str, str | None] | None:
        """Return the fields of a saved account, the token decrypted where there is one (None: no such account)."""

    def verdict_settings(self) -> VerdictSettings:
        """Return the verdict settings."""


def check_account(body: str, configuration: CheckConfiguration, seconds: float = MAX_SECONDS) -> None:
    """Check an account as it is sent to be saved: `{"name": ..., "url": ..., "api_token": ..., ...}`.

    What is not sent, and a token of asterisks, is as it is saved already. A saved token is sent nowhere but to where
    it goes already. It takes at most so many seconds.

    Raises:
        InvalidRequestError: the body is no such object.
        SetupError: a value is not usable, or the server is too old or too slow.
        EdrError: Carbon Black does not answer as it must; the text says what to do.
    """
    deadline = time.monotonic() + seconds
    fields = _read(body)
    name = fields.pop("name") or ""
    saved = configuration.saved(name) or {}
    is_saved_token = set(fields.get("api_token") or "*") == {"*"}
    if is_saved_token:
        fields.pop("api_token", None)
    account = configuration.draft(name, {**saved, **fields})
    if is_saved_token and saved:
        _refuse_elsewhere(name, saved, fields)
    settings = configuration.verdict_settings()
    tried = server_of(account).open_check()
    checking = ThreadPoolExecutor(1, "check")  # for no deadline ends a look-up of the host's name
    try:
        checking.submit(try_account, account, tried, settings, deadline).result(deadline - time.monotonic() + _GRACE)
    except WaitTimeoutError:
        raise SetupError(
            f"Carbon Black {account.name} ({account.url}) could not be tried within {seconds:.0f} s. {_LOOK_AT}"
        ) from None
    finally:
        checking.shutdown(wait=False)
        tried.close()


def check_settings(stanza: str, fields: Mapping[str, object]) -> None:
    """Check a stanza of `cbsigned_settings.conf` as it is about to be saved, all its fields.

    Raises:
        SetupError: a value is not usable; the text names it.
    """
    texts = _texts(fields)
    if stanza == "verdicts":
        check_verdict_settings(parse_verdict_settings(texts))
    elif stanza == "anomalies":
        parse_anomaly_settings(texts)
    elif stanza == "proxy":
        parse_proxy(texts)


_WAY = {
    "url": "the URL",
    "ca_certificate": "the CA certificate",
    "check_host_name": "the check of the host name",
    "use_proxy": "the use of the proxy",
}
"""What says where a token is sent, and what is trusted to be there."""


def _refuse_elsewhere(name: str, saved: Mapping[str, str | None], sent: Mapping[str, str | None]) -> None:
    """Refuse to send a saved token where others might read it: whoever may check an account is not shown its token.

    What was saved need not be usable: it is about to be corrected.

    Raises:
        SetupError: the server, what is trusted to be it, or the way to it is not as it was saved.
    """
    is_other = (field in sent and _as_meant(field, sent[field]) != _as_meant(field, saved.get(field)) for field in _WAY)
    changed = " and ".join(what for what, is_changed in zip(_WAY.values(), is_other) if is_changed)
    if changed:
        raise SetupError(f"account {name}: {changed} changed, so enter the API token again")


def _as_meant(field: str, text: str | None) -> str:
    """Return a field's text in one spelling for all that means the same."""
    plain = (text or "").strip()
    if field == "url":
        return plain.rstrip("/").lower()
    if field == "ca_certificate":
        return normalise_pem(plain)
    with suppress(SetupError):
        return str(parse_bool("", field, plain, default=True))
    return plain


def try_account(account: Account, tried: SetupCheck, settings: VerdictSettings, deadline: float) -> str:
    """Ask an account's server what a search asks; return its version.

    Raises:
        SetupError: the server is too old or too slow, or blocks what is asked.
        EdrError: it does not answer as it must.
    """
    version = _check_basics(tried, deadline)
    if settings.method is Method.JOINT:
        _check_joint(account, tried, settings.clause, deadline)
    return version


def _check_basics(tried: SetupCheck, deadline: float) -> str:
    try:
        version = tried.try_version(deadline)
        tried.try_documents(deadline)
    except TimedOutError as error:
        raise SetupError(f"{_what(error)} {_LOOK_AT}") from None
    return version


def _check_joint(account: Account, tried: SetupCheck, clause: str, deadline: float) -> None:
    try:
        tried.try_joint_query(clause, deadline)
    except (QueryRefusedError, ForbiddenError, ServerFailedError, TimedOutError) as error:
        what = _what(error) if isinstance(error, TimedOutError) else str(error)
        raise SetupError(
            f"Carbon Black {account.name} answers, but not the joint query: {what} Where the server blocks joined "
            "searches or takes too long for them, choose the method Binary in the tab Verdicts, save that, and save "
            "this account again"
        ) from None


def _what(error: TimedOutError) -> str:
    return str(error).removesuffix(f" {advice(TimedOutError)}")  # That advice is for a search.


def _read(body: str) -> dict[str, str | None]:
    fields = read_object(body)
    if fields is None or not isinstance(fields.get("name"), str) or not fields["name"].isprintable():
        raise InvalidRequestError("send the account's fields as JSON, its name among them")
    return _texts(fields)


def _texts(fields: Mapping[str, object]) -> dict[str, str | None]:
    return {name: None if value is None else str(value) for name, value in fields.items()}
