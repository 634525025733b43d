"""The lists that people keep: who is where, what is expected, whom not to trust; and the clock of each person."""

from __future__ import annotations

import csv
from fnmatch import fnmatchcase
from pathlib import Path
from shutil import copytree
from typing import Dict, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbverdict.anomalies.local_time import LocalClock, is_zone
from cbverdict.anomalies.reference_lists import Listed, Member, Names, Roster
from cbverdict.events.people import person_of
from cbverdict.events.times import read_quarters, read_time
from cbverdict.splunkd.lookup_files import LOOKUPS, read_lists

ROSTER = Roster(
    [
        {"user": "*", "team": "*", "timezone": "UTC", "calendar": ""},
        {"user": "*", "team": "HR", "timezone": "Europe/Berlin", "calendar": "DE"},
        {"user": "CORP\\Ann", "team": "HR", "timezone": "", "calendar": ""},
        {"user": "bob", "team": "Sales", "timezone": "Asia/Tokyo", "calendar": ""},
    ]
)


def test_the_team_says_the_zone_where_the_person_does_not() -> None:
    """And the row's own team counts before the roster's."""
    assert ROSTER.member("ann", "") == Member("HR", "Europe/Berlin", "DE")
    assert ROSTER.member("bob", None) == Member("Sales", "Asia/Tokyo", "")
    assert ROSTER.member("cy", "hr") == Member("hr", "Europe/Berlin", "DE")
    assert ROSTER.member("cy", "") == Member(None, "UTC", "")


@pytest.mark.parametrize(
    ("user", "person"),
    [
        ("CORP\\JDoe", "jdoe"),
        ("jdoe@corp.example", "jdoe"),
        (" jdoe ", "jdoe"),
        ('"CORP\\JDoe"', "jdoe"),
        ("'jdoe'", "jdoe"),
        ("CORP\\JDÖE", "jdoe"),
        ("jdo\u0301e@corp.example", "jdoe"),
        ("jdøe", "jdoe"),
        ("\uff4a\uff44\uff4f\uff45\uff20corp.example", "jdoe"),
        ("Weiß", "weiss"),
        ("Дмитрий", "дмитрии"),
        ("हिन्दी", "हिन्दी"),
        ("NT AUTHORITY\\SYSTEM", None),
        ("ZARZĄDZANIE NT\\USŁUGA SIECIOWA", None),
        ("NT AUTHORITY\\AĞ HİZMETİ", None),
        ("nätverkstjänst", None),
        ("NT-MYNDIGHET\\whatever", None),
        ("CORP\\sistemas", "sistemas"),
        ("PC1\\none", "none"),
        ("null@corp.example", "null"),
        ("-\\-", None),
        ("unknown", None),
        ("-", None),
        ("", None),
        (None, None),
        ("x" * 300, None),
    ],
)
def test_a_person_is_the_same_in_every_source(user: str | None, person: str | None) -> None:
    """The VPN writes an address, the endpoint a domain."""
    assert person_of(user) == person


def test_names_that_were_looked_up_do_not_fill_the_memory() -> None:
    """Twenty thousand are remembered, and what was forgotten is found again."""
    names = Names([("git.exe", Listed("", "mine"))])
    for number in range(20_002):
        assert names.find(f"{number}.exe") is None
    assert len(names._known) < 20_002  # noqa: SLF001 - nothing else shows it
    assert names.find("git.exe") == Listed("", "mine")


def test_names_are_found_whatever_their_case_and_by_pattern() -> None:
    """The first of a name counts."""
    runs, mine, theirs = Listed("", "runs"), Listed("", "mine"), Listed("", "theirs")
    names = Names(
        [("Python*.exe", runs), ("git.exe", mine), ("git.exe", theirs), ("g*", theirs), ("python3.exe", mine)]
    )
    found = [names.find(name) for name in ("PYTHON3.exe", "GIT.EXE", "gitk", "python", "")]
    assert found == [runs, mine, theirs, None, None]


@given(
    st.lists(st.sampled_from(["git", "GIT.exe", "py*", "*sh", "?sexec", "cmd "]), max_size=3),
    st.lists(st.sampled_from(["git", " GIT ", "git.exe", "Python", "bash", "psexec", "cmd", "c", "", "İ"]), max_size=3),
)
def test_what_is_on_a_list_is_never_ruled_out_by_how_it_begins(listed: list[str], names: list[str]) -> None:
    """A tool would be dropped with the noise; case and blanks do not count."""
    found = Names([(name, Listed("", "mine")) for name in listed])
    assert found.may_have(names) or not any(map(found.find, names))


def test_most_names_are_ruled_out_by_how_they_begin() -> None:
    """Those that begin like none of a list, unless a pattern on it may begin with anything."""
    mine = Listed("", "mine")
    names = Names([("git", mine), ("py*", mine)])
    assert [names.may_have([name]) for name in ("git", "gitk", "pip", "python")] == [True, False, False, True]
    assert Names([("*.tmp", mine)]).may_have(["word.exe"])


def test_a_list_of_the_users_own_comes_first_and_what_is_wrong_is_named(tmp_path: Path) -> None:
    """Nothing else is lost with it."""
    (tmp_path / "cbsigned_publishers.csv").write_text(
        "publisher,status,reason\nACME,denied,x\nCorp,trusted,\nOld Inc,denied,x\n"
    )
    (tmp_path / "cbsigned_publishers_local.csv").write_text(
        "publisher,status,reason\nCorp,denied,ours\nOld*,trusted,\n"
    )
    (tmp_path / "cbsigned_teams.csv").write_text("user,team,timezone,calendar\n*,*,Mars/Base,\n")
    (tmp_path / "cbsigned_holidays.csv").write_text("calendar,date\nDE,2026-12-25\nDE,25.12.2026\n")
    (tmp_path / "cbsigned_tools.csv").write_text("name\nx\n")
    lists = read_lists(tmp_path)
    assert [lists.denied(name) for name in ("acme", "Corp", "Old Inc")] == ["x", "ours", None]
    assert [lists.denied(name) for name in ("a\u200bcme", " ACME\u00a0", "\u202dCorp")] == ["x", "x", "ours"]
    assert lists.is_trusted("old inc")
    assert lists.holidays == {"DE": frozenset({20_812})}
    assert list(lists.problems) == [
        "cbsigned_expected: it is not there; install the add-on anew",
        "cbsigned_tools: no column process, reason",
        "cbsigned_parents: it is not there; install the add-on anew",
        "cbsigned_teams: there is no time zone 'Mars/Base'",
        "cbsigned_holidays: '25.12.2026' is not a date, YYYY-MM-DD",
    ]


@pytest.mark.parametrize(
    ("change", "is_whole"),
    [
        ({}, True),
        ({"cbsigned_tools_local.csv": "process\nx.exe\n"}, False),
        ({"cbsigned_publishers_local.csv": "name\nx\n"}, False),
        ({"cbsigned_parents.csv": None}, False),
        ({"cbsigned_tools.csv": None}, False),
        ({"cbsigned_expected.csv": None}, True),
        ({"cbsigned_teams_local.csv": "who\nx\n"}, False),
        ({"cbsigned_expected_local.csv": "name\nx\n"}, True),
    ],
)
def test_a_drop_rests_on_the_teams_the_tools_the_publishers_and_the_parents(
    tmp_path: Path, *, change: Dict[str, Optional[str]], is_whole: bool
) -> None:
    """Where one of these is not all there, a row might be dropped that it would keep."""
    copytree(LOOKUPS, tmp_path, dirs_exist_ok=True)
    for name, text in change.items():
        if text is None:
            (tmp_path / name).unlink()
        else:
            (tmp_path / name).write_text(text)
    lists = read_lists(tmp_path)
    assert lists.is_whole is is_whole
    assert bool(lists.problems) is bool(change)


def test_a_tool_may_be_taken_off_the_list_by_the_users_own(tmp_path: Path) -> None:
    """With the status allowed; the shipped row stays where it is."""
    (tmp_path / "cbsigned_tools.csv").write_text("process,reason\n7z.exe,packs\n")
    (tmp_path / "cbsigned_tools_local.csv").write_text("process,reason,status\n7Z.exe,ours,Allowed\nmy.exe,runs,\n")
    lists = read_lists(tmp_path)
    assert [lists.tool(name) for name in ("7z.exe", "my.exe")] == [None, "runs"]


def test_the_lists_that_are_shipped_are_whole() -> None:
    """No problem in any of them, no name twice, a reason beside each."""
    lists = read_lists()
    assert lists.holidays["DE"]
    assert list(lists.problems) == []
    assert lists.tool("PowerShell.exe")
    assert lists.tool("git.exe") is None
    assert lists.denied("Bit9, Inc")
    assert lists.is_expected("Example-IT", "mmc.exe")
    for name, key in (("tools", "process"), ("publishers", "publisher")):
        with (LOOKUPS / f"cbsigned_{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len({row[key].lower() for row in rows}) == len(rows)
        assert all(row["reason"] for row in rows)


CLOCKS = [
    ("UTC", "2000-01-01T00:00:00Z", (10_957, 5, 0.0)),
    ("Europe/Berlin", "2026-11-01T23:30:00Z", (20_759, 0, 0.5)),  # Monday half past midnight there
    ("America/New_York", "2026-11-02T04:30:00Z", (20_758, 6, 23.5)),  # still Sunday there
    ("Europe/Berlin", "2026-03-29T00:59:00Z", (20_541, 6, 1.5)),  # before the clocks go forward
    ("Europe/Berlin", "2026-03-29T01:01:00Z", (20_541, 6, 3.0)),  # after it
    ("Europe/Berlin", "2026-10-25T00:30:00Z", (20_751, 6, 2.5)),  # the hour that comes twice
    ("Europe/Berlin", "2026-10-25T01:30:00Z", (20_751, 6, 2.5)),
    ("Asia/Kathmandu", "2026-11-02T00:00:00Z", (20_759, 0, 5.5)),
    ("Mars/Base", "2026-11-02T00:00:00Z", (20_759, 0, 0.0)),  # taken as UTC, and named as a problem elsewhere
    ("Asia/Tokyo", "2000-06-15T15:00:00Z", (11_124, 4, 0.0)),
]


@pytest.mark.parametrize(("zone", "time", "local"), CLOCKS)
def test_midnight_sunday_night_and_clock_changes_are_those_of_the_persons_zone(
    zone: str, time: str, local: tuple[int, int, float]
) -> None:
    """The same instant is another hour, and another day, elsewhere."""
    (quarter,) = read_quarters([time])
    assert quarter is not None
    moment = LocalClock(zone, ()).at(quarter)
    assert (moment.day, moment.slot // 48, moment.slot % 48 / 2) == local


@pytest.mark.parametrize(
    ("name", "is_one"), [("Europe/Berlin", True), ("UTC", True), ("Mars/Base", False), ("../etc/passwd", False)]
)
def test_a_zone_is_one_of_the_databases(name: str, *, is_one: bool) -> None:
    """Whatever a list says."""
    assert is_zone(name) is is_one


def test_a_holiday_is_a_sunday() -> None:
    """In the calendar of the person."""
    (quarter,) = read_quarters(["2026-12-25T12:00:00Z"])  # a Friday
    assert quarter is not None
    assert LocalClock("UTC", ()).at(quarter).slot // 48 == 4
    assert LocalClock("UTC", {20_812}).at(quarter).slot // 48 == 6


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1793606400.123", 1793606400.123),
        ("1793606400", 1793606400),
        ("-86400", None),  # before there was a clock that could say so
        ("0", None),
        ("12345", None),
        ("9999999999", None),
        ("1970-01-01T00:00:00Z", None),
        ("2026-11-02 06:00:00.000 GMT", 1793599200),
        ("2026-11-02T07:00:00.000+0100", 1793599200),
        ("2026-11-02T06:00:00,5+00", 1793599200.5),
        ("20261102T060000Z", 1793599200),
        ("11/02/2026 06:00:00 UTC", 1793599200),
        ("2026-11-02T06:00:00-00:30", 1793601000),
        ("2026-11-02T06:00", None),
        ("2026-11-02 06:00:00.000 CET", None),
        ("2026-11-02T07:00:00+01:00", 1793599200),
        ("2026-11-02T06:00:00.000Z", 1793599200),
        ("2026-11-02T06:00:00.1Z", 1793599200.1),
        ("2026-11-02T06:00:00.19Z", 1793599200.19),
        ("2026-11-02T06:00:00.1234567Z", 1793599200.1234567),
        ("2026-11-02 06:00:00", None),
        ("nan", None),
        ("inf", None),
        ("1e300", None),
        ("", None),
        ("yesterday", None),
    ],
)
def test_times_are_read_as_splunkd_and_as_exports_write_them(text: str, seconds: float | None) -> None:
    """What says no zone says no time; alone or among others makes no difference."""
    assert read_time(text) == seconds
    quarter = None if seconds is None else int(seconds // 900)
    assert read_quarters([text]) == [quarter]
    assert read_quarters(["1793606400.123", text])[1] == quarter


@pytest.mark.parametrize(
    ("parent", "child", "is_acted_through"),
    [
        *((parent, "acme.exe", True) for parent in (
            "mshta.exe", "wscript.exe", "rundll32.exe", "C:\\x\\regsvr32.exe", "msbuild.exe", "cmd.exe",
            "powershell.exe", "certutil.exe", "python3.11.exe", "fodhelper.exe", "rustdesk.exe", "anydesk.exe",
            "winlogon.exe",
        )),
        *((parent, child, False) for parent, child in (
            ("mshta.exe", "conhost.exe"), ("mshta.exe", "mshta.exe"), ("mshta", "WerFault.exe"), ("git", "git.exe"),
            ("explorer.exe", "acme.exe"), ("userinit.exe", "explorer.exe"), ("cmd.exe", "timeout.exe"),
            ("svchost.exe", "acme.exe"), ("acme.exe", "acme2.exe"),
        )),
    ],
)  # fmt: skip
def test_others_act_through_each_tool(parent: str, child: str, is_acted_through: bool) -> None:  # noqa: FBT001 - a case
    """As long as nobody knows what it usually starts here; explorer.exe starts what somebody clicks."""
    lists = read_lists()
    assert (lists.may_be_gateway(parent) and lists.gateway(parent, child) is not None) == is_acted_through


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('process,reason\n"foo.exe,bad\ncorptool.exe,ours\n', "unexpected end of data"),
        ('process,reason\n"foo.exe"x,bad\ncorptool.exe,ours\n', "expected after"),
        ("process,reason,process\nfoo.exe,bad,bar.exe\n", "two columns process"),
    ],
)
def test_a_list_that_is_cut_short_by_how_it_is_written_is_not_whole(tmp_path: Path, text: str, problem: str) -> None:
    """An open quotation mark swallows all rows behind it; nothing is dropped until somebody closes it."""
    (tmp_path / "cbsigned_tools_local.csv").write_text(text)
    lists = read_lists(tmp_path)
    assert not lists.is_whole
    assert any("cbsigned_tools_local" in one and problem in one for one in lists.problems)


def test_a_tool_that_is_allowed_as_a_parent_starts_anything(tmp_path: Path) -> None:
    """By the list of parents; it stays a tool itself."""
    (tmp_path / "cbsigned_tools.csv").write_text("process,category,reason\npython.exe,abused,runs any script\n")
    assert read_lists(tmp_path).gateway("python.exe", "acme.exe") == "runs any script"
    (tmp_path / "cbsigned_parents_local.csv").write_text("parent,usual_children,reason,status\npython.exe,,,allowed\n")
    lists = read_lists(tmp_path)
    assert lists.gateway("python.exe", "acme.exe") is None
    assert lists.tool_named(["python.exe"])


def test_parents_through_which_others_act_are_listed_with_what_they_start_everywhere(tmp_path: Path) -> None:
    """A row of one's own counts before the shipped one, and `allowed` takes a parent off."""
    (tmp_path / "cbsigned_parents.csv").write_text(
        "parent,category,usual_children,reason\nWMIPrvSE.exe,remote,unsecapp.exe;Werfault.exe,runs\nmmc.exe,remote,,runs\n"
    )
    (tmp_path / "cbsigned_parents_local.csv").write_text(
        "parent,usual_children,reason,status\nmmc.exe,,,allowed\nagent.exe,job*.exe,ours,\n"
    )
    lists = read_lists(tmp_path)
    found = {
        (parent, child): lists.gateway(parent, child)
        for parent in ("C:\\x\\wmiprvse.exe", "mmc.exe", "agent.exe", "explorer.exe")
        for child in ("cmd.exe", "WERFAULT.exe", "job7.exe")
    }
    assert {key: why for key, why in found.items() if why} == {
        ("C:\\x\\wmiprvse.exe", "cmd.exe"): "runs",
        ("C:\\x\\wmiprvse.exe", "job7.exe"): "runs",
        ("agent.exe", "cmd.exe"): "ours",
        ("agent.exe", "WERFAULT.exe"): "ours",
    }


_NAMES = st.text("ab*?[].", max_size=4)


@given(st.lists(_NAMES, max_size=6), st.lists(st.text("abAB.[] ", max_size=4), max_size=5))
def test_the_first_name_that_fits_counts_however_it_is_looked_up(listed: list[str], asked: list[str]) -> None:
    """Exact names by themselves and patterns by how they begin are one list, in its order."""
    rows = [(name, Listed("", f"{place} {name}")) for place, name in enumerate(listed)]
    names = Names(rows)
    for name in [*asked, *asked]:
        lower = name.strip().lower()
        fits = (one for pattern, one in rows if pattern.strip() and fnmatchcase(lower, pattern.strip().lower()))
        assert names.find(name) == next(fits, None)


def test_shipped_holidays_are_read_for_who_has_a_calendar(tmp_path: Path) -> None:
    """Own ones at once, for what is wrong with them is worth a word."""
    (tmp_path / "cbsigned_holidays.csv").write_text("calendar,date\nDE,never\nDE,2026-12-25\n")
    lists = read_lists(tmp_path)
    assert lists.holidays.get("", frozenset()) == frozenset()
    assert "cbsigned_holidays" not in " ".join(lists.problems)
    assert lists.holidays["DE"] == frozenset({20_812})
    assert "'never' is not a date" in " ".join(lists.problems)
    (tmp_path / "cbsigned_holidays_local.csv").write_text("calendar,date\n,2026-12-24\nFR,soon\n")
    own = read_lists(tmp_path)
    assert "'soon' is not a date" in " ".join(own.problems)
    assert own.holidays[""] == frozenset({20_811}), "without a calendar's name, as it stands there"
    assert (len(own.holidays), list(own.holidays)) == (2, ["", "DE"])
