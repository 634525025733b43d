"""Query text: what is sent, and that no process name can change what it means."""

from __future__ import annotations

import io
from contextlib import redirect_stderr
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

with redirect_stderr(io.StringIO()):  # ply tells on standard error that it makes its tables
    from luqum import tree
    from luqum.parser import parser

from cbverdict.carbonblack.edr.query import (
    binary_query,
    joint_query,
    literal,
    paired_joint_query,
    processes_query,
    published_query,
    published_query_string,
    since_query,
)
from cbverdict.verdicts.hashes import Md5

A, B = Md5("a" * 32), Md5("b" * 32)
SIGNED = 'digsig_result:"Signed"'


def test_the_joint_query_of_one_hash_is_the_known_one() -> None:
    """Hash and clause side by side."""
    assert joint_query([A], SIGNED) == f"process_md5:{A} {SIGNED}"


def test_the_joint_query_of_several_hashes_groups_them_before_the_clause() -> None:
    """Without the parentheses the clause would belong to the last hash only."""
    assert joint_query([A, B], SIGNED) == f"(process_md5:{A} OR process_md5:{B}) {SIGNED}"


def test_each_hash_may_have_a_clause_of_its_own() -> None:
    """Clauses that turn on the name are asked in pairs."""
    query = paired_joint_query({A: "digsig_prog_name:a.exe", B: 'digsig_prog_name:"b c"'})
    assert query == f'(process_md5:{A} digsig_prog_name:a.exe) OR (process_md5:{B} digsig_prog_name:"b c")'


def test_the_binary_query_names_the_hashes() -> None:
    """One document per hash comes back."""
    assert binary_query([A, B]) == f"md5:{A} OR md5:{B}"


def test_the_published_request_is_written_byte_for_byte() -> None:
    """rows=1, start=0, an empty sort, blanks as %20."""
    expected = f"q=process_md5%3A{A}%20digsig_prog_name%3Asvchost.exe&rows=1&start=0&sort="
    assert published_query_string(A, "svchost.exe") == expected


def test_the_published_request_quotes_a_name_that_needs_it() -> None:
    """A name with a blank would otherwise ask for two things."""
    assert published_query(A, "my tool.exe") == f'process_md5:{A} digsig_prog_name:"my tool.exe"'


@pytest.mark.parametrize("name", ["svchost.exe", "git", "7z.exe", "a-b_c.1.exe", "OUTLOOK.EXE", "x.y.z"])
def test_a_plain_name_needs_no_quotes(name: str) -> None:
    """The published form stays as published."""
    assert literal(name) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("my tool.exe", '"my tool.exe"'),
        ("-system.exe", '"-system.exe"'),
        ("a(1).exe", '"a(1).exe"'),
        ('say "hi".exe', '"say \\"hi\\".exe"'),
        ("odd\\name", '"odd\\\\name"'),
        ("or", '"or"'),
        ("NOT", '"NOT"'),
        ("ünï.exe", '"ünï.exe"'),
        ("a:b", '"a:b"'),
        ("*", '"*"'),
        ("", '""'),
        ("a\nb\x00c", '"a b c"'),
    ],
)
def test_everything_else_is_quoted_and_escaped(name: str, expected: str) -> None:
    """Operators, blanks, quotes, parentheses, wildcards, a leading minus, non-ASCII."""
    assert literal(name) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", "at:[2026-11-02T07:00:00 TO *]"), ("a OR b", "(a OR b) at:[2026-11-02T07:00:00 TO *]")],
)
def test_a_page_is_asked_for_by_the_servers_time(query: str, expected: str) -> None:
    """And by the admin's query, in brackets of its own."""
    assert since_query(query, "at", "2026-11-02T07:00:00") == expected


def test_processes_are_asked_for_by_their_ids() -> None:
    """Each as one literal term."""
    assert processes_query(["00000001-0000-0002-01d5-000000000002", 'a"b']) == (
        'process_id:00000001-0000-0002-01d5-000000000002 OR process_id:"a\\"b"'
    )


HOSTILE = st.one_of(st.text(max_size=40), st.text(alphabet=' "\\():-+*?[]{}~^!&|/\tORANDNOT', max_size=30))


@given(HOSTILE)
@example('" OR digsig_result:"Signed')
@example('\\" OR process_md5:*')
@example(") OR (md5:*")
def test_no_process_name_can_change_the_meaning_of_a_query(name: str) -> None:
    """luqum, which knows nothing of our escaping, sees hash AND one term with just that name in it."""
    parsed = parser.parse(published_query(A, name))
    assert isinstance(parsed, tree.UnknownOperation)
    md5, program = parsed.children
    assert (md5.name, str(md5.expr).strip()) == ("process_md5", A)
    assert program.name == "digsig_prog_name"
    assert isinstance(program.expr, (tree.Word, tree.Phrase))
    text = program.expr.value
    if isinstance(program.expr, tree.Phrase):
        text = text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    assert "".join(text.split()) == "".join(
        "".join(" " if _is_control(character) else character for character in name).split()
    )


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_the_query_string_decodes_to_the_query(name: str) -> None:
    """What the server decodes is what was meant."""
    assert dict(parse_qsl(published_query_string(A, name), keep_blank_values=True)) == {
        "q": published_query(A, name),
        "rows": "1",
        "start": "0",
        "sort": "",
    }


def _is_control(character: str) -> bool:
    code = ord(character)
    return code < 32 or 127 <= code < 160 or code in {0x2028, 0x2029} or 0xD800 <= code < 0xE000
