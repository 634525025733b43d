"""The add-on's settings and secrets as splunkd keeps them; alone reads conf files and storage/passwords."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Callable, Iterator, Mapping
from urllib.parse import urlsplit

from solnlib.conf_manager import ConfFile
from solnlib.credentials import CredentialManager, CredentialNotExistException
from splunklib.binding import AuthenticationError, HTTPError

from cbverdict.errors import ServiceError, SetupError, advice
from cbverdict.settings.account import (
    Account,
    AccountName,
    host_of,
    is_proxy_on,
    parse_account,
    parse_kind,
    parse_proxy,
    uses_proxy,
)
from cbverdict.settings.anomalies import AnomalySettings, parse_anomaly_settings
from cbverdict.settings.verdicts import VerdictSettings, parse_verdict_settings
from cbverdict.splunkd.baseline_store import BaselineStore
from cbverdict.splunkd.jobs import JobState, read_job
from cbverdict.splunkd.rest import APP, connect, no_connection
from cbverdict.splunkd.stores import DecisionStore, VerdictStore

if TYPE_CHECKING:
    from cbverdict.splunkd.remembered_confs import RememberedConfs, Stanza, Stanzas

ACCOUNTS = "cbsigned_account"
SETTINGS = "cbsigned_settings"
_CONF_TIMEOUT = 10.0
_ENCRYPTED: str = ConfFile.ENCRYPTED_TOKEN


class SplunkdConfiguration:
    """Read accounts and settings over splunkd's REST API with a token that may read secrets.

    Secrets are stored as the add-on's setup pages store them: encrypted, under the realm
    `__REST_CREDENTIAL__#cbsigned#configs/conf-<conf>` (solnlib's ConfManager). They are read where they are needed:
    to ask Carbon Black, not to say what is stored of it.
    """

    def __init__(self, splunkd_uri: str, token: str, remembered: RememberedConfs | None = None) -> None:
        """Store whom to ask, and what is remembered of other calls (None: nothing); nothing is sent yet."""
        self._uri = urlsplit(splunkd_uri)
        self._token = token
        self._remembered = remembered

    def account(self, name: str | None) -> Account:
        """Return the account of that name; without a name the default account, or the only one.

        Raises:
            SetupError: there is no such account, or it is not usable.
            ServiceError: splunkd does not give it.
        """
        name, stanza = self._find(name)
        return self.draft(name, self._decrypted(ACCOUNTS, name, stanza))

    def account_name(self, name: str | None) -> AccountName:
        """Return which account is meant, without its secret.

        Raises:
            SetupError: there is no such account.
            ServiceError: splunkd does not say.
        """
        name, stanza = self._find(name)
        return AccountName(name, parse_kind(stanza), host_of(stanza.get("url") or ""))

    def default_account(self) -> str:
        """Return the name of the account that answers where none is named: the one that is set, or the only one.

        Raises:
            SetupError: there is none, or there are several and none is set.
            ServiceError: splunkd does not give them.
        """
        return (self._stanza(SETTINGS, "verdicts").get("default_account") or "").strip() or self._only_account()

    def saved(self, name: str) -> Stanza | None:
        """Return the fields of a saved account, the token decrypted where there is one (None: no such account).

        Raises:
            ServiceError: splunkd does not give it.
        """
        stored = self._as_stored(ACCOUNTS).get(name)
        if stored is None:
            return None
        try:
            return self._decrypted(ACCOUNTS, name, stored)
        except SetupError:  # The secret is lost: all but that, so that it can be entered again.
            return {field: value for field, value in stored.items() if value != _ENCRYPTED}

    def draft(self, name: str, fields: Mapping[str, str | None]) -> Account:
        """Build an account of its fields, saved or not, with the settings' proxy.

        Raises:
            SetupError: a value is not usable.
            ServiceError: splunkd does not give the settings.
        """
        return parse_account(name, fields, self._proxy() if uses_proxy(name, fields) else None)

    def verdict_settings(self) -> VerdictSettings:
        """Return the verdict settings.

        Raises:
            SetupError: a setting is not usable.
            ServiceError: splunkd does not give them.
        """
        return parse_verdict_settings(self._stanza(SETTINGS, "verdicts"))

    def anomaly_settings(self) -> AnomalySettings:
        """Return the anomaly settings.

        Raises:
            SetupError: a setting is not usable.
            ServiceError: splunkd does not give them.
        """
        return parse_anomaly_settings(self._stanza(SETTINGS, "anomalies"))

    def log_level(self) -> str:
        """Return the level from which on is logged; a wrong one is INFO, for a log must not stop anything.

        Raises:
            ServiceError: splunkd does not give it.
        """
        level = (self._stanza(SETTINGS, "logging").get("loglevel") or "").strip().upper()
        return level if level in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"} else "INFO"

    def store(self) -> VerdictStore:
        """Return the verdict store of this splunkd."""
        return VerdictStore(self._uri.geturl(), self._token)

    def baseline_store(self) -> BaselineStore:
        """Return the baseline store of this splunkd."""
        return BaselineStore(self._uri.geturl(), self._token)

    def decision_store(self) -> DecisionStore:
        """Return where this splunkd keeps what people decided."""
        return DecisionStore(self._uri.geturl(), self._token)

    def job_state(self, sid: str) -> JobState:
        """Return what becomes of a search."""
        return read_job(self._uri.geturl(), self._token, sid)

    def account_names(self) -> list[str]:
        """Return the names of all accounts, in order.

        Raises:
            ServiceError: splunkd does not give them.
        """
        return sorted(self._as_stored(ACCOUNTS))

    def _proxy(self) -> str | None:
        """Return the proxy's URL (None: it is off, and nothing else of it matters)."""
        stored = self._stanza(SETTINGS, "proxy")
        return parse_proxy(self._decrypted(SETTINGS, "proxy", stored)) if is_proxy_on(stored) else None

    def _find(self, name: str | None) -> tuple[str, Stanza]:
        is_default = name is None
        if name is None:
            name = self.default_account()
        stanza = self._as_stored(ACCOUNTS).get(name)
        if stanza is None and is_default:
            raise SetupError(
                f"the default account {name!r} does not exist: choose another in Configuration, Verdicts "
                "(default_account), or name one with server="
            )
        if stanza is None:
            raise SetupError(f"there is no account {name!r}: name one of those in Configuration, Accounts")
        return name, stanza

    def _only_account(self) -> str:
        names = self.account_names()
        if len(names) == 1:
            return names[0]
        msg = "no account is set up: open Configuration, Accounts, and add your Carbon Black server"
        if names:
            msg = f"several accounts ({', '.join(names)}): choose a default account, or name one with server="
        raise SetupError(msg)

    def _stanza(self, conf_name: str, stanza: str) -> Stanza:
        return self._as_stored(conf_name).get(stanza) or {}

    def _as_stored(self, conf_name: str) -> Stanzas:
        """Return the stanzas of a conf, their secrets still encrypted."""
        if self._remembered is None:
            return self._fetch(conf_name)
        return self._remembered.read(self._uri.geturl(), conf_name, lambda: self._fetch(conf_name))

    def _fetch(self, conf_name: str) -> Stanzas:
        splunkd = connect(self._uri.geturl(), self._token, _CONF_TIMEOUT)
        with _asking(conf_name):
            answer = splunkd.get(f"configs/conf-{conf_name}", output_mode="json", count=0).body.read()
        try:
            stanzas = {str(entry["name"]): _texts(entry["content"]) for entry in json.loads(answer)["entry"]}
        except (ValueError, LookupError, TypeError, AttributeError):
            what = f"splunkd answered something else when asked for {conf_name}.conf"
            raise ServiceError(f"{what}. {advice(ServiceError)}") from None
        stanzas.pop("default", None)  # splunkd's own, which is in each of the others already
        return stanzas

    def _decrypted(self, conf_name: str, stanza: str, fields: Stanza) -> Stanza:
        """Return the fields of a stanza with its secrets.

        Raises:
            SetupError: they are not there any more.
            ServiceError: splunkd does not give them.
        """
        if _ENCRYPTED not in fields.values():
            return fields
        try:
            with _asking(conf_name):
                secrets = json.loads(self._secret(conf_name, stanza))
            return {name: str(secrets[name]) if text == _ENCRYPTED else text for name, text in fields.items()}
        except (CredentialNotExistException, KeyError, TypeError, ValueError):
            msg = f"{conf_name}.conf, {stanza}: its secret is missing from storage/passwords: enter it again and save"
            raise SetupError(msg) from None

    def _secret(self, conf_name: str, stanza: str) -> str:
        manager = CredentialManager(
            self._token,
            APP,
            scheme=self._uri.scheme,
            host=self._uri.hostname,
            port=self._uri.port,
            realm=f"__REST_CREDENTIAL__#{APP}#configs/conf-{conf_name}",
        )
        # solnlib's own session loads the machine's authorities for each request, to no end.
        splunkd = connect(self._uri.geturl(), self._token, _CONF_TIMEOUT)
        manager._storage_passwords = splunkd.storage_passwords  # noqa: SLF001 - solnlib is pinned
        secret: str = _once(CredentialManager.get_password)(manager, stanza)
        return secret


def _texts(content: Mapping[str, Any]) -> Stanza:
    return {name: None if value is None else str(value) for name, value in content.items()}


def _once(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return solnlib's method without its retries, which sleep 7 s for each call that splunkd refuses."""
    plain: Callable[..., Any] = getattr(method, "__wrapped__", method)
    return plain


@contextmanager
def _asking(conf_name: str) -> Iterator[None]:
    """Turn splunkd's refusals into the service's errors."""
    try:
        yield
    except (HTTPError, AuthenticationError) as error:
        status = getattr(error, "status", 401)
        if status == 404:  # noqa: PLR2004 - HTTP's not found
            raise SetupError(f"{conf_name}.conf does not exist: install the add-on anew") from None
        what = f"splunkd answered {status} when asked for {conf_name}.conf"
        raise ServiceError(f"{what}. {advice(ServiceError)}") from None
    except (OSError, HTTPException) as error:
        what = f"splunkd does not give {conf_name}.conf ({no_connection(error)})"
        raise ServiceError(f"{what}. {advice(ServiceError)}") from None
