"""Help: the manual's way in, and what each reason means, inside Splunk."""

from __future__ import annotations

import re
from pathlib import Path

from package.dashboards.studio import Page, links, signed, table

DOCS = Path(__file__).resolve().parents[2] / "docs"


def help_page() -> Page:
    """Return the page of help."""
    page = Page("cbsigned_help", "Help", "The way into the manual, and what each reason means.")
    index = _without_links((DOCS / "README.md").read_text(encoding="utf-8"))
    steps = _section(DOCS / "dashboards.md", "Fill them")
    page.row(440, (links(f"## Fill the dashboards\n\n{steps}"), 1), (links(_first_words()), 1))
    page.search(
        "reasons",
        "| inputlookup cbsigned_reasons\n"
        '| rename signed AS Signed signed_reason AS Reason meaning AS Meaning next_step AS "Next step" fault AS "Whose doing"\n'
        '| table Signed Reason Meaning "Whose doing" "Next step"',
        has_range=False,
    )
    reasons = table(
        "reasons",
        "What each signed_reason means",
        "",
        40,
        Signed=signed("Signed", 95),
        Reason=150,
        Meaning=440,
        Whose__doing=110,
        Next__step=410,
    )
    page.row(900, reasons)
    page.row(1150, links(index.replace("# The manual of cbsigned", "## The manual")))
    return page


def _first_words() -> str:
    """Return what to type first."""
    return (
        "## Type this first\n\n"
        "```\nindex=edr type=ingress.event.procstart | cbsigned | sort - anomaly_score\n```\n\n"
        "Look at the rows with `signed_noise=true` before you drop them: end the search in `drop_signed_noise` then.\n\n"
        "* `signed` is `true`, `false` or `unknown`; `signed_reason` says why, in the table below.\n"
        "* `anomaly_score` goes from 0 to 100: 10 is what one in ten rows has, 20 one in a hundred, 30 one in a thousand.\n"
        "* `anomaly_reasons` says in sentences what is unusual.\n"
        "* `signed_noise` is `true` only where nothing speaks against dropping the row. An unknown signature always does; "
        "what was not learnt yet does not.\n\n"
        "The whole manual is in the app's folder, `docs/`, a page for each question."
    )


def _section(path: Path, head: str) -> str:
    text = path.read_text(encoding="utf-8").partition(f"\n## {head}\n")[2]
    return _without_links(text.partition("\n## ")[0].strip())


def _without_links(text: str) -> str:
    """Return Markdown without links to other pages, which are files and not pages of Splunk."""
    plain = re.sub(r"\[([^\]]+)\]\(([^)]*)\)", lambda match: match[1], text)
    return plain.replace("`| ", "`")  # within a table the bar would end the cell
