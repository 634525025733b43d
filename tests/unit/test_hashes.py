"""Reading an MD5 out of whatever a field holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbverdict.verdicts.hashes import Odd, has_any_hash, parse_md5, read_md5

MD5 = "578bab56836a3fe455ffc7883041825b"
SHA256 = "8ffc7f80efbf746e49f37ea3d140f042cf71ef20b4da2a8f02688e79295da11d"
IMPHASH = "f34d5f2d4577ed6d9ceec516c1f5a744"


@pytest.mark.parametrize(
    "value",
    [
        MD5,
        MD5.upper(),
        f"  {MD5}  ",
        f"MD5={MD5},SHA256={SHA256}",
        f"SHA1=da39a3ee5e6b4b0d3255bfef95601890afd80709,MD5={MD5.upper()},SHA256={SHA256},IMPHASH={IMPHASH}",
        f"IMPHASH={IMPHASH},MD5={MD5}",
        f"md5:{MD5}",
        f"{SHA256}\n{MD5}",
        [SHA256, MD5],
        [MD5, SHA256],
        [f"SHA256={SHA256}", f"MD5={MD5}"],
        f'"{MD5}"',
    ],
)
def test_an_md5_is_found_in_every_form_that_real_rows_have(value: str | list[str]) -> None:
    """Bare, labelled, among other hashes, multivalue, upper case."""
    assert parse_md5(value) == MD5


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        [],
        " ",
        "0" * 30,
        "0" * 32,
        ["0" * 32, SHA256],
        SHA256,
        f"SHA256={SHA256}",
        f"IMPHASH={IMPHASH}",
        f"IMPHASH: {IMPHASH}",
        f"IMPHASH = {IMPHASH}",
        f"SHA256={SHA256},IMPHASH={IMPHASH}",
        "MD5=" + "0" * 32,
        MD5[:-1],
        MD5 + "0",
        "(unknown)",
        "g" * 32,
        "\u0661" * 32,
        [MD5, IMPHASH],
        f"MD5={MD5},MD5={IMPHASH}",
    ],
)
def test_what_is_no_md5_is_no_hash(value: str | list[str] | None) -> None:
    """Empty, junk, zeros of any length, other hashes: an IMPHASH has 32 digits too and is none."""
    assert parse_md5(value) is None


def test_the_same_hash_twice_is_one() -> None:
    """In two spellings, say."""
    assert parse_md5([MD5, MD5.upper()]) == MD5


@pytest.mark.parametrize(
    "beside", [IMPHASH, f"MD5={'0' * 32}", "MD5=abc1", "unknown", f"SHA1={'1' * 40} SHA1={'2' * 40}"]
)
def test_nothing_in_one_text_may_be_of_another_file(beside: str) -> None:
    """What was joined (`mvjoin`) is as little one file as it was before, labelled or not."""
    assert read_md5(f"MD5={MD5} {beside}") is Odd.SEVERAL
    assert read_md5(f"{beside},MD5={MD5}") is Odd.SEVERAL


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028"])
@pytest.mark.parametrize("other", [IMPHASH, "unknown", f"MD5={'0' * 32}", f"{'1' * 40}{{end}}{'2' * 40}"])
def test_lines_of_a_text_are_values(other: str, end: str) -> None:
    """Which were joined (`nomv`); an md5 with its sha256 below it is one file."""
    assert read_md5(f"MD5={MD5}{end}{other.format(end=end)}") is Odd.SEVERAL
    assert read_md5(f"MD5={MD5.upper()}{end}SHA256={'A' * 64}{end}IMPHASH={'0' * 32}{end}") == MD5
    assert read_md5(f"IMPHASH:{end}{MD5}") is None
    assert read_md5(f'{{{end}"md5": "{MD5}",{end}"sha256": "{"a" * 64}"{end}}}') == MD5


@pytest.mark.parametrize(
    "text", ["1" * 40, f"SHA1={'1' * 40},IMPHASH={IMPHASH}", f"IMPHASH={IMPHASH}", ["x", "2" * 128]]
)
def test_a_hash_of_any_kind_is_seen(text: str | list[str]) -> None:
    """Zeros and words are none."""
    assert has_any_hash(text)
    assert not has_any_hash([*(["-"] if isinstance(text, str) else text[:1]), "0" * 40, "unknown"])


@given(st.text())
def test_no_text_makes_it_fail_and_every_answer_is_a_hash(text: str) -> None:
    """Whatever comes in, what goes out is 32 hex digits or nothing."""
    md5 = parse_md5(text)
    assert md5 is None or (len(md5) == 32 and set(md5) <= set("0123456789abcdef") and md5.strip("0"))


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([MD5, f"MD5={IMPHASH}"], Odd.SEVERAL),
        ([f"MD5={MD5}", f"MD5={IMPHASH}"], Odd.SEVERAL),
        ([MD5, IMPHASH], Odd.SEVERAL),
        (MD5[:-1], Odd.JUNK),
        ("b" * 31, Odd.JUNK),
        (f"{MD5} ={IMPHASH}", Odd.JUNK),
        ([MD5, MD5.upper(), f"MD5={MD5}"], MD5),
        ([MD5, SHA256, "SHA1=" + "d" * 40, f"IMPHASH={IMPHASH}"], MD5),
        ([MD5, "d" * 40, "e" * 64, "c" * 96, "f" * 128], MD5),  # SHA-1, SHA-256, SHA-384 and SHA-512
        ([MD5, SHA256, "0" * 32], Odd.SEVERAL),  # what has no hash of its own is another file
        ([MD5, "unknown"], Odd.SEVERAL),
        (f"{MD5}\nunknown", Odd.SEVERAL),  # the same, made one text
        (f"{MD5};(unknown)", Odd.SEVERAL),
        (f"{MD5},{'0' * 32}", Odd.SEVERAL),
        (f"MD5={MD5},SHA256=unknown,IMPHASH={'0' * 32}", MD5),
        ([MD5, ""], Odd.SEVERAL),
        ([MD5, SHA256, "e" * 64], Odd.SEVERAL),
        (["0" * 32, "-", SHA256], None),
        (f'{{"MD5":"{MD5}","SHA256":"{SHA256}"}}', MD5),
        (f"[MD5]{MD5}", MD5),
        (f"0x{MD5}", MD5),
        (f"md5sum={MD5}", MD5),
        (SHA256, None),
        (f"SHA256={SHA256}", None),
        ("0" * 32, None),
        ("(unknown)", None),
        ("N/A", None),
        ("", None),
        (None, None),
    ],
)
def test_what_says_something_that_is_no_one_hash_is_told_from_nothing(value: Any, found: Any) -> None:
    """Another field may answer for nothing, and for nothing else: who writes that one would choose the hash."""
    assert read_md5(value) == found
