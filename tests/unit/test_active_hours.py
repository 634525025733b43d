"""Hours: learnt as sets, forgotten by age, judged by how much of somebody's activity is no more usual."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbverdict.anomalies.active_hours import (
    HALF_LIFE,
    SLOTS,
    WEEK,
    Days,
    HourProfile,
    add_hour,
    count_hours,
    forget_days,
    hours_of,
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
    return HourProfile(days, holidays)


def _slot(weekday: int, hour: float) -> int:
    return weekday * SLOTS + int(hour * 2)


@pytest.mark.parametrize(
    ("weekday", "hour", "p_value"),
    [
        (0, 2, 5.2856e-05),
        (0, 8.5, 0.17350),
        (2, 12, 0.93226),
        (5, 10, 0.31163),
        (5, 14, 0.29911),
        (6, 20, 7.5460e-04),
    ],
)
def test_the_figures_of_one_person_are_those_that_the_evaluation_measured(
    weekday: int, hour: float, p_value: float
) -> None:
    """Office hours of two months and four Saturdays: who changes a weight measures anew (`make eval`)."""
    worked = _office(60)
    for week in range(0, 8, 2):
        for hour_of_saturday in (10, 11):
            add_hour(worked, MONDAY + 5 + 7 * week, hour_of_saturday)
    assert _profile(worked).p_value(_slot(weekday, hour)) == pytest.approx(p_value, rel=1e-4)


def test_the_first_of_january_1970_was_a_thursday() -> None:
    """And a holiday is a Sunday."""
    assert [weekday_of(day, {5}) for day in range(7)] == [3, 4, 5, 6, 0, 6, 2]
    assert weekday_of(MONDAY, ()) == 0


def _around(hour: float, bandwidth: float) -> list[float]:
    """Give a bell around the middle of an hour, over the half hours of a day, where midnight is no edge."""
    away = [abs(slot / 2 + 0.25 - hour - 0.5) for slot in range(SLOTS)]
    bell = [math.exp(-((min(hours, 24 - hours) / bandwidth) ** 2) / 2) for hours in away]
    return [weight / sum(bell) for weight in bell]


@pytest.mark.parametrize("weekday", range(7))
def test_one_hour_is_spread_and_backed_off_as_documented(weekday: int) -> None:
    """Over an hour and a half, the most over three hours and any hour, and a day of the week by 30 even days.

    A hundredth of it, that is: no other day says the same.
    """
    days: Days = {}
    add_hour(days, MONDAY + weekday, 22)
    profile = _profile(days)
    near, wide = _around(22, 1.5), _around(22, 3.0)
    day = [(0.01 * own + 0.95 * far + 0.05 / SLOTS) / 1.01 for own, far in zip(near, wide)]
    assert sum(day) == pytest.approx(1.0)
    for slot in (0, 7, 18, 42, 45):
        assert profile.density(weekday * SLOTS + slot) == pytest.approx((1 + 30 / 7) / 31 * day[slot])
        assert profile.density((weekday + 3) % 7 * SLOTS + slot) == pytest.approx(30 / 7 / 31 * day[slot])
    assert (profile.days, profile.hours) == (1, 1)


def test_saturday_and_sunday_are_the_weekend() -> None:
    """What somebody does on Saturdays alone is usual on a Sunday, and no more usual on a Friday."""
    days = _office()
    for day in range(MONDAY + 5, MONDAY + 200, 7):
        for hour in (20, 21, 22):
            add_hour(days, day, hour)
    profile = _profile(days)
    saturday, sunday, friday = (profile.density(_slot(day, 21)) / profile.density(_slot(day, 12)) for day in (5, 6, 4))
    assert saturday == pytest.approx(sunday)
    assert sunday > 10 * friday


@pytest.mark.parametrize("apart", [1, 100])
def test_half_as_much_counts_after_so_many_newer_days(apart: int) -> None:
    """Whether they took half a year or fifty; of days of the week after twice as many."""
    days = {MONDAY + 7 * apart * week: 1 << (8 if week > 1 else 20) for week in range(HALF_LIFE + 1)}
    profile = _profile(days)
    weights = [0.5 ** (newer / HALF_LIFE / 2) for newer in range(HALF_LIFE + 1)]
    assert sum(profile.density(slot) for slot in range(SLOTS)) == pytest.approx(
        (sum(weights) + 30 / 7) / (sum(weights) + 30)
    )
    weighed = [0.5 ** (newer / HALF_LIFE) for newer in range(HALF_LIFE + 1)]
    oldest, others = sum(weighed[-2:]) / 2, sum(weighed[:-2]) * (HALF_LIFE - 2) / (HALF_LIFE - 1)
    late, early = (profile.density(_slot(0, hour)) for hour in (20.5, 8.5))
    assert late / early == pytest.approx(oldest / others, rel=0.02)


def test_active_hours_are_counted_old_and_new_alike() -> None:
    """What supports an opinion is what was seen, not what is left of it."""
    assert count_hours({MONDAY: 0b1, MONDAY + 10: 0b11, MONDAY + 700: 0b111}) == 6
    assert count_hours({}) == 0
    assert list(hours_of(0b101)) == [0, 2]


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


def test_what_would_not_count_any_more_is_forgotten() -> None:
    """After 240 newer days, twelve half-lives."""
    days = {MONDAY + day: 1 << 8 for day in range(300)}
    assert sorted(forget_days(days)) == list(range(MONDAY + 300 - 240, MONDAY + 300))
    assert forget_days({}) == {}


@given(DAYS, DAYS)
def test_what_is_forgotten_in_pieces_is_forgotten_in_one(one: Days, other: Days) -> None:
    """So that it makes no difference how often somebody learns."""
    assert forget_days(merge_days(forget_days(one), other)) == forget_days(merge_days(one, other))


LOG_ONS = [(half_hour, jitter) for half_hour in (6.0, 7.5, 9.0) for jitter in (0.0, 0.3, 0.7)]


def _log_ons(start: float, jitter: float, weeks: int, seed: int = 1) -> Days:
    """Give one log-on each working day about the same time."""
    chance = random.Random(seed)  # noqa: S311 - a test's draw
    days: Days = {}
    for day in range(MONDAY, MONDAY + 7 * weeks):
        if weekday_of(day, ()) < 5:
            add_hour(days, day, int(start + chance.gauss(0, jitter)) % 24)
    return days


@pytest.mark.parametrize(("start", "jitter"), LOG_ONS)
def test_six_weeks_of_log_ons_are_enough_to_find_one_at_night(start: float, jitter: float) -> None:
    """One each working day is all that is known of such a person."""
    profile = _profile(_log_ons(start, jitter, 6))
    night, sunday = (profile.p_value(_slot(day, start - 5.5)) for day in (0, 6))
    assert sunday < night <= 0.01
    assert profile.p_value(_slot(0, start)) > 0.3
    assert profile.p_value(_slot(6, start)) < profile.p_value(_slot(0, start))


@pytest.mark.parametrize("weekday", [0, 6])
def test_further_from_all_that_a_person_does_is_never_less_unusual(weekday: int) -> None:
    """Nobody else's night makes the night usual."""
    profile = _profile(_log_ons(7.5, 0.5, 8))
    p_values = [profile.p_value(_slot(weekday, (7.5 + away / 2) % 24)) for away in range(3, 24)]
    assert p_values == sorted(p_values, reverse=True)


def test_an_account_of_one_hour_that_moves_is_found() -> None:
    """Twelve hours away, after 60 days, whoever else works then."""
    days: Days = {}
    for day in range(MONDAY, MONDAY + 60):
        add_hour(days, day, 2)
    assert _profile(days).p_value(_slot(2, 14)) < 0.001


def test_what_is_expected_of_somebody_is_told_in_hours_and_days() -> None:
    """Nine of ten active hours, around midnight as well."""
    profile = _profile(_office(28))
    assert profile.usual_hours() == (9, 17)
    assert (profile.days_around(_slot(0, 2)), profile.days_around(_slot(0, 12)), profile.days) == (0, 20, 20)
    assert (profile.days_like(_slot(0, 2)), profile.days_like(_slot(6, 2))) == (4, 0)
    night: Days = {}
    for day in range(MONDAY, MONDAY + 30):
        for hour in (22, 23, 0, 1):
            add_hour(night, day, hour)
    assert _profile(night).usual_hours() == (22, 2)
    assert profile.slot(MONDAY + 6, 5) == 6 * SLOTS + 5


@pytest.mark.parametrize(("hours", "usual"), [(range(2, 3), (2, 3)), (range(8, 18), (8, 17)), (range(24), (0, 22))])
def test_usual_hours_are_the_fewest_that_have_nine_in_ten(hours: range, usual: tuple[int, int]) -> None:
    """From a single one on; of ten that are as many, nine."""
    assert _profile({MONDAY: sum(1 << hour for hour in hours)}).usual_hours() == usual


def test_what_somebody_did_once_is_no_habit() -> None:
    """A night that was learnt, for it was hardly unusual, makes the next hour no more usual."""
    days = {MONDAY + day: 1 << 7 for day in range(56) if day % 7 < 5}
    before = _profile(days).p_value(_slot(0, 2))
    once, twice = ({**days, **{MONDAY + day: 1 << 7 | 1 << 3 for day in range(some)}} for some in (1, 2))
    assert _profile(once).p_value(_slot(0, 2)) == pytest.approx(before, rel=0.1)
    assert _profile(twice).p_value(_slot(0, 2)) > 1.5 * before
