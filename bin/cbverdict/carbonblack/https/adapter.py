"""The connections to one server, over requests and urllib3, with our trust and our bounds."""

from __future__ import annotations

import socket
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_auth_from_url
from urllib3 import HTTPSConnectionPool, disable_warnings
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, SubjectAltNameWarning

from cbverdict.carbonblack.https.allowance import BoundedSocket, allowance
from cbverdict.carbonblack.https.trust import proxy_context, tls_context

if TYPE_CHECKING:
    from cbverdict.settings.account import Account

disable_warnings(SubjectAltNameWarning)  # Carbon Black's own certificate has no such name; its text is no help

CONNECT_TIMEOUT = 10.0


class _BoundedConnection(HTTPSConnection):
    """A connection that tries each of the server's addresses only while there is time."""

    def _new_conn(self) -> socket.socket:
        trouble: OSError = OSError("no address")
        try:
            for family, kind, protocol, _, address in socket.getaddrinfo(
                self.host.strip("[]"), self.port, 0, socket.SOCK_STREAM
            ):
                plain = BoundedSocket(family, kind, protocol)
                try:
                    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    plain.settimeout(min(CONNECT_TIMEOUT, allowance.seconds() or CONNECT_TIMEOUT))
                    plain.connect(address)
                    plain.settimeout(allowance.seconds())  # that of the handshake, which has a deadline of its own
                except OSError as error:
                    plain.close()
                    trouble = error
                else:
                    return plain
        except (OSError, UnicodeError) as error:
            trouble = error if isinstance(error, OSError) else OSError(str(error))
        if isinstance(trouble, socket.timeout):
            raise ConnectTimeoutError(self, "no connection in time") from trouble
        raise NewConnectionError(self, "no connection") from trouble


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _BoundedConnection


class TlsAdapter(HTTPAdapter):
    """HTTPS with the account's own trust: its PEM alone where it has one, the public CAs otherwise."""

    def __init__(self, account: Account) -> None:
        """Build the account's trust; nothing is sent yet."""
        self._pool_options: dict[str, Any] = {"ssl_context": tls_context(account)}
        if not account.is_host_name_checked:
            self._pool_options["assert_hostname"] = False
        # Not blocking: who sends is bounded already, and a wait for a connection would have no end.
        super().__init__(pool_connections=1, pool_maxsize=account.requests_in_flight)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - requests' own signature
        super().init_poolmanager(*args, **{**kwargs, **self._pool_options})  # type: ignore[no-untyped-call]
        self.poolmanager.pool_classes_by_scheme = {"https": _Pool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - requests' own signature
        manager = super().proxy_manager_for(  # type: ignore[no-untyped-call]
            proxy, **kwargs, **self._pool_options, proxy_ssl_context=proxy_context()
        )
        manager.pool_classes_by_scheme = {"https": _Pool}
        return manager

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        """Return the proxy's login in UTF-8 (RFC 7617); requests would refuse what is not Latin-1."""
        user, password = get_auth_from_url(proxy)
        login = b64encode(f"{user}:{password}".encode()).decode("ascii")
        return {"Proxy-Authorization": f"Basic {login}"} if user else {}

    def build_response(self, req: Any, resp: Any) -> requests.Response:  # noqa: ANN401 - requests' own signature
        """Build a response without cookies: http.cookiejar takes a time that grows with their square."""
        response = requests.Response()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        response.raw, response.request = resp, req
        return response

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ANN401, ARG002
        """Leave trust to the context: requests would add the public CAs to the account's own."""
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None
        conn.ca_cert_dir = None
