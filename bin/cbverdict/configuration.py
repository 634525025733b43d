"""The add-on's settings and secrets as splunkd keeps them; alone reads conf files and storage/passwords."""

from __future__ import annotations

import logging
from typing import Mapping
from urllib.parse import urlsplit

from solnlib.conf_manager import ConfFile, ConfManager, ConfManagerException, ConfStanzaNotExistException
from solnlib.credentials import CredentialNotExistException
from splunklib.binding import AuthenticationError, HTTPError

from cbverdict.errors import ServiceError, SetupError
from cbverdict.settings import (
    Account,
    VerdictSettings,
    parse_account,
    parse_proxy,
    parse_verdict_settings,
)
from cbverdict.store import VerdictStore

APP = "cbsigned"
ACCOUNTS = "cbsigned_account"
SETTINGS = "cbsigned_settings"

logger = logging.getLogger(__name__)


class SplunkdConfiguration:
    """Read accounts and settings over splunkd's REST API with a token that may read secrets.

    Secrets are stored as the add-on's setup pages store them: encrypted, under the realm
    `__REST_CREDENTIAL__#cbsigned#configs/conf-<conf>` (solnlib's ConfManager).
    """

    def __init__(self, splunkd_uri: str, token: str) -> None:
        """Remember whom to ask; nothing is sent yet."""
        self._uri = urlsplit(splunkd_uri)
        self._token = token

    def account(self, name: str | None) -> Account:
        """Give the account of that name; without a name the default account, or the only one.

        Raises:
            SetupError: there is no such account, or it is not usable.
            ServiceError: splunkd does not give it.
        """
        conf = self._conf(ACCOUNTS)
        if name is None:
            name = (self._stanza(SETTINGS, "verdicts").get("default_account") or "").strip() or self._only(conf)
        try:
            stanza = conf.get(name)
        except ConfStanzaNotExistException:
            msg = f"there is no account {name!r}: see Configuration, Accounts, and name one of them with server="
            raise SetupError(msg) from None
        except (CredentialNotExistException, KeyError):
            msg = f"account {name}: its API token is missing from storage/passwords: enter it again and save"
            raise SetupError(msg) from None
        except (HTTPError, AuthenticationError) as error:
            raise _refused(ACCOUNTS, error) from None
        return parse_account(name, stanza, parse_proxy(self._stanza(SETTINGS, "proxy")))

    def verdict_settings(self) -> VerdictSettings:
        """Give the verdict settings.

        Raises:
            SetupError: a setting is not usable.
            ServiceError: splunkd does not give them.
        """
        return parse_verdict_settings(self._stanza(SETTINGS, "verdicts"))

    def store(self) -> VerdictStore:
        """Give the verdict store of this splunkd."""
        return VerdictStore(self._uri.geturl(), self._token)

    def _only(self, conf: ConfFile) -> str:
        # ConfFile.get_all would decrypt every account's secret only to count them.
        names = [stanza.name for stanza in conf._conf.list()]  # noqa: SLF001 - solnlib is pinned, and see above
        if len(names) == 1:
            return str(names[0])
        msg = "no account is set up: open Configuration, Accounts, and add your Carbon Black server"
        if names:
            msg = f"several accounts ({', '.join(sorted(names))}): choose a default account, or name one with server="
        raise SetupError(msg)

    def _stanza(self, conf_name: str, stanza: str) -> Mapping[str, str | None]:
        try:
            content: Mapping[str, str | None] = self._conf(conf_name).get(stanza)
        except (ConfStanzaNotExistException, CredentialNotExistException):
            return {}
        except (HTTPError, AuthenticationError) as error:
            raise _refused(conf_name, error) from None
        return content

    def _conf(self, name: str) -> ConfFile:
        try:
            return ConfManager(
                self._token,
                APP,
                scheme=self._uri.scheme,
                host=self._uri.hostname,
                port=self._uri.port,
                realm=f"__REST_CREDENTIAL__#{APP}#configs/conf-{name}",
            ).get_conf(name)
        except ConfManagerException:
            msg = f"{name}.conf does not exist: install the add-on anew"
            raise SetupError(msg) from None
        except (HTTPError, AuthenticationError) as error:
            raise _refused(name, error) from None


def _refused(conf_name: str, error: HTTPError | AuthenticationError) -> ServiceError:
    status = getattr(error, "status", 401)
    return ServiceError(f"splunkd answered {status} when asked for {conf_name}.conf. {ServiceError.__doc__}")
