"""Triage: what was kept, the oddest first."""

from __future__ import annotations

from package.dashboards.hours import add_hours, hours_map, hours_words
from package.dashboards.studio import (
    AMBER,
    BLUE,
    FILLED_BY_SUMMARY,
    GREEN,
    GREY,
    RED,
    Page,
    chart,
    links,
    number,
    or_no_team,
    or_sentence,
    or_zero,
    score,
    set_tokens,
    signed,
    table,
)

_KEPT = (
    "`cbsigned_summary` kind=process kept=true team=$team|s$ signed=$signed|s$\n"
    "| fields _time cbsigned_key user team dest process_name process_md5 parent_process_name "
    "process_signature_publisher signed signed_reason anomaly_score anomaly_reasons anomaly_group weight rows\n"
    "| where coalesce(tonumber(anomaly_score), 0)>=tonumber($least|s$)\n"
    "| sort 0 - weight\n"
    "| stats sum(rows) AS rows max(weight) AS weight max(eval(tonumber(anomaly_score))) AS score first(anomaly_reasons) AS reasons "
    "first(anomaly_group) AS finding max(_time) AS last BY cbsigned_key user team dest process_name process_md5 "
    "parent_process_name process_signature_publisher signed signed_reason\n"
    '| eval finding=if(coalesce(finding, "-")="-", cbsigned_key.dest, finding)'
)
_RANKED = (
    "| sort 0 - weight score last\n"
    "| streamstats count AS place BY finding\n"
    "| eventstats sum(rows) AS all BY finding\n"
    "| where place<=tonumber($each|s$)\n"
    "| head 200\n"
    '| eval called="bad"\n'
    "| lookup local=true cbsigned_exclusions action AS called md5 AS process_md5 process_name OUTPUT author why made\n"
    "| eval author=mvindex(author, 0), why=mvindex(why, 0), made=mvindex(made, 0)\n"
    '| eval Last=strftime(last, "%m-%d %H:%M"), _md5=process_md5, _pick=cbsigned_key, '
    'Why=mvappend(if(isnull(author), null(), "called bad by ".author.", ".strftime(made, "%Y-%m-%d").": ".why), '
    'if(signed="true", null(), "signed: ".signed." (".signed_reason.")"), '
    'if(reasons="-", null(), split(reasons, " | ")))\n'
    "| rename weight AS Risk user AS Person team AS Team process_name AS Program parent_process_name AS Parent "
    "process_signature_publisher AS Signer signed AS Signed all AS Rows\n"
    "| table Risk Last Person Team Program Parent Signer Signed Rows Why _md5 _pick"
    + or_sentence(
        "Why",
        "Nothing was kept in this range, or nothing is summarized: an admin enables the saved search "
        "'cbsigned - summarize processes'.",
    )
)
_NEXT = """### What next
Click a row above first.

* [All that is known of the person](cbsigned_person?form.person=$person|u$)
* [All that is known of the program's file, and its page in Carbon Black](cbsigned_binary?form.md5=$md5|u$)
* [The events behind the row](search?q=%60cbsigned_scored%60%20%7C%20%60cbsigned_columns%60%20%7C%20search%20cbsigned_key%3D$key|u$&earliest=$global_time.earliest|u$&latest=$global_time.latest|u$)

### Decide
Write why between the quotation marks, then run it. It takes the role cbsigned_reviewer.

* [Leave it out for 30 days](search?q=%60cbsigned_row%28$key|u$%29%60%20%7C%20cbsignedreview%20action%3Dexclude%20days%3D30%20why%3D%22%22&earliest=-30d&latest=now)
* [It is fine for the team](search?q=%60cbsigned_row%28$key|u$%29%60%20%7C%20cbsignedreview%20action%3Dexpect%20days%3D180%20why%3D%22%22&earliest=-30d&latest=now)
* [It is bad](search?q=%60cbsigned_row%28$key|u$%29%60%20%7C%20cbsignedreview%20action%3Dbad%20why%3D%22%22&earliest=-30d&latest=now)
"""
_EACH = [("One row a finding", "1"), ("Three rows a finding", "3"), ("Every row", "1000000")]


def triage() -> Page:
    """Return the page on which the app opens."""
    page = Page(
        "cbsigned_triage",
        "Triage",
        "What the drop of signed noise left: the oddest first, with the reasons.",
        tokens={"person": "(nobody)", "of_team": "-", "md5": "-", "key": "-"},
    )
    page.time_range()
    page.search("all", "`cbsigned_summary` kind=process\n| stats sum(rows) AS rows BY kept signed team")
    page.chain("teams", "all", "| stats count BY team\n" + or_no_team())
    page.dropdown("team", "Team", [("All", "*")], "teams")
    page.dropdown(
        "signed", "Signed", [("Any", "*"), ("signed", "true"), ("not signed", "false"), ("unknown", "unknown")]
    )
    page.dropdown("least", "Score from", [("0", "0"), ("10", "10"), ("20", "20"), ("30", "30"), ("40", "40")])
    page.dropdown("each", "Show", _EACH)
    page.chain(
        "total",
        "all",
        "| search team=$team|s$\n"
        + or_zero("rows")
        + '| eval is_dropped=if(kept="false", rows, 0), is_kept=if(kept="true", rows, 0), '
        'is_unknown=if(signed="unknown", rows, 0), is_unsigned=if(signed="false", rows, 0)\n'
        "| stats sum(rows) AS rows sum(is_dropped) AS dropped sum(is_kept) AS kept sum(is_unknown) AS unknown "
        "sum(is_unsigned) AS unsigned\n"
        "| eval dropped=if(rows>0, round(100*dropped/rows, 1), 0), unknown=if(rows>0, round(100*unknown/rows, 1), 0)\n"
        "| fillnull value=0",
    )
    page.search("kept", _KEPT)
    page.chain(
        "odd",
        "kept",
        "| where tonumber(score)>=20\n" + or_zero("rows") + "| stats dc(finding) AS findings dc(user) AS people",
    )
    page.row(
        110,
        number("total", "Process starts", BLUE, value="rows"),
        number("total", "Dropped", GREEN, "%", "dropped"),
        number("total", "Kept", AMBER, value="kept"),
        number("odd", "Findings", AMBER, value="findings"),
        number("odd", "Odd people", AMBER, value="people"),
        number("total", "Not signed", RED, value="unsigned"),
        number("total", "Unknown", GREY, "%", "unknown"),
    )
    page.chain("ranked", "kept", _RANKED)
    widths = {
        "Last": 110,
        "Person": 95,
        "Team": 95,
        "Program": 142,
        "Parent": 110,
        "Signer": 120,
        "Rows": 80,
        "Why": 325,
    }
    ranking = table(
        "ranked",
        "Kept, the oddest first",
        f"A finding is a person, a day and a cause; Rows counts all of its starts. Click a row to pick it. {FILLED_BY_SUMMARY}",
        10,
        Risk=score("Risk", 70),
        Signed=signed("Signed", 92),
        **widths,
    )
    ranking.handlers = [set_tokens(person="Person", of_team="Team", md5="_md5", key="_pick")]
    page.row(620, ranking)
    add_hours(
        page,
        "person",
        "`cbsigned_summary` kept=true user=$person|s$",
        'if($person|s$="(nobody)", "", $person|s$)',
        'replace($of_team|s$, "^-$", "")',
    )
    page.row(
        400,
        (links(_NEXT), 3),
        (hours_map("person", "When the picked person was seen, in seven days", "Click a row above."), 6),
        (hours_words("person", "Usual for this person"), 2),
    )
    page.chain(
        "flows",
        "kept",
        "| stats sum(rows) AS rows BY parent_process_name process_name | sort 0 - rows | head 14\n"
        '| eval source=parent_process_name, target=process_name." "\n'
        '| appendpipe [ stats count AS none | where none=0 | eval source="Nothing was kept", target="in this range", rows=1 ]\n'
        "| table source target rows",
    )
    page.search(
        "new",
        "| inputlookup cbsigned_verdicts where first_seen>0\n"
        '| where first_seen>=relative_time(now(), "@d")\n'
        '| eval signer=coalesce(process_signature_publisher, ""), '
        'signer=case(signer!="", signer, signed="unknown", "(unknown)", true(), "(nobody)")\n'
        "| stats dc(md5) AS files BY signer signed\n"
        '| eval state=case(signed="true", "signed", signed="false", "not signed", true(), "unknown")\n'
        "| chart sum(files) AS files OVER signer BY state\n"
        "| fillnull value=0",
        has_range=False,
    )
    page.row(
        360,
        chart(
            "sankey",
            "flows",
            "Which parent started what, of what was kept",
            FILLED_BY_SUMMARY,
            seriesColors=[BLUE, AMBER],
        ),
        chart(
            "bar",
            "new",
            "Files new to everybody today, by signer",
            "Every search with cbsigned fills it: the store of verdicts knows since when.",
            stackMode="stacked",
        ),
    )
    return page
