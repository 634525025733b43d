"""The demo's report: options as the command takes them, and sums whose size has a bound."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from splunklib.searchcommands import validators

from cbsigned import CbsignedCommand
from cbverdict.anomalies.explanations import NO_PROCESS, SEVERAL_USERS
from cbverdict.events.columns import EventFields
from cbverdict.events.event import ProcessEvent
from cbverdict.events.named_file import Process
from cbverdict.verdicts.hashes import Md5
from tests.lab.host import Row
from tests.lab.options import ALLOWED, Options, parse_options
from tests.lab.report import ON_LIST, Facts, Kept, Report
from tests.lab.rows import InputError
from tests.lab.signatures import make_up, read_table

MD5 = "578bab56836a3fe455ffc7883041825b"


def _event(name: str = "a.exe", user: str = "ann") -> ProcessEvent:
    return ProcessEvent(Process(Md5(MD5), name), Process(None, "explorer.exe"), user)


def test_the_options_are_the_commands() -> None:
    """Names and allowed words, asked of the command itself."""
    options = CbsignedCommand().options
    assert set(ALLOWED) == set(options)
    for name, words in ALLOWED.items():
        validator = options[name].validator
        if isinstance(validator, validators.Set):
            assert set(re.findall(r"\w+", words)) - {"or"} == validator.membership
        assert (words == "true or false") == isinstance(validator, validators.Boolean)
        assert words.startswith("a whole number, 1 or more") == isinstance(validator, validators.Integer)
    for value, is_allowed in (("1", True), ("3600", True), ("0.9", False), ("3601", False), ("nan", False)):
        try:
            options["timeout"].value = value
        except ValueError:
            assert not is_allowed
        else:
            assert is_allowed


def test_options_say_which_columns_are_read() -> None:
    """Quotes and blanks as in a shell; what cbsignedlearn takes as well is handed to it."""
    text = "md5='file hash' parent_md5=p user=who team=grp name=exe prefix=x_ details=f method=binary timeout=3"
    options = parse_options(text, "lab")
    assert options.fields == EventFields(("file hash",), ("exe",), ("p",), user=("who",), team=("grp",))
    assert (options.prefix, options.has_details, options.words[0]) == ("x_", False, "md5=file hash")
    assert sorted(options.learn_words) == ["name=exe", "team=grp", "user=who"]
    assert parse_options("", "lab") == Options()
    assert parse_options("server=lab", "lab").words == ("server=lab",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("method=guess", "method is joint, binary or prog_name, not 'guess'"),
        ("method=", "method is joint, binary or prog_name, not ''"),
        ("details=perhaps", "details is true or false, not 'perhaps'"),
        ("risk=2", "risk is true or false"),
        ("timeout=0", "1 to 3600, not '0'"),
        ("timeout=soon", "1 to 3600, not 'soon'"),
        ("max_lookups=1.5", "a whole number, 1 or more"),
        ("prefix=_x", "a letter first"),
        ("md5=", "md5 is the name of a column"),
        ("server=paris", "there is no account 'paris' here, only 'lab': leave server= out"),
        ("hash=md5", "there is no option 'hash'. The options are method, md5"),
        ("Method=binary", "there is no option 'Method'"),
        ("md5 = filehash", "'md5' is no option: write name=value without blanks"),
        ("binary", "'binary' is no option"),
        ("| cbsigned method=binary", "'|' is no option"),
        ("method=binary,md5=x", "options are separated by blanks alone"),
        ("user=a, team=b", "options are separated by blanks alone"),
        ("md5='a b", "No closing quotation: quote all of it once"),
        ("'method=binary md5=x'", "method is joint, binary or prog_name, not 'binary md5=x'"),
    ],
)
def test_an_option_that_the_command_refuses_is_answered_with_what_is_allowed(text: str, words: str) -> None:
    """Before anything is read or asked."""
    with pytest.raises(InputError) as caught:
        parse_options(text, "lab")
    assert words in str(caught.value)
    assert f"OPTIONS={text}" in str(caught.value)


def test_what_is_dropped_is_shown_with_who_signed_it() -> None:
    """The most frequent kinds first."""
    report = Report(Options())
    for name, number in (("a.exe", 1), ("b.exe", 3)):
        row: Row = {"process_md5": MD5, "process_name": name, "parent_process_name": "explorer.exe"}
        answer: Row = {**row, "signed": "true", "signed_noise": "true", "process_signature_publisher": "Example Corp"}
        report.add([row] * number, [answer] * number)
    lines = list(report.lines(1.0, [], {}))
    assert lines[lines.index("\nDropped, the kinds of which there are most first:\n") + 2 :][:2] == [
        f"  {number:5}  {name:24} {'explorer.exe':18} Example Corp" for number, name in ((3, "b.exe"), (1, "a.exe"))
    ]


def test_kinds_and_their_users_are_held_up_to_a_bound() -> None:
    """The oddest stay, whenever they came, and it is said that others were left out."""
    kept = Kept(most=10, most_users=30)
    for number in range(1000):
        kept.add("unsigned", _event(f"{number}.exe", f"user{number}"), f"{number}.exe", 90.0 if number == 5 else 1.0)
    for number in range(50):
        kept.add("unsigned", _event("5.exe", f"user{number}"), "5.exe", 1.0)
    lines = list(kept.lines())
    assert kept.rows == 1050
    assert lines[1].split()[:4] == ["51", "90", "unsigned", "5.exe"]
    assert lines[1].endswith("or more users")
    assert "More than 10 kinds came" in lines[-1]
    assert len(lines) < 20


def test_without_so_many_kinds_nothing_is_left_out() -> None:
    """And two users are named."""
    kept = Kept(most=10)
    for number in range(3):
        kept.add("unsigned", _event("a.exe", f"user{number % 2}"), "A.exe", -1.0)
    assert list(kept.lines())[1:] == [f"      3        {'unsigned':18} {'a.exe':24} {'explorer.exe':18} user0, user1"]


def test_the_fields_of_the_answer_are_told_from_the_rows_own_columns() -> None:
    """A prefix that the rows' own columns begin with takes nothing from them."""
    row: Row = {"process_md5": MD5, "process_name": "a.exe", "signed": "no", "User": "CORP\\ann"}
    answer: Row = {
        **row,
        "process_signed": "false",
        "process_signed_reason": "unsigned",
        "process_signed_noise": "false",
    }
    report = Report(parse_options("prefix=process_", "lab"))
    report.add([row], [answer])
    lines = list(report.lines(1.0, [], row))
    assert "  false          1  not signed: unsigned 1" in lines
    assert any("a.exe" in line and line.endswith("CORP\\ann") for line in lines)
    assert 'where NOT process_signed_noise="true"' in "".join(lines)
    assert "No row has" not in "".join(lines)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"signed": "unknown", "signed_reason": "ambiguous"}, "ambiguous"),
        ({"signed": "unknown", "signed_reason": "other_file"}, "other_file"),
        ({"signed": "unknown", "signed_reason": "no_hash"}, "no hash"),
        ({"signed": "true", "signed_reason": "joint", "process_signature_publisher": ""}, "no publisher"),
        ({"signed": "true", "signed_reason": "joint", "process_signature_publisher": "P"}, "odd parent or signer"),
        *(
            ({"signed": "true", "process_signature_publisher": "P", "anomaly_reasons": said}, words)
            for said, words in (
                (["first program here that is signed by P", SEVERAL_USERS], "several users"),
                ("a.exe is called b.exe by who made it", "another name"),
                ("the name 'a,b.exe' holds what stands between several names", "odd name"),
                (NO_PROCESS, "not said to run"),
            )
        ),
        ({"signed": "true", "process_signature_publisher": "P", "process_original_name": "PowerShell.EXE"}, ON_LIST),
    ],
)
def test_why_a_row_is_kept_is_what_its_fields_say(said: Row, why: str) -> None:
    """The counts above name the same reasons."""
    row: Row = {"process_name": "a.exe", "md5": f"{'a' * 32},{'b' * 32}"}
    report = Report(parse_options("", "lab"))
    report.add([row], [{**row, **said, "signed_noise": "false"}])
    assert any(f" {why} " in line and "a.exe" in line for line in report.lines(1.0, [], row))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"sha512": "a" * 128}, ["Other hashes are in sha512 (SHA-512), but Carbon Black EDR is asked by MD5"]),
        ({"process_hash": f"SHA1={'a' * 40}"}, ["process_hash (SHA-1)"]),
        ({"process_hash": ["a" * 64, "b" * 64], "parent_md5": MD5}, ["process_hash (SHA-256)"]),
        ({"filehash": MD5, "imphash": MD5}, ["Column filehash holds an MD5: OPTIONS='md5=filehash'", "=<column>"]),
        ({"x\x1b": MD5}, ["Column x? holds an MD5"]),
        (
            {"a": "b"},
            ["No row has an MD5 where it was looked for (process_md5, ", "The columns are: a.", "If they are values"],
        ),
    ],
)
def test_where_no_row_has_an_md5_the_hashes_that_it_has_are_named(row: Row, words: list[str]) -> None:
    """Also where the parent has one."""
    report = Report(Options())
    report.add([row], [{**row, "signed": "unknown", "signed_reason": "no_hash"}])
    text = "\n".join(report.lines(1.0, [], row))
    assert all(word in text for word in words), text
    assert "imphash holds" not in text


FULL: Row = {"_time": "1793606400", "user": "ann", "team": "hr", "process_name": "a.exe", "ParentImage": "b.exe"}


@pytest.mark.parametrize(
    ("without", "words"),
    [
        ("", ""),
        ("_time", "no row has a time that can be read (_time): no opinion on the hour"),
        ("user", "no row says who it was (user, username, User"),
        ("team", "no row names a team (team), nor does cbsigned_teams_local.csv: no opinion on whether"),
        ("process_name", "no row names its process (process_name, process_exec, process_path, path, Image"),
        ("ParentImage", "no row names what started it (parent_process_name"),
    ],
)
def test_what_rows_do_not_say_there_is_no_opinion_on(without: str, words: str) -> None:
    """One sentence for each thing that no row says."""
    facts = Facts(Options())
    rows = [{name: value for name, value in FULL.items() if name != without}] * 2
    assert list(facts.follow(rows)) == rows
    sentences = list(facts.missing())
    assert len(sentences) == bool(words)
    assert all(words in sentence for sentence in sentences)


def test_what_there_is_too_little_of_is_said() -> None:
    """Two teams of five people, twenty rows: the manual's own bounds."""
    facts = Facts(Options())
    for number in range(19):
        for _ in facts.follow([{**FULL, "user": f"user{number % 5}", "team": f"team{number % 2}"}]):
            pass
    assert list(facts.scarce()) == ["19 rows with a time are too little: an opinion takes 20"]
    one = Facts(Options())
    for _ in one.follow([FULL] * 20):
        pass
    assert list(one.scarce()) == [
        "fewer than two teams of 5 people: no opinion on whether a process is usual in the team"
    ]


def test_a_signature_table_has_a_bound_and_its_first_word_counts(tmp_path: Path) -> None:
    """Only distinct hashes are held."""
    path = tmp_path / "table.csv"
    lines = [f"{MD5},true,Publisher,a.exe", f"{MD5},false,,b.exe", f"{'b' * 32},false,,c.exe"]
    path.write_text("md5,signed,signature,path\n" + "\n".join(lines) + "\n", encoding="utf-8")
    find = read_table(path, most=2)
    assert find(Process(Md5(MD5), None)) == ("Signed", "Publisher", "a.exe")
    assert find(Process(Md5("c" * 32), None)) is None
    with pytest.raises(InputError, match=r"SIGNATURES=.* has more than 1 hashes: keep those that INPUT has"):
        read_table(path, most=1)


def test_a_signature_that_is_made_up_is_the_same_for_the_same_hash() -> None:
    """Most are signed, some are not, some were never seen."""
    found = [make_up(Process(Md5(f"{number:032x}"), "a.exe")) for number in range(1, 400)]
    assert found == [make_up(Process(Md5(f"{number:032x}"), "a.exe")) for number in range(1, 400)]
    assert {binary.result if binary else None for binary in found} == {"Signed", "Unsigned", None}
    assert all(binary.publisher for binary in found if binary and binary.result == "Signed")  # else none is dropped
