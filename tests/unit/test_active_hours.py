"""Hours: learnt as sets, forgotten by age, judged by how much of somebody's activity is no more usual."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbverdict.anomalies.active_hours import (
    SLOTS,
    WEEK,
    Days,
    HourProfile,
    add_hour,
    background,
    forget_days,
    merge_days,
    weekday_of,
)

MONDAY = 20_395  # 2025-11-03
DAYS = st.dictionaries(st.integers(20_000, 20_050), st.integers(1, 2**24 - 1), max_size=8)


def _office(days: int = 200, hours: range = range(9, 17)) -> Days:
    """Give a person of office hours on working days."""
    worked: Days = {}
    for day in range(MONDAY, MONDAY + days):
        for hour in hours if weekday_of(day, ()) < 5 else ():
            add_hour(worked, day, hour)
    return worked


def _profile(days: Days, holidays: frozenset[int] = frozenset()) -> HourProfile:
    return HourProfile(days, 120.0, background({}), holidays)


def _slot(weekday: int, hour: float) -> int:
    return weekday * SLOTS + int(hour * 2)


def test_the_first_of_january_1970_was_a_thursday() -> None:
    """And a holiday is a Sunday."""
    assert [weekday_of(day, {5}) for day in range(7)] == [3, 4, 5, 6, 0, 6, 2]
    assert weekday_of(MONDAY, ()) == 0


def test_office_hours_are_usual_and_the_night_is_not() -> None:
    """The shoulder of the day lies between."""
    profile = _profile(_office())
    noon, evening, night = (profile.p_value(_slot(1, hour)) for hour in (12, 18.5, 2))
    assert noon > 0.3 > evening > night
    assert night < 0.01


def test_midnight_is_no_edge() -> None:
    """Somebody who works from ten in the evening to two is as usual before as after it."""
    days: Days = {}
    for day in range(MONDAY, MONDAY + 100):
        for hour in (22, 23, 0, 1):
            add_hour(days, day, hour)
    profile = _profile(days)
    assert profile.p_value(_slot(2, 23.5)) == pytest.approx(profile.p_value(_slot(2, 0)), rel=0.01)
    assert profile.p_value(_slot(2, 23.5)) > 20 * profile.p_value(_slot(2, 12))


def test_a_sunday_is_unusual_for_who_never_works_on_one_and_a_holiday_is_a_sunday() -> None:
    """At the very same hour."""
    profile = _profile(_office())
    assert profile.p_value(_slot(6, 12)) < profile.p_value(_slot(2, 12)) / 3
    holidays = frozenset(day for day in _office() if weekday_of(day, ()) == 2)
    assert _profile(_office(), holidays).p_value(_slot(6, 12)) > profile.p_value(_slot(6, 12))


def test_old_hours_weigh_less() -> None:
    """Who has moved to the late shift is judged by it."""
    days = {**_office(100, range(6, 10)), **{day + 300: hours for day, hours in _office(100, range(16, 20)).items()}}
    profile = _profile(days)
    assert profile.p_value(_slot(1, 18)) > 2 * profile.p_value(_slot(1, 8))


def test_tails_are_calibrated_on_hours_drawn_from_the_profile_itself() -> None:
    """One in ten is one in ten, one in a hundred one in a hundred."""
    profile = _profile(_office())
    chance = random.Random(3)  # noqa: S311 - a test's draw
    slots = chance.choices(range(WEEK), [profile.density(slot) for slot in range(WEEK)], k=100_000)
    p_values = [profile.p_value(slot) for slot in slots]
    for level in (0.1, 0.01, 0.001):
        assert level / 1.5 < sum(p_value <= level for p_value in p_values) / len(p_values) < level * 1.5


@given(DAYS, DAYS, DAYS)
def test_sets_of_hours_merge_in_any_order_and_repetition_changes_nothing(one: Days, two: Days, three: Days) -> None:
    """As from many machines, or the same search twice."""
    merged = merge_days(merge_days(one, two), three)
    assert merged == merge_days(three, merge_days(two, one)) == merge_days(merged, two)


@given(DAYS, st.integers(0, 60))
def test_what_is_older_than_the_horizon_is_forgotten(days: Days, horizon: int) -> None:
    """Counted from the newest day."""
    assert all(day >= max(days) - horizon for day in forget_days(days, horizon))
    assert forget_days(days, 60) == days
