"""The simulator's REST API: what a Carbon Black EDR server answers, rightly and wrongly.

Shapes and error bodies follow recorded answers of real servers (5.1 to 7.5). What is not on record is an
assumption and said so: the answer to a blocked join.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, replace
from email.utils import formatdate
from enum import Enum
from typing import TYPE_CHECKING, Any, Callable, Iterable

from tests.lab.edr.search import Ids, QuerySyntaxError
from tests.lab.https import HttpsServer, Identity, Request, Response

if TYPE_CHECKING:
    from typing_extensions import Self

    from tests.lab.edr.estate import Estate
    from tests.lab.edr.search import Index

TOKEN = "0123456789abcdef0123456789abcdef01234567"  # noqa: S105 - the simulator's own, no secret of anybody
VERSION = "7.5.0.210101.1200"
FACET_LIMIT = 200
MAX_ROWS = 1000


class Fault(Enum):
    """Ways in which a Carbon Black server, or what stands before it, fails."""

    BAD_TOKEN = "401"  # noqa: S105 - a status
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    QUERY_SYNTAX = "400"
    TOO_MANY = "429"
    CRASH = "500"
    BAD_GATEWAY = "502"
    UNAVAILABLE = "503"
    GATEWAY_TIMEOUT = "504"
    HANG = "hang"
    CUT_BODY = "cut body"
    NOT_JSON = "not JSON"
    OTHER_JSON = "other JSON"
    INCOMPLETE = "incomplete_results"
    JOIN_BLOCKED = "blocked join"
    REDIRECT = "redirect"


_HTML_401 = (
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n<title>401 Unauthorized</title>\n<h1>Unauthorized</h1>\n'
)
_HTML_504 = "<html><head><title>504 Gateway Time-out</title></head><body>openresty</body></html>"
_BODIES = {
    Fault.BAD_TOKEN: (401, _HTML_401, "text/html"),
    Fault.FORBIDDEN: (403, "<html><title>403 Forbidden</title></html>", "text/html"),
    Fault.NOT_FOUND: (404, "<html><title>404 Not Found</title></html>", "text/html"),
    Fault.QUERY_SYNTAX: (400, '{"reason": "query_syntax_error"}', "application/json"),
    Fault.TOO_MANY: (429, "slow down", "text/plain"),
    Fault.CRASH: (500, "Unhandled exception. Check logs for details.", "text/plain"),
    Fault.BAD_GATEWAY: (502, _HTML_504, "text/html"),
    Fault.UNAVAILABLE: (503, _HTML_504, "text/html"),
    Fault.GATEWAY_TIMEOUT: (504, _HTML_504, "text/html"),
    Fault.NOT_JSON: (200, "<html>Welcome to the captive portal</html>", "text/html"),
    Fault.OTHER_JSON: (200, '{"hello": "world"}', "application/json"),
    # Not on record: that a refused query is a 400 with a reason is known, the reason's word here is assumed.
    Fault.JOIN_BLOCKED: (400, '{"reason": "query_join_blocked"}', "application/json"),
    Fault.REDIRECT: (302, "", "text/html"),
}


@dataclass
class _Planned:
    fault: Fault
    path: str
    times: int | None


class EdrServer:
    """A Carbon Black EDR server over an estate; use it as a context manager.

    `requests` lists every request as `(verb, target, body)`, `delay` is how long each takes in seconds, `version` what
    it says that it is.
    """

    def __init__(self, estate: Estate, identity: Identity | None = None, token: str = TOKEN) -> None:
        """Take what the server knows, its certificate, and the one token that it accepts."""
        self.estate = estate
        self.delay = 0.0
        self.ahead = 0.0  # seconds that its clock is ahead
        self.version = VERSION
        self.max_rows = MAX_ROWS
        self._refused = ""
        self.meanwhile: Callable[[Request], Fault | None] | None = None
        """What happens while a request is under way, and the fault that it gets (None: none)."""
        self.requests: list[tuple[str, str, str]] = []
        self.counts: Counter[str] = Counter()
        self.most_in_flight = 0
        self._in_flight = 0
        self._token = token
        self._planned: list[_Planned] = []
        self._lock = threading.Lock()
        self._server = HttpsServer(self._answer, identity)

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._server.url

    @property
    def connections(self) -> int:
        """How many connections it has accepted."""
        return self._server.connections

    @property
    def trust_pem(self) -> str:
        """What a client must trust."""
        return self._server.identity.trust_pem

    def __enter__(self) -> Self:
        """Start serving."""
        self._server.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop serving."""
        self.stop()

    def stop(self) -> None:
        """Stop serving."""
        self._server.stop()

    def fail(self, fault: Fault, path: str = "/api/v1", times: int | None = None) -> None:
        """Plan a fault for requests under a path, so many times (None: from now on)."""
        self._planned.append(_Planned(fault, path, times))

    def refuse(self, text: str) -> None:
        """Refuse every query that holds a text, as a server does that does not know a field."""
        self._refused = text

    def recover(self) -> None:
        """Forget the planned faults."""
        self._planned.clear()

    def _answer(self, request: Request) -> Response:
        with self._lock:
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
            self.requests.append((request.verb, request.target, request.body.decode("utf-8")))
            self.counts[request.path] += 1
        try:
            time.sleep(self.delay)  # how far away the server is
            response = self._answer_in_time(request)
            date = formatdate(time.time() + self.ahead, usegmt=True)
            return replace(response, headers={**response.headers, "Date": date}) if self.ahead else response
        finally:
            with self._lock:
                self._in_flight -= 1

    def _answer_in_time(self, request: Request) -> Response:
        if request.headers.get("x-auth-token") != self._token:
            return _canned(Fault.BAD_TOKEN)
        fault = self._next_fault(request)
        if fault is Fault.HANG:
            return Response(hang=True)
        if fault is None and self._refused and self._refused.encode() in request.body:
            fault = Fault.QUERY_SYNTAX
        if fault in _BODIES:
            return _canned(fault)
        response = self._route(request)
        if fault is Fault.CUT_BODY:
            return Response(response.status, response.body, cut_after=len(response.body) // 2)
        if fault is Fault.INCOMPLETE:
            return _json({**json.loads(response.body), **_nothing_found(), "incomplete_results": True})
        return response

    def _next_fault(self, request: Request) -> Fault | None:
        if self.meanwhile is not None:
            fault = self.meanwhile(request)
            if fault is not None:
                return fault
        with self._lock:
            for planned in self._planned:
                is_join = planned.fault is not Fault.JOIN_BLOCKED or b"digsig_" in request.body
                if request.path.startswith(planned.path) and is_join and planned.times != 0:
                    if planned.times is not None:
                        planned.times -= 1
                    return planned.fault
        return None

    def _route(self, request: Request) -> Response:
        if request.path == "/api/info":
            return _json({"version": self.version, "maxSearchResultRows": MAX_ROWS, "features": {}})
        if request.path == "/api/v1/process":
            return self._search(request, is_process=True)
        if request.path == "/api/v1/binary":
            return self._search(request, is_process=False)
        if request.path == "/api/v1/storage/events/partition":
            return _canned(Fault.FORBIDDEN)  # From 7.6 on an administrator's token is needed here.
        if request.path.startswith("/api/v1/binary/") and request.path.endswith("/summary"):
            document = self.estate.find_binary(request.path.split("/")[4])
            return _canned(Fault.NOT_FOUND) if document is None else _json(document)
        return _canned(Fault.NOT_FOUND)

    def _search(self, request: Request, *, is_process: bool) -> Response:
        parameters = _parameters(request)
        search = self.estate.search_processes if is_process else self.estate.search_binaries
        index = self.estate.processes if is_process else self.estate.binaries
        started = time.monotonic()
        with index.lock:
            try:
                found, terms = search(" ".join(parameters.get("q", [""])))
            except QuerySyntaxError:
                return _canned(Fault.QUERY_SYNTAX)
            answer = self._found(index, found, parameters, is_process=is_process)
        answer.update(terms=terms, elapsed=time.monotonic() - started)
        return _json(answer)

    def _found(self, index: Index, found: Ids, parameters: dict[str, list[str]], *, is_process: bool) -> dict[str, Any]:
        first = int(_first(parameters, "start", "0"))
        rows = min(int(_first(parameters, "rows", "10")), self.max_rows)
        default_sort = "last_update desc" if is_process else "server_added_timestamp desc"
        ordered = _sorted(index, found, _first(parameters, "sort", "") or default_sort)
        if _first(parameters, "cb.group", "") == "id":
            ordered = list({index.documents[number]["id"]: number for number in reversed(ordered)}.values())[::-1]
        answer: dict[str, Any] = {
            "terms": [],
            "results": [index.documents[number] for number in ordered[first : first + rows]],
            "elapsed": 0.0,
            "total_results": len(found),
            "highlights": [],
            "facets": _facets(index, found, parameters),
            "start": first,
        }
        if is_process:
            answer.update(
                comprehensive_search=True, all_segments=True, tagged_pids={}, incomplete_results=False, filtered={}
            )
        return answer


def _parameters(request: Request) -> dict[str, list[str]]:
    if request.verb == "GET":
        return request.query
    body = json.loads(request.body)
    return {
        name: [str(item) for item in value] if isinstance(value, list) else [str(value)] for name, value in body.items()
    }


def _first(parameters: dict[str, list[str]], name: str, default: str) -> str:
    return next(iter(parameters.get(name, [])), default)


def _sorted(index: Index, found: Ids, order: str) -> list[int]:
    field, _, direction = order.partition(" ")
    by_date = index.in_order(field)
    if by_date is not None and direction.strip().lower() == "asc":
        return [number for number in by_date if number in found]
    return sorted(
        sorted(found),
        key=lambda number: str(index.documents[number].get(field, "")),
        reverse=direction.strip().lower() == "desc",
    )


def _facets(index: Index, found: Iterable[int], parameters: dict[str, list[str]]) -> dict[str, Any]:
    if _first(parameters, "facet", "false").lower() != "true":
        return {}
    facets = {}
    numbers = list(found)
    for field in parameters.get("facet.field", []):
        counts = Counter(str(index.documents[number][field]) for number in numbers if field in index.documents[number])
        most = max(counts.values(), default=1)
        facets[field] = [
            {"name": name, "value": value, "percent": 100 * value / most, "ratio": f"{100 * value / len(numbers):.1f}"}
            for name, value in counts.most_common(FACET_LIMIT)
        ]
    return facets


def _nothing_found() -> dict[str, Any]:
    return {"results": [], "total_results": 0, "facets": {}}


def _canned(fault: Fault) -> Response:
    status, body, content_type = _BODIES[fault]
    headers = {Fault.TOO_MANY: {"Retry-After": "1"}, Fault.REDIRECT: {"Location": "https://127.0.0.1:1/login"}}
    return Response(status, body.encode(), content_type, headers.get(fault, {}))


def _json(body: dict[str, Any]) -> Response:
    return Response(200, json.dumps(body).encode())
