"""Files of rows as they are really written, and what is said of those that are no such files."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from tests.lab.rows import InputError, RowFile, read_rows

MD5 = "578bab56836a3fe455ffc7883041825b"
TEXT = f"md5,user\n{MD5},jörg\n"
ROW = {"md5": MD5, "user": "jörg"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", TEXT.encode()),
        ("rows.csv", TEXT.encode("utf-8-sig")),
        ("rows.csv", TEXT.encode("utf-16")),
        ("rows.csv", TEXT.encode("utf-16-le")),
        ("rows.csv", TEXT.encode("utf-16-be")),
        ("rows.csv", TEXT.encode("utf-32")),
        ("rows.csv", b"#TYPE System.Object\r\n" + TEXT.encode()),
        ("rows.csv", b"\r\n\n" + TEXT.encode()),
        ("ROWS.CSV", TEXT.replace(",", " ,").encode().replace(MD5.encode() + b" ", MD5.encode())),
        ("rows.csv", b"sep=;\r\n" + TEXT.replace(",", ";").encode()),
        ("rows.csv", TEXT.replace(",", ";").encode()),
        ("rows.csv", TEXT.replace(",", "\t").encode("utf-16")),
        ("rows.tsv", TEXT.replace(",", "\t").encode()),
        ("rows.csv", TEXT.replace(",", "|").encode()),
        ("rows.csv.gz", gzip.compress(TEXT.encode(), mtime=0)),
        ("rows.csv", gzip.compress(TEXT.encode("utf-16"), mtime=0)),
        ("rows.jsonl", f'{{"md5": "{MD5}", "user": "jörg"}}'.encode("utf-16")),
        ("rows.json.gz", gzip.compress(f'{{"result": {{"md5": "{MD5}", "user": "jörg"}}}}\n'.encode(), mtime=0)),
    ],
)
def test_rows_are_read_whoever_wrote_them(tmp_path: Path, name: str, content: bytes) -> None:
    """Excel, PowerShell, a database, Splunk: in their encodings, with their separators, compressed or not."""
    path = tmp_path / name
    path.write_bytes(content)
    assert list(read_rows(path)) == [ROW]


@pytest.mark.parametrize(
    ("separator", "word"), [(",", ""), (";", "by semicolons"), ("\t", "by tabs"), ("|", "by bars")]
)
def test_a_separator_that_was_found_is_told(tmp_path: Path, separator: str, word: str) -> None:
    """Once, and not for a comma, which everybody expects."""
    path = tmp_path / "rows.csv"
    path.write_text(f'md5{separator}user{separator}command\nx{separator}ann{separator}"a,b;c|d"\n', encoding="utf-8")
    said: list[str] = []
    for _ in RowFile(path, said.append):
        pass
    assert len(said) == bool(word)
    assert all(word in sentence and str(path) in sentence for sentence in said)


def test_a_name_with_another_separator_in_it_does_not_mislead(tmp_path: Path) -> None:
    """What gives the names that are read counts."""
    path = tmp_path / "rows.csv"
    path.write_text('"user, or who";md5;"a,b,c"\nann;x;1,5\n', encoding="utf-8")
    assert list(read_rows(path)) == [{"user, or who": "ann", "md5": "x", "a,b,c": "1,5"}]
    path.write_text("md5,user;who|whom\nx,ann\n", encoding="utf-8")
    assert list(read_rows(path)) == [{"md5": "x", "user;who|whom": "ann"}]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (f"{MD5},ann", "column 1 of its first line is a hash"),
        (f"ann;{'A' * 64}", "column 2 of its first line is a hash"),
        (f'ann,"MD5={MD5},SHA256={"b" * 64}"', "a hash"),
        ("0123456789abcdef0123456789abcdef01234567", "a hash"),
        ("user,2026-03-02 02:00:00.000 GMT", "a time"),
        ("2026-03-02T02:00:00+01:00,ann,x", "a time"),
        ("02.03.2026 02:00,ann", "a time"),
        ("ann,1793606400.25", "a time"),
        ("ann|C:\\Windows\\explorer.exe", "a path or an account"),
        ("CORP\\ann,5", "a path or an account"),
        ("x,/usr/bin/python3", "a path or an account"),
        ("ann@corp.example,x", "an address"),
        ("10.0.0.7,x", "an address"),
        ("{01234567-89ab-cdef-0123-456789abcdef},x", "an id"),
        ("ann,notepad.exe,explorer", "a program"),
        ("ann,5", "a number"),
        ("ann,true", "true or false"),
    ],
)
def test_a_first_row_is_not_taken_for_a_header(tmp_path: Path, line: str, what: str) -> None:
    """What is no name of a field is no header, and is not shown, for it may be a secret."""
    path = tmp_path / "rows.csv"
    path.write_text(f"{line}\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match="has no header") as caught:
        list(read_rows(path))
    assert what in str(caught.value)
    assert "Put a line with the names of the columns first" in str(caught.value)
    assert not any(len(cell) > 4 and cell in str(caught.value) for cell in line.replace(";", ",").split(","))


@pytest.mark.parametrize(
    "header", ["md5,2026-03-02,5", "Process Name,SHA256,Device (10)", "_time,process.hash.md5,foo{}.bar", "who"]
)
def test_names_are_taken_for_names(tmp_path: Path, header: str) -> None:
    """Also odd ones."""
    path = tmp_path / "rows.csv"
    path.write_text(f"{header}\na\n", encoding="utf-8")
    assert list(next(read_rows(path))) == header.split(",")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("rows.csv", b"md5,,user\n", "column 2 of the header has no name: name it"),
        ("rows.csv", b"md5,user,\n", "column 3 of the header has no name"),
        ("rows.csv", b"md5,md5 ,user,user\n", "names md5, user twice: rename"),
        ("rows.csv", b"\n \n", "is empty"),
        ("rows.csv", "".encode("utf-8-sig"), "is empty"),
        ("rows.csv", b'{"md5": "x"}\n', "holds JSON, no CSV"),
        ("rows.csv", b"<html>", "holds XML or HTML"),
        ("rows.csv", b"PK\x03\x04....", "a ZIP archive or an Excel workbook"),
        ("rows.csv", b'md5,user\nx,"ann\nx,bob\n', "unexpected end of data, line 3"),
        ("rows.csv", b"md5\n" + b"x\n" * 9000 + b"\xff\n", "not UTF-8 or UTF-16 (line 9002): save it as UTF-8"),
        ("rows.csv", TEXT.encode("utf-16")[:-1], "is not whole UTF-16"),
        ("rows.csv.gz", gzip.compress(TEXT.encode(), mtime=0)[:-12], "cut short or damaged"),
        ("rows.csv.gz", b"\x1f\x8b not", "cut short or damaged"),
        ("rows.csv", b"md5" * 400_000, "its first line has no end"),
        ("rows.xlsx", b"x", "neither .csv nor .jsonl"),
        ("rows.gz", b"x", "neither .csv nor .jsonl"),
        ("rows.jsonl", b"md5,user\n", "line 1: not a JSON object"),
        ("rows.json", b'{"preview": false, "results": [{"md5": "x"}]}', "write one event a line (jq -c '.results[]')"),
        ("rows.jsonl", b"[" * 100_000, "line 1: not a JSON object"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_to_do(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    """Nothing is guessed, and no row is lost silently."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        list(read_rows(path))
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_folder_is_no_file_and_its_files_are_named(tmp_path: Path) -> None:
    """As many as help."""
    for name in ("d.csv", "b.jsonl", "c.csv", "a.txt", "e.csv"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"is a folder: give one of the files in it, such as b.jsonl, c.csv, d.csv$"):
        RowFile(tmp_path)
    with pytest.raises(InputError, match="is no ordinary file"):
        RowFile(Path("/dev/null"))


def test_the_share_that_is_read_grows(tmp_path: Path) -> None:
    """From nothing to all, compressed or not."""
    for name, write in (("rows.csv", bytes), ("rows.csv.gz", gzip.compress)):
        path = tmp_path / name
        path.write_bytes(write(b"md5\n" + os.urandom(1_000_000).hex("\n", 16).encode()))
        rows = RowFile(path)
        shares = [rows.share for _ in rows]
        assert 0 < shares[0] < 0.9 < shares[-1] <= 1
        assert shares == sorted(shares)
        assert rows.share == 1


def test_a_line_with_too_few_values_is_named(tmp_path: Path) -> None:
    """Once for a file; the rows are read all the same."""
    path = tmp_path / "rows.csv"
    path.write_text("md5,user,team\nx,ann,hr\ny,bob\nz,eve\n", encoding="utf-8")
    said: list[str] = []
    assert [row["team"] for row in RowFile(path, said.append)] == ["hr", "", ""]
    assert len(said) == 1
    assert "line 3 has 2 of 3 values" in said[0]
