"""The recycling rate and its moving average, worked by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from deskops.accounts.models import Site
from deskops.insight.rates import rate
from deskops.insight.recycling import moving_averages, recycling_rate
from deskops.modules import RECEIVED
from tests.api_contract import Cast
from tests.entries import MONDAY, TUESDAY, WEDNESDAY, entering, tons

KILOGRAMS = st.integers(0, 10**9).map(lambda kilograms: Decimal(kilograms).scaleb(-3))


def test_the_rate_is_the_recyclable_part_of_what_was_received(alpha: Site, cast: Cast) -> None:
    """Concrete 1000, asphalt 200.5 and recycled base 34.06 are 1234.56 of 1572: 78.53 %, 3.53 points over 75."""
    enter = entering(alpha, cast("ben"))
    for material, quantity in (
        ("RAW-CONCRETE", 1000),
        ("RAW-ASPHALT", 200.5),
        ("BASE-RECYCLED", 34.06),
        ("RAW-MIXED", 300),
        ("AGG-3/4", 37.44),
    ):
        enter(RECEIVED, MONDAY, materialId=material, quantity=quantity)
    monday, tuesday = recycling_rate(alpha, MONDAY, TUESDAY)
    assert monday[:5] == (MONDAY, *tons("1234.56", "1572", "78.53", "75"))
    assert (monday.variance, monday.complete) == (Decimal("3.53"), True)
    assert tuesday[:5] == (TUESDAY, 0, 0, None, 75)
    assert (tuesday.variance, tuesday.complete) == (None, False)


def test_a_day_with_nothing_recyclable_has_a_rate_of_nought(alpha: Site, cast: Cast) -> None:
    entering(alpha, cast("ben"))(RECEIVED, MONDAY, materialId="RAW-MIXED", quantity=5)
    (row,) = recycling_rate(alpha, MONDAY, MONDAY)
    assert (row.rate, row.variance) == (0, -75)


def test_a_busy_day_weighs_more_in_the_moving_average(alpha: Site, cast: Cast) -> None:
    """Monday 90 of 100, Tuesday 0 of 10, Wednesday nothing.

    Two days up to Tuesday: 90 of 110 are 81.82 %, not the mean of 90 % and 0 %. Up to Wednesday: 0 of 10.
    """
    enter = entering(alpha, cast("ben"))
    enter(RECEIVED, MONDAY, materialId="RAW-CONCRETE", quantity=90)
    enter(RECEIVED, MONDAY, materialId="RAW-MIXED", quantity=10)
    enter(RECEIVED, TUESDAY, materialId="RAW-MIXED", quantity=10)
    rows = recycling_rate(alpha, MONDAY, WEDNESDAY + timedelta(days=1), average=2)
    assert [row.moving_average for row in rows] == [90, Decimal("81.82"), 0, None]
    assert [row.rate for row in rows] == [90, 0, None, None]


def test_a_days_average_is_the_same_in_whatever_range_it_is_asked_for(alpha: Site, cast: Cast) -> None:
    enter = entering(alpha, cast("ben"))
    for day, material in ((MONDAY, "RAW-CONCRETE"), (TUESDAY, "RAW-MIXED"), (WEDNESDAY, "RAW-ASPHALT")):
        enter(RECEIVED, day, materialId=material, quantity=10)
    long = recycling_rate(alpha, MONDAY - timedelta(days=30), WEDNESDAY, average=7)
    short = recycling_rate(alpha, WEDNESDAY, WEDNESDAY, average=7)
    assert long[-1:] == short
    assert short[0].moving_average == Decimal("66.67")


@given(st.lists(st.tuples(KILOGRAMS, KILOGRAMS), min_size=1, max_size=40), st.integers(2, 9))
def test_a_moving_average_is_the_rate_of_its_days_together(
    days: list[tuple[Decimal, Decimal]], width: int
) -> None:
    windows = [days[last + 1 - width : last + 1] for last in range(width - 1, len(days))]
    expected = [rate(sum(a for a, _ in window), sum(b for _, b in window)) for window in windows]
    assert list(moving_averages(days, width)) == expected
