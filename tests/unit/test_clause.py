"""The clause: what may be a setting, and that a name in it stays one term."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbverdict.carbonblack.edr.clause import Clause
from cbverdict.errors import SetupError
from cbverdict.settings.verdicts import CLAUSE_PRESETS
from tests.lab.edr.search import BINARY_FIELDS, Index, Search


def test_the_default_clause_is_the_same_for_every_process() -> None:
    """So it is asked once per hash, whatever the processes are called."""
    clause = Clause(CLAUSE_PRESETS["digsig_result"])
    assert (clause.render(), clause.is_per_process, clause.needs_name) == ('digsig_result:"Signed"', False, False)


def test_the_program_name_preset_is_asked_per_process() -> None:
    """With the name as one quoted term."""
    clause = Clause(CLAUSE_PRESETS["digsig_prog_name"])
    assert clause.render("a" * 32, "my tool.exe") == 'digsig_prog_name:"my tool.exe"'
    assert (clause.is_per_process, clause.needs_name) == (True, True)


def test_a_clause_of_several_terms_is_kept_together() -> None:
    """An OR in it must not reach the hashes."""
    text = 'digsig_result:"Signed" OR digsig_publisher:"Example Corp"'
    assert Clause(text).render() == f"({text})"


@pytest.mark.parametrize(
    "text",
    [
        'digsig_publisher:Microsoft -digsig_result:"Bad Signature"',
        "digsig_issuer:VeriSign AND (digsig_subject:Google OR digsig_publisher:Google*)",
        "digsig_sign_time:[2020-01-01T00:00:00 TO *]",
        "{% if process_name %}digsig_prog_name:{{ process_name|lower }}{% endif %}",
        "{% if md5|length == 32 %}digsig_result:Signed{% endif %}",
    ],
)
def test_all_six_signature_fields_may_be_used(text: str) -> None:
    """With the vendor's operators, and Jinja's."""
    assert Clause(text).render("a" * 32, "x.exe")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "Signed",
        "process_name:evil.exe",
        'digsig_result:"Signed',
        "(digsig_result:Signed",
        "digsig_result:Signed) OR (digsig_result:Unsigned",
        "digsig_result:Signed) OR (",
        'digsig_prog_name:"{{ process_name }}"',
        "digsig_prog_name:{{ nothing }}",
        "digsig_prog_name:{{ process_name",
        "digsig_prog_name:{{ process_name.__class__.__mro__ }}",
        "{{ process_name }}",
        "OR",
        "digsig_result:Signed OR",
        "OR digsig_result:Signed",
        "digsig_result:Signed AND AND digsig_result:Signed",
        "digsig_result:Signed ()",
        "digsig_result:Signed NOT",
        "{{ 1/0 }}",
        "{{ process_name + 1 }}",
    ],
)
def test_what_could_not_work_is_refused_when_it_is_read(text: str) -> None:
    """Unknown fields and variables, quotes and parentheses that do not pair, a way out of the sandbox."""
    with pytest.raises(SetupError, match="clause"):
        Clause(text)


def test_a_template_that_makes_no_clause_of_a_process_is_refused_for_that_process() -> None:
    """The probe cannot see every branch."""
    clause = Clause("{% if process_name|length > 5 %}digsig_result:Signed{% endif %}")
    assert clause.render("a" * 32, "long-enough.exe") == "digsig_result:Signed"
    with pytest.raises(SetupError, match="has no term"):
        clause.render("a" * 32, "a.exe")


@pytest.mark.parametrize(
    ("text", "proves"),
    [
        ('digsig_result:"Signed"', True),
        ("digsig_publisher:Microsoft digsig_result:Signed", True),
        ("digsig_prog_name:{{ process_name }}", False),
        ("digsig_result:Signed OR digsig_publisher:Microsoft", False),
        ("-digsig_result:Signed", False),
        ("(digsig_result:Signed)", False),
        ('digsig_result:"Bad Signature"', False),
    ],
)
def test_only_a_clause_that_demands_signed_proves_it(text: str, proves: bool) -> None:  # noqa: FBT001 - a column
    """A tampered binary keeps its program name and publisher."""
    assert Clause(text).proves_signed is proves


NAMES = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=30)


@given(NAMES)
def test_no_name_gets_out_of_its_term(name: str) -> None:
    """Evaluated by the simulator: the clause finds no more than documents that carry the name's own words."""
    binaries = Index(BINARY_FIELDS, ("digsig_prog_name",))
    binaries.add({"md5": "a" * 32, "digsig_prog_name": "zzz", "digsig_result": "Signed"})
    found, terms = Search(binaries).run(Clause(CLAUSE_PRESETS["digsig_prog_name"]).render("a" * 32, name))
    assert len(terms) == 1
    assert not found or "zzz" in name.lower()
