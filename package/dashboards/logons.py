"""Log-ons: unusual hours by person and team."""

from __future__ import annotations

from package.dashboards.studio import (
    AMBER,
    BLUE,
    RED,
    Page,
    chart,
    number,
    or_sentence,
    or_zero,
    score,
    set_tokens,
    table,
    wide,
)

_SUMMARY = "The saved search 'cbsigned - summarize log-ons' fills it."


def logons() -> Page:
    """Return the page on log-ons."""
    page = Page("cbsigned_logons", "Log-ons", "Log-ons at hours at which their people are not active.")
    page.time_range("-7d@h")
    page.search(
        "teams", "`cbsigned_summary` kind=logon | stats count BY team | eval label=team, value=team | table label value"
    )
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
        number("total", "At an unusual hour (20 and over)", AMBER, value="odd"),
        number("total", "At a very unusual hour (30 and over)", RED, value="very"),
        number("total", "Hour not judged", "#8B929C", value="unjudged"),
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
    ranking = table(
        "odd", "Unusual hours", "Click a row to see the person. " + _SUMMARY, 12, Score=score("Score"), Why=wide(400)
    )
    ranking.handlers = [set_tokens(person="Person")]
    page.tokens["person"] = "*"
    page.row(400, ranking)
    page.search(
        "hours",
        "`cbsigned_summary` kind=logon user=$person|s$\n"
        '| eval day=strftime(_time, "%a"), hour=strftime(_time, "%H"), number=strftime(_time, "%w")\n'
        "| stats sum(rows) AS rows BY hour day number | sort 0 number hour | table hour day rows",
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
        "| stats sum(rows) AS Rows dc(user) AS People BY timezone team | sort 0 timezone team\n"
        '| rename timezone AS "Time zone" team AS Team | table "Time zone" Team People Rows',
    )
    page.row(
        340,
        chart(
            "punchcard",
            "hours",
            "When the picked person logs on",
            _SUMMARY,
            bubbleColor=AMBER,
            legendDisplay="off",
        ),
        chart("bar", "by_team", "By team", _SUMMARY, stackMode="stacked"),
        table("zones", "Time zones", "The lookup cbsigned_teams says who is in which. " + _SUMMARY),
    )
    return page
