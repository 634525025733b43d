"""`make demo` and `make try` as a newcomer runs them."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.company import Company
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.rows import InputError, read_rows
from tests.lab.site import ROOT

MD5 = "578bab56836a3fe455ffc7883041825b"


def _demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.lab.demo", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_demo_shows_what_is_dropped_what_is_left_and_why() -> None:
    """And agrees with the company's own books."""
    company = Company()
    run = _demo()
    assert run.returncode == 0, run.stderr
    assert f"{len(company.rows)} rows came back" in run.stdout
    assert "bad_signature" in run.stdout
    assert "2 requests to Carbon Black" in run.stdout
    for incident in company.incidents:
        assert incident.label in run.stdout
    for label in ("an unsigned dropper", "a signed tool started by the dropper", "a tampered signature"):
        assert f"{label:52} kept" in run.stdout


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
    (["--options", "method=guess"], "the command refused OPTIONS=method=guess"),
]


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
