"""What real correlation searches hand over, through the command: a sample of what `make searches` measures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.eval.searches import Evaluation
from tests.eval.shapes import HASH_FORMS

_STEP = 14  # of 555 searches, 40
_TIMES = {"_time", "firstTime", "lastTime"}


@pytest.fixture
def evaluation(recorded: Path) -> Evaluation:
    """Give the recorded searches and starts."""
    return Evaluation(recorded)


@pytest.mark.parametrize("form", HASH_FORMS)
def test_rows_have_the_right_verdict_or_none_and_their_hour_is_judged(evaluation: Evaluation, form: str) -> None:
    """Whatever the hash looks like; what was started at 2 am is kept, and of the rest most is dropped."""
    result = evaluation.of_shapes(HASH_FORMS[form], _STEP)
    assert result.wrong == []
    sample = evaluation.shapes[::_STEP]
    assert result.searches["all"] == len(sample) == 40
    assert result.searches["hour"] == sum(bool(_TIMES & shape.columns.keys()) for shape in sample) >= 38
    assert result.rows["night, dropped"] == 0 < result.rows["night"]
    assert result.searches["verdict"] >= 0.9 * result.searches["all"]
    assert result.rows["day, dropped"] > 0.5 * result.rows["day"]


def test_what_may_not_be_dropped_on_day_one_is_not(evaluation: Evaluation) -> None:
    """Searches for signed tools, renamed tools, image loads, and the recorded starts themselves."""
    lines = list(evaluation.safety())
    assert [line for line in lines if not line.is_met] == []
    assert all(line.of for line in lines if not line.name.startswith("of these"))


def test_the_real_command_says_the_same(evaluation: Evaluation) -> None:
    """As a subprocess with splunkd, its handlers and a server: a few of the searches."""
    assert list(evaluation.differences(139)) == []
