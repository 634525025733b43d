"""The lookups: whether each is there for other apps, and whether its rows can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator

from cbverdict.checks.finding import Finding, failure, fine, warning
from cbverdict.splunkd.lookup_files import LOOKUPS as LOOKUP_FILES
from cbverdict.splunkd.lookup_files import read_lists

if TYPE_CHECKING:
    from pathlib import Path

    from cbverdict.splunkd.entries import Entries

LOOKUPS = (
    "cbsigned_verdicts",
    "cbsigned_known",
    "cbsigned_reasons",
    "cbsigned_teams",
    "cbsigned_holidays",
    "cbsigned_expected",
    "cbsigned_tools",
    "cbsigned_publishers",
    "cbsigned_parents",
    "cbsigned_searches",
    "cbsigned_exclusions",
    "cbsigned_baselines",
)


def check_lookups(entries: Entries) -> Iterator[Finding]:
    """Check that splunkd knows every lookup, and shares it with all apps."""
    found = {name: entries.find(f"configs/conf-transforms/{name}") for name in LOOKUPS}
    missing = [name for name, entry in found.items() if entry is None]
    private = [name for name, entry in found.items() if entry and entry.acl.get("sharing") != "global"]
    if missing or private:
        words = [f"not there: {', '.join(missing)}"] * bool(missing)
        words += [f"of this app alone: {', '.join(private)}"] * bool(private)
        yield failure(
            "lookups",
            "; ".join(words),
            "Take [transforms] out of metadata/local.meta of the app; if one is not there, install the package anew.",
        )
    else:
        yield fine("lookups", f"{len(found)}, shared with all apps")


def check_lists(folder: Path = LOOKUP_FILES) -> Iterator[Finding]:
    """Check the rows of the lists, the shipped ones and your own."""
    problems = read_lists(folder).problems
    if problems:
        yield warning(
            "lists",
            "; ".join(problems),
            "Correct the file in lookups/ of the app: what cannot be read is left out. Without all teams, "
            "tools, publishers and parents no row is dropped.",
        )
    else:
        yield fine("lists", "teams, holidays, expected processes, tools and publishers can be read")
