"""Health: whether it works, and what it costs."""

from __future__ import annotations

from package.dashboards.studio import BLUE, GREY, Page, chart, number, or_sentence, or_zero, status, table

_CALLS = "index=_internal source=*cbsigned_verdicts.log* verdicts account=*"
_LOG = "Every search with cbsigned fills it: the log cbsigned_verdicts.log. It needs the right to read the index _internal."


def health() -> Page:
    """Return the page on the add-on itself."""
    page = Page("cbsigned_health", "Health", "Whether the add-on works, what it costs, and what to do about trouble.")
    page.time_range()
    page.search(
        "check",
        '| cbsignedcheck\n| eval order=case(status="fail", 1, status="warn", 2, true(), 3)\n| sort 0 order check\n'
        '| rename status AS Status check AS Check detail AS Detail next_step AS "Next step"\n'
        '| table Status Check Detail "Next step"',
        has_range=False,
    )
    page.row(
        340,
        table(
            "check",
            "The check",
            "The command cbsignedcheck fills it; without the capability cbsigned_admin it sees less.",
            50,
            Status=status("Status"),
            Check=200,
            Detail=480,
            Next__step=440,
        ),
    )
    page.search(
        "calls",
        _CALLS + "\n"
        '| rex field=_raw "account=(?<account>\\S+) method=(?<method>\\S+) questions=(?<questions>\\d+) asked=(?<asked>\\d+) '
        'requests=(?<requests>\\d+) seconds=(?<seconds>[\\d.]+) troubles=(?<troubles>\\S+)"\n'
        "| fields _time account method questions asked requests seconds troubles",
    )
    page.chain(
        "total",
        "calls",
        or_zero("questions", "asked", "requests", "seconds")
        + "| stats sum(questions) AS questions sum(asked) AS asked sum(requests) AS requests avg(seconds) AS seconds\n"
        "| eval hits=if(questions>0, round(100*(questions-asked)/questions, 1), 0), milliseconds=round(1000*seconds, 0)\n"
        "| fillnull value=0",
    )
    page.search(
        "store",
        "| inputlookup cbsigned_verdicts\n| eval files=1\n"
        + or_zero("files")
        + "| stats sum(files) AS files min(last_seen) AS oldest\n"
        "| eval days=if(files>0, max(0, round((now()-oldest)/86400, 0)), 0)",
        has_range=False,
    )
    page.row(
        110,
        number("total", "Questions", BLUE, value="questions"),
        number("total", "From the store", BLUE, "%", "hits"),
        number("total", "Requests", BLUE, value="requests"),
        number("total", "ms a call", BLUE, value="milliseconds"),
        number("store", "Verdicts kept", BLUE, value="files"),
        number("store", "Oldest, days", GREY, value="days"),
    )
    page.chain(
        "over_time",
        "calls",
        "| timechart span=15m sum(requests) AS requests avg(seconds) AS seconds | fillnull value=0",
    )
    page.chain(
        "troubles",
        "calls",
        '| where troubles!="none"\n| eval signed_reason=split(troubles, ",")\n| mvexpand signed_reason\n'
        "| stats count AS Calls max(_time) AS last BY account signed_reason\n"
        "| lookup cbsigned_reasons signed_reason OUTPUT meaning next_step\n"
        '| eval Last=strftime(last, "%m-%d %H:%M")\n'
        '| rename account AS Account signed_reason AS Reason meaning AS Meaning next_step AS "Next step"\n'
        '| sort 0 - Calls | table Account Reason Calls Last Meaning "Next step"'
        + or_sentence("Meaning", "No trouble in this range, or you may not search the index _internal."),
    )
    page.row(
        300,
        chart("line", "over_time", "Requests, and seconds a call", _LOG, y2Fields=["seconds"]),
        table(
            "troubles",
            "Trouble, by reason",
            _LOG,
            Account=110,
            Reason=95,
            Calls=75,
            Last=75,
            Meaning=150,
            Next__step=130,
        ),
    )
    page.search(
        "inputs",
        "(`cbsigned_health_events`)\n"
        "| dedup input sortby -_time\n"
        '| eval Last=strftime(_time, "%m-%d %H:%M")\n'
        "| rename input AS Input status AS Status message AS Message | table Input Status Last Message"
        + or_sentence("Message", "No input has reported a lag or a wrong clock."),
    )
    page.search(
        "baselines",
        "| inputlookup cbsigned_baselines\n"
        "| stats count AS Baselines max(learnt) AS newest min(learnt) AS oldest BY kind\n"
        '| eval "Last learnt"=strftime(newest, "%Y-%m-%d %H:%M"), "Oldest"=strftime(oldest, "%Y-%m-%d %H:%M")\n'
        '| rename kind AS Kind | table Kind Baselines "Last learnt" Oldest'
        + or_sentence("Kind", "Nothing was learnt yet, or you may not read it."),
        has_range=False,
    )
    page.search(
        "summary",
        "`cbsigned_summary`\n| stats count AS Rows min(_time) AS oldest max(_time) AS newest BY kind\n"
        '| eval Newest=strftime(newest, "%Y-%m-%d %H:%M"), Oldest=strftime(oldest, "%Y-%m-%d %H:%M")\n'
        "| rename kind AS Kind | table Kind Rows Newest Oldest"
        + or_sentence(
            "Kind",
            "Nothing is summarized: an admin enables the saved searches 'cbsigned - summarize processes' and '... log-ons'.",
        ),
    )
    page.row(
        280,
        table("inputs", "Inputs", "Events of cbsigned:health fill it.", Input=110, Status=90, Last=70, Message=120),
        table(
            "baselines",
            "Baselines",
            "cbsignedlearn fills it; only admins may read it.",
            Kind=105,
            Baselines=116,
            Last__learnt=92,
            Oldest=90,
        ),
        table(
            "summary",
            "The summary",
            "The two saved searches that summarize fill it.",
            Kind=110,
            Rows=75,
            Newest=105,
            Oldest=105,
        ),
    )
    return page
