"""Rates in percent, worked by hand, and shares that always add up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deskops.insight.rates import difference, percentage_change, rate, shares
from deskops.schema.kinds import decimal_json

HOURS = st.integers(0, 10_000_000).map(lambda hundredths: Decimal(hundredths).scaleb(-2))


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [("49", "54", "90.74"), ("1234.56", "1572", "78.53"), ("1", "800", "0.13"), ("-1", "800", "-0.13")],
)
def test_a_rate_has_two_decimals_and_halves_go_away_from_zero(part: str, whole: str, expected: str) -> None:
    assert rate(Decimal(part), Decimal(whole)) == Decimal(expected)


def test_a_rate_of_nothing_is_unknown_and_so_is_its_difference() -> None:
    assert rate(Decimal(0), Decimal(0)) is None
    assert difference(None, Decimal(80)) is None
    assert difference(Decimal("78.5"), None) is None
    assert difference(Decimal("78.5"), Decimal(80)) == Decimal("-1.5")


@pytest.mark.parametrize(
    ("current", "previous", "expected"),
    [(30, 20, 50), (20, 30, "-33.33"), (5, 0, 100), (0, 0, 0), (0, 5, -100), (5, -10, 150), (-5, 0, 0)],
)
def test_a_change_is_measured_by_the_size_of_what_was(current: int, previous: int, expected: object) -> None:
    assert percentage_change(Decimal(current), Decimal(previous)) == Decimal(str(expected))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        # 100 ÷ 3 = 33.333…: one hundredth is left, and of equals the first has it.
        (("1", "1", "1"), ("33.34", "33.33", "33.33")),
        # 33.333… and 66.666…: the second lost more.
        (("1", "2"), ("33.33", "66.67")),
        # 14.2857…, 28.5714…, 57.1428…: cut to 14.28 + 28.57 + 57.14 = 99.99, and the first lost most.
        (("1", "2", "4"), ("14.29", "28.57", "57.14")),
        (("0", "7.25", "0"), ("0", "100", "0")),
        (("0", "0", "0"), ("0", "0", "0")),
    ],
)
def test_shares_are_rounded_by_largest_remainder(parts: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert shares([Decimal(part) for part in parts]) == tuple(Decimal(share) for share in expected)


@given(st.tuples(HOURS, HOURS, HOURS))
@example((Decimal("0.01"), Decimal("30000.02"), Decimal("60000.05")))
def test_shares_add_up_to_exactly_a_hundred(parts: tuple[Decimal, ...]) -> None:
    found = shares(parts)
    whole = sum(parts)
    assert sum(found) == (100 if whole else 0)
    for part, share in zip(parts, found, strict=True):
        assert share >= 0
        assert abs(share * whole - part * 100) < whole * Decimal("0.01") or not whole


@given(st.integers(-(10**14), 10**14), st.integers(0, 3))
def test_a_number_of_an_answer_reads_as_its_decimal(whole: int, places: int) -> None:
    value = Decimal(whole).scaleb(-places)
    told = decimal_json(value)
    assert Decimal(str(told)) == value
    assert isinstance(told, int) == (value == int(value))
