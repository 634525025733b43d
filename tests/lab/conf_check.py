"""Check an app's confs against Splunk's published specs, its own, and one another."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Mapping, Optional, Tuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tests.lab.conf_specs import CAPABILITIES, SPECS, Settings
from tests.lab.conf_workflow import workflow_problems
from tests.lab.confs import Stanzas, read_conf
from tests.lab.spl.clock import Clock
from tests.lab.spl.errors import SplError
from tests.lab.spl.expressions import compile_assignments
from tests.lab.spl.patterns import pcre
from tests.lab.spl.terms import compile_terms
from tests.lab.spl.times import parse_time, zone_of

_SETTING = re.compile(r"^([\w.\-]+(?:<\w+>)?)\s*=\s*(.+)$")
_STANZA = re.compile(r"^\[(.+)\]$")
_LIST_OF = "list of "
_CRON = re.compile(r"(?:\*|\d+(?:-\d+)?)(?:/\d+)?(?:,(?:\*|\d+(?:-\d+)?)(?:/\d+)?)*")
_CRON_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_CLOCK = Clock(0.0)


@dataclass(frozen=True)
class App:
    """An app's folder: its confs in `default`, and the specs of its own confs."""

    folder: Path
    confs: Mapping[str, Stanzas]
    specs: Mapping[str, Mapping[str, Settings]]

    def has_script(self, name: str) -> bool:
        """Say whether there is a script of this name in bin."""
        return re.fullmatch(r"[\w.]+", name) is not None and (self.folder / "bin" / name).is_file()

    def has_class(self, handler: str) -> bool:
        """Say whether a handler, `<script>.<class>`, is there."""
        script, _, name = handler.rpartition(".")
        path = self.folder / "bin" / f"{script}.py"
        return path.is_file() and f"class {name}(" in path.read_text(encoding="utf-8")

    @property
    def capabilities(self) -> set[str]:
        """The capabilities that there are: Splunk's, and those that the app declares."""
        named = (name.partition("::") for name in self.confs.get("authorize", {}))
        return CAPABILITIES | {capability for kind, sign, capability in named if sign and kind == "capability"}


def read_app(folder: Path, specs: Path) -> App:
    """Read the confs below `default` and the specs in a folder."""
    confs = {path.stem: read_conf(path) for path in sorted((folder / "default").glob("*.conf"))}
    own = {path.name[: -len(".conf.spec")]: read_spec(path) for path in sorted(specs.glob("*.conf.spec"))}
    return App(folder, confs, own)


def read_spec(path: Path) -> Dict[str, Settings]:
    """Read a spec of an app's own conf: by kind of stanza, its settings; of a form that is not known, any text.

    `[scheme://<name>]` stands for the scheme's defaults, `[scheme]`, as well.
    """
    found: Dict[str, Dict[str, str]] = {}
    settings: Dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        stanza, setting = _STANZA.match(line), _SETTING.match(line)
        if stanza:
            pattern = re.sub(r"://<\\?\w+>", "", stanza[1])
            settings = found.setdefault(re.sub(r"<\w+>", r"\\S+", pattern), {})
        elif setting:
            settings[re.escape(setting[1])] = _form_of(setting[2])
    return dict(found)


def _form_of(text: str) -> str:
    if text in {"<boolean>", "<bool>", "true|false"}:
        return "boolean"
    return "number" if text in {"<number>", "<integer>"} else "any"


def problems(app: App) -> Iterator[str]:
    """Say what is wrong with the app's confs, setting by setting, and between them."""
    for conf, stanzas in app.confs.items():
        kinds = [*SPECS.get(conf, {}).items(), *app.specs.get(conf, {}).items()]
        if not kinds:
            yield f"{conf}.conf: there is no such conf, neither Splunk's nor the app's"
        for stanza, settings in stanzas.items():
            yield from _stanza_problems(app, kinds, (conf, stanza), settings)
    yield from _together(app.confs)
    yield from _own_confs(app)
    name = app.confs.get("app", {}).get("id", {}).get("name", "")
    yield from workflow_problems(app.confs.get("workflow_actions", {}), name, app.folder)


def _stanza_problems(
    app: App, kinds: List[Tuple[str, Settings]], where: Tuple[str, str], settings: Mapping[str, str]
) -> Iterator[str]:
    conf, stanza = where
    allowed = [known for pattern, known in kinds if re.fullmatch(pattern, stanza)]
    if not allowed:
        yield f"{conf}.conf: there is no stanza [{stanza}]"
        return
    for name, value in settings.items():
        forms = [form for known in allowed for pattern, form in known.items() if re.fullmatch(pattern, name)]
        if not forms:
            yield f"{conf}.conf [{stanza}]: there is no setting {name}"
        elif not any(_is_of(app, form, value) for form in forms):
            yield f"{conf}.conf [{stanza}]: {name} = {value[:60]} is not {forms[0]}"


def _is_of(app: App, form: str, value: str) -> bool:
    if form in _FORMS:
        return _FORMS[form](app, value)
    if form.startswith(_LIST_OF):
        allowed = form[len(_LIST_OF) :].split(", ")
        return all(one.strip() in allowed for one in value.split(","))
    return value in form.split("|")


def _compiles(compile_: Callable[[], object]) -> bool:
    try:
        compile_()
    except (SplError, ValueError):
        return False
    return True


def _is_json(text: str) -> bool:
    return _compiles(lambda: json.loads(text)) and isinstance(json.loads(text), dict)


def _is_breaker(text: str) -> bool:
    """Say whether it is a regular expression with the group that is thrown away between events."""
    return _compiles(lambda: pcre(text)) and pcre(text).groups > 0


def _is_cron(text: str) -> bool:
    parts = text.split()
    return len(parts) == len(_CRON_BOUNDS) and all(
        _CRON.fullmatch(part) and all(low <= int(number) <= high for number in re.findall(r"(?<!/)\b\d+", part))
        for part, (low, high) in zip(parts, _CRON_BOUNDS)
    )


def _is_zone(text: str) -> bool:
    try:
        return bool(ZoneInfo(text))
    except (ZoneInfoNotFoundError, ValueError):
        return False


def _matches(pattern: str) -> Callable[[App, str], bool]:
    return lambda _, value: re.fullmatch(pattern, value, re.DOTALL) is not None


_FORMS: Mapping[str, Callable[[App, str], bool]] = {
    "any": lambda *_: True,
    "text": _matches(r".*\S.*"),
    "name": _matches(r"[^\s,]+"),
    "path": _matches(r"/\S*"),
    "link": _matches(r"(?:/|https?://)\S+"),
    "patterns": _matches(r"[\w.*\-]+(?:[,\s]+[\w.*\-]+)*"),
    "list": _matches(r"[\w.\-]+(?:\s*,\s*[\w.\-]+)*"),
    "boolean": _matches("true|false|0|1"),
    "count": _matches(r"\d+"),
    "count or auto": _matches(r"\d+|auto"),
    "number": _matches(r"-?\d+(?:\.\d+)?"),
    "version": _matches(r"\d+\.\d+\.\d+(?:[.\-+]?[a-z0-9]+)?"),
    "reload": _matches(r"simple|rest_endpoints|(?:access_endpoints|http_get|http_post) /\S+"),
    "pythons": _matches(r"(?:3\.9|3\.13|latest)(?:, ?(?:3\.9|3\.13|latest))*"),
    "interval": lambda _, value: re.fullmatch(r"\d+(?:\.\d+)?", value) is not None or _is_cron(value),
    "cron": lambda _, value: _is_cron(value),
    "time": lambda _, value: _compiles(lambda: parse_time(value, 1e9, zone_of("UTC"))),
    "time zone": lambda _, value: _is_zone(value),
    "time format": _matches(r"(?:%(?:\d?[A-Za-z%]|:z)|[^%])+"),
    "json": lambda _, value: _is_json(value),
    "regex": lambda _, value: _compiles(lambda: pcre(value)),
    "breaker": lambda _, value: _is_breaker(value),
    "expression": lambda _, value: _compiles(lambda: compile_assignments(f"x={value}", _CLOCK)),
    "search terms": lambda _, value: _compiles(lambda: compile_terms(value, _CLOCK)),
    "aliases": _matches(r'(?:"[^"]+"|\S+)\s+(?:AS|ASNEW)\s+(?:"[^"]+"|\S+)(?:\s+\S+\s+(?:AS|ASNEW)\s+\S+)*'),
    "match type": _matches(r"(?:WILDCARD|CIDR|EXACT)\(\w+\)(?:,? ?(?:WILDCARD|CIDR|EXACT)\(\w+\))*"),
    "script": lambda app, value: app.has_script(value),
    "handler": lambda app, value: app.has_class(value),
    "capability": lambda app, value: value in app.capabilities,
    "lookup file": lambda app, value: (app.folder / "lookups" / value).is_file(),
    "collection": lambda app, value: value in app.confs.get("collections", {}),
}
"""What each form is: whether a value is of it."""


def _together(confs: Mapping[str, Stanzas]) -> Iterator[str]:
    """Say what does not fit between settings, stanzas and confs."""
    yield from _macros(confs.get("macros", {}))
    yield from _lookups(confs)
    yield from _roles(confs.get("authorize", {}))
    yield from _identity(confs.get("app", {}))
    yield from _event_types(confs)
    yield from _examples(confs.get("searchbnf", {}), set(confs.get("commands", {})))
    types = {f"eventtype={name}" for name in confs.get("eventtypes", {})}
    yield from (
        f"tags.conf [{name}]: there is no such event type" for name in confs.get("tags", {}) if name not in types
    )
    for name, stanza in confs.get("savedsearches", {}).items():
        if stanza.get("enableSched") == "1" and "cron_schedule" not in stanza:
            yield f"savedsearches.conf [{name}]: a schedule without cron_schedule"
    yield from (f"{conf}.conf [{name}]: {what}" for conf, name, what in _missing(confs))


def _own_confs(app: App) -> Iterator[str]:
    """Say which conf that is reloaded or replicated is not the app's own."""
    named = {
        *(("app", "triggers", name) for name in app.confs.get("app", {}).get("triggers", {})),
        *(("server", "shclustering", name) for name in app.confs.get("server", {}).get("shclustering", {})),
    }
    for conf, stanza, name in sorted(named):
        if name.rpartition(".")[2] not in set(app.specs) - set(SPECS):
            yield f"{conf}.conf [{stanza}]: {name} names a conf that is not the app's"


def _identity(app: Stanzas) -> Iterator[str]:
    names = {app.get("id", {}).get("name"), app.get("package", {}).get("id")}
    versions = {app.get("id", {}).get("version"), app.get("launcher", {}).get("version")}
    if len(names) > 1 or len(versions) > 1:
        yield f"app.conf: one app has one name and one version, not {names} and {versions}"


def _event_types(confs: Mapping[str, Stanzas]) -> Iterator[str]:
    for name, stanza in confs.get("eventtypes", {}).items():
        unknown = set(re.findall(r'sourcetype="?([\w:]+)', stanza.get("search", ""))) - set(confs.get("props", {}))
        if unknown:
            yield f"eventtypes.conf [{name}]: props.conf has no source type {', '.join(sorted(unknown))}"


_REQUIRED: Mapping[str, Tuple[str, ...]] = {
    "commands": ("filename", "chunked", "python.version", "python.required"),
    "eventtypes": ("search",),
    "macros": ("definition",),
    "savedsearches": ("search",),
}


def _missing(confs: Mapping[str, Stanzas]) -> Iterator[Tuple[str, str, str]]:
    for conf, names in _REQUIRED.items():
        for stanza, settings in confs.get(conf, {}).items():
            for name in names:
                if name not in settings:
                    yield conf, stanza, f"{name} is missing"


def _macros(macros: Stanzas) -> Iterator[str]:
    for stanza, settings in macros.items():
        number = re.search(r"\((\d+)\)$", stanza)
        names = [name.strip() for name in settings.get("args", "").split(",") if name.strip()]
        if len(set(names)) != int(number[1] if number else 0):
            yield f"macros.conf [{stanza}]: args has {len(names)} names"
        used = set(re.findall(r"\$(\w+)\$", settings.get("definition", "")))
        if used != set(names):
            yield f"macros.conf [{stanza}]: definition uses {sorted(used)}, args are {names}"


def _lookups(confs: Mapping[str, Stanzas]) -> Iterator[str]:
    for stanza, settings in confs.get("transforms", {}).items():
        if settings.get("external_type") != "kvstore":
            continue
        fields = {name.strip() for name in settings.get("fields_list", "").split(",")} - {"_key"}
        collection: Optional[Mapping[str, str]] = confs.get("collections", {}).get(settings.get("collection", ""))
        stored = {name[len("field.") :] for name in collection or {} if name.startswith("field.")}
        if fields != stored:
            yield f"transforms.conf [{stanza}]: fields_list and the collection differ in {sorted(fields ^ stored)}"
    for stanza, settings in confs.get("collections", {}).items():
        for name, value in settings.items():
            if name.startswith("accelerated_fields.") and _is_json(value):
                unknown = [one for one in json.loads(value) if f"field.{one}" not in settings]
                yield from (f"collections.conf [{stanza}]: {name} names {one}, which is no field" for one in unknown)


def _roles(authorize: Stanzas) -> Iterator[str]:
    declared = {name.partition("::")[2] for name in authorize if name.startswith("capability::")}
    for stanza, settings in authorize.items():
        for name, value in settings.items():
            if value == "enabled" and name not in declared | CAPABILITIES:
                yield f"authorize.conf [{stanza}]: there is no capability {name}"


def _examples(searchbnf: Stanzas, commands: set[str]) -> Iterator[str]:
    for stanza, settings in searchbnf.items():
        if stanza.endswith("-command") and stanza[: -len("-command")] not in commands:
            yield f"searchbnf.conf [{stanza}]: there is no such command"
        named = re.findall(r"<([a-z0-9]+-options?)>", settings.get("syntax", ""))
        unknown = [name for name in named if name not in searchbnf]
        yield from (f"searchbnf.conf [{stanza}]: <{name}> is explained nowhere" for name in unknown)
        numbers = {kind: {name[7:] for name in settings if name.startswith(kind)} for kind in ("example", "comment")}
        if numbers["example"] != numbers["comment"]:
            yield f"searchbnf.conf [{stanza}]: examples and comments do not match"
