"""What can be said against a dashboard without drawing it; Splunk's own renderer forgives nearly all of it silently."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Set

from tests.lab.confs import Stanzas

_TOKEN = re.compile(r"\$([A-Za-z_][\w. ]*?)(?:\|[suhn])?\$")
_SERIES = re.compile(r"seriesByName\(\s*['\"]([^'\"]+)['\"]\s*\)")
_MACRO = re.compile(r"`(\w+)(?:\(([^`]*)\))?`")
_LOOKUP = re.compile(r"\|\s*(?:lookup|inputlookup)\s+(?:\w+=\S+\s+)*(\w+)")
_OWN = re.compile(r"\|\s*(cbsigned\w*)")
_CONTEXT = re.compile(r">\s*(\w+)\s*\|")
_BY_SPLUNK = {"table", "primary", "themes", "size", "x", "y"}


def faults_of(
    definition: Mapping[str, Any],
    confs: Mapping[str, Stanzas],
    options: Mapping[str, Sequence[str]],
    columns: Mapping[str, Sequence[str]] | None = None,
) -> List[str]:
    """Return what is wrong with a view's definition.

    `confs` are the app's, `options` those that Splunk knows of each kind of panel, `columns` what each search gives
    (where it was run).
    """
    return [
        *_sources(definition),
        *_layout(definition),
        *_options(definition, options),
        *_tokens(definition),
        *_searches(definition, confs),
        *(_fields(definition, columns) if columns is not None else ()),
    ]


def _sources(definition: Mapping[str, Any]) -> Iterator[str]:
    known = definition["dataSources"]
    used = set()
    for name, panel in {**definition["visualizations"], **definition["inputs"]}.items():
        for source in panel.get("dataSources", {}).values():
            used.add(source)
            if source not in known:
                yield f"{name}: there is no data source {source}"
    for name, source in known.items():
        base = source["options"].get("extend")
        used.add(base)
        if base is not None and base not in known:
            yield f"{name}: there is no data source {base} to go on from"
        if source["type"] == "ds.chain" and base is None:
            yield f"{name}: it goes on from nothing"
    yield from (f"{name}: nothing shows it" for name in known if name not in used)


def _layout(definition: Mapping[str, Any]) -> Iterator[str]:
    layout = definition["layout"]
    placed = [place["item"] for place in layout["structure"]]
    yield from (f"{name}: it has no place" for name in definition["visualizations"] if name not in placed)
    yield from (
        f"{name}: there is no such panel to place" for name in placed if name not in definition["visualizations"]
    )
    shown = layout.get("globalInputs", [])
    yield from (f"{name}: the input has no place" for name in definition["inputs"] if name not in shown)
    yield from (f"{name}: there is no such input" for name in shown if name not in definition["inputs"])
    boxes = [(place["item"], place["position"]) for place in layout["structure"]]
    for number, (name, one) in enumerate(boxes):
        for other, two in boxes[number + 1 :]:
            if (
                one["x"] < two["x"] + two["w"]
                and two["x"] < one["x"] + one["w"]
                and one["y"] < two["y"] + two["h"]
                and two["y"] < one["y"] + one["h"]
            ):
                yield f"{name} lies over {other}"


def _options(definition: Mapping[str, Any], options: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name, panel in definition["visualizations"].items():
        if options and panel["type"] not in options:
            yield f"{name}: there is no kind of panel {panel['type']}"
            continue
        for option in panel.get("options", {}):
            if options and option not in options[panel["type"]]:
                yield f"{name}: {panel['type']} has no option {option}"
        context = set(panel.get("context", {})) | _BY_SPLUNK
        for rule in _texts(panel.get("options", {})):
            words = re.findall(r"(?:rangeValue|matchValue|gradient)\((\w+)\)", rule) + _CONTEXT.findall(rule)
            yield from (f"{name}: its context has no {word}" for word in words if word not in context)


def _tokens(definition: Mapping[str, Any]) -> Iterator[str]:
    known = _tokens_that_are_set(definition)
    places = {**definition["dataSources"], **definition["visualizations"]}
    for name, place in places.items():
        for text in _texts(place):
            for token in _TOKEN.findall(text):
                if token not in known and not token.startswith("row."):
                    yield f"{name}: nothing sets the token {token}"
    yield from _bare_tokens(definition)


def _tokens_that_are_set(definition: Mapping[str, Any]) -> Set[str]:
    known = set(definition.get("defaults", {}).get("tokens", {}).get("default", {}))
    for made in definition["inputs"].values():
        token = made["options"]["token"]
        known |= {token} if made["type"] != "input.timerange" else {f"{token}.earliest", f"{token}.latest"}
    for panel in definition["visualizations"].values():
        for handler in panel.get("eventHandlers", []):
            known |= {one["token"] for one in handler["options"].get("tokens", [])}
    return known


def _bare_tokens(definition: Mapping[str, Any]) -> Iterator[str]:
    for name, source in definition["dataSources"].items():
        # What somebody types, or an event brings, must not end the text that it stands in.
        for token in re.findall(r"\$(?!global_time)(\w+)\$", source["options"].get("query", "")):
            values = _fixed_values(definition, token)
            if values is None or not all(re.fullmatch(r"\d+", value) for value in values):
                yield f"{name}: the token {token} goes into the search as it is: ${token}|s$"


def _fixed_values(definition: Mapping[str, Any], token: str) -> Optional[List[str]]:
    for made in definition["inputs"].values():
        if made["options"]["token"] == token and isinstance(made["options"].get("items"), list):
            return [str(item["value"]) for item in made["options"]["items"]]
    return None


def _searches(definition: Mapping[str, Any], confs: Mapping[str, Stanzas]) -> Iterator[str]:
    macros, lookups, commands = confs["macros"], confs["transforms"], confs["commands"]
    for name, source in definition["dataSources"].items():
        query = source["options"].get("query", "")
        for macro, arguments in _MACRO.findall(query):
            stanza = f"{macro}({arguments.count(',') + 1})" if arguments else macro
            if stanza not in macros:
                yield f"{name}: there is no macro {stanza}"
        yield from (
            f"{name}: there is no lookup {lookup}" for lookup in _LOOKUP.findall(query) if lookup not in lookups
        )
        yield from (f"{name}: there is no command {own}" for own in _OWN.findall(query) if own not in commands)


def _fields(definition: Mapping[str, Any], columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name, panel in definition["visualizations"].items():
        given = columns.get(panel.get("dataSources", {}).get("primary", ""))
        if given is None:
            continue
        wanted = {series for text in _texts(panel.get("options", {})) for series in _SERIES.findall(text)}
        wanted |= set(panel.get("options", {}).get("columnFormat", {}))
        wanted |= set(panel.get("options", {}).get("y2Fields", []))
        for handler in panel.get("eventHandlers", []):
            wanted |= set(re.findall(r"row\.([^\"$]+?)\.value", json.dumps(handler)))
        yield from (f"{name}: its search gives no field {one}" for one in sorted(wanted) if one not in given)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def known_options(text: str) -> Dict[str, List[str]]:
    """Read the kinds of panels and their options, as tests/browser/options.mjs prints them."""
    found: Dict[str, List[str]] = json.loads(text)
    return found
