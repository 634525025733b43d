"""splunkd's REST API, as far as the add-on uses it."""

from __future__ import annotations

import json
import re
import secrets
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Iterable
from urllib.parse import parse_qs, quote, unquote_plus
from xml.sax.saxutils import escape, quoteattr

from tests.lab.confs import Stanzas, read_conf
from tests.lab.https import HttpsServer, Request, Response
from tests.lab.splunkd import facts, kvstore
from tests.lab.splunkd.external import CREATE, EDIT, LIST, REMOVE, External, ExternalError, read_externals
from tests.lab.splunkd.external import call as run_external
from tests.lab.splunkd.handlers import Endpoint, HandlerProcess, read_endpoints
from tests.lab.splunkd.jobs import Job

if TYPE_CHECKING:
    from typing_extensions import Self

APP = "cbsigned"
_NAMESPACE = re.compile(r"/services(?:NS/(?P<owner>[^/]+)/(?P<app>[^/]+))?/(?P<rest>.*)")


@dataclass(frozen=True)
class Session:
    """Who a token stands for."""

    user: str
    capabilities: frozenset[str]


Searcher = Callable[[str, str], "tuple[list[dict[str, Any]], list[tuple[str, str]]]"]
"""What runs a search with a session: rows and messages out."""


class RefusedError(Exception):
    """splunkd refuses a request: `status` is HTTP's, `text` are its words."""

    def __init__(self, status: int, text: str) -> None:
        """Take the status and the words."""
        super().__init__(text)
        self.status = status
        self.text = text


class Splunkd:
    """A splunkd with one app installed; use it as a context manager.

    `app` is the folder with the app's `bin` and `default`; `home` stands for SPLUNK_HOME; handlers run under
    `python`. `kv_trouble` breaks the KV store: `503`, `hang`, `checkpoints hang`, `writes refused`, `nonsense`.
    `jobs` are the searches that it knows, by id; one that was cancelled is forgotten. `conf_trouble` makes
    splunkd answer 503 whenever a conf is asked for. `time_zone` is the user's, as splunkd writes it.
    `searcher` runs the searches that are sent to it; `users` have a password and capabilities; `input_made` hears of
    an input that was made, by its kind and name.
    """

    def __init__(self, app: Path, home: Path | None = None, python: str = sys.executable) -> None:
        """Install the app; serving starts with `with`."""
        self._temporary = tempfile.TemporaryDirectory() if home is None else None
        self.home = Path(self._temporary.name) if self._temporary else Path(str(home))
        (self.home / "var" / "log" / "splunk").mkdir(parents=True, exist_ok=True)
        self.system_token = secrets.token_hex(24)
        self._sessions = {self.system_token: Session("splunk-system-user", frozenset({"*"}))}
        self.confs: dict[str, Stanzas] = {
            path.stem: read_conf(path) for path in sorted((app / "default").glob("*.conf"))
        }
        self._passwords: dict[str, dict[str, str]] = {}
        self.collections = {name: kvstore.Collection() for name in self.confs.get("collections", {})}
        self._endpoints = list(read_endpoints(self.confs.get("restmap", {})))
        self.externals = {external.name: external for external in read_externals(self.confs.get("restmap", {}))}
        self.app = app
        self.python = python
        self.handlers = {
            endpoint.match: HandlerProcess(python, app / "bin" / endpoint.script, endpoint.handler, self.home)
            for endpoint in self._endpoints
        }
        self.meta = facts.Metadata(app)
        self.version = "9.4.0"
        self.app_version = self.confs["app"]["launcher"]["version"]
        self.cluster: facts.Cluster | None = None
        self.searcher: Searcher | None = None
        self.users: dict[str, tuple[str, Iterable[str]]] = {}
        self.input_made: Callable[[str, str], None] = lambda kind, name: None  # noqa: ARG005 - nobody starts it
        self.calls: list[tuple[str, str, str]] = []
        self.kv_trouble = ""
        self.conf_trouble = ""
        self.jobs: dict[str, Job] = {}
        self.time_zone = "### SERIALIZED TIMEZONE FORMAT 1.0;C0;Y0 NW 55 54 43;$"
        self._server = HttpsServer(self.answer)

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._server.url

    def __enter__(self) -> Self:
        """Start serving."""
        self._server.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop serving and end the handlers."""
        self.stop()

    def stop(self) -> None:
        """Stop serving and end the handlers."""
        self._server.stop()
        for handler in self.handlers.values():
            handler.stop()
        if self._temporary is not None:
            self._temporary.cleanup()

    def log_in(self, user: str, *capabilities: str) -> str:
        """Give a session key for a user with these capabilities."""
        token = secrets.token_hex(24)
        self._sessions[token] = Session(user, frozenset(capabilities))
        return token

    def check_may_run(self, key: str) -> None:
        """Refuse a search with a command of an app's to whom Splunk refuses it.

        Raises:
            RefusedError: the session lacks the capability.
        """
        _require(self._sessions[key], "run_custom_command")

    def capabilities_of(self, key: str) -> frozenset[str]:
        """Give what a session may do."""
        return self._sessions[key].capabilities

    def forget_secrets(self, conf: str) -> None:
        """Lose the secrets of a conf, as a restored backup without its splunk.secret does."""
        self._passwords = {name: entry for name, entry in self._passwords.items() if conf not in name}

    def remove_stanza(self, conf: str, stanza: str) -> None:
        """Delete a stanza, as the setup pages do."""
        del self.confs[conf][stanza]
        self._write_conf(conf)

    def forget_verdicts(self) -> None:
        """Lose the verdicts that are kept, as an emptied collection does."""
        self.collections["cbsigned_verdicts"] = kvstore.Collection()

    def roles(self) -> dict[str, frozenset[str]]:
        """Give the capabilities of each role that the app ships (authorize.conf)."""
        return {
            stanza.partition("_")[2]: frozenset(name for name, value in settings.items() if value == "enabled")
            for stanza, settings in self.confs.get("authorize", {}).items()
            if stanza.startswith("role_")
        }

    def answer(self, request: Request) -> Response:
        """Answer a request."""
        match = _NAMESPACE.fullmatch(request.target.partition("?")[0])
        session = self._sessions.get(request.headers.get("authorization", "").partition(" ")[2])
        if match is None:
            return _message(404, "Not Found")
        if match["rest"] == "auth/login":
            return self._log_in(request)
        if session is None:
            return _message(401, "call not properly authenticated")
        self.calls.append((session.user, request.verb, request.path))
        try:
            return _as_asked(request, self._route(request, session, match["rest"].strip("/")))
        except RefusedError as error:
            return _as_asked(request, _message(error.status, error.text))
        except kvstore.KvError as error:
            return _message(error.status, str(error))

    def _log_in(self, request: Request) -> Response:
        form = _form(request)
        password, capabilities = self.users.get(form.get("username", ""), ("", ()))
        if not password or form.get("password") != password:
            return _message(401, "Login failed")
        return Response(200, json.dumps({"sessionKey": self.log_in(form["username"], *capabilities)}).encode())

    def _route(self, request: Request, session: Session, path: str) -> Response:
        for endpoint in self._endpoints:
            if path == endpoint.match or path.startswith(endpoint.match + "/"):
                return self._call_handler(endpoint, request, session, path)
        parts = [unquote_plus(part).replace("%2F", "/") for part in path.split("/")]
        if parts[0] in self.externals:
            return self._external(self.externals[parts[0]], request, session, parts[1:])
        if path.startswith("storage/passwords"):
            return self._storage_passwords(request, session, parts[2:])
        if path.startswith("storage/collections/data/"):
            return self._collection(request, parts[3], parts[4:])
        return self._own(request, session, parts)

    def _own(self, request: Request, session: Session, parts: list[str]) -> Response:
        """Answer what splunkd itself knows: confs, inputs, indexes, jobs."""
        path = "/".join(parts)
        if parts[0] == "configs" and parts[1].startswith("conf-"):
            return self._conf(request, parts[1][len("conf-") :], parts[2:])
        if parts[0] == "properties" and len(parts) == 2:
            return _feed(path, {name: {} for name in self._stanzas(parts[1])})
        if parts[:2] == ["data", "inputs"]:
            return self._inputs(request, session, parts[2], parts[3:])
        if path == "data/indexes":
            return _feed(path, {"main": {}, "edr": {}})
        if parts[:2] == ["search", "jobs"]:
            return self._job(parts[2]) if len(parts) > 2 else self._search(request)
        return self._fact(session, path, parts)

    def _fact(self, session: Session, path: str, parts: list[str]) -> Response:
        """Answer what splunkd tells of itself, of the app, and of whoever asks."""
        if path == "search/timeparser/tz":
            return Response(200, self.time_zone.encode(), "text/plain")
        if path in {"data/ui/views", "saved/searches"}:
            return _feed(path, self._views() if path == "data/ui/views" else self._saved_searches())
        if parts[:2] == ["saved", "searches"]:
            stanza = self._stanza("savedsearches", parts[2])
            is_scheduled = stanza.get("enableSched", "0") == "1"
            return facts.one(parts[2], **{"disabled": "0", **stanza, "is_scheduled": is_scheduled})
        if path.startswith("storage/collections/config/"):
            stanza, acl = self._stanza("collections", parts[3]), self.meta.acl("collections", parts[3])
            return facts.entries([(parts[3], stanza, acl)])
        if path.startswith("shcluster/member/"):
            return self._cluster(parts[-1])
        own: dict[str, dict[str, Any]] = {
            "server/info": {"version": self.version, "product_type": "enterprise", "serverName": "searchhead1"},
            f"apps/local/{APP}": {"version": self.app_version, "disabled": False},
            "authentication/current-context": {
                "username": session.user,
                "capabilities": sorted(session.capabilities),
            },
        }
        if path not in own:
            raise RefusedError(404, "Not Found")
        return facts.one(parts[-1], **own[path])

    def _views(self) -> Stanzas:
        views = sorted((self.app / "default" / "data" / "ui" / "views").glob("*.xml"))
        return {view.stem: {"eai:data": view.read_text(encoding="utf-8")} for view in views}

    def _cluster(self, what: str) -> Response:
        if self.cluster is None:
            raise RefusedError(503, "Search head clustering is not enabled on this node.")
        labels = [self.cluster.label] if what == "info" else self.cluster.members
        return facts.entries([(label, {"label": label}, {}) for label in labels])

    def _stanza(self, conf: str, name: str) -> dict[str, str]:
        if name not in self._stanzas(conf):
            raise RefusedError(404, f"Could not find object id={name}")
        return self.confs[conf][name]

    def _search(self, request: Request) -> Response:
        if self.searcher is None or _form(request).get("exec_mode") != "oneshot":
            raise RefusedError(400, "this splunkd runs searches that are waited for, and needs to be told how")
        rows, messages = self.searcher(_form(request)["search"], request.headers["authorization"].partition(" ")[2])
        return facts.outcome(rows, messages)

    def _call_handler(self, endpoint: Endpoint, request: Request, session: Session, path: str) -> Response:
        needed = endpoint.rights.needed(request.verb)
        if needed is not None:
            _require(session, needed)
        call: dict[str, Any] = {
            "method": request.verb,
            "rest_path": endpoint.match,
            "path_info": path[len(endpoint.match) :].strip("/"),
            "query": [[name, value] for name, values in request.query.items() for value in values],
            "payload": request.body.decode("utf-8", "replace"),
            "session": {"user": session.user, "authtoken": request.headers["authorization"].partition(" ")[2]},
            "ns": {"app": APP, "user": "nobody"},
            "server": {"rest_uri": self.url},
        }
        if endpoint.has_system_token:
            call["system_authtoken"] = self.system_token
        answer = self.handlers[endpoint.match].call(call)
        content_type = answer.get("headers", {}).get("Content-Type", "application/json")
        return Response(int(answer["status"]), str(answer["payload"]).encode(), content_type)

    def _external(self, external: External, request: Request, session: Session, rest: list[str]) -> Response:
        needed = external.rights.needed(request.verb)
        if needed is not None:
            _require(session, needed)
        form = _form(request)
        action = {"GET": LIST, "DELETE": REMOVE}.get(request.verb, EDIT if rest else CREATE)
        call: dict[str, Any] = {
            "action": action,
            "id": rest[0] if rest else form.get("name"),
            "data": {name: [value] for name, value in form.items() if name not in {"name", "output_mode"}},
            "session_key": request.headers["authorization"].partition(" ")[2],
        }
        script = self.app / "bin" / external.script
        try:
            entries = run_external(self.python, script, call, home=self.home, uri=self.url)
        except ExternalError as error:
            raise RefusedError(500, str(error)) from None
        contents = {name: {**entry["content"], "eai:appName": APP} for name, entry in entries.items()}
        return _feed(external.name, contents, 201 if action == CREATE else 200)

    def _inputs(self, request: Request, session: Session, kind: str, rest: list[str]) -> Response:
        _require(session, "list_inputs" if request.verb == "GET" else f"edit_modinput_{kind}")
        stanzas = self.confs.setdefault("inputs", {})
        named = {name[len(kind) + 3 :]: name for name in stanzas if name.startswith(f"{kind}://")}
        form = _form(request)
        if request.verb == "GET":
            shown = {name: stanzas[stanza] for name, stanza in named.items() if not rest or name == rest[0]}
            if rest and not shown:
                raise RefusedError(404, f"Could not find object id={rest[0]}")
            defaults = self.confs["inputs"].get(kind, {})
            return _feed(f"data/inputs/{kind}", {name: {**defaults, **own} for name, own in shown.items()})
        if rest and rest[0] not in named:
            raise RefusedError(404, f"Could not find object id={rest[0]}")
        name = rest[0] if rest else form["name"]
        if request.verb == "DELETE":
            del stanzas[named[name]]
            return _feed(f"data/inputs/{kind}", {})
        stanza = stanzas.setdefault(f"{kind}://{name}", {})
        if len(rest) > 1:
            stanza["disabled"] = str(int(rest[1] == "disable"))
        else:
            stanza.update({key: value for key, value in form.items() if key not in {"name", "output_mode"}})
        if not rest:
            self.input_made(kind, name)
        return _feed(f"data/inputs/{kind}", {name: stanza}, 200 if rest else 201)

    def _conf(self, request: Request, name: str, rest: list[str]) -> Response:
        stanzas = self._stanzas(name)
        if request.verb == "POST":
            stanza = rest[0] if rest else _form(request)["name"]
            stanzas.setdefault(stanza, {}).update(
                {key: value for key, value in _form(request).items() if key not in {"name", "output_mode"}}
            )
            self._write_conf(name)
            return _feed(f"configs/conf-{name}", {stanza: stanzas[stanza]}, 200 if rest else 201)
        if not rest:
            return _feed(f"configs/conf-{name}", stanzas)
        if name in {"transforms", "macros"} and request.verb == "GET":
            return facts.entries([(rest[0], self._stanza(name, rest[0]), self.meta.acl(name, rest[0]))])
        if rest[0] not in stanzas:
            raise RefusedError(404, f"Could not find object id={rest[0]}")
        if request.verb == "DELETE":
            del stanzas[rest[0]]
            self._write_conf(name)
            return _feed(f"configs/conf-{name}", stanzas)
        return _feed(f"configs/conf-{name}", {rest[0]: stanzas[rest[0]]})

    def _write_conf(self, name: str) -> None:
        """Write a conf where splunkd writes what is saved, as far as anybody looks: anew each time."""
        folder = self.home / "etc" / "apps" / APP / "local"
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / f".{name}.conf"
        lines = (
            line
            for stanza, settings in self.confs[name].items()
            for line in (f"[{stanza}]", *(f"{key} = {value}" for key, value in settings.items()))
        )
        beside.write_text("\n".join(lines), encoding="utf-8")
        beside.replace(folder / f"{name}.conf")

    def _saved_searches(self) -> Stanzas:
        return {name: {"disabled": "0", **settings} for name, settings in self._stanzas("savedsearches").items()}

    def _job(self, sid: str) -> Response:
        if sid not in self.jobs:
            raise RefusedError(404, "Unknown sid.")
        content = self.jobs[sid].content(sid)
        return Response(200, json.dumps({"entry": [{"name": sid, "content": content}]}).encode())

    def _stanzas(self, conf: str) -> Stanzas:
        if self.conf_trouble:
            raise RefusedError(503, self.conf_trouble)
        if conf not in self.confs:
            raise RefusedError(404, f"Conf file {conf} does not exist")
        return self.confs[conf]

    def _storage_passwords(self, request: Request, session: Session, rest: list[str]) -> Response:
        if request.verb == "GET":
            _require(session, "list_storage_passwords")
            found = self._passwords
            for field, _, value in (search.partition("=") for search in request.query.get("search", [])):
                found = {name: entry for name, entry in found.items() if entry.get(field) == value}
            return _feed("storage/passwords", found)
        _require(session, "edit_storage_passwords")
        if request.verb == "DELETE":
            del self._passwords[rest[0]]
            return _feed("storage/passwords", {})
        form = _form(request)
        if rest and rest[0] not in self._passwords:
            raise RefusedError(404, f"Could not find object id={rest[0]}")
        name = rest[0] if rest else f"{form.get('realm', '')}:{form['name']}:"
        if not rest and name in self._passwords:
            raise RefusedError(409, "object already exists")
        entry = self._passwords.setdefault(name, {"realm": form.get("realm", ""), "username": form.get("name", "")})
        entry.update(clear_password=form["password"], encr_password="$7$encrypted", password="********")  # noqa: S106
        return _feed("storage/passwords", {name: entry}, 200 if rest else 201)

    def _collection(self, request: Request, name: str, rest: list[str]) -> Response:
        if name not in self.collections:
            raise RefusedError(404, f"collection {name} does not exist")
        if self.kv_trouble == "503" or (self.kv_trouble == "writes refused" and rest == ["batch_save"]):
            raise RefusedError(503, "KV Store is initializing. Please try again later.")
        is_saving = name == "cbsigned_checkpoints" and rest == ["batch_save"]
        if self.kv_trouble == "hang" or (self.kv_trouble == "checkpoints hang" and is_saving):
            return Response(hang=True)
        if self.kv_trouble == "nonsense":
            return Response(200, b"<html>")
        result = kvstore.answer(self.collections[name], request.verb, rest, request.query, request.body)
        return Response(200, json.dumps(result).encode())


def _require(session: Session, capability: str) -> None:
    if not session.capabilities & {capability, "*"}:
        text = f"You (user={session.user}) do not have permission (requires capability: {capability})."
        raise RefusedError(403, text)


def _form(request: Request) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8"), keep_blank_values=True).items()}


def _message(status: int, text: str) -> Response:
    body = f'<?xml version="1.0"?><response><messages><msg type="ERROR">{escape(text)}</msg></messages></response>'
    return _Message(status, body.encode(), "text/xml", text=text)


@dataclass(frozen=True)
class _Message(Response):
    """A refusal as XML, with its text for who wants JSON."""

    text: str = ""


@dataclass(frozen=True)
class _Feed(Response):
    """Entries as Atom, with the entries themselves for who wants JSON."""

    entries: Stanzas = field(default_factory=dict)


def _as_asked(request: Request, response: Response) -> Response:
    """Write entries as JSON where that is asked for."""
    mode = {**{name: values[-1] for name, values in request.query.items()}, **_form(request)}.get("output_mode")
    if mode == "json" and isinstance(response, _Message):
        body = {"messages": [{"type": "ERROR", "text": response.text}]}
        return Response(response.status, json.dumps(body).encode())
    if mode != "json" or not isinstance(response, _Feed):
        return response
    acl = {"app": APP, "owner": "nobody", "sharing": "app", "can_write": True, "modifiable": True, "removable": True}
    entries = [{"name": name, "id": name, "content": content, "acl": acl} for name, content in response.entries.items()]
    feed = {"entry": entries, "messages": [], "paging": {"total": len(entries), "perPage": 0, "offset": 0}}
    return Response(response.status, json.dumps(feed).encode())


def _feed(path: str, entries: Stanzas, status: int = 200) -> Response:
    """Write entries as splunkd's Atom feed."""
    items = "".join(_entry(path, name, content) for name, content in entries.items())
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
        'xmlns:s="http://dev.splunk.com/ns/rest" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">'
        f"<title>{path}</title><opensearch:totalResults>{len(entries)}</opensearch:totalResults>"
        f"<opensearch:itemsPerPage>0</opensearch:itemsPerPage>"
        f"<opensearch:startIndex>0</opensearch:startIndex>{items}</feed>"
    )
    return _Feed(status, body.encode(), "text/xml", entries=entries)


def _entry(path: str, name: str, content: dict[str, str]) -> str:
    link = f"/servicesNS/nobody/{APP}/{path}/{quote(name.replace('/', '%2F'))}"  # splunkd escapes a slash twice
    keys = "".join(f"<s:key name={quoteattr(key)}>{escape(value)}</s:key>" for key, value in content.items())
    return (
        f"<entry><title>{escape(name)}</title><id>{escape(link)}</id><updated>2026-01-01T00:00:00Z</updated>"
        f'<link href={quoteattr(link)} rel="alternate"/><author><name>nobody</name></author>'
        f'<link href={quoteattr(link)} rel="list"/><link href={quoteattr(link)} rel="edit"/>'
        f'<link href={quoteattr(link)} rel="remove"/><content type="text/xml"><s:dict>{keys}'
        f'<s:key name="eai:acl"><s:dict><s:key name="app">{APP}</s:key>'
        '<s:key name="owner">nobody</s:key><s:key name="sharing">app</s:key></s:dict></s:key>'
        "</s:dict></content></entry>"
    )
