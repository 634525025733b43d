"""README and docs/ against the commands, the confs, the specs and the code: all true, and nothing missing."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any, Dict

import pytest

from cbsigned import CbsignedCommand
from cbsignedcheck import CbsignedcheckCommand
from cbsignedinputs import CbsignedinputsCommand
from cbsignedlearn import CbsignedlearnCommand
from cbsignedprofile import CbsignedprofileCommand
from cbsignedpurge import CbsignedpurgeCommand
from cbsignedreview import CbsignedreviewCommand
from cbverdict.events.columns import GUID_FIELDS, HASH_FIELDS, HOST_FIELDS, OTHER_TIME_FIELDS, TIME_FIELD, EventFields
from cbverdict.events.event_columns import FILE_HASH_FIELDS
from cbverdict.search.anomaly_table import ANOMALY_FIELDS
from cbverdict.search.risk_columns import RISK_FIELDS
from cbverdict.verdicts.verdict import DETAIL_FIELDS, STATUS_FIELDS
from package import columns, detections, tools
from tests.lab.confs import Stanzas, read_conf
from tests.lab.manual import Manual, Page, read_manual
from tests.lab.rows import read_rows
from tests.lab.site import ROOT
from tests.system.test_verbs import ANSWERED

MAX_WORDS = 1500
MAX_LINE = 120
DEFAULT = ROOT / "default"
MANUAL = read_manual(ROOT)
CONTRIBUTORS = [Page(path, path.read_text(encoding="utf-8")) for path in sorted((ROOT / ".github").glob("*.md"))]


def _page(name: str) -> Page:
    return MANUAL.pages[f"docs/{name}.md"]


def _conf(name: str) -> Stanzas:
    return read_conf(DEFAULT / f"{name}.conf")


def _spec(name: str) -> list[str]:
    text = (ROOT / "package" / "README" / f"{name}.conf.spec").read_text(encoding="utf-8")
    return re.findall(r"^(\w+) = ", text, re.MULTILINE)


class TestThePages:
    """What is so of every page."""

    def test_readme_is_short(self) -> None:
        """Two screens: all words count, those of tables and code as well."""
        assert len(MANUAL.pages["README.md"].text.split()) < MAX_WORDS

    def test_no_link_leads_nowhere(self) -> None:
        """Neither to a file nor to a heading."""
        assert MANUAL.dangling_links() == []
        assert (
            Manual(
                ROOT, {**MANUAL.pages, **{page.path.relative_to(ROOT).as_posix(): page for page in CONTRIBUTORS}}
            ).dangling_links()
            == []
        )

    @pytest.mark.parametrize("start", ["README.md", "docs/README.md"])
    def test_every_page_is_found_by_following_links(self, start: str) -> None:
        """And the index names each of them itself."""
        assert MANUAL.reachable_from(start) == set(MANUAL.pages)
        named = {link.target for link in _page("README").links()}
        assert {page.path for page in MANUAL.pages.values()} - named == {_page("README").path}

    def test_lines_of_prose_are_short(self) -> None:
        """Tables and code may be as long as they need."""
        changelog = Page(ROOT / "CHANGELOG.md", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
        for page in (*MANUAL.pages.values(), *CONTRIBUTORS, changelog):
            assert [line for line in page.prose() if len(line) > MAX_LINE] == [], page.path

    def test_every_path_and_make_target_that_is_named_is_there(self) -> None:
        """In the repository, for some of it is not in the package."""
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        for page in (*MANUAL.pages.values(), *CONTRIBUTORS):
            for path in re.findall(r"`((?:\.github|bin|default|docs|lookups|package|tests)/[\w./]*)`", page.text):
                assert (ROOT / path).exists(), (page.path.name, path)
            for target in re.findall(r"(?:^|`)make ([a-z]+)", page.text, re.MULTILINE):
                assert re.search(rf"^{target}:", makefile, re.MULTILINE), (page.path.name, target)


class TestTheCommands:
    """What is typed, and what comes out."""

    def test_every_option_is_on_the_page(self) -> None:
        """Asked of the command objects."""
        told = {re.findall(r"`(\w+)=", option)[0] for option in _page("command").table("option")}
        assert told == set(CbsignedCommand().options)
        others = _page("command").table("command")
        assert len(others) == 6
        commands = (
            CbsignedlearnCommand(), CbsignedprofileCommand(), CbsignedinputsCommand(), CbsignedcheckCommand(),
            CbsignedpurgeCommand(), CbsignedreviewCommand(),
        )  # fmt: skip
        for text, command in zip(others, commands):
            assert set(re.findall(r"\[?(\w+)=", text.replace("`wait=true`", ""))) == set(command.options) - {"phase"}

    def test_the_defaults_on_the_page_are_the_commands(self) -> None:
        """Where the command has one itself, and not a setting."""
        table = {
            re.findall(r"`(\w+)=", option)[0]: cells[0] for option, cells in _page("command").table("option").items()
        }
        command = CbsignedCommand()
        command.options.reset()
        defaults = {name: option.value for name, option in command.options.items()}
        for name in ("details", "anomaly", "risk", "refresh"):
            assert table[name] == str(defaults[name]).lower()
        assert table["timeout"] == f"{defaults['timeout']:g}"

    def test_every_output_field_is_on_the_page(self) -> None:
        """And no other."""
        written = {*STATUS_FIELDS, *DETAIL_FIELDS, "signed_source", "parent_signed", *ANOMALY_FIELDS, *RISK_FIELDS}
        assert {field.strip("`") for field in _page("command").table("field")} == written

    def test_every_reason_is_explained_with_its_answer(self) -> None:
        """As the lookup has it; what is unknown also says what to do."""
        told = re.findall(r"^\| `(true|false|unknown)` \| `(\w+)` \| \S", _page("command").text, re.MULTILINE)
        rows = list(read_rows(ROOT / "lookups" / "cbsigned_reasons.csv"))
        assert sorted(told) == sorted((str(row["signed"]), str(row["signed_reason"])) for row in rows)
        remedies = {reason.strip("`") for reason in _page("troubleshooting").table("`signed_reason`")}
        assert remedies == {row["signed_reason"] for row in rows if row["signed"] == "unknown"}


class TestTheConfs:
    """What an admin sets and finds."""

    def test_every_setting_of_the_specs_is_on_the_admin_page(self) -> None:
        """And no other, with the default that is shipped."""
        tables = re.findall(r"^\| `(\w+)` \| ", _page("admin").text, re.MULTILINE)
        assert sorted(tables) == sorted([*_spec("cbsigned_account"), *_spec("cbsigned_settings")])
        rows: Dict[str, Any] = _page("admin").table("setting")
        for stanza, settings in _conf("cbsigned_settings").items():
            for name, value in settings.items():
                assert rows[f"`{name}`"][0] == f"`[{stanza}]`"
                told = rows[f"`{name}`"][1].strip("`")
                assert told == {"": "none", "0": "off"}.get(value, value), name

    def test_every_argument_of_the_inputs_is_on_their_page(self) -> None:
        """With its default."""
        rows = _page("inputs").table("argument")
        shipped = _conf("inputs")
        assert {name.strip("`") for names in rows for name in names.split(", ")} == {
            *_spec("inputs"),
            "interval",
            "index",
            "host",
        }
        assert rows["`start`"][0] == f"`{shipped['cbsigned_processes']['start']}`"
        for name, text in (("page_size", "1000"), ("overlap", "300 "), ("learn", "false")):
            assert rows[f"`{name}`"][0].startswith(text)
            assert shipped["cbsigned_processes"][name] == text.strip()
        assert shipped["cbsigned_binaries"]["overlap"] in rows["`overlap`"][0]

    def test_every_source_type_is_on_the_inputs_page(self) -> None:
        """Those that have props."""
        assert {name.strip("`") for name in _page("inputs").table("source type")} == set(_conf("props"))

    def test_every_macro_lookup_and_saved_search_is_on_its_page(self) -> None:
        """And no other; whether a search is enabled as well."""
        page = _page("macros")
        macros = {re.sub(r"\(.*", "", name.strip("`")) for name in page.table("macro")}
        filters = {f"{detection.stem}_filter" for detection in detections.DETECTIONS}
        assert macros == {re.sub(r"\(.*", "", stanza) for stanza in _conf("macros")} - filters
        assert {name.strip("`") for name in page.table("lookup")} == set(_conf("transforms"))
        searches = {name.strip("*"): cells[0] for name, cells in page.table("saved search").items()}
        alerts = {name for name in _conf("savedsearches") if "cbsigned alert" in name or name.endswith(" - Rule")}
        assert set(searches) == set(_conf("savedsearches")) - alerts
        for name, cell in searches.items():
            assert (cell == "no") == (_conf("savedsearches")[name].get("disabled") == "1")

    def test_every_alert_is_on_its_page(self) -> None:
        """With by what it is throttled, and ATT&CK."""
        words = {
            detections.BY_FILE: "file",
            detections.BY_PERSON: "person",
            detections.BY_PERSON_AND_PROGRAM: "person and program",
            "process_signature_publisher": "signer",
        }
        rows = _page("alerts").table("alert")
        assert {name: (cells[1], cells[2]) for name, cells in rows.items()} == {
            one.name: (words[one.throttle], ", ".join(one.techniques)) for one in detections.DETECTIONS
        }

    def test_every_page_of_the_app_is_on_the_dashboards_page(self) -> None:
        """By its title."""
        views = (DEFAULT / "data" / "ui" / "views").glob("*.xml")
        titles = {re.findall(r"<label>(.*?)</label>", path.read_text(encoding="utf-8"))[0] for path in views}
        assert {name.strip("*") for name in _page("dashboards").table("page")} == titles

    def test_every_list_and_its_columns_are_on_the_learning_page(self) -> None:
        """As the files have them."""
        for lookup, cells in _page("learning").table("lookup").items():
            path = ROOT / "lookups" / f"{lookup.strip('`')}.csv"
            header = path.read_text(encoding="utf-8").partition("\n")[0].strip()
            assert re.findall(r"`(\w+)`", cells[0]) == header.split(",")

    def test_the_categories_of_tools_are_on_the_learning_page(self) -> None:
        """With how many names each has, and how many are left out since every Windows starts them."""
        rows = list(read_rows(ROOT / "lookups" / "cbsigned_tools.csv"))
        counted = Counter(str(row["category"]) for row in rows)
        page = _page("learning")
        assert {name.strip("`"): int(cells[0]) for name, cells in page.table("category").items()} == counted
        assert f"{len(rows)} names" in page.table("lookup")["`cbsigned_tools`"][1]
        assert f"leaves out {len(tools.EVERYDAY)} programs" in page.text

    def test_the_searches_that_must_not_drop_are_on_their_page(self) -> None:
        """Those of the lookup with the advice `no`, each with what it is about; of the others how many."""
        rows = list(read_rows(ROOT / "lookups" / "cbsigned_searches.csv"))
        page = _page("searches")
        assert {(name, *cells) for name, cells in page.table("search").items()} == {
            (row["search"], row["source"], f"`{re.findall(r'is about ([^ ,]+)', str(row['why']))[0]}`")
            for row in rows
            if row["advice"] == "no"
        }
        useless = Counter(row["source"] for row in rows if row["advice"] == "useless")
        assert f"{useless['ESCU']} of ESCU, {useless['Sigma']} of Sigma" in page.text
        assert page.text.count(f"{len(tools.EVERYDAY)} programs") == 1

    def test_the_columns_that_are_read_are_on_their_page(self) -> None:
        """All of them, those of the CIM without the prefix that `tstats` gives them, as they are written there."""
        assert columns.renewed_page() == columns.PAGE.read_text(encoding="utf-8"), "make detections"
        told = set(re.findall(r"`([\w.#{}()]+)`", " ".join(map(" ".join, _page("columns").table("what").values()))))
        fields = EventFields()
        read = {
            *fields.columns(has_names=True), *fields.who(), *GUID_FIELDS, *HOST_FIELDS, *OTHER_TIME_FIELDS, TIME_FIELD
        }  # fmt: skip
        known = {name for name in read if "Processes." not in name}
        assert known - set(HASH_FIELDS) == told - set(FILE_HASH_FIELDS)
        kept = " ".join(cells[0] for cells in _page("columns").table("source").values())
        assert set(re.findall(r"`([\w.]+(?:\{\})?)`(?!\.)", kept)) <= {
            *told,
            "winlog.event_data.",
            "data.win.eventdata.",
        }

    def test_roles_and_capabilities_are_on_the_security_page(self) -> None:
        """Each with what it brings."""
        rows = _page("security").table("role")
        for stanza, settings in _conf("authorize").items():
            if stanza.startswith("role_"):
                cells = next(cells for role, cells in rows.items() if f"`{stanza[5:]}`" in role)
                assert set(re.findall(r"`(\w+)`", cells[0])) == set(settings)

    def test_who_may_read_each_collection_is_on_the_security_page(self) -> None:
        """As the metadata have it: what everybody may read, and what not."""
        rows = {name: cells for name, cells in _page("security").table("object").items() if "`cbsigned_" in name}
        metadata = (ROOT / "package" / "metadata" / "default.meta").read_text(encoding="utf-8")
        access = dict(re.findall(r"\[collections/(\w+)\]\naccess = read : \[ (.*?) \]", metadata))
        assert len(access) == 4
        for collection, readers in access.items():
            ((anybody, *_),) = (cells for name, cells in rows.items() if f"(`{collection}`)" in name)
            assert (anybody == "read") == (readers == "*"), collection

    def test_endpoints_and_verbs_on_the_security_page_are_those_that_are_tried(self) -> None:
        """By `tests/system/test_verbs.py`, as each role."""
        told: dict[str, dict[str, dict[str, int]]] = {"cbsigned_user": {}, "cbsigned_admin": {}}
        endpoint = ""
        for line in _page("security").text.partition("## Endpoints")[2].splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if len(cells) == 5 and re.match("[A-Z]+:", cells[1]):
                endpoint = cells[0].strip("`") or endpoint
                for role, answer in zip(told, cells[3:]):
                    status = 200 if answer == "answered" else int(answer)
                    told[role].setdefault(endpoint, {})[cells[1].partition(":")[0]] = status
        refused = {"cbsigned/learning": {"POST": 403}, "cbsigned/check": {"POST": 403}, "cbsigned/health": {"GET": 403}}
        refused["cbsigned/inputs"] = {"POST": 403}
        refused["cbsigned/decisions"] = {"POST": 403}
        answered = {role: answers for role, answers in ANSWERED.items() if role in told}
        assert told == {**answered, "cbsigned_user": {**ANSWERED["cbsigned_user"], **refused}}


def test_the_links_of_a_broken_page_are_found(tmp_path: Path) -> None:
    """A missing file, a missing heading, and neither in code; so that the test above can fail."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(
        "# A\n[one](docs/b.md#there) [two](gone.md) `[no](link.md)`\n", encoding="utf-8"
    )
    (tmp_path / "docs" / "b.md").write_text(
        "# Is it here?\n[up](../README.md#a)\n[a `x`](#is-it-here)\n", encoding="utf-8"
    )
    manual = read_manual(tmp_path)
    assert [(link.target.name, link.anchor) for link in manual.dangling_links()] == [("b.md", "there"), ("gone.md", "")]
    assert manual.reachable_from("docs/b.md") == {"README.md", "docs/b.md"}
