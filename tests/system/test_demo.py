"""`make demo` and `make try` as a newcomer runs them."""

from __future__ import annotations

import csv
import io
import re
import shlex
import subprocess
import sys
import tracemalloc
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from cbverdict.events.columns import EventFields
from cbverdict.events.event import read_event
from tests.lab.company import Company
from tests.lab.company_events import data_model, events
from tests.lab.demo import main
from tests.lab.demo import run as run_demo
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.host import Row
from tests.lab.rows import InputError, read_rows
from tests.lab.signatures import Supply, make_up
from tests.lab.site import ROOT, Site
from tests.lab.spl import run as run_spl

MD5 = "578bab56836a3fe455ffc7883041825b"


def _demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the demo in this process: to start one takes longer than most of what is refused."""
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        try:
            code = main(list(arguments))
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(arguments, code, output.getvalue(), errors.getvalue())


def test_the_demo_shows_what_is_dropped_what_is_left_and_why() -> None:
    """And agrees with the company's own books."""
    company = Company()
    command = [sys.executable, "-m", "tests.lab.demo"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert f"{len(company.rows)} rows came back" in run.stdout
    assert "bad_signature" in run.stdout
    assert "2 requests to Carbon Black" in run.stdout
    for incident in company.incidents:
        assert incident.label in run.stdout
    for label in ("an unsigned dropper", "a signed tool started by the dropper", "a tampered signature"):
        assert f"{label:52} kept" in run.stdout
    _compare_readme(run.stdout)


def _compare_readme(shown: str) -> None:
    """Check that README's table and figures are what the demo shows."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split(" | ") for line in readme.splitlines() if re.match(r"\| \w+\d\d \|", line)]
    assert len(rows) == 5
    for *_, score, reasons in rows:
        assert f"score {score})" in shown
        assert all(reason in shown for reason in reasons.strip().split("; first time")[:1])
    words = " ".join(readme.split())
    rows_in, dropped, left = re.findall(
        r"morning of ([\d,]+) rows\. ([\d,]+) rows are dropped .* the ([\d,]+) rows", words
    )[0]
    plain = [number.replace(",", "") for number in (rows_in, dropped, left)]
    assert f"{plain[0]} rows came back" in shown
    assert f"drops {plain[1]} (" in shown
    assert f"It keeps {plain[2]}," in shown


def test_the_company_is_the_same_for_the_same_seed() -> None:
    """And another one for another."""
    assert Company(5).rows == Company(5).rows
    assert Company(5).rows != Company(6).rows


def test_the_demo_takes_the_users_own_rows_and_says_what_is_made_up(tmp_path: Path) -> None:
    """Signatures it cannot know."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text(f'{{"md5": "{MD5}", "pid": 7, "tag": ["a", "b"]}}\n\n{{"user": null}}\n', encoding="utf-8")
    output = tmp_path / "out.csv"
    run = _demo("--input", str(rows), "--output", str(output))
    assert run.returncode == 0, run.stderr
    assert "MADE UP" in run.stdout
    with output.open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["pid"], first["tag"], second["signed_reason"]) == ("7", "a\nb", "no_hash")


def test_the_demo_on_real_rows_with_their_real_signatures(recorded: Path) -> None:
    """The recorded events, with the recorded truth behind the simulator."""
    arguments = ["--input", str(recorded / "process_events.csv"), "--signatures", str(recorded / "signatures.csv")]
    run = _demo(*arguments)
    assert run.returncode == 0, run.stderr
    for line in ("true        1029", "false         46", "unknown       19"):
        assert line in run.stdout


def test_try_asks_a_server_of_the_users_own(edr: EdrServer, tmp_path: Path) -> None:
    """With its CA and a token from a file; nothing of the token is printed."""
    edr.estate.add_binary(MD5, "Signed", "c:\\x.exe")
    (tmp_path / "ca.pem").write_text(edr.trust_pem, encoding="ascii")
    (tmp_path / "token").write_text(TOKEN + "\n", encoding="ascii")
    (tmp_path / "rows.csv").write_text(f"md5,user\n{MD5},jdoe\n", encoding="utf-8")
    arguments = [
        "--try",
        "--url",
        edr.url,
        "--token-file",
        str(tmp_path / "token"),
        "--input",
        str(tmp_path / "rows.csv"),
    ]
    run = _demo(*arguments, "--ca", str(tmp_path / "ca.pem"))
    assert run.returncode == 0, run.stderr
    assert f"Asking {edr.url} (at most 30 s) ...\nCarbon Black EDR 7.5.0.210101.1200" in run.stdout
    assert "true           1" in run.stdout
    assert TOKEN not in run.stdout + run.stderr
    run = _demo(*arguments)
    assert (run.returncode, "as PEM, into" in run.stderr, "Here: CA=" in run.stderr) == (1, True, True)


VARIABLES = [
    (["--try"], "URL, TOKEN_FILE, INPUT missing"),
    (["--try", "--url", "https://x", "--input", "rows.csv"], "TOKEN_FILE missing"),
    (["--url", "https://x"], "it is make try"),
    (["--signatures", "x.csv"], "give both"),
    (["--learn", "x.csv"], "give both"),
    (["--options", "user='a b"], "No closing quotation"),
    (["--output", "x.txt"], "is written as .csv"),
    (["--output", "/nonexistent/x.csv"], "cannot be written"),
    (["--options", "method=guess"], "the command refused OPTIONS=method=guess: method is joint, binary or prog_name"),
    (["--options", "server=paris"], "there is no account 'paris' here"),
    (["--input", ""], "INPUT= is empty, as where a shell variable is not set: give a file, INPUT=rows.csv"),
    (["--try", "--url", "", "--token-file", "t", "--input", "x.csv"], "URL= is empty"),
    (["--try", "--url", "https://x", "--token-file", " ", "--input", "x.csv"], "TOKEN_FILE= is empty"),
    (["--input", "x.csv", "--learn", ""], "LEARN= is empty"),
    (["--input", "x.csv", "--signatures", ""], "SIGNATURES= is empty"),
    (["--output", ""], "OUTPUT= is empty"),
    (["--others", "INPT md5"], "nobody reads INPT, md5: the variables are INPUT, SIGNATURES"),
    (["--check-host-name", "false"], "it is make try"),
    (["--try", "--url", "https://x", "--token-file", "t", "--input", "x", "--signatures", "s"], "so leave it out"),
    (["--input", "/tmp"], "is a folder"),
    (["--spl", "| cbsigned", "--options", "method=binary"], "write them into it"),
    (["--spl", " "], "SPL= is empty"),
    (["--input", "no\x1bthing.csv"], "there is no file no?thing.csv"),
]


SEARCHES = [
    (
        '| cbsigned md5=filehash | eval hour=strftime(_time, "%H") | table hour user signed parent',
        [
            "hour  user  signed   parent",
            "09    ann   true",
            "10    bob   false    p.exe",
            "11    ann   unknown",
            "3 rows",
        ],
    ),
    ("user=ann | stats count by user | eval n=count*2", ["user  count  n", "ann   2      4", "1 row"]),
    ("index=nowhere | stats count by user", ["0 rows"]),
    ("| inputlookup cbsigned_known | table user", ["user", "1 row"]),
    ("| cbsigned md5=filehash\u2424| table user signed", ["user  signed", "ann   true", "3 rows"]),
    ("| makeresults count=60 | streamstats count AS n | table n", ["n", "1", "60 rows, of which 10 are not shown"]),
]


@pytest.mark.parametrize(("spl", "lines"), SEARCHES)
def test_a_search_of_ones_own_runs_over_the_rows(
    spl: str, lines: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the rows where it begins with a bar, and else on them as events; what a cell has not is no field."""
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "_time,user,filehash,parent\n"
        f"2026-11-02T09:00:00Z,ann,{'1' * 32},\n2026-11-02T10:00:00Z,bob,{'2' * 32},p.exe\n1793617200,ann,,\n",
        encoding="utf-8",
    )
    signatures = tmp_path / "signatures.csv"
    signatures.write_text(f"md5,signed,signature,path\n{'1' * 32},true,P,\n{'2' * 32},false,,\n", encoding="utf-8")
    result = tmp_path / "result.csv"
    run_demo(["--input", str(rows), "--signatures", str(signatures), "--spl", spl, "--output", str(result)])
    shown = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not any(one.startswith(line) for one in shown)] == []
    written = list(csv.reader(result.read_text(encoding="utf-8").splitlines()))
    assert len(written) - 1 == int(lines[-1].split()[0])


def test_the_demo_company_is_searched_by_its_indexes() -> None:
    """Its events have source types and tags, and the data model has its processes."""
    indexes = events(Company(starts=60, log_ons=5).rows)
    assert set(indexes) == {"edr", "sysmon", "endpoint", "auth"}
    models = data_model(indexes)
    (row,) = run_spl("| tstats count from datamodel=Endpoint.Processes", data_models=models)
    assert row == {"count": str(len(indexes["endpoint"]))}
    by = " ".join(f"Processes.{name}" for name in ("process_guid", "original_file_name", "process", "user", "dest"))
    (row,) = run_spl(f"| tstats count from datamodel=Endpoint.Processes by {by} | stats count", data_models=models)
    assert row == {"count": str(len(indexes["endpoint"]))}  # as the manual groups them
    (row,) = run_spl("tag=authentication action=success | stats count by sourcetype", indexes=indexes)
    assert row == {"sourcetype": "vpn", "count": str(len(indexes["auth"]))}


@pytest.mark.parametrize(
    ("spl", "words"),
    [
        ("| cbsigned | evil", "SPL: there is no command evil"),
        ('| where NOT parent="p.exe"', "no public source says what Splunk does here"),
        ('| where parent="p.exe', "a quotation mark is not closed"),
        ("| cbsigned nonsense=1", "Unrecognized option: nonsense=1: there are anomaly, details, max_lookups"),
        ("| cbsigned method=jiont", "Illegal value: method=jiont: it is one of binary, joint, prog_name"),
        ("| cbsigned details=perhaps", "Illegal value: details=perhaps: it is true or false"),
        ("| cbsigned timeout=0", "Illegal value: timeout=0: Expected float in the range [1,3600]"),
        ("| cbsignedreview action=x", "Illegal value: action=x: it is one of bad, end, exclude, expect"),
        ("| cbsignedreview", 'A value for "action" is required'),
        ('| cbsignedprofile accept="jdoe: hour 24"', "Expected process <name> or hour <00 to 23>, of one person with"),
        ("| cbsignedprofile nonsense=1", "Unrecognized option: nonsense=1: there are accept, parent, refuse"),
    ],
)
def test_a_search_that_splunk_would_refuse_is_refused(spl: str, words: str, tmp_path: Path) -> None:
    """And one of which nobody knows what Splunk makes of it."""
    rows = tmp_path / "rows.csv"
    rows.write_text(f"user,md5,parent\nann,{'1' * 32},p.exe\nbob,,\n", encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(words)):
        run_demo(["--input", str(rows), "--spl", spl])


@pytest.mark.parametrize(("arguments", "words"), VARIABLES)
def test_a_variable_of_make_that_is_wrong_or_missing_is_named(arguments: list[str], words: str) -> None:
    """In make's own words, before anything is asked."""
    run = _demo(*arguments)
    assert (run.returncode, words in run.stderr) == (1, True), run.stderr
    assert "Traceback" not in run.stderr


def test_the_users_own_file_is_never_overwritten(tmp_path: Path) -> None:
    """OUTPUT may not be INPUT."""
    rows = tmp_path / "rows.csv"
    rows.write_text(f"md5\n{MD5}\n", encoding="utf-8")
    run = _demo("--input", str(rows), "--output", str(rows))
    assert (run.returncode, "is the INPUT itself" in run.stderr) == (1, True)
    assert rows.read_text(encoding="utf-8") == f"md5\n{MD5}\n"
    run = _demo("--try", "--url", "https://x", "--token-file", str(rows), "--input", "x", "--output", str(rows))
    assert "is the TOKEN_FILE itself" in run.stderr
    learn = tmp_path / "learn.csv"
    learn.write_text("user,_time\nann,1793606400\n", encoding="utf-8")
    run = _demo("--input", str(rows), "--learn", str(learn), "--output", str(learn))
    assert (run.returncode, "is the LEARN itself" in run.stderr) == (1, True)


def test_rows_are_learnt_from_first_where_learn_names_them(tmp_path: Path) -> None:
    """And a file that teaches nothing is no silent success."""
    rows = tmp_path / "rows.csv"
    rows.write_text(f"md5,user,_time\n{MD5},ann,1793606400\n", encoding="utf-8")
    run = _demo("--input", str(rows), "--learn", str(rows), "--options", "prefix=x_")
    assert "1 person, 0 team, 0 parent, 1 organisation" in run.stdout
    assert "1 are signed noise" in run.stdout or "0 are signed noise" in run.stdout
    assert "It keeps" in run.stdout
    rows.write_text(f"md5,user,_time\n{MD5},ann,2026-03-02 08:15:00\n", encoding="utf-8")
    run = _demo("--input", str(rows), "--learn", str(rows))
    assert (run.returncode, "no row has a _time that can be read" in run.stderr) == (1, True)
    assert "It keeps" not in _demo("--input", str(rows), "--options", "anomaly=false").stdout


def test_options_reach_the_command_and_a_missing_hash_is_explained(tmp_path: Path) -> None:
    """Splunk's own JSON export is read; where no row has an MD5, the columns are named."""
    rows = tmp_path / "export.json"
    rows.write_text(f'{{"preview": false, "result": {{"filehash": "{MD5}"}}}}\n', encoding="utf-8")
    assert "OPTIONS=md5=<column>" in _demo("--input", str(rows)).stdout
    assert "1 row through `| cbsigned md5=filehash`" in _demo("--input", str(rows), "--options", "md5=filehash").stdout


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("md5,signed\n", "has no rows"),
        (f"md5,signed\n{MD5},true\n", "columns path, signature are missing"),
        (f"md5,signed,signature,path\n{MD5},maybe,x,y\n", "row 1: md5 must be a hash"),
        ("md5,signed,signature,path\njunk,true,x,y\n", "row 1: md5 must be a hash"),
    ],
)
def test_a_signature_table_is_checked(tmp_path: Path, table: str, words: str) -> None:
    """A word that is neither true nor false must not become unsigned."""
    (tmp_path / "rows.csv").write_text(f"md5\n{MD5}\n", encoding="utf-8")
    (tmp_path / "table.csv").write_text(table, encoding="utf-8")
    run = _demo("--input", str(tmp_path / "rows.csv"), "--signatures", str(tmp_path / "table.csv"))
    assert (run.returncode, words in run.stderr) == (1, True), run.stderr


def test_control_characters_of_a_name_never_reach_the_terminal(tmp_path: Path) -> None:
    """The names are an attacker's to choose."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"md5": "", "process_name": "x\\u001b]0;title\\u0007.exe"}\n', encoding="utf-8")
    run = _demo("--input", str(rows))
    assert "x?]0;title?.exe" in run.stdout
    assert "\x1b" not in run.stdout


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("rows.txt", b"x", "neither .csv nor .jsonl"),
        ("rows.csv", b"", "is empty"),
        ("rows.csv", b"md5\na,b\n", "line 2: more values"),
        ("rows.csv", b"md5\n", "has no rows"),
        ("rows.csv", b"md5\n\xff\n", "not UTF-8"),
        ("rows.csv", b"md5,md5\nx,y\n", "names md5 twice"),
        ("rows.jsonl", b'{"md5": "x"}\n[1]\n', "line 2: not a JSON object"),
        ("rows.jsonl", b"{", "line 1: not a JSON object"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_line(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    """And what to do."""
    path = tmp_path / name
    path.write_bytes(content)
    run = _demo("--input", str(path))
    assert (run.returncode, words in run.stderr, str(path) in run.stderr) == (1, True, True), run.stderr
    assert "Traceback" not in run.stderr


def test_a_long_command_line_is_read_and_an_endless_one_is_named(tmp_path: Path) -> None:
    """The csv module's own limit is a short one."""
    path = tmp_path / "rows.csv"
    path.write_text(f"md5\n{'x' * 200_000}\n", encoding="utf-8")
    assert len(str(next(read_rows(path))["md5"])) == 200_000
    path.write_text(f"md5\n{'x' * 70_000_000}\n", encoding="utf-8")
    with pytest.raises(InputError, match="is no CSV file"):
        list(read_rows(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Before anything starts."""
    with pytest.raises(InputError, match="there is no file"):
        list(read_rows(tmp_path / "nothing.csv"))


def test_the_options_of_the_manual_reach_the_report(tmp_path: Path) -> None:
    """The hash is in filehash, who is in another column, and in User where none is named."""
    rows = tmp_path / "rows.csv"
    lines = "".join(f"{number:032x};odd.exe;CORP\\ann;bob\n" for number in range(1, 40))
    rows.write_text("filehash;name;User;account\n" + lines, encoding="utf-8")
    run = _demo("--input", str(rows), "--options", "method=binary md5=filehash name=name")
    assert run.returncode == 0, run.stderr
    assert f"{rows} is read as separated by semicolons" in run.stdout
    assert "for 39 distinct hashes in the rows" in run.stdout
    assert "odd.exe" in run.stdout
    assert "CORP\\ann" in run.stdout
    assert "No row has an MD5" not in run.stdout
    run = _demo("--input", str(rows), "--options", "md5=filehash user=account team=nothing prefix=x_")
    assert "bob" in run.stdout
    assert "CORP\\ann" not in run.stdout
    assert "OPTIONS names columns that no row has: team=nothing. The columns are: filehash, name" in run.stdout


def test_rows_with_sha_256_alone_are_answered(tmp_path: Path) -> None:
    """By a server that knows which MD5 it belongs to."""
    rows = tmp_path / "rows.csv"
    rows.write_text(f"sha256,username\n{'a' * 64},ann\n", encoding="utf-8")
    run = _demo("--input", str(rows))
    assert (run.returncode, "ann" in run.stdout) == (0, True)
    assert "1 distinct hash" in run.stdout
    assert "No row has an MD5" not in run.stdout


def test_learn_says_what_there_will_be_no_opinion_on(tmp_path: Path) -> None:
    """In the columns that OPTIONS names."""
    rows = tmp_path / "rows.csv"
    rows.write_text(f"md5,who,_time,exe\n{MD5},ann,1793606400,a.exe\n", encoding="utf-8")
    run = _demo("--input", str(rows), "--learn", str(rows), "--options", "user=who name=exe")
    assert "1 person, 0 team, 0 parent, 1 organisation" in run.stdout
    assert "In LEARN, no row names a team (team)" in run.stdout
    assert "In LEARN, no row names what started it" in run.stdout
    assert "In LEARN, 1 row with a time are too little" in run.stdout
    timeless = tmp_path / "timeless.csv"
    timeless.write_text("user,when\nann,now\n", encoding="utf-8")
    run = _demo("--input", str(rows), "--learn", str(timeless))
    assert (run.returncode, "Its columns are: user, when" in run.stderr) == (1, True)


def _try(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    files = ["--token-file", str(folder / "token"), "--input", str(folder / "rows.csv")]
    return _demo("--try", "--url", "https://127.0.0.1:1", *files, *arguments)


TOKENS = {
    "a BOM": TOKEN.encode("utf-8-sig"),
    "UTF-16": f"{TOKEN}\r\n".encode("utf-16"),
    "quotes": f'"{TOKEN}"\n'.encode(),
    "single quotes and blanks": f"\n  '{TOKEN}'  \r\n\n".encode(),
}


@pytest.mark.parametrize("content", TOKENS.values(), ids=TOKENS)
def test_a_token_is_read_as_editors_write_it(edr: EdrServer, tmp_path: Path, content: bytes) -> None:
    """So is the CA."""
    (tmp_path / "ca.pem").write_text(edr.trust_pem, encoding="utf-16")
    (tmp_path / "token").write_bytes(content)
    (tmp_path / "rows.csv").write_text(f"md5\n{MD5}\n", encoding="utf-8")
    run = _try(tmp_path, "--url", edr.url, "--ca", str(tmp_path / "ca.pem"))
    assert (run.returncode, "Carbon Black EDR 7.5.0" in run.stdout) == (0, True), run.stderr
    assert TOKEN not in run.stdout + run.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "token is empty: copy the token alone into it"),
        (b"\xef\xbb\xbf\n", "token is empty"),
        (f"{TOKEN}\n{TOKEN}\n".encode(), "token has 2 lines"),
        (f"token = {TOKEN}".encode(), "token holds a name before the token (name=token)"),
        (f"TOKEN={TOKEN}".encode(), "token holds a name before the token (name=token)"),
        (f"\u201c{TOKEN}\u201d".encode(), "token holds something else than a token"),
        (b'""', "token holds something else than a token"),
        (b"\xff\x00\xfa", "token is not text"),
    ],
)
def test_a_file_that_holds_no_token_is_named_and_nothing_of_it_is_shown(
    tmp_path: Path, content: bytes, words: str
) -> None:
    """Before the rows are read."""
    (tmp_path / "token").write_bytes(content)
    run = _try(tmp_path)
    assert (run.returncode, words in run.stderr) == (1, True), run.stderr
    assert TOKEN not in run.stdout + run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("given", [TOKEN, f"'{TOKEN}'", TOKEN * 200, f"/{TOKEN}", f"{TOKEN}\n{TOKEN}"])
def test_a_token_in_place_of_its_file_is_never_shown(tmp_path: Path, given: str) -> None:
    """Not even as the name of a file that there is not."""
    run = _try(tmp_path, "--token-file", given)
    assert run.returncode == 1
    assert "write the token into a file, and give that file's name, as in TOKEN_FILE=token.txt" in run.stderr
    assert TOKEN[:8] not in run.stdout + run.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "ca.pem is empty"),
        (b"\x30\x82\x03\xff", "ca.pem is not text: export it as PEM, or turn a DER one into it: openssl x509"),
        (b"hello", "ca.pem is no PEM certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "ca.pem is no PEM certificate"),
    ],
)
def test_a_ca_that_is_no_certificate_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    """An empty one would mean the public CAs."""
    (tmp_path / "token").write_text(TOKEN, encoding="ascii")
    (tmp_path / "ca.pem").write_bytes(content)
    run = _try(tmp_path, "--ca", str(tmp_path / "ca.pem"))
    assert (run.returncode, words in run.stderr) == (1, True), run.stderr
    run = _try(tmp_path, "--ca", "-----BEGIN CERTIFICATE-----\nAAAA")
    assert "CA is the certificate itself: write it into a file" in run.stderr


def _make(*words: str) -> str:
    command = ["make", "--dry-run", "demo", *words]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return next(line for line in run.stdout.splitlines() if "tests.lab.demo" in line)


def test_make_tells_what_is_set_to_nothing_from_what_is_not_set() -> None:
    """And hands on what it is given as it is: quotes, dollars and blanks; of what nobody reads the name alone."""
    assert "--input" not in _make()
    assert "--input=''" in _make("INPUT=")
    assert "--input='a b$c.csv'" in _make("INPUT=a b$c.csv")
    options = "md5=\"a b\" user='$(id)'"
    assert f"--options={options}" in shlex.split(_make(f"OPTIONS={options}"))
    said = _make("INPT=x", "TOKEN=secret")
    assert {"INPT", "TOKEN"} <= set(shlex.split(said)[-1].partition("=")[2].split())
    assert "secret" not in said


def _long_rows(path: Path, number: int) -> Path:
    line = "x" * 10_000
    with path.open("w", encoding="utf-8") as file:
        file.write("_time,md5,user,process_name,command\n")
        file.writelines(f"{1793606400 + row},{row % 7:032x},u{row % 9},a{row}.exe,{line}\n" for row in range(number))
    return path


def test_a_long_file_takes_no_more_memory_than_a_short_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows are sent, reported and written as they come, and how far it is is told to the end."""
    peaks = []
    output = tmp_path / "out.csv"
    for number in (200, 800):
        rows = str(_long_rows(tmp_path / f"{number}.csv", number))
        tracemalloc.start()
        run_demo(["--input", rows, "--learn", rows, "--output", str(output)], chunk=50)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        said = capsys.readouterr()
        told = said.err.splitlines()
        learnt = [f"  {done} of {number} rows" for done in range(100, number + 1, 100)]  # two peers, a chunk each
        searched = [f"  {done} of {number} rows" for done in range(50, number + 1, 50)]
        assert [line for line in told if " of " in line and "read" not in line] == [*learnt, *searched]
        assert told[-1] == searched[-1]
        assert told.count(f"  {number} rows of {number}.csv read (all)") == 2
        assert f"{number} rows written to {output}" in said.out
    assert "  500 rows of 800.csv read (6" in said.err
    assert peaks[1] < 1.5 * peaks[0], peaks  # four times as many rows
    with output.open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    assert [row["process_name"] for row in written] == [f"a{row}.exe" for row in range(800)]
    assert {row["signed"] for row in written} <= {"true", "false", "unknown"}


def test_the_simulator_holds_what_the_rows_under_way_need(site: Site, edr: EdrServer) -> None:
    """What is forgotten between two chunks changes no answer, and every request is counted."""
    rows: list[Row] = [{"md5": f"{number % 60 + 1:032x}", "process_name": "a.exe"} for number in range(120)]
    supply = Supply(site, edr, make_up, EventFields(), most=15)
    back: list[Row] = []
    held: list[int] = []

    def take(_: list[Row], after: list[Row]) -> None:
        back.extend(after)
        held.append(len(edr.estate.binaries.documents))
        supply.forget()

    result = site.stream(supply.follow(rows), take, chunk_size=10)
    assert result.rows == []
    made_up = [make_up(read_event(row, EventFields()).process) for row in rows]
    words = {"Signed": "true", "Unsigned": "false", None: "unknown"}
    assert [row["signed"] for row in back] == [words[one.result if one else None] for one in made_up]
    assert 0 < max(held) <= 25
    assert supply.requests == sum(edr.counts.values()) > len(edr.requests)
    assert len(site.splunkd.collections["cbsigned_verdicts"].find({})) <= 25


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    """After the rows have begun to come back."""
    full = tmp_path / "full.csv"
    full.symlink_to("/dev/full")
    (tmp_path / "rows.csv").write_text(f"md5\n{MD5}\n", encoding="utf-8")
    run = _demo("--input", str(tmp_path / "rows.csv"), "--output", str(full))
    assert (run.returncode, "full.csv cannot be written (No space left on device)" in run.stderr) == (1, True)
    assert "Traceback" not in run.stderr


def test_a_refusal_leaves_no_empty_result_behind(tmp_path: Path) -> None:
    """OUTPUT is tried, and not made, before there are rows."""
    output = tmp_path / "out.csv"
    assert _demo("--input", str(tmp_path / "nothing.csv"), "--output", str(output)).returncode == 1
    assert not output.exists()
