"""What Dashboard Studio takes for a page, made of rows of panels: JSON of version 2 in the layout form of Splunk 9.3."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Dict, List, Sequence, Tuple, Union
from xml.sax.saxutils import escape

FILLED_BY_SUMMARY = "The saved search 'cbsigned - summarize processes' fills it."
"""What a panel over the summary of processes says where it has nothing to show."""

WIDTH = 1200
GREEN, RED, GREY, AMBER, BLUE = "#2E9C77", "#D0473F", "#8B929C", "#E3A13A", "#4C7FC0"
"""Signed, not signed, unknown, odd, and what is none of them: the same on every page, in light and dark."""

COLORS = {
    "signed": GREEN,
    "not signed": RED,
    "unknown": GREY,
    "odd": AMBER,
    "dropped": GREEN,
    "kept": AMBER,
    "rows": BLUE,
    "usual": GREEN,
}
_SERIES = {"area", "bar", "column", "line"}
"""Kinds of charts that have series, with a colour each."""

Definition = Dict[str, Any]
Options = Dict[str, Any]


@dataclass
class Panel:
    """A panel: Splunk's kind, what it shows (the name of a search; empty: none), a title, what fills it, options."""

    kind: str
    source: str = ""
    title: str = ""
    fills: str = ""
    options: Options = field(default_factory=dict)
    context: Options = field(default_factory=dict)
    handlers: List[Definition] = field(default_factory=list)
    show_if: str = ""

    def definition(self) -> Definition:
        """Return the panel as Splunk takes it."""
        made: Definition = {"type": f"splunk.{self.kind}", "options": self.options}
        if self.source:
            made["dataSources"] = {"primary": f"ds_{self.source}"}
        for name, value in (
            ("title", self.title),
            ("description", self.fills),
            ("context", self.context),
            ("eventHandlers", self.handlers),
        ):
            if value:
                made[name] = value
        return made


@dataclass
class Page:
    """A page: its searches, inputs and rows of panels, from top to bottom."""

    name: str
    label: str
    description: str
    sources: Dict[str, Definition] = field(default_factory=dict)
    inputs: Dict[str, Definition] = field(default_factory=dict)
    tokens: Dict[str, str] = field(default_factory=dict)
    panels: Dict[str, Definition] = field(default_factory=dict)
    places: List[Definition] = field(default_factory=list)
    _height: int = 0

    def search(self, name: str, query: str, *, has_range: bool = True, earliest: str = "") -> None:
        """Add a search over the page's time range, or from a fixed beginning (`earliest`), or one that needs none."""
        options: Definition = {"query": query}
        if earliest:
            options["queryParameters"] = {"earliest": earliest, "latest": "now"}
        elif has_range:
            options["queryParameters"] = {"earliest": "$global_time.earliest$", "latest": "$global_time.latest$"}
        self.sources[f"ds_{name}"] = {"type": "ds.search", "options": options, "name": name}

    def chain(self, name: str, base: str, query: str) -> None:
        """Add a search that goes on with the rows of another, which runs once for all of them."""
        options = {"extend": f"ds_{base}", "query": query}
        self.sources[f"ds_{name}"] = {"type": "ds.chain", "options": options, "name": name}

    def time_range(self, earliest: str = "-24h@h") -> None:
        """Add the input of the time range."""
        self.inputs["input_time"] = {
            "type": "input.timerange",
            "title": "Time",
            "options": {"token": "global_time", "defaultValue": f"{earliest},now"},
        }

    def dropdown(self, token: str, title: str, items: Sequence[Tuple[str, str]], source: str = "") -> None:
        """Add a list to choose from: fixed pairs of label and value, and what a search gives in `label` and `value`."""
        options: Definition = {"token": token, "defaultValue": items[0][1]}
        options["items"] = [{"label": label, "value": value} for label, value in items]
        made: Definition = {"type": "input.dropdown", "title": title, "options": options}
        if source:
            made["dataSources"] = {"primary": f"ds_{source}"}
            options["items"] = ">frame(label, value) | prepend(formattedStatics) | objects()"
            columns = {
                name: f'>primary | seriesByName("{name}") | renameSeries("{name}") | formatByType(formattedConfig)'
                for name in ("label", "value")
            }
            made["context"] = {
                "formattedConfig": {"number": {"prefix": ""}},
                "formattedStatics": ">statics | formatByType(formattedConfig)",
                "statics": [[label for label, _ in items], [value for _, value in items]],
                **columns,
            }
        self.inputs[f"input_{token}"] = made

    def text(self, token: str, title: str, default: str = "") -> None:
        """Add a field to type in."""
        options = {"token": token, "defaultValue": default}
        self.inputs[f"input_{token}"] = {"type": "input.text", "title": title, "options": options}

    def row(self, height: int, *panels: Union[Panel, Tuple[Panel, int]]) -> None:
        """Add panels beside each other; a number is a panel's share of the width (1 without one)."""
        shares = [panel if isinstance(panel, tuple) else (panel, 1) for panel in panels]
        total, left = sum(share for _, share in shares), 0
        for number, (panel, share) in enumerate(shares):
            name = f"viz_{len(self.panels) + 1:02d}"
            width = WIDTH - left if number == len(shares) - 1 else WIDTH * share // total
            self.panels[name] = panel.definition()
            position = {"x": left, "y": self._height, "w": width, "h": height}
            self.places.append({"item": name, "type": "block", "position": position})
            left += width
        self._height += height

    def definition(self) -> Definition:
        """Return the page as Splunk takes it."""
        tokens = {name: {"value": value} for name, value in self.tokens.items()}
        return {
            "title": self.label,
            "description": self.description,
            "visualizations": self.panels,
            "dataSources": self.sources,
            "inputs": self.inputs,
            "defaults": {"tokens": {"default": tokens}} if tokens else {},
            "layout": {
                "type": "grid",
                "options": {"width": WIDTH, "height": self._height},
                "structure": self.places,
                "globalInputs": list(self.inputs),
            },
        }

    def xml(self) -> str:
        """Return the view's file."""
        text = json.dumps(self.definition(), indent=1, ensure_ascii=False)
        return (
            '<dashboard version="2" theme="light">\n'
            f"  <label>{escape(self.label)}</label>\n"
            f"  <description>{escape(self.description)}</description>\n"
            f"  <definition><![CDATA[\n{text}\n]]></definition>\n"
            '  <meta type="hiddenElements"><![CDATA[{"hideEdit": false, "hideOpenInSearch": false, "hideExport": false}]]></meta>\n'
            "</dashboard>\n"
        )


def number(source: str, title: str, color: str = BLUE, unit: str = "", value: str = "value") -> Panel:
    """Return a panel with one number, of the field `value`."""
    options: Options = {
        "majorValue": f'> primary | seriesByName("{value}") | lastPoint()',
        "majorColor": color,
        "majorFontSize": 34,
        "sparklineDisplay": "off",
        "trendDisplay": "off",
        "numberPrecision": 0,
    }
    if unit:
        options["unit"] = unit
    return Panel("singlevalue", source, title, options=options)


def table(source: str, title: str, fills: str = "", rows: int = 10, **formats: Union[int, Options]) -> Panel:
    """Return a table; `formats` are of columns: a width in pixels, or what `score` and `signed` give.

    Splunk gives a column without a width 80 pixels where another one has a width.
    """
    options: Options = {"count": rows, "showInternalFields": False}
    context: Options = {}
    columns = {
        name.replace("__", " "): {"format": {"width": made}, "context": {}} if isinstance(made, int) else made
        for name, made in formats.items()
    }
    if columns:
        options["columnFormat"] = {name: made["format"] for name, made in columns.items()}
        for made in columns.values():
            context.update(made["context"])
    return Panel("table", source, title, fills, options, context)


def score(column: str, pixels: int = 80) -> Options:
    """Return how a column of scores looks: from the threshold on it is odd."""
    ranges = [{"to": 20, "value": GREY}, {"from": 20, "to": 40, "value": AMBER}, {"from": 40, "value": RED}]
    rule = f'> table | seriesByName("{column}") | rangeValue(scoreRanges)'
    return {"format": {"rowColors": rule, "width": pixels}, "context": {"scoreRanges": ranges}}


def signed(column: str, pixels: int = 90) -> Options:
    """Return how a column of verdicts looks."""
    return _words(column, pixels, "signedColors", true=GREEN, false=RED, unknown=GREY)


def status(column: str, pixels: int = 90) -> Options:
    """Return how a column of what a check came to looks."""
    return _words(column, pixels, "statusColors", ok=GREEN, warn=AMBER, fail=RED)


def _words(column: str, pixels: int, name: str, **colors: str) -> Options:
    matches = [{"match": word, "value": color} for word, color in colors.items()]
    rule = f'> table | seriesByName("{column}") | matchValue({name})'
    return {"format": {"rowColors": rule, "width": pixels}, "context": {name: matches}}


def or_zero(*names: str) -> str:
    """Return what gives a row of noughts where there is no row at all."""
    return f"| appendpipe [ stats count AS none | where none=0 | eval {', '.join(f'{name}=0' for name in names)} ]\n"


def or_sentence(column: str, sentence: str) -> str:
    """Return what says in one sentence why a table is empty, where it is."""
    return f'\n| appendpipe [ stats count AS none | where none=0 | eval {column}="{sentence}" ]\n| fields - none'


def or_no_team() -> str:
    """Return what ends the search of a list of teams: without a row, Splunk's list would not even offer all of them."""
    return (
        "| eval label=team, value=team\n"
        '| appendpipe [ stats count AS none | where none=0 | eval label="(no team yet)", value="-" ]\n'
        "| table label value"
    )


def chart(kind: str, source: str, title: str, fills: str = "", **options: Any) -> Panel:  # noqa: ANN401 - Splunk's own
    """Return a chart in the colours that all pages share."""
    shared: Options = {"legendDisplay": "bottom", "seriesColorsByField": COLORS} if kind in _SERIES else {}
    return Panel(kind, source, title, fills, {**shared, **options})


def links(text: str) -> Panel:
    """Return a panel of text."""
    return Panel("markdown", options={"markdown": text})


def decisions(page: Page, condition: str, about: str) -> Panel:
    """Add what people decided, of what a condition of where is true; return the table."""
    page.search(
        "decisions",
        f"| inputlookup cbsigned_exclusions\n| where {condition}\n"
        '| eval When=strftime(made, "%Y-%m-%d %H:%M"), Until=strftime(until, "%Y-%m-%d"), '
        'Action=case(action="bad", "called bad", action="exclude", "left out", true(), "expected")\n'
        "| rename process_name AS Program user AS Person team AS Team why AS Why author AS By\n"
        "| sort 0 - made | table When Action Program Person Team Why By Until"
        + or_sentence("Why", f"Nobody has decided {about}: Triage has the links for it."),
        has_range=False,
    )
    return table(
        "decisions",
        f"What people decided {about}",
        "The command cbsignedreview fills it; 90 days after its end a decision is forgotten.",
        5,
        When=140,
        Action=110,
        Program=170,
        Person=120,
        Team=110,
        Why=320,
        By=110,
        Until=110,
    )


def set_tokens(**fields: str) -> Definition:
    """Return what a click on a row does: tokens get the values of its fields."""
    tokens = [{"token": token, "key": f"row.{column}.value"} for token, column in fields.items()]
    return {"type": "drilldown.setToken", "options": {"tokens": tokens}}
