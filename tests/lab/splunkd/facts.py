"""What splunkd tells of itself, of the app, of whoever asks, and of who may do what with the app's objects."""

from __future__ import annotations

import configparser
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable

from tests.lab.confs import Stanzas
from tests.lab.https import Response

Acl = dict[str, Any]


@dataclass
class Cluster:
    """A search head cluster: the label of this member, and of all."""

    label: str
    members: list[str] = field(default_factory=list)


class Metadata:
    """Who may read and write the app's objects, and which other apps see (metadata/default.meta)."""

    def __init__(self, app: Path) -> None:
        """Read the file, in the sources or in the package."""
        path = next(
            folder / "metadata" / "default.meta" for folder in (app, app / "package") if (folder / "metadata").is_dir()
        )
        parser = configparser.RawConfigParser(delimiters=("=",))
        parser.read_string(path.read_text(encoding="utf-8").replace("[]", "[/]"))
        self.stanzas: Stanzas = {name: dict(parser[name]) for name in parser.sections()}

    def acl(self, kind: str, name: str) -> Acl:
        """Give what splunkd says of an object's rights: of its own stanza, else of its kind's, else of all."""
        settings: dict[str, str] = {}
        for stanza in ("/", kind, f"{kind}/{name}"):
            settings.update(self.stanzas.get(stanza, {}))
        access = dict(re.findall(r"(read|write) : \[ ([^\]]*?) \]", settings["access"]))
        return {
            "app": "cbsigned",
            "owner": "nobody",
            "sharing": "global" if settings.get("export") == "system" else "app",
            "perms": {verb: [role.strip() for role in roles.split(",")] for verb, roles in access.items()},
            "can_write": True,
            "modifiable": True,
            "removable": True,
        }


def entries(found: Iterable[tuple[str, dict[str, Any], Acl]]) -> Response:
    """Answer with entries as JSON, whose settings may be lists."""
    items = [{"name": name, "id": name, "content": content, "acl": acl} for name, content, acl in found]
    feed = {"entry": items, "messages": [], "paging": {"total": len(items), "perPage": 0, "offset": 0}}
    return Response(200, json.dumps(feed).encode())


def one(name: str, **content: Any) -> Response:
    """Answer with one entry."""
    return entries([(name, content, {"app": "", "sharing": "system", "perms": {"read": ["*"], "write": ["admin"]}})])


def outcome(rows: list[dict[str, Any]], messages: list[tuple[str, str]]) -> Response:
    """Answer a search that was waited for."""
    body = {
        "preview": False,
        "init_offset": 0,
        "messages": [{"type": level, "text": text} for level, text in messages],
        "fields": [{"name": name} for name in dict.fromkeys(name for row in rows for name in row)],
        "results": rows,
    }
    return Response(200, json.dumps(body).encode())
