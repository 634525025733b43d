"""Log-ons: unusual hours by person and team."""

from __future__ import annotations

from package.dashboards.hours import add_hours, hours_map, hours_words
from package.dashboards.studio import (
    AMBER,
    BLUE,
    GREY,
    RED,
    Page,
    chart,
    number,
    or_no_team,
    or_sentence,
    or_zero,
    score,
    set_tokens,
    table,
)

_SUMMARY = "The saved search 'cbsigned - summarize log-ons' fills it."


def logons() -> Page:
    """Return the page on log-ons."""
    page = Page("cbsigned_logons", "Log-ons", "Log-ons at hours at which their people are not active.")
    page.time_range("-7d@h")
    page.search("teams", "`cbsigned_summary` kind=logon | stats count BY team\n" + or_no_team())
    page.dropdown("team", "Team", [("All", "*")], "teams")
    page.search(
        "rows",
        "`cbsigned_summary` kind=logon team=$team|s$\n"
        "| fields _time user team dest app src anomaly_score anomaly_hour_p anomaly_reasons timezone rows",
    )
    page.chain(
        "total",
        "rows",
        or_zero("rows") + "| eval score=coalesce(tonumber(anomaly_score), 0), odd=if(score>=20, rows, 0), "
        'very=if(score>=30, rows, 0), unjudged=if(anomaly_score="-", rows, 0)\n'
        "| stats sum(rows) AS rows sum(odd) AS odd sum(very) AS very sum(unjudged) AS unjudged | fillnull value=0",
    )
    page.row(
        110,
        number("total", "Log-ons", BLUE, value="rows"),
        number("total", "Unusual hour (20 and over)", AMBER, value="odd"),
        number("total", "Very unusual hour (30 and over)", RED, value="very"),
        number("total", "Hour not judged", GREY, value="unjudged"),
    )
    page.chain(
        "over_time",
        "rows",
        '| eval state=if(coalesce(tonumber(anomaly_score), 0)>=20, "odd", "usual")\n'
        "| timechart span=1h sum(rows) BY state | fillnull value=0",
    )
    page.row(260, chart("column", "over_time", "Log-ons each hour", _SUMMARY, stackMode="stacked"))
    page.chain(
        "odd",
        "rows",
        "| where tonumber(anomaly_score)>=10\n"
        "| sort 0 - anomaly_score _time | head 200\n"
        '| eval When=strftime(_time, "%a %m-%d %H:%M"), Why=split(anomaly_reasons, " | ")\n'
        '| rename anomaly_score AS Score user AS Person team AS Team app AS Application src AS Source timezone AS "Time zone"\n'
        '| table Score When Person Team Application Source "Time zone" Why'
        + or_sentence(
            "Why",
            "No log-on at an unusual hour in this range. If this stays so: an admin enables the saved search 'cbsigned - summarize log-ons'.",
        ),
    )
    widths = {"When": 135, "Person": 110, "Team": 105, "Application": 132, "Source": 110, "Time__zone": 105, "Why": 460}
    ranking = table(
        "odd",
        "Unusual hours",
        "Click a row to see the person. " + _SUMMARY,
        10,
        Score=score("Score", 88),
        **widths,
    )
    ranking.handlers = [set_tokens(person="Person", of_team="Team")]
    page.tokens.update(person="*", of_team="-")
    page.row(400, ranking)
    add_hours(
        page,
        "person",
        "`cbsigned_summary` kind=logon user=$person|s$",
        'if($person|s$="*", "", $person|s$)',
        'replace($of_team|s$, "^-$", "")',
    )
    page.chain(
        "by_team",
        "rows",
        '| eval state=if(coalesce(tonumber(anomaly_score), 0)>=20, "odd", "usual")\n'
        "| chart sum(rows) OVER team BY state | fillnull value=0",
    )
    page.chain(
        "zones",
        "rows",
        "| eval odd=if(coalesce(tonumber(anomaly_score), 0)>=20, rows, 0)\n"
        "| stats sum(rows) AS Rows sum(odd) AS Odd BY timezone team | sort 0 timezone team\n"
        '| rename timezone AS "Time zone" team AS Team | table "Time zone" Team Rows Odd'
        + or_sentence("Team", "No log-on in this range."),
    )
    page.row(
        360,
        (
            hours_map(
                "person",
                "When the picked person logged on, in seven days",
                "Log-ons of a score of 10 and over; before a click above, all.",
            ),
            4,
        ),
        (hours_words("person", "Usual for this person"), 1),
    )
    page.row(
        320,
        chart("bar", "by_team", "By team", _SUMMARY, stackMode="stacked"),
        table("zones", "Time zones", "The lookup cbsigned_teams says who is in which time zone."),
    )
    return page
