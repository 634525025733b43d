"""What went wrong on the way to an answer: what the libraries raise, as our errors."""

from __future__ import annotations

import socket
import ssl
import zlib
from typing import Any, Iterator, NamedTuple

import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, LocationParseError, NewConnectionError, SSLError
from urllib3.util.ssl_match_hostname import CertificateError as CertificateMismatch

from cbverdict.carbonblack.https.allowance import TooMuchError
from cbverdict.errors import (
    CertificateError,
    EdrError,
    NotCarbonBlackError,
    TimedOutError,
    TooLargeError,
    UnreachableError,
    advice,
)


class Failure(NamedTuple):
    """What a request failed of; `is_passing` says that another try may help."""

    error: EdrError
    is_passing: bool = False


def failure_of(error: Exception, seconds: float, server: str) -> Failure:
    """Explain what was raised `seconds` after a request was sent; `server` is what it is called in the text."""
    causes = list(_causes(error))
    certificate = _certificate_trouble(causes)
    if certificate is not None:
        return Failure(CertificateError(f"{server} {certificate}"))
    if any(str(cause).startswith(_LOGIN_REFUSED) for cause in causes):
        return Failure(UnreachableError(f"{server} is not reached: the proxy refuses {_LOGIN_OF_PROXY}"))
    unknown = (NotCarbonBlackError, f"sent what is no answer of HTTP's ({type(error).__name__})")
    kind, what = next(
        ((kind, what) for types, kind, what in _TROUBLES if any(isinstance(cause, types) for cause in causes)),
        unknown,
    )
    text = what.format(f"{seconds:.{0 if seconds >= 1 else 1}f}") if kind is TimedOutError else what
    return Failure(kind(sentence(server, text, kind)), is_passing=what == _CLOSED)


def sentence(server: str, what: str, kind: type[EdrError]) -> str:
    """Write what the server did, whose it is, and what to do."""
    return f"{server} {what}. {advice(kind)}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Return an error and all that stands behind it, as Python, requests and urllib3 each keep it."""
    pending, seen = [error], set()
    while pending:
        one = pending.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            behind = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
            pending += [cause for cause in behind if isinstance(cause, BaseException)]


_LOGIN_REFUSED = "Tunnel connection failed: 407"  # as http.client says it
_LOGIN_OF_PROXY = "its user or password. Correct them in Configuration, Proxy"
_CLOSED = "does not accept connections"
# The first kind of exception that is among the causes says what happened.
_TROUBLES: tuple[tuple[Any, type[EdrError], str], ...] = (
    ((TooMuchError, MemoryError), TooLargeError, "sent more than is read at once"),
    (requests.exceptions.ProxyError, UnreachableError, "is not reached: the proxy does not let through"),
    (socket.gaierror, UnreachableError, "has a name that no DNS server knows"),
    (NewConnectionError, UnreachableError, _CLOSED),
    (ConnectTimeoutError, UnreachableError, "does not accept a connection in time"),
    ((socket.timeout, requests.exceptions.Timeout), TimedOutError, "did not answer within {} s"),
    (requests.exceptions.SSLError, UnreachableError, "does not speak TLS 1.2 or later on this port"),
    (requests.exceptions.ConnectionError, UnreachableError, _CLOSED),
    (
        (LocationParseError, requests.exceptions.InvalidURL, requests.exceptions.InvalidProxyURL),
        UnreachableError,
        "was not asked: the account's URL or the proxy's host is no address",
    ),
    ((HTTPError, zlib.error), NotCarbonBlackError, "broke off in the middle of its answer"),
)

_OTHER_NAME = (
    "has a certificate for another name",
    (
        "Write the name that it is for into the account's URL; or, if it is the server's own and pasted as the "
        "account's CA certificate, switch Check the host name off (check_host_name = false)"
    ),
)
_SELF_SIGNED = (
    "has a self-signed certificate that the account does not trust",
    (
        "Paste that certificate itself, as PEM, into the account's CA certificate (openssl s_client -connect "
        "<host>:<port> </dev/null | openssl x509 shows it; compare it with the server's own); if it is for another "
        "name, as Carbon Black's own is, switch Check the host name off as well (check_host_name = false)"
    ),
)
_TLS_WORDS: tuple[tuple[str, str, str], ...] = (
    ("hostname mismatch", *_OTHER_NAME),
    ("doesn't match", *_OTHER_NAME),
    ("self signed", *_SELF_SIGNED),
    ("self-signed", *_SELF_SIGNED),
    (
        "not yet valid",
        "has a certificate that is not valid yet",
        "Look at this host's clock first; if it is right, have the server's certificate renewed",
    ),
    ("certificate has expired", "has a certificate that has run out", "Have the server's certificate renewed"),
    (
        "certificate verify failed",
        "has a certificate from a CA that the account does not trust",
        advice(CertificateError),
    ),
)


def _certificate_trouble(causes: list[BaseException]) -> str | None:
    # Only what TLS itself says: any other text may be the server's own.
    text = " ".join(str(cause) for cause in causes if isinstance(cause, (ssl.SSLError, SSLError, CertificateMismatch)))
    return next((f"{what}. {way_out}" for sign, what, way_out in _TLS_WORDS if sign in text.lower()), None)
