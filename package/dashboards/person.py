"""Person: all that is known of one person."""

from __future__ import annotations

from package.dashboards.studio import AMBER, BLUE, Page, chart, number, or_sentence, or_zero, score, signed, table, wide

_SUMMARY = "The saved search 'cbsigned - summarize processes' fills it."


def person() -> Page:
    """Return the page on a person."""
    page = Page("cbsigned_person", "Person", "All that is known of one person: what is usual, and what was not.")
    page.time_range("-7d@h")
    page.text("person", "Person", "*")
    page.search(
        "rows",
        # As cbsigned_columns writes a name: a workflow action brings it with its domain.
        '`cbsigned_summary` user!="-" [| makeresults '
        '| eval user=lower(replace($person|s$, "^.*[\\\\\\\\/]|@.*$", "")) | table user]\n'
        "| fields _time kind user team dest process_name process_md5 parent_process_name process_signature_publisher signed "
        "signed_reason anomaly_score anomaly_reasons weight rows app",
    )
    page.chain(
        "total",
        "rows",
        or_zero("rows") + "| eval odd=if(tonumber(anomaly_score)>=20, rows, 0)\n"
        "| stats sum(rows) AS rows sum(odd) AS odd dc(process_name) AS programs dc(dest) AS hosts dc(_time) AS quarters\n"
        "| fillnull value=0",
    )
    page.row(
        110,
        number("total", "Rows kept", BLUE, value="rows"),
        number("total", "Odd", AMBER, value="odd"),
        number("total", "Programs", BLUE, value="programs"),
        number("total", "Hosts", BLUE, value="hosts"),
        number("total", "Quarters of an hour", BLUE, value="quarters"),
    )
    page.chain(
        "hours",
        "rows",
        '| eval day=strftime(_time, "%a"), hour=strftime(_time, "%H"), number=strftime(_time, "%w")\n'
        "| stats sum(rows) AS rows BY hour day number | sort 0 number hour | table hour day rows",
    )
    page.chain(
        "teams",
        "rows",
        "| stats sum(rows) AS rows dc(dest) AS hosts values(dest) AS Hosts BY user team\n"
        "| rename user AS Person team AS Team rows AS Rows | fields - hosts | table Person Team Rows Hosts",
    )
    page.row(
        320,
        (chart("punchcard", "hours", "When this person was seen", _SUMMARY, bubbleColor=AMBER, legendDisplay="off"), 2),
        (table("teams", "Teams and hosts", _SUMMARY), 1),
    )
    page.chain(
        "odd",
        "rows",
        "| sort 0 - weight _time | head 200\n"
        '| eval When=strftime(_time, "%m-%d %H:%M"), Why=split(anomaly_reasons, " | "), '
        'Score=if(anomaly_score="-", "", anomaly_score), What=if(kind="logon", "log-on ".app, process_name)\n'
        "| rename weight AS Risk dest AS Host parent_process_name AS Parent process_signature_publisher AS Signer "
        "signed AS Signed\n"
        "| table Risk Score When Host What Parent Signer Signed Why"
        + or_sentence("Why", "Nothing of this person was kept in this range."),
    )
    page.row(
        400,
        table(
            "odd", "Kept, the oddest first", _SUMMARY, 12, Risk=score("Risk"), Signed=signed("Signed"), Why=wide(380)
        ),
    )
    page.chain(
        "tools",
        "rows",
        '| where kind="process"\n'
        "| stats sum(rows) AS Rows max(eval(tonumber(anomaly_score))) AS Score values(parent_process_name) AS Parents BY process_name signed\n"
        "| sort 0 - Rows | rename process_name AS Program signed AS Signed | table Program Signed Rows Score Parents",
    )
    page.row(320, table("tools", "Programs that were kept", _SUMMARY, Signed=signed("Signed")))
    return page
