"""The changes that `make mutate` makes, by example."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutate.mutants import mutants_of
from tests.mutate.run import EQUIVALENT, equivalents


def _changes(tmp_path: Path, source: str) -> list[str]:
    path = tmp_path / "module.py"
    path.write_text(source, encoding="utf-8")
    mutants = list(mutants_of(path, tmp_path))
    for mutant in mutants:
        compile(mutant.source, "module.py", "exec")
        assert mutant.source != source
    return [mutant.name.removeprefix("module.py::") for mutant in mutants]


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        ("LIMIT = 5", ["LIMIT: 5 -> 6"]),
        ("LIMIT = 100_000", ["LIMIT: 100000 -> 200000"]),
        ("WEIGHT: float = 60.0", ["WEIGHT: 60.0 -> 90.0"]),
        ("LEAST = 0.0", ["LEAST: 0.0 -> 1.0"]),
        ("A = {5, B}", ["A: 5 -> 6"]),
        ("A = {5, 5}", ["A: 5 -> 6", "A: 5 -> 6 (number 2)"]),
        ("def f(a=True): pass", [": True -> False"]),
        ("def f(): return a < b", ["f: return a < b -> return None", "f: a < b -> a <= b"]),
        ("def f(): a = b or c", ["f: b or c -> b and c"]),
        ("def f(): a = -b", ["f: -b -> b"]),
        ("def f(): a = b // c % d", ["f: b // c % d -> b // c * d", "f: b // c -> b * c"]),
        ("def f(): a += b", ["f: a += b -> a -= b"]),
        ("def f(): a.b(c)", ["f: a.b(c) -> pass"]),
        ("def f(): raise a", ["f: raise a -> pass"]),
        ("def f():\n  for a in b:\n    break", ["f: break -> continue"]),
        ("def f():\n  if a: b = c", ["f: a -> not a"]),
        ("def f(): a = b if not c else d", ["f: not c -> c"]),
        ("def f(): a = [b for b in c if b]", ["f: b -> not b"]),
        ("class A:\n  def f(self): return 'x'", ["A.f: return 'x' -> return None"]),
        ("class A:\n  b = 2", ["A.b: 2 -> 3"]),
    ],
)
def test_one_thing_is_changed(tmp_path: Path, source: str, changes: list[str]) -> None:
    """And named by what it is in, so that lines above it do not matter."""
    assert _changes(tmp_path, source) == changes


@pytest.mark.parametrize(
    "source",
    [
        "from x import y",
        '"""Text 5."""',
        "def f(a: int | None) -> bool | None: ...",
        "a: int | None = None",
        "class A(Protocol):\n  def f(self): return 1",
        "@lru_cache(maxsize=8)\ndef f(): pass",
        "if TYPE_CHECKING:\n  A = 5",
        "def f(): logger.info('%d', 5)",
        "def f(): a = f'{b:.3f}'",
        "T = TypeVar('T', bound=5)",
        "def f(): return",
    ],
)
def test_what_no_test_could_notice_is_left_alone(tmp_path: Path, source: str) -> None:
    """Annotations, ports, logs, decorators, texts."""
    assert _changes(tmp_path, source) == []


def test_what_is_in_no_function_is_made_on_import(tmp_path: Path) -> None:
    """So every test of the module may notice, not those of its line alone."""
    path = tmp_path / "module.py"
    path.write_text("A = 1\ndef f(b=2):\n  return 3\n", encoding="utf-8")
    found = {mutant.before: (mutant.is_made_on_import, mutant.lines) for mutant in mutants_of(path, tmp_path)}
    assert found == {"1": (True, (1, 1)), "2": (True, (2, 2)), "return 3": (False, (3, 3)), "3": (False, (3, 3))}


def test_the_place_is_right_whatever_letters_are_before_it(tmp_path: Path) -> None:
    """Python tells places in bytes."""
    path = tmp_path / "module.py"
    path.write_text("A = 'ünïcode', 1\n", encoding="utf-8")
    (mutant,) = mutants_of(path, tmp_path)
    assert mutant.source == "A = 'ünïcode', (2)\n"


def test_what_is_excused_has_a_reason() -> None:
    """A line with the change, one with why it changes nothing; `make mutate` says if there is no such change."""
    excused = equivalents()
    assert EQUIVALENT.read_text(encoding="utf-8").count(" -> ") == len(excused) > 0
    assert all(len(reason) > 20 for reason in excused.values())
