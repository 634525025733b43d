"""Pictures of all dashboards, on a site's rows: what `make demo` ends with where a browser is."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Iterable, List

from tests.lab.company import DAY
from tests.lab.dashboards import VIEWS, Visit, visit
from tests.lab.host import Row
from tests.lab.site import Site
from tests.lab.summaries import SummarizedSite

_FORMS = {"cbsigned_person": {"person": "sales07"}}
_STEPS = {"cbsigned_triage": ({"do": "click", "text": "sales07"},)}


def draw_all(site: Site, rows: Iterable[Row], folder: Path, themes: Iterable[str] = ("light", "dark")) -> List[str]:
    """Summarize the company's morning by the shipped searches and draw each page; return what went wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    summarized = SummarizedSite(site, datetime.fromisoformat(f"{DAY}T16:00:00+00:00"))
    summarized.index(rows)
    summarized.summarize("@d")
    summarized.index_logs()
    found = next(row for row in summarized.indexes["summary"] if row.get("process_name") == "googleupdate.exe")
    forms = {**_FORMS, "cbsigned_binary": {"md5": str(found["process_md5"])}}
    visits = [
        Visit(
            path.stem,
            theme,
            forms.get(path.stem, {}),
            _STEPS.get(path.stem, ()),
            picture=folder / f"{path.stem[9:]}_{theme}.png",
        )
        for theme in themes
        for path in sorted(VIEWS.glob("*.xml"))
    ]
    return [f"{page['view']}: {problem}" for page in visit(summarized.panel, visits) for problem in page["problems"]]
