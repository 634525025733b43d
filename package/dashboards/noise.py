"""Noise: what was dropped, what was kept, what is unknown and why; and what the drop would have cost."""

from __future__ import annotations

from package.dashboards.studio import (
    AMBER,
    BLUE,
    FILLED_BY_SUMMARY,
    GREEN,
    GREY,
    RED,
    Page,
    chart,
    number,
    or_no_team,
    or_sentence,
    or_zero,
    table,
)

_STATE = 'eval state=case(kept="false", "dropped", signed="unknown", "unknown", true(), "kept")'
_SAMPLE = (
    '| where kept="false" AND excluded="-"\n'
    "| eval dice=md5(process_md5.team.tostring(last).tostring(now()))\n"
    "| sort 0 dice\n"
    "| head 40\n"
    '| eval Last=strftime(last, "%m-%d %H:%M")\n'
    "| rename process_name AS Program process_signature_publisher AS Signer team AS Team "
    'example AS "For example" rows AS Rows\n'
    '| table Last Program Signer Team "For example" Rows' + or_sentence("Program", "Nothing was dropped in this range.")
)
_FLIPPED = (
    '| where kept="false" AND signed="true"\n'
    "| stats sum(rows) AS rows min(first) AS first values(team) AS team BY process_md5 process_name\n"
    "| lookup local=true cbsigned_verdicts md5 AS process_md5 OUTPUT signed AS now_signed process_signature_status AS now_status "
    "flipped AS flipped\n"
    # Of several accounts one is enough: this is about what should not have been dropped.
    '| where isnotnull(mvfind(now_signed, "^false$"))\n'
    '| eval now_status=mvjoin(mvsort(mvdedup(now_status)), ", "), flipped=tonumber(mvindex(mvsort(flipped), -1)), '
    'Changed=if(flipped>0, strftime(flipped, "%m-%d %H:%M"), "")\n'
    '| rename process_name AS Program now_status AS "Is now" rows AS "Rows that were dropped" team AS Team '
    "process_md5 AS MD5\n"
    '| table Program "Is now" Changed Team "Rows that were dropped" MD5'
    + or_sentence("Program", "Nothing: no file that was dropped is called unsigned now.")
)


def noise() -> Page:
    """Return the page on what is dropped."""
    page = Page(
        "cbsigned_noise",
        "Noise",
        "What was dropped as signed noise, what was kept, what is unknown and why; and whether the drop can be trusted.",
    )
    page.time_range("-7d@h")
    page.search("teams", "`cbsigned_summary` | stats count BY team\n" + or_no_team())
    page.dropdown("team", "Team", [("All", "*")], "teams")
    page.search(
        "rows",
        "`cbsigned_summary` kind=process team=$team|s$\n"
        "| fields _time kept excluded team process_name process_md5 process_signature_publisher signed signed_reason "
        "example rows\n"
        "| bin _time span=1h\n"
        "| stats sum(rows) AS rows min(_time) AS first max(_time) AS last first(example) AS example BY _time kept "
        "excluded team process_name process_md5 process_signature_publisher signed signed_reason\n"
        f"| {_STATE}",
    )
    page.chain(
        "total",
        "rows",
        or_zero("rows") + '| eval is_dropped=if(state="dropped", rows, 0), is_unknown=if(state="unknown", rows, 0), '
        'is_excluded=if(excluded!="-", rows, 0)\n'
        "| stats sum(rows) AS rows sum(is_dropped) AS dropped sum(is_unknown) AS unknown sum(is_excluded) AS excluded\n"
        "| eval kept=rows-dropped, share=if(rows>0, round(100*dropped/rows, 1), 0)\n"
        "| fillnull value=0",
    )
    page.row(
        110,
        number("total", "Process starts", BLUE, value="rows"),
        number("total", "Dropped", GREEN, value="dropped"),
        number("total", "Dropped", GREEN, "%", "share"),
        number("total", "Kept", AMBER, value="kept"),
        number("total", "Unknown", GREY, value="unknown"),
        number("total", "Left out by hand", RED, value="excluded"),
    )
    page.chain("over_time", "rows", "| timechart span=1h sum(rows) BY state | fillnull value=0")
    page.row(
        300,
        chart("column", "over_time", "Dropped, kept and unknown, each hour", FILLED_BY_SUMMARY, stackMode="stacked"),
    )
    page.chain("by_team", "rows", "| chart sum(rows) OVER team BY state | fillnull value=0")
    page.chain(
        "why",
        "rows",
        '| where signed="unknown"\n| stats sum(rows) AS Rows BY signed_reason\n'
        "| lookup cbsigned_reasons signed_reason OUTPUT meaning next_step\n| sort 0 - Rows\n"
        '| rename signed_reason AS Reason meaning AS Meaning next_step AS "Next step"\n'
        '| table Reason Rows Meaning "Next step"' + or_sentence("Meaning", "Nothing is unknown in this range."),
    )
    page.row(
        320,
        chart("bar", "by_team", "By team", FILLED_BY_SUMMARY, stackMode="stacked"),
        table("why", "Unknown, and why", FILLED_BY_SUMMARY, Reason=100, Rows=80, Meaning=220, Next__step=190),
    )
    page.chain(
        "signers",
        "rows",
        '| eval is_dropped=if(state="dropped", rows, 0)\n'
        "| stats sum(rows) AS Rows sum(is_dropped) AS Dropped dc(process_md5) AS Files BY process_signature_publisher\n"
        '| eval Share=round(100*Dropped/Rows, 1)." %", Signer=replace(process_signature_publisher, "^-$", "(nobody)")\n'
        "| sort 0 - Rows\n| table Signer Rows Dropped Share Files"
        + or_sentence("Signer", "No process start in this range."),
    )
    page.search(
        "exclusions",
        "| inputlookup cbsigned_exclusions\n"
        "| where until>now()\n"
        '| eval Until=strftime(until, "%Y-%m-%d"), Person=coalesce(nullif(user, ""), "everybody")\n'
        "| rename action AS Action process_name AS Program team AS Team why AS Why author AS By\n"
        "| sort 0 until | table Until Action Program Person Team Why By"
        + or_sentence("Why", "Nobody has decided on a row: nothing is hidden but signed noise."),
        has_range=False,
    )
    page.row(
        320,
        (table("signers", "By signer", FILLED_BY_SUMMARY, Signer=120, Rows=80, Dropped=108, Share=90, Files=78), 2),
        (
            table(
                "exclusions",
                "What people decided",
                "Added from Triage by cbsignedreview.",
                Until=105,
                Action=95,
                Program=130,
                Person=100,
                Team=85,
                Why=140,
                By=80,
            ),
            3,
        ),
    )
    page.chain("sample", "rows", _SAMPLE)
    page.row(
        380,
        table(
            "sample",
            "Forty of what was dropped, drawn anew each time: look whether you would have wanted one",
            FILLED_BY_SUMMARY,
            Last=110,
            Program=210,
            Signer=230,
            Team=130,
            For__example=420,
            Rows=80,
        ),
    )
    page.chain("flipped", "rows", _FLIPPED)
    page.row(
        260,
        table(
            "flipped",
            "What the drop would have cost: dropped then, not signed now",
            "Files that were dropped as signed in this range and that the store of verdicts calls unsigned now.",
            Program=260,
            Is__now=200,
            Changed=110,
            Team=160,
            Rows__that__were__dropped=140,
            MD5=300,
        ),
    )
    return page
