"""What Splunk's specs say of workflow actions together with the fields, tokens and pages that they name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterator, Mapping

from tests.lab.confs import Stanzas

_VALUE = re.compile(r"\$!?([@\w.]+)\$")
_PAGE = re.compile(r"/app/([\w-]+)/(\w+)(?:\?(.*))?")
_NEEDED = {"link": ("label", "link.uri"), "search": ("label", "search.search_string")}


def workflow_problems(actions: Stanzas, app: str, folder: Path) -> Iterator[str]:
    """Say what is wrong between settings of workflow_actions.conf; `app` is the app's name, `folder` where it lies."""
    for name, settings in actions.items():
        for problem in (*_stanza(settings), *_page(settings.get("link.uri", ""), app, folder)):
            yield f"workflow_actions.conf [{name}]: {problem}"


def _stanza(settings: Mapping[str, str]) -> Iterator[str]:
    needed = _NEEDED.get(settings.get("type", ""), ("type",))
    yield from (f"Splunk skips it without {name}" for name in needed if name not in settings)
    fields = re.split(r"[,\s]+", settings.get("fields", "*"))
    if len(fields) > 1:
        yield f"an event must have all of {', '.join(fields)}"
    text = " ".join(settings.get(name, "") for name in ("label", "link.uri", "search.search_string"))
    for value in _VALUE.findall(text):
        if value in {"@field_name", "@field_value"} and settings.get("display_location") != "field_menu":
            yield f"the event's own menu has no ${value}$"
        elif not value.startswith("@") and value not in fields:
            yield f"fields does not say that it needs {value}"
    if _VALUE.search(settings.get("search.search_string", "")):
        yield "a value of an event goes into a search as it is"
    if "$!" in text:
        yield "a value of an event is not encoded"


def _page(uri: str, app: str, folder: Path) -> Iterator[str]:
    """Check a link to a page of this app: it is there, and has the inputs that the link fills in."""
    page = _PAGE.fullmatch(uri)
    if page is None or page[1] != app:
        return
    path = folder / "default" / "data" / "ui" / "views" / f"{page[2]}.xml"
    if not path.is_file():
        yield f"there is no page {page[2]}"
        return
    text = path.read_text(encoding="utf-8")
    for token in re.findall(r"form\.(\w+)=", page[3] or ""):
        if f'"token": "{token}"' not in text:
            yield f"the page {page[2]} has no input {token}"
