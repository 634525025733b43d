"""What an input's query is checked for before it is saved."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from cbverdict.errors import SetupError, StoreError, TimedOutError, advice
from cbverdict.inputs.advice import in_input_words
from cbverdict.inputs.arguments import InputArguments
from cbverdict.inputs.validation import check_query, estimate
from tests.unit.input_ports import NOW, FakeReader

BEGIN = "2026-11-01T08:00:00"


@dataclass
class Counts(FakeReader):
    """A server that finds so many rows from a time on, and reads a query so."""

    by_since: dict[str, int] = field(default_factory=dict)
    understood: list[str] = field(default_factory=list)

    def count(self, since: str, until: str) -> int:
        """Return what there is."""
        assert until == ""
        return self.by_since.get(since, 0)

    def terms(self) -> list[str]:
        """Return what it reads."""
        return self.understood


def _check(query: str, found: dict[str, int], terms: list[str]) -> None:
    readers = {True: Counts(by_since={BEGIN: 34_884}), False: Counts(by_since=found, understood=terms)}
    check_query(lambda given: readers[given.query == ""], InputArguments(query=query), BEGIN)


def test_a_query_that_finds_nothing_is_asked_about() -> None:
    """With how many rows there are, and what the server read; one that found something before is none."""
    with pytest.raises(SetupError) as error:
        _check("os_type:window", {}, ["os_type:window"])
    assert str(error.value).startswith(
        f"query matches 0 of 34,884 rows since {BEGIN}Z, and none before: is it meant? Carbon Black read os_type:window"
    )
    _check("os_type:windows", {BEGIN: 1}, ["os_type:windows"])
    _check("os_type:linux", {"1970-01-08T00:00:00": 1}, ["os_type:linux"])
    _check("", {}, [])


def test_a_field_that_the_server_does_not_know_is_named() -> None:
    """Its own list of terms tells; what is documented is a field, though the list leaves it out."""
    with pytest.raises(SetupError, match="query names nosuch, which Carbon Black does not know as a field"):
        _check("nosuch:x os_type:windows", {BEGIN: 5}, ["nosuch", "x", "os_type:windows"])
    _check("-process_name:a.exe newer:y", {BEGIN: 5}, ["newer:y"])
    _check('cmdline:"nosuch:x"', {BEGIN: 5}, ['cmdline:"nosuch:x"'])


def test_an_estimate_counts_a_day() -> None:
    """Of rows that are found, and of all."""
    since = "2026-11-01T08:00:00"
    readers = {True: Counts(by_since={since: 100_000}), False: Counts(by_since={since: 20_000})}
    found = estimate(lambda given: readers[given.query == ""], InputArguments(query="a:b"), NOW)
    assert (found.rows, found.all_rows, found.megabytes) == (20_000, 100_000, 23.0)


@pytest.mark.parametrize("kind", [StoreError, TimedOutError])
def test_advice_is_for_who_runs_an_input(kind: type[StoreError | TimedOutError]) -> None:
    """Not for who searches."""
    words = in_input_words(kind(f"something failed. {advice(kind)}"))
    assert words.startswith("something failed. ")
    assert advice(kind) not in words
    assert "the input" in words.lower()
    for word in ("a search", "timeout="):
        assert word not in words
