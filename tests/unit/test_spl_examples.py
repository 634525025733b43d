"""The interpreter of SPL against documented examples; see `tests.lab.spl.examples`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.lab.spl.examples import Example, read_examples

ANSWER = {
    "id": "x",
    "quality": "documented",
    "spl": "| eval b=a+1",
    "input": [{"a": "1"}],
    "output": [{"a": "1", "b": "2"}],
}


def test_every_documented_example_comes_out_as_it_is_written(recorded: Path) -> None:
    """And those that were inferred or seen by a user as well."""
    examples = read_examples(recorded / "spl_examples.jsonl")
    assert [f"{example.name}: {example.difference()}" for example in examples if example.difference()] == []
    assert Counter(example.quality for example in examples)["documented"] >= 292


def test_an_example_that_differs_is_told() -> None:
    """Another value, another order, rows too few, and an error that is none."""
    assert Example(ANSWER).difference() == ""
    assert "gives" in Example({**ANSWER, "output": [{"a": "1", "b": "3"}]}).difference()
    assert "gives" in Example({**ANSWER, "output": {"unordered": []}}).difference()
    assert "should fail" in Example({**ANSWER, "output": {"error": True}}).difference()
    assert "failed" in Example({**ANSWER, "spl": "| evil b=a+1"}).difference()
    assert "columns" in Example({**ANSWER, "fields": ["b", "a"]}).difference()
