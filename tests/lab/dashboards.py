"""Dashboards drawn by Splunk's own packages in a real browser, on rows that a function gives for each search."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple
from xml.etree import ElementTree as ET

from tests.lab.host import Row
from tests.lab.https import HttpsServer, Request, Response

ROOT = Path(__file__).resolve().parents[2]
BROWSER = ROOT / "tests" / "browser"
VIEWS = ROOT / "default" / "data" / "ui" / "views"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

Search = Callable[[str, Optional[str], Optional[str]], "tuple[List[str], List[Row]]"]
"""Run a search over a range of time (`earliest`, `latest`, as a picker says them); return its columns and its rows."""

_PAGE = """<!doctype html><html><head><meta charset="utf-8"><link rel="stylesheet" href="views.css">
<style>body { margin: 0 }</style></head>
<body><div id="page"></div><script src="views.js"></script></body></html>"""


@dataclass(frozen=True)
class Visit:
    """A view to open: how, what to do there (`steps` of tests/browser/views.mjs), and where its picture goes."""

    view: str
    theme: str = "light"
    form: Mapping[str, str] = field(default_factory=dict)
    steps: Sequence[Mapping[str, Any]] = ()
    picture: Path | None = None


def can_draw() -> bool:
    """Return whether node, a browser and Splunk's packages are here."""
    packages = BROWSER / "node_modules" / "@splunk" / "dashboard-core"
    return shutil.which("node") is not None and CHROMIUM is not None and packages.is_dir()


def definition_of(view: str) -> Dict[str, Any]:
    """Return what a shipped view's file defines."""
    text = ET.parse(VIEWS / f"{view}.xml").findtext("definition")  # noqa: S314 - our own
    made: Dict[str, Any] = json.loads(text or "")
    return made


def query_of(definition: Mapping[str, Any], name: str, tokens: Mapping[str, str]) -> str:
    """Return the search of a data source, after that which it goes on from, with values for tokens filled in."""
    options = definition["dataSources"][name]["options"]
    text = options["query"]
    for token, value in tokens.items():
        quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        text = text.replace(f"${token}|s$", quoted).replace(f"${token}$", value)
    return f"{query_of(definition, options['extend'], tokens)}\n{text}" if "extend" in options else text


def visit(search: Search, visits: Sequence[Visit]) -> List[Dict[str, Any]]:
    """Open views one after the other; return what was seen of each."""
    return visit_and_validate(search, visits, ())[0]


def visit_and_validate(
    search: Search, visits: Sequence[Visit], definitions: Sequence[Mapping[str, Any]]
) -> Tuple[List[Dict[str, Any]], List[List[Dict[str, Any]]]]:
    """Open views; return what was seen of each, and what Splunk's own schema has against some definitions."""
    pages = [
        {
            "view": one.view,
            "theme": one.theme,
            "form": dict(one.form),
            "height": definition_of(one.view)["layout"]["options"]["height"] + 90,
            "steps": list(one.steps),
            "picture": str(one.picture) if one.picture else None,
        }
        for one in visits
    ]
    seen = _drive(search, {"pages": pages, "validate": list(definitions)})
    return seen[: len(pages)], seen[len(pages) :]


def _drive(search: Search, given: Dict[str, Any]) -> Any:
    def answer(request: Request) -> Response:
        name = request.path.strip("/")
        if name == "search":
            return _found(search, json.loads(request.body))
        if name.startswith("definition/"):
            return _json(definition_of(name.partition("/")[2]))
        if name in {"views.js", "views.css"}:
            kind = "text/javascript" if name.endswith("js") else "text/css"
            return Response(body=(BROWSER / "node_modules" / ".cache" / name).read_bytes(), content_type=kind)
        if name:
            return Response(404)
        return Response(body=_PAGE.encode(), content_type="text/html")

    with HttpsServer(answer) as server:
        done = subprocess.run(
            ["node", "views.mjs"],  # noqa: S607 - any node
            cwd=BROWSER,
            input=json.dumps({"url": server.url, "chromium": CHROMIUM, "patience": 120_000, **given}).encode(),
            capture_output=True,
            check=False,
            timeout=600,
        )
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
    return json.loads(done.stdout)


def _found(search: Search, asked: Mapping[str, Any]) -> Response:
    try:
        columns, rows = search(asked["query"], asked.get("earliest"), asked.get("latest"))
    except Exception as error:  # noqa: BLE001 - what a search says goes into the panel, as in Splunk
        return _json({"error": f"{type(error).__name__}: {error}"})
    values = [[row.get(column) for row in rows] for column in columns]
    return _json({"fields": columns, "columns": values})


def _json(value: object) -> Response:
    return Response(body=json.dumps(value).encode())
