"""Write the shipped alerts and detections into default/savedsearches.conf and default/macros.conf: `make detections`.

Each stands once in `DETECTIONS` and comes out as a plain alert of Splunk and as a correlation search of Enterprise
Security. They read the summary, not the events: or each search would judge the same rows again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Tuple

DEFAULT = Path(__file__).resolve().parent.parent / "default"
MARK = "# The rest is written by `make detections` from package/detections.py.\n"

_PROCESS = "`cbsigned_summary` kind=process kept=true "
_TABLE = (
    "_time user team dest process_name parent_process_name process_md5 process_signature_publisher signed signed_reason "
    "anomaly_score anomaly_reasons rows cbsigned_key"
)
BY_FILE = 'if(process_md5="-", mvjoin(mvappend(process_name, user, dest), " on "), process_md5)'
BY_PERSON = 'if(match(user, "^(-|system|root|local service|network service|.*\\\\$)$"), user." on ".dest, user)'
BY_PERSON_AND_PROGRAM = f'{BY_PERSON}." ".process_name'
"""What an alert is throttled by: rows without a hash, or of nobody in particular, must not mute each other."""

_TOOL = "lookup cbsigned_tools process AS {field} OUTPUT category AS tool"


@dataclass(frozen=True)
class Detection:
    """What is looked for: a sentence, the search, what else looks like it, ATT&CK, and by what (SPL) it is throttled.

    `score` is the risk that it puts on `user` and `dest`; from `NOTABLE` on Enterprise Security makes a finding of it.
    """

    name: str
    sentence: str
    search: str
    false_positives: str
    techniques: Tuple[str, ...]
    throttle: str
    score: int
    message: str

    @property
    def stem(self) -> str:
        """What its macro is called, without the ending."""
        return "cbsigned_" + "".join(letter if letter.isalnum() else "_" for letter in self.name.lower())


NOTABLE = 60

DETECTIONS = (
    Detection(
        "unsigned program unusual for the team",
        "A program that is not signed was started, and this team hardly ever runs it.",
        _PROCESS
        + "signed=false | where tonumber(anomaly_score)>=20 AND NOT "
        + 'in(signed_reason, "bad_signature", "explicit_distrust", "conflict")',
        "Software of your own that is new to a team. Say that it is expected (cbsigned_expected), or leave the file out.",
        ("T1204.002", "T1036"),
        BY_FILE,
        50,
        "$process_name$ is not signed ($signed_reason$) and unusual for $team$: $anomaly_reasons$",
    ),
    Detection(
        "log-on at an unusual hour",
        "Somebody logged on at an hour at which this person is not active.",
        "`cbsigned_summary` kind=logon | where tonumber(anomaly_score)>=30",
        "Travel, night shifts, an emergency. Name time zones in cbsigned_teams, or the hour is judged in the wrong one.",
        ("T1078",),
        BY_PERSON,
        40,
        "$user$ logged on to $app$ at an unusual hour: $anomaly_reasons$",
    ),
    Detection(
        "program at an unusual hour",
        "A program that is not signed noise was started at an hour at which this person is not active.",
        _PROCESS + "| where tonumber(anomaly_hour_p)<=0.003 AND tonumber(anomaly_score)>=20",
        "Scheduled jobs under a person's account, travel, night shifts.",
        ("T1078",),
        BY_PERSON,
        30,
        "$process_name$ was started by $user$ at an unusual hour: $anomaly_reasons$",
    ),
    Detection(
        "tampered or distrusted signature",
        "A program was started whose file was changed after it was signed, whose certificate was distrusted, or about "
        "whose signature endpoints disagree.",
        _PROCESS + '| where in(signed_reason, "bad_signature", "explicit_distrust", "conflict")',
        "Vendors that append data to signed installers. Compare the file with one from the vendor.",
        ("T1553.002", "T1036.001"),
        BY_FILE,
        80,
        "the signature of $process_name$ does not hold: $signed_reason$",
    ),
    Detection(
        "signature has changed",
        "The signature of a known file has another status than before.",
        "| inputlookup cbsigned_verdicts where flipped>0\n"
        '| where flipped>=relative_time(now(), "-27m@m") AND flipped<relative_time(now(), "-12m@m")\n'
        '| eval _time=flipped, process_md5=md5, process_name=lower(mvindex(split(process_observed_names, "|"), 0)), '
        'user="-", dest="-", team="-", parent_process_name="-", anomaly_score="-", rows=1, cbsigned_key="-", '
        'anomaly_reasons="was ".previous_status.", is ".process_signature_status',
        "A certificate that ran out or was revoked for reasons of its owner; endpoints with different roots.",
        ("T1553.002",),
        BY_FILE,
        50,
        "the signature of $process_name$ $anomaly_reasons$",
    ),
    Detection(
        "signed tool with an odd parent",
        "A signed tool that intruders live off was started by a parent that hardly ever starts it.",
        _PROCESS
        + "signed=true | "
        + _TOOL.format(field="process_name")
        + " | where isnotnull(tool) AND tonumber(anomaly_parent_p)<=0.02 AND tonumber(anomaly_score)>=20 | fields - tool",
        "New software that calls system tools while it installs itself.",
        ("T1218", "T1059"),
        BY_PERSON_AND_PROGRAM,
        60,
        "$parent_process_name$ started $process_name$ for $user$: $anomaly_reasons$",
    ),
    Detection(
        "renamed signed tool",
        "A signed program was started under another name than its author gave it.",
        _PROCESS
        + 'signed=true process_original_name!="-" | '
        + _TOOL.format(field="process_original_name")
        + " | where isnotnull(tool) AND process_original_name!=process_name "
        'AND replace(process_original_name, "\\.exe(\\.mui)?$", "")!=replace(process_name, "\\.exe$", "") | fields - tool',
        "Vendors that ship a tool under a name of their own, and portable editions.",
        ("T1036.003",),
        BY_FILE,
        70,
        "$process_name$ is $process_original_name$ under another name, started by $user$ on $dest$",
    ),
    Detection(
        "signer new to everybody",
        "A program was started that is the first one here of its signer.",
        _PROCESS + 'signed=true | where match(anomaly_reasons, "(^|\\| )first program here that is signed by ")',
        "Every new piece of software. Trusted publishers (cbsigned_publishers) are left out.",
        ("T1553.002",),
        "process_signature_publisher",
        20,
        "$process_name$ is the first program here that is signed by $process_signature_publisher$",
    ),
    Detection(
        "tool of another team",
        "A signed tool was started that other teams use and this person's team does not.",
        _PROCESS + "signed=true | where tonumber(anomaly_team_p)<=0.02 AND "
        'match(anomaly_reasons, " is run by 0 of \\d+ people in ")',
        "People who change teams, and help from a colleague. Name the new team in cbsigned_teams.",
        ("T1078", "T1059"),
        BY_PERSON,
        40,
        "$user$ of $team$ runs $process_name$: $anomaly_reasons$",
    ),
    Detection(
        "remote administration tool new to everybody",
        "A tool that lets others use a machine was started, and no search asked about its file before the last day.",
        _PROCESS
        + "| "
        + _TOOL.format(field="process_name")
        + " | "
        + _TOOL.format(field="process_original_name").replace("AS tool", "AS original_tool")
        + ' | where tool="remote_admin" OR original_tool="remote_admin"'
        " | lookup local=true cbsigned_verdicts md5 AS process_md5 OUTPUT first_seen AS known_since"
        ' | eval known_since=tonumber(mvindex(mvsort(known_since), 0)) | where isnull(known_since) OR known_since>=relative_time(now(), "-1d")'
        " | fields - tool original_tool known_since",
        "The help desk's tool after an update. Allow it in cbsigned_tools_local.csv.",
        ("T1219",),
        BY_FILE,
        60,
        "$process_name$, a remote administration tool, was started by $user$ on $dest$ for the first time",
    ),
)


def saved_searches() -> str:
    """Return the stanzas for savedsearches.conf."""
    return MARK + "".join(f"\n{_alert(one)}\n{_correlation(one)}" for one in DETECTIONS)


def macros() -> str:
    """Return the stanzas for macros.conf."""
    return MARK + "".join(f"\n[{one.stem}_filter]\ndefinition = search *\n" for one in DETECTIONS)


def _query(one: Detection) -> str:
    columns = f"{_TABLE} process_original_name app throttle"
    text = f"{one.search} | eval throttle={one.throttle} | table {columns} | `{one.stem}_filter`"
    return text.replace("\n", " ")


def _schedule() -> str:
    """Every quarter of an hour, five minutes after the summary; throttled for a day."""
    return (
        "enableSched = 1\n"
        "disabled = 1\n"
        "cron_schedule = 12,27,42,57 * * * *\n"
        "dispatch.earliest_time = -27m@m\n"
        "dispatch.latest_time = -12m@m\n"
        "alert.suppress = 1\n"
        "alert.suppress.fields = throttle\n"
        "alert.suppress.period = 24h\n"
        "alert.digest_mode = 0\n"
        "counttype = number of events\n"
        "relation = greater than\n"
        "quantity = 0\n"
    )


def _alert(one: Detection) -> str:
    return (
        f"[cbsigned alert - {one.name}]\n"
        f"description = {one.sentence} Also seen so: {one.false_positives}\n"
        f"search = {_query(one)}\n"
        f"{_schedule()}"
        "alert.track = 1\n"
        f"alert.severity = {4 if one.score >= NOTABLE else 3}\n"
    )


def _correlation(one: Detection) -> str:
    risk = [
        {"risk_object_field": "user", "risk_object_type": "user", "risk_score": one.score},
        {"risk_object_field": "dest", "risk_object_type": "system", "risk_score": one.score},
        {"threat_object_field": "process_name", "threat_object_type": "process_name"},
        {"threat_object_field": "process_md5", "threat_object_type": "file_hash"},
    ]
    drilldowns = [
        {
            "name": "The events behind it",
            "search": '`cbsigned_row("$cbsigned_key$")`',
            "earliest_offset": "$info_min_time$",
            "latest_offset": "$info_max_time$",
        }
    ]
    lines = [
        f"[Endpoint - cbsigned {one.name} - Rule]",
        f"description = {one.sentence} Also seen so: {one.false_positives}",
        f"search = {_query(one)}",
        _schedule().rstrip("\n"),
        "alert.track = 0",
        "action.correlationsearch.enabled = 1",
        f"action.correlationsearch.label = cbsigned: {one.name}",
        f"action.correlationsearch.annotations = {json.dumps({'mitre_attack': list(one.techniques)})}",
        "action.risk = 1",
        f"action.risk.param._risk = {json.dumps(risk)}",
        f"action.risk.param._risk_message = {one.message}",
        "action.risk.param._risk_score = 0",
        "action.risk.param.verbose = 0",
    ]
    if one.score >= NOTABLE:
        lines += [
            "action.notable = 1",
            f"action.notable.param.rule_title = {one.message}",
            f"action.notable.param.rule_description = {one.sentence} Also seen so: {one.false_positives}",
            "action.notable.param.security_domain = endpoint",
            "action.notable.param.severity = high",
            "action.notable.param.nes_fields = user,dest,process_md5",
            f"action.notable.param.drilldown_searches = {json.dumps(drilldowns)}",
        ]
    return "\n".join(lines) + "\n"


def renewed(path: Path, section: str) -> str:
    """Return a conf file with its last part, from the mark on, replaced."""
    return path.read_text(encoding="utf-8").partition(MARK)[0].rstrip("\n") + "\n\n" + section


if __name__ == "__main__":
    for name, text in (("savedsearches.conf", saved_searches()), ("macros.conf", macros())):
        (DEFAULT / name).write_text(renewed(DEFAULT / name, text), encoding="utf-8")
