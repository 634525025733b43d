"""Binary: all that is known of one file."""

from __future__ import annotations

from package.dashboards.studio import (
    AMBER,
    BLUE,
    FILLED_BY_SUMMARY,
    Page,
    chart,
    decisions,
    number,
    or_sentence,
    or_zero,
    score,
    signed,
    table,
)

_STORE = "Every search with cbsigned fills it: the store of verdicts."
_STORED = (
    *("server", "signed", "signed_reason", "process_signature_status", "process_signature_publisher"),
    *("process_signature_issuer", "process_signature_time", "process_original_name", "process_observed_names"),
    *("first_seen", "last_seen", "expires", "previous_status", "flipped"),
)


def binary() -> Page:
    """Return the page on a file."""
    page = Page("cbsigned_binary", "Binary", "All that is known of one file, by its MD5.")
    page.time_range("-7d@h")
    page.text("md5", "MD5", "-")
    page.search(
        "verdict",
        # The collection has lower case; an event, from which a workflow action comes, need not.
        "| makeresults\n"
        "| eval md5=lower($md5|s$)\n"
        "| lookup local=true cbsigned_verdicts md5 OUTPUT _key AS key\n"
        "| where isnotnull(key)\n"
        "| mvexpand key\n"
        f"| lookup local=true cbsigned_verdicts _key AS key OUTPUT {' '.join(_STORED)}\n"
        '| eval Known=mvappend("since ".strftime(first_seen, "%Y-%m-%d %H:%M"), '
        '"asked ".strftime(last_seen, "%Y-%m-%d %H:%M"), "until ".strftime(expires, "%Y-%m-%d %H:%M")), '
        'Flip=if(tonumber(flipped)>0, previous_status." until ".strftime(flipped, "%Y-%m-%d %H:%M"), "never")\n'
        "| rename server AS Account signed AS Signed signed_reason AS Reason process_signature_status AS Status "
        'process_signature_publisher AS Signer process_signature_issuer AS Issuer process_signature_time AS "Signed at" '
        'process_original_name AS "Original name" process_observed_names AS "Seen as"\n'
        '| table Account Signed Reason Status Signer Issuer "Signed at" "Original name" "Seen as" Known Flip'
        + or_sentence("Reason", "No search has asked about this file yet."),
        has_range=False,
    )
    widths = {
        "Account": 110,
        "Reason": 120,
        "Status": 100,
        "Signer": 120,
        "Issuer": 95,
        "Signed__at": 95,
        "Original__name": 115,
        "Seen__as": 115,
        "Known": 190,
        "Flip": 90,
    }
    page.row(
        220,
        table(
            "verdict",
            "What Carbon Black says",
            _STORE,
            5,
            Signed=signed("Signed", 92),
            **widths,
        ),
    )
    page.search(
        "now",
        "| makeresults\n"
        "| eval md5=$md5|s$\n"
        '| where md5!="-"\n'
        "| cbsigned anomaly=false refresh=true\n"
        "| rename signed AS Signed signed_reason AS Reason process_signature_status AS Status "
        "process_signature_publisher AS Signer\n"
        "| table Signed Reason Status Signer" + or_sentence("Signer", "Enter an MD5 above."),
        has_range=False,
    )
    page.search(
        "consoles",
        "| rest /servicesNS/-/cbsigned/configs/conf-cbsigned_account splunk_server=local count=0\n"
        "| eval md5=lower($md5|s$)\n"
        '| where match(md5, "^[0-9a-f]{32}$") AND match(url, "^https://")\n'
        '| eval link=rtrim(url, "/")."/#/binary/".md5\n'
        '| rename title AS Account link AS "Open in Carbon Black"\n'
        '| table Account "Open in Carbon Black"'
        + or_sentence("Account", "Enter an MD5 above; an admin adds accounts under Configuration."),
        has_range=False,
    )
    consoles = table("consoles", "Its page in Carbon Black", "Click a row. The accounts of the add-on fill it.", 5)
    consoles.handlers = [
        {"type": "drilldown.customUrl", "options": {"url": "$row.Open in Carbon Black.value$", "newTab": True}}
    ]
    page.search(
        "flips",
        "(`cbsigned_changes`) md5=$md5|s$\n"
        '| eval When=strftime(_time, "%Y-%m-%d %H:%M")\n'
        "| rename previous_status AS Before process_signature_status AS After cb_server AS Account\n"
        "| table When Account Before After" + or_sentence("After", "No change of its signature is known."),
    )
    page.row(
        220,
        table(
            "now", "Asked anew just now", "Carbon Black's answer as this page was opened.", 5, Signed=signed("Signed")
        ),
        consoles,
        table(
            "flips",
            "When its signature changed",
            "The input of binaries fills it.",
            5,
            When=90,
            Account=110,
            Before=92,
            After=100,
        ),
    )
    page.search(
        "rows",
        "`cbsigned_summary` kind=process process_md5=$md5|s$\n"
        "| fields _time user team dest process_name parent_process_name anomaly_score anomaly_reasons kept rows weight",
    )
    page.chain(
        "total",
        "rows",
        or_zero("rows") + '| eval is_dropped=if(kept="false", rows, 0)\n'
        "| stats sum(rows) AS rows sum(is_dropped) AS dropped dc(team) AS teams dc(process_name) AS names | fillnull value=0",
    )
    page.row(
        110,
        number("total", "Starts", BLUE, value="rows"),
        number("total", "Dropped", BLUE, value="dropped"),
        number("total", "Teams", BLUE, value="teams"),
        number("total", "Names", AMBER, value="names"),
    )
    page.chain(
        "over_time",
        "rows",
        '| eval state=if(kept="true", "kept", "dropped")\n| timechart span=1h sum(rows) BY state | fillnull value=0',
    )
    page.row(
        260,
        chart("column", "over_time", "When it was started", FILLED_BY_SUMMARY, stackMode="stacked"),
    )
    page.row(200, decisions(page, "md5=lower($md5|s$)", "on this file"))
    page.chain(
        "who",
        "rows",
        "| sort 0 - weight\n| stats sum(rows) AS Rows max(eval(tonumber(anomaly_score))) AS Score max(weight) AS Risk max(_time) AS last "
        "first(anomaly_reasons) AS why BY user team dest process_name parent_process_name\n"
        '| eval Last=strftime(last, "%m-%d %H:%M"), Why=split(why, " | ")\n'
        "| rename user AS Person team AS Team dest AS Host process_name AS Program parent_process_name AS Parent\n"
        "| sort 0 - Risk Rows | table Risk Score Last Person Team Host Program Parent Rows Why"
        + or_sentence("Why", "It was not started in this range."),
    )
    who = {
        "Score": 88,
        "Last": 105,
        "Person": 105,
        "Team": 100,
        "Host": 115,
        "Program": 140,
        "Parent": 120,
        "Rows": 80,
        "Why": 310,
    }
    page.row(
        420,
        table(
            "who",
            "Who started it, and how odd that was",
            FILLED_BY_SUMMARY,
            10,
            Risk=score("Risk", 70),
            **who,
        ),
    )
    return page
