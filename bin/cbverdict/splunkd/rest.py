"""Sessions with this search head's splunkd, calls of the add-on's own endpoints, and what refusals mean."""

from __future__ import annotations

import json
import socket
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from splunklib import binding, client

from cbverdict.errors import InvalidRequestError, NoRightError, ServiceError, SetupError, TimedOutError, advice
from cbverdict.splunkd.kept_connections import kept

if TYPE_CHECKING:
    from typing import Tuple

    from cbverdict.errors import CbsignedError

APP = "cbsigned"
_OWNER = "nobody"
_ENDPOINTS = f"/servicesNS/{_OWNER}/{APP}/cbsigned"
_ADMIN = "cbsigned_admin", "cbsigned_admin"
RIGHTS = {
    "verdicts": ("cbsigned_user", "cbsigned_lookup"),
    "baselines": ("cbsigned_user", "cbsigned_lookup"),
    "decisions": ("cbsigned_reviewer", "cbsigned_review"),
    "learning": _ADMIN,
    "health": _ADMIN,
    "check": _ADMIN,
    "inputs": _ADMIN,
}
"""The role that whoever is refused by an endpoint lacks, and its capability; to delete takes an admin everywhere."""


def connect(splunkd_uri: str, token: str, timeout: float) -> client.Service:
    """Build a session in the app's namespace; nothing is sent yet. `timeout` is in seconds, for each request."""
    uri = urlsplit(splunkd_uri)
    return client.Service(
        scheme=uri.scheme,
        host=uri.hostname,
        port=uri.port,
        token=token,
        owner=_OWNER,
        app=APP,
        handler=kept.handler(timeout),
    )


_WANTS_CERTIFICATE = ("certificate_required", "certificate required", "handshake_failure", "handshake failure")
_ENDED = ("broken pipe", "brokenpipe", "connection reset", "connectionreset", "eof occurred", "ssleof")
_NO_CERTIFICATE = (
    "splunkd wants a client certificate, which no command and no handler of an app has: set requireClientCert "
    "= false in server.conf, [sslConfig], and guard the management port by a firewall"
)
_REFUSED = ("connection refused", "winerror 10061")


def no_connection(error: BaseException) -> str:
    """Write why there is no connection to splunkd: what an admin may have set, else the kind of the error."""
    text = f"{error!r} {error}".lower()
    if any(words in text for words in _WANTS_CERTIFICATE):
        return _NO_CERTIFICATE
    if any(words in text for words in _ENDED):  # A connection that is reset may lose what TLS says of it.
        return f"the connection was ended ({type(error).__name__}), as where {_NO_CERTIFICATE}"
    if isinstance(error, ConnectionRefusedError) or any(words in text for words in _REFUSED):
        return (
            "nobody listens on splunkd's management port, by which commands and handlers of apps reach it: look for "
            "disableDefaultPort in server.conf, [httpServer], and at mgmtHostPort in web.conf"
        )
    return type(error).__name__


class ServiceCall:
    """Call one of the add-on's endpoints with the user's own session."""

    def __init__(self, splunkd_uri: str, session_key: str, endpoint: str) -> None:
        """Remember whom to ask; nothing is sent yet."""
        self._whom = splunkd_uri, session_key
        self._path = f"{_ENDPOINTS}/{endpoint}"
        self._right = RIGHTS[endpoint]

    def post(self, body: str, timeout: float) -> str:
        """Send JSON and give the JSON that comes back; `timeout` is in seconds.

        Raises:
            NoRightError: the user lacks the endpoint's capability.
            SetupError: the add-on is not set up right.
            ServiceError: the service does not answer.
        """
        headers = [("Content-Type", "application/json")]
        return self._send(lambda splunkd: splunkd.post(self._path, headers=headers, body=body), timeout)

    def get(self, timeout: float) -> str:
        """Send a GET; give the JSON that comes back, and raise what `post` does."""
        return self._send(lambda splunkd: splunkd.get(self._path), timeout)

    def delete(self, timeout: float) -> str:
        """Send a DELETE; give the JSON that comes back.

        Raises:
            NoRightError: the user lacks the endpoint's capability.
            ServiceError: the service does not answer.
        """
        return self._send(lambda splunkd: splunkd.delete(self._path), timeout, _ADMIN)

    def _send(
        self,
        request: Any,  # noqa: ANN401 - the SDK has no types
        timeout: float,
        right: Tuple[str, str] | None = None,
    ) -> str:
        try:
            text: str = request(connect(*self._whom, timeout)).body.read().decode("utf-8")
        except binding.AuthenticationError:
            msg = f"splunkd refused this search's session. {advice(NoRightError)}"
            raise NoRightError(msg) from None
        except binding.HTTPError as error:
            raise _explain(error.status, error.body, *(right or self._right)) from None
        except socket.timeout:
            raise TimedOutError(
                f"The add-on's own service did not answer within {timeout:.0f} s: it is busy with other searches. Look "
                "at this search head's load and at the add-on's logs (cbsigned_*.log), or search less at once"
            ) from None
        except (OSError, HTTPException) as error:
            msg = f"the service does not answer ({no_connection(error)}). {advice(ServiceError)}"
            raise ServiceError(msg) from None
        return text


def read_answer(text: str) -> Any:  # noqa: ANN401 - a JSON value
    """Read the JSON that an endpoint gave.

    Raises:
        ServiceError: it is none, as where something between here and splunkd answers.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ServiceError(f"splunkd answered with something else than JSON. {advice(ServiceError)}") from None


def _explain(status: int, body: bytes, role: str, capability: str) -> CbsignedError:
    try:
        problem = json.loads(body)
        message, reason = str(problem["message"]), str(problem["reason"])
    except (ValueError, KeyError, TypeError):
        message, reason = "", ""
    if reason == SetupError.reason.value:
        return SetupError(message)
    if message and status in {400, 405, 413}:  # HTTP's bad request, wrong verb, too large
        return InvalidRequestError(message)
    if message:
        return ServiceError(message)
    if status in {401, 403}:
        what = f"the user lacks the capability `{capability}`: an admin grants the role `{role}`"
        return NoRightError(f"splunkd answered {status} to the request: {what}.")
    if status == 404:  # noqa: PLR2004 - HTTP's not found
        return SetupError("this search head has no verdict service: install the add-on here and restart Splunk")
    return ServiceError(f"splunkd answered {status} to the request. {advice(ServiceError)}")
