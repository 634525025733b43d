"""Splunk Web, as far as the setup pages need it: the page, its scripts, and the way to splunkd's REST API."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.lab.https import HttpsServer, Request, Response

if TYPE_CHECKING:
    from typing_extensions import Self

    from tests.lab.site import Site

_RAW = "/en-US/splunkd/__raw"
_CONFIG = {
    "LOCALE": "en-US",
    "MRSPARKLE_ROOT_PATH": "",
    "MRSPARKLE_PORT_NUMBER": 8000,
    "SPLUNKD_PATH": _RAW,
    "USERNAME": "admin",
    "BUILD_NUMBER": 1,
    "VERSION_LABEL": "9.4.0",
    "SPLUNK_UI_THEME": "light",
}
_SERVER = {"entry": [{"name": "server-info", "content": {"product_type": "enterprise", "version": "9.4.0"}}]}
_I18N = """
window._ = window.gettext = (text) => text;
window.ungettext = (one, many, count) => (count === 1 ? one : many);
window.i18n_register = () => undefined;
"""


class SplunkWeb:
    """The pages of a site's app for somebody who is logged in with these capabilities; use it as a context manager."""

    def __init__(self, site: Site, *capabilities: str) -> None:
        """Log in; serving starts with `with`."""
        self._site = site
        self._key = site.splunkd.log_in("admin", *capabilities)
        self._server = HttpsServer(self._answer)

    @property
    def url(self) -> str:
        """Where the app's views are."""
        return f"{self._server.url}/en-US/app/cbsigned"

    def __enter__(self) -> Self:
        """Start serving."""
        self._server.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop serving."""
        self._server.stop()

    def _answer(self, request: Request) -> Response:
        path = re.sub(r"/static/@\d+/", "/static/", request.path)
        appserver = self._site.app / "appserver"
        if path.startswith(_RAW):
            return self._ask_splunkd(request)
        if path == "/en-US/config":
            partials = json.dumps({"/services/server/info": _SERVER})
            return _script(f"window.$C = {json.dumps(_CONFIG)}; window.__splunkd_partials__ = {partials};")
        if path in {"/en-US/static/js/i18n.js", "/en-US/i18ncatalog"}:
            return _script(_I18N)
        if path.startswith("/en-US/app/cbsigned/"):
            return Response(200, (appserver / "templates" / "base.html").read_bytes(), "text/html; charset=utf-8")
        file = appserver / "static" / path.partition("/static/app/cbsigned/")[2]
        if "/static/app/cbsigned/" in path and file.is_file():
            kinds = {".js": "text/javascript", ".json": "application/json", ".css": "text/css"}
            return Response(200, file.read_bytes(), kinds.get(file.suffix, "application/octet-stream"))
        return Response(404, b"", "text/plain")

    def _ask_splunkd(self, request: Request) -> Response:
        headers = {**request.headers, "authorization": f"Splunk {self._key}"}
        target, path = request.target[len(_RAW) :], request.path[len(_RAW) :]
        return self._site.splunkd.answer(Request(request.verb, target, path, request.query, headers, request.body))


def _script(text: str) -> Response:
    return Response(200, text.encode(), "text/javascript; charset=utf-8")
