"""The shipped dashboards, drawn by Splunk's own packages on what the real searches and commands give."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
from datetime import datetime
from typing import Any, Callable, Dict, Iterator, List, Mapping

import pytest

from package import views as pages
from tests.lab.company import DAY, Company
from tests.lab.confs import Stanzas, read_conf
from tests.lab.dashboards import BROWSER, VIEWS, Visit, can_draw, definition_of, query_of, visit_and_validate
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.host import Row
from tests.lab.incidents import days, estate, incident_day, with_publishers
from tests.lab.site import ROOT, Site
from tests.lab.summaries import SummarizedSite
from tests.lab.view_lint import faults_of, known_options

CONFS: Mapping[str, Stanzas] = {
    name: read_conf(ROOT / "default" / f"{name}.conf") for name in ("macros", "transforms", "commands")
}
NAMES = sorted(path.stem for path in VIEWS.glob("*.xml"))
Seen = Dict[str, Dict[str, Any]]
THEMES = {"light": "rgb(255, 255, 255)", "dark": "rgb(0, 0, 0)"}
"""With what is behind their panels."""


CLICKS = (
    {"do": "click", "text": "googleupdate.exe"},
    {"do": "choose", "input": "input_team", "option": "hr"},
)
OF_THE_SCHEMA = {
    "a value that an option has not": ("visualizations/viz_13/options/legendDisplay", "below"),
    "a colour that is none": ("visualizations/viz_01/options/majorColor", "green-ish"),
    "a panel without a kind": ("visualizations/viz_01/type", None),
}


def _change(definition: Dict[str, Any], path: str, value: Any) -> Dict[str, Any]:
    made = copy.deepcopy(definition)
    place: Any = made
    *steps, last = path.split("/")
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return made


@pytest.fixture(scope="module")
def options() -> Dict[str, List[str]]:
    """Give what Splunk's packages know of each kind of panel (nothing where there is no node)."""
    if shutil.which("node") is None or not (BROWSER / "node_modules" / "@splunk").is_dir():
        return {}
    done = subprocess.run(["node", "options.mjs"], cwd=BROWSER, capture_output=True, text=True, check=True)  # noqa: S607
    return known_options(done.stdout)


@pytest.fixture(scope="module")
def summarized() -> Iterator[SummarizedSite]:
    """Give a site whose summary has the day of the incidents."""
    with Site() as site, EdrServer(estate()) as edr:
        site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
        company = Company(starts=400, log_ons=60)
        site.learn(with_publishers(row for day in days(company, weeks=2, starts=300) for row in day))
        made = SummarizedSite(site, datetime.fromisoformat(f"{DAY}T16:00:00+00:00"))
        made.index(incident_day(company))
        made.summarize("@d")
        made.index_logs()
        yield made


class Recorded:
    """Searches run for panels, each once, with the columns that they gave."""

    def __init__(self, run: Callable[..., Any]) -> None:
        """Take what runs them."""
        self._run = run
        self._known: Dict[Any, Any] = {}

    def __call__(self, query: str, earliest: str | None, latest: str | None) -> tuple[List[str], List[Row]]:
        """Run a search, or give what it gave."""
        key = (query, earliest, latest)
        if key not in self._known:
            self._known[key] = self._run(query, earliest, latest)
        found: tuple[List[str], List[Row]] = self._known[key]
        return found

    def columns(self, searches: List[Dict[str, Any]]) -> Dict[str, List[str]]:
        """Give the columns of what a page has searched, by its data sources."""
        return {one["id"]: self(one["query"], one.get("earliest"), one.get("latest"))[0] for one in searches}


@pytest.fixture(scope="module")
def recorded(summarized: SummarizedSite) -> Recorded:
    """Give what runs the searches of pages."""
    return Recorded(summarized.panel)


@pytest.fixture(scope="module")
def seen(recorded: Recorded) -> Seen:
    """Open every page, in light and then in dark."""
    if not can_draw():
        pytest.skip("LOUD SKIP: node, chromium or tests/browser/node_modules is missing, so no dashboard is drawn")
    visits = [Visit(name, theme) for name in NAMES for theme in THEMES]
    triage = definition_of("cbsigned_triage")
    broken = [_change(triage, *change) for change in OF_THE_SCHEMA.values()]
    pages, errors = visit_and_validate(recorded, [*visits, Visit("cbsigned_triage", steps=CLICKS)], broken)
    *drawn, clicked = pages
    return {
        **{f"{one['view']} {one['theme']}": one for one in drawn},
        "clicked": clicked,
        "broken": dict(zip(OF_THE_SCHEMA, errors)),
    }


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", NAMES)
def test_every_page_is_drawn_without_an_error(seen: Seen, name: str, theme: str) -> None:
    """And Splunk's own schema has nothing against it, but that its layout has the form of Splunk 9.3."""
    page = seen[f"{name} {theme}"]
    assert page["problems"] == []
    assert THEMES[theme] in page["colors"]
    assert [error for error in page["schema"] if not error["instancePath"].startswith("/layout")] == []
    made = definition_of(name)
    assert len({one["id"] for one in page["searches"]}) == len(made["dataSources"])
    for panel in made["visualizations"].values():
        assert panel.get("title", "") in page["text"]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wrong_that_splunk_would_forgive(
    seen: Seen, recorded: Recorded, options: Dict[str, List[str]], name: str
) -> None:
    """Options, sources, places, tokens, macros, and the fields that its searches really give."""
    columns = recorded.columns(seen[f"{name} light"]["searches"])
    assert faults_of(definition_of(name), CONFS, options, columns) == []


def test_the_pages_are_as_they_are_written() -> None:
    """`make views` has nothing left to do, and nothing lies beside them."""
    assert {path.name: path.read_text(encoding="utf-8") for path in VIEWS.glob("*.xml")} == pages.written()


def test_the_navigation_names_pages_that_there_are() -> None:
    """Those of the app, those that the setup pages bring, and Splunk's own."""
    text = (VIEWS.parent / "nav" / "default.xml").read_text(encoding="utf-8")
    named = set(re.findall(r'<view name="(\w+)"', text))
    assert named - {"configuration", "inputs", "search", "reports", "alerts"} == set(NAMES)
    assert text.count('default="true"') == 1


def test_a_click_on_a_row_picks_it_and_a_filter_filters(seen: Seen) -> None:
    """The links carry the row's key, and nothing of its names but encoded; the team's rows alone are left."""
    page = seen["clicked"]
    assert page["problems"] == []
    picked, filtered = page["did"]
    links = " ".join(page["links"])
    assert "cbsigned_person?form.person=legal01" in links
    assert "cbsigned_row%28" in links
    assert "$" not in links
    queries = [one["query"] for one in page["searches"]]
    assert any('user="legal01"' in query for query in queries)
    assert any('team="hr"' in query for query in queries)
    assert "googleupdate.exe" in picked["text"]
    assert "googleupdate.exe" not in filtered["text"]


def test_the_map_of_hours_has_the_band_of_the_person(recorded: Recorded) -> None:
    """From seven to four on working days; a start at three at night stands outside of it."""
    person, tokens = definition_of("cbsigned_person"), {"person": "CORP\\finance05"}
    _, rows = recorded(query_of(person, "ds_person_map", tokens), "-7d@h", "now")
    states = {(row["day"], row["hour"]): row["state"] for row in rows}
    assert [(row["day"], row["hour"]) for row in rows] == [
        (day, f"{hour:02d}") for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun") for hour in range(24)
    ]
    assert states["Mon", "03"] == "odd"
    assert {states["Tue", f"{hour:02d}"] for hour in range(9, 15)} == {"band"}
    assert {states["Tue", f"{hour:02d}"] for hour in (0, 1, 2, 3, 4, 20, 21, 22, 23)} == {"none"}
    _, rows = recorded(query_of(person, "ds_person_map", {"person": "sales07"}), "-7d@h", "now")
    own = [row["state"] for row in rows if row["rows"] != "0"]
    assert set(own) <= {"usual", "odd"}
    assert own.count("odd") <= 1 < own.count("usual"), "once an hour before the usual time"
    _, words = recorded(query_of(person, "ds_person_words", tokens), "-7d@h", "now")
    assert re.fullmatch(r"Usually active from 0\d:00 to 1\d:00 \(UTC\)\.", str(words[0]["Hours"]))
    _, nobody = recorded(query_of(person, "ds_person_words", {"person": "*"}), "-7d@h", "now")
    assert [row["Hours"] for row in nobody] == ["Nobody is picked."]


def test_rows_of_one_finding_are_one_row_of_triage(recorded: Recorded) -> None:
    """Which says how many there are; each of them is there when it is asked for."""
    triage, tokens = definition_of("cbsigned_triage"), {"team": "hr", "signed": "true", "least": "0"}
    found = {}
    for each in ("1", "1000000"):
        _, rows = recorded(query_of(triage, "ds_ranked", {**tokens, "each": each}), "-24h@h", "now")
        found[each] = [(row["Program"], row["Rows"]) for row in rows if row["Person"] == "hr03"]
    (one, *_), every = found["1"], found["1000000"]
    assert one[0] in {"git.exe", "python.exe", "powershell.exe"}
    assert {name for name, rows in every if rows == one[1]} >= {"git.exe", "python.exe", "powershell.exe"}
    assert len(every) == len(found["1"]) + 2


SEEDED = {
    "an unknown option": ("visualizations/viz_01/options/majorColour", "#ffffff"),
    "an unknown kind of panel": ("visualizations/viz_08/type", "splunk.tabel"),
    "a data source that is not there": ("visualizations/viz_08/dataSources/primary", "ds_rankd"),
    "a base that is not there": ("dataSources/ds_ranked/options/extend", "ds_nothing"),
    "a panel without a place": ("layout/structure/7/item", "viz_01"),
    "a place without a panel": ("layout/structure/7/item", "viz_99"),
    "an input without a place": ("layout/globalInputs", ["input_time"]),
    "a token that nothing sets": ("dataSources/ds_all/options/query", "`cbsigned_summary` team=$temm|s$"),
    "a token that goes into a search as it is": ("dataSources/ds_all/options/query", "`cbsigned_summary` team=$team$"),
    "a macro that is not there": ("dataSources/ds_all/options/query", "`cbsigned_sumary`"),
    "a lookup that is not there": ("dataSources/ds_all/options/query", "| inputlookup cbsigned_verdict"),
    "a field that no search gives": (
        "visualizations/viz_01/options/majorValue",
        '> primary | seriesByName("rowss") | lastPoint()',
    ),
    "a field of a row that no search gives": (
        "visualizations/viz_08/eventHandlers/0/options/tokens/0/key",
        "row.Persn.value",
    ),
    "a context that is not there": (
        "visualizations/viz_08/options/columnFormat/Risk/rowColors",
        '> table | seriesByName("Risk") | rangeValue(ranges)',
    ),
}


@pytest.mark.parametrize("fault", SEEDED)
def test_a_seeded_fault_is_found_by_the_lint(
    seen: Seen, recorded: Recorded, options: Dict[str, List[str]], fault: str
) -> None:
    """Of which Splunk's renderer says nothing."""
    columns = recorded.columns(seen["cbsigned_triage light"]["searches"])
    broken = _change(definition_of("cbsigned_triage"), *SEEDED[fault])
    assert faults_of(broken, CONFS, options, columns) != []


@pytest.mark.parametrize("fault", OF_THE_SCHEMA)
def test_the_other_seeded_faults_are_found_by_the_schema(seen: Seen, fault: str) -> None:
    """What a value may be is in Splunk's schema alone."""
    assert [error for error in seen["broken"][fault] if not error["instancePath"].startswith("/layout")] != []
