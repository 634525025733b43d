"""The confs that are shipped keep to Splunk's published specs, to their own, and to one another."""

from __future__ import annotations

from functools import lru_cache
from typing import Dict

import pytest

from tests.lab.conf_check import App, problems, read_app
from tests.lab.site import ROOT

FAULTS = [
    ("app", "install", {"is_configured": "maybe"}, "is_configured = maybe is not boolean"),
    ("app", "triggers", {"reload.cbsigned_settings": "never"}, "is not reload"),
    ("app", "triggers", {"reload.cbsigned_setting": "simple"}, "names a conf that is not the app's"),
    ("app", "id", {"version": "0.1.1"}, "one app has one name and one version"),
    ("authorize", "role_cbsigned_user", {"cbsigned_lookups": "enabled"}, "there is no capability cbsigned_lookups"),
    ("authorize", "role_cbsigned_user", {"cbsigned_lookup": "true"}, "is not enabled|disabled"),
    ("collections", "cbsigned_verdicts", {"field.md5": "text"}, "field.md5 = text is not number|bool|string"),
    ("collections", "cbsigned_verdicts", {"accelerated_fields.md5": '{"md5": 1'}, "is not json"),
    ("collections", "cbsigned_verdicts", {"accelerated_fields.md5": '{"md6": 1}'}, "names md6, which is no field"),
    ("collections", "cbsigned_verdicts", {"field.more": "string"}, "differ in ['more']"),
    ("commands", "cbsigned", {"chunkd": "true"}, "there is no setting chunkd"),
    ("commands", "cbsigned", {"filename": "nothing.py"}, "filename = nothing.py is not script"),
    ("commands", "cbsigned", {"streaming": "true"}, "there is no setting streaming"),
    ("commands", "cbsigned", {"python.required": "3.7"}, "is not pythons"),
    ("eventtypes", "cbsigned_process", {"search": 'sourcetype="x'}, "is not search terms"),
    ("eventtypes", "cbsigned_flip", {"search": "sourcetype=cbsigned:flips"}, "has no source type cbsigned:flips"),
    ("inputs", "cbsigned_processes", {"intervall": "60"}, "there is no setting intervall"),
    ("inputs", "cbsigned_processes", {"interval": "1m"}, "is not interval"),
    ("macros", "drop_signed_noise", {"args": "field"}, "args has 1 names"),
    ("macros", "cbsigned_lookup(1)", {"args": "hash"}, "definition uses ['md5'], args are ['hash']"),
    ("props", "cbsigned:process", {"KV_MOD": "json"}, "there is no setting KV_MOD"),
    ("props", "cbsigned:process", {"KV_MODE": "yaml"}, "is not none|auto"),
    ("props", "cbsigned:process", {"TIME_PREFIX": "(a"}, "is not regex"),
    ("props", "cbsigned:process", {"LINE_BREAKER": "[\\r\\n]+"}, "is not breaker"),
    ("props", "cbsigned:process", {"TZ": "Mars/Base"}, "is not time zone"),
    ("props", "cbsigned:process", {"EVAL-action": "coalesce(a"}, "is not expression"),
    ("props", "cbsigned:process", {"EVAL-action": "a=1"}, "is not expression"),
    ("props", "cbsigned:process", {"FIELDALIAS-x": "a = b"}, "is not aliases"),
    ("restmap", "script:cbsigned_check", {"handler": "cbsigned_check_handler.Check"}, "is not handler"),
    ("restmap", "script:cbsigned_check", {"capability.patch": "cbsigned_admin"}, "no setting capability.patch"),
    ("restmap", "script:cbsigned_check", {"capability": "admin"}, "is not capability"),
    ("restmap", "script:cbsigned_check", {"match": "cbsigned/check"}, "is not path"),
    ("savedsearches", "cbsigned - learn what is usual", {"cron_schedule": "17 24 * * *"}, "is not cron"),
    ("savedsearches", "cbsigned - learn what is usual", {"cron_schedule": "@daily"}, "is not cron"),
    ("savedsearches", "cbsigned - learn what is usual", {"dispatch.earliest_time": "yesterday"}, "is not time"),
    ("savedsearches", "cbsigned - learn what is usual", {"enabledSched": "1"}, "there is no setting enabledSched"),
    ("searchbnf", "cbsigned-command", {"usage": "secret"}, "is not public|private|deprecated"),
    ("searchbnf", "cbsigned-command", {"example9": "x"}, "examples and comments do not match"),
    ("searchbnf", "cbsignd-command", {"syntax": "x"}, "there is no such command"),
    ("searchbnf", "cbsigned-command", {"syntax": "cbsigned (<cbsigned-option>)*"}, "is explained nowhere"),
    ("server", "shclustering", {"conf_replication.include.x": "true"}, "there is no setting"),
    ("tags", "eventtype=cbsigned_process", {"process": "true"}, "is not enabled|disabled"),
    ("tags", "eventtype=other", {"process": "enabled"}, "there is no such event type"),
    ("transforms", "cbsigned_teams", {"case_sensitive": "false"}, "there is no setting case_sensitive"),
    ("transforms", "cbsigned_teams", {"filename": "teams.csv"}, "is not lookup file"),
    ("transforms", "cbsigned_verdicts", {"collection": "verdicts"}, "is not collection"),
    ("cbsigned_settings", "verdicts", {"methods": "joint"}, "there is no setting methods"),
    ("workflow_actions", "cbsigned_open_binary", {"link.url": "/app"}, "there is no setting link.url"),
    ("workflow_actions", "cbsigned_open_binary", {"display_location": "menu"}, "is not both|field_menu|event_menu"),
    ("workflow_actions", "cbsigned_open_binary", {"fields": "process_md5, md5"}, "an event must have all of"),
    ("workflow_actions", "cbsigned_open_binary", {"link.uri": "/a?b=$@field_value$"}, "own menu has no $@field_value$"),
    ("workflow_actions", "cbsigned_open_binary", {"link.uri": "/a?b=$user$"}, "does not say that it needs user"),
    ("workflow_actions", "cbsigned_open_binary", {"link.uri": "/a?b=$!process_md5$"}, "is not encoded"),
    ("workflow_actions", "cbsigned_open_binary", {"link.uri": "/app/cbsigned/cbsigned_file"}, "there is no page"),
    (
        "workflow_actions",
        "cbsigned_open_binary",
        {"link.uri": "/app/cbsigned/cbsigned_binary?form.hash=$process_md5$"},
        "has no input hash",
    ),
    ("workflow_actions", "cbsigned_open_binary", {"search.search_string": "a=$process_md5$"}, "into a search as it is"),
    ("workflow_actions", "cbsigned_open_file", {"label": "x", "type": "link"}, "Splunk skips it without link.uri"),
    ("commands", "cbsigned", {"python.version": "python3"}, "is not python3.9|latest"),
    ("limits", "search", {"a": "1"}, "there is no such conf"),
    ("web", "expose", {"a": "1"}, "there is no stanza [expose]"),
]


@lru_cache(maxsize=1)
def _app() -> App:
    return read_app(ROOT, ROOT / "package" / "README")


def test_every_stanza_setting_and_value_is_one_that_there_is() -> None:
    """In the sources; `test_package` checks what is built of them."""
    assert list(problems(_app())) == []


@pytest.mark.parametrize(("conf", "stanza", "changes", "words"), FAULTS)
def test_what_splunk_does_not_know_is_told(conf: str, stanza: str, changes: Dict[str, str], words: str) -> None:
    """A name that is misspelt, a value of another kind, and what does not fit together."""
    app = _app()
    confs = {name: {one: dict(settings) for one, settings in stanzas.items()} for name, stanzas in app.confs.items()}
    confs.setdefault(conf, {}).setdefault(stanza, {}).update(changes)
    found = list(problems(App(app.folder, confs, app.specs)))
    assert [problem for problem in found if words in problem], found


def test_what_must_be_there_is_missed() -> None:
    """A schedule, a definition, a script's Python."""
    app = _app()
    confs = {name: {one: dict(settings) for one, settings in stanzas.items()} for name, stanzas in app.confs.items()}
    del confs["savedsearches"]["cbsigned - sweep expired verdicts"]["cron_schedule"]
    del confs["macros"]["drop_signed_noise"]["definition"]
    del confs["commands"]["cbsigned"]["python.required"]
    assert [problem.rpartition(": ")[2] for problem in problems(App(app.folder, confs, app.specs))] == [
        "a schedule without cron_schedule",
        "python.required is missing",
        "definition is missing",
    ]
