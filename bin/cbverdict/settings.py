"""Settings, parsed and checked once; nothing else reads a conf file's text."""

from __future__ import annotations

import math
import re
import ssl
from dataclasses import dataclass, field
from enum import Enum
from typing import Mapping
from urllib.parse import quote, urlsplit

from cbverdict.errors import SetupError
from cbverdict.stored import INDEXED_BASIS, Lifetimes

MAX_REQUESTS_IN_FLIGHT = 4
DEFAULT_CLAUSE = 'digsig_result:"Signed"'
CLAUSE_PRESETS = {
    "digsig_result": DEFAULT_CLAUSE,
    "digsig_prog_name": "digsig_prog_name:{{ process_name }}",
}

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:]+")
_TRUE = {"1", "true", "t", "yes", "y", "on"}
_FALSE = {"0", "false", "f", "no", "n", "off", ""}


class Method(Enum):
    """How Carbon Black is asked."""

    JOINT = "joint"
    BINARY = "binary"
    PROG_NAME = "prog_name"


@dataclass(frozen=True)
class Account:
    """One Carbon Black EDR server and how to reach it.

    `url` is `https://host[:port]`. `ca_certificate` is PEM text and then the only thing trusted (empty: the
    public CAs and the machine's own). `proxy` is a URL with its credentials in it (None: no proxy).
    `timeout` is in seconds for one request. Neither `token` nor `proxy` is shown by `repr`.
    """

    name: str
    url: str
    token: str = field(repr=False)
    ca_certificate: str = ""
    is_host_name_checked: bool = True
    proxy: str | None = field(default=None, repr=False)
    timeout: float = 30.0
    requests_in_flight: int = MAX_REQUESTS_IN_FLIGHT

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


@dataclass(frozen=True)
class VerdictSettings:
    """How verdicts are made: the method when the search names none, the joint query's clause, and `Expired`.

    `lifetimes` is how long they are kept for other searches.
    """

    method: Method = Method.JOINT
    clause: str = DEFAULT_CLAUSE
    is_expired_signed: bool = False
    lifetimes: Lifetimes = field(default_factory=Lifetimes)

    def bases(self, method: Method) -> tuple[str, ...]:
        """Name the ways of asking whose kept verdicts this method takes, its own first.

        A verdict of the joint query rests on the binary document as well, so method=binary takes it too. So does each
        take what the input of binaries read of the document, and what a saved search made of indexed events.
        """
        expired = "expired is signed" if self.is_expired_signed else "expired is not signed"
        joint, binary = f"joint, {self.clause}, {expired}", f"binary, {expired}"
        others = (self.document_basis, INDEXED_BASIS + expired)
        return {Method.JOINT: (joint, *others), Method.BINARY: (binary, joint, *others)}.get(method, ())

    @property
    def document_basis(self) -> str:
        """Name the way of the input of binaries, which reads each new document from Carbon Black."""
        return f"document, expired is {'' if self.is_expired_signed else 'not '}signed"


@dataclass(frozen=True)
class AnomalySettings:
    """How baselines are read.

    From `threshold` on (a score, 10 is one in ten) a row is not noise. After `half_life_days` what was learnt
    counts half. With less than `minimum_support` (hours of a person, rows of a team or a parent) there is no opinion.
    """

    threshold: float = 20.0
    half_life_days: float = 120.0
    minimum_support: float = 20.0


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
        ca_certificate=_normalise_pem(stanza.get("ca_certificate") or ""),
        is_host_name_checked=parse_bool(where, "check_host_name", stanza.get("check_host_name"), default=True),
        proxy=proxy if parse_bool(where, "use_proxy", stanza.get("use_proxy"), default=True) else None,
        timeout=_parse_number(where, "timeout", stanza.get("timeout"), Account.timeout),
        requests_in_flight=int(
            _parse_number(where, "requests_in_flight", stanza.get("requests_in_flight"), Account.requests_in_flight)
        ),
    )


def parse_verdict_settings(stanza: Mapping[str, str | None]) -> VerdictSettings:
    """Build the verdict settings from the stanza `[verdicts]` of `cbsigned_settings.conf`.

    Raises:
        SetupError: a value is not usable; the text names it.
    """
    where = "settings, verdicts"
    clause = (stanza.get("clause") or "digsig_result").strip()
    return VerdictSettings(
        method=parse_method(stanza.get("method") or Method.JOINT.value),
        clause=CLAUSE_PRESETS.get(clause, clause),
        is_expired_signed=parse_bool(where, "expired_is_signed", stanza.get("expired_is_signed"), default=False),
        lifetimes=Lifetimes(
            signed=_parse_lifetime(stanza, "keep_signed_days", Lifetimes.signed, 86400.0),
            not_signed=_parse_lifetime(stanza, "keep_not_signed_days", Lifetimes.not_signed, 86400.0),
            not_seen=_parse_lifetime(stanza, "keep_not_seen_minutes", Lifetimes.not_seen, 60.0),
        ),
    )


def parse_anomaly_settings(stanza: Mapping[str, str | None]) -> AnomalySettings:
    """Build the anomaly settings from the stanza `[anomalies]` of `cbsigned_settings.conf`.

    Raises:
        SetupError: a value is not usable; the text names it.
    """
    return AnomalySettings(
        threshold=_parse_within(stanza, "threshold", AnomalySettings.threshold, (1, 100)),
        half_life_days=_parse_within(stanza, "half_life_days", AnomalySettings.half_life_days, (7, 3650)),
        minimum_support=_parse_within(stanza, "minimum_support", AnomalySettings.minimum_support, (1, 100_000)),
    )


def parse_proxy(stanza: Mapping[str, str | None]) -> str | None:
    """Build the proxy's URL from the stanza `[proxy]` of `cbsigned_settings.conf` (None: no proxy).

    Raises:
        SetupError: the proxy is switched on and has no host or port.
    """
    if not parse_bool("settings, proxy", "proxy_enabled", stanza.get("proxy_enabled"), default=False):
        return None
    host, port = stanza.get("proxy_url"), stanza.get("proxy_port")
    if not host or not port:
        msg = "settings, proxy: the proxy is on but has no host or no port: complete it or switch it off"
        raise SetupError(msg)
    kind = stanza.get("proxy_type") or "http"
    try:
        _check_host(host)
        is_usable = kind in {"http", "https"} and 0 < int(port) < 65536  # noqa: PLR2004 - TCP's ports
    except ValueError:
        is_usable = False
    if not is_usable:
        msg = f"settings, proxy: {kind!r}, {host!r}, {port!r} is not http or https, a host's name, and a port"
        raise SetupError(msg)
    user, password = stanza.get("proxy_username") or "", stanza.get("proxy_password") or ""
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    return f"{kind}://{login}{host}:{port}"


def parse_method(value: str) -> Method:
    """Read a method's name.

    Raises:
        SetupError: there is no such method.
    """
    try:
        return Method(value)
    except ValueError:
        known = ", ".join(method.value for method in Method)
        msg = f"method {value!r} is not one of {known}"
        raise SetupError(msg) from None


def parse_bool(where: str, name: str, value: str | None, *, default: bool) -> bool:
    """Read a boolean as Splunk writes it.

    Raises:
        SetupError: it is no boolean.
    """
    if value is None:
        return default
    text = value.strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    msg = f"{where}: {name} is {value!r}; write true or false"
    raise SetupError(msg)


def _parse_number(where: str, name: str, value: str | None, default: float) -> float:
    if value is None or not value.strip():
        return default
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        msg = f"{where}: {name} is {value!r}; write a number"
        raise SetupError(msg)
    return number


def _parse_lifetime(stanza: Mapping[str, str | None], name: str, default: float, unit: float) -> float:
    value = _parse_number("settings, verdicts", name, stanza.get(name), default / unit)
    if not 0 <= value <= 3650:  # noqa: PLR2004 - ten years of days, and more minutes than anybody needs
        msg = f"settings, verdicts: {name} must be 0 (not kept) to 3650"
        raise SetupError(msg)
    return value * unit


def _parse_within(stanza: Mapping[str, str | None], name: str, default: float, limits: tuple[float, float]) -> float:
    value = _parse_number("settings, anomalies", name, stanza.get(name), default)
    least, most = limits
    if not least <= value <= most:
        raise SetupError(f"settings, anomalies: {name} must be {least:g} to {most:g}")
    return value


def _check_url(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        _check_host(host or "")
    except ValueError:
        host = None
    if not host or parts.scheme != "https":
        msg = f"account {name}: the URL must be https://<host>[:port]; Carbon Black's API is never asked without TLS"
        raise SetupError(msg)
    if parts.username or parts.password or parts.query or parts.fragment or parts.path:
        msg = f"account {name}: the URL must be https://<host>[:port] and nothing more"
        raise SetupError(msg)


def _check_host(host: str) -> None:
    """Refuse a host that no request could be sent to.

    Raises:
        ValueError: a label of it is empty or too long, or a character has no place in it.
    """
    if not _HOST.fullmatch(host.encode("idna").decode("ascii")):
        raise ValueError(host)


def _check_pem(name: str, pem: str) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError, TypeError):
        msg = f"account {name}: the CA certificate is not PEM text (-----BEGIN CERTIFICATE----- ...): paste it whole"
        raise SetupError(msg) from None


def _normalise_pem(text: str) -> str:
    # A conf file keeps line ends as the characters backslash and n when it was written by hand; forms send CRLF.
    return text.replace("\\n", "\n").replace("\r\n", "\n").strip()
