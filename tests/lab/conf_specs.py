"""What Splunk's published specs say of the confs that an app of this kind has: kinds of stanzas, settings, values.

Names and forms are facts of the `*.conf.spec` files of Splunk 8.2 to 10.2 (public copy: jewnix/splunk-spec-files). A
stanza and a setting are regular expressions; a form is one of `FORMS`, or the values themselves, separated by bars. A
setting that is missing here is one that no stanza of that kind has, or one that this add-on has not needed so far.
"""

from __future__ import annotations

from typing import Mapping

Settings = Mapping[str, str]

# Splunk's spec has more versions; `python3` among them is 3.7 on Splunk 9.3 and 9.4.
_PYTHON: Settings = {
    r"python\.version": "python3.9|latest",
    r"python\.required": "pythons",
}

SPECS: Mapping[str, Mapping[str, Settings]] = {
    "alert_actions": {
        r"[A-Za-z0-9_]+": {
            "is_custom|track_alert|disabled": "boolean",
            "label|description|icon_path|command|hostname|filename": "text",
            "payload_format": "json|xml",
            "ttl": "text",
            "maxtime": "text",
            "maxresults|forceCsvResults": "text",
            r"alert\.execute\.cmd(\.arg\.\d+)?": "text",
            r"param\..+": "any",
            **_PYTHON,
        }
    },
    "app": {
        "install": {
            "state": "disabled|enabled",
            "is_configured|allows_disable|state_change_requires_restart": "boolean",
            "build": "count",
        },
        "launcher": {"version": "version", "author|description": "text"},
        "package": {"id": "name", "check_for_updates|show_upgrade_notification": "boolean"},
        "id": {"group": "text", "name": "name", "version": "version"},
        "ui": {
            "is_visible|show_in_nav": "boolean",
            "label|docs_section_override|attribution_link|setup_view": "text",
            "supported_themes": "list of light, dark",
        },
        "triggers": {r"reload\.\w+": "reload"},
        "shclustering": {
            "deployer_lookups_push_mode": "preserve_lookups|always_preserve|always_overwrite",
            "deployer_push_mode": "full|merge_to_default|local_only|default_only",
        },
        "diag": {"extension_script": "script", "data_limit": "text", "default_gather_lookups": "text"},
    },
    "authorize": {
        r"capability::[a-z_0-9]+": {},
        r"role_[a-z0-9_]+": {
            "importRoles|grantableRoles|srchFilter|srchIndexesDefault|srchIndexesAllowed|srchIndexesDisallowed": "text",
            "srchTimeWin|srchTimeEarliest|srchMaxTime|srchDiskQuota|srchJobsQuota|rtSrchJobsQuota": "text",
            "(?!srch)[a-z_0-9]+": "enabled|disabled",
        },
    },
    "collections": {
        r"[A-Za-z0-9_]+": {
            "enforceTypes|replicate|profilingEnabled": "boolean",
            r"field\.\S+": "number|bool|string|time|cidr",
            r"accelerated_fields\.\w+": "json",
            "profilingThresholdMs|replication_dump_maximum_file_size": "count",
            "replication_dump_strategy": "one_file|auto",
            "type": "internal_cache|undefined",
        }
    },
    "commands": {
        r"[a-z0-9]+": {
            "filename": "script",
            "chunked|is_risky|run_in_preview": "boolean",
            "maxwait|maxchunksize": "count",
            r"command\.arg\.\d+": "text",
            **_PYTHON,
        }
    },
    "distsearch": {"replication(Allowlist|Denylist)": {r"\w+": "text"}},
    "eventtypes": {
        ".+": {"search": "search terms", "disabled": "boolean", "priority": "count", "description|tags|color": "text"}
    },
    "inputs": {
        r"\w+": {
            "interval": "interval",
            "index|host|source|sourcetype|queue": "name",
            "disabled|start_by_shell|run_introspection|run_only_one|passAuth": "boolean",
            **_PYTHON,
        }
    },
    "macros": {
        r"[\w\-:]+(\(\d+\))?": {
            "args": "list",
            "definition|validation|errormsg|description": "text",
            "iseval": "boolean",
        }
    },
    "props": {
        r"[^\s\[\]]+": {
            "SHOULD_LINEMERGE|BREAK_ONLY_BEFORE_DATE|NO_BINARY_CHECK|AUTO_KV_JSON|KV_TRIM_SPACES|disabled": "boolean",
            "EVENT_BREAKER_ENABLE|ANNOTATE_PUNCT|ADD_EXTRA_TIME_FIELDS": "boolean",
            "LINE_BREAKER|EVENT_BREAKER": "breaker",
            "TIME_PREFIX|BREAK_ONLY_BEFORE|MUST_BREAK_AFTER|MUST_NOT_BREAK_AFTER|MUST_NOT_BREAK_BEFORE": "regex",
            "TRUNCATE|MAX_TIMESTAMP_LOOKAHEAD|MAX_DAYS_AGO|MAX_DAYS_HENCE|MAX_EVENTS": "count",
            "MAX_DIFF_SECS_AGO|MAX_DIFF_SECS_HENCE|LINE_BREAKER_LOOKBEHIND": "count",
            "MATCH_LIMIT|DEPTH_LIMIT|priority": "count",
            "TIME_FORMAT": "time format",
            "TZ": "time zone",
            "CHARSET|DATETIME_CONFIG|description|category|rename|sourcetype|TZ_ALIAS": "text",
            "KV_MODE": "none|auto|auto_escaped|multi|json|xml",
            "INDEXED_EXTRACTIONS": "CSV|TSV|PSV|W3C|JSON|HEC",
            "pulldown_type": "boolean",
            r"FIELDALIAS-\S+": "aliases",
            r"EVAL-\S+": "expression",
            r"EXTRACT-\S+": "regex",
            r"(TRANSFORMS|REPORT|LOOKUP|SEDCMD)-\S+": "text",
        }
    },
    "restmap": {
        r"script:\w+": {
            "match": "path",
            "script": "script",
            "scripttype": "python|persist",
            "handler": "handler",
            "requireAuthentication|passSystemAuth|passConf|passSession|passHttpHeaders|passHttpCookies": "boolean",
            "passPayload": "true|false|base64",
            "output_modes": "list of json, xml",
            r"capability(\.(post|delete|get|put))?": "capability",
            "includeInAccessLog|restReplay": "boolean",
            r"script\.(param|arg\.\d+)|driver(\.arg\.\d+|\.env\.\w+)?": "text",
            **_PYTHON,
        },
        r"admin:\w+": {
            "match": "path",
            "members": "list",
            r"capability(\.(post|delete|get|put))?": "capability",
        },
        r"admin_external:\w+": {
            "handlertype": "python",
            "handlerfile": "script",
            "handleractions": "list of create, edit, list, delete, remove, _reload",
            "handlerpersistentmode": "boolean",
            **_PYTHON,
        },
    },
    "savedsearches": {
        ".+": {
            "search|description": "text",
            "disabled|enableSched|realtime_schedule|is_visible|run_on_startup": "boolean",
            "dispatchAs": "user|owner",
            "cron_schedule": "cron",
            "allow_skew|workload_pool|vsid|request\\.ui_dispatch_(app|view)": "text",
            "max_concurrent": "count",
            "schedule_priority": "default|higher|highest",
            "schedule_window": "count or auto",
            r"dispatch\.(earliest|latest)_time": "time",
            r"dispatch\.(ttl|buckets|max_count|max_time|lookups|auto_cancel|auto_pause|sample_ratio)": "text",
            "counttype": "number of events|number of hosts|number of sources|custom|always",
            "relation": "greater than|less than|equal to|not equal to|drops by|rises by",
            "quantity": "count",
            "alert_condition": "text",
            r"alert\.(suppress|digest_mode|track|managedBy|severity|expires)(\.\w+)?": "text",
            r"action\.\w+(\..+)?": "any",
            r"display\..+": "any",
        }
    },
    "searchbnf": {
        r"[a-z0-9]+-(command|options?)": {
            "syntax|simplesyntax|alias|description|shortdesc|tags|related|category|note": "text",
            r"(example|comment)\d+": "text",
            "usage": "public|private|deprecated",
        }
    },
    "server": {
        "shclustering": {r"conf_replication_include\.\w+": "boolean"},
        "diag": {r"EXCLUDE-\w+": "text"},
    },
    "tags": {r"[^=]+=.+": {r"\w+": "enabled|disabled"}},
    "transforms": {
        r"[\w\-]+": {
            "filename": "lookup file",
            "collection": "collection",
            "external_type": "python|executable|kvstore|geo|geo_hex",
            "case_sensitive_match|batch_index_query|allow_caching|check_permission|replicate": "boolean",
            "max_matches|min_matches|max_offset_secs|min_offset_secs|cache_size|max_ext_batch": "count",
            "default_match|time_field|time_format|external_cmd|filter|REGEX|FORMAT|SOURCE_KEY|DEST_KEY": "text",
            "match_type": "match type",
            "fields_list|index_fields_list": "list",
            **_PYTHON,
        }
    },
    "workflow_actions": {
        r"\w+": {
            "type": "link|search",
            "label": "text",
            "fields|eventtypes": "patterns",
            "display_location": "both|field_menu|event_menu",
            "disabled": "boolean",
            r"link\.uri": "link",
            r"link\.target|search\.target": "blank|self",
            r"link\.method": "get|post",
            r"link\.postargs\.\d+\.(key|value)": "text",
            r"search\.(search_string|app|view)": "text",
            r"search\.(earliest|latest)": "time",
            r"search\.preserve_timerange": "boolean",
        }
    },
    "web": {
        r"expose:\S+": {
            "pattern": "name",
            "methods": "list of GET, POST, DELETE, PUT",
            "oidEnabled|skipCSRFProtection": "boolean",
        }
    },
}
"""By conf, by kind of stanza: each setting's form."""

CAPABILITIES = {
    "edit_storage_passwords",
    "edit_tcp",
    "list_inputs",
    "list_settings",
    "list_storage_passwords",
    "rest_properties_get",
    "rest_properties_set",
    "run_custom_command",
    "schedule_search",
    "search",
}
"""Capabilities of Splunk's own that an app of this kind may grant."""
