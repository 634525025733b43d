"""An account: one Carbon Black server, how to reach it, and the proxy in between."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from typing import Mapping
from urllib.parse import quote, urlsplit

from cbverdict.errors import SetupError
from cbverdict.settings.values import parse_bool, parse_number

MAX_REQUESTS_IN_FLIGHT = 4

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:]+")


_URL_RULE = "must be https://<host>[:port]; Carbon Black's API is never asked without TLS"


@dataclass(frozen=True)
class AccountName:
    """Which account is meant, without its secret: all that a stored verdict turns on.

    `host` is whom it names now, in lower case, with the port where it is another than HTTPS's.
    """

    name: str
    kind: str = "edr"
    host: str = ""


@dataclass(frozen=True)
class Account:
    """One Carbon Black server and how to reach it.

    `url` is `https://host[:port]`. `ca_certificate` is PEM text and then the only thing trusted (empty: the
    public CAs and the machine's own). `proxy` is a URL with its credentials in it (None: no proxy).
    `timeout` is in seconds for one request. Neither `token` nor `proxy` is shown by `repr`. `kind` is the kind of
    server, one of those that `carbonblack.factory` knows.
    """

    name: str
    url: str
    token: str = field(repr=False)
    ca_certificate: str = ""
    is_host_name_checked: bool = True
    proxy: str | None = field(default=None, repr=False)
    timeout: float = 30.0
    requests_in_flight: int = MAX_REQUESTS_IN_FLIGHT
    kind: str = AccountName.kind

    @property
    def without_secret(self) -> AccountName:
        """Which account it is."""
        return AccountName(self.name, self.kind, host_of(self.url))

    def __post_init__(self) -> None:
        """Refuse what could never work, in words that name the account.

        Raises:
            SetupError: URL, token, certificate or a number is not usable.
        """
        _check_url(self.name, self.url)
        if not self.token or not self.token.isascii() or not self.token.isprintable() or " " in self.token:
            msg = f"account {self.name}: the API token is missing or not one: copy it from Carbon Black, My Profile"
            raise SetupError(msg)
        if self.ca_certificate:
            _check_pem(self.name, self.ca_certificate)
        if not 1 <= self.requests_in_flight <= MAX_REQUESTS_IN_FLIGHT:
            msg = f"account {self.name}: requests in flight must be 1 to {MAX_REQUESTS_IN_FLIGHT}"
            raise SetupError(msg)
        if not 1 <= self.timeout <= 600:  # noqa: PLR2004 - named right here in the message
            msg = f"account {self.name}: the time-out must be 1 to 600 seconds"
            raise SetupError(msg)


def host_of(url: str) -> str:
    """Return the host of an account's URL, in lower case, with the port where it is another than HTTPS's.

    Raises:
        SetupError: it is no URL.
    """
    try:
        return urlsplit(url.strip()).netloc.lower().removesuffix(":443")
    except ValueError:  # whose text is what was written, a login as well
        raise SetupError(f"the account's URL {_URL_RULE}") from None


def parse_account(name: str, stanza: Mapping[str, str | None], proxy: str | None) -> Account:
    """Build an account from its stanza in `cbsigned_account.conf`, the token already decrypted.

    Raises:
        SetupError: a value is missing or not usable; the text names account and value.
    """
    where = f"account {name}"
    return Account(
        name=name,
        url=(stanza.get("url") or "").strip().rstrip("/"),
        token=(stanza.get("api_token") or "").strip(),
        ca_certificate=normalise_pem(stanza.get("ca_certificate") or ""),
        is_host_name_checked=parse_bool(where, "check_host_name", stanza.get("check_host_name"), default=True),
        proxy=proxy if uses_proxy(name, stanza) else None,
        timeout=parse_number(where, "timeout", stanza.get("timeout"), Account.timeout),
        requests_in_flight=int(
            parse_number(where, "requests_in_flight", stanza.get("requests_in_flight"), Account.requests_in_flight)
        ),
        kind=parse_kind(stanza),
    )


def uses_proxy(name: str, stanza: Mapping[str, str | None]) -> bool:
    """Return whether an account's requests go through the settings' proxy, where that is on.

    Raises:
        SetupError: the value is neither true nor false.
    """
    return parse_bool(f"account {name}", "use_proxy", stanza.get("use_proxy"), default=True)


def is_proxy_on(stanza: Mapping[str, str | None]) -> bool:
    """Return whether the stanza `[proxy]` of `cbsigned_settings.conf` switches the proxy on.

    Raises:
        SetupError: the value is neither true nor false.
    """
    return parse_bool("settings, proxy", "proxy_enabled", stanza.get("proxy_enabled"), default=False)


def parse_kind(stanza: Mapping[str, str | None]) -> str:
    """Return the kind of server of an account's stanza."""
    return (stanza.get("kind") or Account.kind).strip()


def parse_proxy(stanza: Mapping[str, str | None]) -> str | None:
    """Build the proxy's URL from the stanza `[proxy]` of `cbsigned_settings.conf` (None: no proxy).

    Raises:
        SetupError: the proxy is switched on and has no host or port.
    """
    if not is_proxy_on(stanza):
        return None
    host, port = ((stanza.get(name) or "").strip() for name in ("proxy_url", "proxy_port"))
    if not host or not port:
        msg = "settings, proxy: the proxy is on but has no host or no port: complete it or switch it off"
        raise SetupError(msg)
    kind = stanza.get("proxy_type") or "http"
    try:
        _check_host(host)
        is_number = port.isascii() and port.isdecimal()
        is_usable = kind in {"http", "https"} and is_number and 0 < int(port) < 65536  # noqa: PLR2004 - TCP's ports
    except ValueError:
        is_usable = False
    if not is_usable:
        # Without what was written: it may hold a login, which nobody else is to see.
        msg = (
            "settings, proxy: proxy_type has to be http or https, proxy_url a host's name alone and proxy_port a "
            "number; a user and a password go into proxy_username and proxy_password"
        )
        raise SetupError(msg)
    user, password = stanza.get("proxy_username") or "", stanza.get("proxy_password") or ""
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    return f"{kind}://{login}{f'[{host}]' if ':' in host else host}:{port}"


def _check_url(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        _check_host(host or "")
    except ValueError:
        host = None
    if not host or parts.scheme != "https":
        msg = f"account {name}: the URL {_URL_RULE}"
        raise SetupError(msg)
    if "@" in parts.netloc or url[len("https://") :] != parts.netloc:
        msg = f"account {name}: the URL must be https://<host>[:port] and nothing more"
        raise SetupError(msg)


def _check_host(host: str) -> None:
    """Refuse a host that no request could be sent to; one of other letters is written as `xn--...`.

    Raises:
        ValueError: a label of it is empty or too long, or a character has no place in it.
    """
    if not host.isascii() or not _HOST.fullmatch(host.encode("idna").decode("ascii")):
        raise ValueError(host)


def _check_pem(name: str, pem: str) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError, TypeError):
        msg = f"account {name}: the CA certificate is not PEM text (-----BEGIN CERTIFICATE----- ...): paste it whole"
        raise SetupError(msg) from None


def normalise_pem(text: str) -> str:
    """Return PEM text with plain line ends.

    A conf file keeps them as the characters backslash and n when it was written by hand; forms send CRLF.
    """
    return text.replace("\\n", "\n").replace("\r\n", "\n").strip()
