"""Person: all that is known of one person."""

from __future__ import annotations

from package.dashboards.hours import add_hours, hours_map, hours_words
from package.dashboards.studio import (
    AMBER,
    BLUE,
    FILLED_BY_SUMMARY,
    Page,
    decisions,
    number,
    or_sentence,
    or_zero,
    score,
    set_tokens,
    signed,
    table,
)

# As cbsigned_columns writes a name: a workflow action brings it with its domain.
_WHO = 'lower(replace($person|s$, "^.*[\\\\\\\\/]|@.*$", ""))'


def person() -> Page:
    """Return the page on a person."""
    page = Page("cbsigned_person", "Person", "All that is known of one person: what is usual, and what was not.")
    page.time_range("-7d@h")
    page.text("person", "Person", "*")
    page.search(
        "rows",
        f'`cbsigned_summary` user!="-" [| makeresults | eval user={_WHO} | table user]\n'
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
        number("total", "Odd (score 20 on)", AMBER, value="odd"),
        number("total", "Programs", BLUE, value="programs"),
        number("total", "Hosts", BLUE, value="hosts"),
        number("total", "Quarters of an hour", BLUE, value="quarters"),
    )
    page.chain(
        "people",
        "rows",
        "| eval weight=tonumber(weight)\n"
        "| stats max(weight) AS Risk sum(rows) AS Rows values(dest) AS Hosts BY user team\n"
        "| sort 100 - Risk | rename user AS Person team AS Team | table Risk Person Team Rows Hosts"
        + or_sentence("Hosts", "Nothing of this person was kept in this range."),
    )
    people = table(
        "people",
        "Who, in which team, on which hosts",
        f"Click a row to see that person alone. {FILLED_BY_SUMMARY}",
        Risk=score("Risk", 70),
        Person=120,
        Team=110,
        Rows=80,
        Hosts=150,
    )
    people.handlers = [set_tokens(person="Person")]
    add_hours(
        page,
        "person",
        "| eventstats dc(user) AS people",
        f'if($person|s$="*", "", {_WHO})',
        'if($person|s$="*", "", coalesce(team, ""))',
        base="rows",
    )
    page.row(
        360,
        (hours_map("person", "When this person was seen", "Name one person above."), 5),
        (people, 4),
    )
    page.search(
        "profile",
        "| cbsignedprofile user=$person|s$\n"
        '| where what!="day of the week" AND $person|s$!="*"\n'
        "| rename what AS What value AS Which detail AS Detail | table What Which Detail"
        + or_sentence(
            "Detail",
            "Name one person above. Then this is empty where nothing is learnt of that person, or you lack the capability "
            "cbsigned_admin: a profile says who works when.",
        ),
        has_range=False,
    )
    profile = table(
        "profile", "What is usual: hours, teams and programs", "Learning fills it.", What=120, Which=220, Detail=520
    )
    page.row(280, (hours_words("person"), 2), (profile, 5))
    page.row(200, decisions(page, f'user={_WHO} OR "*"=$person|s$', "about this person's rows"))
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
    widths = {"Score": 88, "When": 105, "Host": 115, "What": 140, "Parent": 120, "Signer": 130, "Why": 375}
    page.row(
        520,
        table(
            "odd",
            "Kept, the oddest first",
            FILLED_BY_SUMMARY,
            10,
            Risk=score("Risk", 70),
            Signed=signed("Signed", 92),
            **widths,
        ),
    )
    page.chain(
        "tools",
        "rows",
        '| where kind="process"\n'
        "| stats sum(rows) AS Rows max(eval(tonumber(anomaly_score))) AS Score values(parent_process_name) AS Parents BY process_name signed\n"
        "| sort 0 - Rows | rename process_name AS Program signed AS Signed | table Program Signed Rows Score Parents"
        + or_sentence("Parents", "No program of this person was kept in this range."),
    )
    page.row(340, table("tools", "Programs that were kept", FILLED_BY_SUMMARY, Signed=signed("Signed")))
    return page
