"""Whom a connection trusts: the account's own certificate, or the public CAs."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import certifi
from urllib3.util.ssl_ import create_urllib3_context

from cbverdict.carbonblack.https.allowance import BoundedTlsSocket

if TYPE_CHECKING:
    from cbverdict.settings.account import Account

_PARTIAL_CHAIN = (
    0x80000  # OpenSSL's X509_V_FLAG_PARTIAL_CHAIN (named in ssl from 3.10): pin a certificate that is no CA.
)


def tls_context(account: Account) -> ssl.SSLContext:
    """Build what checks the server's certificate: the account's PEM alone where it has one, else the public CAs."""
    # Not create_default_context: from Python 3.13 it is strict about extensions that Carbon Black's own
    # self-signed certificate does not have.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = BoundedTlsSocket
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # urllib3 1.26 compares the name itself (assert_hostname), for an address as well, which ssl would refuse.
    context.check_hostname = False
    if account.ca_certificate:
        context.verify_flags |= _PARTIAL_CHAIN
        context.load_verify_locations(cadata=account.ca_certificate)
    else:
        context.load_default_certs()
        context.load_verify_locations(cafile=certifi.where())
    return context


def proxy_context() -> ssl.SSLContext:
    """Trust a proxy that speaks TLS itself as urllib3 would, by the public CAs and the machine's own."""
    context: ssl.SSLContext = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)  # type: ignore[no-untyped-call]
    context.sslsocket_class = BoundedTlsSocket
    context.load_default_certs()
    context.load_verify_locations(cafile=certifi.where())
    return context
