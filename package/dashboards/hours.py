"""When a person was seen, hour by weekday, over the hours that are usual for that person."""

from __future__ import annotations

from package.dashboards.studio import AMBER, GREEN, GREY, Page, Panel, chart, table

_BAND = "rgba(46,156,119,0.35)"
_NONE = "rgba(0,0,0,0)"
_COLORS = (("usual", GREEN), ("odd", AMBER), ("not judged", GREY), ("band", _BAND), ("none", _NONE))
_USUAL_FROM = 0.1
"""An hour is usual where a tenth of the person's activity, or more, is at hours no more usual: the band is nine tenths."""

LEGEND = "Faint green: the usual hours; green: seen in them; amber: seen outside; grey: not judged."


def add_hours(page: Page, name: str, rows: str, user: str, team: str, *, base: str = "") -> None:
    """Add the searches `<name>_map` and `<name>_words` on rows with `_time` and `rows`, of a base or of seven days.

    `user` and `team` are expressions of eval. The command that scores rows says how usual each hour of the last seven
    days is, so whoever may search with it sees the band, in the time zone of whoever looks.
    """
    scored = (
        f"{rows}\n"
        "| bin _time span=1h\n"
        f"| eval user={user}, team={team}\n"
        "| stats sum(rows) AS rows BY _time user team\n"
        "| appendpipe [ stats count AS hours "
        f"| eval user={user}, team={team}, rows=0, back=mvrange(1, 169) | mvexpand back "
        '| eval _time=relative_time(now(), "@h")-3600*back+1800 | fields _time user team rows ]\n'
        "| cbsigned details=false\n"
        '| eval p=tonumber(coalesce(anomaly_hour_p, "")), said=mvjoin(coalesce(anomaly_reasons, ""), " | ")\n'
        '| rex field=said "\\((?<zone>[^)]+)\\) is unusual for .*usually active from (?<active>\\d\\d:\\d\\d to \\d\\d:\\d\\d)"\n'
        '| rex field=said "(?<silent>no opinion on the (?:hour|person): [^|]+)"\n'
        '| eval day=strftime(_time, "%a"), hour=strftime(_time, "%H"), number=(tonumber(strftime(_time, "%w"))+6)%7\n'
        "| stats sum(rows) AS rows max(p) AS p first(active) AS active first(zone) AS zone first(silent) AS silent "
        "BY number day hour"
    )
    if base:
        page.chain(f"{name}_scored", base, scored)
    else:
        page.search(f"{name}_scored", scored, earliest="-7d@h")
    page.chain(
        f"{name}_map",
        f"{name}_scored",
        f'| eval state=case(rows>0 AND isnull(p), "not judged", rows>0, if(p>={_USUAL_FROM}, "usual", "odd"), '
        f'p>={_USUAL_FROM}, "band", true(), "none")\n'
        "| sort 0 number hour\n| table hour day rows state",
    )
    page.chain(
        f"{name}_words",
        f"{name}_scored",
        "| stats count(p) AS judged first(active) AS active first(zone) AS zone first(silent) AS silent\n"
        '| eval Hours=case(match(coalesce(silent, ""), "the row names none"), "Nobody is picked.", isnotnull(active), "Usually active from ".active." (".zone.").", judged>0, '
        '"Active around the clock: no hour is unusual.", isnotnull(silent), silent.".", true(), '
        '"No hour is judged: nothing is learnt yet (an admin runs cbsignedlearn), or you lack the role cbsigned_user.")\n'
        "| table Hours",
    )


def hours_map(name: str, title: str, fills: str) -> Panel:
    """Return the map of hours and weekdays."""
    states = [{"match": state, "value": color} for state, color in _COLORS]
    made = chart(
        "punchcard",
        f"{name}_map",
        title,
        f"{fills} {LEGEND}",
        bubbleColor='> primary | seriesByName("state") | matchValue(hourColors)',
        bubbleLabelDisplay="off",
        bubbleSizeMin=0.5,
        legendDisplay="off",
        showMaxValuePulsation=False,
    )
    made.context = {"hourColors": states}
    return made


def hours_words(name: str, title: str = "Usual hours") -> Panel:
    """Return the usual hours in plain words."""
    return table(f"{name}_words", title, "What was learnt fills it.", 5)
