"""Hours: learnt as sets, forgotten by age, judged by how much of somebody's activity is no more usual."""

from __future__ import annotations

import math
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
    weighed_hours,
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


def _around(hour: float, bandwidth: float) -> list[float]:
    """Give a bell around the middle of an hour, over the half hours of a day, where midnight is no edge."""
    away = [abs(slot / 2 + 0.25 - hour - 0.5) for slot in range(SLOTS)]
    bell = [math.exp(-((min(hours, 24 - hours) / bandwidth) ** 2) / 2) for hours in away]
    return [weight / sum(bell) for weight in bell]


@pytest.mark.parametrize(
    ("day", "like", "unlike"),
    [
        (MONDAY + 1, 1, 5),
        (MONDAY + 4, 4, 6),
        (MONDAY + 5, 5, 0),
        (MONDAY + 6, 6, 4),
    ],
)
def test_one_hour_is_spread_and_backed_off_as_documented(day: int, like: int, unlike: int) -> None:
    """Over an hour and a half, to 20 hours of others, 30 of the person's own week, and 200 of an even week."""
    days: Days = {}
    add_hour(days, day, 22)
    others = _around(9, 4.0)
    profile = HourProfile(days, 120.0, others, ())
    bell = _around(22, 1.5)
    overall = [(own + 20 * other) / 21 for own, other in zip(bell, others)]
    of_its_kind = [(own + 30 * every) / 31 for own, every in zip(bell, overall)]
    whole = (1 + 200 / 7) / 201 * sum(of_its_kind) + 6 * (200 / 7) / 201
    for hour in (0, 3.5, 9, 21, 22.5):
        slot = int(hour * 2)
        expected = (1 + 200 / 7) / 201 * of_its_kind[slot] / whole
        assert profile.density(like * SLOTS + slot) == pytest.approx(expected)
        expected = (200 / 7) / 201 * overall[slot] / whole
        assert profile.density(unlike * SLOTS + slot) == pytest.approx(expected)
    assert (profile.days, profile.hours) == (1, 1.0)


def test_saturday_and_sunday_are_the_weekend() -> None:
    """What somebody does on Saturdays alone is usual on a Sunday, and no more usual on a Friday."""
    days = _office()
    for day in range(MONDAY + 5, MONDAY + 200, 7):
        for hour in (20, 21, 22):
            add_hour(days, day, hour)
    profile = _profile(days)
    saturday, sunday, friday = (profile.density(_slot(day, 21)) / profile.density(_slot(day, 12)) for day in (5, 6, 4))
    assert saturday == pytest.approx(sunday)
    assert sunday > 1 > friday


def test_half_as_much_counts_after_each_half_life() -> None:
    """Hours of ten days ago are halves where the half-life is ten days, and quarters of twenty days ago."""
    days: Days = {MONDAY: 0b1, MONDAY + 10: 0b11, MONDAY + 20: 0b111}
    assert weighed_hours(days, 10.0) == pytest.approx(1 / 4 + 2 / 2 + 3)
    assert HourProfile(days, 10.0, background({}), ()).hours == pytest.approx(1 / 4 + 2 / 2 + 3)
    assert weighed_hours({}, 10.0) == 0.0


def test_who_is_not_known_has_the_hours_of_others_on_every_day() -> None:
    """There is nothing else to go by."""
    others = _around(9, 4.0)
    profile = HourProfile({}, 120.0, others, ())
    assert [profile.density(slot) for slot in range(WEEK)] == pytest.approx([share / 7 for share in others] * 7)


def test_others_are_spread_further_and_every_hour_is_a_tenth_of_what_lies_below() -> None:
    """Over two and a half hours; where nothing was seen, what lies below counts alone."""
    below = _around(3, 4.0)
    expected = [0.9 * own + 0.1 * other for own, other in zip(_around(12, 2.5), below)]
    assert background({12: 7.0}, below) == pytest.approx(expected)
    assert background({12: 7.0}) == pytest.approx([0.9 * own + 0.1 / SLOTS for own in _around(12, 2.5)])
    assert background({}, below) == below
    assert background({5: 0.0}) == [1 / SLOTS] * SLOTS


def test_a_p_value_is_what_is_less_usual_and_half_of_what_is_as_usual() -> None:
    """Of the person's activity, over all half hours of the week."""
    profile = _profile(_office())
    densities = [profile.density(slot) for slot in range(WEEK)]
    assert sum(densities) == pytest.approx(1.0)
    for slot in (0, 25, 100, 250, 300):
        own = densities[slot]
        less = sum(density for density in densities if density < own)
        as_much = sum(density for density in densities if density == own)
        assert profile.p_value(slot) == pytest.approx(less + as_much / 2)


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
    kept = {day: hours for day, hours in days.items() if day >= max(days) - horizon}
    assert forget_days(days, horizon) == kept
    assert forget_days(days, 60) == days
