"""The rows that `make searches` makes are what a detection hands to its filter macro."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.eval.searches import read_detections
from tests.eval.shapes import HASH_FORMS, ROWS, Shape, Start, read_shapes, rows_of

START = Start("a.exe", "C:\\a.exe", "a" * 32, "b" * 64, "p.exe", "C:\\p.exe")
OTHER = Start("c.exe", "C:\\c.exe", "c" * 32, "d" * 64, "p.exe", "C:\\p.exe")
BOTH = HASH_FORMS["md5 and sha256"]


def test_a_shape_is_read_with_what_may_have_several_values(tmp_path: Path) -> None:
    """As the JSON has it, `one` or `many` by column."""
    path = tmp_path / "columns.json"
    path.write_text('{"A search": {"cols": {"process": "many", "dest": "one"}, "notes": []}}', encoding="utf-8")
    assert read_shapes(path) == [Shape("A search", {"process": True, "dest": False})]


def test_since_2025_a_search_has_twenty_fields_more() -> None:
    """Its own stay as they are; the others are values where the command line is."""
    columns = Shape("A search", {"process": True, "dest": False}).since_2025().columns
    assert len(columns) == 20
    assert columns["dest"] is False
    assert columns["process_hash"] is True
    assert Shape("Another", {"process": False, "count": False}).since_2025().columns["process_hash"] is False


def test_a_row_of_one_start_says_one_value_of_each_column() -> None:
    """With both ends of its time in the search's zone, and without."""
    shape = Shape("A search", {"process_name": False, "process_hash": False, "firstTime": False, "lastTime": False})
    first, second, *_ = (given.row for given in rows_of(shape, HASH_FORMS["bare md5"], [START], 0))
    assert first == {
        "process_name": "a.exe",
        "process_hash": "a" * 32,
        "firstTime": "2025-04-01T02:00:00",
        "lastTime": "2025-04-01T02:00:00",
    }
    assert second["firstTime"] == second["lastTime"] == "2025-04-01T10:01:00"


@pytest.mark.parametrize(("has_several", "hashes"), [(True, {"a" * 32, "c" * 32}), (False, {"a" * 32})])
def test_a_row_of_two_starts_is_of_one_file_where_it_is_split_by_the_hash(has_several: bool, hashes: set[str]) -> None:  # noqa: FBT001 - of the table
    """And else of any."""
    shape = Shape("A search", {"process": True, "process_name": True, "process_hash": has_several})
    given = list(rows_of(shape, BOTH, [OTHER, START], 0))[1]
    assert given.row["process_name"] == ["a.exe", "c.exe"]
    assert given.md5s == hashes
    assert set(given.row["process_hash"]) == {hash_ for start in given.starts for hash_ in BOTH(start)}


def test_every_third_row_is_at_2_am_if_it_has_a_time() -> None:
    """Of those, every other lasts from the day before."""
    shape = Shape("A search", {"firstTime": False, "lastTime": False})
    rows = list(rows_of(shape, BOTH, [START], 0))
    assert len(rows) == ROWS
    assert [place for place, given in enumerate(rows) if given.is_at_night] == [0, 3, 6, 9]
    assert (rows[3].row["firstTime"], rows[3].row["lastTime"]) == ("2025-03-31T10:03:00", "2025-04-01T02:03:00")
    assert not any(given.is_at_night for given in rows_of(Shape("Another", {"dest": False}), BOTH, [START], 0))


def test_detections_are_read_with_what_they_are_about(tmp_path: Path) -> None:
    """By their source."""
    path = tmp_path / "detections.txt"
    path.write_text("ESCU 1\nOne; Two [a.exe]\nSigma 2\nX [b.exe,c.exe]; Y [d.exe]\n", encoding="utf-8")
    assert read_detections(path) == {
        "ESCU": {"One; Two": ["a.exe"]},
        "Sigma": {"X": ["b.exe", "c.exe"], "Y": ["d.exe"]},
    }
