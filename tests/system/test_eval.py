"""What the scores must find on real recordings, learnt on a part of them; `make eval` shows all of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.eval import hours, processes, teams
from tests.eval.metrics import Detection
from tests.lab.manual import Page
from tests.lab.site import ROOT


def test_hours_find_more_than_the_simple_rules(recorded: Path) -> None:
    """Where people's own later events are moved by 8 to 16 hours."""
    detections = hours.detect(recorded / "activity.csv")
    ours = detections.pop("cbsigned")
    assert ours.auc() >= 0.845
    assert ours.found_at(0.01) >= 0.355
    assert all(ours.auc() > simple.auc() for simple in detections.values())


def test_teams_find_three_times_what_rarity_finds(recorded: Path) -> None:
    """Where somebody uses the tool of somebody from another team."""
    detections = teams.detect(recorded / "peers.csv")
    ours = detections["cbsigned"]
    assert ours.auc() >= 0.87
    assert ours.found_at(0.01) >= 0.34 > 3 * detections["backed-off rarity"].found_at(0.01) > 0
    assert ours.share_of_own_from(20) <= 0.022
    assert ours.share_of_own_from(30) <= 0.0075


@pytest.mark.parametrize("learns_first", [True, False])
def test_real_starts_that_are_signed_are_noise_and_nothing_else_is(recorded: Path, *, learns_first: bool) -> None:
    """At least nine in ten outside the list of tools to live off, learnt on either half of them."""
    result = processes.score(recorded / "process_events.csv", recorded / "signatures.csv", learns_first=learns_first)
    dropped, rows = result.dropped("true", is_tool=False)
    assert dropped >= 0.9 * rows > 300
    for signed in ("false", "unknown"):
        assert result.dropped(signed, is_tool=False)[0] + result.dropped(signed, is_tool=True)[0] == 0


def test_the_measures_are_those_of_the_field() -> None:
    """Ties count half; what reaches the threshold of the false alarms does not count."""
    detection = Detection([0.0, 1.0, 2.0, 3.0], [1.0, 3.0, 4.0])
    assert detection.auc() == pytest.approx((1.5 + 3.5 + 4) / 12)
    assert detection.found_at(0.25) == pytest.approx(1 / 3)
    alarms, found = detection.curve()
    assert alarms == [0.0, 0.0, 0.25, 0.5, 0.75, 1.0]
    assert found == pytest.approx([0, 1 / 3, 2 / 3, 2 / 3, 1, 1])
    assert detection.share_of_own_from(2) == pytest.approx(0.5)
    assert detection.share_of_attacks_from(4) == pytest.approx(1 / 3)


def test_the_tables_of_the_manual_are_what_the_data_gives(recorded: Path) -> None:
    """Every figure of docs/accuracy.md that comes from a detection."""
    path = ROOT / "docs" / "accuracy.md"
    page = Page(path, path.read_text(encoding="utf-8"))
    by_hour, by_tool = hours.detect(recorded / "activity.csv"), teams.detect(recorded / "peers.csv")
    measured = [(one.auc(), one.found_at(0.01)) for one in (*by_hour.values(), *by_tool.values())]
    told = [
        tuple(map(float, pair))
        for pair in re.findall(r"\| \**(0\.\d\d)\** \| \**(0\.\d\d)\** \|$", page.text, re.MULTILINE)
    ]
    ours = (by_hour["cbsigned"], by_tool["cbsigned"])
    assert sorted(told) == sorted((round(auc, 2), round(found, 2)) for auc, found in measured)
    for one, rows in zip(ours, ("3,494 rows", "12,703 rows")):
        assert f"{len(one.own):,} rows" == rows
        assert rows in page.text
    shares = page.table("share of the people's own later rows with")
    for name, one in zip(("hours", "tools"), ours):
        wanted = tuple(f"{100 * one.share_of_own_from(score):.2g} %" for score in (10, 20, 30))
        assert shares[name] == wanted
        told_20 = re.search(rf"^\| {name} \| (\d+) % \| ([\d.]+) % \|$", page.text, re.MULTILINE)
        assert told_20 is not None
        assert told_20.groups() == (
            f"{100 * one.share_of_attacks_from(20):.0f}",
            f"{100 * one.share_of_own_from(20):.2g}",
        )


def test_the_signed_starts_of_the_manual_are_those_of_the_data(recorded: Path) -> None:
    """What is dropped of both halves, each after the other was learnt; nothing that is not signed."""
    found = [
        processes.score(recorded / "process_events.csv", recorded / "signatures.csv", learns_first=learns_first)
        for learns_first in (True, False)
    ]
    signed, all_of = (sum(result.dropped("true", is_tool=False)[column] for result in found) for column in (0, 1))
    by_unsigned = [row for result in found for row in result.outcomes if row.record["parent_signed"] == "false"]
    assert not any(row.is_noise for row in by_unsigned)
    unsigned, unknown = (
        sum(result.dropped(answer, is_tool=is_tool)[1] for result in found for is_tool in (True, False))
        for answer in ("false", "unknown")
    )
    text = " ".join((ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8").split())
    told = f"{signed} of {all_of} signed ones outside the list of tools are `signed_noise`, and none of the {unsigned}"
    assert f"{told} unsigned and {unknown} unknown ones" in text
    kept = [
        row
        for result in found
        for row in result.outcomes
        if row.record["signed"] == "true" and not row.is_noise and not row.is_tool
    ]
    by_unsigned_ones = sum(row.record["parent_signed"] == "false" for row in kept)
    by_new_ones = sum("was never seen here before" in str(row.record["anomaly_reasons"]) for row in kept)
    by_tools = sum("what it usually starts here is not known" in str(row.record["anomaly_reasons"]) for row in kept)
    assert by_unsigned_ones + by_new_ones + by_tools == len(kept) == all_of - signed
    assert f"Of the other {len(kept)}, {by_unsigned_ones} were started by a program that is not signed" in text
    assert f"{by_new_ones} by one that had never been seen before" in text
    assert (f"{by_tools} by a program through which others act" in text) == bool(by_tools)
