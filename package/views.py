"""Write the dashboards of package/dashboards into default/data/ui/views: `make views`."""

from __future__ import annotations

from pathlib import Path

from package.dashboards.binary import binary
from package.dashboards.health import health
from package.dashboards.help import help_page
from package.dashboards.logons import logons
from package.dashboards.noise import noise
from package.dashboards.person import person
from package.dashboards.triage import triage

VIEWS = Path(__file__).resolve().parent.parent / "default" / "data" / "ui" / "views"
PAGES = (triage, noise, person, binary, logons, health, help_page)


def written() -> dict[str, str]:
    """Return each view's file by its name."""
    return {f"{page.name}.xml": page.xml() for page in (make() for make in PAGES)}


if __name__ == "__main__":
    VIEWS.mkdir(parents=True, exist_ok=True)
    for name, text in written().items():
        (VIEWS / name).write_text(text, encoding="utf-8")
