"""The add-on's settings and secrets as splunkd keeps them; alone reads conf files and storage/passwords."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Iterator, Mapping, Optional
from urllib.parse import urlsplit

from solnlib.conf_manager import ConfFile, ConfManager, ConfManagerException, ConfStanzaNotExistException
from solnlib.credentials import CredentialNotExistException
from splunklib import client
from splunklib.binding import AuthenticationError, HTTPError

from cbverdict.errors import ServiceError, SetupError, advice
from cbverdict.settings.account import Account, parse_account, parse_proxy
from cbverdict.settings.anomalies import AnomalySettings, parse_anomaly_settings
from cbverdict.settings.verdicts import VerdictSettings, parse_verdict_settings
from cbverdict.splunkd.jobs import JobState, read_job
from cbverdict.splunkd.rest import APP, connect, no_connection
from cbverdict.splunkd.stores import BaselineStore, DecisionStore, VerdictStore

ACCOUNTS = "cbsigned_account"
SETTINGS = "cbsigned_settings"
_CONF_TIMEOUT = 10.0

Stanza = Mapping[str, Optional[str]]


class SplunkdConfiguration:
    """Read accounts and settings over splunkd's REST API with a token that may read secrets.

    Secrets are stored as the add-on's setup pages store them: encrypted, under the realm
    `__REST_CREDENTIAL__#cbsigned#configs/conf-<conf>` (solnlib's ConfManager).
    """

    def __init__(self, splunkd_uri: str, token: str) -> None:
        """Remember whom to ask; nothing is sent yet."""
        self._uri = urlsplit(splunkd_uri)
        self._token = token
        self._confs: dict[str, ConfFile] = {}

    def account(self, name: str | None) -> Account:
        """Return the account of that name; without a name the default account, or the only one.

        Raises:
            SetupError: there is no such account, or it is not usable.
            ServiceError: splunkd does not give it.
        """
        is_default = name is None
        if name is None:
            name = self.default_account()
        stanza = None if _is_splunkds_own(name) else self._read(ACCOUNTS, name)
        if stanza is None and is_default:
            raise SetupError(
                f"the default account {name!r} does not exist: choose another in Configuration, Verdicts "
                "(default_account), or name one with server="
            )
        if stanza is None:
            raise SetupError(f"there is no account {name!r}: name one of those in Configuration, Accounts")
        return self.draft(name, stanza)

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
        if _is_splunkds_own(name):
            return None
        try:
            return self._read(ACCOUNTS, name)
        except SetupError:  # The secret is lost: all but that, so that it can be entered again.
            (stanza,) = self._as_stored(ACCOUNTS, name=name)
            return {field: value for field, value in stanza.content.items() if value != ConfFile.ENCRYPTED_TOKEN}

    def draft(self, name: str, fields: Mapping[str, str | None]) -> Account:
        """Build an account of its fields, saved or not, with the settings' proxy.

        Raises:
            SetupError: a value is not usable.
            ServiceError: splunkd does not give the settings.
        """
        return parse_account(name, fields, parse_proxy(self._stanza(SETTINGS, "proxy")))

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
        return sorted(str(stanza.name) for stanza in self._as_stored(ACCOUNTS))

    def _only_account(self) -> str:
        names = self.account_names()
        if len(names) == 1:
            return names[0]
        msg = "no account is set up: open Configuration, Accounts, and add your Carbon Black server"
        if names:
            msg = f"several accounts ({', '.join(names)}): choose a default account, or name one with server="
        raise SetupError(msg)

    def _stanza(self, conf_name: str, stanza: str) -> Stanza:
        return self._read(conf_name, stanza) or {}

    def _read(self, conf_name: str, stanza: str) -> Stanza | None:
        conf = self._conf(conf_name)
        try:
            with _asking(conf_name):
                content: Stanza = _once(ConfFile.get)(conf, stanza)
        except ConfStanzaNotExistException:
            return None
        except (CredentialNotExistException, KeyError, ValueError):
            msg = f"{conf_name}.conf, {stanza}: its secret is missing from storage/passwords: enter it again and save"
            raise SetupError(msg) from None
        return content

    def _as_stored(self, conf_name: str, **query: str) -> list[client.Stanza]:
        """Return stanzas with their secrets still encrypted; solnlib would decrypt each, if only to count them."""
        splunkd = connect(self._uri.geturl(), self._token, _CONF_TIMEOUT)
        conf = client.ConfigurationFile(splunkd, f"configs/conf-{conf_name}", state={"title": conf_name})
        with _asking(conf_name):
            stanzas: list[client.Stanza] = conf.list(**query)
        return stanzas

    def _conf(self, name: str) -> ConfFile:
        if name not in self._confs:
            with _asking(name):
                self._confs[name] = _once(ConfManager.get_conf)(self._manager(name), name)
        return self._confs[name]

    def _manager(self, conf_name: str) -> ConfManager:
        return ConfManager(
            self._token,
            APP,
            scheme=self._uri.scheme,
            host=self._uri.hostname,
            port=self._uri.port,
            realm=f"__REST_CREDENTIAL__#{APP}#configs/conf-{conf_name}",
        )


def _is_splunkds_own(name: str) -> bool:
    """Return whether splunkd's REST API takes this name for itself (`_new`, `_reload`, a path)."""
    return not name or name.startswith(("_", "."))


def _once(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return solnlib's method without its retries, which sleep 7 s for each call that splunkd refuses."""
    plain: Callable[..., Any] = getattr(method, "__wrapped__", method)
    return plain


@contextmanager
def _asking(conf_name: str) -> Iterator[None]:
    """Turn splunkd's refusals into the service's errors."""
    try:
        yield
    except ConfManagerException:
        raise SetupError(f"{conf_name}.conf does not exist: install the add-on anew") from None
    except (HTTPError, AuthenticationError) as error:
        status = getattr(error, "status", 401)
        what = f"splunkd answered {status} when asked for {conf_name}.conf"
        raise ServiceError(f"{what}. {advice(ServiceError)}") from None
    except OSError as error:
        what = f"splunkd does not give {conf_name}.conf ({no_connection(error)})"
        raise ServiceError(f"{what}. {advice(ServiceError)}") from None
